"""The invariants of a state, each recomputed from all of it."""

from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from settlespec.domain.messages import Deposit
from settlespec.domain.quantities import MAX_PRICE
from settlespec.domain.state import State
from settlespec.invariants.cards import Card, Violation
from settlespec.invariants.catalogue import (
    BOOK_UNCROSSED,
    CONSERVATION,
    EXIT_SOLVENCY,
    INSURANCE,
    NO_DOUBLE_SPEND,
    NOBODY_OWES,
    ORACLE_SANE,
    ORDER_LIMITS,
    ZERO_SUM,
)
from settlespec.invariants.measures import Balance, expected_market, market_facts


@frozen
class Sums:
    """What all accounts together hold."""

    cash: int
    """Collateral less cost, of all accounts."""
    worth: int
    """The positive equities at the marks in force."""
    owing: tuple[tuple[int, int], ...]
    """Accounts with a negative equity, and that equity."""
    net: dict[int, int]
    """The sum of the positions of each instrument."""
    long: dict[int, int]
    """The sum of its long positions."""


def sums_of(state: State) -> Sums:
    """Add up every account."""
    markets = state.markets
    net, long = dict.fromkeys(markets, 0), dict.fromkeys(markets, 0)
    cash = worth = 0
    owing = []
    for account_id, account in state.accounts.items():
        if not account.positions:
            cash += account.collateral
            equity = account.collateral
        else:
            balance = Balance(account)
            cash += balance.cash
            equity = balance.equity(markets)
            for name, size in balance.sizes.items():
                net[name] += size
                long[name] += max(size, 0)
        if equity >= 0:
            worth += equity
        else:
            owing.append((account_id, equity))
    return Sums(cash, worth, tuple(sorted(owing)), net, long)


def conservation(state: State, sums: Sums | None = None) -> Iterator[Violation]:
    """CONSERVATION: the vault is what everybody and every fund holds, to the quantum."""
    claims = sum(claim.amount for claim in state.outbox.claims.values())
    waiting = sum(
        received.message.amount for received in state.inbox.messages.values() if isinstance(received.message, Deposit)
    )
    sums = sums or sums_of(state)
    held = sums.cash + state.insurance + state.treasury + state.funding_pool + claims + waiting
    if state.round is not None:
        held -= state.round.owed - state.round.collected
    if state.vault != held:
        yield Violation(CONSERVATION.id, "the vault is the sum of what is held", "", state.vault, held)
    if state.outbox.unpaid != claims:
        yield Violation(CONSERVATION.id, "what is unpaid is the sum of the claims", "", state.outbox.unpaid, claims)
    if state.inbox.uncredited != waiting:
        conjunct = "what is uncredited is the sum of the waiting deposits"
        yield Violation(CONSERVATION.id, conjunct, "", state.inbox.uncredited, waiting)


def zero_sum(state: State, sums: Sums | None = None) -> Iterator[Violation]:
    """ZERO-SUM: every market's positions sum to zero, and its longs are its open interest."""
    sums = sums or sums_of(state)
    for name, net in sums.net.items():
        who = f"instrument {name}"
        if net:
            yield Violation(ZERO_SUM.id, "positions sum to zero", who, net, 0)
        open_interest = state.books[name].open_interest
        if open_interest != sums.long[name]:
            yield Violation(ZERO_SUM.id, "longs are the open interest", who, open_interest, sums.long[name])
    holders = sorted(account for account, record in state.accounts.items() if record.positions)
    if list(state.holders) != holders:
        said, meant = str(list(state.holders)), str(holders)
        yield Violation(ZERO_SUM.id, "holders are the accounts with positions", "", said, meant)
    for account, record in state.accounts.items():
        for name, position in record.positions.items():
            if not position.size:
                yield Violation(ZERO_SUM.id, "an open position has lots", f"account {account}", name, 0)


def nobody_owes(state: State, sums: Sums | None = None) -> Iterator[Violation]:
    """AT-REST-NOBODY-OWES: outside a round every equity is at least zero."""
    if state.round is not None:
        return
    for account, equity in (sums or sums_of(state)).owing:
        yield Violation(NOBODY_OWES.id, "equity >= 0", f"account {account}", equity, 0)
    if state.funding_pool:
        yield Violation(NOBODY_OWES.id, "the funding pool is empty", "", state.funding_pool, 0)


def held_for_accounts(state: State) -> int:
    """What the vault holds for accounts: all but the funds, the claims and the deposits that wait."""
    others = state.insurance + state.treasury + state.funding_pool + state.outbox.unpaid + state.inbox.uncredited
    return state.vault - others


def exit_solvency(state: State, sums: Sums | None = None) -> Iterator[Violation]:
    """EXIT-SOLVENCY: at rest the vault can pay every positive equity, in whatever order accounts leave."""
    if state.round is not None:
        return
    worth, held = (sums or sums_of(state)).worth, held_for_accounts(state)
    if worth > held:
        yield Violation(EXIT_SOLVENCY.id, "the vault can pay everybody who leaves", "", worth, held)


def book_uncrossed(state: State) -> Iterator[Violation]:
    """BOOK-UNCROSSED: over all orders; and the ladders are their keys, sorted."""
    for name, book in state.books.items():
        who = f"instrument {name}"
        bids, asks = [], []
        bid, ask = 0, MAX_PRICE + 1
        for arrival, order in book.orders.items():
            price = order.price
            if order.side > 0:
                bids.append(((MAX_PRICE - price) << ARRIVAL_BITS) + arrival)
                bid = max(bid, price)
            else:
                asks.append((price << ARRIVAL_BITS) + arrival)
                ask = min(ask, price)
        if bid >= ask:
            yield Violation(BOOK_UNCROSSED.id, "the best bid is below the best ask", who, bid, ask)
        for side, ladder, keys in (("bids", book.bids, bids), ("asks", book.asks, asks)):
            keys.sort()
            if list(ladder) != keys:
                conjunct = f"the ladder of {side} is their sorted keys"
                yield Violation(BOOK_UNCROSSED.id, conjunct, who, len(ladder), len(keys))


ARRIVAL_BITS: Final = 64
"""A key is the distance from the best price there is, then the arrival in so many bits."""


def order_limits(state: State) -> Iterator[Violation]:
    """ORDER-LIMITS: open-order totals are those of the book, and reduce-only ones fit the position."""
    found: dict[tuple[int, int], list[int]] = {}
    names: dict[tuple[int, int], dict[int, int]] = {}
    for book in state.books.values():
        for arrival, order in book.orders.items():
            pair = order.account, order.instrument
            totals = found.get(pair)
            if totals is None:
                totals, names[pair] = [0, 0, 0], {}
                found[pair] = totals
            left = order.size - order.filled
            totals[0 if order.side > 0 else 1] += left
            if order.reduce_only:
                totals[2] += left
            names[pair][order.client_id] = arrival
            if left <= 0:
                yield Violation(ORDER_LIMITS.id, "a live order has lots left", f"order {arrival}", left, 1)
    told: set[tuple[int, int]] = set()
    for account, record in state.accounts.items():
        for name, open_orders in record.orders.items():
            told.add((account, name))
            who = f"account {account}"
            totals = found.get((account, name), [0, 0, 0])
            said = [open_orders.buys, open_orders.sells, open_orders.reduce_only]
            if said != totals or dict(open_orders.arrivals) != names.get((account, name), {}):
                yield Violation(ORDER_LIMITS.id, "open-order totals are those of the book", who, str(said), str(totals))
            position = record.positions.get(name)
            lots = 0 if position is None else abs(position.size)
            if totals[2] > lots:
                conjunct = "resting reduce-only orders total at most the position"
                yield Violation(ORDER_LIMITS.id, conjunct, who, totals[2], lots)
    for account, name in found.keys() - told:
        who = f"account {account}"
        yield Violation(ORDER_LIMITS.id, "every live order has an owner", who, name, str(found[account, name]))


def insurance(state: State) -> Iterator[Violation]:
    """INSURANCE: the fund is never negative."""
    if state.insurance < 0:
        yield Violation(INSURANCE.id, "insurance >= 0", "", state.insurance, 0)


def no_double_spend(state: State) -> Iterator[Violation]:
    """NO-DOUBLE-SPEND: messages wait from the cursor on, claims stand below the next index, no index is missing."""
    inbox, outbox = state.inbox, state.outbox
    waiting = sorted(inbox.messages)
    if waiting != list(range(inbox.cursor, inbox.next_index)):
        said = f"{len(waiting)} messages"
        yield Violation(
            NO_DOUBLE_SPEND.id, "messages wait from the cursor on", "", said, f"{inbox.cursor} to {inbox.next_index}"
        )
    if sorted(outbox.claims) != list(range(outbox.next_index)):
        said = f"{len(outbox.claims)} claims"
        yield Violation(NO_DOUBLE_SPEND.id, "claims stand below the next index", "", said, outbox.next_index)


def oracle_sane(state: State) -> Iterator[Violation]:
    """ORACLE-SANE: every market says what follows from its mark."""
    for name, market in state.markets.items():
        facts = market_facts(market)
        expected = expected_market(market, market.mark, market.surcharge_ppm, market.funding_index)
        if facts != expected:
            who = f"instrument {name}"
            yield Violation(ORACLE_SANE.id, "a market says what follows from its mark", who, str(facts), str(expected))
    if state.marks_time > state.clock:
        yield Violation(ORACLE_SANE.id, "marks are not from after the clock", "", state.marks_time, state.clock)


SUMMED: Final[tuple[tuple[Card, Callable[[State, Sums | None], Iterator[Violation]]], ...]] = (
    (CONSERVATION, conservation),
    (ZERO_SUM, zero_sum),
    (NOBODY_OWES, nobody_owes),
    (EXIT_SOLVENCY, exit_solvency),
)
"""Invariants that add up all accounts; whoever asks several of them may hand them the sums."""

UNSUMMED: Final[tuple[tuple[Card, Callable[[State], Iterator[Violation]]], ...]] = (
    (BOOK_UNCROSSED, book_uncrossed),
    (ORDER_LIMITS, order_limits),
    (INSURANCE, insurance),
    (NO_DOUBLE_SPEND, no_double_spend),
    (ORACLE_SANE, oracle_sane),
)
"""The other invariants of a state."""


def judge_state(state: State, sums: Sums | None = None) -> tuple[Violation, ...]:
    """Every violation of the invariants of a state; all accounts are added up once."""
    sums = sums or sums_of(state)
    found = [violation for _, of_state in SUMMED for violation in of_state(state, sums)]
    found += [violation for _, of_state in UNSUMMED for violation in of_state(state)]
    return tuple(found)
