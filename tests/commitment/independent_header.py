"""The part of the second decoder on headers and their chains, written from docs/batches.md alone like the others."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from tests.commitment.independent_leaves import Stream

INBOX, OUTBOX, DATA, LOG, HEADER = (bytes([tag]) for tag in (0x10, 0x11, 0x12, 0x13, 0x14))

FIELDS = (
    *("chain", "rollup", "number", "previous_root", "new_root", "time_before", "time_after"),
    *("received_before", "received_after", "taken_after", "inbox_before", "inbox_after"),
    *("outbox_before", "outbox_after", "data_before", "data_after", "operations", "at_rest"),
)
INTEGERS = {
    "chain",
    "rollup",
    "number",
    "time_before",
    "time_after",
    "received_before",
    "received_after",
    "taken_after",
}


def header(data: bytes) -> dict[str, Any]:
    stream = Stream(data)
    found: dict[str, Any] = {}
    for name in FIELDS:
        if name in INTEGERS:
            found[name] = stream.uint(2**192 - 1)
        else:
            found[name] = stream.flag() if name == "at_rest" else stream.take(32)
    stream.end()
    return found


def chained(tag: bytes, value: bytes, items: Iterable[bytes]) -> bytes:
    for item in items:
        value = sha256(tag + value + item).digest()
    return value


def chains(before: dict[str, Any], messages: list[bytes], claims: list[bytes], published: bytes, log: bytes) -> Any:
    """What the chains and the commitment of the next header must be."""
    return {
        "inbox_before": before["inbox_after"],
        "inbox_after": chained(INBOX, before["inbox_after"], messages),
        "outbox_before": before["outbox_after"],
        "outbox_after": chained(OUTBOX, before["outbox_after"], claims),
        "data_before": before["data_after"],
        "data_after": chained(DATA, before["data_after"], [sha256(published).digest()]),
        "operations": sha256(LOG + log).digest(),
    }


def digest(data: bytes) -> bytes:
    return sha256(HEADER + data).digest()
