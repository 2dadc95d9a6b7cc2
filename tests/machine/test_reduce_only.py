"""TRADE-6: a reduce-only order closes and never opens, whatever happens to the position meanwhile."""

import pytest

from settlespec.domain.events import Filled, OrderReduced, OrderRemoved, OrderRested
from settlespec.domain.orders import Removal
from settlespec.domain.reasons import Reason
from tests.machine.driver import FILL_OR_KILL, IMMEDIATE, Machine, future


@pytest.fixture
def long(machine: Machine) -> Machine:
    """Ada is long ten lots."""
    return machine.deposit("ada", 10_000).deposit("bob", 10_000).opens("ada", +10)


def test_without_a_position_there_is_nothing_to_reduce(machine: Machine) -> None:
    machine.deposit("ada", 10_000)
    assert machine.place("ada", -1, 100, reduce_only=True).reason is Reason.REDUCE_ONLY_WRONG_SIDE


def test_an_order_that_would_add_to_the_position_is_on_the_wrong_side(long: Machine) -> None:
    assert long.place("ada", +1, 99, reduce_only=True).reason is Reason.REDUCE_ONLY_WRONG_SIDE
    assert long.place("ada", -1, 101, reduce_only=True).accepted


def test_one_that_takes_a_hedge_away_rests_without_a_requirement_and_is_removed_where_its_fill_is_not_covered() -> None:
    """Ten lots against ten of a future need 40; without the future the ten need 200, and 40 is all that there is."""
    machine = Machine(listed=(future(6, expiry=10**9),)).deposit("ada", 1_000).deposit("bob", 10**5)
    machine.opens("ada", +10).opens("ada", -10, instrument=6)
    machine.rests("ada", +10, 100, instrument=6, reduce_only=True)
    assert machine.withdraw("ada", 1_000 - 40).accepted
    answer = machine.place("bob", -10, 100, instrument=6, time_in_force=IMMEDIATE)
    assert [gone.cause for gone in answer.all(OrderRemoved)] == [Removal.UNDERCOLLATERALISED, Removal.IMMEDIATE]
    assert machine.standing("ada").initial == machine.equity("ada") == 40


def test_resting_ones_total_at_most_the_position(long: Machine) -> None:
    long.rests("ada", -6, 101, reduce_only=True)
    assert long.place("ada", -5, 101, reduce_only=True).reason is Reason.REDUCE_ONLY_EXCEEDS_POSITION
    assert long.place("ada", -4, 101, reduce_only=True).accepted


@pytest.mark.parametrize("lifetime", [IMMEDIATE, FILL_OR_KILL])
def test_an_immediate_one_is_clipped_to_the_position(long: Machine, lifetime: object) -> None:
    long.rests("bob", +20, 100)
    answer = long.place("ada", -15, 100, reduce_only=True, time_in_force=lifetime)
    assert answer.only(Filled).size == 10
    assert long.position("ada") == 0


def test_an_immediate_one_may_be_larger_than_what_the_resting_ones_leave(long: Machine) -> None:
    long.rests("ada", -6, 101, reduce_only=True).rests("bob", +20, 100)
    answer = long.place("ada", -10, 100, reduce_only=True, time_in_force=IMMEDIATE)
    assert answer.only(Filled).size == 10
    assert long.position("ada") == 0
    assert [removed.cause for removed in answer.all(OrderRemoved)] == [Removal.REDUCE_ONLY]


def test_when_the_position_shrinks_the_latest_arrival_is_clipped_first(long: Machine) -> None:
    long.rests("ada", -4, 103, reduce_only=True).rests("ada", -3, 101, reduce_only=True)
    long.rests("ada", -3, 102, reduce_only=True).rests("bob", +5, 100)
    answer = long.place("ada", -5, 100, time_in_force=IMMEDIATE)
    assert answer.all(OrderRemoved)[-1].cause is Removal.REDUCE_ONLY
    assert answer.only(OrderReduced).remaining == 1
    assert [(order.price, order.remaining) for order in long.resting("ada")] == [(103, 4), (101, 1)]


def test_a_change_of_sign_removes_them_all(long: Machine) -> None:
    long.rests("ada", -4, 103, reduce_only=True).rests("ada", -3, 101, reduce_only=True).rests("ada", -1, 104)
    long.rests("bob", +12, 100)
    answer = long.place("ada", -12, 100, time_in_force=IMMEDIATE)
    assert [removed.cause for removed in answer.all(OrderRemoved)].count(Removal.REDUCE_ONLY) == 2
    assert long.position("ada") == -2
    assert [order.price for order in long.resting("ada")] == [104]


def test_a_position_that_grows_clips_nothing(long: Machine) -> None:
    long.rests("ada", -10, 103, reduce_only=True)
    long.opens("ada", +5)
    assert [order.remaining for order in long.resting("ada")] == [10]


def test_a_fill_of_a_reduce_only_order_leaves_the_others_as_they_are(long: Machine) -> None:
    long.rests("ada", -4, 101, reduce_only=True).rests("ada", -6, 102, reduce_only=True)
    assert not long.place("bob", +4, 101).all(OrderReduced)
    assert long.position("ada") == 6
    assert [(order.price, order.remaining) for order in long.resting("ada")] == [(102, 6)]


def test_a_clipped_order_shrinks_what_was_signed_for_so_that_replacing_it_counts_its_fills(long: Machine) -> None:
    long.rests("ada", -10, 103, reduce_only=True, client_id=40).rests("bob", +4, 100)
    long.place("ada", -4, 100, time_in_force=IMMEDIATE)
    (order,) = long.resting("ada")
    assert (order.size, order.filled) == (6, 0)
    assert long.replace("ada", 40, 7, 103).reason is Reason.REDUCE_ONLY_EXCEEDS_POSITION
    assert long.replace("ada", 40, 6, 102).accepted


def test_a_resting_one_that_fills_partly_at_once_rests_with_the_remainder(long: Machine) -> None:
    long.rests("bob", +4, 100)
    answer = long.place("ada", -10, 100, reduce_only=True)
    assert answer.only(OrderRested).remaining == 6
    assert long.position("ada") == 6


def test_one_that_only_reduces_may_rest_below_the_initial_requirement(machine: Machine) -> None:
    machine.deposit("poor", 40).opens("poor", +2).round({1: 90})
    assert machine.place("poor", -1, 91).reason is Reason.UNDERCOLLATERALISED
    assert machine.place("poor", -1, 91, reduce_only=True).accepted


def test_one_that_would_sell_too_far_below_the_mark_is_not_covered(machine: Machine) -> None:
    machine.deposit("poor", 40).opens("poor", +2).round({1: 90})
    # 20 of equity stand against 18 of maintenance: a sale 10 below the mark leaves 10 against 9, one 11 below only 9.
    assert machine.place("poor", -1, 80, reduce_only=True).accepted
    machine.cancel("poor", machine.client_id)
    assert machine.place("poor", -1, 79, reduce_only=True).reason is Reason.UNDERCOLLATERALISED


def test_one_that_only_reduces_is_judged_with_the_fee_that_its_fill_would_pay() -> None:
    machine = Machine(terms={"maker_fee_ppm": 10_000}).deposit("poor", 40).opens("poor", +2)
    machine.round({1: 90})
    # As above: a quantum of fee makes a sale at 81 what one at 80 is without.
    assert machine.place("poor", -1, 80, reduce_only=True).reason is Reason.UNDERCOLLATERALISED
    assert machine.place("poor", -1, 81, reduce_only=True).accepted


def test_the_cap_on_positions_does_not_refuse_an_order_that_only_closes() -> None:
    machine = Machine(terms={"max_position": 10}).deposit("ada", 10_000).opens("ada", +10).deposit("bob", 10_000)
    machine.rests("bob", +10, 100)
    assert machine.place("ada", -25, 100, time_in_force=IMMEDIATE).reason is Reason.ORDER_TOO_LARGE
    assert machine.place("ada", -25, 100, time_in_force=IMMEDIATE, reduce_only=True).only(Filled).size == 10
