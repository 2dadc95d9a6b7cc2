"""What a run looks like over time, in bounded memory: samples at the ends of rounds, thinned out as they grow."""

from typing import Final, Generic, TypeVar

from attrs import define, field, frozen

from settlespec.domain.orders import Side
from settlespec.domain.state import State
from settlespec.machine.standing import standing

MOST_SAMPLES: Final = 200
"""Rounds that are kept for the pictures: about one for every four dots of a picture's width."""

MOST_POINTS: Final = 2_000
"""Liquidations that are kept for the pictures: beyond, they cover each other."""

Sample = TypeVar("Sample")


@define
class Thinned(Generic[Sample]):
    """Every n-th of what it is offered, n doubling whenever there would be more than `most`; the same input gives the same samples."""

    most: int
    stride: int = 1
    kept: list[Sample] = field(factory=list)
    _offered: int = 0

    def wants(self) -> bool:
        """Count one more offer; whether it is to be given to `keep`."""
        wanted = self._offered % self.stride == 0
        self._offered += 1
        return wanted

    def keep(self, sample: Sample) -> None:
        """Keep a sample that `wants` asked for."""
        self.kept.append(sample)
        if len(self.kept) > self.most:
            del self.kept[1::2]
            self.stride *= 2


@frozen
class Depth:
    """Lots that rest inside the band."""

    bids: int
    asks: int


@frozen
class MarketSample:
    """One instrument at the end of a round."""

    mark: int
    """Quantums per lot."""
    open_interest: int
    """Lots held long."""
    depth: Depth


@frozen
class RoundSample:
    """The exchange at the end of a round. What is counted is counted since the start, so that thinning loses nothing."""

    number: int
    time: int
    """Milliseconds: the clock."""
    markets: dict[int, MarketSample]
    in_breach: int
    """Accounts that this round found below maintenance."""
    equity_at_risk: int
    """Quantums: the equity of those accounts when they were assessed."""
    maintenance: int
    """Quantums: the maintenance requirement of all accounts."""
    insurance: int
    """Quantums in the insurance fund."""
    insurance_paid: int
    """Quantums paid by it so far."""
    haircut: int
    """Quantums taken from gains so far."""
    micro_steps: int
    """Micro-steps of rounds so far."""


@frozen
class LiquidationPoint:
    """A fill of a liquidation on the book, or a close at the mark."""

    number: int
    """The round."""
    instrument: int
    price: int
    on_book: bool


def market_samples(state: State) -> dict[int, MarketSample]:
    """Every market as it stands; of the book, what rests inside the band."""
    found = {}
    for name, market in sorted(state.markets.items()):
        book = state.books[name]
        depth = {Side.BUY: 0, Side.SELL: 0}
        for order in book.orders.values():
            if market.low <= order.price <= market.high:
                depth[order.side] += order.remaining
        found[name] = MarketSample(market.mark, book.open_interest, Depth(depth[Side.BUY], depth[Side.SELL]))
    return found


def total_maintenance(state: State) -> int:
    """The maintenance requirement of all accounts together, in quantums."""
    factor = state.parameters.initial_factor_ppm
    return sum(standing(state.accounts[name], state.markets, factor).maintenance for name in state.holders)
