"""An operation free of what came before it, so that a trace stays sensible when some of it is left out.

Nonces count what an owner had accepted, and statements what rounds there were; both are kept as distances. What was signed by its owner
is signed again; what was forged stays as it was; what was sent a second time is sent again as its first sending now is.
"""

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from settlespec.domain.operations import BeginRound, Operation, Signed
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.hunting.trial import Asked
from settlespec.machine.genesis import ORACLE_SEED
from settlespec.machine.signatures import Signer
from settlespec.wire.signing import signed_bytes


@frozen
class Wish:
    """One operation of a trace, as a distance from the state that it meets."""

    serial: int
    """Its place in the trace that was found."""
    role: str
    operation: Operation
    distance: int
    """Of a signed message: its nonce less the owner's last one. Of a statement: its number less that of the last round."""
    honest: bool
    """Whether who signs it is who must."""
    repeats: int | None
    """The place of the operation that this one is sent again of."""


def wishes_of(start: State, asked: Sequence[Asked], signer: Signer) -> Iterator[Wish]:
    """The operations of a run, each against the state that it met."""
    state = start
    first: dict[Operation, int] = {}
    for serial, each in enumerate(asked):
        operation = each.operation
        signed = isinstance(operation, Signed)
        repeats = first.get(operation) if signed else None
        yield Wish(
            serial, each.role, operation, distance_of(state, operation), honest(state, operation, signer), repeats
        )
        if signed and repeats is None:
            first[operation] = serial
        if isinstance(each.outcome, Accepted):
            state = each.outcome.state


def distance_of(state: State, operation: Operation) -> int:
    """How far a nonce or a round's number is from the last one; 0 of what has neither."""
    if isinstance(operation, Signed):
        owner = state.accounts.get(operation.account)
        return operation.nonce - (0 if owner is None else owner.nonce)
    if isinstance(operation, BeginRound):
        return operation.statement.number - state.round_number
    return 0


def honest(state: State, operation: Operation, signer: Signer) -> bool:
    """Whether every signature is the right one; of what nobody signs, True."""
    parameters = state.parameters
    if isinstance(operation, Signed):
        content = signed_bytes(parameters.chain, parameters.rollup, operation)
        return signer.verify(signer.key(operation.account), content, operation.signature)
    if isinstance(operation, BeginRound):
        content = signed_bytes(parameters.chain, parameters.rollup, operation.statement)
        enough = len(operation.signatures) >= parameters.oracles.threshold
        return enough and all(
            signer.verify(signer.key(ORACLE_SEED + each.oracle), content, each.signature)
            for each in operation.signatures
        )
    return True


def fitted(session: Session, wish: Wish) -> Operation:
    """The wish as an operation for the state that it meets now."""
    operation, state = wish.operation, session.state
    if isinstance(operation, Signed):
        owner = state.accounts.get(operation.account)
        nonce = max((0 if owner is None else owner.nonce) + wish.distance, 0)
        wanted = evolve(operation, nonce=nonce) if nonce != operation.nonce else operation
        return session.sign(wanted) if wish.honest else wanted
    if isinstance(operation, BeginRound):
        number = max(state.round_number + wish.distance, 0)
        statement = evolve(operation.statement, number=number)
        signatures = session.signed_by_oracles(statement) if wish.honest else operation.signatures
        return BeginRound(statement, signatures)
    return operation
