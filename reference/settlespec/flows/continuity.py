"""What one row must be to those before it: later in time, and about an order that is there."""

from attrs import frozen

from settlespec.domain.orders import Side
from settlespec.flows.fields import Place
from settlespec.flows.message import MAX_LIVE_ORDERS, FlowFlag, FlowKind, FlowMessage


@frozen
class ColumnNames:
    """What a format calls the columns that are compared between rows."""

    time: str
    order_id: str
    side: str


class Continuity:
    """The orders that live at this row of a flow, and the time that it has reached.

    Holds the side and the remaining size of the live orders only, so its memory does not grow with the file.
    """

    def __init__(self, names: ColumnNames, most_live_orders: int = MAX_LIVE_ORDERS) -> None:
        self._names = names
        self._most_live_orders = most_live_orders
        self._time = 0
        self._live: dict[int, tuple[Side | None, int]] = {}

    def admit(self, message: FlowMessage, place: Place) -> None:
        """Take the row in, or refuse it.

        Raises:
            BadInput: time runs backwards; a new order has the id of a live one; an order that is not there is changed,
                or is said to be on the other side; more orders live than this reader holds.
        """
        if message.time_nanoseconds < self._time:
            raise place.refused(
                f"time runs backwards, from {self._time} to {message.time_nanoseconds} nanoseconds",
                self._names.time,
                "sort the rows as the venue sent them",
            )
        self._time = message.time_nanoseconds
        if message.kind in (FlowKind.SNAP, FlowKind.ADD):
            self._insert(message, place)
        elif message.kind in (FlowKind.CANCEL, FlowKind.MODIFY, FlowKind.FILL):
            self._change(message, place)

    def _insert(self, message: FlowMessage, place: Place) -> None:
        if message.order_id in self._live:
            raise place.refused(
                f"order {message.order_id} is live already", self._names.order_id, "give every order an id of its own"
            )
        if len(self._live) >= self._most_live_orders:
            raise place.refused(
                f"more than {self._most_live_orders:,} orders live at once",
                self._names.order_id,
                "split the flow by instrument",
            )
        self._live[message.order_id] = (message.side, message.size)

    def _change(self, message: FlowMessage, place: Place) -> None:
        if message.flag is FlowFlag.UNKNOWN:
            return
        if message.order_id not in self._live:
            raise place.refused(
                f"{message.kind} of order {message.order_id}, which is not live",
                self._names.order_id,
                "start the flow with the orders that rest, as SNAP rows",
            )
        side, remaining = self._live[message.order_id]
        if message.side is not side:
            raise place.refused(
                f"order {message.order_id} is on the other side", self._names.side, "give the side of the resting order"
            )
        left = message.size if message.kind is FlowKind.MODIFY else remaining - message.size
        if left > 0:
            self._live[message.order_id] = (side, left)
        else:
            del self._live[message.order_id]
