"""What happens to a book: the flow as an exchange would be told it, with aggressors instead of executions."""

from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from settlespec.domain.orders import Side
from settlespec.domain.quantities import Price, Size
from settlespec.flows.message import FlowFlag


@frozen
class Rests:
    """An order goes to the back of the queue at its price."""

    line: int
    time_nanoseconds: int
    order_id: int
    side: Side
    price: Price
    size: Size
    flag: FlowFlag


class Reduction(StrEnum):
    """Why a resting order shrinks without meeting an aggressor."""

    CANCELLED = "cancelled"
    """Its owner took the size out."""
    AGGRESSED = "aggressed"
    """The order itself became the aggressor of the `Takes` that follows."""
    UNCROSSED = "uncrossed"
    """It traded in an auction, at the auction's price."""


@frozen
class Reduces:
    """A resting order loses size, and goes when nothing is left."""

    line: int
    time_nanoseconds: int
    order_id: int
    side: Side
    price: Price
    """Of the row; an aggressed or uncrossed order traded there and may have rested elsewhere."""
    size: Size
    reason: Reduction


@frozen
class Moves:
    """A resting order gets a new price and size; it keeps its place only at the same price with no more size."""

    line: int
    time_nanoseconds: int
    order_id: int
    side: Side
    price: Price
    size: Size


@frozen
class ExpectedFill:
    """A resting order that the venue filled against the aggressor."""

    line: int
    order_id: int
    price: Price
    size: Size
    flag: FlowFlag


@frozen
class Takes:
    """One immediate-or-cancel order: the aggressor, put together from its executions."""

    line: int
    """The first line that speaks of it."""
    time_nanoseconds: int
    aggressor_id: int | None
    """The venue's name of the order, where the venue prints it."""
    side: Side
    """The aggressor's side, opposite to that of the orders filled."""
    price: Price
    """Its limit: the worst price that it got."""
    size: Size
    """The sum of its visible fills."""
    fills: tuple[ExpectedFill, ...]
    """In the venue's order."""


BookEvent: TypeAlias = Rests | Reduces | Moves | Takes
