"""``settlespec circuit``: what it shows and writes, and the number that it leaves behind."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from settlespec.engines.arithmetising import NotEmitted
from settlespec.engines.circuit_files import read_r1cs, read_wtns, unsatisfied
from settlespec.engines.rule_functions import RuleFunction
from settlespec.oracle import circuit
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.report import schema

Captured = pytest.CaptureFixture[str]


def answered(arguments: list[str], capsys: Captured) -> tuple[int, dict[str, Any]]:
    code = run(["circuit", *arguments, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def refused(rule: RuleFunction) -> NotEmitted:
    return NotEmitted(rule, "a value of up to 300 bits could wrap")


def test_a_rule_is_shown_with_the_size_of_its_circuit(capsys: Captured):
    code, report = answered(["TRADE-3"], capsys)
    jsonschema.validate(report, schema())
    (row,) = report["rules"]
    assert code == ExitCode.HOLDS
    assert (row["id"], row["status"], row["name"]) == ("TRADE-3", "emitted", "trade_position")
    assert row["inputs"] == ["position.size", "position.cost", "change", "price"]
    assert row["outputs"] == ["answer.size", "answer.cost"]
    assert row["constraints"] > row["constraints_for_inputs"] > 0
    assert row["widest_bits"] < 253
    assert report["totals"]["constraints"] == report["totals"]["constraints_by_subject"]["trading"]
    assert report["totals"]["samples"] == 3


def test_a_prefix_stands_for_its_rules_and_an_id_for_its_parts(capsys: Captured):
    assert {row["id"] for row in answered(["fund"], capsys)[1]["rules"]} == {"FUND-1", "FUND-2", "FUND-3", "FUND-4"}
    parts = {row["id"] for row in answered(["TRADE-5"], capsys)[1]["rules"]}
    assert parts == {"TRADE-5", "TRADE-5.2", "TRADE-5.3", "TRADE-5.4", "TRADE-5.5"}


def test_the_table_ends_with_the_totals(capsys: Captured):
    assert run(["circuit", "CUST", "--samples", "2"]) == ExitCode.HOLDS
    text = capsys.readouterr().out
    assert "free_collateral" in text
    assert "5 of 5 rules emitted" in text
    assert "10 witnesses" in text


def test_a_rule_without_a_circuit_is_listed_with_the_reason_and_breaks_nothing(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(circuit, "arithmetise", refused)
    assert run(["circuit", "LIQ-2"]) == ExitCode.HOLDS
    text = capsys.readouterr().out
    assert "LIQ-2 insurance_payment not emitted: a value of up to 300 bits could wrap" in text
    assert "0 of 1 rules emitted" in text


def test_a_circuit_that_answers_something_else_is_a_violation(capsys: Captured, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(circuit, "plain_answer", lambda rule, arguments: {"answer": -1})
    code, report = answered(["CUST-4", "CUST-5"], capsys)
    assert code == ExitCode.BROKEN
    assert [row["status"] for row in report["rules"]] == ["broken", "broken"]
    assert "integers {'answer': -1}" in report["rules"][0]["reason"]


def test_the_files_that_are_written_read_back_and_satisfy(tmp_path: Path, capsys: Captured):
    assert run(["circuit", "FEE", "--out", str(tmp_path / "new" / "folder")]) == ExitCode.HOLDS
    folder = tmp_path / "new" / "folder"
    names = ["maker_fee", "resting_fee", "taker_fee"]
    assert sorted(path.name for path in folder.iterdir()) == [f"{n}.{s}" for n in names for s in ("r1cs", "wtns")]
    for name in names:
        system = read_r1cs((folder / f"{name}.r1cs").read_bytes())
        witness = read_wtns((folder / f"{name}.wtns").read_bytes())
        assert list(unsatisfied(system, witness)) == []


def test_the_same_seed_writes_the_same_bytes_and_another_one_another_witness(tmp_path: Path):
    written = []
    for place, seed in enumerate((4, 4, 5)):
        folder = tmp_path / str(place)
        assert run(["circuit", "FEE-1", "--out", str(folder), "--seed", str(seed), "--samples", "1"]) == ExitCode.HOLDS
        written.append([(folder / f"taker_fee.{suffix}").read_bytes() for suffix in ("r1cs", "wtns")])
    assert written[0] == written[1]
    assert written[0][0] == written[2][0]
    assert written[0][1] != written[2][1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["NO-SUCH"], "no rule that is a function is called NO-SUCH; there are: BASE-1,"),
        (["FEE-1", "--samples", "0"], "--samples"),
        (["FEE-1", "--seed", "-1"], "--seed"),
        (["FEE-1", "--out", ""], "the path is empty"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(arguments: list[str], message: str, capsys: Captured):
    assert run(["circuit", *arguments]) == ExitCode.WRONG_USAGE
    assert message in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_and_a_file_that_is_none_are_told_in_one_line(tmp_path: Path, capsys: Captured):
    (tmp_path / "file").touch()
    (tmp_path / "taker_fee.r1cs").mkdir()
    for out in (tmp_path / "file" / "below", tmp_path):
        assert run(["circuit", "FEE-1", "--out", str(out)]) == ExitCode.WRONG_USAGE
        assert len(capsys.readouterr().err.splitlines()) == 1
