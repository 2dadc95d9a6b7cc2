"""What the oracles of a flow say: marks of what is linear as the flow has them, options by Black-76 with their default arrays."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from attrs import frozen

from settlespec.arithmetic import PPM
from settlespec.domain.instruments import Instrument, Quote, RoundStatement, SettlementStatement
from settlespec.domain.state import State
from settlespec.machine.markets import RIGHTS, is_due
from settlespec.risk.arrays import OptionTerms, Scan, default_losses, default_mark
from settlespec.risk.black76 import Right

SHIFT: Final = 250_000
"""By how much the scenarios move the volatility, in ppm of itself: SPAN's usual quarter."""


@frozen
class Oracles:
    """Who marks the instruments: one volatility for every option."""

    volatility: int = PPM
    """Ppm a year."""

    def statement(
        self, state: State, marks: Mapping[int, int], rates: Mapping[int, int], at: int | None = None
    ) -> RoundStatement:
        """The statement of the next round.

        Args:
            state: what is listed, and the marks that hold.
            marks: quantums per lot, by instrument; a linear one that is left out keeps its mark, an option is priced.
            rates: funding rates in ppm per period, by instrument; 0 where left out.
            at: its time, by default the clock's.
        """
        time = state.clock if at is None else at
        instruments = [market.instrument for _, market in sorted(state.markets.items())]
        known = {name: market.mark for name, market in state.markets.items()} | dict(marks)
        quotes = tuple(
            self.quote(instrument, known, marks, rates.get(instrument.id, 0), time)
            for instrument in instruments
            if not is_due(instrument, time)
        )
        parameters = state.parameters
        return RoundStatement(parameters.chain, parameters.rollup, state.round_number + 1, time, quotes)

    def quote(
        self, instrument: Instrument, known: Mapping[int, int], marks: Mapping[int, int], rate: int, at: int
    ) -> Quote:
        """One instrument's line; `known` has the reference's mark, `marks` those that are not to be priced."""
        if not instrument.kind.is_option:
            return Quote(instrument.id, known[instrument.id], rate)
        reference = known[instrument.reference]
        mark = marks[instrument.id] if instrument.id in marks else self.mark(instrument, reference, at)
        return Quote(instrument.id, mark, rate, self.losses(instrument, mark, reference, at))

    def mark(self, option: Instrument, reference: int, at: int) -> int:
        """What an option is worth, in quantums per lot, at least 1."""
        return default_mark(terms_of(option), reference, self.volatility, at)

    def losses(self, option: Instrument, mark: int, reference: int, at: int) -> tuple[int, ...]:
        """The default array of an option at its mark."""
        scan = Scan(option.maintenance_ppm, SHIFT)
        return default_losses(terms_of(option), mark, reference, self.volatility, at, scan)

    def first_losses(
        self, instruments: Iterable[Instrument], marks: Mapping[int, int], at: int
    ) -> tuple[tuple[int, ...], ...]:
        """The arrays with which the options of a deployment begin, in the order of the instruments."""
        options = (instrument for instrument in instruments if instrument.kind.is_option)
        return tuple(self.losses(each, marks[each.id], marks[each.reference], at) for each in options)


def terms_of(option: Instrument) -> OptionTerms:
    """An option's own terms."""
    return OptionTerms(Right(RIGHTS[option.kind]), option.strike, option.expiry)


def settlements_due(state: State, marks: Mapping[int, int], at: int | None = None) -> Iterator[SettlementStatement]:
    """A settlement statement for each instrument that has reached its expiry without one, by instrument.

    What expires with it on the same reference may have its value already, and then it is that one.

    Args:
        state: what is listed, and the clock.
        marks: of what is linear now, quantums per lot; its reference's is an instrument's settlement value. Left out: the one that holds.
        at: the time, by default the clock's.
    """
    time = state.clock if at is None else at
    parameters = state.parameters
    fixed = {
        (market.instrument.reference, market.instrument.expiry): market.settlement
        for market in state.markets.values()
        if market.settlement is not None
    }
    for name, market in sorted(state.markets.items()):
        instrument = market.instrument
        if is_due(instrument, time) and market.settlement is None:
            reference = instrument.reference
            value = fixed.get((reference, instrument.expiry), marks.get(reference, state.markets[reference].mark))
            yield SettlementStatement(parameters.chain, parameters.rollup, name, instrument.expiry, value)
