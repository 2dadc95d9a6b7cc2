"""What the base layer sends in, and what waits to be paid out there."""

from enum import StrEnum
from typing import TypeAlias

from attrs import frozen
from immutables import Map

from settlespec.domain.orders import Side
from settlespec.domain.quantities import AccountId, Amount, Index, InstrumentId, Milliseconds, Price, Size


@frozen
class Deposit:
    """Money that came in on the base layer, for an account and the key that owns it (CUST-1)."""

    account: AccountId
    key: bytes
    amount: Amount


@frozen
class ForcedWithdrawal:
    """An owner's request past the operator, authorised by its place in the inbox (CUST-4)."""

    account: AccountId
    key: bytes
    """Who sent the message on the base layer."""
    amount: Amount


@frozen
class ForcedOrder:
    """A reduce-only immediate-or-cancel order past the operator (CUST-5)."""

    account: AccountId
    key: bytes
    instrument: InstrumentId
    side: Side
    size: Size
    """Lots; of one that was taken and ran out of its matches or removals, those that are left (CUST-5.3)."""
    price: Price


Message: TypeAlias = Deposit | ForcedWithdrawal | ForcedOrder


@frozen
class Received:
    """A message and the base-layer time at which it came."""

    time: Milliseconds
    message: Message


@frozen
class Inbox:
    """Messages in order; those before the cursor have been carried out or refused."""

    messages: Map[Index, Received]
    """The waiting messages only."""
    cursor: Index
    """The index of the next message to be taken."""
    next_index: Index
    """The index that the next message will get."""
    uncredited: int
    """Quantums of the deposits that wait."""


class Cause(StrEnum):
    """Why money waits in the outbox."""

    WITHDRAWAL = "withdrawal"
    FORCED_WITHDRAWAL = "forced_withdrawal"
    REFUSED_DEPOSIT = "refused_deposit"


@frozen
class Claim:
    """Money that its owner may take on the base layer, once."""

    index: Index
    account: AccountId
    key: bytes
    amount: Amount
    cause: Cause


@frozen
class Outbox:
    """Claims in order."""

    claims: Map[Index, Claim]
    next_index: Index
    unpaid: int
    """Quantums of all claims."""
