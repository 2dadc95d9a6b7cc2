"""CUST-2, CUST-3: what leaves an account is what nothing needs any more, to the last quantum."""

import pytest

from settlespec.domain.events import Claimed, Transferred
from settlespec.domain.instruments import InstrumentKind
from settlespec.domain.messages import Cause
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine, future, option


def test_a_withdrawal_of_one_quantum_too_much_is_refused_for_the_right_reason(machine: Machine) -> None:
    machine.deposit("ada", 1_000).opens("ada", lots=+10, price=100)
    free = machine.free_collateral("ada")
    assert free == 1_000 - 10 * 20
    assert machine.withdraw("ada", free + 1).reason is Reason.UNDERCOLLATERALISED
    assert machine.withdraw("ada", free).accepted
    assert machine.free_collateral("ada") == 0


def test_resting_orders_hold_back_what_they_would_need(machine: Machine) -> None:
    machine.deposit("ada", 100).rests("ada", +1, 110)
    # The lot needs 20 and would lose 10 against the mark.
    assert machine.withdraw("ada", 71).reason is Reason.UNDERCOLLATERALISED
    assert machine.withdraw("ada", 70).accepted


def test_a_resting_order_holds_back_its_fee_and_counts_on_no_rebate() -> None:
    for fee, held in ((10_000, 21), (-10_000, 20)):
        machine = Machine(terms={"maker_fee_ppm": fee, "taker_fee_ppm": 20_000}).deposit("ada", 100)
        assert machine.rests("ada", +1, 100).free_collateral("ada") == 100 - held


def test_a_gain_can_be_withdrawn_once_the_round_has_ended(machine: Machine) -> None:
    machine.deposit("ada", 1_000).opens("ada", +10).round({1: 150})
    assert machine.free_collateral("ada") == 1_000 + 10 * 50 - 10 * 30
    assert machine.withdraw("ada", 1_200).accepted
    assert machine.collateral("ada") == -200
    assert machine.equity("ada") == 300


def test_withdrawn_money_waits_in_the_outbox_for_the_owners_key(machine: Machine) -> None:
    machine.deposit("ada", 1_000)
    claimed = machine.withdraw("ada", 300).only(Claimed)
    claim = machine.state.outbox.claims[claimed.index]
    assert (claim.key, claim.amount, claim.cause) == (machine.key("ada"), 300, Cause.WITHDRAWAL)
    assert machine.state.outbox.unpaid == 300
    assert machine.state.vault == 1_000


def test_a_transfer_moves_collateral(machine: Machine) -> None:
    machine.deposit("ada", 1_000).deposit("bob", 1)
    assert machine.transfer("ada", "bob", 400).only(Transferred).amount == 400
    assert (machine.collateral("ada"), machine.collateral("bob")) == (600, 401)


def test_a_transfer_knows_only_the_initial_requirement(machine: Machine) -> None:
    machine.deposit("poor", 40).deposit("bob", 1).opens("poor", +2)
    assert machine.transfer("poor", "bob", 1).reason is Reason.UNDERCOLLATERALISED
    machine.round({1: 110})
    # 60 of equity, and two lots at 110 need 44.
    assert machine.transfer("poor", "bob", 17).reason is Reason.UNDERCOLLATERALISED
    assert machine.transfer("poor", "bob", 16).accepted


@pytest.mark.parametrize(("open_interest", "requirement"), [(10, 20), (15, 25), (20, 30), (40, 30)])
def test_the_initial_requirement_grows_with_the_open_interest_of_the_last_round(
    open_interest: int, requirement: int
) -> None:
    machine = Machine(terms={"surcharge_from": 10, "surcharge_to": 20, "surcharge_ppm": 1_000_000})
    machine.deposit("ada", 100_000).deposit("eve", 100_000).opens("ada", +1).opens("eve", open_interest - 1)
    assert machine.standing("ada").initial == 20
    machine.round()
    assert machine.standing("ada").initial == requirement
    assert machine.standing("ada").maintenance == 10


def test_the_surcharges_of_all_underlyings_add_up_and_the_largest_of_an_underlying_counts_for_all_of_it() -> None:
    machine = Machine(terms={"surcharge_from": 10, "surcharge_to": 20, "surcharge_ppm": 1_000_000})
    machine.deposit("ada", 100_000).deposit("eve", 100_000).opens("ada", +1).opens("ada", +1, instrument=3)
    machine.opens("eve", +20, instrument=2).opens("eve", +14, instrument=3).round()
    # Instrument 1 has an open interest of 1 only, but shares its underlying with instrument 2, which has 20.
    assert [machine.state.markets[name].surcharge_ppm for name in (1, 2, 3)] == [1_000_000, 1_000_000, 500_000]
    assert machine.standing("ada").initial == 2 * 20 + 10 + 5


SURCHARGED = {"surcharge_from": 10, "surcharge_to": 20, "surcharge_ppm": 1_000_000}


@pytest.mark.parametrize(
    ("strike", "mark", "lots", "rate"),
    [
        # Far out of the money a written lot needs 2 where one of the perpetual needs 10, and counts for a fifth.
        (1_000, 1, 54, 0),
        (1_000, 1, 55, 100_000),
        (1_000, 1, 100, 1_000_000),
        # Deep in the money it needs 11, and counts for one.
        (1, 99, 10, 0),
        (1, 99, 11, 100_000),
    ],
)
def test_the_open_interest_of_an_option_counts_by_what_a_written_lot_needs(
    strike: int, mark: int, lots: int, rate: int
) -> None:
    call = option(4, InstrumentKind.CALL, strike, expiry=10**9, **SURCHARGED)
    machine = Machine(listed=(call,), marks=(mark,)).deposit("ada", 10**6)
    machine.opens("ada", lots, mark, instrument=4).round()
    assert machine.state.markets[1].surcharge_ppm == machine.state.markets[4].surcharge_ppm == rate


def test_what_a_round_pays_out_still_counts_for_the_surcharge_of_that_round() -> None:
    machine = Machine(listed=(future(4, expiry=10_000, **SURCHARGED),)).deposit("ada", 10**6)
    machine.opens("ada", +20, instrument=4).settles(4, 100)
    rates = [machine.round() and machine.state.markets[1].surcharge_ppm for _ in range(2)]
    assert rates == [1_000_000, 0]
