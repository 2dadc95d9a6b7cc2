"""The monitor in an audit: told of every step, asked at the end what each invariant answered."""

from collections.abc import Callable

from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Outcome
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.machine.signatures import Signatures
from settlespec.monitoring.monitor import Monitor
from settlespec.monitoring.tally import Count, First
from settlespec.oracle.auditing import Plan
from settlespec.oracle.findings import Breakage, InvariantFinding


class Watched:
    """A monitor as a subscriber of a session."""

    def __init__(self, monitor: Monitor, plan: Plan) -> None:
        self._monitor = monitor
        self._plan = plan

    def __call__(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """Look at one step."""
        self._monitor.observe(operation, outcome, before)

    def finish(self) -> None:
        """Recompute everything once more, at the end of the run."""
        self._monitor.full()

    def findings(self) -> tuple[InvariantFinding, ...]:
        """What every invariant answered so far, in the order of the catalogue."""
        return tuple(self._finding(count) for count in self._monitor.counts().values())

    def _finding(self, count: Count) -> InvariantFinding:
        card = count.card
        first = None if count.first is None else self._breakage(count.first)
        return InvariantFinding(card.id, card.sentence, count.incrementally, count.in_full, count.broken, first)

    def _breakage(self, first: First) -> Breakage:
        violation = first.violation
        return Breakage(
            operation=first.operation,
            invariant=violation.invariant,
            conjunct=violation.conjunct,
            who=violation.who,
            left=_figure(violation.left),
            right=_figure(violation.right),
            command=self._plan.command(first.operation),
        )


def watch(session: Session, plan: Plan) -> Watched:
    """A monitor of a session that has not begun."""
    return Watched(Monitor(session.state, session.signer, full_every=plan.full_every), plan)


def monitored(state: State, signatures: Signatures, full_every: int) -> Callable[[State, Operation, Outcome], None]:
    """A monitor alone, told of steps: what a benchmark times."""
    monitor = Monitor(state, signatures, full_every=full_every)

    def look(before: State, operation: Operation, outcome: Outcome) -> None:
        monitor.observe(operation, outcome, before)

    return look


def _figure(side: int | str) -> str:
    return f"{side:,}" if isinstance(side, int) else side
