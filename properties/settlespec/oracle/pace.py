"""How far a long run is: shown on the standard error, once it has taken a while, and only to a person."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

QUIET_SECONDS: Final = 2.0
"""A run that is over sooner needs no progress."""

SHOW_EVERY: Final = 0.1
"""Seconds between two changes of the bar: steps may be short, and nobody reads faster."""


class Pace:
    """Counts steps and shows a bar with an estimate; silent where the standard error is no terminal."""

    def __init__(self, what: str, expected: int | None, console: Console) -> None:
        self._what = what
        self._expected = expected
        self._console = console
        self._done = 0
        self._next = time.monotonic() + QUIET_SECONDS
        """When the bar is changed again."""
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def advance(self) -> None:
        """One step more is done."""
        self._done += 1
        if self._console.is_terminal and time.monotonic() >= self._next:
            self.show()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def show(self) -> None:
        """Show how far it is now; whoever knows that the first step takes long need not wait for it."""
        if not self._console.is_terminal:
            return
        self._next = time.monotonic() + SHOW_EVERY
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=self._expected, completed=self._done)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done)


@contextmanager
def pace(what: str, expected: int | None) -> Iterator[Pace]:
    """Count the steps of the block.

    Args:
        what: what a step is, in the plural.
        expected: how many steps there will be, about; None when nobody knows.
    """
    counting = Pace(what, expected, Console(stderr=True))
    try:
        yield counting
    finally:
        counting.close()
