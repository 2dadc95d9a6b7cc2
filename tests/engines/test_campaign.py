"""What the engines together come to, and on any executor."""

import itertools
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from attrs import evolve

from settlespec.engines import campaign
from settlespec.engines.campaign import Effort, Examination, Finding, examine, examine_all
from settlespec.engines.concolic import Search, SearchStatus
from settlespec.engines.crosscheck import SecondOpinion
from settlespec.engines.killable import run_killably
from settlespec.engines.proving import EngineDefect, Proof, Status
from settlespec.engines.sampling import Sample, SampleStatus
from settlespec.laws.statement import Law, Statement, law_of
from tests.engines import examples, unfaithful, unruly

QUICK = Effort(seconds=20, examples=30)


def examined(function: Statement, proof: Status, opinion: Status | None, sampled: SampleStatus | None) -> Examination:
    law = law_of(function)
    return Examination(
        law=law,
        proof=Proof(law.id, proof, 1, 1, 0.1),
        opinion=None if opinion is None else SecondOpinion(law.id, opinion, 1, 1, (), 0.1),
        sample=None if sampled is None else Sample(law.id, sampled, 100, 100, 0.1, 0),
    )


@pytest.mark.parametrize(
    ("proof", "opinion", "sampled", "finding"),
    [
        (Status.PROVED, Status.PROVED, SampleStatus.PASSED, Finding.PROVED),
        (Status.PROVED, Status.UNKNOWN, SampleStatus.STARVED, Finding.PROVED),
        (Status.PROVED, None, None, Finding.PROVED),
        (Status.PROVED, Status.PROVED, SampleStatus.FALSIFIED, Finding.DISAGREEMENT),
        (Status.UNKNOWN, Status.UNKNOWN, SampleStatus.PASSED, Finding.UNKNOWN),
        (Status.UNKNOWN, Status.UNKNOWN, SampleStatus.FALSIFIED, Finding.REFUTED),
        (Status.BOUND, Status.UNKNOWN, SampleStatus.FALSIFIED, Finding.REFUTED),
        (Status.VACUOUS, Status.UNKNOWN, SampleStatus.STARVED, Finding.VACUOUS),
        (Status.BOUND, Status.UNKNOWN, SampleStatus.PASSED, Finding.BOUND),
        (Status.REFUTED, Status.REFUTED, SampleStatus.PASSED, Finding.REFUTED),
    ],
)
def test_a_law_is_as_good_as_its_worst_engine(
    proof: Status, opinion: Status | None, sampled: SampleStatus | None, finding: Finding
):
    assert examined(examples.true_law, proof, opinion, sampled).finding is finding


@pytest.mark.parametrize(
    ("proof", "opinion", "sampled", "finding"),
    [
        (Status.REFUTED, Status.REFUTED, SampleStatus.FALSIFIED, Finding.CAUGHT),
        (Status.REFUTED, None, SampleStatus.FALSIFIED, Finding.CAUGHT),
        (Status.REFUTED, Status.UNKNOWN, SampleStatus.FALSIFIED, Finding.UNKNOWN),
        (Status.REFUTED, Status.REFUTED, SampleStatus.PASSED, Finding.SURVIVED),
        (Status.REFUTED, Status.REFUTED, None, Finding.UNKNOWN),
        (Status.UNKNOWN, Status.REFUTED, SampleStatus.FALSIFIED, Finding.UNKNOWN),
        (Status.PROVED, Status.PROVED, SampleStatus.PASSED, Finding.SURVIVED),
    ],
)
def test_a_canary_is_caught_only_if_every_engine_refutes_it(
    proof: Status, opinion: Status | None, sampled: SampleStatus | None, finding: Finding
):
    assert examined(examples.caught_canary, proof, opinion, sampled).finding is finding


@pytest.mark.parametrize(
    ("function", "proof", "sampled", "searched", "finding"),
    [
        (examples.true_law, Status.PROVED, SampleStatus.PASSED, SearchStatus.CONFIRMED, Finding.PROVED),
        (examples.true_law, Status.PROVED, SampleStatus.PASSED, SearchStatus.UNKNOWN, Finding.PROVED),
        (examples.true_law, Status.PROVED, SampleStatus.PASSED, SearchStatus.REFUTED, Finding.DISAGREEMENT),
        (examples.true_law, Status.VACUOUS, SampleStatus.STARVED, SearchStatus.CONFIRMED, Finding.VACUOUS),
        (examples.true_law, Status.UNKNOWN, SampleStatus.PASSED, SearchStatus.CONFIRMED, Finding.UNKNOWN),
        (examples.true_law, Status.UNKNOWN, SampleStatus.PASSED, SearchStatus.REFUTED, Finding.REFUTED),
        (examples.true_law, Status.REFUTED, SampleStatus.PASSED, SearchStatus.CONFIRMED, Finding.DISAGREEMENT),
        (examples.true_law, Status.UNKNOWN, SampleStatus.FALSIFIED, SearchStatus.CONFIRMED, Finding.DISAGREEMENT),
        (examples.caught_canary, Status.REFUTED, SampleStatus.FALSIFIED, SearchStatus.REFUTED, Finding.CAUGHT),
        (examples.caught_canary, Status.REFUTED, SampleStatus.FALSIFIED, SearchStatus.UNKNOWN, Finding.UNKNOWN),
        (examples.caught_canary, Status.REFUTED, SampleStatus.FALSIFIED, SearchStatus.CONFIRMED, Finding.SURVIVED),
    ],
)
def test_crosshair_counts_as_one_engine_more_and_its_silence_contradicts_nobody(
    function: Statement, proof: Status, sampled: SampleStatus, searched: SearchStatus, finding: Finding
):
    found = examined(function, proof, None, sampled)
    assert evolve(found, search=Search(found.law.id, searched, 0.1)).finding is finding


def test_a_disagreement_of_the_solvers_outranks_a_proof():
    agreed = examined(examples.true_law, Status.PROVED, Status.PROVED, SampleStatus.PASSED)
    assert agreed.opinion is not None
    disputed = evolve(agreed, opinion=evolve(agreed.opinion, disagreements=("(check-sat)",)))
    assert disputed.finding is Finding.DISAGREEMENT


def test_every_engine_reads_one_law():
    examination = examine(law_of(examples.true_law), QUICK)
    assert examination.finding is Finding.PROVED
    assert examination.opinion is not None
    assert examination.opinion.status is Status.PROVED
    assert examination.sample is not None
    assert examination.sample.status is SampleStatus.PASSED
    assert examination.proof.texts == (), "the obligations stay behind"


def test_a_law_that_takes_too_long_is_undecided_and_harms_no_other():
    sleeper = examine(law_of(unruly.sleeping_law), Effort(seconds=0.5, asks_cvc5=False))
    assert sleeper.finding is Finding.UNKNOWN
    assert "0.5 s" in sleeper.proof.reason
    assert sleeper.sample is None


def test_a_law_whose_process_dies_is_undecided():
    assert examine(law_of(unruly.dying_law), Effort(seconds=20, asks_cvc5=False)).finding is Finding.UNKNOWN


def test_a_law_that_is_badly_stated_is_a_defect_of_the_statement_and_harms_no_other():
    examination = examine(law_of(examples.wordy_law), QUICK)
    assert examination.finding is Finding.DEFECT
    assert "condition" in examination.defect


def test_an_answer_of_ours_that_does_not_replay_is_a_defect(monkeypatch: pytest.MonkeyPatch):
    def breaks(law: Law, effort: Effort) -> Proof:
        raise EngineDefect(f"{law.id} does not replay")

    monkeypatch.setattr(campaign, "prove_for_export", breaks)
    monkeypatch.setattr(campaign, "run_killably", lambda work, *rest, seconds: work(*rest))
    assert examine(law_of(examples.true_law), QUICK).finding is Finding.DEFECT
    monkeypatch.setattr(campaign, "run_killably", run_killably)


def test_laws_are_examined_on_any_executor():
    laws = [law_of(examples.true_law), law_of(examples.caught_canary)]
    with ThreadPoolExecutor(2) as threads:
        findings = {one.law.id: one.finding for one in examine_all(laws, QUICK, threads)}
    assert findings == {"TEST-TRUE": Finding.PROVED, "TEST-CANARY": Finding.CAUGHT}


def test_the_default_is_a_pool_of_local_processes():
    findings = [one.finding for one in examine_all([law_of(examples.false_law)], QUICK)]
    assert findings == [Finding.REFUTED]


class BrokenPool(Executor):
    """A pool one of whose workers was ended from outside."""

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("a worker was ended"))
        return future


def test_a_worker_that_is_ended_from_outside_harms_no_law():
    findings = [one.finding for one in examine_all([law_of(examples.true_law)], QUICK, BrokenPool())]
    assert findings == [Finding.PROVED]


def test_a_law_that_is_not_deterministic_is_a_defect_of_that_law_and_of_no_other(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(unfaithful, "TURNS", itertools.count())
    laws = [law_of(unfaithful.flaky_law), law_of(examples.true_law)]
    with ThreadPoolExecutor(1) as executor:
        found = {examined.law.id: examined for examined in examine_all(laws, QUICK, executor)}
    assert found["TEST-FLAKY"].finding is Finding.DEFECT
    assert found["TEST-FLAKY"].is_misstated
    assert found["TEST-TRUE"].finding is Finding.PROVED
