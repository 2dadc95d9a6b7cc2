"""Containers that answer what the machine asks of a full state's, and fetch an entry when it is asked for (rules WIT-1 to WIT-3).

So the very rules that run on a full state run on a witness; a question that the witness does not answer is refused by its source.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from immutables import Map

Value = TypeVar("Value")
Key = int


class PartialMap(Generic[Value]):
    """WIT-1: a persistent map whose entries are fetched when they are asked for.

    Where it is not committed how many entries there are, or which comes next, asking for that is an error and not a guess.
    """

    __slots__ = ("_after", "_changed", "_count", "_fetch", "_fetched")

    def __init__(
        self,
        fetch: Callable[[Key], Value | None],
        after: Callable[[Key], Key | None] | None,
        count: int | None,
        changed: "Map[Key, Value | None] | None" = None,
        fetched: dict[Key, Value] | None = None,
    ) -> None:
        self._fetch = fetch
        self._after = after
        self._count = count
        self._changed: Map[Key, Value | None] = Map() if changed is None else changed
        # What was fetched once is the same for every version of the map; that an entry is not there may be learnt to be wrong.
        self._fetched: dict[Key, Value] = {} if fetched is None else fetched

    def get(self, key: Key, default: Value | None = None) -> Value | None:
        """The entry, or the default."""
        found = self._changed[key] if key in self._changed else self._known(key)
        return default if found is None else found

    def _known(self, key: Key) -> Value | None:
        found = self._fetched.get(key)
        if found is None:
            found = self._fetch(key)
            if found is not None:
                self._fetched[key] = found
        return found

    def __getitem__(self, key: Key) -> Value:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: Key) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        if self._count is None:
            raise LookupError("a part of a state does not know how many entries there are here")
        return self._count

    def __iter__(self) -> Iterator[Key]:
        if self._after is None:
            raise LookupError("a part of a state does not know which entries there are here")
        fresh = sorted(key for key, value in self._changed.items() if value is not None)
        key = self._after(-1)
        while key is not None:
            if key not in self._changed:
                insort(fresh, key)
            key = self._after(key)
        return iter(fresh)

    def items(self) -> Iterator[tuple[Key, Value]]:
        """Every entry, by key."""
        return ((key, self[key]) for key in self)

    def values(self) -> Iterator[Value]:
        """Every value, by key."""
        return (self[key] for key in self)

    def set(self, key: Key, value: Value) -> "PartialMap[Value]":
        """The map with an entry."""
        count = None if self._count is None else self._count + (key not in self)
        return PartialMap(self._fetch, self._after, count, self._changed.set(key, value), self._fetched)

    def delete(self, key: Key) -> "PartialMap[Value]":
        """The map without an entry, which it must have."""
        if key not in self:
            raise KeyError(key)
        count = None if self._count is None else self._count - 1
        return PartialMap(self._fetch, self._after, count, self._changed.set(key, None), self._fetched)

    def mutate(self) -> "Mutation[Value]":
        """A copy to be changed in place."""
        return Mutation(self)


class Mutation(Generic[Value]):
    """A partial map that is changed in place."""

    def __init__(self, map_: PartialMap[Value]) -> None:
        self._map = map_

    def __getitem__(self, key: Key) -> Value:
        return self._map[key]

    def __setitem__(self, key: Key, value: Value) -> None:
        self._map = self._map.set(key, value)

    def finish(self) -> PartialMap[Value]:
        """The changed map."""
        return self._map


class PartialLadder:
    """WIT-2: a sorted sequence of which the next key is fetched when it is asked for. Without a count it is counted by walking."""

    __slots__ = ("_after", "_count", "_inserted", "_removed")

    def __init__(
        self,
        after: Callable[[Key], Key | None],
        count: int | None,
        inserted: tuple[Key, ...] = (),
        removed: frozenset[Key] = frozenset(),
    ) -> None:
        self._after = after
        self._count = count
        self._inserted = inserted
        self._removed = removed

    def __bool__(self) -> bool:
        return self.after(-1) is not None

    def __len__(self) -> int:
        return sum(1 for _ in self) if self._count is None else self._count

    def __iter__(self) -> Iterator[Key]:
        key = self.after(-1)
        while key is not None:
            yield key
            key = self.after(key)

    def __contains__(self, key: Key) -> bool:
        return self.after(key - 1) == key

    def first(self) -> Key:
        """The least key; the ladder must not be empty."""
        found = self.after(-1)
        if found is None:
            raise IndexError("the ladder is empty")
        return found

    def after(self, key: Key) -> Key | None:
        """The least key greater than this one."""
        fetched = self._after(key)
        while fetched is not None and fetched in self._removed:
            fetched = self._after(fetched)
        place = bisect_right(self._inserted, key)
        inserted = self._inserted[place] if place < len(self._inserted) else None
        if fetched is None or inserted is None:
            return inserted if fetched is None else fetched
        return min(fetched, inserted)

    def insert(self, key: Key) -> "PartialLadder":
        """The ladder with a key that it does not have."""
        count = None if self._count is None else self._count + 1
        if key in self._removed:
            return PartialLadder(self._after, count, self._inserted, self._removed - {key})
        place = bisect_left(self._inserted, key)
        inserted = (*self._inserted[:place], key, *self._inserted[place:])
        return PartialLadder(self._after, count, inserted, self._removed)

    def remove(self, key: Key) -> "PartialLadder":
        """The ladder without a key that it has."""
        count = None if self._count is None else self._count - 1
        if key in self._inserted:
            inserted = tuple(each for each in self._inserted if each != key)
            return PartialLadder(self._after, count, inserted, self._removed)
        return PartialLadder(self._after, count, self._inserted, self._removed | {key})


class PartialTuple(Generic[Value]):
    """WIT-3: a sequence of known length whose members are fetched when they are asked for."""

    __slots__ = ("_count", "_fetch", "_joined")

    def __init__(self, fetch: Callable[[int], Value], count: int, joined: tuple[Value, ...] = ()) -> None:
        self._fetch = fetch
        self._count = count
        self._joined = joined

    def __len__(self) -> int:
        return self._count + len(self._joined)

    def __getitem__(self, place: int) -> Value:
        return self._fetch(place) if place < self._count else self._joined[place - self._count]

    def __iter__(self) -> Iterator[Value]:
        return (self[place] for place in range(len(self)))

    def __add__(self, joined: tuple[Value, ...]) -> "PartialTuple[Value]":
        return PartialTuple(self._fetch, self._count, (*self._joined, *joined))
