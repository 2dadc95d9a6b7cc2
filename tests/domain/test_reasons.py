"""REASON-1: the numbers of the reasons are for ever; `reasons.lock` is what they were promised to be.

A new reason is added to the lock; a line of the lock is never changed and never removed, also when its reason goes.
"""

from itertools import pairwise
from pathlib import Path

from settlespec.domain.reasons import NUMBERS, SENTENCES, Reason

LOCK = Path(__file__).with_name("reasons.lock")


def locked() -> list[tuple[int, str]]:
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return [(int(number), name) for number, name in (line.split(" ") for line in lines)]


def test_the_lock_names_each_number_and_each_reason_once() -> None:
    numbers, names = zip(*locked(), strict=True)
    assert len(set(numbers)) == len(numbers)
    assert len(set(names)) == len(names)
    assert list(numbers) == sorted(numbers)


def test_no_number_has_changed_or_is_used_for_another_reason() -> None:
    promised = dict(locked())
    for reason, number in NUMBERS.items():
        assert promised.get(number) == reason.value, f"{number} {reason} is not what reasons.lock promises"


def test_every_reason_has_a_number_and_a_sentence() -> None:
    assert list(NUMBERS) == list(SENTENCES) == list(Reason)
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in SENTENCES.values())
    assert len(set(SENTENCES.values())) == len(Reason)


def test_the_numbers_rise_with_the_precedence() -> None:
    numbers = [NUMBERS[reason] for reason in Reason]
    assert all(first < second for first, second in pairwise(numbers))


def test_a_reason_is_written_as_its_own_name() -> None:
    assert all(reason.value == reason.name for reason in Reason)
