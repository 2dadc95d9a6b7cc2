"""``settlespec replay``: a trace that an audit recorded says the same again, and a tampered one shows where it does not."""

import json
from pathlib import Path

import pytest

from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("traces") / "run.jsonl"
    arguments = ["audit", "--preset", "minimal", "--steps", "120", "--no-laws", "--no-settlement"]
    assert run([*arguments, "--record", str(path)]) == ExitCode.HOLDS
    return path


def test_a_recorded_run_says_the_same_again(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(trace)]) == ExitCode.HOLDS
    assert capsys.readouterr().out.startswith("The same: 120 operations, final state sha256:")


def test_a_tampered_answer_is_shown_with_its_line(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = trace.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if '"ticked"' in line)
    # The answer stands before the operation: the first time of the line is that of the event.
    lines[place] = lines[place].replace('"time":"', '"time":"1', 1)
    broken = tmp_path / "tampered.jsonl"
    broken.write_text("".join(lines))
    code = run(["replay", str(broken), "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert code == ExitCode.BROKEN
    assert report["cases"][0]["status"] == "differs"
    assert report["cases"][0]["line"] == place + 1


def test_a_missing_trace_is_no_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(tmp_path / "none.jsonl")]) == ExitCode.NO_INPUT
    assert "none.jsonl" in capsys.readouterr().err
