"""``settlespec replay``: a recorded trace, run again and compared answer by answer."""

import time
from pathlib import Path

import click

from settlespec.machine.replaying import Replay, replay
from settlespec.oracle.consoles import say
from settlespec.oracle.edition import version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.option_types import InputPath
from settlespec.oracle.report import Report, Verdict, report_format


@click.command(name="replay")
@click.argument("trace", type=InputPath())
@report_format
def command(trace: Path, report_format: str) -> ExitCode:
    """Run a recorded TRACE again: does this machine say the same, answer by answer and digest by digest?

    A trace comes from `settlespec audit --record FILE`; - is the standard input. The first difference is shown with its line.
    """
    started = time.monotonic()
    replayed = replay(trace)
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
    if difference is not None:
        row |= {
            "line": difference.line,
            "subject": difference.subject,
            "recorded": difference.recorded,
            "replayed": difference.replayed,
        }
    return Report(
        command="replay",
        version=version(),
        seed=replayed.header.seed,
        verdict=Verdict.HOLDS if difference is None else Verdict.BROKEN,
        seconds=seconds,
        totals={"operations": replayed.operations, "digest": replayed.digest.hex()},
        listing="cases",
        rows=(row,),
    )


def sentence(trace: Path, replayed: Replay) -> str:
    """The same for people."""
    difference = replayed.difference
    if difference is None:
        return f"The same: {replayed.operations:,} operations, final state sha256:{replayed.digest.hex()}"
    return (
        f"{trace}:{difference.line}: the {difference.subject} of operation {replayed.operations:,} differs\n"
        f"recorded: {difference.recorded}\nreplayed: {difference.replayed}"
    )
