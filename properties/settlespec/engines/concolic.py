"""A law read by CrossHair: the very function runs on values that CrossHair watches, path by path, as plain Python would.

It shares no code with our symbolic engine, only Z3 beneath; it forks where our rules choose, so it confirms less and says so.
A law is confirmed when every path through every concrete shape was followed, and refuted when its counterexample breaks the law
on plain integers; whatever else it answers is unknown, with the reason.
"""

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import attrs
from attrs import frozen

from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, Structure, build, concrete_shapes, structures_of
from settlespec.engines.killable import Died, TimeUp, run_killably
from settlespec.engines.replaying import replay
from settlespec.laws.statement import AssumptionNotMet, ClaimBroken, Law, PlainReader, read_by

SECONDS: Final = 30.0
"""Seconds of the processor for each law."""

GRACE: Final = 2.0
"""How many times its seconds of the processor a law may take on the clock, where others use the machine too."""


class SearchStatus(StrEnum):
    """What CrossHair says of a law."""

    CONFIRMED = "confirmed"
    """It followed every path."""
    REFUTED = "refuted"
    """It found a counterexample, and on plain integers that breaks the law."""
    UNKNOWN = "unknown"


@frozen
class Search:
    """What CrossHair found of one law."""

    law: str
    status: SearchStatus
    seconds: float
    example: Mapping[str, object] | None = None
    """Plain arguments that break the law."""
    reason: str = ""
    """Why it is unknown, or how the law is broken."""


def search(law: Law, seconds: float = SECONDS) -> Search:
    """Let CrossHair explore a law, in a process that is killed when it takes too long."""
    started = time.perf_counter()
    try:
        return run_killably(explore_law, law, seconds, seconds=GRACE * seconds + 1)
    except TimeUp:
        return _unknown(law, started, "a question of its own was not answered in time")
    except Died as ended:
        return _unknown(law, started, str(ended))


def _unknown(law: Law, started: float, reason: str) -> Search:
    return Search(law.id, SearchStatus.UNKNOWN, time.perf_counter() - started, reason=reason)


def explore_law(law: Law, seconds: float = SECONDS) -> Search:
    """Explore a law in this process; its concrete shapes share the time."""
    started, spent = time.perf_counter(), time.process_time()
    for shape in concrete_shapes(structures_of(law.arguments)):
        left = seconds - (time.process_time() - spent)
        if left <= 0:
            return _unknown(law, started, "not every concrete shape was reached in the time given")
        answer, found, message = _explore_shape(law, shape, left)
        if answer == "confirmed":
            continue
        if found is None:
            return _unknown(law, started, message)
        return _replayed(law, started, found)
    return Search(law.id, SearchStatus.CONFIRMED, time.perf_counter() - started)


def _replayed(law: Law, started: float, found: dict[str, Any]) -> Search:
    """Believe a counterexample only when it breaks the law on plain integers."""
    replayed = replay(law, found)
    if not replayed.refutes:
        return _unknown(law, started, f"its counterexample {found} does not replay: {replayed.outcome}")
    seconds = time.perf_counter() - started
    return Search(law.id, SearchStatus.REFUTED, seconds, example=found, reason=replayed.failure)


@frozen
class _Leaf:
    """One integer or condition inside the arguments."""

    name: str
    kind: IntegerLeaf | ConditionLeaf

    @property
    def type(self) -> type:
        return int if isinstance(self.kind, IntegerLeaf) else bool

    def admits(self, value: Any) -> bool:
        if not isinstance(self.kind, IntegerLeaf):
            return True
        low, high = self.kind.low, self.kind.high
        return bool((low is None or low <= value) and (high is None or value <= high))


def _leaves_of(shape: Mapping[str, Structure]) -> tuple[_Leaf, ...]:
    leaves: list[_Leaf] = []

    def note(name: str, kind: IntegerLeaf | ConditionLeaf) -> int | bool:
        leaves.append(_Leaf(name, kind))
        return 0 if isinstance(kind, IntegerLeaf) else False

    with attrs.validators.disabled():
        for name, structure in shape.items():
            build(structure, name, note)
    return tuple(leaves)


def _arguments(shape: Mapping[str, Structure], leaves: Sequence[_Leaf], values: Sequence[Any]) -> dict[str, Any]:
    given = dict(zip([leaf.name for leaf in leaves], values, strict=True))
    return {name: build(structure, name, lambda place, _: given[place]) for name, structure in shape.items()}


def _contract(law: Law, shape: Mapping[str, Structure], leaves: Sequence[_Leaf]) -> Callable[..., bool]:
    """The law as a function of its leaves that answers whether its claims hold, or raises `AssumptionNotMet`."""

    def holds(*values: Any) -> bool:
        if not all(leaf.admits(value) for leaf, value in zip(leaves, values, strict=True)):
            raise AssumptionNotMet("a value leaves its range")
        try:
            with read_by(PlainReader()):
                law.function(**_arguments(shape, leaves, values))
        except ClaimBroken:
            return False
        return True

    parameters = [
        inspect.Parameter(f"leaf_{place}", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=leaf.type)
        for place, leaf in enumerate(leaves)
    ]
    signature = inspect.Signature(parameters, return_annotation=bool)
    setattr(holds, "__signature__", signature)  # noqa: B010 - functions have no such attribute for the type checker
    return holds


def _explore_shape(law: Law, shape: Mapping[str, Structure], seconds: float) -> tuple[str, dict[str, Any] | None, str]:
    """Give CrossHair's answer for one concrete shape, the values that it found, and its words."""
    # Imported here: it takes a second, and only whoever asks CrossHair needs it.
    import crosshair.core_and_libs  # noqa: F401 - it registers what CrossHair knows of the standard library
    from crosshair.condition_parser import POSTCONDITION, ConditionExpr, Conditions
    from crosshair.core import ConditionCheckable, deep_realize
    from crosshair.fnutil import FunctionInfo
    from crosshair.options import DEFAULT_OPTIONS, AnalysisKind, AnalysisOptionSet

    leaves = _leaves_of(shape)
    holds = _contract(law, shape, leaves)
    found: list[tuple[Any, ...]] = []

    def take(arguments: inspect.BoundArguments, *_: object) -> tuple[str, str]:
        found.append(tuple(deep_realize(value) for value in arguments.args))
        return "", ""

    after = ConditionExpr(POSTCONDITION, lambda scope: bool(scope["__return__"]), __file__, 1, "the claims hold")
    conditions = Conditions(
        holds, holds, [], [after], frozenset((AssumptionNotMet,)), inspect.signature(holds), None, [], take
    )
    options = DEFAULT_OPTIONS.overlay(
        AnalysisOptionSet(
            analysis_kind=[AnalysisKind.PEP316],
            per_condition_timeout=seconds,
            max_uninteresting_iterations=0,
            report_all=True,
        )
    )
    with attrs.validators.disabled():
        messages = list(ConditionCheckable(FunctionInfo.from_fn(holds), options, conditions).analyze())
        states = {message.state.value for message in messages}
        if states == {"confirmed"}:
            return "confirmed", None, ""
        if not found:
            return "unknown", None, _words(messages)
        return "refuted", _arguments(shape, leaves, found[-1]), _words(messages)


def _words(messages: Sequence[Any]) -> str:
    """What it says, in one line."""
    if {message.state.value for message in messages} == {"cannot_confirm"}:
        return "not every path was followed in the time given"
    return "; ".join(" ".join(f"{message.state.value}: {message.message}".split()) for message in messages)[:300]
