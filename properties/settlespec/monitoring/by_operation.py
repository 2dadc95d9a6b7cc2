"""How often the monitor judged each invariant on each operation, in seeded runs in which every round goes on one micro-step at a time."""

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Final

from settlespec.domain.messages import Deposit, ForcedWithdrawal
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    FixSettlement,
    Operation,
    Place,
    Receive,
    Replace,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.outcomes import Outcome
from settlespec.domain.rounds import Round, Stage
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Flow, Session
from settlespec.machine.signatures import Ideal
from settlespec.monitoring.monitor import Monitor

SAMPLE: Final[tuple[tuple[Flow, int, int], ...]] = (
    (MinimalFlow(1), 3_000, 1),
    (EmbeddedFlow(1, 60), 2_500, 500),
)
"""Flows, how many operations of each, and how many from one recomputation in full to the next."""

NAMES: Final = {
    Receive: "receive",
    Withdraw: "withdraw",
    Transfer: "transfer",
    Place: "place",
    Cancel: "cancel",
    Replace: "replace",
    Tick: "tick",
    FixSettlement: "fix settlement",
    BeginRound: "begin round",
}


class Broken(Exception):
    """A seeded run broke an invariant."""


def operation_name(before: State, operation: Operation) -> str:
    """What an operation is called in the matrix: those of the inbox by message, those of a round by stage; empty where there is nothing."""
    if type(operation) is Take:
        received = before.inbox.messages.get(before.inbox.cursor)
        if received is None:
            return ""
        if isinstance(received.message, Deposit):
            return "take deposit"
        return f"take forced {'withdrawal' if isinstance(received.message, ForcedWithdrawal) else 'order'}"
    if type(operation) is ContinueRound:
        return "" if before.round is None else f"round: {part_of(before.round)}"
    return NAMES[type(operation)]


def part_of(open_round: Round) -> str:
    """What the next micro-step of a round is."""
    listed = open_round.cursor < len(open_round.tasks) or open_round.holder is not None
    if open_round.stage is Stage.REVALUE and not listed:
        return "adopt marks"
    if open_round.stage is Stage.LIQUIDATE and not listed:
        return "end"
    return open_round.stage.name.lower()


class CountingWatch:
    """Follows a session with a monitor and counts by operation."""

    def __init__(self, session: Session, full_every: int) -> None:
        self.monitor = Monitor(session.state, session.signer, full_every, again=1)
        self.counts: dict[str, Counter[str]] = {}

    def __call__(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """Look at one step."""
        known = self._asked()
        found = self.monitor.observe(operation, outcome)
        if found:
            raise Broken(str(found[0]))
        self.counts.setdefault(operation_name(before, operation), Counter()).update(self._asked() - known)

    def _asked(self) -> Counter[str]:
        tally = self.monitor.tally
        return Counter({card.id: count for card, count in (tally.incrementally + tally.in_full).items()})


def submit_singly(session: Session, operation: Operation) -> None:
    """Submit an operation; one of many micro-steps as that many, up to the end of the round."""
    if type(operation) is not ContinueRound:
        session.submit(operation)
        return
    for _ in range(operation.micro_steps):
        session.submit(ContinueRound(1))
        if session.state.round is None:
            return


def sample_by_operation(sample: tuple[tuple[Flow, int, int], ...] = SAMPLE) -> Mapping[str, Mapping[str, int]]:
    """Run the flows; by operation and invariant, how often it was judged.

    Raises:
        Broken: one did not hold.
    """
    counts: dict[str, Counter[str]] = {}
    for flow, operations, full_every in sample:
        session = Session(flow.genesis(Ideal()), Ideal())
        watch = CountingWatch(session, full_every)
        session.subscribers.append(watch)
        for operation in islice(flow.operations(session), operations):
            submit_singly(session, operation)
        for name, found in watch.counts.items():
            counts.setdefault(name, Counter()).update(found)
    return {name: dict(sorted(found.items())) for name, found in sorted(counts.items()) if name}
