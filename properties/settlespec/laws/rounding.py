"""Rounding never favours the account: a debit is at least, a credit at most, the exact share; each misses it by less than one."""

from typing import Final

from settlespec.arithmetic import PPM, choose, maximum
from settlespec.domain.accounts import Position
from settlespec.domain.quantities import Amount, Factor, Loss, Price, Quantums, Rate, SignedSize, Size
from settlespec.laws.grounds import FEE_PAID
from settlespec.laws.statement import assume, case, claim, implied, law
from settlespec.rules.fees import maker_fee, resting_fee, taker_fee
from settlespec.rules.funding import FUNDING_SCALE, payment
from settlespec.rules.liquidation import haircut, liquidation_fee, slip_width
from settlespec.rules.margin import RISK_SCALE, bounded_loss, initial, maintenance, surcharge
from settlespec.rules.trading import realised, trade_position

ACCEPTABLE: Final = implied("LIQ-11", "a liquidation trades at the bankruptcy quote or better")
CLOSES: Final = case("the lots close some of the position or all of it")
GAINER: Final = implied("ROUND-6", "a haircut is taken of a gain, where something is owed")


FAVOURED = "the fund that rounding is for, by up to a quantum on every operation"


@law(
    "FEE-1b",
    "A taker never pays less than its exact fee, nor a whole quantum more.",
    rules=("FEE-1",),
    loses=FAVOURED,
    shape="one fill",
)
def the_taker_pays_the_rounding(notional: Amount, rate: Factor) -> None:
    """A debit is rounded up."""
    paid = taker_fee(notional, rate)
    claim(paid * PPM >= notional * rate)
    claim((paid - 1) * PPM < notional * rate)


@law(
    "FEE-2b",
    "A maker never pays less than its exact fee nor receives more than its exact rebate.",
    rules=("FEE-2",),
    loses=FAVOURED,
    shape="one fill",
    assumes=(FEE_PAID,),
)
def the_maker_pays_the_rounding(notional: Amount, rate: Rate, taker_pays: Quantums) -> None:
    """For fees and rebates alike: a rebate is a negative fee."""
    assume(taker_pays >= 0, FEE_PAID)
    claim(maker_fee(notional, rate, taker_pays) * PPM >= notional * rate)


@law(
    "FUND-3a",
    "Whoever pays funding pays the exact amount rounded up, whoever receives gets it rounded down.",
    rules=("FUND-3",),
    loses=FAVOURED,
    shape="one account",
)
def funding_is_rounded_against_the_account(exact: int) -> None:
    """One rule for both: a receipt is a negative payment."""
    paid = payment(exact)
    claim(paid * FUNDING_SCALE >= exact)
    claim((paid - 1) * FUNDING_SCALE < exact)


@law(
    "LIQ-3b",
    "A haircut is never less than the exact share, nor a whole quantum more.",
    rules=("LIQ-3",),
    loses=FAVOURED,
    shape="one gain",
    assumes=(GAINER,),
)
def a_haircut_is_rounded_up(owed: Quantums, gain: Quantums, total_gain: Quantums) -> None:
    """The rounding goes to the insurance fund."""
    assume((owed >= 0) & (gain >= 0) & (total_gain > 0), GAINER)
    taken = haircut(owed, gain, total_gain)
    claim(taken * total_gain >= owed * gain)
    claim((taken - 1) * total_gain < owed * gain)


@law(
    "LIQ-5a",
    "A liquidation fee is rounded up, unless it is all that was gained over the bankruptcy price.",
    rules=("LIQ-5",),
    loses=FAVOURED,
    shape="one fill",
    assumes=(ACCEPTABLE,),
)
def a_liquidation_fee_is_rounded_up(notional: Amount, rate: Factor, over: Quantums) -> None:
    """Nor is it a whole quantum more than the exact share."""
    assume(over >= 0, ACCEPTABLE)
    fee = liquidation_fee(notional, rate, over)
    claim((fee == over) | (fee * PPM >= notional * rate))
    claim((fee == 0) | ((fee - 1) * PPM < notional * rate))


@law(
    "MARGIN-4a",
    "A requirement is never less than the exact one, so no comparison with an equity changes.",
    rules=("MARGIN-4",),
    loses="whoever covers the shortfall",
    shape="any portfolio: its risk and its equity",
)
def a_requirement_is_rounded_up(risk: int, equity: Quantums) -> None:
    """Equities are whole, so rounding the requirement up decides nothing."""
    required = maintenance(risk)
    claim((equity >= required) == (equity * RISK_SCALE >= risk))


@law(
    "MARGIN-5b",
    "The initial requirement and its surcharge are never less than the exact ones.",
    rules=("MARGIN-5", "MARGIN-5.2"),
    loses="whoever covers the shortfall",
    shape="any portfolio: its requirement and its risk",
)
def an_initial_requirement_is_rounded_up(
    requirement: Amount, factor: Factor, added: Amount, risk: int, surcharge_ppm: Factor
) -> None:
    """Each of the two parts by itself."""
    required = initial(requirement, factor, added)
    claim(required * PPM >= requirement * factor + added * PPM)
    claim((required - 1) * PPM < requirement * factor + added * PPM)
    claim(surcharge(risk, surcharge_ppm) * RISK_SCALE * PPM >= risk * surcharge_ppm)


@law(
    "TRADE-3c",
    "Rounding the cost of a partial close moves no equity: what the collateral gains the remaining cost keeps.",
    rules=("TRADE-3", "TRADE-4"),
    loses="the account or its counterparty, by a quantum on every partial close",
    shape="one account, one instrument",
)
def rounding_a_cost_moves_no_equity(position: Position, change: SignedSize, price: Price, mark: Price) -> None:
    """Equity at any mark changes by what the lots are worth less what they were bought for."""
    traded = trade_position(position, change, price)
    before = -position.cost + position.size * mark
    after = realised(position, change, price) - traded.cost + traded.size * mark
    claim(after - before == change * (mark - price))


@law(
    "FEE-3c",
    "What is reserved for a fee is never less than the exact fee, nor a whole quantum more; for a rebate nothing is.",
    rules=("FEE-3",),
    loses=FAVOURED,
    shape="one order",
)
def the_fee_of_a_resting_order_is_rounded_up(notional: Amount, rate: Rate) -> None:
    """Against the account."""
    reserved = resting_fee(notional, rate)
    claim((rate > 0) | (reserved == 0))
    claim((rate < 1) | ((reserved * PPM >= notional * rate) & ((reserved - 1) * PPM < notional * rate)))


@law(
    "LIQ-6b",
    "The slip is rounded down, so that no liquidation trades further from the mark than was said, but for the least step.",
    rules=("LIQ-6.3",),
    loses="the account that is closed",
    shape="one instrument",
)
def the_slip_is_rounded_down(reference: Price, slip: Factor, step: Price) -> None:
    """In favour of the account, and of nobody's money."""
    width = slip_width(reference, slip, step)
    claim((width == step) | (width * PPM <= reference * slip))
    claim((width >= step) & ((width + 1) * PPM > reference * slip))


@law(
    "TRADE-3f",
    "The cost that a partial close removes is rounded down, so what is left of it is never less than its share.",
    rules=("TRADE-3",),
    loses="whoever reads from the cost what a position was bought for",
    shape="a position of either sign, closed in part",
    assumes=(CLOSES,),
)
def a_removed_cost_is_rounded_down(size: Size, lots: Size, cost: Quantums, price: Price, long: bool) -> None:
    """No equity hangs on it (law TRADE-3c)."""
    assume(lots <= size, CLOSES)
    side = 1 if long else -1
    left = trade_position(Position(side * size, cost), -side * lots, price).cost
    claim(left * size >= cost * (size - lots))
    claim((left - 1) * size < cost * (size - lots))


@law(
    "MARGIN-15g",
    "The bounds of an extreme scenario are rounded down, so a third counts for no more than a third, long or short by a unit.",
    rules=("MARGIN-15",),
    loses="the owner of an option, by a unit of the risk scale in each extreme scenario",
    shape="one option in one extreme scenario, whose stated loss lies beyond its bounds",
)
def bounds_of_an_extreme_loss_are_rounded_down(
    strike: Price, mark: Price, moved: Amount, call: bool, stated: Loss
) -> None:
    """What counts is the stated loss, or one of the bounds."""
    right = 1 if call else -1
    least, most = maximum(right * (moved - strike * RISK_SCALE), 0), choose(right > 0, moved, strike * RISK_SCALE)
    counts = bounded_loss(stated, 3, right, strike, mark, moved)
    high, low = mark * RISK_SCALE - least, mark * RISK_SCALE - most
    claim((3 * counts <= high) & (3 * counts + 3 > low))
    claim((counts == stated) | (3 * counts + 3 > high) | (3 * counts <= low))
