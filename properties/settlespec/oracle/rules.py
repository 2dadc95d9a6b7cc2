"""``settlespec rules``: the rulebook, the reasons, the invariants and the laws, with what covers what."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from rich.markup import escape
from rich.table import Table

from settlespec.laws.statement import catalogue
from settlespec.oracle.consoles import page_console, say
from settlespec.oracle.coverage import (
    Coverage,
    coverage_of,
    invariant_rows,
    outside_words,
    reason_rows,
)
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.law_words import law_in_full, law_rows
from settlespec.oracle.report import Report, Row, Verdict, report_format
from settlespec.oracle.rulebook import Statement, conflicts, split_id, statements

IN_FULL: Final = 12
"""So few statements are printed with everything that they say, more as a table."""


@click.command(name="rules")
@click.argument("wanted", nargs=-1, metavar="[ID|PREFIX]...")
@click.option(
    "--word", "words", multiple=True, metavar="TEXT", help="Only rules that say this; may be given several times."
)
@click.option("--strict", is_flag=True, help="Fail on a rule that no law covers, or that nothing checks from outside.")
@click.option("--module", metavar="NAME", help="Only rules that are carried out here: machine.trading, rules, ...")
@report_format
def command(
    wanted: tuple[str, ...], words: tuple[str, ...], strict: bool, module: str | None, report_format: str
) -> ExitCode:
    """Print every rule, reason, invariant and law, or those with these ids or prefixes (TRADE-5 with its parts, MARGIN).

    A dozen or fewer rules are printed in full, with the file and the line. Of the small total functions, each rule must be
    covered by a law and by a check from outside: --strict leaves 1 where one is not.
    """
    start = time.monotonic()
    book, laws = statements(), catalogue()
    others = [*reason_rows(book), *invariant_rows(), *law_rows(laws)]
    named = _named_among(others, wanted)
    rules = [name for name in wanted if name.casefold() not in {row["id"].casefold() for row in named}]
    chosen = () if named and not rules else _choose(book, [name.upper() for name in rules])
    chosen = _saying(_within(chosen, module), words) if chosen else chosen
    beside = named if wanted else [] if words or module else others
    covered = coverage_of(book, laws)
    report = _report(chosen, beside, covered, frozenset(conflicts(book)), time.monotonic() - start, strict=strict)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        _print(report)
    return report.exit_code


def _named_among(rows: Sequence[Row], wanted: Sequence[str]) -> list[Row]:
    """The reasons, invariants and laws with one of these ids."""
    asked = {name.casefold() for name in wanted}
    return [row for row in rows if row["id"].casefold() in asked]


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
    place = f"    {row['file']}:{row['line']}, {row['place']}"
    covered = f"\n    laws: {', '.join(row['laws'])}" if row["laws"] else ""
    covered += "".join(f"\n    {check['kind']}: {check['test']}" for check in row["outside"])
    return f"{row['id']} {row['status']}: {row['sentence']}{details}\n{place}{covered}"


def _report(
    chosen: Sequence[Statement],
    beside: Sequence[Row],
    covered: Mapping[str, Coverage],
    disputed: frozenset[str],
    seconds: float,
    *,
    strict: bool,
) -> Report:
    rows: list[Row] = [
        {
            "id": statement.id,
            "kind": "rule",
            "status": _status(statement, covered[statement.id], disputed, strict=strict),
            "sentence": statement.sentence,
            "details": statement.rest,
            "place": statement.place,
            "file": statement.file,
            "line": statement.line,
            "laws": list(covered[statement.id].laws),
            "outside": outside_words(covered[statement.id]),
        }
        for statement in chosen
    ]
    rows.sort(key=lambda row: row["status"] == "stated")
    ambiguous = disputed & {statement.id for statement in chosen}
    due = {statement.id for statement in chosen if covered[statement.id].is_due}
    totals = {
        "rules": len({statement.id for statement in chosen}),
        "statements": len(chosen),
        "ambiguous": len(ambiguous),
        "to_be_covered": len(due),
        "without_law": sum(not covered[rule].laws for rule in due),
        "without_outside_check": sum(not covered[rule].outside for rule in due),
        "reasons": sum(row["kind"] == "reason" for row in beside),
        "invariants": sum(row["kind"] == "invariant" for row in beside),
        "laws": sum(row["kind"] == "law" for row in beside),
        "rules_digest": rules_digest(),
    }
    return Report(
        command="rules",
        version=version(),
        seed=None,
        verdict=Verdict.BROKEN if any(row["status"] != "stated" for row in rows) else Verdict.HOLDS,
        seconds=seconds,
        totals=totals,
        listing="rules",
        rows=(*rows, *beside),
    )


def _status(statement: Statement, coverage: Coverage, disputed: frozenset[str], *, strict: bool) -> str:
    if statement.id in disputed and statement.is_function:
        return "ambiguous"
    return (coverage.missing if strict and statement.is_function else "") or "stated"


def _print(report: Report) -> None:
    """Few rules or laws in full, more as a table; what else stands beside them in a table of each kind."""
    rules = [row for row in report.rows if row["kind"] == "rule"]
    laws = [row for row in report.rows if row["kind"] in ("law", "canary")]
    console = page_console()
    if 0 < len(rules) <= IN_FULL:
        say("\n\n".join(_in_full(row) for row in rules))
    elif rules:
        console.print(_table("Rules", rules, {"laws": "laws", "outside": "from outside", "place": "place"}))
    for kind, title, others in (
        ("reason", "Reasons, in precedence order", {"rules": "rules that name it"}),
        ("invariant", "Invariants", {"severity": "when it breaks", "noticed": "noticed within"}),
        ("law", "Laws", {"rules": "rules that it covers", "shape": "shape"}),
        ("canary", "Canaries, false on purpose", {"rules": "rules", "shape": "shape"}),
    ):
        rows = [row for row in report.rows if row["kind"] == kind]
        if rows and not (rows[0] in laws and len(laws) <= IN_FULL):
            console.print(_table(title, rows, others))
    if 0 < len(laws) <= IN_FULL:
        say("\n\n".join(law_in_full(row) for row in laws))
    totals = report.totals
    if len(rules) > IN_FULL:
        say(
            f"{totals['rules']} rules, {totals['statements']} statements, {totals['ambiguous']} ids ambiguous; of "
            f"{totals['to_be_covered']} that are functions over integers {totals['without_law']} are covered by no law "
            f"and {totals['without_outside_check']} by no check from outside"
        )


def _table(title: str, rows: Sequence[Row], others: Mapping[str, str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("id", overflow="fold")
    told = any(row["status"] != "stated" for row in rows)
    if told:
        table.add_column("status")
    table.add_column("sentence", ratio=3)
    for heading in others.values():
        table.add_column(heading, ratio=2, overflow="fold")
    for row in rows:
        cells = (escape(_cell(row[key])) for key in others)
        table.add_row(row["id"], *((row["status"],) if told else ()), escape(row["sentence"]), *cells)
    return table


def _cell(value: Any) -> str:
    """A list in a cell; of a check from outside its kind, each once."""
    if isinstance(value, list):
        return ", ".join(dict.fromkeys(item if isinstance(item, str) else item["kind"] for item in value))
    return str(value).removeprefix("settlespec.")
