"""A state with as many accounts, positions and orders as wanted, built at once instead of by operations (rules CROWD-1, CROWD-2)."""

from typing import Final

from attrs import evolve, frozen
from immutables import Map

from settlespec.domain.accounts import Account, OpenOrders, Position
from settlespec.domain.books import Book, precedence
from settlespec.domain.ladder import ladder_of
from settlespec.domain.orders import Order, Side
from settlespec.domain.quantities import TIME
from settlespec.domain.state import State
from settlespec.machine.genesis import Genesis, initial_state, standard
from settlespec.machine.signatures import Signer
from settlespec.machine.standing import cash

RICH: Final = 10**12
"""Quantums of an account that nothing brings down."""

LOTS: Final = 100
"""Of each position and each order: a notional of ten million quantums."""

LEVELS: Final = 400
"""Price steps over which the orders of a side are spread, all inside the band."""

DEFAULTING, BREACHING = 300_000, 600_000
"""Equity of the weak: less than a fall of 4.8 % takes, and so much that it leaves less than the maintenance requirement."""

FALL_PPM: Final = 48_000
"""The fall of every mark that brings down the weak and leaves the best bids outside the band."""


STRIDE: Final = 7_919
"""Neighbours in the book or in the list of holders are this far apart in their numbers: a prime, so that no number comes twice."""


@frozen
class Crowd:
    """CROWD-1: how many there are of what. Each account has a place; the first ones hold positions, the last ones have one order each."""

    accounts: int
    orders: int
    pairs: int
    """Pairs of rich accounts with opposite positions, spread over the instruments."""
    weak: int = 0
    """Accounts, each long against a rich one, which a fall by `FALL_PPM` leaves by turns in default, in breach, and in breach beyond
    patience."""

    def genesis(self, signer: Signer) -> Genesis:
        """The deployment: the preset `standard`."""
        return standard(signer)

    def state(self, signer: Signer) -> State:
        """CROWD-2: the state, in which every total agrees with what it is the total of."""
        if 2 * (self.weak + self.pairs) > self.accounts or self.orders > self.accounts or self.accounts % STRIDE == 0:
            raise ValueError(f"more positions or orders than accounts, or a multiple of {STRIDE} accounts")
        empty = initial_state(self.genesis(signer))
        positions = self._positions(empty)
        orders = self._orders(empty)
        mine = {order.account: order for order in orders}
        named = ((self.name_of(place), self._equity(place)) for place in range(self.accounts))
        accounts = {
            name: account_of(signer.key(name), equity, positions.get(name), mine.get(name)) for name, equity in named
        }
        patience = empty.parameters.patience
        return evolve(
            empty,
            accounts=Map(accounts),
            holders=ladder_of(positions),
            breaches=Map(dict.fromkeys(map(self.name_of, range(2, self.weak, 3)), patience)),
            books=Map({name: book_of(name, orders, positions) for name in empty.markets}),
            next_arrival=self.orders,
            vault=sum(map(cash, accounts.values())),
        )

    def name_of(self, place: int) -> int:
        """The number of the account with this place: neighbours are scattered, as they are where people come and go."""
        return place * STRIDE % self.accounts

    def _equity(self, place: int) -> int:
        if place >= self.weak:
            return RICH
        return BREACHING if place % 3 else DEFAULTING

    def _positions(self, empty: State) -> dict[int, tuple[int, Position]]:
        """Instrument and position of each holder, at the mark: first the weak, then those against them, then pairs."""
        names = sorted(empty.markets)
        found = {}
        for place in range(2 * (self.weak + self.pairs)):
            among_weak = place < 2 * self.weak
            instrument = names[0] if among_weak else names[place // 2 % len(names)]
            long = place < self.weak if among_weak else place % 2 == 0
            size = LOTS if long else -LOTS
            found[self.name_of(place)] = (instrument, Position(size, size * empty.markets[instrument].mark))
        return found

    def _orders(self, empty: State) -> list[Order]:
        """Bids and asks of all instruments by turns, the first ones best."""
        names = sorted(empty.markets)
        made = []
        for arrival in range(self.orders):
            instrument = names[arrival % len(names)]
            market = empty.markets[instrument]
            side = Side.BUY if arrival // len(names) % 2 else Side.SELL
            away = 1 + arrival // (2 * len(names)) % LEVELS
            price = market.mark - side * away * market.instrument.price_step
            owner = self.name_of(self.accounts - 1 - arrival)
            made.append(Order(arrival, owner, 1, instrument, side, price, LOTS, 0, TIME.high, False))
        return made


def account_of(key: bytes, equity: int, held: tuple[int, Position] | None, order: Order | None) -> Account:
    """An account with at most one position, bought at the mark, and at most one order."""
    positions = {} if held is None else {held[0]: held[1]}
    buys = order.size if order is not None and order.side is Side.BUY else 0
    sells = order.size if order is not None and order.side is Side.SELL else 0
    orders = {} if order is None else {order.instrument: OpenOrders(Map({1: order.arrival}), buys, sells, 0)}
    return Account(key, equity, Map(positions), Map(orders), 0)


def book_of(instrument: int, orders: list[Order], positions: dict[int, tuple[int, Position]]) -> Book:
    """The book of an instrument, among the orders and positions of all."""
    own = [order for order in orders if order.instrument == instrument]
    bids, asks = (
        ladder_of(precedence(side, order.price, order.arrival) for order in own if order.side is side)
        for side in (Side.BUY, Side.SELL)
    )
    interest = sum(max(position.size, 0) for name, position in positions.values() if name == instrument)
    return Book(bids, asks, Map({order.arrival: order for order in own}), interest)
