"""TRADE-15: a fill-or-kill order fills whole or leaves no trace."""

import pytest

from settlespec.domain.events import Filled
from settlespec.domain.reasons import Reason
from tests.machine.driver import FILL_OR_KILL, Machine


@pytest.fixture
def market(machine: Machine) -> Machine:
    return machine.deposit("ada", 10_000).deposit("bob", 10_000).rests("bob", -2, 100).rests("bob", -2, 101)


def test_it_fills_over_several_prices(market: Machine) -> None:
    assert [filled.size for filled in market.place("ada", +4, 101, time_in_force=FILL_OR_KILL).all(Filled)] == [2, 2]


@pytest.mark.parametrize(("lots", "price"), [(5, 101), (3, 100)])
def test_one_lot_too_much_leaves_the_very_same_state(market: Machine, lots: int, price: int) -> None:
    before = market.state
    assert market.place("ada", +lots, price, time_in_force=FILL_OR_KILL).reason is Reason.NOT_FILLABLE
    assert market.state is before


def test_makers_that_would_have_been_removed_on_the_way_stay(market: Machine) -> None:
    market.rests("bob", -1, 99, good_till=10).wait(11)
    assert market.place("ada", +9, 101, time_in_force=FILL_OR_KILL).reason is Reason.NOT_FILLABLE
    assert len(market.resting("bob")) == 3


def test_a_market_order_may_be_fill_or_kill(market: Machine) -> None:
    assert market.place("ada", +5, None, time_in_force=FILL_OR_KILL).reason is Reason.NOT_FILLABLE
    assert len(market.place("ada", +4, None, time_in_force=FILL_OR_KILL).all(Filled)) == 2


def test_it_is_not_fillable_beyond_the_match_limit() -> None:
    market = Machine(max_matches=1).deposit("ada", 10_000).deposit("bob", 10_000)
    market.rests("bob", -2, 100).rests("bob", -2, 101)
    assert market.place("ada", +4, 101, time_in_force=FILL_OR_KILL).reason is Reason.NOT_FILLABLE
    assert market.place("ada", +2, 101, time_in_force=FILL_OR_KILL).accepted


def test_it_is_not_fillable_when_its_owner_cannot_pay_for_the_last_lot(market: Machine) -> None:
    market.deposit("poor", 60)
    # The third lot is bought one above the mark.
    assert market.place("poor", +3, 101, time_in_force=FILL_OR_KILL).reason is Reason.NOT_FILLABLE
    assert market.deposit("poor", 1).place("poor", +3, 101, time_in_force=FILL_OR_KILL).accepted
