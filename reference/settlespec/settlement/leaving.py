"""Everybody leaves: on the rollup while the operator lives, or from a frozen one (rules LEAVE-1 to LEAVE-4)."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from settlespec.commitment.leaves import LeafKey, Part
from settlespec.commitment.parts import decode_scalars
from settlespec.commitment.state_tree import leaf_key, tree_key
from settlespec.commitment.tree import Tree
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import Cancel, ContinueRound, Operation, Take, Withdraw
from settlespec.domain.outcomes import SpecBug
from settlespec.flows.session import MICRO_STEPS, Session
from settlespec.machine.custody import free
from settlespec.machine.draft import Draft
from settlespec.settlement.base_layer import BaseLayer, advance, advance_until
from settlespec.settlement.chain import NOTHING_PUBLISHED, Address, Sender, TransactionId
from settlespec.settlement.sending import Bids, sent
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_calls import Call, ForceWithdrawal, Freeze, Refund
from settlespec.settlement.validity_refusals import Paid, Way
from settlespec.settlement.validity_registry import Registry
from settlespec.settlement.ways_out import claim_call, escape_call

AT_ONCE: Final = 10_000
"""Transactions that are sent before a block is made: fewer than the base layer lets wait."""


def leaving(session: Session) -> Iterator[Operation]:
    """LEAVE-1: the round ends, marks are made fresh, every order is cancelled, and every owner withdraws what is free.

    What backs a position stays.
    """
    while session.state.round is not None:
        yield ContinueRound(MICRO_STEPS)
    yield from session.tick(session.state.marks_time + 1)
    yield from session.clearing_round({})
    for _ in range(len(session.state.inbox.messages)):
        yield Take()
    yield from cancellations(session)
    yield from withdrawals(session)


def cancellations(session: Session) -> Iterator[Cancel]:
    """LEAVE-1.2: every live order, by account, instrument and name."""
    for account, owner in sorted(session.state.accounts.items()):
        for instrument, live in sorted(owner.orders.items()):
            for name in sorted(live.arrivals):
                yield session.cancel(account, instrument, name)


def withdrawals(session: Session) -> Iterator[Withdraw]:
    """LEAVE-1.3: what every account can spare, where that is anything."""
    for account in sorted(session.state.accounts):
        state = session.state
        amount = free(Draft(state), state.accounts[account])
        if amount > 0:
            yield session.sign(Withdraw(account, session.next_nonce(account), state.clock, amount, b""))


@frozen
class Departure:
    """LEAVE-2: what leaving a frozen rollup came to."""

    layer: BaseLayer
    """The base layer after it: another future than the one in which the operator went on."""
    waited: int
    """Milliseconds from the request to the freeze."""
    payouts: tuple[Paid, ...]
    held: int
    """Quantums in the vault before the first payout."""
    funds: int
    """Quantums of the insurance fund, the treasury and the funding pool, which nobody may take."""
    twice: int
    """Payouts that were asked for a second time."""
    refused_twice: int
    """How many of those were refused."""


class Stranded:
    """The owners of a rollup whose operator is gone: they have nothing but the base layer and its published bytes."""

    def __init__(self, layer: BaseLayer, address: Address, tree: Tree) -> None:
        """Begin where the operator stopped.

        Args:
            layer: the base layer.
            address: of the rollup's contract.
            tree: of its exit root, made from the published bodies.
        """
        self.layer = layer
        self.address = address
        self.tree = tree

    @property
    def registry(self) -> Registry:
        """What the contract keeps after the last block."""
        contract = self.layer.contracts[self.address]
        if not isinstance(contract, ValidityContract):
            raise TypeError(f"no validity rollup at {self.address}")
        return contract.registry

    def depart(self, stranger: Sender) -> Departure:
        """LEAVE-3: a forced request is not taken, the window passes, somebody freezes the rollup, and everybody takes out what is theirs.

        Args:
            stranger: whoever asks for a withdrawal that nobody serves; it need not own anything.

        Raises:
            SpecBug: the contract refuses what it must grant.
        """
        index = len(self.registry.requests)
        self._carried([(stranger, ForceWithdrawal(0, 1))])
        begun = self.layer.clock
        self.layer = advance_until(self.layer, begun + self.registry.parameters.window + 1)
        self._carried([(stranger, Freeze(index))])
        if not self.registry.frozen:
            raise SpecBug("a forced request past its deadline does not freeze the rollup")
        waited, held = self.layer.clock - begun, self.registry.vault.balance
        calls = [(stranger, call) for call in self.ways()]
        payouts = self._carried(calls)
        again = [self._sent(sender, call) for sender, call in calls]
        self._include(again)
        refused = sum(self.layer.receipts[identity].reverted for identity in again)
        return Departure(self.layer, waited, tuple(payouts), held, funds_of(self.tree), len(again), refused)

    def ways(self) -> Iterator[Call]:
        """LEAVE-3.2: the escape of every account, every unpaid claim, every deposit that was not taken."""
        registry = self.registry
        for account in keys_of(self.tree, Part.HOLDINGS):
            escape = escape_call(self.tree, account)
            if escape is not None:
                yield escape
        for index in keys_of(self.tree, Part.OUTBOX):
            claim = claim_call(self.tree, registry.exit.number, index)
            if claim is not None and (Way.CLAIM, index) not in registry.paid:
                yield claim
        for index in range(registry.exit.taken_after, len(registry.requests)):
            if isinstance(registry.requests[index].received.message, Deposit):
                yield Refund(index)

    def _carried(self, calls: list[tuple[Sender, Call]]) -> list[Paid]:
        """Send all, and give what was paid."""
        paid: list[Paid] = []
        for start in range(0, len(calls), AT_ONCE):
            sent = [self._sent(sender, call) for sender, call in calls[start : start + AT_ONCE]]
            self._include(sent)
            for identity in sent:
                paid.extend(event for event in self.layer.receipts[identity].events if isinstance(event, Paid))
        return paid

    def _include(self, sent: list[TransactionId]) -> None:
        while any(identity not in self.layer.receipts for identity in sent[-1:]):
            self.layer = advance(self.layer)

    def _sent(self, sender: Sender, call: Call) -> TransactionId:
        self.layer, transaction = sent(self.layer, self.address, sender, call, NOTHING_PUBLISHED, Bids())
        return transaction.id


def keys_of(tree: Tree, part: Part) -> Iterator[int]:
    """LEAVE-4: the keys of a part that have a leaf."""
    for key, _ in tree.items(tree_key(LeafKey(part, 0, 0))):
        leaf = leaf_key(key)
        if leaf.part is not part:
            return
        yield leaf.key


def funds_of(tree: Tree) -> int:
    """LEAVE-4.2: the insurance fund, the treasury and the funding pool under a root."""
    found = decode_scalars(tree.get(tree_key(LeafKey(Part.SCALARS, 0, 0))) or b"")
    return found.insurance + found.treasury + found.funding_pool
