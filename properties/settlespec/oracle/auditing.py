"""One audit: a flow is run through the machine, with the monitor, the statistics and the recorder subscribed."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from attrs import asdict, frozen

from settlespec.domain.errors import BadInput
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Outcome, SpecBug
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.replayed import ReplayedFlow
from settlespec.flows.session import Flow, Session
from settlespec.machine.genesis import PRESETS
from settlespec.machine.signatures import Ed25519, Ideal, Signer
from settlespec.oracle.consoles import command_line
from settlespec.oracle.findings import Findings, InvariantFinding, LawsFinding
from settlespec.oracle.hedging import hedged_book
from settlespec.oracle.pace import Pace
from settlespec.oracle.settlement_findings import SettlementFinding
from settlespec.oracle.statistics import Statistics
from settlespec.settlement.driven import Rehearsal
from settlespec.wire.states import state_digest

SCHEMES: Final = ("ideal", "ed25519")
"""Signature schemes; the report says which one was used."""

ACCOUNTS: Final = 1_000
ROUND_SECONDS: Final = 5
FULL_EVERY: Final = 1_000
"""Operations from one recomputation of every invariant in full to the next."""

BODY: Final = "log"
WITNESS_EVERY: Final = 16
"""Every so many batches are proven by witness: a witness takes about a thousand times as long as a token."""

ETHER_PRICE: Final = 3_000
"""Collateral units for one ether."""

OPTIONS: Final = ("preset", "seed", "accounts", "round_seconds", "signatures", "full_every")
SETTLING_OPTIONS: Final = ("body", "witness_every", "ether_price")
"""What changes what a run says, by the names of the options."""


@frozen
class Plan:
    """What is asked for; two audits of the same plan say the same."""

    flow: Path | None = None
    """A file of order flow; None means the flow that the preset brings."""
    preset: str = "standard"
    seed: int = 1
    accounts: int = ACCOUNTS
    round_seconds: int = ROUND_SECONDS
    signatures: str = "ideal"
    steps: int | None = None
    """Stop after so many operations; None means at the end of the flow."""
    full_every: int = FULL_EVERY
    settlement: bool = True
    """Whether the flow is taken to finality too."""
    body: str = BODY
    witness_every: int = WITNESS_EVERY
    ether_price: int = ETHER_PRICE
    laws: bool = True
    """Whether the laws are proved in the same run."""

    def command(self, steps: int | None = None) -> str:
        """The command line that gives the same run again; up to an operation it is without the laws, which know no flow."""
        words = ["settlespec", "audit"]
        if self.flow is not None:
            words.append(str(self.flow))
        usual = Plan()
        for option in (*OPTIONS, *(SETTLING_OPTIONS if self.settlement else ())):
            value = getattr(self, option)
            if value != getattr(usual, option) or option == "seed":
                words += [f"--{option.replace('_', '-')}", str(value)]
        last = self.steps if steps is None else steps
        if last is not None:
            words += ["--steps", str(last)]
        if not self.settlement:
            words.append("--no-settlement")
        if not self.laws or steps is not None:
            words.append("--no-laws")
        return command_line(words)


class Watch(Protocol):
    """Whoever checks the invariants of a run."""

    def __call__(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """Look at one step."""

    def finish(self) -> None:
        """Look at everything once more: the run is over."""

    def findings(self) -> tuple[InvariantFinding, ...]:
        """What every invariant answered so far."""


WatchFactory = Callable[[Session, Plan], Watch]


def signer_of(plan: Plan) -> Signer:
    """The signature scheme by its name."""
    return Ed25519() if plan.signatures == "ed25519" else Ideal()


def open_flow(plan: Plan) -> Flow:
    """The flow that a plan asks for.

    Raises:
        BadInput: nobody knows the preset, or the file is refused.
    """
    if plan.preset not in PRESETS:
        remedy = f"use one of: {', '.join(PRESETS)}"
        raise BadInput(f"unknown preset {plan.preset!r}", field="preset", remedy=remedy)
    if plan.flow is not None:
        return ReplayedFlow(plan.flow, accounts=plan.accounts, seed=plan.seed, round_seconds=plan.round_seconds)
    if plan.preset == "minimal":
        return MinimalFlow(plan.seed)
    return EmbeddedFlow(plan.seed, plan.accounts)


class Run:
    """A flow on its way through the machine."""

    def __init__(self, plan: Plan, watch: WatchFactory) -> None:
        self.plan = plan
        self.flow = open_flow(plan)
        signer = signer_of(plan)
        self.genesis = self.flow.genesis(signer)
        self.session = Session(self.genesis, signer)
        self.first_markets = self.session.state.markets
        self.statistics = Statistics()
        self.watch = watch(self.session, plan)
        self.session.subscribers += [self.watch, self.statistics]
        self.rehearsal = Rehearsal()
        if plan.settlement:
            self.session.subscribers.append(self.rehearsal)
        self.stopped = ""

    def expected(self) -> int | None:
        """How many operations there will be, about."""
        expected, steps = self.flow.expected(), self.plan.steps
        if expected is None or steps is None:
            return steps if expected is None else expected
        return min(expected, steps)

    def go(self, pace: Pace) -> None:
        """Run to the end of the flow, or of the steps asked for.

        Raises:
            BadInput: the flow was refused on the way.
            SpecBug: the machine broke although no invariant had been seen to be broken.
        """
        try:
            for operation in islice(self.flow.operations(self.session), self.plan.steps):
                self.session.submit(operation)
                pace.advance()
            self.watch.finish()
        except Exception as failure:
            # After a violation the state is not one that the machine and the flow are made for; the violation is the news.
            if not self.is_broken():
                if isinstance(failure, SpecBug):
                    number = self.statistics.totals().operations + 1
                    raise SpecBug(f"operation {number:,}: {failure}; replay: {self.plan.command(number)}") from failure
                raise
            if isinstance(failure, BadInput):
                raise
            self.stopped = f"ended after the violation by {type(failure).__name__}: {failure}"

    def is_broken(self) -> bool:
        """Whether an invariant was seen to be broken."""
        return any(finding.broken for finding in self.watch.findings())

    def venue(self) -> dict[str, int]:
        """What the events of a recorded flow became so far."""
        counts = self.flow.counts() if isinstance(self.flow, ReplayedFlow) else None
        return {} if counts is None else asdict(counts)

    def findings(
        self,
        laws: LawsFinding,
        trace: str,
        seconds: float,
        settlement: SettlementFinding | None = None,
        unsettled: str = "",
    ) -> Findings:
        """Everything that the run showed."""
        return Findings(
            flow=self.flow.name,
            command=self.plan.command(),
            seed=self.plan.seed,
            signatures=self.plan.signatures,
            statistics=self.statistics,
            invariants=(*self.watch.findings(), *(() if settlement is None else settlement.invariants)),
            hedge=hedged_book(self.first_markets, self.genesis.parameters.initial_factor_ppm),
            settlement=settlement,
            unsettled=unsettled,
            laws=laws,
            stopped=self.stopped,
            venue=self.venue(),
            final_digest=state_digest(self.session.state).hex(),
            trace=trace,
            seconds=seconds,
        )
