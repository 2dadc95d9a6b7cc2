"""What is known of shapes, kept from one run to the next under the text that it was learnt from.

The key of an entry is a digest of everything that the answer depends on, so that a changed source finds nothing. Only proofs are kept:
what was undecided or refuted is asked again.
"""

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from settlespec.engines.matrix import as_object, from_object, is_final
from settlespec.engines.stepping import Examined

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
        text: the digest of the sources, solver and patience of this run.
    """

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.text = text

    def _place(self, identity: str) -> Path:
        return self.folder / f"{sha256(f'{self.text} {identity}'.encode()).hexdigest()}.json"

    def find(self, identity: str) -> Examined | None:
        """What is kept of a shape; None where nothing is, or something else."""
        try:
            with self._place(identity).open("rb") as file:
                examined = from_object(json.loads(file.read(MOST_BYTES)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return examined if examined.shape == identity and is_final(examined) else None

    def keep(self, examined: Examined) -> None:
        """Keep a proof; a folder that cannot be written keeps nothing, and costs the next run its time."""
        if not is_final(examined):
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
