"""Laws of the gadget that divides, whole and by parts: one quotient, and every honest division admitted; see `laws.gadgets`."""

from settlespec.arithmetic import absolute, floor_div
from settlespec.engines import gadgets
from settlespec.laws.gadgets import (
    BITS,
    FORGES,
    NO_WRAP,
    STALLS,
    TRACKED,
    Arbitrary,
    Element,
    Honest,
    Limit,
    within_half,
)
from settlespec.laws.statement import assume, case, claim, law

PART = 2**119
"""By what the upper part of a quotient counts where the divisor has 130 bits."""

POSITIVE = case("the divisor is positive")
LAST = case("the product with the quotient is the last up to the numerator")


@law(
    "CIRCUIT-9a",
    "A division has one quotient, the one rounded down.",
    rules=("CIRCUIT-9",),
    loses=FORGES,
    shape="one division",
    assumes=(NO_WRAP, BITS),
)
def a_quotient_is_rounded_down(
    numerator: Element, divisor: Element, low: Element, quotient_limit: Limit, remainder_limit: Limit, named: Element
) -> None:
    """Whatever the prover names for it; products and sums are those of the integers (CIRCUIT-5a)."""
    largest = low + quotient_limit - 1
    assume(within_half(largest) & (divisor <= remainder_limit), NO_WRAP)
    for quotient in (low, largest):
        rest = numerator - quotient * divisor
        assume(within_half(rest) & within_half(divisor - 1 - rest), NO_WRAP)
    quotient, remainder = gadgets.divided(Arbitrary(named), numerator, divisor, low, quotient_limit, remainder_limit)
    claim((low <= quotient) & (quotient <= largest))
    claim(within_half(remainder) & within_half(divisor - 1 - remainder))
    claim((divisor > 0) & (remainder >= 0) & (remainder < divisor))
    claim(numerator == quotient * divisor + remainder)
    claim(quotient == floor_div(numerator, divisor))


@law(
    "CIRCUIT-9b",
    "Every division by a positive divisor is admitted.",
    rules=("CIRCUIT-9",),
    loses=STALLS,
    shape="one division",
    assumes=(POSITIVE, TRACKED),
)
def every_division_is_admitted(
    numerator: int, divisor: int, low: int, quotient_limit: int, remainder_limit: int
) -> None:
    """The completeness of CIRCUIT-9."""
    assume((divisor > 0) & (divisor <= remainder_limit), POSITIVE)
    assume((floor_div(numerator, divisor) >= low) & (floor_div(numerator, divisor) < low + quotient_limit), TRACKED)
    gadgets.divided(Honest(), numerator, divisor, low, quotient_limit, remainder_limit)


@law(
    "CIRCUIT-9c",
    "A division by parts has one quotient, the one of CIRCUIT-9e.",
    rules=("CIRCUIT-9.2",),
    loses=FORGES,
    shape="parts of 119 bits",
    assumes=(NO_WRAP, BITS),
)
def a_quotient_by_parts_is_rounded_down(
    numerator: Element,
    divisor: Element,
    low: Element,
    upper_limit: Limit,
    most: Limit,
    remainder_limit: Limit,
    upper: Element,
    lower: Element,
) -> None:
    """Whatever the prover names for the two parts; products and sums are those of the integers (CIRCUIT-5a)."""
    largest = low + upper_limit - 1
    assume(within_half(largest) & (divisor <= remainder_limit) & within_half(2 * most), NO_WRAP)
    assume(within_half(low * divisor + most) & within_half(largest * divisor + most), NO_WRAP)
    for taken in (-most, most):
        for beside in (0, divisor * PART):
            rest = numerator - taken * PART - beside
            assume(within_half(rest) & within_half(divisor - 1 - rest), NO_WRAP)
    quotient, remainder = gadgets.divided_by_parts(
        Arbitrary(upper, lower), numerator, divisor, low, upper_limit, PART, most, remainder_limit
    )
    claim((low <= upper) & (upper <= largest) & (lower >= 0) & (lower < PART))
    claim(within_half(upper * divisor + most))
    claim((-most <= upper * divisor) & (upper * divisor < most))
    claim((divisor < 0) == (divisor * PART < 0))
    claim((divisor < 0) | ((lower * divisor >= 0) & ((PART - lower) * divisor >= 0)))
    claim((divisor >= 0) | ((lower * divisor <= 0) & ((PART - lower) * divisor <= 0)))
    claim(within_half(remainder) & within_half(divisor - 1 - remainder))
    claim((divisor > 0) & (remainder >= 0) & (remainder < divisor))
    claim(numerator == quotient * divisor + remainder)
    claim((quotient * divisor <= numerator) & (numerator < (quotient + 1) * divisor))


@law(
    "CIRCUIT-9d",
    "Every division by a positive divisor is admitted by parts.",
    rules=("CIRCUIT-9.2",),
    loses=STALLS,
    shape="parts of 119 bits",
    assumes=(POSITIVE, TRACKED),
)
def every_division_is_admitted_by_parts(
    numerator: int, divisor: int, low: int, upper_limit: int, most: int, remainder_limit: int
) -> None:
    """The completeness of CIRCUIT-9.2: the upper part times the divisor misses the numerator's by two divisors at most."""
    assume((divisor > 0) & (divisor <= remainder_limit), POSITIVE)
    upper = floor_div(floor_div(numerator, divisor), PART)
    assume((upper >= low) & (upper < low + upper_limit), TRACKED)
    assume((-most <= upper * divisor) & (upper * divisor < most), TRACKED)
    gadgets.divided_by_parts(Honest(), numerator, divisor, low, upper_limit, PART, most, remainder_limit)


@law(
    "CIRCUIT-9f",
    "The upper part times the divisor stays near.",
    rules=("CIRCUIT-9.2",),
    loses=STALLS,
    shape="parts of 119 bits",
    assumes=(POSITIVE,),
)
def the_upper_part_stays_near(numerator: int, divisor: int) -> None:
    """So the circuit knows how much room its range needs."""
    assume(divisor > 0, POSITIVE)
    upper = floor_div(floor_div(numerator, divisor), PART)
    claim(upper * divisor * PART <= numerator)
    claim(upper * divisor * PART > numerator - divisor - divisor * PART)
    claim(upper * divisor <= floor_div(absolute(numerator), PART))
    claim(upper * divisor >= -floor_div(absolute(numerator), PART) - 2 * divisor)


@law(
    "CIRCUIT-9e",
    "The only integer whose product with the divisor is the last up to the numerator is the quotient rounded down.",
    rules=("CIRCUIT-9", "CIRCUIT-9.2"),
    loses=FORGES,
    shape="one division",
    assumes=(LAST,),
)
def a_quotient_is_the_only_one_that_leaves_a_remainder(numerator: int, divisor: int, quotient: int) -> None:
    """For a positive divisor."""
    assume((divisor > 0) & (quotient * divisor <= numerator) & (numerator < (quotient + 1) * divisor), LAST)
    claim(quotient == floor_div(numerator, divisor))


@law(
    "CIRCUIT-9g",
    "A quotient does not change with both signs.",
    rules=("CIRCUIT-9.3",),
    loses=FORGES,
    shape="one division",
)
def both_signs_may_change(numerator: int, divisor: int) -> None:
    """So a division by a negative divisor is one by a positive divisor."""
    above, below = gadgets.facing_up(divisor >= 0, numerator, divisor)
    claim(below >= 0)
    claim(floor_div(above, below) == floor_div(numerator, divisor))
