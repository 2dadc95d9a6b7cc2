"""What a base layer charges: the two base fees, gas of a transaction, and who pays what (rules BASE-1 to BASE-10).

Gas counts work, a fee is a price in wei per unit of gas, and blob gas counts published blobs in a market of its own.
EIP texts: ethereum/EIPs, commit f767a1e8.
"""

from typing import Annotated, Final, TypeAlias

from settlespec.arithmetic import absolute, choose, clamp, floor_div, maximum, minimum
from settlespec.domain.quantities import Range

CHANGE_DENOMINATOR: Final = 8
"""The base fee of the next block moves by at most an eighth (EIP-1559, BASE_FEE_MAX_CHANGE_DENOMINATOR)."""

ELASTICITY: Final = 2
"""The gas limit of a block over its target (EIP-1559, ELASTICITY_MULTIPLIER)."""

GAS_PER_BLOB: Final = 131_072
"""Blob gas of one blob: one for each of its bytes (EIP-4844)."""

LEAST_BLOB_FEE: Final = 1
"""Wei per blob gas where there is no excess (EIP-4844, MIN_BASE_FEE_PER_BLOB_GAS)."""

TRANSACTION_GAS: Final = 21_000
"""Gas of every transaction (EIP-1559, intrinsic cost of a transaction)."""

GAS_PER_TOKEN: Final = 4
"""Gas of a calldata token where a transaction executes enough: 4 a zero byte, 16 a non-zero byte (EIP-2028)."""

TOKENS_PER_NONZERO_BYTE: Final = 4
"""Tokens of a non-zero byte; a zero byte is one token (EIP-7623)."""

FLOOR_GAS_PER_TOKEN: Final = 10
"""Gas of a calldata token where a transaction mostly publishes (EIP-7623, TOTAL_COST_FLOOR_PER_TOKEN)."""

MAX_GAS: Final = 2**40 - 1
"""Gas of one block: 18,000 times today's limit."""

MAX_FEE: Final = 2**96 - 1
"""Wei per gas: 7.9e19 gwei, past anything that anybody can pay, and a product with gas stays within 2^136."""

Gas: TypeAlias = Annotated[int, Range(0, MAX_GAS)]
"""Units of gas, or of blob gas."""

Fee: TypeAlias = Annotated[int, Range(0, MAX_FEE)]
"""Wei per unit of gas, or of blob gas."""

Wei: TypeAlias = Annotated[int, Range(0, MAX_FEE * MAX_GAS * 2)]
"""Money of the base layer, 1e-18 ether."""


def next_base_fee(base_fee: Fee, gas_used: Gas, gas_target: Gas) -> Fee:
    """BASE-1: a block above its gas target raises the base fee of the next, by at least one wei; one below it lowers it.

    The change is the fee's eighth times the distance from the target over the target, rounded down twice.

    Args:
        base_fee: of the block, wei per gas.
        gas_used: by the block, 0 to its limit.
        gas_target: the block's limit // 2, > 0. At an odd limit a full block passes the eighth by 1 / target.
    Source: EIP-1559, validate_block.
    """
    distance = absolute(gas_used - gas_target)
    change = floor_div(floor_div(base_fee * distance, gas_target), CHANGE_DENOMINATOR)
    risen = base_fee + maximum(change, 1)
    return choose(gas_used > gas_target, risen, base_fee - change)


def gas_towards(base_fee: Fee, wanted: Fee, gas_target: Gas, gas_limit: Gas) -> Gas:
    """BASE-2: the gas use, farthest from the target, whose next base fee does not pass the wanted one.

    Where some gas use within the limit gives exactly the wanted fee, this one does. Otherwise the next fee falls short of it: by
    less than one step of the fee, 1 + base_fee / (8 * target), or as far as the limit binds.

    Args:
        base_fee: of the block, wei per gas, > 0.
        wanted: base fee of the next block, wei per gas.
        gas_target, gas_limit: of the block, 0 < target <= limit.
    Source: BASE-1, solved for the gas used.
    """
    step = absolute(wanted - base_fee)
    distance = floor_div((step + 1) * gas_target * CHANGE_DENOMINATOR - 1, base_fee)
    side = choose(wanted > base_fee, gas_target + distance, gas_target - distance)
    return choose(wanted == base_fee, gas_target, clamp(side, 0, gas_limit))


def exponential_term(term: int, numerator: int, denominator: int, index: int) -> int:
    """BASE-3: one term of the integer exponential from the term before it, rounded down.

    The first term is factor * denominator, at index 0; the exponential is the sum of all terms over the denominator, rounded down.
    The sum is taken by the machine (`settlespec.settlement.base_fee.fake_exponential`) until a term is zero.

    Args:
        term: the term at index - 1, >= 0.
        numerator, denominator: the exponent as a fraction, >= 0 and > 0.
        index: of the wanted term, >= 1.
    Source: EIP-4844, fake_exponential.
    """
    return floor_div(term * numerator, denominator * index)


def next_excess_blob_gas(
    excess: Gas, used: Gas, target: Gas, most: Gas, base_fee: Fee, blob_base_fee: Fee, reserve_gas: Gas
) -> Gas:
    """BASE-4: blob gas above the target piles up, below it is worked off; while blobs are cheap beside gas it is never worked off.

    Args:
        excess, used: blob gas piled up before the block, and used by it.
        target, most: blob gas per block, 0 < target <= most.
        base_fee, blob_base_fee: of the block, wei per gas and wei per blob gas.
        reserve_gas: gas that a blob must be worth at least: 8192 since EIP-7918, 0 before it.
    Source: EIP-4844 and EIP-7918, calc_excess_blob_gas.
    """
    surplus = excess + used - target
    raised = excess + floor_div(used * (most - target), most)
    cheap = reserve_gas * base_fee > GAS_PER_BLOB * blob_base_fee
    return choose(surplus < 0, 0, choose(cheap, raised, surplus))


def reserve_blob_fee(base_fee: Fee, reserve_gas: Gas) -> Fee:
    """BASE-5: the blob base fee below which excess blob gas is not worked off; wei per blob gas, rounded down.

    Source: EIP-7918; a sixteenth of the base fee at a reserve of 8192 gas.
    """
    return floor_div(reserve_gas * base_fee, GAS_PER_BLOB)


def calldata_tokens(zero_bytes: int, nonzero_bytes: int) -> int:
    """BASE-6: calldata is counted in tokens: one for a zero byte, four for any other.

    Source: EIP-7623.
    """
    return zero_bytes + nonzero_bytes * TOKENS_PER_NONZERO_BYTE


def transaction_gas(tokens: int, execution_gas: Gas) -> Gas:
    """BASE-7: a transaction pays for its calldata and its execution, or the calldata floor where that is more.

    Args:
        tokens: of its calldata, BASE-6.
        execution_gas: what the called contract uses.
    Source: EIP-7623, with the calldata price of EIP-2028.
    """
    return TRANSACTION_GAS + maximum(tokens * GAS_PER_TOKEN + execution_gas, tokens * FLOOR_GAS_PER_TOKEN)


def effective_priority_fee(max_fee: Fee, priority_fee: Fee, base_fee: Fee) -> Fee:
    """BASE-8: the builder gets the priority fee as far as the most that the sender pays reaches beyond the base fee.

    Args:
        max_fee: the most that the sender pays per gas, >= base_fee.
        priority_fee: what of it the sender offers to the builder, <= max_fee.
        base_fee: of the block.
    Source: EIP-1559, validate_block.
    """
    return minimum(priority_fee, max_fee - base_fee)


def transaction_cost(gas: Gas, gas_price: Fee, blob_gas: Gas, blob_base_fee: Fee) -> Wei:
    """BASE-9: what a transaction costs its sender: gas and blob gas, each at its price; in wei, exact.

    Args:
        gas, blob_gas: used by the transaction.
        gas_price: base fee plus effective priority fee.
    Source: EIP-1559 and EIP-4844.
    """
    return gas * gas_price + blob_gas * blob_base_fee


def final_block(final: int, head: int, depth: int) -> int:
    """BASE-10: a block is final once the finality depth of blocks stands on it, and for good.

    Args:
        final: number of the last block that was final before.
        head: number of the last block.
        depth: blocks that must stand on a final one, >= 0.
    Source: consensus-specs, two epochs of 32 slots; here a depth of the chain in place of votes.
    """
    return maximum(final, head - depth)
