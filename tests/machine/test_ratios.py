"""Ratios are compared exactly, as fractions are."""

from fractions import Fraction
from itertools import product

from settlespec.machine.ratios import Ratio

NUMBERS = (-(2**96), -3, -1, 0, 1, 2, 3, 2**96, 2**96 + 1)
RATIOS = [(numerator, denominator) for numerator in NUMBERS for denominator in NUMBERS if denominator > 0]


def test_ratios_are_ordered_and_equal_as_fractions_are():
    for one, other in product(RATIOS, repeat=2):
        assert (Ratio(*one) < Ratio(*other)) is (Fraction(*one) < Fraction(*other))
        assert (Ratio(*one) == Ratio(*other)) is (Fraction(*one) == Fraction(*other))


def test_a_ratio_is_no_number():
    assert Ratio(2, 1) != 2
