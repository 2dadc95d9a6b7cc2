"""``settlespec mutants``: one small fault in one rule at a time, and which law notices it."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from settlespec.engines.arguing import equivalents
from settlespec.engines.biting import Effort, Fate, Judgement
from settlespec.engines.calling import LawCalls, calls_of_catalogue
from settlespec.engines.campaign import JOBS, worker_pool
from settlespec.engines.judgements import judge_all
from settlespec.engines.killable import run_killably
from settlespec.engines.mutating import RULES, Mutant, Operator, all_mutants
from settlespec.oracle.bites import ARGUED, never_alone, report_of, suspects
from settlespec.oracle.consoles import page_console, say
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.mutants_page import record_of
from settlespec.oracle.option_types import NamedPath, Seconds
from settlespec.oracle.pace import pace
from settlespec.oracle.proof_cache import warn
from settlespec.oracle.report import Report, Row, report_format
from settlespec.oracle.rulebook import Statement, statements
from settlespec.oracle.writing import CannotWrite, make_folder, place_of, write_whole

SECONDS_OF_TRACING: Final = 600.0
"""Limit for running every law once to see what it calls."""


@click.command(name="mutants")
@click.option(
    "--rule", "wanted", multiple=True, metavar="ID", help="Only mutants of this rule; may be given several times."
)
@click.option(
    "--operator",
    "operators",
    multiple=True,
    type=click.Choice([one.value for one in Operator]),
    help="Only these faults.",
)
@click.option("--jobs", type=click.IntRange(1, 256), default=JOBS, show_default=True, help="Mutants at a time.")
@click.option(
    "--seconds", type=Seconds(0.1, 86_400), default=10.0, show_default=True, help="Limit per question to the prover."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Where the drawn arguments start.")
@click.option(
    "--resume", type=NamedPath(), help="A folder that keeps each answer, so that a run that was ended goes on."
)
@click.option("--record", type=NamedPath(), help="Write the record that docs/mutants.md is made of; of a whole run.")
@report_format
def command(
    wanted: tuple[str, ...],
    operators: tuple[str, ...],
    jobs: int,
    seconds: float,
    seed: int,
    resume: Path | None,
    record: Path | None,
    report_format: str,
) -> ExitCode:
    """Plant every fault of four kinds in every rule, and ask each law that calls the rule whether it notices.

    A survivor of which nobody has argued that it is the rule itself is a violation, and so is an argument that has outlived its reason.
    """
    started = time.monotonic()
    if record is not None and (wanted or operators):
        raise click.UsageError("a record is made of a run over all mutants: without --rule and --operator")
    try:
        if record is not None:
            make_folder(place_of(record).parent)
        if resume is not None:
            make_folder(resume)
    except CannotWrite as failure:
        raise click.ClickException(str(failure)) from failure
    people, rulebook, every = equivalents(), statements((RULES,)), all_mutants()
    mutants = choose_mutants(every, rulebook, wanted, operators)
    calls = run_killably(calls_of_catalogue, RULES, seconds=SECONDS_OF_TRACING)
    effort = Effort(seed=seed, seconds=seconds, declared=people.declared)
    judgements = _with_progress(mutants, calls, effort, jobs, resume)
    report = report_of(mutants, judgements, calls, rulebook, people, every, seed, time.monotonic() - started)
    if record is not None:
        _keep(record, record_of(report))
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        print_report(report, page_console())
    for row in report.rows:
        if row["status"] == Fate.DEFECT:
            warn(f"a defect of settlespec: {row['id']}: {row['reason']}")
            return ExitCode.DEFECT
    return report.exit_code


def _keep(record: Path, text: str) -> None:
    try:
        write_whole(record, text.encode())
    except CannotWrite as failure:
        raise click.ClickException(str(failure)) from failure


def choose_mutants(
    every: Sequence[Mutant], rulebook: Sequence[Statement], wanted: Sequence[str], operators: Sequence[str]
) -> tuple[Mutant, ...]:
    """Give the mutants asked for, all of them by default; an id that no rule has is wrong usage."""
    places = {statement.place: statement.id for statement in rulebook if statement.is_function}
    unknown = sorted(set(wanted) - set(places.values()))
    if unknown:
        raise click.UsageError(f"no rule file has a rule {', '.join(unknown)}; settlespec rules lists them")
    chosen = tuple(
        mutant
        for mutant in every
        if (not wanted or places.get(f"{mutant.module}.{mutant.function}") in wanted)
        and (not operators or mutant.operator in operators)
    )
    if not chosen:
        raise click.UsageError("no mutant is of this rule and of this operator")
    return chosen


def _with_progress(
    mutants: Sequence[Mutant], calls: Mapping[str, LawCalls], effort: Effort, jobs: int, folder: Path | None
) -> tuple[Judgement, ...]:
    judged = []
    with worker_pool(jobs) as pool, pace("mutants", len(mutants)) as counting:
        for judgement in judge_all(mutants, calls, effort, pool, folder):
            judged.append(judgement)
            counting.advance()
    return tuple(judged)


def print_report(report: Report, console: Console) -> None:
    """Print the counts by rule file, what survives with its line, what is argued, and which laws do not bite."""
    totals = report.totals
    console.print(_table(totals))
    for status, title in (
        (Fate.DEFECT, "Not judged, by a defect of an engine"),
        (Fate.SURVIVED, "Survivors: no law tells them from the rule"),
        (ARGUED, "Argued to be the rule itself"),
    ):
        _print_rows(title, [row for row in report.rows if row["status"] == status], console)
    for complaint in totals["stale_arguments"]:
        console.print(f"argument without a reason: {complaint}", style="bold", highlight=False, markup=False)
    if totals["is_whole"]:
        _print_laws("Suspect, no mutant breaks them", suspects(totals["laws"]), console)
        _print_laws("Never the only one to break", never_alone(totals["laws"]), console)
    for law, slip in totals["declarations"].items():
        console.print(
            f"{law} names {', '.join(slip['declared_not_called']) or 'no rule that it calls'} and calls "
            f"{', '.join(slip['called_not_declared']) or 'nothing else'}",
            highlight=False,
            markup=False,
        )
    console.print(
        f"{totals['killed']} of {totals['mutants'] - totals['equivalent'] - totals[ARGUED]} mutants killed by laws alone, "
        f"{totals['percent']:.1f} %; {totals['equivalent']} more proved to be the rule, {totals[ARGUED]} argued; "
        f"{totals['survived']} survive; {report.seconds:.1f} s; seed {report.seed}",
        highlight=False,
    )


def _table(totals: Mapping[str, Any]) -> Table:
    table = Table(title="Mutants", title_justify="left")
    table.add_column("rule file", no_wrap=True)
    for heading in ("mutants", "killed", "equivalent", "argued", "survived", "%"):
        table.add_column(heading, justify="right", no_wrap=True)
    for file, counts in (*totals["files"].items(), ("all", totals)):
        table.add_row(
            file,
            *(str(counts[name]) for name in ("mutants", "killed", "equivalent", ARGUED, "survived")),
            f"{counts['percent']:.1f}",
        )
    return table


def _print_rows(title: str, rows: Sequence[Row], console: Console) -> None:
    if rows:
        console.print(f"{title}:", style="bold")
    for row in rows:
        console.print(f"{row['id']}: {row['difference']}", highlight=False, markup=False)
        if row["reason"]:
            console.print(f"  {row['reason']}", highlight=False, markup=False)


def _print_laws(title: str, laws: Sequence[str], console: Console) -> None:
    if laws:
        console.print(f"{title}: {', '.join(laws)}", highlight=False, markup=False)
