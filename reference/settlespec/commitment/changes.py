"""The leaves that a run of operations changed, found from what the operations touched and never by looking at the whole state."""

from collections.abc import Iterator

from settlespec.commitment.leaves import LeafKey, Part, encode_claim, encode_order, encode_received
from settlespec.commitment.parts import (
    SCALARS,
    account_leaves,
    encode_market,
    encode_number,
    encode_scalars,
    order_key,
    round_leaves,
)
from settlespec.domain.events import Event, Liquidated, OrderReduced, OrderRemoved, OrderRested, Revalued
from settlespec.domain.events import Filled as FilledEvent
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State

Changed = dict[LeafKey, bytes | None]
"""Leaves with their new bytes, None where the leaf is gone."""


class Changes:
    """SEAL-1: what has been touched since a state, to be compared with it once, at the seal."""

    def __init__(self, since: State) -> None:
        self.since = since
        self._accounts: set[int] = set()
        self._orders: set[tuple[int, int]] = set()
        self._gains: set[int] = set()

    def add(self, outcome: Accepted) -> None:
        """Note what an accepted operation touched."""
        self._accounts.update(outcome.touched)
        for event in outcome.events:
            self._note(event)

    def _note(self, event: Event) -> None:
        match event:
            case OrderRested() | OrderReduced() | OrderRemoved():
                self._orders.add((event.instrument, event.arrival))
            case FilledEvent() | Liquidated():
                self._orders.add((event.instrument, event.maker))
            case Revalued():
                self._gains.add(event.account)
            case _:
                pass

    def changed(self, now: State) -> Changed:
        """SEAL-1: every leaf that differs between the two states.

        Accounts whose count of rounds in breach moved are found in the two (small) maps of breaches.
        """
        accounts = self._accounts.union(self.since.breaches, now.breaches)
        before = dict(self._touched(self.since, accounts))
        after = dict(self._touched(now, accounts))
        changed: Changed = {key: value for key, value in after.items() if before.get(key) != value}
        changed.update((key, None) for key in before.keys() - after.keys())
        return changed

    def _touched(self, state: State, accounts: set[int]) -> Iterator[tuple[LeafKey, bytes]]:
        yield SCALARS, encode_scalars(state)
        for name in state.markets:
            yield LeafKey(Part.MARKETS, 0, name), encode_market(state, name)
        for account in accounts:
            if account in state.accounts:
                yield from account_leaves(state, account)
        for instrument, arrival in self._orders:
            order = state.books[instrument].orders.get(arrival)
            if order is not None:
                yield order_key(order), encode_order(order)
        # Messages and claims only ever join at the end and, of messages, leave at the front.
        for index, received in state.inbox.messages.items():
            yield LeafKey(Part.INBOX, 0, index), encode_received(received)
        for index in range(self.since.outbox.next_index, state.outbox.next_index):
            yield LeafKey(Part.OUTBOX, 0, index), encode_claim(state.outbox.claims[index])
        yield from self._round(state)

    def _round(self, state: State) -> Iterator[tuple[LeafKey, bytes]]:
        current = state.round
        if current is None:
            return
        touched = self._gains
        for key, value in round_leaves(state):
            if key.part is not Part.GAINS:
                yield key, value
        known = touched if self.since.round is None else touched.union(self.since.round.gains)
        for account in known:
            gain = current.gains.get(account)
            if gain is not None:
                yield LeafKey(Part.GAINS, 0, account), encode_number(gain)
