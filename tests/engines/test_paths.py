"""Exploration is exhaustive, and says so when it is not."""

from collections.abc import Callable
from typing import Any

import pytest
import z3

from settlespec.engines import paths
from settlespec.engines.arguments import IntegerLeaf
from settlespec.engines.paths import Exploration, Purpose, SymbolicPath, explore, following
from settlespec.engines.solvers import Patience
from settlespec.engines.symbolic import current_path


def ways(function: Callable[[Any, Any], object], most_paths: int = 100) -> tuple[list[object], Exploration]:
    answers: list[object] = []

    def follow(path: SymbolicPath) -> bool:
        with following(path):
            answers.append(function(path.symbolic("a", IntegerLeaf(0, None)), path.symbolic("b", IntegerLeaf(0, None))))
        return True

    return answers, explore(follow, Patience(), most_paths)


def test_every_feasible_side_of_every_branch_is_followed_once():
    def classify(a: int, b: int) -> str:
        if a > 5 and b > 5:
            return "both large"
        return "nothing" if a == 0 else "something small"

    answers, exploration = ways(classify)
    assert sorted(map(str, answers)) == ["both large", "nothing", "something small", "something small"]
    assert exploration == Exploration(4, complete=True)


def test_an_infeasible_side_is_left_out_and_handed_over_as_an_obligation():
    path = SymbolicPath((), Patience())
    with following(path):
        number = path.symbolic("number", IntegerLeaf(3, None))
        assert bool(number > 2)  # type: ignore[operator]
    (pruned,) = path.pruned
    assert pruned.purpose is Purpose.PRUNED
    solver = z3.Solver()
    solver.add(*pruned.constraints)
    assert solver.check() == z3.unsat


def test_an_undecided_side_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    answers, exploration = ways(lambda a, b: bool(a * a * a + b * b * b == 3))
    assert sorted(map(bool, answers)) == [False, True]
    assert exploration == Exploration(2, complete=True)


def test_code_under_inspection_cannot_swallow_the_end_of_a_way():
    def swallows(a: Any, b: Any) -> str:
        try:
            current_path().require(z3.BoolVal(False))  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001 - this is what must not catch it
            return "swallowed"
        return "went on"

    answers, exploration = ways(swallows)
    assert answers == []
    assert exploration == Exploration(0, complete=True)


def test_more_ways_than_the_limit_are_said_to_be_more():
    def count(a: int, b: int) -> int:
        return sum(1 for place in range(20) if a == place)

    _, exploration = ways(count, most_paths=5)
    assert exploration == Exploration(5, complete=False)


def test_a_loop_that_never_ends_is_cut_and_said_to_be_incomplete(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paths, "MOST_DECISIONS", 30)

    def loops(a: int, b: int) -> int:
        while a >= b:
            b = b + 1
        return b

    _, exploration = ways(loops)
    assert not exploration.complete
