"""Arguments of a law as JSON can carry them, and back: for a report, and for what is kept from an earlier run."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import attrs

from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, OneOf, RecordOf, Structure, TupleOf, within

MOST_DIGITS: Final = 1_000
"""Digits of an integer that is read back: no solver answers with more, and a longer one costs more than asking again."""


_DECIMAL: Final = re.compile("-?[0-9]+")


class NotPlain(Exception):
    """What is read back is not the plain form of any arguments of this law."""


def as_plain(value: Any) -> Any:
    """Give a value as JSON can carry it: integers as decimal strings, members by name, records by field.

    >>> as_plain((2**64, True, None))
    ['18446744073709551616', True, None]
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(item) for item in value]
    if attrs.has(type(value)):
        return {field.name: as_plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    raise TypeError(f"no JSON for {type(value).__name__}")


def arguments_from_plain(structures: Mapping[str, Structure], plain: object) -> dict[str, Any]:
    """Give the arguments of which this is the plain form.

    Raises:
        NotPlain: the form is of other arguments, or of none.
    """
    given = _named(plain, structures)
    with attrs.validators.disabled():
        arguments = {name: _value(structure, given[name]) for name, structure in structures.items()}
    if not all(within(structures[name], value) for name, value in arguments.items()):
        raise NotPlain("an argument leaves its range")
    return arguments


def _value(structure: Structure, plain: object) -> Any:
    match structure:
        case IntegerLeaf():
            return _integer(plain)
        case ConditionLeaf():
            return _condition(plain)
        case OneOf():
            return _member(structure, plain)
        case TupleOf():
            if not isinstance(plain, list) or len(plain) != len(structure.items):
                raise NotPlain(f"{len(structure.items)} items are expected")
            return tuple(_value(inner, item) for inner, item in zip(structure.items, plain, strict=True))
        case RecordOf():
            return _record(structure, plain)


def _integer(plain: object) -> int:
    if not isinstance(plain, str) or len(plain) > MOST_DIGITS or not _DECIMAL.fullmatch(plain):
        raise NotPlain("an integer stands as a decimal string")
    return int(plain)


def _condition(plain: object) -> bool:
    if not isinstance(plain, bool):
        raise NotPlain("a condition is true or false")
    return plain


def _member(structure: OneOf, plain: object) -> object:
    for member in structure.values:
        if as_plain(member) == plain:
            return member
    raise NotPlain("a member has one of its names")


def _record(structure: RecordOf, plain: object) -> Any:
    names = {field.alias: field.name for field in attrs.fields(structure.type)}
    inner = {names[alias]: (alias, kind) for alias, kind in structure.fields}
    given = _named(plain, inner)
    return structure.type(**{alias: _value(kind, given[name]) for name, (alias, kind) in inner.items()})


def _named(plain: object, expected: Mapping[str, object]) -> dict[str, object]:
    if not isinstance(plain, dict) or not plain.keys() >= expected.keys():
        raise NotPlain(f"expected are {', '.join(expected)}")
    return plain
