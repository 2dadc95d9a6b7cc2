"""CUST-2, CUST-4, CUST-5, CUST-9: what may leave, and what a forced order may ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.rules.custody import (
    forced_amount,
    forced_deadline,
    forced_limit,
    free_collateral,
    is_overdue,
)

MONEY = st.integers(min_value=0, max_value=2**96)


@pytest.mark.parametrize(
    ("equity", "requirement", "reserved", "free"),
    [(100, 30, 20, 50), (100, 30, 70, 0), (100, 30, 69, 1), (100, 30, 71, 0), (-5, 0, 0, 0), (7, 0, 0, 7)],
)
def test_what_is_free_is_what_neither_positions_nor_orders_need(
    equity: int, requirement: int, reserved: int, free: int
) -> None:
    assert free_collateral(equity, requirement, reserved) == free


def test_free_collateral_is_the_published_one() -> None:
    """dYdX: free collateral = total account value - total initial margin requirement; 10,000 less 10 % of 50,000."""
    assert free_collateral(10_000 * 10**6, 50_000 * 10**6 * 100_000 // 10**6, 0) == 5_000 * 10**6


@given(st.integers(-(2**96), 2**96), MONEY, MONEY)
def test_taking_all_that_is_free_leaves_the_requirement_covered(equity: int, requirement: int, reserved: int) -> None:
    free = free_collateral(equity, requirement, reserved)
    assert free >= 0
    if free:
        assert equity - free == requirement + reserved


@pytest.mark.parametrize(("asked", "free", "paid"), [(5, 9, 5), (9, 5, 5), (5, 5, 5), (5, 0, 0)])
def test_a_forced_withdrawal_pays_the_smaller(asked: int, free: int, paid: int) -> None:
    assert forced_amount(asked, free) == paid


@pytest.mark.parametrize(
    ("price", "bid", "ask"), [(1, 1, 50), (50, 50, 50), (77, 77, 77), (150, 150, 150), (999, 150, 999)]
)
def test_the_limit_of_a_forced_order_ends_at_the_band_and_is_never_worse_than_the_owners(
    price: int, bid: int, ask: int
) -> None:
    assert forced_limit(1, price, 50, 150) == bid
    assert forced_limit(-1, price, 50, 150) == ask


def test_a_forced_request_has_a_window_from_its_block_on() -> None:
    assert forced_deadline(1_000, 600) == 1_600


@pytest.mark.parametrize(("time", "overdue"), [(1_599, False), (1_600, False), (1_601, True)])
def test_a_forced_request_is_overdue_after_its_deadline_and_not_at_it(time: int, overdue: bool) -> None:
    assert is_overdue(time, 1_600) is overdue
