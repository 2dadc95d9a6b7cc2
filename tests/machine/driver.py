"""A small exchange that tests talk to by people's names.

By default nothing costs a fee, every mark is 100, a lot needs 10 quantums of maintenance and 20 of initial requirement, the band
reaches from 50 to 150, and a liquidation may trade from 80 to 120. What a test is about it changes by name.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from attrs import evolve, frozen

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import FLAT, NO_ORDERS, Account
from settlespec.domain.events import Event
from settlespec.domain.instruments import (
    Instrument,
    InstrumentKind,
    Quote,
    RoundStatement,
    SettlementStatement,
)
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal, Message
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
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import Order, OrderKind, SelfTrade, Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.parameters import Parameters
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State
from settlespec.machine.custody import free
from settlespec.machine.draft import Draft
from settlespec.machine.exchange import step
from settlespec.machine.genesis import ORACLE_SEED, Genesis, initial_state, oracles
from settlespec.machine.markets import RIGHTS, is_due
from settlespec.machine.signatures import Ideal, Signer
from settlespec.machine.standing import Standing
from settlespec.rules import margin
from settlespec.wire.signing import signed_bytes
from tests.machine.soundness import assert_sound, worth

FOREVER: Final = 2**53 - 1
MARK: Final = 100
STREET: Final = "street"
"""Who takes the other side when somebody just has to hold a position."""

GOOD_TILL_TIME = TimeInForce.GOOD_TILL_TIME
IMMEDIATE = TimeInForce.IMMEDIATE_OR_CANCEL
FILL_OR_KILL = TimeInForce.FILL_OR_KILL

Kind = TypeVar("Kind")


@frozen
class Answer:
    """What the machine said to one operation, or to the operations of one whole round."""

    reason: Reason | None
    events: tuple[Event, ...]

    @property
    def accepted(self) -> bool:
        return self.reason is None

    def all(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def only(self, kind: type[Kind]) -> Kind:
        """The one event of its kind."""
        (event,) = self.all(kind)
        return event


def instrument(number: int, underlying: int, **terms: Any) -> Instrument:
    """A perpetual with round figures, changed by name."""
    plain: dict[str, Any] = {
        "kind": InstrumentKind.PERPETUAL,
        "reference": number,
        "strike": 0,
        "expiry": 0,
        "short_minimum_ppm": 0,
        "price_step": 1,
        "maintenance_ppm": 90_000,
        "basis_ppm": 10_000,
        "taker_fee_ppm": 0,
        "maker_fee_ppm": 0,
        "band_steps": 1,
        "band_ppm": PPM // 2,
        "funding_cap_ppm": PPM,
        "liquidation_slip_ppm": PPM // 5,
        "liquidation_fee_ppm": 0,
        "max_price": 100_000,
        "max_order": 1_000,
        "max_position": 1_000_000,
        "surcharge_from": 10**9,
        "surcharge_to": 10**9 + 1,
        "surcharge_ppm": 0,
    }
    return Instrument(id=number, underlying=underlying, **{**plain, **terms})


def future(number: int, underlying: int = 1, *, expiry: int, **terms: Any) -> Instrument:
    """A dated future with the same round figures."""
    return instrument(
        number, underlying, **{"kind": InstrumentKind.FUTURE, "expiry": expiry, "funding_cap_ppm": 0, **terms}
    )


def option(
    number: int, kind: InstrumentKind, strike: int, *, expiry: int, reference: int = 1, **terms: Any
) -> Instrument:
    """A European option on instrument 1 and its underlying, whose writer needs at least one quantum a lot."""
    plain = {"short_minimum_ppm": 10_000, "funding_cap_ppm": 0, "underlying": 1, **terms}
    return instrument(number, kind=kind, strike=strike, expiry=expiry, reference=reference, **plain)


def plain_genesis(signer: Signer, terms: Mapping[str, Any], parameters: Mapping[str, Any]) -> Genesis:
    """Instruments 1 and 2 share an underlying, instrument 3 has its own.

    `listed` adds instruments behind them, and `marks` the marks of these. A first array says that an option is worth its payoff.
    """
    plain: dict[str, Any] = {
        "chain": 7,
        "rollup": 9,
        "oracles": oracles(signer),
        "self_trade": SelfTrade.CANCEL_MAKER,
        "initial_factor_ppm": 2 * PPM,
        "max_age": 60_000,
        "round_deadline": 120_000,
        "patience": 2,
        "max_matches": 8,
        "max_removals": 8,
        "max_orders_per_account": 8,
        "max_orders_per_book": 16,
        "max_accounts": 10,
        "max_inbox": 8,
        "max_vault": 10**12,
    }
    parameters = dict(parameters)
    added: tuple[Instrument, ...] = parameters.pop("listed", ())
    marks: tuple[int, ...] = parameters.pop("marks", (MARK,) * len(added))
    basics = tuple(instrument(number, underlying, **terms) for number, underlying in ((1, 1), (2, 1), (3, 2)))
    values = dict(zip((terms.id for terms in basics + added), (MARK,) * len(basics) + marks, strict=True))
    arrays = tuple(
        intrinsic_losses(each, values[each.id], values[each.reference]) for each in added if each.kind.is_option
    )
    return Genesis(Parameters(**{**plain, **parameters}), basics + added, tuple(values.values()), losses=arrays)


def intrinsic_losses(terms: Instrument, mark: int, reference: int) -> tuple[int, ...]:
    """The array of an option that is worth its payoff at each moved price: the most that a long lot can lose."""
    right = RIGHTS[terms.kind]
    scale = margin.RISK_SCALE
    losses = []
    for thirds, share in zip(margin.THIRDS, margin.SHARES, strict=True):
        moved = margin.moved_price(reference, terms.maintenance_ppm, thirds * share)
        losses.append((mark * scale - max(right * (moved - terms.strike * scale), 0)) // share)
    return tuple(losses)


class Machine:
    """The exchange, its people and its oracles. Setting up gives the machine back, everything else the answer."""

    def __init__(
        self,
        signer: Signer | None = None,
        *,
        terms: Mapping[str, Any] | None = None,
        genesis: Genesis | None = None,
        **parameters: Any,
    ) -> None:
        self.signer: Signer = signer or Ideal()
        self.state: State = initial_state(genesis or plain_genesis(self.signer, terms or {}, parameters))
        self.names: dict[str, int] = {}
        self.client_id = 0

    # Reading

    def number(self, name: str) -> int:
        """The account of a person; whoever is first named gets the next number."""
        return self.names.setdefault(name, len(self.names) + 1)

    def key(self, name: str) -> bytes:
        return self.signer.key(self.number(name))

    def account(self, name: str) -> Account:
        return self.state.accounts[self.number(name)]

    def collateral(self, name: str) -> int:
        return self.account(name).collateral

    def position(self, name: str, instrument: int = 1) -> int:
        return self.account(name).positions.get(instrument, FLAT).size

    def equity(self, name: str) -> int:
        return worth(self.state, self.number(name))

    def standing(self, name: str) -> Standing:
        return Draft(self.state).standing(self.account(name))

    def free_collateral(self, name: str) -> int:
        return free(Draft(self.state), self.account(name))

    def resting(self, name: str, instrument: int = 1) -> list[Order]:
        """The person's live orders, by arrival."""
        held = self.account(name).orders.get(instrument, NO_ORDERS)
        return [self.state.books[instrument].orders[arrival] for arrival in sorted(held.arrivals.values())]

    def levels(self, side: Side, instrument: int = 1) -> list[tuple[int, int]]:
        """Price and lots of each resting order of one side, best first."""
        found, order = [], self.state.books[instrument].best(side)
        while order is not None:
            found.append((order.price, order.remaining))
            order = self.state.books[instrument].behind(order)
        return found

    # Asking

    def submit(self, operation: Operation) -> Answer:
        """One step; a state that is accepted is sound, and a rejection leaves the very same state."""
        before = self.state
        outcome = step(before, operation, self.signer)
        if not isinstance(outcome, Accepted):
            assert self.state is before
            return Answer(outcome.reason, ())
        self.state = outcome.state
        assert_sound(self.state)
        return Answer(None, outcome.events)

    def sign(
        self, operation: Signed, by: str | None = None, chain: int | None = None, rollup: int | None = None
    ) -> Any:
        """The operation with its owner's signature, or with that of somebody else, or for elsewhere."""
        here = self.state.parameters
        content = signed_bytes(
            here.chain if chain is None else chain, here.rollup if rollup is None else rollup, operation
        )
        seed = operation.account if by is None else self.number(by)
        return evolve(operation, signature=self.signer.sign(seed, content))

    def envelope(self, name: str) -> tuple[int, int, int]:
        """Account, next nonce and a validity that ends only now."""
        account = self.state.accounts.get(self.number(name))
        return self.number(name), 1 if account is None else account.nonce + 1, self.state.clock

    def order(
        self,
        name: str,
        lots: int,
        price: int | None = MARK,
        *,
        instrument: int = 1,
        client_id: int | None = None,
        time_in_force: TimeInForce | None = None,
        good_till: int | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> Place:
        """A signed order, bought lots positive; without a price it is a market order."""
        kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
        lifetime = time_in_force or (IMMEDIATE if price is None else GOOD_TILL_TIME)
        if client_id is None:
            self.client_id += 1
            client_id = self.client_id
        if good_till is None:
            good_till = FOREVER if lifetime is GOOD_TILL_TIME else 0
        side = Side.BUY if lots > 0 else Side.SELL
        account, nonce, valid_until = self.envelope(name)
        operation = Place(
            account=account,
            nonce=nonce,
            valid_until=valid_until,
            instrument=instrument,
            client_id=client_id,
            side=side,
            size=abs(lots),
            kind=kind,
            price=price or 0,
            time_in_force=lifetime,
            good_till=good_till,
            post_only=post_only,
            reduce_only=reduce_only,
            signature=b"",
        )
        signed: Place = self.sign(operation)
        return signed

    def place(self, name: str, lots: int, price: int | None = MARK, **terms: Any) -> Answer:
        return self.submit(self.order(name, lots, price, **terms))

    def cancel(self, name: str, client_id: int, instrument: int = 1) -> Answer:
        return self.submit(self.sign(Cancel(*self.envelope(name), instrument, client_id, b"")))

    def replace(
        self, name: str, client_id: int, size: int, price: int = MARK, *, instrument: int = 1, good_till: int = FOREVER
    ) -> Answer:
        operation = Replace(*self.envelope(name), instrument, client_id, size, price, good_till, b"")
        return self.submit(self.sign(operation))

    def withdraw(self, name: str, amount: int) -> Answer:
        return self.submit(self.sign(Withdraw(*self.envelope(name), amount, b"")))

    def transfer(self, name: str, recipient: str, amount: int) -> Answer:
        return self.submit(self.sign(Transfer(*self.envelope(name), self.number(recipient), amount, b"")))

    def receive(self, message: Message) -> Answer:
        return self.submit(Receive(self.state.clock, message))

    def take(self) -> Answer:
        return self.submit(Take())

    def forces_withdrawal(self, name: str, amount: int, *, by: str | None = None) -> Answer:
        """A forced withdrawal enters the inbox and is taken."""
        assert self.receive(ForcedWithdrawal(self.number(name), self.key(by or name), amount)).accepted
        return self.take()

    def forces_order(
        self, name: str, lots: int, price: int = MARK, *, instrument: int = 1, by: str | None = None
    ) -> Answer:
        """A forced order enters the inbox and is taken."""
        side = Side.BUY if lots > 0 else Side.SELL
        message = ForcedOrder(self.number(name), self.key(by or name), instrument, side, abs(lots), price)
        assert self.receive(message).accepted
        return self.take()

    def statement(
        self, marks: Mapping[int, int] | None = None, rates: Mapping[int, int] | None = None, **fields: Any
    ) -> Any:
        """The oracles' next statement, at the clock's time; an instrument that is left out keeps its mark, an option its payoff's array."""
        markets, here = self.state.markets, self.state.parameters
        values = {name: (marks or {}).get(name, market.mark) for name, market in markets.items()}
        quotes = tuple(
            Quote(
                name,
                values[name],
                (rates or {}).get(name, 0),
                intrinsic_losses(terms, values[name], values[terms.reference]) if terms.kind.is_option else (),
            )
            for name, terms in sorted((name, market.instrument) for name, market in markets.items())
            if not is_due(terms, self.state.clock)
        )
        said = RoundStatement(here.chain, here.rollup, self.state.round_number + 1, self.state.clock, quotes)
        return evolve(said, **fields)

    def begin(self, statement: RoundStatement, oracles: tuple[int, ...] = (0, 1)) -> Answer:
        """A round begins with a statement that these oracles sign."""
        return self.submit(BeginRound(statement, self.signed_by(oracles, statement)))

    def settlement(self, instrument: int, value: int, **fields: Any) -> Any:
        """What the oracles say that an instrument is settled at."""
        here, terms = self.state.parameters, self.state.markets[instrument].instrument
        return evolve(SettlementStatement(here.chain, here.rollup, instrument, terms.expiry, value), **fields)

    def fix(self, statement: SettlementStatement, oracles: tuple[int, ...] = (0, 1)) -> Answer:
        """A settlement value is fixed by a statement that these oracles sign."""
        return self.submit(FixSettlement(statement, self.signed_by(oracles, statement)))

    def signed_by(
        self, oracles: tuple[int, ...], statement: RoundStatement | SettlementStatement
    ) -> tuple[OracleSignature, ...]:
        """These oracles' signatures on a statement."""
        content = signed_bytes(self.state.parameters.chain, self.state.parameters.rollup, statement)
        return tuple(OracleSignature(place, self.signer.sign(ORACLE_SEED + place, content)) for place in oracles)

    def proceed(self, micro_steps: int = 1) -> Answer:
        return self.submit(ContinueRound(micro_steps))

    def round(
        self, marks: Mapping[int, int] | None = None, rates: Mapping[int, int] | None = None, *, after: int = 1_000
    ) -> Answer:
        """A whole round some milliseconds later, one micro-step at a time, with all its events."""
        self.wait(after)
        begun = self.begin(self.statement(marks, rates))
        assert begun.accepted, begun.reason
        events = begun.events
        while self.state.round is not None:
            events += self.proceed().events
        return Answer(None, events)

    # Setting up

    def deposit(self, name: str, amount: int) -> "Machine":
        """Money comes in and is credited."""
        before = self.state.accounts.get(self.number(name))
        assert self.receive(Deposit(self.number(name), self.key(name), amount)).accepted
        assert self.take().accepted
        assert self.collateral(name) == (0 if before is None else before.collateral) + amount
        return self

    def insures(self, amount: int) -> "Machine":
        """The insurance fund holds so much from earlier rounds."""
        self.state = evolve(self.state, insurance=amount, vault=self.state.vault + amount - self.state.insurance)
        return self

    def settles(self, instrument: int, value: int) -> "Machine":
        """Time runs to the instrument's expiry, and its settlement value is fixed."""
        self.wait(max(self.state.markets[instrument].instrument.expiry - self.state.clock, 0))
        answer = self.fix(self.settlement(instrument, value))
        assert answer.accepted, answer.reason
        return self

    def wait(self, milliseconds: int) -> "Machine":
        assert self.submit(Tick(self.state.clock + milliseconds)).accepted
        return self

    def rests(self, name: str, lots: int, price: int, **terms: Any) -> "Machine":
        """An order that joins the book whole."""
        answer = self.place(name, lots, price, **terms)
        assert answer.accepted, answer.reason
        assert self.resting(name, terms.get("instrument", 1))[-1].remaining == abs(lots)
        return self

    def opens(
        self, name: str, lots: int, price: int = MARK, *, instrument: int = 1, against: str = STREET
    ) -> "Machine":
        """A position, taken over from somebody with money enough; the mark does not move."""
        if self.number(against) not in self.state.accounts:
            self.deposit(against, 10**9)
        before = self.position(name, instrument)
        self.rests(against, -lots, price, instrument=instrument)
        answer = self.place(name, lots, price, instrument=instrument, time_in_force=IMMEDIATE)
        assert answer.accepted, answer.reason
        assert self.position(name, instrument) == before + lots
        return self
