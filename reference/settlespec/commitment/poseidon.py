"""Poseidon over the scalar field of BN254, with constants made from their definition, for circuits (rules HASH-4 and HASH-5).

Grassi, Khovratovich, Rechberger, Roy, Schofnegger: "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems", USENIX Security
2021, whose reference script `generate_parameters_grain` defines round constants and matrix; rounds and use as in circomlib.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

MODULUS: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""Order of the scalar field of BN254; elements are integers in [0, MODULUS)."""

FIELD_BITS: Final = 254
FULL_ROUNDS: Final = 8
PARTIAL_ROUNDS: Final = {2: 56, 3: 57, 4: 56, 5: 60, 6: 60}
"""By the width of the state: the numbers of the paper's script for 128-bit security with x**5, as circomlib uses them."""

Matrix = tuple[tuple[int, ...], ...]


def grain_bits(width: int) -> Iterator[int]:
    """The self-shrinking Grain generator of the paper's appendix, seeded with the parameters of the permutation.

    It steps 18 bits at a time: the next bit uses bits 0 to 62 of an 80-bit state, so 18 of them depend on no other new one.
    """
    fields = ((1, 2), (0, 4), (FIELD_BITS, 12), (width, 12), (FULL_ROUNDS, 10), (PARTIAL_ROUNDS[width], 10))
    seed = "".join(format(value, f"0{size}b") for value, size in fields) + "1" * 30
    state = int(seed[::-1], 2)
    # The first 160 bits are dropped. Reading in pairs, a one lets the bit after it through, a zero swallows it.
    index, passes = -160, False
    while True:
        produced = (state ^ state >> 13 ^ state >> 23 ^ state >> 38 ^ state >> 51 ^ state >> 62) & (1 << 18) - 1
        state = state >> 18 | produced << 62
        for place in range(18):
            bit = produced >> place & 1
            if index >= 0:
                if index % 2 == 0:
                    passes = bit == 1
                elif passes:
                    yield bit
            index += 1


def _number(bits: Iterator[int]) -> int:
    """The next FIELD_BITS bits, most significant first."""
    value = 0
    for _ in range(FIELD_BITS):
        value = value << 1 | next(bits)
    return value


@cache
def parameters(width: int) -> tuple[tuple[int, ...], Matrix]:
    """HASH-4: the round constants and the matrix of the permutation of this width, in [2, 6].

    A constant that reaches MODULUS is drawn again; the numbers of the Cauchy matrix 1 / (x + y) are reduced instead.
    The script's three tests against weak matrices pass at the first draw for these widths, so the published constants have no redraw.
    """
    bits = grain_bits(width)
    constants: list[int] = []
    while len(constants) < (FULL_ROUNDS + PARTIAL_ROUNDS[width]) * width:
        drawn = _number(bits)
        if drawn < MODULUS:
            constants.append(drawn)
    drawn_numbers = [_number(bits) % MODULUS for _ in range(2 * width)]
    rows, columns = drawn_numbers[:width], drawn_numbers[width:]
    return tuple(constants), tuple(tuple(pow(x + y, -1, MODULUS) for y in columns) for x in rows)


def poseidon(inputs: Sequence[int]) -> int:
    """HASH-5: the hash of one to five elements: the first of the permuted state (0, inputs), as in circomlib.

    Raises:
        ValueError: an input is not in [0, MODULUS), or there are none or more than five.
    """
    width = len(inputs) + 1
    if width not in PARTIAL_ROUNDS:
        raise ValueError(f"Poseidon takes one to five elements, not {len(inputs)}")
    if any(not 0 <= element < MODULUS for element in inputs):
        raise ValueError("an input is not an element of the field")
    constants, matrix = parameters(width)
    half, partial = FULL_ROUNDS // 2, PARTIAL_ROUNDS[width]
    state = [0, *inputs]
    for number in range(FULL_ROUNDS + partial):
        first = number * width
        state = [element + constant for element, constant in zip(state, constants[first : first + width], strict=True)]
        if half <= number < half + partial:
            state[0] = pow(state[0], 5, MODULUS)
        else:
            state = [pow(element, 5, MODULUS) for element in state]
        state = [sum(map(int.__mul__, row, state)) % MODULUS for row in matrix]
    return state[0]
