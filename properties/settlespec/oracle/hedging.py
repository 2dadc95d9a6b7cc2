"""What netting and hedging save: a short option book with its hedge, without it, and its legs apart, at the first marks of a flow."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict, frozen
from immutables import Map

from settlespec.domain.accounts import Account, Position
from settlespec.domain.instruments import InstrumentKind, Market
from settlespec.machine.standing import Standing, standing
from settlespec.oracle.words import instrument_in_words

WRITTEN: Final = 100
"""Lots of each option that the book is short."""

UP, DOWN = (2, 3), (4, 5)
"""The scenarios in which the price rises, and falls, by a third of the scan range, under volatility up and down."""


@frozen
class Leg:
    """One holding, and what it needs by itself."""

    instrument: int
    what: str
    lots: int
    mark: int
    value: int
    """Lots times mark: what equity counts, in quantums."""
    maintenance: int
    initial: int


@frozen
class HedgedBook:
    """A call and a put written near the money, and the lots of their reference that stand against them."""

    legs: tuple[Leg, ...]
    equity: int
    """The value of all legs, in quantums, whoever holds them how."""
    maintenance: int
    """Of the legs together, as is the next."""
    initial: int
    unhedged_equity: int
    """The value of the options alone."""
    unhedged_maintenance: int
    """Of the options together, without what hedges them, as is the next."""
    unhedged_initial: int

    @property
    def apart(self) -> tuple[int, int]:
        """Maintenance and initial requirement of the legs, each in an account of its own."""
        return sum(leg.maintenance for leg in self.legs), sum(leg.initial for leg in self.legs)

    @property
    def saved_ppm(self) -> int:
        """By how much one account for all legs lowers the initial requirement, in ppm of what they need apart; rounded down."""
        _, apart = self.apart
        return (apart - self.initial) * 1_000_000 // apart

    @property
    def saved_by_hedge_ppm(self) -> int:
        """By how much the hedge lowers the initial requirement of the options together, in ppm of that; rounded down."""
        return (self.unhedged_initial - self.initial) * 1_000_000 // self.unhedged_initial

    def totals(self) -> dict[str, Any]:
        """For machines."""
        maintenance, initial = self.apart
        return {
            **asdict(self),
            "maintenance_apart": maintenance,
            "initial_apart": initial,
            "saved_ppm": self.saved_ppm,
            "saved_by_hedge_ppm": self.saved_by_hedge_ppm,
        }


def hedged_book(markets: Mapping[int, Market], factor: int) -> HedgedBook | None:
    """The book at these marks; None where no call and put of one expiry are listed.

    Args:
        markets: of a state, before any expiry.
        factor: the initial factor in ppm.
    """
    written = [nearest(markets, kind) for kind in (InstrumentKind.CALL, InstrumentKind.PUT)]
    call, put = written
    if call is None or put is None:
        return None
    reference = markets[call.instrument.reference]
    hedge = round_half_up(WRITTEN * (delta_of(call, reference) + delta_of(put, reference)), third_of(call, reference))
    options = {call.instrument.id: -WRITTEN, put.instrument.id: -WRITTEN}
    unhedged = needed(options, markets, factor)
    lots = {**options, reference.instrument.id: hedge} if hedge else options
    legs = tuple(leg_of(markets[name], size, factor) for name, size in sorted(lots.items()))
    together = needed(lots, markets, factor)
    return HedgedBook(
        legs,
        sum(leg.value for leg in legs),
        together.maintenance,
        together.initial,
        sum(leg.value for leg in legs if leg.instrument in options),
        unhedged.maintenance,
        unhedged.initial,
    )


def nearest(markets: Mapping[int, Market], kind: InstrumentKind) -> Market | None:
    """The option of this kind whose strike is just out of the money, of the last expiry; ties by id."""
    listed = [market for market in markets.values() if market.instrument.kind is kind and not market.expired]
    if not listed:
        return None

    def rank(market: Market) -> tuple[int, int, int]:
        terms = market.instrument
        distance = terms.strike - markets[terms.reference].mark
        out = distance if kind is InstrumentKind.CALL else -distance
        return -terms.expiry, out if out > 0 else 2**41 - out, terms.id

    return min(listed, key=rank)


def third_of(option: Market, reference: Market) -> int:
    """What `delta_of` would say of one lot of the reference, whose delta is one."""
    return 4 * option.instrument.maintenance_ppm * reference.mark


def delta_of(option: Market, reference: Market) -> int:
    """How much one long lot gains when the price rises rather than falls, by its own array; over `third_of` it is the delta."""
    losses = option.risk.losses
    return sum(losses[place] for place in DOWN) - sum(losses[place] for place in UP)


def round_half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number of lots."""
    return (2 * numerator + denominator) // (2 * denominator)


def leg_of(market: Market, lots: int, factor: int) -> Leg:
    """A holding in an account of its own."""
    terms = market.instrument
    alone = needed({terms.id: lots}, {terms.id: market}, factor)
    return Leg(
        terms.id, instrument_in_words(terms), lots, market.mark, lots * market.mark, alone.maintenance, alone.initial
    )


def needed(lots: Mapping[int, int], markets: Mapping[int, Market], factor: int) -> Standing:
    """What an account with these holdings must have, by the one formula."""
    held = Map({name: Position(size, 0) for name, size in lots.items()})
    return standing(Account(b"", 0, held, Map(), 0), Map({name: markets[name] for name in lots}), factor)
