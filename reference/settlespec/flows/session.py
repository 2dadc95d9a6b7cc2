"""An exchange that is being fed: it signs what its numbered owners say, steps, and tells its subscribers."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from attrs import evolve

from settlespec.domain.accounts import NO_ORDERS
from settlespec.domain.instruments import RoundStatement, SettlementStatement
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    FixSettlement,
    Operation,
    OracleSignature,
    Place,
    Receive,
    Replace,
    Signed,
    Take,
    Tick,
)
from settlespec.domain.orders import Order, OrderKind, Side, TimeInForce
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.quantities import TIME
from settlespec.domain.state import State
from settlespec.flows.oracles import Oracles, settlements_due
from settlespec.machine.exchange import step
from settlespec.machine.genesis import ORACLE_SEED, Genesis, initial_state
from settlespec.machine.signatures import Signer
from settlespec.wire.signing import signed_bytes

Subscriber = Callable[[State, Operation, Outcome], None]
"""Told of every step: the state before it, the operation, and the answer."""

SignedOperation = TypeVar("SignedOperation", bound=Signed)

MICRO_STEPS = 256
"""How many micro-steps of a round one operation asks for, unless a flow says otherwise."""

FOREVER = TIME.high
"""A lifetime that never ends."""


class Session:
    """One run of the machine: its state now, and the keys of its owners (account number = signer number) and oracles."""

    def __init__(self, genesis: Genesis, signer: Signer) -> None:
        self.state = initial_state(genesis)
        self.signer = signer
        self.oracles = Oracles()
        """Who marks the instruments; a flow whose options are more volatile puts others in their place."""
        self.subscribers: list[Subscriber] = []

    def submit(self, operation: Operation) -> Outcome:
        """Step once and tell every subscriber."""
        before = self.state
        outcome = step(before, operation, self.signer)
        if isinstance(outcome, Accepted):
            self.state = outcome.state
        for subscriber in self.subscribers:
            subscriber(before, operation, outcome)
        return outcome

    def sign(self, operation: SignedOperation) -> SignedOperation:
        """The operation with its owner's signature."""
        parameters = self.state.parameters
        content = signed_bytes(parameters.chain, parameters.rollup, operation)
        return evolve(operation, signature=self.signer.sign(operation.account, content))

    def signed_by_oracles(self, statement: RoundStatement | SettlementStatement) -> tuple[OracleSignature, ...]:
        """As many oracles' signatures on a statement as are needed."""
        parameters = self.state.parameters
        content = signed_bytes(parameters.chain, parameters.rollup, statement)
        return tuple(
            OracleSignature(place, self.signer.sign(ORACLE_SEED + place, content))
            for place in range(parameters.oracles.threshold)
        )

    def next_nonce(self, account: int) -> int:
        """The nonce that the account's next message needs."""
        return self.state.accounts[account].nonce + 1

    def order(self, account: int, instrument: int, client_id: int) -> Order | None:
        """The account's live order of this name."""
        found = self.state.accounts[account].orders.get(instrument, NO_ORDERS).arrivals.get(client_id)
        return None if found is None else self.state.books[instrument].orders[found]

    def limit(
        self,
        account: int,
        instrument: int,
        client_id: int,
        side: Side,
        size: int,
        price: int,
        time_in_force: TimeInForce = TimeInForce.GOOD_TILL_TIME,
        *,
        good_till: int = FOREVER,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> Place:
        """A signed limit order."""
        rests = time_in_force is TimeInForce.GOOD_TILL_TIME
        return self.sign(
            Place(
                account,
                self.next_nonce(account),
                self.state.clock,
                instrument,
                client_id,
                side,
                size,
                OrderKind.LIMIT,
                price,
                time_in_force,
                good_till if rests else 0,
                post_only,
                reduce_only,
                b"",
            )
        )

    def market(
        self,
        account: int,
        instrument: int,
        client_id: int,
        side: Side,
        size: int,
        time_in_force: TimeInForce = TimeInForce.IMMEDIATE_OR_CANCEL,
        *,
        reduce_only: bool = False,
    ) -> Place:
        """A signed market order."""
        nonce, clock = self.next_nonce(account), self.state.clock
        market = OrderKind.MARKET
        return self.sign(
            Place(
                account,
                nonce,
                clock,
                instrument,
                client_id,
                side,
                size,
                market,
                0,
                time_in_force,
                0,
                False,
                reduce_only,
                b"",
            )
        )

    def cancel(self, account: int, instrument: int, client_id: int) -> Cancel:
        """A signed cancellation."""
        return self.sign(Cancel(account, self.next_nonce(account), self.state.clock, instrument, client_id, b""))

    def replace(self, account: int, instrument: int, client_id: int, size: int, price: int) -> Replace:
        """A signed replacement."""
        nonce, clock = self.next_nonce(account), self.state.clock
        return self.sign(Replace(account, nonce, clock, instrument, client_id, size, price, FOREVER, b""))

    def deposit(self, account: int, amount: int) -> Iterator[Operation]:
        """The base layer's message with a deposit, and its taking."""
        yield Receive(self.state.clock, Deposit(account, self.signer.key(account), amount))
        yield Take()

    def tick(self, time: int) -> Iterator[Operation]:
        """The clock moves to a time, if that is later."""
        if time > self.state.clock:
            yield Tick(time)

    def clearing_round(
        self, marks: dict[int, int], rates: dict[int, int] | None = None, micro_steps: int = MICRO_STEPS
    ) -> Iterator[Operation]:
        """A whole clearing round: settlement values that are due, the oracles' statement at the clock's time, and as many
        continuations as it takes.

        Args:
            marks: quantums per lot, by instrument; a linear one that is left out keeps its mark, an option is priced.
            rates: funding rates in ppm per period, by instrument; 0 where left out.
            micro_steps: how many micro-steps each continuation asks for.
        """
        for settlement in settlements_due(self.state, marks):
            yield FixSettlement(settlement, self.signed_by_oracles(settlement))
        statement = self.oracles.statement(self.state, marks, rates or {})
        yield BeginRound(statement, self.signed_by_oracles(statement))
        while self.state.round is not None:
            yield ContinueRound(micro_steps)


class Flow(Protocol):
    """Where operations come from. A flow sees the session, so each operation can fit the state that it meets."""

    name: str
    """What the report calls it."""

    def genesis(self, signer: Signer) -> Genesis:
        """The deployment that the flow runs on."""
        ...

    def operations(self, session: Session) -> Iterator[Operation]:
        """The operations in order; each must be submitted to the session before the next is asked for."""
        ...

    def expected(self) -> int | None:
        """How many operations there will be, about; None when that is not known."""
        ...
