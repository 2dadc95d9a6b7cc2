"""Each invariant of a state names its conjunct, who it concerns, and both sides."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.accounts import Position
from settlespec.domain.ladder import ladder_of
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import Receive
from settlespec.domain.orders import Side
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.invariants.cards import Violation
from settlespec.invariants.catalogue import (
    BOOK_UNCROSSED,
    CONSERVATION,
    EXIT_SOLVENCY,
    INSURANCE,
    NO_DOUBLE_SPEND,
    NOBODY_OWES,
    ORACLE_SANE,
    ORDER_LIMITS,
    ZERO_SUM,
)
from settlespec.invariants.states import judge_state
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal


@pytest.fixture(name="state")
def small_exchange() -> State:
    """Two owners with three lots against each other, two lots left to sell at 10, one to buy at 9, a deposit that waits."""
    signer = Ideal()
    session = Session(minimal(signer), signer)
    for account in (0, 1):
        for operation in session.deposit(account, 500):
            session.submit(operation)
    session.submit(session.limit(0, 1, 0, Side.SELL, 5, 10))
    session.submit(session.limit(1, 1, 0, Side.BUY, 3, 10))
    session.submit(session.limit(1, 1, 1, Side.BUY, 1, 9))
    session.submit(Receive(0, Deposit(0, signer.key(0), 7)))
    assert judge_state(session.state) == ()
    return session.state


def account(state: State, who: int, **changes: Any) -> State:
    return evolve(state, accounts=state.accounts.set(who, evolve(state.accounts[who], **changes)))


def book(state: State, **changes: Any) -> State:
    return evolve(state, books=state.books.set(1, evolve(state.books[1], **changes)))


def of(state: State, invariant: str) -> list[Violation]:
    return [violation for violation in judge_state(state) if violation.invariant == invariant]


def test_a_quantum_too_much_in_the_vault_breaks_conservation_with_both_sides(state: State) -> None:
    (found,) = judge_state(evolve(state, vault=state.vault + 1))
    assert found == Violation(CONSERVATION.id, "the vault is the sum of what is held", "", state.vault + 1, state.vault)


def test_sums_that_are_not_those_of_what_waits_break_conservation(state: State) -> None:
    unpaid = evolve(state, outbox=evolve(state.outbox, unpaid=1))
    uncredited = evolve(state, inbox=evolve(state.inbox, uncredited=8))
    assert [(v.conjunct, v.left, v.right) for v in of(unpaid, CONSERVATION.id)] == [
        ("what is unpaid is the sum of the claims", 1, 0)
    ]
    assert [(v.conjunct, v.left, v.right) for v in of(uncredited, CONSERVATION.id)] == [
        ("what is uncredited is the sum of the waiting deposits", 8, 7)
    ]


def test_a_position_without_another_side_breaks_zero_sum(state: State) -> None:
    lonely = account(state, 1, positions=state.accounts[1].positions.set(1, Position(4, 30)))
    assert [(v.conjunct, v.who, v.left, v.right) for v in of(lonely, ZERO_SUM.id)] == [
        ("positions sum to zero", "instrument 1", 1, 0),
        ("longs are the open interest", "instrument 1", 3, 4),
    ]


def test_a_holder_who_is_not_listed_breaks_zero_sum(state: State) -> None:
    (found,) = judge_state(evolve(state, holders=ladder_of([0])))
    assert (found.invariant, found.left, found.right) == (ZERO_SUM.id, "[0]", "[0, 1]")


def test_a_debt_breaks_nobody_owes_and_exit_solvency(state: State) -> None:
    poorer = account(state, 1, collateral=state.accounts[1].collateral - 600)
    richer = account(poorer, 0, collateral=state.accounts[0].collateral + 600)
    (owes,) = of(richer, NOBODY_OWES.id)
    (exits,) = of(richer, EXIT_SOLVENCY.id)
    assert owes.who == "account 1"
    assert isinstance(owes.left, int)
    assert isinstance(exits.left, int)
    assert isinstance(exits.right, int)
    assert owes.left < 0
    assert exits.left - exits.right == -owes.left
    assert of(richer, CONSERVATION.id) == []


def test_a_crossed_book_and_a_wrong_ladder_break_book_uncrossed(state: State) -> None:
    bid = next(order for order in state.books[1].orders.values() if order.side is Side.BUY)
    crossed = book(state, orders=state.books[1].orders.set(bid.arrival, evolve(bid, price=10)))
    assert [(v.conjunct, v.left, v.right) for v in of(crossed, BOOK_UNCROSSED.id)] == [
        ("the best bid is below the best ask", 10, 10),
        ("the ladder of bids is their sorted keys", 1, 1),
    ]
    missing = book(state, asks=ladder_of([]))
    assert [(v.conjunct, v.left, v.right) for v in of(missing, BOOK_UNCROSSED.id)] == [
        ("the ladder of asks is their sorted keys", 0, 1)
    ]


def test_totals_that_are_not_those_of_the_book_break_order_limits(state: State) -> None:
    orders = state.accounts[0].orders
    wrong = account(state, 0, orders=orders.set(1, evolve(orders[1], sells=9)))
    assert [(v.who, v.left, v.right) for v in of(wrong, ORDER_LIMITS.id)] == [("account 0", "[0, 9, 0]", "[0, 2, 0]")]


def test_an_order_without_an_owner_breaks_order_limits(state: State) -> None:
    orphaned = account(state, 0, orders=state.accounts[0].orders.delete(1))
    assert [(v.conjunct, v.who) for v in of(orphaned, ORDER_LIMITS.id)] == [
        ("every live order has an owner", "account 0")
    ]


def test_a_reduce_only_order_larger_than_the_position_breaks_order_limits(state: State) -> None:
    bid = next(order for order in state.books[1].orders.values() if order.side is Side.BUY)
    flipped = book(state, orders=state.books[1].orders.set(bid.arrival, evolve(bid, reduce_only=True, size=9)))
    conjuncts = [violation.conjunct for violation in of(flipped, ORDER_LIMITS.id)]
    assert "resting reduce-only orders total at most the position" in conjuncts


CHANGES: tuple[tuple[str, Callable[[State], State], str], ...] = (
    ("insurance below zero", lambda state: evolve(state, insurance=-1), INSURANCE.id),
    (
        "a message before the cursor",
        lambda state: evolve(state, inbox=evolve(state.inbox, cursor=state.inbox.cursor + 1)),
        NO_DOUBLE_SPEND.id,
    ),
    (
        "a claim that is missing",
        lambda state: evolve(state, outbox=evolve(state.outbox, next_index=1)),
        NO_DOUBLE_SPEND.id,
    ),
    (
        "a band that does not follow from the mark",
        lambda state: evolve(state, markets=state.markets.set(1, evolve(state.markets[1], high=99))),
        ORACLE_SANE.id,
    ),
    ("marks from after the clock", lambda state: evolve(state, marks_time=1), ORACLE_SANE.id),
)


@pytest.mark.parametrize(("change", "invariant"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_changed_state_breaks_its_invariant(state: State, change: Callable[[State], State], invariant: str) -> None:
    assert invariant in {violation.invariant for violation in judge_state(change(state))}
