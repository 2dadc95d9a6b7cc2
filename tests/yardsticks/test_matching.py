"""liquibook's and dYdX v4's own expectations of matching, asked of the machine.

``pytest -s tests/yardsticks`` shows the mapping.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from settlespec.arithmetic import PPM
from settlespec.domain.events import Filled, OrderAccepted, OrderRemoved
from settlespec.domain.orders import Removal, Side
from settlespec.domain.reasons import Reason
from tests.machine.driver import FOREVER, GOOD_TILL_TIME, IMMEDIATE, Answer, Machine
from tests.yardsticks.notes import Notes

CASES: Final = 40

LINES: Final = {
    "money": "every account is rich enough for everything, as the cases' books know no money.",
    "wide-band": "the mark lies amid the case's prices and the band, from one step to twice the mark, holds them all.",
    "owners": "liquibook's orders have no owners; each gets an account of its own, so that nobody meets himself.",
    "good-till-cancelled": "GTC is good till the end of time.",
    "blocks": "a block height is a time in milliseconds, and the clock stands at 0.",
    "market": "a market order is immediate-or-cancel with its limit at the band's edge (TRADE-1).",
    "incoming-only": "liquibook's fills are those of the incoming order alone.",
    "would-rest": "an immediate order that is not filled whole is accepted and its remainder dropped (TRADE-15).",
    "no-attempt": "a post-only order attempts nothing (TRADE-17); dYdX's first attempt is who stands in its way.",
}

DIFFERS: Final = {
    "post_only-02": "TRADE-17: a crossing maker refuses a post-only order even if it could not pay for the fill.",
    "post_only-03": "TRADE-17: refused likewise, but a refusal leaves the state as it was: the maker that could not pay stays.",
    "post_only-05": "TRADE-17: a crossing maker refuses a post-only order even if it could not pay for the fill.",
    "post_only-06": "TRADE-17: refused likewise, but a refusal leaves the state as it was: the makers that could not pay stay.",
}
"""Cases that our rules answer otherwise on purpose: POST_ONLY_WOULD_TRADE, and the book is as it was."""

NOTES: Final = Notes(LINES)


@pytest.fixture(scope="module")
def cases(shared: Callable[[str], Path]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shared("yardsticks/matching.json").read_text(encoding="utf-8"))["cases"]
    return found


class Venue:
    """A case's orders placed on our machine, known by their foreign names."""

    def __init__(self, inputs: dict[str, Any]) -> None:
        orders = [*inputs["placed"], inputs["incoming"]]
        self.instrument = inputs["incoming"].get("clob", 0) + 1
        prices = [order["price"] for order in orders if order["price"] is not None]
        middle = max((min(prices) + max(prices)) // 2, (max(prices) + 1) // 2)
        NOTES.use("wide-band")
        NOTES.use("money")
        limits: dict[str, Any] = {
            "max_orders_per_account": 99,
            "max_removals": 99,
            "max_matches": 99,
            "max_orders_per_book": 99,
        }
        self.machine = Machine(terms={"band_ppm": PPM, "max_order": 10_000}, max_accounts=99, **limits)
        self.machine.round({1: middle, 2: middle}, after=1)
        self.clock = self.machine.state.clock
        self.names: dict[int, str] = {}
        self.placed = [self.place(order) for order in inputs["placed"]]
        self.incoming = self.place(inputs["incoming"])

    def place(self, order: dict[str, Any]) -> Answer:
        """One order by its owner."""
        if "owner" not in order:
            NOTES.use("owners")
        owner = order.get("owner", order["id"])
        if self.machine.number(owner) not in self.machine.state.accounts:
            self.machine.deposit(owner, 10**9)
        lots = order["qty"] if order["side"] == "buy" else -order["qty"]
        self.before = self.resting()
        answer = self.machine.place(
            owner,
            lots,
            order["price"],
            instrument=order.get("clob", 0) + 1,
            time_in_force=IMMEDIATE if order["tif"] in ("IOC", "MARKET") else GOOD_TILL_TIME,
            good_till=self.lifetime(order),
            post_only=order["tif"] == "POST_ONLY",
            reduce_only=order.get("reduce_only", False),
        )
        if answer.accepted:
            self.names[answer.only(OrderAccepted).arrival] = order["id"]
        return answer

    def lifetime(self, order: dict[str, Any]) -> int | None:
        if order["tif"] in ("IOC", "MARKET"):
            if order["tif"] == "MARKET":
                NOTES.use("market")
            return None
        if order["tif"] == "GTC":
            NOTES.use("good-till-cancelled")
            return FOREVER
        NOTES.use("blocks")
        return self.clock + int(order["good_til"])

    def resting(self) -> dict[str, list[tuple[str, int]]]:
        """What rests on each side, best first, by foreign names."""
        book = self.machine.state.books[self.instrument]
        found: dict[str, list[tuple[str, int]]] = {}
        for side, name in ((Side.BUY, "bids"), (Side.SELL, "asks")):
            found[name] = []
            order = book.best(side)
            while order is not None:
                found[name].append((self.names[order.arrival], order.remaining))
                order = book.behind(order)
        return found

    def depth(self, side: Side) -> list[list[int]]:
        """Price, orders and lots of the five best levels."""
        levels: dict[int, list[int]] = {}
        for price, lots in self.machine.levels(side, self.instrument):
            level = levels.setdefault(price, [price, 0, 0])
            level[1] += 1
            level[2] += lots
        return list(levels.values())[:5]

    def matches(self, answers: list[Answer]) -> list[dict[str, Any]]:
        """Fills in order, by foreign names."""
        return [
            {"maker": self.names[filled.maker], "taker": self.names[filled.taker], "qty": filled.size}
            for answer in answers
            for filled in answer.all(Filled)
        ]


def compare_liquibook(venue: Venue, incoming: dict[str, Any], expected: dict[str, Any]) -> None:
    NOTES.use("incoming-only")
    filled: dict[str, dict[str, int]] = defaultdict(lambda: {"qty": 0, "cost": 0})
    for event in venue.incoming.all(Filled):
        for arrival in (event.maker, event.taker):
            filled[venue.names[arrival]]["qty"] += event.size
            filled[venue.names[arrival]]["cost"] += event.size * event.price
    assert filled == expected["filled"]
    rests = [remaining for side in venue.resting().values() for name, remaining in side if name == incoming["id"]]
    assert ("resting" if rests else "filled") == expected["status"]
    if not rests:
        assert filled[incoming["id"]]["qty"] == incoming["qty"]
    for side, name in ((Side.BUY, "bids"), (Side.SELL, "asks")):
        if f"depth_{name}" in expected:
            assert venue.depth(side) == expected[f"depth_{name}"]
        if f"n_{name}" in expected:
            assert len(venue.resting()[name]) == expected[f"n_{name}"]


def compare_dydx(venue: Venue, incoming: dict[str, Any], expected: dict[str, Any]) -> None:
    for name in ("bids", "asks"):
        remaining = [(order["id"], order["remaining"]) for order in expected[f"remaining_{name}"]]
        assert sorted(venue.resting()[name]) == sorted(remaining)
    if "existing_matches" in expected:
        assert venue.matches(venue.placed) == expected["existing_matches"]
    attempts = expected.get("match_attempts", [])
    if expected.get("error") == "ErrPostOnlyWouldCrossMakerOrder":
        NOTES.use("no-attempt")
        assert venue.incoming.reason is Reason.POST_ONLY_WOULD_TRADE
        opposite = venue.before["asks" if incoming["side"] == "buy" else "bids"]
        assert attempts[0]["maker"] == opposite[0][0]
        return
    assert venue.incoming.accepted
    matched = venue.matches([venue.incoming])
    assert matched == attempts
    if "filled_size" in expected:
        assert sum(match["qty"] for match in matched) == expected["filled_size"]
    dropped = [event for event in venue.incoming.all(OrderRemoved) if event.cause is Removal.IMMEDIATE]
    assert bool(dropped) == (expected["status"] == "ImmediateOrCancelWouldRestOnBook")
    if dropped:
        NOTES.use("would-rest")


def compare(case: dict[str, Any]) -> None:
    """Every expectation of a case, or ours where it differs on purpose."""
    inputs, expected = case["inputs"], case["expected"]
    venue = Venue(inputs)
    if case["id"] in DIFFERS:
        assert any(inputs["collateral_failures"].values())
        assert venue.incoming.reason is Reason.POST_ONLY_WOULD_TRADE
        assert venue.resting() == venue.before
    elif case["group"].startswith("liquibook"):
        compare_liquibook(venue, inputs["incoming"], expected)
    else:
        assert not inputs["collateral_failures"]
        compare_dydx(venue, inputs["incoming"], expected)


@pytest.mark.parametrize("number", range(CASES))
def test_each_case_agrees_or_differs_on_purpose(cases: list[dict[str, Any]], number: int) -> None:
    assert cases[number]["id"]
    compare(cases[number])


def test_every_case_of_the_file_is_asked(cases: list[dict[str, Any]]) -> None:
    assert len(cases) == CASES
    assert set(DIFFERS) <= {case["id"] for case in cases}


def test_every_line_of_the_mapping_is_needed_and_shown(cases: list[dict[str, Any]]) -> None:
    NOTES.used.clear()
    for case in cases:
        compare(case)
    shown = NOTES.mapping_notes()
    print("\n" + "\n".join([*shown, *(f"differs  {name}: {rule}" for name, rule in DIFFERS.items())]))
    assert len(shown) == len(LINES)
    assert NOTES.never_used() == []
