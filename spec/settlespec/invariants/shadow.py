"""A second order book, kept from operations and events alone: price levels with queues, so its cost is that of what happens."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Final

from settlespec.domain.instruments import Market
from settlespec.domain.orders import Order, Side
from settlespec.domain.state import State
from settlespec.invariants.cards import Asked, Violation
from settlespec.invariants.catalogue import PRICE_TIME
from settlespec.invariants.measures import lot_risks, order_needs

TERMS: Final = attrgetter(
    "filled", "size", "price", "side", "account", "client_id", "arrival", "instrument", "good_till", "reduce_only"
)
"""What an order of the state and one of the shadow must both say."""


class ShadowOrder:
    """A live order, or a taker on its way."""

    __slots__ = (
        "account",
        "arrival",
        "client_id",
        "filled",
        "good_till",
        "instrument",
        "needs",
        "price",
        "reduce_only",
        "remaining",
        "side",
        "size",
        "told",
    )

    def __init__(
        self,
        arrival: int,
        account: int,
        client_id: int,
        instrument: int,
        side: Side,
        price: int,
        size: int,
        filled: int,
        good_till: int,
        reduce_only: bool,
    ) -> None:
        self.arrival = arrival
        self.account = account
        self.client_id = client_id
        self.instrument = instrument
        self.side = side
        self.price = price
        self.size = size
        self.filled = filled
        self.remaining = size - filled
        self.good_till = good_till
        self.reduce_only = reduce_only
        self.needs = 0
        self.told: Order | None = None
        """The record of the state that was found to say the same; records are frozen, so that one says the same as long as it stays."""

    def is_told_by(self, record: Order) -> bool:
        """Whether a record of the state says the same."""
        if self.told is record:
            return True
        if TERMS(record) != TERMS(self):
            return False
        self.told = record
        return True

    def terms(self) -> tuple[object, ...]:
        """What a record of the state must say of it."""
        return terms_of(self)


def terms_of(order: Order | ShadowOrder) -> tuple[object, ...]:
    """What an order says, wherever it is kept."""
    found: tuple[object, ...] = TERMS(order)
    return found


class Queue:
    """One side of one book: price levels, each with its orders by arrival."""

    __slots__ = ("first", "keys", "levels", "sign")

    def __init__(self, side: Side) -> None:
        self.sign = int(side)
        self.keys: list[int] = []
        """Prices signed so that the best stands last."""
        self.levels: dict[int, dict[int, ShadowOrder]] = {}
        self.first: ShadowOrder | None = None
        """The order that must be served first."""

    def insert(self, order: ShadowOrder) -> None:
        """Join the tail of the price level."""
        key = self.sign * order.price
        level = self.levels.get(key)
        if level is None:
            insort(self.keys, key)
            self.levels[key] = {order.arrival: order}
            if self.keys[-1] == key:
                self.first = order
        else:
            level[order.arrival] = order

    def remove(self, order: ShadowOrder) -> None:
        """Leave the price level."""
        key = self.sign * order.price
        level = self.levels[key]
        del level[order.arrival]
        if not level:
            del self.levels[key]
            del self.keys[bisect_left(self.keys, key)]
        if order is self.first:
            self.first = next(iter(self.levels[self.keys[-1]].values())) if self.keys else None

    def __iter__(self) -> Iterator[ShadowOrder]:
        for key in reversed(self.keys):
            yield from self.levels[key].values()


class Totals:
    """Lots and number of one account's live orders in one instrument."""

    __slots__ = ("buys", "count", "reduce_only", "sells")

    def __init__(self) -> None:
        self.buys = self.sells = self.reduce_only = self.count = 0

    def add(self, order: ShadowOrder, lots: int) -> None:
        """Lots join, or leave when negative."""
        if order.side > 0:
            self.buys += lots
        else:
            self.sells += lots
        if order.reduce_only:
            self.reduce_only += lots


class Needs:
    """What an account's live orders need at certain marks; worthless at others."""

    __slots__ = ("markets", "total")

    def __init__(self, markets: Mapping[int, Market], total: int) -> None:
        self.markets = markets
        self.total = total


NO_TOTALS = Totals()
"""Of somebody without a live order."""


class Shadow:
    """Every live order, by arrival, owner, and place in its queue."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.live: dict[int, ShadowOrder] = {}
        self.queues: dict[tuple[int, int], Queue] = {}
        self.owned: dict[int, dict[int, ShadowOrder]] = {}
        self.totals: dict[tuple[int, int], Totals] = {}
        self.counts: dict[int, int] = {}
        """Live orders by instrument."""
        self._needs: dict[int, Needs] = {}
        self._risks: dict[int, tuple[Market, tuple[int, int]]] = {}

    def queue(self, instrument: int, side: int) -> Queue:
        """One side of one book."""
        found = self.queues.get((instrument, side))
        if found is None:
            found = self.queues[instrument, side] = Queue(Side(side))
        return found

    def best(self, instrument: int, side: int) -> ShadowOrder | None:
        """The order that must be served first on a side."""
        found = self.queues.get((instrument, side))
        return None if found is None else found.first

    def insert(self, order: ShadowOrder) -> None:
        """An order begins to rest."""
        account, pair = order.account, (order.account, order.instrument)
        self.live[order.arrival] = order
        self.queue(order.instrument, order.side).insert(order)
        self.owned.setdefault(account, {})[order.arrival] = order
        totals = self.totals.get(pair)
        if totals is None:
            totals = self.totals[pair] = Totals()
        totals.add(order, order.remaining)
        totals.count += 1
        self.counts[order.instrument] = self.counts.get(order.instrument, 0) + 1
        needs = self._needs.get(account)
        if needs is not None:
            order.needs = self._needs_of(order, needs.markets)
            needs.total += order.needs

    def remove(self, order: ShadowOrder) -> None:
        """An order is no longer live."""
        account, pair = order.account, (order.account, order.instrument)
        del self.live[order.arrival]
        self.queue(order.instrument, order.side).remove(order)
        del self.owned[account][order.arrival]
        totals = self.totals[pair]
        totals.add(order, -order.remaining)
        totals.count -= 1
        if not totals.count:
            del self.totals[pair]
        self.counts[order.instrument] -= 1
        if not self.owned[account]:
            del self.owned[account]
            self._needs.pop(account, None)
        elif account in self._needs:
            self._needs[account].total -= order.needs

    def shrink(self, order: ShadowOrder, lots: int) -> None:
        """A live order has fewer lots left."""
        order.remaining -= lots
        order.told = None
        self.totals[order.account, order.instrument].add(order, -lots)
        needs = self._needs.get(order.account)
        if needs is not None:
            left = self._needs_of(order, needs.markets)
            needs.total += left - order.needs
            order.needs = left

    def needs(self, account: int, markets: Mapping[int, Market]) -> int:
        """What the account's live orders need together; counted anew only after the marks have moved."""
        found = self._needs.get(account)
        if found is not None and found.markets is markets:
            return found.total
        mine = self.owned.get(account)
        if mine is None:
            return 0
        total = 0
        for order in mine.values():
            order.needs = self._needs_of(order, markets)
            total += order.needs
        self._needs[account] = Needs(markets, total)
        return total

    def _needs_of(self, order: ShadowOrder, markets: Mapping[int, Market]) -> int:
        market = markets[order.instrument]
        known = self._risks.get(order.instrument)
        if known is None or known[0] is not market:
            known = self._risks[order.instrument] = market, lot_risks(market)
        side, lots, price = order.side, order.remaining, order.price
        return order_needs(side, lots, price, order.reduce_only, market, self.factor, known[1])

    def latest_reduce_only(self, account: int, instrument: int) -> ShadowOrder | None:
        """The latest live reduce-only order of an account in an instrument: the first to be clipped."""
        mine = self.owned.get(account, {}).values()
        found = [order for order in mine if order.instrument == instrument and order.reduce_only]
        return max(found, key=lambda order: order.arrival, default=None)

    def differences(self, state: State, asked: Asked) -> Iterator[Violation]:
        """PRICE-TIME: the state's books are this one."""
        conjunct = "the shadow book is the state's book"
        live, seen = self.live, 0
        for book in state.books.values():
            for arrival, order in book.orders.items():
                seen += 1
                mine = live.get(arrival)
                if mine is None or not (mine.told is order or mine.is_told_by(order)):
                    meant = None if mine is None else mine.terms()
                    yield Violation(PRICE_TIME.id, conjunct, f"order {arrival}", str(terms_of(order)), str(meant))
        asked[PRICE_TIME] += seen
        if seen != len(live):
            yield Violation(PRICE_TIME.id, conjunct, "", f"{seen} live orders", f"{len(live)} live orders")


def shadow_of(state: State) -> Shadow:
    """The shadow of a state's books: every live order of the maps, sorted by arrival; the ladders are not asked."""
    shadow = Shadow(state.parameters.initial_factor_ppm)
    orders = [order for book in state.books.values() for order in book.orders.values()]
    for order in sorted(orders, key=lambda order: order.arrival):
        shadow.insert(
            ShadowOrder(
                order.arrival,
                order.account,
                order.client_id,
                order.instrument,
                order.side,
                order.price,
                order.size,
                order.filled,
                order.good_till,
                order.reduce_only,
            )
        )
    return shadow
