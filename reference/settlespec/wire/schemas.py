"""JSON Schemas of everything on the wire, made from the types that read it: ``python -m settlespec.wire.schemas DIR``."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from settlespec.wire.answers import ANSWERS, EVENTS
from settlespec.wire.codec import Codec
from settlespec.wire.operations import OPERATIONS
from settlespec.wire.states import GENESES, STATES
from settlespec.wire.traces import TRACE_LINES

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: Final[dict[str, tuple[Codec[Any], str]]] = {
    "operation": (OPERATIONS, "What can be asked of the exchange."),
    "event": (EVENTS, "What an accepted operation did."),
    "answer": (
        ANSWERS,
        "What the exchange answers: the events of an accepted operation, or the reason of a rejection.",
    ),
    "state": (
        STATES,
        "The whole state of the exchange; ladders of books and of holders are left out, as the rest says them.",
    ),
    "genesis": (GENESES, "What a deployment fixes before its first operation."),
    "trace-line": (TRACE_LINES, "A line of a trace: one header, then steps and checkpoints, then one footer."),
}
"""By the name of the file. Beyond a schema, the encoding is canonical: keys sorted and once each, no white space."""


def schema(name: str) -> dict[str, Any]:
    """The schema of one type."""
    codec, description = SCHEMAS[name]
    return {"$schema": DIALECT, "title": name, "description": description, **msgspec.json.schema(codec.wire)}


def schema_text(name: str) -> str:
    """The content of the schema's file."""
    return json.dumps(schema(name), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in SCHEMAS:
        path = folder / f"{name}.json"
        path.write_text(schema_text(name), encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m settlespec.wire.schemas DIR")
    write_schemas(Path(sys.argv[1]))
