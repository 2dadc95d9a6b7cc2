"""Broken machines: a fault is planted, and we learn which operation it first acted on and which one the monitor noticed it at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

import pytest
from attrs import evolve, frozen

from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import Operation
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.invariants.cards import Card, Violation
from settlespec.machine.exchange import step
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from settlespec.monitoring.monitor import Monitor

Plant = Callable[[pytest.MonkeyPatch], None]
"""Breaks the machine while a patch is in force."""


PLANTED: Final[set[Card]] = set()
"""The invariants of which a violation is planted somewhere in these tests."""

Test = TypeVar("Test", bound=Callable[..., None])


def notices(*cards: Card) -> Callable[[Test], Test]:
    """Says of a test that it plants a violation of these invariants; so that none of the catalogue is left without one."""

    def note(test: Test) -> Test:
        PLANTED.update(cards)
        return test

    return note


def replacing(where: Any, name: str, change: Callable[[Any], Any]) -> Plant:
    """A fault that replaces a function by one made of it."""
    original = getattr(where, name)
    return lambda patch: patch.setattr(where, name, change(original))


class Credulous(Ideal):
    """A machine's scheme that finds every signature valid."""

    def verify(self, key: bytes, content: bytes, signature: bytes) -> bool:
        return True


@frozen
class Noticed:
    """What became of a planted fault."""

    acted: int
    """The first operation whose answer differed from that of the healthy machine."""
    operation: int
    """The operation at which the monitor first spoke."""
    violations: tuple[Violation, ...]
    """What it said then."""
    at_rest: bool
    """Whether no round was open then."""

    @property
    def invariants(self) -> set[str]:
        return {violation.invariant for violation in self.violations}


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """The machine is broken inside this context only, so that a healthy one can be asked beside it."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        yield


def notice(plant: Plant, *, seeds: int = 12, operations: int = 1_500, full_every: int = 10**9) -> Noticed:
    """Random runs of a broken machine until the monitor speaks.

    Before the fault acts every step is healthy, and the monitor may say nothing.
    """
    for seed in range(seeds):
        signer = Ideal()
        flow = MinimalFlow(seed, operations)
        session = Session(flow.genesis(signer), signer)
        # A second execution would be of the healthy machine.
        monitor = Monitor(session.state, signer, full_every, again=0)
        acted = 0
        for number, operation in enumerate(islice(flow.operations(session), operations), start=1):
            healthy = step(session.state, operation, signer)
            with planted(plant):
                outcome = step(session.state, operation, signer)
            if not acted and differs(outcome, healthy):
                acted = number
            found = monitor.observe(operation, outcome, session.state)
            if isinstance(outcome, Accepted):
                session.state = outcome.state
            if found:
                return Noticed(acted, number, found, session.state.round is None)
    raise AssertionError("the planted fault was never noticed")


def differs(outcome: Outcome, healthy: Outcome) -> bool:
    """Whether two machines answered differently, derived containers included."""
    return outcome != healthy


class Watched:
    """A small exchange under a monitor: two owners with a position against each other, and what one more step may do to it."""

    def __init__(self, full_every: int = 10**9, genesis: Genesis | None = None) -> None:
        self.signer = Ideal()
        self.session = Session(genesis or minimal(self.signer), self.signer)
        self.monitor = Monitor(self.session.state, self.signer, full_every)
        self.begins()

    def begins(self) -> None:
        """Who is there at first."""
        for account in (0, 1, 2):
            self.do(*self.session.deposit(account, 500))
        self.do(self.session.limit(0, 1, 0, Side.SELL, 5, 10))
        self.do(self.session.limit(1, 1, 0, Side.BUY, 3, 10))

    @property
    def state(self) -> State:
        return self.session.state

    def do(self, *operations: Operation) -> None:
        """Healthy steps, of which the monitor has nothing to say."""
        for operation in operations:
            outcome = self.session.submit(operation)
            assert isinstance(outcome, Accepted), outcome
            assert self.monitor.observe(operation, outcome) == ()

    def tampered(self, operation: Operation, change: Callable[[Accepted], Accepted]) -> tuple[Violation, ...]:
        """A step whose outcome is changed afterwards; what the monitor says at once."""
        outcome = step(self.state, operation, self.signer)
        assert isinstance(outcome, Accepted), outcome
        broken = change(outcome)
        self.session.state = broken.state
        return self.monitor.observe(operation, broken)

    def step_with(self, operation: Operation, *plants: Plant) -> tuple[Violation, ...]:
        """A step of a broken machine; what the monitor says at once."""
        with pytest.MonkeyPatch.context() as patch:
            for plant in plants:
                plant(patch)
            outcome = step(self.state, operation, self.signer)
        assert isinstance(outcome, Accepted), outcome
        self.session.state = outcome.state
        return self.monitor.observe(operation, outcome)

    def becomes(self, state: State) -> None:
        """The exchange is in another state, from which it is watched on."""
        self.session.state = state
        self.monitor = Monitor(state, self.signer, 10**9)

    def round(self, *marks: int) -> None:
        """A healthy clearing round, in single micro-steps."""
        self.do(*self.session.tick(self.state.clock + 1_000))
        quotes = dict(zip((1, 2), marks, strict=True))
        for operation in self.session.clearing_round(quotes, micro_steps=1):
            self.do(operation)


def with_account(outcome: Accepted, account: int, **changes: Any) -> Accepted:
    """The outcome with an account changed behind everybody's back."""
    record = evolve(outcome.state.accounts[account], **changes)
    return with_state(outcome, accounts=outcome.state.accounts.set(account, record))


def with_state(outcome: Accepted, **changes: Any) -> Accepted:
    """The outcome with fields of its state changed."""
    return evolve(outcome, state=evolve(outcome.state, **changes))
