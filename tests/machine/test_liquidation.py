"""ROUND-8, LIQ-4 to LIQ-12: an account in breach closes on the book, as little as restores it and never below bankruptcy.

Unless a test says otherwise Ada is long ten lots at a mark of 88: 80 of equity stand against 88 of maintenance, so the bankruptcy
price is 80 a lot, and q lots sold at 87 restore her when 80 - q >= 2 * ceil(8.8 * (10 - q)), first at six.
"""

from typing import Any

import pytest

from settlespec.domain.events import Breached, Liquidated, OrderRemoved, StageBegun
from settlespec.domain.orders import Removal, Side
from settlespec.domain.rounds import Stage
from tests.machine.driver import Answer, Machine


def in_breach_at_88(terms: dict[str, Any] | None = None, **parameters: Any) -> Machine:
    """The next round at 88 finds Ada in breach."""
    machine = Machine(terms=terms, **parameters).deposit("ada", 200).deposit("bob", 10_000).deposit("eve", 10_000)
    return machine.opens("ada", +10)


@pytest.fixture
def machine() -> Machine:
    return in_breach_at_88()


def fills(answer: Answer) -> list[tuple[int, int]]:
    return [(liquidated.price, liquidated.size) for liquidated in answer.all(Liquidated)]


def test_the_least_quantity_that_restores_the_requirement_is_closed(machine: Machine) -> None:
    answer = machine.rests("bob", +20, 87).round({1: 88})
    assert fills(answer) == [(87, 6)]
    assert machine.position("ada") == 4
    now = machine.standing("ada")
    assert (now.equity, now.initial) == (74, 72)


def test_what_does_not_restore_is_closed_whole_and_the_next_order_is_tried(machine: Machine) -> None:
    answer = machine.rests("bob", +3, 87).rests("eve", +10, 86).round({1: 88})
    # With 77 against seven lots at 86: three more leave 71 against 72, four leave 69 against 54.
    assert fills(answer) == [(87, 3), (86, 4)]


def test_a_price_at_bankruptcy_is_taken_and_leaves_nothing_and_nobody_owes(machine: Machine) -> None:
    answer = machine.rests("bob", +20, 80).round({1: 88})
    assert fills(answer) == [(80, 10)]
    assert machine.equity("ada") == 0


def test_a_price_below_bankruptcy_is_not(machine: Machine) -> None:
    answer = machine.rests("bob", +20, 79).round({1: 88})
    assert not fills(answer)
    assert machine.position("ada") == 10
    assert answer.only(Breached).rounds == 1


def test_a_price_beyond_the_slip_is_not_taken_even_above_bankruptcy() -> None:
    for price, taken in ((84, True), (83, False)):
        machine = in_breach_at_88({"liquidation_slip_ppm": 50_000})
        answer = machine.rests("bob", +20, price).round({1: 88})
        assert bool(fills(answer)) is taken


def test_a_short_is_liquidated_against_the_asks() -> None:
    machine = Machine().deposit("ada", 200).deposit("bob", 10_000).opens("ada", -10).rests("bob", -20, 110)
    # At 109 the short has 110 against 109; at 110 it has 100 against 110, and a lot may cost up to 120.
    answer = machine.round({1: 110})
    assert [liquidated.side for liquidated in answer.all(Liquidated)] == [Side.BUY]
    assert fills(answer) == [(110, 6)]


def test_stale_bids_above_the_band_do_not_shield_the_book_from_a_liquidation() -> None:
    machine = in_breach_at_88({"band_ppm": 100_000})
    answer = machine.rests("eve", +1, 99).rests("bob", +20, 87).round({1: 88})
    assert answer.all(OrderRemoved)[0].cause is Removal.OUTSIDE_BAND
    assert fills(answer) == [(87, 6)]


def test_a_bid_below_the_band_is_not_taken() -> None:
    machine = in_breach_at_88({"band_ppm": 10_000})
    machine.rests("bob", +20, 85)
    assert not fills(machine.round({1: 88}))


def test_the_fee_goes_to_the_insurance_fund_and_counts_against_what_restores() -> None:
    machine = Machine(terms={"liquidation_fee_ppm": 50_000, "taker_fee_ppm": 50_000, "maker_fee_ppm": -10_000})
    # The opening trade costs 50 of the 250. Eight lots at 87 cost a fee of 34.8, rounded up; at the mark it would be 36.
    machine.deposit("ada", 250).deposit("bob", 10_000).opens("ada", +10)
    before = machine.collateral("bob")
    answer = machine.rests("bob", +20, 87).round({1: 88})
    assert answer.only(Liquidated).size == 8
    assert answer.only(Liquidated).fee == 35
    assert machine.state.insurance == 35
    assert machine.standing("ada").equity == 80 - 8 - 35
    assert machine.collateral("bob") == before


def test_the_fee_never_takes_more_than_the_gain_over_bankruptcy() -> None:
    machine = in_breach_at_88({"liquidation_fee_ppm": 100_000})
    answer = machine.rests("bob", +1, 81).rests("eve", +20, 80).round({1: 88})
    assert [liquidated.fee for liquidated in answer.all(Liquidated)] == [1, 0]
    assert machine.equity("ada") == 0


def test_the_orders_of_the_account_are_cancelled_first(machine: Machine) -> None:
    machine.deposit("ada", 220).rests("ada", +1, 90, instrument=3).rests("ada", -10, 101)
    machine.rests("bob", +20, 60)
    answer = machine.round({1: 61})
    causes = [removed.cause for removed in answer.all(OrderRemoved) if removed.account == machine.number("ada")]
    assert causes == [Removal.LIQUIDATION, Removal.LIQUIDATION]
    assert answer.all(Liquidated)


def test_an_account_that_is_not_in_breach_is_not_touched(machine: Machine) -> None:
    answer = machine.rests("bob", +20, 88).round({1: 89})
    assert not fills(answer)
    stages = {begun.stage: begun.micro_steps for begun in answer.all(StageBegun)}
    assert stages[Stage.LIQUIDATE] == 0


def test_the_account_with_the_lowest_equity_per_maintenance_comes_first() -> None:
    """Neither the lowest equity, which is the small one's, nor the largest shortfall, which is the large one's."""
    machine = Machine().deposit("small", 102).deposit("large", 401).deposit("worst", 200).deposit("bob", 10_000)
    machine.opens("small", +5).opens("large", +20).opens("worst", +10).rests("bob", +40, 87)
    answer = machine.round({1: 88})
    assert [(breach.equity, breach.maintenance) for breach in answer.all(Breached)] == [(42, 44), (161, 176), (80, 88)]
    assert [machine.number(name) for name in ("worst", "large", "small")] == [
        liquidated.account for liquidated in answer.all(Liquidated)
    ]


def test_equals_come_in_the_order_of_their_numbers() -> None:
    machine = Machine().deposit("eve", 200).deposit("ada", 200).deposit("bob", 10_000)
    machine.opens("ada", +10).opens("eve", +10).rests("bob", +6, 87)
    answer = machine.round({1: 88})
    assert answer.only(Liquidated).account == machine.number("eve")


def test_a_maker_that_fails_its_margin_is_removed_and_the_next_is_tried(machine: Machine) -> None:
    machine.deposit("poor", 20).rests("poor", +1, 87).rests("bob", +20, 86)
    machine.opens("poor", +1, instrument=3)
    machine.round({3: 91})
    # The lot of instrument 3 has lost 9, so that one more of instrument 1 is not covered.
    answer = machine.round({1: 88})
    assert answer.all(OrderRemoved)[0].cause is Removal.UNDERCOLLATERALISED
    assert [price for price, _ in fills(answer)] == [86]


def test_a_maker_beyond_its_position_limit_is_removed() -> None:
    machine = in_breach_at_88({"max_position": 10})
    machine.rests("bob", +5, 87).rests("eve", +10, 86)
    machine.opens("bob", +8, against="rich")
    answer = machine.round({1: 88})
    assert answer.all(OrderRemoved)[0].cause is Removal.POSITION_LIMIT
    assert [price for price, _ in fills(answer)] == [86]


def test_an_expired_bid_is_removed_and_the_next_is_tried(machine: Machine) -> None:
    machine.rests("bob", +5, 87, good_till=500).rests("eve", +20, 86)
    answer = machine.round({1: 88})
    assert answer.all(OrderRemoved)[0].cause is Removal.EXPIRED
    assert [price for price, _ in fills(answer)] == [86]


def test_one_liquidation_takes_no_more_steps_than_a_placing() -> None:
    machine = in_breach_at_88(max_matches=2, max_removals=2, max_orders_per_account=2, max_orders_per_book=99)
    for name in ("bob", "eve", "fay", "gil"):
        machine.deposit(name, 10_000).rests(name, +1, 87).rests(name, +1, 87)
    answer = machine.round({1: 88})
    assert fills(answer) == [(87, 1)] * 4
    assert machine.position("ada") == 6


def test_the_leg_with_the_largest_fall_of_maintenance_closes_first() -> None:
    machine = Machine().deposit("ada", 260).deposit("bob", 10_000)
    machine.opens("ada", +3, instrument=1).opens("ada", +10, instrument=3)
    machine.rests("bob", +9, 87, instrument=1).rests("bob", +2, 88, instrument=3)
    answer = machine.round({1: 88, 3: 89})
    legs = [(liquidated.instrument, liquidated.size) for liquidated in answer.all(Liquidated)]
    assert legs[0] == (3, 2)
    assert {instrument for instrument, _ in legs[1:]} == {1}


def test_a_leg_without_an_acceptable_order_is_passed_over() -> None:
    machine = Machine().deposit("ada", 260).deposit("bob", 10_000)
    machine.opens("ada", +3, instrument=1).opens("ada", +10, instrument=3).rests("bob", +9, 87, instrument=1)
    answer = machine.round({1: 88, 3: 89})
    assert [(liquidated.instrument, liquidated.size) for liquidated in answer.all(Liquidated)] == [(1, 3)]


def hedged(long: int, short: int, deposit: int) -> Machine:
    """Long in one instrument and short in another of the same underlying, so that only the difference bears the price."""
    machine = Machine().deposit("ada", deposit).deposit("bob", 10_000)
    machine.opens("ada", +long, instrument=1)
    machine.opens("ada", -short, instrument=2)
    assert machine.withdraw("ada", machine.free_collateral("ada")).accepted
    return machine


def test_the_leg_of_a_hedge_closes_as_far_as_restores() -> None:
    machine = hedged(10, 4, 1_000)
    assert machine.standing("ada").maintenance == 6 * 9 + 14
    machine.rests("bob", +20, 92)
    answer = machine.round({1: 92, 2: 100})
    assert (answer.only(Breached).equity, answer.only(Breached).maintenance) == (56, 60)
    # With six lots left against the four maintenance is 24, and equity must be twice that.
    assert fills(answer) == [(92, 4)]


def test_a_leg_is_never_closed_beyond_the_first_minimum_of_maintenance() -> None:
    machine = hedged(10, 4, 1_000)
    machine.rests("bob", +20, 88)
    answer = machine.round({1: 88, 2: 100})
    # At 88 the long lots outweigh the four short ones until six are sold; with a seventh the short side is the larger.
    assert answer.only(Breached).equity == 16
    assert answer.all(Liquidated)[0].instrument == 1
    assert fills(answer)[0] == (88, 6)


def test_a_whole_hedge_is_not_broken_up_since_no_single_leg_lowers_maintenance() -> None:
    machine = hedged(10, 10, 1_000)
    assert machine.standing("ada").equity == 40
    machine.rests("bob", +20, 97).rests("bob", -20, 100, instrument=2)
    answer = machine.round({1: 97, 2: 100})
    assert answer.only(Breached).equity == 10
    assert not fills(answer)


def test_a_makers_reduce_only_bid_may_take_a_liquidation() -> None:
    machine = in_breach_at_88().opens("bob", -5).rests("bob", +5, 87, reduce_only=True)
    answer = machine.round({1: 88})
    assert fills(answer) == [(87, 5)]
    assert machine.position("bob") == 0


def behind_expired_bids(*layers: int) -> Machine:
    """So many expired bids of one lot, then a live one, and so on, each layer a quantum further down from 97; then twenty lots of Bob's.

    Each has an owner of its own, since two attempts may fill and one may remove.
    """
    machine = in_breach_at_88(
        max_matches=2, max_removals=1, max_orders_per_account=1, max_orders_per_book=256, max_accounts=256
    )
    for depth, layer in enumerate(layers):
        for place in range(layer + 1):
            owner = f"{place} of layer {depth}"
            lifetime = machine.state.clock if place < layer else None
            machine.deposit(owner, 100).rests(owner, +1, 97 - depth, good_till=lifetime)
    return machine.rests("bob", +20, 87).wait(1)


def test_an_expired_bid_in_front_costs_a_micro_step_and_no_attempt() -> None:
    machine = behind_expired_bids(3)
    machine.wait(1).begin(machine.statement({1: 88}))
    spent = []
    while machine.state.round is not None:
        current = machine.state.round
        answer = machine.proceed()
        after = machine.state.round
        if current.stage is Stage.LIQUIDATE and after is not None and after.cursor == current.cursor:
            causes = [removed.cause for removed in answer.all(OrderRemoved)]
            spent.append((causes, len(answer.all(Liquidated)), after.attempts - current.attempts))
    # Her own orders, of which she has none; then three expired bids; then the live one, and as many of Bob's lots as restore her.
    assert spent == [([], 0, 1), *[([Removal.EXPIRED], 0, 0)] * 3, ([Removal.FILLED], 1, 1), ([], 1, 1)]


def test_however_many_have_expired_between_one_lot_bids_the_account_gets_all_its_attempts() -> None:
    machine = behind_expired_bids(12, 9, 11, 10)
    answer = machine.round({1: 88})
    assert [removed.cause for removed in answer.all(OrderRemoved)].count(Removal.EXPIRED) == 12 + 9 + 11
    # Three fills: as many as attempts are left after the first.
    assert fills(answer) == [(97, 1), (96, 1), (95, 1)]


@pytest.mark.parametrize("layers", [(0,), (5,), (12, 9, 11, 10), (20, 20, 20)])
def test_a_liquidation_takes_at_most_its_attempts_and_a_micro_step_for_each_expired_order(
    layers: tuple[int, ...],
) -> None:
    machine = behind_expired_bids(*layers)
    machine.wait(1).begin(machine.statement({1: 88}))
    expired = micro_steps = 0
    while machine.state.round is not None:
        liquidates = machine.state.round.stage is Stage.LIQUIDATE
        answer = machine.proceed()
        micro_steps += liquidates and machine.state.round is not None
        expired += [removed.cause for removed in answer.all(OrderRemoved)].count(Removal.EXPIRED)
    assert 1 <= micro_steps <= 2 + 2 + 1 + expired


def test_an_expired_order_that_nobody_meets_stays_until_somebody_does(machine: Machine) -> None:
    machine.rests("eve", +1, 70, good_till=machine.state.clock).rests("bob", +20, 87)
    answer = machine.round({1: 88})
    assert not answer.all(OrderRemoved)
    assert [order.price for order in machine.resting("eve")] == [70]


def test_expired_orders_do_not_shield_the_book_from_a_liquidation() -> None:
    machine = (
        Machine(max_removals=8, max_orders_per_account=8, max_orders_per_book=64, max_matches=2)
        .deposit("ada", 200)
        .opens("ada", +10)
    )
    machine.deposit("bob", 10_000).rests("bob", +10, 88)
    for name in ("eve", "mallory", "trent", "walter"):
        machine.deposit(name, 1_000)
        for client_id in range(4):
            machine.rests(name, +1, 89, client_id=client_id, good_till=machine.state.clock)
    machine.wait(1)
    answer = machine.round({1: 88})
    assert [removed.cause for removed in answer.all(OrderRemoved)].count(Removal.EXPIRED) == 16
    assert answer.all(Liquidated)
