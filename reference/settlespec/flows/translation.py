"""A venue's events as what the owners would have asked of this exchange."""

from attrs import define, frozen

from settlespec.domain.operations import Operation
from settlespec.domain.orders import TimeInForce
from settlespec.flows.book_event import BookEvent, Moves, Reduces, Rests, Takes
from settlespec.flows.owners import Owners, taker_name
from settlespec.flows.session import Session


@frozen
class TranslationCounts:
    """What the venue's events became."""

    placed: int
    """Good-till-time limit orders."""
    taken: int
    """Immediate-or-cancel limit orders."""
    cancelled: int
    """Cancellations, of orders that were live here."""
    replaced: int
    """Replacements, of orders that were live here."""
    cancels_skipped: int
    """Reductions of orders that are not live here any more: they were filled, removed or never admitted."""
    moves_skipped: int
    """Moves of orders that are not live here any more."""


@define
class _Tally:
    placed: int = 0
    taken: int = 0
    cancelled: int = 0
    replaced: int = 0
    cancels_skipped: int = 0
    moves_skipped: int = 0


class Translation:
    """FLOW-7: the operation that an event of the venue becomes; none if it is about an order that is not live here.

    - An order that rests at the venue is a good-till-time limit order, named by the venue's id.
    - A reduction to nothing is a cancellation, a partial one a replacement at the same price. Here a replaced order goes to the tail
      of its price (TRADE-13.2), while the venue leaves an order that only shrinks in its place.
    - A move is a replacement, whose new size is what the venue lets remain plus what was filled here.
    - An aggressor is an immediate-or-cancel limit order, named by its line; its fills are left to this exchange.

    Memory is that of the orders that rest at the venue.
    """

    def __init__(self, session: Session, owners: Owners, instrument: int) -> None:
        self.session = session
        self.owners = owners
        self.instrument = instrument
        self._tally = _Tally()
        self._resting: dict[int, int] = {}
        """What remains of each order at the venue."""

    def counts(self) -> TranslationCounts:
        """The counts so far."""
        tally = self._tally
        return TranslationCounts(
            tally.placed, tally.taken, tally.cancelled, tally.replaced, tally.cancels_skipped, tally.moves_skipped
        )

    def operation(self, event: BookEvent) -> Operation | None:
        """The event as a signed operation that fits the session's state now."""
        match event:
            case Rests():
                return self._rest(event)
            case Reduces():
                return self._reduce(event)
            case Moves():
                return self._move(event)
            case Takes():
                return self._take(event)

    def _rest(self, event: Rests) -> Operation:
        self._resting[event.order_id] = event.size
        self._tally.placed += 1
        owner = self.owners.of_order(event.order_id)
        return self.session.limit(owner, self.instrument, event.order_id, event.side, event.size, event.price)

    def _reduce(self, event: Reduces) -> Operation | None:
        left = self._shrink(event.order_id, event.size)
        owner = self.owners.of_order(event.order_id)
        order = self.session.order(owner, self.instrument, event.order_id)
        if order is None:
            self._tally.cancels_skipped += 1
            return None
        if left and order.remaining > event.size:
            self._tally.replaced += 1
            return self.session.replace(owner, self.instrument, event.order_id, order.size - event.size, order.price)
        self._tally.cancelled += 1
        return self.session.cancel(owner, self.instrument, event.order_id)

    def _move(self, event: Moves) -> Operation | None:
        self._resting[event.order_id] = event.size
        owner = self.owners.of_order(event.order_id)
        order = self.session.order(owner, self.instrument, event.order_id)
        if order is None:
            self._tally.moves_skipped += 1
            return None
        self._tally.replaced += 1
        return self.session.replace(owner, self.instrument, event.order_id, order.filled + event.size, event.price)

    def _take(self, event: Takes) -> Operation:
        for fill in event.fills:
            self._shrink(fill.order_id, fill.size)
        self._tally.taken += 1
        return self.session.limit(
            self.owners.of_aggressor(event),
            self.instrument,
            taker_name(event),
            event.side,
            event.size,
            event.price,
            TimeInForce.IMMEDIATE_OR_CANCEL,
        )

    def _shrink(self, order_id: int, size: int) -> int:
        """What the venue lets remain of an order after taking size out of it."""
        left = self._resting.pop(order_id, 0) - size
        if left <= 0:
            return 0
        self._resting[order_id] = left
        return left
