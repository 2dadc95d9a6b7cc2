"""Money and requirements, computed anew from their definitions and with none of the machine's or the rules' code.

A balance has cash and lots only: how the cost of a position was split cannot matter.
"""

from collections.abc import Mapping
from typing import Final

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account
from settlespec.domain.instruments import SCENARIOS, Instrument, InstrumentKind, Market

SCALE: Final = 3 * PPM
"""Losses of a risk array are in quantums times this."""

FUNDING_UNIT: Final = PPM * 8 * 60 * 60 * 1000
"""A funding rate is in ppm of eight hours."""

MOVES: Final = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 3, -3)
"""The moves of the sixteen scenarios, in thirds of the scan range."""


def upwards(numerator: int, denominator: int) -> int:
    """A quotient rounded towards plus infinity; the denominator is positive."""
    return -(-numerator // denominator)


class Balance:
    """Cash and lots of one account, as what happened makes them."""

    __slots__ = ("cash", "emptied", "sizes")

    def __init__(self, account: Account | None) -> None:
        self.cash = 0
        self.emptied = False
        """Whether a trade has left it without any position, if only for a moment."""
        self.sizes: dict[int, int] = {}
        """Lots by instrument, none of them 0."""
        if account is not None:
            self.cash = account.collateral
            for name, position in account.positions.items():
                self.cash -= position.cost
                self.sizes[name] = position.size

    def trade(self, instrument: int, change: int, price: int, fee: int) -> None:
        """Lots change hands for cash."""
        self.cash -= change * price + fee
        size = self.sizes.get(instrument, 0) + change
        if size:
            self.sizes[instrument] = size
        else:
            self.sizes.pop(instrument, None)
            self.emptied |= not self.sizes

    def after(self, instrument: int, change: int, price: int, fee: int) -> "Balance":
        """The balance that a trade would leave."""
        then = Balance(None)
        then.cash = self.cash
        then.sizes = self.sizes.copy()
        then.trade(instrument, change, price, fee)
        return then

    def equity(self, markets: Mapping[int, Market]) -> int:
        """Cash and every position at its mark, in quantums."""
        worth = self.cash
        for name, size in self.sizes.items():
            worth += size * markets[name].mark
        return worth

    def risk(self, markets: Mapping[int, Market]) -> int:
        """Maintenance times `SCALE`, exact."""
        return sum(risk for risk, _ in underlying_risks(self.sizes, markets))

    def maintenance(self, markets: Mapping[int, Market]) -> int:
        """The maintenance requirement in quantums, rounded up."""
        return upwards(self.risk(markets), SCALE)

    def initial(self, markets: Mapping[int, Market], factor: int) -> int:
        """The initial requirement in quantums, open-interest surcharge included."""
        if not self.sizes:
            return 0
        risks = underlying_risks(self.sizes, markets)
        extra = sum(upwards(risk * ppm, SCALE * PPM) for risk, ppm in risks if ppm)
        return upwards(upwards(sum(risk for risk, _ in risks), SCALE) * factor, PPM) + extra


def underlying_risks(sizes: Mapping[int, int], markets: Mapping[int, Market]) -> list[tuple[int, int]]:
    """Of each underlying held, apart from it of what is near each expiry: the worst scenario loss and the charges, times `SCALE`; and the
    surcharge in ppm."""
    groups: dict[tuple[int, int], list[tuple[int, Market]]] = {}
    for name, size in sizes.items():
        market = markets[name]
        groups.setdefault((market.instrument.underlying, market.near), []).append((size, market))
    risks = []
    for held in groups.values():
        size, market = held[0]
        losses = market.risk.losses
        if len(held) == 1:
            worst = (max(losses) if size > 0 else min(losses)) * size
        else:
            worst = max(sum(size * market.risk.losses[k] for size, market in held) for k in range(SCENARIOS))
        risk = max(worst, 0)
        for size, market in held:
            lot = market.risk.basis if size > 0 else market.risk.basis + market.risk.short_minimum
            risk += abs(size) * lot
        risks.append((risk, market.surcharge_ppm))
    return risks


def lot_risks(market: Market) -> tuple[int, int]:
    """What one lot bought and one lot sold need alone, times `SCALE`."""
    risk = market.risk
    bought = max(max(risk.losses), 0) + risk.basis
    return bought, max(-min(risk.losses), 0) + risk.basis + risk.short_minimum


def order_needs(
    side: int, lots: int, price: int, reduce_only: bool, market: Market, factor: int, risks: tuple[int, int]
) -> int:
    """What a resting order needs of its owner: its initial requirement alone, its loss against the mark, its fee.

    Args:
        risks: `lot_risks` of the market.
    """
    rate = market.instrument.maker_fee_ppm
    needs = side * (price - market.mark) * lots
    if needs < 0:
        needs = 0
    if rate > 0:
        needs += -(-price * lots * rate // PPM)
    if reduce_only:
        return needs
    risk = lots * (risks[0] if side > 0 else risks[1])
    needs -= (-risk // SCALE) * factor // PPM
    if market.surcharge_ppm:
        needs -= -risk * market.surcharge_ppm // (SCALE * PPM)
    return needs


def fill_fees(notional: int, instrument: Instrument) -> tuple[int, int]:
    """What the maker (negative: receives) and the taker of a fill pay."""
    taker = upwards(notional * instrument.taker_fee_ppm, PPM)
    rate = instrument.maker_fee_ppm
    if rate >= 0:
        return upwards(notional * rate, PPM), taker
    return -min(notional * -rate // PPM, taker), taker


def strictly_reduces(balance: Balance, then: Balance, instrument: int, markets: Mapping[int, Market]) -> bool:
    """Whether a trade strictly reduces risk: no larger and no turned holding, less maintenance, no worse a ratio."""
    old, new = balance.sizes.get(instrument, 0), then.sizes.get(instrument, 0)
    if old * new < 0 or abs(new) > abs(old):
        return False
    equity, left = balance.equity(markets), then.equity(markets)
    maintenance, rest = balance.maintenance(markets), then.maintenance(markets)
    return rest < maintenance and left * maintenance >= equity * rest and (equity > 0 or left >= equity)


def is_due(market: Market, clock: int) -> bool:
    """Whether an instrument has reached its expiry."""
    return 0 < market.instrument.expiry <= clock


def next_expiry(markets: Mapping[int, Market]) -> int:
    """The earliest expiry of an instrument that is not paid out; 0 where there is none."""
    return min((m.instrument.expiry for m in markets.values() if m.instrument.expiry and not m.expired), default=0)


def payoff(terms: Instrument, value: int) -> int:
    """What a lot of a dated instrument pays at a settlement value."""
    if terms.kind is InstrumentKind.CALL:
        return max(value - terms.strike, 0)
    if terms.kind is InstrumentKind.PUT:
        return max(terms.strike - value, 0)
    return value


def expected_market(
    terms: Instrument,
    mark: int,
    reference: int,
    stated: tuple[int, ...],
    surcharge_ppm: int,
    funding_index: int,
    horizon: int,
) -> tuple[object, ...]:
    """What a market must say at a mark: every field that follows from it, as a tuple to compare.

    Args:
        terms: the instrument.
        mark, reference: of the instrument and of what its shares are taken of.
        stated: what the oracles say that an option loses; of another instrument nothing.
        surcharge_ppm, funding_index: as they must be.
        horizon: the time of the marks and the lead of expiries after it.
    """
    if terms.strike:
        losses = option_losses(terms, mark, reference, stated)
    else:
        losses = tuple(-terms.maintenance_ppm * mark * move for move in MOVES)
    basis, least = 3 * terms.basis_ppm * reference, 3 * terms.short_minimum_ppm * reference
    long, short = max(*losses, 0), max(*(-loss for loss in losses), 0)
    width = max(terms.band_steps * terms.price_step, reference * terms.band_ppm // PPM)
    top = terms.max_price - terms.max_price % terms.price_step
    low = min(max(upwards(mark - width, terms.price_step) * terms.price_step, terms.price_step), top)
    high = max(min((mark + width) // terms.price_step * terms.price_step, top), terms.price_step, low)
    array = losses, long, short, basis, least, long + basis, short + basis + least
    near = terms.expiry if terms.expiry <= horizon else 0
    return mark, *array, surcharge_ppm, funding_index, low, high, near


def option_losses(terms: Instrument, mark: int, reference: int, stated: tuple[int, ...]) -> tuple[int, ...]:
    """Each stated loss as far as the option can make it: its value stays between its payoff and the most that it can pay.

    In the last two scenarios the price moves three times as far, and a third of the loss counts.
    """
    strike, losses = terms.strike * SCALE, []
    for place, (loss, move) in enumerate(zip(stated, MOVES, strict=True)):
        part = 3 if place >= 14 else 1
        moved = max(reference * SCALE + part * move * terms.maintenance_ppm * reference, 0)
        if terms.kind is InstrumentKind.CALL:
            least, most = max(moved - strike, 0), moved
        else:
            least, most = max(strike - moved, 0), strike
        losses.append(min(max(loss, (mark * SCALE - most) // part), (mark * SCALE - least) // part))
    return tuple(losses)


def expired_facts(terms: Instrument, value: int, funding_index: int) -> tuple[object, ...]:
    """What a market must say once it is paid out: its payoff as its mark, and no risk."""
    array = (0,) * SCENARIOS, 0, 0, 0, 0, 0, 0
    return payoff(terms, value), *array, 0, funding_index, terms.price_step, terms.price_step, 0


def market_facts(market: Market) -> tuple[object, ...]:
    """What a market says, in the order of `expected_market`."""
    risk = market.risk
    array = (
        risk.losses,
        risk.worst_long,
        risk.worst_short,
        risk.basis,
        risk.short_minimum,
        risk.long_lot,
        risk.short_lot,
    )
    return market.mark, *array, market.surcharge_ppm, market.funding_index, market.low, market.high, market.near
