"""Markets at their marks: risk array, band and open-interest surcharge, all fixed until the next round."""

from settlespec.domain.instruments import Instrument, Market
from settlespec.machine.draft import Draft
from settlespec.rules import margin, trading


def revalued_market(instrument: Instrument, mark: int, surcharge_ppm: int, funding_index: int) -> Market:
    """The market at a mark, with its default risk array and its band (ROUND-4)."""
    width = trading.band_half_width(mark, instrument.price_step, instrument.band_steps, instrument.band_ppm)
    edges = trading.band_low(mark, width, instrument.price_step), trading.band_high(mark, width, instrument.price_step)
    low, high = (trading.capped_edge(edge, instrument.max_price, instrument.price_step) for edge in edges)
    return Market(
        instrument, mark, margin.linear_array(instrument, mark), surcharge_ppm, funding_index, low, max(low, high)
    )


def surcharge_rates(draft: Draft) -> dict[int, int]:
    """MARGIN-6.2: the open-interest term of each underlying: the largest of its instruments'."""
    rates: dict[int, int] = {}
    for name, market in draft.markets.items():
        instrument = market.instrument
        rate = margin.surcharge_rate(draft.book(name).open_interest, instrument)
        rates[instrument.underlying] = max(rates.get(instrument.underlying, 0), rate)
    return rates
