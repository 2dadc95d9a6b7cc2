"""Whose turn it is to be liquidated, and whether whoever was passed has had all that is due (LIQ-FAIR)."""

from collections.abc import Iterator
from typing import Final

from settlespec.arithmetic import PPM
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Round
from settlespec.invariants.catalogue import LIQUIDATION_FAIR
from settlespec.invariants.closing import balance_of
from settlespec.invariants.measures import Balance, upwards
from settlespec.invariants.sheet import Sheet
from settlespec.invariants.walk import Walk

IN_TURN: Final = "in its turn an account in breach loses its orders"


def loses_orders(walk: Walk, account: int, conjunct: str) -> None:
    """No order of the account is live any more."""
    live = len(walk.shadow.owned.get(account, ()))
    walk.check(LIQUIDATION_FAIR, not live, conjunct, f"account {account}", live, 0)


def in_turn(walk: Walk, sheet: Sheet, account: int) -> None:
    """Only accounts in breach, worst first; when its turn comes the account is still below maintenance."""
    who = f"account {account}"
    walk.asked[LIQUIDATION_FAIR] += 1
    if account not in sheet.queue:
        conjunct = "accounts in breach are liquidated worst first"
        walk.broken(LIQUIDATION_FAIR, conjunct, who, account, str(list(sheet.queue)))
        return
    while sheet.queue[0] != account:
        passed(walk, sheet, sheet.queue.popleft())
    if sheet.liquidating == account:
        return
    sheet.liquidating, sheet.attempts = account, 1
    balance = standing_of(walk, account)
    equity, maintenance = balance.equity(walk.markets), balance.maintenance(walk.markets)
    conjunct = "only an account below maintenance is liquidated"
    walk.check(LIQUIDATION_FAIR, equity < maintenance, conjunct, who, equity, maintenance)


def passed(walk: Walk, sheet: Sheet, account: int) -> None:
    """The next one's turn has come: this one is healthy, restored, or the book has nothing that it may be closed against."""
    who = f"account {account}"
    begun = sheet.liquidating == account
    balance = standing_of(walk, account)
    walk.asked[LIQUIDATION_FAIR] += 1
    if not begun and balance.equity(walk.markets) >= balance.maintenance(walk.markets):
        return
    loses_orders(walk, account, IN_TURN)
    limits = walk.before.parameters
    if is_restored(walk, balance) or sheet.attempts > limits.max_matches + limits.max_removals:
        return
    for name in balance.sizes:
        if is_acceptable(walk, balance, name):
            best = walk.shadow.best(name, Side.BUY if balance.sizes[name] > 0 else Side.SELL)
            meets = "" if best is None else best.arrival
            conjunct = "a liquidation ends when the book has nothing acceptable left"
            walk.broken(LIQUIDATION_FAIR, conjunct, who, f"order {meets}", "met")


def visited(walk: Walk, sheet: Sheet, after: Round) -> None:
    """The state's list is what is left of the queue: whoever it has passed is judged, and whoever is gone from it is missed."""
    left = len(after.tasks) - after.cursor
    while len(sheet.queue) > left:
        passed(walk, sheet, sheet.queue.popleft())
    said, meant = after.tasks[after.cursor :], tuple(sheet.queue)
    walk.agree(LIQUIDATION_FAIR, "whoever is in breach comes to his turn", "", said, meant)
    if said != meant or not meant:
        return
    account = sheet.queue[0]
    begun = sheet.liquidating == account
    if after.attempts and not begun:
        # It had no orders, so that no event tells of its beginning.
        spent = sheet.attempts
        in_turn(walk, sheet, account)
        fits = after.attempts <= spent + 1
    else:
        fits = after.attempts == (sheet.attempts if begun else 0)
    if after.attempts:
        loses_orders(walk, account, IN_TURN)
    conjunct = "each fill and each order passed over is an attempt"
    walk.check(LIQUIDATION_FAIR, fits, conjunct, f"account {account}", after.attempts, sheet.attempts)


def standing_of(walk: Walk, account: int) -> Balance:
    """The balance of an account as the events so far leave it; to look at it does not name it."""
    return walk.balances.get(account) or balance_of(walk.before, account)


def holders(walk: Walk, since: int | None) -> Iterator[int]:
    """Accounts that hold a position now, from one of them on, by id; before liquidations nobody becomes a holder."""
    ladder = walk.before.holders
    account = ladder.after(-1) if since is None else since
    while account is not None:
        changed = walk.balances.get(account)
        if changed is None or changed.sizes:
            yield account
        account = ladder.after(account)


def is_acceptable(walk: Walk, balance: Balance, name: int) -> bool:
    """Whether the best order on the other side of a leg must be closed against: within slip, band and bankruptcy price."""
    market, size = walk.markets[name], balance.sizes[name]
    side = Side.SELL if size > 0 else Side.BUY
    maker = walk.shadow.best(name, -side)
    if maker is None or side * (maker.price - worst_price(walk, name, side)) > 0:
        return False
    if (maker.price < market.low) if side is Side.SELL else (maker.price > market.high):
        return False
    falls = balance.after(name, side, market.mark, 0).risk(walk.markets) < balance.risk(walk.markets)
    return falls and fee_of(walk, balance, name, side, maker.price, 1) is not None


def worst_price(walk: Walk, name: int, side: Side) -> int:
    """The price furthest from the mark at which a liquidation may trade on a side."""
    market = walk.markets[name]
    reference = walk.markets[market.instrument.reference].mark
    slip = max(reference * market.instrument.liquidation_slip_ppm // PPM, market.instrument.price_step)
    return market.mark - slip if side is Side.SELL else market.mark + slip


def is_restored(walk: Walk, balance: Balance) -> bool:
    """Equity covers the base initial requirement, without surcharge, and maintenance."""
    maintenance = balance.maintenance(walk.markets)
    base = upwards(maintenance * walk.factor, PPM)
    return balance.equity(walk.markets) >= max(base, maintenance)


def fee_of(walk: Walk, balance: Balance, name: int, side: Side, price: int, lots: int) -> int | None:
    """The fee of closing so many lots at a price; None where that is below the bankruptcy price.

    The bankruptcy quote is the least at which equity per maintenance does not fall, in whole quantums.
    """
    market = walk.markets[name]
    at_mark = balance.after(name, side * lots, market.mark, 0)
    before, after = balance.risk(walk.markets), at_mark.risk(walk.markets)
    equity = balance.equity(walk.markets)
    if before <= 0:
        return None
    # What may be given up against the mark: equity less its share that the remaining risk needs.
    may_lose = equity - upwards(equity * after, before)
    over = may_lose - side * lots * (price - market.mark)
    if over < 0:
        return None
    return min(upwards(price * lots * market.instrument.liquidation_fee_ppm, PPM), over)
