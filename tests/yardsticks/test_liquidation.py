"""dYdX v4's own expectations of bankruptcy price, liquidatability and insurance fund delta, asked of our rules.

``pytest -s tests/yardsticks`` shows the mapping.
"""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account, Position
from settlespec.domain.instruments import Market
from settlespec.domain.quantities import SIZE
from settlespec.machine.markets import linear_market
from settlespec.machine.portfolio import portfolio_of
from settlespec.machine.standing import Standing, standing
from settlespec.rules import liquidation, margin, trading
from tests.machine.driver import instrument
from tests.yardsticks.notes import Notes

CASES: Final = 37

LINES: Final = {
    "lot": "a lot is one base quantum, so a price is price * 10^(price_exponent + atomic_resolution + 6), a whole number.",
    "own-underlying": "every perpetual has an underlying of its own, since dYdX never nets positions.",
    "rates": "maintenance_ppm + basis_ppm = initial_margin_ppm * maintenance_fraction; 1 ppm of it is the spread charge.",
    "exact-maintenance": "dYdX rounds the requirement of each position up, ours is exact and rounded up once.",
    "no-positions": "an account without positions is never assessed (ROUND-7 visits holders), whatever it owes.",
    "closes-only": "a delta that does not close the position is one that TRADE-2 changes, or no lot at all.",
    "under-water": "LIQ-4 is asked with equity <= 0, which the machine never does: such an account is in default.",
    "subticks": "a fill's quote is fill_amount * subticks * 10^quantum_conversion_exponent, cut to whole quantums.",
    "fee-share": "the fee is our LIQ-5 at dYdX's max_liquidation_fee_ppm.",
    "no-lot": "a fill of no lots is outside the range of a size.",
}

DIFFERS: Final = {
    "insurance_fund_delta-10": "LIQ-2: the insurance fund never pays the distance between a fill and the bankruptcy price.",
    "insurance_fund_delta-11": "LIQ-2: the insurance fund never pays the distance between a fill and the bankruptcy price.",
}
"""Cases that our rules answer otherwise on purpose: the fill is not acceptable, so no fee is due and nothing is paid."""

NOTES: Final = Notes(LINES)


@pytest.fixture(scope="module")
def cases(shared: Callable[[str], Path]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shared("yardsticks/liquidation.json").read_text(encoding="utf-8"))["cases"]
    return found


class Situation:
    """A case's account and markets as ours."""

    def __init__(self, inputs: dict[str, Any]) -> None:
        found = {market["perpetual_id"]: _market(market) for market in inputs["markets"]}
        self.markets: Map[int, Market] = Map(found)
        held = {lot["perpetual_id"]: Position(lot["quantums"], 0) for lot in inputs["account"]["positions"]}
        assert all(lot["quote_balance"] == lot["funding_index"] == 0 for lot in inputs["account"]["positions"])
        self.account = Account(b"", inputs["account"]["usdc_balance"], Map(held), Map(), 0)

    @property
    def standing(self) -> Standing:
        return standing(self.account, self.markets, PPM)

    def bankruptcy(self, perpetual: int, change: int) -> int:
        """The least quote for a change of one position, by LIQ-4."""
        now = self.standing
        if now.equity <= 0:
            NOTES.use("under-water")
        size = self.account.positions[perpetual].size
        held = portfolio_of(self.account, self.markets)
        after = held.changed(self.markets[perpetual], size, size + change, 0).risk
        return liquidation.bankruptcy_quote(now.equity, now.risk, after, -change * self.markets[perpetual].mark)


def _market(given: dict[str, Any]) -> Market:
    rate, rest = divmod(given["initial_margin_ppm"] * given["maintenance_fraction_ppm"], PPM)
    assert rest == 0
    assert given["oi_upper_cap"] == given["funding_index"] == 0
    mark = given["price"] * Fraction(10) ** (given["price_exponent"] + given["atomic_resolution"] + 6)
    assert mark.denominator == 1
    for line in ("lot", "own-underlying", "rates", "exact-maintenance"):
        NOTES.use(line)
    perpetual = given["perpetual_id"]
    terms = instrument(perpetual, perpetual, maintenance_ppm=rate - 1, basis_ppm=1)
    return linear_market(terms, mark.numerator)


def bankruptcy_price(inputs: dict[str, Any]) -> dict[str, Any]:
    situation = Situation(inputs)
    perpetual, change = inputs["perpetual_id"], inputs["delta_quantums"]
    position = situation.account.positions.get(perpetual)
    size = 0 if position is None else position.size
    if trading.closing_size(size, change) != change or abs(change) not in SIZE:
        NOTES.use("closes-only")
        return {"error": "ErrInvalidPerpetualPositionSizeDelta"}
    return {"bankruptcy_price_quote_quantums": situation.bankruptcy(perpetual, change)}


def is_liquidatable(inputs: dict[str, Any]) -> dict[str, Any]:
    situation = Situation(inputs)
    if not situation.account.positions:
        NOTES.use("no-positions")
        return {"is_liquidatable": False}
    return {"is_liquidatable": margin.in_breach(situation.standing.equity, situation.standing.maintenance)}


def insurance_fund_delta(inputs: dict[str, Any]) -> dict[str, Any]:
    lots = inputs["fill_amount"]
    if lots not in SIZE:
        NOTES.use("no-lot")
        return {"error": "ErrInvalidQuantumsForInsuranceFundDeltaCalculation"}
    NOTES.use("subticks")
    NOTES.use("fee-share")
    quote = int(lots * inputs["subticks"] * Fraction(10) ** inputs["clob_pair"]["quantum_conversion_exponent"])
    change = lots if inputs["is_buy"] else -lots
    received = -quote if inputs["is_buy"] else quote
    over = received - Situation(inputs).bankruptcy(inputs["perpetual_id"], change)
    if over < 0:
        # Not acceptable (LIQ-11): the fill does not happen.
        return {"insurance_fund_delta": 0}
    rate = inputs["liquidations_config"]["max_liquidation_fee_ppm"]
    return {"insurance_fund_delta": liquidation.liquidation_fee(quote, rate, over)}


ASKED: Final = {
    "bankruptcy_price": bankruptcy_price,
    "is_liquidatable": is_liquidatable,
    "insurance_fund_delta": insurance_fund_delta,
}


@pytest.mark.parametrize("number", range(CASES))
def test_each_case_agrees_or_differs_on_purpose(cases: list[dict[str, Any]], number: int) -> None:
    case = cases[number]
    ours = ASKED[case["group"]](case["inputs"])
    if case["id"] in DIFFERS:
        assert ours == {"insurance_fund_delta": 0}
        assert case["expected"]["insurance_fund_delta"] < 0
    else:
        assert ours == case["expected"], case["id"]


def test_every_case_of_the_file_is_asked(cases: list[dict[str, Any]]) -> None:
    assert len(cases) == CASES
    assert set(DIFFERS) <= {case["id"] for case in cases}


def test_every_line_of_the_mapping_is_needed_and_shown(cases: list[dict[str, Any]]) -> None:
    NOTES.used.clear()
    for case in cases:
        ASKED[case["group"]](case["inputs"])
    shown = NOTES.mapping_notes()
    print("\n" + "\n".join([*shown, *(f"differs  {name}: {rule}" for name, rule in DIFFERS.items())]))
    assert len(shown) == len(LINES)
    assert NOTES.never_used() == []
