"""Deliberately wrong: the type checker must flag the marked line, or it does not read the properties root."""

from settlespec.oracle.report import Verdict

verdict: Verdict = "holds"  # flagged as assignment
