"""The page about proving: its laws of one's own are proved and refuted as it says, and its answers are all that there are."""

import json
from pathlib import Path

import pytest

from settlespec.engines.campaign import Finding
from settlespec.engines.sampling import STARVED_BELOW, SampleStatus
from settlespec.laws.statement import GroundKind
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.prove import verdict_of
from settlespec.oracle.report import Verdict
from tests.documentation.pages import code, page, section, table
from tests.oracle.few_laws import few_laws
from tests.oracle.test_own_laws import OF_PRECEDENCE


def test_of_the_two_laws_of_the_page_one_is_proved_and_one_is_refuted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few_laws(monkeypatch)
    file = tmp_path / "our_laws.py"
    file.write_text(code(section(page("proving.md"), "Laws of your own")), encoding="utf-8")
    assert run(["prove", "--laws", str(file), "--jobs", "1", "--format", "json"]) == ExitCode.BROKEN
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["laws"] if not row["canary"]}
    assert {name: row["status"] for name, row in rows.items()} == {"OUR-1": "proved", "OUR-2": "refuted"}
    assert {rows["OUR-2"][engine] for engine in ("z3", "cvc5")} == {"refuted"}
    example = {name: int(value) for name, value in rows["OUR-2"]["counterexample"].items()}
    one, other = (-(-example["price"] * example[size] * 500 // 10**6) for size in ("first", "second"))
    whole = -(-example["price"] * (example["first"] + example["second"]) * 500 // 10**6)
    assert one + other != whole


def test_the_page_has_every_answer_with_the_code_that_it_leaves_behind() -> None:
    rows = {row[0]: row[2] for row in table(section(page("proving.md"), "What PROVED means"))}
    assert rows.keys() | {"caught"} == {finding.value for finding in Finding}
    codes = {Verdict.HOLDS: "0", Verdict.BROKEN: "1", Verdict.UNDECIDED: "75"}
    # A defect leaves its own code, whatever the verdict about the laws is.
    assert rows.pop("defect") == str(int(ExitCode.DEFECT))
    assert rows == {name: codes[verdict_of([Finding(name)])] for name in rows}


def test_the_page_has_everything_that_sampling_says_and_every_ground() -> None:
    engines = section(page("proving.md"), "The engines")
    rows = dict(table(engines[engines.index("| Hypothesis | means") :]))
    assert list(rows) == [status.value for status in SampleStatus]
    assert f"Fewer than {STARVED_BELOW} " in rows["starved"]
    assert {row[0] for row in table(section(page("proving.md"), "What a law rests on"))} == set(GroundKind)


def test_the_page_has_the_exit_codes_in_the_order_in_which_they_go_before_each_other() -> None:
    rows = {int(row[0]): row[2] for row in table(section(page("proving.md"), "Laws of your own"))}
    assert list(rows) == [2, 66, 70, 1, 65, 75, 0]
    tried = {int(code): verdict or "none" for _, code, verdict in OF_PRECEDENCE.values()}
    assert [(code, rows[code]) for code in rows if code in tried] == list(tried.items())
