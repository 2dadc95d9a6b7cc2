"""Where tables are printed, and how much room they have there."""

import os
import shlex
import sys
from collections.abc import Sequence
from typing import Final, TextIO

import click
from rich.console import Console

WIDE: Final = 110
"""Columns of text from which on a table has room for its sentences."""


class PipeConsole(Console):
    """A console whose reader may stop reading; the verdict counts all the same."""

    def on_broken_pipe(self) -> None:
        """Rich would leave the process with the code of a violation."""
        fall_silent(sys.stdout)


def say(text: str) -> None:
    """Print a text, to a reader that may have left."""
    try:
        click.echo(text)
    except BrokenPipeError:
        fall_silent(sys.stdout)


def fall_silent(stream: TextIO) -> None:
    """Nobody reads a stream any more, as after ``head``: the rest goes nowhere, and the command ends as it would have."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def printable(text: str) -> str:
    """The text in one line without control characters: what stands in a file or in its name moves nobody's terminal."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def page_console() -> Console:
    """The standard output; a file or a pipe has room for every column."""
    console = PipeConsole()
    return console if console.is_terminal else PipeConsole(width=max(console.width, WIDE))


def command_line(words: Sequence[str]) -> str:
    """Words as a shell reads them back, in one line: what cannot be printed stands as bytes in ``$'...'``."""
    return " ".join(shlex.quote(word) if word.isprintable() else _as_bytes(word) for word in words)


def _as_bytes(word: str) -> str:
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}" for byte in os.fsencode(word))
    return f"$'{''.join(plain)}'"
