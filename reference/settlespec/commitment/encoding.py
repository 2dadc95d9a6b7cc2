"""Compact canonical bytes: every value has exactly one accepted encoding (rules BYTES-1 to BYTES-3).

Unsigned integers are LEB128 without leading zero groups; signed ones are folded to unsigned first (0, -1, 1, -2 become 0, 1, 2, 3).
Whatever else a hostile byte string may hold is a `Refused`, and never another exception.
"""

from enum import StrEnum
from typing import Final

MAX_BITS: Final = 192
"""Widest integer on the wire: a cost of MAX_POSITION lots at MAX_PRICE needs 81 bits, an amount 97; room for sums of many."""

MAX_LENGTH: Final = 2**63 - 1
"""Most entries of a list whose length is committed; what a program can count."""


class Refusal(StrEnum):
    """Why bytes are not an encoding."""

    TRUNCATED = "the bytes end inside a value"
    PAST_THE_END = "a length runs past the end of the bytes, as where they were cut off"
    NOT_MINIMAL = "an integer is written with a superfluous zero group"
    TOO_LARGE = "an integer is wider than any quantity"
    OUT_OF_RANGE = "a value leaves its range"
    UNKNOWN_TAG = "a tag that stands for nothing"
    NOT_SORTED = "keys are not in rising order"
    SUPERFLUOUS = "an entry says what is so without it"
    TRAILING = "bytes are left over"
    UNKNOWN_KEY = "a leaf of something that does not exist"
    DISAGREES = "a count, a total or a name that other leaves contradict"


class Refused(Exception):
    """The bytes are not the encoding of anything, for a stated reason."""

    def __init__(self, refusal: Refusal, at: int) -> None:
        super().__init__(f"byte {at}: {refusal.value}")
        self.refusal = refusal
        self.at = at
        """Offset of the byte at which it was noticed."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Refused, (self.refusal, self.at))


class Writer:
    """Bytes in the making."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def unsigned(self, value: int) -> None:
        """BYTES-1: an integer >= 0 in groups of seven bits, lowest first; every group but the last has its top bit set."""
        write = self._bytes.append
        if 0 <= value < 128:
            # Most integers of a leaf are differences of one byte.
            write(value)
            return
        if not 0 <= value < 1 << MAX_BITS:
            raise ValueError(f"{value} is no unsigned integer of {MAX_BITS} bits")
        while value > 127:
            write(value & 127 | 128)
            value >>= 7
        write(value)

    def signed(self, value: int) -> None:
        """BYTES-2: a signed integer, folded so that small magnitudes of either sign are short."""
        self.unsigned(2 * value if value >= 0 else -2 * value - 1)

    def flag(self, value: bool) -> None:
        """One byte, 0 or 1."""
        self._bytes.append(1 if value else 0)

    def text(self, value: bytes) -> None:
        """BYTES-3: a byte string behind its length."""
        self.unsigned(len(value))
        self._bytes += value

    def raw(self, value: bytes) -> None:
        """Bytes whose length is known from elsewhere."""
        self._bytes += value

    def finish(self) -> bytes:
        """What was written."""
        return bytes(self._bytes)


class Reader:
    """Bytes that somebody else wrote."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at(self) -> int:
        """How far reading has come."""
        return self._at

    def left(self) -> int:
        """Bytes that are not read yet: an upper bound of any count of entries, so that hostile counts cost nothing."""
        return len(self._data) - self._at

    def refuse(self, refusal: Refusal) -> Refused:
        """The refusal at this place, to be raised."""
        return Refused(refusal, self._at)

    def unsigned(self, limit: int = 2**MAX_BITS - 1) -> int:
        """Read by BYTES-1 an integer in [0, limit]."""
        data, at = self._data, self._at
        if at < len(data) and data[at] < 128 and data[at] <= limit:
            self._at = at + 1
            return data[at]
        value = shift = 0
        while True:
            if at >= len(data):
                raise Refused(Refusal.TRUNCATED, at)
            group = data[at]
            at += 1
            value |= (group & 127) << shift
            shift += 7
            if group < 128:
                break
            if shift > MAX_BITS:
                raise Refused(Refusal.TOO_LARGE, at)
        if group == 0 and shift > 7:
            raise Refused(Refusal.NOT_MINIMAL, at)
        if value > limit:
            raise Refused(Refusal.OUT_OF_RANGE, at)
        self._at = at
        return value

    def signed(self) -> int:
        """Read by BYTES-2."""
        folded = self.unsigned()
        return -((folded + 1) >> 1) if folded & 1 else folded >> 1

    def flag(self) -> bool:
        """One byte, 0 or 1."""
        return bool(self.unsigned(1))

    def count(self) -> int:
        """How many entries follow, each at least one byte."""
        return self.length()

    def text(self) -> bytes:
        """Read by BYTES-3."""
        return self.raw(self.length())

    def length(self, beyond: int = 0) -> int:
        """A number of entries or bytes that follow.

        Args:
            beyond: by how much the number may say more than there are.
        """
        most = self.left() + beyond
        number = self.unsigned()
        if number > most:
            raise self.refuse(Refusal.PAST_THE_END)
        return number

    def raw(self, length: int) -> bytes:
        """Bytes whose length is known from elsewhere."""
        if length > self.left():
            raise self.refuse(Refusal.TRUNCATED)
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken

    def end(self) -> None:
        """Nothing may be left."""
        if self.left():
            raise self.refuse(Refusal.TRAILING)
