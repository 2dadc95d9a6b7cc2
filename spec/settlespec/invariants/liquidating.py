"""A fill of a liquidation, worked out again: who, at what price, how much, for what fee."""

from settlespec.domain.events import Liquidated
from settlespec.invariants.catalogue import INSURANCE, LIQUIDATION_FAIR, ORDER_LIMITS, PRICE_TIME
from settlespec.invariants.clearing import sheet_of
from settlespec.invariants.trading import exchange, take_lots, within_limits
from settlespec.invariants.turns import fee_of, in_turn, is_restored, worst_price
from settlespec.invariants.walk import Walk


def liquidated(walk: Walk, event: Liquidated) -> None:
    """A leg of an account in breach closes against the head of the queue, on terms that leave it no worse per risk."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    in_turn(walk, sheet, event.account)
    maker = walk.shadow.live.get(event.maker)
    walk.asked[ORDER_LIMITS] += 1
    walk.asked[PRICE_TIME] += 1
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
    sheet.attempts += 1
    take_lots(walk, maker, event.size)


def fair(walk: Walk, event: Liquidated) -> None:
    """Price, quantity and fee of one fill."""
    who = f"account {event.account}"
    markets, name, side, price = walk.markets, event.instrument, event.side, event.price
    balance = walk.balance(event.account)
    change = side * event.size
    size = balance.sizes.get(name, 0)
    shrinks = size * change < 0 and abs(change) <= abs(size)
    walk.check(LIQUIDATION_FAIR, shrinks, "a liquidation only shrinks a position", who, change, size)
    if not shrinks:
        return
    worst = worst_price(walk, name, side)
    conjunct = "a liquidation is never further from the mark than the slip"
    walk.check(LIQUIDATION_FAIR, side * (price - worst) <= 0, conjunct, who, price, worst)
    conjunct = "a liquidation ends when the requirement is restored"
    walk.check(LIQUIDATION_FAIR, not is_restored(walk, balance), conjunct, who, balance.equity(markets), "")
    fee = fee_of(walk, balance, name, side, price, event.size)
    walk.check(
        LIQUIDATION_FAIR, fee is not None, "never below the bankruptcy price", who, price, walk.markets[name].mark
    )
    if fee is not None:
        conjunct = "a liquidation's fee is the rate's, at most the gain over bankruptcy"
        walk.require(INSURANCE, conjunct, who, event.fee, fee)
    then = balance.after(name, change, price, event.fee)
    left, right = then.equity(markets) * balance.risk(markets), balance.equity(markets) * then.risk(markets)
    walk.check(LIQUIDATION_FAIR, left >= right, "equity per maintenance does not fall", who, left, right)
    if event.size > 1:
        fewer = event.size - 1
        less = fee_of(walk, balance, name, side, price, fewer)
        enough = less is not None and is_restored(walk, balance.after(name, side * fewer, price, less))
        conjunct = "no more is closed than restores the requirement"
        walk.check(LIQUIDATION_FAIR, not enough, conjunct, who, event.size, fewer)
