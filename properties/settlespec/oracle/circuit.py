"""``settlespec circuit``: every rule as a rank-1 constraint system, and a witness of drawn inputs that satisfies it."""

import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

from settlespec.engines.arithmetising import Emitted, NotEmitted, arithmetise, plain_answer
from settlespec.engines.circuit_files import r1cs_bytes, read_r1cs, read_wtns, unsatisfied, wtns_bytes
from settlespec.engines.circuit_inputs import drawn_inputs
from settlespec.engines.constraints import Witness
from settlespec.engines.rule_functions import RuleFunction, rule_functions
from settlespec.oracle.audit import drawn
from settlespec.oracle.consoles import page_console, say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.option_types import NamedPath
from settlespec.oracle.pace import pace
from settlespec.oracle.plain_tables import Column, PlainTable, count
from settlespec.oracle.report import Report, Row, Verdict, report_format
from settlespec.oracle.writing import CannotWrite, make_folder, place_of, write_whole


class Standing(StrEnum):
    """What became of a rule, worst first."""

    BROKEN = "broken"
    """A witness of its own breaks its constraints, or answers what the integers do not: a defect."""
    NOT_EMITTED = "not emitted"
    EMITTED = "emitted"


@frozen
class Examined:
    """A rule, its circuit, and what drawn inputs said of it."""

    rule: RuleFunction
    circuit: Emitted | NotEmitted
    samples: int = 0
    """Drawn inputs whose witness satisfies the constraints and answers what the integers answer."""
    failure: str = ""
    first: Witness = ()
    """The witness of the first drawn input."""

    @property
    def standing(self) -> Standing:
        """What became of it."""
        if self.failure:
            return Standing.BROKEN
        return Standing.NOT_EMITTED if isinstance(self.circuit, NotEmitted) else Standing.EMITTED


MOST_SAMPLES: Final = 10_000
"""Drawn inputs of one rule."""


@click.command(name="circuit")
@click.argument("wanted", nargs=-1, metavar="[ID|PREFIX]...")
@click.option("--out", type=NamedPath(), metavar="DIR", help="Write NAME.r1cs and NAME.wtns of each rule here.")
@click.option("--samples", type=click.IntRange(1, MOST_SAMPLES), default=3, show_default=True, help="Inputs to draw.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Where they start.")
@report_format
def command(wanted: tuple[str, ...], out: Path | None, samples: int, seed: int, report_format: str) -> ExitCode:
    """Emit every rule, or those with these ids or prefixes (TRADE-3, MARGIN), as constraints over the scalar field of BN254.

    Of each the witness of drawn inputs is computed, checked against the constraints, and compared with the rule on integers.
    """
    started = time.monotonic()
    rules = chosen_rules([name.upper() for name in wanted])
    try:
        if out is not None:
            make_folder(out)
        examined = []
        with pace("circuits", len(rules)) as counting:
            for rule in rules:
                examined.append(examine(rule, range(seed, seed + samples)))
                if out is not None:
                    write_files(out, examined[-1])
                counting.advance()
    except CannotWrite as failure:
        # A message without the usage: what is wrong is the place, and it takes one line.
        raise click.ClickException(str(failure)) from failure
    report = report_of(examined, seed, time.monotonic() - started)
    if report_format == "json":
        say(report.to_json(indent=2))
    else:
        print_report(report)
    return report.exit_code


def chosen_rules(wanted: Sequence[str]) -> tuple[RuleFunction, ...]:
    """Give the rules asked for, all of them by default: by id (TRADE-5 with its parts), or by prefix."""
    rules = rule_functions()
    known = {name for rule in rules for name in _names(rule)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise click.UsageError(
            f"no rule that is a function is called {', '.join(unknown)}; "
            f"there are: {', '.join(sorted({rule.id for rule in rules}))}"
        )
    return tuple(rule for rule in rules if not wanted or not _names(rule).isdisjoint(wanted))


def _names(rule: RuleFunction) -> frozenset[str]:
    return frozenset((rule.id, rule.id.partition(".")[0], rule.id.rpartition("-")[0]))


def examine(rule: RuleFunction, seeds: range) -> Examined:
    """Emit a rule, and try its circuit on drawn inputs."""
    circuit = arithmetise(rule)
    if isinstance(circuit, NotEmitted):
        return Examined(rule, circuit)
    first: Witness = ()
    for place, seed in enumerate(seeds):
        arguments = drawn_inputs(circuit.structures, seed)
        witness = circuit.witness(arguments)
        first = first or witness
        if not circuit.system.satisfied_by(witness):
            return Examined(rule, circuit, place, f"the witness of {arguments} breaks the constraints", first)
        answer, expected = circuit.answer(witness), plain_answer(rule, arguments)
        if answer != expected:
            return Examined(rule, circuit, place, f"{arguments}: wires say {answer}, integers {expected}", first)
    return Examined(rule, circuit, len(seeds), "", first)


class UnlikeWritten(Exception):
    """What was written is not what is read back: a defect of ours."""


def write_files(folder: Path, examined: Examined) -> None:
    """Write the constraint system of a rule and the witness of its first drawn input, and read both back.

    Raises:
        CannotWrite: one of them cannot be written.
        UnlikeWritten: the bytes say something else.
    """
    if isinstance(examined.circuit, NotEmitted):
        return
    system, name = examined.circuit.system, examined.rule.name
    contents = {".r1cs": r1cs_bytes(system), ".wtns": wtns_bytes(examined.first)}
    if read_r1cs(contents[".r1cs"]) != system or read_wtns(contents[".wtns"]) != examined.first:
        raise UnlikeWritten(f"{name}: the files do not read back as what they were written from")
    if not examined.failure and any(unsatisfied(system, examined.first)):
        raise UnlikeWritten(f"{name}: the witness that was written does not satisfy the constraints")
    for suffix, content in contents.items():
        write_whole(place_of(folder / f"{name}{suffix}"), content)


def report_of(examined: Sequence[Examined], seed: int, seconds: float) -> Report:
    """Give the report, worst first."""
    order = list(Standing)
    ordered = sorted(examined, key=lambda one: order.index(one.standing))
    emitted = [one for one in examined if isinstance(one.circuit, Emitted)]
    return Report(
        command="circuit",
        version=version(),
        seed=seed,
        verdict=Verdict.BROKEN if any(one.failure for one in examined) else Verdict.HOLDS,
        seconds=seconds,
        totals={
            "rules": len(examined),
            "emitted": len(emitted),
            "not_emitted": len(examined) - len(emitted),
            "broken": sum(bool(one.failure) for one in examined),
            "constraints": sum(_constraints(one) for one in examined),
            "constraints_by_subject": {
                subject: sum(_constraints(one) for one in examined if one.rule.subject == subject)
                for subject in dict.fromkeys(one.rule.subject for one in examined)
            },
            "samples": sum(one.samples for one in examined),
            "rules_digest": rules_digest(),
        },
        listing="rules",
        rows=tuple(map(_row, ordered)),
    )


def _constraints(examined: Examined) -> int:
    return len(examined.circuit.system.constraints) if isinstance(examined.circuit, Emitted) else 0


def _row(examined: Examined) -> Row:
    rule, circuit = examined.rule, examined.circuit
    row: dict[str, Any] = {
        "id": rule.id,
        "status": examined.standing.value,
        "name": rule.name,
        "subject": rule.subject,
        "samples": examined.samples,
        "reason": circuit.reason if isinstance(circuit, NotEmitted) else examined.failure,
    }
    if isinstance(circuit, Emitted):
        row |= {
            "constraints": len(circuit.system.constraints),
            "constraints_for_inputs": circuit.for_inputs,
            "wires": circuit.system.wires,
            "inputs": list(circuit.inputs),
            "outputs": list(circuit.outputs),
            "widest_bits": circuit.widest,
        }
    return row


def print_report(report: Report) -> None:
    """Print the circuits, what has none and why, and the totals."""
    console = page_console()
    emitted = [row for row in report.rows if "constraints" in row]
    columns = (
        Column("rule"),
        Column("name"),
        Column("constraints", figures=True),
        Column("for inputs", figures=True),
        Column("wires", figures=True),
        Column("public", figures=True),
        Column("widest, bits", figures=True),
    )
    if emitted:
        console.print(drawn(PlainTable("Circuits", columns, tuple(map(_cells, emitted))), console.width))
    for row in report.rows:
        if row["status"] != Standing.EMITTED:
            console.print(f"{row['id']} {row['name']} {row['status']}: {row['reason']}", highlight=False, markup=False)
    totals = report.totals
    subjects = ", ".join(f"{subject} {count(number)}" for subject, number in totals["constraints_by_subject"].items())
    console.print(
        f"{totals['emitted']} of {totals['rules']} rules emitted, {count(totals['constraints'])} constraints "
        f"({subjects}); {totals['samples']} witnesses of drawn inputs satisfy them and agree with the integers; "
        f"{totals['broken']} broken; seed {report.seed}; {report.seconds:.1f} s",
        highlight=False,
    )


def _cells(row: Row) -> tuple[str, ...]:
    figures = (
        row["constraints"],
        row["constraints_for_inputs"],
        row["wires"],
        len(row["inputs"]) + len(row["outputs"]),
        row["widest_bits"],
    )
    return (row["id"], row["name"], *map(count, figures))
