"""The skeletons that shapes are made of: a few people with money, positions and orders, whose amounts are any.

What an invariant says of a state and what can be computed is computed, not drawn: the vault is the sum of what is held, whoever takes the
other side holds what is left, and the totals of open orders are those of the book.
"""

from typing import Final

from attrs import evolve
from immutables import Map

from settlespec.domain.accounts import Account, OpenOrders, Position
from settlespec.domain.books import EMPTY_BOOK, Book
from settlespec.domain.instruments import Instrument, Market, earliest_expiry
from settlespec.domain.ladder import ladder_of
from settlespec.domain.messages import Cause, Claim, Deposit, Inbox, Message, Outbox, Received
from settlespec.domain.operations import OracleSignature, Signed
from settlespec.domain.orders import Order, Side
from settlespec.domain.parameters import Parameters
from settlespec.domain.quantities import AMOUNT, IDENTIFIER, MAX_AMOUNT, MAX_SIZE, PRICE, TIME, Range
from settlespec.domain.rounds import Round, Stage
from settlespec.domain.state import State
from settlespec.engines.judging import SIGNER
from settlespec.machine.genesis import ORACLE_SEED, dated_future, perpetual, standard
from settlespec.machine.markets import linear_market
from settlespec.shapes.statement import Amounts
from settlespec.wire.signing import signed_bytes

MONEY: Final = Range(-MAX_AMOUNT, MAX_AMOUNT)
COUNTED: Final = Range(0, 2**64 - 1)
FUND: Final = Range(0, MAX_AMOUNT)
MARK: Final = 100_000
"""Where a mark is concrete it is this one, in quantums per lot."""

PERPETUAL: Final = perpetual(1, 1, price_step=10, cap=MAX_SIZE)
"""The terms of the standard preset; no cap but the range of a size."""

EXPIRY: Final = 10**9

FUTURE: Final = dated_future(2, 1, EXPIRY, price_step=10, cap=MAX_SIZE)
"""On the perpetual's underlying."""

LAST_ARRIVAL: Final = 100
"""Above every arrival that a skeleton writes down."""


class Skeleton:
    """A state in the making.

    Args:
        amounts: where its amounts come from.
        instruments: what is listed.
        mark: of every instrument; None lets each have any.
    """

    def __init__(
        self, amounts: Amounts, instruments: tuple[Instrument, ...] = (PERPETUAL,), mark: int | None = None
    ) -> None:
        self.amounts = amounts
        self.parameters: Parameters = standard(SIGNER).parameters
        self.markets: dict[int, Market] = {
            terms.id: linear_market(terms, amounts.integer(f"mark of {terms.id}", PRICE) if mark is None else mark)
            for terms in instruments
        }
        self.clock = amounts.integer("clock", TIME)
        self.marks_time = amounts.integer("marks time", TIME)
        self.money: dict[int, int] = {}
        self.positions: dict[int, dict[int, Position]] = {}
        self.longs: dict[int, int] = {}
        self.orders: list[Order] = []
        self.claims: list[Claim] = []
        self.waiting: list[Received] = []
        self.breaches: dict[int, int] = {}
        self.pool = 0
        """What the funding pool holds."""
        self.round: Round | None = None

    def account(self, number: int) -> "Skeleton":
        """Somebody with any amount of collateral, any nonce, and nothing else yet."""
        self.money[number] = self.amounts.integer(f"collateral of {number}", MONEY)
        self.positions[number] = {}
        return self

    def holds(self, long: int, short: int, instrument: int = 1, most: int = MAX_SIZE) -> "Skeleton":
        """One account holds any number of lots and another the other side, each at any cost."""
        lots = self.amounts.integer(f"lots of {long} in {instrument}", Range(1, most))
        self.longs[instrument] = self.longs.get(instrument, 0) + lots
        for number, size in ((long, lots), (short, -lots)):
            cost = self.amounts.integer(f"cost of {number} in {instrument}", MONEY)
            self.positions[number][instrument] = Position(size, cost)
        return self

    def shares(self, long: int, shorts: tuple[int, int]) -> "Skeleton":
        """One account holds any number of lots of the perpetual, and two others the other side together, each at any cost."""
        parts = [self.amounts.integer(f"lots of {short}", Range(1, MAX_SIZE // 2)) for short in shorts]
        self.longs[1] = self.longs.get(1, 0) + sum(parts)
        for number, size in ((long, sum(parts)), *zip(shorts, (-part for part in parts), strict=True)):
            self.positions[number][1] = Position(size, self.amounts.integer(f"cost of {number}", MONEY))
        return self

    def rests(
        self,
        arrival: int,
        owner: int,
        side: Side,
        price: int,
        *,
        instrument: int = 1,
        reduce_only: bool = False,
        most: int = MAX_SIZE,
    ) -> Order:
        """An order of any size, filled as far as may be, good till any time; its client id is its arrival."""
        size = self.amounts.integer(f"size of order {arrival}", Range(1, most))
        filled = self.amounts.integer(f"filled of order {arrival}", Range(0, most - 1))
        self.amounts.assume(filled < size)
        good_till = self.amounts.integer(f"good till of order {arrival}", TIME)
        order = Order(arrival, owner, arrival, instrument, side, price, size, filled, good_till, reduce_only)
        self.orders.append(order)
        return order

    def owes_claim(self, owner: int) -> "Skeleton":
        """A claim of any amount waits in the outbox."""
        index = len(self.claims)
        amount = self.amounts.integer(f"claim {index}", AMOUNT)
        self.claims.append(Claim(index, owner, SIGNER.key(owner), amount, Cause.WITHDRAWAL))
        return self

    def waits(self, message: Message) -> "Skeleton":
        """A message waits in the inbox."""
        self.waiting.append(Received(self.amounts.integer(f"time of message {len(self.waiting)}", TIME), message))
        return self

    def deposit(self, owner: int, key: int) -> Deposit:
        """A deposit of any amount."""
        return Deposit(owner, SIGNER.key(key), self.amounts.integer(f"deposit to {owner}", AMOUNT))

    def state(self) -> State:
        """The state: what follows from the rest is computed."""
        amounts = self.amounts
        insurance, treasury = amounts.integer("insurance", FUND), amounts.integer("treasury", FUND)
        unpaid = sum(claim.amount for claim in self.claims)
        uncredited = sum(each.message.amount for each in self.waiting if isinstance(each.message, Deposit))
        accounts = {number: self._account(number) for number in self.money}
        cash = sum(
            account.collateral - sum(position.cost for position in account.positions.values())
            for account in accounts.values()
        )
        taken = 1
        return State(
            parameters=self.parameters,
            clock=self.clock,
            accounts=Map(accounts),
            holders=ladder_of(number for number, held in self.positions.items() if held),
            breaches=Map(self.breaches),
            markets=Map(self.markets),
            books=Map({name: self._book(name) for name in self.markets}),
            next_arrival=LAST_ARRIVAL,
            insurance=insurance,
            treasury=treasury,
            funding_pool=self.pool,
            vault=cash + insurance + treasury + self.pool + unpaid + uncredited + self._within_round(),
            inbox=Inbox(
                Map({taken + place: received for place, received in enumerate(self.waiting)}),
                taken,
                taken + len(self.waiting),
                uncredited,
            ),
            outbox=Outbox(Map({claim.index: claim for claim in self.claims}), len(self.claims), unpaid),
            next_expiry=earliest_expiry(self.markets),
            round_number=amounts.integer("round number", IDENTIFIER),
            marks_time=self.marks_time,
            round=self.round,
        )

    def _within_round(self) -> int:
        """What a round has still to pay out for expired instruments, less what gains still owe."""
        if self.round is None:
            return 0
        expired = {name: market.mark for name, market in self.markets.items() if market.expired}
        lots = sum(
            held[name].size * mark for held in self.positions.values() for name, mark in expired.items() if name in held
        )
        return lots - (self.round.owed - self.round.collected)

    def in_round(self, stage: Stage, **fields: object) -> "Skeleton":
        """A round is open at this stage; what is not named is as a round begins."""
        amounts = self.amounts
        usual = Round(
            number=amounts.integer("number of the round", IDENTIFIER),
            timestamp=amounts.integer("timestamp", TIME),
            quotes=Map(),
            elapsed=amounts.integer("elapsed", TIME),
            stage=stage,
            holder=None,
            tasks=(),
            cursor=0,
            gains=Map(),
            total_gain=0,
            defaulted=(),
            owed=0,
            collected=0,
            breaches=(),
            attempts=0,
            micro_steps=amounts.integer("micro-steps", COUNTED),
        )
        self.round = evolve(usual, **fields)  # type: ignore[arg-type]
        return self

    def _account(self, number: int) -> Account:
        nonce = self.amounts.integer(f"nonce of {number}", IDENTIFIER)
        mine = [order for order in self.orders if order.account == number]
        orders = {name: _open_orders(mine, name) for name in sorted({order.instrument for order in mine})}
        return Account(SIGNER.key(number), self.money[number], Map(self.positions[number]), Map(orders), nonce)

    def _book(self, name: int) -> Book:
        book = evolve(EMPTY_BOOK, open_interest=self.longs.get(name, 0))
        for order in self.orders:
            if order.instrument == name:
                book = book.insert(order)
        return book


def _open_orders(orders: list[Order], name: int) -> OpenOrders:
    mine = [order for order in orders if order.instrument == name]
    return OpenOrders(
        Map({order.client_id: order.arrival for order in mine}),
        sum(order.remaining for order in mine if order.side is Side.BUY),
        sum(order.remaining for order in mine if order.side is Side.SELL),
        sum(order.remaining for order in mine if order.reduce_only),
    )


def company(amounts: Amounts, mark: int | None = None) -> Skeleton:
    """Three people: the first is long, the second short, the third has money; a bid and an ask rest, and a claim waits."""
    skeleton = Skeleton(amounts, mark=mark).account(1).account(2).account(3).holds(1, 2)
    skeleton.rests(10, 1, Side.BUY, MARK - 1_000)
    skeleton.rests(11, 2, Side.SELL, MARK + 1_000)
    return skeleton.owes_claim(3)


def signed(amounts: Amounts, state: State, operation: Signed) -> Signed:
    """The operation signed by its owner, or by somebody else."""
    signer = operation.account if amounts.either("signed by the owner") else operation.account + 1
    content = signed_bytes(state.parameters.chain, state.parameters.rollup, operation)
    return evolve(operation, signature=SIGNER.sign(signer, content))


def signed_by_oracles(state: State, statement: object, oracles: tuple[int, ...]) -> tuple[OracleSignature, ...]:
    """The signatures of these oracles on a statement."""
    content = signed_bytes(state.parameters.chain, state.parameters.rollup, statement)  # type: ignore[arg-type]
    return tuple(OracleSignature(place, SIGNER.sign(ORACLE_SEED + place, content)) for place in oracles)
