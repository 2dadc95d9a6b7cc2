"""ROUND-1, ROUND-4, FUND-1 to FUND-3: a round takes every account to the new marks and settles one funding interval."""

import pytest

from settlespec.domain.events import Marked, Revalued, RoundBegun, RoundEnded, StageBegun
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage
from settlespec.rules.funding import FUNDING_PERIOD
from tests.machine.driver import Machine

PERCENT = 10_000


@pytest.fixture
def machine() -> Machine:
    """Rounds may be a whole funding period apart; Ada is long three lots against Bob."""
    machine = Machine(max_age=FUNDING_PERIOD, round_deadline=FUNDING_PERIOD).deposit("ada", 1_000).deposit("bob", 1_000)
    return machine.opens("ada", +3, against="bob")


def test_the_new_marks_move_every_equity_and_no_collateral(machine: Machine) -> None:
    answer = machine.round({1: 110})
    assert (machine.equity("ada"), machine.equity("bob")) == (1_030, 970)
    assert (machine.collateral("ada"), machine.collateral("bob")) == (1_000, 1_000)
    gains = {revalued.account: revalued.gain for revalued in answer.all(Revalued)}
    assert gains == {machine.number("ada"): 30, machine.number("bob"): 0}


def test_longs_pay_shorts_at_a_positive_rate(machine: Machine) -> None:
    machine.round(rates={1: PERCENT}, after=FUNDING_PERIOD)
    assert (machine.equity("ada"), machine.equity("bob")) == (997, 1_003)


def test_shorts_pay_longs_at_a_negative_rate(machine: Machine) -> None:
    machine.round(rates={1: -PERCENT}, after=FUNDING_PERIOD)
    assert (machine.equity("ada"), machine.equity("bob")) == (1_003, 997)


def test_funding_is_due_on_the_new_mark(machine: Machine) -> None:
    machine.round({1: 200}, {1: PERCENT}, after=FUNDING_PERIOD)
    assert machine.equity("ada") == 1_000 + 300 - 6


def test_a_payer_pays_the_ceiling_a_receiver_gets_the_floor_and_the_difference_is_insurance(machine: Machine) -> None:
    answer = machine.round(rates={1: PERCENT // 2}, after=FUNDING_PERIOD)
    assert [revalued.funding for revalued in answer.all(Revalued)] == [2, -1]
    assert (machine.state.insurance, machine.state.funding_pool) == (1, 0)


def test_an_account_rounds_once_over_all_its_positions(machine: Machine) -> None:
    machine.opens("ada", +3, instrument=3, against="bob")
    answer = machine.round(rates={1: PERCENT // 2, 3: PERCENT // 2}, after=FUNDING_PERIOD)
    assert [revalued.funding for revalued in answer.all(Revalued)] == [3, -3]


def test_the_rate_is_capped_per_instrument() -> None:
    machine = Machine(
        terms={"funding_cap_ppm": PERCENT}, max_age=FUNDING_PERIOD, round_deadline=FUNDING_PERIOD
    ).deposit("ada", 1_000)
    machine.opens("ada", +3)
    answer = machine.round(rates={1: 50 * PERCENT, 2: -50 * PERCENT}, after=FUNDING_PERIOD)
    assert [marked.rate for marked in answer.all(Marked)] == [PERCENT, -PERCENT, 0]
    assert machine.equity("ada") == 997


def test_the_interval_is_at_most_the_round_deadline() -> None:
    machine = Machine(max_age=FUNDING_PERIOD, round_deadline=FUNDING_PERIOD // 2).deposit("ada", 1_000)
    answer = machine.opens("ada", +2).round(rates={1: PERCENT}, after=FUNDING_PERIOD)
    assert answer.only(RoundBegun).elapsed == FUNDING_PERIOD // 2
    assert machine.equity("ada") == 999


def test_an_interval_is_settled_once_and_by_whoever_holds_at_the_round(machine: Machine) -> None:
    machine.wait(FUNDING_PERIOD - 1)
    machine.deposit("eve", 1_000).opens("eve", +3, against="ada")
    assert machine.position("ada") == 0
    machine.round(rates={1: PERCENT}, after=1)
    assert (machine.equity("ada"), machine.equity("eve")) == (1_000, 997)
    machine.round(rates={1: PERCENT}, after=1)
    assert machine.equity("eve") == 996


def test_the_funding_index_adds_up_what_a_lot_has_paid(machine: Machine) -> None:
    machine.round(rates={1: PERCENT}, after=1_000).only(RoundEnded)
    machine.round({1: 110}, {1: -PERCENT}, after=500)
    assert machine.state.markets[1].funding_index == PERCENT * 100 * 1_000 - PERCENT * 110 * 500


def test_accounts_without_positions_take_no_micro_step(machine: Machine) -> None:
    machine.deposit("eve", 1_000)
    stages = {begun.stage: begun.micro_steps for begun in machine.round().all(StageBegun)}
    assert (stages[Stage.REVALUE], stages[Stage.ASSESS]) == (2, 2)


def test_the_band_and_the_requirement_follow_the_mark(machine: Machine) -> None:
    machine.round({1: 200})
    market = machine.state.markets[1]
    assert (market.mark, market.low, market.high) == (200, 100, 300)
    assert machine.standing("ada").maintenance == 60
    assert machine.levels(Side.BUY) == []


def test_marks_do_not_move_before_every_account_has(machine: Machine) -> None:
    machine.wait(1)
    machine.begin(machine.statement({1: 110}))
    machine.proceed(2)
    assert machine.state.markets[1].mark == 100
    machine.proceed(1)
    assert machine.state.markets[1].mark == 110


def test_a_statement_as_old_as_marks_may_be_is_taken_and_an_older_one_is_not() -> None:
    machine = Machine().wait(100_000)
    assert machine.begin(machine.statement(timestamp=39_999)).reason is Reason.STATEMENT_STALE
    assert machine.begin(machine.statement(timestamp=40_000)).accepted


def test_a_statement_must_name_every_instrument_once_and_in_order(machine: Machine) -> None:
    machine.wait(1)
    first, second, third = machine.statement().quotes
    for quotes in ((), (first, second), (first, third, second), (first, first, second, third), (first, second, second)):
        assert machine.begin(machine.statement(quotes=quotes)).reason is Reason.STATEMENT_INCOMPLETE
    assert machine.begin(machine.statement()).accepted


def test_the_next_statement_is_newer_and_has_the_next_number(machine: Machine) -> None:
    machine.round(after=10)
    assert machine.begin(machine.statement()).reason is Reason.STATEMENT_NOT_NEWER
    machine.wait(1)
    assert machine.begin(machine.statement(number=1)).reason is Reason.WRONG_ROUND
    assert machine.begin(machine.statement()).accepted
