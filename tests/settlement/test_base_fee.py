"""The blob fee market against published values."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.domain.outcomes import Exhausted
from settlespec.rules.base_fees import (
    CHANGE_DENOMINATOR,
    ELASTICITY,
    FLOOR_GAS_PER_TOKEN,
    GAS_PER_BLOB,
    GAS_PER_TOKEN,
    LEAST_BLOB_FEE,
    TOKENS_PER_NONZERO_BYTE,
    reserve_blob_fee,
)
from settlespec.settlement.base_fee import (
    BPO1,
    BPO2,
    DENCUN,
    PECTRA,
    BlobSchedule,
    blob_base_fee,
    fake_exponential,
    next_excess,
    reserve_excess,
)
from settlespec.settlement.chain import BLOB_RETENTION, FINALITY_DEPTH, GAS_LIMIT, SLOT_TIME, SLOTS_PER_EPOCH

SCHEDULES = {"dencun": DENCUN, "pectra": PECTRA, "bpo1": BPO1, "bpo2": BPO2}


@pytest.mark.parametrize(
    ("factor", "numerator", "denominator", "expected"),
    [
        (1, 0, 1, 1),
        (38_493, 0, 1_000, 38_493),
        (0, 1_234, 2_345, 0),
        (1, 2, 1, 6),
        (1, 4, 2, 6),
        (1, 3, 1, 16),
        (1, 6, 2, 18),
        (1, 4, 1, 49),
        (1, 8, 2, 50),
        (10, 8, 2, 542),
        (11, 8, 2, 596),
        (1, 5, 1, 136),
        (1, 5, 2, 11),
        (2, 5, 2, 23),
        (1, 50_000_000, 2_225_652, 5_709_098_764),
        (2, 3, 2, 8),
        (1, 50, 1, 5_184_612_586_559_446_279_969),
        (1, 50_000_000, 1_000_000, 5_184_705_528_494_131_044_804),
    ],
)
def test_the_integer_exponential_is_as_in_the_published_cases(
    factor: int, numerator: int, denominator: int, expected: int
) -> None:
    """go-ethereum TestFakeExponential; the last three are from another client."""
    assert fake_exponential(factor, numerator, denominator) == expected


@pytest.mark.parametrize(("excess", "expected"), [(0, 1), (2_314_057, 1), (2_314_058, 2), (10 * 1024 * 1024, 23)])
def test_the_blob_base_fee_of_dencun_is_as_in_the_published_cases(excess: int, expected: int) -> None:
    """go-ethereum TestCalcBlobFee."""
    assert blob_base_fee(excess, DENCUN) == expected


def test_excess_blob_gas_of_dencun_is_as_in_the_published_cases() -> None:
    """go-ethereum TestCalcExcessBlobGas."""
    target = 3 * GAS_PER_BLOB
    cases = [
        (0, 0, 0),
        (0, 1, 0),
        (0, 3, 0),
        (0, 4, GAS_PER_BLOB),
        (1, 4, GAS_PER_BLOB + 1),
        (1, 5, 2 * GAS_PER_BLOB + 1),
        (target, 3, target),
        (target, 2, target - GAS_PER_BLOB),
        (target, 1, target - 2 * GAS_PER_BLOB),
        (GAS_PER_BLOB - 1, 2, 0),
    ]
    for excess, blobs, expected in cases:
        assert next_excess(excess, blobs * GAS_PER_BLOB, 10**9, DENCUN) == expected


@given(factor=st.integers(1, 100), numerator=st.integers(0, 10**8), denominator=st.integers(10**6, 10**7))
def test_the_integer_exponential_stays_close_below_the_real_one(factor: int, numerator: int, denominator: int) -> None:
    """Every term loses less than one in its rounding, and passes on what the term before it lost."""
    if numerator > 30 * denominator:
        numerator %= 30 * denominator
    exact = factor * math.exp(numerator / denominator)
    lost = (math.exp(numerator / denominator) + 2) * 200 / denominator
    assert exact * (1 - 1e-9) - lost - 1 <= fake_exponential(factor, numerator, denominator) <= exact * (1 + 1e-9)


def test_an_exponential_beyond_every_fee_is_given_up_and_not_waited_for() -> None:
    assert fake_exponential(1, 178 * BPO2.update_fraction, BPO2.update_fraction) > 2**256
    with pytest.raises(Exhausted, match="more than 1,000 terms"):
        fake_exponential(1, 10**6, 1)


@given(excess=st.integers(0, 2**28), schedule=st.sampled_from(list(SCHEDULES.values())))
def test_more_excess_never_means_cheaper_blobs(excess: int, schedule: BlobSchedule) -> None:
    assert 1 <= blob_base_fee(excess, schedule) <= blob_base_fee(excess + GAS_PER_BLOB, schedule)


@pytest.mark.parametrize("schedule", list(SCHEDULES.values()), ids=list(SCHEDULES))
def test_a_full_block_of_blobs_raises_their_fee_by_no_more_than_an_eighth(schedule: BlobSchedule) -> None:
    """The update fractions were chosen for that, most of them for less: 12.5 % is that of EIP-4844."""
    excess = 40 * schedule.update_fraction
    raised = next_excess(excess, schedule.most_gas, 10**9, schedule)
    factor = blob_base_fee(raised, schedule) / blob_base_fee(excess, schedule)
    assert factor == pytest.approx(math.exp((raised - excess) / schedule.update_fraction), rel=1e-6)
    assert 1.08 < factor < 1.1251


@given(base_fee=st.integers(1, 2 * 10**12), schedule=st.sampled_from(list(SCHEDULES.values())))
def test_the_reserve_excess_is_the_least_at_which_a_blob_is_worth_its_reserve(
    base_fee: int, schedule: BlobSchedule
) -> None:
    excess, reserve = reserve_excess(base_fee, schedule), reserve_blob_fee(base_fee, schedule.reserve_gas)
    assert blob_base_fee(excess, schedule) >= reserve
    assert excess == 0 or blob_base_fee(excess - 1, schedule) < reserve


@pytest.fixture(scope="module")
def facts(shared: Callable[[str], Path]) -> dict[str, Any]:
    text = shared("facts/base_layer_facts.json").read_text(encoding="utf-8")
    return {fact["name"]: fact["value"] for fact in json.loads(text)["facts"]}


def test_the_constants_are_those_of_the_facts(facts: dict[str, Any]) -> None:
    assert facts["l1.eip1559.max_change_denominator"] == CHANGE_DENOMINATOR
    assert facts["l1.eip1559.elasticity"] == ELASTICITY
    assert facts["l1.calldata.zero_byte"] == GAS_PER_TOKEN
    assert facts["l1.calldata.nonzero_byte"] == GAS_PER_TOKEN * TOKENS_PER_NONZERO_BYTE
    assert facts["l1.calldata.floor_per_token"] == FLOOR_GAS_PER_TOKEN
    assert facts["blob.min_base_fee"] == LEAST_BLOB_FEE
    assert facts["blob.bytes"] == facts["blob.gas_per_blob"] == GAS_PER_BLOB
    assert facts["l1.gas_limit_default_fusaka"] == GAS_LIMIT
    assert facts["l1.slot_time"] * 1_000 == SLOT_TIME
    assert facts["l1.slots_per_epoch"] == SLOTS_PER_EPOCH
    assert facts["l1.finality_nominal"] * 1_000 == FINALITY_DEPTH * SLOT_TIME
    assert facts["blob.retention_epochs"] * SLOTS_PER_EPOCH == BLOB_RETENTION


def test_the_schedules_are_those_of_the_facts(facts: dict[str, Any]) -> None:
    for name, schedule in SCHEDULES.items():
        stated = facts[f"blob.schedule.{name}"]
        assert (schedule.target, schedule.most) == (stated["target"], stated["max"])
        assert schedule.update_fraction == stated["base_fee_update_fraction"]
    assert {schedule.reserve_gas for schedule in SCHEDULES.values()} == {0, facts["blob.reserve_price.blob_base_cost"]}
