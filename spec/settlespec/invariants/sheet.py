"""What a second pair of eyes notes of a clearing round while it runs."""

from collections import deque
from typing import TypeAlias

from settlespec.domain.events import Breached
from settlespec.domain.rounds import Breach, CloseAtMark, Round, Stage
from settlespec.domain.state import State
from settlespec.invariants.measures import is_due, payoff

Close: TypeAlias = tuple[int, int, int, int]
"""Account, instrument, counterparty and lots of a close at the mark."""


class Sheet:
    """The round as it stands when the step begins, and as the events move it."""

    __slots__ = (
        "attempts",
        "breached",
        "breaches",
        "closes",
        "collected",
        "defaulted",
        "elapsed",
        "ended",
        "gains",
        "haircuts",
        "healed",
        "holder",
        "insurance",
        "liquidating",
        "marks",
        "owed",
        "pool",
        "queue",
        "rates",
        "round",
        "seizable",
        "stage",
        "tasks",
        "total_gain",
    )

    def __init__(self, before: State, round_: Round) -> None:
        self.round = round_
        self.stage = round_.stage
        self.elapsed = round_.elapsed
        self.marks = {name: quote.mark for name, quote in round_.quotes.items()}
        self.rates: dict[int, int] = {}
        for quote in round_.quotes.values():
            cap = before.markets[quote.instrument].instrument.funding_cap_ppm
            self.rates[quote.instrument] = min(max(quote.funding_rate, -cap), cap)
        for name, market in before.markets.items():
            if is_due(market, before.clock) and not market.expired and market.settlement is not None:
                self.marks[name], self.rates[name] = payoff(market.instrument, market.settlement), 0
        self.insurance = before.insurance
        self.pool = before.funding_pool
        self.holder = round_.holder
        self.gains: dict[int, int] = {}
        """Gains noted in this step; the earlier ones stand in the round."""
        self.total_gain = round_.total_gain
        self.owed = round_.owed
        self.collected = round_.collected
        self.defaulted = list(round_.defaulted)
        self.breaches = list(round_.breaches)
        self.breached: list[Breached] = []
        """Breaches that events of this step tell."""
        self.healed: list[int] = []
        """Accounts that events of this step tell to be healed."""
        self.closes: deque[Close] = deque()
        """Closes at the mark that must come, in their order."""
        self.haircuts: deque[int] = deque()
        """Whose gains must pay, in their order."""
        self.queue: deque[int] = deque()
        """Who may be liquidated, in their order."""
        self.ended = False
        """Whether an event told the end of the round."""
        self.seizable: set[int] = set()
        """Whose orders the round may cancel."""
        self.liquidating: int | None = None
        """Whose liquidation has begun."""
        self.attempts = 0
        """Micro-steps spent on it, as far as events tell."""
        self.tasks = round_.tasks
        """The whole list of the stage, fixed when it begins."""
        rest = round_.tasks[round_.cursor :]
        if round_.stage in (Stage.DEFAULT, Stage.CLOSE):
            self.closes = closes_of(rest)
        elif round_.stage is Stage.HAIRCUT:
            self.haircuts = deque(task for task in rest if isinstance(task, int))
        elif round_.stage is Stage.LIQUIDATE:
            self.queue = deque(task for task in rest if isinstance(task, int))
            self.attempts = round_.attempts
            if round_.attempts and self.queue:
                self.liquidating = self.queue[0]
        self.seizable = set(self.defaulted).union(breach.account for breach in self.breaches)

    def gain(self, account: int) -> int:
        """What an account gained in this round."""
        found = self.gains.get(account)
        return self.round.gains.get(account, 0) if found is None else found

    def gainers(self) -> list[int]:
        """Everybody who gained, by id."""
        return sorted({*self.round.gains, *self.gains})


def closes_of(tasks: tuple[object, ...]) -> deque[Close]:
    """The closes at the mark among a list of tasks."""
    closes = (task for task in tasks if isinstance(task, CloseAtMark))
    return deque((task.account, task.instrument, task.counterparty, task.size) for task in closes)


def worst_first(breaches: list[Breach]) -> list[Breach]:
    """Lowest equity per maintenance first, by cross-multiplication; ties by id."""
    ordered: list[Breach] = []
    for breach in sorted(breaches, key=lambda breach: breach.account):
        place = len(ordered)
        while place and breach.equity * ordered[place - 1].maintenance < ordered[place - 1].equity * breach.maintenance:
            place -= 1
        ordered.insert(place, breach)
    return ordered
