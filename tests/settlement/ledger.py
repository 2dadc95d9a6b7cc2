"""A contract for tests: it writes down who called it with what, and refuses what it is told to refuse."""

from attrs import evolve, frozen

from settlespec.settlement.base_layer import BaseLayer, advance, first_layer, submit
from settlespec.settlement.chain import (
    BaseLayerParameters,
    Opening,
    Published,
    Sender,
    Transaction,
)
from settlespec.settlement.congestion import Conditions, Congestion, Demand
from settlespec.settlement.contract import Called

LEDGER = "ledger"
"""The address of the ledger."""

GWEI = 10**9


@frozen
class Ledger:
    """The payloads in the order of the calls."""

    entries: tuple[tuple[Sender, object], ...] = ()
    gas: int = 50_000
    tokens: int = 0
    """Of a payload's own bytes."""

    def call(self, block: Opening, sender: Sender, payload: object, published: Published) -> Called:
        """Write the payload down; "refuse" is refused, an integer is what the call executes."""
        gas = payload if isinstance(payload, int) else self.gas
        written = evolve(self, entries=(*self.entries, (sender, payload)))
        event = (block.number, sender, payload, len(published.calldata), len(published.blobs))
        return Called(written, gas, self.tokens, (event,), reverted=payload == "refuse")


@frozen
class Constant:
    """Everybody else wants the same of every block."""

    gas: int = 30_000_000
    blobs: int = 14
    priority_fee: int = GWEI
    opening_fee: int = 10 * GWEI

    def next_block(self, conditions: Conditions) -> tuple[Demand, Congestion]:
        """The same again; a block every twelve seconds."""
        assert conditions.base_fee > 0
        return Demand(self.gas, self.blobs, self.priority_fee, 12_000), self


TINY = BaseLayerParameters(finality_depth=5, reorg_limit=3, blob_retention=10)
"""Everything happens within a few blocks."""


def tiny_layer(congestion: Congestion | None = None, ledger: Ledger = Ledger()) -> BaseLayer:
    return first_layer({LEDGER: ledger}, TINY, congestion or Constant())


def sent(
    sender: Sender,
    nonce: int = 0,
    payload: object = "paid",
    priority_fee: int = 2 * GWEI,
    max_fee: int = 100 * GWEI,
    gas_limit: int = 100_000,
    published: Published | None = None,
    max_blob_fee: int = 100 * GWEI,
) -> Transaction:
    return Transaction(
        sender=sender,
        nonce=nonce,
        to=LEDGER,
        gas_limit=gas_limit,
        max_fee=max_fee,
        priority_fee=priority_fee,
        payload=payload,
        published=published or Published(),
        max_blob_fee=max_blob_fee,
    )


def submitted(layer: BaseLayer, *transactions: Transaction) -> BaseLayer:
    for transaction in transactions:
        after = submit(layer, transaction)
        assert isinstance(after, BaseLayer), after
        layer = after
    return layer


def advanced(layer: BaseLayer, blocks: int) -> BaseLayer:
    for _ in range(blocks):
        layer = advance(layer)
    return layer


def entries(layer: BaseLayer) -> tuple[tuple[Sender, object], ...]:
    ledger = layer.contracts[LEDGER]
    assert isinstance(ledger, Ledger)
    return ledger.entries


def final_entries(layer: BaseLayer) -> tuple[tuple[Sender, object], ...]:
    ledger = layer.final_contracts[LEDGER]
    assert isinstance(ledger, Ledger)
    return ledger.entries
