"""The page on the format, read as another implementer would: its definitions written again in a few lines, and its examples."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.commitment.hashes import HASH_NAMES, SHA256, hash_named
from settlespec.commitment.proofs import Claims, prove
from settlespec.commitment.tree import Tree
from tests.commitment.test_proofs import BOOK, STATEMENTS, disturbed, is_accepted
from tests.commitment.test_tree import clustered_keys, maps
from tests.house.layers import REPOSITORY

PAGE = REPOSITORY / "docs" / "commitment.md"
EMPTY = bytes(32)


def rows(first_header: str) -> dict[str, str]:
    """A table of two columns of the page."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, text = (cell.strip().strip("`") for cell in line.strip("|").split("|"))
        found[name] = text
    return found


def leaf_digest(bits: int, key: int, value: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + bits.to_bytes(2, "big") + key.to_bytes(-(-bits // 8), "big") + value).digest()


def branch_digest(bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
    place = bits.to_bytes(2, "big") + depth.to_bytes(2, "big") + prefix.to_bytes(-(-bits // 8), "big")
    return hashlib.sha256(b"\x01" + place + left + right).digest()


def bit_of(bits: int, key: int, number: int) -> int:
    return int(format(key, f"0{bits}b")[number])


def root_by_definition(bits: int, content: dict[int, bytes]) -> bytes:
    if not content:
        return EMPTY
    if len(content) == 1:
        ((key, value),) = content.items()
        return leaf_digest(bits, key, value)
    depth = next(number for number in range(bits) if len({bit_of(bits, key, number) for key in content}) == 2)
    sides = [{key: content[key] for key in content if bit_of(bits, key, depth) == side} for side in (0, 1)]
    prefix = min(content) >> (bits - depth) << (bits - depth)
    return branch_digest(bits, depth, prefix, *(root_by_definition(bits, side) for side in sides))


class Refused(Exception):
    """The page says that this proof is not accepted."""


class Checker:
    """The walk of the page, over SHA-256, giving digests only."""

    def __init__(self, bits: int, proof: bytes) -> None:
        self.bits, self.width, self.body = bits, -(-bits // 8), proof
        size = self.length()
        self.bitmap = "".join(format(byte, "08b") for byte in self.take(size))

    def take(self, size: int) -> bytes:
        if size > len(self.body):
            raise Refused
        taken, self.body = self.body[:size], self.body[size:]
        return taken

    def length(self) -> int:
        groups: list[int] = []
        while not groups or groups[-1] >= 128:
            groups += self.take(1)
        if len(groups) > 1 and groups[-1] == 0:
            raise Refused
        return sum((group & 127) << 7 * place for place, group in enumerate(groups))

    def bit(self) -> bool:
        if not self.bitmap:
            raise Refused
        bit, self.bitmap = self.bitmap[0], self.bitmap[1:]
        return bit == "1"

    def digest(self) -> bytes:
        digest = self.take(32)
        if digest == EMPTY:
            raise Refused
        return digest

    def region(self, level: int, claims: Claims) -> bytes:
        bits, some = self.bits, min(claims)
        if level == bits:
            if (value := claims[some]) is None:
                raise Refused
            return leaf_digest(bits, some, value)
        sides = [{key: claims[key] for key in claims if bit_of(bits, key, level) == side} for side in (0, 1)]
        occupied = [any(value is not None for value in side.values()) or self.bit() for side in sides]
        if all(occupied):
            children = [self.region(level + 1, side) if side else self.digest() for side in sides]
            return branch_digest(bits, level, some >> (bits - level) << (bits - level), *children)
        if not any(occupied):
            raise Refused
        side = sides[occupied.index(True)]
        if side:
            return self.region(level + 1, side)
        path = format(some, f"0{bits}b")[:level] + str(occupied.index(True))
        return self.laid_open(path)

    def laid_open(self, path: str) -> bytes:
        bits = self.bits
        is_branch = self.bit()
        depth = int.from_bytes(self.take(2), "big") if is_branch else bits
        place = int.from_bytes(self.take(self.width), "big")
        written = format(place, f"0{bits}b")
        if len(written) > bits or not written.startswith(path):
            raise Refused
        if not is_branch:
            return leaf_digest(bits, place, self.take(self.length()))
        if not len(path) <= depth < bits or "1" in written[depth:]:
            raise Refused
        return branch_digest(bits, depth, place, self.digest(), self.digest())

    def check(self, root: bytes, claims: Claims) -> None:
        whole = len(self.bitmap)
        if root == EMPTY:
            found = EMPTY if all(value is None for value in claims.values()) else None
        else:
            found = self.region(0, claims)
        if found != root or self.body or "1" in self.bitmap or len(self.bitmap) >= 8 or whole % 8:
            raise Refused


def accepted_by_the_page(bits: int, root: bytes, claims: Claims, proof: bytes) -> bool:
    try:
        Checker(bits, proof).check(root, claims)
    except Refused:
        return False
    return True


@given(st.sampled_from([4, 9, 64]), st.data())
def test_the_root_is_the_one_that_the_page_defines(bits: int, data: st.DataObject) -> None:
    content = data.draw(maps(bits))
    assert Tree(SHA256, bits).set_many(content).root() == root_by_definition(bits, content)


@given(maps(9), st.sets(clustered_keys(9), min_size=1, max_size=5))
def test_the_page_accepts_what_is_proven(content: dict[int, bytes], keys: set[int]) -> None:
    tree = Tree(SHA256, 9).set_many(content)
    assert accepted_by_the_page(9, tree.root(), {key: content.get(key) for key in keys}, prove(tree, keys))


@pytest.mark.parametrize("keys", STATEMENTS, ids=str)
def test_the_page_refuses_every_disturbed_proof(keys: tuple[int, ...]) -> None:
    tree = Tree(SHA256, 8).set_many(BOOK)
    claims, proof = {key: BOOK.get(key) for key in keys}, prove(tree, keys)
    assert accepted_by_the_page(8, tree.root(), claims, proof)
    for changed in disturbed(proof)[::5]:
        assert not accepted_by_the_page(8, tree.root(), claims, changed)


@given(st.binary(min_size=1, max_size=3), st.data())
def test_code_and_page_agree_on_any_bytes_about_tiny_trees(bitmap: bytes, data: st.DataObject) -> None:
    content = data.draw(st.dictionaries(st.integers(0, 3), st.sampled_from([b"", b"a"]), max_size=3))
    keys = data.draw(st.sets(st.integers(0, 3), min_size=1, max_size=3))
    tree = Tree(SHA256, 2).set_many(content)
    claims = {key: data.draw(st.sampled_from([None, b"", b"a"])) for key in sorted(keys)}
    leaves = [leaf_digest(2, key, value) for key, value in content.items()]
    pieces = st.sampled_from([*leaves, tree.root(), EMPTY, b"\x00", b"\x01a", b"\x03\x00", b"\x00\x01\x02"])
    proof = bytes((len(bitmap),)) + bitmap + b"".join(data.draw(st.lists(pieces, max_size=3)))
    assert is_accepted(SHA256, 2, tree.root(), claims, proof) == accepted_by_the_page(2, tree.root(), claims, proof)


@pytest.mark.parametrize("name", HASH_NAMES)
def test_the_roots_of_the_page_are_the_roots(name: str) -> None:
    roots = rows("hash function")
    assert set(roots) == set(HASH_NAMES)
    assert Tree(hash_named(name), 8).set_many(BOOK).root().hex() == roots[name]


def test_the_proofs_of_the_page_are_the_proofs() -> None:
    tree = Tree(SHA256, 8).set_many(BOOK)
    examples = rows("claimed keys")
    assert len(examples) == 5
    for keys, proof in examples.items():
        numbers = [int(number) for number in re.findall(r"\d+", keys)]
        assert prove(tree, numbers).hex() == proof
        assert accepted_by_the_page(8, tree.root(), {key: BOOK.get(key) for key in numbers}, bytes.fromhex(proof))
