"""One way into every flow: what the file is, is told by its content."""

from collections.abc import Iterator
from pathlib import Path

from settlespec.flows.fields import Place, shown
from settlespec.flows.l3 import HEADER, l3_messages
from settlespec.flows.lines import numbered_lines
from settlespec.flows.lobster import COLUMNS, lobster_messages, looks_like_lobster
from settlespec.flows.message import FlowMessage, FlowTerms


def read_flow(path: Path, terms: FlowTerms | None = None) -> Iterator[FlowMessage]:
    """The messages of a flow, streamed: memory grows with the orders that rest, never with the file.

    A file of the L3 schema is known by its header, a raw LOBSTER message file by its six columns without one.
    Either may be packed with gzip, which is known by its first bytes.

    Args:
        path: the file.
        terms: its price step and its midnight; prices of every whole unit and a midnight of zero when left out.

    Raises:
        BadInput: with file, line, field and remedy, when the row in question is reached.
        OSError: the file is missing or may not be read.
    """
    agreed = terms if terms is not None else FlowTerms()
    lines = numbered_lines(path)
    number, first = next(lines)
    if first == HEADER:
        yield from l3_messages(lines, str(path), agreed)
    elif looks_like_lobster(first):
        # Opened again by its own reader, which goes over the file twice.
        lines.close()
        yield from lobster_messages(path, agreed)
    else:
        raise Place(str(path), number).refused(
            f"the header is missing: {shown(first)}",
            remedy=f"start with the line {HEADER}, or give a LOBSTER file with the columns {','.join(COLUMNS)}",
        )
