"""Worked margin examples of six venues, asked of our rules.

``pytest -s tests/yardsticks/test_margin.py`` shows the mapping, and what differs on purpose by how much.
"""

import json
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account, Position
from settlespec.domain.instruments import Market, RiskArray
from settlespec.domain.quantities import PRICE
from settlespec.machine.markets import linear_market
from settlespec.machine.standing import standing
from settlespec.rules import margin
from settlespec.rules.margin import RISK_SCALE
from tests.machine.driver import instrument
from tests.yardsticks.notes import Notes

EXAMPLES: Final = 21

QUANTUM: Final = Decimal("1e-9")
"""Of the venue's currency: the tightest examples are stated to a millionth."""

Answer = dict[str, Decimal]

LINES: Final = {
    "lot": "a lot is the finest decimal of the example's quantities, a quantum 1e-9 of its currency.",
    "rate": "maintenance_ppm + basis_ppm = the venue's rate; 1 ppm of it is the spread charge.",
    "own-underlying": "every position has an underlying of its own.",
    "wallet": "the wallet is the collateral, the entry is the cost; an isolated position is an account that holds nothing else.",
    "breach": "the liquidation price is the mark nearest to the entry at which MARGIN-10 finds the account in breach.",
    "deduction": "maint_amount, a constant, stands on the other side of the comparison: it is added to the collateral.",
    "fee-in-rate": "the taker's fee of the close is part of the rate.",
    "leverage": "the wallet of an isolated position is its entry notional over the leverage.",
    "slippage": "the slippage factor is the spread charge; the best exit price is further away than it, and is not asked.",
    "levels": "search, initial and release are MARGIN-5 with their factors; ours are exact, so they are cut to whole units at last.",
    "at-entry": "the margin of an isolated position is what it needs while the mark is its entry.",
    "array": "the profits of the published array, negated, times RISK_SCALE, are the losses of our array.",
    "half-of-initial": "the maintenance rate is given by a deployment whose initial factor is 2 and whose initial rate is 1/leverage.",
    "last-tier": "the notional is asked at the rate of its own tier, in ppm rounded up, and without a deduction.",
}

NOTES: Final = Notes(LINES)

ENTRY: Final = "MARGIN-1: maintenance is a share of the notional at the mark, not at the entry."
TIERS: Final = "MARGIN-5: no tiers, since what grows faster than linearly is not sub-additive: two accounts would need less than one."

DIFFERS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "bybit_unit_1": (ENTRY, {"liquidation_price": "-0.1"}),
    "bybit_unit_3": (ENTRY, {"liquidation_price": "-0.019191920"}),
    "bybit_unit_5": (ENTRY, {"liquidation_price": "-0.098019801"}),
    "bybit_unit_7": (ENTRY, {"liquidation_price": "-0.018811881"}),
    "hyperliquid_doge_testnet_tiers": (TIERS, {"maintenance_margin": "7666.716667"}),
}
"""Examples that our rules answer otherwise on purpose, with ours less theirs."""


def exact(number: float) -> Decimal:
    """A number of the file as it is written there."""
    return Decimal(repr(number))


def quantums(number: Decimal) -> int:
    return int((number / QUANTUM).to_integral_value(ROUND_HALF_EVEN))


def ppm(rate: Decimal) -> int:
    found = rate * PPM
    assert found == found.to_integral_value(), f"a rate of {rate} is not whole in ppm"
    return int(found)


class Situation:
    """An account with positions, each in an instrument of its own underlying; the first is asked about."""

    def __init__(self, wallet: Decimal, finest: Decimal) -> None:
        NOTES.use("wallet")
        NOTES.use("lot")
        self.lot = Decimal(1).scaleb(min(0, int(finest.normalize().as_tuple().exponent)))
        self.collateral = quantums(wallet)
        self.positions: dict[int, Position] = {}
        self.markets: dict[int, Market] = {}

    def holds(
        self, side: int, quantity: Decimal, entry: Decimal, mark: Decimal, maintenance: int, basis: int = 1
    ) -> None:
        NOTES.use("own-underlying")
        name = len(self.positions) + 1
        lots = quantity / self.lot
        assert lots == lots.to_integral_value()
        terms = instrument(name, name, maintenance_ppm=maintenance - basis, basis_ppm=basis)
        size = side * int(lots)
        self.positions[name] = Position(size, size * quantums(entry * self.lot))
        self.markets[name] = linear_market(terms, quantums(mark * self.lot))

    def with_mark(self, mark: int) -> Map[int, Market]:
        return Map({**self.markets, 1: linear_market(self.markets[1].instrument, mark)})

    def maintenance(self, factor: int = PPM) -> Decimal:
        """The maintenance requirement, or with a factor the initial one, in the venue's currency."""
        account = Account(b"", self.collateral, Map(self.positions), Map(), 0)
        return standing(account, Map(self.markets), factor).initial * QUANTUM

    def liquidation_price(self) -> Decimal:
        """The mark nearest to the present one at which the account is in breach; 0 for a long that is in breach at none."""
        NOTES.use("breach")
        account = Account(b"", self.collateral, Map(self.positions), Map(), 0)

        def breached(mark: int) -> bool:
            now = standing(account, self.with_mark(mark), PPM)
            return margin.in_breach(now.equity, now.maintenance)

        sound, broken = self.markets[1].mark, PRICE.low - 1 if self.positions[1].size > 0 else PRICE.high
        assert not breached(sound)
        while abs(sound - broken) > 1:
            middle = (sound + broken) // 2
            if breached(middle):
                broken = middle
            else:
                sound = middle
        return broken * QUANTUM / self.lot


def side_of(inputs: Mapping[str, Any]) -> int:
    return {"long": 1, "short": -1}[inputs["side"]]


def isolated(inputs: Mapping[str, Any], wallet: Decimal, rate: Decimal) -> Situation:
    NOTES.use("rate")
    quantity, entry = exact(inputs["qty"]), exact(inputs["entry_price"])
    found = Situation(wallet, quantity)
    found.holds(side_of(inputs), quantity, entry, entry, ppm(rate))
    return found


def binance(inputs: dict[str, Any]) -> Answer:
    NOTES.use("deduction")
    deductions = exact(inputs["maint_amount"])
    deductions += sum(exact(other["maintenance_amt"]) for other in inputs["other_positions"])
    found = isolated(inputs, exact(inputs["wallet_balance"]) + deductions, exact(inputs["mm_rate"]))
    for other in inputs["other_positions"]:
        quantity, entry, mark = (exact(other[field]) for field in ("amount", "open_rate", "mark_price"))
        found.holds(other["side"], quantity, entry, mark, ppm(exact(other["mm_ratio"])))
    return {"liquidation_price": found.liquidation_price()}


def okx(inputs: dict[str, Any]) -> Answer:
    NOTES.use("fee-in-rate")
    rate = exact(inputs["mm_rate"]) + exact(inputs["taker_fee"])
    return {"liquidation_price": isolated(inputs, exact(inputs["wallet_balance"]), rate).liquidation_price()}


def bybit(inputs: dict[str, Any]) -> Answer:
    NOTES.use("leverage")
    wallet = exact(inputs["qty"]) * exact(inputs["entry_price"]) / inputs["leverage"]
    return {"liquidation_price": isolated(inputs, wallet, exact(inputs["mm_rate"])).liquidation_price()}


def vega(inputs: dict[str, Any]) -> Answer:
    found = Situation(Decimal(0), Decimal(1))
    quantity = Decimal(inputs["position"])
    if "margin_factor" in inputs:
        NOTES.use("at-entry")
        NOTES.use("rate")
        entry = Decimal(inputs["average_entry"])
        found.holds(side_of(inputs), quantity, entry, entry, ppm(exact(inputs["margin_factor"])))
        return {"margin_account": found.maintenance()}
    NOTES.use("slippage")
    NOTES.use("levels")
    mark, slippage = Decimal(inputs["mark_price"]), exact(inputs["linear_slippage_factor"])
    assert inputs["best_exit_price"] - mark > mark * slippage
    basis = ppm(slippage)
    found.holds(side_of(inputs), quantity, mark, mark, ppm(exact(inputs["risk_factor"])) + basis, basis)
    factors = {"maintenance": 1.0, **inputs["scaling"]}
    return {name: found.maintenance(ppm(exact(factor))) // 1 for name, factor in factors.items()}


def span(inputs: dict[str, Any]) -> Answer:
    NOTES.use("array")
    market = span_market(inputs)
    ((_, size),) = inputs["portfolio"].items()
    worst = margin.worst_loss((margin.Holding(size, market),))
    return {"scan_risk": Decimal(margin.maintenance(worst))}


def span_market(inputs: Mapping[str, Any]) -> Market:
    losses = tuple(-profit * RISK_SCALE for profit in inputs["pnl_long_1"])
    long, short = max(0, *losses), max(0, *(-loss for loss in losses))
    frame = linear_market(instrument(1, 1), 1)
    return Market(frame.instrument, 1, RiskArray(losses, long, short, 1, 0, long + 1, short + 1), 0, 0, 1, 2)


def hyperliquid(inputs: dict[str, Any]) -> Answer:
    notional = Decimal(inputs.get("notional", 1_000))
    found = Situation(notional, Decimal(1))
    if "tiers" in inputs:
        NOTES.use("last-tier")
        leverage = [most for lowest, most in inputs["tiers"] if lowest <= notional][-1]
        found.holds(1, Decimal(1), notional, notional, -(-PPM // (2 * leverage)))
        return {"maintenance_margin": found.maintenance()}
    NOTES.use("half-of-initial")
    found.holds(1, Decimal(1), notional, notional, PPM // (2 * inputs["max_leverage"]))
    assert found.maintenance(2 * PPM) * inputs["max_leverage"] == notional
    return {"maintenance_margin_rate": found.maintenance() / notional}


ASKED: Final[Mapping[str, Callable[[dict[str, Any]], Answer]]] = {
    "binance": binance,
    "okx": okx,
    "bybit": bybit,
    "vega": vega,
    "span": span,
    "hyperliquid": hyperliquid,
}


def ours(example: Mapping[str, Any]) -> Answer:
    return ASKED[example["id"].partition("_")[0]](example["inputs"])


@pytest.fixture(scope="module")
def examples(shared: Callable[[str], Path]) -> list[dict[str, Any]]:
    text = shared("data/margin_examples.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["examples"]
    return found


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_each_example_passes_or_differs_on_purpose(examples: list[dict[str, Any]], number: int) -> None:
    example = examples[number]
    answer = ours(example)
    assert answer
    if example["id"] in DIFFERS:
        _, differences = DIFFERS[example["id"]]
        found = {name: answer[name] - exact(example["expected"][name]) for name in answer}
        assert found.keys() == differences.keys()
        for name, difference in differences.items():
            assert abs(found[name] - Decimal(difference)) <= Decimal("1e-6")
            assert abs(found[name]) > exact(example["tolerance"])
    else:
        assert answer.keys() == example["expected"].keys()
        for name, expected in example["expected"].items():
            assert abs(answer[name] - exact(expected)) <= exact(example["tolerance"]), name


def test_the_published_array_of_the_future_is_our_linear_array_but_for_its_rounding_and_the_extreme_moves(
    examples: list[dict[str, Any]],
) -> None:
    (published,) = [example for example in examples if example["id"] == "span_long_future"]
    # A mark of a million dollars at 10,000 ppm has the published scan range.
    losses = margin.linear_array(instrument(1, 1, maintenance_ppm=10_000, basis_ppm=1), PPM).losses
    apart = [
        Decimal(-loss) / RISK_SCALE - profit
        for loss, profit in zip(losses, published["inputs"]["pnl_long_1"], strict=True)
    ]
    assert all(abs(difference) < 5 for difference in apart[:14])
    # Theirs is a move of two ranges of which 35 % count, ours one of three of which a third counts.
    assert apart[14:] == [3_000, -3_000]


def test_every_line_of_the_mapping_is_needed_and_shown(examples: list[dict[str, Any]]) -> None:
    assert len(examples) == EXAMPLES
    assert set(DIFFERS) <= {example["id"] for example in examples}
    NOTES.used.clear()
    for example in examples:
        ours(example)
    shown = NOTES.mapping_notes()
    differing = (f"differs  {name}: {changes}  {rule}" for name, (rule, changes) in DIFFERS.items())
    print("\n" + "\n".join([*shown, *differing]))
    assert len(shown) == len(LINES)
    assert NOTES.never_used() == []
