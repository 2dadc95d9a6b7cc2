"""One step's working copy: what it has changed so far, dropped whole when the operation is refused.

The state stays persistent; a draft collects changed records in plain dictionaries, so that an operation that touches one account many
times writes it once. Nothing outside `machine` sees a draft.
"""

from typing import Final

from immutables import Map

from settlespec.domain.accounts import FLAT, NO_ORDERS, Account, OpenOrders
from settlespec.domain.books import Book
from settlespec.domain.events import Claimed, Event, OrderReduced, OrderRemoved
from settlespec.domain.instruments import Market
from settlespec.domain.messages import Cause, Claim, Inbox, Outbox
from settlespec.domain.orders import Order, Removal, Side
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Round
from settlespec.domain.state import State
from settlespec.machine.portfolio import Portfolio, portfolio_of
from settlespec.machine.standing import Standing, reserved, standing
from settlespec.rules import trading

FEW: Final = 4
"""Instruments held up to which a requirement is computed whole: looking at one again costs as much as four positions (15 us)."""

BULK: Final = 4
"""Changed accounts from which one mutation of the map is cheaper than a set each (1.2 us)."""


class Draft:
    """A state in the making."""

    __slots__ = (
        "_accounts",
        "_books",
        "_portfolios",
        "breaches",
        "clock",
        "events",
        "funding_pool",
        "holders",
        "inbox",
        "insurance",
        "markets",
        "marks_time",
        "next_arrival",
        "next_expiry",
        "outbox",
        "parameters",
        "round",
        "round_number",
        "state",
        "treasury",
        "vault",
    )

    def __init__(self, state: State) -> None:
        self.state = state
        self.parameters = state.parameters
        self.clock = state.clock
        self._accounts: dict[int, Account] = {}
        self._books: dict[int, Book] = {}
        self._portfolios: dict[int, tuple[Account, Map[int, Market], Portfolio]] = {}
        self.holders = state.holders
        self.breaches = state.breaches
        self.markets = state.markets
        self.next_arrival = state.next_arrival
        self.next_expiry = state.next_expiry
        self.insurance = state.insurance
        self.treasury = state.treasury
        self.funding_pool = state.funding_pool
        self.vault = state.vault
        self.inbox: Inbox = state.inbox
        self.outbox: Outbox = state.outbox
        self.round_number = state.round_number
        self.marks_time = state.marks_time
        self.round: Round | None = state.round
        self.events: list[Event] = []

    def account(self, account_id: int) -> Account:
        """The account as changed so far; it must exist."""
        changed = self._accounts.get(account_id)
        return changed if changed is not None else self.state.accounts[account_id]

    def find_account(self, account_id: int) -> Account | None:
        """The account as changed so far, if it exists."""
        changed = self._accounts.get(account_id)
        return changed if changed is not None else self.state.accounts.get(account_id)

    def put(self, account_id: int, account: Account) -> None:
        """Write an account."""
        self._accounts[account_id] = account

    def count_breach(self, account_id: int, rounds: int) -> None:
        """For how many rounds in a row an account is in breach now; 0 when it is in none (ROUND-7)."""
        if rounds:
            self.breaches = self.breaches.set(account_id, rounds)
        elif account_id in self.breaches:
            self.breaches = self.breaches.delete(account_id)
        else:
            return
        # The count is committed with the account.
        self.put(account_id, self.account(account_id))

    def book(self, instrument: int) -> Book:
        """The book as changed so far."""
        changed = self._books.get(instrument)
        return changed if changed is not None else self.state.books[instrument]

    def put_book(self, instrument: int, book: Book) -> None:
        """Write a book."""
        self._books[instrument] = book

    def standing(self, account: Account) -> Standing:
        """Equity and requirements of an account at the marks in force."""
        return standing(account, self.markets, self.parameters.initial_factor_ppm)

    def portfolio(self, account_id: int) -> Portfolio:
        """Equity and groups of an account as changed so far; computed once, then carried along by its trades."""
        account = self.account(account_id)
        known = self._portfolios.get(account_id)
        if known is not None:
            of, markets, portfolio = known
            same = of.positions is account.positions and of.collateral == account.collateral
            if same and markets is self.markets:
                return portfolio
        portfolio = portfolio_of(account, self.markets)
        self._portfolios[account_id] = (account, self.markets, portfolio)
        return portfolio

    def standing_after(self, account_id: int, instrument: int, then: Account) -> Standing:
        """MARGIN-11.3: where an account stands once a trade in one instrument has made it another.

        Whoever holds few instruments is looked at whole, which is cheaper; else only the traded one is looked at again.
        """
        if len(then.positions) <= FEW:
            return self.standing(then)
        after = self.portfolio(account_id).after(instrument, self.account(account_id), then, self.markets[instrument])
        return after.standing(self.parameters.initial_factor_ppm)

    def reserved(self, account: Account) -> int:
        """What the resting orders of an account need."""
        return reserved(account, self.markets, self.book, self.parameters.initial_factor_ppm)

    def credit(self, account_id: int, amount: int) -> None:
        """Add quantums to an account's collateral, or take them when negative."""
        account = self.account(account_id)
        self._accounts[account_id] = Account(
            account.key, account.collateral + amount, account.positions, account.orders, account.nonce
        )

    def trade(self, account_id: int, instrument: int, change: int, price: int, fee: int) -> None:
        """An account trades `change` lots at a price and pays a fee; its reduce-only orders are clipped (TRADE-3, TRADE-4)."""
        account = self.account(account_id)
        self.hold(account_id, instrument, change, traded(account, instrument, change, price, fee))

    def hold(self, account_id: int, instrument: int, change: int, after: Account) -> None:
        """An account takes over the money and positions that a trade of `change` lots leaves it with."""
        account = self.account(account_id)
        orders = account.orders
        held = Account(account.key, after.collateral, after.positions, orders, account.nonce)
        if account_id in self._portfolios:
            market = self.markets[instrument]
            portfolio = self.portfolio(account_id).after(instrument, account, held, market)
            self._portfolios[account_id] = (held, self.markets, portfolio)
        self._accounts[account_id] = held
        if bool(after.positions) != bool(account.positions):
            change_holders = self.holders.insert if after.positions else self.holders.remove
            self.holders = change_holders(account_id)
            # Without a position there is nothing to liquidate, so an account starts its patience anew.
            if not after.positions:
                self.count_breach(account_id, 0)
        before = account.positions.get(instrument, FLAT).size
        grown = trading.open_interest_change(before, change)
        if grown:
            book = self.book(instrument)
            self._books[instrument] = Book(book.bids, book.asks, book.orders, book.open_interest + grown)
        live = orders.get(instrument)
        if live is not None and live.reduce_only:
            self.clip_reduce_only(account_id, instrument)

    def clip_reduce_only(self, account_id: int, instrument: int) -> None:
        """TRADE-6.2: resting reduce-only orders total at most the position; the latest arrival is clipped first."""
        account = self.account(account_id)
        size = account.positions.get(instrument, FLAT).size
        open_orders = account.orders[instrument]
        orders = self.book(instrument).orders
        resting = [orders[arrival] for arrival in open_orders.arrivals.values() if orders[arrival].reduce_only]
        resting.sort(key=lambda order: order.arrival)
        for order in reversed(resting):
            closes = size * order.side < 0
            excess = self.account(account_id).orders[instrument].reduce_only - (abs(size) if closes else 0)
            if excess <= 0:
                return
            if excess >= order.remaining:
                self.remove_order(order, Removal.REDUCE_ONLY)
            else:
                self.reduce_order(order, excess)
                self.events.append(OrderReduced(order.arrival, instrument, order.remaining - excess))

    def rest_order(self, order: Order) -> None:
        """Add an order to the book and to its owner's open orders."""
        book = self.book(order.instrument)
        self._books[order.instrument] = book.insert(order)
        account = self.account(order.account)
        before = account.orders.get(order.instrument, NO_ORDERS)
        after = resting(before, order, order.remaining, before.arrivals.set(order.client_id, order.arrival))
        self._accounts[order.account] = Account(
            account.key,
            account.collateral,
            account.positions,
            account.orders.set(order.instrument, after),
            account.nonce,
        )

    def fill_order(self, order: Order, lots: int) -> None:
        """A resting order filled some of its lots; it leaves the book when nothing remains."""
        if lots == order.remaining:
            self.remove_order(order, Removal.FILLED)
            return
        self._keep(order.with_lots(order.size, order.filled + lots), lots)

    def reduce_order(self, order: Order, lots: int) -> None:
        """A resting order loses lots without filling them: what was signed for shrinks."""
        self._keep(order.with_lots(order.size - lots, order.filled), lots)

    def _keep(self, order: Order, lots: int) -> None:
        """An order stays at its place in the book, and in its owner's totals, with so many lots fewer."""
        self._books[order.instrument] = self.book(order.instrument).change(order)
        account = self.account(order.account)
        before = account.orders[order.instrument]
        after = resting(before, order, -lots, before.arrivals)
        self._accounts[order.account] = Account(
            account.key,
            account.collateral,
            account.positions,
            account.orders.set(order.instrument, after),
            account.nonce,
        )

    def remove_order(self, order: Order, cause: Removal) -> None:
        """An order leaves the book and its owner's open orders."""
        book = self.book(order.instrument)
        self._books[order.instrument] = book.remove(order)
        account = self.account(order.account)
        before = account.orders[order.instrument]
        arrivals = before.arrivals.delete(order.client_id)
        if arrivals:
            orders = account.orders.set(order.instrument, resting(before, order, -order.remaining, arrivals))
        else:
            orders = account.orders.delete(order.instrument)
        self._accounts[order.account] = Account(
            account.key, account.collateral, account.positions, orders, account.nonce
        )
        remaining = 0 if cause is Removal.FILLED else order.remaining
        self.events.append(OrderRemoved(order.arrival, order.account, order.instrument, remaining, cause))

    def cancel_all(self, account_id: int, cause: Removal) -> None:
        """Every live order of an account leaves the book, by instrument and arrival."""
        for instrument, open_orders in sorted(self.account(account_id).orders.items()):
            for arrival in sorted(open_orders.arrivals.values()):
                self.remove_order(self.book(instrument).orders[arrival], cause)

    def claim(self, account_id: int, key: bytes, amount: int, cause: Cause) -> None:
        """CUST-8: money joins the outbox for its owner to take on the base layer."""
        outbox = self.outbox
        index = outbox.next_index
        entry = Claim(index, account_id, key, amount, cause)
        self.outbox = Outbox(outbox.claims.set(index, entry), index + 1, outbox.unpaid + amount)
        self.events.append(Claimed(index, account_id, amount, cause))

    def accept(self) -> Accepted:
        """The new state with everything that the draft changed."""
        old = self.state
        accounts = old.accounts
        if len(self._accounts) > BULK:
            mutation = accounts.mutate()
            for account_id, account in self._accounts.items():
                mutation[account_id] = account
            accounts = mutation.finish()
        else:
            for account_id, account in self._accounts.items():
                accounts = accounts.set(account_id, account)
        books = old.books
        for instrument, book in self._books.items():
            books = books.set(instrument, book)
        state = State(
            old.parameters,
            self.clock,
            accounts,
            self.holders,
            self.breaches,
            self.markets,
            books,
            self.next_arrival,
            self.insurance,
            self.treasury,
            self.funding_pool,
            self.vault,
            self.inbox,
            self.outbox,
            self.next_expiry,
            self.round_number,
            self.marks_time,
            self.round,
        )
        return Accepted(state, tuple(self.events), tuple(self._accounts))


def traded(account: Account, instrument: int, change: int, price: int, fee: int) -> Account:
    """The account after trading `change` lots at a price and paying a fee (TRADE-3, TRADE-4)."""
    position = account.positions.get(instrument, FLAT)
    after = trading.trade_position(position, change, price)
    collateral = account.collateral + trading.realised(position, change, price) - fee
    if after.size == 0:
        # Closing the last lot removes the whole cost: floor(cost * s / s) = cost.
        positions = account.positions.delete(instrument)
    else:
        positions = account.positions.set(instrument, after)
    return Account(account.key, collateral, positions, account.orders, account.nonce)


def resting(before: OpenOrders, order: Order, lots: int, arrivals: Map[int, int]) -> OpenOrders:
    """The totals of the open orders after `lots` of an order joined (negative: left) the book."""
    return OpenOrders(
        arrivals,
        before.buys + (lots if order.side is Side.BUY else 0),
        before.sells + (0 if order.side is Side.BUY else lots),
        before.reduce_only + (lots if order.reduce_only else 0),
    )
