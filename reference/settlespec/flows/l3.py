"""Rows of the common order-by-order schema: ``seq,ts_ns,type,order_id,side,price,qty,flag``."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from settlespec.domain.orders import Side
from settlespec.domain.quantities import IDENTIFIER, PRICE, SIZE
from settlespec.flows.continuity import ColumnNames, Continuity
from settlespec.flows.fields import Place, columns, on_step, shown, whole_number
from settlespec.flows.message import NANOSECONDS, FlowFlag, FlowKind, FlowMessage, FlowTerms

COLUMNS: Final = ("seq", "ts_ns", "type", "order_id", "side", "price", "qty", "flag")

HEADER: Final = ",".join(COLUMNS)
"""The first line of every file of this schema."""

COMPARED: Final = ColumnNames(time="ts_ns", order_id="order_id", side="side")

SIDES: Final[Mapping[str, Side | None]] = {"B": Side.BUY, "S": Side.SELL, "": None}

FLAGS: Final[Mapping[FlowKind, tuple[FlowFlag, ...]]] = {
    FlowKind.SNAP: (FlowFlag.NONE,),
    FlowKind.ADD: (FlowFlag.NONE, FlowFlag.LATE, FlowFlag.REFILL),
    FlowKind.CANCEL: (FlowFlag.NONE,),
    FlowKind.MODIFY: (FlowFlag.NONE,),
    FlowKind.FILL: (FlowFlag.NONE, FlowFlag.NOT_FIRST, FlowFlag.AUCTION, FlowFlag.UNKNOWN),
    FlowKind.TRADE: (FlowFlag.NONE, FlowFlag.AUCTION),
    FlowKind.HIDDEN: (FlowFlag.NONE,),
}
"""The types of the schema, each with the flags that it may carry."""

KINDS: Final = {str(kind): (kind, {str(flag): flag for flag in flags}) for kind, flags in FLAGS.items()}


def l3_messages(lines: Iterable[tuple[int, str]], file: str, terms: FlowTerms) -> Iterator[FlowMessage]:
    """The messages of the lines that follow the header.

    Raises:
        BadInput: at the first row that is refused, with its line and its field.
    """
    continuity = Continuity(COMPARED)
    sequence = -1
    line = 1
    for line, text in lines:
        place = Place(file, line)
        values = columns(text, COLUMNS, place)
        previous, sequence = sequence, whole_number(values[0], IDENTIFIER, place, "seq")
        if sequence <= previous:
            raise place.refused(
                f"row number {sequence} follows {previous}", "seq", "give every row once, in the venue's order"
            )
        message = _message(values, place, terms)
        continuity.admit(message, place)
        yield message
    if sequence < 0:
        raise Place(file, line).refused("the file has a header and no rows", remedy="give at least one row")


def _message(values: list[str], place: Place, terms: FlowTerms) -> FlowMessage:
    _, time_text, kind_text, order_text, side_text, price_text, size_text, flag_text = values
    if kind_text not in KINDS:
        raise place.refused(f"{shown(kind_text)} is no known type", "type", f"give one of {', '.join(KINDS)}")
    kind, flags = KINDS[kind_text]
    if flag_text not in flags:
        raise place.refused(f"{shown(flag_text)} is no known flag of {kind}", "flag", "leave it empty if in doubt")
    flag = flags[flag_text]
    if side_text not in SIDES:
        raise place.refused(f"{shown(side_text)} is no side", "side", "give B or S")
    side = SIDES[side_text]
    if side is None and kind is not FlowKind.TRADE and flag is not FlowFlag.UNKNOWN:
        raise place.refused(f"a row of type {kind} needs a side", "side", "give B or S")
    price = whole_number(price_text, PRICE, place, "price")
    # A hidden order may rest between two steps, at the middle of the best bid and ask.
    if kind is not FlowKind.HIDDEN:
        on_step(price, terms.price_step, place)
    return FlowMessage(
        line=place.line,
        time_nanoseconds=whole_number(time_text, NANOSECONDS, place, "ts_ns"),
        kind=kind,
        order_id=whole_number(order_text, IDENTIFIER, place, "order_id"),
        side=side,
        price=price,
        size=whole_number(size_text, SIZE, place, "qty"),
        flag=flag,
    )
