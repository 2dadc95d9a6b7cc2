"""Where tables are printed, and how much room they have there."""

from typing import Final

from rich.console import Console

WIDE: Final = 110
"""Columns of text from which on a table has room for its sentences."""


class PipeConsole(Console):
    """A console that leaves it to the command line what happens when its reader stops reading."""

    def on_broken_pipe(self) -> None:
        """Rich would leave the process with the code of a violation."""
        raise BrokenPipeError


def page_console() -> Console:
    """The standard output; a file or a pipe has room for every column."""
    console = PipeConsole()
    return console if console.is_terminal else PipeConsole(width=max(console.width, WIDE))
