"""Where tables are printed, and how much room they have there."""

from typing import Final

from rich.console import Console

WIDE: Final = 110
"""Columns of text from which on a table has room for its sentences."""


def page_console() -> Console:
    """The standard output; a file or a pipe has room for every column."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, WIDE))
