"""The base layer: a deterministic, pure state machine that makes blocks (rules CHAIN-1 to CHAIN-5).

Ether is not counted: whoever sends can pay. A block has one builder, who includes by fee; everybody else is a demand for gas and blobs
(`congestion`). The chain is one history with snapshots of what is not final, so a reorganisation goes back to one of them.
"""

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen
from immutables import Map

from settlespec.domain.declared import fits
from settlespec.domain.outcomes import Exhausted
from settlespec.domain.quantities import Milliseconds
from settlespec.rules.base_fees import MAX_FEE, final_block, next_base_fee
from settlespec.settlement.base_fee import blob_base_fee, next_excess, reserve_excess
from settlespec.settlement.building import Building
from settlespec.settlement.chain import (
    BLOB_BYTES,
    MAX_CALLDATA,
    MAX_PENDING,
    Address,
    BaseLayerParameters,
    Block,
    Opening,
    Receipt,
    Refusal,
    Refused,
    Sender,
    Transaction,
    TransactionId,
)
from settlespec.settlement.congestion import Conditions, Congestion, GeneratedCongestion
from settlespec.settlement.contract import Contract
from settlespec.settlement.pool import Pending, Pool

MAX_BLOCKS = 2**20
"""Blocks of one chain: 145 days at 12 seconds."""

FIRST_PARENT = bytes(32)
"""What the first block names as its parent."""


@frozen
class Snapshot:
    """What stands after one block."""

    contracts: Map[Address, Contract]
    nonces: Map[Sender, int]
    """The next nonce of each sender that has a transaction in the chain."""
    included: tuple[Pending, ...]
    """The transactions of this very block, with their places in the queue."""


@frozen
class BaseLayer:
    """The whole base layer at one moment."""

    parameters: BaseLayerParameters
    congestion: Congestion
    blocks: Map[int, Block]
    """Every block of the chain by its number."""
    head: int
    """The number of the last block."""
    final: int
    """The number of the last final block; never falls."""
    snapshots: Map[int, Snapshot]
    """For the last final block and all after it."""
    clock: Milliseconds
    """The time of the block made last, dropped ones included: it never runs backwards."""
    pool: Pool
    censored: Map[Sender, Milliseconds]
    """Until when nobody includes a sender."""
    receipts: Map[TransactionId, Receipt]
    """Of every transaction in the chain."""

    @property
    def last_block(self) -> Block:
        """The head of the chain."""
        return self.blocks[self.head]

    @property
    def contracts(self) -> Map[Address, Contract]:
        """What the contracts are after the last block; may still be reorganised."""
        return self.snapshots[self.head].contracts

    @property
    def final_contracts(self) -> Map[Address, Contract]:
        """What the contracts are after the last final block, for good."""
        return self.snapshots[self.final].contracts

    def next_nonce(self, sender: Sender) -> int:
        """The lowest nonce of the sender that is neither in the chain nor waiting."""
        nonce = self.snapshots[self.head].nonces.get(sender, 0)
        while self.pool.find((sender, nonce)) is not None:
            nonce += 1
        return nonce

    def is_final(self, transaction: TransactionId) -> bool:
        """Whether the transaction stands in a final block."""
        receipt = self.receipts.get(transaction)
        return receipt is not None and receipt.block <= self.final

    def blobs_are_kept(self, number: int) -> bool:
        """Whether every node still hands out the blobs of this block (EIP-4844, 4096 epochs)."""
        return 0 <= number <= self.head and self.head - number <= self.parameters.blob_retention


def first_layer(
    contracts: Mapping[Address, Contract],
    parameters: BaseLayerParameters | None = None,
    congestion: Congestion | None = None,
    time: Milliseconds = 0,
) -> BaseLayer:
    """CHAIN-1: the chain begins with a final block of everybody else's demand, with the contracts deployed and nothing waiting.

    Its blob base fee stands at the reserve price, or at one wei where there is none.

    Args:
        contracts: deployed from the start, by address.
        parameters: today's Ethereum where none are given.
        congestion: the embedded default where none is given.
        time: of the first block.
    """
    parameters = parameters or BaseLayerParameters()
    congestion = congestion or GeneratedCongestion()
    excess = reserve_excess(congestion.opening_fee, parameters.blobs)
    opening = Opening(
        number=0,
        time=time,
        parent=FIRST_PARENT,
        gas_limit=parameters.gas_limit,
        base_fee=congestion.opening_fee,
        excess_blob_gas=excess,
        blob_base_fee=blob_base_fee(excess, parameters.blobs),
    )
    demand, congestion = congestion.next_block(_conditions(opening, parameters))
    building = Building(opening, parameters.blobs.most, Map(contracts), Map())
    pool = Pool(Map(), 0, 0)
    building.fill(pool, frozenset(), demand)
    return BaseLayer(
        parameters=parameters,
        congestion=congestion,
        blocks=Map({0: building.block()}),
        head=0,
        final=0,
        snapshots=Map({0: Snapshot(building.contracts, building.nonces, ())}),
        clock=time,
        pool=pool,
        censored=Map(),
        receipts=Map(),
    )


def submit(layer: BaseLayer, transaction: Transaction) -> BaseLayer | Refused:
    """CHAIN-2: a well-formed transaction waits until it is included; a waiting one is replaced by one that pays a tenth more.

    The tenth is asked of every fee, as by go-ethereum's pool of plain transactions; its pool of those with blobs asks for twice every fee.
    The replacement keeps the place in the queue.
    """
    # CHECKS
    refusal = _malformed(layer, transaction)
    if refusal is not None:
        return Refused(refusal)
    waiting = layer.pool.find(transaction.id)
    # A replacement is worth the trouble of everybody who passes it on.
    if waiting is not None and not _pays_a_tenth_more(transaction, waiting.transaction):
        return Refused(Refusal.REPLACEMENT_TOO_CHEAP)
    # The pool has a limit.
    if waiting is None and layer.pool.size >= MAX_PENDING:
        return Refused(Refusal.POOL_FULL)
    # EFFECTS
    return evolve(layer, pool=layer.pool.with_transaction(transaction))


def _malformed(layer: BaseLayer, transaction: Transaction) -> Refusal | None:
    """The first reason for which no block of this chain could include the transaction."""
    if not fits(transaction, Transaction):
        return Refusal.MALFORMED
    fees = (transaction.max_fee, transaction.priority_fee, transaction.max_blob_fee)
    published = transaction.published
    checks = (
        (bool(transaction.sender) and transaction.nonce >= 0, Refusal.MALFORMED),
        (all(0 <= fee <= MAX_FEE for fee in fees), Refusal.MALFORMED),
        (transaction.nonce >= layer.snapshots[layer.head].nonces.get(transaction.sender, 0), Refusal.NONCE_USED),
        (transaction.priority_fee <= transaction.max_fee, Refusal.PRIORITY_ABOVE_MAXIMUM),
        (transaction.least_gas <= transaction.gas_limit, Refusal.TOO_LITTLE_GAS),
        (transaction.gas_limit <= layer.parameters.gas_limit, Refusal.TOO_MUCH_GAS),
        (len(published.calldata) <= MAX_CALLDATA, Refusal.TOO_MUCH_CALLDATA),
        (len(published.blobs) <= layer.parameters.blobs.most, Refusal.TOO_MANY_BLOBS),
        (all(len(blob) <= BLOB_BYTES for blob in published.blobs), Refusal.BLOB_TOO_LONG),
    )
    return next((refusal for holds, refusal in checks if not holds), None)


def _pays_a_tenth_more(new: Transaction, old: Transaction) -> bool:
    pairs = (
        (new.max_fee, old.max_fee),
        (new.priority_fee, old.priority_fee),
        (new.max_blob_fee, old.max_blob_fee),
    )
    return all(10 * offered >= 11 * before for offered, before in pairs) and new.max_fee > old.max_fee


def advance(layer: BaseLayer) -> BaseLayer:
    """CHAIN-3: the next block pays its builder most first, ties by who came first, each sender's in the order of nonces.

    A transaction is passed over, and with it all later ones of its sender, while its sender is censored, while a base fee is above
    what it pays, and where it does not fit. Everybody else's demand has one priority fee: who offers less comes after it.

    Raises:
        Exhausted: the chain is longer than this process holds.
    """
    if layer.head + 1 >= MAX_BLOCKS:
        raise Exhausted(f"more than {MAX_BLOCKS:,} blocks of the base layer")
    parameters = layer.parameters
    fees = _next_fees(layer.last_block.opening, layer.last_block, parameters)
    demand, congestion = layer.congestion.next_block(_conditions(fees, parameters))
    opening = evolve(fees, time=layer.clock + demand.elapsed)
    standing = layer.snapshots[layer.head]
    building = Building(opening, parameters.blobs.most, standing.contracts, standing.nonces)
    building.fill(layer.pool, frozenset(_censored(layer, opening.time)), demand)
    block = building.block()
    return _appended(evolve(layer, congestion=congestion), block, building)


def _conditions(fees: Opening, parameters: BaseLayerParameters) -> Conditions:
    return Conditions(fees.base_fee, fees.blob_base_fee, parameters.gas_target, parameters.gas_limit, parameters.blobs)


def _next_fees(parent: Opening, block: Block, parameters: BaseLayerParameters) -> Opening:
    """The next block before it has a time: all else follows from its parent."""
    excess = next_excess(parent.excess_blob_gas, block.blob_gas_used, parent.base_fee, parameters.blobs)
    return Opening(
        number=parent.number + 1,
        time=parent.time,
        parent=block.identity,
        gas_limit=parameters.gas_limit,
        base_fee=next_base_fee(parent.base_fee, block.gas_used, parameters.gas_target),
        excess_blob_gas=excess,
        blob_base_fee=blob_base_fee(excess, parameters.blobs),
    )


def _censored(layer: BaseLayer, time: Milliseconds) -> Iterable[Sender]:
    return (sender for sender, until in layer.censored.items() if time < until)


def _appended(layer: BaseLayer, block: Block, building: Building) -> BaseLayer:
    """The chain with one block more; what has become final needs no snapshot before it."""
    included = tuple(building.included)
    receipts = layer.receipts.mutate()
    for receipt in building.receipts:
        receipts[receipt.id] = receipt
    final = final_block(layer.final, block.number, layer.parameters.finality_depth)
    snapshots = layer.snapshots.set(block.number, Snapshot(building.contracts, building.nonces, included))
    for number in range(layer.final, final):
        snapshots = snapshots.delete(number)
    return evolve(
        layer,
        blocks=layer.blocks.set(block.number, block),
        head=block.number,
        final=final,
        snapshots=snapshots,
        clock=block.time,
        pool=layer.pool.without(pending.transaction.id for pending in included),
        receipts=receipts.finish(),
    )


def advance_until(layer: BaseLayer, time: Milliseconds) -> BaseLayer:
    """Make blocks until one is made at this time or after it."""
    while layer.clock < time:
        layer = advance(layer)
    return layer


def reorganise(layer: BaseLayer, depth: int, lost: frozenset[TransactionId] = frozenset()) -> BaseLayer | Refused:
    """CHAIN-4: the last blocks are dropped; their transactions wait again in their old places, and contracts are as before them.

    The clock stays: the slots of the dropped blocks are gone, and the demand of everybody else goes on.

    Args:
        depth: how many blocks, 0 to the limit of the parameters; never a final one.
        lost: transactions of the dropped blocks that do not come back by themselves.
    """
    # CHECKS
    # A reorganisation has a stated limit.
    if not 0 <= depth <= layer.parameters.reorg_limit:
        return Refused(Refusal.REORG_TOO_DEEP, f"{depth} blocks, at most {layer.parameters.reorg_limit}")
    target = layer.head - depth
    # What is final stays.
    if target < layer.final:
        return Refused(Refusal.REORG_OF_FINAL, f"block {layer.final} is final")
    dropped = [pending for number in range(target + 1, layer.head + 1) for pending in layer.snapshots[number].included]
    identities = {pending.transaction.id for pending in dropped}
    # Only what was dropped can be lost.
    if not lost <= identities:
        return Refused(Refusal.NOT_DROPPED)
    # EFFECTS
    blocks, snapshots, receipts = layer.blocks.mutate(), layer.snapshots.mutate(), layer.receipts.mutate()
    for number in range(target + 1, layer.head + 1):
        del blocks[number], snapshots[number]
    for identity in identities:
        del receipts[identity]
    return evolve(
        layer,
        blocks=blocks.finish(),
        head=target,
        snapshots=snapshots.finish(),
        pool=layer.pool.with_returned(pending for pending in dropped if pending.transaction.id not in lost),
        receipts=receipts.finish(),
    )


def censor(layer: BaseLayer, sender: Sender, until: Milliseconds) -> BaseLayer:
    """CHAIN-5: no block before this time includes the sender; what is sent meanwhile waits, and is included afterwards."""
    return evolve(layer, censored=layer.censored.set(sender, until))
