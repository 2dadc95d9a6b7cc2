"""What laws of several subjects share: what they take for granted and what implies it, and a range that no quantity has."""

from typing import Annotated, Final, TypeAlias

from settlespec.domain.quantities import MAX_AMOUNT, Range
from settlespec.laws.statement import case, implied

FACTOR: Final = implied("GENESIS-1", "the initial factor is at least one")
FALLS: Final = implied("LIQ-10", "a leg is closed only as far as that lowers maintenance, which is never negative")
FEE_PAID: Final = implied("FEE-1b", "a taker's fee is never negative")
GAINS_COVER: Final = implied("LIQ-1d", "what is owed is not negative, and at most the gains of the round")
DEBTS: Final = implied("ROUND-5a", "a debt is what is settled of an equity below zero, so none is negative")
DEBTS_COVERED: Final = implied("LIQ-1b", "debts are at most the gains and the pool")
GAINS: Final = implied("LIQ-1", "no gain is negative, so some of them are never more than all")
INTERVAL: Final = case("the bounds stand in order")
NOBODY_OWES: Final = implied("AT-REST-NOBODY-OWES", "at rest no equity is negative")
FUND: Final = implied("INSURANCE", "the insurance fund is never negative")
POOL: Final = implied("FUND-3b", "the funding pool is not negative once every account has settled")
REQUIREMENT: Final = case("the requirement is not negative")
HYPOTHESIS: Final = case("what is claimed holds of everything that came before: the induction hypothesis")

NotNegative: TypeAlias = Annotated[int, Range(0, MAX_AMOUNT)]
"""Money that may be none."""
