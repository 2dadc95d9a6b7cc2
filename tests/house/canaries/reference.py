"""Deliberately wrong: the type checker must flag the marked line, or it does not read the reference root."""

from settlespec.flows.message import FlowMessage

FlowMessage(line="one")  # flagged as call-arg
