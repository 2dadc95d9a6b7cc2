"""A recorded run replays to the same digest, and the first difference is named where there is one."""

import re
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

import pytest
from attrs import evolve

from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Flow, Session
from settlespec.machine import replaying
from settlespec.machine.exchange import step
from settlespec.machine.replaying import replay, signer_of
from settlespec.machine.signatures import Ed25519, Ideal, Signatures
from settlespec.wire.recording import TraceWriter
from settlespec.wire.states import state_digest
from settlespec.wire.traces import FORMAT, Header, Scheme, SchemeName

IDEAL = Scheme(SchemeName.IDEAL, b"known to everybody")
ED25519 = Scheme(SchemeName.ED25519, b"")


def recorded(path: Path, flow: Flow, operations: int, scheme: Scheme = IDEAL, every: int = 500) -> State:
    """Record a flow; the state at its end."""
    signer = signer_of(scheme)
    genesis = flow.genesis(signer)
    session = Session(genesis, signer)
    header = Header(FORMAT, "0.1.0", bytes(32), flow.name, 1, scheme, genesis, every)
    with TraceWriter(path, header, session.state) as writer:
        session.subscribers.append(writer.record)
        for operation in islice(flow.operations(session), operations):
            session.submit(operation)
    return session.state


@pytest.mark.parametrize(
    ("flow", "operations", "scheme"),
    [
        (MinimalFlow(1, 3_000), 3_000, IDEAL),
        (EmbeddedFlow(operations=4_000), 4_000, IDEAL),
        (MinimalFlow(2, 200), 200, ED25519),
    ],
    ids=["minimal", "embedded", "ed25519"],
)
def test_a_recorded_run_replays_to_the_same_digest(tmp_path: Path, flow: Flow, operations: int, scheme: Scheme) -> None:
    path = tmp_path / "run.jsonl.gz"
    state = recorded(path, flow, operations, scheme)
    found = replay(path)
    assert found.difference is None
    assert found.operations > operations * 99 // 100
    assert found.digest == state_digest(state)


def test_the_scheme_is_rebuilt_from_the_header() -> None:
    assert isinstance(signer_of(ED25519), Ed25519)
    rebuilt, another = signer_of(IDEAL), Ideal(b"another secret")
    signature = Ideal(IDEAL.secret).sign(1, b"content")
    assert rebuilt.verify(rebuilt.key(1), b"content", signature)
    assert not another.verify(another.key(1), b"content", signature)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    recorded(path, MinimalFlow(1, 1_000), 1_000, every=100)
    return path


def change_line(trace: Path, fits: Callable[[bytes], bool], change: Callable[[bytes], bytes]) -> int:
    """Change the first line that fits; its number."""
    lines = trace.read_bytes().splitlines(keepends=True)
    place = next(place for place, line in enumerate(lines) if fits(line) and change(line) != line)
    lines[place] = change(lines[place])
    trace.write_bytes(b"".join(lines))
    return place + 1


def test_an_answer_with_another_reason_is_the_first_difference(trace: Path) -> None:
    def another(line: bytes) -> bytes:
        return re.sub(rb'"reason":"(?!STALE_MARK)[A-Z_]+"', b'"reason":"STALE_MARK"', line)

    number = change_line(trace, lambda line: b'"type":"rejected"' in line, another)
    difference = replay(trace).difference
    assert difference is not None
    assert (difference.line, difference.subject) == (number, "answer")
    assert difference.recorded == '{"reason":"STALE_MARK","type":"rejected"}'
    assert difference.replayed != difference.recorded


def test_an_event_with_another_figure_is_the_first_difference(trace: Path) -> None:
    number = change_line(
        trace,
        lambda line: b'"type":"deposited"' in line,
        lambda line: re.sub(rb'("amount":")(\d+)(","index":"\d+","opened")', rb"\g<1>1\2\3", line),
    )
    difference = replay(trace).difference
    assert difference is not None
    assert (difference.line, difference.subject) == (number, "answer")
    assert "deposited" in difference.replayed


@pytest.mark.parametrize("kind", [b"checkpoint", b"footer"])
def test_another_digest_is_the_first_difference(trace: Path, kind: bytes) -> None:
    number = change_line(
        trace,
        lambda line: line.endswith(b'"type":"' + kind + b'"}\n'),
        lambda line: re.sub(rb'"digest":"[0-9a-f]{64}"', b'"digest":"' + b"00" * 32 + b'"', line),
    )
    difference = replay(trace).difference
    assert difference is not None
    assert (difference.line, difference.subject, difference.recorded) == (number, "state", "00" * 32)


def test_a_machine_that_answers_alike_in_another_state_is_found_at_the_next_digest(
    trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = count(1)

    def leaky(state: State, operation: Operation, signatures: Signatures) -> Outcome:
        outcome = step(state, operation, signatures)
        if next(steps) > 150 and isinstance(outcome, Accepted):
            return evolve(outcome, state=evolve(outcome.state, treasury=outcome.state.treasury + 1))
        return outcome

    monkeypatch.setattr(replaying, "step", leaky)
    found = replay(trace)
    assert found.difference is not None
    assert (found.difference.subject, found.difference.operations, found.operations) == ("state", 200, 200)
    assert found.difference.replayed == found.digest.hex()
