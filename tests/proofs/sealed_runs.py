"""Runs of the preset `minimal`, cut into batches anywhere."""

from collections.abc import Iterator
from functools import cache
from random import Random

from attrs import frozen

from settlespec.commitment.batch import Batch, Body, Sealer
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import Header
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from settlespec.proofs.interface import Deployment, Statement

SIGNER = Ideal(b"proofs")


def deployment(body: Body = Body.LOG) -> Deployment:
    return Deployment(SHA256, minimal(SIGNER), SIGNER, body)


@frozen
class Cut:
    """A batch with the header before it."""

    last: Header
    batch: Batch
    body: Body

    @property
    def statement(self) -> Statement:
        return Statement(self.last, self.batch.header, self.batch.bodies[self.body])


def cuts(seed: int, operations: int, longest: int, body: Body = Body.LOG) -> Iterator[Cut]:
    """The batches of a run, each of 1 to `longest` accepted operations, in a round or outside."""
    random = Random(seed)
    session = Session(deployment().genesis, SIGNER)
    sealer = Sealer(session.state, SHA256, body)
    found: list[tuple[Operation, Accepted]] = []

    def told(_: State, operation: Operation, outcome: object) -> None:
        if isinstance(outcome, Accepted):
            found.append((operation, outcome))

    session.subscribers.append(told)
    size = random.randint(1, longest)
    for operation in MinimalFlow(seed, operations).operations(session):
        session.submit(operation)
        while found:
            sealer.add(*found.pop())
        if len(sealer.operations) >= size:
            last = sealer.last
            yield Cut(last, sealer.seal(), body)
            size = random.randint(1, longest)


@cache
def some_cuts(body: Body = Body.LOG) -> tuple[Cut, ...]:
    """Twenty batches of up to five operations."""
    return tuple(cut for cut, _ in zip(cuts(3, 400, 5, body), range(20), strict=False))
