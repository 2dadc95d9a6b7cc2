"""Proofs by witness: one batch for every kind of operation and micro-step, for each body, checked without any state."""

import json
import subprocess
import sys
from functools import cache

import pytest
from attrs import evolve

from settlespec.commitment.batch import Body, Sealer
from settlespec.commitment.encoding import Reader, Writer
from settlespec.commitment.hashes import POSEIDON_BN254, SHA256
from settlespec.commitment.header import Header, encode_header
from settlespec.commitment.leaves import Part, encode_holdings, split_account
from settlespec.commitment.parts import leaves_of
from settlespec.commitment.proofs import prove
from settlespec.commitment.state_tree import BITS, leaf_key, state_tree, tree_key
from settlespec.commitment.tree import Tree
from settlespec.commitment.witness import Witness, decode_witness, encode_witness
from settlespec.domain.outcomes import Accepted
from settlespec.machine.exchange import step
from settlespec.machine.signatures import Ed25519, Ideal
from settlespec.proofs.interface import Deployment, Statement
from settlespec.proofs.witnessed import WitnessProofs
from settlespec.wire.states import encode_genesis
from tests.commitment.hostile import spoiled
from tests.commitment.walks import SIGNER, small_genesis
from tests.commitment.witnessing import KINDS, samples
from tests.proofs.sealed_runs import cuts, deployment

STRANGER = """
import json, sys
from settlespec.commitment.batch import Body
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import decode_header
from settlespec.machine.signatures import Ideal
from settlespec.proofs.interface import Deployment, Statement
from settlespec.proofs.witnessed import WitnessProofs
from settlespec.wire.states import decode_genesis

for given in json.load(sys.stdin):
    genesis, last, header, published, proof = (bytes.fromhex(each) for each in given["bytes"])
    proofs = WitnessProofs(Deployment(SHA256, decode_genesis(genesis), Ideal(), Body(given["body"])))
    print(proofs.verify(Statement(decode_header(last), decode_header(header), published), proof))
"""


def here(body: Body = Body.LOG, kind: str = "Place") -> Deployment:
    """Where the sample of a kind was taken."""
    return Deployment(SHA256, samples()[kind].genesis, SIGNER, body)


@cache
def proven(kind: str, body: Body = Body.LOG) -> tuple[Statement, bytes]:
    """A batch of one operation of this kind, and its proof."""
    given = samples()[kind]
    sealer = Sealer(given.before, SHA256, body)
    (operation,) = given.operations
    outcome = step(given.before, operation, SIGNER)
    assert isinstance(outcome, Accepted)
    sealer.add(operation, outcome)
    last = sealer.last
    batch = sealer.seal()
    return Statement(last, batch.header, batch.bodies[body]), WitnessProofs(here(body, kind)).prove(batch, last)


def taken_apart(proof: bytes) -> tuple[bytes, Witness]:
    reader = Reader(proof)
    log = reader.text()
    return log, decode_witness(reader.raw(reader.left()))


def put_together(log: bytes, witness: Witness) -> bytes:
    writer = Writer()
    writer.text(log)
    writer.raw(encode_witness(witness))
    return writer.finish()


@pytest.mark.parametrize("body", list(Body))
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_every_kind_is_proven_whatever_is_published(kind: str, body: Body) -> None:
    statement, proof = proven(kind, body)
    proofs = WitnessProofs(here(body, kind))
    assert proofs.verify(statement, proof)
    assert statement.header.at_rest == (samples()[kind].after.round is None)
    for other in Body:
        if other is not body:
            assert not WitnessProofs(here(other, kind)).verify(statement, proof)


def test_a_proof_is_its_log_and_its_witness_and_nothing_else() -> None:
    for kind in KINDS:
        _, proof = proven(kind)
        log, witness = taken_apart(proof)
        assert put_together(log, witness) == proof
        assert (log, witness) == (samples()[kind].log, samples()[kind].witness)


@pytest.mark.parametrize("kind", KINDS)
def test_a_proof_with_a_claim_more_or_fewer_shows_nothing_though_the_claims_are_true(kind: str) -> None:
    statement, proof = proven(kind)
    log, witness = taken_apart(proof)
    tree, proofs = samples()[kind].tree, WitnessProofs(here(kind=kind))
    keys = [key for key, _ in witness.claims]
    spare = next(key for key, _ in tree.items() if key not in keys) if len(keys) < 12 else 1
    for others in (*(sorted(set(keys) - {key}) for key in keys), sorted({*keys, spare}), sorted({*keys, keys[-1] + 1})):
        if others and others != keys:
            claims = tuple((key, tree.get(key)) for key in others)
            assert not proofs.verify(statement, put_together(log, Witness(claims, prove(tree, others))))


@pytest.mark.parametrize("kind", ["Tick", "REVALUE end"])
def test_no_spoiled_byte_of_a_small_proof_of_a_diff_is_accepted(kind: str) -> None:
    statement, proof = proven(kind, Body.STATE_DIFF)
    proofs = WitnessProofs(here(Body.STATE_DIFF))
    tried = 0
    for hostile in spoiled(proof):
        assert hostile == proof or not proofs.verify(statement, hostile)
        tried += 1
    assert tried > 10 * len(proof)


@pytest.mark.parametrize("body", list(Body))
def test_no_spoiled_byte_of_a_published_body_is_accepted(body: Body) -> None:
    for kind in ("Transfer", "DEFAULT Settle"):
        statement, proof = proven(kind, body)
        for place in range(len(statement.published)):
            for instead in (bytes([statement.published[place] ^ 1]), b"", statement.published[place : place + 1] * 2):
                hostile = statement.published[:place] + instead + statement.published[place + 1 :]
                if hostile != statement.published:
                    spoilt = evolve(statement, published=hostile)
                    assert not WitnessProofs(here(body)).verify(spoilt, proof)


def test_another_genesis_hash_function_scheme_or_secret_accepts_nothing() -> None:
    genesis = small_genesis()
    others = (
        evolve(here(), hashing=POSEIDON_BN254),
        evolve(here(), genesis=evolve(genesis, parameters=evolve(genesis.parameters, rollup=2))),
        evolve(here(), signatures=Ed25519()),
        evolve(here(), signatures=Ideal(b"another")),
    )
    statement, proof = proven("Withdraw")
    assert WitnessProofs(here()).verify(statement, proof)
    for other in others:
        assert not WitnessProofs(other).verify(statement, proof)


def test_a_fresh_process_with_headers_and_bytes_alone_says_the_same() -> None:
    given, expected = [], []
    for kind in ("Place", "Cancel", "BeginRound", "HAIRCUT account", "LIQUIDATE end", "REVALUE end with options"):
        genesis = encode_genesis(samples()[kind].genesis)
        for body in Body:
            statement, proof = proven(kind, body)
            for shown in (proof, proof[:-1] + bytes([proof[-1] ^ 1])):
                headers = (encode_header(statement.last), encode_header(statement.header))
                shown_bytes = (genesis, *headers, statement.published, shown)
                given.append({"body": body.value, "bytes": [each.hex() for each in shown_bytes]})
                expected.append(str(shown == proof))
    finished = subprocess.run(
        [sys.executable, "-c", STRANGER], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == expected


def test_under_a_root_of_leaves_that_contradict_each_other_nothing_is_shown_and_nothing_raised() -> None:
    """The recipient of a transfer has so much that nothing can be added: no state of the machine has that."""
    given = samples()["Transfer"]
    statement, proof = proven("Transfer", Body.EXIT_DIFF)
    log, witness = taken_apart(proof)
    leaves = {tree_key(leaf): value for leaf, value in leaves_of(given.before)}
    tried = 0
    for key, value in witness.claims:
        leaf = leaf_key(key)
        if leaf.part is Part.HOLDINGS and value is not None:
            holdings, _ = split_account(given.before, leaf.key)
            for cash in (2**191 - 1, -(2**191) + 1):
                tree = Tree(SHA256, BITS).set_many({**leaves, key: encode_holdings(evolve(holdings, cash=cash))})
                keys = [each for each, _ in witness.claims]
                claims = tuple((each, tree.get(each)) for each in keys)
                hostile = put_together(log, Witness(claims, prove(tree, keys)))
                last = evolve(statement.last, new_root=tree.root())
                assert not WitnessProofs(here(Body.EXIT_DIFF)).verify(evolve(statement, last=last), hostile)
                tried += 1
    assert tried >= 4


def test_batches_chained_by_single_proofs_come_to_the_header_of_the_run() -> None:
    """Only roots, chains and counts go on from batch to batch; a verifier keeps one header and nothing else."""
    proofs = WitnessProofs(deployment())
    kept: Header | None = None
    root = b""
    inside = 0
    for cut in cuts(77, 500, 9):
        kept = cut.last if kept is None else kept
        statement = Statement(kept, cut.batch.header, cut.batch.bodies[Body.LOG])
        assert proofs.verify(statement, proofs.prove(cut.batch, kept))
        kept, root = cut.batch.header, state_tree(cut.batch.after, SHA256).root()
        inside += not kept.at_rest
    assert kept is not None
    assert kept.new_root == root
    assert kept.number > 30
    assert inside > 3
