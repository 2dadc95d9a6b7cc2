"""Obligations as SMT-LIB 2: both solvers give the expected answer from the files alone, and a wrong answer is noticed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.exporting import INDEX, REPLAY
from tests.oracle.few_laws import few_laws


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "obligations"
    with pytest.MonkeyPatch.context() as patched:
        few_laws(patched)
        asked = ["prove", "--law", "FEE-1a", "--solver", "z3", "--jobs", "1", "--export", str(folder)]
        assert run(asked) == ExitCode.HOLDS
    return folder


def replayed(folder: Path, solver: str) -> "subprocess.CompletedProcess[str]":
    """As from a shell, without anything of settlespec."""
    command = [sys.executable, "-I", str(folder / REPLAY), solver, "60"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("solver", ["z3", "cvc5"])
def test_each_solver_replays_every_obligation_to_the_expected_answer(exported: Path, solver: str) -> None:
    obligations = json.loads((exported / INDEX).read_text())["obligations"]
    done = replayed(exported, solver)
    assert done.stdout == f"{solver}: {len(obligations)} as expected, 0 the opposite, 0 not decided\n"
    assert done.returncode == 0


def test_a_file_says_its_law_what_it_means_its_logic_and_the_expected_answer(exported: Path) -> None:
    index = json.loads((exported / INDEX).read_text())
    assert {row["law"] for row in index["obligations"]} >= {"FEE-1a", "CANARY-1"}
    assert {row["expected"] for row in index["obligations"]} == {"sat", "unsat"}
    named = {row["file"] for row in index["obligations"]} | {row["helped"] for row in index["obligations"]} - {None}
    assert named | {INDEX, REPLAY} == {path.name for path in exported.iterdir()}
    for row in index["obligations"]:
        text = (exported / row["file"]).read_text()
        assert text.startswith(f"; law {row['law']}: ")
        assert f"; expected: {row['expected']}\n" in text
        assert re.findall(r"^\(set-logic .*\)$", text, re.MULTILINE) == ["(set-logic QF_NIA)"]
        assert re.findall(r"^\(set-info :status (.*)\)$", text, re.MULTILINE) == [row["expected"]]
        assert text.count("(check-sat)") == 1


def test_an_expectation_that_is_wrong_is_told_and_leaves_one(exported: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exported, tmp_path / "wrong"))
    index = json.loads((folder / INDEX).read_text())
    first = index["obligations"][0]
    first["expected"] = {"sat": "unsat", "unsat": "sat"}[first["expected"]]
    (folder / INDEX).write_text(json.dumps(index))
    done = replayed(folder, "z3")
    assert done.returncode == 1
    assert done.stdout.startswith(f"opposite: {first['file']}: z3 answers ")


def test_a_solver_that_decides_nothing_leaves_75(exported: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exported, tmp_path / "broken"))
    for file in folder.glob("*.smt2"):
        file.write_text("(set-logic QF_NIA)\n")
    assert replayed(folder, "cvc5").returncode == 75


@pytest.mark.parametrize("words", [["yices"], ["z3", "soon"], ["z3", "0"], ["z3", "1", "2"], []])
def test_a_script_that_is_asked_for_what_it_does_not_know_says_how_to_ask(exported: Path, words: list[str]) -> None:
    command = [sys.executable, "-I", str(exported / REPLAY), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "replay.py z3 | cvc5" in done.stderr


@pytest.mark.parametrize("solver", ["z3", "cvc5"])
def test_a_solver_that_is_not_there_leaves_69_and_one_sentence(exported: Path, tmp_path: Path, solver: str) -> None:
    """As by a Python beside which nothing was installed."""
    bare = tmp_path / "python3"
    bare.symlink_to(Path(sys.executable).resolve())
    command = [str(bare), "-I", "-S", str(exported / REPLAY), solver]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)})
    assert done.returncode == 69
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"on the path or beside {bare}: run this script by the Python of an environment that has it" in done.stderr


def test_a_folder_without_its_index_leaves_66_and_one_sentence(exported: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(exported / REPLAY, tmp_path))
    done = replayed(alone.parent, "z3")
    assert (done.returncode, done.stderr) == (66, f"{tmp_path / INDEX}: No such file or directory\n")
