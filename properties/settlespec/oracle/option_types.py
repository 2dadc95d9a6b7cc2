"""What the words of a command line may be, beside what click knows itself."""

import math
from pathlib import Path
from typing import Any, Final

import click

MAX_STEPS: Final = 2**63 - 1
"""More operations than any run has; what counts them further is no 64-bit integer."""

STANDARD_INPUT: Final = Path("/dev/stdin")


class NamedPath(click.Path):
    """A path that is named: an empty word, such as a variable that nobody set, is no path to the folder we stand in."""

    def __init__(self) -> None:
        # Whether it may be read is seen, and told with its own exit code, when it is.
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Refuse the empty word."""
        if value == "":
            self.fail("the path is empty", parameter, context)
        return super().convert(value, parameter, context)


class InputPath(NamedPath):
    """A path to read from; ``-`` is the standard input."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Give ``-`` its path."""
        return STANDARD_INPUT if value == "-" else super().convert(value, parameter, context)


class Seconds(click.FloatRange):
    """Seconds between two bounds; what is no number is between none."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """Refuse what no comparison refuses."""
        seconds = float(super().convert(value, parameter, context))
        if math.isnan(seconds):
            self.fail("nan is not a number of seconds", parameter, context)
        return seconds
