"""How calls come to wait on the base layer: anybody's one by one, an operator's as it wants them (rules ROLL-10, ROLL-11)."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from attrs import field, frozen
from immutables import Map

from settlespec.rules.base_fees import MAX_FEE, Fee, transaction_gas
from settlespec.settlement.base_layer import BaseLayer, submit
from settlespec.settlement.chain import NOTHING_PUBLISHED, Address, Published, Refusal, Refused, Sender, Transaction
from settlespec.settlement.validity_calls import Call
from settlespec.settlement.validity_gas import call_gas, call_tokens

GWEI: Final = 10**9


@frozen
class Bids:
    """What transactions offer: the priority fee to the builder, the rest as far as the base fees go."""

    max_fee: Fee = 10_000 * GWEI
    priority_fee: Fee = 2 * GWEI
    max_blob_fee: Fee = 10_000 * GWEI

    def over(self, waiting: Transaction) -> "Bids":
        """ROLL-10.2: these bids, or a tenth more than those of a waiting transaction that is to be replaced."""
        return Bids(
            max(self.max_fee, raised(waiting.max_fee)),
            max(self.priority_fee, raised(waiting.priority_fee)),
            max(self.max_blob_fee, raised(waiting.max_blob_fee)),
        )


def raised(fee: Fee) -> int:
    """ROLL-10.3: the least simple figure that is a tenth more, rounded up, and more even where the fee is nothing."""
    return fee + fee // 10 + 1


class NotSent(Exception):
    """The base layer does not take a transaction, such as a proof that fits no block."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@frozen
class Wanted:
    """A call that an operator wants included, and what is published with it."""

    call: Call
    published: Published = NOTHING_PUBLISHED
    batch: int = field(default=0, eq=False)
    """The number of the batch that it is about, for those who want it."""


FITS_NO_BLOCK: Final = {
    Refusal.TOO_MUCH_GAS,
    Refusal.TOO_MUCH_CALLDATA,
    Refusal.TOO_MANY_BLOBS,
}
"""Why a call can never be included, whatever it pays and however long it waits."""

EMPTY: Final = None
"""In the place of something wanted: a transaction that calls nothing and only uses its nonce."""


def sent(
    layer: BaseLayer,
    address: Address,
    sender: Sender,
    call: Call | None,
    published: Published,
    bids: Bids,
    nonce: int | None = None,
) -> tuple[BaseLayer, Transaction]:
    """ROLL-10: a call waits with enough gas to be included.

    Args:
        layer: has the contract.
        address: of the contract.
        sender: who pays.
        call: none for a transaction that only uses its nonce.
        published: with the call.
        bids: what it offers; more where it replaces a waiting one.
        nonce: the next one that is free where none is given.

    Raises:
        NotSent: the base layer does not take it.
    """
    nonce = layer.next_nonce(sender) if nonce is None else nonce
    waiting = layer.pool.find((sender, nonce))
    offered = bids if waiting is None else bids.over(waiting.transaction)
    tokens, executed = (0, 0) if call is None else (call_tokens(call), call_gas(call, len(published.blobs)))
    transaction = Transaction(
        sender=sender,
        nonce=nonce,
        to=None if call is None else address,
        gas_limit=transaction_gas(published.tokens + tokens, executed),
        max_fee=offered.max_fee,
        priority_fee=offered.priority_fee,
        payload=call,
        published=published,
        max_blob_fee=offered.max_blob_fee,
    )
    after = submit(layer, transaction)
    if isinstance(after, Refused):
        raise NotSent(after.reason)
    return after, transaction


def places(
    layer: BaseLayer, address: Address, sender: Sender, wanted: Sequence[Wanted]
) -> Iterator[tuple[int, Wanted | None]]:
    """ROLL-11: what to send at which nonces, so that all that is wanted waits, with no gap before it and nothing that is not wanted.

    What is wanted and waits stays. The rest goes, in order and behind what is wanted before it, to the lowest nonces at which nothing
    waits, or something unwanted: a reorganisation may have lost what was there, or brought it back. What is left of such nonces is used
    up by empty transactions.
    """
    first = layer.snapshots[layer.head].nonces.get(sender, 0)
    waiting = {nonce: pending.transaction for nonce, pending in layer.pool.senders.get(sender, Map()).items()}
    calls = {nonce: known for nonce, each in waiting.items() if (known := call_of(each, address)) is not None}
    standing = {call: nonce for nonce, call in calls.items() if call in wanted}
    taken = {nonce for nonce, each in waiting.items() if nonce not in calls and each.to is not None} | {
        *standing.values()
    }
    behind = first
    for each in wanted:
        nonce = standing.get(each)
        if nonce is None:
            nonce = next(place for place in count(behind) if place not in taken)
            taken.add(nonce)
            yield nonce, each
        behind = max(behind, nonce)
    for nonce in range(first, max(taken | waiting.keys(), default=first - 1) + 1):
        if nonce not in taken and (nonce not in waiting or nonce in calls):
            yield nonce, EMPTY


def call_of(transaction: Transaction, address: Address) -> Wanted | None:
    """The call of this contract that a waiting transaction is, if it can be replaced."""
    fees = (transaction.max_fee, transaction.max_blob_fee)
    if transaction.to != address or any(raised(fee) > MAX_FEE for fee in fees):
        return None
    return Wanted(transaction.payload, transaction.published) if isinstance(transaction.payload, Call) else None
