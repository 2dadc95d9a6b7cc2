"""The statistics are what a naive count over the states and events gives."""

from collections import Counter

import pytest

from settlespec.domain.events import Filled, InsurancePaid, OrderRemoved, PaidOut, RoundBegun
from settlespec.domain.operations import Operation, Place
from settlespec.domain.orders import Removal
from settlespec.domain.outcomes import Accepted, Outcome, Rejected
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Flow, Session
from settlespec.machine.signatures import Ideal
from settlespec.oracle.reach import REACHABLE
from settlespec.oracle.statistics import Statistics

Steps = list[tuple[Operation, Outcome]]


def counted(flow: Flow) -> tuple[Statistics, Steps, State]:
    signer = Ideal()
    session = Session(flow.genesis(signer), signer)
    statistics, steps = Statistics(), []
    session.subscribers.append(statistics)
    for operation in flow.operations(session):
        steps.append((operation, session.submit(operation)))
    return statistics, steps, session.state


@pytest.fixture(scope="module")
def crash() -> tuple[Statistics, Steps, State]:
    return counted(EmbeddedFlow(seed=2, accounts=150, operations=4_000))


@pytest.fixture(scope="module")
def walk() -> tuple[Statistics, Steps, State]:
    return counted(MinimalFlow(seed=5))


def test_operations_are_accepted_or_rejected_and_nothing_else(walk: tuple[Statistics, Steps, State]) -> None:
    statistics, steps, state = walk
    totals = statistics.totals()
    assert totals.operations == len(steps) == totals.accepted + totals.rejected
    assert statistics.rejected == Counter(outcome.reason for _, outcome in steps if isinstance(outcome, Rejected))
    assert totals.accounts == len(state.accounts)
    assert totals.insurance == state.insurance


def test_fills_and_order_kinds_are_those_of_the_events(crash: tuple[Statistics, Steps, State]) -> None:
    statistics, steps, _ = crash
    accepted = [(operation, outcome) for operation, outcome in steps if isinstance(outcome, Accepted)]
    fills = [event for _, outcome in accepted for event in outcome.events if isinstance(event, Filled)]
    assert fills
    assert statistics.totals().fills == len(fills)
    assert statistics.totals().lots == sum(fill.size for fill in fills)
    placed = [operation for operation, _ in accepted if isinstance(operation, Place)]
    assert sum(count for kind, count in statistics.order_kinds.items() if "_only" not in kind) == len(placed)
    assert statistics.order_kinds["post_only"] == sum(order.post_only for order in placed)


def test_what_goes_into_and_out_of_the_insurance_fund_by_stage_is_what_it_holds(
    crash: tuple[Statistics, Steps, State], walk: tuple[Statistics, Steps, State]
) -> None:
    for statistics, _, state in (crash, walk):
        stages = statistics.rounds.stages.values()
        assert sum(stage.insurance_in - stage.insurance_out for stage in stages) == state.insurance


def test_defaults_and_what_was_paid_for_them_are_those_of_the_rounds(crash: tuple[Statistics, Steps, State]) -> None:
    statistics, steps, _ = crash
    paid = [
        event
        for _, outcome in steps
        if isinstance(outcome, Accepted)
        for event in outcome.events
        if isinstance(event, InsurancePaid)
    ]
    totals = statistics.totals()
    assert totals.insurance_paid == sum(event.paid for event in paid) > 0
    # An account whose equity is exactly zero defaults without a debt.
    assert totals.defaults >= len(paid) > 0
    assert totals.haircut >= sum(event.owed for event in paid)


def test_micro_steps_are_known_beforehand_for_every_stage_but_the_liquidations(
    crash: tuple[Statistics, Steps, State],
) -> None:
    statistics, _, _ = crash
    stages, totals = statistics.rounds.stages, statistics.totals()
    # Beside its tasks each stage costs one micro-step, in which the next one begins or the round ends.
    known = sum(count.tasks for count in stages.values()) + len(Stage) * totals.rounds
    assert totals.micro_steps >= known
    assert totals.longest_round * totals.rounds >= totals.micro_steps


def test_the_step_of_expiries_counts_who_was_paid_out_and_which_orders_went(
    crash: tuple[Statistics, Steps, State],
) -> None:
    statistics, steps, _ = crash
    number, accounts, positions, lots, orders = 0, set(), 0, 0, 0
    for _, outcome in steps:
        for event in outcome.events if isinstance(outcome, Accepted) else ():
            if isinstance(event, RoundBegun):
                number = event.number
            elif isinstance(event, PaidOut):
                accounts.add((number, event.account))
                positions, lots = positions + 1, lots + abs(event.size)
            elif isinstance(event, OrderRemoved):
                orders += event.cause is Removal.INSTRUMENT_EXPIRED
    count = statistics.rounds.stages[Stage.EXPIRE]
    assert (count.accounts, count.executions, count.lots) == (len(accounts), positions + orders, lots)
    # Holders of what does not expire are visited and not counted, one of two expired positions is counted once.
    assert 0 < len(accounts) < min(count.tasks, positions)
    assert orders > 0


def test_samples_are_taken_at_the_ends_of_rounds(crash: tuple[Statistics, Steps, State]) -> None:
    statistics, _, state = crash
    kept = statistics.samples.kept
    assert [sample.number for sample in kept] == [*range(1, state.round_number + 1)]
    assert kept[-1].micro_steps == statistics.totals().micro_steps
    assert any(sample.in_breach and sample.equity_at_risk > 0 for sample in kept)
    assert any(point.on_book for point in statistics.rounds.points.kept)


def test_nothing_is_reached_before_anything_happened() -> None:
    assert Statistics().unreached() == {subject: tuple(map(str, things)) for subject, things in REACHABLE.items()}


def test_what_was_reached_and_what_was_not_make_up_everything(walk: tuple[Statistics, Steps, State]) -> None:
    statistics, _, _ = walk
    reached, unreached = statistics.reached(), statistics.unreached()
    for subject, things in REACHABLE.items():
        assert set(reached[subject]) <= set(map(str, things))
        named = {name for name, count in reached[subject].items() if count}
        assert named | set(unreached[subject]) == set(map(str, things))
        assert not named & set(unreached[subject])


def test_a_reason_for_which_the_inbox_refuses_counts_as_reached(walk: tuple[Statistics, Steps, State]) -> None:
    statistics, _, _ = walk
    assert statistics.refused[Reason.VAULT_FULL] > 0
    assert Reason.VAULT_FULL not in statistics.rejected
    assert Reason.VAULT_FULL not in statistics.unreached()["rejection reasons"]


def test_the_minimal_walk_reaches_every_operation_every_kind_of_order_and_most_refusals(
    walk: tuple[Statistics, Steps, State],
) -> None:
    unreached = walk[0].unreached()
    # Nothing that is listed there has an expiry.
    assert unreached["operations"] == ("FixSettlement",)
    assert unreached["order kinds"] == unreached["inbox messages"] == ()
    dated = {
        "INSTRUMENT_EXPIRED",
        "SETTLEMENT_MISSING",
        "ARRAY_MISSING",
        "WRONG_EXPIRY",
        "SETTLEMENT_EARLY",
        "SETTLEMENT_FIXED",
        "SETTLEMENT_DIFFERS",
    }
    assert len(set(unreached["rejection reasons"]) - dated) <= len(Reason) // 4
    assert len(unreached["removal causes"]) <= len(Removal) // 2
