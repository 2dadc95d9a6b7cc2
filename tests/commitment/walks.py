"""Runs of the machine, step by step, and small states that hold something of everything."""

from collections.abc import Iterator
from functools import cache
from itertools import islice

from attrs import frozen

from settlespec.domain.genesis import Genesis
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Operation, Receive, Take
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Flow, Session
from settlespec.machine.exchange import step
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal

SIGNER = Ideal()


@frozen
class Walked:
    """One step of a run."""

    before: State
    operation: Operation
    outcome: Outcome
    after: State


def walk(flow: Flow, operations: int) -> Iterator[Walked]:
    """The steps of a flow, refusals too."""
    session = Session(flow.genesis(SIGNER), SIGNER)
    for operation in islice(flow.operations(session), operations):
        before = session.state
        outcome = session.submit(operation)
        yield Walked(before, operation, outcome, session.state)


def minimal_walk(seed: int, operations: int) -> Iterator[Walked]:
    """Anything at all on the preset `minimal`."""
    return walk(MinimalFlow(seed, operations), operations)


def small_genesis() -> Genesis:
    return minimal(SIGNER)


@cache
def mid_round_states() -> tuple[State, ...]:
    """States inside a round, one for each stage and each pattern of lists that hold something."""
    found: dict[tuple[object, ...], State] = {}
    for seed in range(8):
        for walked in minimal_walk(seed, 2_000):
            current = walked.after.round
            if current is not None:
                lists = (current.tasks, current.gains, current.defaulted, current.breaches)
                found.setdefault((current.stage, *map(bool, lists)), walked.after)
    return tuple(found.values())


@cache
def resting_state() -> State:
    """A state at rest with orders on both sides, positions, somebody in breach, claims, and a message of each kind that waits."""
    for seed in range(40):
        for walked in minimal_walk(seed, 1_500):
            state = walked.after
            resting = [book for book in state.books.values() if book.bids and book.asks]
            if state.round is None and resting and state.outbox.claims and state.holders and state.breaches:
                return with_messages(state)
    raise LookupError("no walk came to such a state")


def with_messages(state: State) -> State:
    """The state in which one message of each kind waits more."""
    key = SIGNER.key(0)
    messages = (Deposit(0, key, 70), ForcedWithdrawal(0, key, 5), ForcedOrder(0, key, 1, Side.SELL, 3, 9))
    for message in messages:
        outcome = step(state, Receive(state.clock, message), SIGNER)
        assert isinstance(outcome, Accepted)
        state = outcome.state
    return state


@cache
def forced_in_parts() -> tuple[Walked, ...]:
    """A forced order of five lots that meets four bids of one, where one operation makes three matches: taken twice, done at the second."""
    session = Session(small_genesis(), SIGNER)
    steps: list[Walked] = []

    def do(*operations: Operation) -> None:
        for operation in operations:
            before = session.state
            outcome = session.submit(operation)
            assert isinstance(outcome, Accepted), outcome
            steps.append(Walked(before, operation, outcome, session.state))

    for owner in range(4):
        do(*session.deposit(owner, 500))
    do(session.limit(1, 1, 0, Side.SELL, 5, 10), session.limit(0, 1, 0, Side.BUY, 5, 10))
    for owner, name in ((2, 0), (2, 1), (3, 0), (3, 1)):
        do(session.limit(owner, 1, name, Side.BUY, 1, 9))
    do(Receive(session.state.clock, ForcedOrder(0, SIGNER.key(0), 1, Side.SELL, 5, 9)), Take(), Take())
    return tuple(steps)
