"""How a value of each type travels: the JSON that stands for it, written and read.

Integers are decimal strings, enumerations stand by their value, bytes are lower-case hexadecimal, a map is an object keyed by decimal
strings, a tuple is an array, None is null, and a record is an object. A record that is one of several carries the snake_case of its
name as `type`. The types that msgspec reads and writes are made from the records themselves, so neither can forget a field.
"""

import re
from collections.abc import Callable
from enum import Enum, StrEnum
from functools import cache, reduce
from operator import attrgetter, or_
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec
from immutables import Map

from settlespec.domain.errors import Malformed
from settlespec.domain.quantities import MAX_DIGITS, Range
from settlespec.wire.derived import DERIVED

INTEGER_PATTERN: Final = f"^(0|-?[1-9][0-9]{{0,{MAX_DIGITS - 1}}})$"
"""One spelling for each integer: no leading zero, no plus, no minus before 0."""

BYTES_PATTERN: Final = "^([0-9a-f]{2})*$"

LIMIT: Final = 10**MAX_DIGITS

Convert = Callable[[Any], Any]


@attrs.frozen
class Shape:
    """One type on the wire."""

    wire: Any
    """What msgspec reads and writes, and makes the schema from."""
    write: Convert | None = None
    """From the value to the wire; None where both are the same."""
    read: Convert | None = None
    """Back; raises Malformed."""


def decimal(value: int) -> str:
    """The decimal string of an integer; one that no reader would take is not written.

    Raises:
        ValueError: more than `MAX_DIGITS` digits.
    """
    if -LIMIT < value < LIMIT:
        return int.__repr__(value)
    raise ValueError(f"an integer of more than {MAX_DIGITS} digits cannot be written")


def shape_of(annotation: Any, *, ranged: bool = False) -> Shape:
    """The shape of a type.

    Args:
        annotation: a type as a field declares it.
        ranged: whether an integer outside its declared range is malformed. Of an operation it is not: the machine answers.
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *notes = get_args(annotation)
        limits = [note for note in notes if isinstance(note, Range)]
        return _integer(limits[0], ranged) if base is int and limits else shape_of(base, ranged=ranged)
    if origin is Map:
        return _map(get_args(annotation), ranged)
    if origin is tuple:
        return _tuple(get_args(annotation), ranged)
    if origin in (Union, UnionType):
        return _union(get_args(annotation), ranged)
    return _plain(annotation, ranged)


def _plain(kind: Any, ranged: bool) -> Shape:
    if kind is int:
        return _integer(None, ranged)
    if kind in (bool, str, NoneType):
        return Shape(kind)
    if kind is bytes:
        return Shape(Annotated[str, msgspec.Meta(pattern=BYTES_PATTERN)], bytes.hex, bytes.fromhex)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Shape(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        members = {str(member.value): member for member in kind}
        spelled = {member: name for name, member in members.items()}
        return Shape(Literal[tuple(members)], spelled.__getitem__, members.__getitem__)
    if attrs.has(kind):
        return record_shape(kind, False, ranged)
    raise TypeError(f"{kind} has no shape on the wire")


def _integer(limit: Range | None, ranged: bool) -> Shape:
    if limit is None:
        return Shape(Annotated[str, msgspec.Meta(pattern=INTEGER_PATTERN)], decimal, int)
    meta = msgspec.Meta(pattern=INTEGER_PATTERN, description=f"An integer from {limit.low} to {limit.high}.")
    return Shape(Annotated[str, meta], decimal, _within(limit) if ranged else int)


def _within(limit: Range) -> Convert:
    low, high = limit.low, limit.high

    def read(digits: str) -> int:
        value = int(digits)
        if low <= value <= high:
            return value
        raise Malformed(f"{value} is outside its range", remedy=f"use {low} to {high}")

    return read


def _map(arguments: tuple[Any, ...], ranged: bool) -> Shape:
    key, value = (shape_of(argument, ranged=ranged) for argument in arguments)
    read_key, write_value, read_value = key.read or _same, value.write or _same, value.read or _same

    def write(content: Map[int, Any]) -> dict[str, Any]:
        return {decimal(name): write_value(held) for name, held in content.items()}

    def read(content: dict[str, Any]) -> Map[int, Any]:
        found = {}
        for name, held in content.items():
            try:
                found[read_key(name)] = read_value(held)
            except Malformed as fault:
                raise fault.within(name) from fault
        return Map(found)

    return Shape(GenericAlias(dict, (key.wire, value.wire)), write, read)


def _tuple(arguments: tuple[Any, ...], ranged: bool) -> Shape:
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        raise TypeError(f"a tuple of {arguments} has no shape on the wire: only tuples of one kind and any length have")
    member = shape_of(arguments[0], ranged=ranged)
    write_member, read_member = member.write, member.read

    def write(content: tuple[Any, ...]) -> Any:
        return content if write_member is None else [*map(write_member, content)]

    def read(content: tuple[Any, ...]) -> tuple[Any, ...]:
        found = []
        for place, held in enumerate(content):
            try:
                found.append(held if read_member is None else read_member(held))
            except Malformed as fault:
                raise fault.within(f"[{place}]") from fault
        return tuple(found)

    return Shape(GenericAlias(tuple, (member.wire, ...)), write, read)


def _union(arguments: tuple[Any, ...], ranged: bool) -> Shape:
    """One of several: told apart by its JSON type, and records by their tag."""
    several = sum(map(attrs.has, arguments)) > 1 or len(arguments) > 2
    write: dict[Any, Convert] = {}
    read: dict[Any, Convert] = {}
    wires = []
    for argument in arguments:
        base = get_args(argument)[0] if get_origin(argument) is Annotated else argument
        if attrs.has(base):
            shape = record_shape(base, several, ranged)
            wire_kind = shape.wire
        else:
            shape = shape_of(argument, ranged=ranged)
            wire_kind = NoneType if base is NoneType else str
        wires.append(shape.wire)
        write[base] = shape.write or _same
        read[wire_kind] = shape.read or _same
    return Shape(reduce(or_, wires), lambda value: write[type(value)](value), lambda wire: read[type(wire)](wire))


@cache
def record_shape(kind: Any, tagged: bool, ranged: bool) -> Shape:
    """A record: an object with every field that counts in its equality and cannot be derived from the others."""
    derived = DERIVED.get(kind)
    omitted = () if derived is None else derived.fields
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in attrs.fields(kind) if field.eq and field.name not in omitted]
    shapes = {name: shape_of(hints[name], ranged=ranged) for name in names}
    struct = msgspec.defstruct(
        kind.__name__,
        [(name, shape.wire) for name, shape in shapes.items()],
        namespace={"__doc__": sentence_of(kind)},
        frozen=True,
        forbid_unknown_fields=True,
        tag_field="type" if tagged else None,
        tag=snake_case(kind.__name__) if tagged else None,
    )
    complete = None if derived is None else derived.complete
    return Shape(struct, _writer(struct, shapes), _reader(kind, shapes, complete))


def _fetch(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the fields out of a record or struct, always as a tuple."""
    if not names:
        return lambda _: ()
    fetch = attrgetter(*names)
    return (lambda record: (fetch(record),)) if len(names) == 1 else fetch


def _writer(struct: Any, shapes: dict[str, Shape]) -> Convert:
    fetch = _fetch(list(shapes))
    converts = [(place, shape.write) for place, shape in enumerate(shapes.values()) if shape.write is not None]

    def write(record: Any) -> Any:
        words = list(fetch(record))
        for place, convert in converts:
            words[place] = convert(words[place])
        return struct(*words)

    return write


def _reader(
    kind: Any, shapes: dict[str, Shape], complete: Callable[[dict[str, Any]], dict[str, Any]] | None
) -> Convert:
    names = list(shapes)
    fetch = _fetch(names)
    converts = [(place, shape.read) for place, shape in enumerate(shapes.values()) if shape.read is not None]
    in_order = names == [field.name for field in attrs.fields(kind)]

    def build(words: list[Any]) -> Any:
        if in_order:
            return kind(*words)
        values = dict(zip(names, words, strict=True))
        return kind(**values, **(complete(values) if complete is not None else {}))

    def read(struct: Any) -> Any:
        words = list(fetch(struct))
        for place, convert in converts:
            try:
                words[place] = convert(words[place])
            except Malformed as fault:
                raise fault.within(names[place]) from fault
        try:
            return build(words)
        except ValueError as fault:
            # A record that refuses its own content: one threshold too low, one mark too few.
            raise Malformed(str(fault), remedy="choose values that fit together") from fault

    return read


def snake_case(name: str) -> str:
    """``BeginRound`` is written ``begin_round``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def sentence_of(kind: Any) -> str:
    """The first line of a record's docstring, for the schema."""
    return str(kind.__doc__).partition("\n")[0]


def _same(value: Any) -> Any:
    return value
