"""What an order may do that an owner signed or forced: set out on terms, rest, or be dropped; judged against the shadow book."""

from settlespec.domain.events import OrderAccepted, OrderRemoved, OrderRested
from settlespec.domain.instruments import Market
from settlespec.domain.messages import ForcedOrder
from settlespec.domain.operations import Place, Replace
from settlespec.domain.orders import OrderKind, Removal, SelfTrade, Side, TimeInForce
from settlespec.invariants.catalogue import ORDER_LIMITS, PRICE_TIME
from settlespec.invariants.forcing import forced_limit
from settlespec.invariants.measures import Balance, fill_fees, lot_risks, order_needs, strictly_reduces
from settlespec.invariants.shadow import NO_TOTALS, ShadowOrder
from settlespec.invariants.walk import Walk


def accepted(walk: Walk, event: OrderAccepted) -> None:
    """A taker sets out: with the terms that were signed, as the next arrival."""
    operation, asked = walk.operation, walk.asked
    asked[PRICE_TIME] += 1
    if event.arrival != walk.arrival or walk.taker is not None:
        conjunct = "the order takes the next arrival number, alone"
        walk.broken(PRICE_TIME, conjunct, f"order {event.arrival}", event.arrival, walk.arrival)
    walk.arrival += 1
    walk.named.add(event.account)
    walk.instruments.add(event.instrument)
    good_till, reduce_only, rests, filled = 0, False, True, 0
    signed: tuple[int, ...]
    kind = type(operation)
    asked[ORDER_LIMITS] += 3
    if kind is Place:
        assert type(operation) is Place
        name = operation.instrument
        market = walk.markets[name]
        edge = market.high if operation.side is Side.BUY else market.low
        price = edge if operation.kind is OrderKind.MARKET else operation.price
        signed = operation.account, operation.client_id, name, operation.side, price
        size, good_till, reduce_only = operation.size, operation.good_till, operation.reduce_only
        rests = operation.time_in_force is TimeInForce.GOOD_TILL_TIME
    elif kind is Replace and walk.replaced is not None:
        assert type(operation) is Replace
        old = walk.replaced
        market = walk.markets[operation.instrument]
        signed = operation.account, operation.client_id, operation.instrument, old.side, operation.price
        size, good_till, reduce_only, filled = operation.size, operation.good_till, old.reduce_only, old.filled
    elif isinstance(walk.message, ForcedOrder):
        request = walk.message
        market = walk.markets[request.instrument]
        price = forced_limit(walk, request)
        signed = request.account, 0, request.instrument, request.side, price
        size, reduce_only, rests = request.size, True, False
    else:
        conjunct = "an order comes from what somebody signed or forced"
        walk.broken(ORDER_LIMITS, conjunct, f"order {event.arrival}", event.account, "")
        return
    owner = walk.before.accounts.get(signed[0])
    held = None if owner is None else owner.positions.get(signed[2])
    position = 0 if held is None else held.size
    if reduce_only and not rests:
        size = min(size, abs(position))
    if (event.account, event.client_id, event.instrument, event.side, event.price) != signed or event.filled != filled:
        said = event.account, event.client_id, event.instrument, event.side, event.price, event.filled
        meant = str((*signed, filled))
        walk.broken(ORDER_LIMITS, "the order is the one that was signed", f"order {event.arrival}", str(said), meant)
    if event.size != size:
        conjunct = "an order has the lots that were signed, an immediate reduce-only one at most the position"
        walk.broken(ORDER_LIMITS, conjunct, f"order {event.arrival}", event.size, size)
    taker = walk.taker = ShadowOrder(
        event.arrival,
        event.account,
        event.client_id,
        event.instrument,
        event.side,
        event.price,
        event.size,
        filled,
        good_till,
        reduce_only,
    )
    if kind is Place or kind is Replace:
        terms(walk, taker, market, position, rests)
    else:
        latest = walk.shadow.latest_reduce_only(taker.account, taker.instrument)
        if latest is not None:
            conjunct = "a forced order's owner has no reduce-only order beside it"
            walk.broken(ORDER_LIMITS, conjunct, f"order {taker.arrival}", latest.arrival, "none")


def terms(walk: Walk, taker: ShadowOrder, market: Market, position: int, rests: bool) -> None:
    """Step, band and caps of an order that an owner signed, as it sets out."""
    instrument, side, left, price = market.instrument, taker.side, taker.remaining, taker.price
    walk.asked[ORDER_LIMITS] += 4
    if price % instrument.price_step:
        conjunct = "a price is a multiple of the step"
        walk.broken(ORDER_LIMITS, conjunct, f"order {taker.arrival}", price, instrument.price_step)
    edge = market.high if side > 0 else market.low
    if side * (price - edge) > 0 or price > instrument.max_price:
        conjunct = "no bid is above the band, no ask below it"
        walk.broken(ORDER_LIMITS, conjunct, f"order {taker.arrival}", price, edge)
    if left > instrument.max_order:
        conjunct = "no order is beyond its cap"
        walk.broken(ORDER_LIMITS, conjunct, f"order {taker.arrival}", left, instrument.max_order)
    if reduce_only_room(walk, taker, position, rests) < left:
        room = reduce_only_room(walk, taker, position, rests)
        conjunct = "a reduce-only order closes, and resting ones total at most the position"
        walk.broken(ORDER_LIMITS, conjunct, f"order {taker.arrival}", left, room)
    elif not taker.reduce_only and abs(position + side * left) > max(instrument.max_position, abs(position)):
        conjunct = "no order could take its owner's position beyond the cap"
        walk.broken(ORDER_LIMITS, conjunct, f"order {taker.arrival}", position + side * left, instrument.max_position)


def reduce_only_room(walk: Walk, taker: ShadowOrder, position: int, rests: bool) -> int:
    """How many lots of an order its owner's position has room for; all of them if it is not reduce-only."""
    if not taker.reduce_only:
        return taker.remaining
    if position * taker.side >= 0:
        return 0
    others = walk.shadow.totals.get((taker.account, taker.instrument), NO_TOTALS).reduce_only if rests else 0
    return abs(position) - others


def may_rest(walk: Walk) -> bool:
    """Whether the owner lets what is left of the taker rest."""
    operation = walk.operation
    if type(operation) is Place:
        return operation.time_in_force is TimeInForce.GOOD_TILL_TIME
    return type(operation) is Replace


def rested(walk: Walk, event: OrderRested) -> None:
    """What is left of the taker joins the book, which it may not cross, and which has room for it."""
    taker, shadow = walk.taker, walk.shadow
    walk.asked[ORDER_LIMITS] += 5
    walk.asked[PRICE_TIME] += 1
    if taker is None or taker.arrival != event.arrival or walk.rested is not None:
        conjunct = "only what an owner just signed rests"
        walk.broken(ORDER_LIMITS, conjunct, f"order {event.arrival}", event.arrival, "")
        return
    if not may_rest(walk) or taker.good_till < walk.before.clock:
        conjunct = "an order rests only while its owner lets it"
        walk.broken(ORDER_LIMITS, conjunct, f"order {event.arrival}", taker.good_till, walk.before.clock)
    if event.remaining != taker.remaining:
        conjunct = "what rests is what was not filled"
        walk.broken(ORDER_LIMITS, conjunct, f"order {event.arrival}", event.remaining, taker.remaining)
    head = walk.crossing()
    if head is not None:
        conjunct = "an order rests only when nothing crosses it"
        walk.broken(PRICE_TIME, conjunct, f"order {event.arrival}", taker.price, head.price)
    shadow.insert(taker)
    walk.rested = taker
    walk.touch(taker)
    limits = walk.before.parameters
    mine, all_of_them = len(shadow.owned[taker.account]), shadow.counts[taker.instrument]
    if mine > limits.max_orders_per_account:
        conjunct = "an account has at most as many live orders as it may"
        walk.broken(ORDER_LIMITS, conjunct, f"account {taker.account}", mine, limits.max_orders_per_account)
    if all_of_them > limits.max_orders_per_book:
        conjunct = "a book has at most as many live orders as it may"
        who = f"instrument {taker.instrument}"
        walk.broken(ORDER_LIMITS, conjunct, who, all_of_them, limits.max_orders_per_book)


def dropped(walk: Walk, event: OrderRemoved, taker: ShadowOrder) -> None:
    """What is left of the taker never rests: judged by why the walk stopped."""
    who = f"order {event.arrival}"
    walk.require(ORDER_LIMITS, "what leaves is what was left", who, event.remaining, taker.remaining)
    operation = walk.operation
    whole = type(operation) is Place and operation.time_in_force is TimeInForce.FILL_OR_KILL
    walk.check(ORDER_LIMITS, not whole, "a fill-or-kill order fills whole", who, event.remaining, 0)
    head = walk.crossing()
    best = "" if head is None else head.arrival
    conjunct = "a walk stops only for a reason that is true"
    walk.check(PRICE_TIME, stopped_rightly(walk, taker, head, event.cause), conjunct, who, event.cause.value, best)
    taker.remaining = 0


def stopped_rightly(walk: Walk, taker: ShadowOrder, head: ShadowOrder | None, cause: Removal) -> bool:
    """Whether what is left of the taker may not trade on, and may not rest either, for this cause."""
    limits = walk.before.parameters
    if cause is Removal.IMMEDIATE:
        return head is None and not may_rest(walk)
    if cause is Removal.MATCH_LIMIT:
        return walk.matches >= limits.max_matches or walk.removals >= limits.max_removals
    if cause is Removal.SELF_TRADE:
        own = head is not None and head.account == taker.account
        return own if limits.self_trade is SelfTrade.CANCEL_TAKER else walk.removals > 0
    if head is not None:
        lots = min(head.remaining, taker.remaining)
        _, fee = fill_fees(head.price * lots, walk.markets[taker.instrument].instrument)
        return walk.refusal(taker.account, taker.instrument, taker.side * lots, head.price, fee) is cause
    return cause is Removal.UNDERCOLLATERALISED and may_rest(walk) and walk.matches > 0 and not may_be_kept(walk, taker)


def may_be_kept(walk: Walk, order: ShadowOrder) -> bool:
    """Whether the owner covers everything that rests, with this order, which does not rest yet."""
    market = walk.markets[order.instrument]
    needs = order_needs(
        order.side, order.remaining, order.price, order.reduce_only, market, walk.factor, lot_risks(market)
    )
    balance = walk.balance(order.account)
    needed = balance.initial(walk.markets, walk.factor) + walk.shadow.needs(order.account, walk.markets) + needs
    return balance.equity(walk.markets) >= needed or reduces_when_filled(walk, order, balance)


def reduces_when_filled(walk: Walk, order: ShadowOrder, balance: Balance) -> bool:
    """Whether an order is reduce-only and its whole fill at its limit would strictly reduce risk."""
    if not order.reduce_only:
        return False
    rate = walk.markets[order.instrument].instrument.maker_fee_ppm
    fee = -(-order.price * order.remaining * rate // 1_000_000) if rate > 0 else 0
    then = balance.after(order.instrument, order.side * order.remaining, order.price, fee)
    return strictly_reduces(balance, then, order.instrument, walk.markets)


def carried_out(walk: Walk, taker: ShadowOrder) -> None:
    """Nothing of an order gets lost: what did not fill rests, or is told to be dropped."""
    walk.asked[ORDER_LIMITS] += 1
    if taker.remaining and walk.rested is not taker:
        conjunct = "what is left of an order rests or is dropped"
        walk.broken(ORDER_LIMITS, conjunct, f"order {taker.arrival}", taker.remaining, 0)
