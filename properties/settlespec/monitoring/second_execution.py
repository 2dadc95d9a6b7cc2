"""DETERMINISM: the last operations once more, from the state before them in other containers."""

from collections import deque
from collections.abc import Callable, Iterator

from attrs import fields

from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted, Outcome, Rejected
from settlespec.domain.state import State
from settlespec.invariants.cards import Asked, Step, Violation
from settlespec.invariants.catalogue import DETERMINISM
from settlespec.machine.signatures import Signatures
from settlespec.monitoring.permuted import permuted_state
from settlespec.wire.states import state_digest

Execute = Callable[[State, Operation, Signatures], Outcome]
"""What takes an operation from one state to the next."""

SHARED = ("accounts", "books", "outbox")
"""Fields of a state that may be long: compared where operations touched them."""


def execute_again(
    window: deque[Step], execute: Execute, signatures: Signatures, asked: Asked, *, digest: bool = False
) -> Iterator[Violation]:
    """Execute recorded operations again; every answer, and in the end every field of the state, must be the same.

    Args:
        window: operations, each of which met the state that the one before it left.
        execute, signatures: the machine.
        asked: where comparisons of answers are counted.
        digest: whether the digests of the two states are compared as well, which reads both whole.
    """
    if not window:
        return
    state = permuted_state(window[0].before)
    accounts: set[int] = set()
    for place, recorded in enumerate(window):
        kind = type(recorded.operation).__name__
        asked[DETERMINISM] += 1
        again = execute(state, recorded.operation, signatures)
        said, meant = answer(again), answer(recorded.outcome)
        if said != meant:
            who = f"{kind}, {len(window) - 1 - place} operations ago"
            yield Violation(DETERMINISM.id, "a second execution gives the same answer", who, str(said), str(meant))
            return
        if isinstance(again, Accepted):
            accounts.update(again.touched)
            state = again.state
        if isinstance(recorded.outcome, Accepted):
            accounts.update(recorded.outcome.touched)
            last = recorded.outcome.state
        else:
            last = recorded.before
    yield from differences(state, last, accounts)
    if digest and state_digest(state) != state_digest(last):
        said, meant = state_digest(state).hex(), state_digest(last).hex()
        yield Violation(DETERMINISM.id, "a second execution leaves a state of the same digest", "", said, meant)


def answer(outcome: Outcome) -> object:
    """What an answer says: events, or a reason."""
    return outcome.reason if isinstance(outcome, Rejected) else outcome.events


def differences(again: State, first: State, accounts: set[int]) -> Iterator[Violation]:
    """Where two executions left different states; of accounts and books what the operations touched."""
    conjunct = "a second execution leaves the same state"
    for field in fields(State):
        if field.name not in SHARED:
            said, meant = getattr(again, field.name), getattr(first, field.name)
            if said != meant:
                yield Violation(DETERMINISM.id, conjunct, field.name, str(said), str(meant))
    for account in sorted(accounts):
        mine, other = again.accounts.get(account), first.accounts.get(account)
        if mine != other:
            yield Violation(DETERMINISM.id, conjunct, f"account {account}", str(mine), str(other))
    for name, book in first.books.items():
        second = again.books[name]
        same = (second.bids, second.asks, second.open_interest) == (book.bids, book.asks, book.open_interest)
        if not same or len(second.orders) != len(book.orders):
            yield Violation(
                DETERMINISM.id, conjunct, f"instrument {name}", str(len(second.orders)), str(len(book.orders))
            )
    said, meant = (again.outbox.next_index, again.outbox.unpaid), (first.outbox.next_index, first.outbox.unpaid)
    if said != meant:
        yield Violation(DETERMINISM.id, conjunct, "outbox", str(said), str(meant))
