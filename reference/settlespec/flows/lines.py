"""Numbered lines of text."""

from collections.abc import Generator
from pathlib import Path
from typing import Final

from settlespec.domain.errors import BadInput
from settlespec.wire.lines import raw_lines

MAX_LINE_BYTES: Final = 2**16
"""A row has fewer than 150 bytes; the rest lets an overlong number be named by its field instead of by its line."""


def numbered_lines(path: Path) -> Generator[tuple[int, str]]:
    """The lines of a flow file without their ends, the first being 1.

    Raises:
        BadInput: a directory, an empty file, a broken gzip, a line that is too long or is not text.
        OSError: the file is missing or may not be read.
    """
    file = str(path)
    for number, raw in raw_lines(path, MAX_LINE_BYTES):
        yield number, _text(raw, file, number)


def _text(raw: bytes, file: str, number: int) -> str:
    if b"\0" in raw:
        raise BadInput("the line holds a NUL byte", file=file, line=number, remedy="give text, not a binary file")
    try:
        return raw.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("the line is not UTF-8", file=file, line=number, remedy="convert the file to UTF-8") from error
