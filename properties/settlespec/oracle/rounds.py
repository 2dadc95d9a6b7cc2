"""What clearing rounds did, stage by stage, read from their events alone."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from settlespec.domain.events import (
    Breached,
    ClosedAtMark,
    HaircutTaken,
    InsurancePaid,
    Liquidated,
    OrderRemoved,
    PaidOut,
    Revalued,
    RoundBegun,
    RoundEnded,
    StageBegun,
)
from settlespec.domain.orders import Removal
from settlespec.domain.rounds import Stage
from settlespec.oracle.breaches import Breaches, Ending
from settlespec.oracle.series import MOST_POINTS, LiquidationPoint, Thinned


@define
class StageCount:
    """What one stage did, over all rounds."""

    rounds: int = 0
    """Rounds in which its list was not empty."""
    tasks: int = 0
    """Entries of its lists: its micro-steps; of LIQUIDATE the accounts."""
    accounts: int = 0
    """Accounts that it acted upon; of DISCARD none, of EXPIRE those that it paid out and not all that it visited."""
    executions: int = 0
    """Fills of liquidations, closes at the mark, positions paid out, orders discarded."""
    lots: int = 0
    """Lots closed or paid out."""
    moved: int = 0
    """Quantums: funding paid by those who pay (REVALUE), taken from gains (HAIRCUT)."""
    insurance_in: int = 0
    """Quantums that the insurance fund took in: the rounding of funding and of haircuts, liquidation fees."""
    insurance_out: int = 0
    """Quantums that it paid."""


@define
class Rounds:
    """Counts over all rounds. Memory: fixed, but for one entry for each account in breach."""

    stages: dict[Stage, StageCount] = field(factory=lambda: {stage: StageCount() for stage in Stage})
    breaches: Breaches = field(factory=Breaches)
    points: Thinned[LiquidationPoint] = field(factory=lambda: Thinned(MOST_POINTS))
    micro_steps: int = 0
    longest: int = 0
    """Most micro-steps of one round."""
    number: int = 0
    """The round in progress, or the last one."""
    in_breach: int = 0
    """Accounts that this round found below maintenance."""
    equity_at_risk: int = 0
    """Quantums: the equity of those accounts when they were assessed."""
    _stage: Stage | None = None
    _tasks: int = 0
    """Entries of the stage's list."""
    _closes: int = 0
    """Closes at the mark in this stage."""
    _paid_out: int | None = None
    """The account that this round paid out last: the positions of one follow each other."""
    _owed: int = 0
    """Quantums that the insurance fund could not pay in this round."""
    _taken: int = 0
    """Quantums taken from gains in this round."""

    def listeners(self) -> Mapping[type[Any], Callable[[Any], None]]:
        """Who is told of which event."""
        return {
            RoundBegun: self._begun,
            StageBegun: self._stage_begun,
            Revalued: self._revalued,
            PaidOut: self._position_paid_out,
            ClosedAtMark: self._closed_at_mark,
            InsurancePaid: self._insurance_paid,
            HaircutTaken: self._haircut_taken,
            Breached: self._breached,
            Liquidated: self._liquidated,
            RoundEnded: self._ended,
        }

    def removed(self, event: OrderRemoved) -> None:
        """An order went; inside DISCARD and EXPIRE that is the stage's work."""
        if self._stage is Stage.DISCARD and event.cause in (Removal.OUTSIDE_BAND, Removal.EXPIRED):
            self.stages[Stage.DISCARD].executions += 1
        elif self._stage is Stage.EXPIRE and event.cause is Removal.INSTRUMENT_EXPIRED:
            self.stages[Stage.EXPIRE].executions += 1

    def _begun(self, event: RoundBegun) -> None:
        self.number = event.number
        self.in_breach = self.equity_at_risk = self._owed = self._taken = 0
        self._paid_out = None
        self.breaches.begin_round()

    def _stage_begun(self, event: StageBegun) -> None:
        self._finish_stage()
        self._stage, self._tasks, self._closes = event.stage, event.micro_steps, 0
        count = self.stages[event.stage]
        count.rounds += event.micro_steps > 0
        count.tasks += event.micro_steps

    def _finish_stage(self) -> None:
        """Only now is it known how many entries of the list were closes, which stand beside the accounts."""
        if self._stage is None:
            return
        count = self.stages[self._stage]
        match self._stage:
            case Stage.DEFAULT:
                # Each account is seized and settled; what stands between is its closes.
                count.accounts += (self._tasks - self._closes) // 2
            case Stage.CLOSE:
                count.accounts += self._tasks - self._closes
            case Stage.HAIRCUT:
                count.accounts += self._tasks
                # What is taken beyond what is owed is the rounding.
                count.insurance_in += max(self._taken - self._owed, 0)
            case Stage.DISCARD | Stage.EXPIRE:
                # Their lists hold orders; whom EXPIRE pays out is told position by position.
                pass
            case _:
                count.accounts += self._tasks
        self._stage = None

    def _revalued(self, event: Revalued) -> None:
        count = self.stages[Stage.REVALUE]
        count.moved += max(event.funding, 0)
        # Payments and receipts sum to the pool's rounding, which goes to the insurance fund.
        count.insurance_in += event.funding

    def _position_paid_out(self, event: PaidOut) -> None:
        count = self.stages[Stage.EXPIRE]
        count.accounts += event.account != self._paid_out
        count.executions += 1
        count.lots += abs(event.size)
        self._paid_out = event.account

    def _closed_at_mark(self, event: ClosedAtMark) -> None:
        stage = Stage.CLOSE if self._stage is Stage.CLOSE else Stage.DEFAULT
        count = self.stages[stage]
        self._closes += 1
        count.executions += 1
        count.lots += event.size
        self.breaches.executed(event.account, Ending.MARK if stage is Stage.CLOSE else Ending.DEFAULT)
        self._point(event.instrument, event.mark, on_book=False)

    def _insurance_paid(self, event: InsurancePaid) -> None:
        self.stages[Stage.DEFAULT].insurance_out += event.paid
        self._owed += event.owed
        self.breaches.executed(event.account, Ending.DEFAULT)

    def _haircut_taken(self, event: HaircutTaken) -> None:
        self.stages[Stage.HAIRCUT].moved += event.amount
        self._taken += event.amount
        self.stages[Stage.HAIRCUT].executions += event.amount > 0

    def _breached(self, event: Breached) -> None:
        self.in_breach += 1
        self.equity_at_risk += event.equity
        self.breaches.breached(event.account, event.rounds)

    def _liquidated(self, event: Liquidated) -> None:
        count = self.stages[Stage.LIQUIDATE]
        count.executions += 1
        count.lots += event.size
        count.insurance_in += event.fee
        self.breaches.executed(event.account, Ending.BOOK)
        self._point(event.instrument, event.price, on_book=True)

    def _ended(self, event: RoundEnded) -> None:
        self._finish_stage()
        self.micro_steps += event.micro_steps
        self.longest = max(self.longest, event.micro_steps)
        self.breaches.end_round()

    def _point(self, instrument: int, price: int, *, on_book: bool) -> None:
        if self.points.wants():
            self.points.keep(LiquidationPoint(self.number, instrument, price, on_book))
