"""What a flow says, row by row, whatever file it came from."""

from enum import StrEnum
from typing import Final

from attrs import frozen

from settlespec.domain.errors import BadInput
from settlespec.domain.orders import Side
from settlespec.domain.quantities import MAX_PRICE, Price, Range, Size

MAX_NANOSECONDS: Final = 2**63 - 1
"""The year 2262 counted from 1970: what a signed 64-bit clock holds, and in milliseconds still within `TIME`."""

NANOSECONDS: Final = Range(0, MAX_NANOSECONDS)

MAX_LIVE_ORDERS: Final = 2**22
"""Orders resting at once: a hundred times the largest book in the data, and about one gigabyte of memory."""


class FlowKind(StrEnum):
    """What a row reports; the effects on the book are those of `VenueBook.apply`."""

    SNAP = "SNAP"
    """The order rested before the first event; rows stand in queue order within a price."""
    ADD = "ADD"
    """A new resting order."""
    CANCEL = "CANCEL"
    """Size taken out of a resting order by its owner."""
    MODIFY = "MODIFY"
    """A new price and a new remaining size of a resting order."""
    FILL = "FILL"
    """Size of a resting order that traded; the side is that of the resting order."""
    TRADE = "TRADE"
    """The venue's print of an aggressor; the side is the aggressor's, none for an auction or a cross."""
    HIDDEN = "HIDDEN"
    """An execution against an order that the book never showed."""
    HALT = "HALT"
    """Trading stopped or resumed; carries no order (raw LOBSTER files only)."""


class FlowFlag(StrEnum):
    """What a row says beyond its kind."""

    NONE = ""
    """On a fill: the order was at the best price and first in its queue."""
    LATE = "late"
    """The order was added about here, but the venue's file showed it only later."""
    REFILL = "refill"
    """An iceberg shows its next slice, under the same order id."""
    NOT_FIRST = "nf"
    """The filled order was not the first at the best price of its side; `aggressors` lists the four reasons."""
    AUCTION = "auction"
    """Part of an uncross: one price for everybody, whatever the limits."""
    UNKNOWN = "unknown"
    """A fill of an order that the book never showed, so without a side."""
    HALTED = "halted"
    """LOBSTER price -1: trading stops."""
    QUOTING = "quoting"
    """LOBSTER price 0: quoting resumes."""
    TRADING = "trading"
    """LOBSTER price 1: trading resumes."""


@frozen
class FlowMessage:
    """One row of a flow."""

    line: int
    """The line of the file that says so; of an order inferred from later rows, the first line that names it."""
    time_nanoseconds: int
    """Nanoseconds since 1970 UTC, or since midnight for a LOBSTER file read without its midnight."""
    kind: FlowKind
    order_id: int
    """The venue's name of the order; 0 where the row has none."""
    side: Side | None
    """Side of the resting order; of a TRADE, of the aggressor."""
    price: Price
    """In the units of the file; 0 for a HALT."""
    size: Size
    """In the units of the file; 0 for a HALT."""
    flag: FlowFlag


@frozen
class FlowTerms:
    """What a file does not say about itself."""

    price_step: Price = 1
    """The least distance of two prices, in the units of the file (25 for ESH4, 100 for AAPL)."""
    midnight_nanoseconds: int = 0
    """What a LOBSTER time of zero is, in nanoseconds since 1970 UTC."""

    def __attrs_post_init__(self) -> None:
        """Refuse terms that no file can meet."""
        if not 1 <= self.price_step <= MAX_PRICE:
            raise BadInput(
                f"a step of {self.price_step} is out of its range of 1 to {MAX_PRICE}",
                field="price_step",
                remedy="state the step in the price units of the file",
            )
        if not 0 <= self.midnight_nanoseconds <= MAX_NANOSECONDS:
            raise BadInput(
                f"{self.midnight_nanoseconds} is out of its range of 0 to {MAX_NANOSECONDS}",
                field="midnight_nanoseconds",
                remedy="state the nanoseconds from 1970 UTC to the midnight of the file's day",
            )
