"""The rulebook: every rule of the specification, read from the docstrings of the code that carries it out.

A docstring whose first line starts with a rule id (``TRADE-3: ...``) states that rule. The source is parsed and not
imported, so that the book can be printed without any of the packages that the code needs.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Final

from attrs import field, frozen

from settlespec.oracle.edition import package_folder

PACKAGES: Final = (
    "settlespec.arithmetic",
    "settlespec.domain",
    "settlespec.rules",
    "settlespec.invariants",
    "settlespec.wire",
    "settlespec.machine",
    "settlespec.commitment",
    "settlespec.proofs",
    "settlespec.settlement",
    "settlespec.engines",
)
"""Where rules are stated; a package that no root has yet adds nothing."""

RULE_ID: Final = re.compile(r"(?P<prefix>[A-Z]+(?:-[A-Z]+)*)-(?P<number>\d+)(?:\.(?P<part>\d+))?: ")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class RulebookConflict(Exception):
    """One id stands before two different sentences, so nobody could cite it."""


@frozen
class Statement:
    """One docstring that states a rule."""

    id: str
    sentence: str
    """The first paragraph, without the id, in one line."""
    rest: str
    """The paragraphs after it: units, ranges, rounding, errors, source."""
    place: str
    """The full name of what carries the rule out."""
    file: str
    """The file: in a clone from its root on (``spec/settlespec/rules/fees.py``), else where it is installed."""
    line: int
    is_function: bool
    code: str = field(default="", eq=False, repr=False)
    """What carries the rule out, with its comments; of a module nothing, as each of its parts speaks for itself."""

    @property
    def sort_key(self) -> tuple[str, int, int, bool, str]:
        """Prefix, then number and part as numbers; what acts before what records."""
        prefix, number, part = split_id(self.id)
        return prefix, number, part, not self.is_function, self.place


def split_id(rule_id: str) -> tuple[str, int, int]:
    """Split ``CUST-2.1`` into ``("CUST", 2, 1)``; a rule without parts has part 0."""
    match = RULE_ID.match(f"{rule_id}: ")
    if match is None:
        raise ValueError(f"{rule_id!r} is not the id of a rule")
    return match["prefix"], int(match["number"]), int(match["part"] or 0)


def statements(packages: Iterable[str] = PACKAGES) -> tuple[Statement, ...]:
    """Every statement of a rule in these packages, sorted by id."""
    found = [
        statement
        for package in packages
        if (folder := package_folder(package)) is not None
        for path in sorted(folder.rglob("*.py"))
        for statement in read_module(path, _module_name(package, folder, path))
    ]
    return tuple(sorted(found, key=lambda statement: statement.sort_key))


def _module_name(package: str, folder: Path, path: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join([package, *(part for part in parts if part != "__init__")])


def read_module(path: Path, module: str) -> Iterator[Statement]:
    """The statements of one module; `module` is its full name."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, filename=str(path))
    file = _file_of(path)
    for node, name in _documented(tree, module):
        text = cleandoc(ast.get_docstring(node, clean=False) or "")
        match = RULE_ID.match(text)
        if match is None:
            continue
        first, _, rest = text[match.end() :].partition("\n\n")
        yield Statement(
            id=match[0].removesuffix(": "),
            sentence=" ".join(first.split()),
            rest=rest.strip("\n"),
            place=name,
            file=file,
            line=getattr(node, "lineno", 1),
            is_function=isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef),
            code="" if isinstance(node, ast.Module) else ast.get_source_segment(source, node) or "",
        )


def _file_of(path: Path) -> str:
    """Where somebody finds the file: a source root of a clone stands beside its ``pyproject.toml``."""
    for package in path.parents:
        clone = package.parent.parent
        if package.name == "settlespec" and (clone / "pyproject.toml").is_file():
            return path.relative_to(clone).as_posix()
    return path.as_posix()


def _documented(node: Documented, name: str) -> Iterator[tuple[Documented, str]]:
    yield node, name
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _documented(child, f"{name}.{child.name}")


def conflicts(book: Iterable[Statement]) -> dict[str, tuple[str, ...]]:
    """The ids that stand before different sentences, with the places; an id may stand before one sentence only.

    Records may carry the id of the rule that needs them and say what they hold; only functions state what is done.
    """
    sentences: dict[str, dict[str, list[str]]] = {}
    for statement in book:
        if statement.is_function:
            sentences.setdefault(statement.id, {}).setdefault(statement.sentence, []).append(statement.place)
    return {
        rule_id: tuple(place for places in stated.values() for place in places)
        for rule_id, stated in sentences.items()
        if len(stated) > 1
    }


def check(book: Iterable[Statement]) -> None:
    """Refuse a book in which one id stands before different sentences.

    Raises:
        RulebookConflict: naming every such id and its places.
    """
    found = conflicts(book)
    if found:
        listed = "; ".join(f"{rule_id} ({', '.join(places)})" for rule_id, places in found.items())
        raise RulebookConflict(
            f"one id before different sentences, give each part its own number (TRADE-5.2): {listed}"
        )


def markdown(book: Iterable[Statement]) -> str:
    """The rules page of the documentation."""
    lines = ["# The rules", "", "Written from the docstrings of the code that carries each rule out.", ""]
    group = previous = None
    for statement in book:
        prefix = split_id(statement.id)[0]
        if prefix != group:
            lines += [f"## {prefix}", ""]
            group = prefix
        if statement.id != previous:
            lines += [f"### {statement.id}", ""]
            previous = statement.id
        lines += [f"{_capitalised(statement.sentence)}", ""]
        if statement.rest:
            lines += ["```text", statement.rest, "```", ""]
        lines += [f"`{statement.place}`, {statement.file}:{statement.line}", ""]
    return "\n".join(lines)


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
