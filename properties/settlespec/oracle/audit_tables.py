"""The page of tables that an audit prints; the picture page shows the same ones."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from settlespec.domain.reasons import SENTENCES, Reason
from settlespec.domain.rounds import Stage
from settlespec.oracle.findings import Findings, InvariantFinding, by_frequency
from settlespec.oracle.plain_tables import Column, PlainTable, count, money_of
from settlespec.oracle.report import Row
from settlespec.oracle.rounds import StageCount
from settlespec.oracle.settlement_tables import settlement_tables

STAGES: Final[dict[Stage, str]] = {
    Stage.REVALUE: "revalue",
    Stage.EXPIRE: "expire",
    Stage.DEFAULT: "default",
    Stage.HAIRCUT: "haircut",
    Stage.ASSESS: "assess",
    Stage.CLOSE: "close after patience",
    Stage.DISCARD: "discard",
    Stage.LIQUIDATE: "liquidate on book",
}
"""What a stage does, in the order in which they run."""


SETTLED_AFTER: Final = 5
"""Tables of the machine that stand before those of the way to finality."""

SETTLED: Final = ("proved", "caught")
"""What is to become of a law and of a canary."""


def tables(findings: Findings) -> tuple[PlainTable, ...]:
    """Every table of the page, in reading order."""
    makers: Sequence[Callable[[Findings], PlainTable]] = (
        _figures,
        _rejections,
        _stages,
        _breaches,
        _hedge,
        _invariants,
        _laws,
        _unreached,
    )
    settled = () if findings.settlement is None else tuple(settlement_tables(findings.settlement, findings.signatures))
    made = tuple(make(findings) for make in makers)
    return (*made[:SETTLED_AFTER], *settled, *made[SETTLED_AFTER:])


def _figures(findings: Findings) -> PlainTable:
    totals = findings.statistics.totals()
    shown = money_of((totals.insurance_paid, totals.haircut, totals.insurance))
    trades = totals.fills + totals.liquidations
    rows = (
        ("operations", count(totals.operations), ""),
        ("accepted", count(totals.accepted), _share(totals.accepted, totals.operations)),
        ("rejected", count(totals.rejected), _share(totals.rejected, totals.operations)),
        ("accounts", count(totals.accounts), ""),
        *((f"venue: {name.replace('_', ' ')}", count(number), "orders") for name, number in findings.venue.items()),
        ("fills", count(totals.fills), f"{count(totals.lots)} lots; with those of liquidations {count(trades)} trades"),
        (
            "clearing rounds",
            count(totals.rounds),
            f"{count(totals.micro_steps)} micro-steps, longest {totals.longest_round:,}",
        ),
        ("found in breach", count(totals.breached), "accounts, once for each round"),
        ("liquidations", count(totals.liquidations), "fills on the book"),
        ("closed at the mark", count(totals.closed_after_patience), "accounts, after patience"),
        ("defaults", count(totals.defaults), "accounts"),
        ("insurance used", shown(totals.insurance_paid), "collateral units"),
        ("haircuts", shown(totals.haircut), "collateral units, taken from gains"),
        ("insurance fund at the end", shown(totals.insurance), "collateral units"),
    )
    columns = (Column("what"), Column("figure", figures=True), Column("", wraps=True))
    return PlainTable("What happened", columns, rows, f"flow {findings.flow}, {findings.signatures} signatures")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _rejections(findings: Findings) -> PlainTable:
    statistics = findings.statistics
    every = by_frequency(statistics.rejected + statistics.refused)
    rows = tuple(
        (reason, count(statistics.rejected[reason]), count(statistics.refused[reason]), SENTENCES[Reason(reason)])
        for reason in every
    )
    columns = (
        Column("reason"),
        Column("rejected", figures=True),
        Column("refused from the inbox", figures=True),
        Column("meaning", wraps=True, optional=True),
    )
    return PlainTable("Rejected, by reason", columns, rows, "" if rows else "Nothing was rejected.")


def _stages(findings: Findings) -> PlainTable:
    columns = (
        Column("stage of the round"),
        *(
            Column(heading, figures=True)
            for heading in ("rounds", "accounts", "executions", "lots", "moved", "insurance in", "insurance out")
        ),
    )
    stages = findings.statistics.rounds.stages
    shown = money_of(amount for stage in stages.values() for amount in _money(stage))
    rows = tuple(
        (f"{stage.value} {name}", *_counts(stages[stage]), *map(shown, _money(stages[stage])))
        for stage, name in STAGES.items()
    )
    note = (
        "Rounds in which the stage had something to do. Executions: fills of liquidations, closes at the mark, haircut shares, positions "
        "paid out, orders discarded. Moved: funding paid, gains taken. Money in collateral units."
    )
    return PlainTable("The clearing round, by step", columns, rows, note)


def _counts(stage: StageCount) -> Iterator[str]:
    yield from map(count, (stage.rounds, stage.accounts, stage.executions, stage.lots))


def _money(stage: StageCount) -> tuple[int, int, int]:
    return stage.moved, stage.insurance_in, stage.insurance_out


def _breaches(findings: Findings) -> PlainTable:
    breaches = findings.statistics.rounds.breaches
    distribution = breaches.distribution()
    longest = max((rounds for waits in distribution.values() for rounds in waits), default=0)
    columns = (
        Column("what came first"),
        *(Column(str(rounds), figures=True) for rounds in range(longest + 1)),
        Column("all", figures=True),
    )
    rows = tuple(
        (
            ending.value,
            *(count(waits.get(rounds, 0)) for rounds in range(longest + 1)),
            count(sum(waits.values())),
        )
        for ending, waits in distribution.items()
    )
    note = (
        f"Rounds from the first one in breach, 0 being the same round. Longest breach: {breaches.longest:,} rounds in a row."
        if rows
        else "No account was in breach."
    )
    return PlainTable("From breach to execution, in rounds", columns, rows, note)


def _hedge(findings: Findings) -> PlainTable:
    """A written call and put with their hedge, without it, and all legs apart."""
    columns = (
        Column("leg"),
        *(
            Column(heading, figures=True)
            for heading in ("lots", "mark", "equity", "maintenance", "initial requirement")
        ),
    )
    book = findings.hedge
    title = "An option book, hedged and apart"
    if book is None:
        return PlainTable(title, columns, (), "No call and put are listed.")
    apart, together = (book.equity, *book.apart), (book.equity, book.maintenance, book.initial)
    unhedged = (book.unhedged_equity, book.unhedged_maintenance, book.unhedged_initial)
    alone = [(leg.mark, leg.value, leg.maintenance, leg.initial) for leg in book.legs]
    shown = money_of(amount for amounts in (*alone, apart, unhedged, together) for amount in amounts)
    rows = (
        *((leg.what, f"{leg.lots:+,}", *map(shown, amounts)) for leg, amounts in zip(book.legs, alone, strict=True)),
        ("apart, an account for each leg", "", "", *map(shown, apart)),
        ("options together, unhedged", "", "", *map(shown, unhedged)),
        ("all together in one account", "", "", *map(shown, together)),
    )
    saved, by_hedge = (f"{ppm // 1_000 / 10:.1f} %" for ppm in (book.saved_ppm, book.saved_by_hedge_ppm))
    note = (
        f"At the first marks, in collateral units: one account for all legs saves {saved} of the initial requirement that they have "
        f"apart; of what the options need together the hedge saves {by_hedge}."
    )
    return PlainTable(title, columns, rows, note)


def _invariants(findings: Findings) -> PlainTable:
    columns = (
        Column("invariant"),
        Column("status"),
        Column("incrementally", figures=True),
        Column("in full", figures=True),
        Column("broken", figures=True),
        Column("sentence", wraps=True, optional=True),
    )
    rows = tuple(_invariant(finding) for finding in findings.worst_first())
    note = "Checks are evaluations of a predicate on something that was there; one without anything to judge counts 0."
    return PlainTable("Invariants: how often checked and broken", columns, rows, note)


def _invariant(finding: InvariantFinding) -> tuple[str, ...]:
    figures = (count(number) for number in (finding.incrementally, finding.in_full, finding.broken))
    return (finding.id, finding.status, *figures, finding.sentence)


def _laws(findings: Findings) -> PlainTable:
    laws = findings.laws
    columns = (
        Column("subject"),
        Column("proved", figures=True),
        Column("not proved", wraps=True),
        Column("laws", wraps=True),
    )
    if laws.verdict is None:
        return PlainTable("Laws", columns, (), f"Not proved in this run: {laws.why_not}.")
    by_subject: dict[str, list[Row]] = {}
    for row in laws.rows:
        by_subject.setdefault("canaries, to be refuted" if row["canary"] else row["subject"], []).append(row)
    totals = laws.totals
    note = (
        f"{totals['proved']} of {totals['laws']} laws proved for all values, {totals['canaries_refuted']} of "
        f"{totals['canaries']} canaries refuted. `settlespec prove` says what each of them claims."
    )
    rows = tuple(_laws_of(subject, stated) for subject, stated in sorted(by_subject.items()))
    return PlainTable("Laws", columns, rows, note)


def _laws_of(subject: str, rows: Sequence[Row]) -> tuple[str, ...]:
    good = [row for row in rows if row["status"] in SETTLED]
    others = ", ".join(f"{row['id']} {row['status']}" for row in rows if row not in good)
    return (subject, f"{len(good)} of {len(rows)}", others or "-", ", ".join(sorted(row["id"] for row in good)))


def _unreached(findings: Findings) -> PlainTable:
    reached = {subject: _nonzero(counts) for subject, counts in findings.statistics.reached().items()}
    never = findings.never_reached()
    reached["invariants"] = len(findings.invariants) - len(never["invariants"])
    rows = tuple(
        (subject, f"{reached[subject]} of {reached[subject] + len(names)}", ", ".join(names) or "-")
        for subject, names in never.items()
    )
    columns = (Column("subject"), Column("reached", figures=True), Column("reached zero times", wraps=True))
    return PlainTable("What was never reached", columns, rows, "About these this run says nothing.")


def _nonzero(counts: dict[str, int]) -> int:
    return sum(number > 0 for number in counts.values())


def closing_lines(findings: Findings) -> Iterator[str]:
    """What stands below the tables: every first violation with its replay, and the verdict last."""
    for breakage in findings.breakages:
        yield breakage.sentence()
        yield f"  replay: {breakage.command}"
    if findings.unsettled:
        yield f"not taken to finality: {findings.unsettled}"
    if findings.final_digest:
        yield f"final state: sha256:{findings.final_digest}"
    yield f"signatures: {findings.signatures}; seed {findings.seed}; the same again: {findings.command}"
    yield findings.sentence()
