"""What is known of shapes, kept from one run to the next under the text that it was learnt from.

The key of an entry is a digest of everything that the answer depends on, so that a changed source finds nothing. Only proofs are kept:
what was undecided or refuted is asked again. What an entry says is read as anything from outside is, and its witness is run through the
real step again; that the other amounts were proved is believed.
"""

import json
import math
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from settlespec.domain.outcomes import Accepted
from settlespec.engines.kept_files import BadEntry, content_of
from settlespec.engines.matrix import as_object, from_object, is_final
from settlespec.engines.rehearsing import NotOfTheShape, rehearse
from settlespec.engines.stepping import Examined
from settlespec.shapes.statement import shape_called
from settlespec.wire.whole_files import whole_file

MOST_BYTES: Final = 1_000_000
"""A longer file is none of ours."""


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
            examined = from_object(json.loads(content_of(self._place(identity), MOST_BYTES)))
        except (BadEntry, OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return None
        return examined if examined.shape == identity and _is_shown(examined) else None

    def keep(self, examined: Examined) -> None:
        """Keep a proof, unless its text changed while it was sought.

        A folder that cannot be written keeps nothing, and costs the next run its time.
        """
        if not is_final(examined) or self._digest() != self.text:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(self._place(examined.shape)) as file:
                file.write(json.dumps(as_object(examined), sort_keys=True).encode())


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
