"""Total functions over integers (rules ARITH-1 to ARITH-4).

Every function takes Python integers on its fast path. Any other argument is a *reading* of an integer (a symbolic term, a circuit
wire): it carries the Python operators, and its comparisons answer a condition object with the method ``choose(first, second)``.
"""

from collections.abc import Iterable
from typing import Final, TypeVar, cast

PPM: Final = 1_000_000
"""Parts per million: the unit of every rate."""

Value = TypeVar("Value")


def choose(condition: bool, first: Value, second: Value) -> Value:
    """ARITH-1: both arms are evaluated, the condition picks one.

    Args:
        condition: a Python bool, or a condition object of another reading.
        first, second: what is picked when the condition holds, and when it does not.
    """
    if condition is True:
        return first
    if condition is False:
        return second
    return cast(Value, condition.choose(first, second))  # type: ignore[unreachable]


def negate(condition: bool) -> bool:
    """ARITH-1.2: the opposite condition (``~`` of a Python bool would be an integer)."""
    return choose(condition, False, True)


def minimum(first: int, second: int) -> int:
    """ARITH-2: the smaller of two integers."""
    return choose(first <= second, first, second)


def maximum(first: int, second: int) -> int:
    """ARITH-2.2: the larger of two integers."""
    return choose(first >= second, first, second)


def clamp(value: int, low: int, high: int) -> int:
    """ARITH-2.3: the value, or the bound that it passes; low <= high."""
    return minimum(maximum(value, low), high)


def absolute(value: int) -> int:
    """ARITH-2.4: the distance from zero."""
    return choose(value >= 0, value, -value)


def sign(value: int) -> int:
    """ARITH-2.5: 1, 0 or -1."""
    return choose(value > 0, 1, choose(value < 0, -1, 0))


def floor_div(numerator: int, denominator: int) -> int:
    """ARITH-3: the quotient rounded towards minus infinity; 0 when the denominator is 0.

    Total, so that a rule never raises; where a zero denominator could matter the rule says why it cannot occur.
    """
    if type(denominator) is int and type(numerator) is int:
        return numerator // denominator if denominator else 0
    vanishes = denominator == 0
    return choose(vanishes, 0, numerator // choose(vanishes, 1, denominator))


def ceil_div(numerator: int, denominator: int) -> int:
    """ARITH-3.2: the quotient rounded towards plus infinity; 0 when the denominator is 0."""
    if type(denominator) is int and type(numerator) is int:
        return -(-numerator // denominator) if denominator else 0
    return -floor_div(-numerator, denominator)


def total(terms: Iterable[int]) -> int:
    """ARITH-4: the sum of the terms, 0 of none."""
    accumulated = 0
    for term in terms:
        accumulated = accumulated + term
    return accumulated
