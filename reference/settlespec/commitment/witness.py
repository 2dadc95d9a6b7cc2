"""The witness of a run of operations, and the stateless verifier that executes them again (rules WIT-4 to WIT-7).

Whoever checks a witness needs the previous root, genesis and the operations: not the state. The rules are those of the machine.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from settlespec.commitment.changes import Changed, Changes
from settlespec.commitment.encoding import Reader, Refusal, Refused, Writer
from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.leaves import LeafKey, Part
from settlespec.commitment.partial import partial_state
from settlespec.commitment.proofs import ProofRefused, prove, verify
from settlespec.commitment.reads import Reads, asked_between, leaf_of
from settlespec.commitment.state_tree import BITS, TreeLeaves, tree_key, updated
from settlespec.commitment.tree import NotProven, Tree
from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted
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

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return (WitnessRefused, (self.reason,))


def execute(start: State, operations: Iterable[Operation], signatures: Signatures) -> Changed:
    """WIT-6: the leaves that the operations change, every one of which must be accepted; on a full state or a partial one.

    Raises:
        WitnessRefused: an operation is rejected.
    """
    state, changes = start, Changes(start)
    for place, operation in enumerate(operations):
        outcome = step(state, operation, signatures)
        if not isinstance(outcome, Accepted):
            raise WitnessRefused(f"operation {place} is rejected: {outcome.reason.value}")
        changes.add(outcome)
        state = outcome.state
    return changes.changed(state)


def witness(
    tree: Tree, state: State, operations: Sequence[Operation], genesis: Genesis, signatures: Signatures
) -> Witness:
    """WIT-5: the witness of operations on a state, with exactly what they read and write.

    Args:
        tree: the state's tree.
        state: the state before.
        operations: accepted ones; one, or all of a batch with one joint proof.
        genesis, signatures: as for the machine.
    """
    reads = Reads(state)
    changed = execute(partial_state(reads, genesis), operations, signatures)
    leaves = reads.asked.union(changed)
    claims = tuple(sorted((tree_key(leaf), leaf_of(state, leaf)) for leaf in leaves))
    return Witness(claims, prove(tree, [key for key, _ in claims]))


def reexecute(
    hashing: HashFunction,
    genesis: Genesis,
    previous_root: bytes,
    operations: Iterable[Operation],
    evidence: Witness,
    signatures: Signatures,
) -> bytes:
    """WIT-7: the root after the operations, from the root before and the witness alone.

    Raises:
        WitnessRefused: the proof does not lead to the previous root, does not open something that the operations read, shows
            something that they neither read nor write, or an operation is rejected.
    """
    claims = dict(evidence.claims)
    if [key for key, _ in evidence.claims] != sorted(claims):
        raise WitnessRefused("the claims are not in rising order of their keys")
    try:
        opened = verify(hashing, BITS, previous_root, claims, evidence.proof)
        source = _Noted(opened)
        changed = execute(partial_state(source, genesis), operations, signatures)
        root = updated(opened, changed).root()
    except ProofRefused as refused:
        raise WitnessRefused(f"the proof is refused: {refused.refusal.value}") from refused
    except NotProven as unknown:
        raise WitnessRefused(f"the witness does not open key {unknown.key}") from unknown
    except Refused as refused:
        raise WitnessRefused(f"a leaf does not decode: {refused}") from refused
    needed = {tree_key(leaf) for leaf in source.asked.union(changed)}
    if needed != claims.keys():
        raise WitnessRefused("the witness claims more or other leaves than the operations read and write")
    return root


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
    """WIT-8: the witness, or `Refused`."""
    reader = Reader(data)
    claims: list[tuple[int, bytes | None]] = []
    key = -1
    for _ in range(reader.unsigned(min(MAX_CLAIMS, reader.left()))):
        key += reader.unsigned(2**BITS - 1) + 1
        if key >> BITS:
            raise reader.refuse(Refusal.OUT_OF_RANGE)
        length = reader.unsigned(reader.left() + 1)
        claims.append((key, None if length == 0 else reader.raw(length - 1)))
    proof = reader.text()
    reader.end()
    return Witness(tuple(claims), proof)
