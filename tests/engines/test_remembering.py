"""What is kept of an answer is about one text, and whatever a file of the cache says, it is believed only as far as it shows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from settlespec.engines import remembering, sources
from settlespec.engines.campaign import Effort, Examination, Finding, examine, examine_all
from settlespec.engines.outside import reads_outside
from settlespec.engines.proving import Status
from settlespec.engines.remembering import MOST_BYTES, KeptAnswers
from settlespec.laws.statement import Law, catalogue, law_of, laws_in
from tests.engines import examples

QUICK = Effort(seconds=20, examples=40, asks_cvc5=False)
TRUE = law_of(examples.true_law)
CANARY = law_of(examples.caught_canary)


@pytest.fixture(scope="module")
def answered() -> dict[str, Examination]:
    return {law.id: examine(law, QUICK) for law in (TRUE, CANARY, law_of(examples.false_law))}


class Cache:
    """A folder, and everything that was complained about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.complaints: list[str] = []

    def open(self, effort: Effort = QUICK, *, refreshes: bool = False) -> KeptAnswers:
        return KeptAnswers(self.folder, effort, self.complaints.append, refreshes)

    @property
    def file(self) -> Path:
        (found,) = self.folder.glob("*.json")
        return found

    def rewrite(self, change: Callable[[dict[str, Any]], object]) -> None:
        entry = json.loads(self.file.read_bytes())
        change(entry)
        self.file.write_text(json.dumps(entry), encoding="utf-8")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


@pytest.mark.parametrize("name", ["TEST-TRUE", "TEST-CANARY", "TEST-FALSE"])
def test_an_answer_comes_back_with_its_values_and_says_when_it_was_given(
    cache: Cache, answered: dict[str, Examination], name: str
):
    first = answered[name]
    cache.open().keep(first)
    again = cache.open().recall(first.law)
    assert again is not None
    assert again.finding is first.finding
    assert (again.proof.witness, again.proof.counterexample) == (first.proof.witness, first.proof.counterexample)
    assert again.kept is not None
    assert again.kept.seconds == first.seconds > 0
    assert again.kept.when.startswith("20")
    assert evolve(again, kept=None) == first
    assert cache.complaints == []


def test_what_is_kept_is_not_asked_again(
    cache: Cache, answered: dict[str, Examination], monkeypatch: pytest.MonkeyPatch
):
    cache.open().keep(answered["TEST-TRUE"])
    (again,) = examine_all([TRUE], QUICK, executor=None, memory=cache.open())
    assert again.kept is not None


def test_what_was_not_kept_is_asked_and_kept(cache: Cache):
    (first,) = examine_all([TRUE], QUICK, memory=cache.open())
    assert first.kept is None
    assert cache.open().recall(TRUE) is not None


def test_a_refresh_asks_again_and_keeps_the_new_answer(cache: Cache, answered: dict[str, Examination]):
    cache.open().keep(evolve(answered["TEST-TRUE"], seconds=1.0))
    refreshing = cache.open(refreshes=True)
    assert refreshing.recall(TRUE) is None
    refreshing.keep(evolve(answered["TEST-TRUE"], seconds=2.0))
    again = cache.open().recall(TRUE)
    assert again is not None
    assert again.seconds == 2.0


@pytest.mark.parametrize(
    "effort", [evolve(QUICK, asks_cvc5=True), evolve(QUICK, seed=1), evolve(QUICK, examples=41, seconds=21)]
)
def test_an_answer_to_another_effort_is_no_answer(cache: Cache, answered: dict[str, Examination], effort: Effort):
    cache.open().keep(answered["TEST-TRUE"])
    assert cache.open(effort).recall(TRUE) is None


def test_other_versions_of_the_libraries_are_another_text(
    cache: Cache, answered: dict[str, Examination], monkeypatch: pytest.MonkeyPatch
):
    cache.open().keep(answered["TEST-TRUE"])
    monkeypatch.setattr(remembering, "versions", lambda: ("z3-solver 0",))
    assert cache.open().recall(TRUE) is None


def undecided(examination: Examination) -> Examination:
    return evolve(examination, proof=evolve(examination.proof, status=Status.UNKNOWN))


@pytest.mark.parametrize(
    "changed",
    [
        undecided,
        lambda found: evolve(found, defect="it does not replay"),
        lambda found: evolve(found, sample=None),
        lambda found: evolve(found, proof=evolve(found.proof, status=Status.VACUOUS)),
    ],
    ids=["unknown", "defect", "not sampled", "vacuous"],
)
def test_an_answer_that_says_nothing_for_good_is_not_kept(
    cache: Cache, answered: dict[str, Examination], changed: Callable[[Examination], Examination]
):
    cache.open().keep(changed(answered["TEST-TRUE"]))
    assert list(cache.folder.iterdir()) == []


LYING: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("a proof of what is false", lambda entry: entry["proof"].update(witness=None), "a proof without a witness"),
    ("another law's answer", lambda entry: entry.update(law="TEST-FALSE"), "of another law"),
    ("a witness out of its range", lambda entry: entry["proof"]["witness"].update(price="-5"), "leaves its range"),
    ("a witness of other arguments", lambda entry: entry["proof"].update(witness={"number": "1"}), "expected are"),
    ("a witness that is no record", lambda entry: entry["proof"].update(witness=[1]), "Expected `object"),
    (
        "a counterexample that breaks nothing",
        lambda entry: entry["proof"].update(
            status="refuted", counterexample={"price": "1", "size": "1", "rate": "1"}, witness=None
        ),
        "does not replay",
    ),
    ("a status that nobody knows", lambda entry: entry["proof"].update(status="certain"), "certain"),
    ("an undecided proof", lambda entry: entry["proof"].update(status="unknown"), "unknown is not kept"),
    ("a negative time", lambda entry: entry.update(seconds=-1.0), "a time that nothing takes"),
    ("no time at all", lambda entry: entry.update(when="yesterday"), "a time that no clock shows"),
    ("a missing field", lambda entry: entry.pop("sample"), "sample"),
    ("a number as text", lambda entry: entry["proof"].update(paths="1"), "Expected `int`"),
]


@pytest.mark.parametrize(("change", "problem"), [case[1:] for case in LYING], ids=[case[0] for case in LYING])
def test_an_entry_that_does_not_show_what_it_says_is_told_in_one_line_and_asked_afresh(
    cache: Cache, answered: dict[str, Examination], change: Callable[[dict[str, Any]], object], problem: str
):
    cache.open().keep(answered["TEST-TRUE"])
    cache.rewrite(change)
    assert cache.open().recall(TRUE) is None
    (complaint,) = cache.complaints
    assert complaint.startswith(f"{cache.file}: not an entry of the cache (")
    assert problem in complaint
    assert complaint.endswith("TEST-TRUE is asked afresh")
    assert "\n" not in complaint


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"\x80\x04cposix\nsystem\n.", "malformed"),
        (b"\xff" * 10, "malformed"),
        (b"[" * 100_000, ""),
        (b" " * (MOST_BYTES + 1), "longer than"),
        (b'{"format": NaN}', "malformed"),
    ],
)
def test_a_file_that_is_no_entry_is_told_in_one_line_and_asked_afresh(
    cache: Cache, answered: dict[str, Examination], content: bytes, problem: str
):
    cache.open().keep(answered["TEST-TRUE"])
    cache.file.write_bytes(content)
    assert cache.open().recall(TRUE) is None
    (complaint,) = cache.complaints
    assert problem in complaint


def test_a_folder_or_a_pipe_in_the_place_of_an_entry_keeps_nobody_waiting(
    cache: Cache, answered: dict[str, Examination]
):
    cache.open().keep(answered["TEST-TRUE"])
    place = cache.file
    place.unlink()
    os.mkfifo(place)
    assert cache.open().recall(TRUE) is None
    place.unlink()
    place.mkdir()
    assert cache.open().recall(TRUE) is None
    assert ["regular file" in complaint or "directory" in complaint for complaint in cache.complaints] == [True, True]


def test_a_folder_that_takes_no_more_is_told_once_and_harms_no_answer(cache: Cache, answered: dict[str, Examination]):
    memory = KeptAnswers(cache.folder / "gone", QUICK, cache.complaints.append)
    memory.keep(answered["TEST-TRUE"])
    memory.keep(answered["TEST-CANARY"])
    (complaint,) = cache.complaints
    assert "no answer is kept from here on" in complaint


# What an answer is about

RULES = "def fee(size: int) -> int:\n    return size\n"
LAWS = """
from planted_rules import fee
from settlespec.laws.statement import claim, law

@law("PLANTED-1", "A fee is what it is.")
def fee_is_itself(size: int) -> None:
    claim(fee(size) == fee(size))
"""


@pytest.fixture
def planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[Law, Path]]:
    """A law in a file that calls a rule in another."""
    folder = tmp_path / "planted"
    folder.mkdir()
    (folder / "planted_rules.py").write_text(RULES, encoding="utf-8")
    # A name of its own for each test: the catalogue knows what a module of one name once stated.
    name = f"planted_laws_for_{request.node.name}"
    (folder / f"{name}.py").write_text(LAWS, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    sources._file_of.cache_clear()
    sources._imported_by.cache_clear()
    (law,) = laws_in((import_module(name),))
    yield law, folder
    for imported in (name, "planted_rules"):
        sys.modules.pop(imported)


def test_a_rule_that_changed_makes_the_answers_about_it_stale(tmp_path: Path, planted: tuple[Law, Path]):
    law, folder = planted
    cache = Cache(tmp_path)
    answer = examine(law, QUICK)
    assert answer.finding is Finding.PROVED
    cache.open().keep(answer)
    assert cache.open().recall(law) is not None
    (folder / "planted_rules.py").write_text(RULES.replace("size\n", "2 * size\n"), encoding="utf-8")
    assert cache.open().recall(law) is None
    assert cache.complaints == []


IMPORTED = {
    "from the package beside it": ("", "from .limits import most\n", "limits.py"),
    "as a module of the package": ("", "from . import limits\nmost = limits.most\n", "limits.py"),
    "from the package above": ("inner", "from ..limits import most\n", "limits.py"),
}
"""How a rule of a package gets at what another file says: the folder inside the package, its text, and the other file."""


@pytest.mark.parametrize(("inside", "imports", "other"), IMPORTED.values(), ids=IMPORTED)
def test_a_change_behind_a_relative_import_is_a_change_of_the_text(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    inside: str,
    imports: str,
    other: str,
):
    package = f"relative_{list(IMPORTED).index(request.node.callspec.id)}"
    folder = tmp_path / package / inside
    folder.mkdir(parents=True)
    for place in {folder, tmp_path / package}:
        (place / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / package / other).write_text("most = 5\n", encoding="utf-8")
    (folder / "rule.py").write_text(imports, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    name = ".".join(part for part in (package, inside, "rule") if part)
    before = sources.sources_of([name])
    assert {Path(path).name for path, _, _ in before.files} >= {"__init__.py", "rule.py", other}
    (tmp_path / package / other).write_text("most = 6\n", encoding="utf-8")
    assert not before.unchanged()
    assert sources.sources_of([name]).digest != before.digest


REACHING = {
    "a file": 'LIMIT = open("limit.txt")',
    "a path": 'from pathlib import Path\nLIMIT = Path("limit.txt").read_text()',
    "a path that somebody else has": "LIMIT = planted_rules.PLACE.read_bytes()",
    "a module found while it runs": 'from importlib import import_module\nOTHER = import_module("other")',
    "the same by its inner name": 'OTHER = __import__("other")',
    "the environment": "import os as system",
    "the environment by name": "from planted_rules import environ as given",
    "text that is run": 'exec("LIMIT = 5")',
    "text that is worth something": 'LIMIT = eval("5")',
    "a clock": "import time",
    "whatever a package offers": "from planted_rules import *",
    "inside a function": "def limit():\n    return open",
}


@pytest.mark.parametrize("text", REACHING.values(), ids=REACHING)
def test_a_law_whose_modules_reach_outside_of_their_text_is_asked_every_time_and_says_why(
    tmp_path: Path, planted: tuple[Law, Path], answered: dict[str, Examination], text: str
):
    law, folder = planted
    (folder / "planted_rules.py").write_text(f"{RULES}{text}\n", encoding="utf-8")
    cache = Cache(tmp_path)
    memory = cache.open()
    memory.keep(evolve(answered["TEST-TRUE"], law=law))
    assert memory.recall(law) is None
    assert list(tmp_path.glob("*.json")) == []
    (complaint,) = cache.complaints
    assert complaint.startswith(f"{law.module}: its laws are asked every time: {folder / 'planted_rules.py'}, line ")
    assert complaint.endswith("may read what no digest of modules tells")


SEEN = {
    "laws/patience.py": "an argument is called `open`",
    "laws/statement.py": "the catalogue imports the modules of its own package",
    "settlement/ways_out.py": "a contract's `read`, of what an owner saw of it",
}
"""Where the modules that the catalogue's laws execute seem to reach outside of their text, and what it is in truth."""


def test_the_laws_of_the_catalogue_reach_nothing_outside_of_their_text():
    """Modules of ours are not asked when an answer is kept; so those that state and follow laws are asked here."""
    found = [Path(path) for path, _, _ in sources.sources_of({law.module for law in catalogue()}).files]
    assert {path.relative_to(path.parents[1]).as_posix() for path in found if reads_outside(path)} == SEEN.keys()


def test_assertions_that_are_left_out_make_another_text():
    asked = "from settlespec.engines.sources import versions; print(versions())"
    said = [
        subprocess.run([sys.executable, *flags, "-c", asked], capture_output=True, check=True, timeout=60).stdout
        for flags in ([], ["-O"], ["-X", "dev"])
    ]
    assert len(set(said)) == 3


def test_an_answer_is_not_kept_when_its_text_changed_while_it_was_sought(tmp_path: Path, planted: tuple[Law, Path]):
    law, folder = planted
    cache = Cache(tmp_path)
    memory = cache.open()
    assert memory.recall(law) is None
    answer = examine(law, QUICK)
    (folder / "planted_rules.py").write_text(RULES + "# another text\n", encoding="utf-8")
    memory.keep(answer)
    assert list(tmp_path.glob("*.json")) == []


def test_a_law_that_reads_too_much_is_asked_every_time(
    cache: Cache, answered: dict[str, Examination], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sources, "MOST_MODULES", 3)
    memory = cache.open()
    memory.keep(answered["TEST-TRUE"])
    assert memory.recall(TRUE) is None
    (complaint,) = cache.complaints
    assert "asked every time: more than 3 modules" in complaint


def test_the_text_of_a_law_takes_in_its_rules_and_the_engines_and_no_library():
    files = {
        Path(file).as_posix() for file, _, _ in sources.sources_of(["settlespec.laws.fees", *remembering.ENGINES]).files
    }
    for needed in (
        "laws/fees.py",
        "rules/fees.py",
        "arithmetic/integers.py",
        "domain/quantities.py",
        "laws/statement.py",
        "engines/proving.py",
        "engines/symbolic.py",
        "engines/solvers.py",
        "engines/crosscheck.py",
        "engines/concolic.py",
        "engines/sampling.py",
        "engines/remembering.py",
    ):
        assert any(file.endswith(f"settlespec/{needed}") for file in files), needed
    assert all("/settlespec/" in file for file in files)
