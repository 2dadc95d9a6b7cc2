"""Real order flow through the machine: anonymous orders get owners, owners get collateral, and rounds come with the clock."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from math import gcd
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from settlespec.arithmetic import ceil_div
from settlespec.domain.errors import BadInput
from settlespec.domain.operations import Operation
from settlespec.domain.orders import Side
from settlespec.domain.quantities import MAX_SIZE
from settlespec.flows.aggressors import book_events
from settlespec.flows.book_event import BookEvent, Rests, Takes
from settlespec.flows.lines import numbered_lines
from settlespec.flows.message import FlowTerms
from settlespec.flows.owners import SeededOwners
from settlespec.flows.readers import read_flow
from settlespec.flows.session import Session
from settlespec.flows.translation import Translation, TranslationCounts
from settlespec.flows.venue import VenueBook
from settlespec.machine.genesis import Genesis, perpetual, standard
from settlespec.machine.signatures import Signer
from settlespec.rules import margin

INSTRUMENT: Final = 1
"""The one perpetual that a replayed flow trades in."""

TICK: Final = 250
"""Milliseconds between two movements of the clock, at least."""

LOOKED_AT: Final = 10_000
"""Events looked at before genesis, for the price step, the first mark and the usual size: the opening of the largest book in the data."""

CARRIED: Final = 20
"""Orders of the usual size that an account's deposit carries at the first mark."""

THIN: Final = 10
"""One account in so many is thin: it carries `CARRIED` / `THIN` orders."""

MAX_ACCOUNTS: Final = 1_000_000
"""As many as the genesis admits."""


@frozen
class FirstLook:
    """What the first events of a flow say about its market."""

    price_step: int
    """The greatest common divisor of the prices at which orders rest."""
    mark: int
    """The middle of the opening book, rounded down to the price step; the better half where one side is empty."""
    usual_size: int
    """The mean size of the orders that rest, rounded up, in lots."""
    time: int
    """Milliseconds of the first event, rounded down to the tick."""


class ReplayedFlow:
    """FLOW-8: a recorded flow as one perpetual in the units of its file: a price unit is a quantum, a share or contract is a lot.

    The clock moves at most every `TICK` milliseconds of the flow, and a clearing round comes at the first event at or after each
    multiple of the round's length: its statement carries the multiple's time, the last price traded at the venue since the last round as
    the mark (the old mark if there was none), and a funding rate of 0, since a flow says nothing of an index. An interval without an
    event has no round of its own, and a round follows the last event.
    """

    def __init__(
        self,
        path: Path,
        *,
        accounts: int = 1_000,
        seed: int = 1,
        round_seconds: int = 5,
        price_step: int | None = None,
        midnight_nanoseconds: int = 0,
    ) -> None:
        """A flow that is read while its operations are asked for, once; its first events when its genesis is asked for.

        So a pipe serves as well as a file.

        Args:
            path: an order-by-order file or a raw LOBSTER message file.
            accounts: how many owners share the orders (FLOW-6).
            seed: which owner gets which.
            round_seconds: from one clearing round to the next, in flow time.
            price_step: the venue's; rows off it are refused as bad input. Left out, it is taken from the first events, and orders off it
                are refused by the machine.
            midnight_nanoseconds: of the flow's day, for a LOBSTER file.

        Raises:
            BadInput: a number of accounts, seconds or a price step that is out of range.
        """
        _within("accounts", accounts, MAX_ACCOUNTS)
        _within("round_seconds", round_seconds, 86_400)
        # A name is told to people and to traces: what is no text in it is told by its number.
        self.name = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in path.name)
        self.path = path
        self.owners = SeededOwners(seed, accounts)
        self.round_milliseconds = round_seconds * 1_000
        self.price_step = price_step
        self.terms = FlowTerms(1 if price_step is None else price_step, midnight_nanoseconds)
        self._translation: Translation | None = None

    def counts(self) -> TranslationCounts | None:
        """What the venue's events have become so far; None before the first."""
        return None if self._translation is None else self._translation.counts()

    def genesis(self, signer: Signer) -> Genesis:
        """A deployment that fits the market of the flow."""
        look = self._look
        step = look.price_step if self.price_step is None else self.price_step
        return venue_genesis(signer, step, look.mark // step * step, look.time, self.round_milliseconds)

    def expected(self) -> int | None:
        """How many operations there will be, about: two an account and one a row, by the size of the file; None for a pipe."""
        if not self.path.is_file():
            return None
        return 2 * self.owners.accounts + _unpacked_bytes(self.path) // _row_bytes(self.path)

    def operations(self, session: Session) -> Iterator[Operation]:
        """FLOW-8.2: deposits first, then the flow with its clock and its rounds."""
        if self._translation is not None:
            raise RuntimeError("a replayed flow runs once: what it read is gone")
        yield from self._deposits(session)
        translation = self._translation = Translation(session, self.owners, INSTRUMENT)
        due = session.state.clock + self.round_milliseconds
        marks: dict[int, int] = {}
        for event in chain(self._opening, self._stream):
            now = event.time_nanoseconds // 1_000_000
            if now >= due:
                ended = now - (now - due) % self.round_milliseconds
                yield from self._round(session, ended, marks)
                marks = {}
                due = ended + self.round_milliseconds
            yield from session.tick(now // TICK * TICK)
            operation = translation.operation(event)
            if operation is not None:
                yield operation
            if isinstance(event, Takes):
                marks[INSTRUMENT] = event.fills[-1].price
        yield from self._round(session, due, marks)

    @cached_property
    def _look(self) -> FirstLook:
        return first_look(self._opening, str(self.path))

    @cached_property
    def _opening(self) -> tuple[BookEvent, ...]:
        return tuple(islice(self._stream, LOOKED_AT))

    @cached_property
    def _stream(self) -> Iterator[BookEvent]:
        """What follows the opening, once that was looked at: one reading of the flow, as a pipe has only one."""
        return book_events(read_flow(self.path, self.terms), str(self.path))

    def _round(self, session: Session, time: int, marks: dict[int, int]) -> Iterator[Operation]:
        yield from session.tick(time)
        yield from session.clearing_round(marks)

    def _deposits(self, session: Session) -> Iterator[Operation]:
        """FLOW-9: every account brings the initial requirement of `CARRIED` orders of the usual size at the first mark.

        One account in `THIN`, those whose number is a multiple of it, brings only the share of one in `THIN` of that, so that
        some orders of a real flow meet the end of somebody's collateral.
        """
        state = session.state
        risk = margin.risk_alone(CARRIED * self._look.usual_size, state.markets[INSTRUMENT].risk)
        rich = margin.initial(margin.maintenance(risk), state.parameters.initial_factor_ppm, 0)
        thin = ceil_div(rich, THIN)
        for account in range(self.owners.accounts):
            yield from session.deposit(account, rich if account % THIN else thin)


def first_look(events: Iterable[BookEvent], file: str) -> FirstLook:
    """What the orders that rest say about the market; the opening book is the orders before the first other event.

    Raises:
        BadInput: no order rests.
    """
    opening = VenueBook()
    opened = False
    time: int | None = None
    step = orders = lots = 0
    for event in events:
        time = event.time_nanoseconds if time is None else time
        if not isinstance(event, Rests):
            opened = True
            continue
        step = gcd(step, event.price)
        orders += 1
        lots += event.size
        if not opened:
            opening.follow(event)
    best = [level.price for level in (opening.best(Side.BUY), opening.best(Side.SELL)) if level is not None]
    if not best or time is None:
        raise BadInput("no order rests at the start", file=file, remedy="give a flow that begins with a book")
    mark = sum(best) // len(best) // step * step
    return FirstLook(step, mark, min(ceil_div(lots, orders), MAX_SIZE // CARRIED), time // 1_000_000 // TICK * TICK)


def venue_genesis(signer: Signer, price_step: int, mark: int, time: int, round_milliseconds: int) -> Genesis:
    """FLOW-10: the standard preset with one perpetual of this price step, and marks that stay fresh for three rounds at least.

    Its caps on orders and positions are 10^9 lots, and open interest adds nothing to margins below 10^7 lots.
    """
    genesis = standard(signer, (perpetual(INSTRUMENT, INSTRUMENT, price_step=price_step, cap=10**9),), (mark,), time)
    parameters = genesis.parameters
    return evolve(
        genesis,
        parameters=evolve(
            parameters,
            max_age=max(parameters.max_age, 3 * round_milliseconds),
            round_deadline=max(parameters.round_deadline, 6 * round_milliseconds),
        ),
    )


def _within(field: str, value: int, high: int) -> None:
    """Refuse a number that is not from 1 to `high`."""
    if not 1 <= value <= high:
        raise BadInput(
            f"{value} is out of its range of 1 to {high:,}", field=field, remedy="give a number in its range"
        )


def _unpacked_bytes(path: Path) -> int:
    """The size of a file, unpacked if it is a gzip: that is in its last four bytes, modulo 2^32."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b" or size < 18:
            return size
        file.seek(-4, 2)
        return max(int.from_bytes(file.read(4), "little"), size)


def _row_bytes(path: Path) -> int:
    """The mean length of the first rows, with their ends."""
    lengths = [len(text) + 1 for _, text in islice(numbered_lines(path), 1_000)]
    return sum(lengths) // len(lengths)
