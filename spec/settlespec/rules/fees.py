"""Trading fees (rules FEE-1 to FEE-3)."""

from settlespec.arithmetic import PPM, ceil_div, choose, floor_div, minimum
from settlespec.domain.quantities import Amount, Factor, Quantums, Rate


def taker_fee(notional: Amount, rate: Factor) -> Quantums:
    """FEE-1: the taker pays a share of the notional, rounded up.

    Args:
        notional: price * size of the fill, in quantums, exact.
        rate: ppm of the notional, >= 0.
    """
    return ceil_div(notional * rate, PPM)


def maker_fee(notional: Amount, rate: Rate, taker_pays: Quantums) -> Quantums:
    """FEE-2: the maker pays a share of the notional, rounded up, or receives a rebate, rounded down.

    A rebate never exceeds what the taker of the same fill pays, so a fill never costs the treasury.

    Args:
        notional: price * size of the fill, in quantums, exact.
        rate: ppm of the notional; negative is a rebate.
        taker_pays: the taker's fee of this fill, in quantums, >= 0.
    Returns:
        Quantums that the maker pays; negative when it receives.
    """
    rebate = minimum(floor_div(notional * -rate, PPM), taker_pays)
    return choose(rate >= 0, ceil_div(notional * rate, PPM), -rebate)


def resting_fee(notional: Amount, rate: Rate) -> Quantums:
    """FEE-3: what a resting order may have to pay when it fills at once: the maker's fee, never counting on a rebate.

    Filled in parts it may pay a quantum more for each further fill, as each fee is rounded up (law FEE-3b).
    """
    return choose(rate > 0, ceil_div(notional * rate, PPM), 0)
