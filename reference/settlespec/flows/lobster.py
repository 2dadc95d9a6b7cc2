"""Rows of a raw LOBSTER message file: ``time,type,order id,size,price,direction``, without a header.

The direction is that of the resting order, also on an execution.
Times are seconds after midnight, to the nanosecond.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from settlespec.arithmetic.integers import floor_div
from settlespec.domain.orders import Side
from settlespec.domain.quantities import IDENTIFIER, PRICE, SIZE, Range
from settlespec.flows.continuity import ColumnNames, Continuity
from settlespec.flows.fields import Place, columns, on_step, shown, whole_number
from settlespec.flows.lines import numbered_lines
from settlespec.flows.message import NANOSECONDS, FlowFlag, FlowKind, FlowMessage, FlowTerms
from settlespec.flows.opening import unseen_orders, with_unseen_orders

COLUMNS: Final = ("time", "type", "order id", "size", "price", "direction")

COMPARED: Final = ColumnNames(time="time", order_id="order id", side="direction")

KINDS: Final[Mapping[str, FlowKind]] = {
    "1": FlowKind.ADD,
    "2": FlowKind.CANCEL,
    "3": FlowKind.CANCEL,
    "4": FlowKind.FILL,
    "5": FlowKind.HIDDEN,
    "6": FlowKind.TRADE,
    "7": FlowKind.HALT,
}
"""New, partial cancel, delete, visible execution, hidden execution, cross (an auction's print), halt."""

HALTS: Final[Mapping[str, FlowFlag]] = {"-1": FlowFlag.HALTED, "0": FlowFlag.QUOTING, "1": FlowFlag.TRADING}
"""What the price column of a halt says."""

DIRECTIONS: Final[Mapping[str, Side]] = {"1": Side.BUY, "-1": Side.SELL}

NANOSECONDS_OF_SECOND: Final = 10**9

DECIMALS: Final = 12
"""Nine say all that the venue knows; one row of the sample has twelve, the trace of a binary fraction on its way."""

SECONDS_OF_DAY: Final = Range(0, 86_400)


def looks_like_lobster(text: str) -> bool:
    """Whether a first line has the shape of a LOBSTER message: six columns, a digit first."""
    return text.count(",") == len(COLUMNS) - 1 and text[0].isascii() and text[0].isdigit()


def lobster_messages(path: Path, terms: FlowTerms) -> Iterator[FlowMessage]:
    """The messages of a file, with the orders that must have rested before its first row as SNAP messages.

    Reads the file twice: what the venue never showed as new is known only from the rows that change it.
    The faults of single rows show in the first reading, before any message is given out; times and order ids are compared
    in the second.

    Raises:
        BadInput: at the first row that is refused; or the file cannot be read twice.
    """
    if not path.is_file():
        raise Place(str(path), 1).refused(
            "a LOBSTER file is read twice, this one can be read once only", remedy="save it as a file"
        )
    unseen = unseen_orders(_rows(path, terms))
    continuity = Continuity(COMPARED)
    for message in with_unseen_orders(_rows(path, terms), unseen):
        continuity.admit(message, Place(str(path), message.line))
        yield message


def _rows(path: Path, terms: FlowTerms) -> Iterator[FlowMessage]:
    file = str(path)
    return _messages(numbered_lines(path), file, terms)


def _messages(lines: Iterable[tuple[int, str]], file: str, terms: FlowTerms) -> Iterator[FlowMessage]:
    for line, text in lines:
        place = Place(file, line)
        yield _message(columns(text, COLUMNS, place), place, terms)


def _message(values: list[str], place: Place, terms: FlowTerms) -> FlowMessage:
    time_text, kind_text, order_text, size_text, price_text, direction_text = values
    time = terms.midnight_nanoseconds + nanoseconds_after_midnight(time_text, place)
    if time not in NANOSECONDS:
        raise place.refused(f"{time} nanoseconds are past {NANOSECONDS.high}", "time", "state an earlier midnight")
    if kind_text not in KINDS:
        raise place.refused(f"{shown(kind_text)} is no known type", "type", f"give one of {', '.join(KINDS)}")
    kind = KINDS[kind_text]
    if kind is FlowKind.HALT:
        if price_text not in HALTS:
            raise place.refused(f"{shown(price_text)} is no state of a halt", "price", "give -1, 0 or 1")
        return FlowMessage(place.line, time, kind, 0, None, 0, 0, HALTS[price_text])
    price = whole_number(price_text, PRICE, place, "price")
    size = whole_number(size_text, SIZE, place, "size")
    if kind is FlowKind.TRADE:
        # A cross names no order, and its direction says nothing.
        return FlowMessage(place.line, time, kind, 0, None, price, size, FlowFlag.NONE)
    if direction_text not in DIRECTIONS:
        raise place.refused(f"{shown(direction_text)} is no direction", "direction", "give 1 for buy or -1 for sell")
    # A hidden order may rest between two steps, at the middle of the best bid and ask.
    if kind is not FlowKind.HIDDEN:
        on_step(price, terms.price_step, place)
    order_id = whole_number(order_text, IDENTIFIER, place, "order id")
    return FlowMessage(place.line, time, kind, order_id, DIRECTIONS[direction_text], price, size, FlowFlag.NONE)


def nanoseconds_after_midnight(text: str, place: Place) -> int:
    """A time in seconds, converted exactly in integers; what lies below a nanosecond is rounded to the nearest."""
    seconds, _, decimals = text.partition(".")
    if len(decimals) > DECIMALS:
        raise place.refused(
            f"a time with {len(decimals):,} decimals, more than {DECIMALS}", "time", "give whole nanoseconds"
        )
    whole = whole_number(seconds, SECONDS_OF_DAY, place, "time") * NANOSECONDS_OF_SECOND
    if not decimals:
        return whole
    fraction = whole_number(decimals.ljust(DECIMALS, "0"), Range(0, 10**DECIMALS - 1), place, "time")
    unit = 10**DECIMALS // NANOSECONDS_OF_SECOND
    return whole + floor_div(fraction + unit // 2, unit)
