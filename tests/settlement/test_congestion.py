"""Everybody else: the seeded demand and its fit, and demand that follows a real series."""

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import fmean, pstdev

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from settlespec.domain.errors import BadInput
from settlespec.settlement.base_fee import BPO2
from settlespec.settlement.base_layer import BaseLayer, advance, first_layer, reorganise
from settlespec.settlement.congestion import (
    CALM,
    CRASH,
    DEFAULT_PHASES,
    Conditions,
    Congestion,
    FeeSeries,
    GeneratedCongestion,
    Regime,
    SeriesCongestion,
    bidders,
    drawn,
    walked,
)
from settlespec.settlement.fee_series import read_fee_series
from tests.settlement.ledger import LEDGER, Ledger, advanced, sent, submitted

LUNA = "data/eth_blocks_basefee_20220512_luna.csv.gz"
QUIET = "data/eth_blocks_basefee_20250101.csv.gz"

Shared = Callable[[str], Path]


def fees_of(congestion: Congestion, blocks: int) -> list[int]:
    layer = first_layer({}, congestion=congestion)
    fees = [layer.last_block.opening.base_fee]
    for _ in range(blocks - 1):
        layer = advance(layer)
        fees.append(layer.last_block.opening.base_fee)
    return fees


def deviations(fees: list[int]) -> dict[str, float]:
    """The figures to which the regimes were fitted."""
    fullness = [8 * (after - before) / before for before, after in pairwise(fees)]
    logarithms = [math.log(fee) for fee in fees]
    changes = {
        f"over {width}": pstdev(b - a for a, b in zip(logarithms, logarithms[width:], strict=False))
        for width in (10, 50, 200)
    }
    return {"fullness": pstdev(fullness), **changes}


def test_the_draws_of_a_seed_are_the_same_on_every_machine() -> None:
    assert [drawn(1, slot, "noise", 1_000) for slot in range(5)] == [256, 348, 521, 730, 612]


@given(st.integers(1, 10**13), st.integers(0, 60_000))
def test_a_step_down_undoes_a_step_up(willing: int, step: int) -> None:
    assert abs(walked(walked(willing, step), -step) - willing) <= 1


@pytest.mark.parametrize(
    ("regime", "file", "blocks"), [(CALM, QUIET, 1_200), (CRASH, LUNA, 2_400)], ids=["calm", "crash"]
)
def test_each_regime_varies_as_its_series_does(regime: Regime, file: str, blocks: int, shared: Shared) -> None:
    real = deviations(list(read_fee_series(shared(file)).fees))
    made = [deviations(fees_of(GeneratedCongestion(seed, ((0, regime),)), blocks)) for seed in range(1, 5)]
    for name, value in real.items():
        assert fmean(each[name] for each in made) == pytest.approx(value, rel=0.2), name


@pytest.mark.parametrize(("regime", "file"), [(CALM, QUIET), (CRASH, LUNA)], ids=["calm", "crash"])
def test_each_regime_begins_at_its_series_and_is_bounded_by_it(regime: Regime, file: str, shared: Shared) -> None:
    fees = read_fee_series(shared(file)).fees
    assert (regime.opening, regime.least, regime.most) == (fees[0], min(fees), max(fees))


def test_the_default_is_calm_then_a_crash_then_calm_again() -> None:
    fees = fees_of(GeneratedCongestion(), 600)
    calm, crash, after = fees[:100], fees[150:400], fees[450:]
    assert max(*calm, *after) < CRASH.least
    assert min(crash) > CALM.most
    assert [begun for begun, _ in DEFAULT_PHASES] == [0, 100, 400]


def test_blobs_stand_between_their_reserve_price_and_what_others_bid() -> None:
    layer = advanced(first_layer({}, congestion=GeneratedCongestion(phases=((0, CALM),))), 600)
    openings = [layer.blocks[number].opening for number in range(100, 601)]
    assert all(opening.base_fee // 32 < opening.blob_base_fee < opening.base_fee * 8 for opening in openings)
    used = fmean(layer.blocks[number].blob_gas_used for number in range(100, 601))
    assert used == pytest.approx(layer.parameters.blobs.target_gas, rel=0.03)


def test_who_bids_just_the_blob_base_fee_buys_and_who_bids_less_does_not() -> None:
    reserve = 10**9
    at_reserve = Conditions(16 * reserve, reserve, 30_000_000, 60_000_000, BPO2)
    assert bidders(1, 0, at_reserve) == 21
    halves = [bidders(1, slot, evolve(at_reserve, blob_base_fee=16 * reserve)) for slot in range(200)]
    assert fmean(halves) == pytest.approx(21 / 2, rel=0.05)
    assert bidders(1, 0, evolve(at_reserve, blob_base_fee=128 * reserve + 1)) == 0


def test_others_add_to_a_generated_demand_and_push_the_fee_up() -> None:
    def fee_after(gas: int) -> int:
        layer = first_layer({LEDGER: Ledger()}, congestion=GeneratedCongestion(seed=3, phases=((0, CALM),)))
        quiet = next(number for number in range(1, 50) if advanced(layer, number).last_block.gas_used < 30_000_000)
        layer = submitted(advanced(layer, quiet - 1), sent("ada", payload=gas, gas_limit=20_000_000))
        return advanced(layer, 2).last_block.opening.base_fee

    assert fee_after(100_000) < fee_after(10_000_000)


@pytest.mark.parametrize(("file", "closeness"), [(LUNA, 10**8), (QUIET, 5 * 10**6)], ids=["luna", "quiet"])
def test_the_chain_follows_a_real_series_block_by_block(file: str, closeness: int, shared: Shared) -> None:
    """The quiet series is rounded, so a full block may fall short of a rounded eighth."""
    series = read_fee_series(shared(file))
    layer = first_layer({}, congestion=SeriesCongestion(series), time=series.times[0])
    for fee, time in zip(series.fees, series.times, strict=True):
        assert layer.clock == time
        assert abs(layer.last_block.opening.base_fee - fee) * closeness <= fee
        layer = advance(layer)


SHORT = FeeSeries(100, (10**9, 11 * 10**8, 12 * 10**8, 12 * 10**8), (5_000, 17_000, 30_000, 41_000))


def test_past_its_last_row_a_series_holds_its_last_fee() -> None:
    layer = first_layer({}, congestion=SeriesCongestion(SHORT), time=5_000)
    layer = advanced(layer, 8)
    openings = [layer.blocks[number].opening for number in range(9)]
    assert [opening.time for opening in openings[:6]] == [5_000, 17_000, 30_000, 41_000, 53_000, 65_000]
    assert all(abs(opening.base_fee - 12 * 10**8) <= 5 for opening in openings[3:])


def test_what_others_add_to_a_series_is_made_up_for_afterwards() -> None:
    steady = FeeSeries(0, (10**9,) * 4, (0, 12_000, 24_000, 36_000))
    layer = first_layer({LEDGER: Ledger()}, congestion=SeriesCongestion(steady))
    layer = advance(submitted(layer, sent("ada", payload=5_000_000, gas_limit=6_000_000)))
    assert layer.last_block.gas_used == 35_021_000
    raised = advance(layer)
    assert raised.last_block.opening.base_fee > 10**9
    assert abs(advance(raised).last_block.opening.base_fee - 10**9) <= 5


def test_a_reorganisation_leaves_the_demand_of_others_where_it_is() -> None:
    layer = advanced(first_layer({}, congestion=GeneratedCongestion(seed=5)), 4)
    assert isinstance(layer.congestion, GeneratedCongestion)
    after = reorganise(layer, 2)
    assert isinstance(after, BaseLayer)
    assert after.congestion == layer.congestion


def test_a_demand_that_would_stop_the_chain_is_refused() -> None:
    with pytest.raises(BadInput, match="no phase begins in slot 0"):
        GeneratedCongestion(phases=((1, CALM),))
    with pytest.raises(BadInput, match="time must pass between blocks"):
        GeneratedCongestion(slot_time=0)
