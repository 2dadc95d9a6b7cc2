"""The state under one root: every leaf has a place of its own, a book's best order is its first, and a seal hashes what changed."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.commitment.changes import Changes
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.leaves import LeafKey, Part
from settlespec.commitment.parts import SCALARS, leaves_of, state_of
from settlespec.commitment.proofs import claims_for_first, prove, verify
from settlespec.commitment.reads import LAST_KEY, Reads
from settlespec.commitment.state_tree import BITS, TreeLeaves, leaf_key, state_tree, tree_key, updated
from settlespec.commitment.tree import Branch, Node, NotProven, Tree, empty_root
from settlespec.domain.books import precedence
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted
from tests.commitment.recording_hashes import CountingHash
from tests.commitment.walks import mid_round_states, minimal_walk, resting_state, small_genesis

leaf_keys = st.builds(
    LeafKey,
    st.sampled_from(Part),
    st.integers(0, 2**64 - 1) | st.sampled_from((0, 1, 2**64 - 1)),
    st.integers(0, LAST_KEY) | st.sampled_from((0, 1, 2**64, LAST_KEY)),
)


@given(leaf_keys)
def test_a_leaf_is_found_again_by_its_key_in_the_tree(leaf: LeafKey) -> None:
    assert 0 <= tree_key(leaf) < 2**BITS
    assert leaf_key(tree_key(leaf)) == leaf


@given(leaf_keys, leaf_keys)
def test_keys_are_in_the_order_of_part_book_and_key(one: LeafKey, other: LeafKey) -> None:
    assert (tree_key(one) < tree_key(other)) == (one < other)


@pytest.mark.parametrize(
    "leaf",
    [
        LeafKey(Part.OUTBOX, 0, LAST_KEY + 1),
        LeafKey(Part.OUTBOX, 0, 2**168),
        LeafKey(Part.OUTBOX, 2**64, 0),
        LeafKey(Part.OUTBOX, 0, -1),
        LeafKey(Part.OUTBOX, -1, 0),
    ],
)
def test_a_leaf_wider_than_its_place_has_no_key(leaf: LeafKey) -> None:
    with pytest.raises(ValueError, match="no place in the tree"):
        tree_key(leaf)


def test_the_tree_of_a_state_has_its_leaves_and_no_other_and_the_state_comes_back_from_it() -> None:
    for state in (resting_state(), *mid_round_states()):
        tree = state_tree(state, SHA256)
        leaves = {leaf_key(key): value for key, value in tree.items()}
        assert leaves == dict(leaves_of(state))
        assert state_of(leaves, small_genesis()) == state


def test_states_that_differ_have_roots_that_differ() -> None:
    states = (resting_state(), *mid_round_states())
    assert len({state_tree(state, SHA256).root() for state in states}) == len(states)
    assert empty_root(SHA256) not in {state_tree(state, SHA256).root() for state in states}


def test_the_best_order_of_a_side_is_the_first_leaf_of_its_book() -> None:
    found = 0
    for state in (resting_state(), *mid_round_states()):
        tree = state_tree(state, SHA256)
        for name, book in state.books.items():
            for side, part in ((Side.BUY, Part.BIDS), (Side.SELL, Part.ASKS)):
                best = book.best(side)
                if best is not None:
                    first = tree.first(tree_key(LeafKey(part, name, 0)))
                    assert first is not None
                    key = precedence(side, best.price, best.arrival)
                    assert leaf_key(first[0]) == LeafKey(part, name, key)
                    found += 1
    assert found > 10


def test_one_proof_shows_the_best_order_of_a_book() -> None:
    state = resting_state()
    tree = state_tree(state, SHA256)
    for name, book in state.books.items():
        claims = claims_for_first(tree, tree_key(LeafKey(Part.ASKS, name, 0)))
        opened = TreeLeaves(verify(SHA256, BITS, tree.root(), claims, prove(tree, claims)))
        best = book.best(Side.SELL)
        key = None if best is None else precedence(Side.SELL, best.price, best.arrival)
        assert opened.after(Part.ASKS, name, -1) == key


def test_leaves_of_a_tree_answer_like_the_state() -> None:
    for state in (resting_state(), *mid_round_states()):
        tree, reads = TreeLeaves(state_tree(state, SHA256)), Reads(state)
        for leaf in dict(leaves_of(state)):
            assert tree.value(leaf) == reads.value(leaf)
        for part, book in ((Part.HOLDERS, 0), (Part.BIDS, 1), (Part.ASKS, 1), (Part.BIDS, 2), (Part.ASKS, 2)):
            key: int | None = -1
            while key is not None:
                found = reads.after(part, book, key)
                assert tree.after(part, book, key) == found
                key = found
        assert tree.after(Part.HOLDERS, 0, 2**64) is None
        assert tree.value(LeafKey(Part.HOLDINGS, 0, 2**60)) is None


def test_an_opened_part_answers_what_its_claims_show_and_nothing_else() -> None:
    state = resting_state()
    tree = state_tree(state, SHA256)
    holders = sorted(state.holders)
    start, second = (tree_key(LeafKey(Part.HOLDERS, 0, key)) for key in (0, holders[1]))
    keys = {start, tree_key(LeafKey(Part.HOLDERS, 0, holders[0]))}
    opened = TreeLeaves(verify(SHA256, BITS, tree.root(), {key: tree.get(key) for key in keys}, prove(tree, keys)))
    assert opened.after(Part.HOLDERS, 0, -1) == holders[0]
    assert opened.value(LeafKey(Part.HOLDERS, 0, holders[0])) == b""
    with pytest.raises(NotProven) as caught:
        opened.after(Part.HOLDERS, 0, holders[0])
    assert caught.value.key <= second
    with pytest.raises(NotProven):
        opened.value(SCALARS)


def test_an_updated_tree_is_the_tree_of_the_state_after() -> None:
    tree, compared = None, 0
    for walked in minimal_walk(61, 1_200):
        tree = state_tree(walked.before, SHA256) if tree is None else tree
        if isinstance(walked.outcome, Accepted):
            changes = Changes(walked.before)
            changes.add(walked.outcome)
            tree = updated(tree, changes.changed(walked.after))
            if compared % 5 == 0:
                assert tree.root() == state_tree(walked.after, SHA256).root()
            compared += 1
    assert compared > 400


def branches(node: Node | None) -> dict[tuple[int, int], Branch]:
    """The branches below a node by their place."""
    if not isinstance(node, Branch):
        return {}
    return {(node.depth, node.prefix): node, **branches(node.left), **branches(node.right)}


@pytest.mark.parametrize("length", [1, 7, 40])
def test_a_seal_hashes_each_touched_leaf_and_each_branch_above_one_exactly_once(length: int) -> None:
    walked = [each for each in minimal_walk(62, 900) if isinstance(each.outcome, Accepted)]
    hashing = CountingHash()
    tree = state_tree(walked[0].before, hashing)
    tree.root()
    seals = 0
    for start in range(0, len(walked), length):
        batch = walked[start : start + length]
        changes = Changes(batch[0].before)
        for each in batch:
            assert isinstance(each.outcome, Accepted)
            changes.add(each.outcome)
        changed = changes.changed(batch[-1].after)
        hashing.leaves.clear()
        hashing.branches.clear()
        tree = updated(tree, changed)
        assert hashing.calls == 0
        tree.root()
        present = {tree_key(leaf) for leaf, value in changed.items() if value is not None}
        above = {
            place
            for place in branches(tree.node)
            if any((tree_key(leaf) ^ place[1]) >> (BITS - place[0]) == 0 for leaf in changed)
        }
        assert dict(hashing.leaves) == dict.fromkeys(present, 1)
        assert dict(hashing.branches) == dict.fromkeys(above, 1)
        tree.root()
        assert hashing.calls == len(present) + len(above)
        seals += 1
    assert seals >= 10


def test_the_order_in_which_leaves_come_makes_no_difference() -> None:
    leaves = {tree_key(leaf): value for leaf, value in leaves_of(resting_state())}
    tree = Tree(SHA256, BITS)
    for key in Random(1).sample(sorted(leaves), len(leaves)):
        tree = tree.set_many({key: leaves[key]})
    assert tree.root() == state_tree(resting_state(), SHA256).root()
