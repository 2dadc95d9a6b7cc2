"""Writing a trace while the run goes on."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.wire.answers import answer_of
from settlespec.wire.states import state_digest
from settlespec.wire.traces import TRACE_LINES, Checkpoint, Footer, Header, Step, TraceLine
from settlespec.wire.whole_files import whole_file


class TraceWriter:
    """WIRE-3: writes a trace in bounded memory, gzip if the name ends in ``.gz``; the same run gives the same bytes.

    The file appears under its name when the context ends well, and not at all otherwise. `record` subscribes to a session::

        with TraceWriter(path, header, session.state) as writer:
            session.subscribers.append(writer.record)
            for operation in flow.operations(session):
                session.submit(operation)

    Args:
        path: where the trace shall stand.
        header: its first line.
        state: the state before the first operation.
    """

    def __init__(self, path: Path, header: Header, state: State) -> None:
        self._path = path
        self._header = header
        self._state = state
        self._accepted = self._rejected = self._events = 0
        self._open = ExitStack()
        self._file: IO[bytes] | None = None

    @property
    def operations(self) -> int:
        """How many operations were recorded."""
        return self._accepted + self._rejected

    def __enter__(self) -> "TraceWriter":
        """Begin the trace.

        Raises:
            OSError: the folder is missing or locked, or the disk is full.
        """
        self._file = self._open.enter_context(whole_file(self._path))
        self._write(self._header)
        return self

    def record(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """Write one operation with its answer, and a digest of the state where one is due."""
        if isinstance(outcome, Accepted):
            self._state = outcome.state
            self._accepted += 1
            self._events += len(outcome.events)
        else:
            self._state = before
            self._rejected += 1
        self._write(Step(self.operations, operation, answer_of(outcome)))
        if self.operations % self._header.digest_every == 0:
            self._write(Checkpoint(self.operations, state_digest(self._state)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """End the trace with its footer, or leave nothing behind."""
        with self._open:
            if error is not None:
                raise error
            digest = state_digest(self._state)
            self._write(Footer(self.operations, self._accepted, self._rejected, self._events, digest))
        self._file = None

    def _write(self, line: TraceLine) -> None:
        if self._file is None:
            raise RuntimeError("a trace is written inside its context")
        self._file.write(TRACE_LINES.encode(line) + b"\n")
