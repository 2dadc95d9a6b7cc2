"""What put-call parity says of a chain: the forward of an expiry, and by how much its prices are discounted."""

from collections.abc import Mapping
from statistics import median
from typing import Final

Pairs = Mapping[float, tuple[float, float]]
"""Prices of call and put by strike, of one expiry."""

NEAREST_PAIRS: Final = 9
"""Pairs that imply a forward, those with the smallest difference of prices."""

FAR: Final = 0.1
"""Strikes at least this part of the forward away say something about the discount: there the difference of prices is large."""

FEWEST_PAIRS: Final = 5
"""Far pairs below which prices count as not discounted."""

LOWEST_DISCOUNT: Final = 0.5


def implied_forward(pairs: Pairs) -> float | None:
    """The median of strike + call - put over the pairs nearest to the money; None without a pair.

    A price discounted by d moves a pair's forward by (1 - d) of its distance to the strike, hence the nearest pairs.
    """
    nearest = sorted((abs(call - put), strike) for strike, (call, put) in pairs.items())[:NEAREST_PAIRS]
    if not nearest:
        return None
    return median(strike + pairs[strike][0] - pairs[strike][1] for _, strike in nearest)


def implied_discount(pairs: Pairs, forward: float) -> float:
    """The median of (call - put) / (forward - strike) over the pairs far from the money, from `LOWEST_DISCOUNT` to 1."""
    far = [
        (call - put) / (forward - strike)
        for strike, (call, put) in pairs.items()
        if abs(strike - forward) >= FAR * forward
    ]
    if len(far) < FEWEST_PAIRS:
        return 1.0
    return min(max(median(far), LOWEST_DISCOUNT), 1.0)
