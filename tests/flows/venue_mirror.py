"""A venue's events through the machine, whose book is set back to the venue's wherever the two have come to differ."""

from collections.abc import Iterable, Iterator
from enum import Enum, auto

from attrs import Factory, define, evolve, frozen
from immutables import Map

from settlespec.domain.accounts import NO_ORDERS, Account, OpenOrders
from settlespec.domain.books import ARRIVAL_MASK, precedence
from settlespec.domain.events import Filled
from settlespec.domain.orders import Order, Side
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.flows.book_event import BookEvent, ExpectedFill, Moves, Reduces, Rests, Takes
from settlespec.flows.replayed import INSTRUMENT, venue_genesis
from settlespec.flows.session import FOREVER, Session
from settlespec.flows.translation import Translation
from settlespec.flows.venue import BestLevel, VenueBook
from settlespec.machine.signatures import Ideal

DEEP_POCKETS = 10**20
"""Quantums of each account: more than any order of the data can need."""

LevelName = tuple[Side, int]
Match = tuple[int, int, int]
"""Order id, price and size of a fill."""


class DistinctOwners:
    """Every order and every aggressor has an account of its own, numbered as they are first met."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, int], int] = {}

    def of_order(self, order_id: int) -> int:
        return self.numbers.setdefault(("order", order_id), len(self.numbers))

    def of_aggressor(self, takes: Takes) -> int:
        return self.numbers.setdefault(("line", takes.line), len(self.numbers))


def rich_session(price_step: int, mark: int, accounts: int) -> Session:
    """A session in which so many accounts have unlimited collateral."""
    signer = Ideal()
    session = Session(venue_genesis(signer, price_step, mark, 0, 5_000), signer)
    opened = {number: Account(signer.key(number), DEEP_POCKETS, Map(), Map(), 0) for number in range(accounts)}
    session.state = evolve(session.state, accounts=Map(opened), vault=DEEP_POCKETS * accounts)
    return session


def queue(state: State, side: Side, price: int) -> list[Order]:
    """The machine's live orders at a price, in the order in which they are served."""
    book = state.books[INSTRUMENT]
    found = []
    key = book.ladder(side).after(precedence(side, price, 0) - 1)
    while key is not None and key >> 64 == precedence(side, price, 0) >> 64:
        found.append(book.orders[key & ARRIVAL_MASK])
        key = book.ladder(side).after(key)
    return found


def best_level(state: State, side: Side) -> BestLevel | None:
    """The machine's best price with the lots there."""
    best = state.books[INSTRUMENT].best(side)
    if best is None:
        return None
    return BestLevel(best.price, sum(order.remaining for order in queue(state, side, best.price)))


def same_queue(state: State, venue: VenueBook, side: Side, price: int) -> bool:
    """Whether the machine and the venue serve the same orders with the same lots in the same order."""
    ours = [(order.client_id, order.remaining) for order in queue(state, side, price)]
    return ours == [(order.order_id, order.size) for order in venue.queue(side, price)]


def same_book(state: State, venue: VenueBook) -> bool:
    """Whether the machine's whole book is the venue's."""
    book = state.books[INSTRUMENT]
    return all(
        [(book.orders[key & ARRIVAL_MASK].client_id, book.orders[key & ARRIVAL_MASK].remaining) for key in ladder]
        == [(order.order_id, order.size) for order in venue.orders(side)]
        for side, ladder in ((Side.BUY, book.bids), (Side.SELL, book.asks))
    )


def mirrored(state: State, venue: VenueBook, owners: DistinctOwners, levels: Iterable[LevelName]) -> State:
    """The state with the venue's queues at these levels: the book, the open orders of the owners and the arrival count.

    Positions and money stay as they are; what was filled is forgotten, since the venue says what remains.
    """
    levels = list(levels)
    book, accounts, arrival = state.books[INSTRUMENT], state.accounts, state.next_arrival
    for side, price in levels:
        for order in queue(state, side, price):
            book = book.remove(order)
            accounts = accounts.set(order.account, _without(accounts[order.account], order))
    for side, price in levels:
        for resting in venue.queue(side, price):
            owner = owners.of_order(resting.order_id)
            order = Order(arrival, owner, resting.order_id, INSTRUMENT, side, price, resting.size, 0, FOREVER, False)
            book = book.insert(order)
            accounts = accounts.set(owner, _with(accounts[owner], order))
            arrival += 1
    return evolve(state, books=state.books.set(INSTRUMENT, book), accounts=accounts, next_arrival=arrival)


def _with(account: Account, order: Order) -> Account:
    before = account.orders.get(INSTRUMENT, NO_ORDERS)
    return _changed(account, before.arrivals.set(order.client_id, order.arrival), order, order.remaining)


def _without(account: Account, order: Order) -> Account:
    before = account.orders[INSTRUMENT]
    return _changed(account, before.arrivals.delete(order.client_id), order, -order.remaining)


def _changed(account: Account, arrivals: Map[int, int], order: Order, lots: int) -> Account:
    if not arrivals:
        return evolve(account, orders=account.orders.delete(INSTRUMENT))
    before = account.orders.get(INSTRUMENT, NO_ORDERS)
    buys, sells = (lots, 0) if order.side is Side.BUY else (0, lots)
    after = OpenOrders(arrivals, before.buys + buys, before.sells + sells, before.reduce_only)
    return evolve(account, orders=account.orders.set(INSTRUMENT, after))


class Difference(Enum):
    """Why the machine's book was not the venue's after an event."""

    PARTIAL_CANCEL = auto()
    """Our replaced order went to the tail, the venue's shrunk order kept its place."""
    MOVE_IN_PLACE = auto()
    """The same, for a move to the same price and no more size."""
    CROSSING = auto()
    """An order that crosses the venue's own book for a moment trades here at once."""
    FILLS = auto()
    """The aggressor met other orders here, or other sizes."""


@frozen
class Step:
    """One event, what the machine did about it, and its state then, before any setting back."""

    event: BookEvent
    outcome: Outcome | None
    fills: tuple[Match, ...]
    reproduced: tuple[ExpectedFill, ...]
    """Those of the venue's fills that the machine made too, as (order, price, size)."""
    state: State


@define
class Mirror:
    """The machine beside the venue's book."""

    session: Session
    owners: DistinctOwners = Factory(DistinctOwners)
    venue: VenueBook = Factory(VenueBook)
    resets: bool = True
    """Whether a difference is mended by setting the levels that differ back to the venue's."""
    differences: dict[Difference, int] = Factory(lambda: dict.fromkeys(Difference, 0))

    def adopt(self, venue: VenueBook) -> None:
        """Start from a venue's book as it is, crossed or not."""
        self.venue = venue
        levels = {(side, order.price) for side in Side for order in venue.orders(side)}
        self.session.state = mirrored(self.session.state, venue, self.owners, levels)

    def run(self, events: Iterable[BookEvent]) -> Iterator[Step]:
        """Submit what each event means, tell what came of it, then mend the book if it differs."""
        translation = Translation(self.session, self.owners, INSTRUMENT)
        for event in events:
            before = self.session.state
            operation = translation.operation(event)
            outcome = None if operation is None else self.session.submit(operation)
            fills = matches(before, outcome)
            same = tuple(reproduced(fills, event)) if isinstance(event, Takes) else ()
            yield Step(event, outcome, fills, same, self.session.state)
            if self.resets:
                self._mend(event, fills)

    def _mend(self, event: BookEvent, fills: tuple[Match, ...]) -> None:
        levels = levels_of(event, self.venue, fills)
        self.venue.follow(event)
        differing = [level for level in levels if not same_queue(self.session.state, self.venue, *level)]
        if differing:
            self.differences[kind_of_difference(event, fills)] += 1
            self.session.state = mirrored(self.session.state, self.venue, self.owners, differing)


def kind_of_difference(event: BookEvent, fills: tuple[Match, ...]) -> Difference:
    """What the difference after an event is due to."""
    match event:
        case Takes():
            return Difference.FILLS
        case Rests() | Moves() if fills:
            return Difference.CROSSING
        case Reduces():
            return Difference.PARTIAL_CANCEL
        case Moves():
            return Difference.MOVE_IN_PLACE
        case Rests():
            raise AssertionError(f"line {event.line}: a new order that meets nobody makes no difference")


def levels_of(event: BookEvent, venue: VenueBook, fills: tuple[Match, ...]) -> set[LevelName]:
    """The levels that an event may have changed, in the venue's book or in the machine's."""
    if isinstance(event, Takes):
        prices = {fill.price for fill in event.fills} | {price for _, price, _ in fills}
        rested = {order.price for fill in event.fills if (order := venue.order(fill.order_id)) is not None}
        return {(event.side.opposite, price) for price in prices | rested}
    levels = {(event.side.opposite, price) for _, price, _ in fills}
    old = venue.order(event.order_id)
    if old is not None:
        levels.add((old.side, old.price))
    if isinstance(event, Rests | Moves):
        levels.add((event.side, event.price))
    return levels


def matches(before: State, outcome: Outcome | None) -> tuple[Match, ...]:
    """The fills of an outcome by the venue's order ids, which are the makers' client ids."""
    if not isinstance(outcome, Accepted):
        return ()
    orders = before.books[INSTRUMENT].orders
    return tuple(
        (orders[event.maker].client_id, event.price, event.size)
        for event in outcome.events
        if isinstance(event, Filled)
    )


def reproduced(fills: tuple[Match, ...], takes: Takes) -> Iterator[ExpectedFill]:
    """The expected fills that were made, each fill counted once."""
    left = list(fills)
    for fill in takes.fills:
        match = (fill.order_id, fill.price, fill.size)
        if match in left:
            left.remove(match)
            yield fill


def one_order_a_fill(events: Iterable[BookEvent]) -> Iterator[BookEvent]:
    """Each of an aggressor's fills as an immediate-or-cancel order of its own, on its own line."""
    for event in events:
        if isinstance(event, Takes):
            for fill in event.fills:
                yield evolve(event, line=fill.line, price=fill.price, size=fill.size, fills=(fill,))
        else:
            yield event
