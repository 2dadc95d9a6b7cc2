"""One run that is hunted in: an exchange from its genesis on, everything that was asked of it, and the invariants that watch."""

from collections import Counter

from attrs import frozen

from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import Operation, Signed
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.flows.session import Session
from settlespec.invariants.cards import Violation
from settlespec.machine.signatures import Signer
from settlespec.monitoring.monitor import Monitor

FULL_EVERY = 100
"""Operations from one recomputation in full to the next: on a small deployment it costs little."""

AGAIN = 4
"""Operations that are executed a second time then."""


@frozen
class Asked:
    """One operation that was asked, by which role, and the answer."""

    role: str
    operation: Operation
    outcome: Outcome


class Reach:
    """What a hunt has come to: operations, reasons, events and roles, each with how often."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, asked: Asked) -> None:
        """One more step."""
        counts, outcome = self.counts, asked.outcome
        counts["role", asked.role] += 1
        if isinstance(outcome, Accepted):
            counts["operation", type(asked.operation).__name__] += 1
            for event in outcome.events:
                counts["event", type(event).__name__] += 1
                reason = getattr(event, "reason", None)
                if reason is not None:
                    counts["reason", reason.name] += 1
        else:
            counts["reason", outcome.reason.name] += 1


class Trial:
    """The session of one run, and what was asked in it so far."""

    def __init__(self, genesis: Genesis, signer: Signer) -> None:
        self.session = Session(genesis, signer)
        self.monitor = Monitor(self.session.state, signer, FULL_EVERY, again=AGAIN)
        self.asked: list[Asked] = []
        self.signed: list[Signed] = []
        """Every message that some owner ever signed, for whoever sends it again."""

    def ask(self, role: str, operation: Operation) -> tuple[Violation, ...]:
        """Submit an operation; the violations that were noticed."""
        before = self.session.state
        outcome = self.session.submit(operation)
        self.asked.append(Asked(role, operation, outcome))
        if isinstance(operation, Signed):
            self.signed.append(operation)
        return self.monitor.observe(operation, outcome, before)
