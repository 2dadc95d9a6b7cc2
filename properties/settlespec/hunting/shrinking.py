"""The shortest trace that still breaks the same invariant: by replay, first fewer operations, then smaller values.

What is removed stays removed only where the same conjunct of the same invariant is still violated, so a short trace tells the story of
the long one. The result does not depend on how the trace was found, only on the trace: every candidate is tried in a fixed order until
none helps.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import attrs
from attrs import evolve, frozen

from settlespec.domain.errors import Malformed
from settlespec.domain.operations import ContinueRound, Operation
from settlespec.hunting.trial import Trial
from settlespec.hunting.wishes import Wish, fitted
from settlespec.invariants.cards import Violation

MOST_REPLAYS: Final = 20_000
"""Replays for one trace: a hundred operations take some hundreds."""

KEPT: Final = frozenset({"nonce", "signature", "number", "chain", "rollup", "oracle", "key"})
"""Fields that are not made smaller: they follow from others, or are faults on purpose."""


@frozen
class Broken:
    """Where a trace breaks what."""

    length: int
    """Operations up to the one at which it was noticed."""
    violation: Violation


class Shrinker:
    """Makes one trace shorter and its values smaller.

    Args:
        begin: gives a fresh trial.
        sought: the violation that must stay.
    """

    def __init__(self, begin: Callable[[], Trial], sought: Violation) -> None:
        self.begin = begin
        self.sought = sought
        self.replays = 0

    def breaks(self, wishes: Sequence[Wish]) -> Broken | None:
        """Whether these wishes, one after another, still lead to the violation, and how many of them it takes."""
        self.replays += 1
        trial = self.begin()
        for place, violations in enumerate(self._asked(trial, wishes), 1):
            for violation in violations:
                if self.same(violation):
                    return Broken(place, violation)
        for violation in trial.monitor.full():
            if self.same(violation):
                return Broken(len(wishes), violation)
        return None

    def replayed(self, wishes: Sequence[Wish]) -> Trial:
        """A trial in which these wishes were asked."""
        trial = self.begin()
        for _ in self._asked(trial, wishes):
            pass
        return trial

    def _asked(self, trial: Trial, wishes: Sequence[Wish]) -> Iterator[tuple[Violation, ...]]:
        """Ask each wish as an operation for the state that it meets; a repetition of what was left out is left out too."""
        sent: dict[int, Operation] = {}
        for wish in wishes:
            if wish.repeats is None:
                operation = fitted(trial.session, wish)
            elif wish.repeats in sent:
                operation = sent[wish.repeats]
            else:
                yield ()
                continue
            sent[wish.serial] = operation
            yield trial.ask(wish.role, operation)

    def same(self, violation: Violation) -> bool:
        """Whether it is the one that is sought: the same conjunct of the same invariant, of whomever."""
        return (violation.invariant, violation.conjunct) == (self.sought.invariant, self.sought.conjunct)

    def shrink(self, wishes: Sequence[Wish]) -> tuple[Wish, ...]:
        """The shortest and smallest that could be found from here."""
        kept = tuple(wishes)
        found = self.breaks(kept)
        if found is None:
            return kept
        kept = kept[: found.length]
        while self.replays < MOST_REPLAYS:
            smaller = self._simpler(self._fewer(kept))
            if smaller == kept:
                break
            kept = smaller
        return kept

    def _fewer(self, kept: tuple[Wish, ...]) -> tuple[Wish, ...]:
        """Without any run of operations that is not needed: first long runs, at last each by itself."""
        size = max(len(kept) // 2, 1)
        while True:
            start = 0
            while start < len(kept):
                kept, start = self._without(kept, start, size)
            if size == 1:
                return kept
            size //= 2

    def _without(self, kept: tuple[Wish, ...], start: int, size: int) -> tuple[tuple[Wish, ...], int]:
        shorter = kept[:start] + kept[start + size :]
        found = self.breaks(shorter) if shorter else None
        return (kept, start + size) if found is None else (shorter[: found.length], start)

    def _simpler(self, kept: tuple[Wish, ...]) -> tuple[Wish, ...]:
        """With smaller values, one field of one operation at a time, each as long as it can still be made smaller."""
        place = 0
        while place < len(kept):
            smaller = self._smaller_at(kept, place)
            kept, place = (kept, place + 1) if smaller is None else (smaller, place)
        return kept

    def _smaller_at(self, kept: tuple[Wish, ...], place: int) -> tuple[Wish, ...] | None:
        """The first smaller form of one operation that still breaks the same; None where there is none."""
        for operation in simpler(kept[place].operation):
            if self.replays >= MOST_REPLAYS:
                return None
            candidate = (*kept[:place], evolve(kept[place], operation=operation), *kept[place + 1 :])
            found = self.breaks(candidate)
            if found is not None:
                return candidate[: found.length]
        return None


def simpler(record: Any) -> Iterator[Any]:
    """The same record with one field simpler, the simplest first; of a round all its micro-steps at once."""
    if isinstance(record, ContinueRound):
        if record.micro_steps != 1:
            yield ContinueRound(1)
        return
    for field in attrs.fields(type(record)):
        if field.name in KEPT:
            continue
        for value in simpler_values(getattr(record, field.name)):
            changed = attempted(record, field.name, value)
            if changed is not None:
                yield changed


def attempted(record: Any, name: str, value: Any) -> Any:
    """The record with another value, or None where there is no such record."""
    try:
        return evolve(record, **{name: value})
    except Malformed:
        return None


def simpler_values(value: Any) -> Iterator[Any]:
    """Simpler values than this one, the simplest first."""
    if isinstance(value, bool):
        if value:
            yield False
    elif type(value) is int:
        yield from dict.fromkeys(smaller for smaller in (0, 1, 10, value // 2, value - 1) if 0 <= smaller < value)
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            for simple in simpler_values(item):
                yield (*value[:place], simple, *value[place + 1 :])
    elif attrs.has(type(value)):
        yield from simpler(value)
