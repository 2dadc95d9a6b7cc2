"""TRADE-2 to TRADE-7, TRADE-13: what a trade does to a position, and where it may happen."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from settlespec.domain.accounts import FLAT, Position
from settlespec.rules import trading

SIZES = st.integers(min_value=-50, max_value=50)
PRICES = st.integers(min_value=1, max_value=2_000)
POSITIONS = st.builds(Position, SIZES.filter(bool), st.integers(min_value=-(10**6), max_value=10**6)) | st.just(FLAT)


@pytest.mark.parametrize(
    ("size", "change", "closed"),
    [(0, 5, 0), (5, 5, 0), (5, -3, -3), (5, -5, -5), (5, -9, -5), (-5, 3, 3), (-5, 9, 5), (-5, -1, 0), (5, 0, 0)],
)
def test_a_change_closes_at_most_the_position(size: int, change: int, closed: int) -> None:
    assert trading.closing_size(size, change) == closed


@pytest.mark.parametrize(
    ("before", "change", "price", "after", "realised"),
    [
        (FLAT, 3, 10, Position(3, 30), 0),
        (FLAT, -3, 10, Position(-3, -30), 0),
        (Position(3, 30), 2, 15, Position(5, 60), 0),
        (Position(3, 30), -1, 15, Position(2, 20), 5),
        (Position(3, 30), -3, 15, FLAT, 15),
        (Position(3, 30), -5, 15, Position(-2, -30), 15),
        # Of an odd cost the floor goes: 31 * 1 / 3 is 10, -31 * 1 / -3 of a short is as much.
        (Position(3, 31), -1, 15, Position(2, 21), 5),
        (Position(-3, -31), 1, 15, Position(-2, -20), -4),
    ],
)
def test_what_a_trade_leaves_and_realises(
    before: Position, change: int, price: int, after: Position, realised: int
) -> None:
    assert trading.trade_position(before, change, price) == after
    assert trading.realised(before, change, price) == realised


@given(POSITIONS, SIZES, PRICES)
def test_cash_moves_by_exactly_the_price_of_the_lots(position: Position, change: int, price: int) -> None:
    after = trading.trade_position(position, change, price)
    assert trading.realised(position, change, price) - (after.cost - position.cost) == -change * price


@given(POSITIONS, PRICES)
def test_closing_the_last_lot_removes_the_whole_cost(position: Position, price: int) -> None:
    assert trading.trade_position(position, -position.size, price) == FLAT


@given(POSITIONS, st.lists(st.tuples(SIZES, PRICES), max_size=8), PRICES)
def test_equity_does_not_depend_on_how_the_cost_was_split(
    position: Position, trades: list[tuple[int, int]], mark: int
) -> None:
    collateral, held = 0, position
    for change, price in trades:
        collateral += trading.realised(held, change, price)
        held = trading.trade_position(held, change, price)
    paid = sum(change * price for change, price in trades)
    lots = position.size + sum(change for change, _ in trades)
    assert collateral + held.size * mark - held.cost == lots * mark - position.cost - paid


@given(POSITIONS, st.data(), PRICES)
def test_realised_profit_is_that_of_the_average_cost_method_within_one_quantum(
    position: Position, data: st.DataObject, price: int
) -> None:
    """The weighted-average cost method of accounting, in exact fractions."""
    assume(position.size)
    lots = data.draw(st.integers(min_value=1, max_value=abs(position.size)))
    change = -lots if position.size > 0 else lots
    average = Fraction(position.cost, position.size)
    profit = -change * (price - average)
    realised = trading.realised(position, change, price)
    assert profit <= realised < profit + 1


@given(PRICES, st.integers(1, 50), st.integers(0, 10), st.integers(0, 1_000_000))
def test_the_band_is_every_multiple_of_the_step_within_the_half_width(
    mark: int, step: int, steps: int, ppm: int
) -> None:
    width = trading.band_half_width(mark, step, steps, ppm)
    assert width == max(steps * step, int(Fraction(mark * ppm, 10**6)))
    inside = [price for price in range(step, mark + width + step, step) if abs(price - mark) <= width]
    low, high = trading.band_low(mark, width, step), trading.band_high(mark, width, step)
    if inside:
        assert (low, high) == (inside[0], inside[-1])
    else:
        assert low % step == high % step == 0
        assert min(low, high) >= step


@pytest.mark.parametrize(("mark", "low", "high"), [(100, 56, 147), (5, 7, 7), (1, 7, 7), (14, 7, 21)])
def test_the_band_is_rounded_inwards_and_never_below_one_step(mark: int, low: int, high: int) -> None:
    width = trading.band_half_width(mark, 7, 0, 500_000)
    assert (trading.band_low(mark, width, 7), trading.band_high(mark, width, 7)) == (low, high)


@pytest.mark.parametrize(
    ("position", "resting", "side", "lots"),
    [(0, 0, 1, 0), (5, 0, -1, 5), (5, 3, -1, 2), (5, 5, -1, 0), (5, 0, 1, 0), (-5, 1, 1, 4), (-5, 1, -1, 0)],
)
def test_what_one_more_reduce_only_order_may_have(position: int, resting: int, side: int, lots: int) -> None:
    assert trading.reducible(position, resting, side) == lots


@pytest.mark.parametrize(("size", "filled", "left"), [(5, 0, 5), (5, 3, 2), (5, 5, 0), (3, 5, 0)])
def test_what_a_replaced_order_may_still_fill(size: int, filled: int, left: int) -> None:
    assert trading.remaining_after_replace(size, filled) == left


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), SIZES), max_size=20))
def test_open_interest_is_what_is_held_long(trades: list[tuple[int, int, int]]) -> None:
    held = [0, 0, 0, 0]
    interest = 0
    for buyer, seller, lots in trades:
        for name, change in ((buyer, lots), (seller, -lots)):
            interest += trading.open_interest_change(held[name], change)
            held[name] += change
    assert interest == sum(max(size, 0) for size in held)


@pytest.mark.parametrize(
    ("side", "price", "outside"),
    [(1, 11, True), (1, 10, False), (1, 4, False), (-1, 4, True), (-1, 5, False), (-1, 11, False)],
)
def test_outside_of_the_band_are_bids_above_it_and_asks_below_it(side: int, price: int, outside: bool) -> None:
    assert trading.outside_band(side, price, 5, 10) is outside
