"""The JSON that every command writes: one object, the same envelope, keys in sorted order."""

import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum, unique
from typing import Any, Final, TypeAlias, TypeVar

import click
from attrs import field, frozen

from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.invocation import Invocation

Row: TypeAlias = Mapping[str, Any]
"""One thing that was looked at; at least ``id`` and ``status``."""

LISTINGS: Final = ("architectures", "benchmarks", "cases", "cells", "invariants", "laws", "mutants", "parts", "rules")
"""What a report may list; a reader finds exactly one of these keys."""

ENVELOPE: Final = ("command", "version", "seed", "verdict", "seconds", "totals")
"""The keys beside the list."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@unique
class Verdict(StrEnum):
    """The answer to: does it hold?"""

    HOLDS = "holds"
    BROKEN = "broken"
    UNDECIDED = "undecided"

    @property
    def exit_code(self) -> ExitCode:
        """What a command with this verdict leaves behind."""
        codes = {
            Verdict.HOLDS: ExitCode.HOLDS,
            Verdict.BROKEN: ExitCode.BROKEN,
            Verdict.UNDECIDED: ExitCode.UNDECIDED,
        }
        return codes[self]


def _known_listing(_: object, attribute: object, value: str) -> None:
    if value not in LISTINGS:
        raise ValueError(f"a report cannot list {value!r}; it lists one of {', '.join(LISTINGS)}")


def _identified(_: object, attribute: object, value: tuple[Row, ...]) -> None:
    for place, row in enumerate(value):
        for key in ("id", "status"):
            if not isinstance(row.get(key), str):
                raise ValueError(f"row {place} of a report lacks the text {key!r}")


def _as_rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(rows)


@frozen(kw_only=True)
class Report:
    """What a command found out.

    >>> Report(command="rules", version="0.1.0", seed=None, verdict=Verdict.HOLDS, seconds=0.5,
    ...        totals={"rules": 0}, listing="rules", rows=()).to_json()[:18]
    '{"command":"rules"'
    """

    command: str
    """The command as it was typed, without ``settlespec``."""
    version: str
    """Version of settlespec; with it goes the digest of the rules where a command needs it."""
    seed: int | None
    """Where the randomness came from; None when there was none."""
    verdict: Verdict
    seconds: float = field(converter=float)
    """Wall-clock time, rounded to milliseconds when written."""
    totals: Mapping[str, Any] = field(factory=dict)
    """Counts over all rows."""
    listing: str = field(validator=_known_listing)
    """The name of the list, one of `LISTINGS`."""
    rows: tuple[Row, ...] = field(converter=_as_rows, validator=_identified)
    """The list, worst first."""

    def to_object(self) -> dict[str, Any]:
        """The report as plain values."""
        envelope = {name: getattr(self, name) for name in ENVELOPE}
        envelope["verdict"] = self.verdict.value
        envelope["seconds"] = round(self.seconds, 3)
        envelope["totals"] = dict(self.totals)
        envelope[self.listing] = [dict(row) for row in self.rows]
        return envelope

    def to_json(self, indent: int | None = None) -> str:
        """The report as text: the same report gives the same bytes; infinities and NaN raise a ValueError."""
        separators = (",", ":") if indent is None else (",", ": ")
        return json.dumps(
            self.to_object(),
            allow_nan=False,
            ensure_ascii=True,
            indent=indent,
            separators=separators,
            sort_keys=True,
        )

    @property
    def exit_code(self) -> ExitCode:
        """What the command leaves behind."""
        return self.verdict.exit_code


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report of any command."""
    row = {
        "type": "object",
        "required": ["id", "status"],
        "properties": {"id": {"type": "string"}, "status": {"type": "string"}},
    }
    envelope: dict[str, Any] = {
        "command": {"type": "string", "minLength": 1},
        "version": {"type": "string", "minLength": 1},
        "seed": {"type": ["integer", "null"]},
        "verdict": {"enum": [verdict.value for verdict in Verdict]},
        "seconds": {"type": "number", "minimum": 0},
        "totals": {"type": "object"},
    }
    lists = {name: {"type": "array", "items": row} for name in LISTINGS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report of a settlespec command",
        "type": "object",
        "required": list(ENVELOPE),
        "properties": envelope | lists,
        "oneOf": [{"required": [name]} for name in LISTINGS],
        "additionalProperties": False,
    }


def _note_format(context: click.Context, _: click.Parameter, value: str) -> str:
    """Whoever asks for JSON is told of an error in JSON too, whatever goes wrong from here on."""
    invocation = context.find_object(Invocation)
    if invocation is not None:
        invocation.command, invocation.report_format = context.info_name or "", value
    return value


def report_format(decorated: Decorated) -> Decorated:
    """Give a command the option ``--format text|json`` as the argument `report_format`."""
    return click.option(
        "--format",
        "report_format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        is_eager=True,
        callback=_note_format,
        help="Tables for people, or one JSON object for machines.",
    )(decorated)
