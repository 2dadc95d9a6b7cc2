"""ROUND-2, ROUND-3: a round is a run of numbered micro-steps, their number is known beforehand, and nothing interleaves."""

from collections.abc import Iterator

import pytest

from settlespec.domain.events import Liquidated, OrderRemoved, RoundBegun, RoundEnded, StageBegun
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import Tick
from settlespec.domain.orders import Removal
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from tests.machine.driver import Answer, Machine

TRANSITIONS = len(Stage)
"""Between any two stages, and the last ends the round."""


@pytest.fixture
def machine() -> Machine:
    """At a mark of 88 Ada defaults, Eve is in breach and finds a bid, and one bid stands above the band."""
    machine = Machine(terms={"band_ppm": 120_000}).deposit("ada", 401).deposit("eve", 204).deposit("bob", 10_000)
    machine.opens("ada", +10, instrument=3).opens("ada", +10).opens("eve", +10)
    return machine.rests("bob", +1, 99).rests("bob", +20, 87)


MARKS = {1: 88, 3: 70}


def begun(machine: Machine) -> Machine:
    machine.wait(1_000)
    assert machine.begin(machine.statement(MARKS)).accepted
    return machine


def counts(answer: Answer) -> dict[Stage, int]:
    return {event.stage: event.micro_steps for event in answer.all(StageBegun)}


def test_the_round_of_these_tests_reaches_every_stage_that_can_have_work(machine: Machine) -> None:
    answer = machine.round(MARKS)
    assert {stage for stage, count in counts(answer).items() if count == 0} == {Stage.EXPIRE, Stage.CLOSE}
    assert list(counts(answer)) == list(Stage)


def test_the_number_of_micro_steps_is_the_sum_of_the_lists_and_the_transitions(machine: Machine) -> None:
    answer = machine.round(MARKS)
    known = counts(answer)
    accounts = known.pop(Stage.LIQUIDATE)
    steps = answer.only(RoundEnded).micro_steps
    liquidation = steps - sum(known.values()) - TRANSITIONS
    # Each account: its orders, its fills and removed makers, and the look that ends it.
    removed = [event for event in answer.all(OrderRemoved) if event.cause is Removal.UNDERCOLLATERALISED]
    assert liquidation == 2 * accounts + len(answer.all(Liquidated)) + len(removed)
    limits = machine.state.parameters
    assert liquidation <= accounts * (2 + limits.max_matches + limits.max_removals)


def test_an_empty_round_takes_only_the_transitions() -> None:
    answer = Machine().round()
    assert answer.only(RoundEnded).micro_steps == TRANSITIONS
    assert set(counts(answer).values()) == {0}


def test_each_micro_step_is_counted_in_the_state(machine: Machine) -> None:
    begun(machine)
    expected = 0
    while machine.state.round is not None:
        assert machine.state.round.micro_steps == expected
        last = machine.proceed()
        expected += 1
    assert last.only(RoundEnded).micro_steps == expected


def splits(total: int) -> Iterator[tuple[int, int]]:
    for first in range(1, total):
        yield first, total - first


def test_continuing_by_m_and_then_by_n_is_continuing_by_m_plus_n(machine: Machine) -> None:
    start = begun(machine).state
    total = 0
    while machine.state.round is not None:
        machine.proceed()
        total += 1
    for size in (2, 3, 7, total):
        for first, second in splits(size):
            together = _continued(machine, start, size)
            assert _continued(machine, start, first, second) == together


def _continued(machine: Machine, start: State, *pieces: int) -> tuple[State, tuple[object, ...]]:
    machine.state = start
    events: tuple[object, ...] = ()
    for piece in pieces:
        answer = machine.proceed(piece)
        assert answer.accepted
        events += answer.events
    return machine.state, events


def test_more_micro_steps_than_are_left_end_the_round(machine: Machine) -> None:
    begun(machine).proceed(2**32 - 1)
    assert machine.state.round is None
    assert machine.proceed().reason is Reason.NO_ROUND


def test_nothing_interleaves_with_an_open_round(machine: Machine) -> None:
    order = machine.order("bob", +1, 80)
    begun(machine)
    assert machine.submit(order).reason is Reason.ROUND_OPEN
    assert machine.cancel("bob", 1).reason is Reason.ROUND_OPEN
    assert machine.withdraw("bob", 1).reason is Reason.ROUND_OPEN
    assert machine.receive(Deposit(1, b"", 1)).reason is Reason.ROUND_OPEN
    assert machine.take().reason is Reason.ROUND_OPEN
    assert machine.submit(Tick(10**6)).reason is Reason.ROUND_OPEN
    assert machine.begin(machine.statement()).reason is Reason.ROUND_OPEN
    assert machine.proceed().accepted


def test_the_round_is_cleared_when_it_ends_and_the_next_may_begin(machine: Machine) -> None:
    assert machine.round(MARKS).only(RoundBegun).number == 1
    assert machine.state.round is None
    assert machine.round(MARKS).only(RoundBegun).number == 2


def test_a_round_that_ended_leaves_accounts_that_may_act(machine: Machine) -> None:
    machine.round(MARKS)
    assert machine.place("bob", +1, 80).accepted
    assert machine.equity("ada") == 0
    assert machine.standing("eve").equity >= machine.standing("eve").maintenance
