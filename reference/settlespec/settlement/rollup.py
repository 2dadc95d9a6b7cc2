"""The operator of a validity rollup: it executes, seals, commits and proves, and follows the base layer (rules ROLL-1 to ROLL-9)."""

from collections.abc import Iterator
from enum import StrEnum

from attrs import field, frozen

from settlespec.commitment.batch import SealingPolicy
from settlespec.commitment.header import encode_header, header_digest
from settlespec.domain.declared import refuse_mistyped
from settlespec.domain.errors import BadInput
from settlespec.domain.operations import Operation, Receive, Take, Tick
from settlespec.domain.outcomes import Accepted
from settlespec.domain.quantities import Milliseconds
from settlespec.flows.session import Session
from settlespec.machine.exchange import step
from settlespec.proofs.interface import ProofSystem
from settlespec.settlement.base_layer import BaseLayer, advance, reorganise
from settlespec.settlement.chain import (
    NOTHING_PUBLISHED,
    SLOT_TIME,
    Address,
    Published,
    Refusal,
    Refused,
    Sender,
    Transaction,
    TransactionId,
)
from settlespec.settlement.sending import FITS_NO_BLOCK, Bids, NotSent, Wanted, places, sent
from settlespec.settlement.soft_chain import GONE, WAITING, Sealed, SoftChain
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_batches import blobs_of
from settlespec.settlement.validity_calls import Call, Commit, Prove, Revert
from settlespec.settlement.validity_registry import Registry


class Status(StrEnum):
    """ROLL-1: how far an operation has come."""

    PENDING = "pending"
    """The sequencer has not executed it."""
    SOFT_CONFIRMED = "soft-confirmed"
    """It is executed: the sequencer's word, and nothing else."""
    COMMITTED = "committed"
    """Its batch stands on the base layer, proven or not, but not for good."""
    FINAL = "final"
    """A batch at rest that has it before it or in it is proven in a final block of the base layer: nobody can take it back."""
    REVERTED = "reverted"
    """It was refused when its turn came, or its batch cannot stand; it has no effect and will never have one."""


@frozen
class Delays:
    """How late the operator is."""

    confirmations: int = 0
    """Blocks that stand on a message before it is received. At the finality depth no reorganisation can drop it again."""
    commit: Milliseconds = 0
    """From the seal to the commitment."""
    prove: Milliseconds = 0
    """From the commitment to the proof: how long the prover takes."""

    def __attrs_post_init__(self) -> None:
        """Refuse what is no delay.

        Raises:
            BadInput: naming the delay.
        """
        refuse_mistyped(self)
        for name in ("confirmations", "commit", "prove"):
            if getattr(self, name) < 0:
                raise BadInput("nobody acts before something has happened", field=name, remedy="give 0 or more")


@frozen
class Settings:
    """How a rollup is operated."""

    policy: SealingPolicy = field(factory=SealingPolicy)
    delays: Delays = field(factory=Delays)
    bids: Bids = field(factory=Bids)
    blobs: bool = True
    """Whether bodies are published in blobs; otherwise as calldata."""


class ValidityRollup:
    """ROLL-2: one rollup and its operator. Whoever feeds the session feeds the rollup; the base layer moves by `advance`.

    Args:
        session: at genesis; its operations are numbered from 0 as they are accepted, or submitted here.
        layer: has the contract.
        address: where it stands.
        proofs: makes what the contract's verifier accepts.
        settings: how it is operated; the delays may be changed at any time.
    """

    def __init__(
        self,
        session: Session,
        layer: BaseLayer,
        address: Address,
        proofs: ProofSystem,
        settings: Settings | None = None,
    ) -> None:
        self.session = session
        self.layer = layer
        self.address = address
        self.proofs = proofs
        self.settings = settings or Settings()
        self.running = True
        self.lead: Milliseconds = 0
        """By how much the base layer's clock is ahead of the session's: how long messages have stood there when they are received."""
        deployment = self.registry.deployment
        self.chain = SoftChain(session, deployment, self.settings.policy, layer.clock)
        self._proofs: dict[int, bytes] = {}
        self._seen: dict[int, Milliseconds] = {}
        self._committed = 0
        self._final = 0
        self._void = False

    @property
    def registry(self) -> Registry:
        """What the contract keeps after the last block."""
        return self._registry(self.layer.head)

    @property
    def final_registry(self) -> Registry:
        """What the contract keeps after the last final block."""
        return self._registry(self.layer.final)

    def _registry(self, block: int) -> Registry:
        contract = self.layer.snapshots[block].contracts[self.address]
        if not isinstance(contract, ValidityContract):
            raise TypeError(f"no validity rollup at {self.address}")
        return contract.registry

    # Asking

    def submit(self, operation: Operation) -> int:
        """ROLL-3: an operation gets the next number; it is executed at once, or when the sequencer resumes.

        Whenever it is, the base layer's time has passed on the rollup before: no mark is fresher and nothing is valid for longer because
        the operator did not look at the clock.

        Raises:
            ValueError: a message of the inbox, which comes from the base layer only.
        """
        if isinstance(operation, Receive):
            raise ValueError("messages come from the base layer")
        if self.running and not self.registry.frozen:
            self._tick()
        number = self.chain.wait(operation)
        if self.running and not self.registry.frozen:
            self.chain.execute_waiting()
        return number

    def status(self, number: int) -> Status:
        """ROLL-4: how far an operation has come, in constant time."""
        batch = self.chain.places[number]
        if batch == GONE or (self._void and batch > self._final):
            return Status.REVERTED
        if batch == WAITING:
            return Status.PENDING
        if batch <= self._final:
            return Status.FINAL
        return Status.COMMITTED if batch <= self._committed else Status.SOFT_CONFIRMED

    # Time

    def advance(self, blocks: int = 1) -> None:
        """Blocks are made, and the operator does what is to be done after each."""
        for _ in range(blocks):
            self.layer = advance(self.layer)
            self.follow()

    def keep_pace(self) -> None:
        """Make blocks until the base layer is as late as the session's clock, or ahead of it by the lead."""
        while self.layer.clock + SLOT_TIME <= self.session.state.clock + self.lead:
            self.advance()

    def reorganise(self, depth: int, lost: frozenset[TransactionId] = frozenset()) -> None:
        """The base layer goes back.

        Raises:
            ValueError: it cannot go back so far.
        """
        after = reorganise(self.layer, depth, lost)
        if isinstance(after, Refused):
            raise ValueError(after.reason.value)
        self.layer = after
        self.follow()

    def stop(self) -> None:
        """ROLL-5: the operator does nothing any more; what it has sent may still be included."""
        self.running = False

    def resume(self) -> None:
        """ROLL-5.2: the operator sees how the base layer stands, and then executes what has waited."""
        self.running = True
        self.follow()
        if not self.registry.frozen:
            self._tick()
            self.chain.execute_waiting()

    def take_back(self, number: int) -> None:
        """ROLL-6: the operator gives up a batch that it cannot prove, with all after it.

        Raises:
            ValueError: a proof of such a batch has been sent, and may still be included.
        """
        if any(proven >= number for proven in self._proofs):
            raise ValueError(f"a proof of batch {number} or of a later one has been sent")
        self._give_up(number - 1)
        self.follow()

    # Following

    def follow(self) -> None:
        """ROLL-7: after every change of the base layer: see what stands, give up what cannot stand, and do what is next."""
        self.chain.now = self.layer.clock
        self._look()
        if not self.running or self.registry.frozen:
            return
        self._reconcile()
        self.receive()
        self.chain.seal_if_due(self.layer.clock - self.lead)
        self._send()

    def _look(self) -> None:
        """What is committed and what is final; a batch of the contract that is not ours is neither."""
        registry, final = self.registry, self.final_registry
        self._final, self._void = final.exit.number, final.frozen
        self._committed = registry.proven.number
        for waiting in registry.waiting:
            sealed = self.chain.sealed.get(waiting.header.number)
            if sealed is None or sealed.header != waiting.header:
                break
            self._committed = waiting.header.number
            self._seen.setdefault(self._committed, self.layer.clock)
        self.chain.forget_before(self._final)

    def _reconcile(self) -> None:
        """ROLL-8: what a reorganisation made impossible is given up: other messages than the base layer has, or a clock too old."""
        inbox = self.registry.inbox
        oldest = self.layer.clock - self.registry.parameters.max_behind
        for number, sealed in self.chain.sealed.items():
            header = sealed.header
            late = number > self._committed and header.time_after < oldest
            if late or inbox.get(header.received_after) != header.inbox_after:
                self._give_up(number - 1)
                return
        if inbox.get(self.session.state.inbox.next_index) != self.chain.inbox:
            self._give_up(self.chain.sealer.last.number)

    def _give_up(self, number: int) -> None:
        """Go back to after this batch."""
        self.chain.take_back(number)
        for later in [key for key in self._seen if key > number]:
            del self._seen[later]
        for later in [key for key in self._proofs if key > number]:
            del self._proofs[later]
        self._look()

    def receive(self) -> None:
        """ROLL-9: messages with enough blocks on them are received and taken in order, as far as the machine lets them.

        After every block; and worth asking for after a clearing round, since some messages wait for fresh marks.
        """
        deep = max(self.layer.final, self.layer.head - self.settings.delays.confirmations)
        requests = self._registry(deep).requests
        inbox = self.session.state.inbox
        busy = self.chain.sealer.operations or inbox.messages or inbox.next_index < len(requests)
        if busy:
            self._tick()
        while True:
            index = self.session.state.inbox.next_index
            if index < len(requests):
                received = requests[index].received
                if self._do(Receive(received.time, received.message)):
                    continue
            if not self._do(Take()):
                return

    def _tick(self) -> None:
        """ROLL-9.2: the rollup's clock is that of the base layer, less what it is behind by."""
        now = self.layer.clock - self.lead
        if now > self.session.state.clock:
            self._do(Tick(now))

    def _do(self, operation: Operation) -> bool:
        """Submit an operation of the sequencer's own, unless the machine would refuse it."""
        if not isinstance(step(self.session.state, operation, self.session.signer), Accepted):
            return False
        return isinstance(self.session.submit(operation), Accepted)

    def _send(self) -> None:
        """ROLL-9.3: what is wanted waits to be included, what was lost again, and nothing else; see ROLL-11.

        A batch of which the commitment or the proof fits no block is given up, like any that cannot be proven. While the base layer has
        no place for more transactions the operator waits.
        """
        operator = self.registry.parameters.operator
        for nonce, wanted in [*places(self.layer, self.address, operator, [*self._wanted()])]:
            try:
                if wanted is None:
                    self._pass_over(nonce)
                else:
                    self.send(operator, wanted.call, wanted.published, nonce)
            except NotSent as failure:
                if wanted is not None and failure.reason in FITS_NO_BLOCK:
                    self._give_up(wanted.batch - 1)
                elif failure.reason is not Refusal.POOL_FULL:
                    raise
                return

    def _wanted(self) -> Iterator[Wanted]:
        """Have taken back what is not ours, commit what is sealed, prove what is committed, or was before a reorganisation."""
        registry, clock, delays = self.registry, self.layer.clock, self.settings.delays
        foreign = [waiting.header for waiting in registry.waiting if waiting.header.number > self._committed]
        if foreign:
            yield Wanted(Revert(foreign[0].number, header_digest(foreign[0])))
        room = registry.proven.number + registry.parameters.max_unproven
        for number, sealed in self.chain.sealed.items():
            if number > self._committed and number <= room and clock >= sealed.at + delays.commit:
                yield Wanted(Commit(encode_header(sealed.header)), self._published(sealed), number)
                if number in self._proofs:
                    yield Wanted(Prove(number, self._proof(sealed)), batch=number)
            elif registry.proven.number < number <= self._committed and clock >= self._seen[number] + delays.prove:
                yield Wanted(Prove(number, self._proof(sealed)), batch=number)

    def _published(self, sealed: Sealed) -> Published:
        body = sealed.batch.bodies[self.registry.deployment.body]
        return Published(blobs=blobs_of(body)) if self.settings.blobs else Published(calldata=body)

    def _proof(self, sealed: Sealed) -> bytes:
        number = sealed.header.number
        if number not in self._proofs:
            self._proofs[number] = self.proofs.prove(sealed.batch, sealed.last)
        return self._proofs[number]

    def _pass_over(self, nonce: int) -> None:
        """Use up a nonce at which nothing is wanted."""
        operator = self.registry.parameters.operator
        self.layer, _ = sent(self.layer, self.address, operator, None, NOTHING_PUBLISHED, self.settings.bids, nonce)

    def send(
        self, sender: Sender, call: Call, published: Published = NOTHING_PUBLISHED, nonce: int | None = None
    ) -> Transaction:
        """Send anybody's call of the contract with enough gas, at the next free nonce where none is given.

        Raises:
            NotSent: the base layer does not take it.
        """
        self.layer, transaction = sent(self.layer, self.address, sender, call, published, self.settings.bids, nonce)
        return transaction
