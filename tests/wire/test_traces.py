"""A trace: streamed, whole or absent, refused with its place when it is not as it was recorded."""

import gzip
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from attrs import evolve

from settlespec.domain.errors import BadInput
from settlespec.domain.operations import Tick
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ideal
from settlespec.wire import reading
from settlespec.wire.lines import FREE_EXPANSION_BYTES
from settlespec.wire.reading import read_trace
from settlespec.wire.recording import TraceWriter
from settlespec.wire.traces import FORMAT, Checkpoint, Footer, Header, Scheme, SchemeName, Step

SECRET = b"known to everybody"
OPERATIONS = 250
EVERY = 100


class Interrupted(Exception):
    pass


def recorded(path: Path, operations: int = OPERATIONS, stop: int | None = None) -> Session:
    """Record a random walk on the preset `minimal`, or be interrupted after some operations."""
    signer, flow = Ideal(SECRET), MinimalFlow(7, operations)
    genesis = flow.genesis(signer)
    session = Session(genesis, signer)
    header = Header(FORMAT, "0.1.0", bytes(32), "minimal", 7, Scheme(SchemeName.IDEAL, SECRET), genesis, EVERY)
    with TraceWriter(path, header, session.state) as writer:
        session.subscribers.append(writer.record)
        for operation in islice(flow.operations(session), stop):
            session.submit(operation)
        if stop is not None:
            raise Interrupted
    return session


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "walk.jsonl"
    recorded(path)
    return path


def test_a_trace_has_a_header_every_operation_the_digests_and_a_footer(trace: Path) -> None:
    header, lines = read_trace(trace)
    body = [line for _, line in lines]
    assert (header.flow, header.seed, header.digest_every) == ("minimal", 7, EVERY)
    assert [line.number for line in body if isinstance(line, Step)] == list(range(1, OPERATIONS + 1))
    assert [line.operations for line in body if isinstance(line, Checkpoint)] == [100, 200]
    footer = body[-1]
    assert isinstance(footer, Footer)
    assert footer.operations == footer.accepted + footer.rejected == OPERATIONS
    assert footer.accepted > 0
    assert footer.rejected > 0


def test_a_packed_trace_is_read_like_a_plain_one_whatever_its_name(trace: Path, tmp_path: Path) -> None:
    packed = tmp_path / "walk.jsonl.gz"
    recorded(packed)
    assert packed.read_bytes()[:2] == b"\x1f\x8b"
    assert packed.stat().st_size * 4 < trace.stat().st_size
    renamed = packed.rename(tmp_path / "walk")
    plain, unpacked = read_trace(trace), read_trace(renamed)
    assert plain[0] == unpacked[0]
    assert list(plain[1]) == list(unpacked[1])


@pytest.mark.parametrize("name", ["walk.jsonl", "walk.jsonl.gz"])
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / "again").mkdir()
    recorded(tmp_path / name)
    recorded(tmp_path / "again" / name)
    assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("name", ["walk.jsonl", "walk.jsonl.gz"])
def test_an_interrupted_run_leaves_nothing_and_keeps_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"an earlier trace")
    with pytest.raises(Interrupted):
        recorded(path, stop=50)
    assert path.read_bytes() == b"an earlier trace"
    assert list(tmp_path.iterdir()) == [path]


def test_a_trace_of_no_operation_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    recorded(path, operations=0)
    body = [line for _, line in read_trace(path)[1]]
    assert [type(line) for line in body] == [Footer]


def test_a_trace_is_written_only_inside_its_context(tmp_path: Path) -> None:
    signer = Ideal(SECRET)
    genesis = MinimalFlow(7, 1).genesis(signer)
    session = Session(genesis, signer)
    header = Header(FORMAT, "0.1.0", bytes(32), "minimal", None, Scheme(SchemeName.IDEAL, SECRET), genesis, EVERY)
    session.subscribers.append(TraceWriter(tmp_path / "walk.jsonl", header, session.state).record)
    with pytest.raises(RuntimeError, match="inside its context"):
        session.submit(Tick(1))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recorded(tmp_path / "missing" / "walk.jsonl")


Lines = list[bytes]
"""Line 1 is the header, the operations follow; lines 102 and 203 are checkpoints, the last is the footer."""


def changed(place: int, good: bytes, bad: bytes) -> Callable[[Lines], Lines]:
    """One line with something in it replaced."""

    def change(lines: Lines) -> Lines:
        assert good in lines[place]
        return [*lines[:place], lines[place].replace(good, bad, 1), *(lines[place + 1 :] if place != -1 else [])]

    return change


REFUSED: dict[str, tuple[Callable[[Lines], Lines], int, str | None, str]] = {
    "no header": (lambda lines: lines[1:], 1, None, "the trace has no header"),
    "a second header": (lambda lines: [lines[0], *lines], 2, "type", "a second header"),
    "an unknown format": (changed(0, b'"format":"1"', b'"format":"2"'), 1, "format", "format 2 is unknown"),
    "no digests at all": (
        changed(0, b'"digest_every":"100"', b'"digest_every":"0"'),
        1,
        "digest_every",
        "fewer than one",
    ),
    "an impossible genesis": (
        changed(0, b'"marks":["10"', b'"marks":["0"'),
        1,
        "genesis.marks[0]",
        "outside its range",
    ),
    "an impossible parameter": (changed(0, b'"max_age":"10000"', b'"max_age":"0"'), 1, "genesis.parameters", "max_age"),
    "a line that is not JSON": (lambda lines: [*lines[:3], b"---", *lines[3:]], 4, None, "is not JSON"),
    "an empty line": (lambda lines: [*lines[:3], b"", *lines[3:]], 4, None, "is not JSON"),
    "a line with a carriage return": (changed(3, b"}", b"}\r"), 4, None, "canonical form"),
    "an operation that is malformed": (
        changed(5, b'"operation":{', b'"operation":{"a":1,'),
        6,
        "operation",
        "unknown field",
    ),
    "an operation left out": (lambda lines: lines[:7] + lines[8:], 8, "type", "operation 8 after operation 6"),
    "operations exchanged": (
        lambda lines: [*lines[:7], lines[8], lines[7], *lines[9:]],
        8,
        "type",
        "operation 8 after operation 6",
    ),
    "a checkpoint left out": (
        lambda lines: lines[:101] + lines[102:],
        102,
        "type",
        "the checkpoint after operation 100 is missing",
    ),
    "a checkpoint too many": (
        lambda lines: [*lines[:102], lines[101], *lines[102:]],
        103,
        "type",
        "a checkpoint of operation 100 after operation 100",
    ),
    "a checkpoint left out before the footer": (
        lambda lines: [*lines[:101], lines[-1]],
        102,
        "type",
        "the checkpoint after operation 100 is missing",
    ),
    "a trace that was cut off": (lambda lines: lines[:-1], 253, None, "the trace was cut off: it has no footer"),
    "a trace that was cut inside a line": (lambda lines: [*lines[:-1], lines[-1][:40]], 254, None, "is not JSON"),
    "a header alone": (lambda lines: lines[:1], 1, None, "the trace was cut off: it has no footer"),
    "a footer that miscounts": (
        changed(-1, b'"operations":"250"', b'"operations":"251"'),
        254,
        "operations",
        "counts 251 where the trace has 250",
    ),
    "something after the footer": (lambda lines: [*lines, lines[1]], 255, None, "a line after the footer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_trace_that_is_not_as_recorded_is_refused_with_its_place(trace: Path, name: str) -> None:
    change, number, field, problem = REFUSED[name]
    trace.write_bytes(b"\n".join([*change(trace.read_bytes().splitlines()), b""]))
    with pytest.raises(BadInput) as refused:
        list(read_trace(trace)[1])
    fault = refused.value
    assert (fault.file, fault.line, fault.field) == (str(trace), number, field)
    assert problem in fault.problem
    assert fault.remedy


def test_a_truncated_gzip_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "walk.jsonl.gz"
    recorded(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadInput, match="the gzip data end too early") as refused:
        list(read_trace(path)[1])
    assert refused.value.line is not None
    assert refused.value.line > 100


def test_an_empty_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(BadInput, match="the file is empty"):
        read_trace(tmp_path / "empty")
    with pytest.raises(BadInput, match="a directory, not a file"):
        read_trace(tmp_path)


def test_a_gzip_that_was_made_to_exhaust_its_reader_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as bomb:
        for _ in range(3):
            bomb.write(b"0" * FREE_EXPANSION_BYTES)
    with pytest.raises(BadInput, match="unpack to more than 200 times their size") as refused:
        read_trace(path)
    assert refused.value.line == 1


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_a_line_that_is_too_long_is_refused(trace: Path, monkeypatch: pytest.MonkeyPatch, ending: bytes) -> None:
    longest = max(len(line) for line in trace.read_bytes().splitlines())
    monkeypatch.setattr(reading, "MAX_TRACE_LINE_BYTES", longest)
    assert len(list(read_trace(trace)[1])) == OPERATIONS + 3
    trace.write_bytes(trace.read_bytes() + b"x" * (longest + 1) + ending)
    with pytest.raises(BadInput, match=f"longer than {longest} bytes") as refused:
        list(read_trace(trace)[1])
    assert refused.value.line == OPERATIONS + 5


def test_the_header_says_what_the_trace_was_recorded_with(trace: Path) -> None:
    header, _ = read_trace(trace)
    assert header.signatures == Scheme(SchemeName.IDEAL, SECRET)
    assert evolve(header, seed=None) != header
    assert header.genesis == MinimalFlow(7, 1).genesis(Ideal(SECRET))
