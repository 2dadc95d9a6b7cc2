"""The text that a law's reading executes: its module and every module that this imports, one after another.

A kept answer is an answer about that text. So its digest takes in the law, the rules that it calls, and the engines, each as
it stands on the disk; the standard library and the libraries go in by their versions.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from attrs import frozen

LIBRARIES: Final[dict[str, str]] = {
    "attr": "attrs",
    "attrs": "attrs",
    "crosshair": "crosshair-tool",
    "cryptography": "cryptography",
    "Crypto": "pycryptodome",
    "cvc5": "cvc5",
    "hypothesis": "hypothesis",
    "immutables": "immutables",
    "msgspec": "msgspec",
    "z3": "z3-solver",
}
"""What goes in by its version, by the name that is imported, with the name of the distribution."""

MOST_MODULES: Final = 2_000
"""A law that reads more than this is asked every time."""


class TooManyModules(Exception):
    """A law's reading executes more than anybody wants to digest."""


@frozen
class Sources:
    """The files that a reading executes, and what they said when they were looked at."""

    digest: str
    files: tuple[tuple[str, int, int], ...]
    """Path, size and time of the last change of each."""

    def unchanged(self) -> bool:
        """Whether every file still is what it was when it was looked at."""
        return all(_stamp(Path(path)) == (path, size, changed) for path, size, changed in self.files)


@cache
def versions() -> tuple[str, ...]:
    """The interpreter and the libraries, each with its version."""
    return (sys.version, *(f"{name} {_version(name)}" for name in sorted(set(LIBRARIES.values()))))


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "missing"


def sources_of(modules: Iterable[str]) -> Sources:
    """The sources of these modules and of all that they import.

    Raises:
        TooManyModules: there are more than `MOST_MODULES`.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or (path := _file_of(name)) is None:
            continue
        if len(found) >= MOST_MODULES:
            raise TooManyModules(f"more than {MOST_MODULES} modules")
        found[name] = path
        waiting += _imported_by(path)
    # Looked at before they are read: a change in between is noticed.
    stamps = tuple(_stamp(path) for _, path in sorted(found.items()))
    digest = sha256()
    for name, path in sorted(found.items()):
        for part in (name.encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return Sources(digest.hexdigest(), stamps)


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), status.st_size, status.st_mtime_ns


@cache
def _file_of(name: str) -> Path | None:
    """The file of a module that is digested; None for a library, and for what is no module but a name inside one."""
    top = name.partition(".")[0]
    if top in LIBRARIES or top in sys.stdlib_module_names:
        return None
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found is not None and found.origin is not None and found.has_location else None


@cache
def _imported_by(path: Path) -> tuple[str, ...]:
    """Every name that this file imports, those inside functions too; a name in a module may be a module itself."""
    if path.suffix != ".py":
        return ()
    tree = ast.parse(path.read_bytes(), filename=str(path))
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _imported_at(node)))


def _imported_at(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    else:
        return
    for name in names:
        parts = name.split(".")
        # A package's own file is executed before what it contains.
        yield from (".".join(parts[: count + 1]) for count in range(len(parts)))
