"""A rollup that is fed by a flow which brings its own messages (rules DRIVE-1 to DRIVE-6).

A flow says when the exchange receives a message; on the base layer somebody must have sent it before. So the flow is run once without a
base layer, to learn its messages, and then through the rollup: each owner sends its message as long before the flow has it received as
messages have to stand on the base layer. Nothing but the times that messages bear is another then, and no rule looks at those.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from attrs import evolve, frozen
from immutables import Map

from settlespec.domain.messages import Deposit, ForcedWithdrawal, Message
from settlespec.domain.operations import Operation, Receive
from settlespec.domain.outcomes import Accepted, Outcome, SpecBug
from settlespec.domain.quantities import Milliseconds
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.proofs.interface import ProofSystem
from settlespec.settlement.base_layer import BaseLayer
from settlespec.settlement.chain import NOTHING_PUBLISHED, Address, Published, Sender, Transaction, TransactionId
from settlespec.settlement.rollup import Settings, ValidityRollup
from settlespec.settlement.soft_chain import Sealed
from settlespec.settlement.validity_calls import Ask, Call, ForceOrder, ForceWithdrawal, MakeDeposit, sender_of

MOST_BLOCKS: Final = 10_000
"""Blocks that a message may take to be included before something is wrong: more than a day."""


@frozen
class Awaited:
    """A message that a flow has received, and when."""

    operation: int
    """The place in the flow of the operation that receives it, the first being 0."""
    time: Milliseconds
    """The exchange's clock there."""
    message: Message


class Rehearsal:
    """DRIVE-1: a subscriber that learns which messages a flow has received; one that the exchange refuses was never sent."""

    def __init__(self) -> None:
        self.operations = 0
        self.awaited: list[Awaited] = []

    def __call__(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """Look at one step."""
        if isinstance(operation, Receive) and isinstance(outcome, Accepted):
            self.awaited.append(Awaited(self.operations, before.clock, operation.message))
        self.operations += 1

    def wallets(self) -> Map[bytes, int]:
        """DRIVE-1.2: each owner has on the base layer what the flow has it pay in, to the quantum."""
        amounts: dict[bytes, int] = {}
        for awaited in self.awaited:
            if isinstance(awaited.message, Deposit):
                amounts[awaited.message.key] = amounts.get(awaited.message.key, 0) + awaited.message.amount
        return Map(amounts)


def ask_of(message: Message) -> Ask:
    """DRIVE-2: the call of the contract that becomes this message when its key sends it."""
    match message:
        case Deposit():
            return MakeDeposit(message.account, message.amount)
        case ForcedWithdrawal():
            return ForceWithdrawal(message.account, message.amount)
        case _:
            return ForceOrder(message.account, message.instrument, message.side, message.size, message.price)


class Witnessing(Protocol):
    """Whoever follows a driven rollup."""

    def sealed(self, sealed: Sealed) -> None:
        """A batch was sealed."""

    def block(self, rollup: "DrivenRollup") -> None:
        """A block was made, and the operator has seen it."""


class DrivenRollup(ValidityRollup):
    """DRIVE-3: a rollup whose operator receives and takes messages exactly where a flow says so.

    Args:
        session, layer, address, proofs, settings: as of any rollup; messages are received when `confirmations` blocks stand on them.
        awaited: the messages of the flow, in order.
    """

    def __init__(
        self,
        session: Session,
        layer: BaseLayer,
        address: Address,
        proofs: ProofSystem,
        settings: Settings,
        awaited: Iterable[Awaited],
    ) -> None:
        self.followers: list[Witnessing] = []
        self.sent: dict[TransactionId, Call] = {}
        """Every transaction that was sent, by its call."""
        self._awaited = tuple(awaited)
        self._unsent = deque(self._awaited)
        self._fed = 0
        self._received = 0
        self._told = 0
        super().__init__(session, layer, address, proofs, settings)

    def receive(self) -> None:
        """The flow says when a message is received and taken, and the operator never does so by itself."""

    def open(self) -> None:
        """DRIVE-4: what the flow has received before its clock first moves stands on the base layer; its clock is behind by that much."""
        self._send_due()
        opening = sum(awaited.time <= self.session.state.clock for awaited in self._awaited)
        self.advance(self.settings.delays.confirmations + 1)
        for _ in range(MOST_BLOCKS):
            if self._standing() >= opening:
                break
            self.advance()
        self.lead = self.layer.clock - self.session.state.clock

    def feed(self, operation: Operation) -> Outcome:
        """DRIVE-5: the flow's next operation; a message is received as the base layer has it, and blocks are made as time passes.

        Raises:
            SpecBug: the base layer does not have the message that the flow brings.
        """
        expected = self._awaited[self._received] if self._received < len(self._awaited) else None
        if expected is not None and isinstance(operation, Receive) and expected.operation == self._fed:
            operation = self._adopted(operation)
            self._received += 1
        self._fed += 1
        outcome = self.session.submit(operation)
        self.tell_sealed()
        self.keep_pace()
        return outcome

    def _adopted(self, operation: Receive) -> Receive:
        """DRIVE-6: the message with the time of its block; the flow waits for the base layer, and its clock falls behind further."""
        index = self.session.state.inbox.next_index
        for _ in range(MOST_BLOCKS):
            if self._standing() > index:
                break
            self.advance()
            self.lead = max(self.lead, self.layer.clock - self.session.state.clock)
        request = self.registry.requests.get(index)
        if request is None or request.received.message != operation.message:
            raise SpecBug(f"message {index} of the flow is not what the base layer has")
        return evolve(operation, time=request.received.time)

    def _standing(self) -> int:
        """How many messages have enough blocks on them."""
        deep = max(self.layer.final, self.layer.head - self.settings.delays.confirmations)
        return len(self._registry(deep).requests)

    def advance(self, blocks: int = 1) -> None:
        """Blocks are made; owners send what is due, and whoever follows looks."""
        for _ in range(blocks):
            self._send_due()
            super().advance()
            self.tell_sealed()
            for follower in self.followers:
                follower.block(self)

    def _send_due(self) -> None:
        """Owners send so early that the flow finds their messages with enough blocks on them; all in the order of the flow.

        No more at a time than half a block holds, since a full block takes a short transaction before a longer one that was first.
        """
        room = self.layer.parameters.gas_target
        while self._unsent and self._unsent[0].time <= self.layer.clock and room > 0:
            message = self._unsent.popleft().message
            room -= self.send(sender_of(message.key), ask_of(message)).gas_limit

    def send(
        self, sender: Sender, call: Call, published: Published = NOTHING_PUBLISHED, nonce: int | None = None
    ) -> Transaction:
        """Send anybody's call, and remember what it is."""
        transaction = super().send(sender, call, published, nonce)
        self.sent[transaction.id] = call
        return transaction

    def tell_sealed(self) -> None:
        """Followers learn of the batches that were sealed since they were last told."""
        for number in range(self._told + 1, self.chain.sealer.last.number + 1):
            for follower in self.followers:
                follower.sealed(self.chain.sealed[number])
            self._told = number

    def _give_up(self, number: int) -> None:
        """Batches that come instead of those that are given up are told of too."""
        self._told = min(self._told, number)
        super()._give_up(number)

    def when(self) -> Callable[[], Milliseconds]:
        """The base layer's time as the session's clock goes, between blocks too."""
        return lambda: self.session.state.clock + self.lead
