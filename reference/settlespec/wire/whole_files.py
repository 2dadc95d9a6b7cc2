"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import GzipFile
from io import BufferedWriter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Final

COMPRESSION: Final = 6
"""Level of gzip: a trace shrinks to about a tenth; higher levels gain little and cost much."""

PACKED_BUFFER_BYTES: Final = 2**16
"""Lines are handed to gzip in pieces of this size, as each handing over costs about a microsecond."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, gzip if its name ends in ``.gz``; it appears under its name when the context ends well, else not at all.

    A link is followed: what it points to is written, and it stays a link.

    Raises:
        OSError: the folder is missing or locked, or the disk is full.
    """
    place = Path(os.path.realpath(path))
    # The name of the partial file has one length: that of the file may be as long as a name can be.
    with NamedTemporaryFile(dir=place.parent, prefix=".partial.", delete=False) as partial:
        try:
            if path.suffix == ".gz":
                # No name and no time in the gzip header: the same content gives the same bytes.
                with (
                    GzipFile("", "wb", COMPRESSION, partial, mtime=0) as packed,
                    BufferedWriter(packed, PACKED_BUFFER_BYTES) as buffered,
                ):
                    yield buffered
            else:
                yield partial
            partial.flush()
            os.fsync(partial.fileno())
            Path(partial.name).chmod(0o644)
            Path(partial.name).replace(place)
        except BaseException:
            Path(partial.name).unlink(missing_ok=True)
            raise
