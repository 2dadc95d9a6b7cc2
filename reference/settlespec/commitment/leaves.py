"""What is committed: the state as leaves, each a part, a key and canonical bytes (rules STATE-3 to STATE-9).

The money that an owner can leave with is a part of its own (`Part.HOLDINGS`), so that it can be published and proved without orders
and costs. Some of what follows from other leaves (open-order totals, holders, counts, sums) is committed beside them, so that whoever
holds only a few leaves knows it; `state_of` holds the two to each other.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from attrs import frozen

from settlespec.commitment.encoding import Reader, Refusal, Writer
from settlespec.domain.accounts import OpenOrders
from settlespec.domain.books import Book
from settlespec.domain.messages import Cause, Claim, Deposit, ForcedOrder, ForcedWithdrawal, Received
from settlespec.domain.orders import Order, Side
from settlespec.domain.quantities import IDENTIFIER, MAX_AMOUNT, MAX_PRICE, MAX_SIZE, TIME
from settlespec.domain.state import State

KEY_BYTES: Final = 32
"""Length of an owner's public key (Ed25519)."""


class Part(IntEnum):
    """STATE-3: the parts of the state, in the order in which they stand under the root."""

    SCALARS = 0
    MARKETS = 1
    HOLDINGS = 2
    ACCOUNTS = 3
    BIDS = 4
    ASKS = 5
    INBOX = 6
    OUTBOX = 7
    ROUND = 8
    """The cursor of the round in progress; absent at rest."""
    TASKS = 9
    """The list of the stage, by place."""
    GAINS = 10
    """What each account gained in this round."""
    DEFAULTED = 11
    """Accounts that revaluing left with nothing, by place."""
    BREACHED = 12
    """Accounts that were found in breach in this round, by place."""
    HOLDERS = 13
    """One empty leaf for each account with a position, so that the next one is proved by one path."""
    QUOTES = 14
    """The quotes of the round's statement, by instrument, until the markets adopt them."""


@frozen(order=True)
class LeafKey:
    """Where a leaf stands: its part, the instrument of a book (0 elsewhere), and the key inside."""

    part: Part
    book: int
    key: int


@frozen
class Holdings:
    """STATE-4: what an owner can leave with: cash and sizes; equity does not depend on how cost was split."""

    owner: bytes
    cash: int
    sizes: tuple[tuple[int, int], ...]
    """Instrument and signed lots, by instrument, none of them zero."""


@frozen
class NamedOrder:
    """STATE-5.3: the owner's name of an order, and its place in the book, so that who reads the account finds the order."""

    client_id: int
    arrival: int
    side: Side
    price: int


@frozen
class LiveOrders:
    """STATE-5.2: an account's live orders in one instrument: their totals in lots, and their names with arrivals."""

    instrument: int
    buys: int
    sells: int
    reduce_only: int
    names: tuple["NamedOrder", ...]
    """By client id, at least one."""


@frozen
class Activity:
    """STATE-5: the rest of an account: nonce, rounds in breach, open costs, names and arrivals of its live orders."""

    nonce: int
    breach_rounds: int
    costs: tuple[tuple[int, int], ...]
    """Instrument and signed cost, by instrument, one for each size of the holdings."""
    orders: tuple["LiveOrders", ...]
    """By instrument, only those with a live order."""


def split_account(state: State, name: int) -> tuple[Holdings, Activity]:
    """STATE-4, STATE-5: an account as its two leaves."""
    account = state.accounts[name]
    positions = sorted(account.positions.items())
    cash = account.collateral - sum(position.cost for _, position in positions)
    sizes = tuple((instrument, position.size) for instrument, position in positions)
    costs = tuple((instrument, position.cost) for instrument, position in positions)
    orders = tuple(
        LiveOrders(instrument, live.buys, live.sells, live.reduce_only, named_orders(state.books[instrument], live))
        for instrument, live in sorted(account.orders.items())
    )
    breach_rounds = state.breaches.get(name, 0)
    return Holdings(account.key, cash, sizes), Activity(account.nonce, breach_rounds, costs, orders)


def named_orders(book: Book, live: OpenOrders) -> tuple[NamedOrder, ...]:
    """An account's live orders in a book, by client id (STATE-5.3)."""
    found = ((client, book.orders[arrival]) for client, arrival in sorted(live.arrivals.items()))
    return tuple(NamedOrder(client, order.arrival, order.side, order.price) for client, order in found)


def encode_holdings(holdings: Holdings) -> bytes:
    """STATE-4.1: owner, cash, then the sizes with rising instruments as differences."""
    writer = Writer()
    writer.raw(holdings.owner)
    writer.signed(holdings.cash)
    write_pairs(writer, holdings.sizes)
    return writer.finish()


def decode_holdings(data: bytes) -> Holdings:
    """The holdings, or `Refused`."""
    reader = Reader(data)
    holdings = Holdings(reader.raw(KEY_BYTES), reader.signed(), tuple(read_pairs(reader)))
    if any(size == 0 for _, size in holdings.sizes):
        raise reader.refuse(Refusal.SUPERFLUOUS)
    reader.end()
    return holdings


def encode_activity(activity: Activity) -> bytes:
    """STATE-5.1: nonce, breach rounds, costs, then the live orders."""
    writer = Writer()
    writer.unsigned(activity.nonce)
    writer.unsigned(activity.breach_rounds)
    write_pairs(writer, activity.costs)
    writer.unsigned(len(activity.orders))
    before = -1
    for live in activity.orders:
        writer.unsigned(live.instrument - before - 1)
        writer.unsigned(live.buys)
        writer.unsigned(live.sells)
        writer.unsigned(live.reduce_only)
        write_names(writer, live.names)
        before = live.instrument
    return writer.finish()


def write_names(writer: Writer, names: tuple[NamedOrder, ...]) -> None:
    """Client ids as differences to the one before, each with its arrival, side and price."""
    writer.unsigned(len(names))
    before = -1
    for name in names:
        writer.unsigned(name.client_id - before - 1)
        writer.unsigned(name.arrival)
        writer.unsigned(2 * name.price + (name.side is Side.BUY))
        before = name.client_id


def read_names(reader: Reader) -> Iterator[NamedOrder]:
    """The names that `write_names` wrote."""
    client = -1
    for _ in range(reader.count()):
        client += reader.unsigned(IDENTIFIER.high) + 1
        if client > IDENTIFIER.high:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        arrival = reader.unsigned(IDENTIFIER.high)
        price, buys = divmod(reader.unsigned(2 * MAX_PRICE + 1), 2)
        yield NamedOrder(client, arrival, Side.BUY if buys else Side.SELL, price)


def decode_activity(data: bytes) -> Activity:
    """The activity, or `Refused`."""
    reader = Reader(data)
    nonce = reader.unsigned(IDENTIFIER.high)
    breach_rounds = reader.unsigned(IDENTIFIER.high)
    costs = tuple(read_pairs(reader))
    orders = []
    instrument = -1
    for _ in range(reader.count()):
        instrument += reader.unsigned(IDENTIFIER.high) + 1
        if instrument > IDENTIFIER.high:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        buys, sells, reduce_only = (reader.unsigned() for _ in range(3))
        names = tuple(read_names(reader))
        if not names:
            raise reader.refuse(Refusal.SUPERFLUOUS)
        orders.append(LiveOrders(instrument, buys, sells, reduce_only, names))
    reader.end()
    return Activity(nonce, breach_rounds, costs, tuple(orders))


def write_pairs(writer: Writer, pairs: tuple[tuple[int, int], ...]) -> None:
    """Pairs of a key and a signed value, keys rising and written as differences to the one before."""
    writer.unsigned(len(pairs))
    before = -1
    for key, value in pairs:
        writer.unsigned(key - before - 1)
        writer.signed(value)
        before = key


def read_pairs(reader: Reader) -> Iterator[tuple[int, int]]:
    """The pairs that `write_pairs` wrote."""
    key = -1
    for _ in range(reader.count()):
        key += reader.unsigned(IDENTIFIER.high) + 1
        if key > IDENTIFIER.high:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        yield key, reader.signed()


def encode_order(order: Order) -> bytes:
    """STATE-6: what the place of an order in its book does not say: owner, name, size, filled, lifetime, reduce-only."""
    writer = Writer()
    writer.unsigned(order.account)
    writer.unsigned(order.client_id)
    writer.unsigned(order.size)
    writer.unsigned(order.filled)
    writer.unsigned(order.good_till)
    writer.flag(order.reduce_only)
    return writer.finish()


def decode_order(data: bytes, instrument: int, side: Side, price: int, arrival: int) -> Order:
    """The order that stands at this place of the book, or `Refused`."""
    reader = Reader(data)
    account = reader.unsigned(IDENTIFIER.high)
    client = reader.unsigned(IDENTIFIER.high)
    size = reader.unsigned(MAX_SIZE)
    filled = reader.unsigned(MAX_SIZE)
    if filled >= size or not 1 <= price <= MAX_PRICE:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    good_till = reader.unsigned(TIME.high)
    order = Order(arrival, account, client, instrument, side, price, size, filled, good_till, reader.flag())
    reader.end()
    return order


CAUSES: Final = tuple(Cause)
"""Causes of claims by their number on the wire."""


def encode_claim(claim: Claim) -> bytes:
    """STATE-7: a claim; its index is its key."""
    writer = Writer()
    writer.unsigned(claim.account)
    writer.raw(claim.key)
    writer.unsigned(claim.amount)
    writer.unsigned(CAUSES.index(claim.cause))
    return writer.finish()


def decode_claim(data: bytes, index: int) -> Claim:
    """The claim of this index, or `Refused`."""
    reader = Reader(data)
    account = reader.unsigned(IDENTIFIER.high)
    key = reader.raw(KEY_BYTES)
    amount = reader.unsigned(MAX_AMOUNT)
    if amount == 0:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    claim = Claim(index, account, key, amount, CAUSES[reader.unsigned(len(CAUSES) - 1)])
    reader.end()
    return claim


def encode_received(received: Received) -> bytes:
    """STATE-8: an inbox message behind its time and a tag."""
    writer = Writer()
    writer.unsigned(received.time)
    message = received.message
    match message:
        case Deposit():
            writer.unsigned(0)
        case ForcedWithdrawal():
            writer.unsigned(1)
        case ForcedOrder():
            writer.unsigned(2)
    writer.unsigned(message.account)
    writer.raw(message.key)
    if isinstance(message, ForcedOrder):
        writer.unsigned(message.instrument)
        writer.flag(message.side is Side.BUY)
        writer.unsigned(message.size)
        writer.unsigned(message.price)
    else:
        writer.unsigned(message.amount)
    return writer.finish()


def decode_received(data: bytes) -> Received:
    """The message and its time, or `Refused`."""
    reader = Reader(data)
    time = reader.unsigned(TIME.high)
    tag = reader.unsigned(2)
    account = reader.unsigned(IDENTIFIER.high)
    key = reader.raw(KEY_BYTES)
    message: Deposit | ForcedWithdrawal | ForcedOrder
    if tag == 2:
        instrument = reader.unsigned(IDENTIFIER.high)
        side = Side.BUY if reader.flag() else Side.SELL
        size, price = reader.unsigned(MAX_SIZE), reader.unsigned(MAX_PRICE)
        if not (size and price):
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        message = ForcedOrder(account, key, instrument, side, size, price)
    else:
        amount = reader.unsigned(MAX_AMOUNT)
        if amount == 0:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        message = Deposit(account, key, amount) if tag == 0 else ForcedWithdrawal(account, key, amount)
    reader.end()
    return Received(time, message)
