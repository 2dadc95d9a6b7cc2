"""Money in and out (rules CUST-2 to CUST-9)."""

from settlespec.arithmetic import choose, maximum, minimum
from settlespec.domain.quantities import Amount, Milliseconds, Quantums


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


def forced_limit(side: int, price: int, low: int, high: int) -> int:
    """CUST-5: a forced bid's limit is at most the band's upper edge and a forced ask's at least the lower one, never worse for the owner.

    So a mark that moves while the request waits can neither make it fail nor have it trade worse than it said.

    Args:
        side: 1 buys, -1 sells.
        price: the limit that the owner sent.
        low, high: the band's edges.
    """
    return choose(side > 0, minimum(price, high), maximum(price, low))


def forced_deadline(time: Milliseconds, window: Milliseconds) -> Milliseconds:
    """CUST-9: every forced request has a window of its own, which begins with its block.

    Args:
        time: of the block that has the request.
        window: of the deployment.
    """
    return time + window


def is_overdue(time: Milliseconds, deadline: Milliseconds) -> bool:
    """CUST-9.2: a forced request is overdue after its deadline, and not at it."""
    return time > deadline
