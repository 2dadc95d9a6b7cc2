"""The trace of an audit: what was asked and answered, so that anybody can replay it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from settlespec.domain.genesis import Genesis
from settlespec.oracle.auditing import Run
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.writing import room_for
from settlespec.wire.recording import TraceWriter
from settlespec.wire.traces import DIGEST_EVERY, FORMAT, Header, Scheme, SchemeName


@contextmanager
def recording(run: Run, path: Path | None) -> Iterator[None]:
    """Write a trace of what runs inside; the file appears when that ends well.

    Args:
        run: an audit that has not begun.
        path: where the trace shall stand; None means that nobody wants one.

    Raises:
        CannotWrite: it cannot stand there.
    """
    if path is None:
        yield
        return
    header = header_of(run.flow.name, run.plan.seed, run.plan.signatures, run.genesis)
    with room_for(path), TraceWriter(path, header, run.session.state) as writer:
        run.session.subscribers.append(writer.record)
        yield


def header_of(flow: str, seed: int, signatures: str, genesis: Genesis) -> Header:
    """The first line of a trace of this version and these rules.

    Args:
        flow: where the operations come from, in words.
        seed: of the flow.
        signatures: the scheme by its name; the secret of an ideal one is the empty one, which everybody knows.
        genesis: the deployment.
    """
    return Header(
        format=FORMAT,
        version=version(),
        rules=bytes.fromhex(rules_digest()),
        flow=flow,
        seed=seed,
        signatures=Scheme(SchemeName(signatures), b""),
        genesis=genesis,
        digest_every=DIGEST_EVERY,
    )
