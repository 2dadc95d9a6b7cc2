"""How a block is filled: by what its builder is paid, until nothing more fits."""

from collections.abc import Iterable, Set
from hashlib import sha256
from heapq import heappop, heappush

from immutables import Map

from settlespec.rules.base_fees import GAS_PER_BLOB, Gas, effective_priority_fee, transaction_gas
from settlespec.settlement.chain import Address, Block, Opening, Receipt, Sender, Transaction
from settlespec.settlement.congestion import Demand
from settlespec.settlement.contract import Called, Contract
from settlespec.settlement.pool import Pending, Pool


class Building:
    """A block in the making; what was before it stays untouched."""

    def __init__(
        self, opening: Opening, most_blobs: int, contracts: Map[Address, Contract], nonces: Map[Sender, int]
    ) -> None:
        self.contracts = contracts
        self.nonces = nonces
        self.included: list[Pending] = []
        self.receipts: list[Receipt] = []
        self._opening = opening
        self._gas_left = opening.gas_limit
        self._blobs_left = most_blobs
        self._most_blobs = most_blobs
        self._queue: list[tuple[int, int, Pending]] = []

    def fill(self, pool: Pool, censored: Set[Sender], demand: Demand) -> None:
        """Include what waits and everybody else's demand, the highest priority fee first."""
        for sender in pool.senders:
            if sender not in censored:
                self._enqueue(pool, sender)
        demand_met = False
        while self._queue:
            if not demand_met and -self._queue[0][0] < demand.priority_fee:
                self._meet(demand)
                demand_met = True
            _, _, pending = heappop(self._queue)
            if self._fits(pending.transaction):
                self._include(pending)
                self._enqueue(pool, pending.transaction.sender)
        if not demand_met:
            self._meet(demand)

    def _enqueue(self, pool: Pool, sender: Sender) -> None:
        """The sender's next transaction takes part if it waits and pays both base fees."""
        pending = pool.find((sender, self.nonces.get(sender, 0)))
        if pending is None:
            return
        transaction, opening = pending.transaction, self._opening
        blobs_paid = not transaction.published.blobs or transaction.max_blob_fee >= opening.blob_base_fee
        if transaction.max_fee >= opening.base_fee and blobs_paid:
            heappush(self._queue, (-self._priority_fee(transaction), pending.arrival, pending))

    def _priority_fee(self, transaction: Transaction) -> int:
        return effective_priority_fee(transaction.max_fee, transaction.priority_fee, self._opening.base_fee)

    def _meet(self, demand: Demand) -> None:
        """Everybody else takes what is wanted of what is left."""
        self._gas_left -= min(demand.gas, self._gas_left)
        self._blobs_left -= min(demand.blobs, self._blobs_left)

    def _fits(self, transaction: Transaction) -> bool:
        return transaction.gas_limit <= self._gas_left and len(transaction.published.blobs) <= self._blobs_left

    def _include(self, pending: Pending) -> None:
        """The transaction executes, pays for what it used, and is the sender's last so far."""
        transaction, opening = pending.transaction, self._opening
        called = self._call(transaction)
        tokens, executed = (called.tokens, called.gas) if called else (0, 0)
        gas_used = transaction_gas(transaction.published.tokens + tokens, executed)
        out_of_gas = gas_used > transaction.gas_limit
        reverted = out_of_gas or (called is not None and called.reverted)
        kept = called if not reverted else None
        if kept is not None and transaction.to is not None:
            self.contracts = self.contracts.set(transaction.to, kept.contract)
        gas_used = min(gas_used, transaction.gas_limit)
        self._gas_left -= gas_used
        self._blobs_left -= len(transaction.published.blobs)
        self.nonces = self.nonces.set(transaction.sender, transaction.nonce + 1)
        self.included.append(pending)
        self.receipts.append(
            Receipt(
                id=transaction.id,
                to=transaction.to,
                block=opening.number,
                time=opening.time,
                gas_used=gas_used,
                gas_price=opening.base_fee + self._priority_fee(transaction),
                blob_gas=transaction.published.blob_gas,
                blob_base_fee=opening.blob_base_fee,
                reverted=reverted,
                events=kept.events if kept is not None else (),
            )
        )

    def _call(self, transaction: Transaction) -> Called | None:
        """What the called contract does; none where there is no contract."""
        contract = self.contracts.get(transaction.to) if transaction.to is not None else None
        if contract is None:
            return None
        return contract.call(self._opening, transaction.sender, transaction.payload, transaction.published)

    def block(self) -> Block:
        """The block as it stands."""
        gas_used = self._opening.gas_limit - self._gas_left
        blob_gas_used = (self._most_blobs - self._blobs_left) * GAS_PER_BLOB
        identity = block_identity(self._opening, gas_used, blob_gas_used, self.included)
        names = tuple(pending.transaction.id for pending in self.included)
        return Block(self._opening, gas_used, blob_gas_used, names, identity)


def block_identity(opening: Opening, gas_used: Gas, blob_gas_used: Gas, included: Iterable[Pending]) -> bytes:
    """SHA-256 over everything that a block fixes, each transaction with its place in the queue and what it publishes.

    A payload stands for what calldata encode and is not looked into. Within one history no two transactions agree in sender, nonce,
    place in the queue and fees, so blocks with different transactions have different identities.
    """
    digest = sha256(repr((opening, gas_used, blob_gas_used)).encode())
    for pending in included:
        transaction = pending.transaction
        fees = (transaction.max_fee, transaction.priority_fee, transaction.max_blob_fee)
        fixed = (*transaction.id, transaction.to, transaction.gas_limit, fees, pending.arrival)
        published = transaction.published
        for content in (repr(fixed).encode(), published.calldata, *published.blobs):
            digest.update(sha256(content).digest())
    return digest.digest()
