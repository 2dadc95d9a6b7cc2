"""Laws of reserves: what a resting order sets aside, and what its fills then need."""

from typing import Final

from settlespec.domain.quantities import Factor, Price, Quantums, SignedSize, Size
from settlespec.laws.grounds import FEE_PAID
from settlespec.laws.margin import LinearInstrument, market_at
from settlespec.laws.statement import assume, case, claim, law
from settlespec.rules.fees import maker_fee, resting_fee
from settlespec.rules.margin import initial, maintenance, order_reserve, risk_alone

RESERVED: Final = case("equity covers the requirement and what the order reserves")
"""A round that moved the marks may have left it otherwise."""


@law(
    "MARGIN-7b",
    "What a resting order reserves covers what it needs when it fills at once: the larger requirement, its loss and its fee.",
    rules=("MARGIN-4", "MARGIN-5", "MARGIN-7", "FEE-3"),
    loses="whoever is on the other side of a maker that cannot stand by its order",
    shape="one position and one order filled whole, in one linear instrument without surcharge",
    assumes=(FEE_PAID, RESERVED),
    composes=("MARGIN-7a", "MARGIN-4b", "FEE-3a"),
)
def the_reserve_covers_the_fill(
    instrument: LinearInstrument,
    mark: Price,
    held: SignedSize,
    size: Size,
    price: Price,
    buys: bool,
    worth: Quantums,
    factor: Factor,
    taker_pays: Quantums,
) -> None:
    """Equity that covers the requirement and the reserve covers the requirement after the fill.

    Claimed in steps, each of which the next one builds on: risks, maintenance and initial requirements are sub-additive.
    """
    assume(taker_pays >= 0, FEE_PAID)
    market, side = market_at(instrument, mark), 1 if buys else -1
    alone, order = risk_alone(held, market.risk), risk_alone(side * size, market.risk)
    together = risk_alone(held + side * size, market.risk)
    claim(together <= alone + order)
    claim(maintenance(together) <= maintenance(alone) + maintenance(order))
    claim(
        initial(maintenance(together), factor, 0)
        <= initial(maintenance(alone), factor, 0) + initial(maintenance(order), factor, 0)
    )
    fee = maker_fee(price * size, instrument.maker_fee_ppm, taker_pays)
    assume(
        worth >= initial(maintenance(alone), factor, 0) + order_reserve(side, size, price, False, market, factor),
        RESERVED,
    )
    claim(worth + side * size * (mark - price) - fee >= initial(maintenance(together), factor, 0))


@law(
    "MARGIN-7d",
    "Filled in two parts a resting order needs at most one quantum more than it reserves: the rounding of the second fee.",
    rules=("MARGIN-4", "MARGIN-5", "MARGIN-7", "FEE-3"),
    loses="whoever is on the other side of a maker that cannot stand by its order",
    shape="one position and one order filled in two parts, in one linear instrument without surcharge",
    assumes=(FEE_PAID, RESERVED),
    composes=("MARGIN-7a", "MARGIN-4b", "FEE-3b"),
)
def two_fills_need_a_quantum_more(
    instrument: LinearInstrument,
    mark: Price,
    held: SignedSize,
    first: Size,
    second: Size,
    price: Price,
    buys: bool,
    worth: Quantums,
    factor: Factor,
    taker_pays: Quantums,
    taker_pays_then: Quantums,
) -> None:
    """Steps as in MARGIN-7b. For more parts law FEE-3b adds a quantum each; a fill that this leaves uncovered removes the order."""
    assume((taker_pays >= 0) & (taker_pays_then >= 0), FEE_PAID)
    market, side, size = market_at(instrument, mark), 1 if buys else -1, first + second
    alone, order = risk_alone(held, market.risk), risk_alone(side * size, market.risk)
    together = risk_alone(held + side * size, market.risk)
    claim(together <= alone + order)
    claim(maintenance(together) <= maintenance(alone) + maintenance(order))
    claim(
        initial(maintenance(together), factor, 0)
        <= initial(maintenance(alone), factor, 0) + initial(maintenance(order), factor, 0)
    )
    rate = instrument.maker_fee_ppm
    fees = maker_fee(price * first, rate, taker_pays) + maker_fee(price * second, rate, taker_pays_then)
    claim(fees <= resting_fee(price * size, rate) + 1)
    assume(
        worth >= initial(maintenance(alone), factor, 0) + order_reserve(side, size, price, False, market, factor),
        RESERVED,
    )
    claim(worth + side * size * (mark - price) - fees + 1 >= initial(maintenance(together), factor, 0))


@law(
    "MARGIN-7c",
    "A reduce-only order reserves its loss against the mark and its fee, and nothing else.",
    rules=("MARGIN-7", "FEE-3"),
    loses="the owner, kept from closing by margin that a close does not need",
    shape="one order in one linear instrument",
)
def a_reduce_only_order_reserves_loss_and_fee(
    instrument: LinearInstrument, mark: Price, size: Size, price: Price, buys: bool, factor: Factor
) -> None:
    """No loss where the limit is at the mark or better."""
    market, side = market_at(instrument, mark), 1 if buys else -1
    loss = order_reserve(side, size, price, True, market, factor) - resting_fee(price * size, instrument.maker_fee_ppm)
    claim((loss == 0) | (loss == side * (price - mark) * size))
    claim((loss >= 0) & (loss >= side * (price - mark) * size))
