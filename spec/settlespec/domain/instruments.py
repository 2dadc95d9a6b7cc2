"""Instruments, their risk arrays, and markets: what is listed and what it is worth."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from settlespec.domain.quantities import (
    Factor,
    Index,
    InstrumentId,
    Loss,
    Milliseconds,
    Price,
    PriceOrNone,
    Rate,
    Size,
)


class InstrumentKind(StrEnum):
    """What the instrument promises."""

    PERPETUAL = "perpetual"
    FUTURE = "future"
    """Dated: its settlement value is paid once, at its expiry."""
    CALL = "call"
    """A European option, cash-settled: max(0, settlement value - strike)."""
    PUT = "put"
    """A European option, cash-settled: max(0, strike - settlement value)."""

    @property
    def is_option(self) -> bool:
        """Whether what a lot loses is no multiple of the move, so that its risk array must be stated."""
        return self in (InstrumentKind.CALL, InstrumentKind.PUT)

    @property
    def is_dated(self) -> bool:
        """Whether it ends at an expiry."""
        return self is not InstrumentKind.PERPETUAL


@frozen
class Instrument:
    """What is listed, fixed at genesis."""

    id: InstrumentId
    kind: InstrumentKind
    underlying: int
    """Instruments of one underlying offset each other in the requirement."""
    reference: InstrumentId
    """The linear instrument whose mark is the underlying's: of an option the one that it is written on, else the instrument itself."""
    strike: PriceOrNone
    """Quantums per lot, on the scale of the reference; 0 of a linear instrument."""
    expiry: Milliseconds
    """From when on it takes no order and no fill; 0 of a perpetual."""
    price_step: Price
    maintenance_ppm: Factor
    """The move of the reference's mark, in ppm, that maintenance covers."""
    basis_ppm: Factor
    """Spread charge in ppm of the reference's mark per lot, > 0, never netted."""
    short_minimum_ppm: Factor
    """What a written option needs at least, in ppm of the reference's mark per lot; 0 of a linear instrument."""
    taker_fee_ppm: Factor
    maker_fee_ppm: Rate
    """Negative: a rebate, never more than the taker's fee of the same fill."""
    band_steps: int
    """Half-width of the price band in price steps, if that is wider than `band_ppm`."""
    band_ppm: Factor
    """Half-width of the price band in ppm of the reference's mark."""
    funding_cap_ppm: Factor
    """Largest funding rate, either sign, in ppm per funding period."""
    liquidation_slip_ppm: Factor
    """How far from the mark a liquidation may trade, in ppm of the reference's mark."""
    liquidation_fee_ppm: Factor
    max_price: Price
    max_order: Size
    max_position: Size
    surcharge_from: int
    """Open interest, in lots, from which the initial requirement grows."""
    surcharge_to: int
    """Open interest, in lots, at which it has grown by `surcharge_ppm`; above `surcharge_from`."""
    surcharge_ppm: Factor
    """The largest open-interest surcharge, in ppm of maintenance."""


SCENARIOS = 16
"""Seven price moves under two volatility moves, and two extreme moves: the layout of SPAN's risk array."""


@frozen
class RiskArray:
    """What one lot loses in each scenario, in quantums times `rules.margin.RISK_SCALE` (MARGIN-1)."""

    losses: tuple[int, ...]
    """One signed loss per scenario, of a long lot; a short lot loses the negative."""
    worst_long: int
    """The largest loss of a long lot: max(losses), never negative."""
    worst_short: int
    """The largest loss of a short lot: max(-losses), never negative."""
    basis: int
    """Spread charge per lot, > 0."""
    short_minimum: int
    """Minimum per short lot, >= 0; only written options have one."""
    long_lot: int
    """What one long lot needs by itself: worst_long + basis."""
    short_lot: int
    """What one short lot needs by itself: worst_short + basis + short_minimum."""


@frozen
class Market:
    """An instrument with what the last clearing round said of it."""

    instrument: Instrument
    mark: PriceOrNone
    """Quantums per lot; 0 only of an option that expired worthless."""
    risk: RiskArray
    surcharge_ppm: Factor
    """The open-interest term of the initial requirement, frozen at the last round; the same for a whole underlying."""
    funding_index: int
    """A statistic: the sum of mark * rate * elapsed per lot so far, in quantums times `rules.funding.FUNDING_SCALE`."""
    low: int
    """The band's lower edge: no ask below it; a multiple of the price step, at least one step."""
    high: int
    """The band's upper edge: no bid above it; a multiple of the price step."""
    settlement: Price | None = None
    """The settlement value of the underlying at this instrument's expiry, once it is fixed."""
    expired: bool = False
    """Whether a round has paid it out: its mark is its payoff, nobody holds it, and no round quotes it."""
    near: Milliseconds = 0
    """Its expiry once its marks are within `expiry_lead` of it, else 0: from then on it offsets only what expires with it (EXPIRY-6)."""


def earliest_expiry(markets: Mapping[InstrumentId, Market]) -> Milliseconds:
    """EXPIRY-3.4: when the next instrument that is not paid out yet reaches its expiry; 0 where there is none."""
    open_dates = (m.instrument.expiry for m in markets.values() if m.instrument.kind.is_dated and not m.expired)
    return min(open_dates, default=0)


@frozen
class Quote:
    """One instrument's line of an oracle statement."""

    instrument: InstrumentId
    mark: Price
    funding_rate: Rate
    """Ppm of the mark per funding period; longs pay shorts when positive."""
    losses: tuple[Loss, ...] = ()
    """Of an option what one long lot loses in each of the `SCENARIOS`, times `rules.margin.RISK_SCALE`; of another nothing."""


@frozen
class RoundStatement:
    """One statement per clearing round, signed alike by k of n oracles (ORACLE-1)."""

    chain: Index
    rollup: Index
    number: Index
    timestamp: Milliseconds
    quotes: tuple[Quote, ...]
    """Every listed instrument that has not reached its expiry exactly once, in rising order of its id."""


@frozen
class SettlementStatement:
    """What an expiring instrument is settled at, signed alike by k of n oracles, once (EXPIRY-2)."""

    chain: Index
    rollup: Index
    instrument: InstrumentId
    expiry: Milliseconds
    value: Price
    """The settlement value of the underlying, in quantums per lot; what an option pays follows from it."""
