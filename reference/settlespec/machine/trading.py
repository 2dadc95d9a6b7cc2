"""An owner's orders: place, cancel and replace. One operation, one skeleton."""

from settlespec.domain.accounts import FLAT, NO_ORDERS, Account
from settlespec.domain.events import OrderAccepted, OrderRemoved, OrderRested
from settlespec.domain.instruments import Market
from settlespec.domain.operations import Cancel, Place, Replace
from settlespec.domain.orders import Order, OrderKind, Removal, Side, TimeInForce
from settlespec.domain.outcomes import Outcome, Rejected
from settlespec.domain.reasons import Reason
from settlespec.machine.admission import admit, marks_are_stale
from settlespec.machine.draft import Draft, traded
from settlespec.machine.markets import is_due
from settlespec.machine.matching import DROPS, Stop, Taker, admits_reduction, crosses, match, unfit
from settlespec.machine.signatures import Signatures
from settlespec.rules.fees import resting_fee
from settlespec.rules.margin import order_reserve
from settlespec.rules.trading import outside_band, reducible, remaining_after_replace


def place(draft: Draft, op: Place, signatures: Signatures) -> Outcome:
    """TRADE-1: an owner's order trades with what crosses it, and what is left rests if it may."""
    # CHECKS
    refused = admit(draft, op, signatures)
    if refused is not None:
        return refused
    market = draft.markets.get(op.instrument)
    # The instrument is listed.
    if market is None:
        return Rejected(Reason.UNKNOWN_INSTRUMENT)
    # The marks are fresh.
    if marks_are_stale(draft):
        return Rejected(Reason.STALE_MARK)
    # The instrument has not reached its expiry.
    if is_due(market.instrument, draft.clock):
        return Rejected(Reason.INSTRUMENT_EXPIRED)
    account = draft.account(op.account)
    open_orders = account.orders.get(op.instrument, NO_ORDERS)
    # The owner has no live order of this name.
    if op.client_id in open_orders.arrivals:
        return Rejected(Reason.DUPLICATE_ORDER)
    # A resting order could still match now.
    rests = op.time_in_force is TimeInForce.GOOD_TILL_TIME
    if rests and op.good_till < draft.clock:
        return Rejected(Reason.LIFETIME_OVER)
    limit = market_limit(op.side, market) if op.kind is OrderKind.MARKET else op.price
    size = op.size
    reason = refuse_terms(account, market, op.side, size, limit, op.reduce_only)
    if reason is not None:
        return Rejected(reason)
    if op.reduce_only:
        position = account.positions.get(op.instrument, FLAT).size
        # A reduce-only order is on the closing side.
        if position * op.side >= 0:
            return Rejected(Reason.REDUCE_ONLY_WRONG_SIDE)
        # Resting ones total at most the position; an immediate one is clipped to it.
        if rests and size > reducible(position, open_orders.reduce_only, op.side):
            return Rejected(Reason.REDUCE_ONLY_EXCEEDS_POSITION)
        size = min(size, abs(position))
    # COMPUTE
    order = Order(
        draft.next_arrival,
        op.account,
        op.client_id,
        op.instrument,
        op.side,
        limit,
        size,
        0,
        op.good_till,
        op.reduce_only,
    )
    return execute(draft, order, op.time_in_force, op.post_only)


def replace(draft: Draft, op: Replace, signatures: Signatures) -> Outcome:
    """TRADE-13.2: same instrument and side; what was filled counts; the new order goes to the tail, matches, then rests.

    If the new order is refused the old one stays, since the whole operation is refused.
    """
    # CHECKS
    refused = admit(draft, op, signatures)
    if refused is not None:
        return refused
    market = draft.markets.get(op.instrument)
    # The instrument is listed.
    if market is None:
        return Rejected(Reason.UNKNOWN_INSTRUMENT)
    # The marks are fresh.
    if marks_are_stale(draft):
        return Rejected(Reason.STALE_MARK)
    # The instrument has not reached its expiry.
    if is_due(market.instrument, draft.clock):
        return Rejected(Reason.INSTRUMENT_EXPIRED)
    arrival = draft.account(op.account).orders.get(op.instrument, NO_ORDERS).arrivals.get(op.client_id)
    # The order is live.
    if arrival is None:
        return Rejected(Reason.UNKNOWN_ORDER)
    old = draft.book(op.instrument).orders[arrival]
    # The new order could still match now.
    if op.good_till < draft.clock:
        return Rejected(Reason.LIFETIME_OVER)
    # COMPUTE
    draft.remove_order(old, Removal.REPLACED)
    if remaining_after_replace(op.size, old.filled) == 0:
        return draft.accept()
    account = draft.account(op.account)
    reason = refuse_terms(account, market, old.side, op.size - old.filled, op.price, old.reduce_only)
    if reason is not None:
        return Rejected(reason)
    if old.reduce_only:
        position = account.positions.get(op.instrument, FLAT).size
        others = account.orders.get(op.instrument, NO_ORDERS).reduce_only
        if op.size - old.filled > reducible(position, others, old.side):
            return Rejected(Reason.REDUCE_ONLY_EXCEEDS_POSITION)
    order = Order(
        draft.next_arrival,
        op.account,
        op.client_id,
        op.instrument,
        old.side,
        op.price,
        op.size,
        old.filled,
        op.good_till,
        old.reduce_only,
    )
    return execute(draft, order, TimeInForce.GOOD_TILL_TIME, post_only=False)


def cancel(draft: Draft, op: Cancel, signatures: Signatures) -> Outcome:
    """TRADE-12: a live order is taken back; always admitted, under stale marks too."""
    # CHECKS
    refused = admit(draft, op, signatures)
    if refused is not None:
        return refused
    # The instrument is listed.
    if op.instrument not in draft.markets:
        return Rejected(Reason.UNKNOWN_INSTRUMENT)
    arrival = draft.account(op.account).orders.get(op.instrument, NO_ORDERS).arrivals.get(op.client_id)
    # The order is live.
    if arrival is None:
        return Rejected(Reason.UNKNOWN_ORDER)
    # EFFECTS
    draft.remove_order(draft.book(op.instrument).orders[arrival], Removal.CANCELLED)
    return draft.accept()


def refuse_terms(
    account: Account, market: Market, side: Side, size: int, limit: int, reduce_only: bool
) -> Reason | None:
    """TRADE-14: caps, price step and band of an order."""
    instrument = market.instrument
    position = account.positions.get(instrument.id, FLAT).size
    # The order is not beyond its cap.
    if size > instrument.max_order:
        return Reason.ORDER_TOO_LARGE
    # Nor is the position after its whole fill; a reduce-only order never makes one larger.
    if not reduce_only and abs(position + side * size) > max(instrument.max_position, abs(position)):
        return Reason.ORDER_TOO_LARGE
    # The price is a multiple of the step.
    if limit % instrument.price_step:
        return Reason.OFF_STEP
    # No bid above the band, no ask below it.
    if outside_band(side, limit, market.low, market.high):
        return Reason.OUTSIDE_BAND
    return None


def market_limit(side: Side, market: Market) -> int:
    """TRADE-1.2: the limit of a market order is the band's edge."""
    return market.high if side is Side.BUY else market.low


def execute(draft: Draft, order: Order, time_in_force: TimeInForce, post_only: bool) -> Outcome:
    """TRADE-15: the order matches, then what is left rests, is dropped, or refuses the whole operation."""
    # CHECKS
    in_the_way = first_in_the_way(draft, order) if post_only else None
    # A post-only order crosses no live order, whoever owns it.
    if in_the_way is not None and unfit(draft, in_the_way) is None:
        return Rejected(Reason.POST_ONLY_WOULD_TRADE)
    # COMPUTE
    draft.next_arrival += 1
    draft.events.append(
        OrderAccepted(
            order.arrival,
            order.account,
            order.client_id,
            order.instrument,
            order.side,
            order.price,
            order.size,
            order.filled,
        )
    )
    # Behind more expired orders than it may remove a post-only order is dropped, and those that it removed stay removed.
    if in_the_way is not None:
        drop(draft, order, order.remaining, Removal.MATCH_LIMIT)
        return draft.accept()
    taker = Taker(order.arrival, order.account, order.instrument, order.side, order.price)
    left, stop = match(draft, taker, order.remaining)
    # A fill-or-kill order fills whole.
    if left and time_in_force is TimeInForce.FILL_OR_KILL:
        return Rejected(Reason.NOT_FILLABLE, (("left", left),))
    # EFFECTS
    if not left:
        return draft.accept()
    if time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL:
        drop(draft, order, left, DROPS.get(stop, Removal.IMMEDIATE))
    elif stop in DROPS:
        if stop is Stop.UNDERCOLLATERALISED and left == order.remaining:
            return Rejected(Reason.UNDERCOLLATERALISED)
        drop(draft, order, left, DROPS[stop])
    else:
        return rest(draft, order, left)
    return draft.accept()


def rest(draft: Draft, order: Order, left: int) -> Outcome:
    """TRADE-16: what is left rests if the book and the account have room and the requirement covers it.

    With fills behind it, a remainder that is not covered is dropped and the fills stand; without, the order is refused.
    """
    book = draft.book(order.instrument)
    account = draft.account(order.account)
    # The account may have one more live order.
    if sum(len(orders.arrivals) for orders in account.orders.values()) >= draft.parameters.max_orders_per_account:
        return Rejected(Reason.TOO_MANY_ORDERS)
    # What would rest finds a place; nothing is evicted.
    if len(book.orders) >= draft.parameters.max_orders_per_book:
        return Rejected(Reason.BOOK_FULL)
    filled = order.remaining - left
    remainder = order.with_lots(order.size, order.filled + filled)
    # The owner covers everything that rests.
    if not covered(draft, remainder):
        if not filled:
            return Rejected(Reason.UNDERCOLLATERALISED)
        drop(draft, order, left, Removal.UNDERCOLLATERALISED)
        return draft.accept()
    draft.rest_order(remainder)
    draft.events.append(OrderRested(order.arrival, order.instrument, left))
    return draft.accept()


def covered(draft: Draft, order: Order) -> bool:
    """MARGIN-14: the initial requirement and all resting orders are covered, this one included; or it only reduces risk.

    A reduce-only order is judged as if it filled whole at its limit.
    """
    account = draft.account(order.account)
    market = draft.markets[order.instrument]
    factor = draft.parameters.initial_factor_ppm
    needed = order_reserve(order.side, order.remaining, order.price, order.reduce_only, market, factor)
    now = draft.standing(account)
    if now.equity >= now.initial + draft.reserved(account) + needed:
        return True
    if not order.reduce_only:
        return False
    fee = resting_fee(order.price * order.remaining, market.instrument.maker_fee_ppm)
    change = order.side * order.remaining
    after = traded(account, order.instrument, change, order.price, fee)
    then = draft.standing_after(order.account, order.instrument, after)
    before = account.positions.get(order.instrument, FLAT).size
    return admits_reduction(now, then, before, before + change)


def drop(draft: Draft, order: Order, left: int, cause: Removal) -> None:
    """What is left of an order never rests."""
    draft.events.append(OrderRemoved(order.arrival, order.account, order.instrument, left, cause))


def first_in_the_way(draft: Draft, order: Order) -> Order | None:
    """TRADE-17: a post-only order removes the expired orders that it meets, up to the removal limit: if a live one crosses it is refused,
    behind more expired ones it is dropped, and otherwise it rests.

    Dropped and not refused, since a refusal would put back what it removed: another attempt would get no further.

    Returns:
        The first order that still crosses, whoever owns it: a live one, or an expired one beyond the limit. None when nothing crosses.
    """
    removals = 0
    while True:
        maker = draft.book(order.instrument).best(order.side.opposite)
        if maker is None or not crosses(order.side, order.price, maker.price):
            return None
        cause = unfit(draft, maker)
        if cause is None or removals == draft.parameters.max_removals:
            return maker
        draft.remove_order(maker, cause)
        removals += 1
