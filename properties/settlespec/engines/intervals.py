"""Signed integers in a prime field, and the intervals within which the two are the same.

A field element stands for the integer nearest to zero that is congruent to it. As long as every value of a circuit stays within
`HALF` of zero, two of them are equal in the field only if they are equal as integers (law CIRCUIT-1a).
"""

from typing import Final

from settlespec.arithmetic import choose, floor_div, maximum, minimum

MODULUS: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""The order of the scalar field of BN254, a prime of 254 bits: what the precompiled contracts of Ethereum verify (EIP-197)."""

HALF: Final = MODULUS // 2
"""The farthest from zero that an integer of a circuit may lie."""

LARGEST_RANGE: Final = 2**251
"""The largest range that a value is held to: so far from HALF that a value of it may be moved by as much."""


def signed(element: int) -> int:
    """CIRCUIT-1: a field element stands for the integer nearest to zero that is congruent to it.

    Args:
        element: 0 to MODULUS - 1.
    """
    return choose(element <= HALF, element, element - MODULUS)


def product_bounds(first_low: int, first_high: int, second_low: int, second_high: int) -> tuple[int, int]:
    """CIRCUIT-1.2: a product lies between the least and the largest product of the bounds of its factors."""
    low_low, low_high = first_low * second_low, first_low * second_high
    high_low, high_high = first_high * second_low, first_high * second_high
    return (
        minimum(minimum(low_low, low_high), minimum(high_low, high_high)),
        maximum(maximum(low_low, low_high), maximum(high_low, high_high)),
    )


def quotient_bounds(low: int, high: int, least_divisor: int, largest_divisor: int) -> tuple[int, int]:
    """CIRCUIT-1.3: a quotient lies between those of the numerator's bounds by the divisor that takes them farthest from zero.

    Args:
        low, high: bounds of the numerator.
        least_divisor, largest_divisor: bounds of the divisor, 1 <= least <= largest.
    """
    return (
        floor_div(low, choose(low < 0, least_divisor, largest_divisor)),
        floor_div(high, choose(high < 0, largest_divisor, least_divisor)),
    )
