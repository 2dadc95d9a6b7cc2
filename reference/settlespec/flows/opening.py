"""Orders that a LOBSTER file changes but never shows as new.

Such an order rested before the first row, or entered outside the levels that the file records.
Its size is at least all that is taken out of it later, and exactly that when it goes before the file ends.
Order ids grow with time: an id below that of the first row's order means that it rested before,
and any other id says where in the file it was added.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from attrs import evolve

from settlespec.domain.orders import Side
from settlespec.flows.message import FlowFlag, FlowKind, FlowMessage

REDUCTIONS = (FlowKind.CANCEL, FlowKind.FILL)


def unseen_orders(rows: Iterable[FlowMessage]) -> list[FlowMessage]:
    """One ADD message for each order that is changed without having been added, in the order of the ids.

    Holds the live orders and the unseen ones, not the file.
    """
    live: dict[int, int] = {}
    unseen: dict[int, FlowMessage] = {}
    for row in rows:
        if row.kind is FlowKind.ADD:
            live[row.order_id] = row.size
        elif row.kind in REDUCTIONS:
            if row.order_id in live:
                live[row.order_id] -= row.size
                if live[row.order_id] <= 0:
                    del live[row.order_id]
            elif row.order_id in unseen:
                known = unseen[row.order_id]
                unseen[row.order_id] = evolve(known, size=known.size + row.size)
            else:
                unseen[row.order_id] = evolve(row, kind=FlowKind.ADD, flag=FlowFlag.LATE)
    return [unseen[order_id] for order_id in sorted(unseen)]


def with_unseen_orders(rows: Iterator[FlowMessage], unseen: list[FlowMessage]) -> Iterator[FlowMessage]:
    """The rows, with the unseen orders at the start as SNAP and later as ADD flagged ``late``.

    A late order comes just before the first new order with a larger id, at its time, or before its own first change.
    """
    first = next(rows, None)
    if first is None:
        return
    yield from _snapshot(first, [order for order in unseen if order.order_id < first.order_id])
    late = [order for order in unseen if order.order_id >= first.order_id]
    for row in chain([first], rows):
        while late and (
            (row.kind is FlowKind.ADD and row.order_id > late[0].order_id)
            or (row.kind in REDUCTIONS and row.order_id >= late[0].order_id)
        ):
            yield evolve(late.pop(0), time_nanoseconds=row.time_nanoseconds)
        yield row


def _snapshot(first: FlowMessage, resting: list[FlowMessage]) -> Iterator[FlowMessage]:
    """Bids from the best down, then asks from the best up, each price in the order of arrival."""
    time = max(0, first.time_nanoseconds - 1)
    bids = sorted((order for order in resting if order.side is Side.BUY), key=lambda order: -order.price)
    asks = sorted((order for order in resting if order.side is Side.SELL), key=lambda order: order.price)
    for order in (*bids, *asks):
        yield evolve(order, time_nanoseconds=time, kind=FlowKind.SNAP, flag=FlowFlag.NONE)
