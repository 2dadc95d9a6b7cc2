"""Numbered lines of a file, plain or gzip, in bounded memory and bounded work."""

import zlib
from collections.abc import Generator, Iterator
from gzip import BadGzipFile, GzipFile
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final

from settlespec.domain.errors import BadInput

CHUNK_BYTES: Final = 2**16
"""Bytes asked for at once: larger chunks save no time."""

MAX_LINE_BYTES: Final = 2**16
"""A row has fewer than 150 bytes; the rest lets an overlong number be named by its field instead of by its line."""

MAX_EXPANSION: Final = 200
"""Bytes out of a gzip file for one byte in: order flow has 8 to 20, a file made to exhaust its reader up to 1,032."""

FREE_EXPANSION_BYTES: Final = 2**24
"""Below 16 MiB the expansion is not looked at: a short file may repeat itself."""

GZIP_MAGIC: Final = b"\x1f\x8b"


def numbered_lines(path: Path) -> Generator[tuple[int, str]]:
    """The lines of a file without their ends, the first being 1.

    Gzip is recognised by its first two bytes and never by the name of the file.

    Raises:
        BadInput: a directory, an empty file, a broken gzip, a line that is too long or is not text.
        OSError: the file is missing or may not be read.
    """
    file = str(path)
    number = 0
    pending = b""
    for chunk in _chunks(path):
        if isinstance(chunk, BadInput):
            raise BadInput(chunk.problem, file=file, line=number + 1, remedy=chunk.remedy) from chunk.__cause__
        *complete, pending = (pending + chunk).split(b"\n")
        for raw in complete:
            number += 1
            yield number, _text(raw, file, number)
        if len(pending) > MAX_LINE_BYTES:
            raise _line_too_long(file, number + 1)
    if pending:
        number += 1
        yield number, _text(pending, file, number)
    if number == 0:
        raise BadInput("the file is empty", file=file, line=1, remedy="give a file with at least one row")


def _chunks(path: Path) -> Iterator[bytes | BadInput]:
    """Pieces of the unpacked content; a fault of the packing comes last, for its reader to say at which line."""
    try:
        with _CountedReader(path.open("rb", buffering=0)) as packed:
            if packed.peek(2)[:2] == GZIP_MAGIC:
                yield from _unpacked(packed)
            else:
                while chunk := packed.read1(CHUNK_BYTES):
                    yield chunk
    except IsADirectoryError as error:
        raise BadInput("a directory, not a file", file=str(path), remedy="name one of the files in it") from error


class _CountedReader(BufferedReader):
    """Knows how much was taken from it, which a pipe cannot tell."""

    def __init__(self, raw: FileIO) -> None:
        super().__init__(raw)
        self.taken_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to so many bytes, counted."""
        taken = super().read(size)
        self.taken_bytes += len(taken)
        return taken


def _unpacked(packed: _CountedReader) -> Iterator[bytes | BadInput]:
    unpacked_bytes = 0
    with GzipFile(fileobj=packed, mode="rb") as unpacked:
        while True:
            try:
                # read1: what was unpacked before a fault is still handed over, so that the fault gets its line.
                chunk = unpacked.read1(CHUNK_BYTES)
            except EOFError as error:
                yield _broken("the gzip data end too early", "fetch the file again, it was cut off", error)
                return
            except (BadGzipFile, zlib.error) as error:
                yield _broken("the gzip data are corrupt", "fetch the file again and compare its digest", error)
                return
            if not chunk:
                return
            unpacked_bytes += len(chunk)
            # Unpacking reads ahead of what it hands over, so the quotient errs to the file's favour.
            if unpacked_bytes > FREE_EXPANSION_BYTES and unpacked_bytes > MAX_EXPANSION * packed.taken_bytes:
                problem = f"the gzip data unpack to more than {MAX_EXPANSION} times their size"
                yield _broken(problem, "unpack it yourself if you trust it, and give the plain file", None)
                return
            yield chunk


def _broken(problem: str, remedy: str, cause: Exception | None) -> BadInput:
    fault = BadInput(problem, remedy=remedy)
    fault.__cause__ = cause
    return fault


def _text(raw: bytes, file: str, number: int) -> str:
    if len(raw) > MAX_LINE_BYTES:
        raise _line_too_long(file, number)
    if b"\0" in raw:
        raise BadInput("the line holds a NUL byte", file=file, line=number, remedy="give text, not a binary file")
    try:
        return raw.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("the line is not UTF-8", file=file, line=number, remedy="convert the file to UTF-8") from error


def _line_too_long(file: str, number: int) -> BadInput:
    problem = f"the line is longer than {MAX_LINE_BYTES} bytes"
    return BadInput(problem, file=file, line=number, remedy="give one row a line")
