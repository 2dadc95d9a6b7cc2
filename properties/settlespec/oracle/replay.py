"""``settlespec replay``: a recorded trace, run again and compared answer by answer."""

import json
import time
from itertools import zip_longest
from pathlib import Path
from typing import Final

import click

from settlespec.machine.replaying import Difference, Replay, replay
from settlespec.oracle.consoles import say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.option_types import InputPath
from settlespec.oracle.pace import pace
from settlespec.oracle.report import Report, Verdict, report_format


@click.command(name="replay")
@click.argument("trace", type=InputPath())
@report_format
def command(trace: Path, report_format: str) -> ExitCode:
    """Run a recorded TRACE again: does this machine say the same, answer by answer and digest by digest?

    A trace comes from `settlespec audit --record FILE`; - is the standard input. The first difference is shown with its line.
    """
    started = time.monotonic()
    with pace("operations", None) as counting:
        replayed = replay(trace, counting.advance)
    report = report_of(trace, replayed, time.monotonic() - started)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        say(sentence(trace, replayed))
    return report.exit_code


def report_of(trace: Path, replayed: Replay, seconds: float) -> Report:
    """What the replay came to, as the envelope of every command."""
    difference = replayed.difference
    row: dict[str, object] = {"id": str(trace), "status": "same" if difference is None else "differs"}
    recorded_rules = replayed.header.rules.hex()
    if difference is not None:
        row |= {
            "line": difference.line,
            "subject": difference.subject,
            "field": fields_of(difference)[0],
            "recorded": difference.recorded,
            "replayed": difference.replayed,
        }
    return Report(
        command="replay",
        version=version(),
        seed=replayed.header.seed,
        verdict=Verdict.HOLDS if difference is None else Verdict.BROKEN,
        seconds=seconds,
        totals={
            "operations": replayed.operations,
            "digest": replayed.digest.hex(),
            "rules_digest": rules_digest(),
            "recorded_rules_digest": recorded_rules,
            "same_rules": recorded_rules == rules_digest(),
        },
        listing="cases",
        rows=(row,),
    )


def sentence(trace: Path, replayed: Replay) -> str:
    """The same for people."""
    difference, recorded_rules = replayed.difference, replayed.header.rules.hex()
    if difference is None:
        told = f"The same: {replayed.operations:,} operations, final state sha256:{replayed.digest.hex()}"
    else:
        field, recorded, again = fields_of(difference)
        where = f" first in {field}" if field else ""
        told = (
            f"{trace}:{difference.line}: the {difference.subject} of operation {replayed.operations:,} differs{where}\n"
            f"recorded: {recorded}\nreplayed: {again}"
        )
    if recorded_rules == rules_digest():
        return told
    return f"{told}\nrecorded under other rules: sha256:{recorded_rules}; these are sha256:{rules_digest()}"


NOTHING: Final = object()
"""What stands where one of the two has a field and the other has not."""


def fields_of(difference: Difference) -> tuple[str, str, str]:
    """The first field of an answer that differs, as recorded and as replayed; of a digest, which has none, the digests."""
    if difference.subject != "answer":
        return "", difference.recorded, difference.replayed
    field, recorded, replayed = first_apart(json.loads(difference.recorded), json.loads(difference.replayed))
    return field, said(recorded), said(replayed)


def said(value: object) -> str:
    """A JSON value as text."""
    return "nothing" if value is NOTHING else json.dumps(value, sort_keys=True)


def first_apart(one: object, other: object, path: str = "") -> tuple[str, object, object]:
    """The path to the first value in which two different JSON values are apart, and both values there."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted(one.keys() | other.keys())
        pairs = [(f"{path}.{name}".lstrip("."), one.get(name, NOTHING), other.get(name, NOTHING)) for name in names]
    elif isinstance(one, list) and isinstance(other, list):
        both = enumerate(zip_longest(one, other, fillvalue=NOTHING))
        pairs = [(f"{path}[{place}]", here, there) for place, (here, there) in both]
    else:
        return path, one, other
    field, here, there = next(pair for pair in pairs if pair[1] != pair[2])
    return first_apart(here, there, field)
