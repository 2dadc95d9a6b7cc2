"""Money in and out (rules CUST-1 to CUST-8)."""

from settlespec.arithmetic import clamp, maximum, minimum
from settlespec.domain.quantities import Amount, Quantums


def free_collateral(equity: Quantums, requirement: Amount, reserved: Amount) -> int:
    """CUST-2: what an owner may take out: equity less the initial requirement less what resting orders reserve, never negative.

    Args:
        equity: quantums at the mark.
        requirement: initial requirement of the positions.
        reserved: the sum of `order_reserve` over the resting orders.
    """
    return maximum(equity - requirement - reserved, 0)


def forced_amount(amount: Amount, free: int) -> int:
    """CUST-4: a forced withdrawal pays the smaller of what was asked and what is free."""
    return minimum(amount, free)


def forced_limit(price: int, low: int, high: int) -> int:
    """CUST-5: the limit of a forced order is clamped to the band, so that an outside event cannot make an honest one fail."""
    return clamp(price, low, high)
