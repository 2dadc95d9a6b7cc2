"""What the number means that a command leaves behind."""

from enum import IntEnum, unique


@unique
class ExitCode(IntEnum):
    """Stable numbers; those from 64 on follow sysexits.h, so that scripts may tell our fault from theirs."""

    HOLDS = 0
    """Everything that was checked holds."""
    BROKEN = 1
    """A violation or a divergence was found."""
    WRONG_USAGE = 2
    """The command line does not make sense."""
    BAD_DATA = 65
    """A file was refused; file, line, field and remedy were said."""
    NO_INPUT = 66
    """A file is missing or not readable."""
    UNAVAILABLE = 69
    """The implementation under test, or an optional part of this program, is not there."""
    DEFECT = 70
    """A defect of settlespec itself."""
    UNDECIDED = 75
    """Not decided in the time given."""
    HUNG_UP = 129
    """The terminal went away: 128 plus the number of that signal, as with the next two."""
    INTERRUPTED = 130
    """Stopped by the user."""
    TERMINATED = 143
    """Stopped by whoever supervises the process."""
