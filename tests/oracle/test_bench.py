"""`settlespec bench`: what it measures is really done; how fast is not tested."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from settlespec.domain.errors import BadInput
from settlespec.domain.operations import BeginRound, ContinueRound, FixSettlement, Place
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.machine.signatures import Ideal
from settlespec.oracle import bench
from settlespec.oracle.bench_sizes import Size
from settlespec.oracle.benchmarks import (
    SIGNED,
    Measurement,
    Refused,
    found_flow,
    holding,
    populated,
    quoting,
    record,
    round_seconds,
    run_child,
    timed,
)
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.report import schema

TINY = Size(operations=400, messages=100, many=60, holders=20, times=1, signed=120)


@pytest.mark.parametrize(
    ("value", "target", "at_least", "status"),
    [
        (10.0, None, True, "no target"),
        (10.0, 10.0, True, "met"),
        (9.9, 10.0, True, "missed"),
        (10.0, 10.0, False, "met"),
        (10.1, 10.0, False, "missed"),
    ],
)
def test_a_figure_meets_its_target_or_misses_it(
    value: float, target: float | None, at_least: bool, status: str
) -> None:
    assert Measurement("id", "what", value, "us", target, at_least).status == status


def test_the_report_has_a_row_for_each_figure_and_a_missed_target_is_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "QUICK", TINY)
    monkeypatch.setattr(bench, "BENCHMARKS", (bench.embedded, bench.signed, bench.accounts, bench.clearing, missed))
    monkeypatch.setattr(bench, "found_flow", lambda _: None)
    assert run(["bench", "--quick", "--format", "json"]) == ExitCode.HOLDS
    report = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(schema()).iter_errors(report)) == []
    assert {row["status"] for row in report["benchmarks"]} == {"no target"}
    monkeypatch.setattr(bench, "QUICK", Size(operations=1))
    monkeypatch.setattr(bench, "Size", lambda: TINY)
    assert run(["bench", "--format", "json"]) == ExitCode.HOLDS
    report = json.loads(capsys.readouterr().out)
    statuses = [row["status"] for row in report["benchmarks"]]
    assert {row["id"]: row["status"] for row in report["benchmarks"]}["hopeless"] == "missed"
    assert statuses[0] == "missed"
    assert report["totals"]["missed"] == statuses.count("missed")
    assert {row["id"] for row in report["benchmarks"]} >= {
        "embedded-ideal",
        "embedded-monitor",
        "ed25519",
        "cost-ratio",
        "round",
    }
    assert all(row["value"] > 0 for row in report["benchmarks"])
    speeds = [row for row in report["benchmarks"] if row["unit"] == "operations/s"]
    turns = report["totals"]["baseline_turns_per_second"]
    assert all(row["ratio"] == pytest.approx(row["value"] / turns * 1e6, rel=1e-3) for row in speeds)


def missed(_: Size, __: Path | None) -> "list[Measurement]":
    return [Measurement("hopeless", "something slow", 1.0, "times", 2.0)]


def test_a_recording_is_timed_with_rounds_apart_from_local_operations() -> None:
    recording = record(EmbeddedFlow(1, 20, 600), Ideal(), 600)
    timing = timed(recording, times=1)
    rounds = [
        operation
        for operation in recording.operations
        if isinstance(operation, FixSettlement | BeginRound | ContinueRound)
    ]
    assert rounds
    assert timing.counted == len(recording.operations) - len(rounds)
    assert timing.seconds > 0
    assert timing.others_seconds > 0


def test_only_the_operations_asked_about_are_counted() -> None:
    recording = record(EmbeddedFlow(1, 20, 200), Ideal(), 200)
    signed = sum(isinstance(operation, SIGNED) for operation in recording.operations)
    assert 0 < signed < 200
    assert timed(recording, times=1, only=SIGNED).counted == signed


def test_whoever_looks_is_told_of_every_step_of_the_recording() -> None:
    recording = record(EmbeddedFlow(1, 20, 200), Ideal(), 200)
    seen: list[object] = []
    timed(recording, lambda state, signer: lambda before, operation, outcome: seen.append(operation), times=1)
    assert seen == list(recording.operations)


def test_quotes_are_placed_cancelled_and_traded_by_accounts_all_over() -> None:
    recording = quoting(populated(50), 300)
    placed = {operation.account for operation in recording.operations if isinstance(operation, Place)}
    assert len(placed) > 40
    assert timed(recording, times=1).counted == 300


def test_every_account_of_the_round_holds_a_position() -> None:
    session = populated(20)
    holding(session)
    assert all(account.positions for account in session.state.accounts.values())
    assert round_seconds(session, 2) > 0
    assert session.state.round_number == 2


def test_a_benchmark_whose_operations_are_refused_says_so() -> None:
    session = populated(2)
    for operation in session.tick(10 * session.state.parameters.max_age):
        session.submit(operation)
    with pytest.raises(Refused, match="a benchmark's Place was refused: STALE_MARK"):
        holding(session)


def test_a_child_tells_its_own_peak_of_memory_and_its_exit_code() -> None:
    child = run_child(["--version"])
    assert child.code == ExitCode.HOLDS
    assert 1e6 < child.peak_bytes < 1e9
    assert run_child(["no-such-command"]).code == ExitCode.WRONG_USAGE


def test_the_named_flow_is_taken_before_the_one_beside_the_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert found_flow(None) is None
    Path("mine.csv").touch()
    assert found_flow(Path("mine.csv")) == Path("mine.csv")


def test_a_flow_that_can_be_read_once_only_is_refused_and_one_that_is_missing_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="read again"):
        found_flow(tmp_path)
    with pytest.raises(FileNotFoundError):
        found_flow(tmp_path / "none.csv")
