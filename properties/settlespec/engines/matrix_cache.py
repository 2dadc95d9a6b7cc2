"""What is known of shapes, kept from one run to the next under the text that it was learnt from.

The key of an entry is a digest of everything that the answer depends on, so that a changed source finds nothing. Only proofs are kept:
what was undecided or refuted is asked again. What an entry says is read as anything from outside is, and its witness is run through the
real step again; that the other amounts were proved is believed.
"""

import json
import math
import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Final

from settlespec.domain.outcomes import Accepted
from settlespec.engines.matrix import as_object, from_object, is_final
from settlespec.engines.rehearsing import NotOfTheShape, rehearse
from settlespec.engines.stepping import Examined
from settlespec.shapes.statement import shape_called

MOST_BYTES: Final = 1_000_000
"""A longer file is none of ours."""


def usual_folder() -> Path:
    """Where an account keeps what can be made again."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "settlespec" / "matrix"


class MatrixCache:
    """A folder of answers.

    Args:
        folder: made when something is kept.
        text: gives the digest of sources, versions and patience as they stand now; what is found and kept is about the first.
    """

    def __init__(self, folder: Path, text: Callable[[], str]) -> None:
        self.folder = folder
        self._digest = text
        self.text = text()

    def _place(self, identity: str) -> Path:
        return self.folder / f"{sha256(f'{self.text} {identity}'.encode()).hexdigest()}.json"

    def find(self, identity: str) -> Examined | None:
        """What is kept of a shape; None where nothing is, or what does not show that it is a proof."""
        try:
            examined = from_object(json.loads(_content(self._place(identity))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return None
        return examined if examined.shape == identity and _is_shown(examined) else None

    def keep(self, examined: Examined) -> None:
        """Keep a proof, unless its text changed while it was sought.

        A folder that cannot be written keeps nothing, and costs the next run its time.
        """
        if not is_final(examined) or self._digest() != self.text:
            return
        place = self._place(examined.shape)
        partial = place.with_suffix(f".{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(as_object(examined), sort_keys=True), encoding="utf-8")
            partial.replace(place)
        except OSError:
            with suppress(OSError):
                partial.unlink()


def _content(place: Path) -> bytes:
    """The bytes of an entry; a pipe in its place keeps nobody waiting.

    Raises:
        OSError, ValueError: it is no file of ours.
    """
    with os.fdopen(os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("no regular file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"longer than {MOST_BYTES:,} bytes")
    return content


def _is_shown(examined: Examined) -> bool:
    """Whether an entry says that everything is proved, without trouble, and the real step accepts its witness and breaks nothing."""
    counts = (examined.checks, *examined.rejected.values(), *(each.ways for each in examined.standings.values()))
    if not (
        is_final(examined)
        and examined.trouble == ""
        and examined.accepted >= 1
        and all(count >= 0 for count in counts)
        and math.isfinite(examined.seconds)
        and examined.seconds >= 0
    ):
        return False
    try:
        rehearsal = rehearse(shape_called(examined.shape), examined.witness)
    except (NotOfTheShape, KeyError):
        return False
    return isinstance(rehearsal.outcome, Accepted) and not rehearsal.violations
