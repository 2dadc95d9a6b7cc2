"""After a step's events: the new state is the old one with what they say, and nothing else."""

from settlespec.domain.accounts import Account
from settlespec.domain.events import Claimed
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    Receive,
    Signed,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Stage
from settlespec.invariants.catalogue import (
    ATOMICITY,
    AUTHORITY,
    BOOK_UNCROSSED,
    CONSERVATION,
    HEALTH,
    INSURANCE,
    LIQUIDATION_FAIR,
    NO_DOUBLE_SPEND,
    NOBODY_OWES,
    NONCE,
    ORACLE_SANE,
    ORDER_LIMITS,
    PRICE_TIME,
)
from settlespec.invariants.clearing import assess
from settlespec.invariants.measures import Balance, strictly_reduces
from settlespec.invariants.shadow import NO_TOTALS, record_terms
from settlespec.invariants.sheet import closes_of
from settlespec.invariants.signing import content_of
from settlespec.invariants.walk import Walk


def begin_signed(walk: Walk, operation: Signed) -> None:
    """The owner signed this content for here, and it is still valid."""
    signer = operation.account
    walk.signer = signer
    walk.named.add(signer)
    owner = walk.before.accounts.get(signer)
    parameters, clock = walk.before.parameters, walk.before.clock
    content = content_of(parameters.chain, parameters.rollup, operation)
    if owner is None or not walk.verify(owner.key, content, operation.signature):
        conjunct = "the owner signed the content for this chain and rollup"
        walk.broken(AUTHORITY, conjunct, f"account {signer}", operation.signature.hex(), "")
    elif operation.nonce != owner.nonce + 1:
        conjunct = "an accepted message is the next one of its account"
        walk.broken(NONCE, conjunct, f"account {signer}", operation.nonce, owner.nonce + 1)
    if operation.valid_until < clock:
        conjunct = "a message has effect while it is valid"
        walk.broken(AUTHORITY, conjunct, f"account {signer}", operation.valid_until, clock)
    age = clock - walk.before.marks_time
    if age > parameters.max_age and type(operation) is not Cancel:
        conjunct = "risk is judged by fresh marks only"
        walk.broken(ORACLE_SANE, conjunct, f"account {signer}", age, parameters.max_age)


def finish(walk: Walk) -> None:
    """Compare the state after the step with what was noted on the way."""
    if walk.sheet is not None and walk.after.round is not None and walk.sheet.stage is Stage.ASSESS:
        assess(walk, walk.sheet, walk.after.round.holder)
    accounts(walk)
    orders(walk)
    if walk.after.books is not walk.before.books:
        books(walk)
    if walk.before.breaches or walk.after.breaches:
        patience(walk)
    health(walk)
    funds(walk)
    borders(walk)
    if walk.sheet is not None or walk.after.round is not walk.before.round:
        round_fields(walk)


def accounts(walk: Walk) -> None:
    """Cash, lots, keys and nonces of every account that was named or written."""
    named, touched = walk.named, walk.outcome.touched
    for account in touched:
        if account not in named:
            walk.broken(
                ATOMICITY, "only accounts that events name are written", f"account {account}", account, "unnamed"
            )
    everybody = named if named.issuperset(touched) else named.union(touched)
    for account in everybody:
        old, new = walk.before.accounts.get(account), walk.after.accounts.get(account)
        if new is None:
            if old is not None:
                walk.broken(ATOMICITY, "no account disappears", f"account {account}", "gone", "")
            continue
        nonce = (0 if old is None else old.nonce) + (account == walk.signer)
        if new.nonce != nonce:
            conjunct = "the nonce rises by one for an accepted message, and for nothing else"
            walk.broken(NONCE, conjunct, f"account {account}", new.nonce, nonce)
        if new is not old or account in walk.balances:
            money(walk, account, old, new)


def money(walk: Walk, account: int, old: Account | None, new: Account) -> None:
    """Cash and lots of one account are what its events made of them, and its key is its owner's."""
    expected = walk.balances.get(account)
    if old is None:
        if expected is None:
            walk.broken(AUTHORITY, "a deposit opens an account, and nothing else", f"account {account}", "opened", "")
            return
    else:
        if new.key is not old.key and new.key != old.key:
            walk.broken(AUTHORITY, "a key stays the owner's", f"account {account}", new.key.hex(), old.key.hex())
        if expected is None:
            if new.positions is old.positions and new.collateral == old.collateral:
                return
            expected = Balance(old)
    found = Balance(new)
    if found.cash != expected.cash or found.sizes != expected.sizes:
        said, meant = str((found.cash, found.sizes)), str((expected.cash, expected.sizes))
        conjunct = "cash and lots change as a signature, a message or a round says"
        walk.broken(AUTHORITY, conjunct, f"account {account}", said, meant)
    if walk.after.round is None:
        worth = found.equity(walk.after.markets)
        if worth < 0:
            walk.broken(NOBODY_OWES, "equity >= 0", f"account {account}", worth, 0)


def patience(walk: Walk) -> None:
    """Rounds in a row in breach are counted by assessments, and begin anew without a position."""
    for account in walk.named:
        owner = walk.after.accounts.get(account)
        balance = walk.balances.get(account)
        meant = walk.assessed.get(account, walk.before.breaches.get(account, 0))
        if owner is None or not owner.positions or (balance is not None and balance.emptied):
            meant = 0
        said = walk.after.breaches.get(account, 0)
        if said != meant:
            conjunct = "patience counts the rounds in a row in which an account is below maintenance"
            walk.broken(LIQUIDATION_FAIR, conjunct, f"account {account}", said, meant)


def orders(walk: Walk) -> None:
    """Every order that an event names, and the totals of whoever it concerns."""
    live, after = walk.shadow.live, walk.after
    for instrument, arrival in walk.orders:
        record = after.books[instrument].orders.get(arrival)
        mine = live.get(arrival)
        said = None if record is None else record_terms(record)
        meant = None if mine is None else mine.terms()
        if said != meant:
            walk.broken(ORDER_LIMITS, "an order is what events made of it", f"order {arrival}", str(said), str(meant))
    for account, instrument in walk.pairs:
        owner = after.accounts.get(account)
        if owner is None:
            continue
        totals = walk.shadow.totals.get((account, instrument), NO_TOTALS)
        told = owner.orders.get(instrument)
        if told is None:
            said4 = 0, 0, 0, 0
        else:
            said4 = told.buys, told.sells, told.reduce_only, len(told.arrivals)
        mine4 = totals.buys, totals.sells, totals.reduce_only, totals.count
        if said4 != mine4:
            who = f"account {account}"
            walk.broken(ORDER_LIMITS, "open-order totals are those of the book", who, str(said4), str(mine4))
        if totals.reduce_only:
            position = owner.positions.get(instrument)
            lots = 0 if position is None else abs(position.size)
            if totals.reduce_only > lots:
                conjunct = "resting reduce-only orders total at most the position"
                walk.broken(ORDER_LIMITS, conjunct, f"account {account}", totals.reduce_only, lots)


def books(walk: Walk) -> None:
    """The books that the operation touched are not crossed and begin with the best orders; others are as they were."""
    for name, new in walk.after.books.items():
        if new is walk.before.books.get(name):
            continue
        if name not in walk.instruments:
            walk.broken(
                ATOMICITY, "only books that events name are written", f"instrument {name}", "written", "unnamed"
            )
        bid, ask = walk.shadow.best(name, Side.BUY), walk.shadow.best(name, Side.SELL)
        if bid is not None and ask is not None and bid.price >= ask.price:
            walk.broken(
                BOOK_UNCROSSED, "the best bid is below the best ask", f"instrument {name}", bid.price, ask.price
            )
        for side, mine in ((Side.BUY, bid), (Side.SELL, ask)):
            ladder = new.bids if side is Side.BUY else new.asks
            said = ladder.firsts[0] & ARRIVAL_MASK if ladder.firsts else None
            meant = None if mine is None else mine.arrival
            if said != meant:
                walk.broken(
                    BOOK_UNCROSSED, "a ladder begins with the best order", f"instrument {name}", str(said), str(meant)
                )
        if len(new.orders) != walk.shadow.counts.get(name, 0):
            count = walk.shadow.counts.get(name, 0)
            walk.broken(
                ORDER_LIMITS,
                "the book holds the live orders and no others",
                f"instrument {name}",
                len(new.orders),
                count,
            )


ARRIVAL_MASK = 2**64 - 1
"""The arrival in a ladder's key."""


def health(walk: Walk) -> None:
    """HEALTH-AFTER-OP of what rests and of what leaves; fills were judged one by one."""
    rested = walk.rested
    if rested is not None:
        account = rested.account
    elif type(walk.operation) is Withdraw or type(walk.operation) is Transfer:
        account = walk.operation.account
    elif walk.message is not None and any(type(event) is Claimed for event in walk.outcome.events):
        if isinstance(walk.message, Deposit):
            return
        account = walk.message.account
    else:
        return
    balance = walk.balances.get(account)
    if balance is None:
        balance = Balance(walk.before.accounts.get(account))
    equity = balance.equity(walk.markets)
    needed = balance.initial(walk.markets, walk.factor) + walk.shadow.needs(account, walk.markets)
    if equity >= needed:
        return
    if rested is not None and rested.reduce_only:
        rate = walk.markets[rested.instrument].instrument.maker_fee_ppm
        fee = -(-rested.price * rested.remaining * rate // 1_000_000) if rate > 0 else 0
        then = balance.after(rested.instrument, rested.side * rested.remaining, rested.price, fee)
        if strictly_reduces(balance, then, rested.instrument, walk.markets):
            return
    conjunct = "what rests or leaves is covered by the initial requirement with all resting orders"
    walk.broken(HEALTH, conjunct, f"account {account}", equity, needed)


def funds(walk: Walk) -> None:
    """The exchange's own money: vault, treasury, insurance fund and funding pool."""
    before, after, operation = walk.before, walk.after, walk.operation
    brought = 0
    if type(operation) is Receive and isinstance(operation.message, Deposit):
        brought = operation.message.amount
    if after.vault != before.vault + brought:
        walk.broken(CONSERVATION, "the vault grows by deposits only", "", after.vault, before.vault + brought)
    if after.treasury != walk.treasury:
        walk.broken(CONSERVATION, "the treasury grows by the fees of fills", "", after.treasury, walk.treasury)
    insurance, pool = before.insurance, before.funding_pool
    if walk.sheet is not None:
        insurance, pool = walk.sheet.insurance, walk.sheet.pool
    if after.insurance != insurance:
        conjunct = "the insurance fund changes by fees, roundings and proven shortfalls only"
        walk.broken(INSURANCE, conjunct, "", after.insurance, insurance)
    if after.insurance < 0:
        walk.broken(INSURANCE, "insurance >= 0", "", after.insurance, 0)
    if after.funding_pool != pool:
        walk.broken(CONSERVATION, "the funding pool holds what was paid into it", "", after.funding_pool, pool)
    if after.next_arrival != walk.arrival:
        walk.broken(PRICE_TIME, "the arrival count rises by accepted orders only", "", after.next_arrival, walk.arrival)
    if after.parameters is not before.parameters and after.parameters != before.parameters:
        walk.broken(ATOMICITY, "parameters are fixed at genesis", "", "changed", "")
    clock = operation.time if type(operation) is Tick else before.clock
    if after.clock != clock:
        walk.broken(ORACLE_SANE, "the clock runs forwards, as the sequencer says", "", after.clock, clock)


def borders(walk: Walk) -> None:
    """Inbox and outbox: each index once, and the sums of what waits."""
    before, after, operation = walk.before, walk.after, walk.operation
    if after.inbox is not before.inbox or type(operation) in (Receive, Take):
        inbox(walk)
    if after.outbox is not before.outbox or walk.claims != before.outbox.next_index:
        if after.outbox.next_index != walk.claims or len(after.outbox.claims) != walk.claims:
            walk.broken(NO_DOUBLE_SPEND, "claims are as many as were made", "", after.outbox.next_index, walk.claims)
        if after.outbox.unpaid != walk.unpaid:
            walk.broken(CONSERVATION, "what is unpaid is the sum of the claims", "", after.outbox.unpaid, walk.unpaid)
    marks = walk.sheet is not None and walk.markets is not before.markets
    if after.markets is not before.markets and not marks:
        walk.broken(ORACLE_SANE, "marks change only when a round adopts its statement", "", "changed", "")
    time = before.round.timestamp if marks and before.round is not None else before.marks_time
    if after.marks_time != time:
        walk.broken(ORACLE_SANE, "the age of the marks is that of their statement", "", after.marks_time, time)
    number = before.round_number + (type(operation) is BeginRound)
    if after.round_number != number:
        walk.broken(ORACLE_SANE, "rounds are numbered one by one", "", after.round_number, number)


def inbox(walk: Walk) -> None:
    """A message joins at the end or leaves at the cursor, with its money; a forced order that is not finished waits there."""
    old, new, operation = walk.before.inbox, walk.after.inbox, walk.operation
    took, came = type(operation) is Take, type(operation) is Receive
    money = 0
    if type(operation) is Receive and isinstance(operation.message, Deposit):
        money = operation.message.amount
    elif took and isinstance(walk.message, Deposit):
        money = -walk.message.amount
    said = new.cursor, new.next_index, len(new.messages)
    went = took and walk.waits is None
    meant = old.cursor + went, old.next_index + came, len(old.messages) - went + came
    if said != meant or (took and walk.taken != 1) or (took and new.messages.get(old.cursor) != walk.waits):
        walk.broken(NO_DOUBLE_SPEND, "the cursor passes each message once", "", str(said), str(meant))
    if new.uncredited != old.uncredited + money:
        walk.broken(
            CONSERVATION,
            "what is uncredited is the sum of the waiting deposits",
            "",
            new.uncredited,
            old.uncredited + money,
        )


def round_fields(walk: Walk) -> None:
    """What the round carries on is what its events say."""
    sheet, after = walk.sheet, walk.after.round
    operation = walk.operation
    if type(operation) not in (BeginRound, ContinueRound):
        walk.broken(LIQUIDATION_FAIR, "nothing interleaves with a round", "", type(operation).__name__, "")
    if sheet is None or after is None:
        return
    if sheet.stage in (Stage.DEFAULT, Stage.CLOSE):
        rest = closes_of(after.tasks[after.cursor :])
        walk.require(LIQUIDATION_FAIR, "closes at the mark follow the ranking", "", str(rest), str(sheet.closes))
    said = after.stage.name, after.owed, after.collected, after.total_gain, after.defaulted
    meant = sheet.stage.name, sheet.owed, sheet.collected, sheet.total_gain, tuple(sheet.defaulted)
    walk.require(CONSERVATION, "the round carries on what is owed, collected and gained", "", str(said), str(meant))
    walk.require(
        LIQUIDATION_FAIR, "the round carries on who is in breach", "", str(after.breaches), str(tuple(sheet.breaches))
    )
    for account, gain in sheet.gains.items():
        walk.require(
            LIQUIDATION_FAIR, "the round carries on each gain", f"account {account}", after.gains.get(account, 0), gain
        )
    if sheet.stage is Stage.REVALUE:
        walk.require(
            NO_DOUBLE_SPEND, "revaluing goes on behind the last holder", "", str(after.holder), str(sheet.holder)
        )
