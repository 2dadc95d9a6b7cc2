"""The same state in other containers: every map is iterated backwards, every ladder is divided otherwise.

Whatever depends on the order of a container gives another answer here. Records are rewrapped when they are read, so that a permuted
state costs what is read of it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from attrs import evolve
from immutables import Map

from settlespec.domain.accounts import Account, OpenOrders
from settlespec.domain.books import Book
from settlespec.domain.ladder import Ladder
from settlespec.domain.state import State

SHORT: Final = 5
"""Length of a chunk of a permuted ladder: short, so that nearly every walk crosses chunks."""


class PermutedMap:
    """A persistent map that iterates backwards."""

    __slots__ = ("_inner", "_read", "_wrap")

    def __init__(self, inner: Map[Any, Any], wrap: Callable[[Any], Any]) -> None:
        self._inner = inner
        self._wrap = wrap
        self._read: dict[Any, Any] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        """The value, rewrapped."""
        found = self._read.get(key)
        if found is None:
            found = self._inner.get(key)
            if found is None:
                return default
            found = self._read[key] = self._wrap(found)
        return found

    def __getitem__(self, key: Any) -> Any:
        if key not in self._inner:
            raise KeyError(key)
        return self.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._inner

    def __len__(self) -> int:
        return len(self._inner)

    def __iter__(self) -> Iterator[Any]:
        yield from reversed(list(self._inner))

    def keys(self) -> list[Any]:
        """The keys, backwards."""
        return list(self)

    def values(self) -> list[Any]:
        """The values, backwards."""
        return [self.get(key) for key in self]

    def items(self) -> list[tuple[Any, Any]]:
        """Keys and values, backwards."""
        return [(key, self.get(key)) for key in self]

    def set(self, key: Any, value: Any) -> "PermutedMap":
        """The map with one more entry."""
        return PermutedMap(self._inner.set(key, value), self._wrap)

    def delete(self, key: Any) -> "PermutedMap":
        """The map without an entry."""
        return PermutedMap(self._inner.delete(key), self._wrap)

    def mutate(self) -> "PermutedMutation":
        """A working copy."""
        return PermutedMutation(self._inner.mutate(), self._wrap)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PermutedMap | Map):
            return NotImplemented
        return len(self) == len(other) and all(key in other and other[key] == self.get(key) for key in self._inner)

    def __hash__(self) -> int:
        return hash(frozenset(self._inner))


class PermutedMutation:
    """A working copy of a permuted map."""

    __slots__ = ("_inner", "_wrap")

    def __init__(self, inner: Any, wrap: Callable[[Any], Any]) -> None:
        self._inner = inner
        self._wrap = wrap

    def __setitem__(self, key: Any, value: Any) -> None:
        self._inner[key] = value

    def __getitem__(self, key: Any) -> Any:
        return self._wrap(self._inner[key])

    def __contains__(self, key: object) -> bool:
        return key in self._inner

    def get(self, key: Any, default: Any = None) -> Any:
        """The value, rewrapped."""
        return self._wrap(self._inner[key]) if key in self._inner else default

    def finish(self) -> PermutedMap:
        """The map as changed."""
        return PermutedMap(self._inner.finish(), self._wrap)


def is_permuted(mapping: object) -> bool:
    """Whether a map iterates backwards already."""
    return isinstance(mapping, PermutedMap)


def permuted(mapping: object, wrap: Callable[[Any], Any]) -> Map[Any, Any]:
    """A map that iterates backwards, under the type that records declare."""
    if is_permuted(mapping):
        return cast("Map[Any, Any]", mapping)
    return cast("Map[Any, Any]", PermutedMap(cast("Map[Any, Any]", mapping), wrap))


def as_it_is(value: Any) -> Any:
    """A value without containers."""
    return value


def permuted_open_orders(orders: OpenOrders) -> OpenOrders:
    """Open orders in other containers."""
    return evolve(orders, arrivals=permuted(orders.arrivals, as_it_is))


def permuted_account(account: Account) -> Account:
    """An account in other containers; one that a step made of such an account already is."""
    if is_permuted(account.positions) and is_permuted(account.orders):
        return account
    positions = permuted(account.positions, as_it_is)
    return evolve(account, positions=positions, orders=permuted(account.orders, permuted_open_orders))


def permuted_book(book: Book) -> Book:
    """A book in other containers; one that a step made of such a book already is."""
    if is_permuted(book.orders):
        return book
    return evolve(book, bids=divided(book.bids), asks=divided(book.asks), orders=permuted(book.orders, as_it_is))


def divided(ladder: Ladder) -> Ladder:
    """The same keys in short chunks."""
    keys = tuple(ladder)
    chunks = tuple(keys[start : start + SHORT] for start in range(0, len(keys), SHORT))
    return Ladder(tuple(chunk[0] for chunk in chunks), chunks)


def permuted_state(state: State) -> State:
    """The state in other containers; equal to it field by field."""
    current = state.round
    return evolve(
        state,
        accounts=permuted(state.accounts, permuted_account),
        holders=divided(state.holders),
        breaches=permuted(state.breaches, as_it_is),
        markets=permuted(state.markets, as_it_is),
        books=permuted(state.books, permuted_book),
        inbox=evolve(state.inbox, messages=permuted(state.inbox.messages, as_it_is)),
        outbox=evolve(state.outbox, claims=permuted(state.outbox.claims, as_it_is)),
        round=None if current is None else evolve(current, gains=permuted(current.gains, as_it_is)),
    )
