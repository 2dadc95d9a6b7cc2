"""``settlespec prove``: every law by two solvers and by sampling, and every canary refuted in the same run."""

import time
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from settlespec.engines.campaign import JOBS, SEVERITY, Effort, Examination, Finding, examine_all, worker_pool
from settlespec.engines.proving import EngineDefect, Status
from settlespec.engines.sampling import Sample, SampleStatus
from settlespec.laws.statement import Law, catalogue
from settlespec.oracle import matrix
from settlespec.oracle.consoles import PipeConsole, say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.option_types import Seconds
from settlespec.oracle.report import Report, Row, Verdict, report_format


@click.command(name="prove")
@click.option("--law", "wanted", multiple=True, metavar="ID", help="Only this law; may be given several times.")
@click.option("--subject", "subjects", multiple=True, metavar="SUBJECT", help="Only the laws of this file: margin, ...")
@click.option("--solver", type=click.Choice(["z3", "cvc5", "both"]), default="both", show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), default=JOBS, show_default=True, help="Laws at a time.")
@click.option("--seconds", type=Seconds(0.1, 86_400), default=60.0, show_default=True, help="Limit per law.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Where Hypothesis starts.")
@click.option(
    "--matrix", "shows_matrix", is_flag=True, help="The step itself: every operation against every invariant."
)
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where the matrix keeps its proofs.")
@report_format
def command(
    wanted: tuple[str, ...],
    subjects: tuple[str, ...],
    solver: str,
    jobs: int,
    seconds: float,
    seed: int,
    shows_matrix: bool,
    cache: Path | None,
    report_format: str,
) -> ExitCode:
    """Prove the laws for all values; refute the canaries, or else no proof is worth anything.

    With --solver cvc5 the verdict rests on cvc5 alone; Z3 still follows the paths, for cvc5 reads its terms.
    """
    if shows_matrix:
        if wanted or subjects:
            raise click.UsageError("the matrix is of operations and invariants: it takes no --law and no --subject")
        return matrix.run(jobs, report_format, cache)
    started = time.monotonic()
    laws = choose_laws(catalogue(), wanted, subjects)
    effort = Effort(seconds=seconds, asks_cvc5=solver != "z3", seed=seed)
    examinations = _with_progress(laws, effort, jobs)
    report = report_of(examinations, solver, seed, time.monotonic() - started)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        print_report(report, PipeConsole())
    for examination in examinations:
        if examination.defect:
            raise EngineDefect(examination.defect)
    return report.exit_code


def choose_laws(laws: Sequence[Law], wanted: Sequence[str], subjects: Sequence[str]) -> tuple[Law, ...]:
    """Give the laws asked for, all of them by default, and every canary: a run without them could not be believed.

    An id or a subject that nobody knows is wrong usage, and so is a question that leaves no law.
    """
    for asked, known, what in (
        (wanted, {law.id for law in laws}, "law"),
        (subjects, {subject_of(law) for law in laws}, "subject"),
    ):
        unknown = [name for name in asked if name not in known]
        if unknown:
            raise click.UsageError(f"no {what} is called {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    chosen = {
        law.id for law in laws if (not wanted or law.id in wanted) and (not subjects or subject_of(law) in subjects)
    }
    if not chosen:
        raise click.UsageError("no law has both this id and this subject")
    return tuple(law for law in laws if law.is_canary or law.id in chosen)


def subject_of(law: Law) -> str:
    """Give the name of the file that states the law."""
    return law.module.rpartition(".")[2]


def _with_progress(laws: Sequence[Law], effort: Effort, jobs: int) -> tuple[Examination, ...]:
    """Examine the laws, saying on the standard error how far it is."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with (
        worker_pool(jobs) as pool,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("laws", total=len(laws))
        done = []
        for examination in examine_all(laws, effort, pool):
            done.append(examination)
            progress.advance(task)
    return tuple(done)


def status_of(examination: Examination, solver: str) -> Finding:
    """Give the finding, which rests on cvc5 alone where that was asked for."""
    finding, opinion = examination.finding, examination.opinion
    if solver == "cvc5" and opinion is not None and finding is Finding.PROVED:
        return Finding(opinion.status.value)
    return finding


def report_of(examinations: Sequence[Examination], solver: str, seed: int, seconds: float) -> Report:
    """Give the report, worst first."""
    findings = {examination.law.id: status_of(examination, solver) for examination in examinations}
    ordered = sorted(examinations, key=lambda one: (SEVERITY[findings[one.law.id]], one.law.is_canary, one.law.id))
    return Report(
        command="prove",
        version=version(),
        seed=seed,
        verdict=verdict_of(list(findings.values())),
        seconds=seconds,
        totals=_totals(examinations, findings),
        listing="laws",
        rows=tuple(_row(examination, findings[examination.law.id]) for examination in ordered),
    )


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Broken before undecided before holds."""
    if any(finding.is_bad for finding in findings):
        return Verdict.BROKEN
    return Verdict.UNDECIDED if any(finding.is_open for finding in findings) else Verdict.HOLDS


def _totals(examinations: Sequence[Examination], findings: Mapping[str, Finding]) -> dict[str, Any]:
    laws = [one for one in examinations if not one.law.is_canary]
    canaries = [one for one in examinations if one.law.is_canary]
    opinions = [one.opinion for one in examinations if one.opinion is not None]
    samples = [one.sample for one in laws if one.sample is not None]
    return {
        "laws": len(laws),
        "proved": sum(findings[one.law.id] is Finding.PROVED for one in laws),
        "undecided": sum(findings[one.law.id].is_open for one in laws),
        "canaries": len(canaries),
        "canaries_refuted": sum(findings[one.law.id] is Finding.CAUGHT for one in canaries),
        "proved_by_cvc5": sum(one.opinion is not None and one.opinion.status is Status.PROVED for one in laws),
        "disagreements": sum(len(opinion.disagreements) for opinion in opinions),
        "obligations": sum(opinion.asked for opinion in opinions),
        "obligations_answered_by_cvc5": sum(opinion.answered for opinion in opinions),
        "starved": sum(sample.status is SampleStatus.STARVED for sample in samples),
        "paths": sum(one.proof.paths for one in examinations),
        "seconds_of_z3": round(sum(one.proof.seconds for one in examinations), 3),
        "rules_digest": rules_digest(),
    }


def _row(examination: Examination, finding: Finding) -> Row:
    law, proof, opinion, sample = examination.law, examination.proof, examination.opinion, examination.sample
    return {
        "id": law.id,
        "status": finding.value,
        "sentence": law.sentence,
        "canary": law.is_canary,
        "subject": subject_of(law),
        "rules": list(law.rules),
        "loses": law.loses,
        "shape": law.shape,
        "z3": proof.status.value,
        "cvc5": "not asked" if opinion is None else opinion.status.value,
        "cvc5_answered": [0, 0] if opinion is None else [opinion.answered, opinion.asked],
        "disagreements": [] if opinion is None else list(opinion.disagreements),
        "hypothesis": "unknown" if sample is None else sample.status.value,
        "hypothesis_checked": 0 if sample is None else sample.checked,
        "paths": proof.paths,
        "seconds": round(proof.seconds, 3),
        "reason": examination.defect or proof.reason or ("" if sample is None else sample.failure),
        "counterexample": _counterexample(examination),
        "witness": as_plain(proof.witness),
    }


def _counterexample(examination: Examination) -> Any:
    """Prefer the prover's example; where only sampling found one, show that."""
    sample: Sample | None = examination.sample
    if examination.proof.counterexample is None and sample is not None:
        return as_plain(sample.example)
    return as_plain(examination.proof.counterexample)


def as_plain(value: Any) -> Any:
    """Give a value as JSON can carry it: integers as decimal strings, members by name, records by field."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(item) for item in value]
    if attrs.has(type(value)):
        return {field.name: as_plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    raise TypeError(f"no JSON for {type(value).__name__}")


def print_report(report: Report, console: Console) -> None:
    """Print the laws, the canaries in a table of their own, what went wrong, and the totals."""
    laws = [row for row in report.rows if not row["canary"]]
    canaries = [row for row in report.rows if row["canary"]]
    if laws:
        console.print(_table("Laws", laws))
    if canaries:
        console.print(_table("Canaries: false, and to be refuted by every engine", canaries))
    for row in report.rows:
        if row["status"] not in (Finding.PROVED, Finding.CAUGHT):
            _print_trouble(row, console)
    totals = report.totals
    console.print(
        f"{totals['proved']} of {totals['laws']} laws proved, {totals['proved_by_cvc5']} by cvc5 too; "
        f"{totals['undecided']} undecided; {totals['canaries_refuted']} of {totals['canaries']} canaries refuted; "
        f"cvc5 answered {totals['obligations_answered_by_cvc5']} of {totals['obligations']} obligations, "
        f"{totals['disagreements']} disagreements; Z3 {totals['seconds_of_z3']:.1f} s, all {report.seconds:.1f} s; "
        f"seed {report.seed}",
        highlight=False,
    )


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("id", no_wrap=True)
    table.add_column("sentence", ratio=1)
    table.add_column("Z3", no_wrap=True)
    table.add_column("cvc5", no_wrap=True)
    table.add_column("Hypothesis", no_wrap=True)
    table.add_column("paths", justify="right", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    for row in rows:
        sampled = f"{row['hypothesis']} {row['hypothesis_checked'] or ''}".strip()
        milliseconds = f"{1000 * row['seconds']:.0f}"
        table.add_row(row["id"], row["sentence"], row["z3"], row["cvc5"], sampled, str(row["paths"]), milliseconds)
    return table


def _print_trouble(row: Row, console: Console) -> None:
    console.print(f"{row['id']} {row['status']}: {row['reason']}", style="bold", highlight=False, markup=False)
    if row["loses"]:
        console.print(f"  at stake: {row['loses']}", highlight=False, markup=False)
    if row["counterexample"] is not None:
        console.print(f"  with {row['counterexample']}", highlight=False, markup=False)
