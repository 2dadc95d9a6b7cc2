"""Files in which answers are kept from one run to the next, read as anything from outside is; `wire.whole_files` writes them."""

import os
from pathlib import Path
from stat import S_ISREG


class BadEntry(Exception):
    """A file of a cache that says nothing that could be believed."""


def content_of(path: Path, most: int) -> bytes:
    """The bytes of an entry.

    Args:
        path: of the file; a pipe in its place keeps nobody waiting.
        most: bytes that an entry may have.

    Raises:
        FileNotFoundError: there is none.
        BadEntry: it is no regular file, cannot be read, or is too long.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            if not S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadEntry("no regular file")
            content = file.read(most + 1)
    except FileNotFoundError:
        raise
    except OSError as failure:
        raise BadEntry(str(failure.strerror)) from failure
    if len(content) > most:
        raise BadEntry(f"longer than {most:,} bytes")
    return content
