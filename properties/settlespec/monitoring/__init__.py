"""The invariants on any run: incrementally on every operation, and in full at stated intervals, which must agree."""
