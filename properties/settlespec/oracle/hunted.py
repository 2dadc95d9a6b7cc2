"""A finding as a folder: the trace, its story, and a test that fails until what it shows is mended."""

from pathlib import Path
from typing import Final

from settlespec.domain.operations import Operation
from settlespec.flows.session import Session
from settlespec.hunting.campaign import Finding
from settlespec.invariants.cards import Violation
from settlespec.machine.exchange import step
from settlespec.machine.genesis import initial_state
from settlespec.machine.replaying import signer_of
from settlespec.machine.signatures import Ideal
from settlespec.monitoring.monitor import Monitor
from settlespec.oracle.recording import header_of
from settlespec.oracle.words import operation_in_words
from settlespec.oracle.writing import make_folder, room_for, write_whole
from settlespec.wire.reading import read_trace
from settlespec.wire.recording import TraceWriter
from settlespec.wire.traces import Step

TEST: Final = '''"""{sentence}"""

from pathlib import Path

from settlespec.oracle.hunted import violations_of


def test_the_trace_breaks_no_invariant() -> None:
    assert violations_of(Path(__file__).with_name("trace.jsonl")) == ()
'''


def write_finding(folder: Path, finding: Finding) -> Path:
    """Write a finding into a folder of its own; the same finding always into the same.

    Raises:
        CannotWrite: it cannot stand there.
    """
    violation = finding.violation
    words = "".join(letter if letter.isalnum() else "-" for letter in violation.conjunct.lower())
    own = folder / f"{violation.invariant}-{words}"[:120].rstrip("-")
    make_folder(own)
    record(own / "trace.jsonl", finding)
    write_whole(own / "story.md", story(finding).encode())
    sentence = f"{violation.invariant}: {violation.conjunct}."
    write_whole(own / "test_finding.py", TEST.format(sentence=sentence).encode())
    return own


def record(path: Path, finding: Finding) -> None:
    """The trace, which `settlespec replay` runs again."""
    hunt, shard = finding.shard.hunt(), finding.shard
    session = Session(hunt.genesis, hunt.signer)
    header = header_of(f"hunt in {shard.scope}", shard.seed, Ideal.name, hunt.genesis)
    with room_for(path), TraceWriter(path, header, session.state) as writer:
        session.subscribers.append(writer.record)
        for operation in finding.operations:
            session.submit(operation)


def story(finding: Finding) -> str:
    """What happens, in words, for whoever reads it first."""
    violation, shard = finding.violation, finding.shard
    lines = [
        f"# {violation.invariant}: {violation.conjunct}",
        "",
        f"{violation.who}: {violation.left} against {violation.right}, noticed at the last operation.",
        "",
        *(
            f"{number}. {role}: {operation_in_words(operation)}"
            for number, (role, operation) in enumerate(zip(finding.roles, finding.operations, strict=True), 1)
        ),
        "",
        f"Found in shard {shard.number} of `settlespec hunt --scope {shard.scope} --seed {shard.seed}`, in a trial of "
        f"{finding.found_after} operations.",
        "`settlespec replay trace.jsonl` runs it again; `pytest test_finding.py` fails until it is mended.",
    ]
    return "\n".join(lines) + "\n"


def violations_of(trace: Path) -> tuple[Violation, ...]:
    """Every violation that the monitor notices when the operations of a trace are asked again; recorded answers are not looked at.

    Raises:
        BadInput: the trace is none.
    """
    header, lines = read_trace(trace)
    signer = signer_of(header.signatures)
    state = initial_state(header.genesis)
    monitor = Monitor(state, signer)
    found: list[Violation] = []
    for _, line in lines:
        if isinstance(line, Step):
            found += asked(monitor, line.operation)
    return (*found, *monitor.full())


def asked(monitor: Monitor, operation: Operation) -> tuple[Violation, ...]:
    """One more operation on the state that the monitor has."""
    outcome = step(monitor.state, operation, monitor.signatures)
    return monitor.observe(operation, outcome)
