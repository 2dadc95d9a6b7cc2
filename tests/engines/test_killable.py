"""Work that does not end is ended, and work that dies is said to have died."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from settlespec.engines import killable
from settlespec.engines.killable import Died, TimeUp, run_killably


def doubled(number: int) -> int:
    return 2 * number


def sleeps(seconds: float) -> None:
    time.sleep(seconds)


def exits() -> None:
    os._exit(7)


def raises() -> None:
    raise ValueError("as planned")


def fills_memory() -> int:
    return len(bytearray(2 * 2**30))


def answers_with_a_function() -> Callable[[], int]:
    return lambda: 1


@pytest.fixture(params=[True, False], ids=["forked", "afresh"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Both ways of starting the process; a fork is safe here because the tests start no thread that holds a lock."""
    monkeypatch.setattr(killable, "_may_fork", lambda: request.param)
    return run_killably


def test_the_answer_comes_back(run: Callable[..., Any]):
    assert run(doubled, 21, seconds=30) == 42


def test_work_that_takes_too_long_is_killed(run: Callable[..., Any]):
    started = time.monotonic()
    with pytest.raises(TimeUp):
        run(sleeps, 60.0, seconds=0.5)
    assert time.monotonic() - started < 20


def test_an_exception_of_the_work_is_raised_here(run: Callable[..., Any]):
    with pytest.raises(ValueError, match="as planned"):
        run(raises, seconds=30)


def test_a_process_that_ends_without_an_answer_is_said_to_have_died(run: Callable[..., Any]):
    with pytest.raises(Died, match="7"):
        run(exits, seconds=30)


def test_work_that_takes_more_memory_than_allowed_fails_alone(run: Callable[..., Any]):
    with pytest.raises(MemoryError):
        run(fills_memory, seconds=30, memory=2**30)


def test_an_answer_that_cannot_travel_is_said_to_be_lost(run: Callable[..., Any]):
    with pytest.raises(Died, match="cannot leave"):
        run(answers_with_a_function, seconds=30)
