"""The header of a batch has one encoding, and its chains bind everything before them in order."""

import hashlib
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.commitment.batch import Body, Sealer
from settlespec.commitment.encoding import Refusal, Refused
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import (
    DATA_TAG,
    DIGEST_BYTES,
    HEADER_TAG,
    INBOX_TAG,
    LOG_TAG,
    OUTBOX_TAG,
    START,
    Header,
    data_link,
    decode_header,
    encode_header,
    header_digest,
    inbox_link,
    link,
    log_commitment,
    outbox_link,
)
from settlespec.commitment.leaves import encode_claim, encode_received
from settlespec.domain.messages import Claim, Received
from settlespec.domain.operations import Receive
from settlespec.domain.outcomes import Accepted
from tests.commitment import drawing, independent_header
from tests.commitment.hostile import assert_spoiled_never_passes
from tests.commitment.walks import minimal_walk

digests = st.binary(min_size=DIGEST_BYTES, max_size=DIGEST_BYTES)
headers = st.builds(
    Header,
    **{
        place.name: digests if place.type is bytes else st.booleans() if place.type is bool else drawing.quantities
        for place in fields(Header)
    },
)

PLACES: tuple[Any, ...] = fields(Header)

DISTINCT: dict[str, Any] = {
    place.name: bytes([number]) * DIGEST_BYTES if place.type is bytes else place.type is bool or number
    for number, place in enumerate(PLACES, 1)
}
PLAIN = Header(**DISTINCT)
"""A header of which every field is another."""


def changed(name: str, value: Any) -> Header:
    """The plain header with one field changed."""
    other: dict[str, Any] = {name: value}
    return evolve(PLAIN, **other)


@given(headers)
@settings(max_examples=100, deadline=None)
def test_a_header_is_what_its_bytes_decode_to(header: Header) -> None:
    assert decode_header(encode_header(header)) == header


def test_the_bytes_are_the_fields_in_order() -> None:
    parts = [
        bytes([number]) * DIGEST_BYTES if place.type is bytes else bytes([1 if place.type is bool else number])
        for number, place in enumerate(PLACES, 1)
    ]
    assert encode_header(PLAIN) == b"".join(parts)
    assert len(parts) == 18
    assert len(encode_header(PLAIN)) == 9 * DIGEST_BYTES + 9


def test_no_spoiled_byte_of_a_header_decodes_to_the_same_header() -> None:
    refused, other = assert_spoiled_never_passes(decode_header, encode_header, encode_header(PLAIN))
    assert refused > 100
    assert other > 100


def test_every_field_is_bound_by_the_digest() -> None:
    seen = {header_digest(PLAIN)}
    for place in PLACES:
        value = getattr(PLAIN, place.name)
        other = bytes(32) if place.type is bytes else not value if place.type is bool else value + 1
        seen.add(header_digest(changed(place.name, other)))
    assert len(seen) == 1 + len(PLACES)


def test_a_digest_that_is_not_32_bytes_long_has_no_header() -> None:
    for place in PLACES:
        if place.type is bytes:
            value = getattr(PLAIN, place.name)
            for other in (b"", value[:-1], value + b"\0"):
                with pytest.raises(ValueError, match=f"{place.name} has {len(other)} bytes"):
                    encode_header(changed(place.name, other))


def test_bytes_moved_from_one_digest_to_its_neighbour_have_no_encoding() -> None:
    digest_names = [place.name for place in PLACES if place.type is bytes]
    for first, second in pairwise(digest_names):
        left, right = getattr(PLAIN, first), getattr(PLAIN, second)
        moved: dict[str, Any] = {second: left[-1:] + right}
        with pytest.raises(ValueError, match="bytes, not 32"):
            encode_header(evolve(changed(first, left[:-1]), **moved))


@pytest.mark.parametrize("name", ["number", "time_after", "received_before", "taken_after"])
def test_an_integer_below_zero_or_beyond_the_wire_has_no_header(name: str) -> None:
    for value in (-1, 2**192):
        with pytest.raises(ValueError, match="no unsigned integer"):
            encode_header(changed(name, value))


def test_the_flag_is_zero_or_one_and_nothing_follows_it() -> None:
    data = encode_header(PLAIN)
    for last, refusal in ((b"\2", Refusal.OUT_OF_RANGE), (b"", Refusal.TRUNCATED), (b"\1\0", Refusal.TRAILING)):
        with pytest.raises(Refused) as caught:
            decode_header(data[:-1] + last)
        assert caught.value.refusal is refusal


def test_the_tags_are_all_different_and_none_is_that_of_a_node() -> None:
    tags = (INBOX_TAG, OUTBOX_TAG, DATA_TAG, LOG_TAG, HEADER_TAG)
    assert len(set(tags)) == len(tags)
    assert all(len(tag) == 1 and tag[0] > 2 for tag in tags)


@given(drawing.received, drawing.claims, digests, st.binary(max_size=40))
@settings(max_examples=50, deadline=None)
def test_a_link_is_the_hash_of_its_tag_the_value_before_and_the_item(
    received: Received, claim: Claim, before: bytes, body: bytes
) -> None:
    assert inbox_link(before, received) == hashlib.sha256(b"\x10" + before + encode_received(received)).digest()
    assert outbox_link(before, claim) == hashlib.sha256(b"\x11" + before + encode_claim(claim)).digest()
    assert data_link(before, body) == hashlib.sha256(b"\x12" + before + hashlib.sha256(body).digest()).digest()
    assert log_commitment(body) == hashlib.sha256(b"\x13" + body).digest()
    assert header_digest(PLAIN) == hashlib.sha256(b"\x14" + encode_header(PLAIN)).digest()


@given(st.lists(st.binary(max_size=3), max_size=5), st.lists(st.binary(max_size=3), max_size=5))
@settings(max_examples=200, deadline=None)
def test_two_chains_end_alike_only_if_all_their_items_are_the_same_in_the_same_order(
    one: list[bytes], other: list[bytes]
) -> None:
    ends = []
    for items in (one, other):
        value = START
        for item in items:
            value = link(INBOX_TAG, value, item)
        ends.append(value)
    assert (ends[0] == ends[1]) == (one == other)


def test_the_same_item_makes_another_link_in_every_chain() -> None:
    assert len({link(tag, START, b"item") for tag in (INBOX_TAG, OUTBOX_TAG, DATA_TAG)}) == 3


def test_headers_and_their_chains_are_as_the_page_defines_them() -> None:
    steps = list(minimal_walk(seed=5, operations=600))
    sealer = Sealer(steps[0].before, SHA256)
    before = independent_header.header(encode_header(sealer.last))
    claims = 0
    for number, step in enumerate(steps, 1):
        if isinstance(step.outcome, Accepted):
            sealer.add(step.operation, step.outcome)
        if number % 100:
            continue
        batch = sealer.seal()
        received = [op for op in batch.operations if isinstance(op, Receive)]
        outbox = step.after.outbox
        made = [outbox.claims[index] for index in range(claims, outbox.next_index)]
        claims = outbox.next_index
        log = batch.bodies[Body.LOG]
        found = independent_header.header(encode_header(batch.header))
        messages = [encode_received(Received(each.time, each.message)) for each in received]
        chains = independent_header.chains(before, messages, [encode_claim(claim) for claim in made], log, log)
        assert messages
        assert {name: found[name] for name in chains} == chains
        assert (found["number"], found["previous_root"]) == (before["number"] + 1, before["new_root"])
        assert independent_header.digest(encode_header(batch.header)) == header_digest(batch.header)
        before = found
    assert claims > 0
