"""FEE-1 to FEE-3: a debit is rounded up, a credit down, and a fill never costs the treasury."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.rules import fees

NOTIONALS = st.integers(min_value=1, max_value=2**80)
RATES = st.integers(min_value=0, max_value=10**6)
SIGNED_RATES = st.integers(min_value=-(10**6), max_value=10**6)


@pytest.mark.parametrize(
    ("notional", "rate", "fee"),
    [(1, 1, 1), (1_000_000, 1, 1), (1_000_001, 1, 2), (2_000_000, 500, 1_000), (1, 0, 0), (999, 1_000_000, 999)],
)
def test_the_takers_fee_is_rounded_up(notional: int, rate: int, fee: int) -> None:
    assert fees.taker_fee(notional, rate) == fee


@pytest.mark.parametrize(
    ("notional", "rate", "taker", "maker"),
    [
        (1_000_001, 1, 2, 2),
        (1_999_999, -1, 10, -1),
        (999_999, -1, 10, 0),
        (10_000_000, -5, 3, -3),
        (10_000_000, -5, 0, 0),
        (10_000_000, 0, 9, 0),
    ],
)
def test_the_makers_fee_is_rounded_up_and_its_rebate_down_to_at_most_the_takers_fee(
    notional: int, rate: int, taker: int, maker: int
) -> None:
    assert fees.maker_fee(notional, rate, taker) == maker


@given(NOTIONALS, RATES, SIGNED_RATES)
def test_fees_are_those_of_decimal_arithmetic(notional: int, taker_rate: int, maker_rate: int) -> None:
    """The same by a decimal library with its own directions of rounding."""
    exact = Decimal(notional).scaleb(-6)
    taker = int((exact * taker_rate).to_integral_value(ROUND_CEILING))
    assert fees.taker_fee(notional, taker_rate) == taker
    if maker_rate >= 0:
        maker = int((exact * maker_rate).to_integral_value(ROUND_CEILING))
    else:
        maker = -min(int((exact * -maker_rate).to_integral_value(ROUND_FLOOR)), taker)
    assert fees.maker_fee(notional, maker_rate, taker) == maker


@given(NOTIONALS, RATES, SIGNED_RATES)
def test_a_fill_never_costs_the_treasury(notional: int, taker_rate: int, maker_rate: int) -> None:
    taker = fees.taker_fee(notional, taker_rate)
    assert taker + fees.maker_fee(notional, maker_rate, taker) >= 0


@pytest.mark.parametrize(("rate", "reserved"), [(-5, 0), (0, 0), (1, 2), (1_000_000, 1_000_001)])
def test_a_resting_order_reserves_its_fee_and_counts_on_no_rebate(rate: int, reserved: int) -> None:
    assert fees.resting_fee(1_000_001, rate) == reserved


def test_a_published_fee_tier_gives_the_published_amounts() -> None:
    """dYdX v4, tier 1: 5 basis points for takers; its best maker rebate is 1.1; of 100,000 USDC 50 and 11."""
    notional = 100_000 * 10**6
    taker = fees.taker_fee(notional, 500)
    assert taker == 50 * 10**6
    assert fees.maker_fee(notional, -110, taker) == -11 * 10**6
