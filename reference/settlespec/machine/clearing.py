"""The clearing round as a sequence of micro-steps (rules ROUND-1 to ROUND-9)."""

from collections.abc import Callable
from fractions import Fraction

from immutables import Map

from settlespec.domain.books import ARRIVAL_MASK
from settlespec.domain.events import (
    Breached,
    HaircutTaken,
    Healed,
    InsurancePaid,
    Marked,
    Revalued,
    RoundBegun,
    RoundEnded,
    StageBegun,
)
from settlespec.domain.instruments import Market, Quote
from settlespec.domain.operations import BeginRound, ContinueRound
from settlespec.domain.orders import Order, Removal, Side
from settlespec.domain.outcomes import Outcome, Rejected, SpecBug
from settlespec.domain.quantities import AccountId
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Round, Seize, Settle, Stage, Task
from settlespec.machine.closing import close_at_mark, plan_closes
from settlespec.machine.draft import Draft
from settlespec.machine.liquidation import liquidate
from settlespec.machine.markets import revalued_market, surcharge_rates
from settlespec.machine.signatures import Signatures
from settlespec.rules import funding, liquidation, margin
from settlespec.wire.signing import signed_bytes


def begin_round(draft: Draft, op: BeginRound, signatures: Signatures) -> Outcome:
    """ROUND-1: a round begins with one statement of every mark and rate, signed alike by k of n oracles."""
    # CHECKS
    statement = op.statement
    parameters = draft.parameters
    # The statement is for this chain and rollup.
    if (statement.chain, statement.rollup) != (parameters.chain, parameters.rollup):
        return Rejected(Reason.FOREIGN_STATEMENT)
    # It is for the next round.
    if statement.number != draft.round_number + 1:
        return Rejected(Reason.WRONG_ROUND, (("expected", draft.round_number + 1), ("got", statement.number)))
    # It is newer than the last one used.
    if statement.timestamp <= draft.marks_time:
        return Rejected(Reason.STATEMENT_NOT_NEWER)
    # It is not from after the clock.
    if statement.timestamp > draft.clock:
        return Rejected(Reason.STATEMENT_AHEAD)
    # It is not older than max_age.
    if draft.clock - statement.timestamp > parameters.max_age:
        return Rejected(Reason.STATEMENT_STALE)
    # It names every listed instrument exactly once, in order.
    if [quote.instrument for quote in statement.quotes] != sorted(draft.markets):
        return Rejected(Reason.STATEMENT_INCOMPLETE)
    # Enough oracles signed exactly this statement.
    if valid_signatures(draft, op, signatures) < parameters.oracles.threshold:
        return Rejected(Reason.NO_QUORUM)
    # EFFECTS
    elapsed = min(statement.timestamp - draft.marks_time, parameters.round_deadline)
    first = draft.holders.first() if draft.holders else None
    draft.round_number = statement.number
    draft.round = Round(statement, elapsed, Stage.REVALUE, first, (), 0, Map(), 0, (), 0, 0, (), 0, 0)
    # EVENTS
    draft.events.append(RoundBegun(statement.number, statement.timestamp, elapsed))
    draft.events.append(StageBegun(Stage.REVALUE, len(draft.holders)))
    return draft.accept()


def valid_signatures(draft: Draft, op: BeginRound, signatures: Signatures) -> int:
    """ORACLE-1: how many different oracles signed the statement."""
    keys = draft.parameters.oracles.keys
    content = signed_bytes(draft.parameters.chain, draft.parameters.rollup, op.statement)
    return len(
        {
            signed.oracle
            for signed in op.signatures
            if signed.oracle < len(keys) and signatures.verify(keys[signed.oracle], content, signed.signature)
        }
    )


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
        self.statement = round_.statement
        self.elapsed = round_.elapsed
        self.quotes: dict[int, Quote] = {quote.instrument: quote for quote in round_.statement.quotes}
        self.rates = {
            name: funding.capped_rate(quote.funding_rate, draft.markets[name].instrument.funding_cap_ppm)
            for name, quote in self.quotes.items()
        }
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
        self._run: dict[Stage, Callable[[Task], None]] = {
            Stage.DEFAULT: self.close_or_settle,
            Stage.HAIRCUT: self.haircut,
            Stage.CLOSE: self.close_or_settle,
            Stage.DISCARD: self.discard,
            Stage.LIQUIDATE: self.liquidate,
        }

    def micro_step(self) -> bool:
        """ROUND-2.2: one task of the stage's list, or the beginning of the next stage; False once the round has ended."""
        if self.ended:
            return False
        self.micro_steps += 1
        if self.holder is not None:
            visit = self.revalue if self.stage is Stage.REVALUE else self.assess
            visit(self.holder)
            self.holder = self.draft.holders.after(self.holder)
        elif self.cursor < len(self.tasks):
            self._run[self.stage](self.tasks[self.cursor])
            if self.stage is not Stage.LIQUIDATE:
                self.cursor += 1
        else:
            self.next_stage()
        return True

    def next_stage(self) -> None:
        """The stage's list is done: what it leaves behind is written, and the list of the next stage is fixed."""
        if self.stage is Stage.REVALUE:
            self.adopt_marks()
        elif self.stage is Stage.LIQUIDATE:
            self.ended = True
            self.draft.events.append(RoundEnded(self.statement.number, self.micro_steps))
            return
        self.stage = Stage(self.stage + 1)
        self.tasks = self.list_of(self.stage)
        self.cursor = 0
        holders = self.draft.holders
        if self.stage is Stage.ASSESS and holders:
            self.holder = holders.first()
        count = len(holders) if self.stage is Stage.ASSESS else len(self.tasks)
        self.draft.events.append(StageBegun(self.stage, count))

    def list_of(self, stage: Stage) -> tuple[Task, ...]:
        """ROUND-3: the list of a stage, fixed when the stage begins; it says how many micro-steps the stage takes.

        LIQUIDATE takes at most 2 + max_matches + max_removals micro-steps for each account of its list.
        """
        match stage:
            case Stage.DEFAULT:
                return plan_closes(self.draft, self.in_default(), settle=True)
            case Stage.HAIRCUT:
                return self.gainers() if self.owed else ()
            case Stage.CLOSE:
                return plan_closes(self.draft, self.beyond_patience(), settle=False)
            case Stage.DISCARD:
                return tuple(
                    Discard(name, order.side, order.price, order.arrival)
                    for name in sorted(self.draft.markets)
                    for order in to_discard(self.draft, name)
                )
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
                self.statement,
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

    def revalue(self, account_id: AccountId) -> None:
        """ROUND-4: an account goes to the new marks and pays its funding; what it gained is kept until the round ends."""
        draft = self.draft
        account = draft.account(account_id)
        before = after = account.collateral
        exact = 0
        for name, position in account.positions.items():
            size = position.size
            mark = self.quotes[name].mark
            exact += funding.exact_payment(self.rates[name], mark, size, self.elapsed)
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

    def adopt_marks(self) -> None:
        """ROUND-4.2: every account is at the new marks, so the markets are; the funding pool goes to the insurance fund."""
        draft = self.draft
        surcharges = surcharge_rates(draft)
        markets = draft.markets.mutate()
        for name, quote in self.quotes.items():
            old: Market = draft.markets[name]
            index = old.funding_index + self.rates[name] * quote.mark * self.elapsed
            markets[name] = revalued_market(old.instrument, quote.mark, surcharges[old.instrument.underlying], index)
            draft.events.append(Marked(name, quote.mark, self.rates[name]))
        draft.markets = markets.finish()
        draft.marks_time = self.statement.timestamp
        # Payers pay the ceiling and receivers get the floor of amounts that sum to zero.
        if draft.funding_pool < 0:
            raise SpecBug(f"the funding pool is {draft.funding_pool} after every account has settled")
        draft.insurance += draft.funding_pool
        draft.funding_pool = 0

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
        due = min(share, self.owed - self.collected)
        self.collected += due
        draft.insurance += share - due
        draft.credit(account_id, -share)
        draft.events.append(HaircutTaken(account_id, share))

    def assess(self, account_id: AccountId) -> None:
        """ROUND-7: an account whose equity is below maintenance after the haircut is in breach, for one more round in a row."""
        draft = self.draft
        now = draft.standing(draft.account(account_id))
        if margin.in_breach(now.equity, now.maintenance):
            rounds = draft.breaches.get(account_id, 0) + 1
            draft.count_breach(account_id, rounds)
            self.breaches += (Breach(account_id, now.equity, now.maintenance, rounds),)
            draft.events.append(Breached(account_id, now.equity, now.maintenance, rounds))
        elif account_id in draft.breaches:
            draft.count_breach(account_id, 0)
            draft.events.append(Healed(account_id))

    def worst_first(self) -> list[Breach]:
        """ROUND-7.2: lowest equity per maintenance first, compared exactly; ties by id."""
        return sorted(self.breaches, key=lambda breach: (Fraction(breach.equity, breach.maintenance), breach.account))

    def beyond_patience(self) -> list[int]:
        """ROUND-8: accounts in breach for more than `patience` rounds in a row, worst first: they close at the mark."""
        return [b.account for b in self.worst_first() if b.rounds > self.draft.parameters.patience]

    def discard(self, task: Task) -> None:
        """ROUND-9: an order that is outside the band or has expired leaves the book."""
        assert isinstance(task, Discard)
        order = self.draft.book(task.instrument).orders.get(task.arrival)
        # A close at the mark may have clipped it away since the list was fixed: never, as DISCARD begins after CLOSE.
        if order is None:
            raise SpecBug(f"order {task.arrival} left the book while the stage ran")
        expired = order.good_till < self.draft.clock
        self.draft.remove_order(order, Removal.EXPIRED if expired else Removal.OUTSIDE_BAND)

    def liquidate(self, account_id: Task) -> None:
        """ROUND-8.2: one micro-step of an account's liquidation on the book."""
        assert isinstance(account_id, int)
        if liquidate(self.draft, account_id, self.attempts):
            self.attempts += 1
        else:
            self.attempts = 0
            self.cursor += 1


def to_discard(draft: Draft, instrument: int) -> list[Order]:
    """ROUND-9.2: the bids above the band, the asks below it, and whatever has expired; bids first, each side in precedence.

    An expired order is otherwise removed by whoever meets it, out of that one's own budget: enough of them would shield an account.
    """
    market, book = draft.markets[instrument], draft.book(instrument)
    orders = []
    for side in (Side.BUY, Side.SELL):
        for key in book.ladder(side):
            order = book.orders[key & ARRIVAL_MASK]
            outside = order.price > market.high if side is Side.BUY else order.price < market.low
            if outside or order.good_till < draft.clock:
                orders.append(order)
    return orders
