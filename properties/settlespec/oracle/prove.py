"""``settlespec prove``: every law by two solvers and by sampling, and every canary refuted in the same run."""

import sys
import time
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from settlespec.domain.errors import BadInput
from settlespec.engines.campaign import (
    JOBS,
    SEVERITY,
    Effort,
    Examination,
    Finding,
    Memory,
    examine_all,
    worker_pool,
)
from settlespec.engines.concolic import SECONDS as CROSSHAIR_SECONDS
from settlespec.engines.concolic import SearchStatus
from settlespec.engines.plain_form import as_plain
from settlespec.engines.proving import Status
from settlespec.engines.sampling import SampleStatus
from settlespec.laws.statement import Law, catalogue
from settlespec.oracle import matrix
from settlespec.oracle.consoles import command_line, page_console, say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.exporting import REPLAY, export
from settlespec.oracle.ignored_options import refuse_all_but
from settlespec.oracle.law_choice import laws_asked
from settlespec.oracle.law_files import laws_of_files, strangers_in
from settlespec.oracle.law_words import file_of, grounds_of, line_of, subject_of
from settlespec.oracle.option_types import NamedPath, Seconds
from settlespec.oracle.pace import pace
from settlespec.oracle.proof_cache import kept_answers, warn
from settlespec.oracle.report import Report, Row, Verdict, report_format
from settlespec.oracle.rulebook import statements
from settlespec.oracle.writing import CannotWrite, make_folder


@click.command(name="prove")
@click.option("--law", "wanted", multiple=True, metavar="ID", help="Only this law; may be given several times.")
@click.option("--subject", "subjects", multiple=True, metavar="SUBJECT", help="Only the laws of this file: margin, ...")
@click.option("--solver", type=click.Choice(["z3", "cvc5", "both"]), default="both", show_default=True)
@click.option("--crosshair", is_flag=True, help="Let CrossHair explore every law too, up to 30 s for each.")
@click.option("--laws", "files", multiple=True, type=NamedPath(), metavar="FILE", help="Laws of your own; see below.")
@click.option("--export", "folder", type=NamedPath(), metavar="DIR", help="Write every obligation as SMT-LIB 2.")
@click.option("--jobs", type=click.IntRange(1, 256), default=JOBS, show_default=True, help="Laws at a time.")
@click.option("--seconds", type=Seconds(0.1, 86_400), default=60.0, show_default=True, help="Limit per law and engine.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Where Hypothesis starts.")
@click.option("--refresh", is_flag=True, help="Ask every law again, whatever was answered before.")
@click.option("--cache", type=NamedPath(), metavar="DIR", help="Where answers are kept, instead of the user's cache.")
@click.option(
    "--matrix", "shows_matrix", is_flag=True, help="The step itself: every operation against every invariant."
)
@report_format
def command(
    wanted: tuple[str, ...],
    subjects: tuple[str, ...],
    solver: str,
    crosshair: bool,
    files: tuple[Path, ...],
    folder: Path | None,
    jobs: int,
    seconds: float,
    seed: int,
    refresh: bool,
    cache: Path | None,
    shows_matrix: bool,
    report_format: str,
) -> ExitCode:
    """Prove the laws for all values; refute the canaries, or else no proof is worth anything.

    With --solver cvc5 the verdict rests on cvc5 alone; Z3 still follows the paths, for cvc5 reads its terms.

    With --laws the laws of FILE are asked instead of ours; --law and --subject choose from both. An answer about the very
    same text of law, rules and engines is not asked for again: it is shown with the time at which it was given.
    """
    if shows_matrix:
        refuse_all_but("--matrix", ("shows_matrix", "jobs", "refresh", "cache", "report_format"))
        try:
            return matrix.run(jobs, report_format, cache, refresh=refresh)
        except CannotWrite as failure:
            raise click.ClickException(str(failure)) from failure
    started = time.monotonic()
    ours = catalogue()
    own, refused = laws_of_files(files, ours)
    laws = laws_asked(ours, own, refused, wanted, subjects)
    for reason in refused:
        warn(f"{reason}: its laws are left out")
    for slip in strangers_in(own, {rule.id for rule in statements()} if own else ()):
        warn(slip)
    effort = Effort(
        seconds=seconds,
        asks_cvc5=solver != "z3",
        asks_crosshair=crosshair,
        crosshair_seconds=min(seconds, CROSSHAIR_SECONDS),
        exports=folder is not None,
        seed=seed,
    )
    if crosshair:
        # Whether it is there is seen before anything long begins.
        import_module("crosshair")
    try:
        if folder is not None:
            make_folder(folder)
        memory = kept_answers(cache, effort, refreshes=refresh or effort.exports, complain=warn)
        examinations = _with_progress(laws, effort, jobs, memory)
        written = None if folder is None else export(folder, examinations)
    except CannotWrite as failure:
        raise click.ClickException(str(failure)) from failure
    misstated = _misstated(examinations, own)
    for reason in misstated.values():
        warn(str(reason))
    seconds_spent = time.monotonic() - started
    report = report_of(examinations, solver, seed, seconds_spent, refused, misstated)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        print_report(report, page_console())
        if folder is not None:
            asking = command_line((sys.executable, str(folder / REPLAY), "z3"))
            say(f"{written:,} obligations in {folder}; put them to a solver: {asking}")
    return _code(report, misstated)


def _misstated(examinations: Sequence[Examination], own: Sequence[Law]) -> dict[str, BadInput]:
    """The laws of the user's that are not stated as laws are, by id: bad data, where one of ours would be a defect."""
    theirs = {law.id for law in own}
    return {
        one.law.id: BadInput(one.defect, file=one.law.function.__code__.co_filename, line=line_of(one.law))
        for one in examinations
        if one.is_misstated and one.law.id in theirs
    }


def _code(report: Report, misstated: Collection[str]) -> ExitCode:
    """A defect before a violation, a violation before bad data, bad data before what is undecided."""
    for row in report.rows:
        if row["status"] == Finding.DEFECT and row["id"] not in misstated:
            warn(f"a defect of settlespec: {row['reason']}")
            return ExitCode.DEFECT
    if report.totals["refused"] and report.verdict is not Verdict.BROKEN:
        return ExitCode.BAD_DATA
    return report.exit_code


def _with_progress(laws: Sequence[Law], effort: Effort, jobs: int, memory: Memory | None) -> tuple[Examination, ...]:
    """Examine the laws, saying on the standard error how far it is."""
    with worker_pool(jobs) as pool, pace("laws", len(laws)) as counting:
        counting.show()
        done = []
        for examination in examine_all(laws, effort, pool, memory):
            done.append(examination)
            counting.advance()
    return tuple(done)


def status_of(examination: Examination, solver: str) -> Finding:
    """Give the finding, which rests on cvc5 alone where that was asked for."""
    finding, opinion = examination.finding, examination.opinion
    if solver == "cvc5" and opinion is not None and finding is Finding.PROVED:
        return Finding(opinion.status.value)
    return finding


def report_of(
    examinations: Sequence[Examination],
    solver: str,
    seed: int,
    seconds: float,
    refused: Sequence[BadInput] = (),
    misstated: Mapping[str, BadInput] = MappingProxyType({}),
) -> Report:
    """Give the report, worst first; what was refused, files and laws that are misstated, is neither true nor false."""
    findings = {examination.law.id: status_of(examination, solver) for examination in examinations}
    ordered = sorted(examinations, key=lambda one: (SEVERITY[findings[one.law.id]], one.law.is_canary, one.law.id))
    return Report(
        command="prove",
        version=version(),
        seed=seed,
        verdict=verdict_of(
            [finding for law, finding in findings.items() if law not in misstated],
            refuses=bool(refused or misstated),
        ),
        seconds=seconds,
        totals=_totals(examinations, findings) | {"refused": _refused((*refused, *misstated.values()))},
        listing="laws",
        rows=tuple(_row(examination, findings[examination.law.id]) for examination in ordered),
    )


def verdict_of(findings: Sequence[Finding], *, refuses: bool = False) -> Verdict:
    """Broken before undecided before holds; while something was refused nobody knows that all holds."""
    if any(finding.is_bad for finding in findings):
        return Verdict.BROKEN
    is_open = refuses or any(finding.is_open for finding in findings)
    return Verdict.UNDECIDED if is_open else Verdict.HOLDS


def _refused(reasons: Sequence[BadInput]) -> list[Row]:
    return [
        {
            "file": reason.file,
            "line": reason.line,
            "field": reason.field,
            "problem": reason.problem,
            "remedy": reason.remedy,
        }
        for reason in reasons
    ]


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
        "from_cache": sum(one.kept is not None for one in laws),
        "oldest_from_cache": min((one.kept.when for one in examinations if one.kept is not None), default=None),
        "confirmed_by_crosshair": sum(_searched(one) is SearchStatus.CONFIRMED for one in laws),
        "refuted_by_crosshair": sum(_searched(one) is SearchStatus.REFUTED for one in laws),
        "asked_of_crosshair": sum(one.search is not None for one in laws),
        "starved": sum(sample.status is SampleStatus.STARVED for sample in samples),
        "paths": sum(one.proof.paths for one in examinations),
        "seconds_of_z3": round(sum(one.proof.seconds for one in examinations), 3),
        "rules_digest": rules_digest(),
    }


def _searched(examination: Examination) -> SearchStatus | None:
    return None if examination.search is None else examination.search.status


def _row(examination: Examination, finding: Finding) -> Row:
    law, proof, opinion, sample = examination.law, examination.proof, examination.opinion, examination.sample
    search = examination.search
    return {
        "id": law.id,
        "status": finding.value,
        "sentence": law.sentence,
        "canary": law.is_canary,
        "subject": subject_of(law),
        "rules": list(law.rules),
        "place": f"{file_of(law)}:{line_of(law)}",
        "loses": law.loses,
        "shape": law.shape,
        "assumes": grounds_of(law),
        "composes": list(law.composes),
        "z3": proof.status.value,
        "cvc5": "not asked" if opinion is None else opinion.status.value,
        "cvc5_answered": [0, 0] if opinion is None else [opinion.answered, opinion.asked],
        "disagreements": [] if opinion is None else list(opinion.disagreements),
        "hypothesis": "unknown" if sample is None else sample.status.value,
        "hypothesis_checked": 0 if sample is None else sample.checked,
        "crosshair": "not asked" if search is None else search.status.value,
        "crosshair_seconds": 0.0 if search is None else round(search.seconds, 3),
        "crosshair_reason": "" if search is None else search.reason,
        "kept": _kept(examination),
        "paths": proof.paths,
        "seconds": round(proof.seconds, 3),
        "reason": _reason(examination),
        "counterexample": _counterexample(examination),
        "witness": as_plain(proof.witness),
    }


def _kept(examination: Examination) -> Row | None:
    kept = examination.kept
    return None if kept is None else {"when": kept.when, "seconds": round(kept.seconds, 3)}


def _reason(examination: Examination) -> str:
    """In the words of the first engine that has any."""
    sample, search = examination.sample, examination.search
    falsified = "" if sample is None else sample.failure
    refuted = search.reason if search is not None and search.status is SearchStatus.REFUTED else ""
    return examination.defect or examination.proof.reason or falsified or refuted


def _counterexample(examination: Examination) -> Any:
    """Prefer the prover's example; where only sampling or CrossHair found one, show that."""
    found = (
        examination.proof.counterexample,
        *(one.example for one in (examination.sample, examination.search) if one),
    )
    return as_plain(next((example for example in found if example is not None), None))


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
        f"{totals['disagreements']} disagreements; {totals['starved']} not sampled; "
        f"Z3 {totals['seconds_of_z3']:.1f} s, all {report.seconds:.1f} s; "
        f"seed {report.seed}",
        highlight=False,
    )
    if totals["refused"]:
        console.print(f"{len(totals['refused'])} refused, files or laws: of these nothing is known.", highlight=False)
    if totals["asked_of_crosshair"]:
        _print_crosshair(report, console)
    if totals["from_cache"]:
        console.print(
            f"{totals['from_cache']} of {totals['laws']} laws were answered earlier, the first at "
            f"{totals['oldest_from_cache']}, about the same text of law, rules and engines; ms as then. "
            "--refresh asks again.",
            highlight=False,
        )


def _print_crosshair(report: Report, console: Console) -> None:
    totals = report.totals
    console.print(
        f"CrossHair confirmed {totals['confirmed_by_crosshair']} of {totals['asked_of_crosshair']} laws, "
        f"refuted {totals['refuted_by_crosshair']}.",
        highlight=False,
    )
    undecided = [row for row in report.rows if row["crosshair"] == SearchStatus.UNKNOWN]
    if undecided:
        console.print("These it did not decide:", highlight=False)
        for row in undecided:
            console.print(f"  {row['id']}: {row['crosshair_reason']}", highlight=False, markup=False)


def _table(title: str, rows: Sequence[Row]) -> Table:
    explored = any(row["crosshair"] != "not asked" for row in rows)
    table = Table(title=title, title_justify="left")
    table.add_column("id", no_wrap=True)
    table.add_column("sentence", ratio=1)
    table.add_column("Z3", no_wrap=True)
    table.add_column("cvc5", no_wrap=True)
    table.add_column("Hypothesis", no_wrap=True)
    if explored:
        table.add_column("CrossHair", no_wrap=True)
    table.add_column("paths", justify="right", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    for row in rows:
        sampled = f"{row['hypothesis']} {row['hypothesis_checked'] or ''}".strip()
        # What an answer took that was given earlier is no figure of this run.
        milliseconds = f"{1000 * row['seconds']:.0f}" if row["kept"] is None else f"({1000 * row['seconds']:.0f})"
        figures = (str(row["paths"]), milliseconds)
        engines = (row["z3"], row["cvc5"], sampled, *((row["crosshair"],) if explored else ()))
        table.add_row(row["id"], row["sentence"], *engines, *figures)
    return table


def _print_trouble(row: Row, console: Console) -> None:
    console.print(
        f"{row['id']} {row['status']}, {row['place']}: {row['reason']}", style="bold", highlight=False, markup=False
    )
    if row["loses"]:
        console.print(f"  at stake: {row['loses']}", highlight=False, markup=False)
    if row["counterexample"] is not None:
        console.print(f"  with {row['counterexample']}", highlight=False, markup=False)
