"""The hash functions that a tree may stand on (rules HASH-1 to HASH-3 and HASH-6); a hash function is a parameter of every tree.

A hash function knows two shapes, a leaf and a branch, and keeps them apart by a tag, so that neither can be taken for the other.
Whatever a shape binds is written with fixed widths or behind its length, so that different leaves and branches never hash the same bytes.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Protocol

from attrs import frozen

from settlespec.commitment.poseidon import MODULUS, poseidon
from settlespec.domain.errors import BadInput

LEAF_TAG: Final = 0
BRANCH_TAG: Final = 1
CONTINUE_TAG: Final = 2
"""A further block of a long value, where the hash function takes blocks of a fixed size."""

CHUNK_BYTES: Final = 31
"""Most bytes that always fit one element: 2**248 < MODULUS."""

HALF_KEY_BITS: Final = 128
"""A key of up to 256 bits is two elements."""


class HashFunction(Protocol):
    """What a tree asks of its hash function. All integers are non-negative; `bits` is the depth of the tree."""

    @property
    def name(self) -> str:
        """How people choose it."""

    @property
    def digest_size(self) -> int:
        """Bytes in a digest."""

    def leaf(self, bits: int, key: int, value: bytes) -> bytes:
        """HASH-1: the digest of a leaf: the depth of the tree, the whole key and the value."""

    def branch(self, bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
        """HASH-2: the digest of a branch: the depth of the tree, its own depth, the bits of every key below it, both children.

        Args:
            bits: depth of the tree.
            depth: how many leading bits all keys below share; the bit after them decides between left and right.
            prefix: those bits in their places, all lower bits zero, in [0, 2**bits).
            left, right: the digests of the children.
        """

    def is_digest(self, data: bytes) -> bool:
        """Whether these bytes are the one way to write some digest."""


_LEAF: Final = bytes((LEAF_TAG,))
_BRANCH: Final = bytes((BRANCH_TAG,))


@frozen
class ByteHash:
    """HASH-3: a hash function over bytes: tag, depths in two bytes each, keys in whole bytes, all big-endian, the value last."""

    name: str
    digest_size: int
    digest: Callable[[bytes], bytes]

    def leaf(self, bits: int, key: int, value: bytes) -> bytes:
        """HASH-1 over bytes."""
        return self.digest(_LEAF + bits.to_bytes(2, "big") + key.to_bytes((bits + 7) // 8, "big") + value)

    def branch(self, bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
        """HASH-2 over bytes."""
        place = (bits << 16 | depth).to_bytes(4, "big") + prefix.to_bytes((bits + 7) // 8, "big")
        return self.digest(_BRANCH + place + left + right)

    def is_digest(self, data: bytes) -> bool:
        """Every string of the right length is one."""
        return len(data) == self.digest_size


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


SHA256: Final = ByteHash("sha256", 32, _sha256)
"""SHA-256 of FIPS 180-4."""


def keccak256() -> ByteHash:
    """Keccak-256 as the EVM computes it, which is not the SHA3-256 of FIPS 202: the padding differs.

    Raises:
        BadInput: the library is not installed.
    """
    try:
        from Crypto.Hash import keccak
    except ImportError as missing:
        raise BadInput(
            "Keccak-256 needs pycryptodome", remedy="install it with: pip install 'settlespec[keccak]'"
        ) from missing

    def digest(data: bytes) -> bytes:
        return keccak.new(digest_bits=256, data=data).digest()

    return ByteHash("keccak256", 32, digest)


@frozen
class PoseidonHash:
    """HASH-6: leaves and branches as blocks of five elements; the digest is an element in 32 bytes, big-endian, below MODULUS.

    A branch is one block: its heading, the two halves of the prefix, the children. A leaf starts with its heading, the two halves
    of its key and two chunks of the value, and goes on with blocks of CONTINUE_TAG, the block before, and three chunks. A heading is
    the tag, the depth of the tree times 2**8, and 2**24 times the branch's depth or the value's length in bytes, so the zeros that
    fill the last chunks are never mistaken for the value.
    """

    name: str = "poseidon-bn254"
    digest_size: int = 32

    def leaf(self, bits: int, key: int, value: bytes) -> bytes:
        """HASH-1 over the field."""
        chunks = [
            int.from_bytes(value[at : at + CHUNK_BYTES].ljust(CHUNK_BYTES, b"\x00"), "big")
            for at in range(0, len(value), CHUNK_BYTES)
        ]
        chunks += [0] * (2 - len(chunks) if len(chunks) < 2 else (2 - len(chunks)) % 3)
        element = poseidon([_heading(LEAF_TAG, bits, len(value)), *_halves(key), *chunks[:2]])
        for at in range(2, len(chunks), 3):
            element = poseidon([CONTINUE_TAG, element, *chunks[at : at + 3]])
        return element.to_bytes(self.digest_size, "big")

    def branch(self, bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
        """HASH-2 over the field."""
        children = (int.from_bytes(left, "big"), int.from_bytes(right, "big"))
        element = poseidon([_heading(BRANCH_TAG, bits, depth), *_halves(prefix), *children])
        return element.to_bytes(self.digest_size, "big")

    def is_digest(self, data: bytes) -> bool:
        """Below the modulus: adding it would write the same element a second way."""
        return len(data) == self.digest_size and int.from_bytes(data, "big") < MODULUS


def _heading(tag: int, bits: int, extent: int) -> int:
    return tag | bits << 8 | extent << 24


def _halves(key: int) -> tuple[int, int]:
    return key >> HALF_KEY_BITS, key & (1 << HALF_KEY_BITS) - 1


POSEIDON_BN254: Final = PoseidonHash()


HASH_NAMES: Final = ("sha256", "keccak256", "poseidon-bn254")
"""Every hash function, the default first."""


def hash_named(name: str) -> HashFunction:
    """The hash function of this name.

    Raises:
        BadInput: there is none, or its library is not installed.
    """
    match name:
        case "sha256":
            return SHA256
        case "keccak256":
            return keccak256()
        case "poseidon-bn254":
            return POSEIDON_BN254
    raise BadInput(f"there is no hash function {name!r}", remedy=f"choose one of {', '.join(HASH_NAMES)}")
