"""How often a predicate of each invariant was evaluated where there was something to judge, and what it answered."""

from collections import Counter
from collections.abc import Iterable

from attrs import define, frozen

from settlespec.invariants.cards import Asked, Card, Violation
from settlespec.invariants.catalogue import CARDS


@frozen
class First:
    """The first violation of an invariant."""

    operation: int
    """The number of the operation after which it was noticed, the first being 1."""
    violation: Violation


@define
class Count:
    """What one invariant answered so far."""

    card: Card
    incrementally: int = 0
    """Predicates evaluated from what an operation changed."""
    in_full: int = 0
    """Predicates evaluated in recomputations in full."""
    broken: int = 0
    """Violations."""
    first: First | None = None


class Tally:
    """The counts of every invariant."""

    def __init__(self) -> None:
        self.incrementally: Asked = Counter()
        self.in_full: Asked = Counter()
        self.fulls = 0
        """Recomputations in full."""
        self._counts = {card.id: Count(card) for card in CARDS}

    def note(self, violations: Iterable[Violation], operation: int) -> None:
        """Count violations that were noticed after an operation."""
        for violation in violations:
            count = self._counts[violation.invariant]
            count.broken += 1
            if count.first is None:
                count.first = First(operation, violation)

    @property
    def broken(self) -> int:
        """All violations."""
        return sum(count.broken for count in self._counts.values())

    def counts(self) -> dict[str, Count]:
        """The counts by invariant."""
        for count in self._counts.values():
            count.incrementally = self.incrementally[count.card]
            count.in_full = self.in_full[count.card]
        return self._counts
