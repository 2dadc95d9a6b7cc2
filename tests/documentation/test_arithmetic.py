"""docs/arithmetic.md computes what the rules compute."""

from random import Random
from types import SimpleNamespace
from typing import Any, Final

import pytest
from attrs import evolve
from immutables import Map

from settlespec.domain.accounts import Account, Position
from settlespec.domain.instruments import InstrumentKind, Market
from settlespec.machine.markets import RIGHTS, revalued_market
from settlespec.machine.standing import standing
from settlespec.rules import custody, expiry, fees, funding, liquidation, margin, trading
from tests.documentation.pages import code, page
from tests.machine.driver import instrument, option

SEEDS: Final = range(100)


@pytest.fixture(scope="module")
def told() -> Any:
    """The functions of the page."""
    names: dict[str, Any] = {}
    exec(code(page("arithmetic.md")), names)
    return SimpleNamespace(**names)


def market(source: Random) -> Market:
    terms = instrument(
        1,
        1,
        maintenance_ppm=source.choice((1, 30_000, 333_333)),
        basis_ppm=source.choice((1, 999)),
        maker_fee_ppm=source.choice((-110, 0, 250)),
        price_step=source.choice((1, 7, 10)),
        band_steps=source.randrange(4),
        band_ppm=source.choice((0, 50_000, 2_000_000)),
    )
    mark = source.randint(1, 10**6)
    return revalued_market(terms, mark, mark, (), surcharge_ppm=source.choice((0, 77, 500_000)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_trade_moves_size_cost_and_collateral_as_the_page_says(told: Any, seed: int) -> None:
    source = Random(seed)
    size, price = source.randint(-20, 20), source.randint(1, 1_000)
    cost = source.randint(-20_000, 20_000) if size else 0
    change = source.choice((-1, 1)) * source.randint(1, 30)
    after = trading.trade_position(Position(size, cost), change, price)
    assert told.trade_position(size, cost, change, price) == (after.size, after.cost)
    assert told.realised(size, cost, change, price) == trading.realised(Position(size, cost), change, price)


@pytest.mark.parametrize("seed", SEEDS)
def test_fees_and_bands_are_those_of_the_page(told: Any, seed: int) -> None:
    source = Random(seed)
    notional, rate = source.randint(1, 10**9), source.randint(-(10**6), 10**6)
    taker = told.taker_fee(notional, abs(rate) // 2)
    assert taker == fees.taker_fee(notional, abs(rate) // 2)
    assert told.maker_fee(notional, rate, taker) == fees.maker_fee(notional, rate, taker)
    assert told.resting_fee(notional, rate) == fees.resting_fee(notional, rate)
    now = market(source)
    terms = now.instrument
    width = told.half_width(now.mark, terms.price_step, terms.band_steps, terms.band_ppm)
    edges = told.band_low(now.mark, width, terms.price_step), told.band_high(now.mark, width, terms.price_step)
    low, high = (told.capped_edge(edge, terms.max_price, terms.price_step) for edge in edges)
    assert (low, max(low, high)) == (now.low, now.high)


@pytest.mark.parametrize("seed", SEEDS)
def test_requirements_and_reserves_are_those_of_the_page(told: Any, seed: int) -> None:
    source = Random(seed)
    markets = [market(source) for _ in range(3)]
    sizes = [source.randint(-50, 50) for _ in markets]
    markets.append(option_market(source, told, markets[0]))
    sizes.append(source.randint(-50, 50))
    arrays = [array_of(told, each) for each in markets]
    risk = told.underlying_risk(list(zip(sizes, arrays, strict=True)))
    assert risk == margin.underlying_risk(
        tuple(margin.Holding(size, each) for size, each in zip(sizes, markets, strict=True))
    )
    assert all(told.extremes(array) == extremes_of(each) for each, array in zip(markets, arrays, strict=True))
    charge = told.surcharge(risk, markets[0].surcharge_ppm)
    assert charge == margin.surcharge(risk, markets[0].surcharge_ppm)
    assert told.initial(told.maintenance(risk), 1_500_000, charge) == margin.initial(
        margin.maintenance(risk), 1_500_000, charge
    )
    now = markets[0]
    terms = now.instrument
    side, size, price = source.choice((1, -1)), source.randint(1, 50), source.randint(1, 2 * now.mark)
    for reduce_only in (False, True):
        assert told.order_reserve(
            side,
            size,
            price,
            reduce_only,
            (
                now.mark,
                arrays[0],
                now.surcharge_ppm,
                terms.maker_fee_ppm,
                1_500_000,
            ),
        ) == margin.order_reserve(side, size, price, reduce_only, now, 1_500_000)


def extremes_of(each: Market) -> tuple[int, int, int, int]:
    return each.risk.worst_long, each.risk.worst_short, each.risk.long_lot, each.risk.short_lot


def array_of(told: Any, each: Market) -> Any:
    """The array of a market as the page makes it: a linear one from the mark, an option's as it counts already."""
    terms = each.instrument
    if terms.kind.is_option:
        return list(each.risk.losses), each.risk.basis, each.risk.short_minimum
    return told.linear_array(each.mark, terms.maintenance_ppm, terms.basis_ppm)


def option_market(source: Random, told: Any, reference: Market) -> Market:
    """An option with an array that may say anything; the page counts of it what the rules count."""
    kind = source.choice((InstrumentKind.CALL, InstrumentKind.PUT))
    scan = reference.instrument.maintenance_ppm
    strike, mark = source.randint(1, 2 * reference.mark), source.randint(1, reference.mark)
    terms = option(9, kind, strike, expiry=1, maintenance_ppm=scan, basis_ppm=source.choice((1, 999)))
    reach = source.choice((1, mark * margin.RISK_SCALE, 2**62))
    stated = tuple(source.randint(-reach, reach) for _ in margin.THIRDS)
    found = revalued_market(terms, mark, reference.mark, stated)
    asked = RIGHTS[kind], strike, scan, terms.basis_ppm, terms.short_minimum_ppm
    losses, basis, least = told.option_array(asked, mark, reference.mark, stated)
    assert (tuple(losses), basis, least) == (found.risk.losses, found.risk.basis, found.risk.short_minimum)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_an_account_needs_what_the_page_says_over_all_its_underlyings(told: Any, seed: int) -> None:
    source = Random(seed)
    linear, other = market(source), market(source)
    elsewhere = evolve(other.instrument, id=3, underlying=2)
    markets = {1: linear, 2: option_market(source, told, linear), 3: evolve(other, instrument=elsewhere)}
    markets[2] = evolve(markets[2], surcharge_ppm=linear.surcharge_ppm)
    sizes = {name: source.choice((-1, 1)) * source.randint(1, 50) for name in markets}
    account = Account(b"", 0, Map({name: Position(size, 0) for name, size in sizes.items()}), Map(), 0)
    held = {name: (size, array_of(told, markets[name])) for name, size in sizes.items()}
    groups = [([held[1], held[2]], linear.surcharge_ppm), ([held[3]], other.surcharge_ppm)]
    needed = standing(account, Map(markets), 1_500_000)
    assert told.requirements(groups, 1_500_000) == (needed.maintenance, needed.initial)


@pytest.mark.parametrize("seed", SEEDS)
def test_expiry_and_the_round_are_those_of_the_page(told: Any, seed: int) -> None:
    source = Random(seed)
    right, strike, value = source.choice((1, -1)), source.randint(1, 99), source.randint(1, 99)
    assert told.option_payoff(right, strike, value) == expiry.option_payoff(right, strike, value)
    held = [(source.randint(-9, 9), source.randint(0, 9), source.randint(1, 99), source.randint(-9, 9)) for _ in "abc"]
    elapsed = source.randint(0, 10**8)
    exact = sum(
        funding.exact_payment(funding.capped_rate(rate, cap), mark, size, elapsed) for rate, cap, mark, size in held
    )
    assert told.funding(held, elapsed) == funding.payment(exact)
    owed, gain, others = source.randint(0, 9), source.randint(1, 9), source.randint(9, 99)
    assert told.haircut(owed, gain, gain + others) == liquidation.haircut(owed, gain, gain + others)
    worth, before = source.randint(1, 99), source.randint(2, 99)
    after, released = source.randrange(before), source.randint(-99, 99)
    quote = told.bankruptcy_quote(worth, before, after, released)
    assert quote == liquidation.bankruptcy_quote(worth, before, after, released)
    notional, rate, over = source.randint(1, 10**6), source.randint(0, 10**5), source.randint(0, 9_999)
    assert told.liquidation_fee(notional, rate, over) == liquidation.liquidation_fee(notional, rate, over)
    assert told.slip_width(notional, rate, 7) == liquidation.slip_width(notional, rate, 7)
    assert told.gain_of_round(before, after) == liquidation.gain_of_round(before, after)
    assert told.restored(worth, before, after) == liquidation.restored(worth, before, after)
    assert told.headroom(worth, notional, 1_500_000, over) == liquidation.headroom(worth, notional, 1_500_000, over)
    terms = instrument(1, 1, surcharge_from=10, surcharge_to=40, surcharge_ppm=source.randint(0, 999))
    stepped = told.surcharge_rate(before, terms.surcharge_from, terms.surcharge_to, terms.surcharge_ppm)
    assert stepped == margin.surcharge_rate(before, terms)
    assert told.near_expiry(before, after, owed) == expiry.near_expiry(before, after, owed)
    linear = source.randint(1, 99)
    weighted = told.weighted_open_interest(notional, owed, linear)
    assert weighted == margin.weighted_open_interest(notional, owed, linear)


@pytest.mark.parametrize("seed", SEEDS)
def test_equity_and_what_is_free_are_those_of_the_page(told: Any, seed: int) -> None:
    source = Random(seed)
    held = [(source.randint(-9, 9), source.randint(-900, 900), source.randint(1, 99)) for _ in range(3)]
    cash = 500 - sum(cost for _, cost, _ in held)
    now = told.equity(500, held)
    assert now == margin.equity(cash, (size * mark for size, _, mark in held))
    before, after = source.randint(0, 9), source.randint(0, 9)
    then = now + source.randint(-5, 5)
    assert told.reduces_risk(now, then, before, after) == margin.reduces_risk(now, then, before, after)
    assert told.free_collateral(now, before, after) == custody.free_collateral(now, before, after)


def test_the_moves_and_their_scale_are_those_of_the_risk_array(told: Any) -> None:
    assert told.MOVES == margin.THIRDS
    assert told.SCALE == margin.RISK_SCALE
