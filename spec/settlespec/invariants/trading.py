"""What happens to live orders: filled, reduced, removed; each judged against the shadow book."""

from settlespec.domain.events import Filled, OrderReduced, OrderRemoved
from settlespec.domain.messages import ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Cancel, Place, Replace
from settlespec.domain.orders import Removal, SelfTrade, Side
from settlespec.domain.rounds import Stage
from settlespec.invariants.catalogue import AUTHORITY, HEALTH, LIQUIDATION_FAIR, ORDER_LIMITS, PRICE_TIME
from settlespec.invariants.forcing import stands_against
from settlespec.invariants.measures import fill_fees
from settlespec.invariants.placing import dropped
from settlespec.invariants.shadow import ShadowOrder
from settlespec.invariants.turns import in_turn
from settlespec.invariants.walk import Walk


def filled(walk: Walk, event: Filled) -> None:
    """Two orders trade: the head of the queue, at its price, as much as both can, and both stay healthy."""
    instrument, lots, price = event.instrument, event.size, event.price
    maker, taker, asked = walk.shadow.live.get(event.maker), walk.taker, walk.asked
    walk.named.add(event.maker_account)
    walk.named.add(event.taker_account)
    side = event.taker_side
    asked[ORDER_LIMITS] += 3
    if taker is None or (taker.arrival, taker.account, taker.side) != (event.taker, event.taker_account, side):
        walk.broken(ORDER_LIMITS, "the taker is the order that was accepted", f"order {event.taker}", event.taker, "")
        return
    if maker is None or (maker.account, maker.instrument, maker.side) != (event.maker_account, instrument, -side):
        walk.broken(ORDER_LIMITS, "only a live order fills", f"order {event.maker}", event.maker, "not live")
        return
    if type(walk.operation) is Place and walk.operation.post_only:
        walk.broken(ORDER_LIMITS, "a post-only order never trades", f"order {event.taker}", lots, 0)
    within_limits(walk, maker, lots, price)
    within_limits(walk, taker, lots, price)
    asked[PRICE_TIME] += 4
    best = walk.shadow.best(instrument, maker.side)
    if best is not maker:
        conjunct = "the first in price and time is served first"
        first = "" if best is None else best.arrival
        walk.broken(PRICE_TIME, conjunct, f"order {maker.arrival}", maker.arrival, first)
    if price != maker.price:
        conjunct = "the trade is at the resting order's price"
        walk.broken(PRICE_TIME, conjunct, f"order {maker.arrival}", price, maker.price)
    most = min(maker.remaining, taker.remaining)
    if lots != most:
        walk.broken(PRICE_TIME, "a match takes all that both orders have", f"order {maker.arrival}", lots, most)
    if maker.account == taker.account:
        walk.broken(PRICE_TIME, "nobody trades with himself", f"account {maker.account}", maker.arrival, taker.arrival)
    asked[AUTHORITY] += 1
    fees = fill_fees(price * lots, walk.markets[instrument].instrument)
    if (event.maker_fee, event.taker_fee) != fees:
        said = str((event.maker_fee, event.taker_fee))
        walk.broken(AUTHORITY, "the fees are those of the instrument", f"order {event.taker}", said, str(fees))
    exchange(walk, maker.account, instrument, maker.side * lots, price, event.maker_fee)
    exchange(walk, taker.account, instrument, side * lots, price, event.taker_fee)
    walk.treasury += event.maker_fee + event.taker_fee
    walk.matches += 1
    take_lots(walk, maker, lots)
    taker.remaining -= lots
    taker.filled += lots


def take_lots(walk: Walk, maker: ShadowOrder, lots: int) -> None:
    """A resting order filled some of its lots."""
    maker.filled += lots
    walk.shadow.shrink(maker, lots)
    walk.touch(maker)


def within_limits(walk: Walk, order: ShadowOrder, lots: int, price: int) -> None:
    """ORDER-LIMITS of one side of a fill, before it is applied."""
    walk.asked[ORDER_LIMITS] += 2
    if lots > order.remaining:
        walk.broken(ORDER_LIMITS, "fills are at most what is left", f"order {order.arrival}", lots, order.remaining)
    if order.side * (price - order.price) > 0:
        walk.broken(ORDER_LIMITS, "never worse than the limit", f"order {order.arrival}", price, order.price)
    if order is not walk.taker:
        walk.asked[ORDER_LIMITS] += 1
        if order.good_till < walk.before.clock:
            conjunct = "an expired order never fills"
            walk.broken(ORDER_LIMITS, conjunct, f"order {order.arrival}", walk.before.clock, order.good_till)
    if order.reduce_only:
        size = walk.balance(order.account).sizes.get(order.instrument, 0)
        fits = size * order.side < 0 and lots <= abs(size)
        conjunct = "reduce-only never enlarges a position"
        walk.check(ORDER_LIMITS, fits, conjunct, f"order {order.arrival}", lots * order.side, size)


def exchange(walk: Walk, account: int, instrument: int, change: int, price: int, fee: int) -> None:
    """One side of a fill: healthy after it, or its risk strictly reduced (HEALTH-AFTER-OP)."""
    walk.asked[HEALTH] += 1
    walk.asked[ORDER_LIMITS] += 1
    refusal = walk.refusal(account, instrument, change, price, fee)
    if refusal is not None:
        then = walk.balance(account).after(instrument, change, price, fee)
        left, right = then.equity(walk.markets), then.initial(walk.markets, walk.factor)
        if refusal is Removal.POSITION_LIMIT:
            largest = walk.markets[instrument].instrument.max_position
            left, right = abs(then.sizes[instrument]), largest
            walk.broken(ORDER_LIMITS, "no position grows beyond its cap", f"account {account}", left, right)
        else:
            conjunct = "a fill leaves the initial requirement covered, or strictly reduces risk"
            walk.broken(HEALTH, conjunct, f"account {account}", left, right)
    walk.balance(account).trade(instrument, change, price, fee)
    walk.pairs.add((account, instrument))
    walk.instruments.add(instrument)


def reduced(walk: Walk, event: OrderReduced) -> None:
    """A reduce-only order is clipped to the position: the latest first, and not too far."""
    order = walk.shadow.live.get(event.arrival)
    who = f"order {event.arrival}"
    if order is None:
        walk.check(ORDER_LIMITS, False, "only a live order is clipped", who, event.arrival, "not live")
        return
    walk.touch(order)
    excess = clip_excess(walk, order)
    left = order.remaining - event.remaining
    walk.require(ORDER_LIMITS, "the latest reduce-only order is clipped to the position", who, left, excess)
    order.size -= left
    walk.shadow.shrink(order, left)


def clip_excess(walk: Walk, order: ShadowOrder) -> int:
    """By how many lots the reduce-only orders exceed the position, if this is the one to be clipped; 0 otherwise."""
    size = walk.balance(order.account).sizes.get(order.instrument, 0)
    allowed = abs(size) if size * order.side < 0 else 0
    latest = walk.shadow.latest_reduce_only(order.account, order.instrument)
    return walk.shadow.totals[order.account, order.instrument].reduce_only - allowed if latest is order else 0


def removed(walk: Walk, event: OrderRemoved) -> None:
    """An order leaves for a reason that is true of it."""
    taker = walk.taker
    order = walk.shadow.live.get(event.arrival)
    walk.asked[ORDER_LIMITS] += 2
    if order is None:
        if taker is None or taker.arrival != event.arrival or walk.rested is not None:
            conjunct = "only a live order is removed"
            walk.broken(ORDER_LIMITS, conjunct, f"order {event.arrival}", event.arrival, "not live")
            return
        dropped(walk, event, taker)
        return
    said = event.account, event.instrument, event.remaining
    mine = order.account, order.instrument, order.remaining
    if said != mine:
        walk.broken(ORDER_LIMITS, "what leaves is what was left", f"order {event.arrival}", str(said), str(mine))
    cause, sheet = event.cause, walk.sheet
    if cause is Removal.LIQUIDATION and sheet is not None and sheet.stage is Stage.LIQUIDATE:
        in_turn(walk, sheet, order.account)
    card = PRICE_TIME if cause in PASSED_OVER else CARD_OF_CAUSE.get(cause, ORDER_LIMITS)
    walk.asked[card] += 1
    fault = why_not(walk, order, cause)
    if fault is not None:
        walk.broken(card, fault, f"order {event.arrival}", cause.value, str(order.terms()))
    if cause in PASSED_OVER:
        walk.removals += 1
        if sheet is not None and cause is not Removal.EXPIRED:
            sheet.attempts += 1
    if cause is Removal.REPLACED:
        walk.replaced = order
    walk.touch(order)
    walk.shadow.remove(order)


PASSED_OVER = frozenset((Removal.EXPIRED, Removal.SELF_TRADE, Removal.UNDERCOLLATERALISED, Removal.POSITION_LIMIT))
"""Causes by which a taker passes a maker over."""

CARD_OF_CAUSE = {
    Removal.CANCELLED: AUTHORITY,
    Removal.REPLACED: AUTHORITY,
    Removal.FORCED: AUTHORITY,
    Removal.LIQUIDATION: LIQUIDATION_FAIR,
    Removal.OUTSIDE_BAND: LIQUIDATION_FAIR,
    Removal.INSTRUMENT_EXPIRED: LIQUIDATION_FAIR,
}
"""Which invariant a false cause breaks."""


def why_not(walk: Walk, order: ShadowOrder, cause: Removal) -> str | None:
    """Why a live order may not leave for this cause; None when it may."""
    operation = walk.operation
    if cause is Removal.FILLED:
        return "an order is filled when nothing is left of it" if order.remaining else None
    if cause is Removal.CANCELLED or cause is Removal.REPLACED:
        kind = Cancel if cause is Removal.CANCELLED else Replace
        mine = order.account, order.instrument, order.client_id
        if isinstance(operation, kind) and (operation.account, operation.instrument, operation.client_id) == mine:
            return None
        return "an order is taken back by its owner, by its name"
    if cause is Removal.REDUCE_ONLY:
        fits = order.reduce_only and clip_excess(walk, order) >= order.remaining > 0
        return None if fits else "the latest reduce-only order is clipped to the position"
    if cause is Removal.FORCED:
        request = walk.message
        if isinstance(request, ForcedWithdrawal):
            fits = request.account == order.account and walk.clears
            return None if fits else "a forced withdrawal clears its owner's orders, for more than is free"
        owner = order.account, order.instrument
        if isinstance(request, ForcedOrder) and (request.account, request.instrument) == owner:
            clears = order.reduce_only or stands_against(walk, request, order)
        else:
            clears = False
        return None if clears else "a forced order clears its owner's reduce-only orders and those it would meet only"
    if cause is Removal.LIQUIDATION:
        fits = walk.sheet is not None and order.account in walk.sheet.seizable
        return None if fits else "a round cancels orders of accounts in default or breach only"
    if cause is Removal.OUTSIDE_BAND:
        market = walk.markets[order.instrument]
        out = order.price > market.high if order.side is Side.BUY else order.price < market.low
        return None if out and walk.sheet is not None else "only an order outside the band is discarded"
    if cause is Removal.INSTRUMENT_EXPIRED:
        fits = walk.sheet is not None and walk.sheet.stage is Stage.EXPIRE and walk.markets[order.instrument].expired
        return None if fits else "only a round discards the orders of what has expired"
    return passed_over(walk, order, cause)


def passed_over(walk: Walk, order: ShadowOrder, cause: Removal) -> str | None:
    """Why a maker may not be passed over for this cause; None when it may."""
    if walk.shadow.best(order.instrument, order.side) is not order:
        return "only the head of a queue is passed over"
    if not met(walk, order):
        return "only an order within the taker's limit is passed over"
    if cause is Removal.EXPIRED:
        return None if order.good_till < walk.before.clock else "an order is passed over as expired when it is"
    taker = walk.taker
    if taker is None:
        # A liquidation meets makers without an order of its own.
        if walk.sheet is not None and cause in (Removal.UNDERCOLLATERALISED, Removal.POSITION_LIMIT):
            return None
        return "a maker is passed over by a taker"
    if cause is Removal.SELF_TRADE:
        fits = order.account == taker.account and walk.before.parameters.self_trade is not SelfTrade.CANCEL_TAKER
        return None if fits else "a maker is passed over as the taker's own when it is"
    lots = min(order.remaining, taker.remaining)
    fee, _ = fill_fees(order.price * lots, walk.markets[order.instrument].instrument)
    if walk.refusal(order.account, order.instrument, order.side * lots, order.price, fee) is not cause:
        return "a maker is passed over when its margin or position may not take the fill"
    return None


def met(walk: Walk, order: ShadowOrder) -> bool:
    """Whether whoever sets out meets this head of a queue: a taker, a post-only order that looks ahead, or a liquidation."""
    if walk.taker is not None:
        return walk.crossing() is order
    operation = walk.operation
    if type(operation) is Place and operation.post_only:
        opposite = order.instrument == operation.instrument and order.side is not operation.side
        return opposite and operation.side * (operation.price - order.price) >= 0
    return walk.sheet is not None
