"""Every invariant notices the fault that breaks it, within the distance of its card."""

from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.books import Book
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import BeginRound, OracleSignature, Receive, Take, Tick, Transfer, Withdraw
from settlespec.domain.orders import Order, Removal, Side, TimeInForce
from settlespec.domain.outcomes import Accepted, Outcome, Rejected
from settlespec.domain.state import State
from settlespec.invariants.cards import Card, Distance
from settlespec.invariants.catalogue import (
    ATOMICITY,
    AUTHORITY,
    BOOK_UNCROSSED,
    CONSERVATION,
    DETERMINISM,
    EXIT_SOLVENCY,
    HEALTH,
    INSURANCE,
    LIQUIDATION_FAIR,
    NO_DOUBLE_SPEND,
    NOBODY_OWES,
    NONCE,
    ORACLE_SANE,
    ORDER_LIMITS,
    PRICE_TIME,
    ZERO_SUM,
)
from settlespec.machine import clearing, closing, custody, matching, statements, trading
from settlespec.machine.draft import Draft
from settlespec.machine.exchange import step
from settlespec.monitoring.monitor import Monitor
from settlespec.rules import fees, funding, liquidation, margin
from settlespec.rules import trading as trading_rules
from tests.monitoring.planting import (
    Credulous,
    Plant,
    Watched,
    notice,
    notices,
    planted,
    replacing,
    with_account,
    with_state,
)


def worst(book: Book, side: Side) -> Order | None:
    """The order that should be served last."""
    keys = tuple(book.ladder(side))
    return book.orders[keys[-1] & (2**64 - 1)] if keys else None


FAULTS: tuple[tuple[str, Card, Plant], ...] = (
    (
        "a credit gives one quantum more",
        CONSERVATION,
        replacing(Draft, "credit", lambda credit: lambda draft, who, amount: credit(draft, who, amount + (amount > 0))),
    ),
    (
        "open interest is never counted",
        ZERO_SUM,
        replacing(trading_rules, "open_interest_change", lambda _: lambda size, change: 0),
    ),
    (
        "funding is rounded for the account",
        ZERO_SUM,
        replacing(funding, "payment", lambda payment: lambda exact: exact // funding.FUNDING_SCALE),
    ),
    (
        "reduce-only orders are not clipped",
        ORDER_LIMITS,
        replacing(Draft, "clip_reduce_only", lambda _: lambda *_: None),
    ),
    ("the last is served first", PRICE_TIME, replacing(Book, "best", lambda _: worst)),
    (
        "live makers are passed over as expired",
        PRICE_TIME,
        replacing(matching, "unfit", lambda _: lambda draft, maker: Removal.EXPIRED),
    ),
    ("resting orders need no margin", HEALTH, replacing(trading, "covered", lambda _: lambda draft, order: True)),
    ("everything is free to be withdrawn", HEALTH, replacing(custody, "free", lambda _: lambda draft, account: 10**6)),
    (
        "a fill is judged without its price",
        HEALTH,
        replacing(margin, "initial", lambda _: lambda maintenance, factor, surcharge: 0),
    ),
    (
        "the insurance fund pays more than it has",
        INSURANCE,
        replacing(liquidation, "insurance_payment", lambda _: lambda insurance, debt: debt),
    ),
    (
        "healthy accounts are in breach",
        LIQUIDATION_FAIR,
        replacing(margin, "in_breach", lambda _: lambda equity, maintenance: equity < 3 * maintenance),
    ),
    (
        "closes at the mark go to whoever is last in rank",
        LIQUIDATION_FAIR,
        replacing(closing, "rank_opposite", lambda rank: lambda *terms: rank(*terms)[::-1]),
    ),
    (
        "a haircut takes one quantum more",
        LIQUIDATION_FAIR,
        replacing(liquidation, "haircut", lambda haircut: lambda *terms: haircut(*terms) + 1),
    ),
    ("fees are forgotten", AUTHORITY, replacing(fees, "taker_fee", lambda _: lambda notional, rate: 0)),
    (
        "any number of oracles is enough",
        ORACLE_SANE,
        replacing(statements, "oracles_who_signed", lambda _: lambda draft, statement, signed, signatures: 99),
    ),
)


@notices(*(fault[1] for fault in FAULTS))
@pytest.mark.parametrize(("card", "plant"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_broken_rule_is_noticed_by_its_invariant_at_the_operation_on_which_it_first_acted(
    card: Card, plant: Plant
) -> None:
    noticed = notice(plant)
    assert card.id in noticed.invariants, noticed.violations
    assert card.distance is Distance.AT_ONCE
    assert noticed.operation == noticed.acted, noticed.violations


@notices(NOBODY_OWES, EXIT_SOLVENCY)
@pytest.mark.parametrize("card", [NOBODY_OWES, EXIT_SOLVENCY], ids=lambda card: card.id)
def test_a_transfer_that_leaves_a_debt_is_noticed_at_once_by_who_owes_and_by_who_could_leave(card: Card) -> None:
    watched = Watched()
    operation = watched.session.sign(Transfer(1, 2, watched.state.clock, 2, 1, b""))

    def overdraw(outcome: Accepted) -> Accepted:
        poor, rich = outcome.state.accounts[1], outcome.state.accounts[2]
        outcome = with_account(outcome, 1, collateral=poor.collateral - 1_000)
        return with_account(outcome, 2, collateral=rich.collateral + 1_000)

    assert card.id in {violation.invariant for violation in watched.tampered(operation, overdraw)}


def test_a_debt_that_default_does_not_settle_is_noticed_by_who_owes_and_by_who_could_leave() -> None:
    plant = replacing(clearing.Clearing, "settle", lambda _: lambda *_: None)
    noticed = notice(plant)
    assert noticed.at_rest
    assert {NOBODY_OWES.id, EXIT_SOLVENCY.id} <= noticed.invariants


@notices(BOOK_UNCROSSED)
def test_an_order_that_rests_across_the_book_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.limit(2, 1, 0, Side.BUY, 1, 10)
    with planted(replacing(matching, "crosses", lambda _: lambda side, limit, price: False)):
        outcome = step(watched.state, operation, watched.signer)
    assert BOOK_UNCROSSED.id in {violation.invariant for violation in watched.monitor.observe(operation, outcome)}


def test_a_fill_beyond_the_limit_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.limit(2, 1, 0, Side.BUY, 1, 9, TimeInForce.IMMEDIATE_OR_CANCEL)
    with planted(replacing(matching, "crosses", lambda _: lambda side, limit, price: True)):
        outcome = step(watched.state, operation, watched.signer)
    assert ORDER_LIMITS.id in {violation.invariant for violation in watched.monitor.observe(operation, outcome)}


def test_an_order_beyond_the_limit_that_is_passed_over_as_expired_is_noticed_at_once() -> None:
    watched = Watched()
    watched.do(watched.session.limit(2, 2, 0, Side.SELL, 1, 12, good_till=3), Tick(5))
    operation = watched.session.limit(1, 2, 0, Side.BUY, 1, 11, TimeInForce.IMMEDIATE_OR_CANCEL)
    with planted(replacing(matching, "crosses", lambda _: lambda side, limit, price: True)):
        outcome = step(watched.state, operation, watched.signer)
    assert PRICE_TIME.id in {violation.invariant for violation in watched.monitor.observe(operation, outcome)}


def test_a_replacement_that_forgets_its_fills_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.replace(0, 1, 0, 5, 10)

    def forgetful(*terms: Any) -> Order:
        return evolve(Order(*terms), filled=0)

    with planted(lambda patch: patch.setattr(trading, "Order", forgetful)):
        outcome = step(watched.state, operation, watched.signer)
    assert ORDER_LIMITS.id in {violation.invariant for violation in watched.monitor.observe(operation, outcome)}


def test_risk_that_is_judged_by_stale_marks_is_noticed_at_once() -> None:
    watched = Watched()
    watched.do(Tick(watched.state.parameters.max_age + 1))
    operation = watched.session.limit(2, 1, 0, Side.BUY, 1, 9)
    with planted(replacing(trading, "marks_are_stale", lambda _: lambda draft: False)):
        outcome = step(watched.state, operation, watched.signer)
    found = watched.monitor.observe(operation, outcome)
    assert {violation.invariant for violation in found} == {ORACLE_SANE.id}


@notices(NO_DOUBLE_SPEND)
def test_a_message_that_is_taken_twice_is_noticed_at_once() -> None:
    watched = Watched()
    watched.do(Receive(0, Deposit(0, watched.signer.key(0), 7)))
    inbox = watched.state.inbox
    found = watched.tampered(Take(), lambda outcome: with_state(outcome, inbox=inbox))
    assert NO_DOUBLE_SPEND.id in {violation.invariant for violation in found}


def test_a_claim_that_is_made_twice_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.sign(Withdraw(2, 1, 0, 10, b""))

    def twice(outcome: Accepted) -> Accepted:
        outbox = outcome.state.outbox
        claims = outbox.claims.set(1, evolve(outbox.claims[0], index=1))
        return with_state(outcome, outbox=evolve(outbox, claims=claims, next_index=2, unpaid=20))

    assert NO_DOUBLE_SPEND.id in {violation.invariant for violation in watched.tampered(operation, twice)}


def test_a_claim_that_changes_later_is_noticed_at_the_next_full_recomputation() -> None:
    watched = Watched()
    watched.do(watched.session.sign(Withdraw(2, 1, 0, 10, b"")))
    assert watched.monitor.full() == ()

    def redirected(outcome: Accepted) -> Accepted:
        outbox = outcome.state.outbox
        claims = outbox.claims.set(0, evolve(outbox.claims[0], key=b"thief"))
        return with_state(outcome, outbox=evolve(outbox, claims=claims))

    assert watched.tampered(Tick(0), redirected) == ()
    assert NO_DOUBLE_SPEND.id in {violation.invariant for violation in watched.monitor.full()}


@notices(NONCE)
def test_a_nonce_that_does_not_move_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.cancel(0, 1, 0)
    found = watched.tampered(operation, lambda outcome: with_account(outcome, 0, nonce=1))
    assert {violation.invariant for violation in found} == {NONCE.id}


def test_a_message_that_is_accepted_again_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.sign(Transfer(2, 1, 0, 1, 10, b""))
    watched.do(operation)
    forgetful = with_account(Accepted(watched.state, ()), 2, nonce=0).state
    outcome = step(forgetful, operation, watched.signer)
    assert isinstance(outcome, Accepted)
    assert NONCE.id in {violation.invariant for violation in watched.monitor.observe(operation, outcome)}


def test_a_forged_message_that_the_machine_believes_is_noticed_at_once() -> None:
    watched = Watched()
    operation = Withdraw(2, 1, 0, 10, b"forged")
    outcome = step(watched.state, operation, Credulous())
    assert isinstance(outcome, Accepted)
    assert {violation.invariant for violation in watched.monitor.observe(operation, outcome)} == {AUTHORITY.id}


@pytest.mark.parametrize("domain", [{"chain": 2}, {"rollup": 2}], ids=["another chain", "another rollup"])
def test_a_message_for_elsewhere_that_the_machine_believes_is_noticed_at_once(domain: dict[str, Any]) -> None:
    watched = Watched()
    elsewhere = evolve(watched.state, parameters=evolve(watched.state.parameters, **domain))
    here = watched.session.state
    watched.session.state = elsewhere
    operation = watched.session.sign(Withdraw(2, 1, 0, 10, b""))
    watched.session.state = here
    outcome = step(here, operation, Credulous())
    assert isinstance(outcome, Accepted)
    assert {violation.invariant for violation in watched.monitor.observe(operation, outcome)} == {AUTHORITY.id}


def test_a_forged_statement_that_the_machine_believes_is_noticed_at_once() -> None:
    watched = Watched()
    watched.do(Tick(1_000))
    honest = next(watched.session.clearing_round({1: 11}))
    assert isinstance(honest, BeginRound)
    operation = evolve(honest, signatures=(honest.signatures[0], OracleSignature(1, b"forged")))
    outcome = step(watched.state, operation, Credulous())
    assert isinstance(outcome, Accepted)
    assert {violation.invariant for violation in watched.monitor.observe(operation, outcome)} == {ORACLE_SANE.id}


def test_a_mark_that_moves_outside_a_round_is_noticed_at_once() -> None:
    watched = Watched()

    def moved(outcome: Accepted) -> Accepted:
        markets = outcome.state.markets
        return with_state(outcome, markets=markets.set(1, evolve(markets[1], mark=markets[1].mark + 1)))

    assert ORACLE_SANE.id in {violation.invariant for violation in watched.tampered(Tick(5), moved)}


@notices(ATOMICITY)
def test_an_account_that_is_written_and_not_named_is_noticed_at_once() -> None:
    watched = Watched()
    found = watched.tampered(Tick(5), lambda outcome: evolve(outcome, touched=(2,)))
    assert {violation.invariant for violation in found} == {ATOMICITY.id}


@pytest.mark.parametrize("full_every", [9, 20])
def test_an_account_that_changes_in_silence_is_noticed_within_the_stated_number_of_operations(full_every: int) -> None:
    watched = Watched(full_every)
    watched.monitor.full()
    acted = watched.monitor.operations + 1

    def robbed(outcome: Accepted) -> Accepted:
        outcome = with_account(outcome, 1, collateral=outcome.state.accounts[1].collateral - 3)
        return with_account(outcome, 2, collateral=outcome.state.accounts[2].collateral + 3)

    found = watched.tampered(Tick(5), robbed)
    while not found:
        outcome = watched.session.submit(Tick(5))
        found = watched.monitor.observe(Tick(5), outcome)
    assert ATOMICITY.id in {violation.invariant for violation in found}
    assert ATOMICITY.distance is Distance.FULL
    assert watched.monitor.operations - acted <= full_every


def test_an_order_that_changes_in_silence_is_noticed_at_the_next_full_recomputation() -> None:
    watched = Watched()
    watched.monitor.full()

    def longer(outcome: Accepted) -> Accepted:
        book = outcome.state.books[1]
        order = next(iter(book.orders.values()))
        changed = evolve(book, orders=book.orders.set(order.arrival, evolve(order, good_till=order.good_till - 1)))
        return with_state(outcome, books=outcome.state.books.set(1, changed))

    at_once = {violation.invariant for violation in watched.tampered(Tick(5), longer)}
    later = {violation.invariant for violation in watched.monitor.full()}
    assert ATOMICITY.id in at_once
    assert {ATOMICITY.id, PRICE_TIME.id} <= later


def test_a_rejected_operation_that_leaves_a_trace_is_noticed_with_the_next_operation() -> None:
    watched = Watched()
    operation = watched.session.cancel(0, 2, 5)
    outcome = watched.session.submit(operation)
    assert isinstance(outcome, Rejected)
    assert watched.monitor.observe(operation, outcome) == ()
    traced = with_account(Accepted(watched.state, ()), 0, nonce=9).state
    after = step(traced, Tick(5), watched.signer)
    found = watched.monitor.observe(Tick(5), after, before=traced)
    assert {violation.invariant for violation in found} == {ATOMICITY.id}


def test_a_rejection_that_writes_into_the_state_is_noticed_at_once() -> None:
    watched = Watched()
    operation = watched.session.cancel(0, 2, 5)
    outcome = watched.session.submit(operation)
    object.__setattr__(watched.state, "treasury", watched.state.treasury + 1)
    assert {violation.invariant for violation in watched.monitor.observe(operation, outcome)} == {ATOMICITY.id}


def by_container_order(state: State, operation: Any, signatures: Any) -> Outcome:
    """A machine that lets the first account of a map say something."""
    outcome = step(state, operation, signatures)
    if isinstance(outcome, Accepted):
        return with_state(outcome, treasury=outcome.state.treasury + next(iter(state.accounts)))
    return outcome


@notices(DETERMINISM)
def test_a_machine_that_depends_on_the_order_of_a_container_is_noticed_at_the_next_full_recomputation() -> None:
    watched = Watched()
    monitor = Monitor(watched.state, watched.signer, 4, execute=by_container_order)
    found = []
    for time in range(4):
        outcome = by_container_order(monitor.state, Tick(time), watched.signer)
        found = [violation.invariant for violation in monitor.observe(Tick(time), outcome)]
    assert DETERMINISM.distance is Distance.FULL
    assert DETERMINISM.id in found


def test_a_machine_that_remembers_more_than_its_state_is_noticed_at_the_next_full_recomputation() -> None:
    watched = Watched()
    calls: list[Any] = []

    def moody(state: State, operation: Any, signatures: Any) -> Outcome:
        calls.append(operation)
        outcome = step(state, operation, signatures)
        if isinstance(outcome, Accepted) and len(calls) % 3 == 0:
            return evolve(outcome, events=())
        return outcome

    monitor = Monitor(watched.state, watched.signer, 5, execute=moody)
    found = []
    for time in range(5):
        found = [v.invariant for v in monitor.observe(Tick(time), step(monitor.state, Tick(time), watched.signer))]
    assert found == [DETERMINISM.id]
