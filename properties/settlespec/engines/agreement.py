"""Does the symbolic reading say what the plain one says? Both run on the same values, and must answer the same.

The trust in a proof rests on this: the symbolic operators are ours, and a fault in one of them would prove rules that nobody runs.
"""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import z3

from settlespec.engines.arguments import IntegerLeaf
from settlespec.engines.paths import Ended, SymbolicPath, explore, following
from settlespec.engines.solvers import Patience
from settlespec.engines.symbolic import SymbolicCondition, SymbolicInteger

MILLISECONDS = 5_000
"""Patience with the one question at the end of a path: its variables are all given."""


def symbolic_answer(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Run a function on symbolic arguments that are constrained to these plain values, and evaluate what it answers.

    Every integer and condition inside the arguments becomes a variable; enumeration members and other values stay as they are.

    Raises:
        Ended: the symbolic reading knows no path for these values.
    """
    answers: list[Any] = []

    def follow(path: SymbolicPath) -> bool:
        with following(path):
            outcome = function(**{name: _given(path, name, value) for name, value in arguments.items()})
        solver = z3.Solver()
        solver.set("timeout", MILLISECONDS)
        solver.add(*path.constraints)
        if solver.check() == z3.sat:
            answers.append(_evaluated(outcome, solver.model()))
        return not answers

    explore(follow, Patience())
    if not answers:
        raise Ended(f"no path for {arguments}")
    return answers[0]


def _given(path: SymbolicPath, name: str, value: Any) -> Any:
    """The symbolic twin of a plain value."""
    if isinstance(value, bool):
        condition = SymbolicCondition(z3.Bool(name))
        path.require(condition.term == z3.BoolVal(value))
        return condition
    if type(value) is int:
        return path.symbolic(name, IntegerLeaf(value, value))
    if isinstance(value, tuple):
        return tuple(_given(path, f"{name}[{place}]", item) for place, item in enumerate(value))
    if attrs.has(type(value)):
        fields = {
            field.alias: _given(path, f"{name}.{field.name}", getattr(value, field.name))
            for field in attrs.fields(type(value))
            if field.init
        }
        return type(value)(**fields)
    return value


def _evaluated(value: Any, model: Any) -> Any:
    """The plain twin of what a symbolic run answered."""
    if isinstance(value, SymbolicInteger):
        return model.eval(value.term, model_completion=True).as_long()
    if isinstance(value, SymbolicCondition):
        return z3.is_true(model.eval(value.term, model_completion=True))
    if isinstance(value, tuple):
        return tuple(_evaluated(item, model) for item in value)
    if attrs.has(type(value)):
        fields = {
            field.alias: _evaluated(getattr(value, field.name), model)
            for field in attrs.fields(type(value))
            if field.init
        }
        return type(value)(**fields)
    return value
