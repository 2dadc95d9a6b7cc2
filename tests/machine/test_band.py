"""TRADE-5: no bid above the band and no ask below it, at placing and at the end of every round; matching stops at its edge."""

import pytest

from settlespec.domain.events import Filled, OrderAccepted, OrderRemoved, StageBegun
from settlespec.domain.orders import Removal, Side
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage
from tests.machine.driver import Machine


@pytest.fixture
def market(machine: Machine) -> Machine:
    return machine.deposit("ada", 10_000).deposit("bob", 10_000)


def test_a_bid_at_the_upper_edge_rests_and_one_step_above_it_is_refused(market: Machine) -> None:
    assert market.place("ada", +1, 151).reason is Reason.OUTSIDE_BAND
    assert market.place("ada", +1, 150).accepted


def test_an_ask_at_the_lower_edge_rests_and_one_step_below_it_is_refused(market: Machine) -> None:
    assert market.place("ada", -1, 49).reason is Reason.OUTSIDE_BAND
    assert market.place("ada", -1, 50).accepted


def test_a_bid_below_the_band_and_an_ask_above_it_may_rest(market: Machine) -> None:
    assert market.place("ada", +1, 1).accepted
    assert market.place("ada", -1, 99_999).accepted


def test_the_band_is_rounded_inwards_to_the_price_step() -> None:
    market = Machine(terms={"price_step": 7}).deposit("ada", 10_000)
    assert (market.state.markets[1].low, market.state.markets[1].high) == (56, 147)
    assert market.place("ada", +1, 154).reason is Reason.OUTSIDE_BAND
    assert market.place("ada", +1, 147).accepted


def test_a_number_of_steps_is_the_half_width_where_that_is_wider() -> None:
    market = Machine(terms={"band_ppm": 10_000, "band_steps": 3, "price_step": 2}).deposit("ada", 10_000)
    assert (market.state.markets[1].low, market.state.markets[1].high) == (94, 106)


def test_the_round_cancels_what_the_mark_has_left_outside(market: Machine) -> None:
    market.rests("ada", +1, 140).rests("ada", +1, 75).rests("bob", +1, 76).rests("bob", -1, 200)
    answer = market.round({1: 50})
    assert [(removed.account, removed.cause) for removed in answer.all(OrderRemoved)] == [
        (market.number("ada"), Removal.OUTSIDE_BAND),
        (market.number("bob"), Removal.OUTSIDE_BAND),
    ]
    assert {stage.stage: stage.micro_steps for stage in answer.all(StageBegun)}[Stage.DISCARD] == 2
    assert market.levels(Side.BUY) == [(75, 1)]
    assert market.levels(Side.SELL) == [(200, 1)]


def test_after_a_rise_the_stale_asks_are_cancelled(market: Machine) -> None:
    market.rests("ada", -1, 101).rests("bob", -1, 150)
    answer = market.round({1: 300})
    assert [removed.account for removed in answer.all(OrderRemoved)] == [market.number("ada")]
    assert market.levels(Side.SELL) == [(150, 1)]


def test_matching_never_goes_beyond_the_band_since_no_limit_does(market: Machine) -> None:
    market.rests("ada", -1, 151)
    assert not market.place("bob", +1, None).all(Filled)
    assert market.place("bob", +1, 151).reason is Reason.OUTSIDE_BAND


@pytest.mark.parametrize(("max_price", "high"), [(100, 98), (105, 105), (146, 140), (147, 147), (1_000, 147)])
def test_the_band_ends_at_the_largest_multiple_of_the_step_within_the_instruments_highest_price(
    max_price: int, high: int
) -> None:
    market = Machine(terms={"price_step": 7, "max_price": max_price})
    assert market.state.markets[1].high == high


def test_a_market_order_at_a_mark_at_the_highest_price_has_a_limit_that_a_limit_order_may_have() -> None:
    market = Machine(terms={"price_step": 7, "max_price": 104}).deposit("ada", 10_000).deposit("bob", 10_000)
    market.round({1: 104})
    market.rests("bob", -1, 98)
    bought = market.place("ada", +1, None).only(OrderAccepted)
    assert bought.price == 98
    assert market.place("ada", +1, 105).reason is Reason.OUT_OF_RANGE
    assert market.place("ada", +1, bought.price).accepted


def test_a_band_narrower_than_a_step_at_the_highest_price_is_its_last_multiple() -> None:
    state = Machine(terms={"price_step": 7, "max_price": 104, "band_ppm": 0, "band_steps": 0}).state
    assert (state.markets[1].low, state.markets[1].high) == (98, 98)
