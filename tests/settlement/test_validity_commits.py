"""Refusals of batches: every link of the chain of batches, the published body, proofs and taking back."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.commitment.batch import Body
from settlespec.commitment.encoding import Reader
from settlespec.commitment.header import Header, encode_header, header_digest
from settlespec.settlement.chain import BLOB_BYTES, NOTHING_PUBLISHED, Published
from settlespec.settlement.rollup import Delays, Settings
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_batches import blobs_of, published_body
from settlespec.settlement.validity_calls import (
    Commit,
    Prove,
    Revert,
)
from settlespec.settlement.validity_refusals import Refusal
from tests.settlement.rollup_town import (
    EACH_BLOCK,
    OPERATOR,
    PARAMETERS,
    Town,
)
from tests.settlement.standing_towns import NEVER, OWNER, committed, sealed


def header() -> Header:
    return sealed().chain.sealed[1].header


def digest() -> bytes:
    return header_digest(header())


def body() -> bytes:
    return sealed().chain.sealed[1].batch.bodies[Body.LOG]


def why_not(changed: Header, published: Published | None = None, later: int = 0) -> Refusal | None:
    carried = published or Published(calldata=body())
    return sealed().reason(OPERATOR, Commit(encode_header(changed)), carried, later)


def test_an_honest_batch_is_committed_in_calldata_or_in_a_blob() -> None:
    assert why_not(header()) is None
    assert why_not(header(), Published(blobs=(body(),))) is None


BREACHES: tuple[tuple[Refusal, Callable[[Header], Header]], ...] = (
    (Refusal.FOREIGN_BATCH, lambda at: evolve(at, chain=at.chain + 1)),
    (Refusal.WRONG_NUMBER, lambda at: evolve(at, number=at.number + 1)),
    (Refusal.WRONG_PREVIOUS_ROOT, lambda at: evolve(at, previous_root=at.new_root)),
    (Refusal.CLOCK_BROKEN, lambda at: evolve(at, time_before=at.time_before + 1)),
    (Refusal.INBOX_BROKEN, lambda at: evolve(at, received_before=at.received_before + 1)),
    (Refusal.TAKEN_BROKEN, lambda at: evolve(at, taken_after=at.received_after + 1)),
    (Refusal.OUTBOX_BROKEN, lambda at: evolve(at, outbox_before=at.outbox_before[::-1][:-1] + b"\1")),
    (Refusal.DATA_BROKEN, lambda at: evolve(at, data_before=bytes(31) + b"\1")),
    (Refusal.CLOCK_AHEAD, lambda at: evolve(at, time_after=at.time_after + 10**6)),
    (Refusal.INBOX_UNKNOWN, lambda at: evolve(at, inbox_after=bytes(32))),
    (Refusal.BODY_UNPUBLISHED, lambda at: evolve(at, data_after=bytes(32))),
)
"""What a header says wrongly, in precedence order."""


@pytest.mark.parametrize(("refusal", "breach"), BREACHES, ids=[refusal.name for refusal, _ in BREACHES])
def test_each_link_of_the_chain_of_batches_has_its_own_refusal(
    refusal: Refusal, breach: Callable[[Header], Header]
) -> None:
    assert why_not(breach(header())) is refusal


@pytest.mark.parametrize("first", range(len(BREACHES)))
def test_when_several_links_are_broken_the_first_is_the_answer(first: int) -> None:
    broken = header()
    for _, breach in BREACHES[first:]:
        broken = breach(broken)
    assert why_not(broken) is BREACHES[first][0]


def test_each_before_of_a_header_is_the_after_of_the_last_one() -> None:
    last, here = sealed().registry.last, header()
    others: dict[str, Any] = {
        "rollup": here.rollup + 1,
        "time_before": here.time_before + 1,
        "received_before": 1,
        "inbox_before": here.inbox_after,
        "outbox_before": here.new_root,
        "data_before": here.data_after,
        "previous_root": bytes(32),
        "number": 0,
    }
    for name, value in others.items():
        assert why_not(evolve(here, **{name: value})) is not None, name
    assert (here.number, here.previous_root) == (last.number + 1, last.new_root)


def test_a_clock_that_runs_backwards_is_refused() -> None:
    assert why_not(evolve(header(), time_before=5, time_after=4)) is Refusal.CLOCK_BROKEN
    town = Town().funded({1: 100})
    town.advance(3)
    later = town.registry.last
    backwards = evolve(later, number=later.number + 1, previous_root=later.new_root, time_before=later.time_after)
    backwards = evolve(backwards, time_after=later.time_after - 1)
    assert town.reason(OPERATOR, Commit(encode_header(backwards))) is Refusal.CLOCK_BROKEN


def test_the_clock_of_a_batch_may_lead_and_lag_its_block_by_exactly_the_bounds() -> None:
    now = sealed().layer.clock
    ahead = now + PARAMETERS.max_ahead
    assert why_not(evolve(header(), time_after=ahead)) is None
    assert why_not(evolve(header(), time_after=ahead + 1)) is Refusal.CLOCK_AHEAD
    limit = header().time_after + PARAMETERS.max_behind - now
    assert why_not(header(), later=limit) is None
    assert why_not(header(), later=limit + 1) is Refusal.CLOCK_BEHIND


def test_a_batch_cannot_receive_what_the_inbox_does_not_have() -> None:
    here = header()
    assert here.received_after == 2
    assert why_not(evolve(here, received_after=3)) is Refusal.INBOX_UNKNOWN
    assert why_not(evolve(here, received_after=1, taken_after=1)) is Refusal.INBOX_UNKNOWN
    assert why_not(evolve(here, received_after=2 + 2**64)) is Refusal.INBOX_UNKNOWN


def test_a_batch_cannot_give_back_messages_that_the_last_one_received() -> None:
    town = sealed()
    registry = town.registry
    received = evolve(registry.proven, received_after=2, inbox_after=registry.inbox[2], taken_after=0)
    held = ValidityContract(evolve(registry, proven=received))
    opening = town.layer.last_block.opening

    def asked(after: int) -> list[object]:
        follows = evolve(
            header(),
            received_before=2,
            inbox_before=registry.inbox[2],
            received_after=after,
            inbox_after=registry.inbox[after],
            taken_after=1,
        )
        called = held.call(opening, OPERATOR, Commit(encode_header(follows)), Published(calldata=body()))
        return [getattr(event, "reason", None) for event in called.events]

    assert asked(2) == [None]
    assert asked(1) == [Refusal.INBOX_BROKEN]


def test_a_batch_cannot_take_messages_back_nor_some_that_it_did_not_receive() -> None:
    town = Town().funded({1: 100})
    town.advance(3)
    last = town.registry.last
    assert last.taken_after == 1
    follows = evolve(
        last,
        number=last.number + 1,
        previous_root=last.new_root,
        time_before=last.time_after,
        received_before=1,
        inbox_before=last.inbox_after,
        taken_after=0,
    )
    assert town.reason(OPERATOR, Commit(encode_header(follows))) is Refusal.TAKEN_BROKEN
    assert why_not(evolve(header(), taken_after=3)) is Refusal.TAKEN_BROKEN


def test_a_body_that_is_not_really_published_is_refused() -> None:
    assert why_not(header(), Published()) is Refusal.BODY_UNPUBLISHED
    assert why_not(header(), Published(calldata=body()[:-1])) is Refusal.BODY_UNPUBLISHED
    assert why_not(header(), Published(calldata=body() + b"\0")) is Refusal.BODY_UNPUBLISHED
    assert why_not(header(), Published(blobs=(body() + b"\0",))) is Refusal.BODY_UNPUBLISHED
    other = sealed().chain.sealed[1].batch.bodies[Body.STATE_DIFF]
    assert why_not(header(), Published(calldata=other)) is Refusal.BODY_UNPUBLISHED


def test_a_body_in_more_than_one_place_is_refused() -> None:
    content = body()
    assert why_not(header(), Published(content, (content,))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(content[:5], (content[5:],))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(blobs=(content[:5], content[5:]))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(blobs=(content, b""))) is Refusal.BODY_SPREAD
    assert why_not(header(), Published(blobs=(b"",))) is Refusal.BODY_SPREAD


@pytest.mark.parametrize("size", [1, BLOB_BYTES - 1, BLOB_BYTES, BLOB_BYTES + 1, 2 * BLOB_BYTES, 300_000])
def test_a_body_of_any_size_has_one_way_into_blobs(size: int) -> None:
    content = bytes(index * 7 % 251 for index in range(size))
    blobs = blobs_of(content)
    assert published_body(Published(blobs=blobs)) == content
    assert len(blobs) == -(-size // BLOB_BYTES)


def test_only_so_many_batches_may_wait_for_a_proof() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=NEVER, commit=NEVER)))
    town.funded({1: 100})
    town.advance(2)
    ready = town.chain.sealed[1]
    call, carried = Commit(encode_header(ready.header)), Published(calldata=ready.batch.bodies[Body.LOG])
    registry = town.registry
    full = evolve(registry, waiting=committed().registry.waiting * PARAMETERS.max_unproven)
    # The last of the waiting ones is the one before.
    last = evolve(full.waiting[-1], header=registry.proven)
    full = evolve(full, waiting=(*full.waiting[:-1], last))
    room = evolve(full, waiting=full.waiting[1:])
    opening = town.layer.last_block.opening
    refused = ValidityContract(full).call(opening, OPERATOR, call, carried)
    assert [event.reason for event in refused.events] == [Refusal.TOO_MANY_UNPROVEN]  # type: ignore[attr-defined]
    assert not ValidityContract(room).call(opening, OPERATOR, call, carried).reverted


def test_bytes_that_are_no_header_are_refused() -> None:
    good = encode_header(header())
    for spoiled in (b"", good[:-1], good + b"\0", good[:-1] + b"\2", b"\xff" * 300):
        assert sealed().reason(OPERATOR, Commit(spoiled), Published(calldata=body())) is Refusal.MALFORMED_HEADER
    assert Reader(good).left() == len(good)


def test_every_flipped_byte_of_a_header_is_refused_or_can_only_be_a_claim_that_no_proof_shows() -> None:
    good = encode_header(header())
    let_in = []
    for place in range(len(good)):
        spoiled = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        if sealed().reason(OPERATOR, Commit(spoiled), Published(calldata=body())) is None:
            let_in.append(spoiled)
    # The new root, the outbox, the operations, the clock within its bounds, what was taken, and whether it is at rest.
    assert 32 * 3 <= len(let_in) <= 32 * 3 + 8
    proof = sealed().proofs.prove(sealed().chain.sealed[1].batch, sealed().registry.last)
    opening = sealed().layer.last_block.opening
    for spoiled in (good, *let_in):
        called = ValidityContract(sealed().registry).call(opening, OPERATOR, Commit(spoiled), Published(body()))
        proven = called.contract.call(opening, OWNER, Prove(1, proof), NOTHING_PUBLISHED)
        assert proven.reverted == (spoiled != good)


def test_only_the_operator_commits_and_takes_back() -> None:
    assert sealed().reason(OWNER, Commit(encode_header(header())), Published(calldata=body())) is (
        Refusal.NOT_THE_OPERATOR
    )
    assert committed().reason(OWNER, Revert(1, digest())) is Refusal.NOT_THE_OPERATOR
    assert committed().reason(OPERATOR, Revert(1, digest())) is None


def test_a_batch_is_taken_back_by_its_header_and_not_by_its_number_alone() -> None:
    other = header_digest(evolve(header(), time_after=header().time_after + 1))
    for named in (other, header_digest(sealed().registry.last), bytes(32), b"", digest() + b"\0"):
        assert committed().reason(OPERATOR, Revert(1, named)) is Refusal.NOT_COMMITTED


def test_what_does_not_wait_is_neither_proven_nor_taken_back() -> None:
    town = committed()
    proof = town.proofs.prove(town.chain.sealed[1].batch, town.chain.sealed[1].last)
    assert town.reason(OWNER, Prove(1, proof)) is None
    for number in (0, 2, -1, 1 + 2**64):
        assert town.reason(OWNER, Prove(number, proof)) is Refusal.NOT_COMMITTED
    for number in (0, 2, -1, 1 + 2**64):
        assert town.reason(OPERATOR, Revert(number, digest())) is Refusal.NOT_COMMITTED
    assert sealed().reason(OWNER, Prove(1, proof)) is Refusal.NOT_COMMITTED


def test_batches_are_proven_in_order() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=NEVER)))
    town.funded({1: 100, 2: 100})
    town.advance(2)
    town.deposit(3, 5)
    town.advance(3)
    assert len(town.registry.waiting) == 2
    second = town.chain.sealed[2]
    assert town.reason(OWNER, Prove(2, town.proofs.prove(second.batch, second.last))) is Refusal.NOT_COMMITTED


def test_what_is_proven_is_not_taken_back() -> None:
    town = Town().funded({1: 100})
    town.advance(4)
    assert town.registry.proven.number == 1
    assert town.reason(OPERATOR, Revert(1, header_digest(town.registry.proven))) is Refusal.NOT_COMMITTED


def test_a_proof_of_another_batch_is_refused() -> None:
    town = committed()
    other = sealed().chain.sealed[1]
    assert other.header == town.chain.sealed[1].header
    for proof in (b"", bytes(32), b"x" * 300):
        assert town.reason(OWNER, Prove(1, proof)) is Refusal.NOT_PROVEN


def test_the_refusals_stand_in_the_order_in_which_they_are_found() -> None:
    order = list(Refusal)
    found = [order.index(refusal) for refusal, _ in BREACHES]
    assert found == sorted(found)
