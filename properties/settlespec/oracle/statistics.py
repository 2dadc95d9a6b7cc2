"""What happened in a run: a subscriber that counts, in bounded memory, and never asks the machine anything but its states."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from settlespec.domain.events import Breached, Claimed, Filled, ForcedRefused, Liquidated, OrderRemoved, RoundEnded
from settlespec.domain.operations import Operation, Place, Receive
from settlespec.domain.orders import TimeInForce
from settlespec.domain.outcomes import Outcome, Rejected
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from settlespec.oracle.reach import unreached
from settlespec.oracle.rounds import Rounds
from settlespec.oracle.series import MOST_SAMPLES, RoundSample, Thinned, market_samples, total_maintenance


@frozen
class Totals:
    """The figures that everybody asks for first."""

    operations: int
    accepted: int
    rejected: int
    fills: int
    """Trades between orders, liquidations not included."""
    lots: int
    """Lots traded in those fills."""
    rounds: int
    micro_steps: int
    longest_round: int
    """Most micro-steps of one round."""
    breached: int
    """Times that an account was found in breach."""
    liquidations: int
    """Fills of liquidations on the book."""
    closed_after_patience: int
    """Accounts closed at the mark because patience was over."""
    defaults: int
    """Accounts closed in default."""
    insurance_paid: int
    """Quantums."""
    haircut: int
    """Quantums."""
    insurance: int
    """Quantums in the fund at the end."""
    accounts: int
    """Accounts at the end."""


class Statistics:
    """Counts everything; call it as a subscriber of a session."""

    def __init__(self) -> None:
        self.operations: Counter[type] = Counter()
        self.accepted = 0
        self.rejected: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        """Inbox messages that were taken but could not be carried out; the operation is accepted."""
        self.order_kinds: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()
        self.removals: Counter[str] = Counter()
        self.claims: Counter[str] = Counter()
        self.events: Counter[type] = Counter()
        self.rounds = Rounds()
        self.samples: Thinned[RoundSample] = Thinned(MOST_SAMPLES)
        self.lots = 0
        self.state: State | None = None
        """The state after the last accepted operation."""
        self._listeners: Mapping[type[Any], Callable[[Any], None]] = {
            **self.rounds.listeners(),
            Filled: self._filled,
            OrderRemoved: self._removed,
            Claimed: self._claimed,
            ForcedRefused: self._refused,
        }

    def __call__(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """Count one step."""
        self.operations[type(operation)] += 1
        if isinstance(outcome, Rejected):
            self.rejected[outcome.reason] += 1
            return
        self.accepted += 1
        if isinstance(operation, Place):
            self._placed(operation)
        elif isinstance(operation, Receive):
            self.messages[type(operation.message).__name__] += 1
        for event in outcome.events:
            kind = type(event)
            self.events[kind] += 1
            listener = self._listeners.get(kind)
            if listener is not None:
                listener(event)
        self.state = outcome.state
        if outcome.state.round is None and before.round is not None and self.samples.wants():
            self.samples.keep(self._sample(outcome.state))

    def totals(self) -> Totals:
        """The figures so far."""
        stages = self.rounds.stages
        return Totals(
            operations=sum(self.operations.values()),
            accepted=self.accepted,
            rejected=sum(self.rejected.values()),
            fills=self.events[Filled],
            lots=self.lots,
            rounds=self.events[RoundEnded],
            micro_steps=self.rounds.micro_steps,
            longest_round=self.rounds.longest,
            breached=self.events[Breached],
            liquidations=self.events[Liquidated],
            closed_after_patience=stages[Stage.CLOSE].accounts,
            defaults=stages[Stage.DEFAULT].accounts,
            insurance_paid=stages[Stage.DEFAULT].insurance_out,
            haircut=stages[Stage.HAIRCUT].moved,
            insurance=0 if self.state is None else self.state.insurance,
            accounts=0 if self.state is None else len(self.state.accounts),
        )

    def reached(self) -> dict[str, dict[str, int]]:
        """How often each thing of `reach.REACHABLE` was reached, by subject."""
        return {
            "operations": _by_name(self.operations),
            "inbox messages": dict(self.messages),
            "order kinds": dict(self.order_kinds),
            "rejection reasons": _by_text(self.rejected + self.refused),
            "removal causes": _by_text(self.removals),
            "claim causes": _by_text(self.claims),
            "round stages with tasks": {stage.name: count.rounds for stage, count in self.rounds.stages.items()},
            "events": _by_name(self.events),
        }

    def unreached(self) -> dict[str, tuple[str, ...]]:
        """What was reached zero times, by subject."""
        return unreached(self.reached())

    def _placed(self, order: Place) -> None:
        self.order_kinds[f"{order.kind} {order.time_in_force}"] += 1
        if order.post_only:
            self.order_kinds["post_only"] += 1
        if order.reduce_only:
            rests = order.time_in_force is TimeInForce.GOOD_TILL_TIME
            self.order_kinds["reduce_only resting" if rests else "reduce_only immediate"] += 1

    def _filled(self, event: Filled) -> None:
        self.lots += event.size

    def _removed(self, event: OrderRemoved) -> None:
        self.removals[event.cause] += 1
        self.rounds.removed(event)

    def _claimed(self, event: Claimed) -> None:
        self.claims[event.cause] += 1

    def _refused(self, event: ForcedRefused) -> None:
        self.refused[event.reason] += 1

    def _sample(self, state: State) -> RoundSample:
        rounds = self.rounds
        return RoundSample(
            number=state.round_number,
            time=state.clock,
            markets=market_samples(state),
            in_breach=rounds.in_breach,
            equity_at_risk=rounds.equity_at_risk,
            maintenance=total_maintenance(state),
            insurance=state.insurance,
            insurance_paid=rounds.stages[Stage.DEFAULT].insurance_out,
            haircut=rounds.stages[Stage.HAIRCUT].moved,
            micro_steps=rounds.micro_steps,
        )


def _by_name(counts: Mapping[type, int]) -> dict[str, int]:
    return {kind.__name__: count for kind, count in counts.items()}


def _by_text(counts: Mapping[str, int]) -> dict[str, int]:
    return {str(name): count for name, count in counts.items()}
