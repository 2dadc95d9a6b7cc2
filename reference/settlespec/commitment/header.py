"""The header of a batch: what a proof is about and what the base layer keeps (rules BATCH-1 to BATCH-4)."""

import hashlib
from typing import Final

from attrs import fields, frozen

from settlespec.commitment.encoding import Reader, Writer
from settlespec.commitment.leaves import encode_claim, encode_received
from settlespec.domain.declared import mistyped
from settlespec.domain.messages import Claim, Received

DIGEST_BYTES: Final = 32
START: Final = bytes(DIGEST_BYTES)
"""Where every hash chain begins."""

INBOX_TAG, OUTBOX_TAG, DATA_TAG, LOG_TAG, HEADER_TAG = (bytes((tag,)) for tag in range(16, 21))
"""Domain tags: a link of one chain is never a link of another, and none is a node of the tree (tags 0 to 2)."""


def link(tag: bytes, before: bytes, item: bytes) -> bytes:
    """BATCH-1: the next value of a hash chain: SHA-256 of the tag, the value before and the item."""
    return hashlib.sha256(tag + before + item).digest()


def inbox_link(before: bytes, received: Received) -> bytes:
    """BATCH-1.2: the inbox chain after one more message of the base layer."""
    return link(INBOX_TAG, before, encode_received(received))


def outbox_link(before: bytes, claim: Claim) -> bytes:
    """BATCH-1.3: the outbox chain after one more claim."""
    return link(OUTBOX_TAG, before, encode_claim(claim))


def data_link(before: bytes, body: bytes) -> bytes:
    """BATCH-1.4: the data chain after one more published body."""
    return link(DATA_TAG, before, hashlib.sha256(body).digest())


def log_commitment(log: bytes) -> bytes:
    """BATCH-2: the commitment to the operations of a batch."""
    return hashlib.sha256(LOG_TAG + log).digest()


@frozen
class Header:
    """BATCH-3: one batch. Every "after" is the next batch's "before", so batches form one chain without gap or reuse."""

    chain: int
    rollup: int
    number: int
    """The first batch is number 1."""
    previous_root: bytes
    new_root: bytes
    time_before: int
    time_after: int
    """Milliseconds: the rollup's clock around the batch."""
    received_before: int
    received_after: int
    """Messages of the base layer that the inbox has held so far."""
    taken_after: int
    """Messages that have been carried out or refused."""
    inbox_before: bytes
    inbox_after: bytes
    outbox_before: bytes
    outbox_after: bytes
    data_before: bytes
    data_after: bytes
    operations: bytes
    """The commitment to the operation log."""
    at_rest: bool
    """Whether no clearing round is open after the batch: only then is the new root an exit root."""


def encode_header(header: Header) -> bytes:
    """BATCH-4: the fields in order: integers as LEB128, digests as their 32 bytes, the flag as one byte.

    Raises:
        ValueError: a digest is longer or shorter, so that its bytes would be those of its neighbours, an integer is none of the wire's, or
            a field is of another type and only equal to what it should be.
    """
    name = mistyped(header)
    if name is not None:
        raise ValueError(f"{name} is not of its type")
    writer = Writer()
    for place in fields(Header):
        value = getattr(header, place.name)
        if isinstance(value, bytes):
            if len(value) != DIGEST_BYTES:
                raise ValueError(f"{place.name} has {len(value)} bytes, not {DIGEST_BYTES}")
            writer.raw(value)
        else:
            writer.unsigned(value)
    return writer.finish()


def decode_header(data: bytes) -> Header:
    """BATCH-4.2: the header, or `Refused`."""
    reader = Reader(data)
    values: list[object] = []
    for place in fields(Header):
        if place.type is bytes:
            values.append(reader.raw(DIGEST_BYTES))
        elif place.type is bool:
            values.append(reader.flag())
        else:
            values.append(reader.unsigned())
    reader.end()
    return Header(*values)  # type: ignore[arg-type]


def header_digest(header: Header) -> bytes:
    """BATCH-4.3: what a proof is bound to."""
    return hashlib.sha256(HEADER_TAG + encode_header(header)).digest()
