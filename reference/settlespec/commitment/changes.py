"""The leaves that a run of operations changed, found from what the operations touched and never by looking at the whole state."""

from collections.abc import Iterator, Sequence

from settlespec.commitment.leaves import LeafKey, Part, encode_claim, encode_order, encode_received
from settlespec.commitment.market_leaves import encode_market
from settlespec.commitment.parts import (
    ROUND,
    SCALARS,
    account_leaves,
    encode_number,
    encode_scalars,
    order_key,
    round_leaves,
)
from settlespec.commitment.round_leaves import encode_breach, encode_round, encode_task
from settlespec.domain.events import (
    ClosedAtMark,
    Event,
    Filled,
    ForcedPaused,
    InstrumentExpired,
    Liquidated,
    Marked,
    OrderReduced,
    OrderRemoved,
    OrderRested,
    PaidOut,
    Revalued,
    SettlementFixed,
)
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Round
from settlespec.domain.state import State

Changed = dict[LeafKey, bytes | None]
"""Leaves with their new bytes, None where the leaf is gone."""


class Changes:
    """SEAL-1: what has been touched since a state, to be compared with it once, at the seal.

    It looks only at leaves that were touched, so it serves as well where no others are at hand.
    """

    def __init__(self, since: State) -> None:
        self.since = since
        self._accounts: set[int] = set()
        self._orders: set[tuple[int, int]] = set()
        self._instruments: set[int] = set()
        self._gains: set[int] = set()
        self._messages: set[int] = set()

    def add(self, outcome: Accepted) -> None:
        """Note what an accepted operation touched."""
        self._accounts.update(outcome.touched)
        for event in outcome.events:
            self._note(event)

    def _note(self, event: Event) -> None:
        match event:
            case OrderRested() | OrderReduced() | OrderRemoved():
                self._orders.add((event.instrument, event.arrival))
                self._instruments.add(event.instrument)
            case Filled() | Liquidated():
                self._orders.add((event.instrument, event.maker))
                self._instruments.add(event.instrument)
            case ClosedAtMark() | Marked() | InstrumentExpired() | SettlementFixed() | PaidOut():
                self._instruments.add(event.instrument)
            case Revalued():
                self._gains.add(event.account)
            case ForcedPaused():
                self._messages.add(event.index)
            case _:
                pass

    def changed(self, now: State) -> Changed:
        """SEAL-1.1: every leaf that differs between the two states, with its new bytes."""
        before = dict(self._touched(self.since))
        after = dict(self._touched(now))
        changed: Changed = {key: value for key, value in after.items() if before.get(key) != value}
        changed.update((key, None) for key in before.keys() - after.keys())
        changed.update(self._inbox(now))
        changed.update(self._round(now))
        return changed

    def _touched(self, state: State) -> Iterator[tuple[LeafKey, bytes]]:
        yield SCALARS, encode_scalars(state)
        for name in self._instruments:
            yield LeafKey(Part.MARKETS, 0, name), encode_market(state, name)
        for account in self._accounts:
            if account in state.accounts:
                yield from account_leaves(state, account)
        for instrument, arrival in self._orders:
            order = state.books[instrument].orders.get(arrival)
            if order is not None:
                yield order_key(order), encode_order(order)
        for index in range(self.since.outbox.next_index, state.outbox.next_index):
            yield LeafKey(Part.OUTBOX, 0, index), encode_claim(state.outbox.claims[index])

    def _inbox(self, now: State) -> Iterator[tuple[LeafKey, bytes | None]]:
        """Messages join at the end and leave at the front; one that did both was never committed. The first may shrink on its way."""
        since = self.since.inbox
        for index in range(since.cursor, min(now.inbox.cursor, since.next_index)):
            yield LeafKey(Part.INBOX, 0, index), None
        for index in self._messages:
            waits = now.inbox.cursor <= index < since.next_index
            if waits and now.inbox.messages[index] != since.messages[index]:
                yield LeafKey(Part.INBOX, 0, index), encode_received(now.inbox.messages[index])
        for index in range(max(now.inbox.cursor, since.next_index), now.inbox.next_index):
            yield LeafKey(Part.INBOX, 0, index), encode_received(now.inbox.messages[index])

    def _round(self, now: State) -> Iterator[tuple[LeafKey, bytes | None]]:
        """The round's leaves: lists only grow while a stage or a round goes on, and go whole when it ends."""
        old, new = self.since.round, now.round
        same = old is not None and new is not None and old.number == new.number
        if old is None or new is None or not same:
            gone = (
                {} if old is None else dict.fromkeys(round_keys(old)) if new is None else dict(round_leaves(self.since))
            )
            come = dict(round_leaves(now))
            yield from ((key, None) for key in gone if key not in come)
            yield from ((key, value) for key, value in come.items() if gone.get(key) != value)
            return
        if encode_round(old) != encode_round(new):
            yield ROUND, encode_round(new)
        if len(new.quotes) < len(old.quotes):
            # The markets have adopted them, all at once.
            yield from ((LeafKey(Part.QUOTES, 0, name), None) for name in now.markets if name in old.quotes)
        if old.stage is not new.stage:
            yield from ((LeafKey(Part.TASKS, 0, place), None) for place in places(old.tasks, len(new.tasks)))
            yield from task_changes(old, new)
        for account in self._gains:
            gain = new.gains.get(account)
            if gain != old.gains.get(account) and gain is not None:
                yield LeafKey(Part.GAINS, 0, account), encode_number(gain)
        for place in range(len(old.defaulted), len(new.defaulted)):
            yield LeafKey(Part.DEFAULTED, 0, place), encode_number(new.defaulted[place])
        for place in range(len(old.breaches), len(new.breaches)):
            yield LeafKey(Part.BREACHED, 0, place), encode_breach(new.breaches[place])


def task_changes(old: Round, new: Round) -> Iterator[tuple[LeafKey, bytes | None]]:
    """The places at which the list of the new stage has other tasks than that of the old one."""
    for place, task in enumerate(new.tasks):
        value = encode_task(task)
        if place >= len(old.tasks) or encode_task(old.tasks[place]) != value:
            yield LeafKey(Part.TASKS, 0, place), value


def round_keys(current: Round) -> Iterator[LeafKey]:
    """Every leaf of a round, by its key alone."""
    yield ROUND
    yield from (LeafKey(Part.QUOTES, 0, name) for name in current.quotes)
    for part, entries in (
        (Part.TASKS, current.tasks),
        (Part.DEFAULTED, current.defaulted),
        (Part.BREACHED, current.breaches),
    ):
        yield from (LeafKey(part, 0, place) for place in places(entries))
    yield from (LeafKey(Part.GAINS, 0, account) for account in current.gains)


def places(entries: Sequence[object], start: int = 0) -> Iterator[int]:
    """The places of a list from `start` on, each seen to be there: a committed length alone, which may say anything, is not believed."""
    for place in range(start, len(entries)):
        _ = entries[place]
        yield place
