"""Proof by witness: the operations and a multiproof of what they read; the verifier executes them again (rules PROVE-3, PROVE-4)."""

from attrs import frozen

from settlespec.commitment.batch import Batch, Body, next_header
from settlespec.commitment.diffs import encode_exit_diff, encode_state_diff
from settlespec.commitment.encoding import Reader, Refused, Writer
from settlespec.commitment.header import Header
from settlespec.commitment.leaves import Holdings, Part, decode_holdings
from settlespec.commitment.witness import (
    Execution,
    Witness,
    WitnessRefused,
    decode_witness,
    encode_witness,
    reexecuted,
    refusing_contradictions,
    witness_of_log,
)
from settlespec.proofs.interface import Deployment, Statement, canonical


@frozen
class WitnessProofs:
    """PROVE-3: no trust and no cryptography beyond the hash function: the proof is as long as what it shows."""

    deployment: Deployment
    name: str = "witness"

    def prove(self, batch: Batch, last: Header) -> bytes:
        """The operation log and its joint witness."""
        log = batch.bodies[Body.LOG]
        deployment = self.deployment
        evidence = witness_of_log(batch.tree_before, batch.before, log, deployment.genesis, deployment.signatures)
        writer = Writer()
        writer.text(log)
        writer.raw(encode_witness(evidence))
        return writer.finish()

    def verify(self, statement: Statement, proof: bytes) -> bool:
        """PROVE-4: the header that follows from executing the log is the stated one, and so is the published body."""
        if not canonical(statement) or type(proof) is not bytes:
            return False
        try:
            reader = Reader(proof)
            log = reader.text()
            evidence = decode_witness(reader.raw(reader.left()))
            return self._shows(statement, log, evidence)
        except (Refused, WitnessRefused):
            return False

    def _shows(self, statement: Statement, log: bytes, evidence: Witness) -> bool:
        deployment, last = self.deployment, statement.last
        execution = reexecuted(
            deployment.hashing, deployment.genesis, last.new_root, log, evidence, deployment.signatures
        )
        with refusing_contradictions():
            published = published_body(deployment.body, log, execution)
            follows = next_header(
                last, execution.before, execution.after, execution.operations, log, published, execution.root
            )
        return follows == statement.header and published == statement.published


def published_body(body: Body, log: bytes, execution: Execution) -> bytes:
    """SEAL-2.2: the body that belongs to an execution; there is one."""
    if body is Body.LOG:
        return log
    if body is Body.STATE_DIFF:
        return encode_state_diff(execution.changed)
    moved = [leaf for leaf in execution.changed if leaf.part is Part.HOLDINGS]
    before = {leaf.key: holdings for leaf in moved if (holdings := execution.holdings_before(leaf)) is not None}
    after = {leaf.key: decoded(execution.changed[leaf]) for leaf in moved}
    return encode_exit_diff(before, after)


def decoded(data: bytes | None) -> Holdings:
    """The holdings of an account, which never goes away."""
    return decode_holdings(data or b"")
