"""Whether a record holds exactly what its fields declare, since nothing else sees to that (rules TYPE-1, TYPE-2)."""

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from attrs import has

from settlespec.domain.errors import BadInput


def mistyped(record: Any) -> str | None:
    """TYPE-1: the first field whose value is not exactly of its declared type, a truth value being no integer; none where all are."""
    for name, kind in kinds(record.__class__).items():
        if not fits(getattr(record, name), kind):
            return name
    return None


@cache
def kinds(record: Any) -> dict[str, Any]:
    """The declared type of each field of a kind of record."""
    return get_type_hints(record)


def fits(value: object, kind: Any) -> bool:
    """TYPE-2: a value is of a type if its own type is that very one; of a tuple all members are looked at, of a record all fields.

    A type that is declared as `object` takes anything.
    """
    outer, inner = get_origin(kind), get_args(kind)
    if kind is object:
        return True
    if outer in (Union, UnionType):
        return any(fits(value, each) for each in inner)
    if outer is tuple:
        return type(value) is tuple and all(fits(item, inner[0]) for item in value)
    # Not type(value): a symbol of a prover says here for what it stands.
    return value.__class__ is kind and not (has(kind) and mistyped(value) is not None)


def refuse_mistyped(record: Any) -> None:
    """What somebody chose as parameters is of the declared types.

    Raises:
        BadInput: naming the parameter.
    """
    name = mistyped(record)
    if name is not None:
        value = getattr(record, name)
        kind = kinds(record.__class__)[name]
        raise BadInput(
            f"{type(value).__name__} is not what this takes",
            field=name,
            remedy=f"give {getattr(kind, '__name__', str(kind))}",
        )
