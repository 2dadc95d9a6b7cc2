"""A fill of a liquidation, worked out again: who, at what price, how much, for what fee."""

from settlespec.arithmetic import PPM
from settlespec.domain.events import Liquidated
from settlespec.domain.instruments import Market
from settlespec.domain.orders import Side
from settlespec.invariants.catalogue import INSURANCE, LIQUIDATION_FAIR, ORDER_LIMITS, PRICE_TIME
from settlespec.invariants.clearing import sheet_of
from settlespec.invariants.measures import Balance, upwards
from settlespec.invariants.sheet import Sheet
from settlespec.invariants.trading import exchange, take_lots, within_limits
from settlespec.invariants.walk import Walk


def liquidated(walk: Walk, event: Liquidated) -> None:
    """A leg of an account in breach closes against the head of the queue, on terms that leave it no worse per risk."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    in_turn(walk, sheet, event.account)
    maker = walk.shadow.live.get(event.maker)
    if maker is None or (maker.account, maker.side) != (event.maker_account, -event.side):
        walk.named.update((event.account, event.maker_account))
        walk.broken(ORDER_LIMITS, "only a live order fills", f"order {event.maker}", event.maker, "not live")
        return
    within_limits(walk, maker, event.size, event.price)
    head = walk.shadow.best(event.instrument, maker.side)
    if head is not maker or event.price != maker.price:
        best = "" if head is None else head.arrival
        walk.broken(
            PRICE_TIME, "the first in price and time is served first", f"order {maker.arrival}", maker.arrival, best
        )
    fair(walk, event)
    exchange(walk, maker.account, event.instrument, maker.side * event.size, event.price, 0)
    walk.balance(event.account).trade(event.instrument, event.side * event.size, event.price, event.fee)
    walk.pairs.add((event.account, event.instrument))
    sheet.insurance += event.fee
    take_lots(walk, maker, event.size)


def in_turn(walk: Walk, sheet: Sheet, account: int) -> None:
    """Only accounts in breach, worst first; at its first fill the account is still below maintenance."""
    who = f"account {account}"
    if account not in sheet.queue:
        walk.broken(
            LIQUIDATION_FAIR, "accounts in breach are liquidated worst first", who, account, str(list(sheet.queue))
        )
        return
    while sheet.queue[0] != account:
        sheet.queue.popleft()
    if sheet.liquidating == account:
        return
    sheet.liquidating = account
    balance = walk.balance(account)
    equity, maintenance = balance.equity(walk.markets), balance.maintenance(walk.markets)
    if equity >= maintenance:
        walk.broken(LIQUIDATION_FAIR, "only an account below maintenance is liquidated", who, equity, maintenance)


def fair(walk: Walk, event: Liquidated) -> None:
    """Price, quantity and fee of one fill."""
    who = f"account {event.account}"
    markets, market = walk.markets, walk.markets[event.instrument]
    balance = walk.balance(event.account)
    change = event.side * event.size
    size = balance.sizes.get(event.instrument, 0)
    if size * change >= 0 or abs(change) > abs(size):
        walk.broken(LIQUIDATION_FAIR, "a liquidation only shrinks a position", who, change, size)
        return
    slip = max(market.mark * market.instrument.liquidation_slip_ppm // PPM, market.instrument.price_step)
    worst = market.mark - slip if event.side is Side.SELL else market.mark + slip
    if event.side * (event.price - worst) > 0:
        walk.broken(
            LIQUIDATION_FAIR, "a liquidation is never further from the mark than the slip", who, event.price, worst
        )
    if is_restored(walk, balance):
        walk.broken(
            LIQUIDATION_FAIR, "a liquidation ends when the requirement is restored", who, balance.equity(markets), ""
        )
    fee = fee_of(walk, balance, event, event.size)
    if fee is None:
        walk.broken(LIQUIDATION_FAIR, "never below the bankruptcy price", who, event.price, market.mark)
    elif event.fee != fee:
        walk.broken(
            INSURANCE, "a liquidation's fee is the rate's, at most the gain over bankruptcy", who, event.fee, fee
        )
    then = balance.after(event.instrument, change, event.price, event.fee)
    left, right = then.equity(markets) * balance.risk(markets), balance.equity(markets) * then.risk(markets)
    if left < right:
        walk.broken(LIQUIDATION_FAIR, "equity per maintenance does not fall", who, left, right)
    if event.size > 1:
        fewer = event.size - 1
        less = fee_of(walk, balance, event, fewer)
        if less is not None and is_restored(
            walk, balance.after(event.instrument, event.side * fewer, event.price, less)
        ):
            walk.broken(LIQUIDATION_FAIR, "no more is closed than restores the requirement", who, event.size, fewer)


def is_restored(walk: Walk, balance: Balance) -> bool:
    """Equity covers the base initial requirement, without surcharge, and maintenance."""
    maintenance = balance.maintenance(walk.markets)
    base = upwards(maintenance * walk.factor, PPM)
    return balance.equity(walk.markets) >= max(base, maintenance)


def fee_of(walk: Walk, balance: Balance, event: Liquidated, lots: int) -> int | None:
    """The fee of closing so many lots at the event's price; None where that is below the bankruptcy price.

    The bankruptcy quote is the least at which equity per maintenance does not fall, in whole quantums.
    """
    market: Market = walk.markets[event.instrument]
    at_mark = balance.after(event.instrument, event.side * lots, market.mark, 0)
    before, after = balance.risk(walk.markets), at_mark.risk(walk.markets)
    equity = balance.equity(walk.markets)
    if before <= 0:
        return None
    # What may be given up against the mark: equity less its share that the remaining risk needs.
    may_lose = equity - upwards(equity * after, before)
    over = may_lose - event.side * lots * (event.price - market.mark)
    if over < 0:
        return None
    return min(upwards(event.price * lots * market.instrument.liquidation_fee_ppm, PPM), over)
