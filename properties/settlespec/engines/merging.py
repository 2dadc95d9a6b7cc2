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

    Records of one type and tuples of one length merge field by field; anything else must be the same on both sides.

    Args:
        first, second: the arms of a choice.
        pick: merges two integers, or two conditions, of the reading; answers NotImplemented for any other pair.
    """
    if first is second:
        return first
    picked = pick(first, second)
    if picked is not NotImplemented:
        return picked
    if isinstance(first, tuple) and type(first) is type(second) and len(first) == len(second):
        return type(first)(merged(one, other, pick) for one, other in zip(first, second, strict=True))
    if attrs.has(type(first)) and type(first) is type(second):
        return _merged_records(first, second, pick)
    if type(first) is type(second) and first == second:
        return first
    raise Unreadable(f"a choice between {type(first).__name__} and {type(second).__name__} under a condition")


def _merged_records(first: Any, second: Any, pick: Callable[[Any, Any], Any]) -> Any:
    fields = {
        field.alias: merged(getattr(first, field.name), getattr(second, field.name), pick)
        for field in attrs.fields(type(first))
        if field.init
    }
    return type(first)(**fields)
