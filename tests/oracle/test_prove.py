"""``settlespec prove``: what it shows, and the number that it leaves behind."""

import json
import re
from collections.abc import Sequence

import jsonschema
import pytest
from attrs import evolve
from rich.console import Console

from settlespec.engines.campaign import Examination, Finding
from settlespec.engines.crosscheck import SecondOpinion
from settlespec.engines.proving import Proof, Status
from settlespec.engines.sampling import Sample, SampleStatus
from settlespec.laws.statement import Statement, catalogue, law_of
from settlespec.oracle import prove
from settlespec.oracle.command import run
from settlespec.oracle.consoles import PipeConsole
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.law_choice import choose_laws
from settlespec.oracle.prove import print_report, report_of, verdict_of
from settlespec.oracle.report import Report, Verdict, schema
from tests.engines import examples
from tests.oracle.few_laws import few_laws


def examined(function: Statement, status: Status, sampled: SampleStatus, opinion: Status | None = None) -> Examination:
    law = law_of(function)
    counterexample = {"price": 1, "size": 1, "rate": 1} if status is Status.REFUTED else None
    return Examination(
        law,
        Proof(law.id, status, 1, 2, 0.25, counterexample=counterexample, reason="why"),
        SecondOpinion(law.id, opinion or status, 3, 2, (), 0.1),
        Sample(law.id, sampled, 10, 5, 0.1, 0),
    )


PROVED = examined(examples.true_law, Status.PROVED, SampleStatus.PASSED)
REFUTED = examined(examples.false_law, Status.REFUTED, SampleStatus.FALSIFIED)
UNKNOWN = examined(examples.hard_law, Status.UNKNOWN, SampleStatus.STARVED)
CAUGHT = examined(examples.caught_canary, Status.REFUTED, SampleStatus.FALSIFIED)
SURVIVED = examined(examples.surviving_canary, Status.PROVED, SampleStatus.PASSED)


def report_on(examinations: Sequence[Examination], solver: str = "both") -> Report:
    return report_of(examinations, solver, 0, 1.5)


@pytest.mark.parametrize(
    ("examinations", "verdict", "code"),
    [
        ([PROVED, CAUGHT], Verdict.HOLDS, ExitCode.HOLDS),
        ([PROVED, UNKNOWN, CAUGHT], Verdict.UNDECIDED, ExitCode.UNDECIDED),
        ([PROVED, UNKNOWN, REFUTED, CAUGHT], Verdict.BROKEN, ExitCode.BROKEN),
        ([PROVED, SURVIVED], Verdict.BROKEN, ExitCode.BROKEN),
    ],
)
def test_the_verdict_is_that_of_the_worst_law(examinations: list[Examination], verdict: Verdict, code: ExitCode):
    report = report_on(examinations)
    assert (report.verdict, report.exit_code) == (verdict, code)


@pytest.mark.parametrize("finding", list(Finding))
def test_every_finding_has_a_verdict(finding: Finding):
    holds = finding in (Finding.PROVED, Finding.CAUGHT)
    assert (verdict_of([finding]) is Verdict.HOLDS) is holds


def test_rows_stand_worst_first():
    report = report_on([PROVED, CAUGHT, UNKNOWN, REFUTED, SURVIVED])
    assert [row["status"] for row in report.rows] == ["survived", "refuted", "unknown", "caught", "proved"]


def test_asked_for_cvc5_alone_the_verdict_rests_on_cvc5():
    examination = examined(examples.true_law, Status.PROVED, SampleStatus.PASSED, opinion=Status.UNKNOWN)
    assert report_on([examination]).verdict is Verdict.HOLDS
    assert report_on([examination], solver="cvc5").verdict is Verdict.UNDECIDED


def test_the_report_follows_the_published_schema():
    report = report_on([PROVED, CAUGHT, REFUTED])
    jsonschema.validate(json.loads(report.to_json()), schema())


def test_the_page_shows_laws_canaries_troubles_and_totals():
    console = Console(record=True, width=160, force_terminal=False, quiet=False)
    with console.capture() as captured:
        print_report(report_on([PROVED, CAUGHT, REFUTED]), console)
    text = captured.get()
    assert "TEST-TRUE" in text
    assert "Canaries" in text
    assert re.search(r"TEST-FALSE refuted, tests/engines/examples\.py:\d+: why", text)
    assert "'price': '1'" in text
    assert "1 of 2 laws proved" in text
    assert "1 of 1 canaries refuted" in text


def test_the_last_line_says_how_many_laws_were_not_sampled(capsys: pytest.CaptureFixture[str]):
    print_report(report_on([PROVED, UNKNOWN, CAUGHT]), PipeConsole(width=400))
    assert "; 1 not sampled; " in capsys.readouterr().out.splitlines()[-1]


def test_an_unknown_law_is_wrong_usage_and_a_few_that_are_near_it_are_named(capsys: pytest.CaptureFixture[str]):
    assert run(["prove", "--law", "ARITH-3z"]) == ExitCode.WRONG_USAGE
    error = capsys.readouterr().err
    assert "no law is called ARITH-3z (near it: ARITH-3" in error
    assert "`settlespec rules` lists them all" in error
    assert "MARGIN" not in error


@pytest.mark.parametrize("written", ["arith-3A", "ARITH-3a", "Arith-3a"])
def test_a_law_is_known_in_any_case(written: str):
    assert [law.id for law in choose_laws(catalogue(), [written], []) if not law.is_canary] == ["ARITH-3a"]


@pytest.mark.parametrize(
    "words",
    [
        ["--solver", "cvc5"],
        ["--seconds", "60"],
        ["--seed", "0"],
        ["--law", "LIQ-4a"],
        ["--subject", "margin"],
        ["--crosshair"],
        ["--laws", "x.py"],
        ["--export", "x"],
    ],
    ids=lambda words: words[0],
)
def test_the_matrix_refuses_every_option_that_it_would_ignore(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(["prove", "--matrix", *words]) == ExitCode.WRONG_USAGE
    assert f"--matrix would ignore {words[0]}: leave out one of the two" in capsys.readouterr().err


def test_a_row_says_what_the_law_takes_for_granted_and_what_implies_it():
    laws = {law.id: law for law in catalogue()}
    (row,) = report_of([Examination(laws["CUST-2d"], PROVED.proof, None, None)], "z3", 0, 1.5).rows
    assert row["assumes"] == [
        {"kind": "implied", "by": "CUST-2.2", "sentence": "no more is taken out or moved than is free"}
    ]
    assert row["composes"] == ["CUST-2a"]
    assert row["place"].startswith("settlespec/laws/custody.py:")


def test_a_defect_of_ours_leaves_70_and_the_report_is_the_only_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    few_laws(monkeypatch)
    broken = evolve(PROVED, defect="TEST-TRUE: it does not replay")
    monkeypatch.setattr(prove, "_with_progress", lambda *_: (broken, CAUGHT))
    assert run(["prove", "--format", "json"]) == ExitCode.DEFECT
    printed = capsys.readouterr()
    assert json.loads(printed.out)["laws"][0]["status"] == "defect"
    assert printed.err == "settlespec: a defect of settlespec: TEST-TRUE: it does not replay\n"


def test_an_unknown_subject_is_wrong_usage(capsys: pytest.CaptureFixture[str]):
    assert run(["prove", "--subject", "astrology"]) == ExitCode.WRONG_USAGE
    assert "margin" in capsys.readouterr().err


def test_a_law_and_a_subject_that_exclude_each_other_are_wrong_usage(capsys: pytest.CaptureFixture[str]):
    assert run(["prove", "--law", "ARITH-3a", "--subject", "margin"]) == ExitCode.WRONG_USAGE
    assert "both" in capsys.readouterr().err


def test_every_choice_of_laws_brings_the_canaries():
    chosen = choose_laws(catalogue(), ["ARITH-3a"], [])
    assert [law.id for law in chosen if not law.is_canary] == ["ARITH-3a"]
    assert {law.id for law in chosen if law.is_canary} == {law.id for law in catalogue() if law.is_canary}


def test_the_command_proves_a_law_and_refutes_the_canaries(capsys: pytest.CaptureFixture[str]):
    assert run(["prove", "--law", "ARITH-3b", "--format", "json"]) == ExitCode.HOLDS
    report = json.loads(capsys.readouterr().out)
    assert report["totals"]["proved"] == 1
    assert report["totals"]["canaries_refuted"] == report["totals"]["canaries"] > 0
    assert {row["status"] for row in report["laws"]} == {"proved", "caught"}
