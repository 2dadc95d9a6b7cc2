"""Price-time matching: the taker walks the opposite side, and every match is tested before it happens, maker first."""

from enum import Enum, auto

from attrs import frozen

from settlespec.domain.accounts import FLAT, Account
from settlespec.domain.events import Filled
from settlespec.domain.orders import Order, Removal, SelfTrade, Side
from settlespec.machine.draft import Draft, traded
from settlespec.machine.standing import Standing
from settlespec.rules import fees, margin


@frozen
class Taker:
    """An order on its way through the book, before anything of it rests."""

    arrival: int
    account: int
    instrument: int
    side: Side
    limit: int
    """The worst price at which it trades."""


class Stop(Enum):
    """Why the walk ended."""

    FILLED = auto()
    NO_MORE = auto()
    """No live order within the limit is left."""
    SELF_TRADE = auto()
    UNDERCOLLATERALISED = auto()
    MATCH_LIMIT = auto()


DROPS = {
    Stop.SELF_TRADE: Removal.SELF_TRADE,
    Stop.UNDERCOLLATERALISED: Removal.UNDERCOLLATERALISED,
    Stop.MATCH_LIMIT: Removal.MATCH_LIMIT,
}
"""Stops after which the remainder is dropped and never rests."""


def match(draft: Draft, taker: Taker, size: int) -> tuple[int, Stop]:
    """TRADE-9: match up to `size` lots; answers what is left and why the walk ended.

    Best price first, first come first served inside a price, at the resting order's price. Expired orders, makers that fail their
    margin and makers beyond their position limit are removed on the way; a taker that fails stops, and earlier fills stand.
    """
    matches = removals = 0
    limits = draft.parameters
    while size:
        maker = draft.book(taker.instrument).best(taker.side.opposite)
        if maker is None or not crosses(taker.side, taker.limit, maker.price):
            return size, Stop.NO_MORE
        cause = unfit(draft, maker)
        if cause is None and maker.account == taker.account:
            if limits.self_trade is SelfTrade.CANCEL_TAKER:
                return size, Stop.SELF_TRADE
            cause = Removal.SELF_TRADE
        if cause is None:
            if matches == limits.max_matches:
                return size, Stop.MATCH_LIMIT
            lots = min(size, maker.remaining)
            fill = price_fill(draft, maker, lots)
            maker_then = judge(draft, maker.account, taker.instrument, maker.side * lots, maker.price, fill.maker_fee)
            if isinstance(maker_then, Account):
                taker_then = judge(
                    draft, taker.account, taker.instrument, taker.side * lots, maker.price, fill.taker_fee
                )
                if not isinstance(taker_then, Account):
                    # Not a position limit: an order whose whole fill would pass it was refused (TRADE-14).
                    return size, Stop.UNDERCOLLATERALISED
                trade(draft, taker, maker, fill, maker_then, taker_then)
                size -= lots
                matches += 1
                continue
            cause = maker_then
        if removals == limits.max_removals:
            return size, Stop.MATCH_LIMIT
        draft.remove_order(maker, cause)
        removals += 1
        if cause is Removal.SELF_TRADE and limits.self_trade is SelfTrade.CANCEL_BOTH:
            return size, Stop.SELF_TRADE
    return 0, Stop.FILLED


def crosses(side: Side, limit: int, price: int) -> bool:
    """TRADE-9.2: a buy trades at its limit or below, a sell at its limit or above."""
    return price <= limit if side is Side.BUY else price >= limit


def unfit(draft: Draft, maker: Order) -> Removal | None:
    """TRADE-10: an expired order does not match and is removed by the operation that meets it."""
    return Removal.EXPIRED if maker.good_till < draft.clock else None


@frozen
class Fill:
    """The terms of one match."""

    lots: int
    maker_fee: int
    """Quantums; negative is a rebate."""
    taker_fee: int


def price_fill(draft: Draft, maker: Order, lots: int) -> Fill:
    """FEE-1, FEE-2: what both sides pay for trading these lots at the maker's price."""
    instrument = draft.markets[maker.instrument].instrument
    notional = maker.price * lots
    taker_fee = fees.taker_fee(notional, instrument.taker_fee_ppm)
    return Fill(lots, fees.maker_fee(notional, instrument.maker_fee_ppm, taker_fee), taker_fee)


def judge(draft: Draft, account_id: int, instrument: int, change: int, price: int, fee: int) -> Account | Removal:
    """MARGIN-13: a fill is admitted if the account meets the initial requirement after it, or if it strictly reduces risk.

    The margin is judged at the mark, never at the fill price.

    Returns:
        The account after the fill, or why it may not happen.
    """
    account = draft.account(account_id)
    before = account.positions.get(instrument, FLAT).size
    size = before + change
    if abs(size) > draft.markets[instrument].instrument.max_position and abs(size) > abs(before):
        return Removal.POSITION_LIMIT
    after = traded(account, instrument, change, price, fee)
    then = draft.standing_after(account_id, instrument, after)
    if then.equity >= then.initial or admits_reduction(draft.standing(account), then, before, size):
        return after
    return Removal.UNDERCOLLATERALISED


def admits_reduction(now: Standing, then: Standing, before: int, size: int) -> bool:
    """MARGIN-13.2: the holding keeps its sign and is not larger, and the fill strictly reduces risk."""
    return (
        size * before >= 0
        and abs(size) <= abs(before)
        and margin.reduces_risk(now.equity, then.equity, now.maintenance, then.maintenance)
    )


def trade(draft: Draft, taker: Taker, maker: Order, fill: Fill, maker_then: Account, taker_then: Account) -> None:
    """TRADE-11: both sides trade at the maker's price; the fees go to the treasury."""
    instrument, lots = taker.instrument, fill.lots
    draft.events.append(
        Filled(
            instrument,
            maker.arrival,
            taker.arrival,
            maker.account,
            taker.account,
            taker.side,
            maker.price,
            lots,
            fill.maker_fee,
            fill.taker_fee,
        )
    )
    draft.fill_order(maker, lots)
    draft.hold(maker.account, instrument, maker.side * lots, maker_then)
    draft.hold(taker.account, instrument, taker.side * lots, taker_then)
    draft.treasury += fill.taker_fee + fill.maker_fee
