"""The hash functions that a tree may stand on (rules HASH-1 and HASH-2); a hash function is a parameter of every tree.

A hash function knows two shapes, a leaf and a branch, and keeps them apart by a tag, so that neither can be taken for the other.
Whatever a shape binds is written with fixed widths or behind its length, so that different leaves and branches never hash the same bytes.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Protocol

from attrs import frozen

from settlespec.domain.errors import BadInput

LEAF_TAG: Final = 0
BRANCH_TAG: Final = 1


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


@frozen
class ByteHash:
    """HASH-3: a hash function over bytes: tag, depths in two bytes each, keys in whole bytes, all big-endian, the value last."""

    name: str
    digest_size: int
    digest: Callable[[bytes], bytes]

    def leaf(self, bits: int, key: int, value: bytes) -> bytes:
        """HASH-1 over bytes."""
        return self.digest(b"\x00" + bits.to_bytes(2, "big") + key.to_bytes((bits + 7) // 8, "big") + value)

    def branch(self, bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
        """HASH-2 over bytes."""
        place = (bits << 16 | depth).to_bytes(4, "big") + prefix.to_bytes((bits + 7) // 8, "big")
        return self.digest(b"\x01" + place + left + right)

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


HASH_NAMES: Final = ("sha256", "keccak256", "poseidon-bn254")
"""Every hash function, the default first."""


def hash_named(name: str) -> HashFunction:
    """The hash function of this name.

    Raises:
        BadInput: there is none, or its library is not installed.
    """
    # Poseidon states its leaves with the tags above, so it is imported here and not at the top.
    from settlespec.commitment.poseidon import POSEIDON_BN254

    match name:
        case "sha256":
            return SHA256
        case "keccak256":
            return keccak256()
        case "poseidon-bn254":
            return POSEIDON_BN254
    raise BadInput(f"there is no hash function {name!r}", remedy=f"choose one of {', '.join(HASH_NAMES)}")
