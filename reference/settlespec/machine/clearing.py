"""The clearing round as a sequence of micro-steps (rules ROUND-1 to ROUND-9)."""

from collections.abc import Callable, Iterator

from immutables import Map

from settlespec.domain.books import ARRIVAL_MASK
from settlespec.domain.events import (
    Breached,
    HaircutTaken,
    Healed,
    InsurancePaid,
    Marked,
    Revalued,
    RoundEnded,
    StageBegun,
)
from settlespec.domain.instruments import Market, earliest_expiry
from settlespec.domain.operations import ContinueRound
from settlespec.domain.orders import Order, Removal, Side
from settlespec.domain.outcomes import Outcome, Rejected, SpecBug
from settlespec.domain.quantities import AccountId
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Round, Seize, Settle, Stage, Task
from settlespec.machine.closing import close_at_mark, plan_closes
from settlespec.machine.draft import Draft
from settlespec.machine.expiry import expire_market, expiring, pay_out
from settlespec.machine.liquidation import liquidate
from settlespec.machine.markets import payoff, revalued_market, surcharge_rates
from settlespec.machine.ratios import Ratio
from settlespec.machine.statements import quoted
from settlespec.rules import expiry, funding, liquidation, margin, trading


def continue_round(draft: Draft, op: ContinueRound) -> Outcome:
    """ROUND-2: the next micro-steps. Continuing by m and then by n is the same as continuing by m + n."""
    # CHECKS
    # A round is open.
    if draft.round is None:
        return Rejected(Reason.NO_ROUND)
    # EFFECTS
    clearing = Clearing(draft, draft.round)
    for _ in range(op.micro_steps):
        if not clearing.micro_step():
            break
    clearing.close()
    return draft.accept()


class Clearing:
    """The open round as a working copy inside one step."""

    def __init__(self, draft: Draft, round_: Round) -> None:
        self.draft = draft
        self.number = round_.number
        self.timestamp = round_.timestamp
        self.quotes = round_.quotes
        self.elapsed = round_.elapsed
        self.stage = round_.stage
        self.holder = round_.holder
        self.tasks = round_.tasks
        self.cursor = round_.cursor
        self.gains = round_.gains.mutate()
        self.total_gain = round_.total_gain
        self.defaulted = round_.defaulted
        self.owed = round_.owed
        self.collected = round_.collected
        self.breaches = round_.breaches
        self.attempts = round_.attempts
        self.micro_steps = round_.micro_steps
        self.ended = False
        self._terms: dict[int, tuple[int, int]] = {}
        self._run: dict[Stage, Callable[[Task], None]] = {
            Stage.EXPIRE: self.discard,
            Stage.DEFAULT: self.close_or_settle,
            Stage.HAIRCUT: self.haircut,
            Stage.CLOSE: self.close_or_settle,
            Stage.DISCARD: self.discard,
            Stage.LIQUIDATE: self.liquidate,
        }
        self._visit: dict[Stage, Callable[[AccountId], None]] = {
            Stage.REVALUE: self.revalue,
            Stage.EXPIRE: self.pay_out,
            Stage.ASSESS: self.assess,
        }

    def micro_step(self) -> bool:
        """ROUND-2.2: one task of the stage's list, or the beginning of the next stage; False once the round has ended."""
        if self.ended:
            return False
        self.micro_steps += 1
        if self.cursor < len(self.tasks):
            self._run[self.stage](self.tasks[self.cursor])
            if self.stage is not Stage.LIQUIDATE:
                self.cursor += 1
        elif self.holder is not None:
            self._visit[self.stage](self.holder)
            self.holder = self.draft.holders.after(self.holder)
        else:
            self.next_stage()
        return True

    def next_stage(self) -> None:
        """The stage's list is done: what it leaves behind is written, and the list of the next stage is fixed."""
        expired: list[int] = []
        if self.stage is Stage.REVALUE:
            expired = self.adopt_marks()
        elif self.stage is Stage.LIQUIDATE:
            self.ended = True
            self.draft.events.append(RoundEnded(self.number, self.micro_steps))
            return
        self.stage = Stage(self.stage + 1)
        self.tasks = self.list_of(self.stage, expired)
        self.cursor = 0
        holders = self.draft.holders
        visits = bool(holders) and (self.stage is Stage.ASSESS or bool(expired))
        self.holder = holders.first() if visits else None
        count = len(self.tasks) + (len(holders) if visits else 0)
        self.draft.events.append(StageBegun(self.stage, count))

    def list_of(self, stage: Stage, expired: list[int]) -> tuple[Task, ...]:
        """ROUND-3: the list of a stage, fixed when the stage begins; it says how many micro-steps the stage takes.

        EXPIRE and ASSESS visit every holder behind their list, EXPIRE only if something expired. LIQUIDATE takes at most
        2 + max_matches + max_removals micro-steps for each account of its list, and one for each expired order that is in the way.
        """
        match stage:
            case Stage.EXPIRE:
                sides = ((name, side) for name in expired for side in (Side.BUY, Side.SELL))
                return tuple(as_discard(order) for at in sides for order in in_precedence(self.draft, *at))
            case Stage.DEFAULT:
                return plan_closes(self.draft, self.in_default(), settle=True)
            case Stage.HAIRCUT:
                return self.gainers() if self.owed else ()
            case Stage.CLOSE:
                return plan_closes(self.draft, self.beyond_patience(), settle=False)
            case Stage.DISCARD:
                names = sorted(self.draft.markets)
                return tuple(as_discard(order) for name in names for order in to_discard(self.draft, name))
            case Stage.LIQUIDATE:
                closed = set(self.beyond_patience())
                return tuple(breach.account for breach in self.worst_first() if breach.account not in closed)
            case _:
                return ()

    def gainers(self) -> tuple[int, ...]:
        """Accounts that gained in this round, by id."""
        gains = self.gains.finish()
        self.gains = gains.mutate()
        return tuple(sorted(gains))

    def close(self) -> None:
        """Write the round back into the draft."""
        self.draft.round = (
            None
            if self.ended
            else Round(
                self.number,
                self.timestamp,
                self.quotes,
                self.elapsed,
                self.stage,
                self.holder,
                self.tasks,
                self.cursor,
                self.gains.finish(),
                self.total_gain,
                self.defaulted,
                self.owed,
                self.collected,
                self.breaches,
                self.attempts,
                self.micro_steps,
            )
        )

    def terms(self, name: int) -> tuple[int, int]:
        """ROUND-4.4: the new mark and the funding rate of an instrument: the statement's, or at its expiry what it pays, and no funding."""
        found = self._terms.get(name)
        if found is None:
            quote = self.quotes.get(name)
            market = self.draft.markets[name]
            if quote is not None:
                found = quote.mark, funding.capped_rate(quote.funding_rate, market.instrument.funding_cap_ppm)
            elif market.settlement is not None:
                found = payoff(market.instrument, market.settlement), 0
            else:
                raise SpecBug(f"instrument {name} has neither a quote nor a settlement value")
            self._terms[name] = found
        return found

    def revalue(self, account_id: AccountId) -> None:
        """ROUND-4: an account goes to the new marks and pays its funding; what it gained is kept until the round ends."""
        draft = self.draft
        account = draft.account(account_id)
        before = after = account.collateral
        exact = 0
        for name, position in account.positions.items():
            size = position.size
            mark, rate = self.terms(name)
            exact += funding.exact_payment(rate, mark, size, self.elapsed)
            before += size * draft.markets[name].mark - position.cost
            after += size * mark - position.cost
        paid = funding.payment(exact)
        if paid:
            draft.credit(account_id, -paid)
            draft.funding_pool += paid
            after -= paid
        gain = liquidation.gain_of_round(before, after)
        if gain:
            self.gains[account_id] = gain
            self.total_gain += gain
        if after <= 0:
            self.defaulted += (account_id,)
        draft.events.append(Revalued(account_id, paid, gain))

    def adopt_marks(self) -> list[int]:
        """ROUND-4.2: every account is at the new marks, so the markets are; the funding pool goes to the insurance fund.

        Returns:
            The instruments that expired with it.
        """
        draft = self.draft
        surcharges = surcharge_rates(draft)
        expired = expiring(draft)
        for name in quoted(draft):
            draft.markets = draft.markets.set(name, self.marked(draft.markets[name], surcharges))
        for name in expired:
            expire_market(draft, name)
        if expired:
            draft.next_expiry = earliest_expiry(draft.markets)
        self.quotes = Map()
        draft.marks_time = self.timestamp
        # Payers pay the ceiling and receivers get the floor of amounts that sum to zero.
        if draft.funding_pool < 0:
            raise SpecBug(f"the funding pool is {draft.funding_pool} after every account has settled")
        draft.insurance += draft.funding_pool
        draft.funding_pool = 0
        return expired

    def marked(self, old: Market, surcharges: dict[int, int]) -> Market:
        """ROUND-4.5: a market at its quote."""
        instrument = old.instrument
        quote = self.quotes[instrument.id]
        mark, rate = self.terms(instrument.id)
        reference, _ = self.terms(instrument.reference)
        self.draft.events.append(Marked(instrument.id, mark, rate))
        return revalued_market(
            instrument,
            mark,
            reference,
            quote.losses,
            surcharge_ppm=surcharges[instrument.underlying],
            funding_index=old.funding_index + rate * mark * self.elapsed,
            settlement=old.settlement,
            near=expiry.near_expiry(instrument.expiry, self.timestamp, self.draft.parameters.expiry_lead),
        )

    def pay_out(self, account_id: AccountId) -> None:
        """ROUND-4.6: one account's positions in what expired become collateral."""
        pay_out(self.draft, account_id)

    def in_default(self) -> list[int]:
        """ROUND-5: accounts whose equity is negative, or zero with positions, by id."""
        accounts = ((name, self.draft.account(name)) for name in self.defaulted)
        return [name for name, account in accounts if account.positions or account.collateral < 0]

    def close_or_settle(self, task: Task) -> None:
        """ROUND-5.2: one micro-step of closing accounts at the mark: orders cancelled, lots closed, or the debt settled."""
        match task:
            case Seize(account):
                self.draft.cancel_all(account, Removal.LIQUIDATION)
            case CloseAtMark():
                close_at_mark(self.draft, task)
            case Settle(account):
                self.settle(account)

    def settle(self, account_id: int) -> None:
        """ROUND-5.3: the insurance fund pays min(insurance, debt); the rest is owed by the gains of this round."""
        draft = self.draft
        debt = -draft.standing(draft.account(account_id)).equity
        if debt <= 0:
            return
        paid = liquidation.insurance_payment(draft.insurance, debt)
        draft.insurance -= paid
        draft.credit(account_id, debt)
        self.owed += debt - paid
        draft.events.append(InsurancePaid(account_id, paid, debt - paid))

    def haircut(self, account_id: Task) -> None:
        """ROUND-6: a gain pays its share of what is owed, never more than itself; the rounding goes to the insurance fund."""
        assert isinstance(account_id, int)
        draft = self.draft
        share = liquidation.haircut(self.owed, self.gains[account_id], self.total_gain)
        due = liquidation.haircut_due(share, self.owed, self.collected)
        self.collected += due
        draft.insurance += share - due
        draft.credit(account_id, -share)
        draft.events.append(HaircutTaken(account_id, share))

    def assess(self, account_id: AccountId) -> None:
        """ROUND-7: an account whose equity is below maintenance after the haircut is in breach, for one more round in a row."""
        draft = self.draft
        now = draft.standing(draft.account(account_id))
        breached = margin.in_breach(now.equity, now.maintenance)
        rounds = liquidation.rounds_in_breach(draft.breaches.get(account_id, 0), breached)
        if breached:
            draft.count_breach(account_id, rounds)
            self.breaches += (Breach(account_id, now.equity, now.maintenance, rounds),)
            draft.events.append(Breached(account_id, now.equity, now.maintenance, rounds))
        elif account_id in draft.breaches:
            draft.count_breach(account_id, rounds)
            draft.events.append(Healed(account_id))

    def worst_first(self) -> list[Breach]:
        """ROUND-7.2: lowest equity per maintenance first, compared exactly; ties by id."""
        # One by one: whoever checks a witness has a list whose length is only claimed, and no room is made for it beforehand.
        breaches = (breach for breach in self.breaches)
        return sorted(breaches, key=lambda breach: (Ratio(breach.equity, breach.maintenance), breach.account))

    def beyond_patience(self) -> list[int]:
        """ROUND-8: accounts in breach for more than `patience` rounds in a row, worst first: they close at the mark."""
        patience = self.draft.parameters.patience
        return [b.account for b in self.worst_first() if liquidation.beyond_patience(b.rounds, patience)]

    def discard(self, task: Task) -> None:
        """ROUND-9: an order that is outside the band, or stands in an instrument that has expired, leaves the book."""
        assert isinstance(task, Discard)
        order = self.draft.book(task.instrument).orders.get(task.arrival)
        # A close at the mark may have clipped it away since the list was fixed: never, as DISCARD begins after CLOSE.
        if order is None:
            raise SpecBug(f"order {task.arrival} left the book while the stage ran")
        expires = self.stage is Stage.EXPIRE
        self.draft.remove_order(order, Removal.INSTRUMENT_EXPIRED if expires else Removal.OUTSIDE_BAND)

    def liquidate(self, account_id: Task) -> None:
        """ROUND-8.2: one micro-step of an account's liquidation on the book."""
        assert isinstance(account_id, int)
        spent = liquidate(self.draft, account_id, self.attempts)
        if spent is None:
            self.attempts = 0
            self.cursor += 1
        else:
            self.attempts += spent


def to_discard(draft: Draft, instrument: int) -> Iterator[Order]:
    """ROUND-9.2: the bids above the band and the asks below it; bids first, each side in precedence, of which they are the first."""
    market = draft.markets[instrument]
    for side in (Side.BUY, Side.SELL):
        for order in in_precedence(draft, instrument, side):
            if not trading.outside_band(side, order.price, market.low, market.high):
                break
            yield order


def in_precedence(draft: Draft, instrument: int, side: Side) -> Iterator[Order]:
    """BOOK-2.2: every order of one side of a book, best first."""
    book = draft.book(instrument)
    for key in book.ladder(side):
        yield book.orders[key & ARRIVAL_MASK]


def as_discard(order: Order) -> Discard:
    """The micro-step that discards an order."""
    return Discard(order.instrument, order.side, order.price, order.arrival)
