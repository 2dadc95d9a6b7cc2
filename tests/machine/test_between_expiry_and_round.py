"""ORACLE-2: between an expiry and the round that pays it out no risk is judged, so that nobody takes out what he is about to lose."""

import pytest

from settlespec.domain.events import Deposited, Filled, ForcedDone, ForcedRefused, PaidOut
from settlespec.domain.instruments import InstrumentKind
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from tests.machine.driver import IMMEDIATE, Machine, future, option

EXPIRY = 10_000
CALL = option(4, InstrumentKind.CALL, 110, expiry=EXPIRY)
LATER = future(5, expiry=2 * EXPIRY)


def short_one_call() -> Machine:
    """Ada has 1,000 and is short one call at a mark of 5, Bob holds it; what it pays is fixed at 390, and 988 of hers look free."""
    town = Machine(listed=(CALL,), marks=(5,)).deposit("ada", 1_000).deposit("bob", 10_000).deposit("eve", 1_000)
    town.opens("ada", -1, 5, instrument=4, against="bob").rests("ada", +9, 99, client_id=50)
    return town.settles(4, 500)


@pytest.fixture
def town() -> Machine:
    return short_one_call()


def test_a_loser_withdraws_nothing_before_the_round_and_what_is_left_after_it(town: Machine) -> None:
    assert town.free_collateral("ada") > 600
    assert town.withdraw("ada", 1).reason is Reason.STALE_MARK
    town.round()
    # 390 less the 5 that she got for it are paid; nine lots at 99 reserve 180.
    assert town.collateral("ada") == 1_000 - 385
    assert town.withdraw("ada", 615 - 180 + 1).reason is Reason.UNDERCOLLATERALISED
    assert town.withdraw("ada", 615 - 180).accepted


def test_a_loser_transfers_nothing_before_the_round(town: Machine) -> None:
    assert town.transfer("ada", "eve", 1).reason is Reason.STALE_MARK
    town.round()
    assert town.transfer("ada", "eve", 1).accepted


def test_a_losers_resting_order_is_not_hit_before_the_round(town: Machine) -> None:
    assert town.place("eve", -1, 99, time_in_force=IMMEDIATE).reason is Reason.STALE_MARK
    assert [order.remaining for order in town.resting("ada")] == [9]
    town.round()
    assert town.place("eve", -1, 99, time_in_force=IMMEDIATE).only(Filled).maker_account == town.number("ada")


def test_a_loser_neither_places_nor_replaces_before_the_round(town: Machine) -> None:
    assert town.place("ada", +1, 98).reason is Reason.STALE_MARK
    assert town.replace("ada", 50, 2, 98).reason is Reason.STALE_MARK
    town.round()
    assert town.place("ada", +1, 98).accepted
    assert town.replace("ada", 50, 2, 98).accepted


def test_the_winner_gets_everything_that_he_is_due(town: Machine) -> None:
    for attempt in (town.withdraw("ada", 988), town.transfer("ada", "eve", 988)):
        assert attempt.reason is Reason.STALE_MARK
    answer = town.round()
    assert {(event.account, event.payoff) for event in answer.all(PaidOut)} == {
        (town.number("ada"), 390),
        (town.number("bob"), 390),
    }
    assert town.collateral("bob") == 10_000 + 385


def test_nor_does_anybody_with_no_stake_in_what_expired(town: Machine) -> None:
    assert town.withdraw("eve", 1).reason is Reason.STALE_MARK
    town.round()
    assert town.withdraw("eve", 1).accepted


def test_it_begins_with_the_expiry_itself_and_not_with_its_settlement_value() -> None:
    town = Machine(listed=(CALL,), marks=(5,)).deposit("ada", 1_000).wait(EXPIRY - 1)
    assert town.withdraw("ada", 1).accepted
    assert town.wait(1).withdraw("ada", 1).reason is Reason.STALE_MARK


def test_cancels_and_deposits_go_on(town: Machine) -> None:
    assert town.cancel("ada", 50).accepted
    town.receive(Deposit(town.number("ada"), town.key("ada"), 7))
    assert town.take().only(Deposited)
    assert town.collateral("ada") == 1_007


def test_a_forced_withdrawal_of_a_loser_waits_and_is_carried_out_after_the_round(town: Machine) -> None:
    town.receive(ForcedWithdrawal(town.number("ada"), town.key("ada"), 10_000))
    assert town.take().reason is Reason.STALE_MARK
    assert len(town.state.inbox.messages) == 1
    town.round()
    assert town.take().only(ForcedDone)
    assert [claim.amount for claim in town.state.outbox.claims.values()] == [1_000 - 385]


def test_a_forced_order_in_another_instrument_waits_and_trades_after_the_round(town: Machine) -> None:
    town = short_one_call_and_a_lot()
    town.receive(ForcedOrder(town.number("ada"), town.key("ada"), 3, Side.SELL, 1, 90))
    assert town.take().reason is Reason.STALE_MARK
    town.round()
    answer = town.take()
    assert answer.only(Filled).price == 95
    assert answer.only(ForcedDone)
    assert town.position("ada", 3) == 0


def short_one_call_and_a_lot() -> Machine:
    """As above, and Ada holds a lot of instrument 3 that Bob would buy."""
    town = Machine(listed=(CALL,), marks=(5,)).deposit("ada", 1_000).deposit("bob", 10_000)
    town.opens("ada", -1, 5, instrument=4, against="bob").opens("ada", +1, instrument=3)
    return town.rests("bob", +1, 95, instrument=3).settles(4, 500)


def test_a_forced_request_of_an_account_without_positions_and_one_of_a_stranger_keep_nobody_waiting(
    town: Machine,
) -> None:
    assert town.forces_withdrawal("eve", 10).only(ForcedDone)
    assert town.forces_withdrawal("ada", 10, by="eve").only(ForcedRefused).reason is Reason.WRONG_OWNER


def test_the_next_expiry_is_the_earliest_that_is_not_paid_out_and_0_at_last() -> None:
    town = Machine(listed=(CALL, LATER), marks=(5, 100)).deposit("ada", 1_000)
    assert town.state.next_expiry == EXPIRY
    town.settles(4, 100)
    assert town.state.next_expiry == EXPIRY
    town.round()
    assert town.state.next_expiry == 2 * EXPIRY
    assert town.withdraw("ada", 1).accepted
    town.settles(5, 100)
    assert town.withdraw("ada", 1).reason is Reason.STALE_MARK
    town.round()
    assert town.state.next_expiry == 0
    assert town.withdraw("ada", 1).accepted


def test_the_next_expiry_moves_when_the_marks_are_adopted_and_not_before(town: Machine) -> None:
    town.wait(1).begin(town.statement())
    while town.state.marks_time != town.state.clock:
        assert town.state.next_expiry == EXPIRY
        town.proceed()
    assert town.state.next_expiry == 0


def test_without_anything_that_expires_there_is_no_next_expiry() -> None:
    assert Machine().state.next_expiry == 0


def test_a_second_date_that_is_reached_before_the_round_of_the_first_is_paid_out_by_the_same_round() -> None:
    town = Machine(listed=(CALL, LATER), marks=(5, 100)).deposit("ada", 1_000)
    town.settles(4, 100).settles(5, 100)
    assert town.state.next_expiry == EXPIRY
    town.round()
    assert town.state.next_expiry == 0
