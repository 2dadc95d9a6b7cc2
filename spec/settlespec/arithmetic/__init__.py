"""Integer arithmetic that runs, proves and arithmetises from one text.

A rule of this project never branches on its inputs with a Python ``if``: it chooses with `choose` and the functions below, and it
combines conditions with ``&``, ``|`` and `negate`. So one execution of a rule is the whole rule, whether its arguments are Python
integers, symbolic terms of a solver, or wires of a circuit.

>>> ceil_div(7, 2), floor_div(-7, 2), floor_div(7, 0)
(4, -4, 0)
"""

from settlespec.arithmetic.integers import (
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

__all__ = [
    "PPM",
    "absolute",
    "ceil_div",
    "choose",
    "clamp",
    "floor_div",
    "maximum",
    "minimum",
    "negate",
    "sign",
    "total",
]
