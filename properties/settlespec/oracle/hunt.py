"""``settlespec hunt``: a guided walk that looks for operations that break an invariant, and the shortest trace of what it finds."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice, takewhile
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from settlespec.domain.reasons import Reason
from settlespec.engines.campaign import worker_pool
from settlespec.hunting.campaign import SHARD_STEPS, Finding, Shard, ShardResult, run_shards, worst_first
from settlespec.hunting.proposing import ROLES
from settlespec.hunting.scopes import SCOPES
from settlespec.oracle.consoles import PipeConsole, say
from settlespec.oracle.edition import version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.hunted import write_finding
from settlespec.oracle.option_types import MAX_STEPS, NamedPath
from settlespec.oracle.pace import pace
from settlespec.oracle.report import Report, Verdict, report_format
from settlespec.oracle.words import operation_in_words
from settlespec.oracle.writing import CannotWrite, make_folder

STEPS: Final = 20_000


@click.command(name="hunt")
@click.option(
    "--scope", type=click.Choice([*SCOPES]), default="minimal", show_default=True, help="The exchange to hunt in."
)
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([*ROLES]), help="Only this role; may be given several times."
)
@click.option(
    "--steps",
    type=click.IntRange(1, MAX_STEPS),
    help=f"Operations to ask, in shards of {SHARD_STEPS:,}.  [default: {STEPS:,}]",
)
@click.option("--minutes", type=click.FloatRange(0.01, 100_000), help="Go on for so long instead.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), default=2, show_default=True, help="Processes.")
@click.option(
    "--out",
    type=NamedPath(),
    help="A folder for findings: each a trace, its story, and a test that fails until it is mended.",
)
@report_format
def command(
    scope: str,
    roles: tuple[str, ...],
    steps: int | None,
    minutes: float | None,
    seed: int,
    jobs: int,
    out: Path | None,
    report_format: str,
) -> ExitCode:
    """Hunt for operations that break an invariant, from genesis on, again and again.

    Owners, a coalition, the oracles, the base layer and a sequencer that repeats and forges ask what is nearly always possible, at the
    borders where rules turn. With --steps the same seed gives the same hunt on any number of processes.
    """
    if steps is not None and minutes is not None:
        raise click.UsageError("--steps and --minutes say two things about the end; give one of them")
    started = time.monotonic()
    wanted = tuple(role for role in ROLES if not roles or role in roles)
    shards = (Shard(scope, wanted, seed, number) for number in count())
    expected = None if minutes is not None else -(-(steps or STEPS) // SHARD_STEPS)
    going: Iterator[Shard] = islice(shards, expected)
    if minutes is not None:
        going = takewhile(lambda _: time.monotonic() - started < 60 * minutes, shards)
    try:
        if out is not None:
            make_folder(out)
        results = hunted(going, jobs, expected)
        findings = worst_first(results)
        folders = [] if out is None else [write_finding(out, finding) for finding in findings]
    except CannotWrite as failure:
        # A message without the usage: what is wrong is the place, and it takes one line.
        raise click.ClickException(str(failure)) from failure
    report = report_of(results, findings, seed, time.monotonic() - started)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        print_hunt(results, findings, folders, report, PipeConsole())
    return report.exit_code


def hunted(shards: Iterator[Shard], jobs: int, expected: int | None) -> list[ShardResult]:
    """Every shard's result, in the order of the shards."""
    with worker_pool(jobs) as pool, pace("shards", expected) as pacing:
        results = []
        for result in run_shards(shards, pool, jobs):
            results.append(result)
            pacing.advance()
    return sorted(results, key=lambda one: one.shard.number)


def report_of(results: list[ShardResult], findings: tuple[Finding, ...], seed: int, seconds: float) -> Report:
    """The envelope of every command, with the findings as its list."""
    reach = reach_of(results)
    return Report(
        command="hunt",
        version=version(),
        seed=seed,
        verdict=Verdict.BROKEN if findings else Verdict.HOLDS,
        seconds=seconds,
        totals={
            "steps": sum(result.steps for result in results),
            "shards": len(results),
            "findings": len(findings),
            "reached": {f"{kind} {name}": number for (kind, name), number in sorted(reach.items())},
            "reasons_never_reached": never(reach),
        },
        listing="cases",
        rows=tuple(
            {
                "id": f"{finding.violation.invariant}: {finding.violation.conjunct}",
                "status": "broken",
                "length": len(finding.operations),
                "found_after": finding.found_after,
                "shard": finding.shard.number,
                "trace": [operation_in_words(operation) for operation in finding.operations],
            }
            for finding in findings
        ),
    )


def reach_of(results: list[ShardResult]) -> Counter[tuple[str, str]]:
    """What all shards came to."""
    total: Counter[tuple[str, str]] = Counter()
    for result in results:
        total.update(result.reach)
    return total


def never(reach: Counter[tuple[str, str]]) -> list[str]:
    """Reasons of refusals that nothing was refused for."""
    return [reason.name for reason in Reason if not reach["reason", reason.name]]


def print_hunt(
    results: list[ShardResult], findings: tuple[Finding, ...], folders: list[Path], report: Report, console: Console
) -> None:
    """The findings with their traces, what was reached, and the verdict."""
    for place, finding in enumerate(findings):
        violation = finding.violation
        title = f"{violation.invariant}: {violation.conjunct}"
        table = Table(title=title, title_justify="left", caption_justify="left")
        table.add_column("", justify="right")
        table.add_column("role", no_wrap=True)
        table.add_column("operation", ratio=1)
        for number, (role, operation) in enumerate(zip(finding.roles, finding.operations, strict=True), 1):
            table.add_row(str(number), role, operation_in_words(operation))
        console.print(table)
        where = f"; {folders[place]}" if folders else ""
        console.print(
            f"{violation.who}: {violation.left} against {violation.right}{where}", highlight=False, markup=False
        )
    reach = reach_of(results)
    table = Table(title="What the hunt came to", title_justify="left")
    for heading in ("role", "operations asked"):
        table.add_column(heading, justify="right" if heading != "role" else "left")
    for role in ROLES:
        table.add_row(role, f"{reach['role', role]:,}")
    console.print(table)
    missing = report.totals["reasons_never_reached"]
    console.print(f"Refusals never reached: {', '.join(missing) or 'none'}.", highlight=False, markup=False)
    steps, seconds = report.totals["steps"], report.seconds
    verdict = "No invariant was broken" if not findings else f"Broken: {len(findings)} conjuncts"
    speed = f"{steps / max(seconds, 0.001):,.0f} a second"
    console.print(
        f"{verdict}: {steps:,} operations in {report.totals['shards']} shards, {speed}; seed {report.seed}.",
        highlight=False,
        markup=False,
    )
