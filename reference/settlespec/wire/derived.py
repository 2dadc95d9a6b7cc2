"""What does not travel because the rest says it: the order of precedence of a book, and who holds a position."""

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from settlespec.domain.books import Book, precedence
from settlespec.domain.ladder import ladder_of
from settlespec.domain.orders import Side
from settlespec.domain.state import State


@frozen
class Derived:
    """Fields of a record that its other fields determine."""

    fields: tuple[str, ...]
    complete: Callable[[dict[str, Any]], dict[str, Any]]
    """From the fields that travelled to those that did not."""


def _ladders(book: dict[str, Any]) -> dict[str, Any]:
    orders = book["orders"].values()
    keys = {
        side: ladder_of(precedence(side, order.price, order.arrival) for order in orders if order.side is side)
        for side in Side
    }
    return {"bids": keys[Side.BUY], "asks": keys[Side.SELL]}


def _holders(state: dict[str, Any]) -> dict[str, Any]:
    return {"holders": ladder_of(name for name, account in state["accounts"].items() if account.positions)}


DERIVED: Final[dict[type, Derived]] = {
    Book: Derived(("bids", "asks"), _ladders),
    State: Derived(("holders",), _holders),
}
"""By record; `state_digest` does not cover these fields, the invariants do."""
