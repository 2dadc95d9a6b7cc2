"""CUST-5: a forced order goes on until it has met what stands in front of it; nobody's orders make it count as carried out."""

import pytest

from settlespec.domain.events import (
    Filled,
    ForcedDone,
    ForcedPaused,
    ForcedRefused,
    OrderAccepted,
    OrderRemoved,
    RoundEnded,
)
from settlespec.domain.messages import Deposit, ForcedOrder
from settlespec.domain.orders import Removal, SelfTrade, Side
from settlespec.domain.outcomes import Accepted
from settlespec.domain.reasons import Reason
from settlespec.machine.exchange import step
from tests.machine.driver import Answer, Machine

CROWD = ("bob", "eve", "dan")
"""Owners of what stands in front."""


def crowded(*lots: int, expired: bool = False) -> Machine:
    """Ada is long nine lots; in front of Zoe's honest bid of nine at 95 stand bids of so many lots at 96."""
    machine = (
        Machine(max_matches=2, max_removals=3, max_orders_per_account=3)
        .deposit("ada", 1_000)
        .opens("ada", +9)
        .deposit("zoe", 10_000)
        .rests("zoe", +9, 95)
    )
    for place, size in enumerate(lots):
        owner = CROWD[place // machine.state.parameters.max_orders_per_account]
        if machine.number(owner) not in machine.state.accounts:
            machine.deposit(owner, 100_000)
        machine.rests(owner, size, 96, good_till=10 if expired else None)
    return machine.wait(11)


def waiting(machine: Machine) -> int:
    """Lots of the forced order at the cursor."""
    message = machine.state.inbox.messages[machine.state.inbox.cursor].message
    assert isinstance(message, ForcedOrder)
    return message.size


def takes(machine: Machine) -> list[Answer]:
    """Taking until nothing waits any more."""
    answers = []
    while machine.state.inbox.messages:
        answers.append(machine.take())
        assert answers[-1].accepted
    return answers


def test_more_expired_orders_than_one_operation_may_remove_do_not_end_a_forced_order() -> None:
    machine = crowded(*[1] * 7, expired=True)
    first = machine.forces_order("ada", -9, 95)
    assert [removed.cause for removed in first.all(OrderRemoved)] == [*[Removal.EXPIRED] * 3, Removal.MATCH_LIMIT]
    assert first.only(ForcedPaused).left == 9
    assert not first.all(ForcedDone)
    rest = takes(machine)
    assert len(rest) == 2
    assert rest[-1].only(ForcedDone)
    assert machine.position("ada") == 0


def test_what_is_left_of_a_forced_order_after_its_fills_waits_at_the_cursor() -> None:
    machine = crowded(1, 1, 1, 1, 1)
    index = machine.state.inbox.cursor
    first = machine.forces_order("ada", -8, 95)
    assert [filled.size for filled in first.all(Filled)] == [1, 1]
    assert first.only(ForcedPaused) == ForcedPaused(index, 6)
    assert (machine.state.inbox.cursor, waiting(machine)) == (index, 6)
    second = machine.take()
    assert (second.only(ForcedPaused).left, waiting(machine)) == (4, 4)
    third = machine.take()
    assert [(filled.price, filled.size) for filled in third.all(Filled)] == [(96, 1), (95, 3)]
    assert third.only(ForcedDone).index == index
    assert machine.state.inbox.cursor == index + 1
    assert machine.position("ada") == 1


def test_each_taking_is_an_order_of_its_own_in_the_arrival_count() -> None:
    machine = crowded(1, 1, 1)
    first, second = machine.forces_order("ada", -8, 95).only(OrderAccepted), machine.take().only(OrderAccepted)
    assert (first.size, second.size) == (8, 6)
    assert second.arrival == first.arrival + 1


def test_all_that_was_sent_with_a_forced_order_but_its_size_stays_while_it_waits() -> None:
    machine = crowded(1, 1, 1)
    sent = ForcedOrder(machine.number("ada"), machine.key("ada"), 1, Side.SELL, 20, 95)
    machine.receive(sent)
    received = machine.state.inbox.messages[machine.state.inbox.cursor]
    machine.wait(5).take()
    waits = machine.state.inbox.messages[machine.state.inbox.cursor]
    # The order set out with the nine lots of the position.
    assert waits.message == ForcedOrder(sent.account, sent.key, 1, Side.SELL, 7, 95)
    assert waits.time == received.time


def test_a_forced_order_that_is_not_finished_keeps_what_came_after_it_waiting() -> None:
    machine = crowded(1, 1, 1)
    machine.receive(ForcedOrder(machine.number("ada"), machine.key("ada"), 1, Side.SELL, 9, 95))
    machine.receive(Deposit(machine.number("ada"), machine.key("ada"), 5))
    before = machine.state.inbox
    assert machine.take().only(ForcedPaused)
    assert (len(machine.state.inbox.messages), machine.state.inbox.uncredited) == (2, before.uncredited)
    assert len(takes(machine)) == 2


def test_what_is_left_is_refused_when_the_position_has_gone_meanwhile() -> None:
    machine = crowded(1, 1, 1)
    machine.forces_order("ada", -9, 95)
    for _ in range(2):
        machine.place("ada", -machine.position("ada"), 95)
    assert machine.position("ada") == 0
    assert machine.take().only(ForcedRefused).reason is Reason.REDUCE_ONLY_WRONG_SIDE
    assert not machine.state.inbox.messages


def test_a_forced_order_that_waits_goes_on_after_a_round() -> None:
    machine = crowded(1, 1, 1)
    machine.forces_order("ada", -9, 95)
    assert machine.wait(70_000).take().reason is Reason.STALE_MARK
    assert machine.round().only(RoundEnded)
    assert takes(machine)[-1].only(ForcedDone)
    assert machine.position("ada") == 0


def test_a_forced_order_never_trades_worse_than_it_said_however_far_the_mark_moves_while_it_waits() -> None:
    machine = Machine(terms={"band_ppm": 100_000}).deposit("ada", 10_000).deposit("bob", 10_000).opens("ada", +5)
    machine.receive(ForcedOrder(machine.number("ada"), machine.key("ada"), 1, Side.SELL, 5, 95))
    machine.round({1: 60})
    # The band ends at 66, far below what she would sell for.
    machine.rests("bob", +5, 66)
    answer = machine.take()
    assert not answer.all(Filled)
    assert answer.only(OrderAccepted).price == 95
    assert answer.only(ForcedDone)


def test_a_forced_order_beyond_the_band_sets_out_at_its_edge() -> None:
    machine = Machine(terms={"band_ppm": 100_000}).deposit("ada", 10_000).deposit("bob", 10_000).opens("ada", -5)
    machine.round({1: 60})
    machine.rests("bob", -5, 66)
    answer = machine.forces_order("ada", +5, 95)
    assert answer.only(OrderAccepted).price == 66
    assert answer.only(Filled).price == 66


def test_a_forced_order_that_finds_nobody_is_done_with() -> None:
    machine = Machine().deposit("ada", 1_000).opens("ada", +9)
    assert machine.forces_order("ada", -9, 95).only(ForcedDone)


@pytest.mark.parametrize("mode", SelfTrade)
def test_the_owners_own_bid_does_not_stop_a_forced_order(mode: SelfTrade) -> None:
    machine = Machine(self_trade=mode).deposit("ada", 10_000).deposit("bob", 10_000).opens("ada", +5)
    machine.rests("ada", +2, 99).rests("ada", +2, 94).rests("bob", +5, 98)
    answer = machine.forces_order("ada", -5, 95)
    assert answer.all(OrderRemoved)[0].cause is Removal.FORCED
    assert answer.only(Filled).price == 98
    # A bid that the order would not meet stays.
    assert [order.price for order in machine.resting("ada")] == [94]


@pytest.mark.parametrize(("expired", "takings"), [(256, 1), (257, 2), (512, 2), (513, 3)])
def test_a_standard_deployments_expired_orders_are_cleared_in_as_many_takings_as_they_fill(
    expired: int, takings: int
) -> None:
    machine = standing(expired, good_till=10)
    answers = [machine.forces_order("ada", -9, 95), *takes(machine)]
    assert len(answers) == takings
    assert machine.position("ada") == 191


def test_a_standard_deployments_one_lot_orders_are_traded_through() -> None:
    machine = standing(130)
    answers = [machine.forces_order("ada", -200, 95), *takes(machine)]
    assert [len(answer.all(Filled)) for answer in answers] == [64, 64, 3]
    assert machine.position("ada") == 0


def standing(crowd: int, good_till: int | None = None) -> Machine:
    """Ada is long 200 lots; in front of Zoe's bid of 200 at 95 stand so many bids of one lot."""
    machine = Machine(max_matches=64, max_removals=256, max_orders_per_account=256, max_orders_per_book=1_000)
    machine.deposit("ada", 100_000).opens("ada", +200).deposit("zoe", 100_000).rests("zoe", +200, 95)
    for place in range(crowd):
        owner = CROWD[place // 256]
        if place % 256 == 0:
            machine.deposit(owner, 10**6)
        # Without the driver's look at the whole state, which would take a second here.
        outcome = step(machine.state, machine.order(owner, +1, 96, good_till=good_till), machine.signer)
        assert isinstance(outcome, Accepted)
        machine.state = outcome.state
    return machine.wait(11)
