"""The order of the field is prime, and an element stands for one integer."""

import pytest

from settlespec.engines.intervals import HALF, MODULUS, product_bounds, quotient_bounds, signed

CERTIFICATE: dict[int, tuple[int, tuple[int, ...]]] = {
    MODULUS: (
        5,
        (2, 3, 13, 29, 983, 11003, 237073, 405928799, 1670836401704629, 13818364434197438864469338081),
    ),
    13818364434197438864469338081: (3, (2, 5, 823, 1593227, 65865678001877903)),
    1593227: (2, (2, 19, 41927)),
    65865678001877903: (5, (2, 83, 379, 1637, 639533339)),
    639533339: (2, (2, 229, 853, 1637)),
    1670836401704629: (2, (2, 3, 5156902474397)),
    5156902474397: (2, (2, 107, 12048837557)),
    12048837557: (2, (2, 7, 661, 93001)),
    405928799: (22, (2, 11, 3691, 4999)),
}
"""Pratt's certificate: of a prime an element of order prime - 1, and the primes that divide prime - 1."""


def certified(number: int) -> bool:
    if number < 10**6:
        return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))
    element, factors = CERTIFICATE[number]
    rest = number - 1
    for factor in factors:
        while rest % factor == 0:
            rest //= factor
    return (
        rest == 1
        and all(certified(factor) for factor in factors)
        and pow(element, number - 1, number) == 1
        and all(pow(element, (number - 1) // factor, number) != 1 for factor in factors)
    )


def test_the_order_of_the_field_is_prime_as_the_laws_of_the_gadgets_take_for_granted():
    assert certified(MODULUS)


def test_the_certificate_does_not_admit_a_composite_number():
    assert not certified(999_999)
    with pytest.raises(KeyError):
        certified(MODULUS + 2)


@pytest.mark.parametrize("integer", [-HALF, -1, 0, 1, HALF])
def test_an_integer_within_the_interval_comes_back_from_the_field(integer: int):
    assert signed(integer % MODULUS) == integer


@pytest.mark.parametrize(
    ("first", "second", "bounds"),
    [
        ((1, 2), (3, 5), (3, 10)),
        ((-2, 3), (-5, 7), (-15, 21)),
        ((-3, -2), (-5, -4), (8, 15)),
        ((0, 0), (-9, 9), (0, 0)),
    ],
)
def test_a_product_is_bounded_by_its_corners(first: tuple[int, int], second: tuple[int, int], bounds: tuple[int, int]):
    assert product_bounds(*first, *second) == bounds


@pytest.mark.parametrize(
    ("numerator", "divisor", "bounds"),
    [
        ((10, 20), (2, 5), (2, 10)),
        ((-20, -10), (2, 5), (-10, -2)),
        ((-7, 7), (2, 3), (-4, 3)),
        ((0, 0), (1, 9), (0, 0)),
    ],
)
def test_a_quotient_is_bounded_by_its_corners(
    numerator: tuple[int, int], divisor: tuple[int, int], bounds: tuple[int, int]
):
    assert quotient_bounds(*numerator, *divisor) == bounds
