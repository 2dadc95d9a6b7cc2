"""Black-76 against QuantLib, and what must hold of every price and of every volatility."""

from itertools import product
from math import inf, nan, sqrt

import pytest
import QuantLib

from settlespec.risk.black76 import LARGEST, Right, Unpriced, bound, implied_volatility, intrinsic, price

FORWARD = 100.0
STRIKES = (1.0, 20.0, 60.0, 90.0, 99.0, 100.0, 101.0, 110.0, 160.0, 400.0, 5_000.0)
VOLATILITIES = (0.01, 0.1, 0.2, 0.5, 1.0, 3.0)
YEARS = (1 / 365, 7 / 365, 0.25, 1.0, 5.0)
RIGHTS = {Right.CALL: QuantLib.Option.Call, Right.PUT: QuantLib.Option.Put}

GRID = list(product(Right, STRIKES, VOLATILITIES, YEARS))

PRECISION = 2e-15
"""Of the larger of forward and strike: some units of a double's last place."""


def priced(right: Right, strike: float, volatility: float, years: float, forward: float = FORWARD) -> float:
    found = price(right, forward, strike, volatility, years)
    assert not isinstance(found, Unpriced), found
    return found


def test_every_price_of_the_grid_is_quantlib_s() -> None:
    for right, strike, volatility, years in GRID:
        expected = QuantLib.blackFormula(RIGHTS[right], strike, FORWARD, volatility * sqrt(years), 1.0)
        found = priced(right, strike, volatility, years)
        assert abs(found - expected) <= PRECISION * max(FORWARD, strike), (right, strike, volatility, years)
    assert len(GRID) == 660


def test_call_less_put_is_forward_less_strike() -> None:
    for strike, volatility, years in product(STRIKES, VOLATILITIES, YEARS):
        call = priced(Right.CALL, strike, volatility, years)
        put = priced(Right.PUT, strike, volatility, years)
        assert abs((call - put) - (FORWARD - strike)) <= PRECISION * max(FORWARD, strike)


def test_a_price_stays_between_its_intrinsic_value_and_its_bound() -> None:
    for right, strike, volatility, years in GRID:
        found = priced(right, strike, volatility, years)
        assert intrinsic(right, FORWARD, strike) <= found <= bound(right, FORWARD, strike)
    assert priced(Right.CALL, 100.0, 2.0**20, 2.0**10) == FORWARD
    assert priced(Right.PUT, 100.0, 2.0**20, 2.0**10) == 100.0


@pytest.mark.parametrize("right", Right)
def test_a_price_rises_with_volatility_and_time(right: Right) -> None:
    for strike in STRIKES:
        by_volatility = [priced(right, strike, step / 50, 0.5) for step in range(200)]
        by_time = [priced(right, strike, 0.4, step / 50) for step in range(200)]
        for prices in (by_volatility, by_time):
            assert prices == sorted(prices)


@pytest.mark.parametrize("right", Right)
def test_a_price_moves_with_the_forward_and_against_the_strike_of_a_call(right: Right) -> None:
    by_forward = [priced(right, 100.0, 0.4, 0.5, forward=float(step)) for step in range(1, 300)]
    by_strike = [priced(right, float(step), 0.4, 0.5) for step in range(1, 300)]
    assert by_forward == sorted(by_forward, reverse=right is Right.PUT)
    assert by_strike == sorted(by_strike, reverse=right is Right.CALL)


def test_without_volatility_time_or_forward_a_price_is_the_intrinsic_value() -> None:
    assert (priced(Right.CALL, 90.0, 0.0, 1.0), priced(Right.PUT, 90.0, 0.0, 1.0)) == (10.0, 0.0)
    assert (priced(Right.CALL, 90.0, 0.5, 0.0), priced(Right.PUT, 130.0, 0.5, 0.0)) == (10.0, 30.0)
    assert priced(Right.CALL, 90.0, 0.5, 1.0, forward=0.0) == 0.0
    assert priced(Right.PUT, 90.0, 0.5, 1.0, forward=0.0) == 90.0


def test_the_volatility_of_a_price_is_the_one_that_gives_the_price() -> None:
    explained = 0
    for right, strike, volatility, years in GRID:
        quoted = priced(right, strike, volatility, years)
        found = implied_volatility(right, quoted, FORWARD, strike, years)
        if quoted >= bound(right, FORWARD, strike):
            assert found is Unpriced.ABOVE_BOUND
            continue
        assert not isinstance(found, Unpriced)
        assert abs(priced(right, strike, found, years) - quoted) <= PRECISION * max(FORWARD, strike)
        # Where a price says something about its volatility, it is found again.
        if quoted - intrinsic(right, FORWARD, strike) > 1e-6 and bound(right, FORWARD, strike) - quoted > 1e-6:
            assert found == pytest.approx(volatility, rel=1e-6)
            explained += 1
    assert explained == 390


def test_the_volatility_is_quantlib_s() -> None:
    for right, strike, volatility in product(Right, (90.0, 100.0, 115.0), (0.1, 0.4, 1.2)):
        quoted = priced(right, strike, volatility, 0.5)
        theirs = QuantLib.blackFormulaImpliedStdDev(
            RIGHTS[right], strike, FORWARD, quoted, 1.0, 0.0, volatility, 1e-12, 1_000
        )
        ours = implied_volatility(right, quoted, FORWARD, strike, 0.5)
        assert ours == pytest.approx(theirs / sqrt(0.5), rel=1e-9)


def test_the_cheapest_prices_above_the_intrinsic_value_have_a_volatility() -> None:
    for quoted in (5e-324, 1e-300, 1e-30, 1e-9):
        found = implied_volatility(Right.CALL, quoted, 100.0, 200.0, 0.1)
        assert not isinstance(found, Unpriced)
        assert priced(Right.CALL, 200.0, found, 0.1) == pytest.approx(quoted, abs=1e-14)


def test_a_price_of_the_intrinsic_value_itself_needs_no_volatility() -> None:
    assert implied_volatility(Right.CALL, 10.0, 100.0, 90.0, 1.0) == 0.0
    assert implied_volatility(Right.PUT, 0.0, 100.0, 90.0, 0.0) == 0.0


HOSTILE = (nan, inf, -inf, -1.0, -5e-324, 2 * LARGEST, 1e-300, 1e308)


@pytest.mark.parametrize("number", HOSTILE)
def test_a_number_that_cannot_be_meant_is_refused_by_its_name(number: float) -> None:
    small = number == 1e-300
    assert price(Right.CALL, number, 1.0, 1.0, 1.0) is Unpriced.FORWARD
    assert price(Right.PUT, 1.0, number, 1.0, 1.0) is Unpriced.STRIKE
    assert small or price(Right.CALL, 1.0, 1.0, number, 1.0) is Unpriced.VOLATILITY
    assert small or price(Right.CALL, 1.0, 1.0, 1.0, number) is Unpriced.YEARS
    assert implied_volatility(Right.CALL, 0.5, number, 1.0, 1.0) is Unpriced.FORWARD
    assert implied_volatility(Right.CALL, 0.5, 1.0, number, 1.0) is Unpriced.STRIKE
    assert small or implied_volatility(Right.CALL, 0.5, 1.0, 1.0, number) is Unpriced.YEARS


@pytest.mark.parametrize(
    ("right", "quoted", "forward", "strike", "years", "reason"),
    [
        (Right.CALL, nan, 100.0, 90.0, 1.0, Unpriced.PRICE),
        (Right.CALL, inf, 100.0, 90.0, 1.0, Unpriced.PRICE),
        (Right.CALL, -0.01, 100.0, 110.0, 1.0, Unpriced.PRICE),
        (Right.CALL, 9.99, 100.0, 90.0, 1.0, Unpriced.BELOW_INTRINSIC),
        (Right.PUT, 9.99, 100.0, 110.0, 1.0, Unpriced.BELOW_INTRINSIC),
        (Right.CALL, 100.0, 100.0, 90.0, 1.0, Unpriced.ABOVE_BOUND),
        (Right.PUT, 90.0, 100.0, 90.0, 1.0, Unpriced.ABOVE_BOUND),
        (Right.PUT, 1e308, 100.0, 90.0, 1.0, Unpriced.ABOVE_BOUND),
        (Right.CALL, 0.0, 0.0, 90.0, 1.0, Unpriced.ABOVE_BOUND),
        (Right.CALL, 11.0, 100.0, 90.0, 0.0, Unpriced.NO_TIME),
    ],
)
def test_a_price_that_no_volatility_explains_is_answered_with_the_reason(
    right: Right, quoted: float, forward: float, strike: float, years: float, reason: Unpriced
) -> None:
    assert implied_volatility(right, quoted, forward, strike, years) is reason


def test_the_order_of_the_reasons_is_the_declared_one() -> None:
    wrong = {"forward": nan, "strike": nan, "years": nan}
    right = {"forward": 100.0, "strike": 90.0, "years": 1.0}
    assert price(Right.CALL, volatility=nan, **wrong) is Unpriced.FORWARD
    assert price(Right.CALL, volatility=nan, **{**wrong, "forward": 1.0}) is Unpriced.STRIKE
    assert price(Right.CALL, volatility=nan, **{**right, "years": nan}) is Unpriced.YEARS
    assert implied_volatility(Right.CALL, nan, **{**right, "years": nan}) is Unpriced.YEARS
    assert price(Right.CALL, volatility=nan, **right) is Unpriced.VOLATILITY
