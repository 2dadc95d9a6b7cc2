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
from settlespec.domain.orders import Removal, Side
from settlespec.invariants.catalogue import AUTHORITY, NO_DOUBLE_SPEND, ORACLE_SANE
from settlespec.invariants.shadow import ShadowOrder
from settlespec.invariants.walk import Walk


def begin_take(walk: Walk) -> None:
    """The message at the cursor is the only one that a taking may carry out."""
    received = walk.before.inbox.messages.get(walk.before.inbox.cursor)
    if received is None:
        walk.broken(NO_DOUBLE_SPEND, "a message waits at the cursor", "", walk.before.inbox.cursor, "none")
        return
    walk.message = received.message
    message = received.message
    if isinstance(message, Deposit):
        return
    account = walk.before.accounts.get(message.account)
    if account is not None and account.positions and account.key == message.key:
        age = walk.before.clock - walk.before.marks_time
        if age > walk.before.parameters.max_age and not refused_for_good(walk):
            walk.broken(ORACLE_SANE, "risk is judged by fresh marks only", f"account {message.account}", age, "stale")


def refused_for_good(walk: Walk) -> bool:
    """Whether the message was refused before any risk was judged."""
    return any(type(event) is ForcedRefused for event in walk.outcome.events)


def taken(walk: Walk, index: int) -> None:
    """A message is carried out, or refused: that at the cursor, once."""
    if type(walk.operation) is not Take or index != walk.before.inbox.cursor or walk.taken:
        walk.broken(NO_DOUBLE_SPEND, "each message is taken once, at the cursor", "", index, walk.before.inbox.cursor)
    walk.taken += 1


def stands_against(walk: Walk, request: ForcedOrder, order: ShadowOrder) -> bool:
    """Whether an order is on the other side of a forced one and within its limit."""
    return order.side is not request.side and request.side * (forced_limit(walk, request) - order.price) >= 0


def forced_limit(walk: Walk, request: ForcedOrder) -> int:
    """The limit that a forced order may have: its owner's, or the edge of the band where no order may go beyond it."""
    market = walk.markets[request.instrument]
    return min(request.price, market.high) if request.side is Side.BUY else max(request.price, market.low)


def deposited(walk: Walk, event: Deposited) -> None:
    """A deposit reaches the account that its key owns."""
    taken(walk, event.index)
    who = f"account {event.account}"
    message = walk.message
    if not isinstance(message, Deposit):
        walk.broken(AUTHORITY, "money is credited for a deposit only", who, event.amount, "no deposit")
    elif (event.account, event.amount) != (message.account, message.amount):
        said, meant = str((event.account, event.amount)), str((message.account, message.amount))
        walk.broken(AUTHORITY, "a deposit is credited whole to the account that it names", who, said, meant)
    else:
        owner = walk.before.accounts.get(event.account)
        key = message.key if owner is None else owner.key
        walk.require(AUTHORITY, "the key that deposits owns the account", who, message.key.hex(), key.hex())
    walk.balance(event.account).cash += event.amount


def forced_done(walk: Walk, event: ForcedDone) -> None:
    """A forced request was carried out: its sender owns the account, and it did not only run out of what one operation may clear."""
    forced(walk, event)
    if unfinished(walk):
        walk.broken(NO_DOUBLE_SPEND, "an unfinished forced order stays at the cursor", "", event.index, "carried out")


def forced_paused(walk: Walk, event: ForcedPaused) -> None:
    """A forced order ran out of what one operation may clear: what is left of it waits at the cursor, and nothing else of it changes."""
    forced(walk, event)
    if unfinished(walk) != event.left:
        walk.broken(NO_DOUBLE_SPEND, "what waits is what is left of a forced order", "", event.left, unfinished(walk))
    received = walk.before.inbox.messages.get(event.index)
    if received is not None and isinstance(received.message, ForcedOrder):
        walk.waits = evolve(received, message=evolve(received.message, size=event.left))


def unfinished(walk: Walk) -> int:
    """Lots that the taker was left with when it had met as many orders as it may; 0 if it stopped for another reason."""
    stops = [event for event in walk.outcome.events if type(event) is OrderRemoved]
    return sum(event.remaining for event in stops if event.cause is Removal.MATCH_LIMIT)


def forced(walk: Walk, event: ForcedDone | ForcedPaused) -> None:
    """A forced request has an effect: its sender owns the account."""
    taken(walk, event.index)
    message = walk.message
    if not isinstance(message, ForcedWithdrawal | ForcedOrder):
        walk.broken(AUTHORITY, "only a forced request is carried out as one", "", event.index, "")
        return
    owner = walk.before.accounts.get(message.account)
    if owner is None or owner.key != message.key:
        who = f"account {message.account}"
        walk.broken(AUTHORITY, "a forced request comes from the owner of the account", who, message.key.hex(), "")


def forced_refused(walk: Walk, event: ForcedRefused) -> None:
    """A message could not be carried out; the cursor moves on."""
    taken(walk, event.index)


def received(walk: Walk, event: MessageReceived) -> None:
    """The base layer appends a message."""
    fits = type(walk.operation) is Receive and event.index == walk.before.inbox.next_index
    if not fits:
        walk.broken(NO_DOUBLE_SPEND, "a message takes the next index", "", event.index, walk.before.inbox.next_index)


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
        fits = message.account == event.account and event.amount <= message.amount and key == message.key
        walk.balance(event.account).cash -= event.amount
    elif event.cause is Cause.REFUSED_DEPOSIT and isinstance(message, Deposit):
        fits = (message.account, message.amount) == (event.account, event.amount)
        key = message.key
    else:
        fits = False
    if not fits:
        walk.broken(AUTHORITY, "money leaves as its owner signed or forced", who, event.amount, event.cause.value)
    stands = claim is not None and (claim.account, claim.amount, claim.key) == (event.account, event.amount, key)
    if not stands:
        walk.broken(AUTHORITY, "a claim is for the owner's key", who, str(claim), key.hex())


def transferred(walk: Walk, event: Transferred) -> None:
    """Collateral moves as its owner signed."""
    operation = walk.operation
    said = event.account, event.recipient, event.amount
    who = f"account {event.account}"
    if type(operation) is not Transfer:
        walk.broken(AUTHORITY, "collateral moves between accounts by a signed transfer", who, str(said), "")
    elif said != (operation.account, operation.recipient, operation.amount):
        walk.broken(AUTHORITY, "a transfer is the one that was signed", who, str(said), str(operation.amount))
    walk.balance(event.account).cash -= event.amount
    walk.balance(event.recipient).cash += event.amount


def ticked(walk: Walk, event: Ticked) -> None:
    """The clock moves on, never back."""
    operation = walk.operation
    if type(operation) is not Tick or event.time != operation.time or event.time < walk.before.clock:
        walk.broken(ORACLE_SANE, "the clock runs forwards, as the sequencer says", "", event.time, walk.before.clock)
