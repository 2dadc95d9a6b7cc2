"""GENESIS-1: a limit stands on everything that grows, and each is met with its last unit and refused with one more."""

from attrs import evolve

from settlespec.domain.events import ForcedRefused
from settlespec.domain.messages import Cause, Deposit, ForcedWithdrawal
from settlespec.domain.orders import Side
from settlespec.domain.quantities import MAX_AMOUNT
from settlespec.domain.reasons import Reason
from settlespec.wire.states import decode_state, encode_state
from tests.machine.driver import IMMEDIATE, Machine


def test_an_order_of_the_largest_size_is_accepted_and_one_lot_more_is_not() -> None:
    machine = Machine(terms={"max_order": 5}).deposit("ada", 10_000)
    assert machine.place("ada", +6, 100).reason is Reason.ORDER_TOO_LARGE
    assert machine.place("ada", +5, 100).accepted


def test_an_order_that_could_fill_beyond_the_position_limit_is_refused() -> None:
    machine = Machine(terms={"max_position": 5}).deposit("ada", 10_000).opens("ada", +3)
    assert machine.place("ada", +3, 100).reason is Reason.ORDER_TOO_LARGE
    assert machine.place("ada", +2, 100).accepted
    assert machine.place("ada", -9, 101).reason is Reason.ORDER_TOO_LARGE
    assert machine.place("ada", -8, 101).accepted


def test_an_account_has_at_most_so_many_live_orders_over_all_instruments() -> None:
    machine = Machine(max_orders_per_account=2).deposit("ada", 10_000)
    machine.rests("ada", +1, 99).rests("ada", +1, 99, instrument=2)
    assert machine.place("ada", +1, 99, instrument=3).reason is Reason.TOO_MANY_ORDERS


def test_an_order_that_does_not_rest_needs_no_place() -> None:
    machine = Machine(max_orders_per_account=1, max_orders_per_book=2).deposit("ada", 10_000).deposit("bob", 10_000)
    machine.rests("ada", +1, 90).rests("bob", -1, 100)
    assert machine.place("ada", +1, 100).accepted
    assert machine.place("ada", +1, 100, time_in_force=IMMEDIATE).accepted


def test_the_room_in_the_book_is_judged_after_matching_and_refuses_the_whole_operation() -> None:
    machine = Machine(max_orders_per_book=2).deposit("ada", 10_000).deposit("bob", 10_000)
    machine.rests("bob", -2, 100).rests("bob", -2, 101)
    assert machine.place("ada", +1, 99).reason is Reason.BOOK_FULL
    # One lot of the best ask stays, so nothing makes room; with all of it gone there is.
    assert machine.place("ada", +3, 100).accepted
    assert machine.levels(Side.BUY) == [(100, 1)]
    before = machine.state
    assert machine.place("ada", +1, 99).reason is Reason.BOOK_FULL
    assert machine.state is before


def test_replacing_needs_no_second_place() -> None:
    machine = Machine(max_orders_per_account=1, max_orders_per_book=1).deposit("ada", 10_000)
    machine.rests("ada", +1, 99, client_id=4)
    assert machine.replace("ada", 4, 2, 98).accepted


def test_the_last_account_is_opened_and_one_more_is_paid_back() -> None:
    machine = Machine(max_accounts=2).deposit("ada", 5).deposit("bob", 5)
    machine.receive(Deposit(machine.number("eve"), machine.key("eve"), 7))
    assert machine.take().only(ForcedRefused).reason is Reason.TOO_MANY_ACCOUNTS
    (claim,) = machine.state.outbox.claims.values()
    assert (claim.key, claim.amount, claim.cause) == (machine.key("eve"), 7, Cause.REFUSED_DEPOSIT)
    assert machine.deposit("ada", 1).collateral("ada") == 6


def test_the_vault_is_filled_to_its_last_quantum_and_what_is_beyond_it_is_paid_back() -> None:
    machine = Machine(max_vault=10).deposit("ada", 10)
    machine.receive(Deposit(machine.number("ada"), machine.key("ada"), 1))
    assert machine.take().only(ForcedRefused).reason is Reason.VAULT_FULL
    assert machine.state.outbox.unpaid == 1


def test_what_waits_to_be_paid_out_leaves_room_in_the_vault() -> None:
    machine = Machine(max_vault=10).deposit("ada", 10)
    assert machine.withdraw("ada", 4).accepted
    assert machine.deposit("bob", 4).collateral("bob") == 4


def test_the_inbox_takes_its_last_message_and_refuses_one_more() -> None:
    machine = Machine(max_inbox=2)
    deposit = Deposit(1, machine.key("ada"), 1)
    assert machine.receive(deposit).accepted
    assert machine.receive(deposit).accepted
    assert machine.receive(deposit).reason is Reason.INBOX_FULL
    machine.take()
    assert machine.receive(deposit).accepted


def test_a_mark_at_the_instruments_cap_is_taken_and_one_quantum_more_is_out_of_range() -> None:
    machine = Machine(terms={"max_price": 200}).wait(1_000)
    assert machine.begin(machine.statement({2: 201})).reason is Reason.OUT_OF_RANGE
    assert machine.begin(machine.statement({2: 200})).accepted


def test_an_ask_above_the_instruments_highest_price_is_out_of_range_and_one_at_it_rests() -> None:
    machine = Machine(terms={"max_price": 200}).deposit("ada", 100_000)
    assert machine.place("ada", -1, 201).reason is Reason.OUT_OF_RANGE
    assert machine.place("ada", -1, 200).accepted


def test_an_order_may_not_move_beyond_the_instruments_highest_price() -> None:
    machine = Machine(terms={"max_price": 200}).deposit("ada", 100_000)
    assert machine.place("ada", -1, 200, client_id=7).accepted
    assert machine.replace("ada", 7, 1, 201).reason is Reason.OUT_OF_RANGE
    assert machine.replace("ada", 7, 2, 199).accepted


def test_the_vault_takes_deposits_up_to_its_range_and_one_quantum_more_is_out_of_range() -> None:
    machine = Machine(max_vault=MAX_AMOUNT)
    deposit = Deposit(1, machine.key("ada"), MAX_AMOUNT - 5)
    assert machine.receive(deposit).accepted
    before = machine.state
    assert machine.receive(evolve(deposit, amount=6)).reason is Reason.OUT_OF_RANGE
    assert machine.state is before
    assert machine.receive(evolve(deposit, amount=5)).accepted
    assert machine.state.vault == MAX_AMOUNT
    assert machine.receive(evolve(deposit, amount=1)).reason is Reason.OUT_OF_RANGE
    machine.take()
    machine.take()
    assert machine.collateral("ada") == MAX_AMOUNT
    assert decode_state(encode_state(machine.state)) == machine.state


def test_a_deposit_out_of_range_is_told_before_a_full_inbox_and_an_open_round() -> None:
    machine = Machine(max_inbox=1)
    deposit = Deposit(1, machine.key("ada"), MAX_AMOUNT)
    assert machine.receive(deposit).accepted
    assert machine.receive(deposit).reason is Reason.OUT_OF_RANGE
    machine.wait(1).begin(machine.statement())
    assert machine.receive(deposit).reason is Reason.OUT_OF_RANGE


def test_a_forced_request_needs_no_room_in_the_vault() -> None:
    machine = Machine()
    assert machine.receive(Deposit(1, machine.key("ada"), MAX_AMOUNT)).accepted
    assert machine.receive(ForcedWithdrawal(1, machine.key("ada"), MAX_AMOUNT)).accepted
