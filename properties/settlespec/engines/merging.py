"""What every reading of the rules shares: how the two arms of a choice become one value, and what is said where none can."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any

import attrs


class Unreadable(BaseException):
    """A reading cannot follow what the code does; it says so, and says nothing of the code, which may not catch it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        said = _SAID.get()
        if said is not None:
            said.append(self)


_SAID: ContextVar[list[Unreadable] | None] = ContextVar("_SAID", default=None)
"""What could not be read inside the block that runs now."""


@contextmanager
def readable() -> Iterator[None]:
    """Run a block; whatever it could not read is raised at its end too, so that a ``finally`` that returns hides nothing."""
    said: list[Unreadable] = []
    token = _SAID.set(said)
    try:
        yield
    finally:
        _SAID.reset(token)
        if said:
            raise said[0]


def is_never_a_number(value: object) -> bool:
    """Whether Python answers of this value, too, that it equals no integer: everything else might."""
    return value is None or isinstance(value, str | bytes | Enum) or attrs.has(type(value))


def merged(first: Any, second: Any, pick: Callable[[Any, Any], Any]) -> Any:
    """Give the value whose integers and conditions were picked from these two.

    Records of one type and plain tuples of one length merge field by field; anything else must be the same on both sides.

    Args:
        first, second: the arms of a choice.
        pick: merges two integers, or two conditions, of the reading; answers NotImplemented for any other pair.
    """
    if first is second:
        return first
    picked = pick(first, second)
    if picked is not NotImplemented:
        return picked
    if type(first) is tuple and type(second) is tuple and len(first) == len(second):
        return tuple(merged(one, other, pick) for one, other in zip(first, second, strict=True))
    if attrs.has(type(first)) and type(first) is type(second):
        return _merged_records(first, second, pick)
    # Two tuples of a class of its own may be equal and differ in what hangs on them.
    if type(first) is type(second) and not isinstance(first, tuple) and first == second:
        return first
    raise Unreadable(f"a choice between {type(first).__name__} and {type(second).__name__} under a condition")


def _merged_records(first: Any, second: Any, pick: Callable[[Any, Any], Any]) -> Any:
    """Field by field, past the constructor: it would convert once more what it has converted, and lose what it sets itself."""
    names = [field.name for field in attrs.fields(type(first))]
    _refuse_what_is_no_field(first, names)
    _refuse_what_is_no_field(second, names)
    record = object.__new__(type(first))
    for name in names:
        object.__setattr__(record, name, merged(getattr(first, name), getattr(second, name), pick))
    return record


def _refuse_what_is_no_field(record: Any, names: list[str]) -> None:
    """What a record holds beside its fields is not seen by a merge."""
    strangers = getattr(record, "__dict__", {}).keys() - set(names)
    slots = {slot for base in type(record).__mro__ for slot in _slots_of(base)} - {"__weakref__", "__dict__"}
    strangers |= {slot for slot in slots - set(names) if hasattr(record, slot)}
    if strangers or isinstance(record, tuple | list | dict | set | int | str | bytes):
        raise Unreadable(f"a choice between two {type(record).__name__}, which hold more than their fields")


def _slots_of(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
