"""Laws of fees: what a fill brings to the treasury."""

from typing import Final

from settlespec.arithmetic import PPM
from settlespec.domain.quantities import Amount, Factor, Quantums, Rate, Size
from settlespec.laws.grounds import HYPOTHESIS
from settlespec.laws.statement import assume, case, claim, law
from settlespec.rules.fees import maker_fee, resting_fee, taker_fee

AT_MOST_WHOLE: Final = case("the rate is at most the whole")


@law(
    "FEE-2a",
    "Fee and rebate of a fill together never cost the treasury.",
    rules=("FEE-1", "FEE-2"),
    loses="the treasury, by the difference, in a wash trade without end",
    shape="one fill",
)
def fee_and_rebate_never_cost_the_treasury(notional: Amount, taker_rate: Factor, maker_rate: Rate) -> None:
    """For every rate, a rebate larger than the fee among them."""
    taker_pays = taker_fee(notional, taker_rate)
    claim(taker_pays + maker_fee(notional, maker_rate, taker_pays) >= 0)


@law(
    "FEE-3a",
    "What is reserved for the fee of a resting order covers what it is charged when it fills at once.",
    rules=("FEE-2", "FEE-3"),
    loses="whoever is on the other side of a maker that cannot pay its fee",
    shape="one order filled at once",
    composes=("FEE-2b", "FEE-3c"),
)
def the_reserve_covers_the_fee(notional: Amount, rate: Rate, taker_rate: Factor) -> None:
    """A rebate is not counted on. Filled in parts it may be charged more: law FEE-3b says by how much."""
    taker_pays = taker_fee(notional, taker_rate)
    claim(resting_fee(notional, rate) >= maker_fee(notional, rate, taker_pays))


@law(
    "FEE-3b",
    "Each further fill of a resting order is charged at most one quantum beyond what is reserved for the order filled at once.",
    rules=("FEE-2", "FEE-3"),
    loses="whoever is on the other side of a maker whose many small fills cost more than it reserved",
    shape="one more fill after any number of fills, by induction: n fills cost at most n - 1 quantums more",
    assumes=(HYPOTHESIS,),
    composes=("FEE-2b", "FEE-3c"),
)
def each_further_fill_rounds_up_once(
    filled: Amount, more: Amount, rate: Rate, taker_rate: Factor, paid: Quantums, fills: Size
) -> None:
    """Every fill of a resting order is at its price, so the notionals add up; `paid` is what its fills so far were charged."""
    assume(paid <= resting_fee(filled, rate) + fills - 1, HYPOTHESIS)
    pays = maker_fee(more, rate, taker_fee(more, taker_rate))
    claim(paid + pays <= resting_fee(filled + more, rate) + fills)


@law(
    "FEE-1a",
    "A fee is never more than the notional where the rate is at most the whole.",
    rules=("FEE-1",),
    loses="the taker",
    shape="one fill",
    assumes=(AT_MOST_WHOLE,),
    composes=("FEE-1b",),
)
def a_fee_never_exceeds_the_notional(notional: Amount, rate: Factor) -> None:
    """Rounding up does not carry it beyond."""
    assume(rate <= PPM, AT_MOST_WHOLE)
    claim(taker_fee(notional, rate) <= notional)
