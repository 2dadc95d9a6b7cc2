"""What must become of the message at the inbox's cursor, worked out before its events are looked at (CUST-1 to CUST-7)."""

from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.reasons import Reason
from settlespec.invariants.catalogue import NO_DOUBLE_SPEND, ORACLE_SANE
from settlespec.invariants.measures import Balance
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
        age, most = walk.before.clock - walk.before.marks_time, walk.before.parameters.max_age
        conjunct = "risk is judged by fresh marks only"
        walk.check(ORACLE_SANE, age <= most, conjunct, f"account {message.account}", age, most)
    if isinstance(message, ForcedWithdrawal):
        withdrawal(walk, message)
    else:
        position = account.positions.get(message.instrument)
        if position is None or position.size * message.side >= 0:
            walk.refusing = Reason.REDUCE_ONLY_WRONG_SIDE


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
    if not walk.payable:
        walk.refusing = Reason.NOTHING_TO_WITHDRAW
