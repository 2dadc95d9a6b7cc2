"""Whatever happens at the command line becomes one exit code and, if it is an error, one line."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import pytest
from jsonschema import Draft202012Validator

from settlespec.domain.errors import BadInput, Malformed
from settlespec.domain.outcomes import Exhausted, SpecBug
from settlespec.oracle.command import COMMANDS, Entry, run
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.invocation import error_schema

Plant = Callable[[Callable[[], object]], None]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Register the command ``planted``, which does what the test wants."""

    def register(behaviour: Callable[[], object]) -> None:
        module = ModuleType("planted")
        module.__dict__["command"] = click.Command("planted", callback=behaviour)
        monkeypatch.setitem(sys.modules, "planted", module)
        monkeypatch.setitem(COMMANDS, "planted", Entry("planted", "Does what the test wants."))

    return register


def raises(error: BaseException) -> Callable[[], object]:
    def behaviour() -> object:
        raise error

    return behaviour


@pytest.mark.parametrize("code", list(ExitCode))
def test_a_command_leaves_the_code_that_it_returns(plant: Plant, code: ExitCode) -> None:
    plant(lambda: code)
    assert run(["planted"]) == code


def test_a_command_that_returns_nothing_holds(plant: Plant) -> None:
    plant(lambda: None)
    assert run(["planted"]) == ExitCode.HOLDS


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            BadInput("a negative size", file="flow.csv", line=7, field="size", remedy="drop the row"),
            ExitCode.BAD_DATA,
            "settlespec: flow.csv:7: size: a negative size; drop the row",
        ),
        (
            Malformed("a market order has none", field="price"),
            ExitCode.BAD_DATA,
            "price: a market order has none",
        ),
        (FileNotFoundError(2, "No such file or directory", "gone.csv"), ExitCode.NO_INPUT, "gone.csv: No such file"),
        (PermissionError(13, "Permission denied", "locked.csv"), ExitCode.NO_INPUT, "locked.csv: Permission denied"),
        (click.FileError("gone.csv", "not there"), ExitCode.NO_INPUT, "gone.csv"),
        (click.UsageError("two seeds"), ExitCode.WRONG_USAGE, "two seeds"),
        (click.ClickException("no such law"), ExitCode.WRONG_USAGE, "no such law"),
        (click.Abort(), ExitCode.INTERRUPTED, "interrupted"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
        (
            ModuleNotFoundError("No module named 'z3'", name="z3"),
            ExitCode.UNAVAILABLE,
            "pip install 'settlespec[prove]'",
        ),
        (
            ModuleNotFoundError("No module named 'settlespec.nowhere'", name="settlespec.nowhere"),
            ExitCode.DEFECT,
            "a defect of settlespec: ModuleNotFoundError",
        ),
        (Exhausted("too many states"), ExitCode.UNDECIDED, "a limit of this process was reached: too many states"),
        (MemoryError(), ExitCode.UNDECIDED, "not decided: no more memory"),
        (SpecBug("equity -1"), ExitCode.DEFECT, "a defect of settlespec: SpecBug: equity -1"),
        (KeyError("mark"), ExitCode.DEFECT, "a defect of settlespec: KeyError: 'mark'"),
        (ValueError("two\nlines"), ExitCode.DEFECT, "a defect of settlespec: ValueError: two lines"),
    ],
)
def test_each_error_has_its_code_and_its_line(
    plant: Plant,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: ExitCode,
    message: str,
) -> None:
    monkeypatch.delenv("SETTLESPEC_DEBUG", raising=False)
    plant(raises(error))
    assert run(["planted"]) == code
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["replay", "gone.jsonl"], ExitCode.NO_INPUT, {"file": "gone.jsonl"}),
        (["audit", "--round-seconds", "3"], ExitCode.WRONG_USAGE, {}),
        (["audit", "--preset", "huge"], ExitCode.WRONG_USAGE, {}),
        (["rules", "TRADE-999"], ExitCode.WRONG_USAGE, {}),
        (
            ["inspect", "batch.log"],
            ExitCode.BAD_DATA,
            {
                "field": None,
                "file": "batch.log",
                "line": None,
                "problem": "not the name of a header",
                "remedy": "give the file that ends in .header",
            },
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_whoever_asks_for_json_is_told_of_an_error_in_json_too(
    arguments: list[str], code: ExitCode, told: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--format", "json"]) == code
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert list(Draft202012Validator(error_schema()).iter_errors(said)) == []
    assert said["command"] == arguments[0]
    assert said["version"] == version()
    sentence = said["error"].pop("sentence")
    assert sentence in printed.err
    assert said["error"] == {"exit_code": code, **told}
    assert run(arguments) == code
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("arguments", "environment"), [(["--debug"], {}), ([], {"SETTLESPEC_DEBUG": "1"})])
def test_a_defect_shows_its_traceback_only_when_asked(
    plant: Plant,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    plant(raises(ZeroDivisionError("a rule divided")))
    assert run([*arguments, "planted"]) == ExitCode.DEFECT
    printed = capsys.readouterr().err
    assert "Traceback (most recent call last)" in printed
    assert printed.splitlines()[-1] == "settlespec: a defect of settlespec: ZeroDivisionError: a rule divided"


@pytest.mark.parametrize("arguments", [["nothing-of-this-name"], ["--no-such-option"], ["rules", "--format", "xml"]])
def test_wrong_usage_leaves_two(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(arguments) == ExitCode.WRONG_USAGE
    assert "Usage: settlespec" in capsys.readouterr().err


def test_the_version_goes_with_the_digest_of_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == ExitCode.HOLDS
    assert capsys.readouterr().out == f"settlespec {version()}, rules sha256:{rules_digest()}\n"
    assert re.fullmatch("[0-9a-f]{64}", rules_digest())


def test_help_lists_every_command_with_its_sentence_and_imports_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, entry in list(COMMANDS.items()):
        monkeypatch.setitem(COMMANDS, name, Entry("a module that does not exist", entry.sentence))
    assert run(["--help"]) == ExitCode.HOLDS
    printed = " ".join(capsys.readouterr().out.split())
    for name, entry in COMMANDS.items():
        assert f"{name} {entry.sentence}" in printed


def test_the_rules_are_printed_as_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    run(["rules", "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert report["command"] == "rules"
    assert report["totals"]["rules_digest"] == rules_digest()
    assert "LIQ-4" in {row["id"] for row in report["rules"]}


def test_the_rules_can_be_asked_for_by_prefix_and_by_id(capsys: pytest.CaptureFixture[str]) -> None:
    run(["rules", "--format", "json", "FEE", "LIQ-4"])
    report = json.loads(capsys.readouterr().out)
    assert {row["id"].split("-")[0] for row in report["rules"]} == {"FEE", "LIQ"}
    assert {row["id"] for row in report["rules"] if row["id"].startswith("LIQ")} == {"LIQ-4"}


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        (["trade-5"], "TRADE-5"),
        (["--word", "post-only"], "TRADE-17"),
        (["--word", "Bankruptcy", "--word", "price", "--module", "rules.liquidation"], "LIQ-5"),
        (["--module", "settlespec.rules.fees"], "FEE-1"),
        (["TRADE", "--word", "self trade"], "TRADE-8"),
        (["SIGN", "--word", "Ed25519"], "SIGN-2"),
    ],
    ids=" ".join,
)
def test_a_rule_is_found_by_id_word_and_module(
    asked: list[str], first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", *asked]) == ExitCode.HOLDS
    told = capsys.readouterr().out
    assert f"{first} stated: " in told
    assert run(["rules", *asked, "--format", "json"]) == ExitCode.HOLDS
    rows = json.loads(capsys.readouterr().out)["rules"]
    assert told.count(" stated: ") == len(rows) <= 12
    for row in rows:
        assert f"{row['sentence']}" in told
        assert f"{row['file']}:{row['line']}" in told


def test_a_rule_comes_with_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    run(["rules", "TRADE-5", "--format", "json"])
    assert [row["id"] for row in json.loads(capsys.readouterr().out)["rules"]] == [
        "TRADE-5",
        "TRADE-5.2",
        "TRADE-5.3",
        "TRADE-5.4",
        "TRADE-5.5",
    ]


@pytest.mark.parametrize("asked", [["--word", "no rule says this"], ["--module", "machine.nothing"]], ids=" ".join)
def test_a_question_that_no_rule_answers_is_wrong_usage(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", *asked]) == ExitCode.WRONG_USAGE
    assert "Error: no" in capsys.readouterr().err


def test_a_rule_that_nobody_stated_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "TRADE-999"]) == ExitCode.WRONG_USAGE
    assert "TRADE-999" in capsys.readouterr().err


def test_the_module_runs_as_a_program_and_survives_a_reader_that_leaves(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "settlespec", "rules"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.close()
    complaints = program.stderr.read().decode()
    program.stderr.close()
    assert program.wait() == ExitCode.HOLDS
    assert complaints == ""
