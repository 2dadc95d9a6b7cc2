"""Every witness that a constraint system admits, found by working through its constraints.

It knows nothing of gadgets: it solves what has one unknown wire, and branches where a product of zero leaves a choice. So it finds
what a forger could find, in small circuits, if the parts of a circuit were put together wrongly.
"""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from settlespec.engines.constraints import ONE, Combination, Constraint, ConstraintSystem
from settlespec.engines.intervals import MODULUS


class Stuck(Exception):
    """No constraint is left that can be solved, and some are."""


@frozen
class Sum:
    """A sum of wires, as far as they are not known."""

    known: int
    unknown: Mapping[int, int]

    @property
    def root(self) -> tuple[int, int]:
        """The only unknown wire, and the value at which the sum is zero."""
        ((wire, coefficient),) = self.unknown.items()
        return wire, -self.known * pow(coefficient, -1, MODULUS) % MODULUS


def _sum(combination: Combination, values: Mapping[int, int]) -> Sum:
    known = sum(coefficient * values[wire] for wire, coefficient in combination if wire in values) % MODULUS
    return Sum(known, {wire: coefficient for wire, coefficient in combination if wire not in values})


def _scaled(factor: int, added: Sum, taken: Sum) -> Sum:
    """factor * added - taken."""
    unknown = {wire: factor * coefficient % MODULUS for wire, coefficient in added.unknown.items()}
    for wire, coefficient in taken.unknown.items():
        unknown[wire] = (unknown.get(wire, 0) - coefficient) % MODULUS
    known = (factor * added.known - taken.known) % MODULUS
    return Sum(known, {wire: coefficient for wire, coefficient in unknown.items() if coefficient})


def choices(constraint: Constraint, values: Mapping[int, int]) -> list[tuple[int, int]] | bool | None:
    """What a constraint leaves open: values of one wire; True or False where it is decided; None where it must wait."""
    first, second = _sum(constraint.first, values), _sum(constraint.second, values)
    product = _sum(constraint.product, values)
    if not (first.unknown and second.unknown):
        factor, other = (second.known, first) if first.unknown else (first.known, second)
        linear = _scaled(factor, other, product)
        if not linear.unknown:
            return linear.known == 0
        return [linear.root] if len(linear.unknown) == 1 else None
    if product.unknown or product.known or len(first.unknown) > 1 or len(second.unknown) > 1:
        return None
    return list({first.root, second.root})


def admitted(system: ConstraintSystem, inputs: Sequence[int]) -> Iterator[dict[int, int]]:
    """Give every assignment of the wires that meets the constraints at these inputs; a wire that may be anything is left out."""
    values = {ONE: 1} | {1 + system.outputs + place: value % MODULUS for place, value in enumerate(inputs)}
    return _search(list(system.constraints), values)


def _search(waiting: list[Constraint], values: dict[int, int]) -> Iterator[dict[int, int]]:
    while waiting:
        branch: list[tuple[int, int]] | None = None
        later = []
        for constraint in waiting:
            open_values = choices(constraint, values)
            if open_values is False:
                return
            if open_values is True:
                continue
            if open_values is None or len(open_values) > 1:
                later.append(constraint)
                branch = branch or open_values
            else:
                values.update(open_values)
        if len(later) == len(waiting):
            if branch is None:
                raise Stuck(f"{len(later)} constraints")
            for wire, value in branch:
                yield from _search(later, {**values, wire: value})
            return
        waiting = later
    yield values
