"""An order that does what its owner did not allow, or what its market forbids, is noticed at once."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.events import OrderRemoved
from settlespec.domain.operations import Place
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.parameters import Parameters
from settlespec.domain.state import State
from settlespec.invariants.cards import Card, Violation
from settlespec.invariants.catalogue import ORDER_LIMITS, PRICE_TIME
from settlespec.machine import trading
from settlespec.machine.exchange import step
from tests.monitoring.planting import Plant, Watched, notices, replacing, with_state

LIMITLESS: Plant = replacing(trading, "refuse_terms", lambda _: lambda *terms: None)
"""A machine that knows no step, no band and no caps of an order."""


def said(found: tuple[Violation, ...]) -> set[tuple[str, str]]:
    return {(violation.invariant, violation.conjunct) for violation in found}


@notices(ORDER_LIMITS)
def test_a_post_only_order_that_trades_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.limit(2, 1, 0, Side.BUY, 1, 10, post_only=True)
    found = watched.step_with(operation, replacing(trading, "first_in_the_way", lambda _: lambda draft, order: None))
    assert said(found) == {(ORDER_LIMITS.id, "a post-only order never trades")}


def answered_as(watched: Watched, asked: Place, carried_out: Place) -> tuple[Violation, ...]:
    """One order is signed, the machine carries out another one; what the monitor says at once."""
    outcome = step(watched.state, carried_out, watched.signer)
    assert isinstance(outcome, Accepted), outcome
    return watched.monitor.observe(asked, outcome)


LIFETIMES: tuple[tuple[str, TimeInForce, TimeInForce, int, Card, str], ...] = (
    (
        "fill-or-kill that fills partly",
        TimeInForce.FILL_OR_KILL,
        TimeInForce.IMMEDIATE_OR_CANCEL,
        10,
        ORDER_LIMITS,
        "a fill-or-kill order fills whole",
    ),
    (
        "fill-or-kill that rests",
        TimeInForce.FILL_OR_KILL,
        TimeInForce.GOOD_TILL_TIME,
        10,
        ORDER_LIMITS,
        "an order rests only while its owner lets it",
    ),
    (
        "immediate-or-cancel that rests",
        TimeInForce.IMMEDIATE_OR_CANCEL,
        TimeInForce.GOOD_TILL_TIME,
        9,
        ORDER_LIMITS,
        "an order rests only while its owner lets it",
    ),
    (
        "good-till-time that is dropped",
        TimeInForce.GOOD_TILL_TIME,
        TimeInForce.IMMEDIATE_OR_CANCEL,
        9,
        PRICE_TIME,
        "a walk stops only for a reason that is true",
    ),
)


@pytest.mark.parametrize(
    ("signed", "served", "price", "card", "conjunct"), [row[1:] for row in LIFETIMES], ids=[row[0] for row in LIFETIMES]
)
def test_an_order_that_lives_otherwise_than_its_owner_signed_is_noticed_at_once(
    signed: TimeInForce, served: TimeInForce, price: int, card: Card, conjunct: str
) -> None:
    watched = Watched()
    asked, carried_out = (watched.session.limit(2, 1, 0, Side.BUY, 3, price, kind) for kind in (signed, served))
    assert (card.id, conjunct) in said(answered_as(watched, asked, carried_out))


def test_a_remainder_that_gets_lost_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.limit(2, 1, 0, Side.BUY, 3, 10, TimeInForce.IMMEDIATE_OR_CANCEL)

    def silent(outcome: Accepted) -> Accepted:
        last = outcome.events[-1]
        assert isinstance(last, OrderRemoved)
        assert last.remaining == 1
        return evolve(outcome, events=outcome.events[:-1])

    found = watched.tampered(operation, silent)
    assert said(found) == {(ORDER_LIMITS.id, "what is left of an order rests or is dropped")}


def with_instrument(state: State, **terms: Any) -> State:
    """The state with other terms of its first instrument."""
    market = state.markets[1]
    return evolve(state, markets=state.markets.set(1, evolve(market, instrument=evolve(market.instrument, **terms))))


TERMS: tuple[tuple[str, dict[str, Any], tuple[Side, int, int], str], ...] = (
    ("off the step", {"price_step": 5}, (Side.BUY, 1, 9), "a price is a multiple of the step"),
    ("a bid above the band", {}, (Side.BUY, 1, 99), "no bid is above the band, no ask below it"),
    ("an ask below the band", {}, (Side.SELL, 1, 1), "no bid is above the band, no ask below it"),
    (
        "above the instrument's largest price",
        {"max_price": 8},
        (Side.BUY, 1, 9),
        "no bid is above the band, no ask below it",
    ),
    ("beyond the order's cap", {"max_order": 2}, (Side.BUY, 3, 9), "no order is beyond its cap"),
    (
        "beyond the position's cap",
        {"max_position": 2},
        (Side.BUY, 3, 9),
        "no order could take its owner's position beyond the cap",
    ),
)


@pytest.mark.parametrize(("terms", "order", "conjunct"), [row[1:] for row in TERMS], ids=[row[0] for row in TERMS])
def test_an_order_against_the_terms_of_its_instrument_is_noticed_at_once(
    terms: dict[str, Any], order: tuple[Side, int, int], conjunct: str
) -> None:
    watched = Watched()
    watched.becomes(with_instrument(watched.state, **terms))
    side, size, price = order
    operation = watched.session.limit(2, 1, 0, side, size, price)
    lax = with_instrument(watched.state, max_price=10**6)
    with pytest.MonkeyPatch.context() as patch:
        LIMITLESS(patch)
        outcome = step(lax, operation, watched.signer)
    assert isinstance(outcome, Accepted), outcome
    found = watched.monitor.observe(operation, with_state(outcome, markets=watched.state.markets))
    assert (ORDER_LIMITS.id, conjunct) in said(found)


def one_each(parameters: Parameters) -> Parameters:
    return evolve(parameters, max_orders_per_account=1)


def one_in_all(parameters: Parameters) -> Parameters:
    return evolve(parameters, max_orders_per_book=1)


@pytest.mark.parametrize("price", [9, 10], ids=["rests", "trades and rests"])
@pytest.mark.parametrize(
    ("limits", "conjunct"),
    [
        (one_each, "an account has at most as many live orders as it may"),
        (one_in_all, "a book has at most as many live orders as it may"),
    ],
)
def test_an_order_that_rests_where_no_more_may_is_noticed_at_once(
    limits: Callable[[Parameters], Parameters], conjunct: str, price: int
) -> None:
    watched = Watched()
    watched.do(watched.session.limit(2, 1, 0, Side.BUY, 1, 8))
    strict = limits(watched.state.parameters)
    wide = watched.state
    watched.becomes(evolve(wide, parameters=strict))
    operation = watched.session.limit(2, 1, 1, Side.BUY, 3, price)
    outcome = step(wide, operation, watched.signer)
    assert isinstance(outcome, Accepted), outcome
    found = watched.monitor.observe(operation, with_state(outcome, parameters=strict))
    assert said(found) == {(ORDER_LIMITS.id, conjunct)}


def clipped_less(_: Callable[..., Any]) -> Callable[..., Any]:
    """A room for reduce-only orders that forgets the position."""
    return lambda position, resting, side: 10**6


def test_a_reduce_only_order_larger_than_the_position_is_noticed_at_once() -> None:
    watched = Watched()
    watched.do(watched.session.limit(1, 1, 1, Side.SELL, 2, 11, reduce_only=True))
    operation = watched.session.limit(1, 1, 2, Side.SELL, 2, 11, reduce_only=True)
    found = watched.step_with(operation, replacing(trading, "reducible", clipped_less))
    assert (ORDER_LIMITS.id, "a reduce-only order closes, and resting ones total at most the position") in said(found)
