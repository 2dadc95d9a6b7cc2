"""FUND-1 to FUND-3: one rounding per account, against the account, so the pool is never short."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.rules.funding import FUNDING_PERIOD, FUNDING_SCALE, capped_rate, exact_payment, interval, payment

RATES = st.integers(min_value=-(10**9), max_value=10**9)
MARKS = st.integers(min_value=1, max_value=2**40 - 1)
LOTS = st.integers(min_value=-(2**40), max_value=2**40)
ELAPSED = st.integers(min_value=0, max_value=2 * FUNDING_PERIOD)


@pytest.mark.parametrize(("rate", "capped"), [(5, 5), (10, 10), (11, 10), (-10, -10), (-11, -10), (0, 0)])
def test_the_rate_is_clamped_on_both_sides(rate: int, capped: int) -> None:
    assert capped_rate(rate, 10) == capped


@pytest.mark.parametrize(
    ("exact", "paid"), [(0, 0), (1, 1), (FUNDING_SCALE, 1), (FUNDING_SCALE + 1, 2), (-1, 0), (-FUNDING_SCALE, -1)]
)
def test_a_payer_pays_the_ceiling_and_a_receiver_gets_the_floor(exact: int, paid: int) -> None:
    assert payment(exact) == paid


@given(RATES, MARKS, LOTS, ELAPSED)
def test_the_payment_is_the_published_formula_rounded_once(rate: int, mark: int, lots: int, elapsed: int) -> None:
    """Position value times funding rate, pro rata of eight hours (BitMEX, Binance, dYdX v3), in exact fractions."""
    value = Fraction(lots * mark)
    due = value * Fraction(rate, 10**6) * Fraction(elapsed, 8 * 3_600_000)
    assert payment(exact_payment(rate, mark, lots, elapsed)) == ceil(due)


def test_a_published_example_pays_the_published_amount() -> None:
    """A long of 10 BTC at 50,000 and a rate of 0.01 % pays 50 in eight hours; lots of 0.001 BTC."""
    assert payment(exact_payment(100, 50 * 10**6, 10_000, FUNDING_PERIOD)) == 50 * 10**6


@given(st.lists(st.tuples(LOTS, RATES), max_size=10), MARKS, ELAPSED)
def test_positions_that_sum_to_zero_leave_the_pool_at_most_one_quantum_an_account(
    held: list[tuple[int, int]], mark: int, elapsed: int
) -> None:
    rate = held[0][1] if held else 0
    lots = [size for size, _ in held]
    lots.append(-sum(lots))
    pool = sum(payment(exact_payment(rate, mark, size, elapsed)) for size in lots)
    assert 0 <= pool < len(lots)


@given(RATES, MARKS, LOTS, ELAPSED)
def test_what_a_long_pays_exactly_a_short_receives(rate: int, mark: int, lots: int, elapsed: int) -> None:
    assert exact_payment(rate, mark, lots, elapsed) == -exact_payment(rate, mark, -lots, elapsed)


@pytest.mark.parametrize(
    ("timestamp", "last", "longest", "elapsed"), [(90, 30, 100, 60), (90, 30, 60, 60), (90, 30, 59, 59)]
)
def test_a_round_settles_the_time_since_the_last_marks_and_no_more_than_the_longest_interval(
    timestamp: int, last: int, longest: int, elapsed: int
) -> None:
    assert interval(timestamp, last, longest) == elapsed
