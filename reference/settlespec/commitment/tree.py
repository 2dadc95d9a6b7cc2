"""A persistent, compressed sparse Merkle tree: a map from keys of a fixed number of bits to bytes, under one root (rules TREE-1 to TREE-7).

Only keys that are there make nodes: a leaf for each, and a branch wherever two of them part. A run of levels with a single child
has no node of its own; the branch or leaf at its end binds the whole way from the root instead, so a node keeps its digest when the
runs above it are split or merged. A change copies what lies above it and shares the rest; nothing is hashed before somebody asks
for a root, and no node twice. The same tree with subtrees cut away (`Pruned`) is what a proof gives back.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import define, frozen

from settlespec.commitment.hashes import HashFunction

MAX_BITS: Final = 256
"""Deepest tree: a key fits 32 bytes and two elements of a field."""


class NotProven(Exception):
    """A partial tree was asked about a part that its proof did not open."""

    def __init__(self, key: int) -> None:
        super().__init__(f"key {key} lies in a part of the tree that was not proven")
        self.key = key
        """The first key that would have been needed."""

    def __reduce__(self) -> tuple[object, ...]:
        return (NotProven, (self.key,))


# Nodes never change but for the digest, which is computed once when it is first needed; identity tells an untouched subtree.
@define(eq=False, weakref_slot=False)
class Leaf:
    """TREE-1: a key that is there, with its value."""

    key: int
    value: bytes
    digest: bytes | None = None


@define(eq=False, weakref_slot=False)
class Branch:
    """TREE-2: where keys part: all below share the first `depth` bits, and both sides have at least one."""

    depth: int
    prefix: int
    """The shared bits in their places, lower bits zero."""
    left: "Node"
    right: "Node"
    digest: bytes | None = None


@define(eq=False, weakref_slot=False)
class Pruned:
    """TREE-3: a subtree of which only the digest is known, and that its keys share the first `depth` bits."""

    depth: int
    prefix: int
    digest: bytes


Node = Leaf | Branch | Pruned


@frozen(eq=False)
class Tree:
    """TREE-4: a map and its commitment. Every method gives a value or a new tree; no tree ever changes."""

    hashing: HashFunction
    bits: int
    """Width of a key, in [1, MAX_BITS]; keys are integers in [0, 2**bits)."""
    node: Node | None = None
    """What stands at the top; nothing in the empty map."""

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.bits <= MAX_BITS:
            raise ValueError(f"a tree has 1 to {MAX_BITS} levels, not {self.bits}")

    def get(self, key: int) -> bytes | None:
        """The value of a key, None when it is absent.

        Raises:
            ValueError: the key is not in [0, 2**bits).
            NotProven: a partial tree does not know.
        """
        self._check(key)
        node, bits = self.node, self.bits
        while isinstance(node, Branch):
            if (key ^ node.prefix) >> (bits - node.depth):
                return None
            node = node.right if key >> (bits - 1 - node.depth) & 1 else node.left
        if node is None:
            return None
        if isinstance(node, Leaf):
            return node.value if node.key == key else None
        if (key ^ node.prefix) >> (bits - node.depth):
            return None
        raise NotProven(key)

    def set_many(self, changes: Mapping[int, bytes | None]) -> "Tree":
        """TREE-5: the tree after these changes; None deletes. A change that changes nothing touches nothing, and nothing is hashed.

        Raises:
            ValueError: a key is not in [0, 2**bits).
            NotProven: a partial tree does not know what stands at one of the keys.
        """
        if not changes:
            return self
        keys = sorted(changes)
        self._check(keys[0])
        self._check(keys[-1])
        node = _Changes(self.bits, keys, [changes[key] for key in keys]).merged(self.node, 0, len(keys))
        return self if node is self.node else Tree(self.hashing, self.bits, node)

    def root(self) -> bytes:
        """TREE-6: the commitment: the digest of the top node, zeros for the empty map. Hashes what was not hashed yet, each node once."""
        return empty_root(self.hashing) if self.node is None else self.digest(self.node)

    def digest(self, node: Node) -> bytes:
        """The digest of a node of this tree."""
        if node.digest is not None:
            return node.digest
        if isinstance(node, Leaf):
            known = self.hashing.leaf(self.bits, node.key, node.value)
        else:
            left, right = self.digest(node.left), self.digest(node.right)
            known = self.hashing.branch(self.bits, node.depth, node.prefix, left, right)
        node.digest = known
        return known

    def items(self, at_least: int = 0) -> Iterator[tuple[int, bytes]]:
        """TREE-7: keys and values in rising order of the key, from the first key that is `at_least` that large.

        Raises:
            NotProven: a partial tree does not know whether a key stands next, or its value.
        """
        bits = self.bits
        pending = [] if self.node is None else [self.node]
        while pending:
            node = pending.pop()
            if isinstance(node, Leaf):
                if node.key >= at_least:
                    yield node.key, node.value
                continue
            if node.prefix + (1 << (bits - node.depth)) <= at_least:
                continue
            if isinstance(node, Pruned):
                raise NotProven(max(node.prefix, at_least))
            pending += (node.right, node.left)

    def first(self, at_least: int = 0) -> tuple[int, bytes] | None:
        """The least key, or the least that is `at_least` that large, with its value; None when there is none.

        Raises:
            NotProven: a partial tree does not know.
        """
        return next(self.items(at_least), None)

    def _check(self, key: int) -> None:
        if key < 0 or key >> self.bits:
            raise ValueError(f"{key} is not a key of {self.bits} bits")


def empty_root(hashing: HashFunction) -> bytes:
    """The root of the empty map: zeros, of which nobody knows what they would be the hash of."""
    return bytes(hashing.digest_size)


def place_of(node: Node, bits: int) -> tuple[int, int]:
    """How many leading bits the keys below a node are known to share, and these bits in their places."""
    return (bits, node.key) if isinstance(node, Leaf) else (node.depth, node.prefix)


def joined(bits: int, depth: int, key: int, left: Node | None, right: Node | None) -> Node | None:
    """What stands where two sides part after `depth` bits of `key`: a branch, or the only side that has anything."""
    if left is None:
        return right
    if right is None:
        return left
    return Branch(depth, key >> (bits - depth) << (bits - depth), left, right)


def parting(bits: int, keys: list[int], low: int, high: int, depth: int) -> int:
    """Where the right side begins among keys[low:high], which are sorted and share their first `depth` bits."""
    step = bits - 1 - depth
    return bisect_left(keys, (keys[low] >> (step + 1) << 1 | 1) << step, low, high)


@frozen
class _Changes:
    """Changes in the order of their keys; each method works on those from `low` to before `high`."""

    bits: int
    keys: list[int]
    values: list[bytes | None]

    def merged(self, node: Node | None, low: int, high: int) -> Node | None:
        """The subtree `node` after the changes, all of which belong where it hangs; itself when nothing changes."""
        if node is None:
            return self.built(low, high)
        if low == high:
            return node
        first, last = self.keys[low], self.keys[high - 1]
        depth, prefix = place_of(node, self.bits)
        shared = self.bits - ((first ^ prefix) | (last ^ prefix)).bit_length()
        if shared < depth:
            return self.beside(node, shared, low, high)
        if isinstance(node, Pruned):
            raise NotProven(first)
        if isinstance(node, Leaf):
            value = self.values[low]
            if value is None:
                return None
            return node if value == node.value else Leaf(first, value)
        middle = parting(self.bits, self.keys, low, high, depth)
        left = self.merged(node.left, low, middle)
        right = self.merged(node.right, middle, high)
        if left is node.left and right is node.right:
            return node
        return joined(self.bits, depth, first, left, right)

    def beside(self, node: Node, shared: int, low: int, high: int) -> Node | None:
        """Some changes part from all keys of the node after `shared` bits."""
        _, prefix = place_of(node, self.bits)
        middle = parting(self.bits, self.keys, low, high, shared)
        if prefix >> (self.bits - 1 - shared) & 1:
            left, right = self.built(low, middle), self.merged(node, middle, high)
        else:
            left, right = self.merged(node, low, middle), self.built(middle, high)
        return joined(self.bits, shared, prefix, left, right)

    def built(self, low: int, high: int) -> Node | None:
        """A subtree of nothing but the changes; deletions find nothing to delete."""
        while low < high and self.values[low] is None:
            low += 1
        while low < high and self.values[high - 1] is None:
            high -= 1
        if low == high:
            return None
        first, last = self.keys[low], self.keys[high - 1]
        value = self.values[low]
        if first == last and value is not None:
            return Leaf(first, value)
        shared = self.bits - (first ^ last).bit_length()
        middle = parting(self.bits, self.keys, low, high, shared)
        return joined(self.bits, shared, first, self.built(low, middle), self.built(middle, high))
