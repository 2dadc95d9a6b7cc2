"""What an audit says of what it saw: the verdict, the report, the command that gives the same run again."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from settlespec.domain.outcomes import SpecBug
from settlespec.oracle.audit_tables import tables
from settlespec.oracle.auditing import Plan, Run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.findings import Findings, LawsFinding
from settlespec.oracle.pace import pace
from settlespec.oracle.report import Verdict, schema
from tests.oracle.audited import HOLDS, UNCHECKED, audited, broken, scripted


def laws(verdict: Verdict, from_cache: int = 0) -> LawsFinding:
    totals: dict[str, Any] = {"laws": 2, "proved": 1, "canaries": 1, "canaries_refuted": 1, "from_cache": from_cache}
    totals["oldest_from_cache"] = "2026-01-02T03:04:05+00:00" if from_cache else None
    return LawsFinding(verdict, "", totals, ({"id": "FEE-1a", "status": "proved", "subject": "fees", "canary": False},))


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        (audited(HOLDS), Verdict.HOLDS),
        (audited(HOLDS, UNCHECKED), Verdict.HOLDS),
        (audited(HOLDS, broken()), Verdict.BROKEN),
        (audited(UNCHECKED), Verdict.UNDECIDED),
        (audited(), Verdict.UNDECIDED),
        (audited(HOLDS, laws=laws(Verdict.HOLDS)), Verdict.HOLDS),
        (audited(HOLDS, laws=laws(Verdict.UNDECIDED)), Verdict.UNDECIDED),
        (audited(HOLDS, laws=laws(Verdict.BROKEN)), Verdict.BROKEN),
        (audited(broken(), laws=laws(Verdict.UNDECIDED)), Verdict.BROKEN),
    ],
)
def test_broken_comes_before_undecided_before_holds(findings: Findings, verdict: Verdict) -> None:
    assert findings.verdict is verdict
    assert findings.sentence().startswith(
        {Verdict.HOLDS: "Everything holds", Verdict.BROKEN: "Broken", Verdict.UNDECIDED: "Not decided"}[verdict]
    )


def test_the_report_meets_the_schema_of_all_reports_and_lists_the_worst_first() -> None:
    report = audited(HOLDS, UNCHECKED, broken(), laws=laws(Verdict.HOLDS)).report()
    written = json.loads(report.to_json())
    assert list(Draft202012Validator(schema()).iter_errors(written)) == []
    assert [row["status"] for row in written["invariants"]] == ["broken", "never checked", "holds"]
    assert written["invariants"][0]["first"]["operation"] == 41
    assert written["totals"]["laws"]["totals"]["proved"] == 1
    assert written["totals"]["operations"] == 1_200
    assert report.exit_code is ExitCode.BROKEN


def test_an_invariant_that_had_nothing_to_judge_stands_first_among_what_was_never_reached() -> None:
    findings = audited(HOLDS, UNCHECKED)
    assert next(iter(findings.never_reached())) == "invariants"
    assert findings.never_reached()["invariants"] == ("ORACLE-SANE",)
    totals = findings.report().to_object()["totals"]
    assert totals["never_reached"]["invariants"] == ["ORACLE-SANE"]
    (unreached,) = (table for table in tables(findings) if table.title == "What was never reached")
    assert unreached.rows[0] == ("invariants", "1 of 2", "ORACLE-SANE")


def test_a_report_of_the_same_run_differs_in_its_seconds_only() -> None:
    first, second = (audited(HOLDS).report().to_object() for _ in range(2))
    first.pop("seconds"), second.pop("seconds")
    assert first == second


def test_a_violation_is_told_with_operation_conjunct_who_both_sides_and_replay() -> None:
    (breakage,) = audited(broken()).breakages
    assert breakage.sentence() == "operation 41: ZERO-SUM: vault == owed, account 3: left 1,000, right -7"
    assert breakage.command == "settlespec audit --seed 1 --steps 41"


def test_the_closing_sentence_says_how_many_laws_were_not_asked_in_this_run() -> None:
    asked = audited(HOLDS, laws=laws(Verdict.HOLDS)).sentence()
    assert asked.endswith("1 of 2 laws proved.")
    kept = audited(HOLDS, laws=laws(Verdict.HOLDS, from_cache=2)).sentence()
    assert kept.endswith("1 of 2 laws proved (2 from the cache, the first answered at 2026-01-02T03:04:05+00:00).")


def test_the_command_of_a_run_names_what_is_not_usual_and_always_the_seed() -> None:
    assert Plan().command() == "settlespec audit --seed 1"
    assert Plan(laws=False).command() == "settlespec audit --seed 1 --no-laws"
    plan = Plan(flow=Path("a flow.csv"), seed=7, accounts=12, signatures="ed25519", steps=50)
    assert plan.command(steps=9) == (
        "settlespec audit 'a flow.csv' --seed 7 --accounts 12 --signatures ed25519 --steps 9 --no-laws"
    )


def test_a_replay_up_to_an_operation_leaves_the_laws_out_since_they_know_no_flow() -> None:
    assert Plan().command(steps=9) == "settlespec audit --seed 1 --steps 9 --no-laws"


def test_the_command_of_a_run_names_what_of_its_settlement_is_not_usual() -> None:
    plan = Plan(body="diff", witness_every=1, ether_price=2_500)
    assert plan.command() == "settlespec audit --seed 1 --body diff --witness-every 1 --ether-price 2500"
    assert evolve(plan, settlement=False).command() == "settlespec audit --seed 1 --no-settlement"


def test_a_run_that_breaks_down_after_a_violation_reports_the_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(Plan(preset="minimal", steps=50), scripted(broken()))
    break_down_after(run, 10, monkeypatch)
    with pace("operations", 50) as counting:
        run.go(counting)
    assert run.stopped == "ended after the violation by KeyError: 'an account that is gone'"
    assert run.findings(laws(Verdict.HOLDS), "", 0.0).verdict is Verdict.BROKEN


def test_a_run_that_breaks_down_without_a_violation_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(Plan(preset="minimal", steps=50), scripted(HOLDS))
    break_down_after(run, 10, monkeypatch)
    with pace("operations", 50) as counting, pytest.raises(KeyError):
        run.go(counting)


def test_a_bug_of_the_specification_is_told_with_its_operation_and_its_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(Plan(preset="minimal", steps=50), scripted(HOLDS))
    break_down_after(run, 10, monkeypatch, SpecBug("the pool is -1"))
    told = "operation 11: the pool is -1; replay: settlespec audit --preset minimal --seed 1 --steps 11 --no-laws"
    with pace("operations", 50) as counting, pytest.raises(SpecBug, match=told):
        run.go(counting)


def break_down_after(run: Run, steps: int, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
    submit = run.session.submit

    def breaks_down(operation: Any) -> Any:
        if run.statistics.totals().operations == steps:
            raise error or KeyError("an account that is gone")
        return submit(operation)

    monkeypatch.setattr(run.session, "submit", breaks_down)
