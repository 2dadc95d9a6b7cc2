"""What a step answers, and the two ways in which it may fail to answer."""

from typing import TypeAlias

from attrs import field, frozen

from settlespec.domain.events import Event
from settlespec.domain.quantities import AccountId
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State


@frozen
class Accepted:
    """The operation took effect."""

    state: State
    events: tuple[Event, ...]
    touched: tuple[AccountId, ...] = field(default=(), eq=False)
    """Accounts that were written, so that a seal looks at no others; two outcomes that differ only here are equal."""


@frozen
class Rejected:
    """A rule or a limit of the specified system refused the operation; the state is bit-identical.

    The reason counts, the operands explain: two outcomes with the same reason are equal.
    """

    reason: Reason
    operands: tuple[tuple[str, int], ...] = field(default=(), eq=False)


Outcome: TypeAlias = Accepted | Rejected


class SpecBug(Exception):
    """An invariant broke inside the specification itself: a defect of ours, never an answer about the operation."""


class Exhausted(Exception):
    """A limit of our own process was reached: nothing is said about the operation."""
