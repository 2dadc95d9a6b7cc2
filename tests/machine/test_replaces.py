"""TRADE-13: an owner changes price, size and lifetime; what was filled counts, and the new order goes to the tail."""

import pytest

from settlespec.domain.events import Filled, OrderAccepted, OrderRemoved
from settlespec.domain.orders import Removal, Side
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine


@pytest.fixture
def market(machine: Machine) -> Machine:
    """Ada's ask of five at 101, of which two are filled."""
    machine.deposit("ada", 10_000).deposit("bob", 10_000).rests("ada", -5, 101, client_id=4)
    machine.place("bob", +2, 101)
    return machine


def test_what_was_filled_counts_in_the_new_size(market: Machine) -> None:
    answer = market.replace("ada", 4, 6, 102)
    accepted = answer.only(OrderAccepted)
    assert (accepted.size, accepted.filled, accepted.price) == (6, 2, 102)
    assert market.levels(Side.SELL) == [(102, 4)]


@pytest.mark.parametrize("size", [1, 2])
def test_a_new_size_of_no_more_than_was_filled_cancels(market: Machine, size: int) -> None:
    answer = market.replace("ada", 4, size, 102)
    assert answer.only(OrderRemoved).cause is Removal.REPLACED
    assert not answer.all(OrderAccepted)
    assert not market.resting("ada")


def test_an_order_is_never_overfilled_through_replacements(market: Machine) -> None:
    market.replace("ada", 4, 5, 100)
    market.place("bob", +1, 100)
    market.replace("ada", 4, 5, 100)
    market.place("bob", +9, 100)
    assert market.position("ada") == -5


def test_the_same_price_and_size_loses_the_place_in_the_queue(market: Machine) -> None:
    market.deposit("eve", 10_000).rests("eve", -1, 101)
    market.replace("ada", 4, 5, 101)
    assert market.place("bob", +1, 101).only(Filled).maker_account == market.number("eve")


def test_a_replacement_that_crosses_trades_as_a_taker(market: Machine) -> None:
    market.rests("bob", +1, 99)
    answer = market.replace("ada", 4, 5, 99)
    filled = answer.only(Filled)
    assert (filled.taker_account, filled.price) == (market.number("ada"), 99)
    assert market.levels(Side.SELL) == [(99, 2)]


def test_the_room_of_the_old_order_is_free_for_the_new_one(machine: Machine) -> None:
    machine.deposit("poor", 40).rests("poor", +2, 100, client_id=4)
    assert machine.replace("poor", 4, 3, 100).reason is Reason.UNDERCOLLATERALISED
    assert machine.replace("poor", 4, 2, 99).accepted


def test_if_the_new_order_is_refused_the_old_one_stays(market: Machine) -> None:
    before = market.resting("ada")
    assert market.replace("ada", 4, 5, 40).reason is Reason.OUTSIDE_BAND
    assert market.resting("ada") == before


def test_a_reduce_only_order_stays_one(machine: Machine) -> None:
    machine.deposit("ada", 10_000).opens("ada", +4).rests("ada", -3, 101, client_id=4, reduce_only=True)
    assert machine.replace("ada", 4, 5, 101).reason is Reason.REDUCE_ONLY_EXCEEDS_POSITION
    assert machine.replace("ada", 4, 4, 101).accepted
    assert machine.resting("ada")[0].reduce_only


def test_an_order_that_is_gone_cannot_be_replaced(market: Machine) -> None:
    market.place("bob", +3, 101)
    assert market.replace("ada", 4, 9, 101).reason is Reason.UNKNOWN_ORDER


def test_the_caps_judge_what_a_replaced_order_may_still_fill_and_not_its_total() -> None:
    machine = Machine(terms={"max_order": 5}).deposit("ada", 10_000).deposit("bob", 10_000)
    machine.rests("ada", -5, 100, client_id=1)
    assert machine.place("bob", +4, 100).accepted
    assert machine.replace("ada", 1, 9, 100).accepted
    assert machine.replace("ada", 1, 10, 100).reason is Reason.ORDER_TOO_LARGE
