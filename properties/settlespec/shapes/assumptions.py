"""What shapes assume beside the invariants of the state before, what is known of it, and which cells that leaves to the laws."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen


@frozen
class Assumption:
    """Something that holds of the amounts of a shape because the shape leaves out all others."""

    sentence: str
    laws: tuple[str, ...] = ()
    """Ids of the laws that say it, or what of it can be said of the rules."""
    only_sampled: str = ""
    """What of it no law says and the monitor judges in seeded runs; empty where the laws say all of it."""

    @property
    def is_proved(self) -> bool:
        """Whether laws say all of it."""
        return not self.only_sampled

    @property
    def ground(self) -> str:
        """Who says so."""
        by_laws = f"by law {' and '.join(self.laws)}" if self.laws else ""
        by_sample = f"only sampled: {self.only_sampled}" if self.only_sampled else ""
        return "; ".join(ground for ground in (by_laws, by_sample) if ground)

    @property
    def said(self) -> str:
        """The sentence with its ground."""
        return f"{self.sentence} ({self.ground})"


NOBODY_OWES_LAWS: Final = ("LIQ-1b", "LIQ-2a", "LIQ-3d", "ROUND-1a")
"""The induction over any number of accounts: debts, payments, haircuts, and what they come to together."""

POOL_COVERS: Final = Assumption(
    "the funding pool is not negative once every holder is revalued", ("FUND-3b", "ROUND-4a")
)

STATEMENT_IS_PAST: Final = Assumption(
    "the statement of an open round is not from after the clock",
    only_sampled="that a round keeps what ORACLE-SANE says of its beginning, which is an invariant of steps and of no state",
)

OWED_WAS_GAINED: Final = Assumption(
    "what is owed is at most what was gained",
    ("LIQ-1b", "LIQ-2a", "ROUND-1a"),
    only_sampled="that the totals which the round carries on are the sums over all accounts of which the laws speak",
)

COLLECTED_WAS_OWED: Final = Assumption("no more is collected than is owed", ("LIQ-3d", "ROUND-6a"))

NOBODY_OWES: Final = Assumption(
    "nobody's equity is negative behind HAIRCUT",
    NOBODY_OWES_LAWS,
    only_sampled="that the steps of a whole round add up to what the laws say of one account with one position",
)

RULED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("round: end", "AT-REST-NOBODY-OWES"): (*NOBODY_OWES_LAWS, "ROUND-4b"),
}
"""Cells whose shape assumes nearly what the invariant says, so that the step proves nothing: the laws that say it of the rules."""
