"""What is measured, and how: each figure beside a fixed loop of plain Python timed in the same run, so that machines compare.

Speeds count seconds of the processor, so that what else the machine is doing does not show in them.
"""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from stat import S_ISREG
from typing import Final, get_args

from attrs import frozen

from settlespec.domain.errors import BadInput
from settlespec.domain.operations import Operation, Receive, Signed, Take, Tick
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.outcomes import Accepted, Outcome, Rejected
from settlespec.domain.state import State
from settlespec.flows.session import Flow, Session
from settlespec.machine.exchange import step
from settlespec.machine.genesis import initial_state, standard
from settlespec.machine.signatures import Ideal, Signer

LOOP: Final = 200_000
"""Turns of the baseline loop."""

SIGNED: Final = get_args(Signed)
"""Operations whose owner's signature is verified."""

LOCAL: Final = (*SIGNED, Receive, Take, Tick)
"""Operations that touch a bounded number of accounts."""

Look = Callable[[State, Operation, Outcome], None]
"""Whoever looks at a step inside the time measured, such as the monitor."""


class Refused(Exception):
    """A benchmark whose operations were refused measures nothing: a defect of ours."""


@frozen
class Measurement:
    """One figure."""

    id: str
    what: str
    value: float
    unit: str
    target: float | None = None
    """None where nothing was promised."""
    at_least: bool = True
    """Whether more is better."""
    ratio: float | None = None
    """Of speeds: operations for each million turns of the baseline loop; of costs: to the figure that the unit names."""
    note: str = ""

    @property
    def status(self) -> str:
        """`met`, `missed` or `no target`."""
        if self.target is None:
            return "no target"
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return "met" if met else "missed"


def baseline() -> float:
    """Turns per second of a fixed loop: integer arithmetic, a dictionary and a call, as in a step."""

    def turn(number: int, seen: dict[int, int]) -> int:
        seen[number & 255] = number
        return (number * 31 + seen.get((number * 7) & 255, 1)) % 1_000_003

    best = 0.0
    for _ in range(5):
        seen: dict[int, int] = {}
        number = 1
        started = time.process_time()
        for _ in range(LOOP):
            number = turn(number, seen)
        best = max(best, LOOP / (time.process_time() - started))
    return best


@frozen
class Recording:
    """Operations that were all asked of a machine in this order, to be asked again."""

    first: State
    operations: tuple[Operation, ...]
    signer: Signer


def record(flow: Flow, signer: Signer, most: int) -> Recording:
    """Let a flow make up to so many operations."""
    genesis = flow.genesis(signer)
    session = Session(genesis, signer)
    made = []
    for operation in islice(flow.operations(session), most):
        session.submit(operation)
        made.append(operation)
    return Recording(initial_state(genesis), tuple(made), signer)


@frozen
class Timing:
    """Time spent in a recording: in the operations that are asked about, and in the others."""

    counted: int
    """Operations asked about."""
    seconds: float
    others_seconds: float

    @property
    def speed(self) -> float:
        """Operations per second."""
        return self.counted / self.seconds


def timed(
    recording: Recording,
    look: Callable[[State, Signer], Look] | None = None,
    times: int = 3,
    only: tuple[type, ...] = LOCAL,
) -> Timing:
    """The fastest of several runs through a recording.

    Args:
        recording: what is asked, in order.
        look: makes whoever is told of every step inside the time measured.
        times: how many runs.
        only: the operations asked about.
    """
    return min((_timed_once(recording, look, only) for _ in range(times)), key=lambda timing: timing.seconds)


def _timed_once(recording: Recording, look: Callable[[State, Signer], Look] | None, only: tuple[type, ...]) -> Timing:
    state, signer = recording.first, recording.signer
    looker = None if look is None else look(state, signer)
    clock = time.process_time
    counted = 0
    seconds = others_seconds = 0.0
    gc.collect()
    for operation in recording.operations:
        started = clock()
        outcome = step(state, operation, signer)
        if looker is not None:
            looker(state, operation, outcome)
        if isinstance(outcome, Accepted):
            state = outcome.state
        passed = clock() - started
        if isinstance(operation, only):
            counted += 1
            seconds += passed
        else:
            others_seconds += passed
    return Timing(counted, seconds, others_seconds)


def populated(accounts: int) -> Session:
    """A session in which so many accounts have money."""
    signer = Ideal()
    session = Session(standard(signer), signer)
    for account in range(accounts):
        _submit(session, session.deposit(account, 10**12))
    return session


def quoting(session: Session, operations: int) -> Recording:
    """Resting orders, cancellations and trades of accounts drawn evenly from all of them."""
    random = Random(1)
    accounts = len(session.state.accounts)
    first, made = session.state, []
    live: list[tuple[int, int, int]] = []
    for number in range(operations):
        if live and number % 3 == 2:
            account, instrument, client_id = live.pop(random.randrange(len(live)))
            operation: Operation = session.cancel(account, instrument, client_id)
        else:
            account, instrument = random.randrange(accounts), random.randint(1, 4)
            side = random.choice((Side.BUY, Side.SELL))
            taking = number % 3 == 1
            mark = session.state.markets[instrument].mark
            price = mark + side * 10 * random.randint(0, 20) if taking else mark - side * 10 * random.randint(1, 100)
            lifetime = TimeInForce.IMMEDIATE_OR_CANCEL if taking else TimeInForce.GOOD_TILL_TIME
            operation = session.limit(account, instrument, number, side, random.randint(1, 5), price, lifetime)
            if not taking:
                live.append((account, instrument, number))
        session.submit(operation)
        made.append(operation)
    return Recording(first, tuple(made), session.signer)


def holding(session: Session) -> None:
    """Every account gets one position in the first instrument, neighbours opposite ones."""
    mark = session.state.markets[1].mark
    for account in range(0, len(session.state.accounts) - 1, 2):
        _submit(session, iter((session.limit(account, 1, 1, Side.SELL, 5, mark),)))
        _submit(session, iter((session.limit(account + 1, 1, 1, Side.BUY, 5, mark),)))


def _submit(session: Session, operations: Iterator[Operation]) -> None:
    for operation in operations:
        outcome = session.submit(operation)
        if isinstance(outcome, Rejected):
            raise Refused(f"a benchmark's {type(operation).__name__} was refused: {outcome.reason}")


def round_seconds(session: Session, times: int) -> float:
    """The fastest of several clearing rounds with small moves of the marks."""
    best = float("inf")
    for number in range(times):
        _submit(session, session.tick(session.state.clock + 5_000))
        marks = {name: market.mark + 10 * (1 - 2 * (number % 2)) for name, market in session.state.markets.items()}
        gc.collect()
        started = time.process_time()
        _submit(session, session.clearing_round(marks, {1: 100}))
        best = min(best, time.process_time() - started)
    return best


@frozen
class Child:
    """What a command cost in a process of its own."""

    seconds: float
    peak_bytes: int
    code: int


def run_child(arguments: Sequence[str]) -> Child:
    """Run a command of this program and wait for it; its output is thrown away."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "settlespec", *arguments]
    # The process is reaped by wait4, which alone tells the peak of this child and not of all children so far.
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        # Whoever is stopped stops what it started.
        process.kill()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Child(time.perf_counter() - started, usage.ru_maxrss * unit, process.returncode)


def found_flow(named: Path | None) -> Path | None:
    """The flow to measure on: the one that was named, or the real one that stands beside a clone of the repository.

    Raises:
        BadInput: what was named can be read once only.
        OSError: it is not there.
    """
    if named is None:
        beside = Path("..", "shared", "data", "l3_esh4_20231225_2300.csv.gz")
        return beside if beside.is_file() else None
    if not S_ISREG(named.stat().st_mode):
        problem = "no file that can be read again, and each benchmark reads the flow anew"
        raise BadInput(problem, file=str(named), remedy="save the flow as a file and name that")
    return named
