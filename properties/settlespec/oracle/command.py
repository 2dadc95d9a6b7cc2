"""The command line: finds the command, runs it, and turns whatever happens into one line and one number.

A command is a module with a click command named ``command`` that returns its `ExitCode`. It stands in `COMMANDS` with
one line and is imported only when somebody asks for it, so that a light installation can do what needs no solver.
"""

import errno
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import Any, Final, NoReturn

import click
from attrs import frozen

from settlespec.domain.errors import BadInput, Malformed
from settlespec.domain.outcomes import Exhausted
from settlespec.oracle.consoles import fall_silent, printable, say
from settlespec.oracle.edition import rules_digest, version
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.invocation import Invocation, error_object
from settlespec.oracle.stopping import Stopped, stop_in_order


@frozen
class Entry:
    """Where a command lives and what it does."""

    module: str
    sentence: str


COMMANDS: Final[dict[str, Entry]] = {
    "audit": Entry("settlespec.oracle.audit", "Run an order flow through everything: does everything hold?"),
    "bench": Entry("settlespec.oracle.bench", "Measure speed and memory of the machine and of the checks."),
    "circuit": Entry("settlespec.oracle.circuit", "Emit the rules as constraint systems, with witnesses."),
    "hunt": Entry("settlespec.oracle.hunt", "Hunt for operations that break an invariant."),
    "inspect": Entry("settlespec.oracle.inspect", "Print a batch in words: header, operations, changed leaves, sizes."),
    "mutants": Entry("settlespec.oracle.mutants", "Plant a fault in each rule: which law notices?"),
    "prove": Entry("settlespec.oracle.prove", "Prove the laws, and refute the canaries."),
    "replay": Entry("settlespec.oracle.replay", "Run a recorded trace again: the same answers and digests?"),
    "rules": Entry("settlespec.oracle.rules", "Print every rule with its sentence and its place."),
}
"""A new command is one line here."""

EXTRAS: Final[dict[str, str]] = {
    "crosshair": "prove",
    "cvc5": "prove",
    "hypothesis": "prove",
    "jinja2": "report",
    "matplotlib": "report",
    "z3": "prove",
}
"""Packages that an installation may lack, and the extra that brings them."""


CANNOT_PRINT: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What the system says, without the name of a file, when the standard output takes no more."""


class ReaderLeft(Exception):
    """Whoever read our output stopped reading; click would leave with the code of a violation."""


@contextmanager
def _reader_told_apart() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as left:
        raise ReaderLeft from left


class Registry(click.Group):
    """The group of `COMMANDS`; imports a command when it is run, never to list it."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every name, sorted."""
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import the module of the command."""
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        command = import_module(entry.module).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module}.command is not a click command")
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the command line; the help and the version are printed here."""
        with _reader_told_apart():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        with _reader_told_apart():
            return super().invoke(context)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the registry alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].sentence) for name in self.list_commands(context)])


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(f"settlespec {version()}, rules sha256:{rules_digest()}")
        context.exit()


@click.group(cls=Registry, name="settlespec", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, envvar="SETTLESPEC_DEBUG", help="Show the traceback of a defect.")
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and the digest of the rules.",
)
@click.pass_obj
def group(invocation: Invocation, debug: bool) -> None:
    """An executable specification of a derivatives exchange that settles on a layer 2, and what checks it.

    Exit codes: 0 holds, 1 a violation was found, 2 wrong usage, 65 bad data, 66 no input, 69 unavailable, 70 a defect
    of settlespec, 75 not decided in the time given.
    """
    invocation.debug = debug


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    stop_in_order()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character is shown its number; a name of a file need not even be text.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every outcome is an exit code, and every error one line on the standard error."""
    invocation = Invocation()
    try:
        answer = group.main(
            args=None if arguments is None else list(arguments),
            prog_name="settlespec",
            standalone_mode=False,
            obj=invocation,
        )
    except Stopped as stopped:
        _complain(stopped.sentence)
        return stopped.exit_code
    except ReaderLeft:
        fall_silent(sys.stdout)
        return ExitCode.HOLDS
    except Exception as error:  # noqa: BLE001 - the one place where whatever is left over becomes an exit code
        return _explain(error, invocation)
    return answer if isinstance(answer, int) else ExitCode.HOLDS


def _explain(error: Exception, invocation: Invocation) -> ExitCode:
    """Say what happened, in one line where it is the user's to mend, and give the exit code."""
    sentence, code = _meaning(error, invocation)
    if invocation.report_format == "json":
        with _unwritten_output():
            say(error_object(invocation, printable(sentence), error, code))
    if isinstance(error, click.ClickException) and code is ExitCode.WRONG_USAGE:
        with _unread_complaints():
            error.show()
    else:
        _complain(sentence)
    return code


def _meaning(error: Exception, invocation: Invocation) -> tuple[str, ExitCode]:
    """What happened, in one line, and the exit code that says so."""
    match error:
        case click.FileError():
            return error.format_message(), ExitCode.NO_INPUT
        case click.ClickException():
            return error.format_message(), ExitCode.WRONG_USAGE
        case click.Abort():
            return "interrupted", ExitCode.INTERRUPTED
        case BadInput() | Malformed():
            return str(error), ExitCode.BAD_DATA
        case MemoryError():
            return "not decided: no more memory; give it more, or less to do", ExitCode.UNDECIDED
        case Exhausted():
            return f"not decided, a limit of this process was reached: {error}", ExitCode.UNDECIDED
        case OSError(filename=str() as file):
            return f"{file}: {error.strerror}", ExitCode.NO_INPUT
        case OSError() if error.errno in CANNOT_PRINT:
            fall_silent(sys.stdout)
            return f"the standard output cannot be written: {error.strerror}", ExitCode.WRONG_USAGE
        case ModuleNotFoundError() if (error.name or "").partition(".")[0] in EXTRAS:
            missing = (error.name or "").partition(".")[0]
            remedy = f"pip install 'settlespec[{EXTRAS[missing]}]'"
            return f"this needs {missing}, which is not installed: {remedy}", ExitCode.UNAVAILABLE
    if invocation.debug:
        traceback.print_exception(error)
    description = " ".join(f"{type(error).__name__}: {error}".split())
    hint = "" if invocation.debug else " (--debug shows where)"
    return f"a defect of settlespec: {description}{hint}", ExitCode.DEFECT


def _complain(sentence: str) -> None:
    with _unread_complaints():
        click.echo(f"settlespec: {printable(sentence)}", err=True)


@contextmanager
def _unwritten_output() -> Iterator[None]:
    """Where the standard output takes nothing, the standard error and the code still say what happened."""
    try:
        yield
    except OSError:
        fall_silent(sys.stdout)


@contextmanager
def _unread_complaints() -> Iterator[None]:
    """Where nobody can read a complaint, the code still says what happened."""
    try:
        yield
    except OSError:
        fall_silent(sys.stderr)
