"""EXPIRY-6: what is near its expiry offsets only what expires with it, so that no spread is bare before anybody has its margin."""

import pytest

from settlespec.domain.events import Breached, ClosedAtMark, InsurancePaid
from tests.machine.driver import Machine, future

EXPIRY = 100_000
ROUND = 5_000
"""Between two rounds."""


def spreads(lead: int) -> Machine:
    """Ada is long a thousand of the perpetual and short as many of a future, Eve the other way round; both have just what they need."""
    listed = future(6, expiry=EXPIRY), future(7, expiry=EXPIRY), future(8, expiry=2 * EXPIRY)
    machine = Machine(listed=listed, expiry_lead=lead).insures(5_000).deposit("ada", 40_000).deposit("eve", 40_000)
    machine.opens("ada", +1_000, against="eve").opens("ada", -1_000, instrument=6, against="eve")
    for name in ("ada", "eve"):
        assert machine.withdraw(name, machine.free_collateral(name)).accepted
        assert machine.equity(name) == 4_000
    return machine


def test_the_offset_ends_with_the_first_marks_within_the_lead() -> None:
    machine = spreads(4 * ROUND)
    machine.wait(EXPIRY - 4 * ROUND - 1 - machine.state.clock - 1_000).round()
    assert (machine.standing("ada").maintenance, machine.state.markets[6].near) == (2_000, 0)
    machine.wait(1).round(after=0)
    # Each leg by itself, as if two people held them.
    assert (machine.standing("ada").maintenance, machine.state.markets[6].near) == (20_000, EXPIRY)


def test_what_expires_together_offsets_each_other_to_the_end() -> None:
    machine = Machine(listed=(future(6, expiry=EXPIRY), future(7, expiry=EXPIRY)), expiry_lead=EXPIRY).deposit(
        "ada", 40_000
    )
    machine.opens("ada", +10, instrument=6).opens("ada", -10, instrument=7)
    assert machine.standing("ada").maintenance == 20


def test_of_two_expiries_within_the_lead_each_stands_alone() -> None:
    machine = Machine(listed=(future(6, expiry=EXPIRY), future(7, expiry=2 * EXPIRY)), expiry_lead=2 * EXPIRY)
    machine.deposit("ada", 40_000).opens("ada", +10, instrument=6).opens("ada", -10, instrument=7)
    assert machine.standing("ada").maintenance == 200


def through_the_expiry(machine: Machine) -> tuple[int, int]:
    """Rounds at the same marks until the expiry is paid out, and one in which the price rises by 8 %; what the fund paid, and holds."""
    paid = []
    while machine.state.clock + ROUND < EXPIRY:
        paid += machine.round(after=ROUND).all(InsurancePaid)
    machine.settles(6, 100).settles(7, 100)
    paid += machine.round().all(InsurancePaid)
    paid += machine.round(dict.fromkeys((1, 2, 8), 108)).all(InsurancePaid)
    return sum(each.paid for each in paid), machine.state.insurance


def test_a_calendar_spread_without_the_margin_of_its_legs_is_closed_while_both_still_stand() -> None:
    """Nobody bids: within the lead patience runs out, and the two spreads close against each other at the marks."""
    machine = spreads(4 * ROUND)
    put_in = machine.equity("ada") + machine.equity("eve")
    assert through_the_expiry(machine) == (0, 5_000)
    assert machine.position("ada") == machine.position("eve") == 0
    assert machine.equity("ada") + machine.equity("eve") == put_in


def test_without_a_lead_its_owner_takes_from_the_insurance_fund_without_a_view_of_the_price() -> None:
    """What is lost where a deployment sets none: one of the two gains what the other cannot pay."""
    machine = spreads(0)
    put_in = machine.equity("ada") + machine.equity("eve")
    assert through_the_expiry(machine) == (4_000, 1_000)
    assert machine.equity("ada") + machine.equity("eve") == put_in + 4_000


@pytest.mark.parametrize(("lead", "breaches"), [(2 * ROUND, 2), (3 * ROUND, 3), (4 * ROUND, 3)])
def test_a_lead_shorter_than_patience_leaves_the_spread_to_its_expiry(lead: int, breaches: int) -> None:
    """With two rounds of patience the third in breach closes; the rounds stand at multiples of the interval before the expiry."""
    machine = spreads(lead)
    machine.wait(EXPIRY - 5 * ROUND - machine.state.clock)
    counted, closed = [], []
    for _ in range(4):
        answer = machine.round(after=ROUND)
        counted += [breach.rounds for breach in answer.all(Breached)]
        closed += answer.all(ClosedAtMark)
    assert max(counted) == breaches
    assert bool(closed) == (breaches > machine.state.parameters.patience)
