"""The fee rules: published values, and what holds of every update."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.rules.base_fees import (
    CHANGE_DENOMINATOR,
    GAS_PER_BLOB,
    calldata_tokens,
    effective_priority_fee,
    exponential_term,
    final_block,
    gas_towards,
    next_base_fee,
    next_excess_blob_gas,
    reserve_blob_fee,
    transaction_cost,
    transaction_gas,
)

FEES = st.one_of(st.integers(1, 1_000), st.integers(1, 2**64))
TARGETS = st.one_of(st.integers(1, 100), st.integers(1, 2**30))
BLOBS = st.integers(0, 21).map(lambda blobs: blobs * GAS_PER_BLOB)
EXCESS = st.one_of(st.integers(0, 2**22), BLOBS)


@pytest.mark.parametrize(
    ("base_fee", "gas_used", "expected"),
    [
        (1_000_000_000, 10_000_000, 1_000_000_000),
        (1_000_000_000, 9_000_000, 987_500_000),
        (1_000_000_000, 11_000_000, 1_012_500_000),
        (1_000_000_000, 0, 875_000_000),
        (1_000_000_000, 20_000_000, 1_125_000_000),
        (7, 10_000_001, 8),
    ],
)
def test_the_base_fee_moves_as_in_the_published_cases(base_fee: int, gas_used: int, expected: int) -> None:
    """go-ethereum TestCalcBaseFee and cases of clients that took it over: a gas limit of 20 million."""
    assert next_base_fee(base_fee, gas_used, 10_000_000) == expected


@given(base_fee=FEES, target=TARGETS)
def test_a_block_at_its_target_leaves_the_base_fee(base_fee: int, target: int) -> None:
    assert next_base_fee(base_fee, target, target) == base_fee


@given(base_fee=FEES, target=TARGETS, data=st.data())
def test_the_base_fee_moves_by_at_most_an_eighth_and_at_least_a_wei_up(
    base_fee: int, target: int, data: st.DataObject
) -> None:
    gas_used = data.draw(st.integers(0, 2 * target))
    change = next_base_fee(base_fee, gas_used, target) - base_fee
    eighth = base_fee // CHANGE_DENOMINATOR
    if gas_used > target:
        assert 1 <= change <= max(eighth, 1)
    else:
        assert -eighth <= change <= 0


@given(base_fee=FEES, target=TARGETS)
def test_a_full_block_under_an_odd_limit_passes_the_eighth_by_one_part_of_the_target(
    base_fee: int, target: int
) -> None:
    change = next_base_fee(base_fee, 2 * target + 1, target) - base_fee
    assert change == max(base_fee * (target + 1) // (target * CHANGE_DENOMINATOR), 1)


@given(base_fee=FEES, target=TARGETS, data=st.data())
def test_more_gas_never_means_a_lower_fee(base_fee: int, target: int, data: st.DataObject) -> None:
    gas_used = data.draw(st.integers(0, 2 * target))
    assert next_base_fee(base_fee, gas_used, target) <= next_base_fee(base_fee, gas_used + 1, target)


@given(base_fee=FEES, target=TARGETS, data=st.data())
def test_a_fee_that_some_gas_use_gives_is_given_by_the_gas_use_towards_it(
    base_fee: int, target: int, data: st.DataObject
) -> None:
    gas_used = data.draw(st.integers(0, 2 * target))
    wanted = next_base_fee(base_fee, gas_used, target)
    assert next_base_fee(base_fee, gas_towards(base_fee, wanted, target, 2 * target), target) == wanted


@given(base_fee=FEES, wanted=FEES, target=TARGETS)
def test_the_gas_use_towards_a_fee_never_passes_it_and_one_unit_more_would(
    base_fee: int, wanted: int, target: int
) -> None:
    limit = 2 * target
    gas_used = gas_towards(base_fee, wanted, target, limit)
    assert 0 <= gas_used <= limit
    reached = next_base_fee(base_fee, gas_used, target)
    assert min(base_fee, wanted) <= reached <= max(base_fee, wanted)
    if wanted > base_fee and gas_used < limit:
        assert next_base_fee(base_fee, gas_used + 1, target) > wanted
    if wanted < base_fee and gas_used > 0:
        assert next_base_fee(base_fee, gas_used - 1, target) < wanted


@given(base_fee=FEES, target=TARGETS, data=st.data())
def test_within_the_limit_a_wanted_fee_is_missed_by_less_than_a_step(
    base_fee: int, target: int, data: st.DataObject
) -> None:
    eighth = base_fee // CHANGE_DENOMINATOR
    wanted = data.draw(st.integers(base_fee - eighth, base_fee + eighth))
    reached = next_base_fee(base_fee, gas_towards(base_fee, wanted, target, 2 * target), target)
    assert abs(reached - wanted) < 1 + -(-base_fee // (target * CHANGE_DENOMINATOR))


def test_a_term_of_the_exponential_is_rounded_down() -> None:
    assert [exponential_term(1_000, 3, 2, index) for index in (1, 2, 7)] == [1_500, 750, 214]


@pytest.mark.parametrize(
    ("excess", "used", "target", "most", "base_fee", "blob_base_fee", "expected"),
    [
        (0, 6, 6, 9, 1_000_000_000, 1, 6 * GAS_PER_BLOB * 3 // 9),
        (0, 6, 6, 9, 1, 1, 0),
        (5_149_252, 10, 9, 14, 30, 1, 5_617_366),
        (19_251_039, 19, 21, 32, 50, 2, 20_107_103),
    ],
)
def test_excess_blob_gas_under_the_reserve_price_is_as_in_the_published_cases(
    excess: int, used: int, target: int, most: int, base_fee: int, blob_base_fee: int, expected: int
) -> None:
    """go-ethereum TestCalcExcessBlobGasEIP7918 and TestCalcBlobFeePostOsaka, whose schedules are the test's own."""
    used, target, most = used * GAS_PER_BLOB, target * GAS_PER_BLOB, most * GAS_PER_BLOB
    assert next_excess_blob_gas(excess, used, target, most, base_fee, blob_base_fee, 8_192) == expected


@given(excess=EXCESS, used=BLOBS, base_fee=FEES, blob_base_fee=FEES)
def test_a_reserve_price_never_lowers_the_excess_further(
    excess: int, used: int, base_fee: int, blob_base_fee: int
) -> None:
    target, most = 14 * GAS_PER_BLOB, 21 * GAS_PER_BLOB
    reserved = next_excess_blob_gas(excess, used, target, most, base_fee, blob_base_fee, 8_192)
    without = next_excess_blob_gas(excess, used, target, most, base_fee, blob_base_fee, 0)
    assert 0 <= without <= reserved <= excess + most - target


@given(excess=EXCESS, base_fee=FEES, blob_base_fee=FEES)
def test_blobs_at_the_target_leave_the_excess_where_they_are_not_cheap(
    excess: int, base_fee: int, blob_base_fee: int
) -> None:
    target, most = 14 * GAS_PER_BLOB, 21 * GAS_PER_BLOB
    after = next_excess_blob_gas(excess, target, target, most, base_fee, blob_base_fee, 8_192)
    if blob_base_fee >= reserve_blob_fee(base_fee, 8_192) + 1:
        assert after == excess
    if blob_base_fee < reserve_blob_fee(base_fee, 8_192):
        assert after == excess + (target * 7) // 21


def test_a_blob_at_its_reserve_price_exactly_is_not_cheap() -> None:
    target, most = 14 * GAS_PER_BLOB, 21 * GAS_PER_BLOB
    assert next_excess_blob_gas(target, target, target, most, 16, 1, 8_192) == target
    assert next_excess_blob_gas(target, target, target, most, 17, 1, 8_192) == target + target // 3


def test_calldata_cost_four_and_sixteen_gas_a_byte_beside_enough_execution() -> None:
    assert transaction_gas(calldata_tokens(1, 0), 100_000) - transaction_gas(0, 100_000) == 4
    assert transaction_gas(calldata_tokens(0, 1), 100_000) - transaction_gas(0, 100_000) == 16


def test_calldata_cost_ten_and_forty_gas_a_byte_where_nothing_executes() -> None:
    assert transaction_gas(calldata_tokens(1, 0), 0) - transaction_gas(0, 0) == 10
    assert transaction_gas(calldata_tokens(0, 1), 0) - transaction_gas(0, 0) == 40


def test_the_floor_binds_below_six_gas_of_execution_a_token() -> None:
    tokens = calldata_tokens(100, 50)
    assert tokens == 300
    assert transaction_gas(tokens, 6 * tokens) == transaction_gas(tokens, 0) == 21_000 + 3_000
    assert transaction_gas(tokens, 6 * tokens + 1) == 21_000 + 3_001


def test_the_builder_gets_no_more_than_what_the_base_fee_leaves() -> None:
    assert effective_priority_fee(100, 10, 50) == 10
    assert effective_priority_fee(100, 10, 95) == 5
    assert effective_priority_fee(100, 10, 100) == 0


def test_gas_and_blob_gas_are_paid_each_at_its_price() -> None:
    assert transaction_cost(21_000, 7, GAS_PER_BLOB, 3) == 147_000 + 393_216


def test_what_is_final_stays_final_when_the_chain_gets_shorter() -> None:
    assert final_block(0, 63, 64) == 0
    assert final_block(0, 100, 64) == 36
    assert final_block(36, 90, 64) == 36
