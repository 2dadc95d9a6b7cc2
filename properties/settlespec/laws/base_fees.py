"""Laws of what a base layer charges: each price is the exact one of its EIP, rounded as that says, and nothing pays for the rest."""

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
    calldata_tokens,
    effective_priority_fee,
    exponential_term,
    final_block,
    gas_towards,
    next_base_fee,
    next_excess_blob_gas,
    reserve_blob_fee,
    transaction_cost,
    transaction_gas,
)

Target: TypeAlias = Annotated[int, Range(1, MAX_GAS)]
"""Gas of a block that leaves the fee as it is."""

PaidFee: TypeAlias = Annotated[int, Range(1, MAX_FEE)]
"""A fee that is not nothing."""

Term: TypeAlias = Annotated[int, Range(0, 2**256)]
"""A term of the exponential, or one side of its exponent."""

Divisor: TypeAlias = Annotated[int, Range(1, 2**64)]

Bytes: TypeAlias = Annotated[int, Range(0, 2**40)]

OVERPAID: Final = "whoever sends to the base layer, by a price that is not the base layer's"


@law(
    "BASE-1a",
    "A fuller block raises the base fee by the eighth part of its distance from the target, rounded down, and by one wei at least.",
    rules=("BASE-1",),
    loses=OVERPAID,
    shape="one block",
)
def a_fuller_block_raises_the_fee(base_fee: Fee, above: Target, target: Target) -> None:
    """The share is base_fee * distance / (8 * target)."""
    risen = next_base_fee(base_fee, target + above, target) - base_fee
    claim(risen >= 1)
    claim((risen + 1) * target * 8 > base_fee * above)
    claim((risen == 1) | (risen * target * 8 <= base_fee * above))


@law(
    "BASE-1b",
    "A block at its target leaves the base fee alone, an emptier one lowers it by its share, rounded down.",
    rules=("BASE-1",),
    loses=OVERPAID,
    shape="one block",
)
def an_emptier_block_lowers_the_fee(base_fee: Fee, below: Gas, target: Target) -> None:
    """The share is base_fee * distance / (8 * target)."""
    fallen = base_fee - next_base_fee(base_fee, target - below, target)
    claim(fallen >= 0)
    claim(fallen * target * 8 <= base_fee * below)
    claim((fallen + 1) * target * 8 > base_fee * below)


@law(
    "BASE-2a",
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
    "BASE-3a",
    "A term of the exponential is the term before it times the exponent over its index, rounded down.",
    rules=("BASE-3",),
    loses=OVERPAID,
    shape="one term after another",
)
def a_term_is_rounded_down(term: Term, numerator: Term, denominator: Divisor, index: Divisor) -> None:
    """Never negative, so the sum never falls."""
    following = exponential_term(term, numerator, denominator, index)
    claim(following >= 0)
    claim(following * (denominator * index) <= term * numerator)
    claim((following + 1) * (denominator * index) > term * numerator)


@law(
    "BASE-4a",
    "Without a reserve price, excess blob gas is what is used beyond the target, and never less than nothing.",
    rules=("BASE-4",),
    loses=OVERPAID,
    shape="one block, before EIP-7918",
)
def excess_is_what_is_used_beyond_the_target(
    excess: Gas, used: Gas, target: Target, room: Gas, base_fee: Fee, blob_base_fee: Fee
) -> None:
    """EIP-4844; `room` is what a block may hold beyond the target."""
    following = next_excess_blob_gas(excess, used, target, target + room, base_fee, blob_base_fee, 0)
    claim(following == maximum(excess + used - target, 0))


@law(
    "BASE-4b",
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
    "BASE-5a",
    "The reserve price of blob gas is what the gas of a blob costs, over the bytes of a blob, rounded down.",
    rules=("BASE-5",),
    loses=OVERPAID,
    shape="one block",
)
def the_reserve_price_is_rounded_down(base_fee: Fee, reserve_gas: Gas) -> None:
    """A blob has 2^17 bytes."""
    fee = reserve_blob_fee(base_fee, reserve_gas)
    claim((fee * 2**17 <= reserve_gas * base_fee) & ((fee + 1) * 2**17 > reserve_gas * base_fee))


@law(
    "BASE-6a",
    "A byte that is not zero counts as much as four that are.",
    rules=("BASE-6",),
    loses=OVERPAID,
    shape="any calldata",
)
def a_nonzero_byte_is_four_zero_bytes(zero_bytes: Bytes, nonzero_bytes: Bytes) -> None:
    """And a zero byte counts one."""
    claim(calldata_tokens(zero_bytes, 0) == zero_bytes)
    claim(calldata_tokens(zero_bytes, nonzero_bytes) == calldata_tokens(zero_bytes + 4 * nonzero_bytes, 0))


@law(
    "BASE-7a",
    "A transaction pays its start, its calldata and its execution, or the floor of its calldata, and no more than the dearer.",
    rules=("BASE-6", "BASE-7"),
    loses=OVERPAID,
    shape="one transaction",
)
def a_transaction_pays_the_dearer(zero_bytes: Bytes, nonzero_bytes: Bytes, execution_gas: Gas) -> None:
    """Gas of a byte: 4 and 16 where it executes, 10 and 40 where it publishes; 21,000 to begin with."""
    gas = transaction_gas(calldata_tokens(zero_bytes, nonzero_bytes), execution_gas)
    executing = 21_000 + 4 * zero_bytes + 16 * nonzero_bytes + execution_gas
    publishing = 21_000 + 10 * zero_bytes + 40 * nonzero_bytes
    claim((gas >= executing) & (gas >= publishing))
    claim((gas == executing) | (gas == publishing))


@law(
    "BASE-8a",
    "No sender pays more per gas than it said, and the builder gets what was offered where that leaves room for it.",
    rules=("BASE-8",),
    loses="the sender, by what exceeds its word, or the builder",
    shape="one transaction",
)
def nobody_pays_more_than_it_said(base_fee: Fee, beyond: Fee, priority_fee: Fee) -> None:
    """`beyond` is what the most that is paid has beyond the base fee."""
    paid = effective_priority_fee(base_fee + beyond, priority_fee, base_fee)
    claim((paid >= 0) & (paid <= priority_fee) & (base_fee + paid <= base_fee + beyond))
    claim((paid == priority_fee) | (base_fee + paid == base_fee + beyond))


@law(
    "BASE-9a",
    "Gas and blob gas are paid each at its own price, and the two prices add up.",
    rules=("BASE-9",),
    loses=OVERPAID,
    shape="one transaction",
)
def gas_and_blob_gas_are_paid_apart(gas: Gas, gas_price: Fee, blob_gas: Gas, blob_base_fee: Fee) -> None:
    """A transaction without blobs pays no blob gas, and one of a single unit pays its price."""
    both = transaction_cost(gas, gas_price, blob_gas, blob_base_fee)
    claim(
        both
        == transaction_cost(gas, gas_price, 0, blob_base_fee) + transaction_cost(0, gas_price, blob_gas, blob_base_fee)
    )
    claim(transaction_cost(gas + 1, gas_price, blob_gas, blob_base_fee) == both + gas_price)
    claim(transaction_cost(gas, gas_price, blob_gas + 1, blob_base_fee) == both + blob_base_fee)
    claim(transaction_cost(0, gas_price, 0, blob_base_fee) == 0)


@law(
    "BASE-10a",
    "What is final stays final, and a block becomes final under exactly the finality depth of blocks.",
    rules=("BASE-10",),
    loses="whoever was paid in a block that goes away",
    shape="one new head",
)
def finality_only_moves_on(final: Gas, head: Gas, depth: Gas) -> None:
    """`final` and `head` are numbers of blocks."""
    now = final_block(final, head, depth)
    claim((now >= final) & (head - now <= depth))
    claim((now == final) | (head - now == depth))
