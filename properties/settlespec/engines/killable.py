"""Work that can be ended from outside: a solver does not always keep the time that it was given.

The work runs in a child process with a limit of time and of memory. Where this process may be forked safely it is,
which costs milliseconds; else a fresh interpreter is started, which costs what the imports cost.
"""

import contextlib
import importlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, Final, TypeVar

from attrs import frozen

Result = TypeVar("Result")

MEMORY: Final = 4 * 2**30
"""Bytes that the work may take: two at a time leave room on a machine of 16 GiB."""


class TimeUp(Exception):
    """The work took longer than it was given, and was ended."""


class Died(Exception):
    """The process ended without an answer: out of memory, or a crash of a library."""


@frozen
class _Answer:
    """What the child sends back: a value or the exception that the work raised."""

    value: Any = None
    failure: BaseException | None = None


def run_killably(work: Callable[..., Result], *arguments: object, seconds: float, memory: int = MEMORY) -> Result:
    """Run ``work(*arguments)`` in a process of its own; what it raises is raised here.

    Args:
        work: a function of a module, so that another process can find it.
        seconds: after this time the process is killed.
        memory: bytes of address space, where the system can limit it.

    Raises:
        TimeUp: the time is over.
        Died: the process ended without an answer.
    """
    run = _run_forked if _may_fork() else _run_afresh
    answer = run(work, arguments, seconds, memory)
    if answer.failure is not None:
        raise answer.failure
    return answer.value  # type: ignore[no-any-return]


def follow_the_parent() -> None:
    """Begin a worker of a pool: an interrupt is for its parent to hear, and whoever ends the worker ends its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_with_children)


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold interrupts back; a process that is started inside never hears one, not even before it could ask for that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_children(number: int, _: FrameType | None) -> None:
    for child in multiprocessing.active_children():
        child.kill()
    # No more of this worker: an exception would only end its task, and it would take the next.
    os._exit(128 + number)


def _may_fork() -> bool:
    """A fork copies locks that other threads hold; a daemonic process may have no children of multiprocessing."""
    return sys.platform == "linux" and threading.active_count() == 1 and not multiprocessing.current_process().daemon


def _perform(work: Callable[..., object], arguments: tuple[object, ...], memory: int) -> _Answer:
    _limit_memory(memory)
    try:
        return _Answer(value=work(*arguments))
    except Exception as failure:  # noqa: BLE001 - it is handed to the parent process, which raises it
        return _Answer(failure=failure)


def _limit_memory(memory: int) -> None:
    if sys.platform != "win32":
        resource = importlib.import_module("resource")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        allowed = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


def _run_forked(work: Callable[..., object], arguments: tuple[object, ...], seconds: float, memory: int) -> _Answer:
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, work, arguments, memory))
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise TimeUp(f"not done after {seconds} s")
        return pickle.loads(receiver.recv_bytes())  # type: ignore[no-any-return]
    except EOFError:
        process.join()
        raise Died(f"the process ended without an answer (exit code {process.exitcode})") from None
    finally:
        process.kill()
        process.join()
        receiver.close()


def _send(sender: Connection, work: Callable[..., object], arguments: tuple[object, ...], memory: int) -> None:
    sender.send_bytes(_pickled(_perform(work, arguments, memory)))


def _pickled(answer: _Answer) -> bytes:
    try:
        return pickle.dumps(answer)
    except (pickle.PicklingError, TypeError, AttributeError) as failure:
        return pickle.dumps(_Answer(failure=Died(f"the answer cannot leave its process: {failure}")))


def _run_afresh(work: Callable[..., object], arguments: tuple[object, ...], seconds: float, memory: int) -> _Answer:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    process = subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    try:
        output, _ = process.communicate(pickle.dumps((work, arguments, memory)), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise TimeUp(f"not done after {seconds} s") from None
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0 or not output:
        raise Died(f"the process ended without an answer (exit code {process.returncode})")
    return pickle.loads(output)  # type: ignore[no-any-return]


def serve() -> None:
    """Do one piece of work that the parent process pickled to the standard input."""
    work, arguments, memory = pickle.loads(sys.stdin.buffer.read())
    # What the work prints must not mix with the answer.
    with contextlib.redirect_stdout(sys.stderr):
        answer = _pickled(_perform(work, arguments, memory))
    sys.stdout.buffer.write(answer)
