"""A law read on plain values: what a counterexample or a witness must survive before anybody is shown it."""

import traceback
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from attrs import frozen

from settlespec.engines.arguments import structures_of, within
from settlespec.laws.statement import AssumptionNotMet, BadStatement, ClaimBroken, Law, PlainReader, read_by


class Outcome(StrEnum):
    """What a law says of given arguments."""

    HOLDS = "holds"
    ASSUMPTION_NOT_MET = "assumption not met"
    CLAIM_BROKEN = "claim broken"
    RAISED = "raised"
    """The law, or a rule that it calls, ended in an exception: it is not total there."""
    OUT_OF_RANGE = "out of range"
    """An argument leaves its declared range, so the law does not speak of it."""


@frozen
class Replay:
    """One run of a law on plain values."""

    outcome: Outcome
    claims: int
    """Claims that held."""
    failure: str = ""
    """The exception, in words."""

    @property
    def refutes(self) -> bool:
        """Whether the arguments show that the law is false."""
        return self.outcome in (Outcome.CLAIM_BROKEN, Outcome.RAISED)

    @property
    def witnesses(self) -> bool:
        """Whether the arguments show that the law says something."""
        return self.outcome is Outcome.HOLDS and self.claims > 0


def replay(law: Law, arguments: Mapping[str, object]) -> Replay:
    """Run the law's own function on plain values.

    Raises:
        BadStatement: the law is not one that can be read at all.
    """
    structures = structures_of(law.arguments)
    if not all(within(structures[name], value) for name, value in arguments.items()):
        return Replay(Outcome.OUT_OF_RANGE, 0)
    reader = PlainReader()
    try:
        with read_by(reader):
            law.function(**arguments)
    except AssumptionNotMet:
        return Replay(Outcome.ASSUMPTION_NOT_MET, reader.claims)
    except ClaimBroken as broken:
        return Replay(Outcome.CLAIM_BROKEN, reader.claims, str(broken))
    except BadStatement:
        raise
    except Exception as failure:  # noqa: BLE001 - whatever a law raises refutes it, and is part of the answer
        return Replay(Outcome.RAISED, reader.claims, f"{type(failure).__name__}: {failure} ({_place_of(failure)})")
    return Replay(Outcome.HOLDS, reader.claims)


def _place_of(failure: Exception) -> str:
    """The file and the line that raised it."""
    frame = traceback.extract_tb(failure.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
