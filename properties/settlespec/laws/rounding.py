"""Rounding never favours the account: a debit is at least, a credit at most, the exact share; each misses it by less than one."""

from typing import Final

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Position
from settlespec.domain.quantities import Amount, Factor, Price, Quantums, Rate, SignedSize
from settlespec.laws.grounds import FEE_PAID
from settlespec.laws.statement import assume, claim, implied, law
from settlespec.rules.fees import maker_fee, taker_fee
from settlespec.rules.funding import FUNDING_SCALE, payment
from settlespec.rules.liquidation import haircut, liquidation_fee
from settlespec.rules.margin import RISK_SCALE, initial, maintenance, surcharge
from settlespec.rules.trading import realised, trade_position

ACCEPTABLE: Final = implied("LIQ-11", "a liquidation trades at the bankruptcy quote or better")
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
