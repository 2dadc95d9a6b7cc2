"""The page of the matrix, written anew from its last report at every build of the documentation."""

from collections.abc import Iterator, Mapping
from typing import Any

from settlespec.engines.matrix import COLUMNS, Strength
from settlespec.oracle.matrix import MEANINGS, WORDS
from settlespec.shapes.statement import ROWS

MATRIX, ASSUMPTIONS, SHAPES = "<!-- matrix -->", "<!-- assumptions -->", "<!-- shapes -->"
"""The places of the page at which the tables stand."""


def markdown(page: str, report: Mapping[str, Any]) -> str:
    """The page with its tables.

    Args:
        page: the text, with a place for the matrix, one for what is assumed, and one for the shapes.
        report: as ``settlespec prove --matrix --format json`` writes it.

    Raises:
        ValueError: the page lacks a place.
    """
    tables = {
        MATRIX: (*_matrix(report), "", *_legend(report)),
        ASSUMPTIONS: tuple(_assumptions(report)),
        SHAPES: tuple(_shapes(report)),
    }
    for place, lines in tables.items():
        if page.count(place) != 1:
            raise ValueError(f"the page of the matrix has {page.count(place)} places {place}, not one")
        page = page.replace(place, "\n".join(lines))
    return page


def _matrix(report: Mapping[str, Any]) -> Iterator[str]:
    strengths = {row["id"]: Strength(row["status"]) for row in report["cells"]}
    yield f"| operation | {' | '.join(COLUMNS)} |"
    yield f"|---|{':-:|' * len(COLUMNS)}"
    for row in ROWS:
        yield f"| {row} | {' | '.join(WORDS[strengths[f'{row} x {name}']] for name in COLUMNS)} |"


def _legend(report: Mapping[str, Any]) -> Iterator[str]:
    totals = report["totals"]
    yield from ("| sign | cells | meaning |", "|---|--:|---|")
    for strength, sign in WORDS.items():
        count = totals["cells"].get(strength.value, 0)
        yield f"| {sign} | {count} | {MEANINGS[strength][0].upper()}{MEANINGS[strength][1:]}. |"
    yield ""
    yield (
        f"{len(totals['shapes'])} shapes, {totals['ways']} ways through the step, {totals['questions']:,} questions to "
        f"{totals['solver']}."
    )


def _assumptions(report: Mapping[str, Any]) -> Iterator[str]:
    yield from ("| what is assumed | laws | what of it is only sampled | shapes |", "|---|---|---|---|")
    for one in report["totals"]["assumptions"]:
        yield f"| {one['sentence']} | {', '.join(one['laws'])} | {one['only_sampled']} | {', '.join(one['shapes'])} |"
    ruled = [row for row in report["cells"] if row["status"] == Strength.RULE]
    if ruled:
        yield ""
    for row in ruled:
        yield f"- `{row['id']}`: {row['reason']}."


def _shapes(report: Mapping[str, Any]) -> Iterator[str]:
    yield from ("| shape | what is concrete | accepted | refused |", "|---|---|--:|---|")
    for shape in report["totals"]["shapes"]:
        assumes = "".join(f" Assumed: {each}." for each in shape["assumes"])
        refused = ", ".join(f"`{reason}`" for reason in shape["rejected"])
        yield f"| {shape['id']} | {shape['sentence']}{assumes} | {shape['accepted']} | {refused} |"
    yield ""
    yield "Accepted: ways on which the operation is accepted; refused: the reasons for which it is on others."
