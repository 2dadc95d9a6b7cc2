"""Why a mutant that no law breaks is the rule itself, where the prover cannot say so: argued one by one, in ``equivalents.toml``.

An argument counts for a mutant that is there and that survives. One that names a mutant that is gone, killed, or proved to be the
rule has outlived its reason.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from settlespec.domain.errors import BadInput
from settlespec.domain.quantities import Range
from settlespec.engines.biting import Fate, Judgement
from settlespec.engines.equivalence import Declared, Values
from settlespec.engines.mutating import Mutant

FILE: Final = "equivalents.toml"


@frozen
class Equivalents:
    """What people say of mutants and of the arguments of rules."""

    declared: Declared
    """What values an argument has, where the rule's page says so and its type does not."""
    argued: Mapping[str, str]
    """Of a mutant, by id: why no law can tell it from the rule."""


def equivalents(file: Path | None = None) -> Equivalents:
    """Read the arguments; by default those that stand beside the laws.

    Raises:
        BadInput: the file says something that is no argument.
    """
    path = file or _beside_the_laws()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise BadInput(str(broken), file=str(path), remedy="write TOML") from None
    strangers = content.keys() - {"declared", "argued"}
    if strangers:
        raise BadInput(f"no such table: {', '.join(sorted(strangers))}", file=str(path), remedy="declared or argued")
    declared = {
        function: {name: _values(value, path, f"declared.{function}.{name}") for name, value in arguments.items()}
        for function, arguments in _table(content.get("declared", {}), path, "declared").items()
        if _table(arguments, path, f"declared.{function}") is not None
    }
    argued = _table(content.get("argued", {}), path, "argued")
    for mutant, why in argued.items():
        if not isinstance(why, str) or not why.endswith("."):
            raise BadInput(
                "an argument is a sentence", file=str(path), field=f"argued.{mutant}", remedy="end it with a stop"
            )
    return Equivalents(declared, argued)


def _beside_the_laws() -> Path:
    specification = find_spec("settlespec.laws")
    if specification is None or specification.origin is None:
        raise ModuleNotFoundError("settlespec.laws is missing from this installation", name="settlespec.laws")
    return Path(specification.origin).with_name(FILE)


def _table(value: Any, path: Path, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput("not a table", file=str(path), field=field)
    return value


def _values(value: Any, path: Path, field: str) -> Values:
    """A list of integers, or a range: ``{low = 0, high = 7}``."""
    if isinstance(value, list) and value and all(type(item) is int for item in value):
        return tuple(value)
    if isinstance(value, dict) and value.keys() == {"low", "high"} and all(type(end) is int for end in value.values()):
        return Range(value["low"], value["high"])
    raise BadInput("no values of an argument", file=str(path), field=field, remedy="[1, -1] or {low = 0, high = 7}")


def stale(argued: Iterable[str], mutants: Sequence[Mutant], judgements: Iterable[Judgement]) -> tuple[str, ...]:
    """Say of each argument that has outlived its reason why it has; mutants that were not judged are passed over."""
    known = {mutant.id for mutant in mutants}
    fates = {judgement.mutant: judgement.fate for judgement in judgements}
    complaints = []
    for mutant in sorted(argued):
        if mutant not in known:
            complaints.append(f"{mutant} is argued and is no mutant")
        elif fates.get(mutant) is Fate.KILLED:
            complaints.append(f"{mutant} is argued and killed")
        elif fates.get(mutant) is Fate.EQUIVALENT:
            complaints.append(f"{mutant} is argued and proved, so it needs no argument")
    return tuple(complaints)
