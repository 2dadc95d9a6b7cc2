"""The records of the base layer: parameters, transactions, blocks, receipts."""

from enum import StrEnum
from typing import Final, TypeAlias

from attrs import field, frozen

from settlespec.domain.declared import refuse_mistyped
from settlespec.domain.errors import BadInput
from settlespec.domain.quantities import Milliseconds
from settlespec.rules.base_fees import (
    ELASTICITY,
    GAS_PER_BLOB,
    MAX_GAS,
    TRANSACTION_GAS,
    Fee,
    Gas,
    Wei,
    calldata_tokens,
    transaction_cost,
    transaction_gas,
)
from settlespec.settlement.base_fee import BPO2, BlobSchedule

Sender: TypeAlias = str
"""Who sends and pays: a name of the simulation, never empty."""

Address: TypeAlias = str
"""Where a contract stands."""

TransactionId: TypeAlias = tuple[Sender, int]
"""The sender and its nonce: at most one transaction of a chain has it."""

SLOTS_PER_EPOCH: Final = 32
"""ethereum/consensus-specs presets/mainnet/phase0.yaml."""

FINALITY_DEPTH: Final = 2 * SLOTS_PER_EPOCH
"""Blocks that stand on a final block: two epochs, 12.8 minutes at 12 seconds a slot (consensus-specs, @a08d8a6e)."""

BLOB_RETENTION: Final = 4096 * SLOTS_PER_EPOCH
"""Blocks for which every node keeps blobs: 4096 epochs, about 18.2 days (consensus-specs configs/mainnet.yaml)."""

SLOT_TIME: Final = 12_000
"""Milliseconds from one block to the next (consensus-specs configs/mainnet.yaml)."""

GAS_LIMIT: Final = 60_000_000
"""Gas of a block since Fusaka (EIP-7935); 30 million from 2021 to 2025."""

MAX_PENDING: Final = 2**16
"""Transactions that wait at once."""

BLOB_BYTES: Final = 4_096 * 31
"""What a blob holds: 4,096 field elements of 32 bytes, each below the modulus of BLS12-381, so that 31 bytes of it are free (EIP-4844)."""

MAX_CALLDATA: Final = 2**20
"""Bytes of calldata of one transaction: at the floor of 10 gas per token, about two thirds of a block of today."""


@frozen
class BaseLayerParameters:
    """What a base layer fixes."""

    gas_limit: Gas = GAS_LIMIT
    blobs: BlobSchedule = BPO2
    finality_depth: int = FINALITY_DEPTH
    """A block is final once so many blocks stand on it."""
    reorg_limit: int = FINALITY_DEPTH
    """The most blocks that one reorganisation drops."""
    blob_retention: int = BLOB_RETENTION
    """Blobs are handed out while at most so many blocks stand on their block."""

    def __attrs_post_init__(self) -> None:
        """Refuse parameters under which the base layer could not be what it promises.

        Raises:
            BadInput: naming the parameter.
        """
        # Each is of its type.
        refuse_mistyped(self)
        # A block at its target has room for a transaction.
        if not ELASTICITY * TRANSACTION_GAS <= self.gas_limit <= MAX_GAS:
            raise _refused("gas_limit", f"{self.gas_limit} is no gas limit of a block", "give gas, such as 60000000")
        if not (0 < self.blobs.target <= self.blobs.most and self.blobs.update_fraction > 0):
            raise _refused(
                "blobs", "no blob market has this schedule", "give a target of 1 to the most blobs of a block"
            )
        if self.finality_depth < 0:
            raise _refused("finality_depth", "a depth is not negative", "give blocks, such as 64")
        if not 0 <= self.reorg_limit <= self.finality_depth:
            raise _refused(
                "reorg_limit",
                f"{self.reorg_limit} blocks could drop a final one",
                f"give 0 to {self.finality_depth}, the finality depth",
            )
        if self.blob_retention < self.finality_depth:
            raise _refused("blob_retention", "blobs would be gone before their block is final", "give more blocks")

    @property
    def gas_target(self) -> Gas:
        """Gas of a block after which the base fee stays."""
        return self.gas_limit // ELASTICITY


def _refused(name: str, problem: str, remedy: str) -> BadInput:
    return BadInput(problem, field=name, remedy=remedy)


@frozen
class Published:
    """What a transaction carries for everybody to read."""

    calldata: bytes = b""
    blobs: tuple[bytes, ...] = ()
    """At most `BLOB_BYTES` bytes each, as they are packed into field elements."""

    @property
    def tokens(self) -> int:
        """Calldata tokens, rule BASE-6."""
        zeros = self.calldata.count(0)
        return calldata_tokens(zeros, len(self.calldata) - zeros)

    @property
    def blob_gas(self) -> Gas:
        """A blob pays for all its bytes, used or not."""
        return len(self.blobs) * GAS_PER_BLOB


NOTHING_PUBLISHED: Final = Published()


@frozen
class Transaction:
    """What a sender asks the base layer to include."""

    sender: Sender
    nonce: int
    """Counts the sender's transactions from 0; they are included in this order."""
    to: Address | None
    """The contract to call; none, or an address without a contract, executes nothing."""
    gas_limit: Gas
    """The most gas that it may use."""
    max_fee: Fee
    """The most that the sender pays per gas, the builder's part included."""
    priority_fee: Fee
    """What of it the sender offers to the builder."""
    payload: object = None
    """What the contract is called with."""
    published: Published = NOTHING_PUBLISHED
    max_blob_fee: Fee = 0
    """The most that the sender pays per blob gas."""

    @property
    def id(self) -> TransactionId:
        """The sender and its nonce."""
        return self.sender, self.nonce

    @property
    def least_gas(self) -> Gas:
        """Gas that it uses even if nothing executes, rule BASE-7."""
        return transaction_gas(self.published.tokens, 0)


@frozen
class Opening:
    """A block as its transactions see it."""

    number: int
    time: Milliseconds
    parent: bytes
    gas_limit: Gas
    base_fee: Fee
    excess_blob_gas: Gas
    blob_base_fee: Fee


@frozen
class Receipt:
    """What became of an included transaction."""

    id: TransactionId
    to: Address | None
    """The contract that it called: whose events these are."""
    block: int
    """The number of its block."""
    time: Milliseconds
    gas_used: Gas
    gas_price: Fee
    """Base fee plus effective priority fee."""
    blob_gas: Gas
    blob_base_fee: Fee
    reverted: bool
    """The contract refused it, or it ran out of gas: it paid and changed nothing."""
    events: tuple[object, ...] = ()
    """What the contract said; nothing of a reverted call."""

    @property
    def cost(self) -> Wei:
        """What the sender paid, rule BASE-9."""
        return transaction_cost(self.gas_used, self.gas_price, self.blob_gas, self.blob_base_fee)


@frozen
class Block:
    """A block of the chain."""

    opening: Opening
    gas_used: Gas
    """By its transactions and by everybody else's."""
    blob_gas_used: Gas
    transactions: tuple[TransactionId, ...]
    """In the order of inclusion; everybody else's are counted in the gas only."""
    identity: bytes
    """SHA-256 over all of it, the parent's identity and what the transactions publish included."""

    @property
    def number(self) -> int:
        """Blocks from the first of the chain, which is 0."""
        return self.opening.number

    @property
    def time(self) -> Milliseconds:
        """When it was made."""
        return self.opening.time


class Refusal(StrEnum):
    """Why the base layer does not do what it is asked for, in the order in which it looks."""

    MALFORMED = "a quantity is out of its range, or no quantity at all"
    NONCE_USED = "the chain has a transaction of this sender and nonce"
    PRIORITY_ABOVE_MAXIMUM = "the priority fee is above the most that the sender pays"
    TOO_LITTLE_GAS = "the gas limit does not cover the transaction itself"
    TOO_MUCH_GAS = "the gas limit is above that of a block"
    TOO_MUCH_CALLDATA = "the calldata are too long"
    TOO_MANY_BLOBS = "more blobs than a block has"
    BLOB_TOO_LONG = "a blob has more bytes than fit"
    REPLACEMENT_TOO_CHEAP = "a waiting transaction is replaced only by one that pays a tenth more"
    POOL_FULL = "too many transactions wait"
    REORG_TOO_DEEP = "more blocks than one reorganisation drops"
    REORG_OF_FINAL = "a final block stays"
    NOT_DROPPED = "only a transaction of a dropped block can be lost"


@frozen
class Refused:
    """The base layer stays as it is."""

    reason: Refusal
    detail: str = field(default="", eq=False)
