"""The witness of a run of operations, and the stateless verifier that executes them again (rules WIT-4 to WIT-7).

Whoever checks a witness needs the previous root, genesis and the operations: not the state. The rules are those of the machine.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from attrs import frozen

from settlespec.commitment.changes import Changed, Changes
from settlespec.commitment.encoding import Reader, Refusal, Writer
from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.leaves import Holdings, LeafKey, Part, decode_holdings
from settlespec.commitment.operation_log import decode_log
from settlespec.commitment.partial import partial_state
from settlespec.commitment.proofs import ProofRefused, prove, verify
from settlespec.commitment.reads import Reads, asked_between, leaf_of
from settlespec.commitment.state_tree import BITS, TreeLeaves, tree_key, updated
from settlespec.commitment.tree import NotProven, Tree
from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted, SpecBug
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State
from settlespec.machine.exchange import step
from settlespec.machine.signatures import Signatures

MAX_CLAIMS: Final = 2**24
"""Most leaves of one witness: more than a batch of a million operations reads."""


@frozen
class Witness:
    """WIT-5: the leaves that a run of operations reads and writes, as they stand before it, and the proof that they do."""

    claims: tuple[tuple[int, bytes | None], ...]
    """Keys of the tree in rising order with their bytes, None where the leaf is absent."""
    proof: bytes


class WitnessRefused(Exception):
    """The witness does not show what the operations do; `reason` says why."""

    def __init__(self, reason: str, rejection: Reason | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rejection = rejection
        """Why the machine rejects an operation; None where it does not come to that."""

    def __reduce__(self) -> tuple[object, ...]:
        return (WitnessRefused, (self.reason, self.rejection))


CONTRADICTIONS: Final = (LookupError, ValueError, ArithmeticError, AssertionError, SpecBug)
"""What the machine raises when leaves contradict each other: an order that nobody holds, a debt below nothing, a length beyond any."""


@contextmanager
def refusing_contradictions() -> Iterator[None]:
    """WIT-7.2: whoever checks a witness stops at leaves that no state of the machine has, and says so.

    No claim gets here that is not under the previous root, and under the root of a state that the machine came to the machine never
    raises: so a defect of the machine does not hide here, as the prover, who runs the same rules outside of this, meets it first.
    """
    try:
        yield
    except CONTRADICTIONS as contradiction:
        raise WitnessRefused("the leaves are those of no state that the machine can come to") from contradiction


@frozen
class Execution:
    """WIT-6: what a log did: the states around it, which may be partial, and the leaves that changed."""

    operations: tuple[Operation, ...]
    before: State
    after: State
    changed: Changed
    root: bytes
    opened: Tree
    """What was known of the tree before."""

    def holdings_before(self, leaf: LeafKey) -> Holdings | None:
        """An account's holdings before, None for an account that the log opened."""
        data = self.opened.get(tree_key(leaf))
        return None if data is None else decode_holdings(data)


def execute(start: State, operations: Iterable[Operation], signatures: Signatures) -> tuple[State, Changed]:
    """WIT-6.1: the state after the operations, every one of which must be accepted, and the leaves that they change.

    Raises:
        WitnessRefused: an operation is rejected.
    """
    state, changes = start, Changes(start)
    for number, operation in enumerate(operations, 1):
        outcome = step(state, operation, signatures)
        if not isinstance(outcome, Accepted):
            raise WitnessRefused(f"operation {number:,} is rejected: {outcome.reason.value}", outcome.reason)
        changes.add(outcome)
        state = outcome.state
    return state, changes.changed(state)


def witness_of_log(tree: Tree, state: State, log: bytes, genesis: Genesis, signatures: Signatures) -> Witness:
    """WIT-5.1: the witness of an operation log on a state, with exactly what decoding and executing it read and write.

    Args:
        tree: the state's tree.
        state: the state before.
        log: accepted operations with their signatures, one or all of a batch under one joint proof.
        genesis, signatures: as for the machine.
    """
    reads = Reads(state)
    start = partial_state(reads, genesis)
    _, changed = execute(start, decode_log(start, log), signatures)
    leaves = reads.asked.union(changed)
    claims = tuple(sorted((tree_key(leaf), leaf_of(state, leaf)) for leaf in leaves))
    return Witness(claims, prove(tree, [key for key, _ in claims]))


def reexecuted(
    hashing: HashFunction,
    genesis: Genesis,
    previous_root: bytes,
    log: bytes,
    evidence: Witness,
    signatures: Signatures,
) -> Execution:
    """WIT-7: what a log does, from the root before and the witness alone.

    Raises:
        WitnessRefused: the proof does not lead to the previous root, does not open something that the log reads, shows something that
            it neither reads nor writes, an operation is rejected, or the previous root is that of leaves that contradict each other.
        Refused: the log or a leaf does not decode.
    """
    claims = dict(evidence.claims)
    if [key for key, _ in evidence.claims] != sorted(claims):
        raise WitnessRefused("the claims are not in rising order of their keys")
    try:
        opened = verify(hashing, BITS, previous_root, claims, evidence.proof)
        source = _Noted(opened)
        with refusing_contradictions():
            before = partial_state(source, genesis)
            operations = decode_log(before, log)
            after, changed = execute(before, operations, signatures)
            root = updated(opened, changed).root()
    except ProofRefused as refused:
        raise WitnessRefused(f"the proof is refused: {refused.refusal.value}") from refused
    except NotProven as unknown:
        raise WitnessRefused(f"the witness does not open key {unknown.key}") from unknown
    needed = {tree_key(leaf) for leaf in source.asked.union(changed)}
    if needed != claims.keys():
        raise WitnessRefused("the witness claims more or other leaves than the log reads and writes")
    return Execution(operations, before, after, changed, root, opened)


class _Noted(TreeLeaves):
    """Opened leaves that note what is asked for, so that a witness has one accepted form: nothing superfluous."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self.asked: set[LeafKey] = set()

    def value(self, leaf: LeafKey) -> bytes | None:
        """The leaf's bytes, noted."""
        self.asked.add(leaf)
        return super().value(leaf)

    def after(self, part: Part, book: int, key: int) -> int | None:
        """The next key, noted by the two leaves that show it."""
        found = super().after(part, book, key)
        self.asked.update(asked_between(part, book, key, found))
        return found


def encode_witness(evidence: Witness) -> bytes:
    """WIT-8: keys as differences, each leaf behind its length plus one (0 is absence), then the proof."""
    writer = Writer()
    writer.unsigned(len(evidence.claims))
    before = -1
    for key, value in evidence.claims:
        writer.unsigned(key - before - 1)
        writer.unsigned(0 if value is None else len(value) + 1)
        writer.raw(value or b"")
        before = key
    writer.text(evidence.proof)
    return writer.finish()


def decode_witness(data: bytes) -> Witness:
    """WIT-8.2: the witness, or `Refused`."""
    reader = Reader(data)
    claims: list[tuple[int, bytes | None]] = []
    key = -1
    count = reader.count()
    if count > MAX_CLAIMS:
        raise reader.refuse(Refusal.OUT_OF_RANGE)
    for _ in range(count):
        key += reader.unsigned(2**BITS - 1) + 1
        if key >> BITS:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        length = reader.length(beyond=1)
        claims.append((key, None if length == 0 else reader.raw(length - 1)))
    proof = reader.text()
    reader.end()
    return Witness(tuple(claims), proof)
