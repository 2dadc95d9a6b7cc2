"""Canonical JSON and bytes of operations, events, states and traces."""
