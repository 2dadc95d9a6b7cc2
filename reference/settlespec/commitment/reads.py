"""What an operation reads of a state: a source of leaves that serves a whole state and notes every question (rule WIT-4)."""

from bisect import bisect_right
from typing import Final

from settlespec.commitment.leaves import (
    LeafKey,
    Part,
    encode_activity,
    encode_claim,
    encode_holdings,
    encode_order,
    encode_received,
    split_account,
)
from settlespec.commitment.market_leaves import encode_market
from settlespec.commitment.parts import ROUND, SCALARS, encode_number, encode_scalars
from settlespec.commitment.round_leaves import encode_breach, encode_quote, encode_round, encode_task
from settlespec.domain.books import place_of
from settlespec.domain.orders import Side
from settlespec.domain.state import State

LAST_KEY: Final = 2**104 - 1
"""The widest key of a leaf; no leaf stands behind it."""


class Reads:
    """WIT-4: the leaves of a state, and which of them were asked for.

    A question for the next key is answered by two leaves with nothing between them: the one asked from and the one found, or the end.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.asked: set[LeafKey] = set()
        self._gains: list[int] | None = None

    def value(self, leaf: LeafKey) -> bytes | None:
        """The leaf's bytes, None when the state has no such leaf."""
        self.asked.add(leaf)
        return leaf_of(self.state, leaf)

    def after(self, part: Part, book: int, key: int) -> int | None:
        """The least key greater than `key` in this part and book, None when there is none."""
        found = self._after(part, book, key)
        self.asked.update(asked_between(part, book, key, found))
        return found

    def _after(self, part: Part, book: int, key: int) -> int | None:
        state = self.state
        if part is Part.HOLDERS:
            return state.holders.after(key)
        if part in (Part.BIDS, Part.ASKS):
            return state.books[book].ladder(Side.BUY if part is Part.BIDS else Side.SELL).after(key)
        if part is Part.GAINS:
            if self._gains is None:
                self._gains = sorted(state.round.gains if state.round is not None else ())
            return next_in(self._gains, key)
        raise KeyError(f"nothing asks for the next of {part.name}")


def asked_between(part: Part, book: int, key: int, found: int | None) -> tuple[LeafKey, LeafKey]:
    """WIT-4.1: the two leaves that show which key is the next after `key`: nothing stands between them."""
    return LeafKey(part, book, max(key, 0)), LeafKey(part, book, LAST_KEY if found is None else found)


def next_in(keys: list[int], key: int) -> int | None:
    """The least of the sorted keys that is greater than this one."""
    place = bisect_right(keys, key)
    return keys[place] if place < len(keys) else None


def leaf_of(state: State, leaf: LeafKey) -> bytes | None:
    """One leaf of a state, None when it has no such leaf."""
    key = leaf.key
    if leaf == SCALARS:
        return encode_scalars(state)
    match leaf.part:
        case Part.MARKETS:
            return encode_market(state, key) if key in state.markets else None
        case Part.HOLDINGS | Part.ACCOUNTS:
            if key not in state.accounts:
                return None
            holdings, activity = split_account(state, key)
            return encode_holdings(holdings) if leaf.part is Part.HOLDINGS else encode_activity(activity)
        case Part.HOLDERS:
            return b"" if key in state.holders else None
        case Part.BIDS | Part.ASKS:
            return order_leaf(state, leaf)
        case Part.INBOX:
            received = state.inbox.messages.get(key)
            return None if received is None else encode_received(received)
        case Part.OUTBOX:
            claim = state.outbox.claims.get(key)
            return None if claim is None else encode_claim(claim)
        case _:
            return round_leaf(state, leaf)


def order_leaf(state: State, leaf: LeafKey) -> bytes | None:
    """The order that stands at this place of a book."""
    side = Side.BUY if leaf.part is Part.BIDS else Side.SELL
    price, arrival = place_of(side, leaf.key)
    book = state.books.get(leaf.book)
    order = None if book is None else book.orders.get(arrival)
    return encode_order(order) if order is not None and (order.side, order.price) == (side, price) else None


def round_leaf(state: State, leaf: LeafKey) -> bytes | None:
    """A leaf of the round in progress."""
    current, place = state.round, leaf.key
    if current is None:
        return None
    if leaf == ROUND:
        return encode_round(current)
    if leaf.part is Part.QUOTES and place in current.quotes:
        return encode_quote(current.quotes[place])
    if leaf.part is Part.TASKS and place < len(current.tasks):
        return encode_task(current.tasks[place])
    if leaf.part is Part.GAINS and place in current.gains:
        return encode_number(current.gains[place])
    if leaf.part is Part.DEFAULTED and place < len(current.defaulted):
        return encode_number(current.defaulted[place])
    if leaf.part is Part.BREACHED and place < len(current.breaches):
        return encode_breach(current.breaches[place])
    return None
