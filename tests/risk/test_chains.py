"""Every option of a chain gets a mark, a volatility and an array, and how it came by them is counted."""

from collections import Counter
from collections.abc import Callable
from csv import DictReader
from functools import cache
from gzip import open as gzip_open
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest

from settlespec.domain.errors import BadInput
from settlespec.domain.instruments import SCENARIOS
from settlespec.risk import chains
from settlespec.risk.arrays import YEAR, Scan, missing_minimum
from settlespec.risk.black76 import Right, Unpriced, price
from settlespec.risk.chain_files import DAY, DERIBIT, LEAN_FUTURE_OPTION, LEAN_OPTION, YAHOO
from settlespec.risk.chains import Chain, ForwardOrigin, Origin, option_losses, read_chain
from settlespec.risk.parity import implied_forward
from settlespec.rules.margin import RISK_SCALE

SPX_2015: Final = "data/option_chain_spx_20151223.csv.gz"
ES_2020: Final = "data/option_chain_es_fop_20200103.csv.gz"
SPX_2026: Final = "data/option_chain_spx_20260130_a.csv.gz"
BTC_2022: Final = "data/option_iv_deribit_btc_20220609.csv.gz"

TIMES: Final = {SPX_2015: 16_792 * DAY, ES_2020: 18_264 * DAY, SPX_2026: 20_483 * DAY}
BTC_DAYS: Final = "data/btcusdt_1d_20170818_20260130.csv.gz"
JUNE_9: Final = 19_152 * 86_400
"""2022-06-09 in seconds."""

SCANS: Final = {SPX_2015: 60_000, ES_2020: 60_000, SPX_2026: 60_000, BTC_2022: 150_000}
"""Scan ranges in ppm; the volatility moves by a quarter."""

Shared = Callable[[str], Path]


@cache
def real(shared: Shared, name: str) -> Chain:
    if name == BTC_2022:
        with gzip_open(shared(BTC_DAYS), "rt") as days:
            (close,) = [row["close"] for row in DictReader(days) if int(row["ts"]) == JUNE_9]
        return read_chain(shared(name), forward=float(close))
    return read_chain(shared(name), time=TIMES[name])


EXPECTED: Final[dict[str, tuple[int, int, dict[Origin, int], dict[ForwardOrigin, int], int]]] = {
    SPX_2015: (
        272, 0,
        {Origin.CLOSE: 228, Origin.BELOW_INTRINSIC: 44},
        {ForwardOrigin.PARITY: 10, ForwardOrigin.NEIGHBOUR: 1},
        40,
    ),
    ES_2020: (104, 0, {Origin.CLOSE: 104}, {ForwardOrigin.STATED: 1}, 4),
    SPX_2026: (
        8_916, 0,
        {
            Origin.MID: 8_257, Origin.BELOW_INTRINSIC: 193, Origin.HALF_ASK: 329, Origin.NO_QUOTE: 127, Origin.NO_ASK: 9,
            Origin.UNBELIEVED: 1,
        },
        {ForwardOrigin.PARITY: 27},
        526,
    ),
    BTC_2022: (32, 288, {Origin.STATED: 32}, {ForwardOrigin.GIVEN: 1}, 10),
}  # fmt: skip
"""Options, rows superseded, how marks and forwards were obtained, and shorts whose array alone needs less than a tenth of the range."""


@pytest.mark.parametrize("name", EXPECTED)
def test_every_option_of_a_real_chain_gets_an_array(shared: Shared, name: str) -> None:
    chain = real(shared, name)
    options, superseded, counts, forwards, far = EXPECTED[name]
    assert (len(chain.options), chain.superseded) == (options, superseded)
    assert chain.counts == counts
    assert Counter(chain.forward_origins.values()) == forwards
    below_a_tenth = 0
    for option in chain.options:
        losses = option_losses(chain, option, 10_000, Scan(SCANS[name], 250_000))
        assert len(losses) == SCENARIOS
        reference = round(chain.forwards[option.expiry] * 10_000)
        # No scenario moves an option by more than its reference, but for the volatility; and a mark can be lost only once.
        assert max(losses) <= max(1, round(option.mark * 10_000)) * RISK_SCALE
        assert max(-loss for loss in losses) <= 2 * 3 * reference * SCANS[name]
        below_a_tenth += missing_minimum(losses, reference, SCANS[name], 100_000) > 0
    assert below_a_tenth == far


def test_the_implied_forward_of_the_es_chain_is_its_future(shared: Shared) -> None:
    prices: dict[float, dict[Right, float]] = {}
    for option in real(shared, ES_2020).options:
        prices.setdefault(option.strike, {})[option.right] = option.mark
    pairs = {strike: (pair[Right.CALL], pair[Right.PUT]) for strike, pair in prices.items() if len(pair) == 2}
    implied = implied_forward(pairs)
    assert implied is not None
    assert abs(implied - 3_223.75) <= 0.25


def test_the_implied_forwards_of_the_large_chain_rise_with_the_expiry(shared: Shared) -> None:
    forwards = [forward for _, forward in sorted(real(shared, SPX_2026).forwards.items())]
    assert forwards == sorted(forwards)
    assert (round(forwards[0]), round(forwards[-1])) == (6_936, 8_033)


def test_the_discounts_of_the_large_chain_fall_with_the_expiry_where_enough_pairs_are_far_from_the_money(
    shared: Shared,
) -> None:
    discounts = [discount for _, discount in sorted(real(shared, SPX_2026).discounts.items())]
    implied = [discount for discount in discounts if discount < 1.0]
    assert (len(discounts), len(implied)) == (27, 16)
    assert (round(implied[0], 4), round(implied[-1], 4)) == (0.9988, 0.8340)
    assert all(later < earlier + 0.0002 for earlier, later in pairwise(implied))


def test_volatilities_of_options_out_of_the_money_are_near_the_vendor_s(shared: Shared) -> None:
    chain = real(shared, SPX_2015)
    with gzip_open(shared(SPX_2015), "rt") as rows:
        stated = [float(row["implied_volatility"]) for row in DictReader(rows)]
    differences = [
        abs(option.volatility - stated[option.line - 2])
        for option in chain.options
        if option.origin is Origin.CLOSE and option.right * (option.strike - chain.forwards[option.expiry]) > 0
    ]
    assert len(differences) == 126
    assert median(differences) < 0.01
    assert max(differences) < 0.04


def priced(right: Right, strike: float, volatility: float, forward: float = 100.0, days: int = 73) -> float:
    found = price(right, forward, strike, volatility, days * DAY / YEAR)
    assert not isinstance(found, Unpriced)
    return found


def quoted(right: str, strike: float, bid: object, ask: object, expiry: str = "1970-03-15") -> str:
    return f"X,,{strike},,{bid},{ask},,,,,{right},{expiry}"


def both(strike: float, volatility: float) -> tuple[str, str]:
    """Call and put at a volatility, expiring after 73 days, a fifth of a year."""
    call, put = priced(Right.CALL, strike, volatility), priced(Right.PUT, strike, volatility)
    return quoted("call", strike, call, call), quoted("put", strike, put, put)


def table(folder: Path, *rows: str, **terms: Any) -> Chain:
    file = folder / "chain.csv"
    file.write_text("\n".join((",".join(YAHOO), *rows)), encoding="utf-8")
    return read_chain(file, **{"time": 0, **terms})


def test_forward_marks_and_volatilities_are_found_again(tmp_path: Path) -> None:
    chain = table(tmp_path, *both(90, 0.5), *both(100, 0.4), *both(110, 0.3))
    ((expiry, forward),) = chain.forwards.items()
    assert expiry == 73 * DAY
    assert forward == pytest.approx(100.0, rel=1e-12)
    assert [option.volatility for option in chain.options] == pytest.approx([0.5, 0.5, 0.4, 0.4, 0.3, 0.3])
    assert chain.counts == {Origin.MID: 6}


STRANGE = {
    Origin.CROSSED: ("call", 105.0, 9.0, 3.0),
    Origin.NO_ASK: ("call", 105.0, 9.0, 0),
    Origin.NO_QUOTE: ("call", 105.0, 0, 0),
    Origin.BELOW_INTRINSIC: ("put", 105.0, 4.0, 4.5),
    Origin.ABOVE_BOUND: ("call", 105.0, 100.0, 101.0),
}


@pytest.mark.parametrize("origin", STRANGE)
def test_a_quote_that_is_worth_nothing_takes_the_volatility_between_its_neighbours(
    origin: Origin, tmp_path: Path
) -> None:
    right, strike, bid, ask = STRANGE[origin]
    chain = table(tmp_path, *both(100, 0.4), *both(110, 0.3), quoted(right, strike, bid, ask))
    found = chain.options[-1]
    assert chain.counts == {Origin.MID: 4, origin: 1}
    assert 0.345 < found.volatility < 0.355
    assert found.mark == pytest.approx(priced(found.right, strike, found.volatility))


def test_beyond_the_last_strike_the_volatility_is_that_of_the_last(tmp_path: Path) -> None:
    rows = (*both(90, 0.5), *both(100, 0.4), quoted("put", 50, 0, 0), quoted("call", 200, 0, 0))
    chain = table(tmp_path, *rows)
    assert [option.volatility for option in chain.options[-2:]] == pytest.approx([0.5, 0.4])


def test_a_volatility_that_is_not_believed_is_nobody_s_neighbour(tmp_path: Path) -> None:
    at_intrinsic = quoted("put", 110, 10, 10)
    chain = table(tmp_path, *both(100, 0.4), at_intrinsic, quoted("call", 120, 0, 0), forward=100.0)
    assert [option.origin for option in chain.options[-2:]] == [Origin.UNBELIEVED, Origin.NO_QUOTE]
    assert chain.options[-1].volatility == pytest.approx(0.4)


@pytest.mark.parametrize(("strike", "expected"), [(90.0, 0.5), (110.0, 0.3)])
def test_where_call_and_put_say_different_volatilities_the_one_out_of_the_money_is_the_neighbour_s(
    strike: float, expected: float, tmp_path: Path
) -> None:
    call, put = priced(Right.CALL, strike, 0.3), priced(Right.PUT, strike, 0.5)
    rows = [quoted("call", strike, call, call), quoted("put", strike, put, put)]
    beyond = quoted("put" if strike < 100 else "call", strike - 20 if strike < 100 else strike + 20, 0, 0)
    for order in (rows, rows[::-1]):
        found = table(tmp_path, *order, beyond, forward=100.0).options[-1]
        assert found.volatility == pytest.approx(expected)


def test_without_a_bid_the_mark_is_half_the_ask(tmp_path: Path) -> None:
    chain = table(tmp_path, *both(100, 0.4), quoted("put", 60, 0, 0.05))
    found = chain.options[-1]
    assert (found.origin, found.mark) == (Origin.HALF_ASK, 0.025)
    assert priced(Right.PUT, 60, found.volatility) == pytest.approx(0.025)


def test_a_quote_at_its_intrinsic_value_has_the_floor_and_one_at_its_bound_the_cap(tmp_path: Path) -> None:
    chain = table(tmp_path, *both(100, 0.4), quoted("put", 128, 28, 28), quoted("call", 128, 99, 99), forward=100.0)
    low, high = chain.options[-2:]
    assert (low.origin, low.volatility, low.mark) == (Origin.UNBELIEVED, chains.FLOOR, 28.0)
    assert (high.origin, high.volatility) == (Origin.UNBELIEVED, chains.CAP)
    assert high.mark == pytest.approx(priced(Right.CALL, 128, chains.CAP))


def test_a_chain_without_one_explained_price_has_the_floor_everywhere(tmp_path: Path) -> None:
    chain = table(tmp_path, quoted("call", 100, 0, 0), forward=100.0)
    assert [option.volatility for option in chain.options] == [chains.FLOOR]
    assert chain.forward_origins == {73 * DAY: ForwardOrigin.GIVEN}


def test_an_expiry_without_a_pair_has_the_forward_and_the_smile_of_the_nearest(tmp_path: Path) -> None:
    chain = table(tmp_path, *both(100, 0.4), quoted("call", 100, 0, 0, "1970-06-01"))
    assert chain.forward_origins[151 * DAY] is ForwardOrigin.NEIGHBOUR
    assert chain.forwards[151 * DAY] == chain.forwards[73 * DAY]
    assert chain.options[-1].volatility == pytest.approx(0.4)


def test_the_forward_is_the_median_over_the_nearest_pairs_and_a_quote_without_a_bid_is_no_pair(tmp_path: Path) -> None:
    near = [row for strike in range(96, 105) for row in both(strike, 0.4)]
    far = [quoted("call", 10, 85, 85), quoted("put", 10, 1, 1)]
    no_bid = [quoted("call", 100.5, 0, 90), quoted("put", 100.5, 3, 3)]
    assert table(tmp_path, *near, *far, *no_bid).forwards[73 * DAY] == pytest.approx(100.0)
    assert table(tmp_path, *far, *no_bid).forwards[73 * DAY] == 94.0


def test_discounted_prices_are_divided_by_the_discount_that_far_pairs_imply(tmp_path: Path) -> None:
    rows = []
    for strike in (60, 80, 90, 100, 110, 120, 140):
        call, put = (0.96 * priced(right, strike, 0.4) for right in (Right.CALL, Right.PUT))
        rows += [quoted("call", strike, call, call), quoted("put", strike, put, put)]
    chain = table(tmp_path, *rows)
    assert chain.discounts[73 * DAY] == pytest.approx(0.96)
    assert chain.forwards[73 * DAY] == pytest.approx(100.0)
    assert chain.counts == {Origin.MID: 14}
    assert [option.volatility for option in chain.options] == pytest.approx([0.4] * 14)


def lean(*rows: str, names: tuple[str, ...] = LEAN_OPTION) -> list[str]:
    return [",".join(names), *rows]


ROW = "19700315,100,C,,,,5,,,,,,,,"
FUTURE = "100,19700315,100,C,,,,5,,"

REFUSALS: dict[str, tuple[list[str], dict[str, Any], int | None, str | None, str]] = {
    "no rows": (lean(), {"time": 0}, 1, None, "no options"),
    "no time": (lean(ROW), {}, None, "time", "does not say when it was quoted"),
    "an option twice": (lean(ROW, ROW), {"time": 0}, 3, "strike", "the option of line 2 again"),
    "an expired option": (lean(ROW), {"time": 73 * DAY}, 2, "expiry", "the option has expired"),
    "an expiry in a century": (lean(ROW.replace("1970", "2970")), {"time": 0}, 2, "expiry", "more than a century"),
    "no pair": (lean(ROW), {"time": 0}, None, "forward", "no strike has prices of a call and a put"),
    "a forward that is no number": (lean(ROW), {"time": 0, "forward": float("nan")}, None, "forward", "a forward of nan"),
    "a forward of zero": (lean(ROW), {"time": 0, "forward": 0.0}, None, "forward", "a forward of 0.0"),
    "another underlying": (
        lean(FUTURE, "101,19700315,105,C,,,,5,,", names=LEAN_FUTURE_OPTION), {"time": 0}, 3, "underlying_close", "101.0",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "terms", "line", "field", "problem"), list(REFUSALS.values()), ids=list(REFUSALS))
def test_a_chain_that_says_too_little_or_contradicts_itself_is_refused(
    rows: list[str], terms: dict[str, Any], line: int | None, field: str | None, problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "chain.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_chain(file, **terms)
    error = refused.value
    assert (error.file, error.line, error.field) == (str(file), line, field)
    assert problem in error.problem
    assert error.remedy


def test_a_later_quote_of_an_option_replaces_an_earlier_one_and_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "chain.csv"
    rows = (f"BTC-20MAR20-3000-P,{time},put,3000.0,{iv}" for time, iv in ((2, 70), (3, 75), (3, 80), (1, 60)))
    file.write_text("\n".join((",".join(DERIBIT), *rows)), encoding="utf-8")
    chain = read_chain(file, forward=3_000.0, time=18_000 * DAY)
    assert [(option.line, option.volatility) for option in chain.options] == [(4, 0.8)]
    assert chain.superseded == 3


def test_a_chain_has_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "MAX_OPTIONS", 3)
    with pytest.raises(BadInput, match="more than 3 options") as refused:
        table(tmp_path, *both(90, 0.5), *both(100, 0.4))
    assert refused.value.line == 5
    monkeypatch.setattr(chains, "MAX_ROWS", 2)
    with pytest.raises(BadInput, match="more than 2 rows"):
        table(tmp_path, *both(90, 0.5), *both(100, 0.4))


def test_a_lot_that_is_too_large_for_a_price_is_refused(tmp_path: Path) -> None:
    chain = table(tmp_path, *both(100, 0.4))
    assert len(option_losses(chain, chain.options[0], 1, Scan(60_000, 0))) == SCENARIOS
    with pytest.raises(BadInput, match="is out of its range"):
        option_losses(chain, chain.options[0], 10**12, Scan(60_000, 0))
