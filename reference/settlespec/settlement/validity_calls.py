"""What the contract of a validity rollup can be called with: one record each, which cannot be made with anything but its types."""

from typing import Final, TypeAlias

from attrs import frozen

from settlespec.domain.declared import mistyped
from settlespec.domain.errors import Malformed
from settlespec.domain.orders import Side
from settlespec.domain.quantities import AccountId, Amount, Index, InstrumentId, Price, Size
from settlespec.settlement.chain import Sender


class Typed:
    """A call that cannot be made with anything but what its fields declare: exactly their types, a truth value being no integer."""

    def __attrs_post_init__(self) -> None:
        name = mistyped(self)
        if name is not None:
            raise Malformed(f"{type(getattr(self, name)).__name__} is not what this call takes", field=name)


@frozen
class MakeDeposit(Typed):
    """The sender pays in for an account that its key owns, or will own."""

    account: AccountId
    amount: Amount


@frozen
class ForceWithdrawal(Typed):
    """The sender asks past the operator for what its account can spare, at most the amount."""

    account: AccountId
    amount: Amount


@frozen
class ForceOrder(Typed):
    """The sender asks past the operator to reduce a position."""

    account: AccountId
    instrument: InstrumentId
    side: Side
    size: Size
    price: Price


@frozen
class Commit(Typed):
    """The operator commits to the next batch; its body is published with the transaction, as calldata or in blobs."""

    header: bytes


@frozen
class Prove(Typed):
    """Somebody proves the first batch that is committed and not proven."""

    number: int
    proof: bytes


@frozen
class Revert(Typed):
    """The operator takes back a batch and all after it, none of which is proven."""

    number: int
    digest: bytes
    """Of the batch's header: after a reorganisation the same number may be another batch."""


@frozen
class ClaimMoney(Typed):
    """Somebody shows a claim of the outbox under an exit root; its owner is paid."""

    batch: int
    """The number of the batch whose new root it is."""
    index: Index
    leaf: bytes
    proof: bytes


@frozen
class Freeze(Typed):
    """Somebody points at a forced request that no exit root has taken by its deadline."""

    index: Index


@frozen
class Escape(Typed):
    """Somebody shows an account and the markets of its positions under the exit root of a frozen rollup; its owner is paid."""

    account: AccountId
    holdings: bytes
    markets: tuple[bytes, ...]
    """The leaf of each market that the account has a position in, by instrument."""
    proof: bytes
    """One proof of all these leaves."""


@frozen
class Refund(Typed):
    """Somebody points at a deposit that no exit root of a frozen rollup has taken; its owner is paid."""

    index: Index


Ask: TypeAlias = MakeDeposit | ForceWithdrawal | ForceOrder
"""What becomes a message of the inbox; the sender's key owns it."""

Call: TypeAlias = Ask | Commit | Prove | Revert | ClaimMoney | Freeze | Escape | Refund

KEY_BYTES: Final = 32


def sender_of(key: bytes) -> Sender:
    """The name under which the owner of a key sends on the base layer."""
    return key.hex()


def key_of(sender: Sender) -> bytes | None:
    """The key of an owner who sends on the base layer; none for a name that stands for no key. Each key has one name."""
    try:
        key = bytes.fromhex(sender)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES and key.hex() == sender else None
