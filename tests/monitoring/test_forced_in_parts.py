"""A forced order that is taken in parts breaks no invariant, and what a machine could do wrong with it is noticed at once."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.events import ForcedPaused
from settlespec.domain.messages import ForcedOrder
from settlespec.domain.outcomes import Accepted
from settlespec.invariants.cards import Violation
from settlespec.invariants.catalogue import AUTHORITY, NO_DOUBLE_SPEND
from settlespec.machine import custody
from settlespec.machine.exchange import step
from settlespec.monitoring.monitor import Monitor
from tests.commitment.walks import SIGNER, Walked, forced_in_parts
from tests.monitoring.planting import planted, with_state


def test_a_forced_order_that_is_taken_in_parts_breaks_no_invariant() -> None:
    for full_every in (1, 10**9):
        monitor = Monitor(forced_in_parts()[0].before, SIGNER, full_every)
        for each in forced_in_parts():
            assert monitor.observe(each.operation, each.outcome) == ()
        assert monitor.full() == ()


def test_a_recomputation_in_full_between_the_parts_knows_what_waits() -> None:
    *_, first, second = forced_in_parts()
    monitor = Monitor(first.before, SIGNER)
    assert monitor.observe(first.operation, first.outcome) == monitor.full() == ()
    assert monitor.observe(second.operation, second.outcome) == monitor.full() == ()


def first_part() -> Walked:
    return forced_in_parts()[-2]


def judged(outcome: Any) -> set[tuple[str, str]]:
    """What the monitor says at once of another answer to the first taking."""
    found: tuple[Violation, ...] = Monitor(first_part().before, SIGNER).observe(first_part().operation, outcome)
    return {(violation.invariant, violation.conjunct) for violation in found}


def test_an_unfinished_forced_order_that_counts_as_carried_out_is_noticed_at_once() -> None:
    original = custody.take_order

    def careless(draft: Any, request: ForcedOrder) -> int:
        return 0 * original(draft, request)

    with planted(lambda patch: patch.setattr(custody, "take_order", careless)):
        outcome = step(first_part().before, first_part().operation, SIGNER)
    assert (NO_DOUBLE_SPEND.id, "an unfinished forced order stays at the cursor") in judged(outcome)


@pytest.mark.parametrize(
    "change",
    [
        lambda message: evolve(message, size=5),
        lambda message: evolve(message, price=1),
        lambda message: evolve(message, key=SIGNER.key(9)),
    ],
    ids=["its whole size", "another limit", "another sender"],
)
def test_anything_but_what_is_left_that_waits_at_the_cursor_is_noticed_at_once(
    change: Callable[[Any], ForcedOrder],
) -> None:
    outcome = first_part().outcome
    assert isinstance(outcome, Accepted)
    inbox = outcome.state.inbox
    received = inbox.messages[inbox.cursor]
    messages = inbox.messages.set(inbox.cursor, evolve(received, message=change(received.message)))
    found = judged(with_state(outcome, inbox=evolve(inbox, messages=messages)))
    assert found == {(NO_DOUBLE_SPEND.id, "the cursor passes each message once")}


def test_more_than_is_left_that_is_said_to_wait_is_noticed_at_once() -> None:
    outcome = first_part().outcome
    assert isinstance(outcome, Accepted)
    said = tuple(evolve(event, left=3) if isinstance(event, ForcedPaused) else event for event in outcome.events)
    assert (NO_DOUBLE_SPEND.id, "what waits is what is left of a forced order") in judged(evolve(outcome, events=said))


def test_a_part_of_a_forced_order_that_its_owner_did_not_send_is_noticed_at_once() -> None:
    before = first_part().before
    inbox = before.inbox
    received = inbox.messages[inbox.cursor]
    forged = inbox.messages.set(inbox.cursor, evolve(received, message=evolve(received.message, key=SIGNER.key(9))))
    start = evolve(before, inbox=evolve(inbox, messages=forged))
    with planted(lambda patch: patch.setattr(custody, "refuse_request", lambda draft, request: None)):
        outcome = step(start, first_part().operation, SIGNER)
    found = Monitor(start, SIGNER).observe(first_part().operation, outcome)
    assert AUTHORITY.id in {violation.invariant for violation in found}
