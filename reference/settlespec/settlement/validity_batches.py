"""What the contract of a validity rollup does with batches: commit, prove, take back (rules VALID-5 to VALID-9)."""

from collections.abc import Iterable

from attrs import evolve

from settlespec.commitment.encoding import Refused as Undecodable
from settlespec.commitment.header import Header, data_link, decode_header, header_digest
from settlespec.proofs.interface import Statement
from settlespec.settlement.chain import BLOB_BYTES, Opening, Published, Sender
from settlespec.settlement.validity_calls import Commit, Prove, Revert
from settlespec.settlement.validity_refusals import Committed, Event, Proven, Refusal, TakenBack
from settlespec.settlement.validity_registry import Registry, Waiting

Answer = tuple[Registry, Event] | Refusal
"""What the contract is from now on and what it says, or why nothing happens."""


def commit(registry: Registry, block: Opening, sender: Sender, call: Commit, published: Published) -> Answer:
    """VALID-5: the operator commits to the next batch, with the body published in the same transaction."""
    # CHECKS
    # A frozen rollup stays as it is.
    if registry.frozen:
        return Refusal.FROZEN
    # Only the operator orders operations.
    if sender != registry.parameters.operator:
        return Refusal.NOT_THE_OPERATOR
    # The bytes are the encoding of a header.
    try:
        header = decode_header(call.header)
    except Undecodable:
        return Refusal.MALFORMED_HEADER
    # The batch follows the last one, and fits the block and the inbox.
    for holds, refusal in (*links(registry.last, header), *bounds(registry, block, header)):
        if not holds:
            return refusal
    # The body is where everybody reads it, and is what the header is bound to.
    body = published_body(published)
    if body is None:
        return Refusal.BODY_SPREAD
    if header.data_after != data_link(header.data_before, body):
        return Refusal.BODY_UNPUBLISHED
    # A limit stands on what waits.
    if len(registry.waiting) >= registry.parameters.max_unproven:
        return Refusal.TOO_MANY_UNPROVEN
    # EFFECTS
    waiting = (*registry.waiting, Waiting(header, body))
    # EVENTS
    return evolve(registry, waiting=waiting), Committed(header, body)


def links(last: Header, header: Header) -> Iterable[tuple[bool, Refusal]]:
    """VALID-6: CHAIN-LINK: every "before" is the last batch's "after", so there is no gap, no fork and no reuse."""
    received = (header.received_before, header.inbox_before) == (last.received_after, last.inbox_after)
    return (
        ((header.chain, header.rollup) == (last.chain, last.rollup), Refusal.FOREIGN_BATCH),
        (header.number == last.number + 1, Refusal.WRONG_NUMBER),
        (header.previous_root == last.new_root, Refusal.WRONG_PREVIOUS_ROOT),
        (header.time_before == last.time_after <= header.time_after, Refusal.CLOCK_BROKEN),
        (received and header.received_before <= header.received_after, Refusal.INBOX_BROKEN),
        (last.taken_after <= header.taken_after <= header.received_after, Refusal.TAKEN_BROKEN),
        (header.outbox_before == last.outbox_after, Refusal.OUTBOX_BROKEN),
        (header.data_before == last.data_after, Refusal.DATA_BROKEN),
    )


def bounds(registry: Registry, block: Opening, header: Header) -> Iterable[tuple[bool, Refusal]]:
    """VALID-7: the batch's clock is near the block's, and its inbox is this contract's, message for message."""
    parameters = registry.parameters
    known = registry.inbox.get(header.received_after)
    return (
        (header.time_after <= block.time + parameters.max_ahead, Refusal.CLOCK_AHEAD),
        (header.time_after >= block.time - parameters.max_behind, Refusal.CLOCK_BEHIND),
        (header.inbox_after == known, Refusal.INBOX_UNKNOWN),
    )


def published_body(published: Published) -> bytes | None:
    """VALID-5.2: the body that a transaction publishes: its calldata or its blobs, each in one way only; none where it is spread."""
    if not published.blobs:
        return published.calldata
    full = all(len(blob) == BLOB_BYTES for blob in published.blobs[:-1])
    if published.calldata or not full or not published.blobs[-1]:
        return None
    return b"".join(published.blobs)


def blobs_of(body: bytes) -> tuple[bytes, ...]:
    """VALID-5.3: a body in blobs, of which only the last is not full."""
    return tuple(body[start : start + BLOB_BYTES] for start in range(0, len(body), BLOB_BYTES))


def prove(registry: Registry, call: Prove) -> Answer:
    """VALID-8: anybody proves the first batch that waits; where it ends at rest its new root becomes an exit root."""
    # CHECKS
    # A frozen rollup stays as it is.
    if registry.frozen:
        return Refusal.FROZEN
    # Batches are proven in order.
    if not registry.waiting or registry.waiting[0].header.number != call.number:
        return Refusal.NOT_COMMITTED
    first, *others = registry.waiting
    # The batch follows, whoever made it.
    if not registry.proofs.verify(Statement(registry.proven, first.header, first.published), call.proof):
        return Refusal.NOT_PROVEN
    # EFFECTS
    proven = first.header
    after = evolve(registry, proven=proven, waiting=tuple(others))
    if proven.at_rest:
        after = evolve(after, exit=proven, exits=registry.exits.set(proven.number, proven.new_root))
    # EVENTS
    return after, Proven(call.number, proven.at_rest)


def revert(registry: Registry, sender: Sender, call: Revert) -> Answer:
    """VALID-9: the operator takes back a batch that is not proven, with all after it; what is proven stays.

    The batch is named by its header too, so that a call which a reorganisation makes late takes back no other batch of that number.
    """
    # CHECKS
    # A frozen rollup stays as it is.
    if registry.frozen:
        return Refusal.FROZEN
    # Only the operator takes back.
    if sender != registry.parameters.operator:
        return Refusal.NOT_THE_OPERATOR
    place = call.number - registry.proven.number - 1
    waiting = registry.waiting
    # This very batch waits.
    if not 0 <= place < len(waiting) or header_digest(waiting[place].header) != call.digest:
        return Refusal.NOT_COMMITTED
    # EFFECTS AND EVENTS
    return evolve(registry, waiting=waiting[:place]), TakenBack(call.number, registry.last.number)
