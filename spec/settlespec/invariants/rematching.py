"""A second matcher: it sorts all live orders, walks them, and says which fills an order must get (PRICE-TIME in full)."""

from collections.abc import Iterator

from settlespec.domain.events import Filled, OrderAccepted
from settlespec.domain.operations import Place
from settlespec.domain.orders import Order, Removal, SelfTrade
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.invariants.cards import Asked, Step, Violation
from settlespec.invariants.catalogue import PRICE_TIME
from settlespec.invariants.measures import Balance, fill_fees, strictly_reduces

Fill = tuple[int, int, int]
"""Maker, price and lots."""


def rematch(step: Step, asked: Asked) -> Iterator[Violation]:
    """PRICE-TIME: the fills of an accepted step are those of a second matcher that knows the state before it alone."""
    if not isinstance(step.outcome, Accepted):
        return
    takers = [event for event in step.outcome.events if type(event) is OrderAccepted]
    found = [(event.maker, event.price, event.size) for event in step.outcome.events if type(event) is Filled]
    may_trade = bool(takers) and not (type(step.operation) is Place and step.operation.post_only)
    expected = list(Rematch(step.before, takers[0], step).fills()) if may_trade else []
    asked[PRICE_TIME] += max(len(found), len(expected), len(takers))
    if found != expected:
        who = f"order {takers[0].arrival}" if takers else ""
        yield Violation(PRICE_TIME.id, "a second matcher gives the same fills", who, str(found), str(expected))


class Rematch:
    """One taker against the live orders of one side, sorted by price and then by arrival."""

    def __init__(self, before: State, taker: OrderAccepted, step: Step) -> None:
        self.before = before
        self.taker = taker
        self.orders = before.books[taker.instrument].orders
        self.changed: dict[int, int] = {}
        """What is left of the orders that are not as they were: filled, clipped as positions shrink, or gone."""
        self.balances: dict[int, Balance] = {}
        assert isinstance(step.outcome, Accepted)
        for event in step.outcome.events:
            if event is taker:
                break
            # What left before the taker set out made way: what it replaces, and what a forced order clears.
            self.changed[getattr(event, "arrival", taker.arrival)] = 0

    def fills(self) -> Iterator[Fill]:
        """The fills that the taker must get, in their order."""
        taker, limits = self.taker, self.before.parameters
        left, matches, removals = taker.size - taker.filled, 0, 0
        for order in self.queue():
            if not left:
                return
            lots = min(left, self.left(order))
            if not lots:
                continue
            cause = Removal.EXPIRED if order.good_till < self.before.clock else None
            if cause is None and order.account == taker.account:
                if limits.self_trade is SelfTrade.CANCEL_TAKER:
                    return
                cause = Removal.SELF_TRADE
            if cause is None:
                if matches == limits.max_matches:
                    return
                maker_fee, taker_fee = self.fees(order.price * lots)
                cause = self.refusal(order.account, -taker.side * lots, order.price, maker_fee)
                if cause is None:
                    if self.refusal(taker.account, taker.side * lots, order.price, taker_fee) is not None:
                        return
                    self.changed[order.arrival] = self.left(order) - lots
                    self.settle(order.account, -taker.side * lots, order.price, maker_fee)
                    self.settle(taker.account, taker.side * lots, order.price, taker_fee)
                    left -= lots
                    matches += 1
                    yield order.arrival, order.price, lots
                    continue
            if removals == limits.max_removals:
                return
            self.changed[order.arrival] = 0
            removals += 1
            if cause is Removal.SELF_TRADE and limits.self_trade is SelfTrade.CANCEL_BOTH:
                return

    def queue(self) -> list[Order]:
        """All live opposite orders within the taker's limit, sorted."""
        side, limit = self.taker.side.opposite, self.taker.price
        opposite = [order for order in self.orders.values() if order.side is side and side * (order.price - limit) >= 0]
        return sorted(opposite, key=lambda order: (-side * order.price, order.arrival))

    def left(self, order: Order) -> int:
        """What is left of a live order now."""
        return self.changed.get(order.arrival, order.size - order.filled)

    def fees(self, notional: int) -> tuple[int, int]:
        """What maker and taker pay."""
        return fill_fees(notional, self.before.markets[self.taker.instrument].instrument)

    def balance(self, account: int) -> Balance:
        """The balance as the fills so far leave it."""
        if account not in self.balances:
            self.balances[account] = Balance(self.before.accounts.get(account))
        return self.balances[account]

    def refusal(self, account: int, change: int, price: int, fee: int) -> Removal | None:
        """Why an account may not take the fill."""
        instrument, markets = self.taker.instrument, self.before.markets
        balance = self.balance(account)
        old = balance.sizes.get(instrument, 0)
        if abs(old + change) > max(abs(old), markets[instrument].instrument.max_position):
            return Removal.POSITION_LIMIT
        then = balance.after(instrument, change, price, fee)
        covered = then.equity(markets) >= then.initial(markets, self.before.parameters.initial_factor_ppm)
        return None if covered or strictly_reduces(balance, then, instrument, markets) else Removal.UNDERCOLLATERALISED

    def settle(self, account: int, change: int, price: int, fee: int) -> None:
        """The account trades, and its reduce-only orders shrink with the position, the latest first."""
        instrument = self.taker.instrument
        balance = self.balance(account)
        balance.trade(instrument, change, price, fee)
        size = balance.sizes.get(instrument, 0)
        owner = self.before.accounts.get(account)
        named = None if owner is None else owner.orders.get(instrument)
        mine = [] if named is None else [self.orders[arrival] for arrival in named.arrivals.values()]
        mine = [order for order in mine if order.reduce_only and self.left(order)]
        room = abs(size)
        for order in sorted(mine, key=lambda order: order.arrival):
            allowed = room if size * order.side < 0 else 0
            self.changed[order.arrival] = min(self.left(order), allowed)
            room -= self.left(order)
