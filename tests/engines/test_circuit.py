"""Wires have Python's operators and their answers; whatever has none on wires raises."""

import operator
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Annotated, Any

import pytest
from attrs import frozen

from settlespec.arithmetic import choose
from settlespec.domain.orders import OrderKind, Side
from settlespec.domain.quantities import Range
from settlespec.engines import circuit as circuit_module
from settlespec.engines.circuit import Circuit, TooManyWires, Wire, WireCondition, WouldWrap
from settlespec.engines.intervals import HALF, LARGEST_RANGE
from settlespec.engines.merging import Unreadable
from tests.engines.circuits import Wide, emitted, read_from, rule_of

Near = Annotated[int, Range(-40, 40)]
Divisor = Annotated[int, Range(-9, 9)]


@frozen
class Purse:
    coins: int
    locked: bool
    side: Side


@pytest.fixture
def circuit() -> Circuit:
    return Circuit()


@pytest.fixture
def wire(circuit: Circuit) -> Any:
    return circuit.input(-10, 10)


@pytest.fixture
def condition(wire: Any) -> Any:
    return wire > 3


def test_a_wire_is_no_python_integer():
    assert not issubclass(Wire, int)
    assert not issubclass(WireCondition, int)


def operations(a: Near, b: Divisor) -> tuple[object, ...]:
    return (
        a + b, 3 + a, a - b, 3 - a, a * b, 3 * a, a * 0, -a, +a, abs(a), a // 7, a % 7, a // -7, a % -7, 7 * a // 3,
        a < b, a <= b, a > b, a >= b, a == b, a != b, a == a, a < 100, a >= -100, a < 5, a >= 5,
        (a < b) & (a > 0), (a < b) | (a > 0), (a < b) ^ (a > 0), (a < b) == (a > 0), (a < b) != (a > 0),
        True & (a > 0), False | (a > 0), True ^ (a > 0), choose(a < b, a, b), choose(a < b, a + 1, a),
        choose(a < b, a > 0, b > 0), (a < b) == 1, operator.eq(1, a < b), (a < b) != 0, (a < b) == 2, (a < b) == a, a == (a < b),
        a == True, b != False, a != (a < b),  # noqa: E712
    )  # fmt: skip


def test_every_operator_answers_what_python_answers_for_any_sign():
    circuit = emitted(rule_of(operations))
    for a, b in product((-40, -7, -1, 0, 1, 6, 40), (-9, -1, 0, 1, 9)):
        expected = {f"answer[{place}]": int(value) for place, value in enumerate(operations(a, b))}  # type: ignore[call-overload]
        assert read_from(circuit, {"a": a, "b": b}) == expected


def quotients(a: Wide, b: Divisor) -> tuple[int, int, int]:
    return a // b, a % b, 7 // b


def test_a_division_rounds_down_whatever_the_signs():
    circuit = emitted(rule_of(quotients))
    for a, b in product((-(2**70), -7, -1, 0, 1, 7, 2**70), (-9, -2, -1, 1, 2, 9)):
        expected = {"answer[0]": a // b, "answer[1]": a % b, "answer[2]": 7 // b}
        assert read_from(circuit, {"a": a, "b": b}) == expected


def test_a_division_by_zero_has_no_witness_as_it_raises_on_integers():
    with pytest.raises(ZeroDivisionError):
        quotients(1, 0)
    circuit = emitted(rule_of(quotients))
    assert not circuit.system.satisfied_by(circuit.witness({"a": 1, "b": 0}))


def test_what_the_intervals_decide_is_decided_when_the_circuit_is_built(wire: Any, circuit: Circuit):
    assert (wire <= 10) is True
    assert (wire > 10) is False
    assert (wire == 11) is False
    assert (wire - wire == 0) is True
    assert circuit.constraints == []


def test_sums_and_multiples_cost_no_constraint(wire: Any, circuit: Circuit):
    assert isinstance(3 * wire + 2 - wire * 5, Wire)
    assert choose(wire > 3, wire + 1, wire) is not None
    only_the_comparison = len(circuit.constraints)
    assert only_the_comparison == 2 + (10).bit_length() - 1


@pytest.mark.parametrize(
    "concretise",
    [
        hash, int, float, complex, round, bin, bool,
        lambda wire: {wire: 1}, lambda wire: {1: 2}.get(wire), lambda wire: [1, 2][wire],
        lambda wire: list(range(wire)), lambda wire: wire / 2, lambda wire: 2 / wire, lambda wire: 2**wire,
        lambda wire: wire**2, lambda wire: wire << 1, lambda wire: wire >> 1, lambda wire: 1 << wire,
        lambda wire: min(wire, 3), lambda wire: 1 if wire else 2,
    ],
)  # fmt: skip
def test_whatever_would_make_a_wire_concrete_raises(concretise: Callable[[Any], object], wire: Any):
    with pytest.raises(Unreadable):
        concretise(wire)


@pytest.mark.parametrize("concretise", [hash, int, bool, lambda condition: [1, 2][condition], operator.invert])
def test_whatever_would_make_a_condition_concrete_raises(concretise: Callable[[Any], object], condition: Any):
    with pytest.raises(Unreadable):
        concretise(condition)


@pytest.mark.parametrize("stranger", [1.5, "1", None])
def test_a_stranger_to_the_integers_is_not_lifted(stranger: Any, wire: Any):
    with pytest.raises(TypeError):
        wire + stranger
    with pytest.raises(TypeError):
        stranger - wire


@pytest.mark.parametrize("stranger", [1.5, Fraction(1, 2), (1,), [1], object()])
def test_a_comparison_of_which_nobody_knows_is_refused(stranger: Any, wire: Any, condition: Any):
    for symbol in (wire, condition):
        for ask in (operator.eq, operator.ne):
            with pytest.raises(Unreadable, match="compared"):
                ask(symbol, stranger)


@pytest.mark.parametrize("stranger", [None, "1", b"1", OrderKind.LIMIT, Purse(1, True, Side.BUY)])
def test_what_is_never_a_number_equals_no_wire(stranger: Any, wire: Any, condition: Any):
    for symbol in (wire, condition):
        assert (symbol == stranger) is False
        assert (stranger != symbol) is True


def test_records_merge_field_by_field(condition: Any):
    merged: Any = choose(condition, Purse(1, True, Side.BUY), Purse(2, False, Side.BUY))
    assert isinstance(merged.coins, Wire)
    assert isinstance(merged.locked, WireCondition)
    assert merged.side is Side.BUY


@pytest.mark.parametrize(
    ("first", "second"), [(Side.BUY, Side.SELL), (1, True), ((1,), (1, 2)), (None, 1), (Purse(1, True, Side.BUY), 1)]
)
def test_what_has_no_common_wire_is_not_merged(first: object, second: object, condition: Any):
    with pytest.raises(Unreadable, match="choice between"):
        choose(condition, first, second)


def test_wires_of_two_circuits_do_not_meet(wire: Any):
    with pytest.raises(Unreadable, match="two circuits"):
        wire + Circuit().input(0, 1)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda wire: wire * 2,
        lambda wire: wire + wire,
        lambda wire: wire * wire,
        lambda wire: wire - (HALF + 1),
        lambda wire: wire < 7,
    ],
)
def test_a_value_that_could_wrap_is_refused_when_the_circuit_is_built(wrap: Callable[[Any], object], circuit: Circuit):
    with pytest.raises(WouldWrap, match="could wrap"):
        wrap(circuit.input(0, HALF))


def test_an_interval_may_reach_half_of_the_field_and_not_beyond(circuit: Circuit):
    assert circuit.input(-HALF, HALF).high == HALF
    with pytest.raises(WouldWrap):
        circuit.input(-HALF - 1, HALF)
    with pytest.raises(WouldWrap):
        circuit.require_range(circuit.input(0, HALF), 2 * LARGEST_RANGE)


def test_nothing_may_be_added_to_an_inverse(wire: Any, circuit: Circuit):
    with pytest.raises(WouldWrap):
        circuit.inverse(wire) + 1


def test_a_circuit_has_a_limit(monkeypatch: pytest.MonkeyPatch, circuit: Circuit):
    monkeypatch.setattr(circuit_module, "MOST_WIRES", 3)
    circuit.input(0, 1)
    circuit.input(0, 1)
    with pytest.raises(TooManyWires):
        circuit.input(0, 1)
