"""One envelope for every command."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.report import Report, Verdict, schema


def report(**changes: Any) -> Report:
    fields: dict[str, Any] = {
        "command": "prove",
        "version": "0.1.0",
        "seed": 7,
        "verdict": Verdict.HOLDS,
        "seconds": 1.23456,
        "totals": {"proved": 1, "canaries": 0},
        "listing": "laws",
        "rows": [{"status": "proved", "id": "TRADE-1a"}],
    }
    return Report(**(fields | changes))


def test_the_same_report_gives_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    other = report(totals={"canaries": 0, "proved": 1}, rows=({"id": "TRADE-1a", "status": "proved"},))
    assert report().to_json() == other.to_json()
    assert report().to_json() == (
        '{"command":"prove","laws":[{"id":"TRADE-1a","status":"proved"}],"seconds":1.235,"seed":7,'
        '"totals":{"canaries":0,"proved":1},"verdict":"holds","version":"0.1.0"}'
    )


def test_a_report_meets_its_schema() -> None:
    validator = Draft202012Validator(schema())
    Draft202012Validator.check_schema(schema())
    assert list(validator.iter_errors(json.loads(report().to_json()))) == []
    assert list(validator.iter_errors(json.loads(report(seed=None, listing="cases", rows=()).to_json()))) == []


@pytest.mark.parametrize("damage", [{"verdict": "fine"}, {"seed": "7"}, {"laws": [{"id": "A"}]}, {"mutants": []}])
def test_a_damaged_report_fails_its_schema(damage: dict[str, Any]) -> None:
    damaged = report().to_object() | damage
    assert list(Draft202012Validator(schema()).iter_errors(damaged))


def test_a_report_without_its_list_fails_its_schema() -> None:
    damaged = report().to_object()
    del damaged["laws"]
    assert list(Draft202012Validator(schema()).iter_errors(damaged))


def test_a_row_without_identity_or_status_is_refused() -> None:
    with pytest.raises(ValueError, match="row 0 of a report lacks the text 'status'"):
        report(rows=[{"id": "TRADE-1a"}])


def test_a_list_of_unknown_things_is_refused() -> None:
    with pytest.raises(ValueError, match="a report cannot list 'things'"):
        report(listing="things")


def test_a_figure_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        report(totals={"rate": float("nan")}).to_json()


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.HOLDS, ExitCode.HOLDS),
        (Verdict.BROKEN, ExitCode.BROKEN),
        (Verdict.UNDECIDED, ExitCode.UNDECIDED),
    ],
)
def test_a_verdict_decides_the_exit_code(verdict: Verdict, code: ExitCode) -> None:
    assert report(verdict=verdict).exit_code is code


def test_the_numbers_of_the_exit_codes_never_change() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "HOLDS": 0,
        "BROKEN": 1,
        "WRONG_USAGE": 2,
        "BAD_DATA": 65,
        "NO_INPUT": 66,
        "UNAVAILABLE": 69,
        "DEFECT": 70,
        "UNDECIDED": 75,
        "HUNG_UP": 129,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }
