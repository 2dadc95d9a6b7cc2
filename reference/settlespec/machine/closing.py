"""Closing at the mark against opposite positions: for accounts in default, and for those in breach beyond patience."""

from settlespec.domain.accounts import FLAT
from settlespec.domain.events import ClosedAtMark
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import SpecBug
from settlespec.domain.rounds import CloseAtMark, Seize, Settle, Task
from settlespec.machine.draft import Draft
from settlespec.machine.ratios import Ratio
from settlespec.rules import liquidation, margin


def plan_closes(draft: Draft, accounts: list[int], *, settle: bool) -> tuple[Task, ...]:
    """LIQ-8.2: every micro-step that closes the accounts whole, in their order, legs by instrument; the plan is exact.

    Nothing else moves a position while the plan runs, so quantities and their number are known beforehand.

    Args:
        accounts: who is closed, in this order.
        settle: whether each account's debt is settled after its closes.
    """
    tasks: list[Task] = []
    plan = _Plan(draft) if accounts else None
    for account in accounts:
        assert plan is not None
        tasks.append(Seize(account))
        tasks += plan.close(account)
        if settle:
            tasks.append(Settle(account))
    return tuple(tasks)


class _Plan:
    """What is left of every position while closes are planned, and who stands next on the other side."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.left: dict[tuple[int, int], int] = {}
        self.holders: dict[int, list[int]] = {}
        for account in draft.holders:
            for instrument, position in draft.account(account).positions.items():
                self.left[account, instrument] = position.size
                self.holders.setdefault(instrument, []).append(account)
        self.ranked: dict[tuple[int, int], list[int]] = {}

    def close(self, account: int) -> list[Task]:
        """The closes of one account, leg by leg."""
        tasks: list[Task] = []
        for instrument in sorted(self.draft.account(account).positions):
            while size := self.left[account, instrument]:
                side = 1 if size > 0 else -1
                counterparty = self.next_opposite(account, instrument, -side)
                lots = liquidation.closable(abs(size), abs(self.left[counterparty, instrument]))
                self.left[account, instrument] -= side * lots
                self.left[counterparty, instrument] += side * lots
                tasks.append(CloseAtMark(account, instrument, counterparty, lots))
        return tasks

    def next_opposite(self, account: int, instrument: int, side: int) -> int:
        """Who closes next against the account: the first in rank that still holds lots on that side."""
        key = (instrument, side)
        if key not in self.ranked:
            self.ranked[key] = rank_opposite(self.draft, self.holders[instrument], instrument, side)
        queue = self.ranked[key]
        while queue:
            if self.left[queue[-1], instrument] * side > 0:
                return queue[-1]
            queue.pop()
        # Longs and shorts of an instrument sum to zero, so an open position always has an opposite one.
        raise SpecBug(f"account {account} has no opposite position in instrument {instrument}")


def rank_opposite(draft: Draft, holders: list[int], instrument: int, side: int) -> list[int]:
    """LIQ-9: who is closed against, last in the list first.

    First those that stay at or above maintenance, then the rest; each by notional per equity, highest first, ties by id. An equity of
    zero or less counts as the highest ratio.
    """
    market = draft.markets[instrument]
    ranks = []
    for name in holders:
        size = draft.account(name).positions[instrument].size
        if size * side <= 0:
            continue
        now = draft.portfolio(name)
        without = now.changed(market, size, 0, 0)
        stays = not any(margin.in_breach(now.equity, margin.maintenance(held.risk)) for held in (now, without))
        notional = abs(size) * market.mark
        leverage = (1, Ratio(0, 1)) if now.equity <= 0 else (0, Ratio(notional, now.equity))
        ranks.append((stays, leverage, -name))
    return [-name for _, _, name in sorted(ranks)]


def close_at_mark(draft: Draft, task: CloseAtMark) -> None:
    """LIQ-8.3: lots close at the mark between two opposite positions; no equity moves and no fee is due."""
    mark = draft.markets[task.instrument].mark
    size = draft.account(task.account).positions.get(task.instrument, FLAT).size
    opposite = draft.account(task.counterparty).positions.get(task.instrument, FLAT).size
    # The plan is advice: both positions shrink and neither turns.
    if size * opposite >= 0 or task.size > min(abs(size), abs(opposite)):
        raise SpecBug(f"the planned close of {task.size} lots does not fit positions of {size} and {opposite}")
    side = Side.SELL if size > 0 else Side.BUY
    # Told before the clips that it causes, as a fill is.
    draft.events.append(ClosedAtMark(task.account, task.counterparty, task.instrument, side, task.size, mark))
    draft.trade(task.account, task.instrument, side * task.size, mark, 0)
    draft.trade(task.counterparty, task.instrument, -side * task.size, mark, 0)
