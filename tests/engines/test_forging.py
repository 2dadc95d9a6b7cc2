"""A forger who may choose every auxiliary value and every output of a small circuit finds the honest answer only."""

from collections.abc import Callable
from itertools import product
from typing import Annotated, Any

import pytest

from settlespec.arithmetic import absolute, ceil_div, floor_div, maximum
from settlespec.domain.quantities import Range
from settlespec.engines import circuit as circuit_module
from settlespec.engines.arithmetising import Emitted, arithmetise, plain_answer
from settlespec.engines.circuit import Circuit
from settlespec.engines.intervals import signed
from tests.engines.circuits import rule_of
from tests.engines.forging import admitted

Small = Annotated[int, Range(-3, 4)]

INSIDE = (-3, 0, 1, 4)
OUTSIDE = (-4, 5)


def larger(a: Small, b: Small) -> int:
    return maximum(a, b)


def quotient(a: Small, b: Small) -> int:
    return floor_div(a, b)


def rounded_up(a: Small, b: Small) -> int:
    return ceil_div(a * b, 3)


def several(a: Small, b: Small) -> tuple[int, bool, bool, int]:
    return a * b, a == b, (a > 0) & (b > 0), absolute(a - b)


RULES = (larger, quotient, rounded_up, several)


def built(function: Callable[..., Any]) -> Emitted:
    circuit = arithmetise.__wrapped__(rule_of(function))
    assert isinstance(circuit, Emitted)
    return circuit


def forged(circuit: Emitted, a: int, b: int) -> list[dict[str, int]]:
    """Every answer for which there is any witness at all."""
    found = admitted(circuit.system, (a, b))
    return [{place: signed(values[1 + n]) for n, place in enumerate(circuit.outputs)} for values in found]


@pytest.mark.parametrize("function", RULES)
def test_only_the_answer_of_the_integers_has_a_witness(function: Callable[..., Any]):
    circuit = built(function)
    for a, b in product(INSIDE, repeat=2):
        assert forged(circuit, a, b) == [plain_answer(circuit.rule, {"a": a, "b": b})]


def test_a_division_in_parts_has_no_other_witness_either(monkeypatch: pytest.MonkeyPatch):
    whole = built(quotient)
    monkeypatch.setattr(circuit_module, "WIDEST_PRODUCT", 16)
    circuit = built(quotient)
    assert len(circuit.system.constraints) > len(whole.system.constraints)
    for a, b in ((-3, 4), (4, -3), (-3, 0), (4, 1)):
        assert forged(circuit, a, b) == [plain_answer(circuit.rule, {"a": a, "b": b})]


@pytest.mark.parametrize("function", RULES)
def test_inputs_outside_their_range_have_no_witness(function: Callable[..., Any]):
    circuit = built(function)
    for outside in OUTSIDE:
        assert forged(circuit, outside, 1) == forged(circuit, 1, outside) == []


def test_the_forger_finds_what_a_circuit_without_ranges_admits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Circuit, "require_range", lambda self, value, limit: value)
    assert sorted(answer["answer"] for answer in forged(built(larger), 1, 3)) == [1, 3]
