"""Proofs of membership and absence, the opened part that they give, and everything that must be refused."""

import itertools
import pickle
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from settlespec.commitment.hashes import HASH_NAMES, SHA256, HashFunction, hash_named
from settlespec.commitment.poseidon import MODULUS
from settlespec.commitment.proofs import (
    Claims,
    ProofRefusal,
    ProofRefused,
    claims_for_first,
    prove,
    verify,
    verify_absence,
    verify_least,
    verify_membership,
)
from settlespec.commitment.tree import Branch, Node, NotProven, Pruned, Tree
from tests.commitment.recording_hashes import CountingHash, RememberingHash
from tests.commitment.test_tree import applied, changes, clustered_keys, maps

BOOK = {3: b"three", 4: b"", 40: b"forty", 41: b"forty-one", 200: b"two hundred", 255: b"last"}
"""Of eight bits: neighbours, a long run, an empty value, and the last key."""


def book(hashing: HashFunction = SHA256) -> Tree:
    return Tree(hashing, 8).set_many(BOOK)


def refusal(root: bytes, claims: Claims, proof: bytes, hashing: HashFunction = SHA256, bits: int = 8) -> ProofRefusal:
    with pytest.raises(ProofRefused) as refused:
        verify(hashing, bits, root, claims, proof)
    return refused.value.refusal


def claimed(tree: Tree, *keys: int) -> dict[int, bytes | None]:
    return {key: tree.get(key) for key in keys}


def opened(tree: Tree, *keys: int) -> Tree:
    return verify(tree.hashing, tree.bits, tree.root(), claimed(tree, *keys), prove(tree, keys))


STATEMENTS = [(3,), (255,), (5,), (0,), (42,), (254,), (128,), (3, 4), (3, 5), (40, 41, 43), (100, 220), tuple(BOOK)]


@pytest.mark.parametrize("name", HASH_NAMES)
@pytest.mark.parametrize("keys", STATEMENTS, ids=str)
def test_what_a_tree_holds_is_proven(name: str, keys: tuple[int, ...]) -> None:
    tree = book(hash_named(name))
    part = opened(tree, *keys)
    assert part.root() == tree.root()
    assert [part.get(key) for key in keys] == [tree.get(key) for key in keys]


@given(maps(64), st.sets(clustered_keys(64), min_size=1, max_size=8))
def test_every_set_of_keys_of_every_map_is_proven(content: dict[int, bytes], keys: set[int]) -> None:
    tree = Tree(SHA256, 64).set_many(content)
    part = opened(tree, *keys)
    assert {key: part.get(key) for key in keys} == {key: content.get(key) for key in keys}


@pytest.mark.parametrize("bits", [10, 64, 256])
@given(data=st.data())
def test_an_update_through_the_opened_part_is_that_of_the_whole(bits: int, data: st.DataObject) -> None:
    content = data.draw(maps(bits))
    steps = data.draw(st.lists(changes(bits), min_size=1, max_size=3))
    keys = set().union(*steps)
    assume(keys)
    whole = Tree(SHA256, bits).set_many(content)
    part = opened(whole, *keys)
    for changed in steps:
        whole, part = whole.set_many(changed), part.set_many(changed)
        content = applied(content, changed)
        assert part.root() == whole.root()
        assert {key: part.get(key) for key in keys} == {key: content.get(key) for key in keys}


def test_deleting_a_leaf_moves_up_a_sibling_that_is_only_known_by_its_digest() -> None:
    tree = Tree(SHA256, 64).set_many({0: b"gone", 12: b"a", 13: b"b"})
    part = opened(tree, 0)
    assert part.set_many({0: None}).root() == Tree(SHA256, 64).set_many({12: b"a", 13: b"b"}).root()
    again = part.set_many({0: None}).set_many({0: b"back"})
    assert again.root() == tree.set_many({0: b"back"}).root()
    assert part.set_many({0: None}).get(0) is None


def test_an_insertion_splits_a_run_above_a_node_that_was_laid_open() -> None:
    tree = Tree(SHA256, 64).set_many({12: b"a", 13: b"b"})
    part = opened(tree, 2**40)
    assert part.set_many({2**40: b"new"}).root() == tree.set_many({2**40: b"new"}).root()


def test_no_more_is_hashed_through_the_opened_part_than_in_the_whole() -> None:
    chance = random.Random(1)
    content = {chance.getrandbits(64): b"v" for _ in range(500)}
    changed: dict[int, bytes | None] = dict.fromkeys(chance.sample(sorted(content), 10), b"w")
    changed |= dict.fromkeys(chance.sample(sorted(content.keys() - changed.keys()), 5))
    changed |= {chance.getrandbits(64): b"new" for _ in range(5)}
    whole = Tree(CountingHash(), 64).set_many(content)
    root = whole.root()
    proof = prove(whole, changed)
    in_whole, in_part = CountingHash(), CountingHash()
    part = verify(in_part, 64, root, {key: content.get(key) for key in changed}, proof)
    in_part.leaves.clear()
    in_part.branches.clear()
    whole = Tree(in_whole, 64, whole.node)
    assert part.set_many(changed).root() == whole.set_many(changed).root()
    assert (in_part.leaves, in_part.branches) == (in_whole.leaves, in_whole.branches)


def test_a_multiproof_shares_what_its_keys_share_and_leaves_out_what_follows_from_others() -> None:
    tree = Tree(SHA256, 8).set_many(dict.fromkeys(range(256), b"v"))
    assert len(prove(tree, [0])) == 2 + 8 * 32
    assert len(prove(tree, [0, 1])) == 2 + 7 * 32
    assert len(prove(tree, [0, 128])) == 3 + 14 * 32
    assert prove(tree, range(256)) == b"\x00"


def closed_parts(node: Node | None) -> list[Pruned]:
    if isinstance(node, Branch):
        return closed_parts(node.left) + closed_parts(node.right)
    return [node] if isinstance(node, Pruned) else []


@given(maps(64), st.sets(clustered_keys(64), min_size=1, max_size=6))
def test_a_proof_carries_digests_of_parts_without_a_claimed_key_and_no_others(
    content: dict[int, bytes], keys: set[int]
) -> None:
    tree = Tree(SHA256, 64).set_many(content)
    proof, closed = prove(tree, keys), closed_parts(opened(tree, *keys).node)
    assert not [key for key in keys for part in closed if (key ^ part.prefix) >> (64 - part.depth) == 0]
    rest = proof
    for part in closed:
        before, found, rest = rest.partition(part.digest)
        assert found
        # Between digests stand the bitmap at most and what was laid open: a place, or a key with at most three bytes.
        assert len(before) <= 1 + (129 * len(keys) + 7) // 8 + 12 * len(keys)


def test_the_opened_part_does_not_answer_about_the_rest() -> None:
    part = opened(book(), 3)
    with pytest.raises(NotProven, match="key 200 lies in a part") as unknown:
        part.get(200)
    assert pickle.loads(pickle.dumps(unknown.value)).key == 200
    with pytest.raises(NotProven):
        part.set_many({200: b"changed"})
    with pytest.raises(NotProven):
        part.set_many({201: None})
    with pytest.raises(NotProven):
        list(part.items())
    with pytest.raises(NotProven):
        prove(part, [200])


def test_what_lies_beside_every_closed_part_is_known_to_be_absent() -> None:
    tree = Tree(SHA256, 8).set_many({40: b"a", 41: b"b"})
    part = opened(tree, 40)
    assert part.get(7) is None
    assert part.set_many({7: b"seven"}).root() == tree.set_many({7: b"seven"}).root()


def test_a_proof_from_an_opened_part_is_the_proof_from_the_whole() -> None:
    tree = book()
    part = opened(tree, 3, 40, 100, 201)
    for keys in ([3], [40], [100], [3, 201], [40, 100, 201]):
        assert prove(part, keys) == prove(tree, keys)


def test_what_was_not_laid_open_cannot_be_laid_open_again() -> None:
    tree = Tree(SHA256, 8).set_many({128: b"a", 129: b"b", 0: b"c"})
    part = opened(tree, 0).set_many({0: None})
    with pytest.raises(NotProven):
        prove(part, [1])
    with pytest.raises(NotProven):
        prove(part, [130])


def test_a_proof_of_nothing_is_not_made() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        prove(book(), [])


# The least key.


def test_the_least_key_is_proven_by_its_membership_alone() -> None:
    tree = book()
    part = verify_least(SHA256, 8, tree.root(), 3, b"three", prove(tree, [3]))
    assert part.first() == (3, b"three")


@pytest.mark.parametrize("key", [key for key in BOOK if key != 3])
def test_a_key_that_is_not_the_least_is_not_proven_to_be_it(key: int) -> None:
    tree = book()
    proof = prove(tree, [key])
    assert verify_membership(SHA256, 8, tree.root(), key, BOOK[key], proof).get(key) == BOOK[key]
    with pytest.raises(ProofRefused) as refused:
        verify_least(SHA256, 8, tree.root(), key, BOOK[key], proof)
    assert refused.value.refusal is ProofRefusal.NOT_LEAST


@given(maps(16))
def test_exactly_the_first_key_is_proven_least(content: dict[int, bytes]) -> None:
    assume(content)
    tree = Tree(SHA256, 16).set_many(content)
    for key, value in content.items():
        proof = prove(tree, [key])
        if key == min(content):
            assert verify_least(SHA256, 16, tree.root(), key, value, proof).get(key) == value
        else:
            with pytest.raises(ProofRefused):
                verify_least(SHA256, 16, tree.root(), key, value, proof)


@given(maps(16), clustered_keys(16), st.sampled_from([0, 1]))
def test_the_first_key_from_any_bound_is_known_from_the_bound_and_the_key(
    content: dict[int, bytes], bound: int, anywhere: int
) -> None:
    tree = Tree(SHA256, 16).set_many(content)
    at_least = bound * anywhere
    claims = claims_for_first(tree, at_least)
    assert len(claims) <= 2
    part = verify(SHA256, 16, tree.root(), claims, prove(tree, claims))
    assert part.first(at_least) == tree.first(at_least)


def test_a_key_that_might_have_another_before_it_is_not_called_the_first() -> None:
    tree = Tree(SHA256, 4).set_many({1: b"before", 8: b"found"})
    part = opened(tree, 8)
    with pytest.raises(NotProven):
        part.first(at_least=5)
    assert opened(tree, 5, 8).first(at_least=5) == (8, b"found")


def test_the_next_best_is_known_once_the_best_are_gone() -> None:
    part = opened(book(), 3, 4, 40)
    assert part.set_many({3: None, 4: None}).first() == (40, b"forty")


# Nothing else is accepted: every small map, every statement, every proof of any map for the same keys.


def test_exactly_the_true_statements_are_proven_and_by_one_proof_each() -> None:
    hashing = RememberingHash()
    trees = [
        Tree(hashing, 2).set_many(dict(enumerate(values))) for values in itertools.product((None, b"", b"a"), repeat=4)
    ]
    accepted = 0
    for size in (1, 2, 4):
        for keys in itertools.combinations(range(4), size):
            proofs = {prove(tree, keys) for tree in trees}
            statements = (
                list(itertools.product((None, b"", b"a"), repeat=size)) if size < 4 else [(None, b"", b"a", None)]
            )
            for tree in trees:
                true, own = claimed(tree, *keys), prove(tree, keys)
                for values in statements:
                    claims = dict(zip(keys, values, strict=True))
                    valid = {proof for proof in proofs if is_accepted(hashing, 2, tree.root(), claims, proof)}
                    assert valid == ({own} if claims == true else set())
                    accepted += len(valid)
    assert accepted == 81 * 4 + 81 * 6 + 1


def is_accepted(hashing: HashFunction, bits: int, root: bytes, claims: Claims, proof: bytes) -> bool:
    try:
        verify(hashing, bits, root, claims, proof)
    except ProofRefused:
        return False
    return True


def disturbed(proof: bytes) -> list[bytes]:
    """Every bit flipped, every byte removed, doubled, set to extremes; every beginning; extensions at both ends."""
    found = [proof[:at] for at in range(len(proof))]
    found += [proof + tail for tail in (b"\x00", b"\xff", proof[-32:], bytes(32), proof)]
    found += [head + proof for head in (b"\x00", b"\x01", b"\x80", bytes(32))]
    for at in range(len(proof)):
        before, byte, after = proof[:at], proof[at], proof[at + 1 :]
        found += [before + bytes((byte ^ 1 << bit,)) + after for bit in range(8)]
        found += [before + bytes((extreme,)) + after for extreme in (0, 127, 128, 255)]
        found += [before + after, before + bytes((byte, byte)) + after, before + b"\x00" + proof[at:]]
    return [changed for changed in found if changed != proof]


@pytest.mark.parametrize("keys", STATEMENTS, ids=str)
def test_a_disturbed_proof_is_refused_and_nothing_else_happens(keys: tuple[int, ...]) -> None:
    tree = book()
    root, claims, proof = tree.root(), claimed(tree, *keys), prove(tree, keys)
    assert is_accepted(SHA256, 8, root, claims, proof)
    wrong = disturbed(proof)
    assert len(wrong) >= len(proof)
    assert not any(is_accepted(SHA256, 8, root, claims, changed) for changed in wrong)


def test_a_disturbed_proof_over_poseidon_is_refused_and_nothing_else_happens() -> None:
    hashing = hash_named("poseidon-bn254")
    tree = Tree(hashing, 8).set_many({3: b"three", 200: b"two hundred"})
    root, proof = tree.root(), prove(tree, [3, 100])
    claims = claimed(tree, 3, 100)
    assert is_accepted(hashing, 8, root, claims, proof)
    assert not any(is_accepted(hashing, 8, root, claims, changed) for changed in disturbed(proof))


@pytest.mark.parametrize("keys", STATEMENTS, ids=str)
def test_any_other_claim_is_refused_with_the_same_proof(keys: tuple[int, ...]) -> None:
    tree = book()
    root, proof = tree.root(), prove(tree, keys)
    claims = claimed(tree, *keys)
    for key in keys:
        for value in (None, b"", b"\x00", b"three", (claims[key] or b"") + b"\x00"):
            other = claims | {key: value}
            assert is_accepted(SHA256, 8, root, other, proof) == (other == claims)
        fewer = {one: value for one, value in claims.items() if one != key}
        # One claim less is another statement, which has this proof only if the absent key came for free.
        accepted = is_accepted(SHA256, 8, root, fewer, proof)
        assert accepted == (bool(fewer) and prove(tree, fewer) == proof)
        assert not accepted or claims[key] is None


@given(maps(8), st.sets(st.integers(0, 255), min_size=1, max_size=4), st.binary(max_size=80))
def test_random_bytes_are_refused_and_nothing_else_happens(
    content: dict[int, bytes], keys: set[int], junk: bytes
) -> None:
    tree = Tree(SHA256, 8).set_many(content)
    accepted = is_accepted(SHA256, 8, tree.root(), claimed(tree, *keys), junk)
    assert accepted == (junk == prove(tree, keys))


# Each refusal by the shortest input that earns it.


def test_no_claims_are_refused() -> None:
    assert refusal(book().root(), {}, b"\x00") is ProofRefusal.NO_KEYS


@pytest.mark.parametrize("key", [3 + 256, 3 + 512, -253, -1])
def test_a_key_plus_a_multiple_of_the_range_is_refused(key: int) -> None:
    tree = book()
    assert refusal(tree.root(), {key: b"three"}, prove(tree, [3])) is ProofRefusal.KEY_OUT_OF_RANGE


def test_the_proof_of_another_key_is_refused() -> None:
    tree = book()
    for key, other in itertools.permutations(BOOK, 2):
        for value in (BOOK[key], BOOK[other]):
            assert not is_accepted(SHA256, 8, tree.root(), {key: value}, prove(tree, [other]))
    assert refusal(tree.root(), {3: b""}, prove(tree, [4])) is ProofRefusal.OTHER_ROOT


def test_the_value_of_another_key_is_refused() -> None:
    tree = book()
    assert refusal(tree.root(), {40: b"forty-one"}, prove(tree, [40])) is ProofRefusal.OTHER_ROOT


def test_a_leaf_under_another_key_than_its_own_is_refused() -> None:
    forged = Tree(SHA256, 8).set_many({3: b"three", 130: b"x"})
    honest = Tree(SHA256, 8).set_many({2: b"three", 130: b"x"})
    assert refusal(honest.root(), {3: b"three"}, prove(forged, [3])) is ProofRefusal.OTHER_ROOT


def test_the_root_of_another_map_is_refused() -> None:
    tree = book()
    assert refusal(tree.set_many({9: b"nine"}).root(), {3: b"three"}, prove(tree, [3])) is ProofRefusal.OTHER_ROOT


def test_a_root_that_is_no_digest_is_refused() -> None:
    tree = book()
    for root in (b"", tree.root()[:31], tree.root() + b"\x00"):
        assert refusal(root, {3: b"three"}, prove(tree, [3])) is ProofRefusal.NOT_A_DIGEST


def test_a_proof_from_a_tree_of_another_depth_is_refused() -> None:
    deep = Tree(SHA256, 16).set_many(BOOK)
    assert not is_accepted(SHA256, 8, deep.root(), {3: b"three"}, prove(deep, [3]))
    assert not is_accepted(SHA256, 16, book().root(), {3: b"three"}, prove(book(), [3]))
    assert not is_accepted(SHA256, 9, book().root(), {3: b"three"}, prove(book(), [3]))


def test_swapped_siblings_are_refused() -> None:
    tree = book()
    proof = prove(tree, [3])
    start = len(proof) - 64
    swapped = proof[:start] + proof[start + 32 :] + proof[start : start + 32]
    assert refusal(tree.root(), {3: b"three"}, swapped) is ProofRefusal.OTHER_ROOT
    pair = Tree(SHA256, 1).set_many({0: b"a", 1: b"b"})
    assert refusal(pair.root(), {1: b"a"}, prove(pair, [0]), bits=1) is ProofRefusal.OTHER_ROOT


def test_a_branch_is_not_taken_for_a_leaf() -> None:
    tree = Tree(SHA256, 8).set_many({0: b"a", 1: b"b"})
    children = SHA256.leaf(8, 0, b"a") + SHA256.leaf(8, 1, b"b")
    preimage = bytes.fromhex("010008000700") + children
    one_leaf = prove(Tree(SHA256, 8).set_many({0: preimage}), [0])
    for value in (preimage, preimage[1:], children):
        for key in (0, 7, 8):
            assert refusal(tree.root(), {key: value}, one_leaf) is ProofRefusal.OTHER_ROOT


def test_a_leaf_is_not_taken_for_a_branch() -> None:
    left, right = SHA256.leaf(8, 0, b"a"), SHA256.leaf(8, 1, b"b")
    value = bytes.fromhex("0700") + left + right
    tree = Tree(SHA256, 8).set_many({0: value})
    pair = Tree(SHA256, 8).set_many({0: b"a", 1: b"b"})
    assert refusal(tree.root(), {0: b"a"}, prove(pair, [0])) is ProofRefusal.OTHER_ROOT
    assert refusal(tree.root(), {0: b"a", 1: b"b"}, prove(pair, [0, 1])) is ProofRefusal.OTHER_ROOT


def test_a_shorter_path_to_an_inner_node_is_refused() -> None:
    tree = Tree(SHA256, 2).set_many({0: b"a", 1: b"b", 2: b"c", 3: b"d"})
    children = SHA256.leaf(2, 0, b"a") + SHA256.leaf(2, 1, b"b")
    right = SHA256.branch(2, 1, 2, SHA256.leaf(2, 2, b"c"), SHA256.leaf(2, 3, b"d"))
    short = b"\x01\x80" + right
    assert refusal(tree.root(), {0: children}, short, bits=2) is ProofRefusal.OTHER_ROOT


def test_two_children_cannot_be_given_for_a_side_that_is_computed() -> None:
    tree = book()
    proof = prove(tree, [3])
    forged = SHA256.leaf(8, 5, b"forged")
    for place in range(2, len(proof) + 1, 32):
        assert not is_accepted(SHA256, 8, tree.root(), {3: b"three"}, proof[:place] + forged + proof[place:])
        assert not is_accepted(
            SHA256, 8, tree.root(), {3: b"three", 5: b"forged"}, proof[:place] + forged + proof[place:]
        )


def test_the_proof_of_a_present_key_does_not_prove_its_absence_however_it_is_cut() -> None:
    tree = book()
    for key in BOOK:
        proof = prove(tree, [key])
        for end in range(len(proof) + 1):
            with pytest.raises(ProofRefused):
                verify_absence(SHA256, 8, tree.root(), key, proof[:end])


def test_a_truncated_absence_proof_is_refused() -> None:
    tree = book()
    proof = prove(tree, [5])
    assert verify_absence(SHA256, 8, tree.root(), 5, proof).get(5) is None
    for end in range(len(proof)):
        assert refusal(tree.root(), {5: None}, proof[:end]) is ProofRefusal.TRUNCATED


def test_an_occupied_key_is_not_proven_absent_by_hiding_it_in_a_sibling() -> None:
    pair = Tree(SHA256, 8).set_many({0: b"a", 128: b"b"})
    without = Tree(SHA256, 8).set_many({128: b"b"})
    assert refusal(pair.root(), {0: None}, prove(without, [0])) is ProofRefusal.OTHER_ROOT


def test_a_key_claimed_absent_at_which_the_walk_ends_is_refused() -> None:
    tree = Tree(SHA256, 1).set_many({0: b"a"})
    # Two bits: something on the left, nothing on the right.
    assert refusal(tree.root(), {0: None}, b"\x01\x80", bits=1) is ProofRefusal.CLAIMED_ABSENT


def test_a_region_with_nothing_on_either_side_is_refused() -> None:
    assert refusal(book().root(), {5: None}, b"\x01\x00") is ProofRefusal.EMPTY_REGION


def test_the_empty_map_has_one_proof_of_absence_and_none_of_membership() -> None:
    empty = Tree(SHA256, 8)
    assert prove(empty, [1, 2]) == b"\x00"
    part = verify(SHA256, 8, empty.root(), {1: None, 2: None}, b"\x00")
    assert part.set_many({1: b"one"}).root() == Tree(SHA256, 8).set_many({1: b"one"}).root()
    assert refusal(empty.root(), {1: b""}, b"\x00") is ProofRefusal.CLAIMED_PRESENT
    assert refusal(empty.root(), {1: None}, b"") is ProofRefusal.TRUNCATED
    assert refusal(empty.root(), {1: None}, b"\x01\x00") is ProofRefusal.TRAILING_BITS
    assert refusal(empty.root(), {1: None}, b"\x00\x00") is ProofRefusal.TRAILING_BYTES


def test_a_sibling_of_zeros_is_refused() -> None:
    tree = Tree(SHA256, 8).set_many({0: b"a", 128: b"b"})
    proof = prove(tree, [0])
    assert proof == b"\x01\x80" + SHA256.leaf(8, 128, b"b")
    assert refusal(tree.root(), {0: b"a"}, b"\x01\x80" + bytes(32)) is ProofRefusal.EMPTY_SIBLING


def test_zero_leaves_prove_nothing_about_a_tree_that_has_nodes_of_zeros_nowhere() -> None:
    tree = Tree(SHA256, 2).set_many({0: b"real"})
    for claims in ({1: b"m1", 2: b"m2"}, {0: b"real", 1: bytes(32)}, {1: bytes(32)}):
        for bitmap, digests in itertools.product(range(256), range(3)):
            proof = bytes((1, bitmap)) + tree.root() * digests
            assert not is_accepted(SHA256, 2, tree.root(), claims, proof)


def test_a_digest_plus_the_modulus_is_refused() -> None:
    hashing = hash_named("poseidon-bn254")
    tree = Tree(hashing, 8).set_many({0: b"a", 128: b"b"})
    proof = prove(tree, [0])
    moved = (int.from_bytes(proof[2:], "big") + MODULUS).to_bytes(32, "big")
    assert refusal(tree.root(), {0: b"a"}, proof[:2] + moved, hashing) is ProofRefusal.NOT_A_DIGEST
    above = (int.from_bytes(tree.root(), "big") + MODULUS).to_bytes(32, "big")
    assert refusal(above, {0: b"a"}, proof, hashing) is ProofRefusal.NOT_A_DIGEST


def test_a_length_with_a_superfluous_group_is_refused() -> None:
    tree = book()
    proof = prove(tree, [3])
    assert proof[0] == 1
    assert refusal(tree.root(), {3: b"three"}, b"\x81\x00" + proof[1:]) is ProofRefusal.NOT_MINIMAL


def test_a_bitmap_with_a_byte_too_many_is_refused() -> None:
    tree = book()
    proof = prove(tree, [3])
    assert refusal(tree.root(), {3: b"three"}, b"\x02" + proof[1:2] + b"\x00" + proof[2:]) is ProofRefusal.TRAILING_BITS


def test_a_bit_set_behind_the_last_is_refused() -> None:
    tree = Tree(SHA256, 4).set_many({0: b"a"})
    assert prove(tree, [0]) == b"\x01\x00"
    for spare in range(4):
        assert refusal(tree.root(), {0: b"a"}, bytes((1, 1 << spare)), bits=4) is ProofRefusal.TRAILING_BITS


def test_bytes_left_over_are_refused() -> None:
    tree = book()
    proof = prove(tree, [3])
    assert refusal(tree.root(), {3: b"three"}, proof + b"\x00") is ProofRefusal.TRAILING_BYTES
    assert refusal(tree.root(), {3: b"three"}, proof + proof[-32:]) is ProofRefusal.TRAILING_BYTES


def laid_open_leaf(key: int) -> bytes:
    # Nothing on the left, where 0 is; something on the right; it is a leaf.
    return b"\x01" + bytes((0b01000000,)) + bytes((key,)) + b"\x01v"


def laid_open_branch(depth: int, prefix: int) -> bytes:
    return b"\x01" + bytes((0b01100000,)) + depth.to_bytes(2, "big") + bytes((prefix,)) + b"\x11" * 64


@pytest.mark.parametrize("key", [0, 1, 127])
def test_a_leaf_laid_open_outside_its_region_is_refused(key: int) -> None:
    root = Tree(SHA256, 8).set_many({key: b"v"}).root()
    assert refusal(root, {0: None}, laid_open_leaf(key)) is ProofRefusal.MISPLACED
    inside = Tree(SHA256, 8).set_many({130: b"v"})
    assert prove(inside, [0]) == laid_open_leaf(130)


@pytest.mark.parametrize(
    ("depth", "prefix"), [(0, 0), (0, 128), (8, 128), (9, 128), (65535, 128), (1, 0), (1, 192), (2, 160), (7, 129)]
)
def test_a_branch_laid_open_where_none_can_be_is_refused(depth: int, prefix: int) -> None:
    assert refusal(book().root(), {0: None}, laid_open_branch(depth, prefix)) is ProofRefusal.MISPLACED


def test_the_branch_above_a_present_key_is_not_laid_open_beside_it_to_prove_its_absence() -> None:
    tree = Tree(SHA256, 8).set_many({0: b"a", 128: b"b"})
    children = SHA256.leaf(8, 0, b"a") + SHA256.leaf(8, 128, b"b")
    # Something on the left, nothing on the right, where 128 is; a branch: the one at the top, in a region it does not fit into.
    forged = b"\x01\xa0" + bytes(2) + b"\x00" + children
    assert refusal(tree.root(), {128: None}, forged) is ProofRefusal.MISPLACED


def test_a_branch_laid_open_in_its_place_is_accepted_under_its_root() -> None:
    root = SHA256.branch(8, 2, 192, b"\x11" * 32, b"\x11" * 32)
    part = verify(SHA256, 8, root, {0: None}, laid_open_branch(2, 192))
    assert part.get(0) is None


def test_a_hostile_length_costs_nothing() -> None:
    for proof in (b"\xff" * 40, b"\xff" * 9 + b"\x01", b"\x01\x40\x82" + b"\xff" * 20 + b"\x01"):
        assert refusal(book().root(), {0: None}, proof) is ProofRefusal.TRUNCATED


def test_the_deepest_tree_is_proven_and_its_opened_part_changed() -> None:
    content = {0: b"zero"} | {1 << place: b"power" for place in range(256)}
    tree = Tree(SHA256, 256).set_many(content)
    part = opened(tree, 0, 1, 3)
    changed: dict[int, bytes | None] = {0: None, 1: b"one", 3: b"three"}
    assert part.set_many(changed).root() == tree.set_many(changed).root()


def test_a_refusal_says_why_in_words_and_crosses_processes() -> None:
    refused = pickle.loads(pickle.dumps(ProofRefused(ProofRefusal.OTHER_ROOT)))
    assert isinstance(refused, ProofRefused)
    assert str(refused) == "the proof leads to another root"
    assert refused.refusal is ProofRefusal.OTHER_ROOT
