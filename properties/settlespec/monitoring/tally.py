"""How often each invariant was asked, and what it answered."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import define, frozen

from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    Place,
    Receive,
    Replace,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.invariants.cards import Card, Violation
from settlespec.invariants.catalogue import (
    ATOMICITY,
    AUTHORITY,
    BOOK_UNCROSSED,
    CARDS,
    CONSERVATION,
    DETERMINISM,
    EXIT_SOLVENCY,
    HEALTH,
    INSURANCE,
    LIQUIDATION_FAIR,
    NO_DOUBLE_SPEND,
    NOBODY_OWES,
    NONCE,
    ORACLE_SANE,
    ORDER_LIMITS,
    PRICE_TIME,
    ZERO_SUM,
)

ROUND: Final = frozenset((BeginRound, ContinueRound))
LOCAL: Final = frozenset((Place, Cancel, Replace, Withdraw, Transfer, Receive, Take, Tick))
BOOK: Final = frozenset((Place, Cancel, Replace, Take, ContinueRound))

ASKED_OF: Final[Mapping[str, frozenset[type]]] = {
    CONSERVATION.id: LOCAL | ROUND,
    ZERO_SUM.id: LOCAL | ROUND,
    NOBODY_OWES.id: LOCAL,
    EXIT_SOLVENCY.id: LOCAL,
    BOOK_UNCROSSED.id: BOOK,
    ORDER_LIMITS.id: BOOK,
    PRICE_TIME.id: BOOK - {Cancel},
    HEALTH.id: frozenset((Place, Replace, Withdraw, Transfer, Take, ContinueRound)),
    INSURANCE.id: LOCAL | ROUND,
    LIQUIDATION_FAIR.id: ROUND,
    NO_DOUBLE_SPEND.id: frozenset((Receive, Take, Withdraw)) | ROUND,
    NONCE.id: LOCAL | ROUND,
    AUTHORITY.id: LOCAL | ROUND,
    ATOMICITY.id: LOCAL | ROUND,
    ORACLE_SANE.id: LOCAL | ROUND,
    DETERMINISM.id: frozenset(),
}
"""Which accepted operations each invariant is judged on at once."""

IN_FULL: Final = frozenset(card.id for card in CARDS) - {HEALTH.id, LIQUIDATION_FAIR.id, NONCE.id, AUTHORITY.id}
"""Invariants of which something is recomputed in full; the others are judged completely on each operation."""


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
    in_full: int = 0
    broken: int = 0
    """Violations."""
    first: First | None = None


class Tally:
    """The counts of every invariant."""

    def __init__(self) -> None:
        self.accepted: Counter[type] = Counter()
        """Accepted operations by type."""
        self.rejected = 0
        self.fulls = 0
        self.executions = 0
        """Operations executed a second time."""
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
        for name, count in self._counts.items():
            count.incrementally = sum(self.accepted[kind] for kind in ASKED_OF[name])
            count.in_full = self.fulls if name in IN_FULL else 0
        self._counts[ATOMICITY.id].incrementally += self.rejected
        self._counts[DETERMINISM.id].in_full = self.executions
        return self._counts
