"""What a hostile sender does to bytes, and the only two answers it may get."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from settlespec.commitment.encoding import Refused

Value = TypeVar("Value")


def spoiled(data: bytes) -> Iterator[bytes]:
    """Every bit flipped, every byte replaced by a border value, removed, doubled; every truncation; something appended."""
    for place, byte in enumerate(data):
        for other in {byte ^ 1 << bit for bit in range(8)} | {0x00, 0x7F, 0x80, 0xFF} - {byte}:
            yield data[:place] + bytes([other]) + data[place + 1 :]
        yield data[:place] + data[place + 1 :]
        yield data[:place] + bytes([byte]) + data[place:]
        yield data[:place]
    for tail in (b"\x00", b"\x01", b"\x80", b"\xff"):
        yield data + tail


def assert_canonical(decode: Callable[[bytes], Value], encode: Callable[[Value], bytes], data: bytes) -> Value | None:
    """The bytes are refused, or they are the one encoding of what they decode to; None when refused."""
    try:
        value = decode(data)
    except Refused:
        return None
    assert encode(value) == data
    return value


def assert_spoiled_never_passes(
    decode: Callable[[bytes], Value], encode: Callable[[Value], bytes], data: bytes
) -> tuple[int, int]:
    """No spoiled copy decodes to the same value; how many were refused and how many were another value."""
    original = decode(data)
    assert encode(original) == data
    refused = other = 0
    for hostile in spoiled(data):
        if hostile == data:
            continue
        value = assert_canonical(decode, encode, hostile)
        if value is None:
            refused += 1
        else:
            assert value != original
            other += 1
    return refused, other
