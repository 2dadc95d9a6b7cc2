"""``settlespec rules``: the rulebook as a table or as JSON."""

import re
import time
from collections.abc import Sequence
from typing import Final

import click
from rich.table import Table

from settlespec.oracle.consoles import PipeConsole, say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.report import Report, Row, Verdict, report_format
from settlespec.oracle.rulebook import Statement, conflicts, split_id, statements

IN_FULL: Final = 12
"""So few statements are printed with everything that they say, more as a table."""


@click.command(name="rules")
@click.argument("wanted", nargs=-1, metavar="[ID|PREFIX]...")
@click.option(
    "--word", "words", multiple=True, metavar="TEXT", help="Only rules that say this; may be given several times."
)
@click.option("--module", metavar="NAME", help="Only rules that are carried out here: machine.trading, rules, ...")
@report_format
def command(wanted: tuple[str, ...], words: tuple[str, ...], module: str | None, report_format: str) -> ExitCode:
    """Print every rule, or those with these ids or prefixes (TRADE-5 with its parts TRADE-5.2 and so on, MARGIN).

    A dozen or fewer are printed in full, with the file and the line.
    """
    start = time.monotonic()
    book = statements()
    chosen = _saying(_within(_choose(book, [name.upper() for name in wanted]), module), words)
    report = _report(chosen, frozenset(conflicts(book)), time.monotonic() - start)
    if report_format == "json":
        say(report.to_json(indent=2))
    elif 0 < len(report.rows) <= IN_FULL:
        say("\n\n".join(_in_full(row) for row in report.rows))
    else:
        _print_table(report)
    return report.exit_code


def _choose(book: Sequence[Statement], wanted: Sequence[str]) -> tuple[Statement, ...]:
    known = {name for statement in book for name in _names(statement)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise click.UsageError(f"no rule is called {', '.join(unknown)}; `settlespec rules` lists them all")
    return tuple(statement for statement in book if not wanted or not _names(statement).isdisjoint(wanted))


def _names(statement: Statement) -> frozenset[str]:
    """By what a statement can be asked for: its id, the rule that it is a part of, and its prefix."""
    return frozenset((statement.id, statement.id.partition(".")[0], split_id(statement.id)[0]))


def _within(book: Sequence[Statement], module: str | None) -> tuple[Statement, ...]:
    """The statements of a package or module, named with or without ``settlespec``."""
    if module is None:
        return tuple(book)
    name = f"settlespec.{module.removeprefix('settlespec.')}"
    found = tuple(statement for statement in book if f"{statement.place}.".startswith(f"{name}."))
    if not found:
        raise click.UsageError(f"none of these rules is carried out in {name}; `settlespec rules` shows where they are")
    return found


def _saying(book: Sequence[Statement], words: Sequence[str]) -> tuple[Statement, ...]:
    """The statements in whose text, place or code all the words stand, whatever their case; a hyphen is as good as a space.

    Those that say the words themselves are enough, if there are any: the code of a long rule mentions much.
    """
    found = tuple(statement for statement in book if all(_plain(word) in _plain(_text(statement)) for word in words))
    found = found or tuple(
        statement for statement in book if all(_plain(word) in _plain(statement.code) for word in words)
    )
    if not found:
        raise click.UsageError(f"no rule says {' and '.join(words)}; try fewer or shorter words")
    return found


def _text(statement: Statement) -> str:
    return f"{statement.id} {statement.sentence} {statement.rest} {statement.place}"


def _plain(text: str) -> str:
    """Words apart, as in ``SelfTrade`` and ``self_trade``, in small letters."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[-_.]", " ", text).casefold().split())


def _in_full(row: Row) -> str:
    """One statement with its details and its place."""
    details = "".join(f"\n    {line}".rstrip() for line in row["details"].splitlines())
    return f"{row['id']} {row['status']}: {row['sentence']}{details}\n    {row['file']}:{row['line']}, {row['place']}"


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
