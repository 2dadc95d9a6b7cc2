"""Canonical JSON of one type: exactly one accepted encoding of each value, written and read in bounded work."""

from typing import Any, Generic, TypeVar

import msgspec

from settlespec.domain.errors import Malformed
from settlespec.wire.shapes import BYTES_PATTERN, INTEGER_PATTERN, Shape, shape_of

Content = TypeVar("Content")

REMEDIES = (
    (
        repr(INTEGER_PATTERN),
        "write integers as decimal strings of at most 100 digits, without leading zeros, plus or -0",
    ),
    (repr(BYTES_PATTERN), "write bytes as lower-case hexadecimal, two digits each"),
    ("got `int`", "write integers as decimal strings"),
    ("got `float`", "there are no fractions: write integers as decimal strings"),
    ("missing required field", "give every field, and null where there is nothing"),
    ("unknown field", "leave it out; the schema names every field"),
    ("Invalid value", "the schema names every type"),
    ("Invalid enum value", "the schema names every value"),
)
"""What to do about a message of the decoder, by what it contains."""

SHOWN_CHARACTERS = 200
"""A message may quote a value of somebody else's; no more of it than this is repeated."""

CANONICAL = "write keys sorted and once each, no white space, no escapes that are not needed"


class Codec(Generic[Content]):
    """Writes and reads one type.

    Args:
        annotation: the type, which may be a union of records.
        name: what an error message calls a value.
        max_bytes: a longer text is refused unread.
        ranged: whether an integer outside its declared range is malformed.
    """

    def __init__(self, annotation: Any, *, name: str, max_bytes: int, ranged: bool = False) -> None:
        self.name = name
        self.max_bytes = max_bytes
        shape: Shape = shape_of(annotation, ranged=ranged)
        self.wire = shape.wire
        """The type that msgspec reads and makes the schema from."""
        if shape.write is None or shape.read is None:
            raise TypeError(f"{annotation} is no record and no union of records")
        self._write, self._read = shape.write, shape.read
        self._encoder = msgspec.json.Encoder(order="sorted")
        self._decoder = msgspec.json.Decoder(shape.wire)

    def encode(self, value: Content) -> bytes:
        """The canonical bytes.

        Raises:
            ValueError: an integer has more digits than any reader takes.
        """
        return self._encoder.encode(self._write(value))

    def decode(self, text: bytes) -> Content:
        """The value of canonical bytes.

        Raises:
            Malformed: with the path of the field and a remedy.
        """
        if len(text) > self.max_bytes:
            raise Malformed(f"{self.name} of {len(text)} bytes", remedy=f"use at most {self.max_bytes} bytes")
        value: Content = self._read(self._parse(text))
        again = self.encode(value)
        if again != text:
            place = next((at for at, pair in enumerate(zip(text, again, strict=False)) if pair[0] != pair[1]), None)
            at = min(len(text), len(again)) if place is None else place
            raise Malformed(f"{self.name} leaves the canonical form at byte {at}", remedy=CANONICAL)
        return value

    def _parse(self, text: bytes) -> Any:
        try:
            return self._decoder.decode(text)
        except msgspec.ValidationError as fault:
            raise _invalid(str(fault)) from fault
        except msgspec.DecodeError as fault:
            raise Malformed(f"{self.name} is not JSON: {fault}", remedy="write one JSON object") from fault
        except UnicodeDecodeError as fault:
            raise Malformed(f"{self.name} is not UTF-8", remedy="write it in UTF-8") from fault
        except RecursionError as fault:
            raise Malformed(f"{self.name} is nested too deeply", remedy="the schema shows the nesting") from fault


def _invalid(message: str) -> Malformed:
    """The decoder's message as a problem, a path and a remedy."""
    problem, _, place = message.partition(" - at `")
    path = place.rpartition("$")[2].strip("`").lstrip(".")
    if place.startswith("key` in `"):
        path = f"key of {path}"
    remedy = next((remedy for part, remedy in REMEDIES if part in message), "compare with the schema")
    return Malformed(_shown(problem.replace("`", "'")), field=_shown(path) or None, remedy=remedy)


def _shown(text: str) -> str:
    """What a terminal may be given of somebody else's text: short, and no control characters."""
    short = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
    return "".join(character if character.isprintable() else "?" for character in short)
