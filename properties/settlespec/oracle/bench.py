"""``settlespec bench``: how fast it is and how much memory it takes, beside a baseline measured in the same run."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click
from attrs import evolve
from rich.console import Console
from rich.table import Table

from settlespec.domain.operations import Tick
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.replayed import ReplayedFlow
from settlespec.flows.session import Flow
from settlespec.machine.signatures import Ed25519, Ideal
from settlespec.oracle.auditing import ACCOUNTS, FULL_EVERY
from settlespec.oracle.bench_commitment import COMMITMENT
from settlespec.oracle.bench_sizes import QUICK, Size
from settlespec.oracle.benchmarks import (
    SIGNED,
    Measurement,
    Recording,
    baseline,
    found_flow,
    holding,
    populated,
    quoting,
    record,
    round_seconds,
    run_child,
    timed,
)
from settlespec.oracle.command import EXTRAS
from settlespec.oracle.consoles import page_console, say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.option_types import NamedPath
from settlespec.oracle.pace import Pace, pace
from settlespec.oracle.portfolio_benchmarks import LEGS, POSITIONS, requirement_seconds, round_of_options
from settlespec.oracle.report import Report, Verdict, report_format
from settlespec.oracle.watching import monitored

WORST_FIRST: Final = ("missed", "not measured", "met", "no target")


@click.command(name="bench")
@click.option("--flow", type=NamedPath(), help="A file of order flow; by default the one beside the clone.")
@click.option("--quick", is_flag=True, help="Small sizes: shows that it runs; the figures mean little.")
@report_format
def command(flow: Path | None, quick: bool, report_format: str) -> ExitCode:
    """Measure speed and memory. A target that is missed is reported with its value and is no failure: machines differ."""
    started = time.monotonic()
    size = QUICK if quick else Size()
    turns = baseline()
    with pace("benchmarks", len(BENCHMARKS)) as counting:
        measurements = tuple(_measured(size, found_flow(flow), turns, counting))
    report = report_of(measurements, turns, quick, time.monotonic() - started)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        print_report(report, page_console())
    return report.exit_code


def _measured(size: Size, flow: Path | None, turns: float, counting: Pace) -> Iterator[Measurement]:
    for benchmark in BENCHMARKS:
        for measurement in benchmark(size, flow):
            relative = measurement.unit == "operations/s"
            ratio = measurement.value / turns * 1e6 if relative else measurement.ratio
            # Small sizes are dominated by their beginnings: no target speaks of them.
            yield evolve(measurement, ratio=ratio, target=None if size == QUICK else measurement.target)
        counting.advance()


def memory(size: Size, flow: Path | None) -> Iterator[Measurement]:
    """A whole audit in a process of its own: its peak, and how long it takes."""
    if flow is None:
        return
    arguments = ["audit", str(flow), "--no-laws", "--format", "json"]
    child = run_child([*arguments, "--steps", str(size.messages)] if size.messages < 40_000 else arguments)
    note = f"exit code {child.code}"
    yield Measurement(
        "memory-audit", f"peak memory of an audit of {flow.name}", child.peak_bytes / 1e6, "MB", 500, False, note=note
    )
    what = f"an audit of {flow.name}, from the first order to the last final withdrawal"
    yield Measurement("seconds-audit", what, child.seconds, "s", 180, False, note=note)


def embedded(size: Size, _: Path | None) -> Iterator[Measurement]:
    """The project's own flow; of 20,000 operations, with 1,000 accounts."""
    recording = record(EmbeddedFlow(1, size.operations // 20, size.operations), Ideal(), size.operations)
    yield from speeds("embedded", "the embedded flow", recording, size, targets=(None, None))


def real(size: Size, flow: Path | None) -> Iterator[Measurement]:
    """A recorded flow on 1,000 accounts: what the targets speak of."""
    if flow is None:
        return
    # A short piece of the flow needs fewer owners, or the deposits that open their accounts are all of it.
    owners = min(ACCOUNTS, max(size.messages // 10, 1))
    recording = record(ReplayedFlow(flow, accounts=owners), Ideal(), size.messages)
    yield from speeds("real", flow.name, recording, size, targets=(15_000, 10_000))


def speeds(
    name: str, what: str, recording: Recording, size: Size, targets: tuple[float | None, float | None]
) -> Iterator[Measurement]:
    """Local operations per second, alone and with the monitor."""
    unit = "operations/s"
    # The deposits that set the stage are cheap and no part of a venue's flow: they would flatter the figure.
    alone = timed(recording, times=size.times, only=(*SIGNED, Tick))
    yield Measurement(f"{name}-ideal", f"local operations, {what}, ideal signatures", alone.speed, unit, targets[0])
    watched = timed(
        recording,
        lambda state, signer: monitored(state, signer, FULL_EVERY),
        times=min(size.times, 2),
        only=(*SIGNED, Tick),
    )
    overhead = (1 / watched.speed - 1 / alone.speed) * 1e6
    note = f"{overhead:.1f} us more for each; every {FULL_EVERY:,} in full included, those at the ends of rounds not"
    yield Measurement(
        f"{name}-monitor", f"the same with the monitor, {what}", watched.speed, unit, targets[1], note=note
    )


def signed(size: Size, flow: Path | None) -> Iterator[Measurement]:
    """The same with real signatures, verified one by one."""
    chosen: Flow = (
        EmbeddedFlow(1, size.signed // 20, 2 * size.signed) if flow is None else ReplayedFlow(flow, accounts=ACCOUNTS)
    )
    deposits = 2 * (size.signed // 20 if flow is None else ACCOUNTS)
    recording = record(chosen, Ed25519(), deposits + size.signed)
    timing = timed(recording, times=1, only=SIGNED)
    yield Measurement("ed25519", f"signed operations, {chosen.name}, Ed25519 verified", timing.speed, "operations/s")


def accounts(size: Size, _: Path | None) -> Iterator[Measurement]:
    """What a local operation costs where there are many accounts."""
    costs = []
    for number in (1_000, size.many):
        timing = timed(quoting(populated(number), size.operations), times=size.times)
        costs.append(1e6 / timing.speed)
        yield Measurement(f"cost-{number}", f"a local operation with {number:,} accounts", costs[-1], "us")
    ratio = costs[1] / costs[0]
    what = f"cost of a local operation, {size.many:,} accounts against 1,000"
    yield Measurement("cost-ratio", what, ratio, "times", 1.5, at_least=False, ratio=ratio)


def clearing(size: Size, _: Path | None) -> Iterator[Measurement]:
    """What a round costs for each account that it has to look at."""
    session = populated(size.holders)
    holding(session)
    cost = round_seconds(session, size.times) / size.holders * 1e6
    what = f"a clearing round, for each of {size.holders:,} linear accounts with a position"
    yield Measurement("round", what, cost, "us", 25, at_least=False)


def proofs(size: Size, flow: Path | None) -> Iterator[Measurement]:
    """How long the laws take; without the extra `prove` nothing is measured, and that is said."""
    try:
        from settlespec.oracle.proof_benchmarks import beside_crosshair, laws
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        click.echo(f"settlespec: the laws are not measured: {package} is not installed", err=True)
        return
    yield from laws(size, flow)
    yield from beside_crosshair(size, flow)


def options(size: Size, _: Path | None) -> Iterator[Measurement]:
    """What the requirement of a portfolio costs, and a round of accounts that hold options."""
    whole, after_fill = requirement_seconds(POSITIONS, size.times)
    what = f"requirement of an account with {POSITIONS} positions, computed whole"
    yield Measurement("requirement-whole", what, whole * 1e6, "us", 300, at_least=False)
    yield Measurement("requirement-fill", "the same after one fill", after_fill * 1e6, "us", 30, at_least=False)
    what = f"a clearing round of {size.holders:,} accounts with {LEGS} of 22 instruments each, options among them"
    yield Measurement("round-options", what, round_of_options(size.holders, size.times), "s", 2, at_least=False)


BENCHMARKS: Final[tuple[Callable[[Size, Path | None], Iterator[Measurement]], ...]] = (
    memory,
    embedded,
    real,
    signed,
    accounts,
    clearing,
    options,
    *COMMITMENT,
    proofs,
)


def report_of(measurements: tuple[Measurement, ...], turns: float, quick: bool, seconds: float) -> Report:
    """The report: missed targets first."""
    ordered = sorted(measurements, key=lambda one: WORST_FIRST.index(one.status))
    statuses = [one.status for one in measurements]
    totals: dict[str, Any] = {
        "benchmarks": len(measurements),
        "met": statuses.count("met"),
        "missed": statuses.count("missed"),
        "quick": quick,
        "baseline_turns_per_second": round(turns),
        "rules_digest": rules_digest(),
    }
    return Report(
        command="bench",
        version=version(),
        seed=1,
        verdict=Verdict.HOLDS,
        seconds=seconds,
        totals=totals,
        listing="benchmarks",
        rows=tuple(_row(one) for one in ordered),
    )


def _row(one: Measurement) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": one.status,
        "what": one.what,
        "value": round(one.value, 3),
        "unit": one.unit,
        "target": one.target,
        "better": "more" if one.at_least else "less",
        "ratio": None if one.ratio is None else round(one.ratio, 3),
        "note": one.note,
    }


def print_report(report: Report, console: Console) -> None:
    """Print one table and what the ratios are to."""
    table = Table(title="Benchmarks", title_justify="left")
    table.add_column("what", ratio=1)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("note", ratio=1)
    for row in report.rows:
        target = "" if row["target"] is None else f"{'>=' if row['better'] == 'more' else '<='} {row['target']:,}"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:,.2f}"
        style = "bold red" if row["status"] == "missed" else None
        cells = (row["what"], _figure(row["value"]), row["unit"], target, row["status"], ratio, row["note"])
        table.add_row(*cells, style=style)
    console.print(table)
    totals = report.totals
    console.print(
        f"{totals['met']} targets met, {totals['missed']} missed. Ratio: operations for each million turns of a plain Python loop, "
        f"of which this machine does {totals['baseline_turns_per_second']:,} a second.",
        highlight=False,
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:,.2f}"
