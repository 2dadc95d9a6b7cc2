"""Being stopped from outside: whatever runs is left in order, with one line and the conventional exit code."""

import signal
import threading
from multiprocessing import active_children
from types import FrameType
from typing import Final

from settlespec.oracle.exit_codes import ExitCode

STOPS: Final[dict[str, tuple[str, ExitCode]]] = {
    "SIGINT": ("interrupted", ExitCode.INTERRUPTED),
    "SIGTERM": ("terminated", ExitCode.TERMINATED),
    "SIGHUP": ("hung up", ExitCode.HUNG_UP),
}
"""By signal: what is said, and the exit code: 128 plus the number of the signal. A system may lack one of them."""


class Stopped(BaseException):
    """The process was asked to stop. No ``except Exception`` holds it up, so that every context on the way is left in order."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sentence, self.exit_code = STOPS[name]


def stop_in_order() -> None:
    """Turn the signals that ask a process to stop into `Stopped`, from now on. A second one ends it at once."""
    for name in STOPS:
        number = getattr(signal, name, None)
        # Who started us may want us to live on without a terminal (nohup).
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, _: FrameType | None) -> None:
    for name in STOPS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    # A pool waits for its workers when it is left, and a worker may be minutes away from its answer.
    # The thread that looks after the workers may trip over their end; what it says of that is no news.
    threading.excepthook = _say_nothing
    for child in active_children():
        child.terminate()
    raise Stopped(signal.Signals(number).name)


def _say_nothing(_: threading.ExceptHookArgs) -> None:
    pass
