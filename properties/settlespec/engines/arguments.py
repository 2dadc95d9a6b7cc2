"""What the arguments of a law look like: the annotations, read once for every engine.

An argument is an integer with its declared range, a condition, one of an enumeration, or a record or a tuple of these.
"""

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, Flag
from functools import cache
from itertools import product
from typing import Any, TypeAlias

import attrs
from attrs import frozen

from settlespec.domain.quantities import Range
from settlespec.laws.statement import Argument, BadStatement, Only, Unbounded


@frozen
class IntegerLeaf:
    """An integer; None stands for no bound on that side."""

    low: int | None
    high: int | None


@frozen
class ConditionLeaf:
    """True or false."""


@frozen
class OneOf:
    """Values that stay concrete: each is a shape of its own."""

    values: tuple[object, ...]


@frozen
class RecordOf:
    """An attrs record, field by field."""

    type: Any
    fields: tuple[tuple[str, "Structure"], ...]
    """The names by which the constructor takes them, in order."""


@frozen
class TupleOf:
    """A tuple of fixed length."""

    items: tuple["Structure", ...]


Structure: TypeAlias = IntegerLeaf | ConditionLeaf | OneOf | RecordOf | TupleOf


def structure_of(annotation: Any) -> Structure:
    """Give the structure of what this annotation admits; a type that no engine can vary is refused."""
    base, notes = _unwrap(annotation)
    if base is int:
        return _integer(notes)
    if isinstance(base, type) and attrs.has(base):
        return _record(base, notes)
    if notes:
        raise BadStatement(f"{annotation!r}: {notes[-1]!r} says nothing of such an argument")
    if base is bool:
        return ConditionLeaf()
    if base is None or base is types.NoneType:
        return OneOf((None,))
    if isinstance(base, type) and issubclass(base, Enum):
        return _members(base)
    origin, inner = typing.get_origin(base), typing.get_args(base)
    if origin is tuple and Ellipsis not in inner:
        return TupleOf(tuple(structure_of(item) for item in inner))
    if origin is typing.Literal:
        return OneOf(inner)
    raise BadStatement(f"no engine can vary an argument of type {annotation!r}")


def _unwrap(annotation: Any) -> tuple[Any, tuple[object, ...]]:
    if typing.get_origin(annotation) is typing.Annotated:
        return annotation.__origin__, annotation.__metadata__
    return annotation, ()


def _integer(notes: tuple[object, ...]) -> IntegerLeaf:
    """The innermost range counts first: a law may narrow the range of a quantity, or lift it and set another."""
    leaf = IntegerLeaf(None, None)
    for note in notes:
        if isinstance(note, Range):
            leaf = _narrowed(leaf, note)
        elif isinstance(note, Unbounded):
            leaf = IntegerLeaf(None, None)
        else:
            raise BadStatement(
                f"{note!r} says nothing of an integer: Range(low, high) of the quantities does, or Unbounded()"
            )
    return leaf


def _narrowed(leaf: IntegerLeaf, limits: Range) -> IntegerLeaf:
    low = limits.low if leaf.low is None else max(leaf.low, limits.low)
    high = limits.high if leaf.high is None else min(leaf.high, limits.high)
    if low > high:
        raise BadStatement(f"{limits!r} leaves no integer: Unbounded() before it lifts the range of the quantity")
    return IntegerLeaf(low, high)


def _members(kind: type[Enum]) -> OneOf:
    if issubclass(kind, Flag):
        raise BadStatement(
            f"{kind.__name__} is a Flag, whose values are more than its members: take a condition for each"
        )
    return OneOf(tuple(kind))


def _record(record: Any, notes: tuple[object, ...]) -> RecordOf:
    given: dict[str, object] = {}
    for note in notes:
        if not isinstance(note, Only):
            raise BadStatement(f"{note!r} says nothing of a {record.__name__}: Only(field, value) does")
        given[note.field] = note.value
    hints = typing.get_type_hints(record, include_extras=True)
    fields = [field for field in attrs.fields(record) if field.init]
    strangers = given.keys() - {field.name for field in fields}
    if strangers:
        raise BadStatement(f"{record.__name__} has no field {', '.join(sorted(strangers))}")
    for name, value in given.items():
        _refuse_outside(f"{record.__name__}.{name}", hints[name], value)
    return RecordOf(
        record,
        tuple(
            (field.alias, OneOf((given[field.name],)) if field.name in given else structure_of(hints[field.name]))
            for field in fields
        ),
    )


def _refuse_outside(place: str, hint: Any, value: object) -> None:
    """The only value of a field is one that the field may have; of a type that no engine varies its type is looked at."""
    base, _ = _unwrap(hint)
    try:
        admitted = within(structure_of(hint), value)
    except BadStatement:
        admitted = not isinstance(base, type) or isinstance(value, base)
    if not admitted:
        raise BadStatement(f"{value!r} is no value of {place}")


@cache
def structures_of(arguments: tuple[Argument, ...]) -> dict[str, Structure]:
    """Give the structure of each argument by name."""
    return {argument.name: structure_of(argument.annotation) for argument in arguments}


def concrete_shapes(structures: Mapping[str, Structure]) -> Iterator[dict[str, Structure]]:
    """Give one assignment of structures per combination of enumeration members."""
    names = list(structures)
    for chosen in product(*(tuple(_resolved(structures[name])) for name in names)):
        yield dict(zip(names, chosen, strict=True))


def _resolved(structure: Structure) -> Iterator[Structure]:
    if isinstance(structure, OneOf):
        yield from (OneOf((value,)) for value in structure.values)
    elif isinstance(structure, TupleOf):
        for items in product(*(tuple(_resolved(item)) for item in structure.items)):
            yield TupleOf(items)
    elif isinstance(structure, RecordOf):
        names = [name for name, _ in structure.fields]
        for fields in product(*(tuple(_resolved(field)) for _, field in structure.fields)):
            yield RecordOf(structure.type, tuple(zip(names, fields, strict=True)))
    else:
        yield structure


def build(structure: Structure, name: str, leaf: Callable[[str, IntegerLeaf | ConditionLeaf], Any]) -> Any:
    """Give a value of this structure whose leaves come from `leaf`, called with the place of each: ``order.price``.

    Records are built with attrs validators as the caller left them; a structure with an open choice is refused.
    """
    if isinstance(structure, RecordOf):
        return structure.type(**{field: build(inner, f"{name}.{field}", leaf) for field, inner in structure.fields})
    if isinstance(structure, TupleOf):
        return tuple(build(inner, f"{name}[{place}]", leaf) for place, inner in enumerate(structure.items))
    if isinstance(structure, OneOf):
        if len(structure.values) != 1:
            raise BadStatement(f"{name} is still one of {len(structure.values)} values")
        return structure.values[0]
    return leaf(name, structure)


def within(structure: Structure, value: object) -> bool:
    """Whether a plain value is one that this structure admits, ranges included."""
    if isinstance(structure, IntegerLeaf):
        return (
            type(value) is int
            and (structure.low is None or structure.low <= value)
            and (structure.high is None or value <= structure.high)
        )
    if isinstance(structure, ConditionLeaf):
        return type(value) is bool
    if isinstance(structure, OneOf):
        return any(value is member or value == member for member in structure.values)
    if isinstance(structure, TupleOf):
        return (
            isinstance(value, tuple)
            and len(value) == len(structure.items)
            and all(within(inner, item) for inner, item in zip(structure.items, value, strict=True))
        )
    return type(value) is structure.type and all(
        within(inner, getattr(value, field)) for field, inner in _attributes(structure)
    )


def _attributes(structure: RecordOf) -> Iterator[tuple[str, Structure]]:
    names = {field.alias: field.name for field in attrs.fields(structure.type)}
    for alias, inner in structure.fields:
        yield names[alias], inner
