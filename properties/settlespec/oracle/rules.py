"""``settlespec rules``: the rulebook as a table or as JSON."""

import time
from collections.abc import Sequence

import click
from rich.table import Table

from settlespec.oracle.consoles import PipeConsole, say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.report import Report, Verdict, report_format
from settlespec.oracle.rulebook import Statement, conflicts, split_id, statements


@click.command(name="rules")
@click.argument("wanted", nargs=-1, metavar="[ID|PREFIX]...")
@report_format
def command(wanted: tuple[str, ...], report_format: str) -> ExitCode:
    """Print every rule, or those with these ids or prefixes (TRADE-5, MARGIN)."""
    start = time.monotonic()
    book = statements()
    chosen = _choose(book, wanted)
    report = _report(chosen, frozenset(conflicts(book)), time.monotonic() - start)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        _print_table(report)
    return report.exit_code


def _choose(book: Sequence[Statement], wanted: Sequence[str]) -> tuple[Statement, ...]:
    known = {name for statement in book for name in (statement.id, split_id(statement.id)[0])}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise click.UsageError(f"no rule is called {', '.join(unknown)}; `settlespec rules` lists them all")
    return tuple(
        statement for statement in book if not wanted or statement.id in wanted or split_id(statement.id)[0] in wanted
    )


def _report(chosen: Sequence[Statement], disputed: frozenset[str], seconds: float) -> Report:
    rows = tuple(
        {
            "id": statement.id,
            "status": "ambiguous" if statement.id in disputed and statement.is_function else "stated",
            "sentence": statement.sentence,
            "details": statement.rest,
            "place": statement.place,
            "file": statement.file,
            "line": statement.line,
        }
        for statement in sorted(chosen, key=lambda statement: statement.id not in disputed)
    )
    ambiguous = disputed & {statement.id for statement in chosen}
    totals = {
        "rules": len({statement.id for statement in chosen}),
        "statements": len(chosen),
        "ambiguous": len(ambiguous),
        "rules_digest": rules_digest(),
    }
    return Report(
        command="rules",
        version=version(),
        seed=None,
        verdict=Verdict.BROKEN if ambiguous else Verdict.HOLDS,
        seconds=seconds,
        totals=totals,
        listing="rules",
        rows=rows,
    )


def _print_table(report: Report) -> None:
    table = Table(title="Rules", title_justify="left")
    table.add_column("id", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("sentence", ratio=3)
    table.add_column("place", ratio=2, overflow="fold")
    for row in report.rows:
        table.add_row(row["id"], row["status"], row["sentence"], row["place"].removeprefix("settlespec."))
    console = PipeConsole()
    console.print(table)
    totals = report.totals
    console.print(f"{totals['rules']} rules, {totals['statements']} statements, {totals['ambiguous']} ids ambiguous")
