"""What happens to money at the border: messages, deposits, claims, transfers."""

from attrs import evolve

from settlespec.domain.events import (
    Claimed,
    Deposited,
    ForcedDone,
    ForcedPaused,
    ForcedRefused,
    MessageReceived,
    OrderRemoved,
    Ticked,
    Transferred,
)
from settlespec.domain.messages import Cause, Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Receive, Take, Tick, Transfer, Withdraw
from settlespec.domain.orders import Removal
from settlespec.domain.reasons import Reason
from settlespec.invariants.catalogue import AUTHORITY, NO_DOUBLE_SPEND, ORACLE_SANE
from settlespec.invariants.walk import Walk


def taken(walk: Walk, index: int, said: Reason | None) -> None:
    """A message is carried out, or refused for the reason that applies: that at the cursor, once."""
    cursor = walk.before.inbox.cursor
    once = type(walk.operation) is Take and index == cursor and not walk.taken
    walk.check(NO_DOUBLE_SPEND, once, "each message is taken once, at the cursor", "", index, cursor)
    walk.taken += 1
    account = "" if walk.message is None else f"account {walk.message.account}"
    conjunct = "a message is refused for the first reason that is true of it, and for no other"
    walk.agree(AUTHORITY, conjunct, account, word(said), word(walk.refusing))


def word(reason: Reason | None) -> str:
    """A reason, or that there is none."""
    return "carried out" if reason is None else reason.value


def deposited(walk: Walk, event: Deposited) -> None:
    """A deposit reaches the account that its key owns."""
    taken(walk, event.index, None)
    who = f"account {event.account}"
    message = walk.message
    if not isinstance(message, Deposit):
        walk.check(AUTHORITY, False, "money is credited for a deposit only", who, event.amount, "no deposit")
    else:
        owner = walk.before.accounts.get(event.account)
        said, meant = (event.account, event.amount), (message.account, message.amount)
        walk.agree(AUTHORITY, "a deposit is credited whole to the account that it names", who, said, meant)
        key = message.key if owner is None else owner.key
        walk.require(AUTHORITY, "the key that deposits owns the account", who, message.key.hex(), key.hex())
        walk.agree(AUTHORITY, "a deposit opens an account that is not there yet", who, event.opened, owner is None)
    walk.balance(event.account).cash += event.amount


def forced_done(walk: Walk, event: ForcedDone) -> None:
    """A forced request was carried out: the money is claimed or the order has set out, and it did not only run out of its budget."""
    forced(walk, event)
    left = unfinished(walk)
    walk.check(NO_DOUBLE_SPEND, not left, "an unfinished forced order stays at the cursor", "", event.index, left)


def forced_paused(walk: Walk, event: ForcedPaused) -> None:
    """A forced order ran out of what one operation may clear: what is left of it waits at the cursor, and nothing else of it changes."""
    forced(walk, event)
    left = unfinished(walk)
    walk.agree(NO_DOUBLE_SPEND, "what waits is what is left of a forced order", "", event.left, left)
    received = walk.before.inbox.messages.get(event.index)
    if received is not None and isinstance(received.message, ForcedOrder):
        walk.waits = evolve(received, message=evolve(received.message, size=event.left))


def unfinished(walk: Walk) -> int:
    """Lots that the taker was left with when it had met as many orders as it may; 0 if it stopped for another reason."""
    stops = [event for event in walk.outcome.events if type(event) is OrderRemoved]
    return sum(event.remaining for event in stops if event.cause is Removal.MATCH_LIMIT)


def forced(walk: Walk, event: ForcedDone | ForcedPaused) -> None:
    """A forced request has an effect: its sender owns the account."""
    taken(walk, event.index, None)
    message = walk.message
    if not isinstance(message, ForcedWithdrawal | ForcedOrder):
        walk.check(AUTHORITY, False, "only a forced request is carried out as one", "", event.index, "")
        return
    who = f"account {message.account}"
    owner = walk.before.accounts.get(message.account)
    owns = owner is not None and owner.key == message.key
    walk.check(AUTHORITY, owns, "a forced request comes from the owner of the account", who, message.key.hex(), "")
    if isinstance(message, ForcedWithdrawal):
        done = walk.claims == walk.before.outbox.next_index + 1
    else:
        done = walk.taker is not None
    walk.check(AUTHORITY, done, "what was forced has happened", who, type(message).__name__, "nothing")
    cleared(walk)


def cleared(walk: Walk) -> None:
    """A forced withdrawal of more than is free has cancelled its owner's orders."""
    if walk.clears and walk.message is not None:
        live = len(walk.shadow.owned.get(walk.message.account, ()))
        conjunct = "a forced withdrawal of more than is free cancels its owner's orders"
        walk.check(AUTHORITY, not live, conjunct, f"account {walk.message.account}", live, 0)


def forced_refused(walk: Walk, event: ForcedRefused) -> None:
    """A message could not be carried out; the cursor moves on."""
    taken(walk, event.index, event.reason)
    cleared(walk)


def received(walk: Walk, event: MessageReceived) -> None:
    """The base layer appends a message."""
    fits = type(walk.operation) is Receive and event.index == walk.before.inbox.next_index
    conjunct = "a message takes the next index"
    walk.check(NO_DOUBLE_SPEND, fits, conjunct, "", event.index, walk.before.inbox.next_index)


def claimed(walk: Walk, event: Claimed) -> None:
    """Money joins the outbox: what its owner signed or forced, or a deposit that could not be credited."""
    who = f"account {event.account}"
    walk.named.add(event.account)
    walk.require(NO_DOUBLE_SPEND, "a claim takes the next index", who, event.index, walk.claims)
    walk.claims += 1
    walk.unpaid += event.amount
    operation, message = walk.operation, walk.message
    claim = walk.after.outbox.claims.get(event.index)
    owner = walk.before.accounts.get(event.account)
    key = b"" if owner is None else owner.key
    if event.cause is Cause.WITHDRAWAL and type(operation) is Withdraw:
        fits = (operation.account, operation.amount) == (event.account, event.amount)
        walk.balance(event.account).cash -= event.amount
    elif event.cause is Cause.FORCED_WITHDRAWAL and isinstance(message, ForcedWithdrawal):
        fits = message.account == event.account and event.amount == walk.payable and key == message.key
        walk.balance(event.account).cash -= event.amount
    elif event.cause is Cause.REFUSED_DEPOSIT and isinstance(message, Deposit):
        fits = (message.account, message.amount) == (event.account, event.amount)
        key = message.key
    else:
        fits = False
    conjunct = "money leaves as its owner signed or forced"
    walk.check(AUTHORITY, fits, conjunct, who, event.amount, event.cause.value)
    said = None if claim is None else (claim.account, claim.amount, claim.key, claim.cause)
    walk.agree(AUTHORITY, "a claim is for the owner's key", who, said, (event.account, event.amount, key, event.cause))


def transferred(walk: Walk, event: Transferred) -> None:
    """Collateral moves as its owner signed."""
    operation = walk.operation
    said = event.account, event.recipient, event.amount
    meant = None
    if type(operation) is Transfer:
        meant = operation.account, operation.recipient, operation.amount
    walk.agree(AUTHORITY, "a transfer is the one that was signed", f"account {event.account}", said, meant)
    walk.balance(event.account).cash -= event.amount
    walk.balance(event.recipient).cash += event.amount


def ticked(walk: Walk, event: Ticked) -> None:
    """The clock moves on, never back."""
    operation, clock = walk.operation, walk.before.clock
    forwards = type(operation) is Tick and event.time == operation.time and event.time >= clock
    walk.check(ORACLE_SANE, forwards, "the clock runs forwards, as the sequencer says", "", event.time, clock)
