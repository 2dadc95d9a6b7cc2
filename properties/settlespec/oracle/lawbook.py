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


def prove_laws(seed: int, *, refreshes: bool = False) -> LawsFinding:
    """Prove every law and refute every canary by Z3 and Hypothesis; cvc5 and CrossHair are left to ``settlespec prove``.

    What was answered about the very same text is taken from the user's cache, and the finding says of how many.
    Without the extra `prove` nothing is proved, and the finding says so.
    """
    try:
        from settlespec.engines.campaign import Effort, examine_all
        from settlespec.laws.statement import catalogue
        from settlespec.oracle.proof_cache import kept_answers, warn
        from settlespec.oracle.prove import report_of
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        return LawsFinding(None, f"{package} is not installed: pip install 'settlespec[{EXTRAS[package]}]'", {}, ())
    started = time.monotonic()
    laws = catalogue()
    examinations = []
    effort = Effort(seconds=SECONDS, asks_cvc5=False, seed=seed)
    memory = kept_answers(None, effort, refreshes=refreshes, complain=warn)
    with pace("laws", len(laws)) as counting:
        for examination in examine_all(laws, effort, memory=memory):
            examinations.append(examination)
            counting.advance()
    report = report_of(examinations, "z3", seed, time.monotonic() - started)
    return LawsFinding(report.verdict, "", report.totals, report.rows)
