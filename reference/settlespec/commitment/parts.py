"""From a state to its leaves and back (rules STATE-3, STATE-9)."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from attrs import evolve
from immutables import Map

from settlespec.commitment.encoding import MAX_LENGTH, Reader, Refusal, Refused, Writer
from settlespec.commitment.leaves import (
    LeafKey,
    LiveOrders,
    NamedOrder,
    Part,
    decode_activity,
    decode_claim,
    decode_holdings,
    decode_order,
    decode_received,
    encode_activity,
    encode_claim,
    encode_holdings,
    encode_order,
    encode_received,
    split_account,
)
from settlespec.commitment.market_leaves import decode_market, encode_market, mark_of, reference_of
from settlespec.commitment.round_leaves import (
    RoundLists,
    decode_breach,
    decode_quote,
    decode_round,
    decode_task,
    encode_breach,
    encode_quote,
    encode_round,
    encode_task,
)
from settlespec.domain.accounts import Account, OpenOrders, Position
from settlespec.domain.books import EMPTY_BOOK, Book, place_of, precedence
from settlespec.domain.instruments import Market, earliest_expiry
from settlespec.domain.ladder import ladder_of
from settlespec.domain.messages import Deposit, Inbox, Outbox
from settlespec.domain.orders import Order, Side
from settlespec.domain.quantities import TIME
from settlespec.domain.rounds import Round, Stage
from settlespec.domain.state import State
from settlespec.machine.genesis import Genesis, initial_state
from settlespec.rules.expiry import near_expiry

Leaves = dict[LeafKey, bytes]
"""Leaves by their place."""

SCALARS: Final = LeafKey(Part.SCALARS, 0, 0)
ROUND: Final = LeafKey(Part.ROUND, 0, 0)


def leaves_of(state: State) -> Iterator[tuple[LeafKey, bytes]]:
    """STATE-3.1: every leaf of a state, in no particular order."""
    yield SCALARS, encode_scalars(state)
    for name in state.markets:
        yield LeafKey(Part.MARKETS, 0, name), encode_market(state, name)
    for account in state.accounts:
        yield from account_leaves(state, account)
    for book in state.books.values():
        for order in book.orders.values():
            yield order_key(order), encode_order(order)
    for index, received in state.inbox.messages.items():
        yield LeafKey(Part.INBOX, 0, index), encode_received(received)
    for index, claim in state.outbox.claims.items():
        yield LeafKey(Part.OUTBOX, 0, index), encode_claim(claim)
    yield from round_leaves(state)


def account_leaves(state: State, account: int) -> Iterator[tuple[LeafKey, bytes]]:
    """The leaves of an account; one more if it holds a position."""
    if account in state.holders:
        yield LeafKey(Part.HOLDERS, 0, account), b""
    holdings, activity = split_account(state, account)
    yield LeafKey(Part.HOLDINGS, 0, account), encode_holdings(holdings)
    yield LeafKey(Part.ACCOUNTS, 0, account), encode_activity(activity)


def order_key(order: Order) -> LeafKey:
    """Where an order stands: the best of a side is the first leaf of its book."""
    part = Part.BIDS if order.side is Side.BUY else Part.ASKS
    return LeafKey(part, order.instrument, precedence(order.side, order.price, order.arrival))


def round_leaves(state: State) -> Iterator[tuple[LeafKey, bytes]]:
    """The leaves of the round in progress; none at rest."""
    current = state.round
    if current is None:
        return
    yield ROUND, encode_round(current)
    for name, quote in current.quotes.items():
        yield LeafKey(Part.QUOTES, 0, name), encode_quote(quote)
    for place, task in enumerate(current.tasks):
        yield LeafKey(Part.TASKS, 0, place), encode_task(task)
    for account, gain in current.gains.items():
        yield LeafKey(Part.GAINS, 0, account), encode_number(gain)
    for place, account in enumerate(current.defaulted):
        yield LeafKey(Part.DEFAULTED, 0, place), encode_number(account)
    for place, breach in enumerate(current.breaches):
        yield LeafKey(Part.BREACHED, 0, place), encode_breach(breach)


def encode_number(number: int) -> bytes:
    """One unsigned integer."""
    writer = Writer()
    writer.unsigned(number)
    return writer.finish()


def decode_number(data: bytes) -> int:
    """One unsigned integer, or `Refused`."""
    reader = Reader(data)
    number = reader.unsigned()
    reader.end()
    return number


class Scalars(NamedTuple):
    """STATE-9: what belongs to no key, in the order of the leaf.

    The counts stand here so that whoever holds a part of the state knows them.
    """

    clock: int
    next_arrival: int
    insurance: int
    treasury: int
    vault: int
    round_number: int
    marks_time: int
    inbox_cursor: int
    inbox_end: int
    uncredited: int
    outbox_end: int
    unpaid: int
    accounts: int
    """How many there are."""
    holders: int
    """How many accounts hold a position."""
    next_expiry: int
    funding_pool: int
    """The only one that is signed."""


def scalars(state: State) -> Scalars:
    """The scalars of a state."""
    inbox, outbox = state.inbox, state.outbox
    return Scalars(
        clock=state.clock,
        next_arrival=state.next_arrival,
        insurance=state.insurance,
        treasury=state.treasury,
        vault=state.vault,
        round_number=state.round_number,
        marks_time=state.marks_time,
        inbox_cursor=inbox.cursor,
        inbox_end=inbox.next_index,
        uncredited=inbox.uncredited,
        outbox_end=outbox.next_index,
        unpaid=outbox.unpaid,
        accounts=len(state.accounts),
        holders=len(state.holders),
        next_expiry=state.next_expiry,
        funding_pool=state.funding_pool,
    )


def encode_scalars(state: State) -> bytes:
    """STATE-9.2: the scalars, of which the funding pool alone is signed."""
    writer = Writer()
    *unsigned, funding_pool = scalars(state)
    for number in unsigned:
        writer.unsigned(number)
    writer.signed(funding_pool)
    return writer.finish()


def decode_scalars(data: bytes) -> Scalars:
    """The scalars, or `Refused`."""
    reader = Reader(data)
    numbers = [reader.unsigned() for _ in range(12)]
    numbers += (reader.unsigned(MAX_LENGTH), reader.unsigned(MAX_LENGTH), reader.unsigned(TIME.high), reader.signed())
    found = Scalars(*numbers)
    if not found.inbox_cursor <= found.inbox_end <= found.inbox_cursor + MAX_LENGTH:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    reader.end()
    return found


def state_of(leaves: Leaves, genesis: Genesis) -> State:
    """STATE-9.3: the state that has exactly these leaves; `Refused` when there is none.

    What is not committed (ladders, risk arrays, bands) is computed anew; counts and totals that are committed must agree.
    """
    start = initial_state(genesis)
    parts: dict[Part, dict[tuple[int, int], bytes]] = {part: {} for part in Part}
    for key, value in leaves.items():
        parts[key.part][key.book, key.key] = value
    found = decode_scalars(parts[Part.SCALARS].get((0, 0), b""))
    lead = genesis.parameters.expiry_lead
    markets, interests, order_counts = {}, {}, {}
    for (_, name), value in parts[Part.MARKETS].items():
        if name not in start.markets:
            raise Refused(Refusal.UNKNOWN_KEY, 0)
        instrument = start.markets[name].instrument
        reference = reference_of(instrument)
        # A reference that has no leaf of its own is noticed below.
        mark = None if reference is None else mark_of(parts[Part.MARKETS].get((0, reference), b"\1"))
        near = near_expiry(instrument.expiry, found.marks_time, lead)
        markets[name], interests[name], order_counts[name] = decode_market(value, instrument, mark, near)
    if markets.keys() != set(start.markets):
        raise Refused(Refusal.UNKNOWN_KEY, 0)
    orders = list(orders_of(parts))
    if any(order.instrument not in markets for order in orders):
        raise Refused(Refusal.UNKNOWN_KEY, 0)
    books = {name: book_of((o for o in orders if o.instrument == name), interests[name]) for name in markets}
    accounts, breaches = accounts_of(parts, {(o.instrument, o.arrival): o for o in orders})
    received = {key: decode_received(value) for (_, key), value in parts[Part.INBOX].items()}
    claims = {key: decode_claim(value, key) for (_, key), value in parts[Part.OUTBOX].items()}
    state = State(
        parameters=start.parameters,
        clock=found.clock,
        accounts=Map(accounts),
        holders=ladder_of(name for name, account in accounts.items() if account.positions),
        breaches=Map(breaches),
        markets=Map(markets),
        books=Map(books),
        next_arrival=found.next_arrival,
        insurance=found.insurance,
        treasury=found.treasury,
        vault=found.vault,
        funding_pool=found.funding_pool,
        next_expiry=found.next_expiry,
        inbox=Inbox(Map(received), found.inbox_cursor, found.inbox_end, found.uncredited),
        outbox=Outbox(Map(claims), found.outbox_end, found.unpaid),
        round_number=found.round_number,
        marks_time=found.marks_time,
        round=None,
    )
    if ROUND in leaves:
        state = evolve(state, round=round_of(parts, state.markets))
    check_totals(state)
    if dict(leaves_of(state)) != leaves:
        # Something in the leaves belongs to no state: a count, an order without an owner, a key without a meaning.
        raise Refused(Refusal.DISAGREES, 0)
    return state


def check_totals(state: State) -> None:
    """STATE-9.1: what the scalars and markets say of all accounts and queues together is so; `Refused` otherwise."""
    inbox, outbox = state.inbox, state.outbox
    deposits = (
        received.message.amount for received in inbox.messages.values() if isinstance(received.message, Deposit)
    )
    named = (len(live.arrivals) for account in state.accounts.values() for live in account.orders.values())
    agree = (
        is_run(inbox.messages, inbox.cursor, inbox.next_index),
        is_run(outbox.claims, 0, outbox.next_index),
        inbox.uncredited == sum(deposits),
        outbox.unpaid == sum(claim.amount for claim in outbox.claims.values()),
        *lots_agree(state),
        state.next_expiry == earliest_expiry(state.markets),
        # Each name stands for an order of its own (`check_orders`), so as many names as orders leave none without an owner.
        sum(named) == sum(len(book.orders) for book in state.books.values()),
    )
    if not all(agree):
        raise Refused(Refusal.DISAGREES, 0)


def lots_agree(state: State) -> Iterator[bool]:
    """STATE-9.4: whether the lots held long and short are as many as the open interest, and none in what was paid out.

    While a round pays an instrument out, whoever has been paid holds nothing any more: only then the two sides differ.
    """
    longs, shorts = dict.fromkeys(state.markets, 0), dict.fromkeys(state.markets, 0)
    for account in state.accounts.values():
        for name, position in account.positions.items():
            if name not in state.markets:
                raise Refused(Refusal.UNKNOWN_KEY, 0)
            (longs if position.size > 0 else shorts)[name] += abs(position.size)
    paying_out = state.round is not None and state.round.stage is Stage.EXPIRE
    for name, market in state.markets.items():
        interest = state.books[name].open_interest
        yield longs[name] == interest
        yield shorts[name] == interest or (market.expired and paying_out)
        yield interest == 0 or not market.expired or paying_out


def is_run(keys: Collection[int], first: int, end: int) -> bool:
    """Whether these are all the keys from `first` to before `end`, however far apart the two are said to be."""
    return len(keys) == end - first and all(first <= key < end for key in keys)


def orders_of(parts: dict[Part, dict[tuple[int, int], bytes]]) -> Iterator[Order]:
    """The live orders."""
    for part, side in ((Part.BIDS, Side.BUY), (Part.ASKS, Side.SELL)):
        for (book, key), value in parts[part].items():
            price, arrival = place_of(side, key)
            yield decode_order(value, book, side, price, arrival)


def book_of(orders: Iterable[Order], open_interest: int) -> Book:
    """The book with these orders."""
    book = evolve(EMPTY_BOOK, open_interest=open_interest)
    for order in orders:
        book = book.insert(order)
    return book


def accounts_of(
    parts: dict[Part, dict[tuple[int, int], bytes]], orders: dict[tuple[int, int], Order]
) -> tuple[dict[int, Account], dict[int, int]]:
    """The accounts, and for how many rounds each has been in breach."""
    accounts, breaches = {}, {}
    for (_, name), value in parts[Part.HOLDINGS].items():
        holdings = decode_holdings(value)
        activity = decode_activity(parts[Part.ACCOUNTS].get((0, name), b""))
        sizes, costs = dict(holdings.sizes), dict(activity.costs)
        if sizes.keys() != costs.keys():
            raise Refused(Refusal.DISAGREES, 0)
        positions = {instrument: Position(sizes[instrument], costs[instrument]) for instrument in sizes}
        for live in activity.orders:
            check_orders(name, live, orders)
        accounts[name] = Account(
            holdings.owner,
            holdings.cash + sum(costs.values()),
            Map(positions),
            Map({live.instrument: open_orders(live) for live in activity.orders}),
            activity.nonce,
        )
        if activity.breach_rounds:
            breaches[name] = activity.breach_rounds
    return accounts, breaches


def check_orders(account: int, live: LiveOrders, orders: dict[tuple[int, int], Order]) -> None:
    """The account's own list names its orders in the book, and its totals are theirs; `Refused` otherwise."""
    owned = [orders.get((live.instrument, named.arrival)) for named in live.names]
    placed = [
        NamedOrder(o.client_id, o.arrival, o.side, o.price) for o in owned if o is not None and o.account == account
    ]
    if placed != list(live.names):
        raise Refused(Refusal.DISAGREES, 0)
    buys = sum(order.remaining for order in owned if order and order.side is Side.BUY)
    sells = sum(order.remaining for order in owned if order and order.side is Side.SELL)
    reduce_only = sum(order.remaining for order in owned if order and order.reduce_only)
    if (buys, sells, reduce_only) != (live.buys, live.sells, live.reduce_only):
        raise Refused(Refusal.DISAGREES, 0)


def open_orders(live: LiveOrders) -> OpenOrders:
    """An account's live orders in one instrument."""
    arrivals = Map({named.client_id: named.arrival for named in live.names})
    return OpenOrders(arrivals, live.buys, live.sells, live.reduce_only)


def round_of(parts: dict[Part, dict[tuple[int, int], bytes]], markets: Map[int, Market]) -> Round:
    """The round in progress."""

    def listed(part: Part) -> list[bytes]:
        return [value for _, value in sorted(parts[part].items())]

    gains = {key: decode_number(value) for (_, key), value in parts[Part.GAINS].items()}
    quotes = {}
    for (_, name), value in parts[Part.QUOTES].items():
        if name not in markets:
            raise Refused(Refusal.UNKNOWN_KEY, 0)
        quotes[name] = decode_quote(value, markets[name].instrument)
    return decode_round(
        parts[Part.ROUND][0, 0],
        RoundLists(
            lambda _: Map(quotes),
            lambda _: tuple(decode_task(value) for value in listed(Part.TASKS)),
            lambda _: Map(gains),
            lambda _: tuple(decode_number(value) for value in listed(Part.DEFAULTED)),
            lambda _: tuple(decode_breach(value) for value in listed(Part.BREACHED)),
        ),
    )
