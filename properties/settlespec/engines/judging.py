"""What is asked of a step: the predicates of the catalogue, in parts that can be judged one by one."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from attrs import frozen

from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.invariants import catalogue, states
from settlespec.invariants.cards import Asked, Card, Step, Violation
from settlespec.invariants.rematching import rematch
from settlespec.invariants.shadow import shadow_of
from settlespec.invariants.states import Sums, sums_of
from settlespec.invariants.steps import walk_step
from settlespec.machine import exchange
from settlespec.machine.signatures import Ideal
from settlespec.monitoring.monitor import unnamed
from settlespec.monitoring.second_execution import execute_again

SIGNER: Final = Ideal()
"""Signatures are ideal: nobody signs for another. The content is compared as text, in which an amount stands by its term."""

StatePredicate: TypeAlias = Callable[[State, Asked], Iterable[Violation]]


def _summed(predicate: Callable[[State, Sums, Asked], Iterable[Violation]]) -> StatePredicate:
    return lambda state, asked: predicate(state, sums_of(state), asked)


OF_STATE: Final[dict[Card, StatePredicate]] = {
    catalogue.CONSERVATION: _summed(states.conservation),
    catalogue.ZERO_SUM: _summed(states.zero_sum),
    catalogue.NOBODY_OWES: _summed(states.nobody_owes),
    catalogue.EXIT_SOLVENCY: _summed(states.exit_solvency),
    catalogue.BOOK_UNCROSSED: states.book_uncrossed,
    catalogue.ORDER_LIMITS: states.order_limits,
    catalogue.INSURANCE: states.insurance,
    catalogue.NO_DOUBLE_SPEND: states.no_double_spend,
    catalogue.ORACLE_SANE: states.oracle_sane,
}
"""The predicates of a state: assumed of the one before, claimed of the one after."""


@frozen
class Claim:
    """One part of what is asked."""

    name: str
    cards: tuple[Card, ...]
    """The invariants of which it may tell a violation."""
    judge: Callable[[Step, Asked], Iterable[Violation]]


def after(step: Step) -> State:
    """The state after an accepted step."""
    assert isinstance(step.outcome, Accepted)
    return step.outcome.state


def _of_state(card: Card, predicate: StatePredicate) -> Claim:
    return Claim(f"state after, {card.id}", (card,), lambda step, asked: predicate(after(step), asked))


def _walked(step: Step, asked: Asked) -> Iterable[Violation]:
    """The step's events walked; then the shadow book against the state's, and what no event named against what it was."""
    walk = walk_step(step, shadow_of(step.before), SIGNER.verify, asked)
    waiting = {} if walk.waits is None else {step.before.inbox.cursor: walk.waits}
    return [
        *walk.violations,
        *walk.shadow.differences(after(step), asked),
        *unnamed(step.before, after(step), walk.named, walk.orders, waiting, asked),
    ]


def _again(step: Step, asked: Asked) -> Iterable[Violation]:
    return list(execute_again(deque([step]), exchange.step, SIGNER, asked))


AGAIN: Final = Claim("second execution", (catalogue.DETERMINISM,), _again)

OF_ACCEPTED: Final = (
    *(_of_state(card, predicate) for card, predicate in OF_STATE.items()),
    Claim("events walked", tuple(card for card in catalogue.CARDS if card.of_step), _walked),
    Claim("second matcher", (catalogue.PRICE_TIME,), lambda step, asked: list(rematch(step, asked))),
    AGAIN,
)
"""Everything that is asked of an accepted step; of a refused one only that a second execution refuses it alike."""
