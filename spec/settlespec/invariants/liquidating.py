"""A fill of a liquidation, worked out again: who, at what price, how much, for what fee."""

from collections.abc import Callable

from settlespec.arithmetic import PPM
from settlespec.domain.events import Liquidated
from settlespec.invariants.catalogue import INSURANCE, LIQUIDATION_FAIR, ORDER_LIMITS, PRICE_TIME
from settlespec.invariants.clearing import sheet_of
from settlespec.invariants.measures import SCALE, Balance
from settlespec.invariants.trading import exchange, take_lots, within_limits
from settlespec.invariants.turns import fee_of, in_turn, is_acceptable, is_restored, worst_price
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
    leg_in_turn(walk, balance, name, who)
    then = balance.after(name, change, price, event.fee)
    less, more = then.risk(markets), balance.after(name, change - side, price, 0).risk(markets)
    walk.check(LIQUIDATION_FAIR, less < more, "each lot that a liquidation closes lowers maintenance", who, less, more)
    left, right = then.equity(markets) * balance.risk(markets), balance.equity(markets) * then.risk(markets)
    walk.check(LIQUIDATION_FAIR, left >= right, "equity per maintenance does not fall", who, left, right)
    if event.size > 1:
        enough = restores(walk, event, event.size - 1)
        conjunct = "no more is closed than restores the requirement"
        walk.check(LIQUIDATION_FAIR, not enough, conjunct, who, event.size, event.size - 1)
    if not is_restored(walk, then):
        as_much_as_passes(walk, event)


def leg_in_turn(walk: Walk, balance: Balance, name: int, who: str) -> None:
    """The leg whose closing lowers maintenance most goes first, ties by id, among those that the book has something for."""
    if len(balance.sizes) == 1:
        return
    walk.asked[LIQUIDATION_FAIR] += 1
    lowest = {leg: lowest_risk(walk, balance, leg) for leg in balance.sizes}
    for leg in sorted(balance.sizes):
        if (lowest[leg], leg) < (lowest[name], name) and is_acceptable(walk, balance, leg):
            conjunct = "the leg that lowers maintenance most is closed first"
            walk.broken(LIQUIDATION_FAIR, conjunct, who, name, leg)


def lowest_risk(walk: Walk, balance: Balance, name: int) -> int:
    """The least that maintenance can become by closing lots of one leg, times `SCALE`; it is convex in the lots."""
    size = balance.sizes[name]
    side, mark = (-1 if size > 0 else 1), walk.markets[name].mark

    def spared(lots: int) -> int:
        return -balance.after(name, side * lots, mark, 0).risk(walk.markets)

    return -spared(summit(spared, abs(size)))


def summit(figure: Callable[[int], int], most: int) -> int:
    """The first of the quantities up to `most` at which a figure that rises and then falls is highest."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if figure(middle + 1) > figure(middle):
            low = middle + 1
        else:
            high = middle
    return low


def restores(walk: Walk, event: Liquidated, lots: int) -> bool:
    """Whether so many lots at the fill's price, with their fee, would have restored the requirement."""
    balance = walk.balance(event.account)
    fee = fee_of(walk, balance, event.instrument, event.side, event.price, lots)
    if fee is None:
        return False
    return is_restored(walk, balance.after(event.instrument, event.side * lots, event.price, fee))


def as_much_as_passes(walk: Walk, event: Liquidated) -> None:
    """A fill that does not restore takes all that it may, and no smaller one would have restored."""
    markets, name, side, price = walk.markets, event.instrument, event.side, event.price
    who = f"account {event.account}"
    balance, maker = walk.balance(event.account), walk.shadow.live[event.maker]
    rate = markets[name].instrument.liquidation_fee_ppm

    def headroom(lots: int) -> int:
        then = balance.after(name, side * lots, price, 0)
        return (then.equity(markets) * PPM - price * lots * rate) * SCALE - then.risk(markets) * walk.factor

    fullest = summit(headroom, event.size)
    missed = fullest > 0 and restores(walk, event, fullest)
    conjunct = "a quantity that restores is taken where there is one"
    walk.check(LIQUIDATION_FAIR, not missed, conjunct, who, event.size, fullest)
    if event.size < min(maker.remaining, abs(balance.sizes[name])):
        lots = event.size + 1
        risks = [balance.after(name, side * size, price, 0).risk(markets) for size in (event.size, lots)]
        passes = risks[1] < risks[0] and fee_of(walk, balance, name, side, price, lots) is not None
        conjunct = "a fill that does not restore takes all that the price admits"
        walk.check(LIQUIDATION_FAIR, not passes, conjunct, who, event.size, lots)
