"""Markets at their marks: risk array, band and open-interest surcharge, all fixed until the next round."""

from settlespec.domain.instruments import Instrument, InstrumentKind, Market, RiskArray
from settlespec.machine.draft import Draft
from settlespec.rules import expiry, margin, trading

RIGHTS = {InstrumentKind.CALL: 1, InstrumentKind.PUT: -1}
"""On which side of its strike an option pays."""

NO_RISK = RiskArray((0,) * 16, 0, 0, 0, 0, 0, 0)
"""From its expiry on an instrument's array, minimum and charge are zero (EXPIRY-4)."""


def revalued_market(
    instrument: Instrument,
    mark: int,
    reference: int,
    stated: tuple[int, ...],
    *,
    surcharge_ppm: int = 0,
    funding_index: int = 0,
    settlement: int | None = None,
    near: int = 0,
) -> Market:
    """ROUND-4.3: the market at a mark, with its risk array and its band.

    Args:
        instrument: its terms.
        mark, reference: of the instrument and of its reference, which are the same unless it is an option; quantums per lot.
        stated: the losses of an option, as the oracles stated them; of another instrument none.
        surcharge_ppm, funding_index, settlement, near: as `Market` has them.
    """
    step = instrument.price_step
    width = trading.band_half_width(reference, step, instrument.band_steps, instrument.band_ppm)
    edges = trading.band_low(mark, width, step), trading.band_high(mark, width, step)
    low, high = (trading.capped_edge(edge, instrument.max_price, step) for edge in edges)
    if instrument.kind.is_option:
        risk = margin.option_array(instrument, RIGHTS[instrument.kind], mark, reference, stated)
    else:
        risk = margin.linear_array(instrument, mark)
    return Market(instrument, mark, risk, surcharge_ppm, funding_index, low, max(low, high), settlement, near=near)


def linear_market(instrument: Instrument, mark: int) -> Market:
    """The market of a linear instrument at a mark, as genesis lists it."""
    return revalued_market(instrument, mark, mark, ())


def expired_market(instrument: Instrument, settlement: int, funding_index: int) -> Market:
    """EXPIRY-4: the market from the round on that pays it out: its payoff is its last mark, and nothing of it is at risk."""
    mark, step = payoff(instrument, settlement), instrument.price_step
    return Market(instrument, mark, NO_RISK, 0, funding_index, step, step, settlement, expired=True)


def payoff(instrument: Instrument, value: int) -> int:
    """EXPIRY-1.2: what a lot pays: an option the distance from its strike, a dated future the settlement value itself."""
    if instrument.kind.is_option:
        return expiry.option_payoff(RIGHTS[instrument.kind], instrument.strike, value)
    return value


def is_due(instrument: Instrument, clock: int) -> bool:
    """EXPIRY-3.2: whether the instrument has reached its expiry; a perpetual never does."""
    return instrument.kind.is_dated and expiry.is_due(instrument.expiry, clock)


def surcharge_rates(draft: Draft) -> dict[int, int]:
    """MARGIN-6.3: the open-interest term of each underlying: the largest of its instruments', by their arrays before the round."""
    rates: dict[int, int] = {}
    for name, market in draft.markets.items():
        instrument = market.instrument
        linear = draft.markets[instrument.reference].risk.short_lot
        lots = margin.weighted_open_interest(draft.book(name).open_interest, market.risk.short_lot, linear)
        rate = margin.surcharge_rate(lots, instrument)
        rates[instrument.underlying] = max(rates.get(instrument.underlying, 0), rate)
    return rates
