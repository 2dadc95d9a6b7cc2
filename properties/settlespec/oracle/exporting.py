"""Obligations as SMT-LIB 2: a folder that anybody can put to any solver, without this program."""

import json
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from settlespec.engines.campaign import Examination
from settlespec.engines.proving import Text
from settlespec.engines.solvers import Answer
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.writing import make_folder, write_whole

STATUS: Final = {Answer.SATISFIABLE: "sat", Answer.UNSATISFIABLE: "unsat", Answer.UNKNOWN: "unknown"}
"""The answers in the words of SMT-LIB 2."""

INDEX: Final = "index.json"
REPLAY: Final = "replay.py"
"""The script that puts every file to a solver; it needs nothing of ours."""


@frozen
class Exported:
    """One file."""

    law: str
    file: str
    helped: str
    """The same with lemmas that follow from it; empty where there are none."""
    purpose: str
    expected: str


def export(folder: Path, examinations: Iterable[Examination]) -> int:
    """Write every obligation of these examinations, an index and a script; give the number of obligations.

    Raises:
        CannotWrite: the folder cannot be written to, or is full.
    """
    make_folder(folder)
    written: list[Exported] = []
    for examination in sorted(examinations, key=lambda one: one.law.id):
        written += _export_law(folder, examination)
    index: dict[str, Any] = {
        "version": version(),
        "rules_digest": rules_digest(),
        "obligations": [
            {
                "law": one.law,
                "file": one.file,
                "helped": one.helped or None,
                "purpose": one.purpose,
                "expected": one.expected,
            }
            for one in written
        ],
    }
    write_whole(folder / INDEX, (json.dumps(index, indent=2) + "\n").encode())
    write_whole(folder / REPLAY, files("settlespec.oracle").joinpath("replay_obligations.py").read_bytes())
    return len(written)


def _export_law(folder: Path, examination: Examination) -> Iterator[Exported]:
    name = re.sub(r"[^A-Za-z0-9-]", "_", examination.law.id)
    for place, text in enumerate(examination.proof.texts, start=1):
        file = f"{name}.{place:04d}.smt2"
        write_whole(folder / file, script(examination, text, place, text.smtlib))
        helped = f"{name}.{place:04d}.helped.smt2" if text.helped != text.smtlib else ""
        if helped:
            write_whole(folder / helped, script(examination, text, place, text.helped))
        yield Exported(examination.law.id, file, helped, text.purpose.value, STATUS[text.answer])


def script(examination: Examination, text: Text, place: int, smtlib: str) -> bytes:
    """One obligation with what it is about and the answer that is expected."""
    meaning = {
        "claim": "the claim fails on this path: unsat means that it cannot",
        "pruned": "this side of a branch is taken: unsat means that it cannot be, so it was left out",
    }[text.purpose.value]
    sentence = " ".join(examination.law.sentence.split())
    lines = [
        f"; law {' '.join(examination.law.id.split())}: {sentence}",
        f"; obligation {place} of {len(examination.proof.texts)}, over {examination.proof.paths} paths",
        f"; {meaning}",
        f"; expected: {STATUS[text.answer]}",
        "(set-logic QF_NIA)",
        f"(set-info :status {STATUS[text.answer]})",
        *(line for line in smtlib.splitlines() if not line.startswith(("; ", "(set-info :status"))),
    ]
    return ("\n".join(lines) + "\n").encode()
