"""ARITH-1 to ARITH-4 beside arithmetic that others wrote: the interpreter's own functions, and exact fractions."""

from fractions import Fraction
from math import ceil, copysign, floor

from hypothesis import given
from hypothesis import strategies as st

from settlespec.arithmetic import (
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

NUMBERS = st.one_of(st.integers(-9, 9), st.integers(-(2**130), 2**130))


@given(NUMBERS, NUMBERS, st.lists(NUMBERS, max_size=6))
def test_every_function_answers_what_the_interpreters_own_answers(first: int, second: int, terms: list[int]) -> None:
    assert choose(first < second, first, second) == (first if first < second else second)
    assert negate(first < second) == (not first < second)
    assert minimum(first, second) == min(first, second)
    assert maximum(first, second) == max(first, second)
    assert clamp(0, min(first, second), max(first, second)) == sorted((first, 0, second))[1]
    assert absolute(first) == abs(first)
    assert sign(first) == (int(copysign(1, first)) if first else 0)
    assert total(terms) == sum(terms)


@given(NUMBERS, NUMBERS)
def test_both_quotients_are_those_of_exact_fractions(numerator: int, denominator: int) -> None:
    if denominator == 0:
        assert (floor_div(numerator, 0), ceil_div(numerator, 0)) == (0, 0)
    else:
        exact = Fraction(numerator, denominator)
        assert (floor_div(numerator, denominator), ceil_div(numerator, denominator)) == (floor(exact), ceil(exact))
