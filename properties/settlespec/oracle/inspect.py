"""``settlespec inspect``: a batch in words: its header, its operations, what it changed, and how many bytes say so."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from attrs import fields

from settlespec.commitment.batch import Body
from settlespec.commitment.header import Header
from settlespec.domain.instruments import Instrument
from settlespec.machine.signatures import Ed25519, Ideal
from settlespec.oracle.audit import drawn
from settlespec.oracle.auditing import SCHEMES
from settlespec.oracle.batch_files import GENESIS, HEADER, PROOF, SUFFIXES
from settlespec.oracle.batch_reading import ReadBatch, read_batch
from settlespec.oracle.consoles import page_console
from settlespec.oracle.edition import version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.leaf_words import leaf_in_numbers, leaf_in_words
from settlespec.oracle.option_types import NamedPath
from settlespec.oracle.plain_tables import Column, PlainTable, count
from settlespec.oracle.report import Report, Row, Verdict, report_format
from settlespec.oracle.words import holdings_in_words, operation_in_words
from settlespec.wire.operations import encode_operation

MEANINGS: Final = {
    "chain": "the base layer",
    "rollup": "the deployment on it",
    "number": "the first batch is number 1",
    "previous_root": "of the state before",
    "new_root": "of the state after",
    "time_before": "ms",
    "time_after": "ms",
    "received_before": "messages so far",
    "received_after": "messages so far",
    "taken_after": "of them carried out or refused",
    "inbox_before": "hash chain of the messages",
    "inbox_after": "",
    "outbox_before": "hash chain of the claims",
    "outbox_after": "",
    "data_before": "hash chain of the published bodies",
    "data_after": "",
    "operations": "commitment to the log",
    "at_rest": "whether no round is open: only then is the new root an exit root",
}
"""What each field of a header is."""

PARTS: Final = {
    HEADER: "header",
    SUFFIXES[Body.LOG]: "operation log, signed",
    SUFFIXES[Body.STATE_DIFF]: "state diff",
    SUFFIXES[Body.EXIT_DIFF]: "exit diff",
    PROOF: "proof by witness",
}
"""The files of a batch, and what people call them."""

NOT_TIED: Final = "not tied to this header: another body was published, and no proof stands here"
"""Of a diff that may be that of another batch."""


@click.command(name="inspect")
@click.argument("batch", type=NamedPath())
@click.option("--genesis", type=NamedPath(), help=f"The deployment; by default {GENESIS} beside the batch.")
@click.option("--signatures", type=click.Choice(SCHEMES), default="ideal", show_default=True)
@report_format
def command(batch: Path, genesis: Path | None, signatures: str, report_format: str) -> ExitCode:
    """Print a BATCH in words.

    BATCH is the file of a header, as `settlespec audit --batches DIR` writes it; bodies and proof are found beside it. A proof is checked,
    and only with one can operations and the exit diff be told, as their numbers are differences to the state before.
    """
    started = time.monotonic()
    scheme = Ed25519() if signatures == "ed25519" else Ideal()
    read = read_batch(batch, genesis, scheme)
    if report_format == "json":
        click.echo(report_of(read, time.monotonic() - started).to_json(indent=2))
    else:
        console = page_console()
        for table in inspected(read):
            console.print(drawn(table, console.width))
            console.print()
    return ExitCode.HOLDS


def inspected(read: ReadBatch) -> Iterator[PlainTable]:
    """Every table of a batch."""
    header, listed = read.header, listed_in(read)
    rows = tuple((name.replace("_", " "), value, MEANINGS[name]) for name, value in shown_fields(header))
    columns = (Column("field"), Column("value"), Column("", wraps=True, optional=True))
    yield PlainTable(f"Batch {header.number}", columns, rows)
    yield _sizes(read)
    numbered = (Column("number", figures=True), Column("in words", wraps=True))
    if read.shown is not None:
        lines = map(operation_in_words, read.shown.execution.operations)
        yield PlainTable("Operations", numbered, _numbered(lines))
    if read.changed is not None:
        leaves = sorted(read.changed.items(), key=lambda entry: (entry[0].part, entry[0].book, entry[0].key))
        note = "" if SUFFIXES[Body.STATE_DIFF] in read.tied else f"This diff is {NOT_TIED}."
        yield PlainTable(
            "Changed leaves", numbered, _numbered(leaf_in_words(leaf, data, listed) for leaf, data in leaves), note
        )
    if read.left is not None:
        owners = (f"account {name}: {holdings_in_words(held)}" for name, held in sorted(read.left.items()))
        yield PlainTable("Who can leave with what", numbered, _numbered(owners))


def listed_in(read: ReadBatch) -> dict[int, Instrument]:
    """The instruments of the deployment, where it is known."""
    return {} if read.genesis is None else {terms.id: terms for terms in read.genesis.instruments}


def _numbered(lines: Iterator[str]) -> tuple[tuple[str, ...], ...]:
    return tuple((count(number), line) for number, line in enumerate(lines, 1))


def shown_fields(header: Header) -> Iterator[tuple[str, str]]:
    """The fields of a header as text."""
    for place in fields(Header):
        value = getattr(header, place.name)
        if isinstance(value, bytes):
            yield place.name, value.hex()
        else:
            yield place.name, str(value).lower() if isinstance(value, bool) else count(value)


def _sizes(read: ReadBatch) -> PlainTable:
    rows = tuple(
        (name, count(read.sizes[suffix]) if suffix in read.sizes else "-", told(read, suffix))
        for suffix, name in PARTS.items()
    )
    columns = (Column("part"), Column("bytes", figures=True), Column("", wraps=True))
    return PlainTable("Sizes", columns, rows)


def status(read: ReadBatch, suffix: str) -> str:
    """How far a part is known to be one of this batch."""
    if suffix not in read.sizes:
        return "absent"
    return "read" if suffix in read.tied else "not tied"


def told(read: ReadBatch, suffix: str) -> str:
    """What is known of a part."""
    if suffix not in read.sizes:
        return "not there"
    said = content(read, suffix)
    return said if suffix in read.tied else f"{NOT_TIED}; {said}"


def content(read: ReadBatch, suffix: str) -> str:
    """What a part that is there says."""
    shown = read.shown
    if suffix == PROOF and shown is not None:
        return (
            f"leads from the previous root to the new one: a log of {len(shown.log):,} bytes, {shown.claims:,} leaves, "
            f"a multiproof of {shown.multiproof:,} bytes; published was the {PARTS[SUFFIXES[shown.published]]}"
        )
    if suffix == SUFFIXES[Body.STATE_DIFF] and read.changed is not None:
        return f"{len(read.changed):,} leaves"
    if suffix == SUFFIXES[Body.LOG]:
        bound = "what the header is bound to"
        return (
            f"{bound}; told with a proof only" if shown is None else f"{len(shown.execution.operations):,} operations"
        )
    if suffix == SUFFIXES[Body.EXIT_DIFF]:
        return "told with a proof only" if read.left is None else f"{len(read.left):,} accounts"
    return "well-formed"


def report_of(read: ReadBatch, seconds: float) -> Report:
    """The same for machines."""
    rows: tuple[Row, ...] = tuple(
        {
            "id": suffix[1:],
            "status": status(read, suffix),
            "bytes": read.sizes.get(suffix, 0),
            "told": told(read, suffix),
        }
        for suffix in PARTS
    )
    totals: dict[str, Any] = {
        "header": {place.name: plain(getattr(read.header, place.name)) for place in fields(Header)},
        "operations": None,
        "changed_leaves": None,
        "accounts": None,
    }
    if read.shown is not None:
        totals["operations"] = [
            {"in_words": operation_in_words(operation), "operation": json.loads(encode_operation(operation))}
            for operation in read.shown.execution.operations
        ]
    if read.changed is not None:
        listed = listed_in(read)
        totals["changed_leaves"] = [leaf_in_numbers(leaf, data, listed) for leaf, data in read.changed.items()]
    if read.left is not None:
        totals["accounts"] = {
            str(name): {
                "owner": held.owner.hex(),
                "cash": held.cash,
                "lots": {str(key): lots for key, lots in held.sizes},
            }
            for name, held in sorted(read.left.items())
        }
    return Report(
        command="inspect",
        version=version(),
        seed=None,
        verdict=Verdict.HOLDS,
        seconds=seconds,
        totals=totals,
        listing="parts",
        rows=rows,
    )


def plain(value: int | bytes) -> int | str:
    """A field as JSON carries it."""
    return value.hex() if isinstance(value, bytes) else value
