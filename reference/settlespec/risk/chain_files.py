"""Readers of option chains: rows of four formats, told apart by their headers, as one kind of quote.

Prices stay floats in the units of the file; columns that no rule asks for are not looked at.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from attrs import frozen

from settlespec.domain.quantities import MAX_DIGITS, TIME, Milliseconds
from settlespec.flows.fields import Place, columns, shown, whole_number
from settlespec.flows.lines import numbered_lines
from settlespec.risk.black76 import Right

DAY: Final = 86_400_000
"""Milliseconds."""

HIGHEST: Final = 1e12
"""Above every index, coin or strike."""

LARGEST_PERCENT: Final = 1e5

EPOCH: Final = date(1970, 1, 1)

NUMBER: Final = re.compile(r"\d+(\.\d+)?(e[+-]?\d{1,3})?", re.ASCII)
DAY_FORMS: Final = (re.compile(r"\d{8}", re.ASCII), re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII))
NAME: Final = re.compile(r"[A-Z]{2,8}-(\d{1,2})([A-Z]{3})(\d{2})-\d{1,12}-[CP]", re.ASCII)
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

RIGHTS: Final[Mapping[str, Right]] = {"C": Right.CALL, "P": Right.PUT, "call": Right.CALL, "put": Right.PUT}


@frozen
class ChainQuote:
    """One row of a chain; what the format does not have is None."""

    line: int
    expiry: Milliseconds
    strike: float
    right: Right
    bid: float | None = None
    """0 where the venue shows none."""
    ask: float | None = None
    """0 where the venue shows none."""
    close: float | None = None
    volatility: float | None = None
    """That the venue states, a year."""
    underlying: float | None = None
    """Price of what the option is written on."""
    time: Milliseconds | None = None
    """Of the quote."""


LEAN_OPTION: Final = (
    "expiry", "strike", "right", "open", "high", "low", "close", "volume", "open_interest", "implied_volatility", "delta", "gamma",
    "vega", "theta", "rho",
)  # fmt: skip
LEAN_FUTURE_OPTION: Final = (
    "underlying_close", "expiry", "strike", "right", "open", "high", "low", "close", "volume", "open_interest",
)  # fmt: skip
YAHOO: Final = (
    "contractSymbol", "lastTradeDate", "strike", "lastPrice", "bid", "ask", "volume", "openInterest", "impliedVolatility",
    "inTheMoney", "option_type", "expiration",
)  # fmt: skip
DERIBIT: Final = ("instrument_name", "timestamp", "option_type", "strike", "mark_iv")


def chain_quotes(path: Path) -> Iterator[ChainQuote]:
    """The rows of a chain, as they are reached.

    Raises:
        BadInput: the header is that of no known format, or at the first row that is refused.
        OSError: the file is missing or may not be read.
    """
    file = str(path)
    lines = numbered_lines(path)
    number, header = next(lines)
    names = tuple(header.split(","))
    if names not in FORMATS:
        place = Place(file, number)
        raise place.refused(
            f"the header is {shown(header)}", remedy="give a chain in one of the formats of docs/risk.md"
        )
    for number, text in lines:
        place = Place(file, number)
        yield FORMATS[names](dict(zip(names, columns(text, names, place), strict=True)), place)


def _lean_option(row: Mapping[str, str], place: Place) -> ChainQuote:
    return ChainQuote(
        place.line,
        _day(row, "expiry", place),
        _strike(row, place),
        _right(row, "right", place),
        close=_number(row, "close", HIGHEST, place),
    )


def _lean_future_option(row: Mapping[str, str], place: Place) -> ChainQuote:
    underlying = _number(row, "underlying_close", HIGHEST, place)
    if underlying == 0.0:
        raise place.refused("an underlying of 0", "underlying_close", "give its price")
    return ChainQuote(
        place.line,
        _day(row, "expiry", place),
        _strike(row, place),
        _right(row, "right", place),
        close=_number(row, "close", HIGHEST, place),
        underlying=underlying,
    )


def _yahoo(row: Mapping[str, str], place: Place) -> ChainQuote:
    return ChainQuote(
        place.line,
        _day(row, "expiration", place),
        _strike(row, place),
        _right(row, "option_type", place),
        bid=_number(row, "bid", HIGHEST, place),
        ask=_number(row, "ask", HIGHEST, place),
    )


def _deribit(row: Mapping[str, str], place: Place) -> ChainQuote:
    name = row["instrument_name"]
    found = NAME.fullmatch(name)
    if found is None or found[2] not in MONTHS:
        raise place.refused(f"{shown(name)} names no option", "instrument_name", "give names like BTC-24JUN22-30000-C")
    day, month, year = int(found[1]), MONTHS.index(found[2]) + 1, 2000 + int(found[3])
    percent = _number(row, "mark_iv", LARGEST_PERCENT, place)
    quote = ChainQuote(
        place.line,
        # Deribit's options expire at eight in the morning, UTC.
        _milliseconds(year, month, day, "instrument_name", place) + DAY // 3,
        _strike(row, place),
        _right(row, "option_type", place),
        volatility=percent / 100,
        time=whole_number(row["timestamp"], TIME, place, "timestamp"),
    )
    _, _, strike, letter = name.split("-")
    for field, same in (("strike", float(strike) == quote.strike), ("option_type", RIGHTS[letter] is quote.right)):
        if not same:
            raise place.refused(f"{shown(row[field])} is not that of {name}", field, "mend the name or the column")
    return quote


FORMATS: Final[Mapping[tuple[str, ...], Callable[[Mapping[str, str], Place], ChainQuote]]] = {
    LEAN_OPTION: _lean_option,
    LEAN_FUTURE_OPTION: _lean_future_option,
    YAHOO: _yahoo,
    DERIBIT: _deribit,
}


def _number(row: Mapping[str, str], field: str, highest: float, place: Place) -> float:
    """A decimal number from 0 to the highest; the length is looked at before anything is converted."""
    text = row[field]
    if len(text) > MAX_DIGITS:
        raise place.refused(
            f"a number of {len(text):,} characters, more than {MAX_DIGITS}", field, "give a number in its range"
        )
    if NUMBER.fullmatch(text) is None:
        raise place.refused(f"{shown(text)} is not a decimal number", field, "give a number like 12.5, not negative")
    value = float(text)
    if value > highest:
        raise place.refused(f"{shown(text)} is more than {highest:.0e}", field, "check the units of the column")
    return value


def _strike(row: Mapping[str, str], place: Place) -> float:
    strike = _number(row, "strike", HIGHEST, place)
    if strike < 1 / HIGHEST:
        raise place.refused(f"a strike of {shown(row['strike'])}", "strike", "give a positive strike")
    return strike


def _right(row: Mapping[str, str], field: str, place: Place) -> Right:
    if row[field] not in RIGHTS:
        raise place.refused(f"{shown(row[field])} is neither call nor put", field, f"give one of {', '.join(RIGHTS)}")
    return RIGHTS[row[field]]


def _day(row: Mapping[str, str], field: str, place: Place) -> Milliseconds:
    text = row[field]
    if not any(form.fullmatch(text) for form in DAY_FORMS):
        raise place.refused(f"{shown(text)} is not a day", field, "give it as 20260320 or 2026-03-20")
    digits = text.replace("-", "")
    return _milliseconds(int(digits[:4]), int(digits[4:6]), int(digits[6:]), field, place)


def _milliseconds(year: int, month: int, day: int, field: str, place: Place) -> Milliseconds:
    try:
        days = (date(year, month, day) - EPOCH).days
    except ValueError as error:
        raise place.refused("no such day in the calendar", field, "give a day that exists") from error
    if days < 0:
        raise place.refused("a day before 1970", field, "give the day of the expiry")
    return days * DAY
