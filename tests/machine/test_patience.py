"""ROUND-7, ROUND-8: an account below maintenance for more than `patience` rounds in a row is closed at the mark."""

import pytest

from settlespec.domain.events import Breached, ClosedAtMark, Healed, InsurancePaid, Liquidated, OrderRemoved
from settlespec.domain.orders import Removal
from tests.machine.driver import Machine


@pytest.fixture
def machine() -> Machine:
    """Nobody bids, so the book cannot help. Ada, long ten, needs 88 of maintenance at a mark of 88 and has 80."""
    return Machine(patience=2).deposit("ada", 200).opens("ada", +10)


def test_an_equity_of_exactly_the_maintenance_is_no_breach(machine: Machine) -> None:
    machine = Machine().deposit("ada", 20).opens("ada", +1)
    assert not machine.round({1: 89}).all(Breached)
    breach = machine.round({1: 88}).only(Breached)
    assert (breach.equity, breach.maintenance, breach.rounds) == (8, 9, 1)


def test_the_rounds_in_breach_are_counted_and_the_one_beyond_patience_closes(machine: Machine) -> None:
    for count in (1, 2):
        answer = machine.round({1: 88})
        assert answer.only(Breached).rounds == count
        assert not answer.all(ClosedAtMark)
        assert machine.position("ada") == 10
    answer = machine.round({1: 88})
    assert answer.only(Breached).rounds == 3
    assert answer.only(ClosedAtMark).mark == 88
    assert machine.position("ada") == 0
    assert machine.equity("ada") == 80


def test_a_close_after_patience_costs_nobody_anything(machine: Machine) -> None:
    machine.insures(50)
    for _ in range(3):
        answer = machine.round({1: 88})
    assert not answer.all(InsurancePaid)
    assert machine.state.insurance == 50
    assert machine.equity("street") == 10**9 + 120


def test_a_round_in_health_begins_the_count_anew(machine: Machine) -> None:
    for mark in (88, 88):
        assert not machine.round({1: mark}).all(Healed)
    assert machine.round({1: 100}).only(Healed).account == machine.number("ada")
    assert not machine.state.breaches
    assert not machine.round({1: 100}).all(Healed)
    assert machine.round({1: 88}).only(Breached).rounds == 1


def test_without_patience_the_first_breach_closes() -> None:
    machine = Machine(patience=0).deposit("ada", 200).opens("ada", +10).rests("street", +10, 87)
    answer = machine.round({1: 88})
    assert answer.only(ClosedAtMark).size == 10
    assert not answer.all(Liquidated)


def test_the_orders_of_an_account_that_is_closed_are_cancelled(machine: Machine) -> None:
    machine.deposit("ada", 20).rests("ada", +1, 90)
    machine.round({1: 85})
    machine.deposit("ada", 1)
    for _ in range(2):
        answer = machine.round({1: 85})
    assert answer.all(ClosedAtMark)
    assert not machine.account("ada").orders


def test_who_is_worst_closes_first_and_equals_in_the_order_of_their_numbers() -> None:
    machine = Machine(patience=0).deposit("ada", 210).deposit("bob", 200).deposit("eve", 200)
    machine.opens("ada", +10).opens("bob", +10).opens("eve", +10)
    answer = machine.round({1: 86})
    assert [closed.account for closed in answer.all(ClosedAtMark)] == [
        machine.number("bob"),
        machine.number("eve"),
        machine.number("ada"),
    ]


def test_a_close_may_heal_its_counterparty_which_is_then_not_liquidated() -> None:
    machine = Machine(patience=1).deposit("ada", 200).deposit("bob", 300)
    machine.opens("ada", +10, against="bob").opens("bob", +5, instrument=3).rests("street", +5, 29, instrument=3)
    machine.round({1: 88})
    machine.rests("bob", -1, 130)
    # Bob keeps 420 - 350 against 88 + 15, until his short closes against Ada's long.
    answer = machine.round({1: 88, 3: 30})
    assert [breach.account for breach in answer.all(Breached)] == [machine.number("ada"), machine.number("bob")]
    assert answer.only(ClosedAtMark).counterparty == machine.number("bob")
    assert not answer.all(Liquidated)
    assert Removal.LIQUIDATION not in {removed.cause for removed in answer.all(OrderRemoved)}
    assert len(machine.resting("bob")) == 1
