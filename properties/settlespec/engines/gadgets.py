"""The gadgets: what a product of two wires cannot say by itself, said by a few constraints (rules CIRCUIT-2 to CIRCUIT-9).

A gadget asks a `System` for auxiliary values and demands constraints of them. The circuit records both; the laws of the gadgets
(`settlespec.laws.gadgets`) call these very functions with a system whose auxiliary values are arbitrary, or the honest ones.
Like a rule, a gadget takes any reading of an integer. A condition is a value that is 0 or 1.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from settlespec.arithmetic import choose, floor_div

Evaluate: TypeAlias = Callable[[int], int]
"""Gives the integer that a value of the system is."""

Solve: TypeAlias = Callable[[Evaluate], int]
"""Gives the honest value of an auxiliary wire from the wires before it."""


class System(Protocol):
    """What gadgets are written for."""

    def auxiliary(self, solve: Solve, low: int, high: int) -> int:
        """Give a value that the prover names; whoever adds it keeps it between the bounds by what is demanded of it."""

    def inverse(self, value: int) -> int:
        """Give a value that the prover names: honestly the inverse in the field, or 0 of 0; it has no bounds."""

    def require(self, first: int, second: int, product: int) -> None:
        """Demand that two values have this product in the field."""

    def require_range(self, value: int, limit: int) -> int:
        """Demand a value from 0 to limit - 1, and give it as one of which this is known; `decompose` is how a circuit does it."""


def require_condition(system: System, value: int) -> None:
    """CIRCUIT-2: a value is a condition if its product with what it lacks of 1 is 0."""
    system.require(value, 1 - value, 0)


def decompose(system: System, value: int, limit: int) -> None:
    """CIRCUIT-3: a value is in a range if, less the weight of a topmost bit, it is in half of the range.

    The lowest bit is what the others leave, and no wire of its own.

    Args:
        value: any field element.
        limit: a power of two: the range is 0 to limit - 1.
    """
    if limit == 1:
        system.require(value, 1, 0)
    elif limit == 2:
        require_condition(system, value)
    else:
        half = limit // 2
        bit = system.auxiliary(lambda value_of: floor_div(value_of(value), half), 0, 1)
        require_condition(system, bit)
        system.require_range(value - half * bit, half)


def require_between(system: System, value: int, low: int, high: int, limit: int) -> None:
    """CIRCUIT-4: a value lies between two bounds if its distance from each is in a range.

    Args:
        value, low, high: 0 <= high - low < limit.
        limit: a power of two.
    """
    system.require_range(value - low, limit)
    system.require_range(high - value, limit)


def product(system: System, first: int, second: int, low: int, high: int) -> int:
    """CIRCUIT-5: a product is one constraint.

    Args:
        first, second: the factors.
        low, high: `product_bounds` of them, within HALF of zero.
    """
    answer = system.auxiliary(lambda value_of: value_of(first) * value_of(second), low, high)
    system.require(first, second, answer)
    return answer


def selected(system: System, condition: int, first: int, second: int, low: int, high: int) -> int:
    """CIRCUIT-6: a selection is the second value, and where the condition is 1 the difference of the two beside it.

    Args:
        condition: 0 or 1.
        first, second: what it is where the condition is 1, and where it is 0.
        low, high: bounds of both.
    """
    answer = system.auxiliary(
        lambda value_of: choose(value_of(condition) == 1, value_of(first), value_of(second)), low, high
    )
    system.require(condition, first - second, answer - second)
    return answer


def is_zero(system: System, value: int) -> int:
    """CIRCUIT-7: a value is zero, or has an inverse; the answer is what its product with the inverse lacks of 1.

    Args:
        value: within HALF of zero.
    """
    answer = system.auxiliary(lambda value_of: choose(value_of(value) == 0, 1, 0), 0, 1)
    inverse = system.inverse(value)
    system.require(value, inverse, 1 - answer)
    system.require(value, answer, 0)
    return answer


def is_not_negative(system: System, value: int, limit: int) -> int:
    """CIRCUIT-8: a value that is not negative is in a range; a negative one is as soon as the limit is added.

    Args:
        value: -limit <= value < limit.
        limit: a power of two, twice of which stays within HALF.
    """
    answer = system.auxiliary(lambda value_of: choose(value_of(value) >= 0, 1, 0), 0, 1)
    require_condition(system, answer)
    system.require_range(value + limit * (1 - answer), limit)
    return answer


def divided(
    system: System, numerator: int, divisor: int, low: int, quotient_limit: int, remainder_limit: int
) -> tuple[int, int]:
    """CIRCUIT-9: a quotient rounded towards minus infinity is the one that leaves a remainder from 0 to the divisor - 1.

    A divisor that is not positive has no such remainder, so there is no witness.

    Args:
        numerator: any value.
        divisor: below or at remainder_limit.
        low: the least quotient.
        quotient_limit: a power of two; the largest quotient is below low + quotient_limit.
        remainder_limit: a power of two.
    Returns:
        The quotient and the remainder.
    """
    quotient = system.auxiliary(
        lambda value_of: floor_div(value_of(numerator), value_of(divisor)), low, low + quotient_limit - 1
    )
    system.require_range(quotient - low, quotient_limit)
    remainder = numerator - quotient * divisor
    system.require_range(remainder, remainder_limit)
    system.require_range(divisor - 1 - remainder, remainder_limit)
    return quotient, remainder


def divided_by_parts(
    system: System, numerator: int, divisor: int, low: int, upper_limit: int, part: int, most: int, remainder_limit: int
) -> tuple[int, int]:
    """CIRCUIT-9.2: a quotient whose product with the divisor could wrap has two parts, each multiplied by itself.

    The product of the upper part is held to a range, so that it may be shifted back to its place.

    Args:
        numerator: any value.
        divisor: below or at remainder_limit.
        low, upper_limit: the upper part is from low to low + upper_limit - 1; the limit is a power of two.
        part: a power of two, by which the upper part counts.
        most: a power of two, beyond which the upper part times the divisor does not lie on either side.
        remainder_limit: a power of two.
    Returns:
        The quotient and the remainder.
    """
    upper = system.auxiliary(
        lambda value_of: floor_div(floor_div(value_of(numerator), value_of(divisor)), part), low, low + upper_limit - 1
    )
    lower = system.auxiliary(lambda value_of: _lower(value_of(numerator), value_of(divisor), part), 0, part - 1)
    system.require_range(upper - low, upper_limit)
    system.require_range(lower, part)
    taken = system.require_range(upper * divisor + most, 2 * most) - most
    remainder = numerator - part * taken - lower * divisor
    system.require_range(remainder, remainder_limit)
    system.require_range(divisor - 1 - remainder, remainder_limit)
    return upper * part + lower, remainder


def _lower(numerator: int, divisor: int, part: int) -> int:
    quotient = floor_div(numerator, divisor)
    return quotient - part * floor_div(quotient, part)


def facing_up(positive: bool, numerator: int, divisor: int) -> tuple[int, int]:
    """CIRCUIT-9.3: a quotient does not change when numerator and divisor change their signs; so the divisor is made positive.

    Args:
        positive: whether the divisor is >= 0.
    """
    return choose(positive, numerator, -numerator), choose(positive, divisor, -divisor)
