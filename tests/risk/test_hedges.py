"""What hedging saves on the arrays of a real chain, by the one formula; docs/risk.md shows these figures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from settlespec.domain.instruments import Market
from settlespec.machine.markets import linear_market
from settlespec.risk.arrays import Scan
from settlespec.risk.chain_files import DAY
from settlespec.risk.chains import option_losses
from settlespec.rules.margin import Holding, maintenance, worst_loss
from tests.machine.driver import instrument
from tests.risk.test_arrays import market
from tests.risk.test_chains import SPX_2026, TIMES, real

POINT = 10_000
"""Quantums per lot for one point of the index."""

EXPIRY = TIMES[SPX_2026] + 60 * DAY
SCAN = Scan(range_ppm=60_000, volatility_shift_ppm=250_000)


@pytest.fixture(scope="module")
def markets(shared: Callable[[str], Path]) -> dict[str, Market]:
    chain = real(shared, SPX_2026)
    reference = round(chain.forwards[EXPIRY] * POINT)
    found = {
        f"{option.right.name.lower()} {option.strike:.0f}": market(
            round(option.mark * POINT), option_losses(chain, option, POINT, SCAN)
        )
        for option in chain.options
        if option.expiry == EXPIRY
    }
    linear = instrument(1, 1, maintenance_ppm=SCAN.range_ppm, basis_ppm=1)
    return {**found, "future": linear_market(linear, reference)}


BOOKS = {
    "a short call with a future for every two": ({"call 7000": -2, "future": 1}, 322.6, 1_136.3),
    "a call spread": ({"call 7000": -1, "call 7200": 1}, 85.4, 410.3),
    "a short straddle": ({"call 7000": -1, "put 7000": -1}, 322.6, 729.4),
    "a conversion: future and put against the call": ({"future": 1, "put 7000": 1, "call 7000": -1}, 0.1, 938.2),
    "a short put far out of the money": ({"put 6500": -1}, 246.1, 246.1),
}


@pytest.mark.parametrize(("book", "together", "apart"), list(BOOKS.values()), ids=list(BOOKS))
def test_a_book_needs_what_its_worst_scenario_loses_and_never_more_than_its_parts(
    markets: dict[str, Market], book: dict[str, int], together: float, apart: float
) -> None:
    holdings = [Holding(size, markets[name]) for name, size in book.items()]
    needed = maintenance(worst_loss(tuple(holdings))) / POINT
    parts = sum(maintenance(worst_loss((holding,))) for holding in holdings) / POINT
    assert (round(needed, 1), round(parts, 1)) == (together, apart)
    assert needed <= parts


def test_the_references_of_these_figures(markets: dict[str, Market]) -> None:
    assert markets["future"].mark == 69_662_000
    marks = {name: markets[name].mark / POINT for name in ("call 7000", "put 7000", "call 7200", "put 6500")}
    assert marks == {"call 7000": 143.0023, "put 7000": 176.8779, "call 7200": 51.4929, "put 6500": 62.0130}
