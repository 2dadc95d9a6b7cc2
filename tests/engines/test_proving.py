"""What a proof is worth: every status, and every rule of honesty."""

from collections.abc import Mapping
from typing import Any

import pytest
import z3

from settlespec.domain.orders import Side
from settlespec.engines import paths, proving
from settlespec.engines.proving import EngineDefect, Proof, Status, prove
from settlespec.engines.replaying import Outcome, Replay, replay
from settlespec.engines.solvers import Answer, Decision, Patience, decide
from settlespec.laws.statement import BadStatement, Statement, law_of
from tests.engines import examples, unfaithful

IMPATIENT = Patience(branch=50, nonlinear_core=20, quick=20, lemmas=20, default=20)


def proof_of(function: Statement, patience: Patience | None = None, **options: Any) -> Proof:
    return prove(law_of(function), patience, **options)


@pytest.mark.parametrize(
    ("function", "status"),
    [
        (examples.true_law, Status.PROVED),
        (examples.forking_law, Status.PROVED),
        (examples.ranged_law, Status.PROVED),
        (examples.shapes_law, Status.PROVED),
        (examples.starved_law, Status.PROVED),
        (examples.false_law, Status.REFUTED),
        (examples.lifted_law, Status.REFUTED),
        (examples.raising_law, Status.REFUTED),
        (examples.caught_canary, Status.REFUTED),
        (examples.vacuous_law, Status.VACUOUS),
        (examples.late_vacuous_law, Status.VACUOUS),
        (examples.stepwise_law, Status.PROVED),
        (examples.silent_law, Status.VACUOUS),
        (examples.hashing_law, Status.UNKNOWN),
    ],
)
def test_each_law_gets_the_status_that_it_deserves(function: Statement, status: Status):
    assert proof_of(function).status is status


@pytest.mark.parametrize(
    ("function", "status"),
    [
        (unfaithful.condition_is_one_law, Status.REFUTED),
        (unfaithful.condition_is_not_one_law, Status.REFUTED),
        (unfaithful.condition_is_a_bit_law, Status.REFUTED),
        (unfaithful.condition_among_law, Status.REFUTED),
        (unfaithful.float_law, Status.UNKNOWN),
        (unfaithful.fraction_law, Status.UNKNOWN),
        (unfaithful.catching_law, Status.UNKNOWN),
        (unfaithful.suppressing_law, Status.UNKNOWN),
        (unfaithful.returning_law, Status.UNKNOWN),
        (unfaithful.validator_law, Status.UNKNOWN),
        (unfaithful.own_validator_law, Status.REFUTED),
        (unfaithful.validated_law, Status.PROVED),
        (unfaithful.refused_argument_law, Status.UNKNOWN),
        (unfaithful.instance_law, Status.REFUTED),
        (unfaithful.match_law, Status.REFUTED),
        (unfaithful.attribute_law, Status.UNKNOWN),
        (unfaithful.numerator_law, Status.UNKNOWN),
        (unfaithful.format_law, Status.UNKNOWN),
        (unfaithful.text_law, Status.UNKNOWN),
        (unfaithful.pair_law, Status.UNKNOWN),
        (unfaithful.unreached_text_law, Status.PROVED),
        (unfaithful.converter_law, Status.REFUTED),
        (unfaithful.converted_law, Status.PROVED),
        (unfaithful.no_init_law, Status.REFUTED),
        (unfaithful.flagged_law, Status.UNKNOWN),
    ],
)
def test_what_plain_integers_break_is_not_proved(function: Statement, status: Status):
    assert proof_of(function).status is status


@pytest.mark.parametrize(
    "function", [examples.false_law, examples.lifted_law, examples.raising_law, examples.caught_canary]
)
def test_a_counterexample_breaks_the_law_on_plain_integers(function: Statement):
    counterexample = proof_of(function).counterexample
    assert counterexample is not None
    assert replay(law_of(function), counterexample).refutes


@pytest.mark.parametrize(
    "function",
    [
        examples.true_law,
        examples.forking_law,
        examples.shapes_law,
        examples.starved_law,
        examples.stepwise_law,
    ],
)
def test_a_proof_carries_a_witness_that_runs_on_plain_integers(function: Statement):
    witness = proof_of(function).witness
    assert witness is not None
    assert replay(law_of(function), witness).witnesses


def test_a_counterexample_is_small_enough_to_be_read():
    counterexample = proof_of(examples.false_law).counterexample
    assert counterexample is not None
    assert all(value in (1, 2, 3) for value in counterexample.values())


def test_a_claim_that_is_proved_at_once_is_not_searched_for_a_small_counterexample():
    claim, witness = 1, 1
    assert proof_of(examples.true_law).checks == claim + witness


def test_an_exception_on_a_path_that_can_be_taken_refutes_the_law_and_is_named():
    proof = proof_of(examples.raising_law)
    assert "ZeroDivisionError" in proof.reason
    assert proof.counterexample is not None
    assert proof.counterexample["rate"] == 0


def test_a_counterexample_that_does_not_replay_is_a_defect_of_ours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "replay", lambda *_: Replay(Outcome.HOLDS, 1))
    with pytest.raises(EngineDefect, match="counterexample"):
        proof_of(examples.false_law)


def test_a_witness_that_does_not_replay_is_a_defect_of_ours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "replay", lambda *_: Replay(Outcome.ASSUMPTION_NOT_MET, 0))
    with pytest.raises(EngineDefect, match="witness"):
        proof_of(examples.true_law)


def test_a_witness_that_breaks_the_law_refutes_it():
    proof = proof_of(unfaithful.hidden_law)
    assert proof.status is Status.REFUTED
    assert proof.counterexample == {"number": unfaithful.MAGIC}


def test_a_path_without_a_claim_is_run_on_plain_integers_too():
    assert proof_of(unfaithful.hidden_silence_law).status is Status.REFUTED


def test_a_broken_claim_that_the_law_swallows_proves_nothing():
    with pytest.raises(EngineDefect, match="counterexample"):
        proof_of(unfaithful.swallowing_law)


def test_an_undecided_claim_is_never_proved():
    proof = proof_of(examples.hard_law, IMPATIENT)
    assert proof.status is Status.UNKNOWN
    assert "undecided" in proof.reason


def test_a_claim_without_a_witness_is_never_proved(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "SMALL", ())

    def knows_no_model(constraints: list[Any], *rest: Any) -> Decision:
        decision = decide(constraints, *rest)
        return Decision(Answer.UNKNOWN) if decision.answer is Answer.SATISFIABLE else decision

    monkeypatch.setattr(proving, "decide", knows_no_model)
    proof = proof_of(examples.true_law)
    assert proof.status is Status.UNKNOWN
    assert "no arguments" in proof.reason


def test_more_paths_than_the_bound_prove_nothing():
    assert proof_of(examples.many_paths_law).status is Status.PROVED
    assert proof_of(examples.many_paths_law, most_paths=7).status is Status.BOUND


def test_a_way_that_was_left_is_not_counted_as_followed_though_the_law_hides_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paths, "MOST_DECISIONS", 5)
    assert proof_of(unfaithful.endless_law).status is Status.BOUND


def test_a_law_that_decides_otherwise_each_time_is_not_proved():
    proof = proof_of(unfaithful.restless_law)
    assert proof.status is Status.UNKNOWN
    assert "not deterministic" in proof.reason


def test_every_member_of_an_enumeration_is_a_shape_of_its_own():
    assert proof_of(examples.shapes_law).paths == 2 * len(Side)


def test_a_claim_that_is_no_condition_is_refused():
    with pytest.raises(BadStatement, match="SymbolicInteger"):
        proof_of(examples.wordy_law)


def test_what_cannot_be_read_symbolically_is_said_and_not_proved():
    assert "hashed" in proof_of(examples.hashing_law).reason


def test_obligations_are_exported_and_z3_answers_the_same_from_the_text():
    for function in (examples.forking_law, examples.false_law):
        proof = proof_of(function, export=True)
        assert proof.texts
        for text in proof.texts:
            solver = z3.Solver()
            solver.from_string(text.smtlib)
            expected = z3.sat if text.answer is Answer.SATISFIABLE else z3.unsat
            assert solver.check() == expected


def test_nothing_is_exported_unasked():
    assert proof_of(examples.true_law).texts == ()


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ({"price": 1, "size": 1, "rate": 1}, Outcome.CLAIM_BROKEN),
        ({"price": 1, "size": 1, "rate": 0}, Outcome.HOLDS),
        ({"price": 0, "size": 1, "rate": 1}, Outcome.OUT_OF_RANGE),
        ({"price": True, "size": 1, "rate": 1}, Outcome.OUT_OF_RANGE),
    ],
)
def test_a_replay_says_what_happened(arguments: Mapping[str, object], outcome: Outcome):
    assert replay(law_of(examples.false_law), arguments).outcome is outcome


def test_a_replay_outside_the_assumptions_neither_refutes_nor_witnesses():
    replayed = replay(law_of(examples.vacuous_law), {"number": 1})
    assert replayed.outcome is Outcome.ASSUMPTION_NOT_MET
    assert not replayed.refutes
    assert not replayed.witnesses
