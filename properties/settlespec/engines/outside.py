"""What a module reads beside the modules that it imports by name, as far as its syntax tree shows.

A file, a variable of the environment or a module found while it runs decides an answer, and stands in no digest of the text.
"""

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Final

NAMES: Final = frozenset(
    {
        "*",
        "__builtins__",
        "__import__",
        "environ",
        "environb",
        "eval",
        "exec",
        "getenv",
        "getenvb",
        "globals",
        "import_module",
        "input",
        "open",
        "read",
        "read_bytes",
        "read_text",
    }
)
"""Of whatever they are: a name that is read, an attribute, or what is imported from a module; a star hides what it imports."""

MODULES: Final = frozenset(
    {
        "builtins",
        "ctypes",
        "datetime",
        "fileinput",
        "glob",
        "http",
        "importlib",
        "io",
        "linecache",
        "mmap",
        "os",
        "pathlib",
        "pkgutil",
        "platform",
        "random",
        "runpy",
        "secrets",
        "shelve",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "sys",
        "tempfile",
        "time",
        "urllib",
        "uuid",
        "zipfile",
        "zipimport",
    }
)
"""Of the standard library: what they are for is to reach outside of the text."""


@cache
def reads_outside(path: Path) -> str | None:
    """Where and by what a module reaches outside of its text first, in words; None if it is seen to do so nowhere."""
    if path.suffix != ".py":
        return f"{path} is no text in Python"
    tree = ast.parse(path.read_bytes(), filename=str(path))
    found = sorted(seen for node in ast.walk(tree) for seen in _seen(node))
    return f"{path}, line {found[0][0]}: {found[0][1]}" if found else None


def _seen(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the word, where this part of the tree reaches outside."""
    words: Collection[str]
    match node:
        case ast.Name(id=word, ctx=ast.Load()) | ast.Attribute(attr=word):
            words = NAMES & {word}
        case ast.Import(names=names):
            words = {alias.name for alias in names if alias.name.partition(".")[0] in MODULES}
        case ast.ImportFrom(module=str(module), level=0) if module.partition(".")[0] in MODULES:
            words = {module}
        case ast.ImportFrom(names=names):
            words = NAMES & {alias.name for alias in names}
        case _:
            return
    yield from ((node.lineno, word) for word in words)
