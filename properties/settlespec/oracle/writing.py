"""Files that are there whole or not at all: written under a temporary name, then renamed."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


class CannotWrite(Exception):
    """The place that the user named for what we write cannot be written to; said in one line."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; whoever looks sees the old one or the new one, never a part.

    Raises:
        CannotWrite: the folder is missing or locked, or the disk is full.
    """
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as partial:
            try:
                partial.write(content)
                partial.flush()
                os.fsync(partial.fileno())
                Path(partial.name).chmod(0o644)
                Path(partial.name).replace(path)
            except BaseException:
                Path(partial.name).unlink(missing_ok=True)
                raise
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
