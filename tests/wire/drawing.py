"""Values of any type that travels, drawn from its annotation, and states that a run of the machine really reaches."""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies
from immutables import Map

from settlespec.domain.errors import Malformed
from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import Place
from settlespec.domain.orders import OrderKind, TimeInForce
from settlespec.domain.quantities import MAX_DIGITS, Range
from settlespec.domain.state import State
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.genesis import PRESETS
from settlespec.machine.signatures import Ideal

Strategy = strategies.SearchStrategy[Any]

WIDEST: Final = 10**MAX_DIGITS - 1


def values(annotation: Any) -> Strategy:
    """Any value of a type; its integers keep to no range, as far as the wire carries them."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        limits = [note for note in arguments[1:] if isinstance(note, Range)]
        return integers(limits[0]) if limits else values(arguments[0])
    if origin in (Union, UnionType):
        return strategies.one_of(*map(values, arguments))
    if origin is tuple:
        return strategies.lists(values(arguments[0]), max_size=4).map(tuple)
    if origin is Map:
        return strategies.dictionaries(*map(values, arguments), max_size=4).map(Map)
    return plain(annotation)


def plain(kind: Any) -> Strategy:
    if kind is int:
        return integers(Range(-(2**40), 2**40))
    if kind is NoneType:
        return strategies.none()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return strategies.sampled_from(list(kind))
    if kind is Genesis:
        # Drawn terms hardly ever fit together; the codec of a genesis has tests of its own.
        return strategies.sampled_from([preset(Ideal()) for preset in PRESETS.values()])
    if attrs.has(kind):
        return records(kind)
    simple: dict[Any, Strategy] = {
        bool: strategies.booleans(),
        bytes: strategies.binary(max_size=70),
        str: strategies.text(alphabet=strategies.characters(codec="utf-8"), max_size=20),
    }
    return simple[kind]


def integers(limit: Range) -> Strategy:
    """Inside the range, at its borders and just beyond them, and as wide as the wire carries."""
    borders = strategies.sampled_from([limit.low - 1, limit.low, limit.high, limit.high + 1, -WIDEST, WIDEST, 0])
    return strategies.one_of(strategies.integers(limit.low, limit.high), borders)


@strategies.composite
def records(draw: strategies.DrawFn, kind: Any) -> Any:
    """A record; drawn anew in the rare case that its own constructor refuses the combination."""
    hints = get_type_hints(kind, include_extras=True)
    drawn = {field.name: draw(values(hints[field.name])) for field in attrs.fields(kind) if field.eq}
    if kind is Place:
        drawn |= consistent(drawn)
    try:
        return kind(**drawn)
    except (Malformed, ValueError):
        return draw(strategies.nothing())


def consistent(order: dict[str, Any]) -> dict[str, Any]:
    """The fields of an order without which no combination of kind and lifetime is well-formed."""
    rests = order["time_in_force"] is TimeInForce.GOOD_TILL_TIME
    kind = OrderKind.LIMIT if rests else order["kind"]
    return {
        "kind": kind,
        "price": 0 if kind is OrderKind.MARKET else order["price"] or 1,
        "good_till": order["good_till"] if rests else 0,
        "post_only": order["post_only"] and rests,
    }


def passed(seed: int, operations: int) -> Iterator[State]:
    """The states that a random walk on the preset `minimal` passes through, the first one included."""
    signer, flow = Ideal(), MinimalFlow(seed, operations)
    session = Session(flow.genesis(signer), signer)
    yield session.state
    for operation in islice(flow.operations(session), operations):
        session.submit(operation)
        yield session.state


def reached(seed: int, operations: int) -> State:
    """The state after so many operations of that walk."""
    state, *_ = deque(passed(seed, operations), maxlen=1)
    return state
