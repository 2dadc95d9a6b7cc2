"""Gas of a validity rollup's contract, figure by figure.

The base layer charges the transaction and all its calldata, a call's own bytes among them (rule BASE-7); here stand those bytes as
tokens, and what the call executes. Figures come from deployed contracts where one publishes them, otherwise from the prices of
what such a contract cannot do without: writing storage and hashing.
"""

from typing import Final

from settlespec.rules.base_fees import Gas, calldata_tokens
from settlespec.settlement.validity_calls import (
    Call,
    ClaimMoney,
    Commit,
    Escape,
    ForceOrder,
    ForceWithdrawal,
    Freeze,
    MakeDeposit,
    Prove,
    Refund,
    Revert,
)

PROVE_GAS: Final = 270_000
"""Verifying a Groth16 proof of about 260 bytes (docs.succinct.xyz, proof types; fact verify.groth16.sp1)."""

COMMIT_GAS: Final = 80_000
"""What a batch costs beside its data (Loopring DESIGN.md @425d152e; fact rollup.loopring.per_block)."""

BLOB_GAS: Final = 50_000
"""Opening the commitment of a blob at one point (EIP-4844; fact blob.point_evaluation_gas), which ties it to the proof."""

STORE_GAS: Final = 22_100
"""Writing a storage slot for the first time: 20,000 (EIP-2200) and 2,100 for a cold slot (EIP-2929)."""

CHANGE_GAS: Final = 5_000
"""Changing a storage slot that holds something: 2,900 (EIP-2200, EIP-2929) and 2,100 for a cold slot."""

TRANSFER_GAS: Final = 2 * STORE_GAS
"""The most that a token's ledger writes: two balances."""

HASH_GAS: Final = 60
HASH_WORD_GAS: Final = 12
"""SHA-256 in the EVM: 60, and 12 for each 32 bytes (Yellow Paper, appendix E)."""

LENGTH_BYTES: Final = 32
"""An integer in calldata."""

OWNER_SLOTS: Final = 3
"""A message in the inbox: its chain value, its deadline, its amount or request."""


def call_gas(call: Call, blobs: int) -> Gas:
    """VALID-2: what a call executes; the same whether it is refused or not. Its own bytes are `call_tokens`.

    Args:
        call: the call.
        blobs: how many the transaction carries.
    """
    match call:
        case MakeDeposit():
            # The sum of all deposits changes too.
            return TRANSFER_GAS + (OWNER_SLOTS * STORE_GAS) + CHANGE_GAS
        case ForceWithdrawal() | ForceOrder():
            return OWNER_SLOTS * STORE_GAS
        case Commit():
            return COMMIT_GAS + blobs * BLOB_GAS
        case Prove():
            return PROVE_GAS + STORE_GAS
        case Revert() | Freeze():
            return STORE_GAS
        case ClaimMoney():
            return TRANSFER_GAS + STORE_GAS + opening_gas(call.leaf, call.proof)
        case Escape():
            return TRANSFER_GAS + STORE_GAS + opening_gas(call.holdings, *call.markets, call.proof)
        case Refund():
            return TRANSFER_GAS + STORE_GAS


def call_tokens(call: Call) -> int:
    """VALID-2.3: a call's own bytes as calldata tokens (BASE-6), which the transaction pays for by rule BASE-7, its floor included.

    No byte of an integer is counted as zero.
    """
    match call:
        case MakeDeposit() | ForceWithdrawal():
            return input_tokens(2)
        case ForceOrder():
            return input_tokens(5)
        case Commit():
            return byte_tokens(call.header)
        case Prove():
            return input_tokens(1) + byte_tokens(call.proof)
        case Revert():
            return input_tokens(1) + byte_tokens(call.digest)
        case Freeze() | Refund():
            return input_tokens(1)
        case ClaimMoney():
            return input_tokens(2) + byte_tokens(call.leaf, call.proof)
        case Escape():
            return input_tokens(1) + byte_tokens(call.holdings, *call.markets, call.proof)


def input_tokens(integers: int) -> int:
    """Integers as calldata."""
    return calldata_tokens(0, integers * LENGTH_BYTES)


def byte_tokens(*strings: bytes) -> int:
    """Byte strings as calldata."""
    zeros = sum(string.count(0) for string in strings)
    return calldata_tokens(zeros, sum(map(len, strings)) - zeros)


def opening_gas(*strings: bytes) -> Gas:
    """VALID-2.2: reading a tree proof: a digest of the proof stands for one node at most, and each node is hashed once."""
    nodes = sum(len(string) for string in strings) // 32 + len(strings)
    return nodes * (HASH_GAS + 4 * HASH_WORD_GAS)
