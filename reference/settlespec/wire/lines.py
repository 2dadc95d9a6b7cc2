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

MAX_EXPANSION: Final = 200
"""Bytes out of a gzip file for one byte in: order flow has 8 to 20, a file made to exhaust its reader up to 1,032."""

FREE_EXPANSION_BYTES: Final = 2**24
"""Below 16 MiB the expansion is not looked at: a short file may repeat itself."""

GZIP_MAGIC: Final = b"\x1f\x8b"


def raw_lines(path: Path, max_line_bytes: int) -> Generator[tuple[int, bytes]]:
    """The lines of a file without their line feeds, the first being 1.

    Gzip is recognised by its first two bytes and never by the name of the file.

    Raises:
        BadInput: a directory, an empty file, a broken gzip, a line that is too long.
        OSError: the file is missing or may not be read.
    """
    file = str(path)
    number = 0
    pending: list[bytes] = []
    pending_bytes = 0
    for chunk in _chunks(path):
        if isinstance(chunk, BadInput):
            raise BadInput(chunk.problem, file=file, line=number + 1, remedy=chunk.remedy) from chunk.__cause__
        first, *rest = chunk.split(b"\n")
        pending.append(first)
        pending_bytes += len(first)
        if pending_bytes > max_line_bytes:
            raise _line_too_long(file, number + 1, max_line_bytes)
        if not rest:
            continue
        number += 1
        yield number, b"".join(pending)
        *complete, last = rest
        for line in complete:
            number += 1
            if len(line) > max_line_bytes:
                raise _line_too_long(file, number, max_line_bytes)
            yield number, line
        pending = [last]
        pending_bytes = len(last)
    if pending_bytes:
        number += 1
        if pending_bytes > max_line_bytes:
            raise _line_too_long(file, number, max_line_bytes)
        yield number, b"".join(pending)
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
    except OSError as error:
        # A fault while reading, of a disk or a network, does not say where it happened.
        if error.filename is None:
            error.filename = str(path)
        raise


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


def _line_too_long(file: str, number: int, max_line_bytes: int) -> BadInput:
    problem = f"the line is longer than {max_line_bytes} bytes"
    return BadInput(problem, file=file, line=number, remedy="give one row a line")
