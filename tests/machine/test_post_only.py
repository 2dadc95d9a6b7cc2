"""TRADE-17: a post-only order rests or is refused; it never takes."""

import pytest

from settlespec.domain.events import OrderRemoved, OrderRested
from settlespec.domain.orders import Removal
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine


@pytest.fixture
def market(machine: Machine) -> Machine:
    return machine.deposit("ada", 10_000).deposit("bob", 10_000)


def test_it_rests_when_it_crosses_nobody(market: Machine) -> None:
    market.rests("bob", -1, 101)
    assert market.place("ada", +1, 100, post_only=True).only(OrderRested).remaining == 1


def test_it_is_refused_when_it_would_trade_at_the_very_price(market: Machine) -> None:
    market.rests("bob", -1, 101)
    assert market.place("ada", +1, 101, post_only=True).reason is Reason.POST_ONLY_WOULD_TRADE


def test_it_is_refused_against_its_owners_own_order_too(market: Machine) -> None:
    market.rests("ada", -1, 101)
    assert market.place("ada", +1, 101, post_only=True).reason is Reason.POST_ONLY_WOULD_TRADE


def test_it_is_refused_even_where_the_opposite_order_could_not_pay(market: Machine) -> None:
    market.deposit("poor", 20).rests("poor", -1, 100).round({1: 115})
    assert market.place("ada", +1, 100, post_only=True).reason is Reason.POST_ONLY_WOULD_TRADE


def test_expired_orders_in_front_of_it_are_removed_on_the_way(market: Machine) -> None:
    market.rests("bob", -1, 100, good_till=10).rests("bob", -1, 102).wait(11)
    answer = market.place("ada", +1, 101, post_only=True)
    assert answer.only(OrderRemoved).cause is Removal.EXPIRED
    assert answer.only(OrderRested).remaining == 1


def behind_expired_orders(owners: int) -> Machine:
    """Ada's way to 100 leads past so many expired asks; a placing may remove two."""
    market = Machine(max_removals=2, max_orders_per_account=2).deposit("ada", 10_000)
    for owner in ("bob", "eve", "dan", "fay", "gus")[:owners]:
        market.deposit(owner, 10_000).rests(owner, -1, 100, good_till=10)
    return market.wait(11)


def test_behind_more_expired_orders_than_one_placing_may_remove_it_is_dropped_and_those_removed_stay_removed() -> None:
    market = behind_expired_orders(5)
    answer = market.place("ada", +1, 100, post_only=True)
    causes = [removed.cause for removed in answer.all(OrderRemoved)]
    assert causes == [Removal.EXPIRED, Removal.EXPIRED, Removal.MATCH_LIMIT]
    assert (len(market.state.books[1].orders), len(market.resting("ada"))) == (3, 0)


def test_so_each_attempt_gets_further_until_it_rests() -> None:
    market = behind_expired_orders(5)
    answers = [market.place("ada", +1, 100, post_only=True) for _ in range(3)]
    assert [len(answer.all(OrderRested)) for answer in answers] == [0, 0, 1]


def test_a_live_order_right_behind_what_may_be_removed_refuses_it_and_nothing_is_removed() -> None:
    market = behind_expired_orders(2)
    market.deposit("zoe", 10_000).rests("zoe", -1, 101)
    before = market.state
    assert market.place("ada", +1, 101, post_only=True).reason is Reason.POST_ONLY_WOULD_TRADE
    assert market.state is before


def test_an_order_that_does_not_cross_right_behind_what_may_be_removed_lets_it_rest() -> None:
    market = behind_expired_orders(2)
    market.deposit("zoe", 10_000).rests("zoe", -1, 101)
    assert market.place("ada", +1, 100, post_only=True).only(OrderRested)


def test_as_many_expired_orders_as_one_placing_may_remove_do_not_refuse_it() -> None:
    market = Machine(max_removals=2, max_orders_per_account=2).deposit("ada", 10_000)
    for owner in ("bob", "eve"):
        market.deposit(owner, 10_000).rests(owner, -1, 100, good_till=10)
    market.wait(11)
    assert market.place("ada", +1, 100, post_only=True).accepted
