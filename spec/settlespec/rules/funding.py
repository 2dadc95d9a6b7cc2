"""Funding of perpetuals (rules FUND-1 to FUND-4)."""

from typing import Final

from settlespec.arithmetic import PPM, ceil_div, clamp, minimum
from settlespec.domain.quantities import Factor, Milliseconds, Price, Quantums, Rate, SignedSize

FUNDING_PERIOD: Final = 28_800_000
"""Eight hours in milliseconds: the period that a funding rate is quoted for on dYdX v3, Binance and BitMEX."""

FUNDING_SCALE: Final = PPM * FUNDING_PERIOD
"""Ppm of a period: the unit in which an exact funding payment is an integer."""


def capped_rate(rate: Rate, cap: Factor) -> Rate:
    """FUND-1: the rate, clamped per instrument to |rate| <= cap; ppm per funding period."""
    return clamp(rate, -cap, cap)


def interval(timestamp: Milliseconds, last: Milliseconds, longest: Milliseconds) -> Milliseconds:
    """FUND-4: a round settles the time since the last marks, at most the longest interval; what is beyond it is never settled.

    Args:
        timestamp: of the round's statement, > last.
        last: timestamp of the marks before it.
        longest: the parameter `round_deadline`.
    """
    return minimum(timestamp - last, longest)


def exact_payment(rate: Rate, mark: Price, size: SignedSize, elapsed: Milliseconds) -> int:
    """FUND-2: what a position owes for the interval, times FUNDING_SCALE; positive pays: a long at a positive rate."""
    return rate * mark * size * elapsed


def payment(exact: int) -> Quantums:
    """FUND-3: one rounding per account against the pool: a payer pays the ceiling, a receiver gets the floor.

    Args:
        exact: the sum of the account's exact payments, times FUNDING_SCALE.
    Returns:
        Quantums that go from the account to the funding pool; negative when they come from it.
    """
    return ceil_div(exact, FUNDING_SCALE)
