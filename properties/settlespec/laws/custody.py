"""Laws of custody: what may leave, and what must be possible."""

from typing import Final

from settlespec.domain.quantities import Amount, Price, Quantums
from settlespec.laws.grounds import REQUIREMENT
from settlespec.laws.statement import assume, claim, implied, law
from settlespec.rules.custody import forced_amount, forced_limit, free_collateral

FREE: Final = implied("CUST-2a", "what is free is never negative")
BAND: Final = implied("ROUND-4.3", "the band is not empty")


@law(
    "CUST-2a",
    "What is free may be taken out and leaves the requirement covered; a quantum more would not.",
    rules=("CUST-2",),
    loses="whoever is on the other side of the owner's positions and orders",
    shape="any portfolio: three numbers",
    assumes=(REQUIREMENT,),
)
def what_is_free_leaves_the_requirement_covered(equity: Quantums, requirement: Quantums, reserved: Quantums) -> None:
    """Nothing is free where the requirement is not covered to begin with."""
    assume((requirement >= 0) & (reserved >= 0), REQUIREMENT)
    free = free_collateral(equity, requirement, reserved)
    claim(free >= 0)
    claim((free == 0) | (equity - free >= requirement + reserved))
    claim(equity - free - 1 < requirement + reserved)


@law(
    "CUST-4a",
    "A forced withdrawal pays no more than was asked and no more than is free, and one of the two in full.",
    rules=("CUST-4",),
    loses="the other accounts, or the owner who cannot leave",
    shape="one request",
    assumes=(FREE,),
)
def a_forced_withdrawal_pays_the_smaller(amount: Amount, free: Quantums) -> None:
    """Whatever is free."""
    assume(free >= 0, FREE)
    paid = forced_amount(amount, free)
    claim((paid <= amount) & (paid <= free))
    claim((paid == amount) | (paid == free))


@law(
    "CUST-5a",
    "The limit of a forced order is never worse for its owner than the one sent, and never one that the band refuses.",
    rules=("CUST-5",),
    loses="the owner, who trades worse than he said, or whose way out an outside event could close",
    shape="one request of each side",
    assumes=(BAND,),
)
def a_forced_limit_is_its_owners_or_the_bands_edge(price: Price, low: Price, high: Price) -> None:
    """For a band that is not empty; a limit that the band admits is the owner's."""
    assume(low <= high, BAND)
    bid, ask = forced_limit(1, price, low, high), forced_limit(-1, price, low, high)
    claim((bid <= price) & (bid <= high) & (ask >= price) & (ask >= low))
    claim((bid == price) | ((price > high) & (bid == high)))
    claim((ask == price) | ((price < low) & (ask == low)))
