"""``settlespec replay``: a trace that an audit recorded says the same again, and a tampered one shows where it does not."""

import json
from pathlib import Path

import pytest

from settlespec.oracle.command import run
from settlespec.oracle.edition import rules_digest
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.replay import NOTHING, first_apart


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
    assert report["cases"][0]["field"] == "events[0].time"
    assert run(["replay", str(broken)]) == ExitCode.BROKEN
    heading, recorded, replayed = capsys.readouterr().out.splitlines()
    assert heading.startswith(f"{broken}:{place + 1}: the answer of operation ")
    assert heading.endswith(" differs first in events[0].time")
    assert recorded.removeprefix('recorded: "1') == replayed.removeprefix('replayed: "')


@pytest.mark.parametrize(
    ("recorded", "replayed", "expected"),
    [
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, ("a[1].b", "x", "y")),
        ({"a": [1], "b": 2}, {"a": [1, 2], "b": 3}, ("a[1]", NOTHING, 2)),
        ({"accepted": []}, {"rejected": "EXPIRED"}, ("accepted", [], NOTHING)),
        ([1], {"a": 1}, ("", [1], {"a": 1})),
    ],
)
def test_the_first_field_that_differs_is_found(
    recorded: object, replayed: object, expected: tuple[str, object, object]
) -> None:
    assert first_apart(recorded, replayed) == expected


def test_a_trace_of_other_rules_is_said_to_be_one(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.jsonl"
    old.write_text(trace.read_text().replace(rules_digest(), "ab" * 32, 1))
    assert run(["replay", str(old)]) == ExitCode.HOLDS
    same, warning = capsys.readouterr().out.splitlines()
    assert same.startswith("The same: ")
    assert warning == f"recorded under other rules: sha256:{'ab' * 32}; these are sha256:{rules_digest()}"
    assert run(["replay", str(old), "--format", "json"]) == ExitCode.HOLDS
    assert json.loads(capsys.readouterr().out)["totals"]["same_rules"] is False
    assert run(["replay", str(trace), "--format", "json"]) == ExitCode.HOLDS
    assert json.loads(capsys.readouterr().out)["totals"]["same_rules"] is True


def test_every_operation_that_is_replayed_moves_the_bar(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    monkeypatch.setattr("settlespec.oracle.pace.Pace.advance", lambda _: steps.append(1))
    assert run(["replay", str(trace)]) == ExitCode.HOLDS
    assert len(steps) == 120


def test_a_missing_trace_is_no_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(tmp_path / "none.jsonl")]) == ExitCode.NO_INPUT
    assert "none.jsonl" in capsys.readouterr().err
