"""Tables as text, for whoever draws them, and how figures are written in them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from attrs import frozen

QUANTUMS_PER_UNIT: Final = 1_000_000
"""A quote quantum is a millionth of the collateral unit."""


@frozen
class Column:
    """One column: its heading, whether it holds figures, and whether it may be broken over lines."""

    heading: str
    figures: bool = False
    wraps: bool = False
    optional: bool = False
    """Whether a narrow place does without it, as it only explains."""


@frozen
class PlainTable:
    """A table as text, for whoever draws it."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def count(number: int) -> str:
    """A figure with thousands separators."""
    return f"{number:,}"


def money(quantums: int, *, in_full: bool = False) -> str:
    """Quantums as collateral units: less than one unit in full, more with two decimals, cut; exact figures stand in the JSON."""
    sign = "-" if quantums < 0 else ""
    whole, rest = divmod(abs(quantums), QUANTUMS_PER_UNIT)
    if quantums == 0:
        return "0"
    if in_full or not whole:
        return f"{sign}{whole:,}.{rest:06d}"
    return f"{sign}{whole:,}.{rest * 100 // QUANTUMS_PER_UNIT:02d}"


def money_of(amounts: Iterable[int]) -> Callable[[int], str]:
    """How the money of one table is written: all of it in full where any is less than one unit, so that shares can be worked out again."""
    return partial(money, in_full=any(0 < abs(amount) < QUANTUMS_PER_UNIT for amount in amounts))
