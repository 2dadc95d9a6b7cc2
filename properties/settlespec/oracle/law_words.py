"""A law in words: what it takes for granted and why it may, of which laws it is the composition, and where it stands."""

from collections.abc import Iterable, Sequence
from typing import Final

from settlespec.laws.statement import GroundKind, Law
from settlespec.oracle.report import Row

WORDS: Final = {
    GroundKind.IMPLIED: "implied by {by}",
    GroundKind.WORLD: "of the world",
    GroundKind.CASE: "as the case of which it speaks",
}
"""Why a law may take something for granted."""

NOTHING: Final = "nothing beyond the ranges of its arguments"


def line_of(law: Law) -> int:
    """The line in which the statement of a law begins, its decorator included."""
    return law.function.__code__.co_firstlineno


def file_of(law: Law) -> str:
    """The file of a law, from the package's root on, or from the folder of a user's own."""
    return f"{law.module.replace('.', '/')}.py"


def subject_of(law: Law) -> str:
    """Give the name of the file that states the law."""
    return law.module.rpartition(".")[2]


def grounds_of(law: Law) -> list[Row]:
    """What a law takes for granted; `by` is empty where nothing in the specification implies it."""
    return [{"kind": ground.kind.value, "by": ground.by, "sentence": ground.sentence} for ground in law.assumes]


def law_rows(laws: Iterable[Law]) -> list[Row]:
    """Every law with the rules that it speaks of, and with what it rests on."""
    return [
        {
            "id": law.id,
            "kind": "canary" if law.is_canary else "law",
            "status": "stated",
            "sentence": law.sentence,
            "rules": list(law.rules),
            "shape": law.shape,
            "loses": law.loses,
            "assumes": grounds_of(law),
            "composes": list(law.composes),
            "place": f"{law.module}.{law.function.__qualname__}",
            "file": file_of(law),
            "line": line_of(law),
        }
        for law in laws
    ]


def law_in_full(row: Row) -> str:
    """One law with everything that is known of it."""
    return "\n".join(
        (f"{row['id']} {row['kind']}: {row['sentence']}", *(f"    {heading}: {said}" for heading, said in _told(row)))
    )


def _told(row: Row) -> list[tuple[str, str]]:
    """What stands below the sentence of a law, with its headings."""
    grounds = row["assumes"]
    return [
        (heading, said)
        for heading, said in (
            ("rules", ", ".join(row["rules"])),
            ("shape", row["shape"]),
            *((f"takes for granted, {_why(ground)}", ground["sentence"]) for ground in grounds),
            ("takes for granted", "" if grounds else NOTHING),
            ("composes", ", ".join(row["composes"])),
            ("at stake", row["loses"]),
            ("place", f"{row['file']}:{row['line']}, {row['place']}"),
        )
        if said
    ]


def _why(ground: Row) -> str:
    return WORDS[GroundKind(ground["kind"])].format(by=ground["by"])


def markdown(laws: Sequence[Law]) -> str:
    """The laws page of the documentation."""
    rows = law_rows(laws)
    lines = ["# The laws", "", "Written from the statements of the laws themselves.", *_counted(rows), ""]
    for kind, title in (("law", "Laws"), ("canary", "Canaries, false on purpose")):
        lines += [f"## {title}", ""]
        for row in rows:
            if row["kind"] == kind:
                lines += [f"### {row['id']}", "", row["sentence"], ""]
                lines += [f"- {heading}: {said}" for heading, said in _told(row)]
                lines += [""]
    return "\n".join(lines)


def _counted(rows: Sequence[Row]) -> list[str]:
    """What the laws rest on, in numbers."""
    laws = [row for row in rows if row["kind"] == "law"]
    kinds = [ground["kind"] for row in laws for ground in row["assumes"]]
    free = sum(not row["assumes"] for row in laws)
    return [
        f"Of {len(laws)} laws {free} take {NOTHING.replace('its', 'their')} for granted.",
        f"The others name {len(kinds)} grounds: {kinds.count('implied')} are implied by an invariant, a rule or another law, "
        f"{kinds.count('case')} are the case of which the law speaks, {kinds.count('world')} are assumptions about the world.",
    ]
