"""What the contract of a validity rollup keeps, and what a deployment of it fixes."""

from typing import Final

from attrs import evolve, frozen
from immutables import Map

from settlespec.commitment.batch import Body, Sealer
from settlespec.commitment.header import START, Header, inbox_link
from settlespec.domain.declared import refuse_mistyped
from settlespec.domain.errors import BadInput
from settlespec.domain.messages import Deposit, Message, Received
from settlespec.domain.quantities import IDENTIFIER, TIME, Index, Milliseconds
from settlespec.machine.genesis import initial_state
from settlespec.proofs.interface import Deployment, ProofSystem
from settlespec.settlement.chain import Sender
from settlespec.settlement.validity_refusals import Way
from settlespec.settlement.vault import Vault

WINDOW: Final = 604_800_000
"""Milliseconds for a forced request: seven days (StarkEx FREEZE_GRACE_PERIOD, LibConstants.sol @f3b25069)."""

MAX_AHEAD: Final = 60_000
"""Milliseconds by which a batch's clock may lead its block: a few blocks, since the sequencer does not know which one will have it."""

MAX_BEHIND: Final = 3_600_000
"""Milliseconds by which it may lag: a reorganisation down to finality and an hour of congestion."""

MAX_UNPROVEN: Final = 256
"""Batches that wait for a proof."""


@frozen
class ValidityParameters:
    """What a deployment fixes on the base layer."""

    operator: Sender
    """Who commits."""
    window: Milliseconds = WINDOW
    """From the block of a forced request to its deadline."""
    max_ahead: Milliseconds = MAX_AHEAD
    max_behind: Milliseconds = MAX_BEHIND
    max_unproven: int = MAX_UNPROVEN
    max_messages: int = IDENTIFIER.high
    """Messages that the inbox ever takes."""

    def __attrs_post_init__(self) -> None:
        """Refuse what no rollup could live under.

        Raises:
            BadInput: naming the parameter.
        """
        refuse_mistyped(self)
        for name in ("window", "max_ahead", "max_behind"):
            if getattr(self, name) not in TIME:
                raise BadInput("not a number of milliseconds", field=name, remedy=f"give 0 to {TIME.high}")
        if not self.operator:
            raise BadInput("somebody has to commit", field="operator", remedy="name a sender of the base layer")
        if self.max_unproven < 1:
            raise BadInput("no batch could be committed", field="max_unproven", remedy="give 1 or more")
        if not 0 <= self.max_messages <= IDENTIFIER.high:
            raise BadInput("an index would leave its range", field="max_messages", remedy="give fewer")


@frozen
class Request:
    """A message as the contract keeps it."""

    received: Received
    deadline: Milliseconds | None
    """Of a forced request."""


@frozen
class Waiting:
    """A batch that is committed and not proven."""

    header: Header
    published: bytes
    """A real contract keeps the digest that the header's data chain already has."""


@frozen
class Registry:
    """Everything that the contract keeps; persistent."""

    parameters: ValidityParameters
    deployment: Deployment
    proofs: ProofSystem
    """Only its verifier is used."""
    vault: Vault
    proven: Header
    """Of the last proven batch; at first of genesis."""
    exit: Header
    """Of the last proven batch that ended at rest: its new root is the last exit root."""
    exits: Map[int, bytes]
    """Every exit root by the number of its batch, so that a claim shown under one is not too late under the next."""
    waiting: tuple[Waiting, ...]
    """In the order of their numbers."""
    requests: Map[Index, Request]
    """Every message that was ever sent, by its index."""
    inbox: Map[int, bytes]
    """The value of the inbox chain after so many messages."""
    deposited: int
    """Quantums of every deposit that was ever sent: what the machine's vault has once it received them all."""
    paid: Map[tuple[Way, int], int]
    """The nullifiers: what left, in which way and under which name, and how much it was."""
    frozen: bool = False

    @property
    def last(self) -> Header:
        """Of the last committed batch; of the last proven one where none waits."""
        return self.waiting[-1].header if self.waiting else self.proven

    def with_message(self, time: Milliseconds, message: Message, deadline: Milliseconds | None) -> "Registry":
        """VALID-3: a message gets the next index, a value of the inbox chain, and if it is forced a deadline of its own."""
        index = len(self.requests)
        received = Received(time, message)
        amount = message.amount if isinstance(message, Deposit) else 0
        return evolve(
            self,
            deposited=self.deposited + amount,
            requests=self.requests.set(index, Request(received, deadline)),
            inbox=self.inbox.set(index + 1, inbox_link(self.inbox[index], received)),
        )


def first_registry(
    parameters: ValidityParameters, deployment: Deployment, proofs: ProofSystem, wallets: Map[bytes, int]
) -> Registry:
    """VALID-4: a rollup begins with the root of genesis as its exit root, an empty inbox and an empty vault.

    Raises:
        BadInput: the published body would not let everybody leave.
    """
    if deployment.body is Body.EXIT_DIFF:
        raise BadInput(
            "the exit diff has neither marks nor claims nor what else the root is made of, so nobody could prove a way out by it",
            field="body",
            remedy="publish the operation log or the state diff",
        )
    genesis = Sealer(initial_state(deployment.genesis), deployment.hashing, deployment.body).last
    return Registry(
        parameters=parameters,
        deployment=deployment,
        proofs=proofs,
        vault=Vault(wallets),
        proven=genesis,
        exit=genesis,
        exits=Map({genesis.number: genesis.new_root}),
        waiting=(),
        requests=Map(),
        inbox=Map({0: START}),
        deposited=0,
        paid=Map(),
    )
