"""What an instrument pays at its expiry (rules EXPIRY-1 and EXPIRY-3; the statement that fixes it is EXPIRY-2)."""

from settlespec.arithmetic import choose, maximum
from settlespec.domain.quantities import Milliseconds, Price, PriceOrNone


def option_payoff(right: int, strike: Price, value: Price) -> PriceOrNone:
    """EXPIRY-1: a European option pays the distance of the settlement value from the strike on its own side, exact, never negative.

    Args:
        right: 1 of a call, -1 of a put.
        strike: quantums per lot.
        value: the settlement value of the underlying, quantums per lot.
    Returns:
        Quantums per lot. A dated future pays the settlement value itself.
    """
    return maximum(right * (value - strike), 0)


def is_due(expiry: int, clock: int) -> bool:
    """EXPIRY-3: from its expiry on an instrument takes no order and no fill, and the next round pays it out.

    Args:
        expiry: milliseconds; of a dated instrument, so above 0.
        clock: milliseconds.
    """
    return expiry <= clock


def near_expiry(expiry: Milliseconds, time: Milliseconds, lead: Milliseconds) -> Milliseconds:
    """EXPIRY-6: within the lead of its expiry a holding offsets only what expires with it: its group is named by that expiry.

    So an account has the margin for what its spread leaves behind, or is closed, while both legs still stand.

    Args:
        expiry: of the instrument, 0 of a perpetual.
        time: of the marks by which risk is judged.
        lead: how long before it.
    Returns:
        The expiry, or 0 as long as the instrument offsets everything of its underlying.
    """
    return choose(expiry <= time + lead, expiry, 0)
