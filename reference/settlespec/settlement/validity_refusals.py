"""Why the contract of a validity rollup refuses a call, and what it says when it does not."""

from enum import StrEnum

from attrs import frozen

from settlespec.commitment.header import Header
from settlespec.domain.messages import Received
from settlespec.domain.quantities import AccountId, Amount, Index, Milliseconds


class Refusal(StrEnum):
    """VALID-1: the refusals in precedence order; when several apply, the first is the answer."""

    NOT_UNDERSTOOD = "The call is none that this contract knows."
    FROZEN = "The rollup is frozen: nothing is asked, committed, proven or taken back any more."
    NOT_FROZEN = "The rollup is not frozen, so the way out is a withdrawal."
    NOT_THE_OPERATOR = "Only the operator commits and takes back."
    NOT_AN_OWNER = "The sender's name is no owner's key."
    OUT_OF_RANGE = "A quantity leaves its declared range."
    INBOX_CLOSED = "As many messages as the rollup ever takes have been sent."
    VAULT_FULL = "The deposits of all time would be more than the vault can ever hold."
    NO_MONEY = "The sender's wallet has less than the deposit."
    MALFORMED_HEADER = "The bytes are no header."
    FOREIGN_BATCH = "The batch is of another chain or rollup."
    WRONG_NUMBER = "The number is not the next one."
    WRONG_PREVIOUS_ROOT = "The batch does not start from the new root of the last committed one."
    CLOCK_BROKEN = "The batch's clock does not go on from that of the last committed one."
    INBOX_BROKEN = "The batch's inbox does not go on from that of the last committed one."
    TAKEN_BROKEN = "The batch takes messages back, or takes some that it has not received."
    OUTBOX_BROKEN = "The batch's outbox does not go on from that of the last committed one."
    DATA_BROKEN = "The batch's data do not go on from those of the last committed one."
    CLOCK_AHEAD = "The batch's clock is further ahead of the block than allowed."
    CLOCK_BEHIND = "The batch's clock is further behind the block than allowed."
    INBOX_UNKNOWN = "The batch's inbox is not the one that this contract has."
    BODY_SPREAD = (
        "The body is published in more than one way: in calldata alone, or in blobs of which only the last is not full."
    )
    BODY_UNPUBLISHED = "The bytes that were really published are not the body that the header is bound to."
    TOO_MANY_UNPROVEN = "As many batches as may wait for a proof do."
    NOT_COMMITTED = "No such batch is committed and unproven."
    NOT_PROVEN = "The proof does not show the batch."
    UNKNOWN_MESSAGE = "No message of this index is in the inbox."
    NOT_FORCED = "The message is a deposit, which has no deadline."
    NOT_A_DEPOSIT = "The message brought no money."
    TAKEN = "The message has been taken, as the exit root shows."
    BEFORE_DEADLINE = "The request may still be taken."
    PAID_BEFORE = "This money was paid out before."
    NOT_AN_EXIT_ROOT = "No batch of this number is proven and ended at rest."
    NOT_UNDER_EXIT_ROOT = "The leaves and their proof do not lead to the exit root."
    NOTHING_TO_PAY = "The account is worth nothing."
    NOT_ENOUGH = "The vault has less than is to be paid."


@frozen
class Refused:
    """VALID-1.2: what a refused call says; the base layer keeps no word of it."""

    reason: Refusal


@frozen
class Enqueued:
    """A message joined the inbox."""

    index: Index
    received: Received
    deadline: Milliseconds | None
    """Base-layer time by which a forced request must be taken under an exit root; none for a deposit."""


@frozen
class Committed:
    """The operator is bound to a batch."""

    header: Header
    published: bytes
    """The body as it was published: what everybody reads on the chain."""


@frozen
class Proven:
    """A batch is proven."""

    number: int
    exit_root: bool
    """Whether its new root is the exit root from now on."""


@frozen
class TakenBack:
    """The operator took back batches."""

    first: int
    last: int


@frozen
class Frozen:
    """The rollup is frozen for good."""

    index: Index
    """The forced request that was not taken in time."""


class Way(StrEnum):
    """How money leaves."""

    CLAIM = "claim"
    ESCAPE = "escape"
    REFUND = "refund"


@frozen
class Paid:
    """Money left the vault."""

    way: Way
    name: Index | AccountId
    """The index of the claim or of the deposit, or the account that escaped: paid at most once in its way."""
    key: bytes
    """Whose wallet it went to."""
    amount: Amount


Event = Enqueued | Committed | Proven | TakenBack | Frozen | Paid
