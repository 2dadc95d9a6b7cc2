"""What happens in a clearing round: every gain, mark, default, haircut, breach and liquidation is worked out again."""

from collections import deque
from collections.abc import Iterator

from settlespec.domain.events import (
    Breached,
    ClosedAtMark,
    HaircutTaken,
    Healed,
    InsurancePaid,
    Marked,
    Revalued,
    RoundBegun,
    RoundEnded,
    StageBegun,
)
from settlespec.domain.operations import BeginRound
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Breach, Stage
from settlespec.invariants import closing
from settlespec.invariants.catalogue import (
    CONSERVATION,
    INSURANCE,
    LIQUIDATION_FAIR,
    NO_DOUBLE_SPEND,
    ORACLE_SANE,
    ZERO_SUM,
)
from settlespec.invariants.measures import FUNDING_UNIT, expected_market, market_facts, upwards
from settlespec.invariants.sheet import Sheet, worst_first
from settlespec.invariants.signing import statement_content
from settlespec.invariants.walk import Walk


def begin_round(walk: Walk) -> None:
    """The statement is for here and now, complete, and signed by enough oracles (ORACLE-SANE)."""
    operation, before = walk.operation, walk.before
    assert type(operation) is BeginRound
    statement, parameters = operation.statement, before.parameters
    content = statement_content(statement)
    keys = parameters.oracles.keys
    signers = {
        signed.oracle
        for signed in operation.signatures
        if signed.oracle < len(keys) and walk.verify(keys[signed.oracle], content, signed.signature)
    }
    if len(signers) < parameters.oracles.threshold or 2 * len(signers) <= len(keys):
        walk.broken(ORACLE_SANE, "enough oracles signed the statement", "", len(signers), parameters.oracles.threshold)
    here = statement.chain, statement.rollup, statement.number
    there = parameters.chain, parameters.rollup, before.round_number + 1
    walk.require(ORACLE_SANE, "the statement is for this chain, rollup and round", "", str(here), str(there))
    if not before.marks_time < statement.timestamp <= before.clock:
        walk.broken(ORACLE_SANE, "the statement is newer than the last one", "", statement.timestamp, before.marks_time)
    age = before.clock - statement.timestamp
    if age > parameters.max_age:
        walk.broken(ORACLE_SANE, "the statement is fresh", "", age, parameters.max_age)
    names = [quote.instrument for quote in statement.quotes]
    walk.require(ORACLE_SANE, "every listed instrument is quoted once", "", str(names), str(sorted(before.markets)))
    for quote in statement.quotes:
        market = before.markets.get(quote.instrument)
        if market is not None and not 1 <= quote.mark <= market.instrument.max_price:
            who = f"instrument {quote.instrument}"
            walk.broken(
                ORACLE_SANE, "a mark is a price of its instrument", who, quote.mark, market.instrument.max_price
            )


def round_begun(walk: Walk, event: RoundBegun) -> None:
    """The funding interval is what has passed since the last round's statement, so no moment is settled twice."""
    operation, opened = walk.operation, walk.after.round
    if type(operation) is not BeginRound or opened is None:
        walk.broken(ORACLE_SANE, "a round begins with a statement", "", event.number, "")
        return
    statement = operation.statement
    told = event.number, event.timestamp, tuple(quote for _, quote in sorted(opened.quotes.items()))
    kept = opened.number, opened.timestamp, statement.quotes
    if not told == kept == (statement.number, statement.timestamp, statement.quotes):
        walk.broken(ORACLE_SANE, "the round is that of the statement", "", event.number, statement.number)
    passed = min(statement.timestamp - walk.before.marks_time, walk.before.parameters.round_deadline)
    walk.require(NO_DOUBLE_SPEND, "a funding interval begins where the last one ended", "", opened.elapsed, passed)
    first = next(iter(walk.before.holders), None)
    walk.require(NO_DOUBLE_SPEND, "revaluing begins with the first holder", "", str(opened.holder), str(first))


def sheet_of(walk: Walk) -> Sheet | None:
    """The notes of the open round; an event of a round outside one is a violation."""
    if walk.sheet is None and walk.before.round is not None:
        walk.sheet = Sheet(walk.before, walk.before.round)
    if walk.sheet is None and type(walk.operation) is not BeginRound:
        walk.broken(LIQUIDATION_FAIR, "only an open round touches others' accounts", "", "no round", "")
    return walk.sheet


def revalued(walk: Walk, event: Revalued) -> None:
    """A holder in his turn goes to the new marks: his funding is the rule's, his gain the rise of his equity."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    who = f"account {event.account}"
    if sheet.stage is not Stage.REVALUE or event.account != sheet.holder:
        walk.broken(
            NO_DOUBLE_SPEND, "each holder settles his funding once, in his turn", who, event.account, str(sheet.holder)
        )
    sheet.holder = walk.before.holders.after(event.account)
    balance = walk.balance(event.account)
    rest, exact, worth = balance.equity(walk.before.markets), 0, balance.cash
    for name, size in balance.sizes.items():
        mark = sheet.marks[name]
        exact += sheet.rates[name] * mark * size * sheet.elapsed
        worth += size * mark
    paid = upwards(exact, FUNDING_UNIT)
    walk.require(
        ZERO_SUM, "funding is rate x mark x size x time, rounded against the account", who, event.funding, paid
    )
    worth -= event.funding
    balance.cash -= event.funding
    sheet.pool += event.funding
    gain = max(worth - rest, 0)
    walk.require(LIQUIDATION_FAIR, "a gain is the rise of equity in this round", who, event.gain, gain)
    if gain:
        sheet.gains[event.account] = gain
        sheet.total_gain += gain
    if worth <= 0:
        sheet.defaulted.append(event.account)
        sheet.seizable.add(event.account)


def marked(walk: Walk, event: Marked) -> None:
    """A market takes the statement's mark, with its array and band; its rate is capped."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    name = event.instrument
    who = f"instrument {name}"
    if sheet.stage is not Stage.REVALUE or sheet.holder is not None:
        walk.broken(
            ORACLE_SANE, "marks are adopted once every holder is revalued", who, sheet.stage.name, str(sheet.holder)
        )
    said, meant = (event.mark, event.rate), (sheet.marks.get(name), sheet.rates.get(name))
    walk.require(ORACLE_SANE, "marks come from the statement only", who, str(said), str(meant))
    old = walk.before.markets[name]
    surcharge = max(
        surcharge_of(walk, other)
        for other, market in walk.before.markets.items()
        if market.instrument.underlying == old.instrument.underlying
    )
    index = old.funding_index + sheet.rates[name] * sheet.marks[name] * sheet.elapsed
    expected = expected_market(old, sheet.marks[name], surcharge, index)
    facts = market_facts(walk.after.markets[name])
    walk.require(ORACLE_SANE, "a market says what follows from its mark", who, str(facts), str(expected))


def surcharge_of(walk: Walk, name: int) -> int:
    """The open-interest term of one instrument, in ppm."""
    terms = walk.before.markets[name].instrument
    span = terms.surcharge_to - terms.surcharge_from
    over = min(max(walk.before.books[name].open_interest - terms.surcharge_from, 0), span)
    return over * terms.surcharge_ppm // span


def stage_begun(walk: Walk, event: StageBegun) -> None:
    """One stage ends, the next begins; its list is worked out again."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    if event.stage != sheet.stage + 1:
        walk.broken(LIQUIDATION_FAIR, "stages follow each other", "", event.stage.name, sheet.stage.name)
    end_stage(walk, sheet)
    sheet.stage = event.stage
    count = event.micro_steps
    match event.stage:
        case Stage.EXPIRE:
            adopt(walk, sheet)
        case Stage.DEFAULT:
            count = plan(walk, sheet, sheet.defaulted, settle=True)
        case Stage.HAIRCUT:
            sheet.haircuts = deque(sheet.gainers() if sheet.owed else ())
            count = len(sheet.haircuts)
        case Stage.ASSESS:
            sheet.holder = next(holders(walk, None), None)
        case Stage.CLOSE:
            impatient = walk.before.parameters.patience
            late = [breach.account for breach in worst_first(sheet.breaches) if breach.rounds > impatient]
            count = plan(walk, sheet, late, settle=False)
        case Stage.LIQUIDATE:
            patience = walk.before.parameters.patience
            sheet.queue = deque(b.account for b in worst_first(sheet.breaches) if b.rounds <= patience)
            count = len(sheet.queue)
        case _:
            pass
    walk.require(
        LIQUIDATION_FAIR, "a stage's list is as long as what must be done", event.stage.name, event.micro_steps, count
    )


def end_stage(walk: Walk, sheet: Sheet) -> None:
    """What a stage must have done when the next begins."""
    if sheet.closes:
        walk.broken(LIQUIDATION_FAIR, "every planned close is carried out", sheet.stage.name, len(sheet.closes), 0)
        sheet.closes.clear()
    if sheet.stage is Stage.HAIRCUT:
        walk.require(CONSERVATION, "the haircut collects what is owed", "", sheet.collected, sheet.owed)
    if sheet.stage is Stage.ASSESS:
        assess(walk, sheet, None)
    if sheet.stage is Stage.DISCARD:
        for name, market in walk.markets.items():
            bid, ask = walk.shadow.best(name, Side.BUY), walk.shadow.best(name, Side.SELL)
            expired = any(head is not None and head.good_till < walk.before.clock for head in (bid, ask))
            if expired:
                walk.broken(LIQUIDATION_FAIR, "no expired order stays in front", f"instrument {name}", "", "")
            if (bid is not None and bid.price > market.high) or (ask is not None and ask.price < market.low):
                walk.broken(
                    LIQUIDATION_FAIR, "no order outside the band stays", f"instrument {name}", market.low, market.high
                )


def adopt(walk: Walk, sheet: Sheet) -> None:
    """The new marks hold, and the funding pool goes to the insurance fund."""
    walk.markets = walk.after.markets
    if sheet.pool < 0:
        walk.broken(ZERO_SUM, "receivers of funding get no more than payers pay", "", sheet.pool, 0)
    sheet.insurance += sheet.pool
    sheet.pool = 0


def plan(walk: Walk, sheet: Sheet, accounts: list[int], *, settle: bool) -> int:
    """The closes that must come, and how many micro-steps they take with seizing and settling."""
    if not accounts:
        return 0
    balances = {}
    for account in holders(walk, None):
        # Ranked, not named: whoever is closed against is named by the event.
        balances[account] = walk.balances.get(account) or closing.balance_of(walk.before, account)
    sheet.closes = deque(closing.closes(balances, accounts, walk.markets))
    sheet.seizable.update(accounts)
    return len(sheet.closes) + len(accounts) * (2 if settle else 1)


def holders(walk: Walk, since: int | None) -> Iterator[int]:
    """Accounts that hold a position now, from one of them on, by id; before liquidations nobody becomes a holder."""
    ladder = walk.before.holders
    account = ladder.after(-1) if since is None else since
    while account is not None:
        changed = walk.balances.get(account)
        if changed is None or changed.sizes:
            yield account
        account = ladder.after(account)


def assess(walk: Walk, sheet: Sheet, until: int | None) -> None:
    """Whoever was passed in this step is in breach exactly if an event says so."""
    found, healed = [], []
    for account in holders(walk, sheet.holder) if sheet.holder is not None else ():
        if until is not None and account >= until:
            break
        balance = walk.balances.get(account) or closing.balance_of(walk.before, account)
        equity, maintenance = balance.equity(walk.markets), balance.maintenance(walk.markets)
        rounds = walk.before.breaches.get(account, 0)
        if equity < maintenance:
            rounds += 1
            found.append(Breached(account, equity, maintenance, rounds))
            walk.assessed[account] = rounds
        elif rounds:
            walk.assessed[account] = 0
            healed.append(account)
    said = [(b.account, b.equity, b.maintenance, b.rounds) for b in sheet.breached]
    meant = [(b.account, b.equity, b.maintenance, b.rounds) for b in found]
    walk.require(LIQUIDATION_FAIR, "in breach are those below maintenance, and all of them", "", str(said), str(meant))
    conjunct = "healed are those that were in breach and are not, and all of them"
    walk.require(LIQUIDATION_FAIR, conjunct, "", str(sheet.healed), str(healed))
    sheet.breached, sheet.healed = [], []
    sheet.holder = until


def closed_at_mark(walk: Walk, event: ClosedAtMark) -> None:
    """Lots close at the mark against the opposite position that is first in rank."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    who = f"account {event.account}"
    said = event.account, event.instrument, event.counterparty, event.size
    meant = sheet.closes.popleft() if sheet.closes else None
    if said != meant:
        walk.broken(LIQUIDATION_FAIR, "closes at the mark follow the ranking", who, str(said), str(meant))
    mark = walk.markets[event.instrument].mark
    walk.require(LIQUIDATION_FAIR, "a close at the mark is at the mark", who, event.mark, mark)
    change = event.side * event.size
    for account, lots in ((event.account, change), (event.counterparty, -change)):
        balance = walk.balance(account)
        size = balance.sizes.get(event.instrument, 0)
        if size * lots >= 0 or abs(lots) > abs(size):
            walk.broken(LIQUIDATION_FAIR, "a close only shrinks a position", f"account {account}", lots, size)
        balance.trade(event.instrument, lots, event.mark, 0)
        walk.pairs.add((account, event.instrument))
    walk.named.update((event.account, event.counterparty))
    walk.instruments.add(event.instrument)


def insurance_paid(walk: Walk, event: InsurancePaid) -> None:
    """The fund pays a shortfall that is there, as far as it reaches."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    who = f"account {event.account}"
    balance = walk.balance(event.account)
    debt = -balance.equity(walk.markets)
    if sheet.stage is not Stage.DEFAULT or balance.sizes or debt <= 0 or event.paid + event.owed != debt:
        walk.broken(
            INSURANCE, "only the proven shortfall of a closed account is paid", who, event.paid + event.owed, debt
        )
    walk.require(INSURANCE, "the fund pays as far as it reaches", who, event.paid, min(max(sheet.insurance, 0), debt))
    sheet.insurance -= event.paid
    sheet.owed += event.owed
    balance.cash += event.paid + event.owed


def haircut_taken(walk: Walk, event: HaircutTaken) -> None:
    """A gain of this round pays its share, never more than itself; the rounding goes to the insurance fund."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    who = f"account {event.account}"
    meant = sheet.haircuts.popleft() if sheet.haircuts else None
    if event.account != meant:
        walk.broken(LIQUIDATION_FAIR, "each gainer pays once, in his turn", who, event.account, str(meant))
    gain = sheet.gain(event.account)
    if event.amount > gain:
        walk.broken(LIQUIDATION_FAIR, "nobody pays more than he gained in this round", who, event.amount, gain)
    share = upwards(sheet.owed * gain, sheet.total_gain) if sheet.total_gain else 0
    walk.require(LIQUIDATION_FAIR, "a haircut is the gain's share, rounded up", who, event.amount, share)
    due = min(event.amount, sheet.owed - sheet.collected)
    sheet.collected += due
    sheet.insurance += event.amount - due
    walk.balance(event.account).cash -= event.amount


def breached(walk: Walk, event: Breached) -> None:
    """An account is found below maintenance; judged with all that were passed, by `assess`."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    walk.named.add(event.account)
    sheet.breached.append(event)
    sheet.breaches.append(Breach(event.account, event.equity, event.maintenance, event.rounds))
    sheet.seizable.add(event.account)


def healed(walk: Walk, event: Healed) -> None:
    """An account is no longer in breach; judged with all that were passed, by `assess`."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    walk.named.add(event.account)
    sheet.healed.append(event.account)


def round_ended(walk: Walk, event: RoundEnded) -> None:
    """The round leaves nothing behind."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    walk.require(LIQUIDATION_FAIR, "a round ends after its last stage", "", sheet.stage.name, Stage.LIQUIDATE.name)
    walk.require(CONSERVATION, "the haircut collects what is owed", "", sheet.collected, sheet.owed)
    if walk.after.round is not None:
        walk.broken(LIQUIDATION_FAIR, "a round that ended is closed", "", event.number, "")
