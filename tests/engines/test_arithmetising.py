"""Every rule runs on wires: its constraints are met by honest witnesses, say what the integers say, and admit nothing else."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from settlespec.domain.accounts import Position
from settlespec.engines import circuit_inputs
from settlespec.engines.arguments import IntegerLeaf, RecordOf, Structure, TupleOf, within
from settlespec.engines.arithmetising import (
    Emitted,
    NotEmitted,
    OutsideTheRange,
    arithmetise,
    plain_answer,
)
from settlespec.engines.circuit_inputs import HOLDINGS, MOST_HOLDINGS, STATED, NoRange, drawn_inputs, inputs_of
from settlespec.engines.intervals import HALF, MODULUS
from settlespec.engines.rule_functions import RuleFunction, rule_functions
from tests.engines import circuits
from tests.engines.circuits import emitted, named, read_from, rule_of, unnoticed

RULES = rule_functions()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_constraints_of_a_rule_are_met_and_say_what_the_integers_say(rule: RuleFunction):
    circuit = emitted(rule)
    for seed in range(2):
        arguments = drawn_inputs(circuit.structures, seed)
        assert read_from(circuit, arguments) == plain_answer(rule, arguments)


def test_no_two_rules_share_a_name_so_their_files_do_not_either():
    assert len({rule.name for rule in RULES}) == len(RULES) > 60


def test_one_constraint_system_serves_all_inputs():
    rule = named("trade_position")
    circuit = emitted(rule)
    built_again = arithmetise.__wrapped__(rule)
    assert isinstance(built_again, Emitted)
    assert built_again.system == circuit.system
    for size, change in product((-7, 0, 7), (-9, -3, 0, 3, 9)):
        arguments = {"position": Position(size, 1_000), "change": change, "price": 130}
        assert read_from(circuit, arguments) == plain_answer(rule, arguments)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["trade_position", "maker_fee", "haircut", "reducible", "surcharge_rate", "in_breach"])
def test_no_wire_can_be_changed_alone_but_the_inverse_of_zero(name: str, seed: int):
    circuit = emitted(named(name))
    witness = circuit.witness(drawn_inputs(circuit.structures, seed))
    free = list(unnoticed(circuit.system, witness))
    assert all(circuits.is_inverse_of_zero(circuit.system, witness, wire) for wire in free)
    assert len(free) < 5


def test_only_a_digit_in_its_range_and_its_double_are_admitted_whatever_its_bits():
    system = emitted(rule_of(circuits.doubled_digit)).system
    bits = system.wires - 3
    admitted = {
        (digit, answer)
        for digit in range(-1, 9)
        for answer in range(-2, 18)
        for guess in product((0, 1, 2, MODULUS - 1), repeat=bits)
        if system.satisfied_by((1, answer % MODULUS, digit % MODULUS, *guess))
    }
    assert admitted == {(digit, 2 * digit) for digit in range(6)}


def test_a_division_admits_no_quotient_that_wraps():
    """The quotient of a forger: the numerator less a wrong remainder, divided in the field."""
    circuit = emitted(named("taker_fee"))
    honest = list(circuit.witness({"notional": 10**9, "rate": 2_500}))
    (quotient,) = (place for place, value in enumerate(honest) if value == MODULUS - 2_500_000 and place > 2)
    honest[quotient] = (-(10**9) * 2_500 - 1) * pow(10**6, -1, MODULUS) % MODULUS
    assert list(circuit.system.broken_by(honest))


def test_an_argument_outside_its_range_has_no_witness():
    circuit = emitted(named("taker_fee"))
    with pytest.raises(OutsideTheRange, match="notional of taker_fee"):
        circuit.witness({"notional": 0, "rate": 1})


def test_inputs_that_a_rule_does_not_read_are_left_out():
    circuit = emitted(named("surcharge_rate"))
    assert circuit.inputs == (
        "open_interest",
        "instrument.surcharge_from",
        "instrument.surcharge_to",
        "instrument.surcharge_ppm",
    )
    spoken_of = {wire for each in circuit.system.constraints for wire, _ in each.first + each.second + each.product}
    assert spoken_of | {0} == set(range(circuit.system.wires))


def test_public_wires_stand_first_outputs_before_inputs():
    circuit = emitted(rule_of(circuits.doubled_digit))
    assert (circuit.outputs, circuit.inputs) == (("answer",), ("digit",))
    assert circuit.witness({"digit": 5})[:3] == (1, 10, 5)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (circuits.forks, "forks on a condition"),
        (circuits.forks_on_a_value, "forks on a wire"),
        (circuits.looks_up, "hashed"),
        (circuits.counts_to_it, "made concrete"),
        (circuits.wraps, "up to 288 bits could wrap"),
        (circuits.wraps_in_a_sum, "could wrap"),
        (circuits.has_no_range, "nobody_knows of has_no_range has no range"),
        (circuits.mixes, "choice between int and tuple"),
        (circuits.divides_by_nothing, "division or modulo by zero"),
    ],
)
def test_a_rule_that_has_no_circuit_says_why(function: Callable[..., Any], reason: str):
    refused = arithmetise(rule_of(function))
    assert isinstance(refused, NotEmitted)
    assert reason in refused.reason


def test_a_value_that_could_wrap_is_refused_with_the_line_of_the_rule(monkeypatch: pytest.MonkeyPatch):
    wider = {**STATED, "exact": IntegerLeaf(-(2**240), 2**240), "risk": IntegerLeaf(0, 2**240)}
    monkeypatch.setattr(circuit_inputs, "STATED", wider)
    refused = arithmetise.__wrapped__(named("surcharge"))
    assert isinstance(refused, NotEmitted)
    assert "could wrap" in refused.reason
    assert "margin.py" in refused.reason
    assert "risk * surcharge_ppm" in refused.reason


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_input_has_a_range_within_the_field(rule: RuleFunction):
    for name, structure in inputs_of(rule.function).items():
        assert all(-HALF <= leaf.low <= leaf.high <= HALF for leaf in integers_of(structure)), name  # type: ignore[operator]


def integers_of(structure: Structure) -> list[IntegerLeaf]:
    if isinstance(structure, IntegerLeaf):
        return [structure]
    if isinstance(structure, TupleOf):
        return [leaf for item in structure.items for leaf in integers_of(item)]
    if isinstance(structure, RecordOf):
        return [leaf for _, item in structure.fields for leaf in integers_of(item)]
    return []


@pytest.mark.parametrize(
    ("rule", "output", "stated", "terms"),
    [
        ("exact_payment", "answer", "exact", MOST_HOLDINGS),
        ("underlying_risk", "answer", "risk", MOST_HOLDINGS // HOLDINGS),
        ("band_half_width", "answer", "half_width", 1),
        ("slip_width", "answer", "width", 1),
        ("moved_price", "answer", "moved", 1),
        ("free_collateral", "answer", "free", 1),
        ("gain_of_round", "answer", "gain", 1),
        ("calldata_tokens", "answer", "tokens", 1),
        ("risk_array", "answer.long_lot", "long_lot", 1),
        ("risk_array", "answer.short_lot", "short_lot", 1),
        ("linear_array", "answer.losses[15]", "losses", 1),
        ("linear_array", "answer.basis", "basis", 1),
        ("linear_array", "answer.worst_long", "worst_long", 1),
        ("option_array", "answer.short_minimum", "short_minimum", 1),
        ("scenario_losses", "answer[0]", "worst_of.losses", 1),
    ],
)
def test_what_a_rule_hands_on_lies_in_the_range_that_is_stated_of_it(rule: str, output: str, stated: str, terms: int):
    """That a requirement is never negative is no matter of intervals but of the rules, and their laws say it."""
    low, high = emitted(named(rule)).bounds[output]
    leaf = integers_of(STATED[stated])[0]
    assert leaf.low is not None
    assert leaf.high is not None
    assert terms * high <= leaf.high
    assert leaf.low == 0 or leaf.low <= terms * low


def test_drawn_inputs_lie_in_their_ranges_and_are_the_same_for_a_seed():
    structures = inputs_of(named("order_reserve").function)
    for seed in range(20):
        drawn = drawn_inputs(structures, seed)
        assert all(within(structure, drawn[name]) for name, structure in structures.items())
        assert drawn == drawn_inputs(structures, seed)
    assert drawn_inputs(structures, 1) != drawn_inputs(structures, 2)


@pytest.mark.parametrize("leaf", [IntegerLeaf(None, 3), IntegerLeaf(3, None)])
def test_an_input_without_a_range_is_not_drawn(leaf: IntegerLeaf):
    with pytest.raises(NoRange, match="number"):
        drawn_inputs({"number": leaf}, 0)
