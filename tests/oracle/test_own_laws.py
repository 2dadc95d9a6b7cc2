"""Laws of a user's own: what is wrong with a file is one line with its place, and the others are asked all the same."""

import json
from pathlib import Path

import jsonschema
import pytest

from settlespec.laws.statement import Law, catalogue
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.invocation import error_schema
from settlespec.oracle.law_files import laws_of_files
from tests.oracle.few_laws import few_laws

HEAD = "from settlespec.laws.statement import Unbounded, assume, claim, law\n"

GOOD = (
    HEAD
    + """
@law("{id}", "A number is itself.")
def itself(number: int) -> None:
    claim(number == number)
"""
)

FAST = ["--solver", "z3", "--jobs", "1", "--format", "json"]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> tuple[Law, ...]:
    return few_laws(monkeypatch)


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


REFUSED = [
    ("no_python.py", "x = 1\ndef broken(:\n", 2, "no Python: invalid syntax"),
    ("nulls.py", "x = 1\0\n", None, "null bytes"),
    ("it_raises.py", "x = 1\ny = x / 0\n", 2, "importing it raised ZeroDivisionError: division by zero"),
    ("it_leaves.py", "import sys\n\nsys.exit(3)\n", 3, "importing it raised SystemExit: 3"),
    ("it_imports.py", "import no_such_module_anywhere\n", 1, "No module named 'no_such_module_anywhere'"),
    ("no_law.py", "x = 1\n", None, "no law is stated in it; decorate a function with @law"),
    ("no_type.py", HEAD + '\n\n@law("OWN-9", "?")\ndef f(x) -> None:\n    claim(x)\n', 4, "no type for x"),
    ("text_argument.py", HEAD + '\n\n@law("OWN-8", "?")\ndef f(x: str) -> None:\n    pass\n', 4, "no engine can vary"),
    ("taken.py", GOOD.format(id="LIQ-4a"), 3, "LIQ-4a is the id of a law of settlespec.laws.liquidation"),
    (
        "twice.py",
        GOOD.format(id="OWN-7") + GOOD.format(id="OWN-7").removeprefix(HEAD),
        None,
        "OWN-7 is stated twice",
    ),
    ("identity.py", GOOD.format(id="OWN-5") + "\n\nYES = (1 > 0) is True\n", 8, "no symbol answers an identity"),
    (
        "exact.py",
        "def f(x):\n    return type(x) is int\n\n\n" + GOOD.format(id="OWN-5"),
        2,
        "the exact type of a number",
    ),
    ("a-name.py", GOOD.format(id="OWN-6"), None, "not the name of a module; name it like my_laws.py"),
    ("laws.txt", GOOD.format(id="OWN-6"), None, "not the name of a module"),
    ("json.py", GOOD.format(id="OWN-6"), None, "another module is called json; give the file another name"),
    ("click.py", GOOD.format(id="OWN-6"), None, "another module is called click"),
]


@pytest.mark.parametrize(("name", "text", "line", "problem"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_file_that_is_refused_is_told_in_one_line_with_its_place(
    name: str, text: str, line: int | None, problem: str, tmp_path: Path
) -> None:
    file = written(tmp_path, name, text)
    laws, (refused,) = laws_of_files([file], catalogue())
    assert laws == ()
    assert (refused.file, refused.line) == (str(file), line)
    assert problem in str(refused)
    assert "\n" not in str(refused)


def test_a_folder_is_told_and_a_file_that_is_not_there_is_no_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, refused = laws_of_files([tmp_path], catalogue())
    assert [reason.problem for reason in refused] == ["no regular file"]
    gone = tmp_path / "gone.py"
    assert run(["prove", "--laws", str(gone), *FAST]) == ExitCode.NO_INPUT
    assert capsys.readouterr().err == f"settlespec: {gone}: No such file or directory\n"


def test_a_file_that_is_refused_harms_no_other_file_and_leaves_65(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = written(tmp_path, "bad_among_good.py", "def broken(:\n")
    good = written(tmp_path, "good_beside_bad.py", GOOD.format(id="OWN-1"))
    assert run(["prove", "--laws", str(bad), "--laws", str(good), *FAST]) == ExitCode.BAD_DATA
    printed = capsys.readouterr()
    assert {row["id"]: row["status"] for row in json.loads(printed.out)["laws"] if not row["canary"]} == {
        "OWN-1": "proved"
    }
    assert printed.err == f"settlespec: {bad}:1: no Python: invalid syntax: its laws are left out\n"


def test_two_files_cannot_state_one_id(tmp_path: Path) -> None:
    first = written(tmp_path, "first_of_two.py", GOOD.format(id="OWN-2"))
    second = written(tmp_path, "second_of_two.py", GOOD.format(id="OWN-2"))
    laws, (refused,) = laws_of_files([first, second], catalogue())
    assert [law.module for law in laws] == ["first_of_two"]
    assert "OWN-2 is the id of a law of first_of_two" in str(refused)


def test_a_file_that_is_refused_alone_leaves_65_and_one_object_and_asks_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = written(tmp_path, "bad_alone.py", "import\n")
    assert run(["prove", "--laws", str(bad), *FAST]) == ExitCode.BAD_DATA
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert (error["exit_code"], error["file"], error["line"]) == (ExitCode.BAD_DATA, str(bad), 1)
    assert error["problem"].startswith("no Python: ")
    jsonschema.validate(json.loads(printed.out), error_schema())
    assert printed.err == f"settlespec: {error['sentence']}\n"


OF_PRECEDENCE = {
    "missing": (["gone.py", "refuted.py", "refused.py", "undecided.py"], ExitCode.NO_INPUT, None),
    "refuted": (["refuted.py", "refused.py", "misstated.py", "undecided.py"], ExitCode.BROKEN, "broken"),
    "refused": (["refused.py", "undecided.py"], ExitCode.BAD_DATA, "undecided"),
    "refused beside what holds": (["true.py", "refused.py"], ExitCode.BAD_DATA, "undecided"),
    "misstated": (["misstated.py", "undecided.py"], ExitCode.BAD_DATA, "undecided"),
    "undecided": (["undecided.py", "true.py"], ExitCode.UNDECIDED, "undecided"),
    "proved": (["true.py"], ExitCode.HOLDS, "holds"),
}

CLAIMS = {
    "refuted": "number != 5",
    "misstated": "number",
    "undecided": "number**3 + other**3 + third**3 != 114 or number > third",
    "true": "number == number",
}


@pytest.mark.parametrize("case", OF_PRECEDENCE)
def test_missing_files_come_before_refuted_laws_before_refused_files_before_undecided_laws(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names, code, verdict = OF_PRECEDENCE[case]
    # Each file has a name of its own in this process, in which a module is imported once.
    own = {name: f"{Path(name).stem}_of_{case.replace(' ', '_')}.py" for name in names}
    for name in names:
        claimed = CLAIMS.get(Path(name).stem, "")
        text = f"""{HEAD}

@law("OWN-{Path(name).stem.upper()}", "?")
def stated(number: int, other: int, third: int) -> None:
    claim({claimed})
"""
        if name != "gone.py":
            written(tmp_path, own[name], "import\n" if name == "refused.py" else text)
    asked = [word for name in names for word in ("--laws", str(tmp_path / own[name]))]
    assert run(["prove", *asked, "--seconds", "1", *FAST]) == code
    printed = json.loads(capsys.readouterr().out)
    assert printed.get("verdict") == verdict
    if verdict is not None:
        bad = [str(tmp_path / own[name]) for name in names if name in ("refused.py", "misstated.py")]
        assert [reason["file"] for reason in printed["totals"]["refused"]] == bad


def test_a_law_that_a_refused_file_may_state_is_no_slip_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = written(tmp_path, "bad_and_asked.py", "import\n")
    assert run(["prove", "--laws", str(bad), "--law", "OWN-77", *FAST]) == ExitCode.BAD_DATA
    assert json.loads(capsys.readouterr().out)["error"]["file"] == str(bad)


def test_a_law_that_names_a_rule_which_nobody_states_is_warned_of_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GOOD.format(id="OWN-11").replace("itself.", "itself.", 1).replace('."', '.", rules=("FEE-1", "FEE-999")', 1)
    file = written(tmp_path, "names_a_stranger.py", text)
    assert run(["prove", "--laws", str(file), *FAST]) == ExitCode.HOLDS
    printed = capsys.readouterr()
    assert printed.err.startswith(f"settlespec: {file}:3: OWN-11 names FEE-999, and no rule is called so (near it: FEE")
    assert printed.err.count("\n") == 1
    (row,) = [row for row in json.loads(printed.out)["laws"] if not row["canary"]]
    assert row["place"] == "names_a_stranger.py:3"


LAWS_THAT_FAIL = (
    HEAD
    + """

@law("OWN-3", "It raises.")
def raises(number: int) -> None:
    claim(1 // (number - number) == 0)


@law("OWN-4", "A number where a condition belongs.")
def claims_a_number(number: int) -> None:
    claim(number)


@law("OWN-5", "A number is itself.")
def itself(number: int) -> None:
    claim(number == number)
"""
)


def test_a_law_that_raises_is_refuted_and_one_that_is_misstated_is_bad_data_and_neither_harms_a_third(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "laws_that_fail.py", LAWS_THAT_FAIL)
    assert run(["prove", "--laws", str(file), *FAST]) == ExitCode.BROKEN
    printed = capsys.readouterr()
    rows = {row["id"]: row for row in json.loads(printed.out)["laws"] if not row["canary"]}
    assert {name: row["status"] for name, row in rows.items()} == {
        "OWN-3": "refuted",
        "OWN-4": "defect",
        "OWN-5": "proved",
    }
    assert "ZeroDivisionError" in rows["OWN-3"]["reason"]
    assert "laws_that_fail.py:6" in rows["OWN-3"]["reason"]
    (complaint,) = printed.err.splitlines()
    assert complaint.startswith(f"settlespec: {file}:9: OWN-4: a law assumes and claims conditions, not ")
    # Without the law that is false what is left is bad data, and no defect of ours.
    assert run(["prove", "--laws", str(file), "--law", "OWN-4", *FAST]) == ExitCode.BAD_DATA


def test_laws_of_both_can_be_chosen_by_id_and_by_subject(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "chosen_laws.py", GOOD.format(id="OWN-10"))
    asked = ["--law", "ARITH-3b", "--law", "OWN-10"]
    assert run(["prove", "--laws", str(file), *asked, *FAST]) == ExitCode.HOLDS
    first = json.loads(capsys.readouterr().out)["laws"]
    assert {row["id"] for row in first if not row["canary"]} == {"ARITH-3b", "OWN-10"}
    assert run(["prove", "--laws", str(file), "--subject", "chosen_laws", *FAST]) == ExitCode.HOLDS
    second = json.loads(capsys.readouterr().out)["laws"]
    assert {row["id"] for row in second if not row["canary"]} == {"OWN-10"}
