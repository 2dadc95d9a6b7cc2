"""Batches as files: exactly the bytes that `docs/batches.md` and `docs/witness.md` define, one file for each part.

```text
genesis.json         the deployment, as wire writes it
000001.header        the header
000001.log           the three bodies
000001.state-diff
000001.exit-diff
000001.proof         the proof by witness: the log with its signatures, and its witness
```
"""

from pathlib import Path
from typing import Final

from settlespec.commitment.batch import Body
from settlespec.commitment.header import encode_header
from settlespec.oracle.writing import CannotWrite, make_folder, write_whole
from settlespec.proofs.interface import Deployment
from settlespec.proofs.witnessed import WitnessProofs
from settlespec.settlement.driven import DrivenRollup
from settlespec.settlement.soft_chain import Sealed
from settlespec.wire.states import encode_genesis

GENESIS: Final = "genesis.json"
HEADER: Final = ".header"
PROOF: Final = ".proof"
SUFFIXES: Final = {body: f".{body.value}" for body in Body}
"""Of the file of each body."""


def room_for_batches(folder: Path) -> None:
    """Make a folder for the batches of one run, before anything long begins: those of two would look like one chain.

    Raises:
        CannotWrite: it cannot be written to, or a batch or a genesis stands in it already.
    """
    make_folder(folder)
    parts = (HEADER, *SUFFIXES.values(), PROOF)
    older = sorted(entry.name for entry in folder.iterdir() if entry.name == GENESIS or entry.suffix in parts)
    if older:
        others = f" and {len(older) - 1:,} more" if len(older) > 1 else ""
        problem = (
            f"it holds files of another run ({older[0]}{others}); name a folder without batches, or empty this one"
        )
        raise CannotWrite(f"{folder}: no folder for --batches: {problem}")


class BatchFiles:
    """A follower that writes every sealed batch into a folder."""

    def __init__(self, folder: Path, deployment: Deployment) -> None:
        room_for_batches(folder)
        self._folder = folder
        self._proofs = WitnessProofs(deployment)
        write_whole(folder / GENESIS, encode_genesis(deployment.genesis))

    def sealed(self, sealed: Sealed) -> None:
        """A batch was sealed."""
        header = sealed.header
        stem = f"{header.number:06}"
        write_whole(self._folder / f"{stem}{HEADER}", encode_header(header))
        for body, suffix in SUFFIXES.items():
            write_whole(self._folder / f"{stem}{suffix}", sealed.batch.bodies[body])
        write_whole(self._folder / f"{stem}{PROOF}", self._proofs.prove(sealed.batch, sealed.last))

    def block(self, _: DrivenRollup) -> None:
        """Blocks bring no batch of ours."""
