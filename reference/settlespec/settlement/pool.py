"""What waits to be included: for each sender its transactions by nonce."""

from collections.abc import Iterable

from attrs import evolve, frozen
from immutables import Map

from settlespec.settlement.chain import Sender, Transaction, TransactionId


@frozen
class Pending:
    """A transaction that waits, or waited."""

    arrival: int
    """Its place in the queue: counts all transactions that ever came."""
    transaction: Transaction


@frozen
class Pool:
    """All that waits; persistent."""

    senders: Map[Sender, Map[int, Pending]]
    """By sender and nonce; no sender without a transaction."""
    size: int
    """How many wait."""
    arrivals: int
    """How many ever came: the next place in the queue."""

    def find(self, transaction: TransactionId) -> Pending | None:
        """The waiting transaction of this sender and nonce."""
        sender, nonce = transaction
        return self.senders.get(sender, Map()).get(nonce)

    def with_transaction(self, transaction: Transaction) -> "Pool":
        """The transaction waits; one of the same sender and nonce gives it its place in the queue."""
        waiting = self.find(transaction.id)
        if waiting is not None:
            return self._with(Pending(waiting.arrival, transaction))
        return evolve(self._with(Pending(self.arrivals, transaction)), size=self.size + 1, arrivals=self.arrivals + 1)

    def with_returned(self, returned: Iterable[Pending]) -> "Pool":
        """Transactions of dropped blocks wait again in their old places; none of them waits already."""
        pool = self
        for pending in returned:
            pool = evolve(pool._with(pending), size=pool.size + 1)
        return pool

    def without(self, transactions: Iterable[TransactionId]) -> "Pool":
        """The transactions do not wait any more."""
        senders, size = self.senders.mutate(), self.size
        for sender, nonce in transactions:
            left = senders[sender].delete(nonce)
            size -= 1
            if left:
                senders[sender] = left
            else:
                del senders[sender]
        return evolve(self, senders=senders.finish(), size=size)

    def _with(self, pending: Pending) -> "Pool":
        sender, nonce = pending.transaction.id
        waiting = self.senders.get(sender, Map()).set(nonce, pending)
        return evolve(self, senders=self.senders.set(sender, waiting))
