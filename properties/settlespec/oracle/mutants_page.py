"""The page about the mutants, from the record of a whole run: a run takes a quarter of an hour, a page is built in a second."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from settlespec.engines.biting import Fate
from settlespec.oracle.bites import ARGUED, never_alone, suspects
from settlespec.oracle.report import Report, Row

KEPT: Final = ("id", "status", "file", "difference", "laws", "by_exception", "reason")
"""Of a mutant, what the record keeps."""

TOTALS: Final = (
    *("mutants", "killed", "equivalent", ARGUED, "survived", "percent"),
    *("killed_by_exception_alone", "killed_by_proof_alone", "files", "laws", "declarations"),
)
"""Of the totals, what the record keeps."""

REASON: Final = 300
"""Characters of a reason; an example of sixteen losses is longer than anybody reads."""


def record_of(report: Report) -> str:
    """Give the record of a whole run as JSON, a mutant a line, so that a change of one is a change of its line."""
    if not report.totals["is_whole"]:
        raise ValueError("a record is made of a run over all mutants")
    rows = sorted(({key: row[key] for key in KEPT} for row in report.rows), key=lambda row: str(row["id"]))
    for row in rows:
        row["reason"] = row["reason"][:REASON]
    totals = {key: report.totals[key] for key in TOTALS}
    lines = ",\n".join(json.dumps(row, sort_keys=True) for row in rows)
    return f'{{"totals": {json.dumps(totals, sort_keys=True)},\n"mutants": [\n{lines}\n]}}\n'


def page_of(record: str) -> str:
    """Give the page in Markdown."""
    content = json.loads(record)
    return "\n".join(_lines(content["totals"], content["mutants"])) + "\n"


def _lines(totals: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    yield from (
        "# Do the laws bite?",
        "",
        "A law that nothing can break says nothing.",
        "So every rule is broken on purpose: another comparison, the other direction of rounding, a term left out, a constant one more",
        "or one less, at every site of every function of every rule file, one fault at a time.",
        "Each law that calls the faulty rule is asked by plain arguments, and by Z3 where no law broke.",
        "A mutant is killed where a law is false of it, on plain integers; tests and invariants do not count here.",
        "",
        "```sh",
        "settlespec mutants --resume build/mutants",
        "```",
        "",
        f"Of {totals['mutants']} mutants {totals['equivalent']} are proved to be the rule itself, for all arguments in their ranges, "
        f"and {totals[ARGUED]} are argued to be, below.",
        f"Of the others the laws kill {totals['killed']}, which is {totals['percent']:.1f} %; {totals['survived']} survive.",
        f"{totals['killed_by_exception_alone']} are killed by nothing but an exception, "
        f"{totals['killed_by_proof_alone']} only by an example of the prover.",
        "",
        "| rule file | mutants | killed | proved equivalent | argued | survived | % |",
        "|---|---:|---:|---:|---:|---:|---:|",
    )
    for file, counts in totals["files"].items():
        figures = (counts[name] for name in ("mutants", "killed", "equivalent", ARGUED, "survived"))
        yield f"| `{file}` | {' | '.join(map(str, figures))} | {counts['percent']:.1f} |"
    for status, title in (
        (Fate.SURVIVED, "Survivors"),
        (ARGUED, "Argued to be the rule itself"),
        (Fate.EQUIVALENT, "Proved to be the rule itself"),
    ):
        yield from _listing(title, [row for row in rows if row["status"] == status])
    yield from _laws(totals)


def _listing(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if not rows:
        yield "None."
        return
    yield from ("In braces: what the rule says, and what the mutant says instead.", "")
    for row in rows:
        yield f"- `{row['id']}`: `{row['difference']}`" + (f"  \n  {row['reason']}" if row["reason"] else "")


def _laws(totals: Mapping[str, Any]) -> Iterator[str]:
    laws = totals["laws"]
    yield from (
        "",
        "## The laws",
        "",
        "How many mutants of the rules that it calls a law was asked about, how many it breaks on, and how many nothing else breaks on.",
        "Laws that break on the very same mutants are mirrors and count as one.",
        "Each law is asked by two hundred plain arguments that meet its assumptions, or by as many as a thousand draws give:",
        "what it breaks on beyond these is not counted, so a figure of what a law breaks on is a lower bound.",
        "A law counts where it is alone on some mutant or states a composition of others.",
        "",
        "A law whose assumptions plain arguments hardly ever meet may be suspect for that alone.",
        "",
        f"Broken by no mutant, so suspect: {', '.join(suspects(laws)) or 'none'}.",
        "",
        f"Never the only one to break, and no composition: {', '.join(never_alone(laws)) or 'none'}.",
        "",
        "| law | asked | breaks | alone | mirrors | composition of |",
        "|---|---:|---:|---:|---|---|",
    )
    for law, teeth in laws.items():
        figures = " | ".join(str(teeth[name]) for name in ("asked", "breaks", "alone"))
        yield f"| {law} | {figures} | {', '.join(teeth['mirrors'])} | {', '.join(teeth['composes'])} |"
    if totals["declarations"]:
        yield from ("", "Laws that name a rule which they do not call, or none that they call:", "")
        for law, slip in totals["declarations"].items():
            yield f"- {law} names {', '.join(slip['declared_not_called']) or 'no rule that it calls'}."
