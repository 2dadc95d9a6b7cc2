"""The text that a law's reading executes: its module and every module that this imports, one after another.

A kept answer is an answer about that text. So its digest takes in the law, the rules that it calls, and the engines, each as
it stands on the disk; the standard library and the libraries go in by their versions. What a reading takes from elsewhere
no digest of text tells: of such a law no answer is kept.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import Final

from attrs import frozen

from settlespec.engines.outside import reads_outside

OURS: Final = "settlespec"
"""The package whose modules are known to answer by their text alone, although some read what they are given."""

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


FLAGS: Final = ("optimize", "dev_mode", "utf8_mode", "int_max_str_digits")
"""What the interpreter was started with, as far as it changes what a text does: without assertions a law may hold that does not."""


class NoDigest(Exception):
    """A law's reading executes more than anybody wants to digest, or takes something from outside of its text."""


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
    """The interpreter with its flags and the libraries, each with its version."""
    return (
        sys.version,
        *(f"{flag} {getattr(sys.flags, flag)}" for flag in FLAGS),
        f"warnings {sys.warnoptions}",
        *(f"{name} {_version(name)}" for name in sorted(set(LIBRARIES.values()))),
    )


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "missing"


def sources_of(modules: Iterable[str]) -> Sources:
    """The sources of these modules and of all that they import.

    Raises:
        NoDigest: there are more than `MOST_MODULES`, or one that is not ours reaches outside of its text.
    """
    found: dict[str, Path] = {}
    waiting = [name for module in modules for name in _with_packages(module)]
    while waiting:
        name = waiting.pop()
        if name in found or (path := _file_of(name)) is None:
            continue
        if len(found) >= MOST_MODULES:
            raise NoDigest(f"more than {MOST_MODULES} modules")
        if name.partition(".")[0] != OURS and (reached := reads_outside(path)) is not None:
            raise NoDigest(f"{reached} may read what no digest of modules tells")
        found[name] = path
        waiting += _imported_by(name, path)
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
def _imported_by(name: str, path: Path) -> tuple[str, ...]:
    """Every name that this module imports, inside functions too; a name in a module may be a module itself."""
    if path.suffix != ".py":
        return ()
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    tree = ast.parse(path.read_bytes(), filename=str(path))
    return tuple(dict.fromkeys(found for node in ast.walk(tree) for found in _imported_at(node, package)))


def _imported_at(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and (module := _module_of(node, package)):
        names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
    else:
        return
    for name in names:
        yield from _with_packages(name)


def _module_of(node: ast.ImportFrom, package: str) -> str:
    """The module that a statement imports from; nothing where it stands too high for its package, and Python refuses it too."""
    try:
        return resolve_name("." * node.level + (node.module or ""), package)
    except ImportError:
        return ""


def _with_packages(name: str) -> Iterator[str]:
    """A package's own file is executed before what it contains."""
    parts = name.split(".")
    return (".".join(parts[: count + 1]) for count in range(len(parts)))
