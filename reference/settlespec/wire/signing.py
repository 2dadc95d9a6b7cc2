"""The bytes that are signed: bound to chain, rollup and operation type (rule SIGN-1).

The content is a canonical JSON array of strings: chain, rollup, operation type, then every field but the signature in alphabetical
order of its name. Integers are decimal, enumerations stand by their value, booleans are ``true`` and ``false``, bytes are lower-case
hexadecimal; the quotes of a statement are one string of ``instrument:mark:rate``, of an option with its losses behind it, joined by
commas.
"""

from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, get_type_hints

import attrs

from settlespec.domain.instruments import Quote, RoundStatement, SettlementStatement
from settlespec.domain.operations import SIGNED_TYPES, Signed


def signed_bytes(chain: int, rollup: int, content: Signed | RoundStatement | SettlementStatement) -> bytes:
    """SIGN-1: what the owner (of a statement: each oracle) signs.

    Args:
        chain, rollup: the domain for which the signature is meant.
        content: the operation, whose own signature is left out.
    """
    kind: Any = type(content)
    template, values, worded = _layout(kind)
    words: list[Any] = list(values(content))
    for place in worded:
        words[place] = _word(words[place])
    return (template % (chain, rollup, *words)).encode()


@cache
def _layout(kind: Any) -> tuple[str, Callable[[object], tuple[Any, ...]], tuple[int, ...]]:
    """The array with a place for each word, what fetches the fields, and which of them are no plain integers."""
    names = sorted(field.name for field in attrs.fields(kind) if field.name not in ("signature", "chain", "rollup"))
    hints = get_type_hints(kind)
    worded = tuple(place for place, name in enumerate(names) if hints[name] is not int)
    words = ["%s", "%s", SIGNED_TYPES[kind].value, *("%s" for _ in names)]
    return '["' + '","'.join(words) + '"]', attrgetter(*names), worded


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return ",".join(_quote(quote) for quote in value)
    raise TypeError(f"{type(value).__name__} is not a signed field")


def _quote(quote: Quote) -> str:
    return ":".join(map(str, (quote.instrument, quote.mark, quote.funding_rate, *quote.losses)))
