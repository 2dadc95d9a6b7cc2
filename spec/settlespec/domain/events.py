"""What an accepted operation did. The machine answers with events and knows no logger; monitors and explainers subscribe."""

from typing import TypeAlias

from attrs import frozen

from settlespec.domain.messages import Cause
from settlespec.domain.orders import Removal, Side
from settlespec.domain.quantities import (
    AccountId,
    Amount,
    Arrival,
    ClientId,
    Index,
    InstrumentId,
    Milliseconds,
    Price,
    PriceOrNone,
    Quantums,
    Rate,
    SignedSize,
    Size,
)
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage


@frozen
class OrderAccepted:
    """An order entered the arrival count; it may trade, rest, or be dropped by what follows."""

    arrival: Arrival
    account: AccountId
    client_id: ClientId
    instrument: InstrumentId
    side: Side
    price: Price
    size: Size
    filled: int


@frozen
class Filled:
    """A maker and a taker traded at the maker's price. Fees are signed: a rebate is negative."""

    instrument: InstrumentId
    maker: Arrival
    taker: Arrival
    maker_account: AccountId
    taker_account: AccountId
    taker_side: Side
    price: Price
    size: Size
    maker_fee: Quantums
    taker_fee: Quantums


@frozen
class OrderRested:
    """What was left of an order joined the book."""

    arrival: Arrival
    instrument: InstrumentId
    remaining: Size


@frozen
class OrderReduced:
    """A resting reduce-only order was clipped to the position."""

    arrival: Arrival
    instrument: InstrumentId
    remaining: Size


@frozen
class OrderRemoved:
    """An order is no longer live, or its remainder never rested."""

    arrival: Arrival
    account: AccountId
    instrument: InstrumentId
    remaining: int
    cause: Removal


@frozen
class MessageReceived:
    """The base layer appended a message."""

    index: Index


@frozen
class Deposited:
    """A deposit was credited."""

    index: Index
    account: AccountId
    amount: Amount
    opened: bool
    """Whether the deposit opened the account."""


@frozen
class ForcedRefused:
    """An inbox message could not be carried out; the cursor moved on."""

    index: Index
    reason: Reason


@frozen
class ForcedDone:
    """A forced request was carried out."""

    index: Index


@frozen
class ForcedPaused:
    """A forced order met more than one operation may clear: what is left of it stays at the cursor for the next taking."""

    index: Index
    left: Size


@frozen
class Claimed:
    """Money joined the outbox."""

    index: Index
    account: AccountId
    amount: Amount
    cause: Cause


@frozen
class Transferred:
    """Collateral moved between two accounts."""

    account: AccountId
    recipient: AccountId
    amount: Amount


@frozen
class Ticked:
    """The clock moved on."""

    time: Milliseconds


@frozen
class RoundBegun:
    """A clearing round began."""

    number: int
    timestamp: Milliseconds
    elapsed: Milliseconds


@frozen
class StageBegun:
    """A stage of the round began; its list has this many micro-steps (of LIQUIDATE: this many accounts)."""

    stage: Stage
    micro_steps: int


@frozen
class Revalued:
    """An account went to the new marks and paid its funding (negative: received)."""

    account: AccountId
    funding: Quantums
    gain: int


@frozen
class SettlementFixed:
    """The settlement value of an expired instrument was fixed; what a lot pays follows from it."""

    instrument: InstrumentId
    value: Price
    payoff: PriceOrNone


@frozen
class InstrumentExpired:
    """A market took its payoff as its last mark; the round pays its positions out."""

    instrument: InstrumentId
    payoff: PriceOrNone


@frozen
class PaidOut:
    """A position in an expired instrument became collateral; no equity moved."""

    account: AccountId
    instrument: InstrumentId
    size: SignedSize
    payoff: PriceOrNone


@frozen
class ClosedAtMark:
    """Lots of an account closed at the mark against an opposite position; no equity moved."""

    account: AccountId
    counterparty: AccountId
    instrument: InstrumentId
    side: Side
    """The side on which the account traded."""
    size: Size
    mark: Price


@frozen
class InsurancePaid:
    """A defaulted account's debt was taken over: so much by the insurance fund, the rest is owed by the gains of the round."""

    account: AccountId
    paid: int
    owed: int


@frozen
class HaircutTaken:
    """A gain of this round paid its share of what was still owed."""

    account: AccountId
    amount: Amount


@frozen
class Breached:
    """An account is below maintenance after the haircut."""

    account: AccountId
    equity: Quantums
    maintenance: Amount
    rounds: int


@frozen
class Healed:
    """An account that was in breach in the last round is not any more; its count of rounds in a row begins anew."""

    account: AccountId


@frozen
class Liquidated:
    """A leg of an account in breach closed against a resting order."""

    account: AccountId
    maker_account: AccountId
    instrument: InstrumentId
    maker: Arrival
    side: Side
    """The side on which the liquidated account traded."""
    price: Price
    size: Size
    fee: int
    """What the account pays to the insurance fund; the maker pays no fee."""


@frozen
class RoundEnded:
    """The round is over: marks hold, its fields are cleared."""

    number: int
    micro_steps: int


@frozen
class Marked:
    """A market took its new mark; its funding rate after the cap."""

    instrument: InstrumentId
    mark: Price
    rate: Rate


Event: TypeAlias = (
    OrderAccepted
    | Filled
    | OrderRested
    | OrderReduced
    | OrderRemoved
    | MessageReceived
    | Deposited
    | ForcedRefused
    | ForcedDone
    | ForcedPaused
    | Claimed
    | Transferred
    | Ticked
    | RoundBegun
    | StageBegun
    | Revalued
    | Marked
    | SettlementFixed
    | InstrumentExpired
    | PaidOut
    | ClosedAtMark
    | InsurancePaid
    | HaircutTaken
    | Breached
    | Healed
    | Liquidated
    | RoundEnded
)
