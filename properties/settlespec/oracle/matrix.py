"""``settlespec prove --matrix``: every operation against every invariant, and how it is known that the invariant survives it."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import z3
from rich.console import Console

from settlespec.engines.campaign import worker_pool
from settlespec.engines.matrix import BAD, COLUMNS, ORDER, Cell, Strength, cells_of, examine_shapes
from settlespec.engines.matrix_cache import MatrixCache
from settlespec.engines.sources import versions
from settlespec.engines.stepping import PATIENCE, Examined
from settlespec.monitoring.by_operation import sample_by_operation
from settlespec.oracle.consoles import PipeConsole, say
from settlespec.oracle.edition import RULE_PACKAGES, digest_of, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.pace import pace
from settlespec.oracle.proof_cache import usual_folder
from settlespec.oracle.report import Report, Row, Verdict
from settlespec.shapes.assumptions import Assumption
from settlespec.shapes.statement import ROWS, Shape, shapes

CHECKING_PACKAGES: Final = (
    "settlespec.invariants",
    "settlespec.monitoring",
    "settlespec.engines",
    "settlespec.shapes",
)
"""The packages whose text decides what an answer is worth, beside those of the rules."""

SLOW: Final = ("round: liquidate", "take forced order", "place")
"""Rows whose shapes take longest: they begin first, so that nobody waits for one alone at the end."""

WORDS: Final = {
    Strength.STEP: "step",
    Strength.GIVEN: "step, given",
    Strength.RULE: "rule",
    Strength.SILENT: "·",
    Strength.SAMPLED: "sampled",
    Strength.UNKNOWN: "?",
    Strength.VACUOUS: "VACUOUS",
    Strength.REFUTED: "REFUTED",
}
"""What a cell says, strongest first."""

SIGNS: Final = {strength: word[0] for strength, word in WORDS.items()} | {Strength.STEP: "S", Strength.GIVEN: "G"}
"""The same in one letter, so that a terminal of 80 columns holds the matrix."""

MEANINGS: Final = {
    Strength.STEP: "the step itself ran on symbolic amounts over the stated shapes, and the invariant's own predicate held on every way",
    Strength.GIVEN: "the same, where a shape assumes what is only sampled: no proof without it",
    Strength.RULE: "the shape assumes nearly that, so the step shows nothing; laws prove it of the rules",
    Strength.SILENT: "on every way of the step the invariant had nothing to judge",
    Strength.SAMPLED: "the step was not decided; the monitor judged it in seeded runs, and it held",
    Strength.UNKNOWN: "nobody knows",
    Strength.VACUOUS: "a shape of which no amounts are accepted",
    Strength.REFUTED: "plain amounts break it",
}


def run(jobs: int, report_format: str, folder: Path | None = None, *, refresh: bool = False) -> ExitCode:
    """Prove the matrix, or what of it is not kept from an earlier run unless all is asked again, and print it."""
    started = time.monotonic()
    stated = shapes()
    examined, kept = examine_all(stated, jobs, folder or matrix_folder(), refresh=refresh)
    sampled = sample_by_operation()
    cells = cells_of(stated, examined, sampled)
    report = report_of(stated, examined, cells, kept, time.monotonic() - started)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        print_matrix(report, cells, PipeConsole())
    return report.exit_code


def matrix_folder() -> Path:
    """Where the proofs of shapes are kept, if no other folder is named.

    Raises:
        CannotWrite: there is no home.
    """
    return usual_folder() / "matrix"


def text_digest() -> str:
    """What an answer depends on: the text of rules, machine, predicates, engine and shapes, the versions, and the solver's patience."""
    return f"{digest_of((*RULE_PACKAGES, *CHECKING_PACKAGES))} {versions()} {z3.get_version_string()} {PATIENCE}"


def examine_all(
    stated: Sequence[Shape], jobs: int, folder: Path, *, refresh: bool = False
) -> tuple[dict[str, Examined], int]:
    """Examine the shapes of which nothing is kept, saying on the standard error how far it is."""
    cache = MatrixCache(folder, text_digest)
    known = () if refresh else stated
    examined = {shape.id: found for shape in known if (found := cache.find(shape.id)) is not None}
    kept = len(examined)
    slow_first = sorted(stated, key=lambda shape: shape.row not in SLOW)
    missing = [shape.id for shape in slow_first if shape.id not in examined]
    if not missing:
        return examined, kept
    with worker_pool(jobs) as pool, pace("shapes", len(missing)) as counting:
        counting.show()
        for found in examine_shapes(missing, pool):
            examined[found.shape] = found
            cache.keep(found)
            counting.advance()
    return examined, kept


def report_of(
    stated: Sequence[Shape], examined: Mapping[str, Examined], cells: Sequence[Cell], kept: int, seconds: float
) -> Report:
    """Give the report, its cells worst first and else in the order of the matrix."""
    counts = Counter(cell.strength for cell in cells)
    return Report(
        command="prove --matrix",
        version=version(),
        seed=0,
        verdict=Verdict.BROKEN if any(counts[bad] for bad in BAD) else Verdict.HOLDS,
        seconds=seconds,
        totals={
            "operations": len(ROWS),
            "invariants": len(COLUMNS),
            "cells": {strength.value: counts[strength] for strength in Strength},
            "shapes": [_shape(shape, examined[shape.id]) for shape in stated],
            "shapes_kept": kept,
            "assumptions": assumptions(stated),
            "ways": sum(each.accepted + sum(each.rejected.values()) for each in examined.values()),
            "questions": sum(each.checks for each in examined.values()),
            "seconds_of_shapes": round(sum(each.seconds for each in examined.values()), 3),
            "solver": f"z3 {z3.get_version_string()}",
        },
        listing="cells",
        rows=tuple(_row(cell) for cell in sorted(cells, key=lambda cell: ORDER[cell.strength])),
    )


def _row(cell: Cell) -> Row:
    return {
        "id": cell_id(cell),
        "status": cell.strength.value,
        "operation": cell.row,
        "invariant": cell.invariant,
        "ways": cell.ways,
        "sampled": cell.sampled,
        "reason": cell.reason,
        "assumes": [each.said for each in cell.assumes],
    }


def assumptions(stated: Iterable[Shape]) -> list[dict[str, Any]]:
    """What shapes assume, each with its ground and the shapes that do."""
    found: dict[Assumption, list[str]] = {}
    for shape in stated:
        for each in shape.assumes:
            found.setdefault(each, []).append(shape.id)
    return [
        {
            "sentence": each.sentence,
            "laws": list(each.laws),
            "only_sampled": each.only_sampled,
            "shapes": shapes_with_it,
        }
        for each, shapes_with_it in found.items()
    ]


def _shape(shape: Shape, examined: Examined) -> dict[str, Any]:
    return {
        "id": shape.id,
        "sentence": shape.sentence,
        "assumes": [each.said for each in shape.assumes],
        "accepted": examined.accepted,
        "rejected": dict(examined.rejected),
        "questions": examined.checks,
        "seconds": round(examined.seconds, 3),
        "witness": {name: value if isinstance(value, bool) else str(value) for name, value in examined.witness.items()},
        "trouble": examined.trouble,
        "counterexamples": [
            {
                "invariant": one.invariant,
                "violation": one.violation,
                "amounts": {
                    name: value if isinstance(value, bool) else str(value) for name, value in one.amounts.items()
                },
            }
            for one in examined.counterexamples
        ],
    }


def weakened(kept: Mapping[str, Any], cells: Iterable[Cell]) -> list[str]:
    """Give the cells that say less than an earlier report of the matrix does, in words.

    Args:
        kept: the earlier report, as it was written.
        cells: what is known now; others are not compared.
    """
    known = {row["id"]: Strength(row["status"]) for row in kept["cells"]}
    return [
        f"{cell_id(cell)} was {known[cell_id(cell)]} and is {cell.strength}: {cell.reason}"
        for cell in cells
        if cell_id(cell) in known and ORDER[cell.strength] < ORDER[known[cell_id(cell)]]
    ]


def cell_id(cell: Cell) -> str:
    """The name of a cell."""
    return f"{cell.row} x {cell.invariant}"


def print_matrix(report: Report, cells: Sequence[Cell], console: Console) -> None:
    """Print the matrix with its legend, what went wrong, and the totals."""
    for line in (*_table(cells), "", *_legend(cells), ""):
        console.print(line, highlight=False, markup=False)
    for one in report.totals["assumptions"]:
        console.print(_assumed(one), highlight=False, markup=False)
    for cell in cells:
        if cell.strength in (*BAD, Strength.UNKNOWN, Strength.RULE):
            said = f"{cell.row} x {cell.invariant} {cell.strength.value}: {cell.reason}"
            console.print(said, style="bold", highlight=False, markup=False)
    for shape in report.totals["shapes"]:
        for one in shape["counterexamples"]:
            console.print(f"{shape['id']}: {one['violation']}", highlight=False, markup=False)
            console.print(f"  with {one['amounts']}", highlight=False, markup=False)
    counts = ", ".join(f"{count} {name}" for name, count in report.totals["cells"].items() if count)
    totals = report.totals
    console.print(
        f"{len(cells)} cells: {counts}; {len(totals['shapes'])} shapes, {totals['shapes_kept']} of them kept from earlier runs; "
        f"{totals['ways']} ways, {totals['questions']:,} questions to {totals['solver']}; "
        f"{totals['seconds_of_shapes']:.0f} s of proving, this run {report.seconds:.0f} s",
        highlight=False,
    )


def _assumed(one: Mapping[str, Any]) -> str:
    assumed = Assumption(one["sentence"], tuple(one["laws"]), one["only_sampled"])
    return f"assumed by {', '.join(one['shapes'])}: {assumed.said}"


def _table(cells: Sequence[Cell]) -> Iterator[str]:
    """A line for each operation, with a letter for each invariant by its number."""
    by_place = {(cell.row, cell.invariant): SIGNS[cell.strength] for cell in cells}
    width = max(map(len, ROWS))
    yield f"{'operation x invariant':{width}}" + "".join(f"{number:3}" for number, _ in enumerate(COLUMNS, 1))
    for row in ROWS:
        yield f"{row:{width}}" + "".join(f"{by_place[row, name]:>3}" for name in COLUMNS)


def _legend(cells: Sequence[Cell]) -> Iterator[str]:
    """The names of the numbers, and the meanings of the letters that are used."""
    names = [f"{number:2} {name}" for number, name in enumerate(COLUMNS, 1)]
    for start in range(0, len(names), 3):
        yield "".join(f"{name:25}" for name in names[start : start + 3]).rstrip()
    yield ""
    used = {cell.strength for cell in cells}
    for strength, sign in SIGNS.items():
        if strength in used:
            yield f"{sign}  {MEANINGS[strength]}"
