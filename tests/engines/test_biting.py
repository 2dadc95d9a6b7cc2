"""What becomes of a mutant: killed by a law, proved to be the rule, or a survivor; and a defect of ours is no kill."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest
from attrs import evolve

from settlespec.domain.errors import BadInput
from settlespec.engines.arguing import equivalents
from settlespec.engines.biting import Effort, Fate, Judgement, Way, judge
from settlespec.engines.calling import Called, LawCalls, calls_of, calls_of_all
from settlespec.engines.campaign import worker_pool
from settlespec.engines.judgements import judge_all, key_of, laws_that_call
from settlespec.engines.killable import run_killably
from settlespec.engines.mutating import Mutant, all_mutants, rule_modules
from settlespec.engines.replaying import Outcome
from settlespec.laws.statement import catalogue
from settlespec.rules import funding
from settlespec.rules.fees import taker_fee
from tests.engines.planted import fee_with, payment_with

MUTANTS = {mutant.id: mutant for mutant in all_mutants()}
LAWS = {law.id: law for law in catalogue()}
EFFORT = Effort(most_draws=400, enough_draws=100, seconds=5.0, declared=equivalents().declared)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """One process beside this one."""
    with worker_pool(1) as workers:
        yield workers


def calling(*laws: str) -> tuple[LawCalls, ...]:
    return tuple(calls_of(LAWS[law], "settlespec.rules") for law in laws)


def judged(pool: ProcessPoolExecutor, mutant: Mutant, *laws: str, effort: Effort = EFFORT) -> Judgement:
    return pool.submit(judge, mutant, calling(*laws), effort).result()


def test_a_planted_fault_is_killed_by_the_law_that_speaks_of_it(pool: ProcessPoolExecutor):
    judgement = judged(pool, MUTANTS["fees.taker_fee/rounding/1/floor_div"], "FEE-1a", "FEE-1b")
    assert judgement.fate is Fate.KILLED
    assert [(one.law, one.way, one.outcome) for one in judgement.breaks] == [
        ("FEE-1b", Way.DRAWN, Outcome.CLAIM_BROKEN)
    ]


def test_a_fault_that_no_drawn_arguments_show_is_killed_by_the_prover(pool: ProcessPoolExecutor):
    blind = evolve(EFFORT, most_draws=0)
    judgement = judged(pool, MUTANTS["fees.taker_fee/rounding/1/floor_div"], "FEE-1b", effort=blind)
    assert [(one.law, one.way) for one in judgement.breaks] == [("FEE-1b", Way.PROVED)]


def test_a_mutant_that_is_the_rule_is_proved_to_be(pool: ProcessPoolExecutor):
    # At a rate of nothing the fee is nothing on both sides of the choice.
    judgement = judged(pool, MUTANTS["fees.resting_fee/comparison/1/>="], "FEE-3a")
    assert judgement.fate is Fate.EQUIVALENT
    assert judgement.breaks == ()


def test_a_mutant_that_no_asked_law_speaks_of_survives_with_arguments_that_tell_it_from_the_rule(
    pool: ProcessPoolExecutor,
):
    judgement = judged(pool, MUTANTS["fees.taker_fee/constant/1/-1"], "FEE-2a")
    assert judgement.fate is Fate.SURVIVED
    assert judgement.asked == 1
    assert judgement.differs.startswith("differs from the rule for {'notional': ")


def test_an_exception_in_a_rule_kills_and_is_told_apart(pool: ProcessPoolExecutor):
    true = MUTANTS["fees.taker_fee/rounding/1/floor_div"]
    raises = evolve(
        true, text=true.text.replace("return floor_div(notional * rate, PPM)", "return notional // (rate - rate)")
    )
    assert raises.text != true.text
    judgement = judged(pool, raises, "FEE-1b")
    assert judgement.fate is Fate.KILLED
    assert judgement.breaks[0].outcome is Outcome.RAISED


def test_a_law_that_cannot_be_asked_is_a_defect_and_no_kill(pool: ProcessPoolExecutor):
    true = MUTANTS["margin.reduces_risk/dropped/1/left"]
    body = true.text.partition("def reduces_risk")[2].partition("return ")[2].partition("\n")[0]
    worded = evolve(true, text=true.text.replace(f"return {body}", "return 1"))
    assert worded.text != true.text
    judgement = judged(pool, worded, "MARGIN-9c")
    assert judgement.fate is Fate.DEFECT
    assert "conditions" in judgement.defects[0]


def test_whoever_has_imported_the_rule_already_runs_the_fault_and_no_other_process_does():
    floor = MUTANTS["fees.taker_fee/rounding/1/floor_div"]
    assert run_killably(fee_with, floor, seconds=60) == (0, 0)
    assert taker_fee(1, 1) == 1


def test_a_fault_may_call_what_its_module_does_not_import():
    floor = MUTANTS["funding.payment/rounding/1/floor_div"]
    assert not hasattr(funding, "floor_div")
    assert funding.payment(1) == 1
    assert run_killably(payment_with, floor, seconds=60) == 0


@pytest.mark.parametrize("module", rule_modules())
def test_the_code_of_a_rule_is_all_that_it_is(module: str):
    functions = {mutant.function for mutant in MUTANTS.values() if mutant.module == module}
    for function in (vars(import_module(module))[name] for name in functions):
        assert isinstance(function, FunctionType)
        assert (function.__closure__, function.__defaults__, function.__kwdefaults__) == (None, None, None)


def test_a_law_calls_what_it_calls_and_not_what_it_names():
    calls = calls_of(LAWS["FEE-3a"], "settlespec.rules")
    assert calls.called == {Called("settlespec.rules.fees", name) for name in ("taker_fee", "maker_fee", "resting_fee")}


def test_only_laws_that_call_the_rule_are_asked_those_that_call_little_first():
    some = [LAWS[law] for law in ("ARITH-3a", "CANARY-1", "CUST-4a", "TRADE-3a", "FEE-2a", "FEE-1b", "TREE-1a")]
    calls = calls_of_all(some, "settlespec.rules")
    assert set(calls) == {"CUST-4a", "FEE-1b", "FEE-2a", "TRADE-3a"}
    asked = laws_that_call(MUTANTS["fees.taker_fee/rounding/1/floor_div"], calls)
    assert [law.id for law in asked] == ["FEE-1b", "FEE-2a", "TRADE-3a"]


def test_the_same_seed_finds_the_same(pool: ProcessPoolExecutor):
    mutant = MUTANTS["fees.maker_fee/rounding/1/ceil_div"]
    assert judged(pool, mutant, "FEE-2b") == judged(pool, mutant, "FEE-2b")


def test_a_run_that_was_ended_goes_on_where_it_was(pool: ProcessPoolExecutor, tmp_path: Path):
    some = [MUTANTS["fees.taker_fee/rounding/1/floor_div"], MUTANTS["expiry.is_due/comparison/1/<"]]
    calls = {law.id: law for law in calling("FEE-1b")}
    first = {one.mutant: one for one in judge_all(some, calls, EFFORT, pool, tmp_path)}
    assert len(list(tmp_path.glob("*.json"))) == 2
    # Nobody could answer now: every judgement comes from the folder.
    ended = ProcessPoolExecutor(1)
    ended.shutdown()
    assert {one.mutant: one for one in judge_all(some, calls, EFFORT, ended, tmp_path)} == first


def test_another_law_or_another_text_is_another_question():
    mutant = MUTANTS["fees.taker_fee/rounding/1/floor_div"]
    keys = {
        key_of(mutant, calling("FEE-1b"), EFFORT),
        key_of(mutant, calling("FEE-1b", "FEE-2a"), EFFORT),
        key_of(mutant, calling("FEE-1b"), evolve(EFFORT, seed=1)),
        key_of(evolve(mutant, text=f"{mutant.text}\n"), calling("FEE-1b"), EFFORT),
    }
    assert len(keys) == 4
    assert key_of(mutant, calling("FEE-1b"), EFFORT) in keys


def test_a_kept_answer_that_is_none_is_refused_with_its_file(pool: ProcessPoolExecutor, tmp_path: Path):
    mutant = MUTANTS["fees.taker_fee/rounding/1/floor_div"]
    calls = {law.id: law for law in calling("FEE-1b")}
    file = tmp_path / f"{key_of(mutant, laws_that_call(mutant, calls), EFFORT)}.json"
    file.write_text(json.dumps({"mutant": 3}), encoding="utf-8")
    with pytest.raises(BadInput, match=file.name):
        list(judge_all([mutant], calls, EFFORT, pool, tmp_path))
