"""Plain arguments of a law in great number: small ones, the borders of each range, and near repetitions of one another.

Hypothesis searches better and shrinks; this is for asking the same law hundreds of times, once for each fault that it may notice,
where what matters is that an equality between two arguments, or a remainder of one, turns up soon.
"""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

from settlespec.arithmetic import PPM
from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, OneOf, Structure, TupleOf, structures_of
from settlespec.laws.statement import Law

SCALES: Final = (1, 2, 3, 10, 100, 10**4, PPM, 10**9, 2**40, 2**96)
"""One draw has arguments of one size, mostly: so that their sums and comparisons can go either way."""

MEMORY: Final = 8
"""Earlier integers of a draw that a later one may repeat."""


def draws(law: Law, seed: int) -> Iterator[dict[str, Any]]:
    """Give arguments without end; the same law and seed give the same."""
    random = Random(f"{seed} {law.id}")
    structures = structures_of(law.arguments)
    while True:
        yield _Draw(random).arguments(structures)


class _Draw:
    """One assignment to all arguments of a law."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.scale = random.choice(SCALES)
        self.met: list[int] = []

    def arguments(self, structures: Mapping[str, Structure]) -> dict[str, Any]:
        """Draw each argument."""
        return {name: self.value(structure) for name, structure in structures.items()}

    def value(self, structure: Structure) -> Any:
        """Draw a value of this structure."""
        if isinstance(structure, IntegerLeaf):
            return self._integer(structure)
        if isinstance(structure, ConditionLeaf):
            return self.random.random() < 0.5
        if isinstance(structure, OneOf):
            return self.random.choice(structure.values)
        if isinstance(structure, TupleOf):
            return tuple(self.value(item) for item in structure.items)
        return structure.type(**{name: self.value(inner) for name, inner in structure.fields})

    def _integer(self, leaf: IntegerLeaf) -> int:
        drawn = self._anywhere(leaf)
        low = drawn if leaf.low is None else max(leaf.low, drawn)
        kept = low if leaf.high is None else min(leaf.high, low)
        self.met = [*self.met[1 - MEMORY :], kept]
        return kept

    def _anywhere(self, leaf: IntegerLeaf) -> int:
        """An integer that may lie outside of the range; the nearest border is taken then."""
        random = self.random
        kind = random.random()
        if kind < 0.5:
            low = -self.scale if leaf.low is None else max(leaf.low, -self.scale)
            return random.randint(low, max(low, self.scale))
        if kind < 0.65 and self.met:
            return random.choice(self.met) * random.choice((1, 1, 1, -1)) + random.choice((0, 0, 1, -1))
        if kind < 0.75:
            return random.randint(-3, 3)
        if kind < 0.85:
            return random.choice((PPM, PPM // 2, 2 * PPM, 3 * PPM)) + random.choice((0, 1, -1))
        bounds = [bound for bound in (leaf.low, leaf.high) if bound is not None] or [-(2**64), 2**64]
        return random.choice(bounds) + random.choice((0, 1, -1))
