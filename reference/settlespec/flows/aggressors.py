"""Aggressors, put together again from the executions that a venue publishes.

A venue says which resting orders traded; an exchange under test has to find that out by itself.
So the fills of one aggressor become one immediate-or-cancel order: the side opposite to the resting orders,
the worst fill price as its limit, the sum of the fills as its size.
The fills stay with it as what is expected, to be compared as a set of (order id, price, size).

Grouping
- With prints (CME): a TRADE row opens a group and its FILL rows follow at once, at the same time;
  the fills of the other side sum to the size of the print.
  Further prints of the same order id, side and time continue the group, a sweep through several prices:
  35 of the 1,864 prints of the ESH4 file, which make 1,829 aggressors.
- Without prints (LOBSTER): adjacent FILL rows of one time and one resting side are one aggressor.
  Any other row ends it, a hidden execution too: 1,612 aggressors of the 2,015 visible fills of the AAPL file.

Classes of fills
- no flag: at the best price and first in its queue, so price-time priority reproduces it.
  In the ESH4 file 18 of them exceed the size that was shown (icebergs), which no book of shown orders reproduces.
- ``nf``, not first: four kinds in the ESH4 file, 314 rows.
  The aggressor rested before and its owner moved it through the other side: its own row comes first (84).
  An order behind is filled before the one in front, in the same sweep (83): some priorities are not in the feed.
  The order in front, at the same price (133) or at a better one (14), is cancelled at that very time instead of being
  filled, as a venue does to prevent a self-trade.
- ``auction``: a fill of the uncross, at one price for both sides. Not an aggressor; the order shrinks.
- ``unknown``: a fill of the uncross of an order that the book never showed. Nothing shrinks.

Opening
The orders that rest at the start are given out when they are final: after the uncross, if one follows the snapshot,
since before it the book may be crossed (447 of the 8,862 snapshot rows of the ESH4 file cross).
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from attrs import Factory, define

from settlespec.domain.errors import BadInput
from settlespec.domain.orders import Side
from settlespec.flows.book_event import BookEvent, ExpectedFill, Moves, Reduces, Reduction, Rests, Takes
from settlespec.flows.message import FlowFlag, FlowKind, FlowMessage
from settlespec.flows.venue import VenueBook

MAX_FILLS_OF_AGGRESSOR: Final = 2**16
"""Rows held back until an aggressor is complete; the largest aggressor of the data has 31 fills."""


def book_events(messages: Iterable[FlowMessage], file: str | None = None) -> Iterator[BookEvent]:
    """The flow as orders that rest, shrink, move and take, streamed with one aggressor of look-ahead.

    Args:
        messages: the rows of a flow, from `read_flow`.
        file: its name, for what is refused here.
    Raises:
        BadInput: the opening book is crossed although no uncross is left; an aggressor has too many fills;
            whatever the reader of the messages refuses.
    """
    rows = iter(messages)
    opening = VenueBook()
    first = _open(rows, opening)
    if opening.crossed():
        raise BadInput(
            "the book is crossed when continuous trading starts",
            file=file,
            line=None if first is None else first.line,
            remedy="start the flow with an uncrossed book or with its uncross",
        )
    if first is None:
        yield from _resting(opening, 0)
        return
    yield from _resting(opening, first.time_nanoseconds)
    group: _Group | None = None
    for message in chain([first], rows):
        if group is not None:
            if group.continues(message):
                if len(group.fills) > MAX_FILLS_OF_AGGRESSOR:
                    raise _too_many_fills(file, message.line)
                continue
            yield from group.events()
        group = _Group.opened_by(message)
        if group is None:
            yield from _single(message)
    if group is not None:
        yield from group.events()


def _too_many_fills(file: str | None, line: int) -> BadInput:
    problem = f"an aggressor with more than {MAX_FILLS_OF_AGGRESSOR:,} fills"
    return BadInput(problem, file=file, line=line, remedy="split the flow before this line")


def _open(rows: Iterator[FlowMessage], opening: VenueBook) -> FlowMessage | None:
    """Build the book up to the end of the uncross; the first row of continuous trading, None when there is none."""
    uncross_time: int | None = None
    for message in rows:
        if message.kind is FlowKind.TRADE and message.flag is FlowFlag.AUCTION:
            uncross_time = message.time_nanoseconds
        elif message.kind is FlowKind.SNAP or (
            # The fills of the uncross that happened to be first at the best price carry no flag.
            message.kind is FlowKind.FILL and message.time_nanoseconds == uncross_time
        ):
            opening.apply(message)
        else:
            return message
    return None


def _resting(opening: VenueBook, time: int) -> Iterator[BookEvent]:
    for side in (Side.BUY, Side.SELL):
        for order in opening.orders(side):
            yield Rests(order.line, time, order.order_id, side, order.price, order.size, order.flag)


def _single(message: FlowMessage) -> Iterator[BookEvent]:
    """The event of a row that stands for itself: none for a hidden execution, a halt or a print without a side."""
    line, time, order_id, side = message.line, message.time_nanoseconds, message.order_id, message.side
    if side is None:
        return
    if message.kind in (FlowKind.SNAP, FlowKind.ADD):
        yield Rests(line, time, order_id, side, message.price, message.size, message.flag)
    elif message.kind is FlowKind.CANCEL:
        yield Reduces(line, time, order_id, side, message.price, message.size, Reduction.CANCELLED)
    elif message.kind is FlowKind.MODIFY:
        yield Moves(line, time, order_id, side, message.price, message.size)


@define
class _Group:
    """The rows of one aggressor, or of one uncross, as far as they have come."""

    first: FlowMessage
    printed: bool
    """Whether it was opened by a print."""
    fills: list[FlowMessage] = Factory(list)

    @staticmethod
    def opened_by(message: FlowMessage) -> "_Group | None":
        """The group that this row opens; None for a row that opens none."""
        if message.kind is FlowKind.TRADE and (message.side is not None or message.flag is FlowFlag.AUCTION):
            return _Group(message, printed=True)
        if message.kind is FlowKind.FILL:
            return _Group(message, printed=False, fills=[message])
        return None

    def continues(self, message: FlowMessage) -> bool:
        """Whether the row belongs to this group; a fill that does is kept."""
        if message.time_nanoseconds != self.first.time_nanoseconds:
            return False
        if message.kind is FlowKind.TRADE:
            named = message.order_id != 0 and message.order_id == self.first.order_id
            return self.printed and named and message.side is self.first.side
        if message.kind is not FlowKind.FILL or not (self.printed or message.side is self.first.side):
            return False
        self.fills.append(message)
        return True

    def events(self) -> Iterator[BookEvent]:
        """What the complete group does to the book."""
        if self.first.flag is FlowFlag.AUCTION:
            yield from _reductions(self.fills, Reduction.UNCROSSED)
            return
        own = [fill for fill in self.fills if self._is_own(fill)]
        yield from _reductions(own, Reduction.AGGRESSED)
        # An order that the book never showed has no side, and no machine could find it.
        taken = [fill for fill in self.fills if fill.side is not None and not self._is_own(fill)]
        if taken:
            yield self._takes(taken)

    def _is_own(self, fill: FlowMessage) -> bool:
        """Whether the fill is of the aggressor itself, which rested until it was moved through the other side."""
        return self.printed and fill.side is self.first.side

    def _takes(self, taken: list[FlowMessage]) -> Takes:
        resting_side = taken[0].side
        prices = [fill.price for fill in taken]
        return Takes(
            line=self.first.line,
            time_nanoseconds=self.first.time_nanoseconds,
            aggressor_id=self.first.order_id if self.printed else None,
            side=Side.SELL if resting_side is Side.BUY else Side.BUY,
            price=min(prices) if resting_side is Side.BUY else max(prices),
            size=sum(fill.size for fill in taken),
            fills=tuple(ExpectedFill(fill.line, fill.order_id, fill.price, fill.size, fill.flag) for fill in taken),
        )


def _reductions(fills: list[FlowMessage], reason: Reduction) -> Iterator[BookEvent]:
    """The filled orders shrink; those that the book never showed have no side and nothing to shrink."""
    for fill in fills:
        if fill.side is not None:
            yield Reduces(fill.line, fill.time_nanoseconds, fill.order_id, fill.side, fill.price, fill.size, reason)
