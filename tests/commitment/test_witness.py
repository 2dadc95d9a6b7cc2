"""A witness shows what its operations do, holds exactly what they read and write, and needs no state to be checked."""

import json
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from random import Random

import pytest
from attrs import evolve

from settlespec.commitment.changes import Changes
from settlespec.commitment.encoding import MAX_BITS, Refusal, Refused, Writer
from settlespec.commitment.hashes import POSEIDON_BN254, SHA256
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.parts import leaves_of
from settlespec.commitment.proofs import prove
from settlespec.commitment.state_tree import BITS, state_tree, updated
from settlespec.commitment.tree import Tree
from settlespec.commitment.witness import (
    MAX_CLAIMS,
    Witness,
    WitnessRefused,
    decode_witness,
    encode_witness,
    execute,
    reexecuted,
    witness_of_log,
)
from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import BeginRound, FixSettlement, Operation, Signed
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.machine.signatures import Ed25519, Ideal
from settlespec.wire.states import encode_genesis
from tests.commitment.dated_walks import DATED, dated_genesis, dated_walk
from tests.commitment.hostile import assert_canonical, spoiled
from tests.commitment.walks import SIGNER, Walked, forced_in_parts, minimal_walk, small_genesis
from tests.commitment.witnessing import KINDS, Sample, leaves_by_key, sample, samples, walked_sample

each_kind = pytest.mark.parametrize("kind", KINDS)

STRANGER = """
import json, sys
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.witness import decode_witness, reexecuted
from settlespec.machine.signatures import Ideal
from settlespec.wire.states import decode_genesis

for given in json.load(sys.stdin):
    genesis, root, log, witness = (bytes.fromhex(given[name]) for name in ("genesis", "root", "log", "witness"))
    print(reexecuted(SHA256, decode_genesis(genesis), root, log, decode_witness(witness), Ideal()).root.hex())
"""
"""All that a verifier knows: roots, bytes, and the deployment."""


def accepted_walk(seed: int, operations: int) -> list[Walked]:
    return [walked for walked in minimal_walk(seed, operations) if isinstance(walked.outcome, Accepted)]


def refused(given: Sample, **other: object) -> str:
    """Why the verifier refuses; nothing but the two typed refusals comes out of it."""
    with pytest.raises((WitnessRefused, Refused)) as caught:
        given.checked(**other)  # type: ignore[arg-type]
    return str(caught.value)


@each_kind
def test_a_witness_of_every_kind_leads_to_the_root_of_the_state_after(kind: str) -> None:
    given = samples()[kind]
    execution = given.checked()
    assert execution.root == state_tree(given.after, SHA256).root()
    assert execution.operations == given.operations
    after, changed = execute(given.before, given.operations, SIGNER)
    assert after == given.after
    assert execution.changed == changed


@each_kind
def test_a_witness_has_only_leaves_as_they_stand_before(kind: str) -> None:
    given = samples()[kind]
    leaves = leaves_by_key(given.before)
    assert all(leaves.get(key) == value for key, value in given.witness.claims)
    assert len(given.witness.claims) <= 20


@each_kind
def test_without_any_one_claim_a_witness_is_refused_even_with_the_proof_that_fits_the_rest(kind: str) -> None:
    given = samples()[kind]
    claims = given.witness.claims
    for place in range(len(claims)):
        fewer = claims[:place] + claims[place + 1 :]
        refused(given, witness=Witness(fewer, given.witness.proof))
        if fewer:
            refused(given, witness=Witness(fewer, prove(given.tree, [key for key, _ in fewer])))


@each_kind
def test_with_any_claim_more_a_witness_is_refused_though_every_claim_is_true(kind: str) -> None:
    given = samples()[kind]
    claimed = dict(given.witness.claims)
    near = {neighbour for key in claimed for neighbour in (key - 1, key + 1) if neighbour >= 0}
    for key in near | leaves_by_key(given.before).keys():
        if key not in claimed:
            keys = sorted({*claimed, key})
            more = Witness(tuple((each, given.tree.get(each)) for each in keys), prove(given.tree, keys))
            assert "claims more" in refused(given, witness=more)


@each_kind
def test_no_claimed_value_can_be_changed(kind: str) -> None:
    given = samples()[kind]
    claims = given.witness.claims
    leaves = list(leaves_by_key(given.before).values())
    for place, (key, value) in enumerate(claims):
        true = value or b""
        others = [None, b"", true + b"\0", true[:-1], bytes([*true[:-1], (true or b"\0")[-1] ^ 1]), *leaves[:5]]
        for other in others:
            if other != value:
                lying = (*claims[:place], (key, other), *claims[place + 1 :])
                refused(given, witness=Witness(lying, given.witness.proof))


@each_kind
def test_under_another_root_a_witness_is_refused(kind: str) -> None:
    given = samples()[kind]
    others = {other.root for other in samples().values()} - {given.root}
    for root in (*others, state_tree(given.after, SHA256).root(), bytes(32), b"", given.root[:-1], given.root + b"\0"):
        if root != given.root:
            refused(given, root=root)


@each_kind
def test_a_witness_of_one_kind_is_none_of_another(kind: str) -> None:
    given = samples()[kind]
    for name, other in samples().items():
        if name != kind:
            refused(given, witness=other.witness)


@each_kind
def test_under_another_hash_function_or_another_depth_a_witness_is_refused(kind: str) -> None:
    given = samples()[kind]
    with pytest.raises(WitnessRefused):
        reexecuted(POSEIDON_BN254, given.genesis, given.root, given.log, given.witness, SIGNER)
    shallow = Tree(SHA256, BITS - 1)
    keys = [key for key, _ in given.witness.claims if key >> BITS - 1 == 0]
    refused(given, witness=Witness(tuple((key, None) for key in keys), prove(shallow, keys)), root=shallow.root())


def test_a_claim_out_of_order_doubled_or_out_of_range_is_refused() -> None:
    given = samples()["Place"]
    claims, proof = given.witness.claims, given.witness.proof
    assert "rising order" in refused(given, witness=Witness(claims[::-1], proof))
    assert "rising order" in refused(given, witness=Witness((claims[0], *claims), proof))
    for key in (-1, 2**BITS, claims[0][0] + 2**BITS, claims[0][0] + 2**256):
        wide = tuple(sorted((*claims[1:], (key, claims[0][1]))))
        assert "wider than the keys" in refused(given, witness=Witness(wide, proof))
    assert "claims nothing" in refused(given, witness=Witness((), b"\0"))


def test_signatures_that_the_owner_or_the_oracles_did_not_make_are_refused() -> None:
    for kind, given in samples().items():
        (operation,) = given.operations
        forgeries: list[Operation] = []
        if isinstance(operation, Signed):
            forgeries = [evolve(operation, signature=forged) for forged in (b"", bytes(16), operation.signature[:-1])]
        if isinstance(operation, BeginRound | FixSettlement):
            first, second, *_ = operation.signatures
            forgeries = [
                evolve(operation, signatures=signatures)
                for signatures in ((), (first,), (first, first), (first, evolve(second, signature=first.signature)))
            ]
        for forgery in forgeries:
            log = encode_log(given.before, (forgery,), signatures=True)
            assert "rejected" in refused(given, log=log), kind


def test_a_signature_of_another_scheme_or_secret_is_none() -> None:
    given = samples()["Withdraw"]
    for scheme in (Ed25519(), Ideal(b"another")):
        with pytest.raises(WitnessRefused, match="operation 1 is rejected: BAD_SIGNATURE"):
            reexecuted(SHA256, small_genesis(), given.root, given.log, given.witness, scheme)


def test_with_another_genesis_a_witness_shows_something_else_or_nothing() -> None:
    genesis = small_genesis()
    dearer = tuple(evolve(each, maintenance_ppm=900_000) for each in genesis.instruments)
    given = samples()["Place"]
    with pytest.raises((WitnessRefused, Refused)):
        reexecuted(SHA256, evolve(genesis, instruments=dearer), given.root, given.log, given.witness, SIGNER)
    foreign = evolve(genesis, parameters=evolve(genesis.parameters, chain=2))
    for kind in ("Place", "Cancel", "Replace", "Withdraw", "Transfer", "BeginRound"):
        given = samples()[kind]
        with pytest.raises((WitnessRefused, Refused)):
            reexecuted(SHA256, foreign, given.root, given.log, given.witness, SIGNER)


def test_operations_dropped_doubled_or_reordered_do_not_fit_the_witness_of_the_others() -> None:
    walked = accepted_walk(3, 500)
    tried = 0
    for start in range(10, len(walked) - 4, 11):
        run = walked[start : start + 4]
        operations = tuple(each.operation for each in run)
        given = sample(run[0].before, operations, run[-1].after)
        honest = given.checked()
        for other in (operations[:-1], operations[1:], (*operations, operations[-1]), operations[::-1], ()):
            try:
                log = encode_log(given.before, other, signatures=True)
                execution = given.checked(log=log)
            except (ValueError, WitnessRefused, Refused):
                tried += 1
                continue
            # What is accepted is what these other operations do, and they are other operations.
            assert execution.operations == other != honest.operations
            assert execution.root == root_after(given.before, other)
    assert tried > 40


def root_after(state: State, operations: tuple[Operation, ...]) -> bytes:
    after, _ = execute(state, operations, SIGNER)
    return state_tree(after, SHA256).root()


def test_chained_single_witnesses_lead_to_the_root_of_the_joint_one() -> None:
    walked = accepted_walk(5, 700)
    inside = 0
    for start in range(30, len(walked) - 12, 37):
        run = walked[start : start + 12]
        joint = sample(run[0].before, tuple(each.operation for each in run), run[-1].after)
        root, size = joint.root, 0
        for each in run:
            single = walked_sample(each)
            size += len(encode_witness(single.witness))
            root = single.checked(root=root).root
        assert root == joint.checked().root == state_tree(run[-1].after, SHA256).root()
        assert len(encode_witness(joint.witness)) < size
        inside += run[0].before.round is not None or run[-1].after.round is not None
    assert inside > 2


def test_a_fresh_process_that_never_saw_a_state_comes_to_the_same_roots() -> None:
    given = [
        {
            "genesis": encode_genesis(each.genesis).hex(),
            "root": each.root.hex(),
            "log": each.log.hex(),
            "witness": encode_witness(each.witness).hex(),
        }
        for each in samples().values()
    ]
    finished = subprocess.run(
        [sys.executable, "-c", STRANGER], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == [state_tree(each.after, SHA256).root().hex() for each in samples().values()]
    assert len(given) == len(KINDS)


@pytest.mark.parametrize(
    ("genesis", "steps"),
    [
        (small_genesis(), minimal_walk(101, 600)),
        (small_genesis(), minimal_walk(102, 600)),
        (dated_genesis(), dated_walk(1, 900)),
    ],
    ids=["perpetuals", "other perpetuals", "instruments that expire"],
)
def test_every_accepted_operation_of_a_random_run_has_a_witness_of_its_own(
    genesis: Genesis, steps: Iterable[Walked]
) -> None:
    tree: Tree | None = None
    inside = count = 0
    for walked in steps:
        if not isinstance(walked.outcome, Accepted):
            continue
        tree = state_tree(walked.before, SHA256) if tree is None else tree
        given = sample(walked.before, (walked.operation,), walked.after, tree, genesis)
        execution = given.checked()
        changes = Changes(walked.before)
        changes.add(walked.outcome)
        tree = updated(tree, changes.changed(walked.after))
        assert execution.root == tree.root()
        assert decode_witness(encode_witness(given.witness)) == given.witness
        count += 1
        inside += walked.before.round is not None
    assert count > 200
    assert inside > 30


def test_a_run_over_every_expiry_has_a_joint_witness() -> None:
    walked = [each for each in dated_walk(0, 1_000) if isinstance(each.outcome, Accepted)]
    first = next(place for place, each in enumerate(walked) if isinstance(each.operation, FixSettlement))
    last = next(place for place, each in enumerate(walked) if all(each.after.markets[name].expired for name in DATED))
    run = walked[first - 20 : last + 20]
    given = sample(run[0].before, tuple(each.operation for each in run), run[-1].after, genesis=dated_genesis())
    assert given.checked().root == state_tree(run[-1].after, SHA256).root()
    assert len(run) > 100


@pytest.mark.parametrize("seed", [111, 112, 113])
def test_every_run_of_operations_has_a_joint_witness_wherever_it_is_cut(seed: int) -> None:
    random, walked = Random(seed), accepted_walk(seed, 1_500)
    count = started_inside = 0
    while count < len(walked):
        run = walked[count : count + random.randint(1, 60)]
        given = sample(run[0].before, tuple(each.operation for each in run), run[-1].after)
        assert given.checked().root == state_tree(run[-1].after, SHA256).root()
        count += len(run)
        started_inside += run[0].before.round is not None
    assert count > 600
    assert started_inside > 3


@pytest.mark.parametrize("kind", ["Tick", "Receive"])
def test_no_spoiled_byte_of_a_small_witness_is_accepted(kind: str) -> None:
    given = samples()[kind]
    data = encode_witness(given.witness)
    for hostile in spoiled(data):
        if hostile != data:
            witness = assert_canonical(decode_witness, encode_witness, hostile)
            if witness is not None:
                refused(given, witness=witness)


@each_kind
def test_no_bit_of_a_witness_can_be_flipped_and_no_byte_dropped_or_doubled(kind: str) -> None:
    given = samples()[kind]
    data = encode_witness(given.witness)
    for place in range(KINDS.index(kind) % 7, len(data), 13):
        flipped = bytes([data[place] ^ 1 << place % 8])
        for instead in (flipped, b"", data[place : place + 1] * 2):
            hostile = data[:place] + instead + data[place + 1 :]
            if hostile != data:
                witness = assert_canonical(decode_witness, encode_witness, hostile)
                if witness is not None:
                    refused(given, witness=witness)


@each_kind
def test_a_spoiled_log_is_refused_or_says_something_else_that_the_same_leaves_show(kind: str) -> None:
    given = samples()[kind]
    honest = given.checked()
    # Of a long log every other copy or fewer, so that no kind takes ten times as long as another.
    for hostile in islice(spoiled(given.log), 0, None, 1 + len(given.log) // 150):
        try:
            execution = given.checked(log=hostile)
        except (WitnessRefused, Refused):
            continue
        if hostile != given.log:
            assert execution.operations != honest.operations
            assert execution.root == root_after(given.before, execution.operations)


def test_a_witness_that_says_more_claims_than_it_has_bytes_is_refused_at_once() -> None:
    for count in (1, MAX_CLAIMS, MAX_CLAIMS + 1, 2**64, 2**MAX_BITS - 1):
        writer = Writer()
        writer.unsigned(count)
        with pytest.raises(Refused):
            decode_witness(writer.finish())


def test_a_key_beyond_the_tree_and_bytes_left_over_are_no_witness() -> None:
    writer = Writer()
    writer.unsigned(2)
    writer.unsigned(2**BITS - 1)
    writer.unsigned(0)
    writer.unsigned(0)
    writer.unsigned(0)
    writer.text(b"")
    with pytest.raises(Refused) as caught:
        decode_witness(writer.finish())
    assert caught.value.refusal is Refusal.OUT_OF_RANGE
    with pytest.raises(Refused) as caught:
        decode_witness(encode_witness(samples()["Tick"].witness) + b"\0")
    assert caught.value.refusal is Refusal.TRAILING


def test_a_refusal_keeps_its_reason_across_processes() -> None:
    again = pickle.loads(pickle.dumps(WitnessRefused("why not")))
    assert isinstance(again, WitnessRefused)
    assert again.reason == "why not" == str(again)


def test_an_empty_log_shows_that_nothing_changes() -> None:
    given = samples()["Tick"]
    log = encode_log(given.before, (), signatures=True)
    witness = witness_of_log(given.tree, given.before, log, small_genesis(), SIGNER)
    execution = given.checked(log=log, witness=witness)
    assert execution.root == given.root
    assert execution.changed == {}


def test_the_prover_refuses_a_log_that_the_machine_rejects() -> None:
    given = samples()["Cancel"]
    twice = given.log[:1] + b"\2" + given.log[2:]
    with pytest.raises((Refused, WitnessRefused)):
        witness_of_log(given.tree, given.before, twice, small_genesis(), SIGNER)
    kinds = Counter(type(operation).__name__ for each in samples().values() for operation in each.operations)
    assert len(kinds) == 11
    assert dict(leaves_of(given.before))


def test_both_parts_of_a_forced_order_have_witnesses_of_their_own_and_a_joint_one() -> None:
    first, second = forced_in_parts()[-2:]
    for run in ((first,), (second,), (first, second)):
        given = sample(run[0].before, tuple(each.operation for each in run), run[-1].after)
        assert given.checked().root == state_tree(run[-1].after, SHA256).root()
