"""``settlespec audit``: an order flow through everything that there is: does everything hold?"""

import logging
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from settlespec.machine.genesis import PRESETS
from settlespec.oracle.audit_tables import closing_lines, tables
from settlespec.oracle.auditing import (
    ACCOUNTS,
    BODY,
    ETHER_PRICE,
    FULL_EVERY,
    ROUND_SECONDS,
    SCHEMES,
    WITNESS_EVERY,
    Plan,
    Run,
)
from settlespec.oracle.batch_files import room_for_batches
from settlespec.oracle.consoles import WIDE, page_console, say
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.findings import Findings
from settlespec.oracle.ignored_options import refuse_ignored_options
from settlespec.oracle.lawbook import laws_left_out, prove_laws
from settlespec.oracle.option_types import MAX_STEPS, InputPath, NamedPath
from settlespec.oracle.pace import pace
from settlespec.oracle.plain_tables import PlainTable
from settlespec.oracle.recording import recording
from settlespec.oracle.report import report_format
from settlespec.oracle.settlement_findings import SettlementFinding
from settlespec.oracle.settling import BODIES, Settlement, SettlementPlan
from settlespec.oracle.watching import watch
from settlespec.oracle.writing import CannotWrite, keep_apart, make_folder


@click.command(name="audit")
@click.argument("flow", required=False, type=InputPath())
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True)
@click.option("--accounts", type=click.IntRange(1, 1_000_000), default=ACCOUNTS, show_default=True)
@click.option(
    "--round-seconds",
    type=click.IntRange(1, 86_400),
    default=ROUND_SECONDS,
    show_default=True,
    help="Flow time from one clearing round to the next; of a FLOW only.",
)
@click.option("--signatures", type=click.Choice(SCHEMES), default="ideal", show_default=True)
@click.option(
    "--preset", type=click.Choice(tuple(PRESETS)), default="standard", show_default=True, help="The deployment."
)
@click.option("--steps", type=click.IntRange(1, MAX_STEPS), help="Stop after so many operations.")
@click.option("--out", type=NamedPath(), metavar="DIR", help="Write a page with pictures into this folder.")
@click.option(
    "--record", type=NamedPath(), metavar="FILE", help="Write a trace that can be replayed; .gz is compressed."
)
@click.option(
    "--full-every",
    type=click.IntRange(1),
    default=FULL_EVERY,
    show_default=True,
    help="Operations between two recomputations of every invariant in full.",
)
@click.option("--no-laws", is_flag=True, help="Leave the laws to `settlespec prove`.")
@click.option("--refresh", is_flag=True, help="Ask the laws again, whatever was answered before.")
@click.option("--no-settlement", is_flag=True, help="Stop at the machine: no batches, no base layer.")
@click.option("--body", type=click.Choice(tuple(BODIES)), default=BODY, show_default=True, help="What is published.")
@click.option(
    "--witness-every",
    type=click.IntRange(1, 1_000_000),
    default=WITNESS_EVERY,
    show_default=True,
    help="Of so many batches one is proven by witness, the others on the sealer's word; 1 proves all.",
)
@click.option(
    "--ether-price",
    type=click.IntRange(1, 10**9),
    default=ETHER_PRICE,
    show_default=True,
    help="Collateral units for one ether, to tell fees in quantums.",
)
@click.option("--batches", type=NamedPath(), metavar="DIR", help="Write every batch into this folder, for `inspect`.")
@report_format
def command(
    flow: Path | None,
    seed: int,
    accounts: int,
    round_seconds: int,
    signatures: str,
    preset: str,
    steps: int | None,
    out: Path | None,
    record: Path | None,
    full_every: int,
    no_laws: bool,
    refresh: bool,
    no_settlement: bool,
    body: str,
    witness_every: int,
    ether_price: int,
    batches: Path | None,
    report_format: str,
) -> ExitCode:
    """Run an order flow through everything: does everything hold?

    FLOW is a file of the order-by-order schema or a raw LOBSTER message file, plain or gzip; - is the
    standard input. Without it the project's own flow runs: 20,000 operations in four perpetuals, two futures and fourteen options, with a
    crash and three expiries. The same options give the same run.
    """
    started = time.monotonic()
    refuse_ignored_options(flow, preset, settled=not no_settlement)
    if no_laws and refresh:
        raise click.UsageError("--no-laws asks no laws that --refresh could ask again")
    plan = Plan(
        flow,
        preset,
        seed,
        accounts,
        round_seconds,
        signatures,
        steps,
        full_every,
        not no_settlement,
        body,
        witness_every,
        ether_price,
        not no_laws,
    )
    wanted = None if no_settlement else SettlementPlan(body, witness_every, ether_price, batches)
    try:
        keep_apart(flow, record, out)
        findings = audit(plan, out, record, wanted, refreshes=refresh, started=started)
    except CannotWrite as failure:
        # A message without the usage: what is wrong is the place, and it takes one line.
        raise click.ClickException(str(failure)) from failure
    if report_format == "json":
        say(findings.report().to_json(indent=2))
    else:
        print_page(findings, page_console())
    return findings.verdict.exit_code


def audit(
    plan: Plan, out: Path | None, record: Path | None, wanted: SettlementPlan | None, *, refreshes: bool, started: float
) -> Findings:
    """Carry out a plan, and write what was asked for once everything is known."""
    if out is not None:
        # What the page needs is looked for before anything long begins; where it keeps its fonts is no news.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        from settlespec.oracle.page import write_page

        make_folder(out)
    if wanted is not None and wanted.batches is not None:
        room_for_batches(wanted.batches)
    run = Run(plan, watch)
    with recording(run, record), pace("operations", run.expected()) as counting:
        run.go(counting)
    unsettled = why_not_settled(run, wanted)
    settled = None if wanted is None or unsettled else settle(run, wanted)
    proved = prove_laws(plan.seed, refreshes=refreshes) if plan.laws else laws_left_out()
    findings = run.findings(
        proved, "" if record is None else str(record), time.monotonic() - started, settled, unsettled
    )
    if out is not None:
        write_page(findings, out)
    return findings


def why_not_settled(run: Run, wanted: SettlementPlan | None) -> str:
    """Why a flow is not taken to finality; empty when it is."""
    if wanted is None:
        return "--no-settlement"
    if run.is_broken() or run.stopped:
        return "what a broken run, or one that was stopped, came to is not settled"
    if run.plan.flow is not None and not run.plan.flow.is_file():
        return "a flow from a pipe is gone once it is read: give a file"
    return ""


def settle(run: Run, wanted: SettlementPlan) -> SettlementFinding:
    """Take the flow of a run to finality."""
    settlement = Settlement(run.plan, wanted, run.rehearsal)
    with pace("settled operations", run.rehearsal.operations) as counting:
        return settlement.go(run.session.state, counting)


def print_page(findings: Findings, console: Console) -> None:
    """Print every table, then the violations, and the verdict last."""
    for table in tables(findings):
        if table.rows:
            console.print(drawn(table, console.width))
        else:
            console.print(f"{table.title}: {table.note}", highlight=False, markup=False)
        console.print()
    # Where the trace stands is news at the command line only: the page is the same wherever it stands.
    trace = (f"trace: {findings.trace}",) if findings.trace else ()
    for line in (*trace, *closing_lines(findings)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def drawn(table: PlainTable, width: int) -> Table:
    """A table as rich draws it; where it is narrow, without the columns that only explain."""
    picture = Table(
        title=table.title, title_justify="left", title_style="bold", caption=table.note, caption_justify="left"
    )
    shown = [place for place, column in enumerate(table.columns) if width >= WIDE or not column.optional]
    for place in shown:
        column = table.columns[place]
        # A figure that is cut is a wrong figure: its column is as wide as its longest one, and its heading may take several lines.
        picture.add_column(
            column.heading.replace(" ", "\n") if column.figures else column.heading,
            justify="right" if column.figures else "left",
            min_width=max((len(row[place]) for row in table.rows), default=0) if column.figures else None,
            no_wrap=not column.wraps,
            ratio=1 if column.wraps else None,
        )
    for row in table.rows:
        picture.add_row(*(row[place] for place in shown), style="bold red" if "broken" in row else None)
    return picture
