"""A run as a file: JSON Lines with a header, every operation with its answer, digests of the state at intervals, and a footer.

The answers are the yardstick of a replay; the digests find a difference that no answer shows; the footer tells a whole trace from one
that was cut off.
"""

from enum import StrEnum
from typing import Final, TypeAlias

from attrs import frozen

from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import Operation
from settlespec.domain.quantities import Count, Index
from settlespec.wire.answers import MAX_ANSWER_BYTES, Answer
from settlespec.wire.codec import Codec
from settlespec.wire.operations import MAX_OPERATION_BYTES

FORMAT: Final = 1
"""The version of this format; it rises when a line changes."""

MAX_TRACE_LINE_BYTES: Final = MAX_ANSWER_BYTES + MAX_OPERATION_BYTES

DIGEST_EVERY: Final = 1_000
"""Operations between two digests: of a thousand accounts one takes about as long as 100 operations."""


class SchemeName(StrEnum):
    """Signature schemes that a replay can rebuild."""

    IDEAL = "ideal"
    ED25519 = "ed25519"


@frozen
class Scheme:
    """By which scheme the operations are signed."""

    name: SchemeName
    secret: bytes
    """What rebuilds an ideal scheme; empty of a real one. A trace makes it public: such signatures protect nothing outside tests."""


@frozen
class Header:
    """The first line: all that the run depended on, beside the operations."""

    format: int
    version: str
    """Of the package that wrote the trace."""
    rules: bytes
    """The digest of the rules that it ran."""
    flow: str
    """Where the operations came from, in words."""
    seed: int | None
    """Of the flow, if it has one."""
    signatures: Scheme
    genesis: Genesis
    digest_every: Count
    """Operations from one digest of the state to the next."""


@frozen
class Step:
    """One operation and its answer."""

    number: Index
    """The first operation is 1."""
    operation: Operation
    answer: Answer


@frozen
class Checkpoint:
    """The digest of the state after so many operations."""

    operations: Index
    digest: bytes


@frozen
class Footer:
    """The last line: counts and the digest of the last state. A trace without it was cut off."""

    operations: Index
    accepted: Index
    rejected: Index
    events: Index
    digest: bytes


TraceLine: TypeAlias = Header | Step | Checkpoint | Footer

TRACE_LINES: Final[Codec[TraceLine]] = Codec(TraceLine, name="a line of a trace", max_bytes=MAX_TRACE_LINE_BYTES)
