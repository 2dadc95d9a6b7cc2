"""``settlespec hunt``: what it says of a clean machine, and the folder that it writes of a broken one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from settlespec.hunting.campaign import Shard, run_shard, worst_first
from settlespec.hunting.proposing import ROLES
from settlespec.machine import custody
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.hunted import violations_of, write_finding

Captured = pytest.CaptureFixture[str]


def test_a_clean_machine_holds_and_the_refusals_that_were_never_reached_are_named(capsys: Captured) -> None:
    assert run(["hunt", "--steps", "400", "--jobs", "1", "--format", "json"]) == ExitCode.HOLDS
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["cases"], report["seed"]) == ("holds", [], 1)
    assert report["totals"]["steps"] >= 400
    assert "SETTLEMENT_EARLY" in report["totals"]["reasons_never_reached"]


def test_an_end_that_is_said_twice_is_wrong_usage(capsys: Captured) -> None:
    assert run(["hunt", "--steps", "1", "--minutes", "1"]) == ExitCode.WRONG_USAGE
    assert "--minutes" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_before_the_hunt(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("")
    assert run(["hunt", "--steps", "1", "--out", str(tmp_path / "file")]) == ExitCode.WRONG_USAGE
    assert "file" in capsys.readouterr().err


def test_a_finding_is_a_trace_its_story_and_a_test_that_fails_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(custody, "free_collateral", lambda equity, requirement, _: max(equity - requirement // 2, 0))
        result = run_shard(Shard("minimal", tuple(ROLES), seed=1, number=0, steps=4_000))
        finding = worst_first([result])[0]
        folder = write_finding(tmp_path, finding)
        again = (folder / "trace.jsonl").read_bytes()
        assert write_finding(tmp_path, finding) == folder
        assert (folder / "trace.jsonl").read_bytes() == again
        assert violations_of(folder / "trace.jsonl")[0].invariant == "HEALTH-AFTER-OP"
    # The machine is whole again, and so the trace breaks nothing.
    assert violations_of(folder / "trace.jsonl") == ()
    story = (folder / "story.md").read_text()
    assert f"{len(finding.operations)}. " in story
    assert "HEALTH-AFTER-OP" in story
    testing = [sys.executable, "-m", "pytest", "-q", str(folder / "test_finding.py")]
    done = subprocess.run(testing, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_hunt_does_not_depend_on_the_number_of_processes(capsys: Captured) -> None:
    told = []
    for jobs in ("1", "2"):
        run(["hunt", "--steps", "6000", "--jobs", jobs, "--scope", "dated", "--format", "json"])
        told.append(json.loads(capsys.readouterr().out)["totals"])
    assert told[0] == told[1]
