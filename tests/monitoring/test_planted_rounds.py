"""A round that forgets, swaps or leaves out something on its way is noticed at once."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.instruments import Quote
from settlespec.domain.operations import ContinueRound
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Round, Stage
from settlespec.invariants.cards import Card, Distance
from settlespec.invariants.catalogue import LIQUIDATION_FAIR, NO_DOUBLE_SPEND, ORACLE_SANE
from settlespec.machine import clearing
from settlespec.machine.clearing import Clearing
from settlespec.machine.draft import Draft
from tests.monitoring.planting import Plant, Watched, notice, notices, replacing, with_state


def other_statement(current: Round) -> Round:
    name, first = min(current.quotes.items()) if current.quotes else (1, Quote(1, 1, 0))
    return evolve(current, quotes=current.quotes.set(name, evolve(first, mark=first.mark + 1)))


def other_gain(current: Round) -> Round:
    (account,) = current.gains
    return evolve(current, gains=current.gains.set(account, current.gains[account] + 1))


SWAPS: tuple[tuple[str, Callable[[Round], Round], Card, str], ...] = (
    ("the statement", other_statement, ORACLE_SANE, "an open round keeps its statement"),
    (
        "the funding interval",
        lambda current: evolve(current, elapsed=current.elapsed + 1),
        NO_DOUBLE_SPEND,
        "an open round keeps its funding interval",
    ),
    ("an earlier gain", other_gain, LIQUIDATION_FAIR, "the round carries on each gain"),
    (
        "whom an earlier gain belongs to",
        lambda current: evolve(current, gains=current.gains.set(2, 1)),
        LIQUIDATION_FAIR,
        "the round carries on each gain",
    ),
    (
        "how far it has come",
        lambda current: evolve(current, micro_steps=current.micro_steps - 1),
        NO_DOUBLE_SPEND,
        "a round goes on by what was asked for",
    ),
    (
        "a list of nothing",
        lambda current: evolve(current, tasks=(2,)),
        LIQUIDATION_FAIR,
        "a stage's list is fixed when it begins",
    ),
)


@notices(ORACLE_SANE, NO_DOUBLE_SPEND, LIQUIDATION_FAIR)
@pytest.mark.parametrize(("swap", "card", "conjunct"), [row[1:] for row in SWAPS], ids=[row[0] for row in SWAPS])
def test_what_is_swapped_in_the_middle_of_a_round_is_noticed_at_once(
    swap: Callable[[Round], Round], card: Card, conjunct: str
) -> None:
    watched = Watched()
    watched.do(*watched.session.tick(1_000))
    operations = watched.session.clearing_round({1: 11, 2: 12}, micro_steps=1)
    watched.do(next(operations))
    for operation in operations:
        current = watched.state.round
        assert current is not None
        if current.stage is Stage.EXPIRE:
            break
        watched.do(operation)
    assert current is not None
    assert current.gains

    def swapped(outcome: Accepted) -> Accepted:
        assert outcome.state.round is not None
        return with_state(outcome, round=swap(outcome.state.round))

    found = watched.tampered(ContinueRound(1), swapped)
    assert (card.id, conjunct) in {(violation.invariant, violation.conjunct) for violation in found}


def test_a_statement_that_is_swapped_as_the_round_begins_is_noticed_at_once() -> None:
    watched = Watched()
    watched.do(*watched.session.tick(1_000))
    begin = next(watched.session.clearing_round({1: 11, 2: 12}))

    def swapped(outcome: Accepted) -> Accepted:
        assert outcome.state.round is not None
        return with_state(outcome, round=other_statement(outcome.state.round))

    found = watched.tampered(begin, swapped)
    assert {(violation.invariant, violation.conjunct) for violation in found} == {
        (ORACLE_SANE.id, "the round is that of the statement")
    }


def forgetting_bystanders(accept: Any) -> Any:
    """Breach counts of accounts that the operation did not write are wiped."""

    def forgetful(draft: Draft) -> Accepted:
        outcome: Accepted = accept(draft)
        breaches = outcome.state.breaches
        for account in outcome.state.breaches:
            if account not in outcome.touched:
                breaches = breaches.delete(account)
        return with_state(outcome, breaches=breaches)

    return forgetful


def listing(change: Callable[[Clearing, tuple[Any, ...]], tuple[Any, ...]]) -> Plant:
    """The list of the liquidations is another one."""

    def changed(list_of: Any) -> Any:
        def list_of_stage(clearing_: Clearing, stage: Stage, expired: list[int]) -> tuple[Any, ...]:
            tasks: tuple[Any, ...] = list_of(clearing_, stage, expired)
            return change(clearing_, tasks) if stage is Stage.LIQUIDATE else tasks

        return list_of_stage

    return replacing(Clearing, "list_of", changed)


def in_place_of_the_last(clearing_: Clearing, tasks: tuple[Any, ...]) -> tuple[Any, ...]:
    """As many as there must be, but somebody healthy where the last one stood, if that one had orders to lose."""
    healthy = [account for account in clearing_.draft.holders if account not in tasks]
    spares = bool(tasks and healthy and clearing_.draft.account(tasks[-1]).orders)
    return (*tasks[:-1], healthy[0]) if spares else tasks


def one_more(clearing_: Clearing, tasks: tuple[Any, ...]) -> tuple[Any, ...]:
    """Those that must come, and then the first holder."""
    holders = clearing_.draft.holders
    return (*tasks, holders.first()) if holders else tasks


def spared(liquidate: Any) -> Any:
    """No liquidation of anybody with orders ever begins, though everybody stands in the list."""
    return lambda draft, account, attempts: (
        liquidate(draft, account, attempts) if attempts or not draft.account(account).orders else None
    )


def half_done(liquidate: Any) -> Any:
    """A liquidation ends once its orders are cancelled, whatever the book has."""
    return lambda draft, account, attempts: None if attempts else liquidate(draft, account, attempts)


LEFT_OUT: tuple[tuple[str, Plant], ...] = (
    ("breach counts of bystanders are wiped", replacing(Draft, "accept", forgetting_bystanders)),
    ("an account is left out of the list", listing(lambda _, tasks: tasks[1:])),
    ("an account is added to the list", listing(one_more)),
    ("an account stands in the place of another", listing(in_place_of_the_last)),
    ("the list is right and nobody is visited", replacing(clearing, "liquidate", spared)),
    ("a liquidation ends before it is done", replacing(clearing, "liquidate", half_done)),
)


@pytest.mark.parametrize("plant", [row[1] for row in LEFT_OUT], ids=[row[0] for row in LEFT_OUT])
def test_a_round_that_leaves_somebody_out_is_noticed_at_the_operation_on_which_it_did(plant: Plant) -> None:
    noticed = notice(plant, seeds=40)
    assert noticed.invariants == {LIQUIDATION_FAIR.id}, noticed.violations
    assert LIQUIDATION_FAIR.distance is Distance.AT_ONCE
    assert noticed.operation == noticed.acted, noticed.violations
