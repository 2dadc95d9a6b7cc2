"""`settlespec audit` as somebody at the command line meets it."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from settlespec.domain.accounts import Account
from settlespec.domain.errors import BadInput
from settlespec.machine.draft import traded
from settlespec.machine.replaying import replay
from settlespec.oracle.auditing import Plan, open_flow
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.report import schema

QUICK = ["audit", "--preset", "minimal", "--no-laws", "--no-settlement"]

Captured = pytest.CaptureFixture[str]


def report_of(captured: Captured) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(captured.readouterr().out)
    assert list(Draft202012Validator(schema()).iter_errors(report)) == []
    return report


def test_a_healthy_machine_holds_and_every_invariant_was_checked(capsys: Captured) -> None:
    assert run([*QUICK, "--full-every", "100", "--format", "json"]) == ExitCode.HOLDS
    report = report_of(capsys)
    assert report["verdict"] == "holds"
    assert report["totals"]["operations"] == 3_000
    assert report["totals"]["signatures"] == "ideal"
    assert all(row["status"] == "holds" for row in report["invariants"]), report["invariants"]
    assert len(report["invariants"]) >= 16


def test_the_page_of_tables_ends_with_the_verdict(capsys: Captured) -> None:
    assert run([*QUICK, "--steps", "500"]) == ExitCode.HOLDS
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[-1].startswith("Everything holds: ")
    for title in ("What happened", "Rejected, by reason", "The clearing round, by step", "What was never reached"):
        assert title in printed.out
    assert (
        "signatures: ideal; seed 1; the same again: settlespec audit --preset minimal --seed 1 --steps 500"
        in printed.out
    )


def test_real_signatures_give_the_same_answers_as_ideal_ones(capsys: Captured) -> None:
    totals = []
    for scheme in ("ideal", "ed25519"):
        assert run([*QUICK, "--steps", "400", "--signatures", scheme, "--format", "json"]) == ExitCode.HOLDS
        totals.append(report_of(capsys)["totals"])
    assert [total["signatures"] for total in totals] == ["ideal", "ed25519"]
    assert totals[0]["rejected_by_reason"] == totals[1]["rejected_by_reason"]


def test_the_same_seed_gives_the_same_page_byte_for_byte(tmp_path: Path) -> None:
    for name in ("first", "second"):
        assert run([*QUICK, "--steps", "150", "--seed", "4", "--out", str(tmp_path / name)]) == ExitCode.HOLDS
    pages = [(tmp_path / name / "index.html").read_bytes() for name in ("first", "second")]
    assert pages[0] == pages[1]
    assert [entry.name for entry in (tmp_path / "first").iterdir()] == ["index.html"]


def test_a_recorded_trace_replays_and_is_the_same_for_the_same_seed_only(tmp_path: Path, capsys: Captured) -> None:
    traces = []
    for place, seed in enumerate(("4", "4", "5")):
        path = tmp_path / f"{place}.jsonl.gz"
        assert (
            run([*QUICK, "--steps", "300", "--seed", seed, "--record", str(path), "--format", "json"]) == ExitCode.HOLDS
        )
        traces.append(path.read_bytes())
        replayed = replay(path)
        assert replayed.difference is None
        assert replayed.operations == 300
        assert replayed.digest.hex() == report_of(capsys)["totals"]["final_state_digest"]
    assert traces[0] == traces[1] != traces[2]


@pytest.fixture
def money_from_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the machine: every side of a fill is given one quantum that nobody paid."""

    def generous(*arguments: Any) -> Account:
        after = traded(*arguments)
        return evolve(after, collateral=after.collateral + 1)

    monkeypatch.setattr("settlespec.machine.matching.traded", generous)


@pytest.mark.usefixtures("money_from_nowhere")
def test_a_broken_machine_is_broken_and_the_replay_breaks_at_the_same_operation(capsys: Captured) -> None:
    assert run([*QUICK, "--format", "json"]) == ExitCode.BROKEN
    report = report_of(capsys)
    broken = {row["id"] for row in report["invariants"] if row["status"] == "broken"}
    assert report["invariants"][0]["id"] in broken
    assert "CONSERVATION" in broken
    first = min((row["first"] for row in report["invariants"] if row["first"]), key=lambda one: one["operation"])
    assert first["command"].startswith("settlespec audit --preset minimal --seed 1 --steps ")
    assert run([*first["command"].split()[1:], "--format", "json"]) == ExitCode.BROKEN
    again = report_of(capsys)
    assert again["totals"]["operations"] == first["operation"]
    assert first in [row["first"] for row in again["invariants"]]


@pytest.mark.usefixtures("money_from_nowhere")
def test_a_violation_is_printed_with_both_sides_and_its_replay(capsys: Captured) -> None:
    assert run(QUICK) == ExitCode.BROKEN
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("Broken: ")
    (replay, *_) = [place for place, line in enumerate(lines) if line.startswith("  replay: settlespec audit ")]
    assert lines[replay - 1].startswith("operation ")
    assert ": left " in lines[replay - 1]


def test_an_unknown_preset_of_a_plan_is_refused_and_says_which_there_are() -> None:
    with pytest.raises(BadInput, match="preset: unknown preset 'huge'; use one of: minimal, standard"):
        open_flow(Plan(preset="huge"))


def test_a_flow_that_is_not_there_is_no_input(capsys: Captured) -> None:
    assert run(["audit", "gone.csv", "--no-laws"]) == ExitCode.NO_INPUT
    assert "gone.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [b"", b"neither,a,flow\n1,2,3\n", gzip.compress(b"seq,ts_ns,type,order_id,side,price,qty,flag\n", mtime=0)[:-5]],
)
def test_a_refused_flow_is_bad_data_in_one_line_and_leaves_nothing_half_written(
    content: bytes, tmp_path: Path, capsys: Captured
) -> None:
    flow = tmp_path / "flow.csv"
    flow.write_bytes(content)
    written = tmp_path / "out"
    arguments = ["audit", str(flow), "--no-laws", "--out", str(written), "--record", str(written / "trace.jsonl")]
    assert run(arguments) == ExitCode.BAD_DATA
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"settlespec: {flow}")
    assert complaint.count("\n") == 1
    assert [*written.iterdir()] == []


@pytest.mark.parametrize("option", ["--out", "--record"])
def test_a_place_that_cannot_be_written_to_is_wrong_usage_before_anything_runs(
    option: str, tmp_path: Path, capsys: Captured
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    # 66 is for what we read and 70 for what is our fault: here the command line names a place that it must not.
    assert run([*QUICK, option, str(taken / "inside")]) == ExitCode.WRONG_USAGE
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"Error: {taken}")
    assert "no folder that can be written to: " in complaint
    assert complaint.count("\n") == 1


def test_a_trace_in_place_of_a_folder_is_wrong_usage(tmp_path: Path, capsys: Captured) -> None:
    assert run([*QUICK, "--record", str(tmp_path)]) == ExitCode.WRONG_USAGE
    assert "it is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--seed", "-1"], ["--accounts", "0"], ["--steps", "0"], ["--signatures", "none"]]
)
def test_options_out_of_range_are_wrong_usage(arguments: list[str], capsys: Captured) -> None:
    assert run(["audit", *arguments]) == ExitCode.WRONG_USAGE
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["jinja2", "matplotlib"])
def test_a_page_without_the_extra_is_unavailable_and_names_it(
    missing: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("settlespec.oracle.page", "settlespec.oracle.pictures"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    assert run([*QUICK, "--out", str(tmp_path / "page")]) == ExitCode.UNAVAILABLE
    assert capsys.readouterr().err == (
        f"settlespec: this needs {missing}, which is not installed: pip install 'settlespec[report]'\n"
    )


def test_laws_without_the_extra_are_said_not_to_be_proved(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith(("settlespec.engines", "settlespec.oracle.prove"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "z3", None)
    assert run(["audit", "--preset", "minimal", "--steps", "50", "--no-settlement"]) == ExitCode.HOLDS
    printed = capsys.readouterr().out
    assert "laws not proved (z3 is not installed: pip install 'settlespec[prove]')." in printed
