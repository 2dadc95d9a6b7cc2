"""What we write where the user wants it: whole or not at all, and a place that cannot be written to is told in one line."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from tempfile import NamedTemporaryFile
from typing import Final

from settlespec.wire.whole_files import whole_file

PAGE: Final = "index.html"
"""The file that an audit writes into the folder of --out."""

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


def place_of(path: Path) -> Path:
    """Where a file that is written to a path comes to stand: links are followed, as a shell would.

    Raises:
        CannotWrite: a folder, a device or a pipe stands there, which a file must not replace; or nothing can.
    """
    try:
        place = Path(os.path.realpath(path))
        if not S_ISREG(place.stat().st_mode):
            kind = "a folder" if place.is_dir() else "no regular file"
            raise CannotWrite(f"{path}: cannot be written: it is {kind}")
    except (FileNotFoundError, NotADirectoryError) as missing:
        # Nothing stands there; whether something can is seen when its folder is made.
        if missing.filename is None:
            raise CannotWrite(f"{path}: cannot be written: the working folder is gone") from missing
    except OSError as failure:
        raise CannotWrite(f"{path}: cannot be written: {failure.strerror}") from failure
    return place


def keep_apart(flow: Path | None, record: Path | None, folder: Path | None) -> None:
    """What is read is not written over, and two things are not written to one place.

    Raises:
        CannotWrite: two of them are one, or one of them cannot be written at all.
    """
    written = [path for path in (record, None if folder is None else folder / PAGE) if path is not None]
    places = [place_of(path) for path in written]
    read = None if flow is None else Path(os.path.realpath(flow))
    for path, place in zip(written, places, strict=True):
        if place == read or (read is not None and read.exists() and place.exists() and place.samefile(read)):
            raise CannotWrite(f"{path}: cannot be written: it is the flow that is read")
    if len(set(places)) < len(places):
        raise CannotWrite(f"{record}: cannot be written: the page of --out comes to stand there")


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """A file is written on the way: its folder is made, and a disk that fills up is told.

    Raises:
        CannotWrite: something that is no file stands there, or its folder cannot be written to, or the disk is full.
    """
    place = place_of(path)
    make_folder(place.parent)
    try:
        yield
    except OSError as failure:
        # Others may fail inside too, such as the flow that is being read; only a full disk is surely about writing.
        if failure.errno not in FULL:
            raise
        raise CannotWrite(f"{path}: cannot be written: {failure.strerror}") from failure
