"""Money in and out: withdrawals, transfers, and the messages of the base layer."""

from attrs import evolve
from immutables import Map

from settlespec.domain.accounts import FLAT, NO_ORDERS, Account
from settlespec.domain.events import (
    Deposited,
    ForcedDone,
    ForcedPaused,
    ForcedRefused,
    MessageReceived,
    OrderAccepted,
    OrderRemoved,
    Transferred,
)
from settlespec.domain.messages import Cause, Deposit, ForcedOrder, ForcedWithdrawal, Inbox, Received
from settlespec.domain.operations import Receive, Take, Transfer, Withdraw
from settlespec.domain.orders import Removal
from settlespec.domain.outcomes import Outcome, Rejected
from settlespec.domain.reasons import Reason
from settlespec.machine.admission import admit, marks_are_stale
from settlespec.machine.draft import Draft
from settlespec.machine.markets import is_due
from settlespec.machine.matching import DROPS, Stop, Taker, crosses, match
from settlespec.machine.signatures import Signatures
from settlespec.rules.custody import forced_amount, forced_limit, free_collateral


def free(draft: Draft, account: Account) -> int:
    """What the owner may take out now (CUST-2)."""
    now = draft.standing(account)
    return free_collateral(now.equity, now.initial, draft.reserved(account))


def withdraw(draft: Draft, op: Withdraw, signatures: Signatures) -> Outcome:
    """CUST-2.2: an owner takes out what is not needed to back positions and orders."""
    # CHECKS
    refused = admit(draft, op, signatures)
    if refused is not None:
        return refused
    # The marks are fresh.
    if marks_are_stale(draft):
        return Rejected(Reason.STALE_MARK)
    account = draft.account(op.account)
    # What remains covers the initial requirement with all resting orders.
    available = free(draft, account)
    if op.amount > available:
        return Rejected(Reason.UNDERCOLLATERALISED, (("free", available), ("amount", op.amount)))
    # EFFECTS
    draft.credit(op.account, -op.amount)
    draft.claim(op.account, account.key, op.amount, Cause.WITHDRAWAL)
    return draft.accept()


def transfer(draft: Draft, op: Transfer, signatures: Signatures) -> Outcome:
    """CUST-3: an owner moves collateral that is not needed to another account."""
    # CHECKS
    refused = admit(draft, op, signatures)
    if refused is not None:
        return refused
    # The marks are fresh.
    if marks_are_stale(draft):
        return Rejected(Reason.STALE_MARK)
    # The recipient exists.
    if draft.find_account(op.recipient) is None:
        return Rejected(Reason.UNKNOWN_RECIPIENT)
    # The recipient is another account.
    if op.recipient == op.account:
        return Rejected(Reason.SELF_TRANSFER)
    # What remains covers the initial requirement with all resting orders.
    available = free(draft, draft.account(op.account))
    if op.amount > available:
        return Rejected(Reason.UNDERCOLLATERALISED, (("free", available), ("amount", op.amount)))
    # EFFECTS
    draft.credit(op.account, -op.amount)
    draft.credit(op.recipient, op.amount)
    # EVENTS
    draft.events.append(Transferred(op.account, op.recipient, op.amount))
    return draft.accept()


def receive(draft: Draft, op: Receive) -> Outcome:
    """CUST-6: the base layer appends a message; a deposit's money is in the vault from here on."""
    # CHECKS
    inbox = draft.inbox
    # The inbox has room.
    if len(inbox.messages) >= draft.parameters.max_inbox:
        return Rejected(Reason.INBOX_FULL)
    # EFFECTS
    amount = op.message.amount if isinstance(op.message, Deposit) else 0
    index = inbox.next_index
    messages = inbox.messages.set(index, Received(op.time, op.message))
    draft.inbox = Inbox(messages, inbox.cursor, index + 1, inbox.uncredited + amount)
    draft.vault += amount
    # EVENTS
    draft.events.append(MessageReceived(index))
    return draft.accept()


def take(draft: Draft, op: Take) -> Outcome:
    """CUST-7: the next message is carried out; one that cannot be advances the cursor with its reason.

    A forced request of an account with positions waits while the marks are stale, but only its owner's: anybody's message can name any
    account, and one that can never be carried out keeps nobody waiting.
    """
    # CHECKS
    inbox = draft.inbox
    index = inbox.cursor
    received = inbox.messages.get(index)
    # A message waits.
    if received is None:
        return Rejected(Reason.INBOX_EMPTY)
    message = received.message
    refused = None if isinstance(message, Deposit) else refuse_request(draft, message)
    # Risk can be judged, if there is any to judge.
    waits = not isinstance(message, Deposit) and refused is None and bool(draft.account(message.account).positions)
    if waits and marks_are_stale(draft):
        return Rejected(Reason.STALE_MARK)
    # EFFECTS
    draft.inbox = evolve(inbox, messages=inbox.messages.delete(index), cursor=index + 1)
    match message:
        case Deposit():
            take_deposit(draft, index, message)
        case ForcedWithdrawal():
            finish_forced(draft, index, refused or take_withdrawal(draft, message))
        case ForcedOrder():
            refused = refused or refuse_order(draft, message)
            left = take_order(draft, message) if refused is None else 0
            if left:
                pause_forced(draft, inbox, evolve(message, size=left))
            else:
                finish_forced(draft, index, refused)
    return draft.accept()


def refuse_request(draft: Draft, request: ForcedWithdrawal | ForcedOrder) -> Reason | None:
    """CUST-7.2: why a forced request can never be carried out, whatever the marks are; None when it can."""
    account = draft.find_account(request.account)
    # The account exists.
    if account is None:
        return Reason.UNKNOWN_ACCOUNT
    # The owner sent the message.
    if account.key != request.key:
        return Reason.WRONG_OWNER
    # The instrument is listed.
    if isinstance(request, ForcedOrder) and request.instrument not in draft.markets:
        return Reason.UNKNOWN_INSTRUMENT
    return None


def finish_forced(draft: Draft, index: int, reason: Reason | None) -> None:
    """The forced request was carried out, or refused for a reason."""
    draft.events.append(ForcedDone(index) if reason is None else ForcedRefused(index, reason))


def pause_forced(draft: Draft, inbox: Inbox, left: ForcedOrder) -> None:
    """CUST-5.3: what is left of a forced order that met more than one operation may clear stays at the cursor of the inbox.

    So the next taking goes on, and nobody's orders in front make the request count as carried out: untaken, it is a ground for freeze
    at its deadline. Its fills stand, and what the base layer chained is the message as it was sent.
    """
    index = inbox.cursor
    draft.inbox = evolve(inbox, messages=inbox.messages.set(index, evolve(inbox.messages[index], message=left)))
    draft.events.append(ForcedPaused(index, left.size))


def take_deposit(draft: Draft, index: int, deposit: Deposit) -> None:
    """CUST-1: a deposit is credited to the account that its key owns, opening it if need be; otherwise it goes to the outbox."""
    draft.inbox = evolve(draft.inbox, uncredited=draft.inbox.uncredited - deposit.amount)
    account = draft.find_account(deposit.account)
    reason = refuse_deposit(draft, account, deposit)
    if reason is not None:
        draft.events.append(ForcedRefused(index, reason))
        draft.claim(deposit.account, deposit.key, deposit.amount, Cause.REFUSED_DEPOSIT)
        return
    if account is None:
        draft.put(deposit.account, Account(deposit.key, deposit.amount, Map(), Map(), 0))
    else:
        draft.credit(deposit.account, deposit.amount)
    draft.events.append(Deposited(index, deposit.account, deposit.amount, account is None))


def refuse_deposit(draft: Draft, account: Account | None, deposit: Deposit) -> Reason | None:
    """CUST-1.2: why a deposit cannot be credited; None when it can."""
    # The key that deposits owns the account, so that nobody can open an account under another's number and be paid.
    if account is not None and account.key != deposit.key:
        return Reason.WRONG_OWNER
    # There is room for one more account.
    if account is None and len(draft.state.accounts) >= draft.parameters.max_accounts:
        return Reason.TOO_MANY_ACCOUNTS
    # What the accounts and funds hold stays below the cap.
    if draft.vault - draft.outbox.unpaid - draft.inbox.uncredited > draft.parameters.max_vault:
        return Reason.VAULT_FULL
    return None


def take_withdrawal(draft: Draft, request: ForcedWithdrawal) -> Reason | None:
    """CUST-4.2: a forced withdrawal pays the smaller of the amount and what is free.

    If more is asked for than is free, the owner's resting orders are cancelled first: what they reserve could otherwise be freed only
    through the operator whom the request goes past.
    """
    account = draft.account(request.account)
    now = draft.standing(account)
    # Something is free, or would be without orders; a refused request leaves them.
    if free_collateral(now.equity, now.initial, 0) == 0:
        return Reason.NOTHING_TO_WITHDRAW
    if request.amount > free(draft, account):
        draft.cancel_all(request.account, Removal.FORCED)
        account = draft.account(request.account)
    amount = forced_amount(request.amount, free(draft, account))
    draft.credit(request.account, -amount)
    draft.claim(request.account, account.key, amount, Cause.FORCED_WITHDRAWAL)
    return None


def refuse_order(draft: Draft, request: ForcedOrder) -> Reason | None:
    """CUST-5.4: why a forced order cannot be carried out now; None when it can."""
    # The instrument has not reached its expiry; from there on the next round pays the position out.
    if is_due(draft.markets[request.instrument].instrument, draft.clock):
        return Reason.INSTRUMENT_EXPIRED
    position = draft.account(request.account).positions.get(request.instrument, FLAT).size
    # The order would close the position.
    return Reason.REDUCE_ONLY_WRONG_SIDE if position * request.side >= 0 else None


def take_order(draft: Draft, request: ForcedOrder) -> int:
    """CUST-5.2: a forced order is reduce-only and immediate: its limit ends at the band, its size at the position.

    The owner's resting orders in the instrument that are reduce-only, or that it would meet, are cancelled first: an operator that
    ignores cancels could otherwise have a forced order stopped by its owner's own.

    Returns:
        Lots that are left because as many orders were met as one operation may clear (CUST-5.3): each such taking clears some, so that
        after finitely many the order has met every order there is. 0 when the order is done with, filled or not.
    """
    market = draft.markets[request.instrument]
    position = draft.account(request.account).positions[request.instrument].size
    limit = forced_limit(request.side, request.price, market.low, market.high)
    clear_way(draft, request, limit)
    size = min(request.size, abs(position))
    arrival = draft.next_arrival
    draft.next_arrival += 1
    accepted = OrderAccepted(arrival, request.account, 0, request.instrument, request.side, limit, size, 0)
    draft.events.append(accepted)
    taker = Taker(arrival, request.account, request.instrument, request.side, limit)
    left, stop = match(draft, taker, size)
    if left:
        cause = DROPS.get(stop, Removal.IMMEDIATE)
        draft.events.append(OrderRemoved(arrival, request.account, request.instrument, left, cause))
    return left if stop is Stop.MATCH_LIMIT else 0


def clear_way(draft: Draft, request: ForcedOrder, limit: int) -> None:
    """The owner's resting orders in the instrument make way for a forced one, by arrival: reduce-only ones, and those it would meet."""
    open_orders = draft.account(request.account).orders.get(request.instrument, NO_ORDERS)
    for arrival in sorted(open_orders.arrivals.values()):
        order = draft.book(request.instrument).orders[arrival]
        meets = order.side is not request.side and crosses(request.side, limit, order.price)
        if order.reduce_only or meets:
            draft.remove_order(order, Removal.FORCED)
