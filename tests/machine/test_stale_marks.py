"""ORACLE-2: marks older than max_age judge no risk, and only what needs no judgement goes on."""

import pytest

from settlespec.domain.events import Deposited, ForcedDone, ForcedRefused
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine


@pytest.fixture
def machine() -> Machine:
    """Ada holds a lot and an order; Bob holds money only. The marks are as old as they may be."""
    machine = Machine().deposit("ada", 1_000).deposit("bob", 1_000).opens("ada", +1)
    return machine.rests("ada", +1, 99, client_id=4).wait(60_000)


def test_marks_of_the_greatest_age_still_count(machine: Machine) -> None:
    assert machine.place("ada", +1, 99).accepted
    assert machine.withdraw("bob", 1).accepted


def test_a_millisecond_later_nobody_places_replaces_withdraws_or_transfers(machine: Machine) -> None:
    machine.wait(1)
    assert machine.place("bob", +1, 99).reason is Reason.STALE_MARK
    assert machine.replace("ada", 4, 2, 99).reason is Reason.STALE_MARK
    assert machine.withdraw("bob", 1).reason is Reason.STALE_MARK
    assert machine.transfer("bob", "ada", 1).reason is Reason.STALE_MARK


def test_cancels_and_deposits_go_on(machine: Machine) -> None:
    machine.wait(1)
    assert machine.cancel("ada", 4).accepted
    machine.receive(Deposit(machine.number("ada"), machine.key("ada"), 1))
    assert machine.take().only(Deposited)


def test_a_forced_request_of_an_account_without_positions_goes_on(machine: Machine) -> None:
    assert machine.wait(1).forces_withdrawal("bob", 1_000).only(ForcedDone)


def test_a_forced_request_of_an_account_with_positions_waits_for_the_next_round(machine: Machine) -> None:
    machine.wait(1).receive(ForcedWithdrawal(machine.number("ada"), machine.key("ada"), 1))
    machine.receive(Deposit(machine.number("bob"), machine.key("bob"), 1))
    assert machine.take().reason is Reason.STALE_MARK
    machine.round()
    assert machine.take().only(ForcedDone)
    assert machine.take().only(Deposited)


def test_nobody_stops_the_inbox_with_a_request_for_somebody_elses_account(machine: Machine) -> None:
    machine.wait(1)
    assert machine.forces_withdrawal("ada", 1, by="eve").only(ForcedRefused).reason is Reason.WRONG_OWNER
    machine.receive(ForcedOrder(machine.number("ada"), machine.key("ada"), 4, Side.SELL, 1, 1))
    assert machine.take().only(ForcedRefused).reason is Reason.UNKNOWN_INSTRUMENT


def test_a_round_makes_the_marks_fresh_as_of_its_statement(machine: Machine) -> None:
    machine.wait(1)
    statement = machine.statement(timestamp=machine.state.clock - 50_000)
    assert machine.begin(statement).accepted
    machine.proceed(1_000)
    assert machine.state.marks_time == statement.timestamp
    assert machine.wait(10_000).withdraw("bob", 1).accepted
    assert machine.wait(1).withdraw("bob", 1).reason is Reason.STALE_MARK
