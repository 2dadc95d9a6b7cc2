"""Expiry: a settlement value is fixed once, the next round pays every position out, and nothing trades in between (EXPIRY-1 to 5)."""

from settlespec.domain.events import PaidOut
from settlespec.domain.instruments import InstrumentKind
from settlespec.domain.reasons import Reason
from tests.machine.driver import Machine, future, option

EXPIRY = 10_000
CALL = option(4, InstrumentKind.CALL, 110, expiry=EXPIRY)
PUT = option(5, InstrumentKind.PUT, 90, expiry=EXPIRY)
FUTURE = future(6, expiry=EXPIRY)


def machine() -> Machine:
    listed = Machine(listed=(CALL, PUT, FUTURE), marks=(5, 4, 101))
    return listed.deposit("ada", 10_000).deposit("bob", 10_000)


def test_a_call_pays_the_settlement_value_less_its_strike() -> None:
    town = machine().opens("ada", +3, 5, instrument=4)
    before = town.equity("ada")
    town.settles(4, 130).settles(5, 130).settles(6, 130)
    answer = town.round()
    assert [paid.payoff for paid in answer.all(PaidOut)] == [20, 20]
    assert town.position("ada", 4) == 0
    assert town.equity("ada") == before + 3 * (20 - 5)


def test_a_round_at_or_after_an_expiry_without_its_settlement_value_is_refused() -> None:
    town = machine().wait(EXPIRY)
    assert town.begin(town.statement()).reason is Reason.SETTLEMENT_MISSING
