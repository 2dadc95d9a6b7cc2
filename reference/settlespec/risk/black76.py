"""Black-76: the undiscounted price of a European option on a forward, and the volatility that explains a price."""

from enum import IntEnum, StrEnum
from math import inf, isfinite, sqrt
from typing import Final

from settlespec.risk.elementary import density, distribution, logarithm

SMALLEST: Final = 2.0**-60
LARGEST: Final = 2.0**60
"""Forwards and strikes within these leave every intermediate figure a normal number; every price of an instrument is far inside."""

LARGEST_VOLATILITY: Final = 2.0**20
LARGEST_YEARS: Final = 2.0**10

WIDEST: Final = 64.0
"""A deviation of the logarithm at which a call costs its forward and a put its strike, to the last bit."""

NEWTON_STEPS: Final = 40
"""Newton's method needs five to ten steps; then the bracket is halved."""

STEPS: Final = NEWTON_STEPS + 1100
"""Halvings until no number lies between any two positive ones."""


class Right(IntEnum):
    """What the holder may do, as the sign of the underlying's gain."""

    CALL = 1
    PUT = -1


class Unpriced(StrEnum):
    """Why there is no price or no volatility, in the order in which it is asked."""

    FORWARD = "the forward is neither zero nor between 2^-60 and 2^60"
    STRIKE = "the strike is not between 2^-60 and 2^60"
    YEARS = "the time to expiry is not between 0 and 2^10 years"
    VOLATILITY = "the volatility is not between 0 and 2^20 a year"
    PRICE = "the price is negative or no number"
    BELOW_INTRINSIC = "the price is below the intrinsic value"
    ABOVE_BOUND = "the price reaches the forward (a call) or the strike (a put)"
    NO_TIME = "no time is left in which a volatility could act"


def price(right: Right, forward: float, strike: float, volatility: float, years: float) -> float | Unpriced:
    """The undiscounted price, never below the intrinsic value and never above the forward (a call) or the strike (a put).

    Call and put share their time value, so put-call parity holds but for the rounding of two sums.

    Args:
        right: call or put.
        forward: of the underlying for the expiry, at least 0.
        strike: in the unit of the forward; so is the price.
        volatility: standard deviation of the logarithm in one year.
        years: until the expiry.
    """
    fault = _fault(forward, strike, years)
    if fault is not None:
        return fault
    if not 0.0 <= volatility <= LARGEST_VOLATILITY:
        return Unpriced.VOLATILITY
    return value(right, forward, strike, volatility * sqrt(years))


def implied_volatility(right: Right, quoted: float, forward: float, strike: float, years: float) -> float | Unpriced:
    """The smallest volatility whose price is the quoted one, to the rounding of a price; 0 for the intrinsic value itself.

    Newton's method on the time value inside a bracket, from the deviation at which the time value bends; a step that leaves
    the bracket is replaced by halving it.
    """
    fault = _fault(forward, strike, years)
    if fault is not None:
        return fault
    if not (isfinite(quoted) and quoted >= 0.0):
        return Unpriced.PRICE
    wanted = quoted - intrinsic(right, forward, strike)
    if wanted < 0.0:
        return Unpriced.BELOW_INTRINSIC
    if quoted >= bound(right, forward, strike):
        return Unpriced.ABOVE_BOUND
    if wanted == 0.0:
        return 0.0
    if years == 0.0:
        return Unpriced.NO_TIME
    return _deviation(wanted, forward, strike) / sqrt(years)


def value(right: Right, forward: float, strike: float, deviation: float) -> float:
    """The price by the deviation of the logarithm until the expiry; for figures that are known to be in their ranges."""
    if forward == 0.0:
        return intrinsic(right, forward, strike)
    return min(
        intrinsic(right, forward, strike) + time_value(forward, strike, deviation), bound(right, forward, strike)
    )


def intrinsic(right: Right, forward: float, strike: float) -> float:
    """What the option pays if the underlying ends at the forward."""
    return max(0.0, forward - strike if right is Right.CALL else strike - forward)


def bound(right: Right, forward: float, strike: float) -> float:
    """What no option costs more than: the forward for a call, the strike for a put."""
    return forward if right is Right.CALL else strike


def time_value(forward: float, strike: float, deviation: float) -> float:
    """The price of whichever of call and put is out of the money."""
    if deviation == 0.0:
        return 0.0
    lower, upper = min(forward, strike), max(forward, strike)
    if deviation >= WIDEST:
        return lower
    distance = logarithm(upper / lower) / deviation
    half = 0.5 * deviation
    return min(max(lower * distribution(half - distance) - upper * distribution(-half - distance), 0.0), lower)


def _fault(forward: float, strike: float, years: float) -> Unpriced | None:
    # Every comparison with what is no number is false.
    if not (forward == 0.0 or SMALLEST <= forward <= LARGEST):
        return Unpriced.FORWARD
    if not SMALLEST <= strike <= LARGEST:
        return Unpriced.STRIKE
    if not 0.0 <= years <= LARGEST_YEARS:
        return Unpriced.YEARS
    return None


def _deviation(wanted: float, forward: float, strike: float) -> float:
    lower, upper = min(forward, strike), max(forward, strike)
    logarithm_of_ratio = logarithm(upper / lower)
    low, high = 0.0, WIDEST
    guess = max(sqrt(2.0 * logarithm_of_ratio), wanted / lower)
    for step in range(STEPS):
        if not low < guess < high or step >= NEWTON_STEPS:
            guess = 0.5 * (low + high)
            if not low < guess < high:
                break
        over = time_value(forward, strike, guess) - wanted
        if over == 0.0:
            break
        if over > 0.0:
            high = guess
        else:
            low = guess
        slope = lower * density(0.5 * guess - logarithm_of_ratio / guess)
        following = guess - over / slope if slope > 0.0 else inf
        if abs(following - guess) <= 2.0**-52 * guess:
            break
        guess = following
    return guess
