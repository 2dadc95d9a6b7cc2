"""MARGIN-2: what a portfolio loses between two scenarios nobody looks at, and the charges cover it or not (docs/risk.md)."""

import pytest
from attrs import evolve

from settlespec.domain.events import InsurancePaid
from settlespec.domain.instruments import InstrumentKind
from settlespec.machine.genesis import option, perpetual, standard
from settlespec.machine.signatures import Ideal
from settlespec.risk.arrays import OptionTerms, Scan, default_losses, default_mark
from settlespec.risk.black76 import Right
from tests.machine.driver import Machine

REFERENCE = 1_000_000
HOUR = 3_600_000
VOLATILITY = 100_000


@pytest.mark.parametrize(("scan", "owed"), [(30_000, 0), (60_000, 38_281), (120_000, 1_036_682)])
def test_a_butterfly_between_two_scenarios_is_covered_by_its_charges_or_not_at_all(scan: int, owed: int) -> None:
    """Written wings a third of the scan range apart, bought in the middle, at the initial requirement and with honest arrays."""
    strikes = [REFERENCE, REFERENCE + scan // 6, REFERENCE + scan // 3]
    linear = evolve(perpetual(1, 1, price_step=10, cap=10**9), maintenance_ppm=scan)
    calls = [
        evolve(
            option(2 + place, InstrumentKind.CALL, linear, strike, HOUR, price_step=1, cap=10**9), maintenance_ppm=scan
        )
        for place, strike in enumerate(strikes)
    ]

    def quoted(reference: int, at: int) -> list[tuple[int, tuple[int, ...]]]:
        terms = [OptionTerms(Right.CALL, strike, HOUR) for strike in strikes]
        marks = [default_mark(each, reference, VOLATILITY, at) for each in terms]
        return [
            (mark, default_losses(each, mark, reference, VOLATILITY, at, Scan(scan, 250_000)))
            for each, mark in zip(terms, marks, strict=True)
        ]

    first = quoted(REFERENCE, 0)
    marks, losses = zip(*first, strict=True)
    signer = Ideal()
    machine = Machine(signer, genesis=standard(signer, (linear, *calls), (REFERENCE, *marks), losses=losses))
    machine.deposit("ada", 10**9)
    for place, lots in enumerate((-100, +200, -100)):
        machine.opens("ada", lots, marks[place], instrument=2 + place)
    assert machine.withdraw("ada", machine.free_collateral("ada")).accepted

    moved = REFERENCE + scan // 6
    machine.wait(HOUR - 1_000)
    then = quoted(moved, machine.state.clock)
    statement = machine.statement({1: moved, **{2 + place: mark for place, (mark, _) in enumerate(then)}})
    arrays = ((), *(array for _, array in then))
    quotes = tuple(evolve(quote, losses=array) for quote, array in zip(statement.quotes, arrays, strict=True))
    events = machine.begin(evolve(statement, quotes=quotes)).events
    while machine.state.round is not None:
        events += machine.proceed().events
    assert sum(paid.paid + paid.owed for paid in events if isinstance(paid, InsurancePaid)) == owed
