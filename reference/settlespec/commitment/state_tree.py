"""The state under one root: every leaf in one tree, parts and books one after another (rules ROOT-1 to ROOT-3)."""

from collections.abc import Mapping
from typing import Final

from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.leaves import LeafKey, Part
from settlespec.commitment.parts import leaves_of
from settlespec.commitment.reads import LAST_KEY
from settlespec.commitment.tree import NotProven, Tree
from settlespec.domain.state import State

BOOK_SHIFT: Final = 104
"""Keys inside a part take 104 bits: the price and the arrival of an order."""

PART_SHIFT: Final = BOOK_SHIFT + 64
"""An instrument takes 64 bits."""

BITS: Final = PART_SHIFT + 8
"""A part takes 8 bits: the depth of the tree."""


def tree_key(leaf: LeafKey) -> int:
    """ROOT-1: part, book and key in that order, so that the leaves of a part stand together and a book's best order is its first.

    Raises:
        ValueError: the book or the key is wider than its place, where it would be the key of another leaf.
    """
    if not (0 <= leaf.key <= LAST_KEY and 0 <= leaf.book < 1 << PART_SHIFT - BOOK_SHIFT):
        raise ValueError(f"{leaf.part.name} {leaf.book} {leaf.key} has no place in the tree")
    return leaf.part << PART_SHIFT | leaf.book << BOOK_SHIFT | leaf.key


def leaf_key(key: int) -> LeafKey:
    """The leaf that stands at a key of the tree."""
    return LeafKey(Part(key >> PART_SHIFT), key >> BOOK_SHIFT & 2**64 - 1, key & LAST_KEY)


def state_tree(state: State, hashing: HashFunction) -> Tree:
    """ROOT-2: the tree of a whole state; where a tree of an earlier state is at hand, `updated` is cheaper."""
    return updated(Tree(hashing, BITS), dict(leaves_of(state)))


def updated(tree: Tree, changed: Mapping[LeafKey, bytes | None]) -> Tree:
    """ROOT-3: the tree after a batch: each touched node is hashed once, when the root is asked for."""
    return tree.set_many({tree_key(leaf): value for leaf, value in changed.items()})


class TreeLeaves:
    """A source of leaves that knows what a tree, or an opened part of one, knows."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def value(self, leaf: LeafKey) -> bytes | None:
        """The leaf's bytes, None when it is proved absent.

        Raises:
            NotProven: the tree does not know.
        """
        return self.tree.get(tree_key(leaf))

    def after(self, part: Part, book: int, key: int) -> int | None:
        """The least key greater than `key` in this part and book, None when it is proved that there is none.

        Raises:
            NotProven: the tree does not know.
        """
        start = tree_key(LeafKey(part, book, 0))
        end = start + LAST_KEY
        try:
            found = self.tree.first(start + key + 1)
        except NotProven as unknown:
            # Everything before the first unopened subtree was seen to be empty.
            if unknown.key > end:
                return None
            raise
        return found[0] - start if found is not None and found[0] <= end else None
