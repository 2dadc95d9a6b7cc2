"""What the machine answered, on the wire: events, or the reason of a rejection, without the state."""

from typing import Final, TypeAlias

from attrs import frozen

from settlespec.domain import outcomes
from settlespec.domain.events import Event
from settlespec.domain.outcomes import Outcome
from settlespec.domain.reasons import Reason
from settlespec.wire.codec import Codec

MAX_ANSWER_BYTES: Final = 2**26
"""64 mebibytes: one operation may continue a clearing round over some hundred thousand accounts, an event each."""


@frozen
class Accepted:
    """The operation took effect, with these events."""

    events: tuple[Event, ...]


@frozen
class Rejected:
    """The operation was refused for this reason and left no trace."""

    reason: Reason


Answer: TypeAlias = Accepted | Rejected

EVENTS: Final[Codec[Event]] = Codec(Event, name="an event", max_bytes=MAX_ANSWER_BYTES)
ANSWERS: Final[Codec[Answer]] = Codec(Answer, name="an answer", max_bytes=MAX_ANSWER_BYTES)


def answer_of(outcome: Outcome) -> Answer:
    """The outcome without its state and without the operands that explain a rejection: two equal outcomes give equal answers."""
    if isinstance(outcome, outcomes.Accepted):
        return Accepted(outcome.events)
    return Rejected(outcome.reason)


def encode_event(event: Event) -> bytes:
    """The canonical JSON of an event."""
    return EVENTS.encode(event)


def decode_event(text: bytes) -> Event:
    """The event of canonical JSON; raises Malformed."""
    return EVENTS.decode(text)


def encode_answer(answer: Answer) -> bytes:
    """The canonical JSON of an answer."""
    return ANSWERS.encode(answer)


def decode_answer(text: bytes) -> Answer:
    """The answer of canonical JSON; raises Malformed."""
    return ANSWERS.decode(text)
