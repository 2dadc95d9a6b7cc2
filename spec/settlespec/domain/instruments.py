"""Instruments, their risk arrays, and markets: what is listed and what it is worth."""

from enum import StrEnum

from attrs import frozen

from settlespec.domain.quantities import Factor, Index, InstrumentId, Milliseconds, Price, Rate, Size


class InstrumentKind(StrEnum):
    """What the instrument promises."""

    PERPETUAL = "perpetual"


@frozen
class Instrument:
    """What is listed, fixed at genesis."""

    id: InstrumentId
    kind: InstrumentKind
    underlying: int
    """Instruments of one underlying offset each other in the requirement."""
    price_step: Price
    maintenance_ppm: Factor
    """The move of the mark, in ppm, that maintenance covers."""
    basis_ppm: Factor
    """Spread charge in ppm of the mark per lot, > 0, never netted."""
    taker_fee_ppm: Factor
    maker_fee_ppm: Rate
    """Negative: a rebate, never more than the taker's fee of the same fill."""
    band_steps: int
    """Half-width of the price band in price steps, if that is wider than `band_ppm`."""
    band_ppm: Factor
    """Half-width of the price band in ppm of the mark."""
    funding_cap_ppm: Factor
    """Largest funding rate, either sign, in ppm per funding period."""
    liquidation_slip_ppm: Factor
    """How far from the mark a liquidation may trade."""
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
    mark: Price
    risk: RiskArray
    surcharge_ppm: Factor
    """The open-interest term of the initial requirement, frozen at the last round; the same for a whole underlying."""
    funding_index: int
    """A statistic: the sum of mark * rate * elapsed per lot so far, in quantums times `rules.funding.FUNDING_SCALE`."""
    low: int
    """The band's lower edge: no ask below it; a multiple of the price step, at least one step."""
    high: int
    """The band's upper edge: no bid above it; a multiple of the price step."""


@frozen
class Quote:
    """One instrument's line of an oracle statement."""

    instrument: InstrumentId
    mark: Price
    funding_rate: Rate
    """Ppm of the mark per funding period; longs pay shorts when positive."""


@frozen
class RoundStatement:
    """One statement per clearing round, signed alike by k of n oracles (ORACLE-1)."""

    chain: Index
    rollup: Index
    number: Index
    timestamp: Milliseconds
    quotes: tuple[Quote, ...]
    """Every listed instrument exactly once, in rising order of its id."""
