"""Reading a trace, line by line, in bounded memory."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeAlias

from settlespec.domain.errors import BadInput, Malformed
from settlespec.wire.answers import Accepted
from settlespec.wire.lines import raw_lines
from settlespec.wire.states import decode_genesis, encode_genesis
from settlespec.wire.traces import (
    FORMAT,
    MAX_TRACE_LINE_BYTES,
    TRACE_LINES,
    Checkpoint,
    Footer,
    Header,
    Step,
    TraceLine,
)

Body: TypeAlias = Generator[tuple[int, Step | Checkpoint | Footer]]
"""What follows the header, with line numbers; the last is the footer."""


def read_trace(path: Path) -> tuple[Header, Body]:
    """WIRE-3.2: the header of a trace, plain or gzip, and its further lines as they are asked for.

    Operations count up from 1, a checkpoint stands after every `digest_every` of them and nowhere else, and the footer comes last with
    the right counts, so a trace that was cut off or lost a line is refused; a wrong answer or digest is for the replay to find.

    Raises:
        BadInput: with file, line, field and remedy; also while the lines are asked for.
        OSError: the file is missing or may not be read.
    """
    file = str(path)
    lines = raw_lines(path, MAX_TRACE_LINE_BYTES)
    number, text = next(lines)
    header = _decoded(file, number, text)
    if not isinstance(header, Header):
        raise BadInput("the trace has no header", file=file, line=number, remedy="begin with a line of type header")
    if header.format != FORMAT:
        problem = f"format {header.format} is unknown"
        remedy = f"record the trace anew: this version reads format {FORMAT}"
        raise BadInput(problem, file=file, line=number, field="format", remedy=remedy)
    try:
        if header.digest_every < 1:
            raise Malformed("fewer than one operation between digests", field="digest_every", remedy="use at least 1")
        # A number outside its range is for the machine to refuse in an operation, but nobody refuses it later in a genesis.
        _in_range(header)
    except Malformed as fault:
        raise _refused(file, number, fault) from fault
    return header, _body(file, header, lines)


def _in_range(header: Header) -> None:
    try:
        decode_genesis(encode_genesis(header.genesis))
    except Malformed as fault:
        raise fault.within("genesis") from fault


def _body(file: str, header: Header, lines: Iterator[tuple[int, bytes]]) -> Body:
    accepted = rejected = events = checkpoints = 0
    number = 1
    for number, text in lines:
        line = _decoded(file, number, text)
        operations = accepted + rejected
        due = operations // header.digest_every > checkpoints
        problem = _out_of_order(line, operations, due)
        if problem is not None:
            remedy = "give the trace as it was recorded, no line left out or moved"
            raise BadInput(problem, file=file, line=number, field="type", remedy=remedy)
        match line:
            case Step(answer=Accepted(events=told)):
                accepted, events = accepted + 1, events + len(told)
            case Step():
                rejected += 1
            case Checkpoint():
                checkpoints += 1
            case Footer():
                _check_counts(file, number, line, (operations, accepted, rejected, events))
                yield number, line
                for number, _ in lines:
                    remedy = "give one trace a file"
                    raise BadInput("a line after the footer", file=file, line=number, remedy=remedy)
                return
            case Header():
                raise AssertionError("a second header is out of order")
        yield number, line
    remedy = "fetch or record it again: the run that wrote it did not end, or the file was cut"
    raise BadInput("the trace was cut off: it has no footer", file=file, line=number, remedy=remedy)


def _out_of_order(line: TraceLine, operations: int, due: bool) -> str | None:
    """Why this line cannot stand here, if so; `due` says that a digest must come now."""
    match line:
        case Header():
            return "a second header"
        case Checkpoint():
            if not due or line.operations != operations:
                return f"a checkpoint of operation {line.operations} after operation {operations}"
        case Step():
            if due:
                return f"the checkpoint after operation {operations} is missing"
            if line.number != operations + 1:
                return f"operation {line.number} after operation {operations}"
        case Footer():
            if due:
                return f"the checkpoint after operation {operations} is missing"
    return None


def _check_counts(file: str, number: int, footer: Footer, counts: tuple[int, int, int, int]) -> None:
    told = (footer.operations, footer.accepted, footer.rejected, footer.events)
    for name, said, counted in zip(("operations", "accepted", "rejected", "events"), told, counts, strict=True):
        if said != counted:
            problem = f"the footer counts {said} where the trace has {counted}"
            remedy = "give the trace as it was recorded, no line left out"
            raise BadInput(problem, file=file, line=number, field=name, remedy=remedy)


def _decoded(file: str, number: int, text: bytes) -> TraceLine:
    try:
        return TRACE_LINES.decode(text)
    except Malformed as fault:
        raise _refused(file, number, fault) from fault


def _refused(file: str, number: int, fault: Malformed) -> BadInput:
    return BadInput(fault.problem, file=file, line=number, field=fault.field, remedy=fault.remedy)
