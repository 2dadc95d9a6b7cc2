"""Liquidation of one account against the book, one fill or removal at a time."""

from collections.abc import Callable

from settlespec.domain.accounts import Account
from settlespec.domain.events import Liquidated
from settlespec.domain.instruments import Market
from settlespec.domain.orders import Order, Removal, Side
from settlespec.machine.draft import Draft, traded
from settlespec.machine.matching import judge, unfit
from settlespec.machine.portfolio import Portfolio
from settlespec.machine.standing import Standing, group_key
from settlespec.rules import liquidation, margin, trading


def liquidate(draft: Draft, account_id: int, attempts: int) -> int | None:
    """ROUND-8.3: one micro-step; answers how many attempts it spent, None when the account is done with.

    The first cancels the account's orders. Each later one closes lots of the leg that lowers maintenance most against the best order,
    or removes a maker that may not trade. It ends when the requirement is restored, no leg finds an acceptable order, or the limits of
    a placing are reached.
    """
    if attempts == 0:
        account = draft.account(account_id)
        now = draft.standing(account)
        # A close at the mark of somebody else may have healed the account since it was assessed.
        if not margin.in_breach(now.equity, now.maintenance):
            return None
        draft.cancel_all(account_id, Removal.LIQUIDATION)
        return 1
    if attempts > draft.parameters.max_matches + draft.parameters.max_removals:
        return None
    account = draft.account(account_id)
    now = draft.standing(account)
    if not account.positions or is_restored(draft, now):
        return None
    for instrument, most in legs(draft, account_id):
        spent = close_leg(draft, account_id, instrument, most)
        if spent is not None:
            return spent
    return None


def is_restored(draft: Draft, now: Standing) -> bool:
    """Equity meets the base initial requirement and the maintenance in force (LIQ-7)."""
    base = margin.initial(now.maintenance, draft.parameters.initial_factor_ppm, 0)
    return liquidation.restored(now.equity, base, now.maintenance)


def legs(draft: Draft, account_id: int) -> list[tuple[int, int]]:
    """LIQ-10: instruments by the largest fall of maintenance that closing lots can give, ties by id, with the lots that give it."""
    portfolio = draft.portfolio(account_id)
    falls = []
    for instrument, position in draft.account(account_id).positions.items():
        market = draft.markets[instrument]
        lots = first_minimum(portfolio, market, position.size)
        fall = portfolio.risk - risk_after(portfolio, market, position.size, lots)
        if fall > 0:
            falls.append((-fall, instrument, lots))
    return [(instrument, lots) for _, instrument, lots in sorted(falls)]


def risk_after(portfolio: Portfolio, market: Market, size: int, lots: int) -> int:
    """Maintenance times RISK_SCALE after closing lots of one position."""
    return portfolio.changed(market, size, size - lots if size > 0 else size + lots, 0).risk


def first_minimum(portfolio: Portfolio, market: Market, size: int) -> int:
    """LIQ-10.2: the least number of lots whose closing brings maintenance to its minimum; it is convex in the lots closed."""
    if portfolio.groups[group_key(market)].holdings == 1:
        # Spread charge and worst loss both fall with every lot.
        return abs(size)

    def stops_falling(lots: int) -> bool:
        return lots == abs(size) or risk_after(portfolio, market, size, lots + 1) >= risk_after(
            portfolio, market, size, lots
        )

    return least(stops_falling, 0, abs(size))


def least(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The least integer in [low, high] for which a condition holds that, once true, stays true; it holds at `high`."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def close_leg(draft: Draft, account_id: int, instrument: int, most: int) -> int | None:
    """LIQ-11: close lots of one leg against the best opposite order, or remove that order; None when it is not acceptable.

    To remove an expired order spends no attempt (LIQ-11.2): whoever stacks them in front of the book would shield accounts for nothing,
    and each can be removed only once.
    """
    account = draft.account(account_id)
    market = draft.markets[instrument]
    side = Side.SELL if account.positions[instrument].size > 0 else Side.BUY
    maker = draft.book(instrument).best(side.opposite)
    reference = draft.markets[market.instrument.reference].mark
    if maker is None or not within_slip(side, maker.price, market, reference) or outside(side, maker.price, market):
        return None
    cause = unfit(draft, maker)
    if cause is not None:
        draft.remove_order(maker, cause)
        return 0
    offer = _Offer(draft, account_id, market, side, maker)
    lots = offer.lots(min(most, maker.remaining))
    if lots == 0:
        return None
    maker_then = judge(draft, maker.account, instrument, maker.side * lots, maker.price, 0)
    if not isinstance(maker_then, Account):
        draft.remove_order(maker, maker_then)
        return 1
    fee = offer.fee(lots)
    draft.events.append(Liquidated(account_id, maker.account, instrument, maker.arrival, side, maker.price, lots, fee))
    draft.fill_order(maker, lots)
    draft.hold(maker.account, instrument, maker.side * lots, maker_then)
    draft.trade(account_id, instrument, side * lots, maker.price, fee)
    draft.insurance += fee
    return 1


def within_slip(side: Side, price: int, market: Market, reference: int) -> bool:
    """Never further from the mark than the slip, which is a share of the reference's mark (LIQ-6)."""
    instrument = market.instrument
    width = liquidation.slip_width(reference, instrument.liquidation_slip_ppm, instrument.price_step)
    if side is Side.SELL:
        return price >= liquidation.lowest_sale(market.mark, width)
    return price <= liquidation.highest_purchase(market.mark, width)


def outside(side: Side, price: int, market: Market) -> bool:
    """Matching stops at the first price outside the band (TRADE-5)."""
    return trading.outside_band(side, price, market.low, market.high)


class _Offer:
    """What closing lots of one leg against one resting order would mean."""

    def __init__(self, draft: Draft, account_id: int, market: Market, side: Side, maker: Order) -> None:
        self.draft = draft
        self.account_id = account_id
        self.account = draft.account(account_id)
        self.portfolio = draft.portfolio(account_id)
        self.market = market
        self.side = side
        self.price = maker.price

    def over_bankruptcy(self, lots: int) -> int:
        """Quote received less the bankruptcy quote, in quantums; the price is acceptable when it is not negative (LIQ-4)."""
        released = -self.side * lots * self.market.mark
        received = -self.side * lots * self.price
        size = self.account.positions[self.market.instrument.id].size
        after = risk_after(self.portfolio, self.market, size, lots)
        now = self.portfolio
        return received - liquidation.bankruptcy_quote(now.equity, now.risk, after, released)

    def fee(self, lots: int) -> int:
        """What the insurance fund takes (LIQ-5)."""
        rate = self.market.instrument.liquidation_fee_ppm
        return liquidation.liquidation_fee(self.price * lots, rate, self.over_bankruptcy(lots))

    def restores(self, lots: int) -> bool:
        """Whether closing the lots ends the liquidation (LIQ-7)."""
        instrument = self.market.instrument.id
        after = traded(self.account, instrument, self.side * lots, self.price, self.fee(lots))
        return is_restored(self.draft, self.draft.standing_after(self.account_id, instrument, after))

    def headroom(self, lots: int) -> int:
        """What closing the lots leaves above the base initial requirement, exact (LIQ-7.2)."""
        size = self.account.positions[self.market.instrument.id].size
        after = risk_after(self.portfolio, self.market, size, lots)
        equity = self.portfolio.equity + self.side * lots * (self.market.mark - self.price)
        rate = self.market.instrument.liquidation_fee_ppm
        return liquidation.headroom(equity, after, self.draft.parameters.initial_factor_ppm, self.price * lots * rate)

    def lots(self, most: int) -> int:
        """LIQ-12: the least quantity that restores, or, if none does, the largest that the bankruptcy price admits.

        With equity > 0 the admitted quantities are an interval from 1, and headroom rises over them and then falls, so each is found by
        bisection: a quantity that passes while the next one does not, and one that restores while the one before does not. 0 when none
        passes.
        """
        if self.over_bankruptcy(1) < 0:
            return 0
        beyond = least(lambda lots: lots > most or self.over_bankruptcy(lots) < 0, 1, most + 1)
        largest = beyond - 1
        # A lot that lowers maintenance by less than it costs takes from what a smaller quantity would have restored.
        fullest = least(lambda lots: lots == largest or self.headroom(lots + 1) <= self.headroom(lots), 1, largest)
        if self.restores(fullest):
            return least(self.restores, 1, fullest)
        # Behind it only a fee that its cap cuts off can restore.
        return least(self.restores, fullest, largest) if self.restores(largest) else largest
