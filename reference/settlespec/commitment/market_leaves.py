"""The leaf of a market (rule STATE-13): what rounds and trades change in it; the rest follows from genesis and marks."""

from typing import NamedTuple

from settlespec.commitment.encoding import MAX_LENGTH, Reader, Refusal, Refused, Writer
from settlespec.commitment.round_leaves import read_losses, write_losses
from settlespec.domain.instruments import Instrument, InstrumentKind, Market
from settlespec.domain.quantities import MAX_PRICE
from settlespec.domain.state import State
from settlespec.machine.markets import expired_market, revalued_market


def encode_market(state: State, name: int) -> bytes:
    """STATE-13: what rounds and trades change in a market; the rest follows from the mark and genesis.

    A dated instrument adds its settlement value, 0 where none is fixed, and whether it has expired; an option that has not, its losses
    as they count.
    """
    market, book = state.markets[name], state.books[name]
    writer = Writer()
    writer.unsigned(market.mark)
    writer.unsigned(market.surcharge_ppm)
    writer.signed(market.funding_index)
    writer.unsigned(book.open_interest)
    writer.unsigned(len(book.orders))
    kind = market.instrument.kind
    if kind.is_dated:
        writer.unsigned(market.settlement or 0)
        writer.flag(market.expired)
    if kind.is_option and not market.expired:
        write_losses(writer, market.risk.losses)
    return writer.finish()


class MarketLeaf(NamedTuple):
    """STATE-13.2: what the leaf of a market states."""

    mark: int
    surcharge_ppm: int
    funding_index: int
    open_interest: int
    """Lots."""
    orders: int
    """How many rest in the book."""
    settlement: int
    """The settlement value; 0 where none is fixed."""
    expired: bool
    losses: tuple[int, ...]
    """Of an option that has not expired: what a long lot loses in each scenario, as it counts."""


def read_market(data: bytes, kind: InstrumentKind) -> MarketLeaf:
    """What the leaf of a market of this kind states, or `Refused`; whether that agrees with other leaves is for `decode_market`."""
    reader = Reader(data)
    mark, surcharge = reader.unsigned(MAX_PRICE), reader.unsigned(10**9)
    index, interest, orders = reader.signed(), reader.unsigned(), reader.unsigned(MAX_LENGTH)
    settled, expired = (reader.unsigned(MAX_PRICE), reader.flag()) if kind.is_dated else (0, False)
    losses = read_losses(reader) if kind.is_option and not expired else ()
    reader.end()
    return MarketLeaf(mark, surcharge, index, interest, orders, settled, expired, losses)


def decode_market(data: bytes, instrument: Instrument, reference: int | None, near: int = 0) -> tuple[Market, int, int]:
    """The market at its mark, its open interest and its number of orders, or `Refused`.

    Args:
        data: the leaf.
        instrument: its terms, from genesis.
        reference: the mark of its reference; None where that is the instrument itself.
        near: `near_expiry` at the time of the marks, which the scalars say.
    """
    mark, surcharge, index, interest, orders, settled, expired, losses = read_market(data, instrument.kind)
    settlement = settled or None
    if expired:
        if settlement is None:
            raise Refused(Refusal.DISAGREES, len(data))
        market = expired_market(instrument, settlement, index)
    elif mark == 0:
        raise Refused(Refusal.OUT_OF_RANGE, len(data))
    else:
        market = revalued_market(
            instrument,
            mark,
            mark if reference is None else reference,
            losses,
            surcharge_ppm=surcharge,
            funding_index=index,
            settlement=settlement,
            near=near,
        )
    # A leaf states what counts of an array and nothing that its bounds would cut; expired, no mark but the payoff.
    if (market.mark, market.surcharge_ppm, stated(market)) != (mark, surcharge, losses):
        raise Refused(Refusal.DISAGREES, len(data))
    return market, interest, orders


def reference_of(instrument: Instrument) -> int | None:
    """The market whose mark an option's leaf needs beside it; None of a linear instrument."""
    return instrument.reference if instrument.kind.is_option else None


def mark_of(data: bytes) -> int:
    """The mark of a market's leaf, which stands first."""
    return Reader(data).unsigned(MAX_PRICE)


def stated(market: Market) -> tuple[int, ...]:
    """The losses that a market's leaf states: of an option before its expiry."""
    return market.risk.losses if market.instrument.kind.is_option and not market.expired else ()
