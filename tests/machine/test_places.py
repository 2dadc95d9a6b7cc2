"""TRADE-1, TRADE-9, TRADE-15, TRADE-16: an order trades with what crosses it, and what is left rests if it may."""

from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.errors import Malformed
from settlespec.domain.events import Filled, OrderAccepted, OrderRemoved, OrderRested
from settlespec.domain.orders import OrderKind, Removal, Side, TimeInForce
from settlespec.domain.reasons import Reason
from tests.machine.driver import FILL_OR_KILL, GOOD_TILL_TIME, IMMEDIATE, Machine


@pytest.fixture
def market(machine: Machine) -> Machine:
    return machine.deposit("ada", 10_000).deposit("bob", 10_000).deposit("eve", 10_000)


def test_an_order_that_meets_nobody_rests(market: Machine) -> None:
    answer = market.place("ada", +3, 99)
    assert answer.only(OrderRested).remaining == 3
    assert market.levels(Side.BUY) == [(99, 3)]
    assert market.position("ada") == 0


def test_a_trade_happens_at_the_resting_orders_price(market: Machine) -> None:
    market.rests("ada", -3, 101)
    answer = market.place("bob", +3, 105)
    filled = answer.only(Filled)
    assert (filled.price, filled.size, filled.taker_side) == (101, 3, Side.BUY)
    assert market.equity("bob") == 10_000 - 3
    assert market.equity("ada") == 10_000 + 3


def test_the_best_price_is_served_first_and_inside_a_price_the_first_come(market: Machine) -> None:
    market.rests("ada", -1, 102).rests("ada", -1, 101, client_id=50).rests("eve", -1, 101).rests("eve", -1, 100)
    answer = market.place("bob", +4, 102)
    served = [(filled.maker_account, filled.price) for filled in answer.all(Filled)]
    ada, eve = market.number("ada"), market.number("eve")
    assert served == [(eve, 100), (ada, 101), (eve, 101), (ada, 102)]


def test_what_is_left_of_a_good_till_time_order_rests(market: Machine) -> None:
    market.rests("ada", -2, 100)
    answer = market.place("bob", +5, 100)
    assert answer.only(Filled).size == 2
    assert answer.only(OrderRested).remaining == 3
    (order,) = market.resting("bob")
    assert (order.size, order.filled) == (5, 2)


def test_a_maker_that_fills_partly_keeps_its_place(market: Machine) -> None:
    market.rests("ada", -5, 100).rests("eve", -5, 100)
    market.place("bob", +2, 100)
    answer = market.place("bob", +1, 100)
    assert answer.only(Filled).maker_account == market.number("ada")
    assert market.levels(Side.SELL) == [(100, 2), (100, 5)]


def test_a_maker_that_fills_whole_leaves_the_book(market: Machine) -> None:
    market.rests("ada", -2, 100)
    removed = market.place("bob", +2, 100).only(OrderRemoved)
    assert (removed.account, removed.remaining, removed.cause) == (market.number("ada"), 0, Removal.FILLED)
    assert not market.resting("ada")


def test_an_order_never_trades_beyond_its_limit(market: Machine) -> None:
    market.rests("ada", -2, 101)
    assert not market.place("bob", +2, 100).all(Filled)
    assert market.levels(Side.BUY) == [(100, 2)]
    assert market.levels(Side.SELL) == [(101, 2)]


def test_an_immediate_order_drops_what_is_left(market: Machine) -> None:
    market.rests("ada", -2, 100)
    answer = market.place("bob", +5, 100, time_in_force=IMMEDIATE)
    dropped = [removed for removed in answer.all(OrderRemoved) if removed.cause is Removal.IMMEDIATE]
    assert [removed.remaining for removed in dropped] == [3]
    assert not market.resting("bob")


def test_an_immediate_order_without_a_fill_is_accepted(market: Machine) -> None:
    answer = market.place("bob", +5, 100, time_in_force=IMMEDIATE)
    assert answer.accepted
    assert answer.only(OrderRemoved).cause is Removal.IMMEDIATE
    assert market.account("bob").nonce == 1


def test_a_market_order_takes_the_bands_edge_as_its_limit(market: Machine) -> None:
    market.rests("ada", -2, 150).rests("eve", -2, 151)
    answer = market.place("bob", +4, None)
    assert answer.only(OrderAccepted).price == 150
    assert answer.only(Filled).price == 150


def test_a_selling_market_order_goes_down_to_the_bands_lower_edge(market: Machine) -> None:
    market.rests("ada", +2, 50).rests("eve", +2, 49)
    answer = market.place("bob", -4, None)
    assert answer.only(OrderAccepted).price == 50
    assert answer.only(Filled).price == 50


def test_the_matches_of_one_placing_are_limited_and_the_remainder_is_dropped() -> None:
    market = Machine(max_matches=2).deposit("ada", 10_000).deposit("bob", 10_000)
    for _ in range(3):
        market.rests("ada", -1, 100)
    answer = market.place("bob", +3, 100)
    assert len(answer.all(Filled)) == 2
    assert [removed.cause for removed in answer.all(OrderRemoved)][-1] is Removal.MATCH_LIMIT
    assert not market.resting("bob")
    assert len(market.resting("ada")) == 1


def test_the_match_limit_does_not_stop_an_order_that_is_filled_by_then() -> None:
    market = Machine(max_matches=2).deposit("ada", 10_000).deposit("bob", 10_000)
    market.rests("ada", -1, 100).rests("ada", -1, 100)
    answer = market.place("bob", +2, 100)
    assert market.position("bob") == 2
    assert {removed.cause for removed in answer.all(OrderRemoved)} == {Removal.FILLED}


def test_arrival_numbers_are_counted_over_all_instruments_and_never_reset(market: Machine) -> None:
    first = market.place("ada", +1, 99).only(OrderAccepted).arrival
    second = market.place("ada", +1, 99, instrument=3).only(OrderAccepted).arrival
    market.cancel("ada", 1)
    third = market.place("ada", +1, 99).only(OrderAccepted).arrival
    assert (first, second, third) == (0, 1, 2)


def test_the_same_name_may_be_used_again_once_its_order_is_gone(market: Machine) -> None:
    market.rests("ada", +1, 99, client_id=5)
    assert market.place("ada", +1, 98, client_id=5).reason is Reason.DUPLICATE_ORDER
    assert market.place("ada", +1, 98, client_id=5, instrument=2).accepted
    market.cancel("ada", 5)
    assert market.place("ada", +1, 98, client_id=5).accepted


def test_fees_go_to_the_treasury_and_a_rebate_comes_from_the_takers_fee() -> None:
    market = Machine(terms={"taker_fee_ppm": 10_000, "maker_fee_ppm": -5_000})
    market.deposit("ada", 10_000).deposit("bob", 10_000).rests("ada", -3, 101)
    filled = market.place("bob", +3, 101).only(Filled)
    # 1 % of 303 is 3.03, rounded up; half a percent is 1.515, rounded down.
    assert (filled.taker_fee, filled.maker_fee) == (4, -1)
    assert market.state.treasury == 3
    assert market.collateral("bob") == 10_000 - 4
    assert market.collateral("ada") == 10_000 + 1


def test_a_taker_that_fails_its_margin_stops_and_its_earlier_fills_stand(market: Machine) -> None:
    market.deposit("poor", 60).rests("ada", -2, 100).rests("ada", -1, 120)
    # Two lots at the mark need 40; the third needs 60 and loses 20 against the mark.
    answer = market.place("poor", +3, 120)
    assert answer.only(Filled).size == 2
    assert answer.all(OrderRemoved)[-1].cause is Removal.UNDERCOLLATERALISED
    assert market.position("poor") == 2
    assert not market.resting("poor")


def test_a_taker_that_fails_its_margin_at_once_is_refused(market: Machine) -> None:
    market.deposit("poor", 19).rests("ada", -1, 100)
    assert market.place("poor", +1, 100).reason is Reason.UNDERCOLLATERALISED
    assert market.place("poor", +1, 100, time_in_force=IMMEDIATE).only(OrderRemoved).cause is (
        Removal.UNDERCOLLATERALISED
    )
    assert market.deposit("poor", 1).place("poor", +1, 100).only(Filled).size == 1


def test_a_maker_that_fails_its_margin_is_removed_and_matching_goes_on(market: Machine) -> None:
    market.deposit("poor", 20).rests("poor", -1, 100).rests("ada", -1, 100)
    # At a mark of 115 the lot needs 23, and selling it at 100 loses 15.
    market.round({1: 115})
    answer = market.place("bob", +1, 100)
    assert [removed.cause for removed in answer.all(OrderRemoved)] == [Removal.UNDERCOLLATERALISED, Removal.FILLED]
    assert answer.only(Filled).maker_account == market.number("ada")


def test_a_maker_beyond_its_position_limit_is_removed() -> None:
    market = Machine(terms={"max_position": 3}).deposit("ada", 10_000).deposit("bob", 10_000).deposit("eve", 10_000)
    market.rests("ada", -2, 101).rests("ada", -2, 102)
    market.place("bob", +2, 101)
    answer = market.place("eve", +2, 102)
    assert answer.all(OrderRemoved)[0].cause is Removal.POSITION_LIMIT
    assert market.position("ada") == -2
    assert not market.resting("ada")


def test_what_rests_must_be_covered_with_everything_that_rests_already(market: Machine) -> None:
    market.deposit("poor", 40).rests("poor", +1, 100)
    assert market.place("poor", +2, 100).reason is Reason.UNDERCOLLATERALISED
    assert market.place("poor", +1, 100).accepted


def test_a_bid_above_the_mark_is_covered_with_its_loss_against_the_mark(market: Machine) -> None:
    market.deposit("poor", 29)
    assert market.place("poor", +1, 110).reason is Reason.UNDERCOLLATERALISED
    assert market.deposit("poor", 1).place("poor", +1, 110).accepted


def test_a_remainder_that_is_not_covered_is_dropped_and_the_fills_stand(market: Machine) -> None:
    market.deposit("poor", 30).rests("ada", -1, 100)
    answer = market.place("poor", +2, 100)
    assert answer.only(Filled).size == 1
    assert answer.all(OrderRemoved)[-1].cause is Removal.UNDERCOLLATERALISED
    assert not market.resting("poor")


def test_a_fill_that_strictly_reduces_risk_is_admitted_below_the_initial_requirement(market: Machine) -> None:
    market.deposit("poor", 40).opens("poor", +2).round({1: 90})
    assert market.standing("poor").equity < market.standing("poor").initial
    market.rests("ada", +1, 90)
    assert market.place("poor", -1, 90).only(Filled).size == 1
    assert market.place("poor", +1, 90).reason is Reason.UNDERCOLLATERALISED


def test_a_reducing_fill_that_worsens_equity_per_maintenance_is_refused(market: Machine) -> None:
    market.deposit("poor", 40).opens("poor", +2).round({1: 90})
    # 20 quantums of equity stand against 18 of maintenance; selling a lot 15 below the mark leaves 5 against 9.
    market.rests("ada", +1, 75)
    assert market.place("poor", -1, 75).reason is Reason.UNDERCOLLATERALISED


def test_a_fill_that_turns_the_position_is_no_reduction(market: Machine) -> None:
    market.deposit("poor", 400).opens("poor", +10).opens("poor", +10, instrument=3).round({3: 65})
    # 50 of equity against 165: six lots short would need less than ten long, but they are a new position.
    market.rests("ada", +16, 100)
    assert market.place("poor", -16, 100).reason is Reason.UNDERCOLLATERALISED
    assert market.place("poor", -10, 100).only(Filled).size == 10


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"price": 0}, "price"),
        ({"kind": OrderKind.MARKET, "price": 0}, "time_in_force"),
        ({"kind": OrderKind.MARKET, "price": 5, "time_in_force": IMMEDIATE, "good_till": 0}, "price"),
        ({"time_in_force": IMMEDIATE, "good_till": 0, "post_only": True}, "post_only"),
        ({"time_in_force": FILL_OR_KILL, "good_till": 0, "post_only": True}, "post_only"),
        (
            {"kind": OrderKind.MARKET, "price": 0, "time_in_force": IMMEDIATE, "good_till": 0, "post_only": True},
            "post_only",
        ),
        ({"time_in_force": IMMEDIATE, "good_till": 1}, "good_till"),
    ],
)
def test_terms_that_contradict_each_other_are_malformed(market: Machine, terms: dict[str, Any], field: str) -> None:
    order = market.order("ada", +1, 100)
    with pytest.raises(Malformed) as refusal:
        evolve(order, **terms)
    assert refusal.value.field == field


@pytest.mark.parametrize("lifetime", TimeInForce)
@pytest.mark.parametrize("kind", OrderKind)
def test_every_kind_of_order_trades_in_every_lifetime_that_it_may_have(
    market: Machine, kind: OrderKind, lifetime: TimeInForce
) -> None:
    if kind is OrderKind.MARKET and lifetime is GOOD_TILL_TIME:
        with pytest.raises(Malformed):
            market.order("bob", +2, None, time_in_force=lifetime)
        return
    market.rests("ada", -2, 100)
    price = None if kind is OrderKind.MARKET else 100
    assert market.place("bob", +2, price, time_in_force=lifetime).only(Filled).size == 2
