"""FLOW-5: what the flow misuses has exactly one fault, so that no missing check hides behind another."""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from random import Random
from typing import Any

import attrs
import pytest

from settlespec.domain.events import ForcedRefused
from settlespec.domain.operations import ContinueRound, Operation, Tick
from settlespec.domain.outcomes import Accepted
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.misuse import TO_THE_END, Misuse, an_owner, interleaved, misuse, misused_expiry, stalled
from settlespec.flows.session import Session
from settlespec.machine.exchange import step
from settlespec.machine.signatures import Ideal

SIGNER = Ideal()
BEFORE = (1_000, 1_700, 3_900)
"""How many operations of the flow come before the misuse."""


def at_rest_after(operations: int) -> Session:
    """A run of the flow, stopped between two rounds with fresh marks."""
    flow = EmbeddedFlow(accounts=150, operations=4_000)
    session = Session(flow.genesis(SIGNER), SIGNER)
    run = flow.operations(session)
    for operation in islice(run, operations):
        session.submit(operation)
    while session.state.round is not None:
        session.submit(ContinueRound(TO_THE_END))
    assert an_owner(session) is not None
    return session


def tried(session: Session, misused: Iterator[Misuse]) -> Iterator[tuple[State, Misuse]]:
    """Each misuse with the state that it meets; its operations are then submitted, as the flow does."""
    for each in misused:
        yield session.state, each
        for operation in each.faulty:
            session.submit(operation)


@cache
def everything() -> tuple[tuple[State, Misuse], ...]:
    """Every misuse at several places of a run: at rest, inside a round, and where the oracles fall silent."""
    found: list[tuple[State, Misuse]] = []
    for operations in BEFORE:
        session = at_rest_after(operations)
        found += tried(session, misuse(session, Random(1)))
        session.submit(next(session.clearing_round({})))
        found += tried(session, interleaved(session))
        session.submit(ContinueRound(TO_THE_END))
        if session.state.next_expiry:
            session.submit(Tick(session.state.next_expiry))
            found += tried(session, misused_expiry(session))
            for operation in session.clearing_round({}):
                session.submit(operation)
        found += tried(session, stalled(session))
    return tuple(found)


EACH = pytest.mark.parametrize(
    ("state", "misused"), everything(), ids=[f"{place} {each.reason}" for place, (_, each) in enumerate(everything())]
)


def outcomes(state: State, operations: tuple[Operation, ...]) -> list[Reason | None]:
    """What becomes of operations one after the other: why each is refused, by an answer or by an event, or None."""
    reasons: list[Reason | None] = []
    for operation in operations:
        outcome = step(state, operation, SIGNER)
        if not isinstance(outcome, Accepted):
            reasons.append(outcome.reason)
            continue
        state = outcome.state
        refusals = [event.reason for event in outcome.events if isinstance(event, ForcedRefused)]
        reasons.append(refusals[0] if refusals else None)
    return reasons


@EACH
def test_it_is_refused_for_its_one_fault_and_accepted_without_it(state: State, misused: Misuse) -> None:
    *before, last = outcomes(state, misused.faulty)
    assert (before, last) == ([None] * len(before), misused.reason)
    assert set(outcomes(state, misused.mended)) == {None}


@EACH
def test_a_fault_is_one_field_or_that_nothing_came_before(state: State, misused: Misuse) -> None:
    faulty, mended = misused.faulty, misused.mended
    if len(faulty) < len(mended):
        assert faulty[-1] == mended[-1]
    else:
        different = [pair for pair in zip(faulty, mended, strict=True) if pair[0] != pair[1]]
        assert [len(list(differing(*pair))) for pair in different] == [1]


def differing(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The fields in which two records differ, at any depth; signatures follow from the rest, unless they are all that differs."""
    fields = [field.name for field in attrs.fields(type(one)) if getattr(one, field.name) != getattr(other, field.name)]
    content = [name for name in fields if name not in ("signature", "signatures")]
    for name in content or fields:
        mine, others = getattr(one, name), getattr(other, name)
        if attrs.has(type(mine)) and type(mine) is type(others):
            yield from differing(mine, others, f"{path}{name}.")
        else:
            yield path + name


def test_every_reason_that_any_deployment_can_give_is_misused() -> None:
    misused = {each.reason for _, each in everything()}
    # Capacities, what other actions of the flow are refused for again and again, and what takes a live order of the same name.
    assert set(Reason) - misused == {
        Reason.TOO_MANY_ORDERS,
        Reason.BOOK_FULL,
        Reason.INBOX_FULL,
        Reason.TOO_MANY_ACCOUNTS,
        Reason.UNKNOWN_ORDER,
        Reason.DUPLICATE_ORDER,
        Reason.REDUCE_ONLY_EXCEEDS_POSITION,
        Reason.POST_ONLY_WOULD_TRADE,
        Reason.NOTHING_TO_WITHDRAW,
    }
