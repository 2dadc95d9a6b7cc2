"""Signature schemes at the border of the machine.

`Ed25519` is the real one. `Ideal` is an ideal functionality for hunts and speed figures: only the holder of the scheme object can
sign, so nobody else can forge; whoever uses it says so.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_CACHED_KEYS = 100_000
"""Parsed public keys that are kept: as many as the largest benchmark has accounts; about 50 MB."""


class Signatures(Protocol):
    """What the machine asks of a scheme."""

    def verify(self, key: bytes, content: bytes, signature: bytes) -> bool:
        """Whether the holder of `key` signed `content`."""
        ...


class Signer(Signatures, Protocol):
    """What a flow or a test asks of a scheme: keys of its own, and signatures by them."""

    def key(self, seed: int) -> bytes:
        """The public key of a numbered signer."""
        ...

    def sign(self, seed: int, content: bytes) -> bytes:
        """The numbered signer's signature."""
        ...


class Ed25519:
    """SIGN-2: Ed25519 as in RFC 8032, by the `cryptography` library."""

    name = "ed25519"

    def verify(self, key: bytes, content: bytes, signature: bytes) -> bool:
        """Whether the signature is valid; a key that is no point of the curve has signed nothing."""
        public = _public(key)
        if public is None:
            return False
        try:
            public.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def key(self, seed: int) -> bytes:
        """The public key of a numbered signer."""
        return _private(seed).public_key().public_bytes_raw()

    def sign(self, seed: int, content: bytes) -> bytes:
        """The numbered signer's signature."""
        return _private(seed).sign(content)


@lru_cache(MAX_CACHED_KEYS)
def _public(key: bytes) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        return None


@lru_cache(MAX_CACHED_KEYS)
def _private(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(blake2b(str(seed).encode(), digest_size=32).digest())


class Ideal:
    """SIGN-3: an ideal functionality: a keyed hash under a secret that only this object holds, bound to key and content."""

    name = "ideal"

    def __init__(self, secret: bytes = b"") -> None:
        self._secret = blake2b(secret, digest_size=32).digest()

    def verify(self, key: bytes, content: bytes, signature: bytes) -> bool:
        """Whether this object signed the content for the key."""
        return blake2b(key + content, key=self._secret, digest_size=16).digest() == signature

    def key(self, seed: int) -> bytes:
        """The key of a numbered signer: its number."""
        return seed.to_bytes(32, "big")

    def sign(self, seed: int, content: bytes) -> bytes:
        """The numbered signer's signature."""
        return blake2b(self.key(seed) + content, key=self._secret, digest_size=16).digest()
