"""Laws of a user's own: a Python file that states them with our decorator, read beside the catalogue."""

import importlib
import sys
import traceback
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from settlespec.domain.errors import BadInput
from settlespec.engines.arguments import structures_of
from settlespec.engines.identities import unasked
from settlespec.laws.statement import BadStatement, Law, laws_in
from settlespec.oracle.law_choice import nearest
from settlespec.oracle.law_words import line_of


def laws_of_files(paths: Sequence[Path], ours: Iterable[Law]) -> tuple[tuple[Law, ...], tuple[BadInput, ...]]:
    """Give the laws of these files, and what is wrong with those that are refused; one that is refused harms no other.

    Raises:
        OSError: one of them is not there or may not be read: a slip of the command line, told before anything begins.
    """
    for path in paths:
        if path.is_file():
            path.open("rb").close()
        else:
            path.stat()
    taken = {law.id: law for law in ours}
    found: list[Law] = []
    refused: list[BadInput] = []
    for path in dict.fromkeys(paths):
        try:
            stated = laws_of_file(path, taken)
        except BadInput as reason:
            refused.append(reason)
            continue
        taken |= {law.id: law for law in stated}
        found += stated
    return tuple(found), tuple(refused)


def laws_of_file(path: Path, taken: dict[str, Law]) -> tuple[Law, ...]:
    """Give the laws that a file states.

    Args:
        path: the file, which other processes import from its folder too.
        taken: laws that are known already, by id.

    Raises:
        BadInput: it cannot be read or imported, states no law, or one as laws are not stated.
    """
    module = _imported(path)
    try:
        laws = laws_in((module,))
    except BadStatement as failure:
        raise BadInput(str(failure), file=str(path), remedy="give each law an id of its own") from failure
    if not laws:
        remedy = "decorate a function with @law of settlespec.laws.statement"
        raise BadInput("no law is stated in it", file=str(path), remedy=remedy)
    for question in unasked(path.read_text(encoding="utf-8")):
        remedy = "write what a symbol can be asked too (docs/proving.md)"
        raise BadInput(f"no symbol answers {question.problem}", file=str(path), line=question.line, remedy=remedy)
    for law in laws:
        if law.id in taken:
            problem = f"{law.id} is the id of a law of {taken[law.id].module}"
            raise BadInput(problem, file=str(path), line=line_of(law), remedy="give it an id of its own")
        try:
            structures_of(law.arguments)
        except BadStatement as failure:
            raise BadInput(f"{law.id}: {failure}", file=str(path), line=line_of(law)) from failure
    return laws


def strangers_in(laws: Iterable[Law], known: Collection[str]) -> Iterator[str]:
    """What to warn of: rules that a law names and that nobody states; it would cover nothing."""
    for law in laws:
        for rule in law.rules:
            if rule not in known:
                problem = f"{law.id} names {rule}, and no rule is called so"
                yield f"{law.function.__code__.co_filename}:{line_of(law)}: {problem}{nearest(rule, known)}"


def _imported(path: Path) -> ModuleType:
    """Import a file under its own name, so that the processes that read its laws find it by that name."""
    name = path.stem
    if not path.is_file():
        raise BadInput("no regular file", file=str(path))
    if path.suffix != ".py" or not name.isidentifier():
        raise BadInput("not the name of a module", file=str(path), remedy="name it like my_laws.py")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        # At the end, so that nothing beside the file stands before what we import ourselves.
        sys.path.append(folder)
    importlib.invalidate_caches()
    if name in sys.stdlib_module_names or name in sys.builtin_module_names or not _is_found(name, path):
        raise BadInput(f"another module is called {name}", file=str(path), remedy="give the file another name")
    try:
        return importlib.import_module(name)
    except SyntaxError as failure:
        problem, place = f"no Python: {failure.msg}", failure.filename or str(path)
        raise BadInput(problem, file=_as_named(path, place), line=failure.lineno) from failure
    except (Exception, SystemExit) as failure:
        place, line = _place_of(failure, path)
        problem = " ".join(f"importing it raised {type(failure).__name__}: {failure}".split())
        raise BadInput(problem, file=place, line=line) from failure


def _is_found(name: str, path: Path) -> bool:
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None and Path(found.origin).resolve() == path.resolve()


def _as_named(path: Path, place: str) -> str:
    return str(path) if Path(place).resolve() == path.resolve() else place


def _place_of(failure: BaseException, path: Path) -> tuple[str, int | None]:
    """The last line of the file that was running; the decorator that refused a law stands in ours."""
    frames = [
        frame
        for frame in traceback.extract_tb(failure.__traceback__)
        if Path(frame.filename).resolve() == path.resolve()
    ]
    return str(path), frames[-1].lineno if frames else None
