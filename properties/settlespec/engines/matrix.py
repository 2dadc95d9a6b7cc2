"""The matrix, operation x invariant: how it is known that the invariant survives the operation.

A cell is as strong as the weakest answer of the shapes of its row, and no stronger than what the shapes assume. Where the step was not
decided the cell says what is known otherwise, and nothing undecided counts as proved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from enum import StrEnum
from typing import Any, Final

from attrs import frozen

from settlespec.engines.killable import Died, TimeUp, interrupts_held, run_killably
from settlespec.engines.proving import Status
from settlespec.engines.stepping import Examined, Standing, examine_shape
from settlespec.invariants.catalogue import CARDS
from settlespec.shapes.assumptions import RULED, Assumption
from settlespec.shapes.statement import ROWS, Shape, shape_called

SECONDS: Final = 1_500.0
"""Limit for one shape; then its process is killed."""

COLUMNS: Final = tuple(card.id for card in CARDS)


class Strength(StrEnum):
    """How it is known, weakest first."""

    REFUTED = "refuted"
    """Plain amounts break it; they were replayed."""
    VACUOUS = "vacuous"
    """A shape of which no amounts are accepted: it says nothing, and fails."""
    UNKNOWN = "unknown"
    SAMPLED = "sampled"
    """The monitor judged it on this operation in seeded runs, and it held."""
    SILENT = "silent"
    """On every way the invariant had nothing to judge."""
    RULE = "rule"
    """A shape assumes nearly what the invariant says; laws prove it of the rules."""
    GIVEN = "step, given"
    """The step itself, where a shape assumes what is only sampled."""
    STEP = "step"
    """The step itself, on symbolic amounts over the stated shapes; whatever they assume is implied by proved laws."""


ORDER: Final = {strength: place for place, strength in enumerate(Strength)}

BAD: Final = (Strength.REFUTED, Strength.VACUOUS)


@frozen
class Cell:
    """One operation and one invariant."""

    row: str
    invariant: str
    strength: Strength
    ways: int
    """Ways of the step on which the predicate had something to judge."""
    sampled: int
    """Evaluations in the seeded runs."""
    reason: str = ""
    assumes: tuple[Assumption, ...] = ()
    """What the shapes of the row assume."""


def cells_of(
    shapes: Sequence[Shape], examined: Mapping[str, Examined], sampled: Mapping[str, Mapping[str, int]]
) -> tuple[Cell, ...]:
    """Give every cell.

    Args:
        shapes: all that are stated.
        examined: what is known of each, by id.
        sampled: by row and invariant, how often the monitor judged it in seeded runs; none broke it.
    """
    by_row: dict[str, list[Examined]] = {row: [] for row in ROWS}
    for shape in shapes:
        by_row[shape.row].append(examined[shape.id])
    assumed = {row: assumptions_of(row, shapes) for row in ROWS}
    return tuple(
        _cell(row, name, by_row[row], assumed[row], sampled.get(row, {}).get(name, 0))
        for row in ROWS
        for name in COLUMNS
    )


def assumptions_of(row: str, shapes: Iterable[Shape]) -> tuple[Assumption, ...]:
    """Give what the shapes of a row assume, each once."""
    return tuple(dict.fromkeys(each for shape in shapes if shape.row == row for each in shape.assumes))


def _cell(row: str, name: str, examined: Sequence[Examined], assumes: tuple[Assumption, ...], sampled: int) -> Cell:
    standings = [each.standings[name] for each in examined]
    ways = sum(standing.ways for standing in standings)
    strength, reason = _known_by_step(examined, standings)
    if strength is Strength.STEP:
        strength, reason = known_of_a_step(row, name, assumes)
    if strength is Strength.UNKNOWN and sampled:
        strength = Strength.SAMPLED
    return Cell(row, name, strength, ways, sampled, reason, assumes)


def known_of_a_step(row: str, name: str, assumes: Iterable[Assumption]) -> tuple[Strength, str]:
    """Give what a proof of the step is worth under what its shapes assume, and why it is not worth more."""
    if (row, name) in RULED:
        return Strength.RULE, f"assumed of the step, and proved of the rules by law {' and '.join(RULED[row, name])}"
    sampled = [each.sentence for each in assumes if not each.is_proved]
    return (Strength.GIVEN, f"given that {' and that '.join(sampled)}") if sampled else (Strength.STEP, "")


def _known_by_step(examined: Sequence[Examined], standings: Sequence[Standing]) -> tuple[Strength, str]:
    if not examined:
        return Strength.UNKNOWN, "no shape"
    for status, strength in ((Status.REFUTED, Strength.REFUTED), (Status.UNKNOWN, Strength.UNKNOWN)):
        for each, standing in zip(examined, standings, strict=True):
            if standing.status is status:
                return strength, f"{each.shape}: {standing.reason}"
    for each in examined:
        if not each.accepted or not each.witness:
            return Strength.VACUOUS, f"{each.shape}: no amounts are accepted"
    judged = [standing for standing in standings if standing.ways]
    if not judged:
        return Strength.SILENT, ""
    if not any(standing.witnessed for standing in judged):
        return Strength.UNKNOWN, "no plain amounts reached the predicate"
    return Strength.STEP, ""


def examine_killably(identity: str, seconds: float) -> Examined:
    """Examine a shape in a process that can be ended from outside."""
    try:
        return run_killably(_examine, identity, seconds=seconds)
    except (TimeUp, Died) as ended:
        return undecided(identity, str(ended), seconds)


def _examine(identity: str) -> Examined:
    return examine_shape(shape_called(identity))


def undecided(identity: str, reason: str, seconds: float) -> Examined:
    """Nothing is known of a shape."""
    standings = {name: Standing(Status.UNKNOWN, reason) for name in COLUMNS}
    return Examined(identity, 0, {}, 0, seconds, standings, trouble=reason)


def examine_shapes(identities: Iterable[str], executor: Executor, seconds: float = SECONDS) -> Iterator[Examined]:
    """Examine shapes, several at a time; they come as they are done.

    Raises:
        EngineDefect: the symbolic reading and the plain one disagree.
    """
    with interrupts_held():
        waiting: list[Future[Examined]] = [executor.submit(examine_killably, name, seconds) for name in identities]
    try:
        for done in as_completed(waiting):
            yield done.result()
    finally:
        for future in waiting:
            future.cancel()


def as_object(examined: Examined) -> dict[str, Any]:
    """What is known of a shape, for JSON."""
    return {
        "shape": examined.shape,
        "accepted": examined.accepted,
        "rejected": dict(examined.rejected),
        "checks": examined.checks,
        "seconds": round(examined.seconds, 3),
        "standings": {
            name: {
                "status": standing.status.value,
                "reason": standing.reason,
                "ways": standing.ways,
                "witnessed": standing.witnessed,
            }
            for name, standing in examined.standings.items()
        },
        "witness": {name: _written(value) for name, value in examined.witness.items()},
        "trouble": examined.trouble,
    }


def _written(value: int | bool) -> str | bool:
    return value if isinstance(value, bool) else str(value)


def from_object(kept: Mapping[str, Any]) -> Examined:
    """The same read back; only what refutes nothing is written, so that it has no counterexamples.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    standings = {
        name: Standing(Status(one["status"]), str(one["reason"]), int(one["ways"]), bool(one["witnessed"]))
        for name, one in kept["standings"].items()
    }
    if set(standings) != set(COLUMNS):
        raise ValueError("other invariants")
    return Examined(
        shape=str(kept["shape"]),
        accepted=int(kept["accepted"]),
        rejected={str(reason): int(count) for reason, count in kept["rejected"].items()},
        checks=int(kept["checks"]),
        seconds=float(kept["seconds"]),
        standings=standings,
        witness={
            str(name): value if isinstance(value, bool) else int(value) for name, value in kept["witness"].items()
        },
        trouble=str(kept["trouble"]),
    )


def is_final(examined: Examined) -> bool:
    """Whether a longer run would say the same: everything is proved."""
    return all(standing.status is Status.PROVED for standing in examined.standings.values())
