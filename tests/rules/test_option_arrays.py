"""MARGIN-15 and MARGIN-2 to MARGIN-5 on options: whatever the oracles state, what an array may say has bounds."""

from fractions import Fraction
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account, Position
from settlespec.domain.instruments import SCENARIOS, InstrumentKind, Market
from settlespec.domain.quantities import LOSS
from settlespec.machine.markets import RIGHTS, linear_market, revalued_market
from settlespec.machine.standing import standing
from settlespec.rules import margin
from tests.machine.driver import future, instrument, intrinsic_losses, option

SCALE: Final = margin.RISK_SCALE
PRICES = st.integers(1, 2**40 - 1)
SMALL_PRICES = st.integers(1, 300)
KINDS = st.sampled_from((InstrumentKind.CALL, InstrumentKind.PUT))
LIES = st.one_of(
    st.integers(LOSS.low, LOSS.high),
    st.integers(-(10**9), 10**9),
    st.sampled_from((0, 1, -1, LOSS.low, LOSS.high)),
)
ARRAYS = st.one_of(
    st.lists(LIES, min_size=SCENARIOS, max_size=SCENARIOS).map(tuple),
    LIES.map(lambda lie: (lie,) * SCENARIOS),
    LIES.map(lambda lie: (lie, -lie) * (SCENARIOS // 2)),
)
SCANS = st.integers(0, 2 * PPM)


@pytest.mark.parametrize(
    ("right", "mark", "stated", "counted"),
    [
        # A call struck at 100 with the underlying at 110: worth 10 at least, 110 at most.
        (1, 15, 0, 0),
        (1, 15, 5, 5),
        (1, 15, 6, 5),
        (1, 15, 1_000, 5),
        (1, 15, -94, -94),
        (1, 15, -96, -95),
        (1, 15, -1_000, -95),
        # Marked below its payoff it can only gain, marked above the underlying only lose.
        (1, 7, 0, -3),
        (1, 120, 0, 10),
        # A put struck at 100 is worth 0 at least, 100 at most.
        (-1, 15, 15, 15),
        (-1, 15, 16, 15),
        (-1, 15, -86, -85),
        (-1, 120, 0, 20),
    ],
)
def test_a_stated_loss_counts_as_far_as_the_option_can_lose_it(
    right: int, mark: int, stated: int, counted: int
) -> None:
    found = margin.bounded_loss(stated * SCALE, 1, right, 100, mark, 110 * SCALE)
    assert found == counted * SCALE


@pytest.mark.parametrize(("stated", "counted"), [(0, 0), (2, Fraction(5, 3)), (-40, Fraction(-95, 3)), (1, 1)])
def test_of_an_extreme_move_a_third_of_the_bounds_holds(stated: int, counted: Fraction) -> None:
    assert margin.SHARES == (1,) * 14 + (3, 3)
    assert margin.bounded_loss(stated * SCALE, 3, 1, 100, 15, 110 * SCALE) == counted * SCALE


def test_a_third_is_rounded_down_for_what_a_long_lot_loses_so_that_a_short_lot_loses_no_less() -> None:
    assert margin.bounded_loss(LOSS.high, 3, 1, 100, 2, 101 * SCALE - 1) == SCALE // 3
    assert margin.bounded_loss(LOSS.high, 3, 1, 100, 2, 101 * SCALE + 1) == (SCALE - 1) // 3
    assert margin.bounded_loss(LOSS.high, 3, 1, 100, 2, 103 * SCALE + 1) == -((SCALE + 1 + 2) // 3)


def test_a_third_of_what_a_short_lot_can_lose_at_most_is_rounded_up_against_it() -> None:
    assert margin.bounded_loss(LOSS.low, 3, 1, 100, 15, 110 * SCALE + 1) == -95 * SCALE // 3 - 1


def test_the_price_moves_by_the_scan_range_and_in_the_extremes_by_three_but_never_below_nothing() -> None:
    moves = [moved_to(100, 300_000, place) for place in range(SCENARIOS)]
    assert moves == [
        price * SCALE for price in (100, 100, 110, 110, 90, 90, 120, 120, 80, 80, 130, 130, 70, 70, 190, 10)
    ]
    assert moved_to(100, 400_000, 15) == 0


def moved_to(reference: int, scan: int, scenario: int) -> int:
    """The reference's price in a scenario."""
    return margin.moved_price(reference, scan, margin.THIRDS[scenario] * margin.SHARES[scenario])


def written(kind: InstrumentKind, strike: int, mark: int, reference: int, scan: int, stated: tuple[int, ...]) -> Market:
    terms = option(2, kind, strike, expiry=1, maintenance_ppm=scan, basis_ppm=1)
    return revalued_market(terms, mark, reference, stated)


@given(KINDS, PRICES, PRICES, PRICES, SCANS, ARRAYS, st.integers(1, 1_000))
def test_a_short_option_needs_what_its_payoff_after_every_move_costs_whatever_is_stated(
    kind: InstrumentKind, strike: int, mark: int, reference: int, scan: int, stated: tuple[int, ...], lots: int
) -> None:
    """The bound: lots * (payoff after the move - mark), of an extreme move a third, and the charges on top; exact."""
    market = written(kind, strike, mark, reference, scan, stated)
    needed = margin.risk_alone(-lots, market.risk)
    charges = 3 * lots * reference * (market.instrument.basis_ppm + market.instrument.short_minimum_ppm)
    right = RIGHTS[kind]
    for place in range(SCENARIOS):
        moved = moved_to(reference, scan, place)
        costs = max(right * (moved - strike * SCALE), 0) - mark * SCALE
        share = margin.SHARES[place]
        assert needed - charges >= Fraction(lots * costs, share)
    assert needed >= charges > 0


@given(KINDS, PRICES, PRICES, PRICES, SCANS, ARRAYS)
def test_a_long_option_never_loses_more_than_its_mark(
    kind: InstrumentKind, strike: int, mark: int, reference: int, scan: int, stated: tuple[int, ...]
) -> None:
    risk = written(kind, strike, mark, reference, scan, stated).risk
    for place, loss in enumerate(risk.losses):
        assert loss <= mark * SCALE // margin.SHARES[place]
    assert risk.long_lot <= mark * SCALE + risk.basis


@given(KINDS, PRICES, PRICES, PRICES, SCANS)
def test_an_array_of_payoffs_is_already_within_its_bounds(
    kind: InstrumentKind, strike: int, mark: int, reference: int, scan: int
) -> None:
    terms = option(2, kind, strike, expiry=1, maintenance_ppm=scan)
    honest = intrinsic_losses(terms, mark, reference)
    assert revalued_market(terms, mark, reference, honest).risk.losses == honest


# Portfolios


OPTIONS = st.builds(
    written, KINDS, SMALL_PRICES, SMALL_PRICES, SMALL_PRICES, st.sampled_from((1, 50_000, 300_000)), ARRAYS
)
LINEARS = st.builds(
    lambda mark, scan, basis: linear_market(instrument(1, 1, maintenance_ppm=scan, basis_ppm=basis), mark),
    SMALL_PRICES,
    st.integers(1, PPM),
    st.integers(1, PPM),
)
PORTFOLIOS = st.lists(
    st.builds(margin.Holding, st.integers(-50, 50), st.one_of(OPTIONS, LINEARS)), min_size=1, max_size=4
).map(tuple)


@given(PORTFOLIOS)
def test_a_requirement_is_never_negative_and_nothing_only_without_lots(book: tuple[margin.Holding, ...]) -> None:
    risk = margin.underlying_risk(book)
    assert risk >= sum(abs(holding.size) * holding.market.risk.basis for holding in book) >= 0
    assert (risk == 0) == (not any(holding.size for holding in book))


@given(PORTFOLIOS, PORTFOLIOS)
def test_a_hedged_book_never_needs_more_than_its_parts(
    one: tuple[margin.Holding, ...], other: tuple[margin.Holding, ...]
) -> None:
    assert margin.underlying_risk(one + other) <= margin.underlying_risk(one) + margin.underlying_risk(other)
    alone = sum(margin.risk_alone(holding.size, holding.market.risk) for holding in one)
    assert margin.underlying_risk(one) <= alone


@given(PORTFOLIOS, st.integers(0, SCENARIOS - 1), st.integers(0, 10**12), st.data())
def test_a_requirement_never_falls_when_a_scenario_loses_a_long_lot_more(
    book: tuple[margin.Holding, ...], scenario: int, more: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(book) - 1))
    held = book[place]
    risk = held.market.risk
    # What loses a long lot more gains a short lot more, so the change goes the holder's way.
    step = more if held.size >= 0 else -more
    losses = tuple(loss + step * (number == scenario) for number, loss in enumerate(risk.losses))
    worse = margin.risk_array(losses, risk.basis, risk.short_minimum)
    changed = Market(held.market.instrument, held.market.mark, worse, 0, 0, 1, 1)
    after = (*book[:place], margin.Holding(held.size, changed), *book[place + 1 :])
    assert margin.underlying_risk(after) >= margin.underlying_risk(book)


@given(st.lists(st.tuples(st.integers(-50, 50).filter(bool), SMALL_PRICES), min_size=2, max_size=2), OPTIONS)
def test_an_account_without_options_has_the_linear_rule_whatever_options_are_listed(
    legs: list[tuple[int, int]], listed: Market
) -> None:
    """Perpetual and future of one underlying: net exposure at its rate, plus the spread charge of every lot."""
    (first, first_mark), (second, second_mark) = legs
    markets = Map(
        {
            1: linear_market(instrument(1, 1), first_mark),
            2: listed,
            3: linear_market(future(3, expiry=1), second_mark),
        }
    )
    account = Account(b"", 0, Map({1: Position(first, 0), 3: Position(second, 0)}), Map(), 0)
    net = abs(first * first_mark + second * second_mark) * Fraction(90_000, PPM)
    charge = (abs(first) * first_mark + abs(second) * second_mark) * Fraction(10_000, PPM)
    assert Fraction(standing(account, markets, PPM).risk, SCALE) == net + charge


def test_only_an_extreme_move_makes_a_far_option_cost_its_writer_something() -> None:
    """Struck at 125 with a scan range of 9 %: the extreme at 127 pays 2, of which a third counts."""
    honest = intrinsic_losses(option(2, InstrumentKind.CALL, 125, expiry=1, maintenance_ppm=90_000), 1, 100)
    market = written(InstrumentKind.CALL, 125, 1, 100, 90_000, honest)
    assert market.risk.worst_short == SCALE * 1 // 3
    assert [place for place, loss in enumerate(market.risk.losses) if loss < 0] == [14]


def test_a_covered_call_needs_less_than_its_legs() -> None:
    linear = linear_market(instrument(1, 1), 100)
    honest = intrinsic_losses(option(2, InstrumentKind.CALL, 100, expiry=1), 3, 100)
    call = written(InstrumentKind.CALL, 100, 3, 100, 90_000, honest)
    legs = (margin.Holding(1, linear), margin.Holding(-1, call))
    # Falling by 27, of which a third counts, the lot loses 9 and the call its mark of 1; rising, each undoes the other.
    assert margin.worst_loss(legs) == (9 - 1) * SCALE
    assert margin.worst_loss(legs[:1]) + margin.worst_loss(legs[1:]) == (9 + 8) * SCALE
