"""CrossHair reads the very laws: it confirms, refutes on plain integers, or says why not."""

import pytest

from settlespec.engines import concolic
from settlespec.engines.concolic import Search, SearchStatus, explore_law, search
from settlespec.engines.killable import run_killably
from settlespec.engines.replaying import replay
from settlespec.laws.statement import Law, Statement, catalogue, law_of
from tests.engines import examples, unruly


def explored(function: Statement, seconds: float = 10) -> Search:
    return search(law_of(function), seconds)


def test_a_true_law_is_confirmed_on_every_path_and_shape():
    assert explored(examples.shapes_law).status is SearchStatus.CONFIRMED


@pytest.mark.parametrize("function", [examples.false_law, examples.lifted_law, examples.raising_law])
def test_a_false_law_is_refuted_by_plain_arguments_that_break_it(function: Statement):
    found = explored(function)
    assert found.status is SearchStatus.REFUTED
    assert found.example is not None
    assert replay(law_of(function), found.example).refutes
    assert found.reason


def test_a_law_with_too_many_shapes_for_its_time_is_unknown_with_the_reason():
    found = explored(examples.shapes_law, seconds=0.0)
    assert found.status is SearchStatus.UNKNOWN
    assert found.reason == "not every concrete shape was reached in the time given"


def test_a_law_that_is_too_hard_is_unknown_with_the_reason():
    found = explored(examples.hard_law, seconds=0.5)
    assert found.status is SearchStatus.UNKNOWN
    assert "in the time given" in found.reason or "in time" in found.reason


def test_a_law_that_hangs_is_ended_from_outside_and_one_that_dies_is_unknown():
    assert explored(unruly.sleeping_law, seconds=0.2).status is SearchStatus.UNKNOWN
    dead = explored(unruly.dying_law)
    assert dead.status is SearchStatus.UNKNOWN
    assert "exit code 3" in dead.reason


def test_a_counterexample_that_breaks_nothing_on_plain_integers_is_not_believed(monkeypatch: pytest.MonkeyPatch):
    invented = {"price": 1, "size": 1, "rate": 1}
    monkeypatch.setattr(concolic, "_explore_shape", lambda *_: ("refuted", invented, "post_fail"))
    found = explore_law(law_of(examples.true_law))
    assert found.status is SearchStatus.UNKNOWN
    assert "does not replay: holds" in found.reason


@pytest.mark.parametrize("law", [law for law in catalogue() if law.is_canary], ids=lambda law: law.id)
def test_every_canary_is_refuted(law: Law):
    assert run_killably(explore_law, law, 20.0, seconds=60).status is SearchStatus.REFUTED
