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
        assert bool(number > 2)
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


def test_a_way_that_goes_on_from_another_knows_what_that_one_decided():
    base = SymbolicPath((), Patience())
    with following(base):
        number = base.symbolic("number", IntegerLeaf(0, None))
        assert bool(number > 5)
    way = SymbolicPath((), Patience(), base)
    with following(way):
        assert bool(number > 5)
        assert way.checks == 0
        assert bool(number > 3)
    assert len(way.decisions) == 1
    assert way.leaves == base.leaves


def test_what_a_way_decides_binds_neither_its_base_nor_its_neighbours():
    base = SymbolicPath((), Patience())
    with following(base):
        number = base.symbolic("number", IntegerLeaf(0, None))
    sides: list[bool] = []

    def follow(path: SymbolicPath) -> bool:
        with following(path):
            sides.append(bool(number > 5))
        return True

    for _ in range(2):
        assert explore(follow, Patience(), base=base) == Exploration(2, complete=True)
    assert sides == [True, False, True, False]
    assert len(base.constraints) == 1


def test_ways_that_share_names_never_call_two_quotients_by_one():
    names: paths.Names = {}
    base = SymbolicPath((), Patience(), names=names)
    with following(base):
        number = base.symbolic("number", IntegerLeaf(0, None))
    said = []
    for divisor in (7, 9, 7):
        way = SymbolicPath((), Patience(), base, names)
        with following(way):
            quotient: Any = number // divisor
        said.append(str(quotient.term))
    assert said == ["quotient!0", "quotient!1", "quotient!0"]


def test_a_decided_condition_is_not_asked_again_on_the_same_way():
    def ask(a: Any, b: Any) -> str:
        return "".join("x" if a > b else "-" for _ in range(5))

    answers, exploration = ways(ask)
    assert sorted(map(str, answers)) == ["-----", "xxxxx"]
    assert exploration == Exploration(2, complete=True)
