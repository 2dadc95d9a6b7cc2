"""Hash functions for tests: one that counts its calls, and one that cannot collide because it remembers every preimage."""

from collections import Counter

from settlespec.commitment.hashes import SHA256, HashFunction


class CountingHash:
    """A hash function that notes each leaf and branch it hashes."""

    def __init__(self, inner: HashFunction = SHA256) -> None:
        self.inner = inner
        self.name = f"counted {inner.name}"
        self.digest_size = inner.digest_size
        self.leaves: Counter[int] = Counter()
        self.branches: Counter[tuple[int, int]] = Counter()

    @property
    def calls(self) -> int:
        return self.leaves.total() + self.branches.total()

    def leaf(self, bits: int, key: int, value: bytes) -> bytes:
        self.leaves[key] += 1
        return self.inner.leaf(bits, key, value)

    def branch(self, bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
        self.branches[depth, prefix] += 1
        return self.inner.branch(bits, depth, prefix, left, right)

    def is_digest(self, data: bytes) -> bool:
        return self.inner.is_digest(data)


class RememberingHash:
    """Ideal: the digest of the n-th distinct thing is n, so two digests are equal only if what was hashed is equal."""

    name = "remembering"
    digest_size = 4

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], int] = {}

    def _digest(self, *content: object) -> bytes:
        return self._known.setdefault(content, len(self._known) + 1).to_bytes(4, "big")

    def leaf(self, bits: int, key: int, value: bytes) -> bytes:
        return self._digest("leaf", bits, key, value)

    def branch(self, bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
        return self._digest("branch", bits, depth, prefix, left, right)

    def is_digest(self, data: bytes) -> bool:
        return len(data) == 4
