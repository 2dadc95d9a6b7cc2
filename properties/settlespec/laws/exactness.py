"""Laws of exact figures: each is neither more nor less than what its sentence says, so that no unit and no share gets lost.

Laws of what a figure may do to somebody leave room on the other side: a fee that is too high harms no treasury. These leave none.
"""

from typing import Annotated, Final, TypeAlias

from settlespec.arithmetic import PPM
from settlespec.domain.quantities import (
    MAX_AMOUNT,
    TIME,
    Amount,
    Factor,
    Milliseconds,
    Price,
    Quantums,
    Range,
    Rate,
    SignedSize,
)
from settlespec.laws.statement import claim, law
from settlespec.rules.fees import maker_fee
from settlespec.rules.funding import exact_payment
from settlespec.rules.liquidation import gain_of_round, headroom
from settlespec.rules.margin import RISK_SCALE

Owed: TypeAlias = Annotated[int, Range(0, MAX_AMOUNT)]
"""Money that is owed, or none."""

Risk: TypeAlias = Annotated[int, Range(0, RISK_SCALE * MAX_AMOUNT)]
"""A maintenance requirement times `RISK_SCALE`."""

EITHER: Final = "whoever is on the losing side of the figure, or the account that is charged too much"


@law(
    "FEE-2d",
    "A maker's fee is not a quantum more than the exact one, and its rebate the exact one rounded down or all that the taker pays.",
    rules=("FEE-2",),
    loses="the maker",
    shape="one fill",
)
def a_maker_is_charged_exactly(notional: Amount, rate: Rate, taker_pays: Owed) -> None:
    """Nothing at a rate of nothing."""
    paid = maker_fee(notional, rate, taker_pays)
    claim((rate < 0) | ((paid - 1) * PPM < notional * rate))
    claim((rate >= 0) | (paid == -taker_pays) | ((paid - 1) * PPM < notional * rate))
    claim(paid >= -taker_pays)


@law(
    "FUND-2d",
    "A position twice as large pays twice the funding, and so it does for twice the time, the rate or the mark.",
    rules=("FUND-2",),
    loses=EITHER,
    shape="one account, one perpetual",
)
def funding_is_proportional(
    rate: Rate,
    mark: Price,
    size: SignedSize,
    elapsed: Milliseconds,
    other: Annotated[int, Range(-TIME.high, TIME.high)],
) -> None:
    """Additive in each of its four factors; one lot at one quantum pays the rate for each millisecond."""
    whole = exact_payment(rate, mark, size, elapsed)
    claim(exact_payment(rate + other, mark, size, elapsed) == whole + exact_payment(other, mark, size, elapsed))
    claim(exact_payment(rate, mark + other, size, elapsed) == whole + exact_payment(rate, other, size, elapsed))
    claim(exact_payment(rate, mark, size + other, elapsed) == whole + exact_payment(rate, mark, other, elapsed))
    claim(exact_payment(rate, mark, size, elapsed + other) == whole + exact_payment(rate, mark, size, other))
    claim(exact_payment(rate, 1, 1, 1) == rate)


@law(
    "LIQ-1c",
    "A gain is the whole rise of equity since rest, and nothing where equity fell.",
    rules=("LIQ-1",),
    loses="whoever gained less than the haircut is told",
    shape="one account",
)
def a_gain_is_the_whole_rise(at_rest: Quantums, now: Quantums) -> None:
    """Never negative."""
    gain = gain_of_round(at_rest, now)
    claim((gain >= 0) & (gain >= now - at_rest))
    claim((gain == 0) | (gain == now - at_rest))


@law(
    "LIQ-7b",
    "Headroom is not negative exactly where equity, less the exact fee, meets the exact base initial requirement.",
    rules=("LIQ-7.2",),
    loses="the account, closed farther than restores it, or the fund, where the search for the lots ends too early",
    shape="any portfolio around one close",
)
def headroom_is_what_equity_exceeds(equity: Quantums, risk: Risk, factor: Factor, fee: Risk, more: Quantums) -> None:
    """Every quantum of equity counts PPM * RISK_SCALE, every unit of the fee RISK_SCALE, every unit of risk the factor."""
    here = headroom(equity, risk, factor, fee)
    claim(headroom(equity + more, risk, factor, fee) - here == more * PPM * RISK_SCALE)
    claim(here - headroom(equity, risk, factor, fee + more) == more * RISK_SCALE)
    claim(here - headroom(equity, risk + more, factor, fee) == more * factor)
    claim(headroom(0, 0, factor, 0) == 0)
    claim((here >= 0) == (equity * PPM * RISK_SCALE >= fee * RISK_SCALE + risk * factor))
