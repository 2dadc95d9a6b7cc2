"""What must become of the message at the inbox's cursor, worked out before its events are looked at (CUST-1 to CUST-7)."""

from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from settlespec.invariants.catalogue import NO_DOUBLE_SPEND, ORACLE_SANE
from settlespec.invariants.measures import Balance, is_due
from settlespec.invariants.shadow import ShadowOrder
from settlespec.invariants.walk import Walk


def begin_take(walk: Walk) -> None:
    """The message at the cursor is the only one that a taking may carry out."""
    received = walk.before.inbox.messages.get(walk.before.inbox.cursor)
    conjunct = "a message waits at the cursor"
    walk.check(NO_DOUBLE_SPEND, received is not None, conjunct, "", walk.before.inbox.cursor, "none")
    if received is None:
        return
    message = walk.message = received.message
    if isinstance(message, Deposit):
        walk.refusing = deposit_refusal(walk, message)
        return
    walk.refusing = request_refusal(walk, message)
    if walk.refusing is not None:
        return
    account = walk.before.accounts[message.account]
    if account.positions:
        fresh_marks(walk, message.account)
    if isinstance(message, ForcedWithdrawal):
        withdrawal(walk, message)
    elif is_due(walk.markets[message.instrument], walk.before.clock):
        walk.refusing = Reason.INSTRUMENT_EXPIRED
    else:
        position = account.positions.get(message.instrument)
        if position is None or position.size * message.side >= 0:
            walk.refusing = Reason.REDUCE_ONLY_WRONG_SIDE


def fresh_marks(walk: Walk, account: int) -> None:
    """Risk is judged by marks that are not too old, and that no expiry has left behind."""
    before, most, who = walk.before, walk.before.parameters.max_age, f"account {account}"
    walk.asked[ORACLE_SANE] += 1
    age = before.clock - before.marks_time
    if age > most:
        walk.broken(ORACLE_SANE, "risk is judged by fresh marks only", who, age, most)
    if 0 < before.next_expiry <= before.clock:
        conjunct = "no risk is judged between an expiry and its round"
        walk.broken(ORACLE_SANE, conjunct, who, before.next_expiry, before.clock)


def deposit_refusal(walk: Walk, deposit: Deposit) -> Reason | None:
    """Why a deposit cannot be credited: somebody else's account, no room for one more, or a full vault."""
    before = walk.before
    owner = before.accounts.get(deposit.account)
    if owner is not None and owner.key != deposit.key:
        return Reason.WRONG_OWNER
    if owner is None and len(before.accounts) >= before.parameters.max_accounts:
        return Reason.TOO_MANY_ACCOUNTS
    others = before.inbox.uncredited - deposit.amount
    if before.vault - before.outbox.unpaid - others > before.parameters.max_vault:
        return Reason.VAULT_FULL
    return None


def request_refusal(walk: Walk, request: ForcedWithdrawal | ForcedOrder) -> Reason | None:
    """Why a forced request is refused whatever the marks are: no account, somebody else's, or nothing that is listed."""
    owner = walk.before.accounts.get(request.account)
    if owner is None:
        return Reason.UNKNOWN_ACCOUNT
    if owner.key != request.key:
        return Reason.WRONG_OWNER
    if isinstance(request, ForcedOrder) and request.instrument not in walk.before.markets:
        return Reason.UNKNOWN_INSTRUMENT
    return None


def withdrawal(walk: Walk, request: ForcedWithdrawal) -> None:
    """A forced withdrawal pays what is free, once its owner's orders are cancelled if that is less than was asked for."""
    balance = Balance(walk.before.accounts[request.account])
    free = balance.equity(walk.markets) - balance.initial(walk.markets, walk.factor)
    reserved = walk.shadow.needs(request.account, walk.markets)
    walk.clears = request.amount > max(free - reserved, 0)
    walk.payable = min(request.amount, max(free if walk.clears else free - reserved, 0))
    if free <= 0:
        # A refused request leaves its owner's orders.
        walk.refusing, walk.clears = Reason.NOTHING_TO_WITHDRAW, False


def stands_against(walk: Walk, request: ForcedOrder, order: ShadowOrder) -> bool:
    """Whether an order is on the other side of a forced one and within its limit."""
    return order.side is not request.side and request.side * (forced_limit(walk, request) - order.price) >= 0


def forced_limit(walk: Walk, request: ForcedOrder) -> int:
    """The limit that a forced order may have: its owner's, or the edge of the band where no order may go beyond it."""
    market = walk.markets[request.instrument]
    return min(request.price, market.high) if request.side is Side.BUY else max(request.price, market.low)
