"""A root binds every leaf, by induction on the depth: each step is proven by Z3 of the tree's own code over a hash that is only injective.

The hash function is uninterpreted: of it is known that it can be undone, so that no two inputs have one digest, and nothing else.
`Tree.digest` runs on terms: depths, prefixes, keys, values and the digests of children are arbitrary, not examples.

Base: two leaves of one digest are the same key and value, and a leaf has no digest of a branch.
Step: two branches of one digest have the same depth, prefix and digests of children.
So for two trees of one root, by induction on the height of the lower one: the tops are both leaves or both branches; leaves are the
same; branches part at the same place, and each pair of children, which has one digest and less height, is the same.
Likewise a leaf in its place with the same siblings gives another root exactly if it is another leaf.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import z3

from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.state_tree import BITS
from settlespec.commitment.tree import Branch, Leaf, Node, Pruned, Tree

DIGEST, VALUE = z3.DeclareSort("Digest"), z3.DeclareSort("Value")
INTEGER = z3.IntSort()
LEAF = z3.Function("leaf", INTEGER, INTEGER, VALUE, DIGEST)
BRANCH = z3.Function("branch", INTEGER, INTEGER, INTEGER, DIGEST, DIGEST, DIGEST)
SHAPE = z3.Function("shape", DIGEST, INTEGER)


class TermHash:
    """An uninterpreted hash function that notes, of every digest it gives, that its input can be told from it."""

    name = "uninterpreted"
    digest_size = 32

    def __init__(self, injective: bool = True) -> None:
        self.injective = injective
        self.known: list[Any] = []

    def _digest(self, function: Any, shape: int, *inputs: Any) -> Any:
        digest = function(*inputs)
        if self.injective:
            self.known.append(SHAPE(digest) == shape)
            for place, given in enumerate(inputs):
                sort = function.domain(place)
                undo = z3.Function(f"undo {function.name()} {place}", DIGEST, sort)
                self.known.append(undo(digest) == given)
        return digest

    def leaf(self, bits: int, key: Any, value: Any) -> Any:
        return self._digest(LEAF, 0, z3.IntVal(bits), key, value)

    def branch(self, bits: int, depth: Any, prefix: Any, left: Any, right: Any) -> Any:
        return self._digest(BRANCH, 1, z3.IntVal(bits), depth, prefix, left, right)

    def is_digest(self, data: bytes) -> bool:
        raise AssertionError(f"nothing is read here, not even {data!r}")


def integer(name: str) -> Any:
    return z3.Int(name)


def any_leaf(name: str) -> Leaf:
    return Leaf(integer(f"{name} key"), z3.Const(f"{name} value", VALUE))


def any_subtree(name: str) -> Pruned:
    return Pruned(integer(f"{name} depth"), integer(f"{name} prefix"), z3.Const(f"{name} digest", DIGEST))


def any_branch(name: str) -> Branch:
    depth, prefix = integer(f"{name} depth"), integer(f"{name} prefix")
    return Branch(depth, prefix, any_subtree(f"{name} left"), any_subtree(f"{name} right"))


def digest(hashing: HashFunction, node: Node) -> Any:
    """What the tree's own code says."""
    return Tree(hashing, BITS, node).root()


def holds(hashing: TermHash, given: list[Any], claim: Any) -> bool:
    """Whether the claim follows; the given must be possible, or anything would."""
    solver = z3.Solver()
    solver.add(*hashing.known, *given)
    assert solver.check() == z3.sat
    solver.add(z3.Not(claim))
    answer = solver.check()
    assert answer != z3.unknown
    return bool(answer == z3.unsat)


def same_leaf(one: Leaf, other: Leaf) -> Any:
    return z3.And(one.key == other.key, one.value == other.value)


def same_branch(one: Branch, other: Branch) -> Any:
    return z3.And(
        one.depth == other.depth,
        one.prefix == other.prefix,
        one.left.digest == other.left.digest,
        one.right.digest == other.right.digest,
    )


def test_two_leaves_of_one_digest_are_the_same_leaf() -> None:
    hashing = TermHash()
    one, other = any_leaf("one"), any_leaf("other")
    assert holds(hashing, [digest(hashing, one) == digest(hashing, other)], same_leaf(one, other))


def test_a_leaf_never_has_the_digest_of_a_branch() -> None:
    hashing = TermHash()
    assert holds(hashing, [], digest(hashing, any_leaf("one")) != digest(hashing, any_branch("other")))


def test_two_branches_of_one_digest_have_the_same_place_and_the_same_children() -> None:
    hashing = TermHash()
    one, other = any_branch("one"), any_branch("other")
    assert holds(hashing, [digest(hashing, one) == digest(hashing, other)], same_branch(one, other))


@pytest.mark.parametrize("right", [False, True])
def test_two_different_pairs_of_a_leaf_and_its_sibling_give_different_branches(right: bool) -> None:
    hashing = TermHash()
    ones = []
    for name in ("one", "other"):
        leaf, sibling = any_leaf(name), any_subtree(f"{name} sibling")
        pair = (sibling, leaf) if right else (leaf, sibling)
        ones.append((leaf, sibling, digest(hashing, Branch(integer("depth"), integer("prefix"), *pair))))
    (leaf, sibling, first), (other_leaf, other_sibling, second) = ones
    differ = z3.Or(z3.Not(same_leaf(leaf, other_leaf)), sibling.digest != other_sibling.digest)
    assert holds(hashing, [differ], first != second)


def paths(length: int) -> Iterator[tuple[bool, ...]]:
    """Every way down of this length."""
    for number in range(2**length):
        yield tuple(bool(number >> place & 1) for place in range(length))


def with_path(leaf: Leaf, name: str, path: tuple[bool, ...]) -> Node:
    """The leaf below as many branches as the path has turns."""
    node: Node = leaf
    for level, right in enumerate(path):
        sibling = any_subtree(f"{name} sibling {level}")
        pair = (sibling, node) if right else (node, sibling)
        node = Branch(integer(f"{name} depth {level}"), integer(f"{name} prefix {level}"), *pair)
    return node


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_whole_paths_of_small_depth_bind_their_leaf_as_the_induction_says(length: int) -> None:
    for path in paths(length):
        hashing = TermHash()
        one, other = any_leaf("one"), any_leaf("other")
        roots = [digest(hashing, with_path(leaf, name, path)) for leaf, name in ((one, "one"), (other, "other"))]
        assert holds(hashing, [roots[0] == roots[1]], same_leaf(one, other))


def test_a_hash_that_is_not_injective_proves_none_of_it() -> None:
    hashing = TermHash(injective=False)
    one, other = any_branch("one"), any_branch("other")
    assert not holds(hashing, [digest(hashing, one) == digest(hashing, other)], same_branch(one, other))
    first, second = any_leaf("one"), any_leaf("other")
    assert not holds(hashing, [digest(hashing, first) == digest(hashing, second)], same_leaf(first, second))
    assert not holds(hashing, [], digest(hashing, first) != digest(hashing, one))


def test_a_prover_may_not_swap_children() -> None:
    hashing = TermHash()
    one = any_branch("one")
    swapped = Branch(one.depth, one.prefix, one.right, one.left)
    assert holds(hashing, [one.left.digest != one.right.digest], digest(hashing, one) != digest(hashing, swapped))
