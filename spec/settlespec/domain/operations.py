"""Everything that can be asked of the machine. One record each; the owner's signature covers all fields but itself."""

from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from settlespec.domain.errors import Malformed
from settlespec.domain.instruments import RoundStatement, SettlementStatement
from settlespec.domain.messages import Message
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.quantities import (
    AccountId,
    Amount,
    ClientId,
    Count,
    Index,
    InstrumentId,
    Milliseconds,
    Nonce,
    Price,
    PriceOrNone,
    Size,
)


@frozen
class Place:
    """An owner's new order (TRADE-1)."""

    account: AccountId
    nonce: Nonce
    valid_until: Milliseconds
    instrument: InstrumentId
    client_id: ClientId
    side: Side
    size: Size
    kind: OrderKind
    price: PriceOrNone
    """The limit; of a market order 0, since its limit is the band's edge."""
    time_in_force: TimeInForce
    good_till: Milliseconds
    """The last time at which a resting order may match; 0 of an order that never rests."""
    post_only: bool
    reduce_only: bool
    signature: bytes

    def __attrs_post_init__(self) -> None:
        rests = self.time_in_force is TimeInForce.GOOD_TILL_TIME
        if self.kind is OrderKind.LIMIT and self.price == 0:
            raise Malformed("a limit order has a price", field="price")
        if self.post_only and not rests:
            raise Malformed("an immediate-or-cancel or fill-or-kill order cannot be post-only", field="post_only")
        if self.kind is OrderKind.MARKET:
            if rests:
                raise Malformed("a market order is immediate-or-cancel or fill-or-kill", field="time_in_force")
            if self.price != 0:
                raise Malformed("a market order has price 0", field="price")
        if not rests and self.good_till != 0:
            raise Malformed("an order that never rests has good_till 0", field="good_till")


@frozen
class Cancel:
    """An owner takes a live order back; always admitted (TRADE-12)."""

    account: AccountId
    nonce: Nonce
    valid_until: Milliseconds
    instrument: InstrumentId
    client_id: ClientId
    signature: bytes


@frozen
class Replace:
    """An owner changes price, size and lifetime of a live order (TRADE-13)."""

    account: AccountId
    nonce: Nonce
    valid_until: Milliseconds
    instrument: InstrumentId
    client_id: ClientId
    size: Size
    """The new total, of which what was filled already counts."""
    price: Price
    good_till: Milliseconds
    signature: bytes


@frozen
class Withdraw:
    """An owner takes out what is not needed to back positions and orders (CUST-2)."""

    account: AccountId
    nonce: Nonce
    valid_until: Milliseconds
    amount: Amount
    signature: bytes


@frozen
class Transfer:
    """An owner moves collateral to another account (CUST-3)."""

    account: AccountId
    nonce: Nonce
    valid_until: Milliseconds
    recipient: AccountId
    amount: Amount
    signature: bytes


@frozen
class Receive:
    """The base layer appends a message to the inbox (CUST-6)."""

    time: Milliseconds
    message: Message


@frozen
class Take:
    """The next inbox message is carried out, or refused with its reason (CUST-7)."""


@frozen
class Tick:
    """The sequencer's clock moves on (TIME-1)."""

    time: Milliseconds


@frozen
class OracleSignature:
    """One oracle's signature on a statement."""

    oracle: Index
    """The place of the key in the genesis list."""
    signature: bytes


@frozen
class BeginRound:
    """A clearing round begins with its oracle statement (ROUND-1)."""

    statement: RoundStatement
    signatures: tuple[OracleSignature, ...]


@frozen
class ContinueRound:
    """The next micro-steps of the open round are done, at most `micro_steps` of them (ROUND-2)."""

    micro_steps: Count


@frozen
class FixSettlement:
    """The settlement value of an expired instrument is fixed by its own oracle statement, once (EXPIRY-2)."""

    statement: SettlementStatement
    signatures: tuple[OracleSignature, ...]


Signed: TypeAlias = Place | Cancel | Replace | Withdraw | Transfer
"""What an owner signs."""

Operation: TypeAlias = Signed | Receive | Take | Tick | FixSettlement | BeginRound | ContinueRound


class SignedType(StrEnum):
    """The operation type that a signature is bound to."""

    PLACE = "place"
    CANCEL = "cancel"
    REPLACE = "replace"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    STATEMENT = "statement"
    SETTLEMENT = "settlement"


SIGNED_TYPES: dict[type, SignedType] = {
    Place: SignedType.PLACE,
    Cancel: SignedType.CANCEL,
    Replace: SignedType.REPLACE,
    Withdraw: SignedType.WITHDRAW,
    Transfer: SignedType.TRANSFER,
    RoundStatement: SignedType.STATEMENT,
    SettlementStatement: SignedType.SETTLEMENT,
}
"""Which type a record is signed as."""
