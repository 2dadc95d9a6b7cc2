"""What a seal and its proof would cost with other numbers of children, counted on the very tree (rules ARITY-1, ARITY-2).

The tree is binary. A tree of 2, 4, 8, 16 children over the same keys, compressed in the same way, has a node wherever the binary one
has a branch among the levels that the node spans, and as many children as the branches in it have ends. So its nodes can be counted
without building it.
"""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from settlespec.commitment.tree import Branch, Leaf, Node, Tree

DIGIT_BITS: Final = (1, 2, 3, 4)
"""Bits of a key that one node parts by: 2, 4, 8 and 16 children."""

DIGEST: Final = 32
BLOCK: Final = 64
"""Bytes that SHA-256 takes in at a time."""

PADDING: Final = 9
"""Bytes that SHA-256 adds at least."""


@frozen
class ArityCost:
    """ARITY-1: what a seal hashes, and what the proof of its changed leaves would hold."""

    leaves: int = 0
    """Changed leaves: each is hashed once."""
    nodes: int = 0
    """Nodes with something changed below them: each is hashed once."""
    blocks: int = 0
    """Blocks of 64 bytes that SHA-256 takes in for those nodes: a node with more children is longer."""
    siblings: int = 0
    """Bytes of digests beside the changed, which one proof of all changed leaves holds."""

    def __add__(self, other: "ArityCost") -> "ArityCost":
        return ArityCost(
            self.leaves + other.leaves,
            self.nodes + other.nodes,
            self.blocks + other.blocks,
            self.siblings + other.siblings,
        )

    def hashes_per_leaf(self) -> float:
        """Hashes for each changed leaf, its own included."""
        return (self.leaves + self.nodes) / self.leaves if self.leaves else 0.0

    def blocks_per_leaf(self) -> float:
        """Blocks of inner nodes for each changed leaf."""
        return self.blocks / self.leaves if self.leaves else 0.0

    def siblings_per_leaf(self) -> float:
        """Bytes of siblings for each changed leaf."""
        return self.siblings / self.leaves if self.leaves else 0.0


def arity_cost(tree: Tree, digit_bits: int) -> ArityCost:
    """ARITY-2: the cost of the seal of a tree whose changed nodes have no digest yet; with one bit it is what the tree really does.

    Args:
        tree: after `set_many` and before `root`.
        digit_bits: bits of a key that one node parts by.
    """
    leaves = nodes = blocks = siblings = 0
    heading = 5 + (tree.bits + 7) // 8
    pending = [node for node in (tree.node,) if changed(node)]
    while pending:
        node = pending.pop()
        if isinstance(node, Leaf):
            leaves += 1
        elif isinstance(node, Branch):
            ends = list(children(node, digit_bits))
            dirty = [child for child in ends if changed(child)]
            nodes += 1
            blocks += -(-(heading + DIGEST * len(ends) + PADDING) // BLOCK)
            siblings += DIGEST * (len(ends) - len(dirty))
            pending += dirty
    return ArityCost(leaves, nodes, blocks, siblings)


def changed(node: Node | None) -> bool:
    """Whether a node waits to be hashed."""
    return node is not None and node.digest is None


def children(branch: Branch, digit_bits: int) -> Iterator[Node]:
    """What hangs below the node that spans this branch's levels."""
    digit = branch.depth // digit_bits
    pending: list[Node] = [branch.right, branch.left]
    while pending:
        node = pending.pop()
        if isinstance(node, Branch) and node.depth // digit_bits == digit:
            pending += (node.right, node.left)
        else:
            yield node
