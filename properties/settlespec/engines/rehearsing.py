"""A shape read on plain amounts: the real step and the real predicates, for a witness or a counterexample before anybody is shown it."""

from collections import Counter
from collections.abc import Mapping

from attrs import field, frozen

from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.quantities import Range
from settlespec.engines.judging import AGAIN, OF_ACCEPTED, OF_STATE, SIGNER
from settlespec.invariants.cards import Asked, Step, Violation
from settlespec.machine import exchange
from settlespec.shapes.statement import Shape


class NotOfTheShape(Exception):
    """The amounts leave a range, or what the shape assumes."""


@frozen
class PlainAmounts:
    """Reads a shape for given amounts."""

    values: Mapping[str, int | bool]

    def integer(self, name: str, limits: Range) -> int:
        """The amount of this name."""
        value = self.values[name]
        if type(value) is not int or value not in limits:
            raise NotOfTheShape(f"{name} is {value}")
        return value

    def either(self, name: str) -> bool:
        """The side of this name."""
        return self.values[name] is True

    def assume(self, condition: bool) -> None:
        """Refuse amounts that the shape leaves out."""
        if condition is not True:
            raise NotOfTheShape("an assumption is not met")


@frozen
class Rehearsal:
    """One run on plain amounts."""

    outcome: Outcome | None = field(default=None, repr=False)
    violations: tuple[Violation, ...] = ()
    asked: Asked = field(factory=Counter, repr=False)
    failure: str = ""
    """The exception that ended it, in words."""


def rehearse(shape: Shape, values: Mapping[str, int | bool]) -> Rehearsal:
    """Run the real step on plain amounts; the state before must meet every invariant of a state."""
    asked: Asked = Counter()
    before, operation = shape.skeleton(PlainAmounts(values))
    broken = [violation for predicate in OF_STATE.values() for violation in predicate(before, Counter())]
    if broken:
        raise NotOfTheShape(f"the state before breaks {broken[0]}")
    try:
        outcome = exchange.step(before, operation, SIGNER)
    except Exception as failure:  # noqa: BLE001 - whatever the step raises is the finding
        return Rehearsal(failure=f"{type(failure).__name__}: {failure}")
    step = Step(before, operation, outcome)
    claims = OF_ACCEPTED if isinstance(outcome, Accepted) else (AGAIN,)
    found = [violation for claim in claims for violation in claim.judge(step, asked)]
    return Rehearsal(outcome, tuple(found), asked)
