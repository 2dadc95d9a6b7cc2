"""TRADE-8: nobody trades with himself; what is cancelled instead is a parameter."""

import pytest

from settlespec.domain.events import Filled, OrderRemoved
from settlespec.domain.orders import Removal, SelfTrade
from settlespec.domain.reasons import Reason
from tests.machine.driver import FILL_OR_KILL, Answer, Machine


def meet(mode: SelfTrade) -> tuple[Machine, Answer]:
    """Ada's bid of three meets her own ask of one, with Bob's ask of one behind it."""
    machine = Machine(self_trade=mode).deposit("ada", 10_000).deposit("bob", 10_000)
    machine.rests("ada", -1, 100).rests("bob", -1, 100)
    return machine, machine.place("ada", +3, 100)


def causes(answer: Answer, account: int) -> list[tuple[Removal, int]]:
    return [(removed.cause, removed.remaining) for removed in answer.all(OrderRemoved) if removed.account == account]


def test_cancel_maker_removes_the_resting_order_and_matching_goes_on() -> None:
    machine, answer = meet(SelfTrade.CANCEL_MAKER)
    assert causes(answer, machine.number("ada")) == [(Removal.SELF_TRADE, 1)]
    assert answer.only(Filled).maker_account == machine.number("bob")
    assert [order.remaining for order in machine.resting("ada")] == [2]


def test_cancel_taker_drops_the_arriving_order_and_leaves_the_resting_one() -> None:
    machine, answer = meet(SelfTrade.CANCEL_TAKER)
    assert causes(answer, machine.number("ada")) == [(Removal.SELF_TRADE, 3)]
    assert not answer.all(Filled)
    assert [order.side.name for order in machine.resting("ada")] == ["SELL"]


def test_cancel_both_removes_the_resting_order_and_drops_the_arriving_one() -> None:
    machine, answer = meet(SelfTrade.CANCEL_BOTH)
    assert causes(answer, machine.number("ada")) == [(Removal.SELF_TRADE, 1), (Removal.SELF_TRADE, 3)]
    assert not answer.all(Filled)
    assert not machine.resting("ada")


@pytest.mark.parametrize("mode", SelfTrade)
def test_fills_before_the_own_order_stand(mode: SelfTrade) -> None:
    machine = Machine(self_trade=mode).deposit("ada", 10_000).deposit("bob", 10_000)
    machine.rests("bob", -1, 99).rests("ada", -1, 100)
    answer = machine.place("ada", +3, 100)
    assert answer.only(Filled).size == 1
    assert machine.position("ada") == 1


@pytest.mark.parametrize("mode", SelfTrade)
def test_an_expired_own_order_is_expired_and_not_a_self_trade(mode: SelfTrade) -> None:
    machine = Machine(self_trade=mode).deposit("ada", 10_000).rests("ada", -1, 100, good_till=10)
    machine.wait(11)
    answer = machine.place("ada", +1, 100)
    assert answer.only(OrderRemoved).cause is Removal.EXPIRED
    assert [order.remaining for order in machine.resting("ada")] == [1]


def test_an_own_order_in_the_way_leaves_a_fill_or_kill_order_unfillable_only_where_the_taker_stops() -> None:
    for mode, fills in (
        (SelfTrade.CANCEL_MAKER, True),
        (SelfTrade.CANCEL_TAKER, False),
        (SelfTrade.CANCEL_BOTH, False),
    ):
        machine = Machine(self_trade=mode).deposit("ada", 10_000).deposit("bob", 10_000)
        machine.rests("ada", -1, 100).rests("bob", -1, 100)
        answer = machine.place("ada", +1, 100, time_in_force=FILL_OR_KILL)
        assert answer.reason is (None if fills else Reason.NOT_FILLABLE)
        assert len(machine.resting("ada")) == (0 if fills else 1)


def test_makers_removed_on_the_way_have_a_limit_of_their_own() -> None:
    machine = Machine(max_removals=2, max_orders_per_account=2)
    machine.deposit("ada", 10_000).deposit("bob", 10_000).deposit("eve", 10_000)
    for owner in ("bob", "bob", "eve"):
        machine.rests(owner, -1, 100, good_till=10)
    machine.rests("eve", -1, 101).wait(11)
    answer = machine.place("ada", +1, 101)
    assert [removed.cause for removed in answer.all(OrderRemoved)] == [
        Removal.EXPIRED,
        Removal.EXPIRED,
        Removal.MATCH_LIMIT,
    ]
    assert not machine.resting("ada")
    assert machine.place("ada", +1, 101).only(Filled).price == 101
