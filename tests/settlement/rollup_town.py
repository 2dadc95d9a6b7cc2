"""A validity rollup on a small base layer, its owners by number, and shorthands for what they do."""

from collections.abc import Mapping

from attrs import evolve
from immutables import Map

from settlespec.commitment.batch import Body, SealingPolicy
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.tree import Tree
from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import Transfer, Withdraw
from settlespec.domain.orders import Side, TimeInForce
from settlespec.flows.session import Session
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from settlespec.proofs.ideal import IdealProofs
from settlespec.proofs.interface import Deployment, ProofSystem
from settlespec.proofs.witnessed import WitnessProofs
from settlespec.settlement.base_layer import first_layer
from settlespec.settlement.chain import BaseLayerParameters, Published, Transaction
from settlespec.settlement.contract import Called
from settlespec.settlement.rollup import Settings, Status, ValidityRollup
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_calls import (
    Call,
    ForceOrder,
    ForceWithdrawal,
    Freeze,
    MakeDeposit,
    sender_of,
)
from settlespec.settlement.validity_refusals import Paid, Refusal, Refused
from settlespec.settlement.validity_registry import Registry, ValidityParameters
from settlespec.settlement.ways_out import bodies, claim_call, escape_call, events, recovered
from tests.settlement.ledger import Constant

SIGNER = Ideal(b"town")
ROLLUP = "rollup"
OPERATOR = "operator"
SLOT = 12_000
WINDOW = 10 * SLOT
WALLET = 1_000
OWNERS = 6
TINY = BaseLayerParameters(finality_depth=5, reorg_limit=3, blob_retention=10)
PARAMETERS = ValidityParameters(OPERATOR, window=WINDOW, max_ahead=2 * SLOT, max_behind=6 * SLOT, max_unproven=20)
EVERYTHING = 10**9
EACH_BLOCK = SealingPolicy(operations=1_000, age=SLOT // 2)
"""A batch has what came between two blocks."""


def deployment(body: Body = Body.LOG, genesis: Genesis | None = None) -> Deployment:
    """Without another genesis the preset `minimal`."""
    return Deployment(SHA256, genesis or minimal(SIGNER), SIGNER, body)


def wallets() -> Map[bytes, int]:
    return Map({SIGNER.key(owner): WALLET for owner in range(OWNERS)})


def contract(
    body: Body = Body.LOG,
    parameters: ValidityParameters = PARAMETERS,
    proofs: ProofSystem | None = None,
    genesis: Genesis | None = None,
) -> ValidityContract:
    made_for = deployment(body, genesis)
    return ValidityContract.deployed(parameters, made_for, proofs or IdealProofs(made_for, b"secret"), wallets())


class Town(ValidityRollup):
    """A rollup with everything around it."""

    def __init__(
        self,
        body: Body = Body.LOG,
        settings: Settings | None = None,
        parameters: ValidityParameters = PARAMETERS,
        layer: BaseLayerParameters = TINY,
        witness: bool = False,
        genesis: Genesis | None = None,
    ) -> None:
        made_for = deployment(body, genesis)
        proofs: ProofSystem = WitnessProofs(made_for) if witness else IdealProofs(made_for, b"secret")
        base = first_layer({ROLLUP: contract(body, parameters, proofs, genesis)}, layer, Constant())
        session = Session(made_for.genesis, SIGNER)
        super().__init__(session, base, ROLLUP, proofs, settings or Settings(EACH_BLOCK))

    # Owners on the base layer

    def ask(self, owner: int, call: Call) -> Transaction:
        return self.send(sender_of(SIGNER.key(owner)), call)

    def deposit(self, owner: int, amount: int) -> Transaction:
        return self.ask(owner, MakeDeposit(owner, amount))

    def force(self, owner: int, amount: int = EVERYTHING) -> Transaction:
        return self.ask(owner, ForceWithdrawal(owner, amount))

    def force_order(self, owner: int, side: Side, size: int, price: int, instrument: int = 1) -> Transaction:
        return self.ask(owner, ForceOrder(owner, instrument, side, size, price))

    def funded(self, amounts: Mapping[int, int]) -> "Town":
        """Owners have paid in, and the rollup has taken it."""
        for owner, amount in amounts.items():
            self.deposit(owner, amount)
        self.advance()
        return self

    # Owners on the rollup

    def round(self, marks: Mapping[int, int] | None = None) -> None:
        """A whole clearing round at the clock of the base layer."""
        self.tick()
        for operation in self.session.clearing_round(dict(marks or {})):
            self.submit(operation)
        self.receive()

    def tick(self) -> None:
        for operation in self.session.tick(max(self.layer.clock, self.session.state.marks_time + 1)):
            self.submit(operation)

    def order(self, owner: int, side: Side, size: int, price: int, name: int = 0, immediate: bool = False) -> int:
        lifetime = TimeInForce.IMMEDIATE_OR_CANCEL if immediate else TimeInForce.GOOD_TILL_TIME
        return self.submit(self.session.limit(owner, 1, name, side, size, price, lifetime))

    def trade(self, buyer: int, seller: int, size: int, price: int) -> int:
        """The number of the operation in which the two trade."""
        self.order(seller, Side.SELL, size, price)
        return self.order(buyer, Side.BUY, size, price, immediate=True)

    @property
    def now(self) -> int:
        """The time at which the rollup executes what comes next."""
        return max(self.session.state.clock, self.layer.clock)

    def withdraw(self, owner: int, amount: int) -> int:
        session = self.session
        wish = Withdraw(owner, session.next_nonce(owner), self.now, amount, b"")
        return self.submit(session.sign(wish))

    def transfer(self, owner: int, recipient: int, amount: int) -> int:
        session = self.session
        wish = Transfer(owner, session.next_nonce(owner), self.now, recipient, amount, b"")
        return self.submit(session.sign(wish))

    # Leaving

    def exit_tree(self) -> Tree:
        """The tree of the exit root, from the bytes on the chain alone."""
        tree = recovered(self.registry.deployment, bodies(self.layer, self.address))
        assert tree.root() == self.registry.exit.new_root
        return tree

    def claim(self, index: int, by: int = 0) -> Transaction:
        call = claim_call(self.exit_tree(), self.registry.exit.number, index)
        assert call is not None
        return self.ask(by, call)

    def escape(self, account: int, by: int | None = None) -> Transaction | None:
        call = escape_call(self.exit_tree(), account)
        return None if call is None else self.ask(account if by is None else by, call)

    def freeze(self, index: int, by: int = 0) -> Transaction:
        return self.ask(by, Freeze(index))

    # Looking

    def wallet(self, owner: int) -> int:
        return self.registry.vault.wallets.get(SIGNER.key(owner), 0)

    def payouts(self) -> list[Paid]:
        return [event for event in events(self.layer, self.address) if isinstance(event, Paid)]

    def refused(self, transaction: Transaction) -> bool:
        return self.layer.receipts[transaction.id].reverted

    def statuses(self) -> list[Status]:
        return [self.status(number) for number in range(len(self.chain.places))]

    def until_final(self, number: int, blocks: int = 30) -> int:
        """How many blocks it takes until an operation is final."""
        for made in range(blocks):
            if self.status(number) is Status.FINAL:
                return made
            self.advance()
        raise AssertionError(f"operation {number} is {self.status(number)} after {blocks} blocks")

    def try_call(self, sender: str, call: object, published: Published | None = None, later: int = 0) -> Called:
        """What the contract would do now, asked directly."""
        opening = evolve(self.layer.last_block.opening, time=self.layer.clock + later)
        return ValidityContract(self.registry).call(opening, sender, call, published or Published())

    def reason(self, sender: str, call: object, published: Published | None = None, later: int = 0) -> Refusal | None:
        """Why the contract would refuse it now; None when it would not."""
        called = self.try_call(sender, call, published, later)
        if not called.reverted:
            return None
        (refused,) = called.events
        assert isinstance(refused, Refused)
        assert called.contract == ValidityContract(self.registry)
        return refused.reason


def total(registry: Registry) -> int:
    """All money of the base layer: wallets and the vault."""
    return sum(registry.vault.wallets.values()) + registry.vault.balance
