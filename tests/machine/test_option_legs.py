"""LIQ-6, LIQ-10, TRADE-5 for options: the slip and the band are the underlying's, and a book that no single leg relieves waits."""

from typing import Any

import pytest

from settlespec.arithmetic import PPM
from settlespec.domain.events import Breached, ClosedAtMark, Liquidated
from settlespec.domain.instruments import InstrumentKind
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from settlespec.machine.draft import Draft
from settlespec.machine.liquidation import legs
from tests.machine.driver import Answer, Machine, option

CALL, PUT = InstrumentKind.CALL, InstrumentKind.PUT
LATE = 10**9


def fills(answer: Answer) -> list[tuple[int, int, int]]:
    return [(fill.instrument, fill.price, fill.size) for fill in answer.all(Liquidated)]


def ten_calls(slip: int) -> Machine:
    """Ada holds ten far calls at 5 with just what they need; at a mark of 110 the spread charge is a tenth more."""
    listed = option(4, CALL, 130, expiry=LATE, liquidation_slip_ppm=slip)
    machine = Machine(listed=(listed,), marks=(5,), initial_factor_ppm=PPM).deposit("ada", 60).deposit("bob", 10_000)
    return machine.opens("ada", +10, 5, instrument=4)


@pytest.mark.parametrize(
    ("slip", "price", "taken"),
    [
        # Two per cent of 110 are 2, of the option's own mark it would be nothing.
        (20_000, 3, True),
        (20_000, 2, False),
        # At least one step.
        (0, 4, True),
        (0, 3, False),
    ],
)
def test_a_long_option_is_liquidated_no_further_from_its_mark_than_the_slip_of_the_underlying(
    slip: int, price: int, taken: bool
) -> None:
    answer = ten_calls(slip).rests("bob", +20, price, instrument=4).round({1: 110})
    breach = answer.only(Breached)
    assert (breach.equity, breach.maintenance) == (60, 61)
    assert fills(answer) == ([(4, price, 1)] if taken else [])


@pytest.mark.parametrize(("price", "taken"), [(14, True), (15, False)])
def test_a_short_option_is_bought_back_no_further_from_its_mark_than_the_slip_of_the_underlying(
    price: int, taken: bool
) -> None:
    listed = option(4, CALL, 100, expiry=LATE, liquidation_slip_ppm=20_000)
    machine = Machine(listed=(listed,), marks=(5,), initial_factor_ppm=PPM).deposit("ada", 120).deposit("bob", 10_000)
    machine.opens("ada", -10, 5, instrument=4).rests("bob", -20, price, instrument=4)
    # At 12 they have cost 70. The extreme payoff of 27 loses 15 more, of which a third counts, and the charges are 2: 70 in all.
    # Bankruptcy would allow 17.
    answer = machine.round({4: 12})
    breach = answer.only(Breached)
    assert (breach.equity, breach.maintenance) == (50, 70)
    assert [event.side for event in answer.all(Liquidated)] == [Side.BUY] * taken
    assert bool(fills(answer)) is taken


def test_the_band_of_an_option_is_as_wide_as_its_underlyings() -> None:
    machine = Machine(listed=(option(4, CALL, 100, expiry=LATE),), marks=(60,)).deposit("ada", 10_000)
    market = machine.state.markets[4]
    # Half of 100 on either side of 60.
    assert (market.low, market.high) == (10, 110)
    assert machine.place("ada", +1, 111, instrument=4).reason is Reason.OUTSIDE_BAND
    assert machine.place("ada", -1, 9, instrument=4).reason is Reason.OUTSIDE_BAND
    assert machine.place("ada", +1, 110, instrument=4).accepted


def test_the_band_of_a_cheap_option_begins_at_one_step() -> None:
    listed = option(4, CALL, 100, expiry=LATE, price_step=2)
    assert Machine(listed=(listed,), marks=(5,)).state.markets[4].low == 2


BOX = (
    option(4, CALL, 100, expiry=LATE),
    option(5, PUT, 100, expiry=LATE),
    option(6, CALL, 110, expiry=LATE),
    option(7, PUT, 110, expiry=LATE),
)
"""Long 4 and 7 and short 5 and 6 pay ten, whatever happens."""


def box(**parameters: Any) -> Machine:
    """Ada holds ten boxes at their worth of ten, with just the charges that they need."""
    marks = (7, 7, 3, 13)
    machine = Machine(listed=BOX, marks=marks, initial_factor_ppm=PPM, **parameters)
    machine.deposit("ada", 1_000).deposit("bob", 10_000)
    for place, lots in enumerate((10, -10, -10, 10)):
        machine.opens("ada", lots, marks[place], instrument=4 + place, against="bob")
    # Forty lots at a quantum of spread charge, twenty of them written at one more.
    assert machine.standing("ada").maintenance == 60
    assert machine.withdraw("ada", 940).accepted
    return machine


AT_110 = {1: 110, 4: 14, 5: 4, 6: 6, 7: 6}
"""The charges grow with the underlying, and the boxes are still worth ten."""


def test_no_single_leg_of_a_box_lowers_its_requirement_so_nothing_closes_on_the_book() -> None:
    machine = box()
    for instrument, side in ((4, +1), (5, -1), (6, -1), (7, +1)):
        machine.rests("bob", side * 20, AT_110[instrument], instrument=instrument)
    answer = machine.round(AT_110)
    breach = answer.only(Breached)
    assert (breach.equity, breach.maintenance) == (60, 66)
    assert legs(Draft(machine.state), machine.number("ada")) == []
    assert not fills(answer)
    assert [machine.position("ada", instrument) for instrument in (4, 5, 6, 7)] == [10, -10, -10, 10]


def test_a_box_in_breach_beyond_patience_closes_whole_at_the_marks_and_no_equity_moves() -> None:
    machine = box(patience=2)
    rounds = [machine.round(AT_110) for _ in range(3)]
    assert [answer.only(Breached).rounds for answer in rounds] == [1, 2, 3]
    assert not rounds[1].all(ClosedAtMark)
    closed = [(event.instrument, event.size, event.mark) for event in rounds[2].all(ClosedAtMark)]
    assert closed == [(instrument, 10, AT_110[instrument]) for instrument in (4, 5, 6, 7)]
    assert not machine.account("ada").positions
    assert machine.collateral("ada") == 60


def test_the_leg_that_relieves_most_goes_first_with_options_among_the_legs() -> None:
    machine = Machine(listed=(option(4, CALL, 100, expiry=LATE),), marks=(7,)).deposit("ada", 1_000)
    machine.deposit("bob", 10_000).opens("ada", +1, against="bob").opens("ada", -10, 7, instrument=4, against="bob")

    def order() -> list[int]:
        return [instrument for instrument, _ in legs(Draft(machine.state), machine.number("ada"))]

    # The one lot covers one of ten written calls: selling it would need more.
    assert order() == [4]
    machine.opens("ada", +19, against="bob")
    # Now the calls hedge a fall of the lots.
    assert order()[0] == 1
