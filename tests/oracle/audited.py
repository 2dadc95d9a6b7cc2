"""An audited run for tests: a real flow through the real machine, with answers of the invariants that a test chooses."""

from collections.abc import Sequence

from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Outcome
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.oracle.auditing import Plan, Run, WatchFactory
from settlespec.oracle.findings import Breakage, Findings, InvariantFinding, LawsFinding
from settlespec.oracle.lawbook import laws_left_out
from settlespec.oracle.pace import pace


class Scripted:
    """A watch whose answers were written beforehand."""

    def __init__(self, answers: Sequence[InvariantFinding]) -> None:
        self.answers = tuple(answers)
        self.steps = 0
        self.finished = False

    def __call__(self, before: State, operation: Operation, outcome: Outcome) -> None:
        self.steps += 1

    def finish(self) -> None:
        self.finished = True

    def findings(self) -> tuple[InvariantFinding, ...]:
        return self.answers if self.steps else ()


def scripted(*answers: InvariantFinding) -> WatchFactory:
    def make(_: Session, __: Plan) -> Scripted:
        return Scripted(answers)

    return make


HOLDS = InvariantFinding("CONSERVATION", "Nothing is made or lost.", 3_000, 3, 0, None)
UNCHECKED = InvariantFinding("ORACLE-SANE", "Marks come from a statement.", 0, 0, 0, None)


def broken(operation: int = 41, conjunct: str = "vault == owed") -> InvariantFinding:
    first = Breakage(
        operation, "ZERO-SUM", conjunct, "account 3", "1,000", "-7", "settlespec audit --seed 1 --steps 41"
    )
    return InvariantFinding("ZERO-SUM", "Positions sum to zero.", 3_000, 3, 2, first)


def audited(*answers: InvariantFinding, laws: LawsFinding | None = None, plan: Plan | None = None) -> Findings:
    run = Run(plan or Plan(preset="minimal", steps=1_200), scripted(*answers))
    with pace("operations", run.expected()) as counting:
        run.go(counting)
    return run.findings(laws or laws_left_out(), "", 1.25)
