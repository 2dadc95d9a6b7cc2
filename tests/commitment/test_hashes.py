"""The hash functions against published values, and the preimages that keep leaves and branches apart."""

import hashlib
import itertools
import subprocess
import sys

import pytest

from settlespec.commitment.hashes import HASH_NAMES, SHA256, PoseidonHash, hash_named, keccak256
from settlespec.commitment.poseidon import MODULUS, PARTIAL_ROUNDS, grain_bits, parameters, poseidon
from settlespec.domain.errors import BadInput

PUBLISHED_POSEIDON = {
    1: 18586133768512220936620570745912940619677854269274689475585506675881198879027,
    2: 7853200120776062878684798364095072458815029376092732009249414926327459813530,
    3: 6542985608222806190361240322586112750744169038454362455181422643027100751666,
    4: 18821383157269793795438455681495246036402687001665670618754263018637548127333,
    5: 6183221330272524995739186171720101788151706631170188140075976616310159254464,
}
"""poseidon([1, ..., n]) as circomlibjs gives it."""

PUBLISHED_KECCAK = {
    b"": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    b"abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
    b"The quick brown fox jumps over the lazy dog": "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15",
    b"transfer(address,uint256)": "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b",
}
"""Among them the digest of nothing, which stands in every Ethereum account without code, and an ABI selector (a9059cbb)."""


@pytest.mark.parametrize("count", PUBLISHED_POSEIDON)
def test_poseidon_gives_the_published_values_at_every_width(count: int) -> None:
    assert poseidon(range(1, count + 1)) == PUBLISHED_POSEIDON[count]


def test_the_generated_constants_are_as_many_as_the_rounds_need_and_the_first_is_the_published_one() -> None:
    for width, partial in PARTIAL_ROUNDS.items():
        constants, matrix = parameters(width)
        assert len(constants) == (8 + partial) * width
        assert [len(row) for row in matrix] == [width] * width
    first = parameters(3)[0][0]
    assert first == 0x0EE9A592BA9A9518D05986D656F40C2114C4993C11BB29938D21D47304CD8E6E


def test_stepping_grain_by_eighteen_bits_equals_stepping_it_by_one() -> None:
    def by_one(width: int, count: int) -> list[int]:
        fields = ((1, 2), (0, 4), (254, 12), (width, 12), (8, 10), (PARTIAL_ROUNDS[width], 10))
        state = [int(bit) for value, size in fields for bit in format(value, f"0{size}b")] + [1] * 30

        def step() -> int:
            new = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
            state.append(new)
            del state[0]
            return new

        for _ in range(160):
            step()
        produced: list[int] = []
        while len(produced) < count:
            passes, bit = step(), step()
            if passes:
                produced.append(bit)
        return produced

    for width in PARTIAL_ROUNDS:
        assert list(itertools.islice(grain_bits(width), 2000)) == by_one(width, 2000)


@pytest.mark.parametrize("inputs", [[], [1] * 6, [MODULUS], [-1], [1, MODULUS + 1]])
def test_poseidon_refuses_what_is_no_list_of_one_to_five_elements(inputs: list[int]) -> None:
    with pytest.raises(ValueError, match=r"one to five|element of the field"):
        poseidon(inputs)


@pytest.mark.parametrize("message", PUBLISHED_KECCAK)
def test_keccak_gives_the_published_values(message: bytes) -> None:
    assert keccak256().digest(message).hex() == PUBLISHED_KECCAK[message]


def test_keccak_is_not_the_standardised_sha3() -> None:
    assert keccak256().digest(b"") != hashlib.sha3_256(b"").digest()


def test_sha256_is_the_standard_one() -> None:
    assert SHA256.digest(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_leaf_and_a_branch_hash_the_documented_bytes() -> None:
    left, right = b"\xaa" * 32, b"\xbb" * 32
    assert SHA256.leaf(64, 5, b"value") == hashlib.sha256(bytes.fromhex("0000400000000000000005") + b"value").digest()
    branch = bytes.fromhex("010040003d0000000000000008") + left + right
    assert SHA256.branch(64, 61, 8, left, right) == hashlib.sha256(branch).digest()
    assert SHA256.leaf(9, 256, b"") == hashlib.sha256(bytes.fromhex("0000090100")).digest()


def test_poseidon_packs_a_leaf_and_a_branch_as_documented() -> None:
    hashing = PoseidonHash()
    key = 7 << 128 | 9
    assert int.from_bytes(hashing.leaf(256, key, b"\x01"), "big") == poseidon([256 << 8 | 1 << 24, 7, 9, 1 << 240, 0])
    long = bytes(range(100))
    chunks = [int.from_bytes(long[at : at + 31].ljust(31, b"\x00"), "big") for at in (0, 31, 62, 93)]
    first = poseidon([256 << 8 | 100 << 24, 7, 9, *chunks[:2]])
    assert int.from_bytes(hashing.leaf(256, key, long), "big") == poseidon([2, first, *chunks[2:], 0])
    left, right = (3).to_bytes(32, "big"), (4).to_bytes(32, "big")
    assert int.from_bytes(hashing.branch(256, 12, key, left, right), "big") == poseidon(
        [1 | 256 << 8 | 12 << 24, 7, 9, 3, 4]
    )


@pytest.mark.parametrize("name", HASH_NAMES)
def test_no_two_different_leaves_or_branches_hash_alike(name: str) -> None:
    hashing = hash_named(name)
    values = [b"", b"\x00", b"\x00\x00", b"\x01", bytes(31), bytes(32), bytes(62), bytes(63), bytes(155), bytes(156)]
    digests = [hashing.leaf(bits, key, value) for bits in (8, 16) for key in (0, 1) for value in values]
    children = [hashing.leaf(8, 0, b""), hashing.leaf(8, 1, b"")]
    digests += [
        hashing.branch(bits, depth, prefix, left, right)
        for bits, depth, prefix in ((8, 0, 0), (8, 1, 0), (8, 1, 128), (16, 1, 128))
        for left in children
        for right in children
    ]
    assert len(set(digests)) == len(digests)
    assert all(hashing.is_digest(digest) and any(digest) for digest in digests)


def test_an_element_plus_the_modulus_is_no_digest() -> None:
    hashing = PoseidonHash()
    assert hashing.is_digest((MODULUS - 1).to_bytes(32, "big"))
    assert not hashing.is_digest(MODULUS.to_bytes(32, "big"))
    assert not hashing.is_digest((MODULUS + 5).to_bytes(32, "big"))
    assert not hashing.is_digest(b"\x00" * 31)


def test_every_name_gives_its_hash_function() -> None:
    assert [hash_named(name).name for name in HASH_NAMES] == list(HASH_NAMES)


def test_an_unknown_hash_function_is_refused_with_the_choice() -> None:
    with pytest.raises(BadInput, match=r"'md5'; choose one of sha256, keccak256, poseidon-bn254"):
        hash_named("md5")


def test_without_its_library_keccak_names_the_extra_in_one_line() -> None:
    code = (
        "import sys; sys.modules['Crypto'] = None\n"
        "from settlespec.commitment.hashes import hash_named\n"
        "from settlespec.domain.errors import BadInput\n"
        "try:\n    hash_named('keccak256')\nexcept BadInput as error:\n    print(error)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "Keccak-256 needs pycryptodome; install it with: pip install 'settlespec[keccak]'\n"
