"""The second half of an audit: the same flow once more, sealed, proven, finalised on a base layer, and paid out there."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen
from immutables import Map

from settlespec.commitment.batch import Body, SealingPolicy
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.measuring_lengths import LengthMeasure
from settlespec.domain.messages import Cause
from settlespec.domain.outcomes import SpecBug
from settlespec.domain.state import State
from settlespec.flows.misuse import STRANGER
from settlespec.flows.session import Session
from settlespec.monitoring.settled import SettlementMonitor, SettlingCount
from settlespec.oracle.answers import Breakage, InvariantFinding
from settlespec.oracle.auditing import BODY, ETHER_PRICE, WITNESS_EVERY, Plan, open_flow, signer_of
from settlespec.oracle.batch_files import BatchFiles
from settlespec.oracle.pace import Pace
from settlespec.oracle.plain_tables import QUANTUMS_PER_UNIT
from settlespec.oracle.settlement_figures import Bodies, Clockwork, gas_figures
from settlespec.oracle.settlement_findings import Drill, SettlementFinding
from settlespec.proofs.interface import Deployment
from settlespec.proofs.sampled import SampledProofs
from settlespec.settlement.base_layer import first_layer
from settlespec.settlement.driven import DrivenRollup, Rehearsal
from settlespec.settlement.leaving import AT_ONCE, Departure, Stranded, leaving
from settlespec.settlement.rollup import Delays, Settings
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_calls import sender_of
from settlespec.settlement.validity_registry import ValidityParameters
from settlespec.settlement.ways_out import Recovery, bodies, claim_call
from settlespec.wire.states import state_digest

BODIES: Final = {"log": Body.LOG, "diff": Body.STATE_DIFF}
"""Bodies that may be published, by the names of the option; the exit diff is measured too, but nobody could leave by it."""

LENGTHS: Final = (10, 100, 1_000)
"""Trades of the batches whose cost is measured against their length."""

ADDRESS, OPERATOR, SECRET = "rollup", "operator", b"audit"
MOST_BLOCKS: Final = 20_000
"""Blocks within which everything is final, or something is wrong."""


@frozen
class SettlementPlan:
    """What is asked for of the way to finality."""

    body: str = BODY
    every: int = WITNESS_EVERY
    """Every so many batches are proven by witness, the others on the sealer's word."""
    ether_price: int = ETHER_PRICE
    """Collateral units for one ether."""
    batches: Path | None = None
    """A folder for the batches as files."""
    policy: SealingPolicy = field(factory=SealingPolicy)


class Settlement:
    """A rollup on its base layer, driven by the flow of a plan."""

    def __init__(self, plan: Plan, wanted: SettlementPlan, rehearsal: Rehearsal) -> None:
        self.plan, self.wanted = plan, wanted
        self.flow, signer = open_flow(plan), signer_of(plan)
        genesis = self.flow.genesis(signer)
        self.signer = signer
        self.session = Session(genesis, signer)
        self.deployment = Deployment(SHA256, genesis, signer, BODIES[wanted.body])
        self.proofs = SampledProofs(self.deployment, SECRET, wanted.every)
        contract = ValidityContract.deployed(
            ValidityParameters(OPERATOR), self.deployment, self.proofs, rehearsal.wallets()
        )
        layer = first_layer({ADDRESS: contract}, time=genesis.time)
        # A message is received when its block is final, so that no reorganisation takes it back.
        settings = Settings(wanted.policy, Delays(confirmations=layer.parameters.finality_depth))
        self.rollup = DrivenRollup(self.session, layer, ADDRESS, self.proofs, settings, rehearsal.awaited)
        self.messages = len(rehearsal.awaited)
        self.recovery = Recovery(self.deployment)
        self.monitor = SettlementMonitor(self.rollup)
        self.clockwork = Clockwork(self.rollup.when())
        self.bodies = Bodies(self.deployment, self.proofs.by_witness)
        self.lengths = tuple(LengthMeasure(self.session.state, SHA256, length) for length in LENGTHS)
        self.rollup.followers += [self.monitor, self.clockwork, self.bodies]
        if wanted.batches is not None:
            self.rollup.followers.append(BatchFiles(wanted.batches, self.deployment))
        self.session.subscribers[:0] = [self.monitor.operation, self.clockwork.operation, self.bodies.operation]
        self.session.subscribers += self.lengths

    def go(self, last: State, pace: Pace) -> SettlementFinding:
        """From the first deposit to the last final withdrawal.

        Args:
            last: the state to which the flow has led without a base layer.
            pace: counts the operations.

        Raises:
            SpecBug: the flow leads elsewhere, or something is refused that must not be.
        """
        rollup, session = self.rollup, self.session
        rollup.open()
        for operation in islice(self.flow.operations(session), self.plan.steps):
            rollup.feed(operation)
            pace.advance()
        if state_digest(untimed(session.state)) != state_digest(untimed(last)):
            raise SpecBug("with the base layer the flow leads to another state than without")
        # The figures are of the flow: nobody's leaving is in them.
        flow_operations = len(self.clockwork.executed)
        rollup.chain.seal()
        rollup.tell_sealed()
        measured = (self.bodies.opening, self.bodies.trading, self.bodies.batches, self.bodies.proofs())
        lengths = tuple(measure.figure() for measure in self.lengths)
        for measure in self.lengths:
            session.subscribers.remove(measure)
        statuses = {"when the flow ends": self.clockwork.statuses(rollup)}
        self._finalise()
        departure = self._departure()
        self._leave()
        statuses["at the end"] = self.clockwork.statuses(rollup)
        opening, trading, batches, proofs = measured
        outbox = session.state.outbox
        proven = rollup.registry.proven.number
        return SettlementFinding(
            body=self.wanted.body,
            every=self.wanted.every,
            by_witness=tuple(filter(self.proofs.by_witness, range(1, proven + 1))),
            batches=batches,
            closing_batches=proven - batches,
            blocks=rollup.layer.head + 1,
            messages=self.messages,
            lead=rollup.lead,
            claims=outbox.next_index,
            claimed=outbox.unpaid,
            returned=sum(claim.amount for claim in outbox.claims.values() if claim.cause is Cause.REFUSED_DEPOSIT),
            opening=opening,
            trading=trading,
            lengths=lengths,
            proofs=proofs,
            gas=tuple(gas_figures(rollup, self.proofs.by_witness)),
            ether_price=self.wanted.ether_price * QUANTUMS_PER_UNIT,
            latencies=self.clockwork.latencies(flow_operations),
            statuses=statuses,
            drill=Drill(
                departure.waited,
                len(departure.payouts),
                sum(paid.amount for paid in departure.payouts),
                departure.held,
                departure.funds,
            ),
            invariants=tuple(self._finding(count) for count in self.monitor.counts()),
        )

    def _departure(self) -> Departure:
        """In another future of the same base layer the operator is gone, and everybody leaves by what was published."""
        self._read()
        stranger = sender_of(self.signer.key(STRANGER))
        departure = Stranded(self.rollup.layer, ADDRESS, self.recovery.tree).depart(stranger)
        self.monitor.departed(departure)
        return departure

    def _leave(self) -> None:
        """Everybody withdraws, and takes the money on the base layer once it is final there."""
        for operation in leaving(self.session):
            self.rollup.feed(operation)
        self._finalise()
        self._read()
        self._claim()
        self.monitor.settled(self.rollup)

    def _read(self) -> None:
        """Somebody reads what was published since last time."""
        published = bodies(self.rollup.layer, self.rollup.address)
        self.recovery.read(published[self.recovery.batches :])
        self.monitor.rebuilt(self.rollup, self.recovery.tree)

    def _claim(self) -> None:
        """Every owner claims, each with a proof of its own under the last exit root."""
        rollup, tree = self.rollup, self.recovery.tree
        for index, claim in sorted(self.session.state.outbox.claims.items()):
            call = claim_call(tree, rollup.registry.exit.number, index)
            if call is None:
                raise SpecBug(f"claim {index} is not under the exit root")
            rollup.send(sender_of(claim.key), call)
            if index % AT_ONCE == AT_ONCE - 1:
                rollup.advance()
        self._until(lambda: not rollup.layer.pool.size)
        rollup.advance(rollup.layer.parameters.finality_depth)

    def _finalise(self) -> None:
        """Whatever is executed becomes final."""
        rollup = self.rollup
        rollup.chain.seal()
        self._until(lambda: rollup.final_registry.proven.number == rollup.chain.sealer.last.number)

    def _until(self, holds: Callable[[], bool]) -> None:
        for _ in range(MOST_BLOCKS):
            if holds():
                return
            self.rollup.advance()
        raise SpecBug(f"not final after {MOST_BLOCKS:,} blocks")

    def _finding(self, count: SettlingCount) -> InvariantFinding:
        card = count.card
        first = None
        if count.first is not None:
            operation, violation = count.first
            first = Breakage(
                operation=operation,
                invariant=violation.invariant,
                conjunct=violation.conjunct,
                who=violation.who,
                left=figure(violation.left),
                right=figure(violation.right),
                command=self.plan.command(min(operation, self.plan.steps or operation)),
            )
        return InvariantFinding(card.id, card.sentence, count.after_blocks, count.at_the_end, count.broken, first)


def untimed(state: State) -> State:
    """A state whose waiting messages bear no time: the base layer has its own."""
    messages = {index: evolve(received, time=0) for index, received in state.inbox.messages.items()}
    return evolve(state, inbox=evolve(state.inbox, messages=Map(messages)))


def figure(side: int | str) -> str:
    """One side of a comparison."""
    return f"{side:,}" if isinstance(side, int) else side
