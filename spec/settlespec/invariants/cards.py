"""The form of an invariant: its card, the step that it is asked about, and what it answers."""

from collections import Counter
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from attrs import frozen

from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Outcome
from settlespec.domain.state import State

Figure: TypeAlias = int | str
"""One side of a comparison: a number, or a record as text."""


class Severity(StrEnum):
    """What a violation means for people."""

    FUNDS_LOST = "funds lost"
    UNFAIR = "somebody is treated against the rules"
    UNTRUSTWORTHY = "what was checked cannot be relied on"


class Distance(StrEnum):
    """After how many operations at most a monitor notices a violation."""

    AT_ONCE = "the operation itself"
    FULL = "the next recomputation in full"


@frozen(eq=False)
class Card:
    """One invariant. There is one record of each, so that two are the same only when they are one."""

    id: str
    sentence: str
    severity: Severity
    loses: str
    """Who loses what when it breaks."""
    assumptions: tuple[str, ...]
    of_state: str
    """What is recomputed from a whole state; empty when it speaks of steps only."""
    of_step: str
    """What is judged of one step; empty when it speaks of states only."""
    distance: Distance
    limits: str
    """What it does not see."""


Asked: TypeAlias = Counter[Card]
"""How often a predicate of each invariant was evaluated: one count for each conjunct and thing, and only where the thing was there."""


@frozen
class Violation:
    """An invariant that does not hold."""

    invariant: str
    conjunct: str
    """The part of it that failed, as a sentence."""
    who: str
    """The account, order or instrument; empty when it is the exchange."""
    left: Figure
    """What was found."""
    right: Figure
    """What it must be, or what bounds it."""


class Step(NamedTuple):
    """An operation between the state that it met and the answer that it got."""

    before: State
    operation: Operation
    outcome: Outcome
