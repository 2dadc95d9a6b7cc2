"""``settlespec prove --matrix``: what it shows, the number that it leaves behind, and that no cell gets weaker."""

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from attrs import evolve
from rich.console import Console

from settlespec.engines.matrix import COLUMNS, Cell, Strength, assumptions_of, cells_of
from settlespec.engines.proving import Status
from settlespec.engines.stepping import Counterexample, Examined, Standing, examine_shape
from settlespec.monitoring.by_operation import sample_by_operation
from settlespec.oracle import matrix
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.matrix import assumptions, examine_all, print_matrix, report_of, weakened
from settlespec.oracle.matrix_page import markdown
from settlespec.oracle.report import Report, Verdict, schema
from settlespec.shapes.assumptions import RULED
from settlespec.shapes.statement import ROWS, shape_called, shapes
from tests.documentation.pages import DOCS, page

QUICK = ("receive", "take deposit", "tick", "round: end")
"""Rows that are proved again in the fast suite."""

TICK = "tick: any time"


def known() -> dict[str, Any]:
    """The report that the documentation shows."""
    report: dict[str, Any] = json.loads((DOCS / "matrix.json").read_text(encoding="utf-8"))
    return report


def told(identity: str, **standing: object) -> Examined:
    usual = Standing(ways=2, witnessed=True)
    standings = {
        name: evolve(usual, **(standing if name == "CONSERVATION" else {}))  # type: ignore[arg-type]
        for name in COLUMNS
    }
    return Examined(identity, 1, {}, 7, 0.5, standings, (), {"time": 3})


def everything(**standing: object) -> dict[str, Examined]:
    return {each.id: told(each.id, **(standing if each.id == TICK else {})) for each in shapes()}


def report_on(examined: Mapping[str, Examined]) -> tuple[Report, Sequence[Cell]]:
    cells = cells_of(shapes(), examined, {})
    return report_of(shapes(), examined, cells, 0, 1.5), cells


def printed(examined: Mapping[str, Examined]) -> str:
    said = StringIO()
    print_matrix(*report_on(examined), Console(width=250, file=said))
    return said.getvalue()


def test_every_cell_of_the_matrix_is_in_the_report_that_the_documentation_shows():
    assert [row["id"] for row in sorted(known()["cells"], key=lambda row: row["id"])] == sorted(
        f"{row} x {name}" for row in ROWS for name in COLUMNS
    )
    shown = {shape["id"]: (shape["sentence"], shape["assumes"]) for shape in known()["totals"]["shapes"]}
    assert shown == {shape.id: (shape.sentence, [each.said for each in shape.assumes]) for shape in shapes()}
    assert known()["totals"]["assumptions"] == assumptions(shapes())
    jsonschema.validate(known(), schema())


def test_no_cell_of_a_quick_row_is_weaker_than_the_documentation_says():
    stated = tuple(shape for shape in shapes() if shape.row in QUICK)
    examined = {shape.id: examine_shape(shape) for shape in stated}
    cells = [cell for cell in cells_of(stated, examined, {}) if cell.row in QUICK]
    assert len(cells) == len(QUICK) * len(COLUMNS)
    assert weakened(known(), cells) == []


def test_no_cell_of_the_documentation_is_proved_of_the_step_where_a_shape_assumes_what_is_only_sampled():
    granted = {shape.row for shape in shapes() if not all(each.is_proved for each in shape.assumes)}
    assert granted == {"round: adopt marks", "round: haircut", "round: end"}
    for row in known()["cells"]:
        assert row["assumes"] == [each.said for each in assumptions_of(row["operation"], shapes())]
        ruled = (row["operation"], row["invariant"]) in RULED
        assert (row["status"] == Strength.RULE) == ruled
        assert row["status"] != (Strength.STEP if row["operation"] in granted else Strength.GIVEN)


@pytest.mark.slow
def test_no_cell_is_weaker_than_the_documentation_says(tmp_path: Path):
    examined, kept = examine_all(shapes(), 2, tmp_path)
    assert kept == 0
    cells = cells_of(shapes(), examined, sample_by_operation())
    assert weakened(known(), cells) == []
    _, kept = examine_all(shapes(), 2, tmp_path)
    assert kept == sum(not one.trouble for one in examined.values())


def test_a_cell_that_says_less_than_before_is_named():
    before = report_on(everything())[0].to_object()
    cells = report_on(everything(status=Status.UNKNOWN, reason="slow"))[1]
    assert weakened(before, cells) == [f"tick x CONSERVATION was step and is unknown: {TICK}: slow"]
    after = report_on(everything(status=Status.UNKNOWN))[0].to_object()
    assert weakened(after, report_on(everything())[1]) == []


@pytest.mark.parametrize(
    ("status", "verdict", "code"),
    [
        (Status.PROVED, Verdict.HOLDS, ExitCode.HOLDS),
        (Status.UNKNOWN, Verdict.HOLDS, ExitCode.HOLDS),
        (Status.REFUTED, Verdict.BROKEN, ExitCode.BROKEN),
    ],
)
def test_only_a_refuted_cell_breaks_the_run(status: Status, verdict: Verdict, code: ExitCode):
    report, _ = report_on(everything(status=status))
    assert (report.verdict, report.exit_code) == (verdict, code)


def test_a_vacuous_shape_breaks_the_run():
    examined = everything()
    examined[TICK] = evolve(examined[TICK], accepted=0)
    assert report_on(examined)[0].verdict is Verdict.BROKEN


def test_a_refuted_cell_is_printed_with_the_amounts_that_break_it():
    examined = everything(status=Status.REFUTED, reason="the vault is the sum of what is held")
    broken = Counterexample("CONSERVATION", {"time": 12_345}, "Violation(...)")
    examined[TICK] = evolve(examined[TICK], counterexamples=(broken,))
    text = printed(examined)
    assert "R  plain amounts break it" in text
    assert f"tick x CONSERVATION refuted: {TICK}: the vault is the sum of what is held" in text
    assert "with {'time': '12345'}" in text


def test_the_table_has_a_row_for_each_operation_and_a_sign_for_each_strength_that_it_uses():
    text = printed(everything(status=Status.UNKNOWN, reason="slow"))
    assert all(row in text for row in ROWS)
    assert "?  nobody knows" in text
    assert max(map(len, text.splitlines()[: len(ROWS) + 1])) < 80
    assert "plain amounts break it" not in text


def test_the_legend_and_the_lines_below_it_say_what_is_assumed():
    text = printed(everything())
    assert "G  the same, where a shape assumes what is only sampled" in text
    assert "r  the shape assumes nearly that" in text
    assert "round: end x AT-REST-NOBODY-OWES rule: assumed of the step, and proved of the rules by law LIQ-1b" in text
    assert "assumed by round: end: nobody in breach is left: nobody's equity is negative behind HAIRCUT (by law" in text


def test_the_command_proves_what_is_not_kept_and_keeps_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    only = (shape_called(TICK),)
    monkeypatch.setattr(matrix, "shapes", lambda: only)
    monkeypatch.setattr(matrix, "sample_by_operation", dict)
    arguments = ["prove", "--matrix", "--jobs", "1", "--cache", str(tmp_path), "--format", "json"]
    reports = []
    for _ in range(2):
        assert run(arguments) is ExitCode.HOLDS
        reports.append(json.loads(capsys.readouterr().out))
    assert [report["totals"]["shapes_kept"] for report in reports] == [0, 1]
    assert reports[0]["cells"] == reports[1]["cells"]
    strengths = {row["id"]: row["status"] for row in reports[0]["cells"]}
    assert strengths["tick x CONSERVATION"] == Strength.STEP
    assert strengths["place x CONSERVATION"] == Strength.UNKNOWN


def test_the_matrix_takes_no_law(capsys: pytest.CaptureFixture[str]):
    assert run(["prove", "--matrix", "--law", "MARGIN-4a"]) is ExitCode.WRONG_USAGE
    assert "--law" in capsys.readouterr().err


def test_the_page_shows_the_tables_of_the_report():
    text = markdown(page("matrix.md"), known())
    assert "<!--" not in text
    for shape in shapes():
        assert f"| {shape.id} | {shape.sentence}" in text
    assert all(f"| {row} |" in text for row in ROWS)
    for each in assumptions(shapes()):
        assert f"| {each['sentence']} | {', '.join(each['laws'])} | {each['only_sampled']} |" in text
    assert "- `round: end x AT-REST-NOBODY-OWES`: assumed of the step" in text


def test_a_page_without_places_for_the_tables_is_refused():
    with pytest.raises(ValueError, match="places"):
        markdown("# Nothing", known())
