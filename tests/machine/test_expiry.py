"""TRADE-10, SIGN-4: an order matches until its last time and is removed by what meets it; a message is valid until its own."""

from settlespec.domain.events import Filled, OrderRemoved
from settlespec.domain.orders import Removal, Side
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine


def test_an_order_still_matches_at_its_last_time(machine: Machine) -> None:
    machine.deposit("ada", 1_000).deposit("bob", 1_000).rests("ada", -1, 100, good_till=10).wait(10)
    assert machine.place("bob", +1, 100).only(Filled).size == 1


def test_an_order_past_its_last_time_is_removed_by_the_operation_that_meets_it(machine: Machine) -> None:
    machine.deposit("ada", 1_000).deposit("bob", 1_000).rests("ada", -1, 100, good_till=10).wait(11)
    assert machine.levels(Side.SELL) == [(100, 1)]
    answer = machine.place("bob", +1, 100)
    removed = answer.only(OrderRemoved)
    assert (removed.account, removed.remaining, removed.cause) == (machine.number("ada"), 1, Removal.EXPIRED)
    assert not answer.all(Filled)
    assert machine.levels(Side.BUY) == [(100, 1)]


def test_an_expired_order_can_still_be_cancelled_or_replaced_by_its_owner(machine: Machine) -> None:
    machine.deposit("ada", 1_000).rests("ada", -1, 100, good_till=10, client_id=5).wait(11)
    assert machine.replace("ada", 5, 1, 101).accepted
    assert machine.cancel("ada", 5).accepted


def test_an_order_whose_lifetime_is_over_is_refused(machine: Machine) -> None:
    machine.deposit("ada", 1_000).wait(10)
    assert machine.place("ada", +1, 100, good_till=9).reason is Reason.LIFETIME_OVER
    assert machine.place("ada", +1, 100, good_till=10).accepted


def test_a_replacement_whose_lifetime_is_over_is_refused_and_the_old_order_stays(machine: Machine) -> None:
    machine.deposit("ada", 1_000).wait(10).rests("ada", +1, 100, client_id=5)
    assert machine.replace("ada", 5, 2, 100, good_till=9).reason is Reason.LIFETIME_OVER
    assert [order.size for order in machine.resting("ada")] == [1]
