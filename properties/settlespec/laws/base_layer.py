"""Laws of what a base layer charges: the updates of both base fees, the gas of a transaction, and what is final.

The blob base fee is a sum of terms, each made of the one before (BASE-3). That it never falls when the excess grows is an induction over
the terms: the first is the same whatever the excess, and BASE-3b is the step.
"""

from typing import Final

from settlespec.arithmetic import absolute, maximum, negate
from settlespec.domain.quantities import Size
from settlespec.laws.grounds import HYPOTHESIS, INTERVAL
from settlespec.laws.statement import assume, case, claim, implied, law, world
from settlespec.rules.base_fees import (
    CHANGE_DENOMINATOR,
    ELASTICITY,
    FLOOR_GAS_PER_TOKEN,
    GAS_PER_BLOB,
    GAS_PER_TOKEN,
    TRANSACTION_GAS,
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

TARGET: Final = implied("BASE-1", "a block has a target above zero")
LIMIT: Final = world("no block uses more gas than its limit, which is twice its target")
PRICED: Final = case("the base fee is above zero")
SCHEDULE: Final = implied("BASE-4", "the target of blob gas is above zero and at most the limit")
AFFORDS: Final = world("a transaction is included only where its sender pays the base fee at least")
CHEAP: Final = case("blobs are cheap beside gas")
PILED_UP: Final = case("the block leaves some excess")
SENDERS: Final = "senders, who pay another fee than every other node computes"


@law(
    "BASE-1a",
    "A block above its target raises the base fee by at least a wei and at most an eighth or a wei, one below never raises it.",
    rules=("BASE-1",),
    loses=SENDERS,
    shape="one block",
    assumes=(TARGET, LIMIT),
    composes=("BASE-1c",),
)
def the_base_fee_follows_the_target(base_fee: Fee, used: Gas, target: Gas) -> None:
    """At the target it stays; it never falls by more than an eighth, so never below zero."""
    assume(target > 0, TARGET)
    assume(used <= ELASTICITY * target, LIMIT)
    then = next_base_fee(base_fee, used, target)
    claim(negate(used > target) | (then > base_fee))
    claim(negate(used == target) | (then == base_fee))
    claim(negate(used < target) | (then <= base_fee))
    claim((then - base_fee) * CHANGE_DENOMINATOR <= maximum(base_fee, CHANGE_DENOMINATOR))
    claim((base_fee - then) * CHANGE_DENOMINATOR <= base_fee)


@law(
    "BASE-1b",
    "A block that uses more never has a lower next base fee.",
    rules=("BASE-1",),
    loses=SENDERS,
    shape="two blocks of one base fee and target",
    assumes=(TARGET, INTERVAL),
    composes=("BASE-1c",),
)
def the_base_fee_grows_with_use(base_fee: Fee, less: Gas, more: Gas, target: Gas) -> None:
    """On both sides of the target and across it."""
    assume(target > 0, TARGET)
    assume(less <= more, INTERVAL)
    claim(next_base_fee(base_fee, less, target) <= next_base_fee(base_fee, more, target))


@law(
    "BASE-1c",
    "The move of the base fee is the exact one rounded down, and above the target at least a wei.",
    rules=("BASE-1",),
    loses=SENDERS,
    shape="one block",
    assumes=(TARGET,),
)
def the_base_fee_moves_by_the_exact_share(base_fee: Fee, used: Gas, target: Gas) -> None:
    """Rounded down twice, which is as good as once."""
    assume(target > 0, TARGET)
    move = absolute(next_base_fee(base_fee, used, target) - base_fee)
    exact, unit = base_fee * absolute(used - target), target * CHANGE_DENOMINATOR
    claim((move * unit <= exact) | ((move == 1) & (used > target)))
    claim((move + 1) * unit > exact)


@law(
    "BASE-2a",
    "The gas that leads towards a wanted base fee is the farthest from the target that does not lead past it, within the limit.",
    rules=("BASE-1", "BASE-2"),
    loses="whoever measures settlement under a series of fees that no chain of blocks has",
    shape="one block",
    assumes=(TARGET, PRICED),
)
def the_gas_towards_a_fee_does_not_pass_it(base_fee: Fee, wanted: Fee, target: Gas) -> None:
    """At the wanted fee itself the block is at its target."""
    assume(target > 0, TARGET)
    assume(base_fee > 0, PRICED)
    used = gas_towards(base_fee, wanted, target, ELASTICITY * target)
    then = next_base_fee(base_fee, used, target)
    claim((used >= 0) & (used <= ELASTICITY * target))
    limit, rises, falls = ELASTICITY * target, wanted > base_fee, wanted < base_fee
    claim(negate(rises) | ((then <= wanted) & (used >= target)))
    claim(negate(rises) | (used == limit) | (next_base_fee(base_fee, used + 1, target) > wanted))
    claim(negate(falls) | ((then >= wanted) & (used <= target)))
    claim(negate(falls) | (used == 0) | (next_base_fee(base_fee, used - 1, target) < wanted))
    claim(rises | falls | (used == target))


@law(
    "BASE-3a",
    "A term of the exponential is the exact one rounded down, and zero from where the one before it is.",
    rules=("BASE-3",),
    loses=SENDERS,
    shape="one term",
)
def a_term_is_rounded_down(term: Gas, numerator: Gas, denominator: Size, index: Size) -> None:
    """So a sum ends at the first term that is zero."""
    found = exponential_term(term, numerator, denominator, index)
    claim((found * denominator * index <= term * numerator) & ((found + 1) * denominator * index > term * numerator))
    claim(exponential_term(0, numerator, denominator, index) == 0)


@law(
    "BASE-3b",
    "The blob base fee never falls when the excess grows.",
    rules=("BASE-3",),
    loses="senders of blobs, cheaper the more they crowd",
    shape="one more term of two sums, by induction",
    assumes=(HYPOTHESIS, INTERVAL),
    composes=("BASE-3a",),
)
def terms_grow_with_the_exponent(less: Gas, more: Gas, small: Gas, large: Gas, denominator: Size, index: Size) -> None:
    """`less` and `more` are the terms before, of the exponents `small` and `large`."""
    assume(less <= more, HYPOTHESIS)
    assume(small <= large, INTERVAL)
    claim(less * small <= more * large)
    claim(exponential_term(less, small, denominator, index) <= exponential_term(more, large, denominator, index))


@law(
    "BASE-4a",
    "Excess blob gas is never negative, and moves by what a block used beyond its target, unless blobs are cheap.",
    rules=("BASE-4",),
    loses="senders of blobs",
    shape="one block",
    assumes=(SCHEDULE,),
)
def excess_piles_up_beyond_the_target(
    excess: Gas, used: Gas, target: Gas, most: Gas, base_fee: Fee, blob_fee: Fee
) -> None:
    """Without a reserve price, as before EIP-7918, they never are."""
    assume((target > 0) & (target <= most), SCHEDULE)
    then = next_excess_blob_gas(excess, used, target, most, base_fee, blob_fee, 0)
    claim(then == maximum(excess + used - target, 0))


@law(
    "BASE-4b",
    "While blobs are cheap beside gas no excess is worked off: blobs add their share of what a full block would, rounded down.",
    rules=("BASE-4",),
    loses="senders of gas, beside whom blobs are nearly free for hours",
    shape="one block with a reserve price",
    assumes=(SCHEDULE, CHEAP, PILED_UP),
)
def cheap_blobs_work_nothing_off(
    excess: Gas, used: Gas, target: Gas, most: Gas, base_fee: Fee, blob_fee: Fee, reserve: Gas
) -> None:
    """What is below the target of one block is worked off all the same."""
    assume((target > 0) & (target <= most), SCHEDULE)
    assume(reserve * base_fee > GAS_PER_BLOB * blob_fee, CHEAP)
    assume(excess + used >= target, PILED_UP)
    then = next_excess_blob_gas(excess, used, target, most, base_fee, blob_fee, reserve)
    claim((then - excess) * most <= used * (most - target))
    claim((then - excess + 1) * most > used * (most - target))
    claim(then >= excess)


@law(
    "BASE-5a",
    "The reserve price is the least blob base fee, but for a fraction of a wei, at which blobs are not cheap.",
    rules=("BASE-5",),
    loses="whoever works out how far excess must rise before it is worked off",
    shape="one block",
)
def the_reserve_price_is_where_blobs_cease_to_be_cheap(base_fee: Fee, reserve: Gas, blob_fee: Fee) -> None:
    """A blob base fee below it is cheap, one above it is not."""
    price = reserve_blob_fee(base_fee, reserve)
    cheap = reserve * base_fee > GAS_PER_BLOB * blob_fee
    claim(negate(blob_fee < price) | cheap)
    claim(negate(blob_fee > price) | negate(cheap))


@law(
    "BASE-7a",
    "A transaction pays for its calldata and execution, and never less than the floor of its calldata.",
    rules=("BASE-6", "BASE-7"),
    loses="whoever publishes, charged for bytes at a price that no node asks",
    shape="one transaction",
)
def a_transaction_pays_the_dearer_of_two(zeros: Size, others: Size, execution: Gas) -> None:
    """A byte that is not zero is four tokens."""
    tokens = calldata_tokens(zeros, others)
    claim(tokens == zeros + 4 * others)
    gas = transaction_gas(tokens, execution) - TRANSACTION_GAS
    worked, floor = tokens * GAS_PER_TOKEN + execution, tokens * FLOOR_GAS_PER_TOKEN
    claim((gas >= worked) & (gas >= floor) & ((gas == worked) | (gas == floor)))


@law(
    "BASE-7b",
    "Publishing in two transactions costs at least what one costs that has all the bytes and all the work, and the base of one more.",
    rules=("BASE-6", "BASE-7"),
    loses="whoever compares architectures by the gas of their batches",
    shape="one transaction in two parts",
    composes=("BASE-7a",),
)
def splitting_a_transaction_saves_nothing(bytes_of_first: Size, bytes_of_second: Size, first: Gas, second: Gas) -> None:
    """The floor is no loophole."""
    one, other = (calldata_tokens(0, count) for count in (bytes_of_first, bytes_of_second))
    whole = transaction_gas(calldata_tokens(0, bytes_of_first + bytes_of_second), first + second)
    claim(transaction_gas(one, first) + transaction_gas(other, second) >= whole + TRANSACTION_GAS)


@law(
    "BASE-8a",
    "A sender never pays more per gas than it said, and the builder never gets more than it was offered.",
    rules=("BASE-8", "BASE-9"),
    loses="the sender",
    shape="one transaction",
    assumes=(AFFORDS,),
)
def a_sender_pays_at_most_what_it_said(
    max_fee: Fee, priority: Fee, base_fee: Fee, gas: Gas, blob_gas: Gas, blob_fee: Fee
) -> None:
    """What it costs is gas and blob gas at their prices, exactly."""
    assume(base_fee <= max_fee, AFFORDS)
    tip = effective_priority_fee(max_fee, priority, base_fee)
    claim((tip >= 0) & (tip <= priority) & (base_fee + tip <= max_fee))
    claim((tip == priority) | (base_fee + tip == max_fee))
    cost = transaction_cost(gas, base_fee + tip, blob_gas, blob_fee)
    claim(cost <= gas * max_fee + blob_gas * blob_fee)
    claim(cost == gas * base_fee + gas * tip + blob_gas * blob_fee)


@law(
    "BASE-10a",
    "What is final stays final, and a block is final from where the finality depth stands on it.",
    rules=("BASE-10",),
    loses="whoever relied on a payment that a reorganisation takes back",
    shape="one more block, or a reorganisation above the final one",
)
def finality_never_goes_back(final: Size, head: Size, depth: Size, then: Size) -> None:
    """Whatever head a reorganisation leaves."""
    after = final_block(final, head, depth)
    claim((after >= final) & (after >= head - depth) & ((after == final) | (after == head - depth)))
    claim(final_block(after, then, depth) >= after)
