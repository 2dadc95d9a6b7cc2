"""The laws in an audit: the prover that ``settlespec prove`` runs, on the whole catalogue, or a reason why not."""

import time
from typing import Final

from settlespec.oracle.command import EXTRAS
from settlespec.oracle.findings import LawsFinding
from settlespec.oracle.pace import pace

SECONDS: Final = 60.0
"""Hard limit for each engine and law."""

NOT_ASKED: Final = "--no-laws"


def laws_left_out() -> LawsFinding:
    """The laws were not wanted in this run."""
    return LawsFinding(None, NOT_ASKED, {}, ())


def prove_laws(seed: int) -> LawsFinding:
    """Prove every law and refute every canary by Z3 and Hypothesis; cvc5 is left to ``settlespec prove``.

    Without the extra `prove` nothing is proved, and the finding says so.
    """
    try:
        from settlespec.engines.campaign import Effort, examine_all
        from settlespec.laws.statement import catalogue
        from settlespec.oracle.prove import report_of
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        return LawsFinding(None, f"{package} is not installed: pip install 'settlespec[{EXTRAS[package]}]'", {}, ())
    started = time.monotonic()
    laws = catalogue()
    examinations = []
    with pace("laws", len(laws)) as counting:
        for examination in examine_all(laws, Effort(seconds=SECONDS, asks_cvc5=False, seed=seed)):
            examinations.append(examination)
            counting.advance()
    report = report_of(examinations, "z3", seed, time.monotonic() - started)
    return LawsFinding(report.verdict, "", report.totals, report.rows)
