"""What `prove` and `audit` keep from one run to the next, and what they say of it."""

import json
import sys
from pathlib import Path

import pytest

from settlespec.laws import statement
from settlespec.laws.statement import Law
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.lawbook import prove_laws
from settlespec.oracle.proof_cache import usual_folder
from settlespec.oracle.report import Verdict
from tests.oracle.few_laws import few_laws

Captured = pytest.CaptureFixture[str]

ASKED = ["prove", "--law", "FEE-1a", "--solver", "z3", "--jobs", "1", "--format", "json"]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> tuple[Law, ...]:
    return few_laws(monkeypatch)


def kept(captured: Captured) -> dict[str, bool]:
    return {row["id"]: row["kept"] is not None for row in json.loads(captured.readouterr().out)["laws"]}


def test_a_second_run_shows_what_was_answered_and_a_refresh_asks_again(tmp_path: Path, capsys: Captured) -> None:
    cached = [*ASKED, "--cache", str(tmp_path)]
    assert run(cached) == ExitCode.HOLDS
    assert set(kept(capsys).values()) == {False}
    assert run(cached) == ExitCode.HOLDS
    assert set(kept(capsys).values()) == {True}
    assert run([*ASKED[:-2], "--cache", str(tmp_path)]) == ExitCode.HOLDS
    printed = " ".join(capsys.readouterr().out.split())
    assert "1 of 1 laws were answered earlier, the first at 20" in printed
    assert "--refresh asks again" in printed
    assert run([*cached, "--refresh"]) == ExitCode.HOLDS
    assert set(kept(capsys).values()) == {False}


def test_a_corrupt_file_is_one_line_and_its_law_alone_is_asked_afresh(tmp_path: Path, capsys: Captured) -> None:
    cached = [*ASKED, "--cache", str(tmp_path)]
    run(cached)
    capsys.readouterr()
    (file,) = tmp_path.glob("FEE-1a.*.json")
    file.write_bytes(b"\x80\x04not json\x1b[2J")
    assert run(cached) == ExitCode.HOLDS
    printed = capsys.readouterr()
    again = {row["id"]: row["kept"] is not None for row in json.loads(printed.out)["laws"]}
    assert [name for name, earlier in again.items() if not earlier] == ["FEE-1a"]
    assert printed.err.startswith(f"settlespec: {file}: not an entry of the cache (")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--cache", "--export"])
def test_a_folder_that_cannot_be_written_to_is_wrong_usage_in_one_line(
    option: str, tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "a file"
    file.touch()
    assert run([*ASKED, option, str(file)]) == ExitCode.WRONG_USAGE
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]["exit_code"] == ExitCode.WRONG_USAGE
    assert "no folder that can be written to" in printed.err
    assert printed.err.count("\n") == 1


def test_without_a_place_for_answers_every_law_is_asked_and_that_is_said(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settlespec").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run(ASKED) == ExitCode.HOLDS
    printed = capsys.readouterr()
    assert printed.err.startswith("settlespec: no answer is kept: ")
    assert printed.err.count("\n") == 1


def test_the_usual_folder_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert usual_folder() == tmp_path / "settlespec"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for nowhere in ("", "not/absolute"):
        monkeypatch.setenv("XDG_CACHE_HOME", nowhere)
        assert usual_folder() == tmp_path / "home" / ".cache" / "settlespec"


def test_a_solver_that_is_missing_is_unavailable_before_anything_is_asked(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "crosshair", None)
    assert run([*ASKED, "--crosshair"]) == ExitCode.UNAVAILABLE
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]["exit_code"] == ExitCode.UNAVAILABLE
    assert printed.err == (
        "settlespec: this needs crosshair, which is not installed: pip install 'settlespec[prove]'\n"
    )


def test_an_audit_takes_kept_answers_and_counts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: tuple[Law, ...]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(statement, "catalogue", lambda: few)
    first, second = prove_laws(3), prove_laws(3)
    assert first.verdict is second.verdict is Verdict.HOLDS
    assert (first.totals["from_cache"], second.totals["from_cache"]) == (0, 2)
    assert prove_laws(3, refreshes=True).totals["from_cache"] == 0


def test_crosshair_says_what_it_confirmed(tmp_path: Path, capsys: Captured) -> None:
    asked = [*ASKED[:-2], "--crosshair", "--cache", str(tmp_path)]
    assert run(asked) == ExitCode.HOLDS
    printed = capsys.readouterr().out
    assert "CrossHair confirmed 1 of 1 laws, refuted 0." in printed
    assert run([*asked, "--format", "json"]) == ExitCode.HOLDS
    rows = json.loads(capsys.readouterr().out)["laws"]
    assert {row["crosshair"] for row in rows if row["canary"]} == {"refuted"}
    assert all(row["kept"] is not None for row in rows)
