"""MARGIN-1 to MARGIN-10: the one formula, against its published forms and against venues' own liquidation prices."""

import json
from collections.abc import Callable
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account, Position
from settlespec.domain.instruments import SCENARIOS, Market, RiskArray
from settlespec.machine.markets import linear_market
from settlespec.machine.standing import standing
from settlespec.rules import margin
from tests.machine.driver import instrument

RATES = st.integers(min_value=1, max_value=10**6)
MARKS = st.integers(min_value=1, max_value=2**40 - 1)
LOTS = st.integers(min_value=-1_000, max_value=1_000)


def market(mark: int = 100, number: int = 1, **terms: Any) -> Market:
    return linear_market(instrument(number, 1, **terms), mark)


def priced(losses: tuple[int, ...]) -> Market:
    """A market with a risk array given from outside."""
    worst_long, worst_short = max(*losses, 0), max(*(-loss for loss in losses), 0)
    given_array = RiskArray(losses, worst_long, worst_short, 0, 0, worst_long, worst_short)
    listed = market()
    return Market(listed.instrument, listed.mark, given_array, 0, 0, listed.low, listed.high)


HOLDINGS = st.lists(
    st.builds(
        lambda size, mark, rate, basis: margin.Holding(size, market(mark, maintenance_ppm=rate, basis_ppm=basis)),
        LOTS,
        MARKS,
        RATES,
        RATES,
    ),
    max_size=5,
).map(tuple)


@given(HOLDINGS)
def test_the_risk_of_linear_instruments_is_net_exposure_at_its_rate_plus_the_spread_charge_of_every_lot(
    holdings: tuple[margin.Holding, ...],
) -> None:
    net = Fraction(0)
    charge = Fraction(0)
    for holding in holdings:
        terms = holding.market.instrument
        net += holding.size * holding.market.mark * Fraction(terms.maintenance_ppm, PPM)
        charge += abs(holding.size) * holding.market.mark * Fraction(terms.basis_ppm, PPM)
    assert Fraction(margin.underlying_risk(holdings), margin.RISK_SCALE) == abs(net) + charge
    assert margin.maintenance(margin.underlying_risk(holdings)) == ceil(abs(net) + charge)


@given(LOTS, MARKS, RATES, RATES)
def test_the_only_holding_of_an_underlying_may_take_the_short_way(size: int, mark: int, rate: int, basis: int) -> None:
    alone = market(mark, maintenance_ppm=rate, basis_ppm=basis)
    assert margin.risk_alone(size, alone.risk) == margin.underlying_risk((margin.Holding(size, alone),))


@given(HOLDINGS, HOLDINGS)
def test_two_portfolios_together_never_need_more_than_apart(
    first: tuple[margin.Holding, ...], second: tuple[margin.Holding, ...]
) -> None:
    together = margin.underlying_risk(first + second)
    assert together <= margin.underlying_risk(first) + margin.underlying_risk(second)


def test_a_written_option_has_its_minimum_and_a_bought_one_has_not() -> None:
    option = RiskArray((0,) * SCENARIOS, 0, 0, 2, 5, 2, 7)
    assert margin.charges(3, option) == 6
    assert margin.charges(-3, option) == 6 + 15
    assert margin.risk_alone(-3, option) == 21


@pytest.mark.parametrize(("risk", "needed"), [(0, 0), (1, 1), (3_000_000, 1), (3_000_001, 2)])
def test_maintenance_is_rounded_up_once(risk: int, needed: int) -> None:
    assert margin.maintenance(risk) == needed


@pytest.mark.parametrize(
    ("maintenance", "factor", "surcharge", "needed"),
    [(10, 2_000_000, 0, 20), (10, 1_500_000, 3, 18), (1, 1_000_001, 0, 2), (0, 2_000_000, 0, 0), (7, 1_000_000, 0, 7)],
)
def test_the_initial_requirement_is_rounded_up(maintenance: int, factor: int, surcharge: int, needed: int) -> None:
    assert margin.initial(maintenance, factor, surcharge) == needed


@pytest.mark.parametrize(
    ("open_interest", "rate"),
    [(0, 0), (10, 0), (11, 8_333), (40, 250_000), (69, 491_666), (70, 500_000), (999, 500_000)],
)
def test_the_open_interest_term_is_linear_between_its_bounds_and_rounded_down(open_interest: int, rate: int) -> None:
    terms = instrument(1, 1, surcharge_from=10, surcharge_to=70, surcharge_ppm=500_000)
    assert margin.surcharge_rate(open_interest, terms) == rate


@pytest.mark.parametrize(
    ("alone", "linear", "lots"),
    [(0, 10, 0), (1, 10, 1), (3, 10, 5), (9, 10, 17), (10, 10, 19), (11, 10, 19), (0, 0, 0)],
)
def test_open_interest_counts_by_what_a_written_lot_needs_beside_a_linear_one_rounded_down(
    alone: int, linear: int, lots: int
) -> None:
    assert margin.weighted_open_interest(19, alone, linear) == lots


def test_the_open_interest_term_is_the_published_one_of_dydx() -> None:
    """dYdX v4: scaling = (open notional - lower cap) / (upper cap - lower cap), of the way from the base requirement to 100 %.

    Small-Cap tier: 20 to 50 million; at 35 million half of the way.
    """
    terms = instrument(1, 1, surcharge_from=20, surcharge_to=50, surcharge_ppm=900_000)
    base = 100_000
    assert base + margin.surcharge_rate(35, terms) == base + (PPM - base) // 2


@pytest.mark.parametrize(
    ("side", "price", "reduce_only", "reserve"),
    [
        (1, 100, False, 40),
        (1, 110, False, 60),
        (1, 90, False, 40),
        (-1, 90, False, 60),
        (-1, 110, False, 40),
        (-1, 90, True, 20),
    ],
)
def test_a_resting_order_needs_its_own_requirement_and_its_loss_against_the_mark(
    side: int, price: int, reduce_only: bool, reserve: int
) -> None:
    assert margin.order_reserve(side, 2, price, reduce_only, market(), 2 * PPM) == reserve


def test_a_resting_order_needs_its_fee_too() -> None:
    listed = market(maker_fee_ppm=10_000)
    assert margin.order_reserve(1, 2, 110, False, listed, 2 * PPM) == 60 + 3
    assert margin.order_reserve(-1, 2, 101, True, listed, 2 * PPM) == 3


@pytest.mark.parametrize(
    ("equity", "after", "maintenance", "less", "admitted"),
    [
        (20, 10, 18, 9, True),
        (20, 9, 18, 9, False),
        (20, 20, 18, 18, False),
        (20, 20, 18, 17, True),
        (0, 0, 18, 9, True),
        (0, -1, 18, 9, False),
        (-10, -10, 18, 9, False),
        (-10, -5, 18, 9, True),
        (-10, -10, 18, 18, False),
    ],
)
def test_a_fill_that_strictly_reduces_risk(
    equity: int, after: int, maintenance: int, less: int, admitted: bool
) -> None:
    assert margin.reduces_risk(equity, after, maintenance, less) is admitted


@pytest.mark.parametrize(("equity", "maintenance", "breach"), [(9, 10, True), (10, 10, False), (-1, 0, True)])
def test_a_breach_is_an_equity_below_maintenance(equity: int, maintenance: int, breach: bool) -> None:
    assert margin.in_breach(equity, maintenance) is breach


def test_equity_is_cash_and_every_position_at_its_mark() -> None:
    assert margin.equity(-5, (3 * 100, -2 * 7)) == 281
    assert margin.equity(-5, ()) == -5


# Published examples


@pytest.fixture(scope="module")
def examples(shared: Callable[[str], Path]) -> dict[str, dict[str, Any]]:
    found = json.loads(shared("data/margin_examples.json").read_text(encoding="utf-8"))["examples"]
    return {example["id"]: example for example in found}


def test_the_scan_risk_of_cmes_span_examples(examples: dict[str, dict[str, Any]]) -> None:
    for name, held in (("span_long_future", 1), ("span_long_call", 1)):
        array = tuple(-gain for gain in examples[name]["inputs"]["pnl_long_1"])
        assert len(array) == SCENARIOS
        assert margin.worst_loss((margin.Holding(held, priced(array)),)) == examples[name]["expected"]["scan_risk"]


def test_a_written_call_beside_its_future_scans_as_the_sums_of_their_scenarios(
    examples: dict[str, dict[str, Any]],
) -> None:
    future = tuple(-gain for gain in examples["span_long_future"]["inputs"]["pnl_long_1"])
    call = tuple(-gain for gain in examples["span_long_call"]["inputs"]["pnl_long_1"])
    covered = (margin.Holding(1, priced(future)), margin.Holding(-1, priced(call)))
    assert margin.worst_loss(covered) == max(one - other for one, other in zip(future, call, strict=True))


def test_a_linear_array_moves_in_spans_thirds_of_the_scan_range(examples: dict[str, dict[str, Any]]) -> None:
    published = examples["span_long_future"]["inputs"]["pnl_long_1"]
    ours = margin.linear_array(instrument(1, 1, maintenance_ppm=100_000), 100_000).losses
    # CME prints tens of dollars; its two extreme moves count 35 % of twice the range, ours the edge of the range.
    for gain, loss in zip(published[:14], ours[:14], strict=True):
        assert abs(gain + Fraction(loss, margin.RISK_SCALE)) < 4


QUANTUMS: Final = 10**6
LOTS_A_COIN: Final = 1_000


@pytest.mark.parametrize(
    "name",
    [
        "binance_iso_eth",
        "binance_iso_btc",
        "binance_cross_eth",
        "binance_unit_1",
        "binance_unit_3",
        "binance_unit_5",
        "binance_unit_7",
        "okx_gate_unit_1",
        "okx_gate_unit_3",
        "okx_gate_unit_5",
    ],
)
def test_an_account_falls_into_breach_at_the_liquidation_price_that_the_venue_publishes(
    examples: dict[str, dict[str, Any]], name: str
) -> None:
    """Quantums of 1e-6, lots of a thousandth coin; a deduction of the tier counts as money, a closing fee as maintenance."""
    inputs, expected = examples[name]["inputs"], examples[name]["expected"]
    side = 1 if inputs["side"] == "long" else -1
    rate = round((inputs["mm_rate"] + inputs.get("taker_fee", 0)) * PPM)
    size = side * round(inputs["qty"] * LOTS_A_COIN)
    money = round((inputs["wallet_balance"] + inputs.get("maint_amount", 0)) * QUANTUMS)
    positions = {1: Position(size, round(size * inputs["entry_price"] * QUANTUMS / LOTS_A_COIN))}
    markets = {}
    for number, other in enumerate(inputs.get("other_positions", []), start=2):
        lots = other["side"] * round(other["amount"] * LOTS_A_COIN)
        positions[number] = Position(lots, round(lots * other["open_rate"] * QUANTUMS / LOTS_A_COIN))
        money += round(other["maintenance_amt"] * QUANTUMS)
        terms = instrument(number, number, maintenance_ppm=round(other["mm_ratio"] * PPM) - 1, basis_ppm=1)
        markets[number] = linear_market(terms, round(other["mark_price"] * QUANTUMS / LOTS_A_COIN))
    account = Account(b"", money, Map(positions), Map(), 0)

    def breached(price: float) -> bool:
        terms = instrument(1, 1, maintenance_ppm=rate - 1, basis_ppm=1)
        at = Map({**markets, 1: linear_market(terms, round(price * QUANTUMS / LOTS_A_COIN))})
        now = standing(account, at, PPM)
        return margin.in_breach(now.equity, now.maintenance)

    tolerance = max(examples[name]["tolerance"], 0.002)
    published = expected["liquidation_price"]
    assert breached(published - side * tolerance)
    assert not breached(published + side * tolerance)
