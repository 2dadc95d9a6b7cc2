"""A persistent sorted sequence of integers: one side of a book in its order of precedence, or the accounts that hold positions.

In a book best is first. A ladder is two levels of tuples; an insertion or removal copies one chunk and the list of chunks, so its
cost grows with the square root of the length and every earlier ladder stays valid.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import eq
from typing import Final

from attrs import frozen

CHUNK: Final = 128
"""Longest chunk: the copy of 128 pointers and that of the chunk list balance at about 16,000 resting orders."""


@frozen(eq=False)
class Ladder:
    """BOOK-1.2: keys in rising order, none twice. Two ladders of the same keys are equal, however the keys came in."""

    firsts: tuple[int, ...]
    """The first key of each chunk, to find a chunk by bisection."""
    chunks: tuple[tuple[int, ...], ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ladder):
            return NotImplemented
        # Where the chunks divide depends on the order of insertion, so equal chunks are only the usual case.
        return self.chunks == other.chunks or (len(self) == len(other) and all(map(eq, self, other)))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __bool__(self) -> bool:
        return bool(self.chunks)

    def __len__(self) -> int:
        return sum(map(len, self.chunks))

    def __contains__(self, key: int) -> bool:
        place = bisect_right(self.firsts, key) - 1
        if place < 0:
            return False
        chunk = self.chunks[place]
        inside = bisect_left(chunk, key)
        return inside < len(chunk) and chunk[inside] == key

    def __iter__(self) -> Iterator[int]:
        for chunk in self.chunks:
            yield from chunk

    def first(self) -> int:
        """The best key; the ladder must not be empty."""
        return self.firsts[0]

    def after(self, key: int) -> int | None:
        """The best key behind `key`, which need not stand in the ladder."""
        place = bisect_right(self.firsts, key) - 1
        if place < 0:
            return self.firsts[0] if self.firsts else None
        chunk = self.chunks[place]
        inside = bisect_right(chunk, key)
        if inside < len(chunk):
            return chunk[inside]
        return self.firsts[place + 1] if place + 1 < len(self.firsts) else None

    def insert(self, key: int) -> "Ladder":
        """The ladder with `key`, which must not stand in it."""
        if not self.chunks:
            return Ladder((key,), ((key,),))
        place = max(bisect_right(self.firsts, key) - 1, 0)
        chunk = self.chunks[place]
        inside = bisect_left(chunk, key)
        longer = (*chunk[:inside], key, *chunk[inside:])
        if len(longer) <= CHUNK:
            return self._with(place, (longer,))
        half = len(longer) // 2
        return self._with(place, (longer[:half], longer[half:]))

    def remove(self, key: int) -> "Ladder":
        """The ladder without `key`, which must stand in it."""
        place = bisect_right(self.firsts, key) - 1
        chunk = self.chunks[place]
        inside = bisect_left(chunk, key)
        if chunk[inside] != key:
            raise KeyError(key)
        shorter = chunk[:inside] + chunk[inside + 1 :]
        return self._with(place, (shorter,) if shorter else ())

    def _with(self, place: int, replacement: tuple[tuple[int, ...], ...]) -> "Ladder":
        firsts = tuple(chunk[0] for chunk in replacement)
        return Ladder(
            self.firsts[:place] + firsts + self.firsts[place + 1 :],
            self.chunks[:place] + replacement + self.chunks[place + 1 :],
        )


EMPTY_LADDER = Ladder((), ())
"""No key."""


def ladder_of(keys: Iterable[int]) -> Ladder:
    """The ladder of these keys, none of them twice."""
    ordered = sorted(keys)
    chunks = tuple(tuple(ordered[start : start + CHUNK]) for start in range(0, len(ordered), CHUNK))
    return Ladder(tuple(chunk[0] for chunk in chunks), chunks)
