"""The second solver reads the same terms, and a disagreement is seen."""

from attrs import evolve

from settlespec.engines.crosscheck import decide_script, second_opinion
from settlespec.engines.proving import Status, prove
from settlespec.engines.solvers import Answer
from settlespec.laws.statement import Statement, law_of
from tests.engines import examples


def opinion_of(function: Statement) -> Status:
    return second_opinion(prove(law_of(function), export=True)).status


def test_cvc5_proves_what_is_true_over_all_paths():
    assert opinion_of(examples.true_law) is Status.PROVED
    assert opinion_of(examples.forking_law) is Status.PROVED


def test_cvc5_refutes_what_is_false():
    assert opinion_of(examples.false_law) is Status.REFUTED
    assert opinion_of(examples.caught_canary) is Status.REFUTED


def test_a_vacuous_law_is_not_proved_by_the_second_solver_either():
    assert opinion_of(examples.vacuous_law) is Status.UNKNOWN


def test_a_proof_without_obligations_gets_no_second_opinion():
    opinion = second_opinion(prove(law_of(examples.true_law)))
    assert (opinion.status, opinion.asked) == (Status.UNKNOWN, 0)


def test_opposite_answers_are_a_disagreement_with_the_text_to_show():
    proof = prove(law_of(examples.true_law), export=True)
    lied = evolve(proof, texts=tuple(evolve(text, answer=Answer.SATISFIABLE) for text in proof.texts))
    opinion = second_opinion(lied)
    assert len(opinion.disagreements) == len(proof.texts) > 0
    assert "(check-sat)" in opinion.disagreements[0]
    assert opinion.status is not Status.REFUTED


def test_a_script_without_a_question_has_no_answer():
    assert decide_script("(declare-fun x () Int)", 500) is Answer.UNKNOWN
