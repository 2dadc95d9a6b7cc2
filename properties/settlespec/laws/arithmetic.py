"""Laws of the arithmetic on which every rule is built, and canaries that are false."""

from typing import Final

from settlespec.arithmetic import (
    PPM,
    absolute,
    ceil_div,
    choose,
    clamp,
    floor_div,
    maximum,
    minimum,
    negate,
    sign,
    total,
)
from settlespec.domain.quantities import Factor, Price, Size
from settlespec.laws.grounds import INTERVAL
from settlespec.laws.statement import assume, canary, case, claim, law

DIVISOR: Final = case("the divisor is not zero (of a ceiling: positive)")
FEE: Final = case("the fee is not free")


@law(
    "ARITH-1a",
    "Where a condition holds the first of two is chosen, where it does not the second, and it is the opposite that then holds.",
    rules=("ARITH-1", "ARITH-1.2"),
    loses="whoever the other arm was for",
    shape="one condition and two values",
)
def the_condition_picks_one_arm(condition: bool, first: int, second: int) -> None:
    """Of a condition and its opposite always one holds, and never both."""
    chosen, opposite = choose(condition, first, second), negate(condition)
    claim(opposite | (chosen == first))
    claim(condition | (chosen == second))
    claim(choose(opposite, second, first) == chosen)
    claim((condition | opposite) & negate(condition & opposite))


@law(
    "ARITH-3a",
    "A floor division never exceeds the exact quotient and misses it by less than one.",
    rules=("ARITH-3",),
    loses="whoever pays for the rounding, by more than the rounding",
    shape="one division",
    assumes=(DIVISOR,),
)
def floor_division_is_the_largest_integer_below(numerator: int, denominator: int) -> None:
    """For every denominator but zero, of either sign."""
    assume(negate(denominator == 0), DIVISOR)
    remainder = numerator - floor_div(numerator, denominator) * denominator
    claim(absolute(remainder) < absolute(denominator))
    claim((remainder == 0) | (sign(remainder) == sign(denominator)))


@law(
    "ARITH-3b",
    "A ceiling division is never below the exact quotient and misses it by less than one.",
    rules=("ARITH-3.2",),
    loses="whoever is owed the rounding, by more than the rounding",
    shape="one division",
    assumes=(DIVISOR,),
)
def ceiling_division_is_the_smallest_integer_above(numerator: int, denominator: int) -> None:
    """For every positive denominator."""
    assume(denominator > 0, DIVISOR)
    quotient = ceil_div(numerator, denominator)
    claim(quotient * denominator >= numerator)
    claim((quotient - 1) * denominator < numerator)


@law(
    "ARITH-3c",
    "Division by zero gives zero.",
    rules=("ARITH-3", "ARITH-3.2"),
    loses="liveness: a rule that raises stops the machine",
    shape="one division",
)
def division_is_total(numerator: int) -> None:
    """So that a rule never raises."""
    claim((floor_div(numerator, 0) == 0) & (ceil_div(numerator, 0) == 0))


@law(
    "ARITH-3d",
    "Splitting an amount never changes its floor by as much as one, nor in its favour.",
    rules=("ARITH-3",),
    loses="the fund that rounding is for, by one quantum a split",
    shape="one division of two parts",
)
def floors_of_parts_never_exceed_the_floor_of_the_whole(first: int, second: int, denominator: Size) -> None:
    """Two parts."""
    whole = floor_div(first + second, denominator)
    parts = floor_div(first, denominator) + floor_div(second, denominator)
    claim((whole - 1 <= parts) & (parts <= whole))


@law(
    "ARITH-2a",
    "A clamped value lies within its bounds, and is the value itself if that does.",
    rules=("ARITH-2.3",),
    loses="whoever relies on a cap",
    shape="one value",
    assumes=(INTERVAL,),
)
def clamping_keeps_the_bounds(value: int, low: int, high: int) -> None:
    """For bounds in order."""
    assume(low <= high, INTERVAL)
    clamped = clamp(value, low, high)
    claim((low <= clamped) & (clamped <= high))
    claim(negate((low <= value) & (value <= high)) | (clamped == value))


@law(
    "ARITH-2b",
    "The smaller and the larger of two are the two.",
    rules=("ARITH-2", "ARITH-2.2"),
    loses="whoever is paid a minimum",
    shape="two values",
)
def minimum_and_maximum_are_the_two(first: int, second: int) -> None:
    """In either order; a sum alone would hold of other pairs too."""
    smaller, larger = minimum(first, second), maximum(first, second)
    claim(((smaller == first) & (larger == second)) | ((smaller == second) & (larger == first)))
    claim(smaller <= larger)


@law(
    "ARITH-2c",
    "A value is its sign times its distance from zero, and that is no less than zero.",
    rules=("ARITH-2.4", "ARITH-2.5"),
    loses="whoever is owed by a position of the other sign",
    shape="one value",
)
def sign_and_distance_are_the_value(value: int) -> None:
    """Only zero has no sign."""
    claim((absolute(value) >= 0) & (sign(value) * absolute(value) == value))
    claim((sign(value) == 1) | (sign(value) == 0) | (sign(value) == -1))
    claim((sign(value) == 0) == (value == 0))


@law(
    "ARITH-4a",
    "Of no terms the sum is nothing, one more term adds itself, and in any order the sum is the same.",
    rules=("ARITH-4",),
    loses="whoever stands last in a list",
    shape="three terms, and the step from three to four",
)
def a_sum_grows_by_each_term(first: int, second: int, third: int, last: int) -> None:
    """The order: neighbours may change places, so any order may."""
    claim(total(()) == 0)
    claim(total((first, second, third, last)) == total((first, second, third)) + last)
    claim((total((first, second, third)) == total((second, first, third))) & (total((first,)) == first))
    claim(total((first, second, third)) == total((first, third, second)))


@canary("CANARY-1", "A fee rounded down is never zero.", rules=("ARITH-3",), shape="one fill", assumes=(FEE,))
def a_fee_rounded_down_is_never_zero(price: Price, size: Size, rate: Factor) -> None:
    """False: dust trades for nothing."""
    assume(rate > 0, FEE)
    claim(floor_div(price * size * rate, PPM) > 0)


@canary("CANARY-2", "Floor and ceiling of a quotient are equal.", rules=("ARITH-3",), shape="one division")
def floor_and_ceiling_are_equal(numerator: int, denominator: Size) -> None:
    """False wherever a remainder is left."""
    claim(floor_div(numerator, denominator) == ceil_div(numerator, denominator))


@canary("CANARY-3", "A division truncated towards zero is a floor division.", rules=("ARITH-3",), shape="one division")
def truncation_is_a_floor(numerator: int, denominator: Size) -> None:
    """False below zero: the pitfall of every other language."""
    truncated = sign(numerator) * floor_div(absolute(numerator), denominator)
    claim(truncated == floor_div(numerator, denominator))
