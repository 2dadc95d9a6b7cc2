"""CUST-1, CUST-4 to CUST-7: what the base layer sends is carried out in order, or refused with its reason; nothing waits in vain."""

import pytest

from settlespec.domain.events import (
    Claimed,
    Deposited,
    Filled,
    ForcedDone,
    ForcedRefused,
    MessageReceived,
    OrderAccepted,
    OrderRemoved,
)
from settlespec.domain.messages import Cause, Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Receive
from settlespec.domain.orders import Removal, Side
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine


@pytest.fixture
def long(machine: Machine) -> Machine:
    """Ada is long five lots, Bob has money."""
    return machine.deposit("ada", 1_000).deposit("bob", 10_000).opens("ada", +5)


def test_messages_are_taken_in_the_order_in_which_they_came(machine: Machine) -> None:
    for amount in (1, 2, 3):
        assert machine.receive(Deposit(machine.number("ada"), machine.key("ada"), amount)).only(MessageReceived)
    assert [machine.take().only(Deposited).amount for _ in range(3)] == [1, 2, 3]
    assert machine.take().reason is Reason.INBOX_EMPTY


def test_a_message_keeps_the_base_layers_time_whatever_the_clock_says(machine: Machine) -> None:
    machine.wait(11)
    for time in (0, 5, 12):
        assert machine.submit(Receive(time, Deposit(1, machine.key("ada"), 1))).accepted
    assert [received.time for _, received in sorted(machine.state.inbox.messages.items())] == [0, 5, 12]


def test_a_deposit_is_in_the_vault_before_it_is_credited(machine: Machine) -> None:
    machine.receive(Deposit(machine.number("ada"), machine.key("ada"), 7))
    assert (machine.state.vault, machine.state.inbox.uncredited) == (7, 7)
    assert machine.take().only(Deposited).opened
    assert (machine.state.vault, machine.state.inbox.uncredited) == (7, 0)
    machine.receive(Deposit(machine.number("ada"), machine.key("ada"), 1))
    assert not machine.take().only(Deposited).opened


def test_a_deposit_under_anothers_number_is_paid_back_to_its_sender(machine: Machine) -> None:
    machine.deposit("ada", 5)
    machine.receive(Deposit(machine.number("ada"), machine.key("eve"), 7))
    answer = machine.take()
    assert answer.only(ForcedRefused).reason is Reason.WRONG_OWNER
    claim = machine.state.outbox.claims[answer.only(Claimed).index]
    assert (claim.key, claim.amount, claim.cause) == (machine.key("eve"), 7, Cause.REFUSED_DEPOSIT)
    assert machine.collateral("ada") == 5


def test_a_forced_withdrawal_pays_the_smaller_of_what_is_asked_and_what_is_free(long: Machine) -> None:
    assert long.forces_withdrawal("ada", 50).only(Claimed).amount == 50
    answer = long.forces_withdrawal("ada", 10**9)
    assert answer.only(Claimed).amount == 1_000 - 50 - 5 * 20
    assert answer.only(Claimed).cause is Cause.FORCED_WITHDRAWAL
    assert long.forces_withdrawal("ada", 1).only(ForcedRefused).reason is Reason.NOTHING_TO_WITHDRAW


def test_a_forced_withdrawal_of_more_than_is_free_cancels_the_owners_orders_first() -> None:
    machine = Machine().deposit("ada", 100)
    machine.rests("ada", +2, 99)
    reserved = 100 - machine.free_collateral("ada")
    assert reserved > 0
    answer = machine.forces_withdrawal("ada", 100)
    assert answer.only(OrderRemoved).cause is Removal.FORCED
    assert answer.only(Claimed).amount == 100


def test_a_forced_withdrawal_that_is_refused_leaves_the_owners_orders_alone(long: Machine) -> None:
    long.forces_withdrawal("ada", 10**9)
    long.rests("ada", -5, 101, reduce_only=True)
    assert long.free_collateral("ada") == 0
    answer = long.forces_withdrawal("ada", 10**9)
    assert answer.only(ForcedRefused).reason is Reason.NOTHING_TO_WITHDRAW
    assert not answer.all(OrderRemoved)
    assert len(long.resting("ada")) == 1


def test_a_forced_withdrawal_of_what_is_free_leaves_the_owners_orders_alone() -> None:
    machine = Machine().deposit("ada", 100)
    machine.rests("ada", +2, 99)
    answer = machine.forces_withdrawal("ada", machine.free_collateral("ada"))
    assert not answer.all(OrderRemoved)
    assert len(machine.state.books[1].orders) == 1


def test_a_forced_request_carries_no_nonce(long: Machine) -> None:
    nonce = long.account("ada").nonce
    assert long.forces_withdrawal("ada", 50).only(ForcedDone)
    assert long.account("ada").nonce == nonce


def test_only_the_owner_forces(long: Machine) -> None:
    assert long.forces_withdrawal("ada", 50, by="bob").only(ForcedRefused).reason is Reason.WRONG_OWNER
    assert long.forces_order("ada", -1, by="bob").only(ForcedRefused).reason is Reason.WRONG_OWNER
    assert long.forces_withdrawal("nobody", 50).only(ForcedRefused).reason is Reason.UNKNOWN_ACCOUNT
    assert long.forces_order("nobody", -1).only(ForcedRefused).reason is Reason.UNKNOWN_ACCOUNT


def test_a_forced_order_closes_at_what_the_book_offers(long: Machine) -> None:
    long.rests("bob", +3, 98)
    answer = long.forces_order("ada", -5, 90)
    filled = answer.only(Filled)
    assert (filled.price, filled.size) == (98, 3)
    assert answer.all(OrderRemoved)[-1].cause is Removal.IMMEDIATE
    assert long.position("ada") == 2
    assert answer.only(ForcedDone)


def test_a_forced_order_is_clipped_to_the_position_and_to_the_band(long: Machine) -> None:
    long.rests("bob", +9, 50).rests("bob", +9, 49)
    accepted = long.forces_order("ada", -100, 1).only(OrderAccepted)
    assert (accepted.size, accepted.price) == (5, 50)
    assert long.position("ada") == 0


def test_a_forced_order_only_closes(long: Machine) -> None:
    assert long.forces_order("ada", +1).only(ForcedRefused).reason is Reason.REDUCE_ONLY_WRONG_SIDE
    assert long.forces_order("bob", -1).only(ForcedRefused).reason is Reason.REDUCE_ONLY_WRONG_SIDE
    assert long.forces_order("ada", -1, instrument=2).only(ForcedRefused).reason is Reason.REDUCE_ONLY_WRONG_SIDE
    assert long.forces_order("ada", -1, instrument=4).only(ForcedRefused).reason is Reason.UNKNOWN_INSTRUMENT


def test_the_owners_resting_reduce_only_orders_make_way_for_a_forced_one(long: Machine) -> None:
    long.rests("ada", -5, 101, reduce_only=True).rests("ada", -2, 102).rests("ada", -1, 101, instrument=2)
    answer = long.forces_order("ada", -5)
    assert answer.all(OrderRemoved)[0].cause is Removal.FORCED
    assert [order.price for order in long.resting("ada")] == [102]
    assert len(long.resting("ada", instrument=2)) == 1


def test_a_refused_forced_order_leaves_the_resting_ones(long: Machine) -> None:
    long.rests("ada", -5, 101, reduce_only=True)
    long.forces_order("ada", +1)
    assert len(long.resting("ada")) == 1


def test_the_base_layers_messages_wait_while_a_round_is_open(machine: Machine) -> None:
    machine.deposit("ada", 5).receive(ForcedWithdrawal(machine.number("ada"), machine.key("ada"), 5))
    machine.wait(1).begin(machine.statement())
    assert machine.take().reason is Reason.ROUND_OPEN
    assert machine.receive(Deposit(1, b"", 1)).reason is Reason.ROUND_OPEN
    machine.proceed(100)
    assert machine.take().only(ForcedDone)


def test_a_forced_order_meets_the_margin_like_any_other(machine: Machine) -> None:
    machine.deposit("poor", 40).deposit("bob", 10_000).opens("poor", +2).round({1: 90})
    machine.rests("bob", +2, 75)
    machine.receive(ForcedOrder(machine.number("poor"), machine.key("poor"), 1, Side.SELL, 1, 75))
    answer = machine.take()
    assert answer.only(OrderRemoved).cause is Removal.UNDERCOLLATERALISED
    assert answer.only(ForcedDone)
