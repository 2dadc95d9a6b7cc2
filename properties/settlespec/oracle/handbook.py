"""Pages of the documentation whose facts stand in the code: the reasons with their numbers, the ranges, the limits of both presets."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, get_args

import attrs

from settlespec.domain import quantities
from settlespec.domain.instruments import Instrument, InstrumentKind
from settlespec.domain.parameters import Parameters
from settlespec.domain.quantities import MAX_DIGITS, Range
from settlespec.domain.reasons import NUMBERS, SENTENCES, Reason
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.machine.genesis import PRESETS
from settlespec.machine.signatures import Ed25519

UNSHOWN: Final = ("id", "kind", "underlying", "reference", "oracles")
"""Fields that name something and limit nothing."""


def limits_page() -> str:
    """The ranges of every quantity, and what the presets fix."""
    geneses = {name: make(Ed25519()) for name, make in PRESETS.items()}
    listed = _of_each_kind()
    lines = [
        "# Limits",
        "",
        "Written from the code at every build of this documentation.",
        "",
        "## Ranges",
        "",
        "An integer of an operation outside the range of its type is answered `OUT_OF_RANGE`, at any depth of the operation.",
        f"One of more than {MAX_DIGITS} digits is malformed and never reaches the machine.",
        "Which field has which type: [on the wire](wire.md) and its schemas.",
        "",
        *_table(("type", "lowest", "highest", "meaning"), _ranges()),
        "",
        "## Parameters of a deployment",
        "",
        "A genesis fixes them; the presets are two of many.",
        "",
        *_table(
            ("parameter", *geneses, "meaning"),
            _values(Parameters, [genesis.parameters for genesis in geneses.values()]),
        ),
        "",
        "## Terms of an instrument",
        "",
        "Of the presets' perpetuals; all instruments of one preset have the same.",
        "",
        *_table(
            ("term", *geneses, "meaning"), _values(Instrument, [genesis.instruments[0] for genesis in geneses.values()])
        ),
        "",
        "## Terms of what is dated",
        "",
        "Of the flow that `settlespec audit` runs, on the preset `standard`: its first perpetual, future and call, where they differ.",
        "",
        *_table(("term", *listed), _differing(Instrument, list(listed.values()))),
        "",
        "## Instruments of the presets",
        "",
        *_table(
            ("preset", "instrument", "underlying", "first mark"),
            (
                (name, str(instrument.id), str(instrument.underlying), _figure(mark))
                for name, genesis in geneses.items()
                for instrument, mark in zip(genesis.instruments, genesis.marks, strict=True)
            ),
        ),
        "",
    ]
    return "\n".join(lines)


def _of_each_kind() -> dict[str, Instrument]:
    """The first perpetual, future and call of the embedded flow, by their kind."""
    first = {instrument.kind: instrument for instrument in reversed(EmbeddedFlow().genesis(Ed25519()).instruments)}
    return {kind.value: first[kind] for kind in (InstrumentKind.PERPETUAL, InstrumentKind.FUTURE, InstrumentKind.CALL)}


def reasons_page() -> str:
    """Every reason in precedence order."""
    lines = [
        "# Reasons",
        "",
        "Written from the code at every build of this documentation.",
        "",
        "When several reasons apply, the first of this table is the answer.",
        "A number is never given to another reason, and the wire carries the name.",
        "Which operation can answer which, and what it compares: [operations](operations.md).",
        "",
        *_table(
            ("number", "reason", "sentence"),
            ((str(NUMBERS[reason]), f"`{reason}`", SENTENCES[reason]) for reason in Reason),
        ),
        "",
    ]
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _ranges() -> Iterator[tuple[str, ...]]:
    told = _sentences(quantities.__name__, None)
    for name, alias in vars(quantities).items():
        for limit in get_args(alias)[1:]:
            if isinstance(limit, Range):
                yield f"`{name}`", _figure(limit.low), _figure(limit.high), told.get(name, "")


def _values(kind: Any, holders: list[Any]) -> Iterator[tuple[str, ...]]:
    told = _sentences(kind.__module__, kind.__name__)
    for field in attrs.fields(kind):
        if field.name not in UNSHOWN:
            values = (_figure(getattr(holder, field.name)) for holder in holders)
            yield f"`{field.name}`", *values, told.get(field.name, "")


def _differing(kind: Any, holders: list[Any]) -> Iterator[tuple[str, ...]]:
    """The rows of `_values` whose values are not all the same, without their meaning."""
    for name, *values, _ in _values(kind, holders):
        if len(set(values)) > 1:
            yield name, *values


def _figure(value: int | str) -> str:
    """A power of two beyond a billion stands as one; others in groups of three digits."""
    if isinstance(value, str):
        return f"`{value}`"
    for edge, suffix in ((value, ""), (value + 1, " - 1")):
        if edge > 10**9 and edge & (edge - 1) == 0:
            return f"2^{edge.bit_length() - 1}{suffix}"
    return f"-({_figure(-value)})" if value < -(10**9) else f"{value:,}"


def _sentences(module: str, record: str | None) -> dict[str, str]:
    """What the source says below a name of a module, or below a field of one of its records."""
    specification = find_spec(module)
    if specification is None or specification.origin is None:
        raise RuntimeError(f"the source of {module} is missing from this installation")
    body = ast.parse(Path(specification.origin).read_text(encoding="utf-8")).body
    if record is not None:
        (body,) = [node.body for node in body if isinstance(node, ast.ClassDef) and node.name == record]
    found = {}
    for node, below in pairwise(body):
        match node, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                found[name] = " ".join(sentence.split())
    return found
