"""Binance's maintenance tiers and dYdX v4's margin parameters, beside our linear rule and as instruments of a deployment."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve

from settlespec.arithmetic import PPM
from settlespec.domain.genesis import Genesis
from settlespec.domain.instruments import Instrument
from settlespec.machine.genesis import initial_state, standard
from settlespec.machine.markets import linear_market
from settlespec.machine.signatures import Ideal
from settlespec.rules import margin
from tests.machine.driver import instrument

Tiers = dict[str, list[dict[str, float]]]
Shared = Callable[[str], Path]

MARK: Final = 1_000_000
"""Quantums per lot: a lot is one unit of the quote currency, so a notional is a number of lots."""

TIERS: Final = 100
PERPETUALS: Final = 8


@pytest.fixture(scope="module")
def tiers(shared: Shared) -> Tiers:
    found: Tiers = json.loads(shared("data/binance_usdm_margin_tiers.json").read_text(encoding="utf-8"))["tiers"]
    return found


@pytest.fixture(scope="module")
def dydx(shared: Shared) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("data/dydx_v4_margin_params.json").read_text(encoding="utf-8"))
    return found


def whole(number: float) -> int:
    assert number == int(number)
    return int(number)


def required(notional: float, rate: float) -> int:
    """Our maintenance of a position of this notional, in quantums, at a rate that is whole in ppm."""
    share = round(rate * PPM)
    assert abs(share - rate * PPM) < 1e-9
    market = linear_market(instrument(1, 1, maintenance_ppm=share - 1, basis_ppm=1), MARK)
    return margin.maintenance(margin.risk_alone(whole(notional), market.risk))


def tiered(tier: dict[str, float], notional: float) -> int:
    """What Binance asks: our linear rule at the tier's rate, less the tier's constant."""
    return required(notional, tier["mm_rate"]) - whole(tier["maint_amount"] * MARK)


def test_binance_s_constants_make_our_linear_rule_of_each_tier_continue_that_of_the_tier_before(tiers: Tiers) -> None:
    assert sum(len(table) for table in tiers.values()) == TIERS
    for name, table in tiers.items():
        assert tiered(table[0], 0) == 0
        for below, above in pairwise(table):
            border = below["max_notional"]
            assert border == above["min_notional"]
            assert tiered(below, border) == tiered(above, border), (name, above["tier"])
            # The constant is the whole difference: without it our rule asks for more from the border on.
            assert required(border, above["mm_rate"]) > required(border, below["mm_rate"])


def test_the_leverage_of_every_tier_is_an_initial_factor_that_our_parameters_accept(tiers: Tiers) -> None:
    parameters = standard(Ideal()).parameters
    factors = set()
    for table in tiers.values():
        for tier in table:
            factor = round(PPM / (tier["max_leverage"] * tier["mm_rate"]))
            assert evolve(parameters, initial_factor_ppm=factor).initial_factor_ppm == factor
            factors.add(factor)
    assert (min(factors), max(factors)) == (1_333_333, 3_076_923)


def test_tiers_ask_less_of_two_halves_than_of_the_whole_and_our_rule_does_not(tiers: Tiers) -> None:
    """Why MARGIN-5 has no tiers: a requirement that is not sub-additive is avoided by a second account."""
    saved = {}
    for name, table in tiers.items():
        whole_position = table[-1]["max_notional"]
        half = whole_position / 2
        (tier,) = [tier for tier in table if tier["min_notional"] < half <= tier["max_notional"]]
        saved[name] = 1 - 2 * tiered(tier, half) / tiered(table[-1], whole_position)
        for linear in table:
            assert 2 * required(half, linear["mm_rate"]) == required(whole_position, linear["mm_rate"])
    assert (round(min(saved.values()), 2), round(max(saved.values()), 2)) == (0.34, 0.57)


def perpetual(number: int, tier: dict[str, Any], config: dict[str, Any]) -> Instrument:
    """A perpetual of dYdX as one of ours.

    Its initial margin rises from the lower to the upper cap of the open interest to the whole notional; so does ours.
    """
    rate, rest = divmod(tier["initial_margin_ppm"] * tier["maintenance_fraction_ppm"], PPM)
    assert rest == 0
    lower, upper = tier["open_interest_lower_cap"] // MARK, tier["open_interest_upper_cap"] // MARK
    return instrument(
        number,
        number,
        maintenance_ppm=rate - 1,
        basis_ppm=1,
        liquidation_fee_ppm=config["max_liquidation_fee_ppm"],
        surcharge_from=lower,
        surcharge_to=max(upper, lower + 1),
        surcharge_ppm=(PPM - tier["initial_margin_ppm"]) * PPM // rate if upper else 0,
        max_price=10 * MARK,
    )


def factor_of(tier: dict[str, Any]) -> int:
    """The initial factor that makes the initial margin of a tier from its maintenance margin, rounded up."""
    fraction: int = tier["maintenance_fraction_ppm"]
    return -(-PPM * PPM // fraction)


def deployment(tiers: list[dict[str, Any]], config: dict[str, Any]) -> Genesis:
    """One of ours for tiers of one maintenance fraction, since the initial factor is the same for every instrument."""
    (factor,) = {factor_of(tier) for tier in tiers}
    listed = [perpetual(number, tier, config) for number, tier in enumerate(tiers, 1)]
    found = standard(Ideal(), listed, [MARK] * len(listed))
    return evolve(found, parameters=evolve(found.parameters, initial_factor_ppm=factor))


def test_every_perpetual_and_every_tier_of_dydx_is_an_instrument_that_a_genesis_accepts(dydx: dict[str, Any]) -> None:
    by_id = {tier["id"]: tier for tier in dydx["liquidity_tiers"]}
    assert len(dydx["perpetuals"]) == PERPETUALS
    listed = [by_id[perpetual["liquidity_tier"]] for perpetual in dydx["perpetuals"]] + list(by_id.values())
    fractions = {tier["maintenance_fraction_ppm"] for tier in listed}
    assert fractions == {200_000, 500_000, 600_000}
    accepted = 0
    for fraction in fractions:
        state = initial_state(
            deployment(
                [tier for tier in listed if tier["maintenance_fraction_ppm"] == fraction], dydx["liquidations_config"]
            )
        )
        accepted += len(state.markets)
    assert accepted == PERPETUALS + len(by_id)


@pytest.mark.parametrize("number", range(7))
def test_our_requirement_of_a_tier_is_dydx_s_from_the_maintenance_to_the_upper_cap_of_the_open_interest(
    dydx: dict[str, Any], number: int
) -> None:
    tier = dydx["liquidity_tiers"][number]
    terms = perpetual(1, tier, dydx["liquidations_config"])
    market, factor = linear_market(terms, MARK), factor_of(tier)
    risk = margin.risk_alone(PPM, market.risk)
    maintenance = margin.maintenance(risk)
    assert maintenance == tier["initial_margin_ppm"] * tier["maintenance_fraction_ppm"] // PPM * MARK
    notional = PPM * MARK

    def initial(open_interest: int) -> int:
        return margin.initial(maintenance, factor, margin.surcharge(risk, margin.surcharge_rate(open_interest, terms)))

    def missed(wanted: int, open_interest: int) -> int:
        return abs(initial(open_interest) - wanted)

    base = tier["initial_margin_ppm"] * MARK
    # The factor is rounded up to a ppm of the maintenance margin, the surcharge down.
    rounding = maintenance // PPM + 1
    assert missed(base, 0) <= rounding
    lower, upper = (tier[f"open_interest_{name}_cap"] // MARK for name in ("lower", "upper"))
    if upper:
        assert missed(base, lower) <= rounding
        assert missed((base + notional) // 2, (lower + upper) // 2) <= rounding
        assert missed(notional, upper) <= rounding
        assert initial(upper + 1) == initial(upper)
    else:
        assert initial(10**15) == initial(0)
