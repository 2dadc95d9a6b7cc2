"""ROUND-5, ROUND-6, LIQ-1 to LIQ-3, LIQ-8, LIQ-9: a default is paid by the insurance fund, then by the gains of the very round."""

import pytest

from settlespec.domain.events import ClosedAtMark, HaircutTaken, InsurancePaid, OrderRemoved, StageBegun
from settlespec.domain.orders import Removal, Side
from settlespec.domain.rounds import Stage
from tests.machine.driver import Answer, Machine


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """Ada is long ten lots with just what they need; at a mark of 70 she owes 100 and the street has gained 300."""
    return machine.deposit("ada", 200).opens("ada", +10)


def closes(machine: Machine, answer: Answer) -> list[tuple[int, int]]:
    return [(closed.counterparty, closed.size) for closed in answer.all(ClosedAtMark)]


def test_the_positions_close_at_the_mark_and_no_equity_moves(machine: Machine) -> None:
    answer = machine.round({1: 70})
    closed = answer.only(ClosedAtMark)
    assert (closed.mark, closed.size, closed.side) == (70, 10, Side.SELL)
    assert (machine.position("ada"), machine.position("street")) == (0, 0)


def test_the_insurance_fund_pays_what_it_can(machine: Machine) -> None:
    answer = machine.insures(100).round({1: 70})
    paid = answer.only(InsurancePaid)
    assert (paid.paid, paid.owed) == (100, 0)
    assert not answer.all(HaircutTaken)
    assert machine.equity("ada") == 0
    assert machine.equity("street") == 10**9 + 300


def test_the_gains_of_the_round_pay_the_rest(machine: Machine) -> None:
    answer = machine.insures(40).round({1: 70})
    assert (answer.only(InsurancePaid).paid, answer.only(InsurancePaid).owed) == (40, 60)
    assert answer.only(HaircutTaken).amount == 60
    assert machine.equity("street") == 10**9 + 240
    assert machine.state.insurance == 0


def test_the_insurance_fund_pays_nothing_but_debts(machine: Machine) -> None:
    answer = machine.insures(100).round({1: 81})
    assert not answer.all(InsurancePaid)
    assert machine.state.insurance == 100


def test_an_account_with_positions_and_no_equity_is_closed_too(machine: Machine) -> None:
    answer = machine.round({1: 80})
    assert answer.only(ClosedAtMark).size == 10
    assert not answer.all(InsurancePaid)
    assert machine.equity("ada") == 0


def test_an_account_with_one_quantum_left_is_not(machine: Machine) -> None:
    answer = machine.deposit("ada", 1).round({1: 80})
    assert not answer.all(ClosedAtMark)
    assert machine.position("ada") == 10


def test_haircuts_are_shares_of_the_gains_rounded_up_and_the_rounding_is_insurance() -> None:
    machine = Machine().deposit("ada", 61).deposit("bob", 1_000).deposit("eve", 1_000)
    machine.opens("ada", +2, against="bob").opens("ada", +1, against="eve")
    answer = machine.round({1: 60})
    # 59 are owed; of gains of 80 and 40 that is 39.33 and 19.67.
    assert [(taken.account, taken.amount) for taken in answer.all(HaircutTaken)] == [
        (machine.number("bob"), 40),
        (machine.number("eve"), 20),
    ]
    assert machine.state.insurance == 1


def test_a_haircut_takes_a_whole_gain_where_everything_gained_is_owed() -> None:
    machine = Machine(terms={"maintenance_ppm": 1, "basis_ppm": 1}).deposit("ada", 4).deposit("bob", 4)
    machine.opens("ada", +1, against="bob").withdraw("ada", 2)
    machine.round({1: 1})
    assert machine.equity("ada") == 0
    assert machine.equity("bob") == 4 + 99 - 97


def test_bystanders_never_pay(machine: Machine) -> None:
    machine.deposit("eve", 1_000).deposit("dan", 1_000).opens("eve", +5, instrument=3, against="dan")
    answer = machine.round({1: 70})
    assert [taken.account for taken in answer.all(HaircutTaken)] == [machine.number("street")]
    assert (machine.equity("eve"), machine.equity("dan")) == (1_000, 1_000)


def test_who_gained_elsewhere_in_the_same_round_pays_its_share(machine: Machine) -> None:
    machine.deposit("eve", 1_000).deposit("dan", 1_000).opens("eve", +10, instrument=3, against="dan")
    answer = machine.round({1: 70, 3: 110})
    # 100 are owed and 400 were gained, 100 of it by Eve, whose loser could pay.
    assert {taken.account: taken.amount for taken in answer.all(HaircutTaken)} == {
        machine.number("street"): 75,
        machine.number("eve"): 25,
    }


def test_several_defaults_use_the_insurance_fund_in_the_order_of_their_numbers() -> None:
    machine = Machine().deposit("bob", 200).deposit("ada", 100).deposit("eve", 10_000)
    machine.opens("ada", +5, against="eve").opens("bob", +10, against="eve")
    answer = machine.insures(110).round({1: 70})
    assert [(paid.account, paid.paid, paid.owed) for paid in answer.all(InsurancePaid)] == [
        (machine.number("bob"), 100, 0),
        (machine.number("ada"), 10, 40),
    ]


def test_the_orders_of_a_defaulted_account_are_cancelled(machine: Machine) -> None:
    machine.deposit("ada", 40).rests("ada", +1, 90).rests("ada", +1, 60, instrument=3)
    answer = machine.round({1: 60})
    assert [removed.cause for removed in answer.all(OrderRemoved)] == [Removal.LIQUIDATION, Removal.LIQUIDATION]


def test_every_leg_of_a_defaulted_account_closes(machine: Machine) -> None:
    machine.deposit("ada", 40).opens("ada", -2, instrument=3)
    answer = machine.round({1: 70})
    assert [(closed.instrument, closed.size, closed.side) for closed in answer.all(ClosedAtMark)] == [
        (1, 10, Side.SELL),
        (3, 2, Side.BUY),
    ]
    assert not machine.account("ada").positions


def test_the_highest_leverage_closes_first(machine: Machine) -> None:
    machine.deposit("rich", 10_000).deposit("bob", 300)
    machine.opens("rich", -6, against="street").opens("bob", -6, against="street")
    assert machine.position("street") == 2
    answer = machine.round({1: 70})
    assert closes(machine, answer) == [(machine.number("bob"), 6), (machine.number("rich"), 4)]


def test_equal_leverage_closes_in_the_order_of_numbers() -> None:
    machine = Machine().deposit("ada", 200).deposit("eve", 1_000).deposit("bob", 1_000)
    machine.opens("ada", +5, against="bob").opens("ada", +5, against="eve")
    answer = machine.round({1: 70})
    assert closes(machine, answer) == [(machine.number("eve"), 5), (machine.number("bob"), 5)]


def test_who_stays_at_or_above_maintenance_closes_before_who_does_not() -> None:
    machine = Machine().deposit("ada", 200).deposit("rich", 10_000).deposit("sick", 200)
    machine.opens("ada", +4, against="rich").opens("ada", +6, against="sick").opens("sick", +4, instrument=3)
    # The sick short gains 180 and loses 360 elsewhere: 20 are left and 46 needed.
    answer = machine.round({1: 70, 3: 10})
    assert closes(machine, answer)[0] == (machine.number("rich"), 4)
    assert closes(machine, answer)[1] == (machine.number("sick"), 6)


def test_who_would_be_below_maintenance_without_the_leg_closes_after_who_would_not() -> None:
    machine = Machine().deposit("ada", 400).deposit("hedged", 1_000).deposit("plain", 30_000)
    machine.opens("ada", +10, against="hedged").opens("ada", +10, against="plain").opens("hedged", +10, instrument=2)
    assert machine.withdraw("hedged", machine.free_collateral("hedged")).accepted
    # The spread keeps 40 and needs 16; its other leg alone would need 78. It has the higher leverage, and the lower number.
    answer = machine.round({1: 78, 2: 78})
    assert closes(machine, answer) == [(machine.number("plain"), 10), (machine.number("hedged"), 10)]


def test_the_reduce_only_orders_of_a_counterparty_are_clipped(machine: Machine) -> None:
    machine.rests("street", +10, 69, reduce_only=True)
    answer = machine.round({1: 70})
    assert answer.only(OrderRemoved).cause is Removal.REDUCE_ONLY


def test_two_defaulted_accounts_may_close_against_each_other() -> None:
    machine = Machine().deposit("ada", 200).deposit("bob", 320).deposit("eve", 10_000)
    machine.opens("ada", +10, against="bob").opens("bob", +6, instrument=3, against="eve")
    # Ada owes 50; Bob gains 250 on her and loses 594 to Eve, so he owes 24.
    answer = machine.round({1: 75, 3: 1})
    assert closes(machine, answer) == [(machine.number("bob"), 10), (machine.number("eve"), 6)]
    assert (machine.equity("ada"), machine.equity("bob")) == (0, 0)
    assert machine.equity("eve") == 10_000 + 594 - 74


def test_nothing_owed_means_no_haircut_micro_step(machine: Machine) -> None:
    stages = {begun.stage: begun.micro_steps for begun in machine.insures(100).round({1: 70}).all(StageBegun)}
    assert stages[Stage.DEFAULT] == 3
    assert stages[Stage.HAIRCUT] == 0


def test_what_is_owed_between_default_and_haircut_is_a_claim_on_the_gains(machine: Machine) -> None:
    machine.wait(1)
    machine.begin(machine.statement({1: 70}))
    owed = []
    while machine.state.round is not None:
        owed.append(machine.state.round.owed - machine.state.round.collected)
        machine.proceed()
    assert max(owed) == 100
    assert owed[-1] == 0
