"""Whatever a prover picks, what is accepted follows from the batch before."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve, fields

from settlespec.commitment.batch import Body, next_header
from settlespec.commitment.encoding import Reader, Writer
from settlespec.commitment.hashes import POSEIDON_BN254
from settlespec.commitment.header import Header, data_link, log_commitment
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.witness import WitnessRefused, encode_witness, execute, witness_of_log
from settlespec.domain.operations import Operation
from settlespec.proofs.ideal import IdealProofs, NotShown
from settlespec.proofs.interface import ProofSystem, Statement
from settlespec.proofs.witnessed import WitnessProofs
from tests.commitment.hostile import spoiled
from tests.proofs.sealed_runs import SIGNER, Cut, deployment, some_cuts

SYSTEMS = (WitnessProofs(deployment()), IdealProofs(deployment(), b"secret"))
named = pytest.mark.parametrize("proofs", SYSTEMS, ids=lambda proofs: proofs.name)


def other_headers(header: Header) -> Iterator[Header]:
    """Each field changed alone, and bytes moved over the border of two digests that stand side by side."""
    for place in fields(Header):
        value = getattr(header, place.name)
        if isinstance(value, bytes):
            values: list[Any] = [bytes(32), bytes([value[0] ^ 1]) + value[1:], value[:-1], value + b"\0", b""]
        elif isinstance(value, bool):
            values = [not value]
        else:
            values = [value + 1, value - 1, value + 2**64, value + 2**192, -value - 1]
        for other in values:
            if other != value:
                yield evolve(header, **{place.name: other})
    names = [place.name for place in fields(Header)]
    for first, second in pairwise(names):
        left, right = getattr(header, first), getattr(header, second)
        if isinstance(left, bytes) and isinstance(right, bytes):
            moved: list[dict[str, Any]] = [
                {first: left[:-1], second: left[-1:] + right},
                {first: left + right[:1], second: right[1:]},
            ]
            yield from (evolve(header, **both) for both in moved)


def mistyped_headers(header: Header) -> Iterator[Header]:
    """Each field with a value of another type, equal to what it should be where there is one."""
    for place in fields(Header):
        value = getattr(header, place.name)
        if isinstance(value, bytes):
            values: list[Any] = [bytearray(value), memoryview(value), value.hex()]
        elif isinstance(value, bool):
            values = [int(value), float(value)]
        else:
            values = [float(value), complex(value), str(value), *([bool(value)] if value in (0, 1) else [])]
        for other in (*values, None):
            yield evolve(header, **{place.name: other})


@named
def test_a_header_that_is_only_equal_to_the_right_one_is_not_shown_and_raises_nothing(proofs: ProofSystem) -> None:
    cut = some_cuts()[2]
    proof = proofs.prove(cut.batch, cut.last)
    assert proofs.verify(cut.statement, proof)
    for header in mistyped_headers(cut.batch.header):
        assert not proofs.verify(evolve(cut.statement, header=header), proof)
    for last in mistyped_headers(cut.last):
        assert not proofs.verify(evolve(cut.statement, last=last), proof)


@named
def test_a_proof_or_a_body_that_is_no_bytes_shows_nothing_and_raises_nothing(proofs: ProofSystem) -> None:
    cut = some_cuts()[2]
    proof = proofs.prove(cut.batch, cut.last)
    others: tuple[Any, ...] = (bytearray(proof), memoryview(proof), proof.hex(), None, list(proof), 5)
    for other in others:
        assert not proofs.verify(cut.statement, other)
    body = cut.statement.published
    bodies: tuple[Any, ...] = (bytearray(body), memoryview(body), body.hex(), None)
    for published in bodies:
        assert not proofs.verify(evolve(cut.statement, published=published), proof)


@named
def test_an_honest_proof_is_accepted(proofs: ProofSystem) -> None:
    for cut in some_cuts():
        assert proofs.verify(cut.statement, proofs.prove(cut.batch, cut.last))


@named
def test_no_field_of_the_header_can_be_changed(proofs: ProofSystem) -> None:
    tried = 0
    for cut in some_cuts()[:6]:
        proof = proofs.prove(cut.batch, cut.last)
        for header in other_headers(cut.batch.header):
            assert not proofs.verify(evolve(cut.statement, header=header), proof)
            tried += 1
    assert tried > 6 * 40


@named
def test_the_header_before_it_cannot_be_changed_in_anything_that_the_next_one_is_made_of(proofs: ProofSystem) -> None:
    cut = some_cuts()[4]
    proof = proofs.prove(cut.batch, cut.last)
    for header in other_headers(cut.last):
        if proofs.verify(evolve(cut.statement, last=header), proof):
            # Only what does not reach into the next header may differ, and the ideal system binds even that.
            after = evolve(cut.last, previous_root=header.previous_root, operations=header.operations)
            before = ("time_before", "time_after", "received_before", "received_after", "taken_after", "at_rest")
            befores = ("inbox_before", "outbox_before", "data_before")
            assert header == evolve(after, **{name: getattr(header, name) for name in (*before, *befores)})
            assert proofs.name == "witness"


@named
def test_a_proof_of_another_batch_shows_nothing(proofs: ProofSystem) -> None:
    given = some_cuts()
    made = [proofs.prove(cut.batch, cut.last) for cut in given]
    for one, proof in enumerate(made):
        for other, cut in enumerate(given):
            assert proofs.verify(cut.statement, proof) == (one == other)


@named
def test_another_body_is_not_the_published_one(proofs: ProofSystem) -> None:
    cut = some_cuts()[3]
    proof = proofs.prove(cut.batch, cut.last)
    for body in (*cut.batch.bodies.values(), b"", cut.statement.published + b"\0", cut.statement.published[:-1]):
        assert proofs.verify(evolve(cut.statement, published=body), proof) == (body == cut.statement.published)


def test_a_header_for_one_body_does_not_do_for_another_kind_of_body() -> None:
    logged, diffed = some_cuts(Body.LOG)[2], some_cuts(Body.STATE_DIFF)[2]
    assert logged.batch.header.new_root == diffed.batch.header.new_root
    for system in (WitnessProofs, lambda made_for: IdealProofs(made_for, b"secret")):
        proofs = system(deployment(Body.STATE_DIFF))
        proof = proofs.prove(diffed.batch, diffed.last)
        assert proofs.verify(diffed.statement, proof)
        assert not proofs.verify(logged.statement, proof)


@named
def test_no_spoiled_byte_of_a_small_proof_is_accepted(proofs: ProofSystem) -> None:
    cut = min(some_cuts(), key=lambda cut: len(WitnessProofs(deployment()).prove(cut.batch, cut.last)))
    proof = proofs.prove(cut.batch, cut.last)
    tried = 0
    for hostile in spoiled(proof):
        assert hostile == proof or not proofs.verify(cut.statement, hostile)
        tried += 1
    assert tried > 10 * len(proof)


def disturbed(operations: tuple[Operation, ...]) -> Iterator[tuple[Operation, ...]]:
    """Operations in another order, without one, with one twice, or none at all."""
    for place in range(len(operations)):
        yield operations[:place] + operations[place + 1 :]
        yield (*operations[: place + 1], *operations[place:])
    for place in range(len(operations) - 1):
        yield (*operations[:place], operations[place + 1], operations[place], *operations[place + 2 :])
    yield tuple(reversed(operations))


def forged(cut: Cut, operations: tuple[Operation, ...]) -> tuple[Statement, bytes, bool] | None:
    """The best that a prover can do with other operations: their own log and witness under the stated root.

    Also whether the machine really comes to the stated header by them; nothing if they cannot be written down.
    """
    batch, here = cut.batch, deployment()
    try:
        log = encode_log(batch.before, operations, signatures=True)
    except ValueError:
        return None
    body = data_link(cut.last.data_after, log)
    header = evolve(batch.header, operations=log_commitment(log), data_after=body)
    try:
        after, _ = execute(batch.before, operations, SIGNER)
        evidence = witness_of_log(batch.tree_before, batch.before, log, here.genesis, SIGNER)
        follows = next_header(cut.last, batch.before, after, operations, log, log, header.new_root) == header
        same = follows and after == batch.after
    except WitnessRefused:
        # The machine refuses an operation; the prover shows the witness of the honest ones.
        same = False
        reader = Reader(WitnessProofs(here).prove(batch, cut.last))
        reader.text()
        writer = Writer()
        writer.text(log)
        writer.raw(reader.raw(reader.left()))
        return Statement(cut.last, header, log), writer.finish(), same
    writer = Writer()
    writer.text(log)
    writer.raw(encode_witness(evidence))
    return Statement(cut.last, header, log), writer.finish(), same


def test_operations_in_another_order_dropped_or_doubled_show_only_what_the_machine_does_with_them() -> None:
    proofs, ideal = WitnessProofs(deployment()), IdealProofs(deployment(), b"secret")
    tried = accepted = 0
    for cut in some_cuts():
        for operations in disturbed(cut.batch.operations):
            if operations == cut.batch.operations:
                continue
            made = forged(cut, operations)
            if made is None:
                continue
            statement, witness, same = made
            tried += 1
            accepted += same
            assert proofs.verify(statement, witness) == same
            # The honest header is bound to the honest operations.
            assert not proofs.verify(cut.statement, witness)
            if not same:
                with pytest.raises(NotShown):
                    ideal.issue(statement, witness)
    assert tried > 50
    assert accepted < tried


def test_the_ideal_system_gives_no_token_for_a_header_without_an_encoding() -> None:
    ideal, cut = SYSTEMS[1], some_cuts()[1]
    assert isinstance(ideal, IdealProofs)
    witness = WitnessProofs(deployment()).prove(cut.batch, cut.last)
    with pytest.raises(NotShown):
        ideal.issue(evolve(cut.statement, last=evolve(cut.last, previous_root=b"")), witness)


def test_a_token_is_worth_nothing_under_another_secret_or_for_another_deployment() -> None:
    cut = some_cuts()[1]
    here = deployment()
    token = IdealProofs(here, b"secret").prove(cut.batch, cut.last)
    other_genesis = evolve(here, genesis=evolve(here.genesis, marks=(10, 13)))
    assert IdealProofs(here, b"secret").verify(cut.statement, token)
    assert not IdealProofs(here, b"Secret").verify(cut.statement, token)
    assert not IdealProofs(here, b"").verify(cut.statement, token)
    assert not IdealProofs(other_genesis, b"secret").verify(cut.statement, token)
    assert not IdealProofs(evolve(here, body=Body.STATE_DIFF), b"secret").verify(cut.statement, token)
    assert not IdealProofs(evolve(here, hashing=POSEIDON_BN254), b"secret").verify(cut.statement, token)
    assert not WitnessProofs(here).verify(cut.statement, token)


def test_the_secret_is_not_shown() -> None:
    assert b"hidden".hex() not in repr(IdealProofs(deployment(), b"hidden"))
    assert "hidden" not in repr(IdealProofs(deployment(), b"hidden"))


def test_a_witness_proof_of_nothing_is_refused_with_no_exception() -> None:
    cut = some_cuts()[0]
    for proof in (b"", b"\0", b"\0\0\0", bytes(1_000), b"\xff" * 1_000):
        assert not any(proofs.verify(cut.statement, proof) for proofs in SYSTEMS)
