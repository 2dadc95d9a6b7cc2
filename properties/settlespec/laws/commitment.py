"""Laws of the tree: a root binds every leaf and every place, for a hash function of which nothing is known but that it is injective.

The very code of `commitment.tree` runs on arbitrary keys, values, depths, prefixes and digests of children. Of the hash function each
law knows the calls that it makes: equal inputs have one digest, and different ones have different digests, which are arbitrary integers.
For so many calls that is every injective function, and nothing else is assumed of it here. The empty tree is in none of the laws: its
root is 32 zero bytes and no digest of a node only as long as nobody knows an input of the hash function with that digest, which is an
assumption of its own.

The laws are the base and the step of an induction on the height of the lower of two trees of one root:

- Base, TREE-1a and TREE-1b: the tops are both leaves or both branches, and two leaves are the same leaf.
- Step, TREE-2a: two branches stand at the same place, and the digests of their children are the same; each pair has less height.

So two trees of one root are the same, whatever their depth (TREE-4). Membership is sound, since a proof leads to a tree that has the
claimed leaf; absence is sound, since the node that is laid open in place of the key stands at its true place (TREE-2b) and has other
keys below it; and a proof of many claims is sound, since it leads to one tree that has all of them. TREE-2c and TREE-4a are the same for
whole paths of small depth, which the induction says of any depth.
"""

from enum import Enum
from typing import Any, Final, Literal

from settlespec.arithmetic import choose, negate
from settlespec.commitment.state_tree import BITS
from settlespec.commitment.tree import Branch, Leaf, Node, Pruned, Tree
from settlespec.laws.statement import assume, canary, claim, law, world

Digest = int
"""An arbitrary digest."""

Two = tuple[Digest, Digest]
Four = tuple[Digest, Digest, Digest, Digest]
Six = tuple[Digest, Digest, Digest, Digest, Digest, Digest]
Ten = tuple[Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest]

Twelve = tuple[Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest, Digest]

Key = int
"""A key, depth or prefix: any integer, as the hash function asks for no range."""

LEAF, BRANCH = 0, 1

STAKE: Final = "every owner: a prover shows money that is not there, or hides what is"

SMALL: Final = 2
"""Bits of a key where every way through the tree is taken."""

SmallKey = Literal[0, 1, 2, 3]


INJECTIVE: Final = world("nobody finds two inputs of the hash function with one digest")


class Keys(Enum):
    """Which keys of one bit a map has."""

    FIRST = (0,)
    SECOND = (1,)
    BOTH = (0, 1)


class InjectiveHash:
    """An arbitrary injective hash function, as far as one law asks it."""

    name = "injective"
    digest_size = 32

    def __init__(self, digests: tuple[Digest, ...], injective: bool = True) -> None:
        self._digests = list(digests)
        self._calls: list[tuple[tuple[Any, ...], Any]] = []
        if injective:
            # No digest that is given twice: what is left is any assignment to different inputs.
            for place, digest in enumerate(digests):
                for earlier in digests[:place]:
                    assume(negate(digest == earlier), INJECTIVE)

    def _digest(self, *inputs: Any) -> Any:
        digest: Any = self._digests.pop()
        for known, earlier in self._calls:
            digest = choose(same(known, inputs), earlier, digest)
        self._calls.append((inputs, digest))
        return digest

    def leaf(self, bits: int, key: Any, value: Any) -> Any:
        """The digest of a leaf."""
        return self._digest(LEAF, bits, key, value, 0, 0)

    def branch(self, bits: int, depth: Any, prefix: Any, left: Any, right: Any) -> Any:
        """The digest of a branch."""
        return self._digest(BRANCH, bits, depth, prefix, left, right)

    def is_digest(self, data: bytes) -> bool:
        """Nothing is read here."""
        raise AssertionError(f"no law reads bytes, such as {data!r}")


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> Any:
    """Whether two calls have the same inputs."""
    equal: Any = True
    for first, second in zip(one, other, strict=True):
        equal = equal & (first == second)
    return equal


def leaf(key: Any, value: Any) -> Leaf:
    """A leaf of any key and value."""
    return Leaf(key, value)


def closed(digest: Any) -> Pruned:
    """A subtree of which nothing is known but its digest."""
    return Pruned(0, 0, digest)


def branch(depth: Any, prefix: Any, left: Any, right: Any) -> Branch:
    """A branch at any place, with children of any digests."""
    return Branch(depth, prefix, closed(left), closed(right))


def root(hashing: InjectiveHash, node: Node, bits: int = BITS) -> Any:
    """What the tree's own code says."""
    return Tree(hashing, bits, node).root()


def implies(condition: Any, consequence: Any) -> Any:
    """Whether the consequence holds wherever the condition does."""
    return negate(condition) | consequence


@law(
    "TREE-1a",
    "Two leaves of one digest are the same leaf.",
    rules=("TREE-1",),
    loses=STAKE,
    shape="two leaves",
    assumes=(INJECTIVE,),
)
def a_digest_binds_its_leaf(digests: Two, key: Key, value: int, other_key: Key, other_value: int) -> None:
    """Base of the induction."""
    hashing = InjectiveHash(digests)
    one, other = root(hashing, leaf(key, value)), root(hashing, leaf(other_key, other_value))
    claim(implies(one == other, (key == other_key) & (value == other_value)))


@law(
    "TREE-1b",
    "A leaf never has the digest of a branch.",
    rules=("TREE-1", "TREE-2"),
    loses=STAKE,
    shape="one of each",
    assumes=(INJECTIVE,),
)
def a_leaf_is_no_branch(
    digests: Two, key: Key, value: int, depth: Key, prefix: Key, left: Digest, right: Digest
) -> None:
    """Base of the induction."""
    hashing = InjectiveHash(digests)
    claim(negate(root(hashing, leaf(key, value)) == root(hashing, branch(depth, prefix, left, right))))


@law(
    "TREE-2a",
    "Two branches of one digest have the same depth, prefix and children.",
    rules=("TREE-2",),
    loses=STAKE,
    shape="two branches",
    assumes=(INJECTIVE,),
)
def a_digest_binds_its_branch(
    digests: Two,
    depth: Key,
    prefix: Key,
    left: Digest,
    right: Digest,
    other_depth: Key,
    other_prefix: Key,
    other_left: Digest,
    other_right: Digest,
) -> None:
    """Step of the induction."""
    hashing = InjectiveHash(digests)
    one = root(hashing, branch(depth, prefix, left, right))
    other = root(hashing, branch(other_depth, other_prefix, other_left, other_right))
    place = (depth == other_depth) & (prefix == other_prefix)
    claim(implies(one == other, place & (left == other_left) & (right == other_right)))


@law(
    "TREE-2b",
    "Whoever lays a node open under a digest shows whether it is a leaf or a branch, and its true place.",
    rules=("TREE-1", "TREE-2"),
    loses=STAKE,
    shape="a node that is there, and one that is shown, each a leaf or a branch",
    assumes=(INJECTIVE,),
    composes=("TREE-1b", "TREE-2a"),
)
def a_node_laid_open_stands_at_its_place(
    digests: Two, is_leaf: bool, shows_leaf: bool, place: Two, other_place: Two, content: Two, other_content: Two
) -> None:
    """What makes absence sound: no prover shows a branch above a key as one that is beside it."""
    hashing = InjectiveHash(digests)
    there = node_of(is_leaf, place, content)
    shown = node_of(shows_leaf, other_place, other_content)
    agreed = (is_leaf == shows_leaf) & (place[0] == other_place[0])
    # A leaf has one number for its place, a branch two.
    agreed = agreed & (is_leaf | (place[1] == other_place[1]))
    claim(implies(root(hashing, there) == root(hashing, shown), agreed))


def node_of(is_leaf: Any, place: Two, content: Two) -> Node:
    """A leaf or a branch of any place and content."""
    return leaf(place[0], content[0]) if is_leaf else branch(*place, *content)


@law(
    "TREE-2c",
    "Children that change places give another digest, unless they are the same.",
    rules=("TREE-2",),
    loses=STAKE,
    shape="one branch",
    assumes=(INJECTIVE,),
)
def children_do_not_change_places(digests: Two, depth: Key, prefix: Key, left: Digest, right: Digest) -> None:
    """A swapped sibling is no proof."""
    hashing = InjectiveHash(digests)
    one, other = (root(hashing, branch(depth, prefix, *pair)) for pair in ((left, right), (right, left)))
    claim((one == other) == (left == right))


@law(
    "TREE-4a",
    "Two paths of one root and the same turns end in the same leaf.",
    rules=("TREE-4",),
    loses=STAKE,
    shape="two paths of two branches",
    assumes=(INJECTIVE,),
    composes=("TREE-1a", "TREE-2a"),
)
def a_path_binds_its_leaf(
    digests: Six,
    upper_turn: bool,
    lower_turn: bool,
    key: Key,
    value: int,
    places: Four,
    siblings: Two,
    other_key: Key,
    other_value: int,
    other_places: Four,
    other_siblings: Two,
) -> None:
    """The step, twice on the base: what the induction says of any depth."""
    hashing = InjectiveHash(digests)
    turns = (lower_turn, upper_turn)
    one = root(hashing, path(leaf(key, value), turns, places, siblings))
    other = root(hashing, path(leaf(other_key, other_value), turns, other_places, other_siblings))
    claim(implies(one == other, (key == other_key) & (value == other_value)))


def path(node: Node, turns: tuple[Any, ...], places: tuple[Any, ...], siblings: tuple[Any, ...]) -> Node:
    """A node below as many branches as there are turns."""
    for level, turn in enumerate(turns):
        pair = (closed(siblings[level]), node) if turn else (node, closed(siblings[level]))
        node = Branch(places[2 * level], places[2 * level + 1], *pair)
    return node


@law(
    "TREE-5a",
    "An update changes the value of its key, and of no other.",
    rules=("TREE-5",),
    loses=STAKE,
    shape="maps of two keys of two bits, every third key set or deleted",
)
def an_update_changes_only_its_key(
    first: SmallKey, second: SmallKey, changed: SmallKey, deletes: bool, value: int, other: int, new: int
) -> None:
    """Every way through the tree's code at this size; the values are arbitrary."""
    before = small(InjectiveHash(()), ((first, value), (second, other)))
    content: Any = None if deletes else new
    after = before.set_many({changed: content})
    for key in range(2**SMALL):
        expected = content if key == changed else before.get(key)
        found = after.get(key)
        claim((found is None) == (expected is None))
        if found is not None and expected is not None:
            claim(found == expected)


@law(
    "TREE-5b",
    "One root follows from a root and published changes: whoever applies them to any state of that root gets the same root.",
    rules=("TREE-4", "TREE-5", "TREE-6"),
    loses="everybody who rebuilds the state from published bytes, and is refused with an honest proof",
    shape="two maps of one or two keys of one bit, of which the first is set or deleted in both",
    composes=("TREE-1a", "TREE-1b", "TREE-2a", "TREE-5a", "TREE-6a"),
    assumes=(INJECTIVE,),
)
def one_root_follows_from_a_root_and_changes(
    digests: Twelve, keys: Keys, other_keys: Keys, values: Four, deletes: bool, new: int
) -> None:
    """Nothing is known of the maps but that their roots are the same. The mirror changes the other key."""
    hashing = InjectiveHash(digests)
    entries: dict[int, Any] = {key: values[key] for key in keys.value}
    others: dict[int, Any] = {key: values[2 + key] for key in other_keys.value}
    one, other = (Tree(hashing, 1).set_many(content) for content in (entries, others))
    same_root = one.root() == other.root()
    changed: dict[int, Any] = {0: None if deletes else new}
    after, then = one.set_many(changed), other.set_many(changed)
    claim(implies(same_root, after.root() == then.root()))


@law(
    "TREE-6a",
    "A map has one root, however it came to be.",
    rules=("TREE-6",),
    loses="liveness: an honest proof is refused, as the root depends on the order of changes",
    shape="maps of up to three keys of two bits",
    assumes=(INJECTIVE,),
)
def a_map_has_one_root(
    digests: Ten, first: SmallKey, second: SmallKey, third: SmallKey, value: int, other: int, last: int
) -> None:
    """Key by key, and all at once."""
    hashing = InjectiveHash(digests)
    entries = ((first, value), (second, other), (third, last))
    whole: dict[int, Any] = dict(entries)
    at_once = Tree(hashing, SMALL).set_many(whole)
    claim(small(hashing, entries).root() == at_once.root())


def small(hashing: InjectiveHash, entries: tuple[tuple[int, Any], ...]) -> Tree:
    """A tree that got its keys one after another."""
    tree = Tree(hashing, SMALL)
    for key, value in entries:
        tree = tree.set_many({key: value})
    return tree


@canary(
    "TREE-1x",
    "Two leaves of one digest are the same leaf, whatever the hash function is.",
    rules=("TREE-1",),
    shape="two leaves",
)
def any_hash_binds_its_leaf(digests: Two, key: Key, value: int, other_key: Key, other_value: int) -> None:
    """False of a function that is not injective."""
    hashing = InjectiveHash(digests, injective=False)
    one, other = root(hashing, leaf(key, value)), root(hashing, leaf(other_key, other_value))
    claim(implies(one == other, (key == other_key) & (value == other_value)))
