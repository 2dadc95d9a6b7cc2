"""The monitor: every invariant on every operation from what it changed, and in full at stated intervals."""

from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Final

from attrs import fields

from settlespec.domain.messages import Received
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.invariants.cards import Asked, Step, Violation
from settlespec.invariants.catalogue import ATOMICITY, NO_DOUBLE_SPEND, ZERO_SUM
from settlespec.invariants.rematching import rematch
from settlespec.invariants.shadow import shadow_of
from settlespec.invariants.states import judge_state, sums_of
from settlespec.invariants.steps import walk_step
from settlespec.invariants.walk import Walk
from settlespec.machine.exchange import step
from settlespec.machine.signatures import Signatures
from settlespec.monitoring.figures import Figures
from settlespec.monitoring.second_execution import Execute, execute_again
from settlespec.monitoring.tally import Count, Tally

AGAIN: Final = 32
"""Operations that are executed a second time at each recomputation in full: a few hundredths of them all."""

FIELDS: Final = attrgetter(*(field.name for field in fields(State)))
"""Every field of a state, as a tuple."""


class Monitor:
    """Watches one run from a state on.

    An operation costs what it changed, whatever the number of accounts and the length of the books; one of a clearing round also what the
    round carries on: its lists and gains. A recomputation in full costs what the state holds; it comes at the end of every round, and
    `full_every` operations after the last one.

    Args:
        state: where the run begins; any state at rest or inside a round.
        signatures: the scheme of the run, which here verifies once more.
        full_every: operations from one recomputation in full to the next at most, at least 1.
        again: how many of the last operations are then executed again.
        execute: what executes them again; the machine, unless a test has another one.
    """

    def __init__(
        self,
        state: State,
        signatures: Signatures,
        full_every: int = 1_000,
        *,
        again: int = AGAIN,
        execute: Execute = step,
    ) -> None:
        if full_every < 1:
            raise ValueError(f"full_every is {full_every}; it must be at least 1")
        self.signatures = signatures
        self.full_every = full_every
        self.execute = execute
        self.operations = 0
        """Operations observed."""
        self.tally = Tally()
        self._window: deque[Step] = deque(maxlen=again)
        self._traded: Step | None = None
        self._adopt(state)
        self._checkpoint()

    def observe(self, operation: Operation, outcome: Outcome, before: State | None = None) -> tuple[Violation, ...]:
        """Judge one step, and everything when its time has come.

        Args:
            operation, outcome: what was asked, and the answer.
            before: the state that the operation met, if the caller knows it; it must be the one that the last step left.
        Returns:
            The violations noticed now, which are also counted.
        """
        self.operations += 1
        state = self.state
        found: list[Violation] = []
        if before is not None and before is not state:
            found.append(
                Violation(ATOMICITY.id, "an operation meets the state that the last one left", "", "other", "")
            )
            self._adopt(before)
            state = before
        taken = Step(state, operation, outcome)
        self._window.append(taken)
        round_ended = False
        if type(outcome) is Accepted:
            round_ended = state.round is not None and outcome.state.round is None
            found += self._accepted(taken, outcome)
        else:
            self.tally.incrementally[ATOMICITY] += 1
            if FIELDS(state) != self._fields:
                found.append(
                    Violation(ATOMICITY.id, "a rejected operation leaves the state as it was", "", "changed", "")
                )
        if round_ended or self.operations - self._last_full >= self.full_every:
            found += self._full(compare_worth=not round_ended)
        if found:
            self.tally.note(found, self.operations)
        return tuple(found)

    def full(self) -> tuple[Violation, ...]:
        """Recompute everything now, the digest of the state that a second execution leaves included: for the end of a run."""
        found = self._full(compare_worth=True, digest=True)
        self.tally.note(found, self.operations)
        return tuple(found)

    def counts(self) -> dict[str, Count]:
        """How often each invariant was asked, and what it answered, by id."""
        return self.tally.counts()

    def _adopt(self, state: State) -> None:
        """Begin anew at a state."""
        self.state = state
        self._fields = FIELDS(state)
        self.shadow = shadow_of(state)
        self.figures = Figures(state)
        self._window.clear()

    def _checkpoint(self) -> None:
        """From here on, what operations name is noted until the next recomputation in full."""
        self._last_full = self.operations
        self._since = self.state
        self._named: set[int] = set()
        self._orders: set[tuple[int, int]] = set()
        self._waiting: dict[int, Received] = {}

    def _accepted(self, taken: Step, outcome: Accepted) -> list[Violation]:
        before, after, asked = taken.before, outcome.state, self.tally.incrementally
        walk = walk_step(taken, self.shadow, self.signatures.verify, asked)
        named, found = walk.named, walk.violations
        changed = named if named.issuperset(outcome.touched) else named.union(outcome.touched)
        self.figures.move(before, after, changed)
        at_rest = before.round is None and after.round is None
        found += self.figures.judge(after, walk.instruments, asked, at_rest=at_rest)
        if walk.balances:
            found += self._holders(after, walk)
        self._named |= named
        self._orders |= walk.orders
        if walk.waits is not None:
            self._waiting[before.inbox.cursor] = walk.waits
        if walk.taker is not None and (walk.matches or self._traded is None):
            self._traded = taken
        self.state = after
        self._fields = FIELDS(after)
        return found

    def _holders(self, after: State, walk: Walk) -> Iterator[Violation]:
        """ZERO-SUM: an account is among the holders exactly while it has a position."""
        walk.asked[ZERO_SUM] += len(walk.balances)
        for account in walk.balances:
            owner = after.accounts.get(account)
            if owner is None:
                continue
            holds = bool(owner.positions)
            if holds is not (account in after.holders):
                conjunct = "holders are the accounts with positions"
                yield Violation(ZERO_SUM.id, conjunct, f"account {account}", str(not holds), str(holds))

    def _full(self, *, compare_worth: bool, digest: bool = False) -> list[Violation]:
        state, asked = self.state, self.tally.in_full
        self.tally.fulls += 1
        sums = sums_of(state)
        found = list(judge_state(state, sums, asked))
        found += self.figures.disagreements(sums, asked, at_rest=compare_worth and state.round is None)
        found += self.shadow.differences(state, asked)
        if self._traded is not None:
            found += rematch(self._traded, asked)
            self._traded = None
        found += self._unnamed()
        found += execute_again(self._window, self.execute, self.signatures, asked, digest=digest)
        self.figures.adopt(sums)
        if found:
            self.shadow = shadow_of(state)
        self._checkpoint()
        return found

    def _unnamed(self) -> Iterator[Violation]:
        """What no event has named since the last recomputation."""
        return unnamed(self._since, self.state, self._named, self._orders, self._waiting, self.tally.in_full)


def unnamed(
    since: State,
    now: State,
    named: AbstractSet[int],
    touched: AbstractSet[tuple[int, int]],
    waiting: Mapping[int, Received],
    asked: Asked,
) -> Iterator[Violation]:
    """ATOMICITY and NO-DOUBLE-SPEND between two states: what no event named is what it was.

    Args:
        since, now: the states.
        named: accounts that operations and events in between name.
        touched: instruments and arrivals of the orders that they name.
        waiting: what is left of forced orders that are not finished, by index.
        asked: where evaluations are counted.
    """
    conjunct = "what no event names stays as it was"
    old_accounts = since.accounts.get
    for account, record in now.accounts.items():
        if account not in named:
            asked[ATOMICITY] += 1
            old = old_accounts(account)
            if old is not record and old != record:
                yield Violation(ATOMICITY.id, conjunct, f"account {account}", str(record), str(old))
    for name, book in now.books.items():
        before = since.books[name]
        if book is before:
            continue
        orders, old_orders = touched, before.orders.get
        for arrival, order in book.orders.items():
            old_order = old_orders(arrival)
            if old_order is not order and (name, arrival) not in orders and old_order != order:
                yield Violation(ATOMICITY.id, conjunct, f"order {arrival}", str(order), str(old_order))
        asked[ATOMICITY] += len(book.orders)
    for index, claim in now.outbox.claims.items():
        if index < since.outbox.next_index:
            asked[NO_DOUBLE_SPEND] += 1
            if since.outbox.claims.get(index) != claim:
                who = f"claim {index}"
                yield Violation(NO_DOUBLE_SPEND.id, "a claim stays as it was made", who, str(claim), "")
    for index, received in now.inbox.messages.items():
        if index < since.inbox.next_index:
            asked[NO_DOUBLE_SPEND] += 1
            if waiting.get(index, since.inbox.messages.get(index)) != received:
                who = f"message {index}"
                yield Violation(NO_DOUBLE_SPEND.id, "a message stays as it came", who, str(received), "")
