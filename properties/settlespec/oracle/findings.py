"""What an audit found out, and the report that everybody is given of it."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict, frozen

from settlespec.domain.rounds import Stage
from settlespec.oracle.answers import Breakage as Breakage
from settlespec.oracle.answers import InvariantFinding as InvariantFinding
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.hedging import HedgedBook
from settlespec.oracle.report import Report, Row, Verdict
from settlespec.oracle.settlement_findings import SettlementFinding
from settlespec.oracle.statistics import Statistics

WORST_FIRST: Final = ("broken", "never checked", "holds")
"""The order of the invariants in a report."""


@frozen
class LawsFinding:
    """What the prover said in the same run; the rows are those of ``settlespec prove``."""

    verdict: Verdict | None
    """None when the laws were not asked."""
    why_not: str
    """Why they were not."""
    totals: Mapping[str, Any]
    rows: tuple[Row, ...]


@frozen
class Findings:
    """Everything that the page shows."""

    flow: str
    command: str
    """What gives the same run again."""
    seed: int
    signatures: str
    statistics: Statistics
    invariants: tuple[InvariantFinding, ...]
    laws: LawsFinding
    stopped: str
    """Why the run ended before the flow did; empty when it did not."""
    venue: Mapping[str, int]
    """What the events of a recorded flow became, by name; empty of a flow that is made up."""
    final_digest: str
    """SHA-256 of the final state in its canonical form."""
    trace: str
    """Where the trace stands; empty when none was asked for."""
    seconds: float
    """Measured."""
    hedge: HedgedBook | None = None
    """An option book at the first marks, hedged and apart; None where no options are listed."""
    settlement: SettlementFinding | None = None
    """The way to finality; None when it was left out."""
    unsettled: str = ""
    """Why it was left out."""

    def worst_first(self) -> list[InvariantFinding]:
        """The invariants in the order of a report."""
        return sorted(self.invariants, key=lambda finding: (WORST_FIRST.index(finding.status), finding.id))

    def never_reached(self) -> dict[str, tuple[str, ...]]:
        """By subject, what the run says nothing about: the invariants that had nothing to judge stand first."""
        unasked = tuple(finding.id for finding in self.invariants if finding.status == "never checked")
        return {"invariants": unasked, **self.statistics.unreached()}

    @property
    def breakages(self) -> tuple[Breakage, ...]:
        """First violations, in the order of their operations."""
        found = (finding.first for finding in self.invariants if finding.first is not None)
        return tuple(sorted(found, key=lambda breakage: breakage.operation))

    @property
    def verdict(self) -> Verdict:
        """Broken before undecided before holds; a run in which nothing was checked decides nothing."""
        if any(finding.broken for finding in self.invariants) or self.laws.verdict is Verdict.BROKEN:
            return Verdict.BROKEN
        unchecked = all(finding.status == "never checked" for finding in self.invariants)
        if unchecked or self.stopped or self.laws.verdict is Verdict.UNDECIDED:
            return Verdict.UNDECIDED
        return Verdict.HOLDS

    def sentence(self) -> str:
        """The verdict in one line."""
        totals = self.statistics.totals()
        checks = sum(finding.incrementally + finding.in_full for finding in self.invariants)
        broken = sum(finding.broken > 0 for finding in self.invariants)
        asked = f"{len(self.invariants)} invariants, {checks:,} checks over {totals.operations:,} operations"
        laws = self._about_laws()
        match self.verdict:
            case Verdict.HOLDS:
                return f"Everything holds: {asked}, none broken; {laws}{self._about_proofs()}."
            case Verdict.BROKEN:
                return f"Broken: {broken} of {asked}; {laws}."
            case Verdict.UNDECIDED:
                why = f"; {self.stopped}" if self.stopped else ""
                return f"Not decided: {asked}, none broken; {laws}{why}."

    def _about_laws(self) -> str:
        if self.laws.verdict is None:
            return f"laws not proved ({self.laws.why_not})"
        proved = f"{self.laws.totals['proved']} of {self.laws.totals['laws']} laws proved"
        kept = self.laws.totals["from_cache"]
        since = self.laws.totals["oldest_from_cache"]
        return f"{proved} ({kept} from the cache, the first answered at {since})" if kept else proved

    def _about_proofs(self) -> str:
        """How much of the way to finality a verifier has executed again."""
        if self.settlement is None:
            return ""
        settled = self.settlement
        return f"; {len(settled.by_witness)} of {settled.batches + settled.closing_batches} batches proven by witness"

    def report(self) -> Report:
        """The envelope of every command, with the invariants as its list."""
        return Report(
            command="audit",
            version=version(),
            seed=self.seed,
            verdict=self.verdict,
            seconds=self.seconds,
            totals=self._totals(),
            listing="invariants",
            rows=tuple(_row(finding) for finding in self.worst_first()),
        )

    def _totals(self) -> dict[str, Any]:
        statistics = self.statistics
        breaches = statistics.rounds.breaches
        return {
            **asdict(statistics.totals()),
            "flow": self.flow,
            "replay": self.command,
            "signatures": self.signatures,
            "venue_events": dict(self.venue),
            "rules_digest": rules_digest(),
            "final_state_digest": self.final_digest,
            "stopped": self.stopped,
            "trace": self.trace,
            "rejected_by_reason": by_frequency(statistics.rejected),
            "refused_from_inbox": by_frequency(statistics.refused),
            "reached": {subject: by_frequency(counts) for subject, counts in statistics.reached().items()},
            "never_reached": {subject: list(names) for subject, names in self.never_reached().items()},
            "stages": {stage.name: asdict(statistics.rounds.stages[stage]) for stage in Stage},
            "breach_to_execution_rounds": {
                ending.value: {str(rounds): count for rounds, count in waits.items()}
                for ending, waits in breaches.distribution().items()
            },
            "longest_breach_rounds": breaches.longest,
            "hedged_book": None if self.hedge is None else self.hedge.totals(),
            "settlement_left_out": self.unsettled,
            "settlement": None if self.settlement is None else self.settlement.totals(),
            "laws": {
                "status": "not asked" if self.laws.verdict is None else self.laws.verdict.value,
                "why_not": self.laws.why_not,
                "totals": dict(self.laws.totals),
                "rows": [{"id": row["id"], "status": row["status"]} for row in self.laws.rows],
            },
        }


def by_frequency(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first, ties by name."""
    return {str(name): count for name, count in sorted(counts.items(), key=lambda entry: (-entry[1], str(entry[0])))}


def _row(finding: InvariantFinding) -> Row:
    return {
        "id": finding.id,
        "status": finding.status,
        "sentence": finding.sentence,
        "checked_incrementally": finding.incrementally,
        "checked_in_full": finding.in_full,
        "broken": finding.broken,
        "first": None if finding.first is None else asdict(finding.first),
    }
