"""The tree: a map, its root, what a change hashes, and how much of it is shared."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.commitment.hashes import HASH_NAMES, SHA256, hash_named
from settlespec.commitment.tree import MAX_BITS, Branch, Leaf, Node, Tree, empty_root
from tests.commitment.recording_hashes import CountingHash, RememberingHash

Map = dict[int, bytes]


def tree_of(content: Map, bits: int = 64) -> Tree:
    return Tree(SHA256, bits).set_many(content)


def clustered_keys(bits: int) -> st.SearchStrategy[int]:
    """Keys that often share long beginnings, or differ in one bit alone."""
    near = st.integers(0, min(15, 2**bits - 1))
    return st.one_of(near, near.map(lambda key: 2**bits - 1 - key), st.integers(0, 2**bits - 1))


def maps(bits: int) -> st.SearchStrategy[Map]:
    return st.dictionaries(clustered_keys(bits), st.binary(max_size=3), max_size=12)


def changes(bits: int) -> st.SearchStrategy[dict[int, bytes | None]]:
    return st.dictionaries(clustered_keys(bits), st.one_of(st.none(), st.binary(max_size=3)), max_size=8)


def applied(content: Map, changed: dict[int, bytes | None]) -> Map:
    return {key: value for key, value in (content | changed).items() if value is not None}


def branches_of(content: Map, bits: int) -> set[tuple[int, int]]:
    """Where keys part, found without a tree: the common beginnings of neighbours in the sorted order."""
    keys = sorted(content)
    found = set()
    for one, other in itertools.pairwise(keys):
        depth = bits - (one ^ other).bit_length()
        found.add((depth, one >> (bits - depth) << (bits - depth)))
    return found


def touched(before: Map, after: Map, bits: int) -> tuple[set[int], set[tuple[int, int]]]:
    """The leaves of `after` that changed, and its branches that have a changed key below."""
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    above = {
        (depth, prefix)
        for depth, prefix in branches_of(after, bits)
        if any((key ^ prefix) >> (bits - depth) == 0 for key in changed)
    }
    return changed & after.keys(), above


def test_the_empty_map_has_the_root_of_zeros() -> None:
    assert Tree(SHA256, 64).root() == empty_root(SHA256) == bytes(32)


def test_one_key_is_a_leaf_at_the_top() -> None:
    assert tree_of({7: b"seven"}).root() == SHA256.leaf(64, 7, b"seven")


def test_two_keys_are_one_branch_however_long_the_way_to_it() -> None:
    left, right = SHA256.leaf(64, 6, b"six"), SHA256.leaf(64, 7, b"seven")
    assert tree_of({6: b"six", 7: b"seven"}).root() == SHA256.branch(64, 63, 6, left, right)


def test_a_value_of_no_bytes_is_not_an_absent_key() -> None:
    tree = tree_of({3: b""})
    assert tree.get(3) == b""
    assert tree.root() != Tree(SHA256, 64).root()


def test_deleting_everything_gives_the_empty_tree() -> None:
    tree = tree_of({1: b"a", 2: b"b", 2**63: b"c"})
    assert tree.set_many({1: None, 2: None, 2**63: None}).root() == bytes(32)


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_all_small_maps_have_different_roots(bits: int) -> None:
    hashing = RememberingHash()
    roots = set()
    for values in itertools.product((None, b"", b"a"), repeat=2**bits):
        roots.add(Tree(hashing, bits).set_many(dict(enumerate(values))).root())
    assert len(roots) == 3 ** (2**bits)


def test_small_maps_of_different_depths_have_different_roots() -> None:
    roots = [
        Tree(SHA256, bits).set_many(dict.fromkeys(keys, b"v")).root()
        for bits in (2, 3, 8, 9)
        for size in (1, 2)
        for keys in itertools.combinations(range(4), size)
    ]
    assert len(set(roots)) == len(roots)


@pytest.mark.parametrize("name", HASH_NAMES)
def test_a_list_that_repeats_its_last_entry_has_another_root(name: str) -> None:
    hashing = hash_named(name)
    three = Tree(hashing, 8).set_many({0: b"t1", 1: b"t2", 2: b"t3"})
    assert three.root() != three.set_many({3: b"t3"}).root()


def test_a_leaf_whose_value_is_the_bytes_of_a_branch_is_not_that_branch() -> None:
    pair = tree_of({0: b"a", 1: b"b"}, bits=8)
    children = SHA256.leaf(8, 0, b"a") + SHA256.leaf(8, 1, b"b")
    preimage = bytes.fromhex("010008000700") + children
    assert SHA256.digest(preimage) == pair.root()
    roots = {
        tree_of({key: value}, bits=8).root()
        for key in range(256)
        for value in (preimage, preimage[1:], preimage[4:], children)
    }
    assert pair.root() not in roots


@given(maps(16), maps(16))
def test_roots_are_equal_exactly_when_maps_are(one: Map, other: Map) -> None:
    assert (tree_of(one, 16).root() == tree_of(other, 16).root()) == (one == other)


@given(maps(256), st.lists(changes(256), max_size=4), st.randoms(use_true_random=False))
def test_the_root_is_that_of_the_content_however_it_came_about(
    content: Map, steps: list[dict[int, bytes | None]], chance: random.Random
) -> None:
    tree = tree_of(content, 256)
    for changed in steps:
        if chance.random() < 0.5:
            tree.root()
        tree = tree.set_many(changed)
        content = applied(content, changed)
    one_by_one = Tree(SHA256, 256)
    for key in chance.sample(sorted(content), len(content)):
        one_by_one = one_by_one.set_many({key: content[key]})
    assert tree.root() == one_by_one.root() == tree_of(content, 256).root()
    assert dict(tree.items()) == content


@given(maps(9), changes(9))
def test_a_change_leaves_the_tree_before_it_as_it_was(content: Map, changed: dict[int, bytes | None]) -> None:
    before = tree_of(content, 9)
    after = before.set_many(changed)
    assert dict(before.items()) == content
    assert dict(after.items()) == applied(content, changed)
    assert all(after.get(key) == value for key, value in changed.items())
    assert before.root() == tree_of(content, 9).root()


@given(maps(12), clustered_keys(12))
def test_keys_come_in_rising_order_from_where_one_asks(content: Map, start: int) -> None:
    tree = tree_of(content, 12)
    expected = [(key, content[key]) for key in sorted(content) if key >= start]
    assert list(tree.items(start)) == expected
    assert tree.first(start) == (expected[0] if expected else None)


@given(maps(64), st.lists(changes(64), max_size=3))
def test_each_touched_leaf_and_branch_is_hashed_once_and_nothing_else(
    content: Map, steps: list[dict[int, bytes | None]]
) -> None:
    hashing = CountingHash()
    tree = Tree(hashing, 64).set_many(content)
    assert hashing.calls == 0
    tree.root()
    assert dict(hashing.leaves) == dict.fromkeys(content, 1)
    assert dict(hashing.branches) == dict.fromkeys(branches_of(content, 64), 1)
    for changed in steps:
        hashing.leaves.clear()
        hashing.branches.clear()
        before, content = content, applied(content, changed)
        tree = tree.set_many(changed)
        assert hashing.calls == 0
        tree.root()
        leaves, branches = touched(before, content, 64)
        assert dict(hashing.leaves) == dict.fromkeys(leaves, 1)
        assert dict(hashing.branches) == dict.fromkeys(branches, 1)
        tree.root()
        assert hashing.calls == len(leaves) + len(branches)


def test_what_is_overwritten_before_the_seal_is_never_hashed() -> None:
    hashing = CountingHash()
    tree = Tree(hashing, 64)
    for step in range(100):
        tree = tree.set_many({5: step.to_bytes(1, "big"), step + 10: b"x"}).set_many({step + 10: None})
    tree.root()
    assert hashing.calls == 1


def test_a_seal_of_many_changes_hashes_each_touched_node_once() -> None:
    chance = random.Random(3)
    content = {chance.getrandbits(64): b"before" for _ in range(5000)}
    hashing = CountingHash()
    tree = Tree(hashing, 64).set_many(content)
    tree.root()
    hashing.leaves.clear()
    hashing.branches.clear()
    changed: dict[int, bytes | None] = dict.fromkeys(chance.sample(sorted(content), 100), b"after")
    changed |= dict.fromkeys(chance.sample(sorted(content.keys() - changed.keys()), 50))
    changed |= {chance.getrandbits(64): b"new" for _ in range(50)}
    after = applied(content, changed)
    tree.set_many(changed).root()
    leaves, branches = touched(content, after, 64)
    assert set(hashing.leaves) == leaves
    assert set(hashing.branches) == branches
    assert hashing.calls == len(leaves) + len(branches)


def nodes(node: Node | None) -> set[int]:
    if isinstance(node, Branch):
        return {id(node)} | nodes(node.left) | nodes(node.right)
    return {id(node)}


def test_a_change_shares_all_but_the_way_to_it() -> None:
    content = dict.fromkeys(range(1024), b"v")
    before = tree_of(content, 10)
    after = before.set_many({17: b"w"})
    assert len(nodes(after.node) - nodes(before.node)) == 11


def test_a_change_that_changes_nothing_gives_the_same_tree() -> None:
    tree = tree_of({1: b"a", 2: b"b"})
    assert tree.set_many({1: b"a", 3: None}) is tree
    assert tree.set_many({}) is tree


def test_a_subtree_keeps_its_digest_when_the_run_above_it_is_split_or_merged() -> None:
    hashing = CountingHash()
    pair = Tree(hashing, 64).set_many({6: b"six", 7: b"seven"})
    pair.root()
    hashing.branches.clear()
    split = pair.set_many({2**63: b"far"})
    split.root()
    assert dict(hashing.branches) == {(0, 0): 1}
    merged = split.set_many({2**63: None})
    assert merged.root() == pair.root()
    assert dict(hashing.branches) == {(0, 0): 1}


def test_the_longest_chain_of_branches_is_walked_without_trouble() -> None:
    content = {0: b"zero"} | {1 << place: b"power" for place in range(MAX_BITS)}
    tree = tree_of(content, MAX_BITS)
    top, depth = tree.node, 0
    while isinstance(top, Branch):
        top, depth = top.left, depth + 1
    assert depth == MAX_BITS
    assert isinstance(top, Leaf)
    assert tree.set_many(dict.fromkeys(content)).root() == Tree(SHA256, MAX_BITS).root()
    assert tree.root() == tree.set_many({1: None}).set_many({1: b"power"}).root()


@pytest.mark.parametrize("key", [-1, 2**64, 2**64 + 5])
def test_a_key_plus_a_multiple_of_the_range_is_no_key(key: int) -> None:
    tree = tree_of({5: b"five"})
    with pytest.raises(ValueError, match="is not a key of 64 bits"):
        tree.get(key)
    with pytest.raises(ValueError, match="is not a key of 64 bits"):
        tree.set_many({5: b"x", key: b"y"})


@pytest.mark.parametrize("bits", [0, -1, 257])
def test_a_tree_of_no_levels_or_of_too_many_is_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="1 to 256 levels"):
        Tree(SHA256, bits)
