"""The guided walk finds what is broken on purpose, within seconds, and makes the trace short; on the clean machine it finds nothing."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from settlespec.hunting.proposing import ROLES
from settlespec.hunting.scopes import SCOPES
from settlespec.hunting.trial import Reach
from settlespec.hunting.walking import Found, Hunt
from settlespec.invariants.catalogue import HEALTH, ORDER_LIMITS
from settlespec.machine import custody, trading
from settlespec.machine.signatures import Ideal

SIGNER: Final = Ideal()
TRIALS: Final = 150


def hunt(scope: str = "minimal") -> Hunt:
    return Hunt(SCOPES[scope](SIGNER), SIGNER)


def trials(number: int) -> Callable[[], bool]:
    """As many trials as this may begin."""
    left = iter(range(number))
    return lambda: next(left, None) is not None


def first_of(found: Hunt, seed: int = 1) -> Found:
    caught = next(found.walk(seed, Reach(), trials(TRIALS)), None)
    assert caught is not None
    return caught


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_is_found_on_the_clean_machine_and_every_role_is_reached(scope: str) -> None:
    reach = Reach()
    assert list(hunt(scope).walk(7, reach, trials(12))) == []
    assert {name for kind, name in reach.counts if kind == "role"} == set(ROLES)


def test_the_same_seed_asks_the_same() -> None:
    one, other = Reach(), Reach()
    for reach in (one, other):
        list(hunt().walk(3, reach, trials(4)))
    assert one.counts == other.counts
    different = Reach()
    list(hunt().walk(4, different, trials(4)))
    assert different.counts != one.counts


PLANTED: Final[tuple[tuple[str, Any, str, Any, str, int], ...]] = (
    (
        "a replacement forgets what was filled",
        trading,
        "remaining_after_replace",
        lambda new_size, filled: new_size,
        ORDER_LIMITS.id,
        10,
    ),
    (
        "a withdrawal looks at half of the requirement",
        custody,
        "free_collateral",
        lambda equity, requirement, reserved: max(equity - requirement // 2 - reserved, 0),
        HEALTH.id,
        8,
    ),
)


@pytest.mark.parametrize(
    ("where", "name", "broken", "invariant", "length"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_a_planted_fault_is_found_and_its_trace_is_short(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, broken: Any, invariant: str, length: int
) -> None:
    monkeypatch.setattr(where, name, broken)
    hunting = hunt()
    found = first_of(hunting)
    assert found.violation.invariant == invariant
    short = hunting.shrink(found)
    assert len(short) <= length
    # What is short stays as it is.
    assert hunting.shrinker(found).shrink(short) == short
