"""Running a recorded trace again: does this machine say the same?"""

from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from settlespec.domain.outcomes import Accepted
from settlespec.machine.exchange import step
from settlespec.machine.genesis import initial_state
from settlespec.machine.signatures import Ed25519, Ideal, Signer
from settlespec.wire.answers import answer_of, encode_answer
from settlespec.wire.reading import read_trace
from settlespec.wire.states import state_digest
from settlespec.wire.traces import Header, Scheme, SchemeName, Step


@frozen
class Difference:
    """Where a replay first says something else than the trace."""

    line: int
    """Of the trace."""
    operations: int
    """How many operations were replayed, the one that differs included."""
    subject: str
    """What differs: the answer, or the digest of the state."""
    recorded: str
    """What the trace says: canonical JSON of an answer, hex of a digest."""
    replayed: str
    """What this machine says."""


@frozen
class Replay:
    """What a replay found."""

    header: Header
    operations: int
    """How many operations were replayed, up to the first difference."""
    digest: bytes
    """Of the last state."""
    difference: Difference | None
    """None: this machine says the same."""


def replay(path: Path, done: Callable[[], None] = lambda: None) -> Replay:
    """Run every operation of a trace again and compare each answer and each digest, up to the first that differs.

    Args:
        path: of the trace.
        done: told of every operation that was run again.

    Raises:
        BadInput: the trace is not as it was recorded; file, line, field and remedy are said.
        OSError: the file is missing or may not be read.
    """
    header, lines = read_trace(path)
    signatures = signer_of(header.signatures)
    state = initial_state(header.genesis)
    operations = 0
    difference = None
    for number, line in lines:
        if isinstance(line, Step):
            operations += 1
            outcome = step(state, line.operation, signatures)
            done()
            answer = answer_of(outcome)
            if answer != line.answer:
                recorded, replayed = encode_answer(line.answer).decode(), encode_answer(answer).decode()
                difference = Difference(number, operations, "answer", recorded, replayed)
                break
            if isinstance(outcome, Accepted):
                state = outcome.state
        elif (digest := state_digest(state)) != line.digest:
            difference = Difference(number, operations, "state", line.digest.hex(), digest.hex())
            break
    return Replay(header, operations, state_digest(state), difference)


def signer_of(scheme: Scheme) -> Signer:
    """The scheme that a trace names. An ideal one is rebuilt from its secret, which the trace makes public."""
    return Ideal(scheme.secret) if scheme.name is SchemeName.IDEAL else Ed25519()
