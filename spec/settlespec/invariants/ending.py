"""After a step's events: the new state is the old one with what they say, and nothing else."""

from settlespec.domain.accounts import Account
from settlespec.domain.events import Claimed
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    FixSettlement,
    Receive,
    Signed,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.rounds import Stage
from settlespec.invariants.carrying import round_fields
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
from settlespec.invariants.forcing import fresh_marks
from settlespec.invariants.measures import Balance
from settlespec.invariants.placing import carried_out, reduces_when_filled
from settlespec.invariants.shadow import NO_TOTALS, terms_of
from settlespec.invariants.signing import content_of
from settlespec.invariants.walk import Walk


def begin_signed(walk: Walk, operation: Signed) -> None:
    """The owner signed this content for here, and it is still valid."""
    signer, before, asked = operation.account, walk.before, walk.asked
    walk.signer = signer
    walk.named.add(signer)
    owner = before.accounts.get(signer)
    parameters, clock = before.parameters, before.clock
    content = content_of(parameters.chain, parameters.rollup, operation)
    asked[AUTHORITY] += 2
    asked[NONCE] += 1
    if owner is None or not walk.verify(owner.key, content, operation.signature):
        conjunct = "the owner signed the content for this chain and rollup"
        walk.broken(AUTHORITY, conjunct, f"account {signer}", operation.signature.hex(), "")
    elif operation.nonce != owner.nonce + 1:
        conjunct = "an accepted message is the next one of its account"
        walk.broken(NONCE, conjunct, f"account {signer}", operation.nonce, owner.nonce + 1)
    if operation.valid_until < clock:
        conjunct = "a message has effect while it is valid"
        walk.broken(AUTHORITY, conjunct, f"account {signer}", operation.valid_until, clock)
    if type(operation) is not Cancel:
        fresh_marks(walk, signer)


def finish(walk: Walk) -> None:
    """Compare the state after the step with what was noted on the way."""
    before, after, sheet = walk.before, walk.after, walk.sheet
    if walk.taker is not None:
        carried_out(walk, walk.taker)
    if sheet is not None and after.round is not None and sheet.stage is Stage.ASSESS:
        assess(walk, sheet, after.round.holder)
    accounts(walk)
    if walk.pairs or walk.orders:
        orders(walk)
    if after.books is not before.books:
        books(walk)
    if before.breaches or after.breaches:
        patience(walk)
    health(walk)
    funds(walk)
    borders(walk)
    if sheet is not None or after.round is not before.round:
        round_fields(walk)


def accounts(walk: Walk) -> None:
    """Cash, lots, keys and nonces of every account that was named or written."""
    named, touched, asked = walk.named, walk.outcome.touched, walk.asked
    asked[ATOMICITY] += len(touched)
    for account in touched:
        if account not in named:
            conjunct = "only accounts that events name are written"
            walk.broken(ATOMICITY, conjunct, f"account {account}", account, "unnamed")
    everybody = named if named.issuperset(touched) else named.union(touched)
    signer, balances = walk.signer, walk.balances
    olds, news = walk.before.accounts, walk.after.accounts
    for account in everybody:
        old, new = olds.get(account), news.get(account)
        if new is None:
            if old is not None:
                walk.broken(ATOMICITY, "no account disappears", f"account {account}", "gone", "")
            continue
        asked[NONCE] += 1
        nonce = (0 if old is None else old.nonce) + (account == signer)
        if new.nonce != nonce:
            conjunct = "the nonce rises by one for an accepted message, and for nothing else"
            walk.broken(NONCE, conjunct, f"account {account}", new.nonce, nonce)
        if new is not old or account in balances:
            money(walk, account, old, new)


def money(walk: Walk, account: int, old: Account | None, new: Account) -> None:
    """Cash and lots of one account are what its events made of them, and its key is its owner's."""
    expected = walk.balances.get(account)
    walk.asked[AUTHORITY] += 1
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
        walk.asked[NOBODY_OWES] += 1
        worth = found.equity(walk.after.markets)
        if worth < 0:
            walk.broken(NOBODY_OWES, "equity >= 0", f"account {account}", worth, 0)


def patience(walk: Walk) -> None:
    """Rounds in a row in breach are counted by assessments, and begin anew without a position; nobody else's count moves."""
    before, after, meant = walk.before.breaches, walk.after.breaches, walk.before.breaches
    for account in walk.named:
        owner, balance = walk.after.accounts.get(account), walk.balances.get(account)
        old = before.get(account, 0)
        rounds = walk.assessed.get(account, old)
        if owner is None or not owner.positions or (balance is not None and balance.emptied):
            rounds = 0
        if rounds != old:
            meant = meant.set(account, rounds) if rounds else meant.delete(account)
    walk.asked[LIQUIDATION_FAIR] += max(len(meant), len(after))
    if after is meant or after == meant:
        return
    for account in sorted({*after, *meant}):
        said, counted = after.get(account, 0), meant.get(account, 0)
        if said != counted:
            conjunct = "patience counts the rounds in a row in which an account is below maintenance"
            walk.broken(LIQUIDATION_FAIR, conjunct, f"account {account}", said, counted)


def orders(walk: Walk) -> None:
    """Every order that an event names, and the totals of whoever it concerns."""
    live, accounts, books = walk.shadow.live, walk.after.accounts, walk.after.books
    walk.asked[ORDER_LIMITS] += len(walk.orders) + len(walk.pairs)
    for instrument, arrival in walk.orders:
        record = books[instrument].orders.get(arrival)
        mine = live.get(arrival)
        agree = mine is None if record is None else mine is not None and mine.is_told_by(record)
        if not agree:
            said = None if record is None else terms_of(record)
            meant = None if mine is None else mine.terms()
            walk.broken(ORDER_LIMITS, "an order is what events made of it", f"order {arrival}", str(said), str(meant))
    for account, instrument in walk.pairs:
        owner = accounts.get(account)
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
    olds, shadow, asked = walk.before.books, walk.shadow, walk.asked
    for name, new in walk.after.books.items():
        if new is olds.get(name):
            continue
        asked[ATOMICITY] += 1
        if name not in walk.instruments:
            conjunct = "only books that events name are written"
            walk.broken(ATOMICITY, conjunct, f"instrument {name}", "written", "unnamed")
        bid, ask = shadow.best(name, 1), shadow.best(name, -1)
        if bid is not None and ask is not None:
            asked[BOOK_UNCROSSED] += 1
            if bid.price >= ask.price:
                conjunct = "the best bid is below the best ask"
                walk.broken(BOOK_UNCROSSED, conjunct, f"instrument {name}", bid.price, ask.price)
        asked[BOOK_UNCROSSED] += 2
        for ladder, mine in ((new.bids, bid), (new.asks, ask)):
            said = ladder.firsts[0] & ARRIVAL_MASK if ladder.firsts else None
            meant = None if mine is None else mine.arrival
            if said != meant:
                conjunct = "a ladder begins with the best order"
                walk.broken(BOOK_UNCROSSED, conjunct, f"instrument {name}", str(said), str(meant))
        count = shadow.counts.get(name, 0)
        asked[ORDER_LIMITS] += 1
        if len(new.orders) != count:
            conjunct = "the book holds the live orders and no others"
            walk.broken(ORDER_LIMITS, conjunct, f"instrument {name}", len(new.orders), count)


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
    walk.asked[HEALTH] += 1
    balance = walk.balances.get(account)
    if balance is None:
        balance = Balance(walk.before.accounts.get(account))
    markets = walk.markets
    equity = balance.equity(markets)
    needed = balance.initial(markets, walk.factor) + walk.shadow.needs(account, markets)
    if equity >= needed or (rested is not None and reduces_when_filled(walk, rested, balance)):
        return
    conjunct = "what rests or leaves is covered by the initial requirement with all resting orders"
    walk.broken(HEALTH, conjunct, f"account {account}", equity, needed)


def funds(walk: Walk) -> None:
    """The exchange's own money: vault, treasury, insurance fund and funding pool."""
    before, after, operation = walk.before, walk.after, walk.operation
    walk.asked[CONSERVATION] += 2
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
        walk.asked[CONSERVATION] += 1
    if insurance or after.insurance:
        walk.asked[INSURANCE] += 1
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
    walk.asked[ORACLE_SANE] += 1
    if after.inbox is not before.inbox or type(operation) in (Receive, Take):
        inbox(walk)
    if after.outbox is not before.outbox or walk.claims != before.outbox.next_index:
        walk.asked[NO_DOUBLE_SPEND] += 1
        walk.asked[CONSERVATION] += 1
        if after.outbox.next_index != walk.claims or len(after.outbox.claims) != walk.claims:
            walk.broken(NO_DOUBLE_SPEND, "claims are as many as were made", "", after.outbox.next_index, walk.claims)
        if after.outbox.unpaid != walk.unpaid:
            walk.broken(CONSERVATION, "what is unpaid is the sum of the claims", "", after.outbox.unpaid, walk.unpaid)
    marks = walk.sheet is not None and walk.markets is not before.markets
    if after.markets is not before.markets and not marks and type(operation) is not FixSettlement:
        walk.broken(ORACLE_SANE, "marks change only when a round adopts its statement", "", "changed", "")
    if after.next_expiry != before.next_expiry and not marks:
        walk.broken(ORACLE_SANE, "an expiry is passed by its round only", "", after.next_expiry, before.next_expiry)
    time = before.round.timestamp if marks and before.round is not None else before.marks_time
    if after.marks_time != time:
        walk.broken(ORACLE_SANE, "the age of the marks is that of their statement", "", after.marks_time, time)
    number = before.round_number + (type(operation) is BeginRound)
    if after.round_number != number:
        walk.broken(ORACLE_SANE, "rounds are numbered one by one", "", after.round_number, number)


def inbox(walk: Walk) -> None:
    """A message joins at the end or leaves at the cursor, with its money; a forced order that is not finished waits there."""
    old, new, operation = walk.before.inbox, walk.after.inbox, walk.operation
    walk.asked[NO_DOUBLE_SPEND] += 1
    walk.asked[CONSERVATION] += 1
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
