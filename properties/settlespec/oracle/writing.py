"""What we write where the user wants it: whole or not at all, and a place that cannot be written to is told in one line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from settlespec.wire.whole_files import whole_file

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when there is no more room."""


class CannotWrite(Exception):
    """The place that the user named for what we write cannot be written to."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; whoever looks sees the old one or the new one, never a part.

    Raises:
        CannotWrite: the folder is missing or locked, or the disk is full.
    """
    try:
        with whole_file(path) as file:
            file.write(content)
    except OSError as failure:
        raise CannotWrite(f"{path}: cannot be written: {failure.strerror}") from failure


def make_folder(folder: Path) -> None:
    """Make a folder that can be written to, before anything long begins.

    Raises:
        CannotWrite: it is a file, or stands where nothing may be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix=".probe."):
            return
    except OSError as failure:
        raise CannotWrite(f"{folder}: no folder that can be written to: {failure.strerror}") from failure


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """A file is written on the way: its folder is made, and a disk that fills up is told.

    Raises:
        CannotWrite: the path is a folder, or its folder cannot be written to, or the disk is full.
    """
    make_folder(path.parent)
    if path.is_dir():
        raise CannotWrite(f"{path}: cannot be written: it is a folder")
    try:
        yield
    except OSError as failure:
        # Others may fail inside too, such as the flow that is being read; only a full disk is surely about writing.
        if failure.errno not in FULL:
            raise
        raise CannotWrite(f"{path}: cannot be written: {failure.strerror}") from failure
