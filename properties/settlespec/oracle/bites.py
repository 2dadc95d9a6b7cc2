"""What the laws came to against the mutants: counts by rule file, what survives, and which law bites."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from settlespec.engines.arguing import Equivalents, stale
from settlespec.engines.biting import Fate, Judgement
from settlespec.engines.calling import LawCalls
from settlespec.engines.judgements import laws_that_call
from settlespec.engines.mutating import RULES, Mutant
from settlespec.engines.replaying import Outcome
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.report import Report, Row, Verdict
from settlespec.oracle.rulebook import Statement

ARGUED: Final = "argued"
"""The status of a survivor of which a person says why no law can tell it from the rule."""

STATUSES: Final = (Fate.DEFECT.value, Fate.SURVIVED.value, ARGUED, Fate.EQUIVALENT.value, Fate.KILLED.value)
"""Worst first."""


def report_of(
    mutants: Sequence[Mutant],
    judgements: Iterable[Judgement],
    calls: Mapping[str, LawCalls],
    rulebook: Iterable[Statement],
    people: Equivalents,
    every: Sequence[Mutant],
    seed: int,
    seconds: float,
) -> Report:
    """Give the report on a run.

    Args:
        mutants: those that were judged.
        judgements: one for each.
        calls: what each law calls.
        rulebook: the statements of the rules.
        people: what is argued.
        every: all mutants that there are; a law is called suspect only where all were judged.
        seed: of the drawn arguments.
        seconds: that the run took.
    """
    judged = {judgement.mutant: judgement for judgement in judgements}
    rules = {statement.place: statement.id for statement in rulebook if statement.place.startswith(f"{RULES}.")}
    rows = [_row(mutant, judged[mutant.id], rules, people) for mutant in mutants]
    rows.sort(key=lambda row: (STATUSES.index(row["status"]), row["id"]))
    outlived = stale(people.argued, every, judged.values())
    totals = totals_of(rows) | {
        "laws": _teeth(judged.values(), mutants, calls),
        "is_whole": len(mutants) == len(every),
        "declarations": declarations(calls, rules),
        "stale_arguments": list(outlived),
        "rules_digest": rules_digest(),
    }
    is_broken = bool(outlived) or any(row["status"] in (Fate.SURVIVED, Fate.DEFECT) for row in rows)
    return Report(
        command="mutants",
        version=version(),
        seed=seed,
        verdict=Verdict.BROKEN if is_broken else Verdict.HOLDS,
        seconds=seconds,
        totals=totals,
        listing="mutants",
        rows=tuple(rows),
    )


def _row(mutant: Mutant, judgement: Judgement, rules: Mapping[str, str], people: Equivalents) -> Row:
    is_argued = judgement.fate is Fate.SURVIVED and mutant.id in people.argued
    reason = people.argued[mutant.id] if is_argued else "; ".join(judgement.defects) or judgement.differs
    return {
        "id": mutant.id,
        "status": ARGUED if is_argued else judgement.fate.value,
        "file": mutant.module.rpartition(".")[2],
        "rule": rules.get(f"{mutant.module}.{mutant.function}", ""),
        "operator": mutant.operator.value,
        "difference": mutant.difference,
        "asked": judgement.asked,
        "laws": sorted(one.law for one in judgement.breaks),
        "by_exception": sorted(one.law for one in judgement.breaks if one.outcome is Outcome.RAISED),
        "by_proof_alone": bool(judgement.breaks) and all(one.way == "proved" for one in judgement.breaks),
        "undecided": sorted(judgement.undecided),
        "example": judgement.breaks[0].example if judgement.breaks else "",
        "reason": reason,
    }


def totals_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Count the mutants, all of them and by rule file."""
    files = sorted({row["file"] for row in rows})
    by_exception = sum(bool(row["laws"]) and row["by_exception"] == row["laws"] for row in rows)
    return _counts(rows) | {
        "killed_by_exception_alone": by_exception,
        "killed_by_proof_alone": sum(row["by_proof_alone"] for row in rows),
        "files": {file: _counts([row for row in rows if row["file"] == file]) for file in files},
    }


def _counts(rows: Sequence[Row]) -> dict[str, Any]:
    statuses = Counter(row["status"] for row in rows)
    counts: dict[str, Any] = {"mutants": len(rows)} | {status: statuses[status] for status in STATUSES}
    others = len(rows) - counts[Fate.EQUIVALENT] - counts[ARGUED]
    # Cut, never rounded up: nobody reads 100 where one survives.
    return counts | {"percent": 1000 * counts[Fate.KILLED] // others / 10 if others else 100.0}


def _teeth(
    judgements: Iterable[Judgement], mutants: Sequence[Mutant], calls: Mapping[str, LawCalls]
) -> dict[str, dict[str, Any]]:
    """For each law: mutants that it was asked about, that it breaks on, and that break nothing but it and its mirror laws."""
    broken = {judgement.mutant: {one.law for one in judgement.breaks} for judgement in judgements}
    breaks = {law: frozenset(mutant for mutant, laws in broken.items() if law in laws) for law in calls}
    asked = Counter(law.id for mutant in mutants for law in laws_that_call(mutant, calls))
    teeth = {}
    for law in sorted(calls):
        mirrors = {other for other in calls if breaks[law] and breaks[other] == breaks[law]}
        teeth[law] = {
            "asked": asked[law],
            "breaks": len(breaks[law]),
            "alone": sum(broken[mutant] <= mirrors for mutant in breaks[law]),
            "mirrors": sorted(mirrors - {law}),
            "composes": list(calls[law].composes),
        }
    return teeth


def suspects(laws: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Give the laws that no mutant of their rules breaks: of what they say nobody knows that it says anything."""
    return tuple(law for law, teeth in laws.items() if teeth["breaks"] == 0)


def never_alone(laws: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Give the laws that break only where another does too, those apart that are a composition of others."""
    return tuple(law for law, teeth in laws.items() if teeth["breaks"] and not teeth["alone"] and not teeth["composes"])


def declarations(calls: Mapping[str, LawCalls], rules: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """Say where a law names a rule file's rule that it does not call.

    What it calls without naming it is a means to its claim, and no slip: every law of a requirement calls the parts of one.
    """
    known = set(rules.values())
    found = {}
    for law, what in sorted(calls.items()):
        called = {rules.get(f"{one.module}.{one.function}", "") for one in what.called}
        uncalled = sorted(set(what.rules) & known - called)
        undeclared = sorted(called - set(what.rules) - {""})
        if uncalled or not called & set(what.rules):
            found[law] = {"declared_not_called": uncalled, "called_not_declared": undeclared}
    return found
