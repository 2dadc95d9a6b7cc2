"""Exponential, logarithm and normal distribution from additions, multiplications, divisions and square roots alone.

IEEE 754 rounds just these correctly, while the functions of the platforms' libraries differ in the last bit.
Oracles sign the same array, so all must compute the same bits whatever machine they run on.
"""

from math import frexp, ldexp
from typing import Final

LARGEST_EXPONENT: Final = 700.0
"""Beyond it a power of e is called 0, or is out of reach: well inside of the normal numbers, where scaling is exact."""

LN2_HIGH: Final = 6.93147180369123816490e-01
LN2_LOW: Final = 1.90821492927058770002e-10
"""The logarithm of 2 in two parts: multiples of the first by up to 2^20 are exact."""

INVERSE_LN2: Final = 1.4426950408889634

HALF_ROOT: Final = 0.7071067811865476
"""The square root of one half: mantissas are taken around 1."""

EXPONENTIAL_TERMS: Final = tuple(1.0 / divisor for divisor in range(14, 0, -1))
"""Of the Taylor series on +-ln 2 / 2, by Horner: the next term is below 2^-56."""

LOGARITHM_TERMS: Final = tuple(1.0 / odd for odd in range(23, 0, -2))
"""Of the inverse hyperbolic tangent up to 0.172: the next term is below 2^-58."""

ROOT_OF_TWO_PI: Final = 2.5066282746310002

UPPER: Final = (
    3.52624965998911e-02,
    0.700383064443688,
    6.37396220353165,
    33.912866078383,
    112.079291497871,
    221.213596169931,
    220.206867912376,
)
LOWER: Final = (
    8.83883476483184e-02,
    1.75566716318264,
    16.064177579207,
    86.7807322029461,
    296.564248779674,
    637.333633378831,
    793.826512519948,
    440.413735824752,
)
"""Hart's rational approximation of the tail (Computer Approximations, 1968, 5666), as given by West (2005)."""

FAR: Final = 7.07106781186547
"""From here on a continued fraction."""


def exponential(power: float) -> float:
    """The power of e, for powers of at most `LARGEST_EXPONENT`; 0 below minus that."""
    if power < -LARGEST_EXPONENT:
        return 0.0
    doublings = int(power * INVERSE_LN2 + (0.5 if power >= 0.0 else -0.5))
    rest = (power - doublings * LN2_HIGH) - doublings * LN2_LOW
    series = 1.0
    for term in EXPONENTIAL_TERMS:
        series = 1.0 + rest * term * series
    return ldexp(series, doublings)


def logarithm(value: float) -> float:
    """The natural logarithm of a positive normal number."""
    mantissa, exponent = frexp(value)
    if mantissa < HALF_ROOT:
        mantissa += mantissa
        exponent -= 1
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = 0.0
    for term in LOGARITHM_TERMS:
        series = series * square + term
    return exponent * LN2_HIGH + (exponent * LN2_LOW + 2.0 * ratio * series)


def density(value: float) -> float:
    """The density of the standard normal distribution."""
    return exponential(-0.5 * value * value) / ROOT_OF_TWO_PI


def distribution(value: float) -> float:
    """The probability that a standard normal variable stays below the value."""
    distance = abs(value)
    tail = _near_tail(distance) if distance < FAR else _far_tail(distance)
    return 1.0 - tail if value > 0.0 else tail


def _near_tail(distance: float) -> float:
    upper = 0.0
    for coefficient in UPPER:
        upper = upper * distance + coefficient
    lower = 0.0
    for coefficient in LOWER:
        lower = lower * distance + coefficient
    return exponential(-0.5 * distance * distance) * upper / lower


def _far_tail(distance: float) -> float:
    fraction = distance + 0.65
    for numerator in (4.0, 3.0, 2.0, 1.0):
        fraction = distance + numerator / fraction
    return exponential(-0.5 * distance * distance) / fraction / ROOT_OF_TWO_PI
