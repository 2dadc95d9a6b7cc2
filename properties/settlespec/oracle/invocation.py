"""What holds for one run of the command line, and the object that a machine is given where a command ends in an error."""

import json
from typing import Any

from attrs import define

from settlespec.domain.errors import BadInput, Malformed
from settlespec.oracle.edition import version
from settlespec.oracle.exit_codes import ExitCode


@define
class Invocation:
    """One run of the command line, as far as its words are understood."""

    debug: bool = False
    """Show the traceback of a defect."""
    command: str = ""
    """The command, once its options are read."""
    report_format: str = "text"
    """What was asked for by ``--format``."""


def error_object(invocation: Invocation, sentence: str, error: Exception, code: ExitCode) -> str:
    """The JSON that stands in place of a report."""
    told: dict[str, Any] = {"exit_code": int(code), "sentence": sentence}
    if isinstance(error, BadInput | Malformed):
        told |= {"problem": error.problem, "field": error.field, "remedy": error.remedy}
    if isinstance(error, BadInput):
        told |= {"file": error.file, "line": error.line}
    if isinstance(error, OSError) and isinstance(error.filename, str):
        told["file"] = error.filename
    said = {"command": invocation.command, "version": version(), "error": told}
    return json.dumps(said, ensure_ascii=True, indent=2, sort_keys=True)


def error_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the object that stands in place of a report."""
    text = {"type": ["string", "null"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Error of a settlespec command",
        "type": "object",
        "required": ["command", "version", "error"],
        "properties": {
            "command": {"type": "string", "minLength": 1},
            "version": {"type": "string", "minLength": 1},
            "error": {
                "type": "object",
                "required": ["exit_code", "sentence"],
                "properties": {
                    "exit_code": {"enum": [int(code) for code in ExitCode if code is not ExitCode.HOLDS]},
                    "sentence": {"type": "string", "minLength": 1},
                    "file": text,
                    "line": {"type": ["integer", "null"], "minimum": 1},
                    "field": text,
                    "problem": text,
                    "remedy": text,
                },
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }
