"""TRADE-12: a live order is taken back, always."""

from settlespec.domain.events import OrderRemoved
from settlespec.domain.orders import Removal
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine


def test_a_cancelled_order_leaves_the_book_with_what_remained(machine: Machine) -> None:
    machine.deposit("ada", 1_000).deposit("bob", 1_000).rests("ada", -5, 101, client_id=4)
    machine.place("bob", +2, 101)
    removed = machine.cancel("ada", 4).only(OrderRemoved)
    assert (removed.remaining, removed.cause) == (3, Removal.CANCELLED)
    assert not machine.resting("ada")


def test_nobody_cancels_twice_nor_the_order_of_another(machine: Machine) -> None:
    machine.deposit("ada", 1_000).deposit("bob", 1_000).rests("ada", -5, 101, client_id=4)
    assert machine.cancel("bob", 4).reason is Reason.UNKNOWN_ORDER
    assert machine.cancel("ada", 4, instrument=2).reason is Reason.UNKNOWN_ORDER
    assert machine.cancel("ada", 4).accepted
    assert machine.cancel("ada", 4).reason is Reason.UNKNOWN_ORDER


def test_a_cancel_is_admitted_below_the_requirement_and_under_stale_marks(machine: Machine) -> None:
    machine.deposit("poor", 60).opens("poor", +2).rests("poor", +1, 90, client_id=4).round({1: 85})
    assert machine.standing("poor").equity < machine.standing("poor").initial
    machine.wait(60_001)
    assert machine.cancel("poor", 4).accepted
