"""A state of which only some leaves are at hand (rule WIT-1.1).

Its containers answer what the machine asks of a full state's, and fetch each entry from a source of leaves when it is asked for.
So the very rules that run on a full state run on a witness; a question that the witness does not answer is refused by its source.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from immutables import Map

from settlespec.commitment.encoding import Refusal, Refused
from settlespec.commitment.leaves import (
    Activity,
    LeafKey,
    Part,
    decode_activity,
    decode_claim,
    decode_holdings,
    decode_order,
    decode_received,
)
from settlespec.commitment.market_leaves import decode_market, mark_of, reference_of
from settlespec.commitment.partial_containers import PartialLadder, PartialMap, PartialTuple
from settlespec.commitment.parts import ROUND, SCALARS, decode_number, decode_scalars, open_orders
from settlespec.commitment.round_leaves import RoundLists, decode_breach, decode_quote, decode_round, decode_task
from settlespec.domain.accounts import Account, Position
from settlespec.domain.books import Book, place_of, precedence
from settlespec.domain.genesis import Genesis
from settlespec.domain.instruments import Market, Quote
from settlespec.domain.ladder import Ladder
from settlespec.domain.messages import Claim, Inbox, Outbox, Received
from settlespec.domain.orders import Order, Side
from settlespec.domain.rounds import Discard, Round, Task
from settlespec.domain.state import State
from settlespec.machine.genesis import initial_state
from settlespec.rules.expiry import near_expiry

Value = TypeVar("Value")


class LeafSource(Protocol):
    """Where leaves come from. A source that does not know the answer raises; it never guesses."""

    def value(self, leaf: LeafKey) -> bytes | None:
        """The leaf's bytes, None when the state has no such leaf."""
        ...

    def after(self, part: Part, book: int, key: int) -> int | None:
        """The least key greater than `key` in this part and book, None when there is none."""
        ...


def partial_state(source: LeafSource, genesis: Genesis) -> State:
    """WIT-1.1: the state that has the source's leaves, as far as the source knows them."""
    return _Partial(source, initial_state(genesis)).state()


class _Partial:
    """How each container of a state finds its entries among the leaves."""

    def __init__(self, source: LeafSource, start: State) -> None:
        self.source = source
        self.start = start
        self.places: dict[tuple[int, int], tuple[Side, int]] = {}
        """Side and price of the orders that have been met, by instrument and arrival."""
        self.marks_time = start.marks_time
        """Of the scalars; it says which markets are near their expiry."""
        self.activities: dict[int, Activity] = {}
        """What was decoded of accounts: each is asked about more than once."""

    def state(self) -> State:
        """The partial state. The casts say that a partial container stands in for a full one."""
        found = decode_scalars(self.source.value(SCALARS) or b"")
        self.marks_time = found.marks_time
        inbox_count = found.inbox_end - found.inbox_cursor
        messages = self.map(Part.INBOX, 0, decode_received, inbox_count)
        claims = PartialMap(self.claim, lambda key: self.source.after(Part.OUTBOX, 0, key), found.outbox_end)
        names = sorted(self.start.markets)

        def next_name(key: int) -> int | None:
            return next((name for name in names if name > key), None)

        return State(
            parameters=self.start.parameters,
            clock=found.clock,
            accounts=cast(
                "Map[int, Account]",
                PartialMap(self.account, lambda key: self.source.after(Part.HOLDINGS, 0, key), found.accounts),
            ),
            holders=cast(Ladder, PartialLadder(lambda key: self.source.after(Part.HOLDERS, 0, key), found.holders)),
            breaches=cast("Map[int, int]", PartialMap(self.breach_rounds, None, None)),
            markets=cast("Map[int, Market]", PartialMap(self.market, next_name, len(names))),
            books=cast("Map[int, Book]", PartialMap(self.book, next_name, len(names))),
            next_arrival=found.next_arrival,
            insurance=found.insurance,
            treasury=found.treasury,
            vault=found.vault,
            funding_pool=found.funding_pool,
            next_expiry=found.next_expiry,
            inbox=Inbox(cast("Map[int, Received]", messages), found.inbox_cursor, found.inbox_end, found.uncredited),
            outbox=Outbox(cast("Map[int, Claim]", claims), found.outbox_end, found.unpaid),
            round_number=found.round_number,
            marks_time=found.marks_time,
            round=self.round(),
        )

    def map(self, part: Part, book: int, decode: Callable[[bytes], Value], count: int) -> PartialMap[Value]:
        """A map of one part whose entries decode by themselves."""

        def fetch(key: int) -> Value | None:
            data = self.source.value(LeafKey(part, book, key))
            return None if data is None else decode(data)

        return PartialMap(fetch, lambda key: self.source.after(part, book, key), count)

    def claim(self, index: int) -> object | None:
        """A claim of the outbox."""
        data = self.source.value(LeafKey(Part.OUTBOX, 0, index))
        return None if data is None else decode_claim(data, index)

    def account(self, name: int) -> Account | None:
        """An account from its two leaves; its orders' places become known."""
        data = self.source.value(LeafKey(Part.HOLDINGS, 0, name))
        if data is None:
            return None
        holdings = decode_holdings(data)
        activity = self.activity(name, self.source.value(LeafKey(Part.ACCOUNTS, 0, name)) or b"")
        costs = dict(activity.costs)
        if [name for name, _ in holdings.sizes] != list(costs):
            raise Refused(Refusal.DISAGREES, 0)
        for live in activity.orders:
            for named in live.names:
                self.places[live.instrument, named.arrival] = (named.side, named.price)
        return Account(
            holdings.owner,
            holdings.cash + sum(costs.values()),
            Map({instrument: Position(size, costs[instrument]) for instrument, size in holdings.sizes}),
            Map({live.instrument: open_orders(live) for live in activity.orders}),
            activity.nonce,
        )

    def breach_rounds(self, name: int) -> int | None:
        """For how many rounds in a row an account has been in breach."""
        data = self.source.value(LeafKey(Part.ACCOUNTS, 0, name))
        return None if data is None else self.activity(name, data).breach_rounds or None

    def activity(self, name: int, data: bytes) -> Activity:
        """An account's other leaf, decoded once."""
        if name not in self.activities:
            self.activities[name] = decode_activity(data)
        return self.activities[name]

    def market(self, name: int) -> Market | None:
        """A market at its mark."""
        return None if name not in self.start.markets else self.listed(name)[0]

    def listed(self, name: int) -> tuple[Market, int, int]:
        """A market, its open interest and its number of orders; of an option the reference's leaf is read beside it."""
        instrument = self.start.markets[name].instrument
        reference = reference_of(instrument)
        data = self.source.value(LeafKey(Part.MARKETS, 0, name)) or b""
        near = near_expiry(instrument.expiry, self.marks_time, self.start.parameters.expiry_lead)
        if reference is None:
            return decode_market(data, instrument, None, near)
        mark = mark_of(self.source.value(LeafKey(Part.MARKETS, 0, reference)) or b"")
        return decode_market(data, instrument, mark, near)

    def book(self, name: int) -> Book | None:
        """A book, whose ladders and orders are partial too."""
        if name not in self.start.markets:
            return None
        _, open_interest, count = self.listed(name)

        def ladder(side: Side, part: Part) -> Ladder:
            # The best order is looked for again after every fill, past all that are gone.
            known: dict[int, int | None] = {}

            def after(key: int) -> int | None:
                if key not in known:
                    found = self.source.after(part, name, key)
                    if found is not None:
                        self.meet(name, side, found)
                    known[key] = found
                return known[key]

            return cast(Ladder, PartialLadder(after, None))

        orders = PartialMap(lambda arrival: self.order(name, arrival), None, count)
        return Book(
            ladder(Side.BUY, Part.BIDS), ladder(Side.SELL, Part.ASKS), cast("Map[int, Order]", orders), open_interest
        )

    def meet(self, name: int, side: Side, key: int) -> None:
        """An order's key says its price and arrival."""
        price, arrival = place_of(side, key)
        self.places[name, arrival] = (side, price)

    def order(self, name: int, arrival: int) -> Order | None:
        """An order whose place has been met; no other was ever asked for by the machine."""
        place = self.places.get((name, arrival))
        if place is None:
            return None
        side, price = place
        part = Part.BIDS if side is Side.BUY else Part.ASKS
        data = self.source.value(LeafKey(part, name, precedence(side, price, arrival)))
        return None if data is None else decode_order(data, name, side, price, arrival)

    def round(self) -> Round | None:
        """The round in progress, with partial lists."""
        data = self.source.value(ROUND)
        if data is None:
            return None

        def listed(part: Part, decode: Callable[[bytes], Value]) -> Callable[[int], tuple[Value, ...]]:
            def fetch(place: int) -> Value:
                return decode(self.source.value(LeafKey(part, 0, place)) or b"")

            return lambda count: cast("tuple[Value, ...]", PartialTuple(fetch, count))

        def task(encoded: bytes) -> Task:
            decoded = decode_task(encoded)
            if isinstance(decoded, Discard):
                self.places[decoded.instrument, decoded.arrival] = (decoded.side, decoded.price)
            return decoded

        def quote(name: int) -> Quote | None:
            encoded = self.source.value(LeafKey(Part.QUOTES, 0, name))
            return None if encoded is None else decode_quote(encoded, self.start.markets[name].instrument)

        def next_quoted(key: int) -> int | None:
            names = sorted(self.start.markets)
            return next((name for name in names if name > key and quote(name) is not None), None)

        def quotes(count: int) -> "Map[int, Quote]":
            return cast("Map[int, Quote]", PartialMap(quote, next_quoted, count) if count else Map())

        return decode_round(
            data,
            RoundLists(
                quotes,
                listed(Part.TASKS, task),
                lambda count: cast("Map[int, int]", self.map(Part.GAINS, 0, decode_number, count)),
                listed(Part.DEFAULTED, decode_number),
                listed(Part.BREACHED, decode_breach),
            ),
        )
