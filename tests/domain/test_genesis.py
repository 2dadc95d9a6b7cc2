"""A deployment that contradicts itself is refused before it runs."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.errors import Malformed
from settlespec.domain.genesis import Genesis, farthest_price
from settlespec.domain.instruments import SCENARIOS, Instrument, InstrumentKind
from settlespec.domain.quantities import LOSS, MAX_PRICE
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from tests.machine.driver import future, instrument, option

GENESIS = minimal(Ideal())


def test_each_instrument_has_one_first_mark() -> None:
    with pytest.raises(Malformed, match="1 marks for 2 instruments"):
        evolve(GENESIS, marks=(10,))


def test_the_instruments_stand_in_rising_order_each_once() -> None:
    first, second = GENESIS.instruments
    for listed in ((second, first), (first, first)):
        with pytest.raises(Malformed, match="rising order"):
            evolve(GENESIS, instruments=listed)


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ({"surcharge_from": 50, "surcharge_to": 50}, "surcharge_to is not above surcharge_from"),
        ({"surcharge_from": -1}, "surcharge_to is not above surcharge_from"),
        ({"band_steps": -1}, "band_steps is negative"),
        ({"band_steps": 2**40}, "band_steps is more than any price has"),
        ({"basis_ppm": 0}, "basis_ppm is 0"),
        ({"price_step": 1_001}, "no multiple of the price step is within max_price"),
        ({"max_price": 9}, "the first mark is above max_price"),
        ({"maker_fee_ppm": -10_001}, "the rebate is more than the taker's fee"),
        ({"basis_ppm": -1}, "basis_ppm is not within 0 to 1000000000"),
        ({"maintenance_ppm": -1}, "maintenance_ppm is not within 0 to 1000000000"),
        ({"liquidation_slip_ppm": -1}, "liquidation_slip_ppm is not within 0 to 1000000000"),
        ({"price_step": 0}, "price_step is not within 1 to"),
        ({"max_position": 0}, "max_position is not within 1 to"),
    ],
)
def test_terms_by_which_a_rule_would_have_no_answer_are_refused(terms: dict[str, Any], problem: str) -> None:
    change: Callable[..., Instrument] = evolve
    first, second = GENESIS.instruments
    with pytest.raises(Malformed, match=problem):
        Genesis(GENESIS.parameters, (change(first, **terms), second), GENESIS.marks)


# Dated instruments and options

START = 1_000
PERPETUAL = instrument(1, 1)
FUTURE = future(2, expiry=5_000)
CALL = option(3, InstrumentKind.CALL, 110, expiry=5_000, reference=2)
PUT = option(4, InstrumentKind.PUT, 90, expiry=4_000)
ELSEWHERE = instrument(5, 2)
LISTED = (PERPETUAL, FUTURE, CALL, PUT, ELSEWHERE)
ARRAY = (0,) * SCENARIOS


def deployment(place: int | None = None, losses: tuple[tuple[int, ...], ...] = (ARRAY, ARRAY), **terms: Any) -> Genesis:
    """A perpetual, a future, a call on the future, a put on the perpetual, and something else; one of them changed by name."""
    change: Callable[..., Instrument] = evolve
    listed = tuple(change(each, **terms) if number == place else each for number, each in enumerate(LISTED))
    return Genesis(GENESIS.parameters, listed, (100, 100, 80, 80, 100), START, losses)


def test_options_on_perpetuals_and_on_futures_that_expire_no_sooner_are_listed() -> None:
    assert deployment().losses == (ARRAY, ARRAY)


def test_an_expiry_just_after_the_start_is_not_in_the_past() -> None:
    assert deployment(3, expiry=START + 1).instruments[3].expiry == START + 1


@pytest.mark.parametrize(
    ("place", "terms", "field", "problem"),
    [
        (0, {"expiry": 5_000}, "expiry", "a perpetual has no expiry"),
        (0, {"strike": 1}, "strike", "a perpetual has no strike"),
        (0, {"short_minimum_ppm": 1}, "short_minimum_ppm", "only a written option has a short minimum"),
        (0, {"reference": 2}, "reference", "the reference of a linear instrument is the instrument itself"),
        (1, {"expiry": 0}, "expiry", "a future has an expiry"),
        (1, {"expiry": START}, "expiry", "the expiry 1000 is not after the start, 1000"),
        (1, {"expiry": 1}, "expiry", "the expiry 1 is not after the start, 1000"),
        (1, {"strike": 1}, "strike", "a future has no strike"),
        (1, {"funding_cap_ppm": 1}, "funding_cap_ppm", "only a perpetual pays funding"),
        (1, {"expiry": 4_999}, "reference", "the reference 2 expires before the option"),
        (2, {"expiry": 0}, "expiry", "a call has an expiry"),
        (2, {"expiry": START}, "expiry", "the expiry 1000 is not after the start, 1000"),
        (2, {"expiry": 5_001}, "reference", "the reference 2 expires before the option"),
        (2, {"strike": 0}, "strike", "the strike 0 is not a price from 1"),
        (2, {"strike": -1}, "strike", "the strike -1 is not a price from 1"),
        (2, {"strike": MAX_PRICE + 1}, "strike", f"the strike {MAX_PRICE + 1} is not a price from 1"),
        (2, {"reference": 9}, "reference", "9 is no linear instrument of underlying 1"),
        (2, {"reference": 3}, "reference", "3 is no linear instrument of underlying 1"),
        (2, {"reference": 4}, "reference", "4 is no linear instrument of underlying 1"),
        (2, {"reference": 5}, "reference", "5 is no linear instrument of underlying 1"),
        (0, {"maintenance_ppm": 89_999}, "maintenance_ppm", "the scan range is not that of underlying 1, 89999 ppm"),
        (1, {"maintenance_ppm": 90_001}, "maintenance_ppm", "the scan range is not that of underlying 1, 90000 ppm"),
        (2, {"maintenance_ppm": 89_999}, "maintenance_ppm", "the scan range is not that of underlying 1, 90000 ppm"),
        (3, {"maintenance_ppm": 90_001}, "maintenance_ppm", "the scan range is not that of underlying 1, 90000 ppm"),
        (2, {"short_minimum_ppm": -1}, "short_minimum_ppm", "short_minimum_ppm is not within 0 to 1000000000"),
        (2, {"strike": 2**41}, "strike", f"the strike {2**41} is not a price from 1"),
        (
            4,
            {"kind": InstrumentKind.FUTURE, "funding_cap_ppm": 0, "expiry": 2**60},
            "expiry",
            "expiry is not within 0 to",
        ),
        (2, {"max_price": 99_999}, "max_price", "the cap 99999 is below what the option can pay, 100000"),
        (2, {"funding_cap_ppm": 1}, "funding_cap_ppm", "only a perpetual pays funding"),
        (3, {"max_price": 89}, "max_price", "the cap 89 is below what the option can pay, 90"),
        (3, {"expiry": 0}, "expiry", "a put has an expiry"),
    ],
)
def test_dated_instruments_that_contradict_themselves_are_refused_with_their_field(
    place: int, terms: dict[str, Any], field: str, problem: str
) -> None:
    # What a future of an earlier expiry breaks is the option that is written on it; the first instrument has its underlying's scan range.
    breaks = {(1, "reference"): 2, (0, "maintenance_ppm"): 1}
    blamed = breaks.get((place, field), place)
    with pytest.raises(Malformed, match=problem) as refusal:
        deployment(place, **terms)
    assert refusal.value.field == f"instruments[{blamed}].{field}"
    assert f"instrument {LISTED[blamed].id}: " in str(refusal.value)


def test_an_underlying_of_its_own_has_a_scan_range_of_its_own() -> None:
    assert deployment(4, maintenance_ppm=89_999).instruments[4].maintenance_ppm == 89_999


def test_no_scenario_moves_the_reference_of_an_option_beyond_what_a_loss_can_say() -> None:
    """At the largest price there is."""

    def listed(scan: int) -> Genesis:
        terms = {"maintenance_ppm": scan, "max_price": MAX_PRICE}
        pair = (instrument(1, 1, **terms), option(4, InstrumentKind.PUT, 90, expiry=4_000, **terms))
        return Genesis(GENESIS.parameters, pair, (100, 80), START, (ARRAY,))

    # 3 * (2^40 - 1) * (10^6 + 3 * scan) against 2^63 - 1.
    largest = 598_734
    assert farthest_price(listed(largest).instruments[0]) <= LOSS.high
    with pytest.raises(Malformed, match="the farthest scenario of the reference 1 is beyond any loss") as refusal:
        listed(largest + 1)
    assert refusal.value.field == "instruments[1].reference"


def test_a_put_never_pays_more_than_its_strike() -> None:
    assert deployment(3, max_price=90).instruments[3].max_price == 90


@pytest.mark.parametrize(
    ("losses", "field", "problem"),
    [
        ((), "losses", "0 risk arrays for 2 options"),
        ((ARRAY,), "losses", "1 risk arrays for 2 options"),
        ((ARRAY, ARRAY, ARRAY), "losses", "3 risk arrays for 2 options"),
        (((), ARRAY), "losses[0]", "instrument 3: a risk array of 0 losses"),
        ((ARRAY, ARRAY[1:]), "losses[1]", "instrument 4: a risk array of 15 losses"),
        ((ARRAY, (*ARRAY, 0)), "losses[1]", "instrument 4: a risk array of 17 losses"),
    ],
)
def test_each_option_has_a_first_array_of_sixteen_losses(
    losses: tuple[tuple[int, ...], ...], field: str, problem: str
) -> None:
    with pytest.raises(Malformed, match=problem) as refusal:
        deployment(losses=losses)
    assert refusal.value.field == field


def test_linear_instruments_need_no_array() -> None:
    assert Genesis(GENESIS.parameters, (PERPETUAL, FUTURE), (100, 100), START).losses == ()
