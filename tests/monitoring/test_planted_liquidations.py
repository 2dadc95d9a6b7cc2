"""A liquidation over several legs that closes the wrong leg, too much, too little or for too high a fee is noticed at once."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.operations import BeginRound, ContinueRound, Withdraw
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Stage
from settlespec.invariants.cards import Card, Violation
from settlespec.invariants.catalogue import HEALTH, INSURANCE, LIQUIDATION_FAIR, ORACLE_SANE
from settlespec.machine import custody, liquidation
from settlespec.machine.draft import Draft
from settlespec.machine.exchange import step
from settlespec.machine.liquidation import _Offer
from settlespec.machine.signatures import Ideal
from settlespec.rules import margin
from tests.machine.driver import plain_genesis
from tests.monitoring.planting import Plant, Watched, notices, replacing, with_state

ADA, BOB, STREET = 0, 1, 2
"""Whose legs they are, whose orders they close against, and whom Ada has them from."""


class Portfolio(Watched):
    """Ada holds some legs and has just what they need; Bob's orders stand in the book."""

    def __init__(
        self,
        legs: dict[int, int],
        orders: tuple[tuple[int, int, int], ...],
        marks: dict[int, int],
        fee: int = 0,
    ) -> None:
        super().__init__(genesis=plain_genesis(Ideal(), {"liquidation_fee_ppm": fee}, {"max_orders_per_book": 32}))
        for instrument, lots in legs.items():
            side = Side.BUY if lots > 0 else Side.SELL
            self.do(self.session.limit(STREET, instrument, instrument, side.opposite, abs(lots), 100))
            kind = TimeInForce.IMMEDIATE_OR_CANCEL
            self.do(self.session.limit(ADA, instrument, 9, side, abs(lots), 100, kind))
        free = custody.free(Draft(self.state), self.state.accounts[ADA])
        self.do(self.session.sign(Withdraw(ADA, self.session.next_nonce(ADA), self.state.clock, free, b"")))
        for place, (instrument, lots, price) in enumerate(orders):
            side = Side.BUY if lots > 0 else Side.SELL
            self.do(self.session.limit(BOB, instrument, 20 + place, side, abs(lots), price))
        self.do(*self.session.tick(1_000))
        self.marks = marks

    def begins(self) -> None:
        for account in (ADA, BOB, STREET):
            self.do(*self.session.deposit(account, 10_000))

    def first_fill(self, *plants: Plant) -> tuple[Violation, ...]:
        """What the monitor says of the first fill of the liquidation, of a machine that is broken from there on."""
        statement = self.session.oracles.statement(self.state, self.marks, {})
        self.do(BeginRound(statement, self.session.signed_by_oracles(statement)))
        while not self.liquidating():
            self.do(ContinueRound(1))
        held = self.state.accounts[ADA].positions
        found = self.step_with(ContinueRound(1), *plants)
        assert self.state.accounts[ADA].positions != held
        return found

    def liquidating(self) -> bool:
        current = self.state.round
        assert current is not None, "nobody is liquidated"
        return current.stage is Stage.LIQUIDATE and current.attempts > 0


def two_underlyings(fee: int = 0) -> Portfolio:
    """Three lots of instrument 1 and ten of instrument 3, which relieve more: 104 stand against 115, so that a lot is worth 80 at least."""
    return Portfolio({1: 3, 3: 10}, ((1, 9, 87), (3, 9, 87)), {1: 88, 3: 88}, fee)


def hedge() -> Portfolio:
    """Long ten, short four of the same underlying: beyond six lots sold maintenance would rise again."""
    return Portfolio({1: 10, 2: -4}, ((1, 20, 88),), {1: 88, 2: 100})


def two_of_a_kind() -> Portfolio:
    """Nine lots of one instrument and three of another with the same underlying, which relieve less."""
    return Portfolio({1: 9, 2: 3}, ((1, 20, 87), (2, 20, 87)), {1: 88, 2: 88})


def at_bankruptcy() -> Portfolio:
    """As `two_underlyings`, where Bob bids a quantum less than what each lot of the larger leg may be sold at."""
    return Portfolio({1: 3, 3: 10}, ((1, 9, 87), (3, 9, 79)), {1: 88, 3: 88})


def two_lots_short() -> Portfolio:
    """As `two_underlyings`, where Bob bids for two lots of the larger leg only."""
    return Portfolio({1: 3, 3: 10}, ((1, 9, 87), (3, 2, 87)), {1: 88, 3: 88})


def said(found: tuple[Violation, ...]) -> set[tuple[str, str]]:
    return {(violation.invariant, violation.conjunct) for violation in found}


def first_minimum_forgotten(_: Any) -> Any:
    """A leg closes whole, though what it hedged is bare then."""
    return lambda portfolio, market, size: abs(size)


def alone(_: Any) -> Any:
    """A leg is taken to bear its own risk only, whatever the others hedge."""

    def risk_alone(portfolio: Any, market: Any, size: int, lots: int) -> int:
        lot = market.risk.long_lot if size > 0 else market.risk.short_lot
        return int(max(portfolio.risk - lots * lot, 0))

    return risk_alone


def piecewise(over: Any) -> Any:
    """The zoo's rounding of the bankruptcy price: each lot is rounded on its own, and the pieces do not make up the whole."""
    return lambda offer, lots: lots * (over(offer, 1) + 1)


def one_lot(lots: Any) -> Any:
    return lambda offer, most: min(lots(offer, most), 1)


def all_that_is_there(lots: Any) -> Any:
    return lambda offer, most: most


def fixed_fee(_: Any) -> Any:
    """The zoo's fixed reward, whatever the fill leaves."""
    return lambda offer, lots: 50


FIRST = "the leg that lowers maintenance most is closed first"
LOWERS = "each lot that a liquidation closes lowers maintenance"
ALL = "a fill that does not restore takes all that the price admits"
NO_MORE = "no more is closed than restores the requirement"
FEE = "a liquidation's fee is the rate's, at most the gain over bankruptcy"

Setting = Callable[[], Portfolio]

PLANTS: tuple[tuple[str, Setting, Plant, Card, str], ...] = (
    (
        "the leg that relieves least goes first",
        two_underlyings,
        replacing(liquidation, "legs", lambda legs: lambda *terms: legs(*terms)[::-1]),
        LIQUIDATION_FAIR,
        FIRST,
    ),
    (
        "the leg that relieves least goes first in a hedge",
        two_of_a_kind,
        replacing(liquidation, "legs", lambda legs: lambda *terms: legs(*terms)[::-1]),
        LIQUIDATION_FAIR,
        FIRST,
    ),
    (
        "a leg closes beyond its first minimum",
        hedge,
        replacing(liquidation, "first_minimum", first_minimum_forgotten),
        LIQUIDATION_FAIR,
        LOWERS,
    ),
    (
        "one lot at a time",
        two_underlyings,
        replacing(_Offer, "lots", one_lot),
        LIQUIDATION_FAIR,
        ALL,
    ),
    (
        "a leg closes whole",
        two_underlyings,
        replacing(_Offer, "lots", all_that_is_there),
        LIQUIDATION_FAIR,
        NO_MORE,
    ),
    ("a fee whatever is left", two_underlyings, replacing(_Offer, "fee", fixed_fee), INSURANCE, FEE),
    (
        "a bankruptcy price lot by lot",
        at_bankruptcy,
        replacing(_Offer, "over_bankruptcy", piecewise),
        LIQUIDATION_FAIR,
        "never below the bankruptcy price",
    ),
    (
        "each leg bears its own risk only",
        hedge,
        replacing(liquidation, "risk_after", alone),
        LIQUIDATION_FAIR,
        LOWERS,
    ),
)


SETTINGS = (two_underlyings, hedge, two_lots_short, two_of_a_kind, at_bankruptcy)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_healthy_liquidation_of_several_legs_breaks_nothing(setting: Setting) -> None:
    assert setting().first_fill() == ()


@notices(LIQUIDATION_FAIR, INSURANCE)
@pytest.mark.parametrize(
    ("setting", "plant", "card", "conjunct"), [row[1:] for row in PLANTS], ids=[row[0] for row in PLANTS]
)
def test_a_liquidation_that_goes_wrong_over_several_legs_is_noticed_at_its_first_fill(
    setting: Setting, plant: Plant, card: Card, conjunct: str
) -> None:
    assert (card.id, conjunct) in said(setting().first_fill(plant))


@notices(HEALTH)
def test_a_withdrawal_down_to_maintenance_is_noticed_at_once() -> None:
    """The zoo's strategic withdrawal: what is left meets maintenance and not the initial requirement."""
    watched = two_underlyings()
    lenient = replacing(margin, "initial", lambda _: lambda maintenance, factor, surcharge: maintenance)
    operation = Withdraw(ADA, watched.session.next_nonce(ADA), watched.state.clock, 130, b"")
    assert HEALTH.id in {each.invariant for each in watched.step_with(watched.session.sign(operation), lenient)}


@notices(ORACLE_SANE)
def test_a_statement_that_is_older_than_the_last_one_is_noticed_at_once() -> None:
    """The zoo's price out of order: a signed mark of an earlier moment liquidates a later position."""
    watched = two_underlyings()
    statement = watched.session.oracles.statement(watched.state, watched.marks, {}, at=watched.state.marks_time + 1)
    operation = BeginRound(statement, watched.session.signed_by_oracles(statement))
    # The machine has forgotten how new the last one was.
    outcome = step(watched.state, operation, watched.signer)
    assert isinstance(outcome, Accepted), outcome
    later = evolve(watched.state, marks_time=watched.state.clock)
    watched.becomes(later)
    found = watched.monitor.observe(operation, with_state(outcome, marks_time=later.marks_time))
    assert (ORACLE_SANE.id, "the statement is newer than the last one") in said(found)
