"""Laws of where a price of the base layer turns: the gas at which a fee is reached, and the price below which blobs pile up."""

from typing import Annotated, Final, TypeAlias

from settlespec.arithmetic import absolute, maximum, negate
from settlespec.domain.quantities import Range
from settlespec.laws.statement import claim, law
from settlespec.rules.base_fees import (
    GAS_PER_BLOB,
    MAX_FEE,
    MAX_GAS,
    Fee,
    Gas,
    gas_towards,
    next_excess_blob_gas,
    reserve_blob_fee,
)

Target: TypeAlias = Annotated[int, Range(1, MAX_GAS)]
"""Gas of a block that leaves the fee as it is."""

PaidFee: TypeAlias = Annotated[int, Range(1, MAX_FEE)]
"""A fee that is not nothing."""

OVERPAID: Final = "whoever publishes blobs, at a price that is not the base layer's"


@law(
    "BASE-2b",
    "The gas towards a fee is the farthest from the target that does not pass it, as far as the limit allows.",
    rules=("BASE-1", "BASE-2"),
    loses="liveness: whoever simulates a base layer misses the fee that a record says",
    shape="one block",
)
def the_gas_towards_a_fee_is_the_farthest(base_fee: PaidFee, wanted: Fee, target: Target, room: Gas) -> None:
    """A use passes the wanted fee where its exact change is a whole step more; `room` is what the limit has beyond the target."""
    used = gas_towards(base_fee, wanted, target, target + room)
    distance, step = absolute(used - target), absolute(wanted - base_fee)
    most = (step + 1) * target * 8
    claim((used >= 0) & (used <= target + room))
    claim(negate(wanted == base_fee) | (used == target))
    claim((wanted == base_fee) | (distance * base_fee < most))
    claim((wanted >= base_fee) | ((used <= target) & ((used == 0) | ((distance + 1) * base_fee >= most))))
    claim((wanted <= base_fee) | ((used >= target) & ((used == target + room) | ((distance + 1) * base_fee >= most))))


@law(
    "BASE-4c",
    "While a blob costs less than its reserve price, what is used beyond nothing piles up by its share, and nothing is worked off.",
    rules=("BASE-4", "BASE-5"),
    loses=OVERPAID,
    shape="one block, since EIP-7918",
)
def cheap_blobs_are_not_worked_off(
    excess: Gas, used: Gas, target: Target, room: Gas, base_fee: Fee, blob_base_fee: Fee, reserve_gas: Gas
) -> None:
    """The share is used * room / most, rounded down. A price that is just the reserve is not below it."""
    most = target + room
    following = next_excess_blob_gas(excess, used, target, most, base_fee, blob_base_fee, reserve_gas)
    is_cheap = reserve_gas * base_fee > GAS_PER_BLOB * blob_base_fee
    piled = following - excess
    claim((excess + used >= target) | (following == 0))
    claim(is_cheap | (following == maximum(excess + used - target, 0)))
    is_kept = is_cheap & (excess + used >= target)
    claim(negate(is_kept) | ((piled >= 0) & (piled * most <= used * room) & ((piled + 1) * most > used * room)))
    claim((blob_base_fee >= reserve_blob_fee(base_fee, reserve_gas)) | is_cheap)
    claim((blob_base_fee <= reserve_blob_fee(base_fee, reserve_gas)) | negate(is_cheap))


@law(
    "BASE-5b",
    "The reserve price of blob gas is what the gas of a blob costs, over the bytes of a blob, rounded down.",
    rules=("BASE-5",),
    loses=OVERPAID,
    shape="one block",
)
def the_reserve_price_is_rounded_down(base_fee: Fee, reserve_gas: Gas) -> None:
    """A blob has 2^17 bytes."""
    fee = reserve_blob_fee(base_fee, reserve_gas)
    claim((fee * 2**17 <= reserve_gas * base_fee) & ((fee + 1) * 2**17 > reserve_gas * base_fee))
