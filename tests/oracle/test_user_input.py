"""Whatever a user names or does to the command line: a code of theirs and one line, never a defect of ours."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from settlespec.oracle.command import run
from settlespec.oracle.consoles import command_line
from settlespec.oracle.exit_codes import ExitCode

HEADER = "seq,ts_ns,type,order_id,side,price,qty,flag"
ROWS = f"{HEADER}\n1,1000,ADD,7,B,500,3,\n2,1001,ADD,8,S,525,3,\n"
QUICK = ["audit", "--preset", "minimal", "--no-laws", "--steps", "20"]
FLOW = ["audit", "--no-laws", "--accounts", "2"]

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "flow.csv"
    path.write_text(ROWS)
    return path


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_text(ROWS)
    return folder / "file" / "below"


def circle(folder: Path) -> Path:
    (folder / "there").symlink_to(folder / "back")
    (folder / "back").symlink_to(folder / "there")
    return folder / "back"


def long_name(folder: Path) -> Path:
    return folder / ("n" * 300)


def missing(folder: Path) -> Path:
    return folder / "missing"


def two_lines(folder: Path) -> Path:
    return folder / "two\nlines\x1b[31m"


def empty(folder: Path) -> Path:
    (folder / "empty").touch()
    return folder / "empty"


def itself(folder: Path) -> Path:
    return folder


UNREADABLE: dict[Callable[[Path], Path], tuple[ExitCode, str]] = {
    below_a_file: (ExitCode.NO_INPUT, "Not a directory"),
    circle: (ExitCode.NO_INPUT, "Too many levels of symbolic links"),
    long_name: (ExitCode.NO_INPUT, "File name too long"),
    missing: (ExitCode.NO_INPUT, "No such file"),
    two_lines: (ExitCode.NO_INPUT, "No such file"),
    empty: (ExitCode.BAD_DATA, "the file is empty"),
    itself: (ExitCode.BAD_DATA, "a directory, not a file"),
}


@pytest.mark.parametrize("command", [["audit", "--no-laws"], ["replay"]], ids=lambda command: command[0])
@pytest.mark.parametrize("make", UNREADABLE, ids=lambda make: make.__name__)
def test_what_cannot_be_read_is_named_in_one_line(
    make: Callable[[Path], Path], command: list[str], tmp_path: Path, capsys: Captured
) -> None:
    code, words = UNREADABLE[make]
    assert run([*command, str(make(tmp_path))]) == code
    complaint = capsys.readouterr().err
    assert complaint.startswith("settlespec: /")
    assert words in complaint
    assert complaint.count("\n") == 1
    assert complaint.strip().isprintable()


@pytest.mark.parametrize("command", [FLOW, ["replay"], ["inspect"]], ids=lambda command: command[0])
def test_a_locked_file_is_no_input(
    command: list[str], tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked.header"
    locked.write_text(ROWS)
    locked.chmod(0)
    if os.geteuid() == 0:
        # The superuser reads everything: it is told what the others are.
        opened = io.open

        def refuses(file: object, *arguments: object, **options: object) -> object:
            if file == str(locked) or file == locked:
                raise PermissionError(errno.EACCES, "Permission denied", str(locked))
            return opened(file, *arguments, **options)  # type: ignore[call-overload]

        monkeypatch.setattr("io.open", refuses)
        monkeypatch.setattr("os.access", lambda *_, **__: False)
    assert run([*command, str(locked)]) == ExitCode.NO_INPUT
    assert capsys.readouterr().err == f"settlespec: {locked}: Permission denied\n"


def test_a_fault_of_the_disk_while_reading_is_no_input(
    flow: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("settlespec.wire.lines._CountedReader.read1", fails)
    assert run([*FLOW, str(flow)]) == ExitCode.NO_INPUT
    assert capsys.readouterr().err == f"settlespec: {flow}: Input/output error\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["audit", "--steps", str(2**63)], "--steps"),
        (["audit", "--steps", "9" * 5_000], "--steps"),
        (["audit", "--seed", str(2**63)], "--seed"),
        (["audit", ""], "the path is empty"),
        (["audit", "--record", ""], "the path is empty"),
        (["audit", "--out", ""], "the path is empty"),
        (["audit", "--preset", "minimal", "flow.csv"], "leave out --preset minimal, or the FLOW"),
        (["audit", "--preset", "minimal", "--accounts", "3"], "--accounts"),
        (["audit", "--round-seconds", "3"], "--round-seconds is of a FLOW only"),
        (["audit", "--preset", "huge"], "'huge' is not one of 'minimal', 'standard'"),
        (["audit", "--no-settlement", "--body", "diff"], "--no-settlement leaves out what --body is about"),
        (["audit", "--no-settlement", "--witness-every", "3"], "what --witness-every is about"),
        (["audit", "--no-settlement", "--ether-price", "7"], "what --ether-price is about"),
        (["audit", "--no-settlement", "--batches", "folder"], "what --batches is about"),
        (["replay", ""], "the path is empty"),
        (["inspect", ""], "the path is empty"),
        (["prove", "--seconds", "nan"], "nan"),
        (["prove", "--seconds", "inf"], "inf"),
        (["prove", "--seconds", "-1"], "-1"),
        (["prove", "--seconds", "1e400"], "inf"),
        (["bench", "--flow", ""], "the path is empty"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_makes_no_sense_or_would_be_ignored_is_wrong_usage(
    arguments: list[str], words: str, capsys: Captured
) -> None:
    assert run(arguments) == ExitCode.WRONG_USAGE
    assert words in capsys.readouterr().err


def test_what_needs_a_settlement_makes_no_sense_of_a_flow_that_is_read_once(tmp_path: Path, capsys: Captured) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert run([*FLOW, str(tmp_path / "pipe"), "--batches", str(tmp_path / "out")]) == ExitCode.WRONG_USAGE
    assert "--batches is of the settlement, which needs a flow that is a file" in capsys.readouterr().err


def test_the_most_steps_are_as_good_as_none(capsys: Captured) -> None:
    assert run(["audit", "--no-laws", "--steps", str(2**63 - 1), "gone.csv"]) == ExitCode.NO_INPUT
    assert "gone.csv" in capsys.readouterr().err


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (itself, "it is a folder"),
        (fifo, "it is no regular file"),
        (circle, "Too many levels of symbolic links"),
        (long_name, "File name too long"),
        (below_a_file, "no folder that can be written to"),
    ],
)
def test_a_trace_goes_only_where_a_file_can_stand_and_replaces_nothing_else(
    make: Callable[[Path], Path], words: str, tmp_path: Path, capsys: Captured
) -> None:
    place = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert run([*QUICK, "--record", str(place)]) == ExitCode.WRONG_USAGE
    complaint = capsys.readouterr().err
    assert words in complaint
    assert complaint.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
    assert make is not fifo or place.is_fifo()


def direct(flow: Path) -> list[str]:
    return ["--record", str(flow)]


def by_a_link(flow: Path) -> list[str]:
    (flow.parent / "link").symlink_to(flow)
    return ["--record", str(flow.parent / "link")]


def as_the_page(flow: Path) -> list[str]:
    (flow.parent / "index.html").symlink_to(flow)
    return ["--out", str(flow.parent)]


@pytest.mark.parametrize("spell", [direct, by_a_link, as_the_page])
def test_the_flow_that_is_read_is_never_written_over(
    spell: Callable[[Path], list[str]], flow: Path, capsys: Captured
) -> None:
    assert run([*FLOW, str(flow), *spell(flow)]) == ExitCode.WRONG_USAGE
    assert "it is the flow that is read" in capsys.readouterr().err
    assert flow.read_text() == ROWS


def test_the_trace_and_the_page_do_not_take_one_place(tmp_path: Path, capsys: Captured) -> None:
    assert run([*QUICK, "--out", str(tmp_path), "--record", str(tmp_path / "index.html")]) == ExitCode.WRONG_USAGE
    assert "the page of --out" in capsys.readouterr().err


def test_a_trace_follows_a_link_and_may_have_the_longest_name(tmp_path: Path) -> None:
    longest = tmp_path / ("n" * 255)
    (tmp_path / "link").symlink_to(longest)
    assert run([*QUICK, "--record", str(tmp_path / "link")]) == ExitCode.HOLDS
    assert (tmp_path / "link").is_symlink()
    assert longest.is_file()
    assert len(list(tmp_path.iterdir())) == 2


@contextmanager
def piped_in(content: bytes) -> Iterator[str]:
    """A path that can be read once; what a pipe holds at once must be enough for the content."""
    source, sink = os.pipe()
    os.write(sink, content)
    os.close(sink)
    yield f"/dev/fd/{source}"
    os.close(source)


def test_a_flow_and_a_trace_may_come_through_a_pipe(tmp_path: Path, flow: Path, capsys: Captured) -> None:
    trace = tmp_path / "trace.jsonl"
    with piped_in(ROWS.encode()) as pipe:
        assert run([*FLOW, pipe, "--record", str(trace)]) == ExitCode.HOLDS
    told = capsys.readouterr().out.splitlines()
    assert "not taken to finality: a flow from a pipe is gone once it is read: give a file" in told
    piped = told[-1]
    assert run([*FLOW, str(flow), "--no-settlement"]) == ExitCode.HOLDS
    assert capsys.readouterr().out.splitlines()[-1] == piped
    with piped_in(trace.read_bytes()) as pipe:
        assert run(["replay", pipe]) == ExitCode.HOLDS


def test_a_lobster_flow_through_a_pipe_is_refused_with_what_to_do(capsys: Captured) -> None:
    with piped_in(b"34200.000000001,1,7,3,500,1\n") as pipe:
        assert run([*FLOW, pipe]) == ExitCode.BAD_DATA
    assert "read twice, this one can be read once only; save it as a file" in capsys.readouterr().err


def test_a_name_that_is_no_text_is_told_by_its_numbers_wherever_it_stands(tmp_path: Path, flow: Path) -> None:
    odd = os.fsencode(flow.parent) + b"/odd\xff\n\xc3\xa9.csv"
    Path(os.fsdecode(odd)).write_text(ROWS)
    options = [*FLOW, "--out", str(tmp_path / "page"), "--record", str(tmp_path / "trace.jsonl")]
    done = subprocess.run(
        [sys.executable, "-m", "settlespec", *options, odd],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == ExitCode.HOLDS, done.stderr
    assert done.stderr == b""
    assert rb"odd\xff\x0a\xc3\xa9.csv'" in done.stdout
    assert (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert run(["replay", str(tmp_path / "trace.jsonl")]) == ExitCode.HOLDS


def test_a_page_is_written_without_noise_where_nothing_can_be_kept_at_home(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MPL", "XDG"))}
    options = ["audit", "--preset", "minimal", "--no-laws", "--no-settlement", "--steps", "20", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "settlespec", *options],
        env={**kept, "HOME": os.devnull},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (ExitCode.HOLDS, b"")
    assert [entry.name for entry in tmp_path.iterdir()] == ["index.html"]


def test_a_command_line_is_read_back_by_a_shell_as_it_was() -> None:
    words = ["plain", "two words", "it's", "back\\slash\n'quoted'", os.fsdecode(b"\xff\x1b")]
    line = command_line(words)
    assert line.isprintable()
    told = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    assert told == b"".join(os.fsencode(word) + b"\0" for word in words)


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.is_char_device(), reason="this system has no full device")
@pytest.mark.parametrize("arguments", [["--version"], ["rules", "FEE"], ["rules", "FEE", "--format", "json"]])
def test_a_full_standard_output_is_told_in_one_line(arguments: list[str]) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "settlespec", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == ExitCode.WRONG_USAGE
    assert done.stderr == b"settlespec: the standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], ExitCode.HOLDS),
        (["rules", "FEE"], ExitCode.HOLDS),
        (["rules", "NOWHERE"], ExitCode.WRONG_USAGE),
        (["replay", "missing.jsonl"], ExitCode.NO_INPUT),
    ],
)
def test_the_code_stays_when_nobody_reads(arguments: list[str], code: ExitCode, tmp_path: Path) -> None:
    source, sink = os.pipe()
    os.close(source)
    command = [sys.executable, "-m", "settlespec", *arguments]
    done = subprocess.run(command, stdout=sink, stderr=sink, check=False, cwd=tmp_path)
    os.close(sink)
    assert done.returncode == code


def hears_every_signal() -> None:
    """A shell lets what it starts in the background ignore interrupts, and the tests may run there."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def started(*arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """The program in a process group of its own, of which nothing is left afterwards."""
    program = subprocess.Popen(
        [sys.executable, "-m", "settlespec", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hears_every_signal,
    )
    try:
        yield program
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED, "interrupted"),
        (signal.SIGTERM, ExitCode.TERMINATED, "terminated"),
        (signal.SIGHUP, ExitCode.HUNG_UP, "hung up"),
    ],
)
def test_whoever_is_stopped_says_so_and_leaves_nothing_half_written(
    number: signal.Signals, code: ExitCode, word: str, tmp_path: Path
) -> None:
    options = ["audit", "--no-laws", "--record", str(tmp_path / "trace.jsonl")]
    with started(*options) as program:
        deadline = time.monotonic() + 60
        # The partial file says that the run has begun.
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        program.send_signal(number)
        said, complaint = program.communicate(timeout=60)
    assert (program.returncode, said, complaint) == (code, b"", f"settlespec: {word}\n".encode())
    assert list(tmp_path.iterdir()) == []


def test_stopping_a_proof_ends_its_workers_at_once() -> None:
    with started("prove", "--jobs", "2", "--refresh") as program:
        time.sleep(2)
        # The whole group hears an interrupt from the keyboard.
        os.killpg(program.pid, signal.SIGINT)
        # The workers hold the other ends of these pipes: they are gone when nothing can be read any more.
        said, complaint = program.communicate(timeout=30)
    assert (program.returncode, said, complaint) == (ExitCode.INTERRUPTED, b"", b"settlespec: interrupted\n")
