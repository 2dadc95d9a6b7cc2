"""Sealing: the header follows from the states and operations, and each body alone says what it is there to say."""

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from attrs import evolve, fields

from settlespec.commitment.batch import Batch, Body, Sealer, SealingPolicy, next_header
from settlespec.commitment.diffs import apply_state_diff, decode_exit_diff, decode_state_diff
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import START, Header, data_link
from settlespec.commitment.leaves import Holdings, encode_claim, encode_received, split_account
from settlespec.commitment.operation_log import decode_log
from settlespec.commitment.parts import leaves_of, state_of
from settlespec.commitment.state_tree import state_tree
from settlespec.domain.errors import BadInput
from settlespec.domain.messages import Received
from settlespec.domain.operations import Receive
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.machine.exchange import step
from settlespec.machine.genesis import initial_state
from tests.commitment.recording_hashes import CountingHash
from tests.commitment.walks import SIGNER, Walked, minimal_walk, small_genesis


@cache
def accepted(seed: int = 71) -> tuple[Walked, ...]:
    return tuple(walked for walked in minimal_walk(seed, 1_500) if isinstance(walked.outcome, Accepted))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("operations", 0),
        ("operations", -1),
        ("operations", 1.5),
        ("age", -1),
        ("age", True),
        ("bytes", 0),
        ("bytes", None),
    ],
)
def test_a_policy_under_which_no_batch_has_anything_in_it_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(BadInput) as refused:
        SealingPolicy(**{name: value})
    assert refused.value.field == name
    assert refused.value.remedy is not None


def sealed(length: int, body: Body = Body.LOG) -> Iterator[tuple[Header, Batch]]:
    """The batches of a run, each with the header before it."""
    sealer = Sealer(initial_state(small_genesis()), SHA256, body)
    for walked in accepted():
        assert isinstance(walked.outcome, Accepted)
        sealer.add(walked.operation, walked.outcome)
        if len(sealer.operations) == length:
            last = sealer.last
            yield last, sealer.seal()


def owned(state: State) -> dict[int, Holdings]:
    return {name: split_account(state, name)[0] for name in state.accounts}


def test_the_header_of_genesis_has_number_zero_and_starts_every_chain() -> None:
    state = initial_state(small_genesis())
    header = Sealer(state, SHA256).last
    assert header.number == 0
    assert header.new_root == state_tree(state, SHA256).root()
    assert header.at_rest
    ends = (header.inbox_after, header.outbox_after, header.data_after, header.previous_root, header.operations)
    assert ends == (START,) * 5


@pytest.mark.parametrize("length", [1, 9, 50])
def test_every_after_is_the_next_before(length: int) -> None:
    count = 0
    for last, batch in sealed(length):
        header = batch.header
        assert header.number == last.number + 1
        befores = ("previous_root", "time_before", "received_before", "inbox_before", "outbox_before", "data_before")
        afters = ("new_root", "time_after", "received_after", "inbox_after", "outbox_after", "data_after")
        assert [getattr(header, name) for name in befores] == [getattr(last, name) for name in afters]
        assert (header.chain, header.rollup) == (last.chain, last.rollup) == (1, 1)
        assert header.previous_root == state_tree(batch.before, SHA256).root() == batch.tree_before.root()
        assert header.new_root == state_tree(batch.after, SHA256).root() == batch.tree_after.root()
        count += 1
    assert count == len(accepted()) // length


def test_a_header_tells_the_clock_and_the_inbox_of_its_states() -> None:
    for _, batch in sealed(9):
        header, before, after = batch.header, batch.before, batch.after
        assert (header.time_before, header.time_after) == (before.clock, after.clock)
        assert (header.received_before, header.received_after) == (before.inbox.next_index, after.inbox.next_index)
        assert header.taken_after == after.inbox.cursor


def test_a_batch_is_at_rest_exactly_when_no_round_is_open_after_it() -> None:
    seen = set()
    for last, batch in sealed(7):
        assert batch.header.at_rest == (batch.after.round is None)
        seen.add((last.at_rest, batch.header.at_rest))
    assert seen == {(False, False), (False, True), (True, False), (True, True)}


def test_the_chains_hold_every_message_claim_and_body_in_order() -> None:
    inbox = outbox = data = START
    for _, batch in sealed(6):
        for operation in batch.operations:
            if isinstance(operation, Receive):
                item = encode_received(Received(operation.time, operation.message))
                inbox = hashlib.sha256(b"\x10" + inbox + item).digest()
        for index in range(batch.before.outbox.next_index, batch.after.outbox.next_index):
            outbox = hashlib.sha256(b"\x11" + outbox + encode_claim(batch.after.outbox.claims[index])).digest()
        data = hashlib.sha256(b"\x12" + data + hashlib.sha256(batch.bodies[Body.LOG]).digest()).digest()
        header = batch.header
        assert (header.inbox_after, header.outbox_after, header.data_after) == (inbox, outbox, data)
    assert START not in (inbox, outbox, data)


def test_the_log_alone_leads_from_the_state_before_to_the_state_after() -> None:
    for _, batch in sealed(11):
        operations = decode_log(batch.before, batch.bodies[Body.LOG])
        assert operations == batch.operations
        state = batch.before
        for operation in operations:
            outcome = step(state, operation, SIGNER)
            assert isinstance(outcome, Accepted)
            state = outcome.state
        assert state == batch.after


def test_the_state_diff_alone_leads_from_the_leaves_before_to_the_leaves_after() -> None:
    leaves = dict(leaves_of(initial_state(small_genesis())))
    inside = 0
    for _, batch in sealed(11):
        changed = decode_state_diff(batch.bodies[Body.STATE_DIFF])
        assert changed == batch.changed
        leaves = apply_state_diff(leaves, changed)
        assert leaves == dict(leaves_of(batch.after))
        assert state_of(leaves, small_genesis()) == batch.after
        inside += batch.after.round is not None
    assert inside > 5


def test_the_exit_diffs_alone_lead_to_what_everybody_owns() -> None:
    known: dict[int, Holdings] = {}
    for _, batch in sealed(11):
        known.update(decode_exit_diff(known, batch.bodies[Body.EXIT_DIFF]))
        assert known == owned(batch.after)
    assert len(known) > 4


@pytest.mark.parametrize("body", list(Body))
def test_the_data_chain_binds_the_body_that_is_published_and_nothing_else_differs(body: Body) -> None:
    for (last, batch), (_, logged) in zip(sealed(40, body), sealed(40), strict=True):
        assert batch.header.data_after == data_link(last.data_after, batch.bodies[body])
        before, after = logged.header.data_before, logged.header.data_after
        assert evolve(batch.header, data_before=before, data_after=after) == logged.header
        assert (batch.header == logged.header) == (body is Body.LOG)


def test_where_batches_are_cut_makes_no_difference_to_roots_and_chains() -> None:
    fine = {batch.header.new_root: batch.header for _, batch in sealed(1)}
    compared = 0
    for _, batch in sealed(8):
        other = fine[batch.header.new_root]
        for name in ("inbox_after", "outbox_after", "received_after", "taken_after", "time_after", "at_rest"):
            assert getattr(batch.header, name) == getattr(other, name)
        compared += 1
    assert compared > 50


def test_a_batch_of_nothing_changes_nothing_but_its_number_and_its_data() -> None:
    sealer = Sealer(accepted()[40].after, SHA256)
    last, batch = sealer.last, sealer.seal()
    assert batch.operations == ()
    assert batch.changed == {}
    assert batch.header.new_root == last.new_root
    differing = {
        place.name for place in fields(Header) if getattr(batch.header, place.name) != getattr(last, place.name)
    }
    assert differing <= {"number", "previous_root", "received_before", "data_after", "operations"}


def test_the_next_header_follows_from_a_part_of_the_state_as_from_the_whole() -> None:
    for last, batch in sealed(13):
        log = batch.bodies[Body.LOG]
        given = (batch.operations, log, log, batch.header.new_root)
        assert next_header(last, batch.before, batch.after, *given) == batch.header
        bare = evolve(batch.before, accounts=initial_state(small_genesis()).accounts)
        assert next_header(last, bare, batch.after, *given) == batch.header


def test_another_operation_order_log_body_or_root_makes_another_header() -> None:
    last, batch = list(sealed(13))[9]
    log, root = batch.bodies[Body.LOG], batch.header.new_root
    given: dict[str, Any] = {"log": log, "published": log, "new_root": root, "operations": batch.operations}
    others: list[dict[str, Any]] = [{"log": log + b"\0"}, {"published": b""}, {"new_root": bytes(32)}]
    if any(isinstance(operation, Receive) for operation in batch.operations):
        others.append({"operations": ()})
    for other in others:
        assert next_header(last, batch.before, batch.after, **{**given, **other}) != batch.header
    assert next_header(evolve(last, number=3), batch.before, batch.after, **given) != batch.header


def test_a_seal_hashes_nothing_twice_and_a_second_seal_nothing_at_all() -> None:
    hashing = CountingHash()
    sealer = Sealer(initial_state(small_genesis()), hashing)
    hashes = []
    for walked in accepted()[:300]:
        assert isinstance(walked.outcome, Accepted)
        sealer.add(walked.operation, walked.outcome)
        if len(sealer.operations) == 60:
            hashing.leaves.clear()
            hashing.branches.clear()
            batch = sealer.seal()
            assert max(hashing.leaves.values()) == max(hashing.branches.values()) == 1
            assert hashing.leaves.total() == sum(value is not None for value in batch.changed.values())
            hashes.append(hashing.calls)
    before = hashing.calls
    sealer.seal()
    assert hashing.calls == before
    assert len(hashes) == 5


def test_a_batch_is_due_by_the_first_limit_that_applies() -> None:
    policy = SealingPolicy(operations=10, age=5_000, bytes=1_000)
    assert not policy.due(9, 4_999, 999)
    assert policy.due(10, 0, 0)
    assert policy.due(1, 5_000, 0)
    assert policy.due(1, 0, 1_000)
    assert not policy.due(0, 5_000, 0)
    assert not policy.due(0, 0, 0)
