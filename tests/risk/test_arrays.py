"""Default arrays: exact, inside what no arbitrage allows, and the same bits everywhere."""

from hashlib import sha256
from itertools import product
from math import ceil
from typing import Any

import pytest
from attrs import evolve

from settlespec.arithmetic import PPM
from settlespec.domain.errors import BadInput
from settlespec.domain.instruments import InstrumentKind, Market, RiskArray
from settlespec.domain.quantities import LOSS
from settlespec.machine.markets import linear_market, revalued_market
from settlespec.risk.arrays import (
    GRID,
    YEAR,
    OptionTerms,
    Scan,
    default_losses,
    default_mark,
    missing_minimum,
)
from settlespec.risk.black76 import Right, Unpriced, price
from settlespec.rules.margin import (
    RISK_SCALE,
    SHARES,
    THIRDS,
    Holding,
    linear_array,
    maintenance,
    moved_price,
    underlying_risk,
    worst_loss,
)
from tests.machine.driver import instrument, option

REFERENCE = 1_000_000
SCAN = Scan(range_ppm=60_000, volatility_shift_ppm=250_000)
VOLATILITY = 400_000
MONTH = YEAR // 12

PINNED = "65419ccc06748d9d03c7f85c636cf3172e934859f1049cc962ab34704b313ead"
"""SHA-256 over the arrays of the grid: oracles on other machines must sign the same."""

GRID_OF_OPTIONS = list(
    product(
        Right,
        (1, 300_000, 900_000, 1_000_000, 1_100_000, 3_000_000, 2**40 - 1),
        (0, 1, 150_000, 3_000_000, 10**9),
        (0, 1, 86_400_000, MONTH, 5 * YEAR),
        (Scan(1, 0), SCAN, Scan(400_000, PPM), Scan(10**9, PPM)),
    )
)


def model_mark(right: Right, strike: int, volatility: int, expiry: int, reference: int = REFERENCE) -> int:
    found = price(right, float(reference), float(strike), volatility / PPM, expiry / YEAR)
    assert not isinstance(found, Unpriced)
    return max(1, round(found))


def losses_of(
    right: Right, strike: int, volatility: int = VOLATILITY, expiry: int = MONTH, scan: Scan = SCAN
) -> tuple[int, ...]:
    mark = model_mark(right, strike, volatility, expiry)
    return default_losses(OptionTerms(right, strike, expiry), mark, REFERENCE, volatility, 0, scan)


def moved_to(scan: int, scenario: int) -> int:
    """The reference's price in a scenario."""
    return moved_price(REFERENCE, scan, THIRDS[scenario] * SHARES[scenario])


def market(mark: int, losses: tuple[int, ...], basis: int = 3) -> Market:
    """An option's market, as the requirement sees it."""
    long, short = max(0, *losses), max(0, *(-loss for loss in losses))
    risk = RiskArray(losses, long, short, basis, 0, long + basis, short + basis)
    linear = linear_market(instrument(1, 1, maintenance_ppm=SCAN.range_ppm, basis_ppm=1), mark)
    return Market(linear.instrument, mark, risk, 0, 0, linear.low, linear.high)


def test_every_loss_stays_between_what_the_option_can_cost_and_its_intrinsic_value() -> None:
    for right, strike, volatility, expiry, scan in GRID_OF_OPTIONS:
        mark = 77
        losses = default_losses(OptionTerms(right, strike, expiry), mark, REFERENCE, volatility, 0, scan)
        assert len(losses) == 16
        for scenario, loss in enumerate(losses):
            moved, part = moved_to(scan.range_ppm, scenario), SHARES[scenario]
            lowest = max(0, right * (moved - strike * RISK_SCALE))
            highest = moved if right is Right.CALL else strike * RISK_SCALE
            assert mark * RISK_SCALE - highest <= part * loss <= mark * RISK_SCALE - lowest


def test_where_a_double_is_coarser_than_the_grid_the_interval_still_holds_exactly() -> None:
    reference, scan = 2**40 - 1, Scan(10**9 - 1, 0)
    moved = moved_price(reference, scan.range_ppm, THIRDS[10])
    losses = default_losses(OptionTerms(Right.CALL, 1, 0), 1, reference, 0, 0, scan)
    assert moved / RISK_SCALE * RISK_SCALE < moved
    assert losses[10] == RISK_SCALE - (moved - RISK_SCALE)


def test_an_option_that_is_as_good_as_its_reference_loses_what_a_linear_instrument_loses() -> None:
    future = linear_array(instrument(1, 1, maintenance_ppm=SCAN.range_ppm, basis_ppm=1), REFERENCE)
    assert losses_of(Right.CALL, 1) == future.losses
    far = 50_000_000
    assert losses_of(Right.PUT, far) == tuple(-loss for loss in future.losses)


def test_every_loss_is_black_76_at_the_moved_price_and_volatility_rounded_up_to_the_grid() -> None:
    strike, moves = 1_050_000, (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 9, -9)
    mark = model_mark(Right.CALL, strike, VOLATILITY, MONTH)
    for scenario, loss in enumerate(losses_of(Right.CALL, strike)):
        extreme = scenario >= 14
        volatility = 0.4 if extreme else (0.5, 0.3)[scenario % 2]
        moved = REFERENCE + moves[scenario] * 20_000
        expected = price(Right.CALL, float(moved), float(strike), volatility, MONTH / YEAR)
        assert not isinstance(expected, Unpriced)
        exact = (mark - expected) * RISK_SCALE / (3 if extreme else 1)
        assert exact - RISK_SCALE / GRID - 1 <= loss <= exact + 1
        assert loss % (RISK_SCALE // GRID // (3 if extreme else 1)) == 0


def test_a_short_is_never_let_off_by_the_rounding_and_a_long_by_less_than_one_part_of_the_grid() -> None:
    option = OptionTerms(Right.PUT, 950_000, MONTH)
    mark = model_mark(Right.PUT, 950_000, VOLATILITY, MONTH)
    exact = price(Right.PUT, 1_060_000.0, 950_000.0, 0.5, MONTH / YEAR)
    assert not isinstance(exact, Unpriced)
    loss = default_losses(option, mark, REFERENCE, VOLATILITY, 0, SCAN)[10]
    assert mark * RISK_SCALE - loss == ceil(exact * GRID) * RISK_SCALE // GRID
    assert 0 <= (mark - exact) * RISK_SCALE - loss < RISK_SCALE / GRID


def test_a_hedge_of_options_needs_less_than_its_parts_and_a_put_call_parity_trade_next_to_nothing() -> None:
    strike = 1_000_000
    call, put = (
        market(model_mark(right, strike, VOLATILITY, MONTH), losses_of(right, strike))
        for right in (Right.CALL, Right.PUT)
    )
    future = linear_market(instrument(1, 1, maintenance_ppm=SCAN.range_ppm, basis_ppm=1), REFERENCE)
    hedged = (Holding(1, call), Holding(-1, put), Holding(-1, future))
    # Two roundings to the grid, in each of the two options, are all that is left of the risk.
    assert worst_loss(hedged) <= 2 * RISK_SCALE // GRID
    assert underlying_risk(hedged[:2]) > 50_000 * RISK_SCALE


def test_a_floor_inside_the_array_would_let_worthless_longs_cancel_the_extreme_scenario_of_a_short() -> None:
    """Why `missing_minimum` is for the short-option minimum: the counterexample, asked of the rules."""
    floor = SCAN.range_ppm * REFERENCE // PPM // 10
    short = market(model_mark(Right.CALL, 1_100_000, 100_000, MONTH), losses_of(Right.CALL, 1_100_000, 100_000))
    worthless = losses_of(Right.CALL, 5_000_000, 100_000)
    with_floor = (*worthless[:14], min(worthless[14], -floor * RISK_SCALE), worthless[15])
    alone = maintenance(worst_loss((Holding(-1, short),)))
    as_made = maintenance(worst_loss((Holding(-1, short), Holding(5, market(1, worthless)))))
    as_floored = maintenance(worst_loss((Holding(-1, short), Holding(5, market(1, with_floor)))))
    assert (alone, as_made, as_floored) == (26_693, 26_695, 3_087)


def test_an_array_that_lies_inside_of_its_interval_lets_one_worthless_call_carry_six_futures() -> None:
    """What the interval of no arbitrage cannot prevent: only who signs the statement stands against it (docs/risk.md)."""
    future = linear_market(instrument(1, 1, maintenance_ppm=SCAN.range_ppm, basis_ppm=1), REFERENCE)
    mark, highest = 1, [moved_to(SCAN.range_ppm, scenario) for scenario in range(16)]
    lying = tuple((mark * RISK_SCALE - most) // SHARES[scenario] for scenario, most in enumerate(highest))
    # The extreme rise counts for a third, and so does the lie about it: 1.18 thirds of a reference, against 0.06 for each future.
    carried = 6
    assert worst_loss((Holding(-carried, future), Holding(1, market(mark, lying)))) == 0
    assert worst_loss((Holding(-carried - 1, future), Holding(1, market(mark, lying)))) > 0
    honest = losses_of(Right.CALL, 5_000_000, 100_000)
    assert worst_loss((Holding(-carried, future), Holding(1, market(mark, honest)))) >= carried * 60_000 * RISK_SCALE


def test_a_short_option_out_of_the_money_is_held_for_nothing_of_its_time_value_under_a_lying_array() -> None:
    """Alone, and beside a linear instrument: what is left is its payoff at the moved price less its mark, and its charges."""
    strike, volatility, expiry = 1_300_000, 800_000, YEAR * 60 // 365
    call_of = OptionTerms(Right.CALL, strike, expiry)
    mark = default_mark(call_of, REFERENCE, volatility, 0)
    honest = default_losses(call_of, mark, REFERENCE, volatility, 0, SCAN)
    terms = option(2, InstrumentKind.CALL, strike, expiry=expiry, maintenance_ppm=SCAN.range_ppm, basis_ppm=1)
    terms = evolve(terms, short_minimum_ppm=0)
    future = linear_market(instrument(1, 1, maintenance_ppm=SCAN.range_ppm, basis_ppm=1), REFERENCE)
    needs = []
    for losses in (honest, (LOSS.high,) * 16):
        call = revalued_market(terms, mark, REFERENCE, losses)
        covered = underlying_risk((Holding(-2, call), Holding(1, future)))
        needs.append((maintenance(call.risk.short_lot), maintenance(covered)))
    assert needs == [(49_243, 79_661), (1, 31_053)]


def test_the_missing_minimum_lifts_a_short_to_its_share_of_the_scan_range_and_no_further() -> None:
    tenth = 100_000
    far, near = losses_of(Right.CALL, 5_000_000), losses_of(Right.CALL, 1_000_000)
    floor = RISK_SCALE * REFERENCE * SCAN.range_ppm // PPM // 10
    missing = missing_minimum(far, REFERENCE, SCAN.range_ppm, tenth)
    assert missing + max(0, *(-loss for loss in far)) == floor
    assert missing_minimum(near, REFERENCE, SCAN.range_ppm, tenth) == 0
    assert missing_minimum((0,) * 16, 1, 1, 1) == 1


GOOD: dict[str, Any] = {
    "right": Right.CALL, "strike": 100, "expiry": 10, "mark": 5, "reference": 100, "volatility": 1, "at": 5,
    "range_ppm": 1, "volatility_shift_ppm": 0,
}  # fmt: skip


def asked(**changes: int) -> tuple[int, ...]:
    given = {**GOOD, **changes}
    return default_losses(
        OptionTerms(given["right"], given["strike"], given["expiry"]),
        given["mark"],
        given["reference"],
        given["volatility"],
        given["at"],
        Scan(given["range_ppm"], given["volatility_shift_ppm"]),
    )


@pytest.mark.parametrize(
    ("field", "figure"),
    [
        ("strike", 0), ("strike", 2**40), ("strike", -1), ("expiry", -1), ("expiry", 2**53), ("mark", 0), ("mark", 2**256),
        ("reference", 0), ("reference", 2**40), ("volatility", -1), ("volatility", 10**9 + 1), ("at", -1), ("range_ppm", 0),
        ("range_ppm", 10**9 + 1), ("volatility_shift_ppm", -1), ("volatility_shift_ppm", PPM + 1),
    ],
)  # fmt: skip
def test_a_figure_out_of_its_range_is_refused_by_its_name(field: str, figure: int) -> None:
    assert len(asked()) == 16
    with pytest.raises(BadInput, match="is out of its range") as refused:
        asked(**{field: figure})
    assert refused.value.field == field
    assert refused.value.remedy


def test_an_expired_option_has_no_array_and_one_that_expires_now_is_its_payoff() -> None:
    with pytest.raises(BadInput, match="the option expired at 10, before 11") as refused:
        asked(at=11)
    assert refused.value.field == "expiry"
    losses = asked(at=10, range_ppm=300_000, mark=1)
    assert losses[10] == (1 - 30) * RISK_SCALE
    assert losses[12] == 1 * RISK_SCALE


def test_every_platform_computes_the_same_arrays() -> None:
    digest = sha256()
    for right, strike, volatility, expiry, scan in GRID_OF_OPTIONS:
        losses = default_losses(OptionTerms(right, strike, expiry), 77, REFERENCE, volatility, 0, scan)
        digest.update(repr(losses).encode())
    assert digest.hexdigest() == PINNED
