"""What owners want: orders, cancellations, withdrawals and transfers, at the borders where rules turn."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve

from settlespec.domain.accounts import FLAT, NO_ORDERS
from settlespec.domain.instruments import Market
from settlespec.domain.operations import Operation, Transfer, Withdraw
from settlespec.domain.orders import Order, Side, TimeInForce
from settlespec.hunting.source import Source
from settlespec.hunting.trial import Trial
from settlespec.machine.custody import free
from settlespec.machine.draft import Draft

NAMES: Final = 4
"""Client ids that owners use: few, so that they meet again."""

Wants = Callable[[Source, Trial], Operation | None]
"""Proposes one operation, or nothing where the state allows none of this kind."""


def somebody(source: Source, trial: Trial) -> int:
    """An account, by its number; the generator opens some before it asks for anything else."""
    return source.pick(sorted(trial.session.state.accounts))


def somewhere(source: Source, trial: Trial) -> Market:
    """A listed market."""
    markets = trial.session.state.markets
    return markets[source.pick(sorted(markets))]


def prices(trial: Trial, market: Market, side: Side) -> Sequence[int]:
    """Prices at which something changes for an order of this side: the best ones, the mark, the edges of the band and one beyond."""
    book = trial.session.state.books[market.instrument.id]
    step, highest = market.instrument.price_step, market.instrument.max_price
    found = [market.mark // step * step, market.low, market.high, market.high + step, market.low - step]
    for best in (book.best(side.opposite), book.best(side)):
        if best is not None:
            found += [best.price, best.price - step, best.price + step]
    return [min(max(price, 1), highest) for price in found]


def sizes(trial: Trial, account: int, market: Market, side: Side) -> Sequence[int]:
    """Sizes at which something changes: one lot, what the best order has, the position and one more."""
    name = market.instrument.id
    held = abs(trial.session.state.accounts[account].positions.get(name, FLAT).size)
    best = trial.session.state.books[name].best(side.opposite)
    met = [] if best is None else [best.remaining, best.remaining + 1]
    return [size for size in (1, 2, 10, held, held + 1, *met) if 1 <= size <= market.instrument.max_order]


def place(source: Source, trial: Trial) -> Operation:
    """A new order of any kind."""
    account, market = somebody(source, trial), somewhere(source, trial)
    side = source.pick((Side.BUY, Side.SELL))
    session, name = trial.session, market.instrument.id
    size = source.pick(sizes(trial, account, market, side))
    client = source.integer(0, NAMES - 1)
    reduce_only = source.chance(5)
    lifetime = source.pick((TimeInForce.GOOD_TILL_TIME, TimeInForce.GOOD_TILL_TIME, *TimeInForce))
    if lifetime is not TimeInForce.GOOD_TILL_TIME and source.chance(3):
        return session.market(account, name, client, side, size, lifetime, reduce_only=reduce_only)
    price = source.pick(prices(trial, market, side))
    rests = lifetime is TimeInForce.GOOD_TILL_TIME
    until = session.state.clock + source.pick((0, 1, 1_000, 10**6)) if rests else 0
    post_only = rests and source.chance(6)
    return session.limit(
        account,
        name,
        client,
        side,
        size,
        price,
        lifetime,
        good_till=until,
        post_only=post_only,
        reduce_only=reduce_only,
    )


def cancel(source: Source, trial: Trial) -> Operation:
    """Any name that may have been an order's, live or not."""
    account = somebody(source, trial)
    instrument = somewhere(source, trial).instrument.id
    return trial.session.cancel(account, instrument, source.integer(0, NAMES - 1))


def live_order(source: Source, trial: Trial) -> Order | None:
    """Some order that rests."""
    books = trial.session.state.books
    crowded = [name for name in sorted(books) if books[name].orders]
    if not crowded:
        return None
    orders = books[source.pick(crowded)].orders
    return orders[source.pick(sorted(orders))]


def replace(source: Source, trial: Trial) -> Operation | None:
    """A live order with another size, price or lifetime; the old size is the one that a forgetful rule fills twice."""
    resting = live_order(source, trial)
    if resting is None:
        return None
    session = trial.session
    market = session.state.markets[resting.instrument]
    size = source.pick((resting.size, max(resting.filled, 1), resting.filled + 1, resting.size + 1, 1))
    price = source.pick((resting.price, *prices(trial, market, resting.side)))
    good_till = session.state.clock + source.pick((0, 1_000, 10**6))
    wanted = session.replace(resting.account, resting.instrument, resting.client_id, size, price)
    return session.sign(evolve(wanted, good_till=good_till))


def amounts(trial: Trial, account: int) -> Sequence[int]:
    """Amounts at which something changes: all that is free, one more, half."""
    state = trial.session.state
    available = free(Draft(state), state.accounts[account])
    return [amount for amount in (1, available, available + 1, available // 2) if amount > 0]


def withdraw(source: Source, trial: Trial) -> Operation:
    """All that is free, one quantum more, or less."""
    session, account = trial.session, somebody(source, trial)
    amount = source.pick(amounts(trial, account))
    return session.sign(Withdraw(account, session.next_nonce(account), session.state.clock, amount, b""))


def transfer(source: Source, trial: Trial) -> Operation:
    """To another account, to oneself, or to nobody."""
    session, account = trial.session, somebody(source, trial)
    recipient = source.pick((*sorted(session.state.accounts), 99))
    amount = source.pick(amounts(trial, account))
    return session.sign(Transfer(account, session.next_nonce(account), session.state.clock, recipient, amount, b""))


def meet(source: Source, trial: Trial) -> Operation | None:
    """A coalition's second hand: an order that takes what a resting order offers, whole, from whoever is not its owner."""
    resting = live_order(source, trial)
    others = (
        [] if resting is None else [name for name in sorted(trial.session.state.accounts) if name != resting.account]
    )
    if resting is None or not others:
        return None
    session = trial.session
    size = source.pick((resting.remaining, 1, resting.remaining + 1))
    return session.limit(
        source.pick(others),
        resting.instrument,
        source.integer(0, NAMES - 1),
        resting.side.opposite,
        size,
        resting.price,
        source.pick(tuple(TimeInForce)),
        good_till=session.state.clock + 1_000,
    )


def close(source: Source, trial: Trial) -> Operation | None:
    """An order that only reduces a position that somebody holds: exactly, by less, or by one lot too many."""
    state = trial.session.state
    holders = sorted(state.holders)
    if not holders:
        return None
    account = source.pick(holders)
    name, position = source.pick(sorted(state.accounts[account].positions.items()))
    market = state.markets[name]
    side = Side.SELL if position.size > 0 else Side.BUY
    held = abs(position.size)
    resting = state.accounts[account].orders.get(name, NO_ORDERS).reduce_only
    wanted = (held, held - resting, held - resting + 1, 1)
    size = source.pick([size for size in wanted if 1 <= size <= market.instrument.max_order] or [1])
    return trial.session.limit(
        account,
        name,
        source.integer(0, NAMES - 1),
        side,
        size,
        source.pick(prices(trial, market, side)),
        source.pick(tuple(TimeInForce)),
        good_till=state.clock + 1_000,
        reduce_only=True,
    )
