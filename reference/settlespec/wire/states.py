"""States and geneses on the wire, and the digest by which two runs are compared."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from settlespec.domain.accounts import NO_ORDERS, OpenOrders
from settlespec.domain.errors import Malformed
from settlespec.domain.genesis import Genesis
from settlespec.domain.instruments import earliest_expiry
from settlespec.domain.messages import Deposit
from settlespec.domain.orders import Order, Side
from settlespec.domain.state import State
from settlespec.wire.codec import Codec

MAX_STATE_BYTES: Final = 2**30
"""One gibibyte: about a million accounts with their orders."""

MAX_GENESIS_BYTES: Final = 2**24
"""16 mebibytes: about twenty thousand instruments."""

STATES: Final[Codec[State]] = Codec(State, name="a state", max_bytes=MAX_STATE_BYTES, ranged=True)
GENESES: Final[Codec[Genesis]] = Codec(Genesis, name="a genesis", max_bytes=MAX_GENESIS_BYTES, ranged=True)


def encode_state(state: State) -> bytes:
    """WIRE-2: the canonical JSON of a state; equal states have equal bytes, in whatever order their maps were filled.

    The ladders of a book and the ladder of holders do not travel: the orders and the accounts say them.
    """
    return STATES.encode(state)


def state_digest(state: State) -> bytes:
    """WIRE-2.2: SHA-256 of the canonical JSON, 32 bytes."""
    return sha256(encode_state(state)).digest()


def decode_state(text: bytes) -> State:
    """WIRE-2.3: the state of canonical JSON.

    Raises:
        Malformed: not canonical, an integer outside its declared range, or two places that say the same thing differently.
    """
    state = STATES.decode(text)
    for fault in contradictions(state):
        raise fault
    return state


def encode_genesis(genesis: Genesis) -> bytes:
    """The canonical JSON of a genesis."""
    return GENESES.encode(genesis)


def decode_genesis(text: bytes) -> Genesis:
    """The genesis of canonical JSON; raises Malformed, also for terms by which a rule would have no answer."""
    return GENESES.decode(text)


def contradictions(state: State) -> Iterator[Malformed]:
    """Where a state says the same thing twice and differently."""
    yield from _names(state)
    yield from _open_orders(state)
    yield from _open_interest(state)
    ahead = earliest_expiry(state.markets)
    if state.next_expiry != ahead:
        yield _contradiction("next_expiry", ahead, "the earliest expiry that is not paid out yet")
    uncredited = sum(
        received.message.amount for received in state.inbox.messages.values() if isinstance(received.message, Deposit)
    )
    if state.inbox.uncredited != uncredited:
        yield _contradiction("inbox.uncredited", uncredited, "what the waiting deposits sum to")
    unpaid = sum(claim.amount for claim in state.outbox.claims.values())
    if state.outbox.unpaid != unpaid:
        yield _contradiction("outbox.unpaid", unpaid, "what the claims sum to")


def _names(state: State) -> Iterator[Malformed]:
    """A record that knows its own name stands under that name."""
    for name, market in state.markets.items():
        if market.instrument.id != name:
            yield _contradiction(f"markets.{name}.instrument.id", name, "the name it stands under")
    if sorted(state.books) != sorted(state.markets):
        yield Malformed("books and markets name different instruments", field="books", remedy="give each market a book")
    for name, book in state.books.items():
        for arrival, order in book.orders.items():
            if (order.instrument, order.arrival) != (name, arrival):
                yield _contradiction(f"books.{name}.orders.{arrival}.arrival", arrival, "the name it stands under")
            if order.remaining <= 0:
                yield Malformed(
                    "an order with nothing left", field=f"books.{name}.orders.{arrival}", remedy="remove it"
                )
    for index, claim in state.outbox.claims.items():
        if claim.index != index:
            yield _contradiction(f"outbox.claims.{index}.index", index, "the name it stands under")
    for name, quote in () if state.round is None else state.round.quotes.items():
        if quote.instrument != name:
            yield _contradiction(f"round.quotes.{name}.instrument", name, "the name it stands under")


def _open_orders(state: State) -> Iterator[Malformed]:
    """The open orders of the accounts are the orders of the books."""
    found: dict[int, dict[int, list[Order]]] = {}
    for name, book in state.books.items():
        for order in book.orders.values():
            found.setdefault(order.account, {}).setdefault(name, []).append(order)
    for stranger in sorted(found.keys() - state.accounts.keys()):
        yield Malformed(f"account {stranger} has orders and does not exist", field="books", remedy="remove its orders")
    for account_id, account in sorted(state.accounts.items()):
        resting = found.get(account_id, {})
        for name in sorted(account.orders.keys() | resting.keys()):
            if not _same_orders(account.orders.get(name, NO_ORDERS), resting.get(name, [])):
                place = f"accounts.{account_id}.orders.{name}"
                yield Malformed(
                    "open orders that are not those of the book", field=place, remedy="list and total the book's"
                )
        for name, position in account.positions.items():
            if position.size == 0 or name not in state.markets:
                place = f"accounts.{account_id}.positions.{name}"
                yield Malformed("a position of no lots, or in nothing that is listed", field=place, remedy="remove it")


def _same_orders(told: OpenOrders, resting: list[Order]) -> bool:
    arrivals = {order.client_id: order.arrival for order in resting}
    buys = sum(order.remaining for order in resting if order.side is Side.BUY)
    sells = sum(order.remaining for order in resting if order.side is Side.SELL)
    reduce_only = sum(order.remaining for order in resting if order.reduce_only)
    # An account names only instruments in which it has an order, and a name stands for one order.
    named = 0 < len(arrivals) == len(resting) and dict(told.arrivals) == arrivals
    return named and (told.buys, told.sells, told.reduce_only) == (buys, sells, reduce_only)


def _open_interest(state: State) -> Iterator[Malformed]:
    """The lots held long are as many as a book says."""
    longs = dict.fromkeys(state.books, 0)
    for account in state.accounts.values():
        for name, position in account.positions.items():
            if position.size > 0 and name in longs:
                longs[name] += position.size
    for name, book in state.books.items():
        if book.open_interest != longs[name]:
            yield _contradiction(f"books.{name}.open_interest", longs[name], "the lots held long")


def _contradiction(field: str, expected: int, meaning: str) -> Malformed:
    return Malformed("contradicts the rest of the state", field=field, remedy=f"write {expected}, {meaning}")
