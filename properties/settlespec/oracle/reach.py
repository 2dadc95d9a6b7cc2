"""What a run could have reached, and what of it was never reached: a check that was never asked anything says nothing."""

from collections.abc import Mapping
from itertools import product
from typing import Final, get_args

from settlespec.domain.events import Event
from settlespec.domain.messages import Cause, Message
from settlespec.domain.operations import Operation
from settlespec.domain.orders import OrderKind, Removal, TimeInForce
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage

ORDER_KINDS: Final = (
    *(
        f"{kind} {lifetime}"
        for kind, lifetime in product(OrderKind, TimeInForce)
        if not (kind is OrderKind.MARKET and lifetime is TimeInForce.GOOD_TILL_TIME)
    ),
    "post_only",
    "reduce_only resting",
    "reduce_only immediate",
)
"""Kinds and lifetimes of orders, and what they may be besides; a market order never rests (TRADE-1)."""

REACHABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "operations": tuple(kind.__name__ for kind in get_args(Operation)),
    "inbox messages": tuple(kind.__name__ for kind in get_args(Message)),
    "order kinds": ORDER_KINDS,
    "rejection reasons": tuple(Reason),
    "removal causes": tuple(Removal),
    "claim causes": tuple(Cause),
    "round stages with tasks": tuple(stage.name for stage in Stage),
    "events": tuple(kind.__name__ for kind in get_args(Event)),
}
"""By subject, everything that there is, in the order of its declaration."""


def unreached(counts: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[str, ...]]:
    """By subject, what was reached zero times; a subject of which everything was reached has an empty entry.

    Args:
        counts: by subject of `REACHABLE`, how often each thing was reached.
    """
    return {
        subject: tuple(str(thing) for thing in things if not counts[subject].get(str(thing)))
        for subject, things in REACHABLE.items()
    }
