"""The venue's own book, replayed order by order: the yardstick for a machine that does its own matching.

Nothing is matched here: the venue says which order traded, and this book only follows.
It shares no code with the machine.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from attrs import Factory, define, frozen

from settlespec.domain.orders import Side
from settlespec.domain.quantities import Price, Size
from settlespec.flows.book_event import BookEvent, Moves, Reduces, Rests, Takes
from settlespec.flows.message import FlowFlag, FlowKind, FlowMessage


@frozen
class VenueOrder:
    """An order as the venue's book holds it."""

    line: int
    """The line of the flow that put it in its place."""
    order_id: int
    side: Side
    price: Price
    size: Size
    """What remains of it."""
    flag: FlowFlag


@frozen
class BestLevel:
    """The best price of one side and all that rests there."""

    price: Price
    size: Size


@define
class _Level:
    """The orders at one price, first come first."""

    size: int = 0
    orders: dict[int, VenueOrder] = Factory(dict)


@define
class _BookSide:
    """The levels of one side, and their prices in rising order."""

    prices: list[Price] = Factory(list)
    levels: dict[Price, _Level] = Factory(dict)


class VenueBook:
    """An order-by-order book that does what it is told, crossed or not.

    Memory is that of the resting orders; best prices cost no search, a new or emptied price a shift in a sorted list.
    """

    def __init__(self) -> None:
        self._sides = {Side.BUY: _BookSide(), Side.SELL: _BookSide()}
        self._orders: dict[int, VenueOrder] = {}

    def apply(self, message: FlowMessage) -> None:
        """The effect of a row: SNAP and ADD insert, CANCEL and FILL reduce, MODIFY moves, the others do nothing.

        A fill flagged ``unknown`` does nothing: its order was never in the book.

        Raises:
            KeyError: a MODIFY of an order that is not in the book; the readers refuse such a row.
        """
        match message.kind:
            case FlowKind.SNAP | FlowKind.ADD:
                if message.side is not None:
                    self._insert(
                        VenueOrder(
                            message.line, message.order_id, message.side, message.price, message.size, message.flag
                        )
                    )
            case FlowKind.CANCEL | FlowKind.FILL:
                self.reduce(message.order_id, message.size)
            case FlowKind.MODIFY:
                self.move(message.order_id, message.price, message.size, message.line)
            case FlowKind.TRADE | FlowKind.HIDDEN | FlowKind.HALT:
                return

    def follow(self, event: BookEvent) -> None:
        """The same effects, told as events: a `Takes` reduces what the venue says it filled."""
        match event:
            case Rests():
                self._insert(VenueOrder(event.line, event.order_id, event.side, event.price, event.size, event.flag))
            case Reduces():
                self.reduce(event.order_id, event.size)
            case Moves():
                self.move(event.order_id, event.price, event.size, event.line)
            case Takes():
                for fill in event.fills:
                    self.reduce(fill.order_id, fill.size)

    def reduce(self, order_id: int, size: Size) -> None:
        """Take size out of an order; it goes at zero or below, and one that is not there is left alone."""
        order = self._orders.get(order_id)
        if order is None:
            return
        if order.size > size:
            self._resize(order, order.size - size)
        else:
            self._remove(order)

    def move(self, order_id: int, price: Price, size: Size, line: int) -> None:
        """Give an order a new price and size, in place if the price stays and the size does not grow, else at the back.

        Raises:
            KeyError: there is no such order.
        """
        order = self._orders[order_id]
        if price == order.price and size <= order.size:
            self._resize(order, size)
        else:
            self._remove(order)
            self._insert(VenueOrder(line, order_id, order.side, price, size, order.flag))

    def best(self, side: Side) -> BestLevel | None:
        """The highest bid or the lowest ask with the total size there; None when the side is empty."""
        book_side = self._sides[side]
        if not book_side.prices:
            return None
        price = book_side.prices[-1 if side is Side.BUY else 0]
        return BestLevel(price, book_side.levels[price].size)

    def queue(self, side: Side, price: Price) -> tuple[VenueOrder, ...]:
        """The orders at a price, first come first; empty when none rests there."""
        level = self._sides[side].levels.get(price)
        return () if level is None else tuple(level.orders.values())

    def orders(self, side: Side) -> Iterator[VenueOrder]:
        """The orders of a side from the best price on, first come first within a price."""
        book_side = self._sides[side]
        for price in reversed(book_side.prices) if side is Side.BUY else book_side.prices:
            yield from book_side.levels[price].orders.values()

    def order(self, order_id: int) -> VenueOrder | None:
        """The order of that id, if it rests."""
        return self._orders.get(order_id)

    def crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        return bid is not None and ask is not None and bid.price >= ask.price

    def __len__(self) -> int:
        return len(self._orders)

    def _insert(self, order: VenueOrder) -> None:
        book_side = self._sides[order.side]
        level = book_side.levels.get(order.price)
        if level is None:
            level = book_side.levels[order.price] = _Level()
            insort(book_side.prices, order.price)
        level.orders[order.order_id] = order
        level.size += order.size
        self._orders[order.order_id] = order

    def _resize(self, order: VenueOrder, size: Size) -> None:
        # A key of a dict keeps its place when it is assigned again, and so does the order in its queue.
        resized = VenueOrder(order.line, order.order_id, order.side, order.price, size, order.flag)
        level = self._sides[order.side].levels[order.price]
        level.orders[order.order_id] = resized
        level.size += size - order.size
        self._orders[order.order_id] = resized

    def _remove(self, order: VenueOrder) -> None:
        book_side = self._sides[order.side]
        level = book_side.levels[order.price]
        del self._orders[order.order_id], level.orders[order.order_id]
        level.size -= order.size
        if not level.orders:
            del book_side.levels[order.price]
            del book_side.prices[bisect_left(book_side.prices, order.price)]
