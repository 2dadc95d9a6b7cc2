"""Where the generator's choices come from: a seeded stream at full speed, or a library that shrinks what it drew."""

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

Value = TypeVar("Value")


class Source(Protocol):
    """Choices, one after another."""

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        ...

    def pick(self, among: Sequence[Value]) -> Value:
        """One of these, at least one."""
        ...

    def chance(self, of: int) -> bool:
        """True once in so many times, at least 1."""
        ...


class RandomSource:
    """A seeded stream: the same seed gives the same choices on every machine."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return (
            low + int(self.random.random() * (high - low + 1)) if high - low < 2**40 else self.random.randint(low, high)
        )

    def pick(self, among: Sequence[Value]) -> Value:
        """One of these, at least one."""
        return among[int(self.random.random() * len(among))]

    def chance(self, of: int) -> bool:
        """True once in so many times."""
        return self.random.random() * of < 1
