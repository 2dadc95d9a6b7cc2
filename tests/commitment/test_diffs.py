"""The state diff and the exit diff: what changed and nothing else, each with one spelling."""

import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.commitment.changes import Changed, Changes
from settlespec.commitment.diffs import (
    KEY_BITS,
    apply_state_diff,
    decode_exit_diff,
    decode_state_diff,
    encode_exit_diff,
    encode_state_diff,
)
from settlespec.commitment.encoding import Refusal, Refused, Writer
from settlespec.commitment.leaves import Holdings, LeafKey, Part, split_account
from settlespec.commitment.parts import leaves_of, state_of
from settlespec.domain.outcomes import Accepted
from settlespec.domain.quantities import IDENTIFIER
from settlespec.domain.state import State
from tests.commitment import drawing
from tests.commitment.hostile import assert_canonical, assert_spoiled_never_passes
from tests.commitment.walks import minimal_walk, small_genesis

KEY, OTHER = bytes(range(32)), bytes(range(32, 64))

BEFORE = {
    0: Holdings(KEY, 500, ((1, 5), (2, -7))),
    3: Holdings(KEY, -90, ()),
    300: Holdings(OTHER, 2**60, ((4, 1),)),
}
"""What was owned before the batches here."""

AFTER = {
    0: Holdings(KEY, 450, ((1, 5), (3, 2))),
    3: Holdings(KEY, -91, ((1, -200),)),
    7: Holdings(OTHER, 0, ()),
    300: Holdings(OTHER, 2**60, ()),
}
"""One position closed and one opened, a loss, a new account, a position that only went away."""


def bytes_of(*numbers: int | bytes) -> bytes:
    """Unsigned integers, and bytes as they are."""
    writer = Writer()
    for number in numbers:
        if isinstance(number, bytes):
            writer.raw(number)
        else:
            writer.unsigned(number)
    return writer.finish()


def batches(seed: int, operations: int, length: int) -> Iterator[tuple[State, State, Changed, tuple[int, ...]]]:
    """Batches of a walk: state before and after, changed leaves, touched accounts."""
    changes: Changes | None = None
    touched: set[int] = set()
    for place, each in enumerate(minimal_walk(seed, operations)):
        changes = changes or Changes(each.before)
        if isinstance(each.outcome, Accepted):
            changes.add(each.outcome)
            touched.update(each.outcome.touched)
        if place % length == length - 1:
            yield changes.since, each.after, changes.changed(each.after), tuple(sorted(touched))
            changes, touched = Changes(each.after), set()


def owned(state: State) -> dict[int, Holdings]:
    """The holdings of every account."""
    return {name: split_account(state, name)[0] for name in state.accounts}


leaf_keys = st.builds(
    LeafKey,
    part=st.sampled_from(Part),
    book=drawing.identifiers,
    key=st.integers(0, 300) | st.integers(0, 2**KEY_BITS - 1),
)
changed_leaves = st.dictionaries(leaf_keys, st.none() | st.binary(max_size=200), max_size=6)


@settings(max_examples=200)
@given(changed=changed_leaves)
def test_every_state_diff_comes_back(changed: Changed) -> None:
    assert decode_state_diff(encode_state_diff(changed)) == changed


def test_the_order_in_which_changes_were_found_does_not_show() -> None:
    for _, _, changed, _ in batches(2, 300, 60):
        backwards = dict(reversed(changed.items()))
        assert encode_state_diff(backwards) == encode_state_diff(changed)


def test_the_state_after_a_batch_is_rebuilt_from_the_state_before_and_the_state_diff() -> None:
    rebuilt = inside = 0
    for seed in range(3):
        for before, after, changed, _ in batches(seed, 1_500, 25):
            leaves = apply_state_diff(dict(leaves_of(before)), decode_state_diff(encode_state_diff(changed)))
            assert state_of(leaves, small_genesis()) == after
            rebuilt, inside = rebuilt + 1, inside + (after.round is not None)
    assert rebuilt == 180
    assert inside > 5


@pytest.mark.parametrize(
    "changed",
    [{LeafKey(Part.GAINS, 0, 1): b"\x05"}, {LeafKey(Part.GAINS, 0, 2): None}],
    ids=["the value that was there", "the absence of what was absent"],
)
def test_a_change_that_changes_nothing_is_refused(changed: Changed) -> None:
    with pytest.raises(Refused) as caught:
        apply_state_diff({LeafKey(Part.GAINS, 0, 1): b"\x05"}, changed)
    assert caught.value.refusal is Refusal.SUPERFLUOUS


def test_an_absent_leaf_and_an_empty_one_are_told_apart() -> None:
    key = LeafKey(Part.HOLDERS, 0, 4)
    assert encode_state_diff({key: None}) == bytes_of(1, Part.HOLDERS, 0, 1, 4, 0)
    assert encode_state_diff({key: b""}) == bytes_of(1, Part.HOLDERS, 0, 1, 4, 1)
    assert decode_state_diff(encode_state_diff({key: b""})) == {key: b""}


SMALL: Changed = {
    LeafKey(Part.SCALARS, 0, 0): b"\x01\x02",
    LeafKey(Part.BIDS, 1, 2**90): None,
    LeafKey(Part.BIDS, 1, 2**90 + 5): b"abc",
    LeafKey(Part.BIDS, 2, 0): b"",
    LeafKey(Part.GAINS, 0, 300): b"\x05",
}


def test_no_spoiled_state_diff_passes_for_the_one_it_was() -> None:
    refused, other = assert_spoiled_never_passes(decode_state_diff, encode_state_diff, encode_state_diff(SMALL))
    assert refused > 200
    assert other > 50


@settings(max_examples=300)
@given(changed=changed_leaves, tail=st.binary(max_size=60), data=st.data())
def test_any_bytes_are_refused_or_are_the_one_state_diff(changed: Changed, tail: bytes, data: st.DataObject) -> None:
    whole = encode_state_diff(changed)
    assert_canonical(decode_state_diff, encode_state_diff, whole[: data.draw(st.integers(0, len(whole)))] + tail)


STATE_REFUSALS: dict[str, tuple[bytes, Refusal]] = {
    "no bytes": (b"", Refusal.TRUNCATED),
    "more runs than bytes": (bytes_of(9, 0, 0), Refusal.PAST_THE_END),
    "a part that there is not": (bytes_of(1, 15, 0, 1, 0, 0), Refusal.OUT_OF_RANGE),
    "a book past its range": (bytes_of(1, 4, 2**64, 1, 0, 0), Refusal.OUT_OF_RANGE),
    "the same run twice": (bytes_of(2, 4, 1, 1, 0, 0, 4, 1, 1, 1, 0), Refusal.NOT_SORTED),
    "books that fall": (bytes_of(2, 4, 2, 1, 0, 0, 4, 1, 1, 0, 0), Refusal.NOT_SORTED),
    "parts that fall": (bytes_of(2, 5, 0, 1, 0, 0, 4, 1, 1, 0, 0), Refusal.NOT_SORTED),
    "a run of nothing": (bytes_of(1, 4, 1, 0), Refusal.SUPERFLUOUS),
    "more entries than bytes": (bytes_of(1, 4, 1, 9, 0, 0), Refusal.PAST_THE_END),
    "a key past its range": (bytes_of(1, 4, 1, 1, 2**KEY_BITS, 0), Refusal.OUT_OF_RANGE),
    "a second key past its range": (bytes_of(1, 4, 1, 2, 2**KEY_BITS - 1, 0, 0, 0), Refusal.OUT_OF_RANGE),
    "a value longer than the bytes": (bytes_of(1, 4, 1, 1, 0, 3, 5), Refusal.TRUNCATED),
    "a value of a hostile length": (bytes_of(1, 4, 1, 1, 0, 2**62), Refusal.PAST_THE_END),
    "something behind the last run": (bytes_of(1, 4, 1, 1, 0, 0, 0), Refusal.TRAILING),
    "a superfluous zero group": (b"\x80\x00", Refusal.NOT_MINIMAL),
}


@pytest.mark.parametrize("name", STATE_REFUSALS)
def test_a_state_diff_that_nobody_wrote_is_refused(name: str) -> None:
    data, expected = STATE_REFUSALS[name]
    with pytest.raises(Refused) as caught:
        decode_state_diff(data)
    assert caught.value.refusal is expected


def test_the_widest_key_of_an_order_fits() -> None:
    key = LeafKey(Part.ASKS, 1, 2**KEY_BITS - 1)
    assert decode_state_diff(encode_state_diff({key: None})) == {key: None}


def decode_exit(data: bytes) -> dict[int, Holdings]:
    return decode_exit_diff(BEFORE, data)


def encode_exit(after: dict[int, Holdings]) -> bytes:
    return encode_exit_diff(BEFORE, after)


def test_an_exit_diff_gives_back_the_holdings_of_all_that_moved() -> None:
    assert decode_exit(encode_exit(AFTER)) == AFTER


changes_of_holdings = st.dictionaries(st.sampled_from((0, 3, 300)) | drawing.identifiers, drawing.holdings, max_size=5)


@settings(max_examples=200)
@given(drawn=changes_of_holdings)
def test_every_exit_diff_comes_back(drawn: dict[int, Holdings]) -> None:
    # An owner's key never changes.
    after = {
        name: Holdings(BEFORE[name].owner if name in BEFORE else holdings.owner, holdings.cash, holdings.sizes)
        for name, holdings in drawn.items()
    }
    moved = {name: holdings for name, holdings in after.items() if BEFORE.get(name) != holdings}
    assert decode_exit(encode_exit(after)) == moved


def test_everybodys_holdings_are_rebuilt_from_the_exit_diffs_alone() -> None:
    for seed in range(3):
        known: dict[int, Holdings] = {}
        for before, after, _, touched in batches(seed, 1_500, 25):
            new = {name: split_account(after, name)[0] for name in touched}
            data = encode_exit_diff(owned(before), new)
            known.update(decode_exit_diff(known, data))
            assert known == owned(after)
        assert len(known) >= 5


def test_an_account_that_did_not_move_costs_nothing() -> None:
    assert encode_exit(dict(BEFORE)) == b"\x00"
    assert encode_exit({**BEFORE, 3: Holdings(KEY, -89, ())}) == bytes_of(1, 3, 2, 0)


def test_a_new_account_is_published_with_its_key() -> None:
    assert encode_exit({9: Holdings(OTHER, 0, ())}) == bytes_of(1, 9, OTHER, 0, 0)


def test_an_owner_that_changes_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="account 3 has another owner"):
        encode_exit({3: Holdings(OTHER, -90, ())})


def test_no_spoiled_exit_diff_passes_for_the_one_it_was() -> None:
    refused, other = assert_spoiled_never_passes(decode_exit, encode_exit, encode_exit(AFTER))
    assert refused > 100
    assert other > 100


@settings(max_examples=300)
@given(tail=st.binary(max_size=60), data=st.data())
def test_any_bytes_are_refused_or_are_the_one_exit_diff(tail: bytes, data: st.DataObject) -> None:
    whole = encode_exit(AFTER)
    assert_canonical(decode_exit, encode_exit, whole[: data.draw(st.integers(0, len(whole)))] + tail)


EXIT_REFUSALS: dict[str, tuple[bytes, Refusal]] = {
    "no bytes": (b"", Refusal.TRUNCATED),
    "more accounts than bytes": (bytes_of(9, 0, 2, 0), Refusal.PAST_THE_END),
    "an account past its range": (bytes_of(1, 2**64, KEY, 0, 0), Refusal.OUT_OF_RANGE),
    "a second account past its range": (bytes_of(2, IDENTIFIER.high, KEY, 0, 0, 0, KEY, 0, 0), Refusal.OUT_OF_RANGE),
    "a key shorter than 32 bytes": (bytes_of(1, 9, KEY[:31]), Refusal.TRUNCATED),
    "an account that did not move": (bytes_of(1, 3, 0, 0), Refusal.SUPERFLUOUS),
    "lots that did not change": (bytes_of(1, 3, 2, 1, 1, 0), Refusal.SUPERFLUOUS),
    "an instrument past its range": (bytes_of(1, 3, 2, 1, 2**64, 2), Refusal.OUT_OF_RANGE),
    "more lots than bytes": (bytes_of(1, 3, 2, 9, 1), Refusal.PAST_THE_END),
    "something behind the last account": (bytes_of(1, 3, 2, 0, 0), Refusal.TRAILING),
    "cash wider than any quantity": (bytes_of(1, 3) + b"\xff" * 40, Refusal.TOO_LARGE),
}


@pytest.mark.parametrize("name", EXIT_REFUSALS)
def test_an_exit_diff_that_nobody_wrote_is_refused(name: str) -> None:
    data, expected = EXIT_REFUSALS[name]
    with pytest.raises(Refused) as caught:
        decode_exit(data)
    assert caught.value.refusal is expected


@pytest.mark.parametrize("decode", [decode_state_diff, decode_exit], ids=["state diff", "exit diff"])
def test_hostile_counts_cost_no_memory(decode: Callable[[bytes], object]) -> None:
    for hostile in (bytes_of(2**62), bytes_of(1, 4, 1, 2**62), bytes_of(1, 3, 2, 2**62), b"\x7f" * 127):
        tracemalloc.start()
        try:
            with pytest.raises(Refused):
                decode(hostile)
            assert tracemalloc.get_traced_memory()[1] < 200_000
        finally:
            tracemalloc.stop()
