"""What covers what: rules by laws and by checks from outside, reasons by the code that answers them, invariants by their cards."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import frozen

from settlespec.domain.reasons import NUMBERS, SENTENCES, Reason
from settlespec.invariants.catalogue import CARDS
from settlespec.laws.statement import Law
from settlespec.oracle.outside_checks import OUTSIDE_CHECKS, OutsideCheck, outside_checks_of
from settlespec.oracle.report import Row
from settlespec.oracle.rulebook import Statement

COVERED: Final = ("settlespec.arithmetic", "settlespec.rules")
"""Where a rule is a small total function, so that a law can speak of it and somebody else's figures can be compared with it.

What other packages state (a record, a step of the machine, a format) is checked by invariants, traces and tests of its own.
"""


@frozen
class Coverage:
    """What covers one rule."""

    laws: tuple[str, ...]
    outside: tuple[OutsideCheck, ...]
    is_due: bool
    """Whether it must be covered."""

    @property
    def missing(self) -> str:
        """What is missing; empty when nothing is, or nothing is due."""
        missing = [what for what, found in (("no law", self.laws), ("no outside check", self.outside)) if not found]
        return ", ".join(missing) if self.is_due else ""


def coverage_of(
    book: Iterable[Statement], laws: Sequence[Law], checks: Sequence[OutsideCheck] = OUTSIDE_CHECKS
) -> dict[str, Coverage]:
    """What covers each rule of a book, by id; a canary covers nothing, since it says what is false."""
    by_rule: dict[str, list[str]] = {}
    for law in laws:
        for rule in () if law.is_canary else law.rules:
            by_rule.setdefault(rule, []).append(law.id)
    due = {statement.id for statement in book if statement.is_function and _is_covered(statement)}
    return {
        statement.id: Coverage(
            tuple(by_rule.get(statement.id, ())), outside_checks_of(statement.id, checks), statement.id in due
        )
        for statement in book
    }


def _is_covered(statement: Statement) -> bool:
    return statement.place.startswith(tuple(f"{package}." for package in COVERED))


def strangers(book: Iterable[Statement], laws: Iterable[Law], checks: Iterable[OutsideCheck]) -> tuple[str, ...]:
    """Ids that a law or a check from outside names and no rule has: a slip that would cover nothing."""
    known = {statement.id for statement in book}
    named = {rule for law in laws for rule in law.rules} | {rule for check in checks for rule in check.rules}
    return tuple(sorted(named - known))


def reason_rows(book: Sequence[Statement]) -> list[Row]:
    """Every reason in precedence order, with the rules whose code answers it or whose text names it."""
    texts = [(statement.id, f"{statement.rest} {statement.code}") for statement in book if statement.is_function]
    return [
        {
            "id": reason.value,
            "kind": "reason",
            "status": "stated",
            "sentence": SENTENCES[reason],
            "number": NUMBERS[reason],
            "rules": _naming(reason, texts),
        }
        for reason in Reason
    ]


def _naming(reason: Reason, texts: Sequence[tuple[str, str]]) -> list[str]:
    word = re.compile(rf"\b{reason.value}\b")
    return list(dict.fromkeys(rule for rule, text in texts if word.search(text)))


def invariant_rows() -> list[Row]:
    """Every invariant with what its card says of how it is checked."""
    return [
        {
            "id": card.id,
            "kind": "invariant",
            "status": "stated",
            "sentence": card.sentence,
            "severity": card.severity.value,
            "loses": card.loses,
            "noticed": card.distance.value,
            "limits": card.limits,
        }
        for card in CARDS
    ]


def outside_words(coverage: Coverage) -> list[Mapping[str, str]]:
    """The checks from outside as rows say them."""
    return [{"kind": check.kind.value, "test": check.test} for check in coverage.outside]
