"""Orders: their sides, kinds and lifetimes, and the record of one that rests."""

from enum import IntEnum, StrEnum

from attrs import frozen

from settlespec.domain.quantities import AccountId, Arrival, ClientId, InstrumentId, Milliseconds, Price, Size


class Side(IntEnum):
    """The sign that an order's fill gives to the position: a buy adds lots, a sell removes them."""

    BUY = 1
    SELL = -1

    @property
    def opposite(self) -> "Side":
        """The side that this one trades with."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderKind(StrEnum):
    """A market order is an immediate-or-cancel order with its limit at the band's edge (TRADE-1)."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order may look for its counterparty (TRADE-1)."""

    GOOD_TILL_TIME = "good_till_time"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"
    FILL_OR_KILL = "fill_or_kill"


class SelfTrade(StrEnum):
    """TRADE-8: what happens when an order meets one of the same account."""

    CANCEL_MAKER = "cancel_maker"
    CANCEL_TAKER = "cancel_taker"
    CANCEL_BOTH = "cancel_both"


class Removal(StrEnum):
    """Why an order, or what was left of one, is no longer live."""

    FILLED = "filled"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    EXPIRED = "expired"
    INSTRUMENT_EXPIRED = "instrument_expired"
    SELF_TRADE = "self_trade"
    UNDERCOLLATERALISED = "undercollateralised"
    POSITION_LIMIT = "position_limit"
    REDUCE_ONLY = "reduce_only"
    OUTSIDE_BAND = "outside_band"
    IMMEDIATE = "immediate"
    MATCH_LIMIT = "match_limit"
    LIQUIDATION = "liquidation"
    FORCED = "forced"


@frozen
class Order:
    """A live order. What rests is size - filled, always positive."""

    arrival: Arrival
    account: AccountId
    client_id: ClientId
    instrument: InstrumentId
    side: Side
    price: Price
    size: Size
    """Lots that the owner signed for, through all replacements."""
    filled: int
    """Lots filled so far under this client id, kept through replacements."""
    good_till: Milliseconds
    """The last time at which the order may match."""
    reduce_only: bool

    @property
    def remaining(self) -> int:
        """Lots that still rest."""
        return self.size - self.filled

    def with_lots(self, size: Size, filled: int) -> "Order":
        """The same order with so many lots signed for and so many filled."""
        return Order(
            self.arrival,
            self.account,
            self.client_id,
            self.instrument,
            self.side,
            self.price,
            size,
            filled,
            self.good_till,
            self.reduce_only,
        )
