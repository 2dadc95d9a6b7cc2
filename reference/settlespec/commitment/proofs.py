"""Proofs of what a map holds and what it does not, for any set of keys at once (rules PROOF-1 to PROOF-5).

A proof walks from the top through every region of the key space that holds a claimed key and is not empty. Level by level, the bitmap
says which side of the region has anything, wherever the claims do not say so already; the body gives, in the order of the walk, the
digest of each side that is not empty and holds no claimed key. Where a claimed key is absent because everything in its region lies
on the other side, that one node is laid open, since its place cannot be seen from its digest.

There is one accepted proof of a statement: nothing in it can be computed from the rest, and nothing may be left over. Whoever checks
it gets the opened part of the tree, on which `get` and `set_many` of the claimed keys work: what an insertion or deletion moves keeps
its digest (TREE-2), so no more needs to be known of it. `docs/commitment.md` states the bytes.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import accumulate

from attrs import field, frozen

from settlespec.commitment.encoding import Reader, Refusal, Refused, Writer
from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.tree import (
    Branch,
    Leaf,
    Node,
    NotProven,
    Pruned,
    Tree,
    empty_root,
    parting,
    place_of,
)


class ProofRefusal(StrEnum):
    """Why bytes do not prove a statement."""

    NO_KEYS = "the statement claims nothing"
    KEY_OUT_OF_RANGE = "a claimed key is wider than the keys of the tree"
    TRUNCATED = "the proof ends early"
    NOT_MINIMAL = "a length is written with a superfluous zero group"
    TRAILING_BITS = "the bitmap has bits that say nothing"
    TRAILING_BYTES = "bytes are left over"
    NOT_A_DIGEST = "what stands in the place of a digest is none"
    EMPTY_SIBLING = "a side that is said to have something has the digest of nothing"
    EMPTY_REGION = "a region that has something is said to have nothing on either side"
    CLAIMED_ABSENT = "a key that is claimed absent is there"
    CLAIMED_PRESENT = "a key is claimed present in the empty map"
    MISPLACED = "a node is laid open that cannot stand in that place"
    OTHER_ROOT = "the proof leads to another root"
    NOT_LEAST = "the proof does not show that no smaller key is there"


class ProofRefused(Exception):
    """The bytes do not prove the statement, for a stated reason. Checking a proof raises nothing else."""

    def __init__(self, refusal: ProofRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal

    def __reduce__(self) -> tuple[object, ...]:
        return (ProofRefused, (self.refusal,))


Claims = Mapping[int, bytes | None]
"""A statement about a map: some of its keys with their values, None for a key that is absent."""


def prove(tree: Tree, keys: Iterable[int]) -> bytes:
    """PROOF-1: the proof of what the tree holds at these keys, of which there must be one at least.

    Raises:
        ValueError: no keys, or a key that is not in [0, 2**bits).
        NotProven: a partial tree does not know enough.
    """
    claims = {key: tree.get(key) for key in keys}
    if not claims:
        raise ValueError("a proof needs a key")
    described = _Description(tree, _Statement.of(tree.bits, claims))
    if tree.node is not None:
        described.region(tree.node, 0, 0, len(claims))
    writer = Writer()
    writer.text(_packed(described.bitmap))
    return writer.finish() + b"".join(described.body)


def verify(hashing: HashFunction, bits: int, root: bytes, claims: Claims, proof: bytes) -> Tree:
    """PROOF-2: the opened part of the tree with this root, in which every claim holds.

    Args:
        hashing, bits: what the tree stands on; fixed by whoever asks, never by the proof.
        root: the commitment, which the caller trusts.
        claims: the statement.
        proof: bytes from anybody.

    Raises:
        ProofRefused: anything else.
    """
    if not claims:
        raise ProofRefused(ProofRefusal.NO_KEYS)
    if any(key < 0 or key >> bits for key in claims):
        raise ProofRefused(ProofRefusal.KEY_OUT_OF_RANGE)
    if not hashing.is_digest(root):
        raise ProofRefused(ProofRefusal.NOT_A_DIGEST)
    reading = _Reading(hashing, _Statement.of(bits, claims), Reader(proof))
    try:
        reading.open_bitmap()
        node = reading.top(root)
        reading.end()
    except Refused as refused:
        minimal = refused.refusal is not Refusal.NOT_MINIMAL
        raise ProofRefused(ProofRefusal.TRUNCATED if minimal else ProofRefusal.NOT_MINIMAL) from refused
    tree = Tree(hashing, bits, node)
    if tree.root() != root:
        raise ProofRefused(ProofRefusal.OTHER_ROOT)
    return tree


def verify_membership(hashing: HashFunction, bits: int, root: bytes, key: int, value: bytes, proof: bytes) -> Tree:
    """PROOF-3: this key is there with this value; the proof is that of the one claim. Raises `ProofRefused`."""
    return verify(hashing, bits, root, {key: value}, proof)


def verify_absence(hashing: HashFunction, bits: int, root: bytes, key: int, proof: bytes) -> Tree:
    """PROOF-4: this key is not there; the proof is that of the one claim. Raises `ProofRefused`."""
    return verify(hashing, bits, root, {key: None}, proof)


def verify_least(hashing: HashFunction, bits: int, root: bytes, key: int, value: bytes, proof: bytes) -> Tree:
    """PROOF-5: this is the least key of the map, with this value: its membership proof has nothing on the left, at any level.

    In a book, which orders its keys by precedence, this is the best order. Batches have no use for it, since a witness shows the best
    order among all that it shows; whoever has a root and wants to be shown the best bid has.

    Raises:
        ProofRefused: also when the key is there and a smaller one might be.
    """
    tree = verify(hashing, bits, root, {key: value}, proof)
    try:
        # The opened part has no other leaf, so the first is this one, or it is not known.
        tree.first()
    except NotProven as unknown:
        raise ProofRefused(ProofRefusal.NOT_LEAST) from unknown
    return tree


def claims_for_first(tree: Tree, at_least: int = 0) -> dict[int, bytes | None]:
    """PROOF-5.1: the claims whose proof lets `first(at_least)` of the opened part answer as `first(at_least)` of the whole.

    The key found and the one that was asked from: together they leave no room between them. From 0, the key found is enough.
    """
    found = tree.first(at_least)
    if found is None:
        return {at_least: tree.get(at_least)}
    if at_least == 0:
        return dict((found,))
    return {at_least: tree.get(at_least), found[0]: found[1]}


@frozen
class _Statement:
    """Claims in the order of their keys. A range `low` to `high` is the claims that share the bits of some region."""

    bits: int
    keys: list[int]
    values: list[bytes | None]
    present: list[int]
    """How many of the claims before a place are present."""

    @classmethod
    def of(cls, bits: int, claims: Claims) -> "_Statement":
        keys = sorted(claims)
        values = [claims[key] for key in keys]
        return cls(bits, keys, values, [0, *accumulate(value is not None for value in values)])

    def parting(self, level: int, low: int, high: int) -> int:
        """Where the right side of a region begins in its range."""
        return parting(self.bits, self.keys, low, high, level)

    def says_occupied(self, low: int, high: int) -> bool:
        """Whether the claims alone say that something is there."""
        return self.present[high] > self.present[low]


@frozen
class _Description:
    """A proof in the making."""

    tree: Tree
    statement: _Statement
    bitmap: list[bool] = field(factory=list)
    body: list[bytes] = field(factory=list)

    def region(self, node: Node, level: int, low: int, high: int) -> None:
        """Describe the region at this level, whose keys are those of `node` and which holds the claims of the range."""
        bits = self.statement.bits
        depth, prefix = place_of(node, bits)
        while level < bits:
            middle = self.statement.parting(level, low, high)
            if level == depth:
                if not isinstance(node, Branch):
                    raise NotProven(self.statement.keys[low])
                self.say(low, middle, True)
                self.say(middle, high, True)
                self.side(node.left, level + 1, low, middle)
                self.side(node.right, level + 1, middle, high)
                return
            right = bool(prefix >> (bits - 1 - level) & 1)
            self.say(low, middle, not right)
            self.say(middle, high, right)
            low, high = (middle, high) if right else (low, middle)
            level += 1
            if low == high:
                self.lay_open(node)
                return

    def say(self, low: int, high: int, occupied: bool) -> None:
        """One bit, unless the claims say it."""
        if not self.statement.says_occupied(low, high):
            self.bitmap.append(occupied)

    def side(self, node: Node, level: int, low: int, high: int) -> None:
        """One side of a branch: walked if it holds claims, else its digest."""
        if low < high:
            self.region(node, level, low, high)
        else:
            self.body.append(self.tree.digest(node))

    def lay_open(self, node: Node) -> None:
        """A node beside all claims of its region, so that its place can be seen."""
        if isinstance(node, Pruned):
            raise NotProven(node.prefix)
        bits = self.statement.bits
        self.bitmap.append(isinstance(node, Branch))
        depth, prefix = place_of(node, bits)
        writer = Writer()
        if isinstance(node, Branch):
            writer.raw(depth.to_bytes(2, "big"))
        writer.raw(prefix.to_bytes((bits + 7) // 8, "big"))
        if isinstance(node, Branch):
            writer.raw(self.tree.digest(node.left) + self.tree.digest(node.right))
        else:
            writer.text(node.value)
        self.body.append(writer.finish())


class _Reading:
    """A proof from somebody else, read along the same walk; raises `ProofRefused`, or `Refused` where the bytes end."""

    def __init__(self, hashing: HashFunction, statement: _Statement, reader: Reader) -> None:
        self._empty = empty_root(hashing)
        self._hashing = hashing
        self._statement = statement
        self._reader = reader
        self._bitmap = b""
        self._bit = 0

    def open_bitmap(self) -> None:
        """Bits come first, behind the number of their bytes."""
        self._bitmap = self._reader.text()

    def top(self, root: bytes) -> Node | None:
        """The opened part of the tree with this root."""
        claims = len(self._statement.keys)
        if root != self._empty:
            return self.region(0, 0, claims)
        if self._statement.says_occupied(0, claims):
            raise ProofRefused(ProofRefusal.CLAIMED_PRESENT)
        return None

    def end(self) -> None:
        """Nothing may be left, neither bits nor bytes."""
        used, spare = (self._bit + 7) // 8, -self._bit % 8
        if len(self._bitmap) != used or (spare and self._bitmap[-1] & (1 << spare) - 1):
            raise ProofRefused(ProofRefusal.TRAILING_BITS)
        if self._reader.left():
            raise ProofRefused(ProofRefusal.TRAILING_BYTES)

    def region(self, level: int, low: int, high: int) -> Node:
        """The part of the tree in the region at this level, which has something and holds the claims of the range."""
        statement, bits = self._statement, self._statement.bits
        while level < bits:
            middle = statement.parting(level, low, high)
            left = statement.says_occupied(low, middle) or self.bit()
            right = statement.says_occupied(middle, high) or self.bit()
            key = statement.keys[low]
            if left and right:
                prefix = key >> (bits - level) << (bits - level)
                one, other = self.side(level, prefix, 0, low, middle), self.side(level, prefix, 1, middle, high)
                return Branch(level, prefix, one, other)
            if not (left or right):
                raise ProofRefused(ProofRefusal.EMPTY_REGION)
            low, high = (middle, high) if right else (low, middle)
            level += 1
            if low == high:
                return self.laid_open(level, ((key >> (bits - level)) ^ 1) << (bits - level))
        value = statement.values[low]
        if value is None:
            raise ProofRefused(ProofRefusal.CLAIMED_ABSENT)
        return Leaf(statement.keys[low], value)

    def side(self, level: int, prefix: int, right: int, low: int, high: int) -> Node:
        """One side of the branch at this level."""
        if low < high:
            return self.region(level + 1, low, high)
        return Pruned(level + 1, prefix | right << (self._statement.bits - 1 - level), self.digest())

    def laid_open(self, level: int, start: int) -> Node:
        """The node that has everything in a region without claims; the region's least key is `start`."""
        bits = self._statement.bits
        width = (bits + 7) // 8
        if not self.bit():
            key, value = int.from_bytes(self._reader.raw(width), "big"), self._reader.text()
            if (key ^ start) >> (bits - level):
                raise ProofRefused(ProofRefusal.MISPLACED)
            return Leaf(key, value)
        depth, prefix = int.from_bytes(self._reader.raw(2), "big"), int.from_bytes(self._reader.raw(width), "big")
        if not level <= depth < bits or (prefix ^ start) >> (bits - level) or prefix & (1 << (bits - depth)) - 1:
            raise ProofRefused(ProofRefusal.MISPLACED)
        left = Pruned(depth + 1, prefix, self.digest())
        return Branch(depth, prefix, left, Pruned(depth + 1, prefix | 1 << (bits - 1 - depth), self.digest()))

    def bit(self) -> bool:
        """The next bit of the bitmap, the highest of a byte first."""
        place, shift = divmod(self._bit, 8)
        if place >= len(self._bitmap):
            raise ProofRefused(ProofRefusal.TRUNCATED)
        self._bit += 1
        return bool(self._bitmap[place] >> (7 - shift) & 1)

    def digest(self) -> bytes:
        """The next digest of the body."""
        digest = self._reader.raw(self._hashing.digest_size)
        if digest == self._empty:
            raise ProofRefused(ProofRefusal.EMPTY_SIBLING)
        if not self._hashing.is_digest(digest):
            raise ProofRefused(ProofRefusal.NOT_A_DIGEST)
        return digest


def _packed(bitmap: list[bool]) -> bytes:
    """Bits as bytes, the first highest; zeros fill the last byte."""
    # Digits of base 2, as an integer that grew bit by bit would be copied for every bit.
    digits = "".join("1" if bit else "0" for bit in bitmap) + "0" * (-len(bitmap) % 8)
    return int(digits, 2).to_bytes(len(digits) // 8, "big") if digits else b""
