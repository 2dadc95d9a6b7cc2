"""The resting book of one instrument, in the order of precedence that the commitment will use."""

from typing import Final

from attrs import evolve, frozen
from immutables import Map

from settlespec.domain.ladder import EMPTY_LADDER, Ladder
from settlespec.domain.orders import Order, Side
from settlespec.domain.quantities import MAX_PRICE, Arrival

ARRIVAL_BITS: Final = 64
"""An arrival number fits 64 bits, so price and arrival share one integer key without touching."""

ARRIVAL_MASK: Final = 2**ARRIVAL_BITS - 1


def precedence(side: Side, price: int, arrival: Arrival) -> int:
    """BOOK-2: best price first, first come first served inside a price; the smallest key is served first.

    Bids are keyed by MAX_PRICE - price, so that on either side the best order is the first leaf.
    """
    return ((MAX_PRICE - price if side is Side.BUY else price) << ARRIVAL_BITS) | arrival


def place_of(side: Side, key: int) -> tuple[int, Arrival]:
    """The price and arrival of which `precedence` made the key."""
    ranked = key >> ARRIVAL_BITS
    return (MAX_PRICE - ranked if side is Side.BUY else ranked), key & ARRIVAL_MASK


@frozen
class Book:
    """BOOK-1: the live orders of one instrument, and its open interest."""

    bids: Ladder
    asks: Ladder
    orders: Map[Arrival, Order]
    open_interest: int
    """Lots held long, which are as many as those held short."""

    def ladder(self, side: Side) -> Ladder:
        """The keys of one side, best first."""
        return self.bids if side is Side.BUY else self.asks

    def best(self, side: Side) -> Order | None:
        """The order that is served first on this side."""
        ladder = self.bids if side is Side.BUY else self.asks
        return self.orders[ladder.first() & ARRIVAL_MASK] if ladder else None

    def behind(self, order: Order) -> Order | None:
        """The order that is served next after this one on its side."""
        key = self.ladder(order.side).after(precedence(order.side, order.price, order.arrival))
        return None if key is None else self.orders[key & ARRIVAL_MASK]

    def insert(self, order: Order) -> "Book":
        """The book with one more order."""
        key = precedence(order.side, order.price, order.arrival)
        orders = self.orders.set(order.arrival, order)
        if order.side is Side.BUY:
            return Book(self.bids.insert(key), self.asks, orders, self.open_interest)
        return Book(self.bids, self.asks.insert(key), orders, self.open_interest)

    def remove(self, order: Order) -> "Book":
        """The book without this order."""
        key = precedence(order.side, order.price, order.arrival)
        orders = self.orders.delete(order.arrival)
        if order.side is Side.BUY:
            return Book(self.bids.remove(key), self.asks, orders, self.open_interest)
        return Book(self.bids, self.asks.remove(key), orders, self.open_interest)

    def change(self, order: Order) -> "Book":
        """The book with an order of the same arrival, side and price in its place."""
        return evolve(self, orders=self.orders.set(order.arrival, order))


EMPTY_BOOK = Book(EMPTY_LADDER, EMPTY_LADDER, Map(), 0)
"""No order and no position."""
