"""A law read by Hypothesis: arguments drawn from the annotations, the borders of each range among them.

A law whose assumptions the drawn arguments hardly ever meet is starved: it was not falsified, nor is it said to pass.
"""

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import hypothesis
from attrs import frozen
from hypothesis import strategies
from hypothesis.errors import Flaky, Unsatisfiable

from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, OneOf, Structure, TupleOf, structures_of
from settlespec.engines.replaying import Outcome, Replay, replay
from settlespec.laws.statement import BadStatement, Law


class SampleStatus(StrEnum):
    """What sampling says of a law."""

    PASSED = "passed"
    FALSIFIED = "falsified"
    STARVED = "starved"
    """Too few of the drawn arguments met the assumptions."""


@frozen
class Sample:
    """What Hypothesis found of one law."""

    law: str
    status: SampleStatus
    tried: int
    """Arguments drawn."""
    checked: int
    """Arguments that met every assumption and reached a claim."""
    seconds: float
    seed: int
    example: Mapping[str, object] | None = None
    """Arguments that break the law, shrunk."""
    failure: str = ""


EXAMPLES: Final = 200
"""Arguments that are to be checked for each law."""

STARVED_BELOW: Final = 20
"""Fewer checked arguments than this say nothing."""

WIDE_BORDERS: Final = tuple(
    sign * (2**bits + near) for bits in (63, 64, 128, 256) for near in (-1, 0, 1) for sign in (1, -1)
)
"""Where integers of other languages end: tried where the law knows no bound."""


class _Falsified(Exception):
    """Tells Hypothesis that this example breaks the law, so that it shrinks it."""


class _Tally:
    """What the draws came to."""

    def __init__(self) -> None:
        self.tried = 0
        self.checked = 0
        self.example: dict[str, Any] | None = None
        self.failure = ""

    def take(self, arguments: dict[str, Any], replayed: Replay) -> None:
        """Count one draw; discard it if an assumption is not met, fail if it breaks the law."""
        self.tried += 1
        if replayed.outcome in (Outcome.ASSUMPTION_NOT_MET, Outcome.OUT_OF_RANGE):
            hypothesis.reject()
        if replayed.refutes:
            self.example, self.failure = arguments, replayed.failure
            raise _Falsified(replayed.failure)
        self.checked += replayed.witnesses


def sample(law: Law, examples: int = EXAMPLES, seed: int = 0) -> Sample:
    """Draw arguments for a law and run it on them; the same seed draws the same.

    Raises:
        BadStatement: the law says of the same arguments now this, now that.
    """
    started = time.perf_counter()
    structures = structures_of(law.arguments)
    tally = _Tally()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=tuple(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(strategies.fixed_dictionaries({name: strategy(inner) for name, inner in structures.items()}))
    def check(arguments: dict[str, Any]) -> None:
        tally.take(arguments, replay(law, arguments))

    try:
        check()
        status = SampleStatus.PASSED if tally.checked >= STARVED_BELOW else SampleStatus.STARVED
    except _Falsified:
        status = SampleStatus.FALSIFIED
    except Flaky as failure:
        raise BadStatement(
            "the law is not deterministic: it broke on drawn arguments, and on the same ones it held"
        ) from failure
    except Unsatisfiable:
        status = SampleStatus.STARVED
    seconds = time.perf_counter() - started
    return Sample(law.id, status, tally.tried, tally.checked, seconds, seed, tally.example, tally.failure)


def strategy(structure: Structure) -> strategies.SearchStrategy[Any]:
    """Give a strategy that draws values of this structure."""
    if isinstance(structure, IntegerLeaf):
        return _integers(structure)
    if isinstance(structure, ConditionLeaf):
        return strategies.booleans()
    if isinstance(structure, OneOf):
        return strategies.sampled_from(structure.values)
    if isinstance(structure, TupleOf):
        return strategies.tuples(*(strategy(item) for item in structure.items))
    fields = strategies.fixed_dictionaries({field: strategy(inner) for field, inner in structure.fields})
    return fields.map(lambda given: _constructed(structure.type, given))


def _constructed(record: Any, fields: dict[str, Any]) -> Any:
    """A record that its constructor refuses is none of which a law speaks."""
    try:
        return record(**fields)
    except Exception:  # noqa: BLE001 - whatever it refuses them with
        hypothesis.reject()


def _integers(leaf: IntegerLeaf) -> strategies.SearchStrategy[int]:
    """Small integers, the borders of the range, and anything between: most rules break near one of the first two."""
    borders = {-1, 0, 1, *WIDE_BORDERS}
    borders |= {bound + near for bound in (leaf.low, leaf.high) if bound is not None for near in (-1, 0, 1)}
    admitted = sorted((border for border in borders if _admits(leaf, border)), key=lambda border: (abs(border), border))
    low, high = _near(leaf)
    return strategies.one_of(
        strategies.integers(low, high), strategies.sampled_from(admitted), strategies.integers(leaf.low, leaf.high)
    )


def _near(leaf: IntegerLeaf) -> tuple[int, int]:
    """The part of the range that is nearest to zero."""
    low = -100 if leaf.low is None else max(leaf.low, -100)
    high = 100 if leaf.high is None else min(leaf.high, 100)
    if low <= high:
        return low, high
    return (low, low) if leaf.low is not None and leaf.low > high else (high, high)


def _admits(leaf: IntegerLeaf, value: int) -> bool:
    return (leaf.low is None or leaf.low <= value) and (leaf.high is None or value <= leaf.high)
