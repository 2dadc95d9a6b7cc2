"""A message from the base layer that is refused without cause, or carried out by half, is noticed at once."""

from collections.abc import Callable
from typing import Any

import pytest

from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal, Message
from settlespec.domain.operations import Receive, Take
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from settlespec.invariants.catalogue import AUTHORITY
from settlespec.machine import custody
from settlespec.machine.draft import Draft
from tests.monitoring.planting import Plant, Watched, notices, replacing

REFUSED = "a message is refused for the first reason that is true of it, and for no other"
HAPPENED = "what was forced has happened"
CLEARED = "a forced withdrawal of more than is free cancels its owner's orders"
PAID = "money leaves as its owner signed or forced"


def always(answer: Any) -> Callable[[Any], Any]:
    """Whatever is asked, the same answer."""
    return lambda _: lambda *terms: answer


def deposit(watched: Watched) -> Message:
    return Deposit(0, watched.signer.key(0), 7)


def withdrawal(watched: Watched) -> Message:
    return ForcedWithdrawal(2, watched.signer.key(2), 100)


def large_withdrawal(watched: Watched) -> Message:
    return ForcedWithdrawal(0, watched.signer.key(0), 10_000)


def order(watched: Watched) -> Message:
    return ForcedOrder(1, watched.signer.key(1), 1, Side.SELL, 1, 9)


def strangers(watched: Watched) -> Message:
    return ForcedWithdrawal(2, watched.signer.key(1), 100)


PLANTS: tuple[tuple[str, Callable[[Watched], Message], Plant, str], ...] = (
    ("a deposit that is refused", deposit, replacing(custody, "refuse_deposit", always(Reason.VAULT_FULL)), REFUSED),
    (
        "somebody else's request, it is said",
        withdrawal,
        replacing(custody, "refuse_request", always(Reason.WRONG_OWNER)),
        REFUSED,
    ),
    (
        "no such account, it is said",
        order,
        replacing(custody, "refuse_request", always(Reason.UNKNOWN_ACCOUNT)),
        REFUSED,
    ),
    (
        "a false reason for a true refusal",
        strangers,
        replacing(custody, "refuse_request", always(Reason.UNKNOWN_ACCOUNT)),
        REFUSED,
    ),
    ("a stranger's request that is heard", strangers, replacing(custody, "refuse_request", always(None)), REFUSED),
    (
        "nothing is free, it is said",
        withdrawal,
        replacing(custody, "take_withdrawal", always(Reason.NOTHING_TO_WITHDRAW)),
        REFUSED,
    ),
    (
        "a wrong side, it is said",
        order,
        replacing(custody, "refuse_order", always(Reason.REDUCE_ONLY_WRONG_SIDE)),
        REFUSED,
    ),
    ("a withdrawal that pays nothing", withdrawal, replacing(custody, "take_withdrawal", always(None)), HAPPENED),
    ("an order that never sets out", order, replacing(custody, "take_order", always(0)), HAPPENED),
    ("a withdrawal that pays half", withdrawal, replacing(custody, "forced_amount", always(50)), PAID),
    (
        "orders that stay in the way of a withdrawal",
        large_withdrawal,
        replacing(Draft, "cancel_all", always(None)),
        CLEARED,
    ),
)


@notices(AUTHORITY)
@pytest.mark.parametrize(("message", "plant", "conjunct"), [row[1:] for row in PLANTS], ids=[row[0] for row in PLANTS])
def test_a_message_that_gets_another_answer_than_it_must_is_noticed_at_once(
    message: Callable[[Watched], Message], plant: Plant, conjunct: str
) -> None:
    watched = Watched()
    watched.do(Receive(0, message(watched)))
    found = watched.step_with(Take(), plant)
    assert (AUTHORITY.id, conjunct) in {(violation.invariant, violation.conjunct) for violation in found}
