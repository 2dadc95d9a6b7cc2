"""``settlespec mutants``: what it shows, the number that it leaves behind, and the record that its page is made of."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from settlespec.engines.arguing import Equivalents
from settlespec.engines.biting import Break, Effort, Fate, Judgement, Way, judge
from settlespec.engines.calling import Called, LawCalls, calls_of
from settlespec.engines.campaign import worker_pool
from settlespec.engines.mutating import all_mutants
from settlespec.engines.replaying import Outcome
from settlespec.laws.statement import catalogue
from settlespec.oracle.bites import never_alone, report_of, suspects
from settlespec.oracle.command import run
from settlespec.oracle.consoles import PipeConsole
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.mutants import print_report
from settlespec.oracle.mutants_page import page_of, record_of
from settlespec.oracle.report import Report, Verdict, schema
from settlespec.oracle.rulebook import statements
from tests.house.layers import REPOSITORY

EVERY = all_mutants()
TWO = EVERY[:2]
FEES = LawCalls("laws.one", "ONE-1a", ("BASE-6",), (), frozenset({Called(TWO[0].module, TWO[0].function)}))
NAMES_ANOTHER = LawCalls("laws.two", "TWO-1a", ("FEE-1",), (), FEES.called)
RECORD = REPOSITORY / "docs" / "mutants.json"


def judgement(place: int, fate: Fate, *laws: str, outcome: Outcome = Outcome.CLAIM_BROKEN) -> Judgement:
    breaks = tuple(Break(law, Way.DRAWN, outcome, "{'fee': 1}") for law in laws)
    return Judgement(TWO[place].id, fate, 2, breaks, differs="differs from the rule for {'fee': 1}")


def report_on(judgements: Sequence[Judgement], argued: dict[str, str] | None = None, whole: bool = True) -> Report:
    calls = {law.id: law for law in (FEES, NAMES_ANOTHER)}
    people = Equivalents({}, argued or {})
    every = TWO if whole else EVERY
    return report_of(TWO, judgements, calls, statements(("settlespec.rules",)), people, every, 0, 1.5)


KILLED = judgement(0, Fate.KILLED, "ONE-1a")
KILLED_TOO = judgement(1, Fate.KILLED, "ONE-1a", "TWO-1a")
SURVIVES = judgement(1, Fate.SURVIVED)


@pytest.mark.parametrize(
    ("judgements", "argued", "verdict"),
    [
        ([KILLED, KILLED_TOO], {}, Verdict.HOLDS),
        ([KILLED, judgement(1, Fate.EQUIVALENT)], {}, Verdict.HOLDS),
        ([KILLED, SURVIVES], {}, Verdict.BROKEN),
        ([KILLED, SURVIVES], {TWO[1].id: "Because."}, Verdict.HOLDS),
        ([KILLED, KILLED_TOO], {TWO[1].id: "Because."}, Verdict.BROKEN),
        ([KILLED, KILLED_TOO], {"margin.gone/constant/1/+1": "Because."}, Verdict.BROKEN),
        ([KILLED, judgement(1, Fate.DEFECT)], {}, Verdict.BROKEN),
    ],
)
def test_a_survivor_without_an_argument_and_an_argument_without_a_survivor_fail_the_run(
    judgements: list[Judgement], argued: dict[str, str], verdict: Verdict
):
    report = report_on(judgements, argued)
    assert report.verdict is verdict
    assert report.exit_code == verdict.exit_code


def test_the_share_leaves_out_what_is_the_rule_itself_and_is_never_rounded_up():
    assert report_on([KILLED, judgement(1, Fate.EQUIVALENT)]).totals["percent"] == 100.0
    assert report_on([KILLED, SURVIVES]).totals["percent"] == 50.0
    assert report_on([KILLED, SURVIVES], {TWO[1].id: "Because."}).totals["percent"] == 100.0


def test_a_law_counts_where_it_breaks_alone_and_is_suspect_where_it_never_breaks():
    laws = report_on([KILLED, KILLED_TOO]).totals["laws"]
    assert laws["ONE-1a"] == {"asked": 2, "breaks": 2, "alone": 1, "mirrors": [], "composes": []}
    assert never_alone(laws) == ("TWO-1a",)
    assert suspects(report_on([KILLED, SURVIVES]).totals["laws"]) == ("TWO-1a",)


def test_mirror_laws_count_as_one():
    laws = report_on([judgement(0, Fate.KILLED, "ONE-1a", "TWO-1a"), KILLED_TOO]).totals["laws"]
    assert [(law, teeth["alone"], teeth["mirrors"]) for law, teeth in laws.items()] == [
        ("ONE-1a", 2, ["TWO-1a"]),
        ("TWO-1a", 2, ["ONE-1a"]),
    ]
    assert never_alone(laws) == ()


def test_a_kill_by_an_exception_alone_is_told_apart():
    raised = judgement(1, Fate.KILLED, "ONE-1a", outcome=Outcome.RAISED)
    assert report_on([KILLED, KILLED_TOO]).totals["killed_by_exception_alone"] == 0
    assert report_on([KILLED, raised]).totals["killed_by_exception_alone"] == 1


def test_a_law_that_names_a_rule_which_it_does_not_call_is_reported():
    slips = report_on([KILLED, KILLED_TOO]).totals["declarations"]
    assert slips == {"TWO-1a": {"declared_not_called": ["FEE-1"], "called_not_declared": ["BASE-6"]}}


def test_the_report_follows_the_schema_and_has_the_worst_first():
    report = report_on([KILLED, SURVIVES])
    jsonschema.validate(json.loads(report.to_json()), schema())
    assert [row["status"] for row in report.rows] == ["survived", "killed"]


def test_survivors_are_named_with_their_line(capsys: pytest.CaptureFixture[str]):
    print_report(report_on([KILLED, SURVIVES]), PipeConsole(width=200))
    shown = capsys.readouterr().out
    assert f"{TWO[1].id}: {TWO[1].difference}" in shown
    assert "1 of 2 mutants killed by laws alone, 50.0 %" in shown
    assert "Suspect, no mutant breaks them: TWO-1a" in shown


@pytest.mark.parametrize(
    "words", [["--rule", "NO-1"], ["--operator", "luck"], ["--rule", "CUST-4", "--record", "x"], ["--seconds", "nan"]]
)
def test_what_makes_no_sense_is_wrong_usage(words: list[str]):
    assert run(["mutants", *words]) == ExitCode.WRONG_USAGE


@pytest.mark.parametrize("words", [["--rule", "FEE-1", "--resume"], ["--record"]])
def test_a_place_that_cannot_be_written_to_is_wrong_usage_before_anything_begins(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    place = file if "--resume" in words else file / "record.json"
    assert run(["mutants", *words, str(place)]) == ExitCode.WRONG_USAGE
    assert re.fullmatch(rf"Error: {file}: no folder that can be written to: .*\n", capsys.readouterr().err)


def test_a_record_is_made_of_a_whole_run_only():
    with pytest.raises(ValueError, match="all mutants"):
        record_of(report_on([KILLED, KILLED_TOO], whole=False))


def test_the_page_names_survivors_and_arguments():
    page = page_of(record_of(report_on([KILLED, SURVIVES], {TWO[1].id: "It is the same sum."})))
    assert f"`{TWO[1].id}`: `{TWO[1].difference}`  \n  It is the same sum." in page
    assert "Broken by no mutant, so suspect: TWO-1a." in page


def recorded() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))["mutants"]
    return rows


def test_the_record_of_the_page_is_of_the_mutants_that_there_are():
    assert [(row["id"], row["difference"]) for row in recorded()] == sorted(
        (mutant.id, mutant.difference) for mutant in EVERY
    ), "run: settlespec mutants --resume build/mutants --record docs/mutants.json"


def test_the_laws_kill_nine_of_ten_and_every_other_survivor_is_argued():
    totals = json.loads(RECORD.read_text(encoding="utf-8"))["totals"]
    assert totals["percent"] >= 90.0
    assert totals["survived"] == 0
    assert totals["mutants"] == len(recorded())


def test_laws_that_the_record_names_still_kill_a_share_of_its_mutants():
    laws = {law.id: law for law in catalogue()}
    mutants = {mutant.id: mutant for mutant in EVERY}
    killed = [row for row in recorded() if row["status"] == "killed" and len(row["laws"]) == 1][::20]
    assert len(killed) > 3
    effort = Effort(again=1)
    with worker_pool(2) as pool:
        asked = [
            pool.submit(judge, mutants[row["id"]], (calls_of(laws[row["laws"][0]], "settlespec.rules"),), effort)
            for row in killed
        ]
        assert [[one.law for one in done.result().breaks] for done in asked] == [row["laws"] for row in killed]


@pytest.mark.slow
def test_the_whole_run_gives_the_record(tmp_path: Path):
    record = tmp_path / "mutants.json"
    assert run(["mutants", "--record", str(record)]) == ExitCode.HOLDS
    found = {row["id"]: row["status"] for row in json.loads(record.read_text(encoding="utf-8"))["mutants"]}
    assert found == {row["id"]: row["status"] for row in recorded()}
