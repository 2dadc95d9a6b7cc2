"""A rank-1 constraint system over the scalar field of BN254: in each constraint a product of two sums of wires is a third."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from attrs import frozen

from settlespec.engines.intervals import MODULUS

ONE: Final = 0
"""The wire that is always 1."""

Combination: TypeAlias = tuple[tuple[int, int], ...]
"""A sum of wires: pairs of a wire and its coefficient, 1 to MODULUS - 1, in rising order of the wires."""

Witness: TypeAlias = tuple[int, ...]
"""A field element for each wire; the first is 1."""


@frozen
class Constraint:
    """first * second == product, in the field."""

    first: Combination
    second: Combination
    product: Combination

    def holds(self, witness: Sequence[int]) -> bool:
        """Whether these values meet it."""
        first, second = value_of(self.first, witness), value_of(self.second, witness)
        return (first * second - value_of(self.product, witness)) % MODULUS == 0


def value_of(combination: Combination, witness: Sequence[int]) -> int:
    """Give the sum, not reduced."""
    return sum(coefficient * witness[wire] for wire, coefficient in combination)


@frozen
class ConstraintSystem:
    """Constraints over numbered wires: the 1, then the public outputs, the public inputs, and the auxiliary wires."""

    outputs: int
    """How many wires are public outputs."""
    inputs: int
    """How many wires are public inputs."""
    wires: int
    """How many there are altogether, the 1 included."""
    constraints: tuple[Constraint, ...]

    def broken_by(self, witness: Sequence[int]) -> Iterator[int]:
        """Give the places of the constraints that these values break."""
        return (place for place, constraint in enumerate(self.constraints) if not constraint.holds(witness))

    def satisfied_by(self, witness: Sequence[int]) -> bool:
        """Whether there is a field element for each wire, the first of them 1, and every constraint holds."""
        return (
            len(witness) == self.wires
            and witness[ONE] == 1
            and all(0 <= value < MODULUS for value in witness)
            and next(self.broken_by(witness), None) is None
        )
