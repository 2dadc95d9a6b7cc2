"""Progress is for a person who waits, and for nobody else."""

from io import StringIO

import pytest
from rich.console import Console

from settlespec.oracle import pace as subject
from settlespec.oracle.pace import Pace


def paced(steps: int, expected: int | None, *, terminal: bool) -> str:
    written = StringIO()
    counting = Pace("operations", expected, Console(file=written, force_terminal=terminal, width=120))
    for _ in range(steps):
        counting.advance()
    counting.close()
    return written.getvalue()


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "QUIET_SECONDS", 0.0)
    assert paced(1_000, 1_000, terminal=False) == ""


def test_nothing_is_shown_of_what_is_over_soon() -> None:
    assert paced(1_000, 1_000, terminal=True) == ""


@pytest.mark.parametrize(("expected", "shown"), [(1_000, "/1000"), (None, "/?")])
def test_a_long_run_shows_how_far_it_is(expected: int | None, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "QUIET_SECONDS", 0.0)
    text = paced(1_000, expected, terminal=True)
    assert "operations" in text
    assert shown in text
    assert "left" in text


def test_few_long_steps_are_shown_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "QUIET_SECONDS", 0.0)
    assert "1/3" in paced(1, 3, terminal=True)
