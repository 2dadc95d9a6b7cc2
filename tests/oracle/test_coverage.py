"""What covers what: a rule without a law or without a check from outside is told, and no name is a slip."""

import ast
import json

import pytest

from settlespec.domain.reasons import Reason
from settlespec.invariants.catalogue import CARDS
from settlespec.laws.statement import catalogue
from settlespec.oracle import rules as command
from settlespec.oracle.command import run
from settlespec.oracle.coverage import coverage_of, strangers
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.outside_checks import OUTSIDE_CHECKS, Outside, OutsideCheck
from settlespec.oracle.rulebook import Statement, statements
from tests.house.layers import REPOSITORY

BOOK = statements()
CHECK = OutsideCheck(Outside.LIBRARY, "tests/x.py::test_x", ("FEE-1", "FEE-2"))


@pytest.mark.parametrize("check", OUTSIDE_CHECKS, ids=lambda check: check.test.rpartition("::")[2])
def test_every_check_from_outside_is_a_test_that_exists_and_calls_the_rules_that_it_names(check: OutsideCheck) -> None:
    file, _, name = check.test.partition("::")
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_no_law_and_no_check_names_a_rule_that_does_not_exist() -> None:
    assert strangers(BOOK, catalogue(), OUTSIDE_CHECKS) == ()
    assert strangers(BOOK, (), [OutsideCheck(Outside.LIBRARY, "x", ("FEE-99",))]) == ("FEE-99",)


def rule(rule_id: str, place: str = "settlespec.rules.fees.fee") -> Statement:
    return Statement(rule_id, "a fee.", "", place, "settlespec/rules/fees.py", 1, is_function=True)


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        (rule("FEE-1"), ""),
        # FEE-3 is named by laws and by no check of this list; nobody names FEE-98.
        (rule("FEE-3"), "no outside check"),
        (rule("FEE-98"), "no law, no outside check"),
        # What is no small total function is checked otherwise.
        (rule("FEE-98", "settlespec.machine.fees.charge"), ""),
    ],
)
def test_a_rule_lacks_a_law_or_a_check_from_outside_or_nothing(statement: Statement, missing: str) -> None:
    (covered,) = coverage_of([statement], catalogue(), [CHECK]).values()
    assert covered.missing == missing


def test_a_canary_covers_nothing() -> None:
    canaries = [law for law in catalogue() if law.is_canary]
    assert any("ARITH-3" in law.rules for law in canaries)
    covered = coverage_of([rule("ARITH-3", "settlespec.arithmetic.integers.floor_div")], canaries, [])
    assert covered["ARITH-3"].missing == "no law, no outside check"


def test_strict_leaves_one_where_something_is_missing_and_says_what(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["rules", "FEE-1", "--strict"]) == ExitCode.HOLDS
    capsys.readouterr()
    monkeypatch.setattr(command, "catalogue", lambda: ())
    assert run(["rules", "FEE-1", "--strict"]) == ExitCode.BROKEN
    assert "FEE-1 no law: " in capsys.readouterr().out
    assert run(["rules", "FEE-1"]) == ExitCode.HOLDS


def test_every_rule_that_is_a_function_over_integers_is_covered_by_a_law_and_from_outside() -> None:
    assert run(["rules", "--strict"]) == ExitCode.HOLDS


def test_everything_is_listed_once_with_what_covers_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--format", "json"]) == ExitCode.HOLDS
    report = json.loads(capsys.readouterr().out)
    of_kind = {
        kind: [row["id"] for row in report["rules"] if row["kind"] == kind]
        for kind in ("rule", "reason", "invariant", "law", "canary")
    }
    assert of_kind["reason"] == [reason.value for reason in Reason]
    assert of_kind["invariant"] == [card.id for card in CARDS]
    assert sorted(of_kind["law"] + of_kind["canary"]) == [law.id for law in catalogue()]
    assert len(of_kind["rule"]) == len(BOOK)
    (quote,) = [row for row in report["rules"] if row["id"] == "LIQ-4"]
    assert "LIQ-4b" in quote["laws"]
    assert "yardstick" in {check["kind"] for check in quote["outside"]}
    assert report["totals"]["to_be_covered"] > 60


@pytest.mark.parametrize(
    ("asked", "kind"), [("zero-sum", "invariant"), ("OFF_STEP", "reason"), ("LIQ-4a", "law"), ("CANARY-1", "canary")]
)
def test_a_reason_an_invariant_and_a_law_can_be_asked_for(
    asked: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", asked, "--format", "json"]) == ExitCode.HOLDS
    (row,) = json.loads(capsys.readouterr().out)["rules"]
    assert (row["id"].casefold(), row["kind"]) == (asked.casefold(), kind)
