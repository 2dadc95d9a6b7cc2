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
    RoundEnded,
    StageBegun,
)
from settlespec.domain.operations import BeginRound
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Seize, Settle, Stage, Task
from settlespec.invariants import closing
from settlespec.invariants.catalogue import (
    CONSERVATION,
    INSURANCE,
    LIQUIDATION_FAIR,
    NO_DOUBLE_SPEND,
    ORACLE_SANE,
    ZERO_SUM,
)
from settlespec.invariants.expiring import end_expiry, expired_now, orders_of_expired
from settlespec.invariants.measures import (
    FUNDING_UNIT,
    Balance,
    expected_market,
    lot_risks,
    market_facts,
    next_expiry,
    upwards,
)
from settlespec.invariants.sheet import Sheet, worst_first
from settlespec.invariants.turns import holders, loses_orders, passed, standing_of
from settlespec.invariants.walk import Walk


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
    in_turn = sheet.stage is Stage.REVALUE and event.account == sheet.holder
    conjunct = "each holder settles his funding once, in his turn"
    walk.check(NO_DOUBLE_SPEND, in_turn, conjunct, who, event.account, str(sheet.holder))
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
    settled = sheet.stage is Stage.REVALUE and sheet.holder is None
    conjunct = "marks are adopted once every holder is revalued"
    walk.check(ORACLE_SANE, settled, conjunct, who, sheet.stage.name, str(sheet.holder))
    said, meant = (event.mark, event.rate), (sheet.marks.get(name), sheet.rates.get(name))
    walk.agree(ORACLE_SANE, "marks come from the statement only", who, said, meant)
    old = walk.before.markets[name]
    surcharge = max(
        surcharge_of(walk, other)
        for other, market in walk.before.markets.items()
        if market.instrument.underlying == old.instrument.underlying
    )
    index = old.funding_index + sheet.rates[name] * sheet.marks[name] * sheet.elapsed
    terms, quote = old.instrument, sheet.round.quotes.get(name)
    stated = () if quote is None else quote.losses
    mark, reference = sheet.marks[name], sheet.marks.get(terms.reference, 0)
    horizon = sheet.round.timestamp + walk.before.parameters.expiry_lead
    expected = expected_market(terms, mark, reference, stated, surcharge, index, horizon)
    facts = market_facts(walk.after.markets[name])
    walk.agree(ORACLE_SANE, "a market says what follows from its mark", who, facts, expected)


def surcharge_of(walk: Walk, name: int) -> int:
    """The open-interest term of one instrument, in ppm; an option's lots count by what they need beside a lot of its reference."""
    market, lots = walk.before.markets[name], walk.before.books[name].open_interest
    terms = market.instrument
    _, alone = lot_risks(market)
    _, linear = lot_risks(walk.before.markets[terms.reference])
    if alone < linear:
        lots = lots * alone // linear
    span = terms.surcharge_to - terms.surcharge_from
    over = min(max(lots - terms.surcharge_from, 0), span)
    return over * terms.surcharge_ppm // span


def stage_begun(walk: Walk, event: StageBegun) -> None:
    """One stage ends, the next begins; its list is worked out again."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    if event.stage != sheet.stage + 1:
        walk.broken(LIQUIDATION_FAIR, "stages follow each other", "", event.stage.name, sheet.stage.name)
    end_stage(walk, sheet)
    sheet.stage, sheet.tasks = event.stage, ()
    count = None
    match event.stage:
        case Stage.EXPIRE:
            adopt(walk, sheet)
            expired = expired_now(walk)
            sheet.tasks = tuple(orders_of_expired(walk, expired))
            if expired:
                sheet.holder = next(holders(walk, None), None)
                count = len(sheet.tasks) + sum(1 for _ in holders(walk, None))
        case Stage.DEFAULT:
            plan(walk, sheet, in_default(walk, sheet), settle=True)
        case Stage.HAIRCUT:
            sheet.tasks = tuple(sheet.gainers() if sheet.owed else ())
            sheet.haircuts = deque(sheet.gainers() if sheet.owed else ())
        case Stage.ASSESS:
            sheet.holder = next(holders(walk, None), None)
            count = sum(1 for _ in holders(walk, None))
        case Stage.CLOSE:
            plan(walk, sheet, late(walk, sheet), settle=False)
        case Stage.DISCARD:
            sheet.tasks = tuple(to_discard(walk))
        case Stage.LIQUIDATE:
            patience = walk.before.parameters.patience
            sheet.queue = deque(b.account for b in worst_first(sheet.breaches) if b.rounds <= patience)
            sheet.tasks = tuple(sheet.queue)
        case _:
            pass
    meant = len(sheet.tasks) if count is None else count
    if meant or event.micro_steps:
        conjunct = "a stage's list is as long as what must be done"
        walk.require(LIQUIDATION_FAIR, conjunct, event.stage.name, event.micro_steps, meant)


def in_default(walk: Walk, sheet: Sheet) -> list[int]:
    """Of the accounts that revaluing left with nothing those that owe, or hold lots (ROUND-5); a pay-out may have left neither."""
    found = []
    for account in sheet.defaulted:
        balance = walk.balances.get(account) or Balance(walk.before.accounts.get(account))
        if balance.sizes or balance.cash < 0:
            found.append(account)
    return found


def late(walk: Walk, sheet: Sheet) -> list[int]:
    """Accounts in breach beyond patience, worst first."""
    patience = walk.before.parameters.patience
    return [breach.account for breach in worst_first(sheet.breaches) if breach.rounds > patience]


def end_stage(walk: Walk, sheet: Sheet) -> None:
    """What a stage must have done when the next begins."""
    stage = sheet.stage
    if stage in (Stage.DEFAULT, Stage.CLOSE):
        if sheet.closes:
            walk.broken(LIQUIDATION_FAIR, "every planned close is carried out", stage.name, len(sheet.closes), 0)
            sheet.closes.clear()
        for account in (task.account for task in sheet.tasks if isinstance(task, Seize)):
            loses_orders(walk, account, "an account that is closed at the mark loses its orders")
    if stage is Stage.EXPIRE:
        end_expiry(walk, sheet)
    if stage is Stage.HAIRCUT:
        walk.require(CONSERVATION, "the haircut collects what is owed", "", sheet.collected, sheet.owed)
        if sheet.haircuts:
            conjunct = "each gainer pays once, in his turn"
            walk.broken(LIQUIDATION_FAIR, conjunct, f"account {sheet.haircuts[0]}", "passed over", "")
    if stage is Stage.ASSESS:
        assess(walk, sheet, None)
    if stage is Stage.DISCARD:
        for left in to_discard(walk):
            conjunct = "no order that is outside the band stays"
            walk.broken(LIQUIDATION_FAIR, conjunct, f"order {left.arrival}", left.price, "discarded")


def to_discard(walk: Walk) -> Iterator[Discard]:
    """The live orders that are outside the band: by instrument, bids first, each side in precedence."""
    for name in sorted(walk.markets):
        market = walk.markets[name]
        for side in (Side.BUY, Side.SELL):
            edge = market.high if side is Side.BUY else market.low
            for order in walk.shadow.queue(name, side):
                walk.asked[LIQUIDATION_FAIR] += 1
                if side * (order.price - edge) <= 0:
                    break
                yield Discard(name, side, order.price, order.arrival)


def adopt(walk: Walk, sheet: Sheet) -> None:
    """The new marks hold, and the funding pool goes to the insurance fund."""
    walk.markets = walk.after.markets
    forgotten = [name for name in expired_now(walk) if not walk.markets[name].expired]
    walk.agree(ORACLE_SANE, "what has reached its expiry expires as marks are adopted", "", forgotten, [])
    conjunct = "the next expiry is the earliest that is not paid out"
    walk.require(ORACLE_SANE, conjunct, "", walk.after.next_expiry, next_expiry(walk.markets))
    conjunct = "receivers of funding get no more than payers pay"
    walk.check(ZERO_SUM, sheet.pool >= 0, conjunct, "", sheet.pool, 0)
    sheet.insurance += sheet.pool
    sheet.pool = 0


def plan(walk: Walk, sheet: Sheet, accounts: list[int], *, settle: bool) -> None:
    """The closes that must come, each account's after the seizing of its orders, and before its debt is settled."""
    if not accounts:
        return
    # Ranked, not named: whoever is closed against is named by the event.
    balances = {account: standing_of(walk, account) for account in holders(walk, None)}
    sheet.closes = deque(closing.closes(balances, accounts, walk.markets))
    sheet.seizable.update(accounts)
    tasks: list[Task] = []
    for account in accounts:
        tasks.append(Seize(account))
        tasks += [CloseAtMark(*close) for close in sheet.closes if close[0] == account]
        if settle:
            tasks.append(Settle(account))
    sheet.tasks = tuple(tasks)


def assess(walk: Walk, sheet: Sheet, until: int | None) -> None:
    """Whoever was passed in this step is in breach exactly if an event says so."""
    found, healed = [], []
    if until is not None and (sheet.holder is None or until < sheet.holder):
        conjunct = "assessing goes on behind the last holder"
        walk.broken(LIQUIDATION_FAIR, conjunct, "", until, str(sheet.holder))
    for account in holders(walk, sheet.holder) if sheet.holder is not None else ():
        if until is not None and account >= until:
            break
        balance = standing_of(walk, account)
        walk.asked[LIQUIDATION_FAIR] += 1
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
    if said != meant:
        conjunct = "in breach are those below maintenance, and all of them"
        walk.broken(LIQUIDATION_FAIR, conjunct, "", str(said), str(meant))
    if sheet.healed != healed:
        conjunct = "healed are those that were in breach and are not, and all of them"
        walk.broken(LIQUIDATION_FAIR, conjunct, "", str(sheet.healed), str(healed))
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
    walk.agree(LIQUIDATION_FAIR, "closes at the mark follow the ranking", who, said, meant)
    mark = walk.markets[event.instrument].mark
    walk.require(LIQUIDATION_FAIR, "a close at the mark is at the mark", who, event.mark, mark)
    change = event.side * event.size
    for account, lots in ((event.account, change), (event.counterparty, -change)):
        balance = walk.balance(account)
        size = balance.sizes.get(event.instrument, 0)
        shrinks = size * lots < 0 and abs(lots) <= abs(size)
        walk.check(LIQUIDATION_FAIR, shrinks, "a close only shrinks a position", f"account {account}", lots, size)
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
    proven = sheet.stage is Stage.DEFAULT and not balance.sizes and debt > 0 and event.paid + event.owed == debt
    conjunct = "only the proven shortfall of a closed account is paid"
    walk.check(INSURANCE, proven, conjunct, who, event.paid + event.owed, debt)
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
    walk.check(
        LIQUIDATION_FAIR, event.account == meant, "each gainer pays once, in his turn", who, event.account, str(meant)
    )
    gain = sheet.gain(event.account)
    conjunct = "nobody pays more than he gained in this round"
    walk.check(LIQUIDATION_FAIR, event.amount <= gain, conjunct, who, event.amount, gain)
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
    """The round leaves nothing behind, and nobody in breach was left out."""
    sheet = sheet_of(walk)
    if sheet is None:
        return
    if sheet.stage is not Stage.LIQUIDATE:
        conjunct = "a round ends after its last stage"
        walk.broken(LIQUIDATION_FAIR, conjunct, "", sheet.stage.name, Stage.LIQUIDATE.name)
    while sheet.queue:
        passed(walk, sheet, sheet.queue.popleft())
    walk.require(CONSERVATION, "the haircut collects what is owed", "", sheet.collected, sheet.owed)
    if walk.after.round is not None:
        walk.broken(LIQUIDATION_FAIR, "a round that ended is closed", "", event.number, "")
    sheet.ended = True
