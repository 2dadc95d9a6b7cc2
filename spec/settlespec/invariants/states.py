"""The invariants of a state, each recomputed from all of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from settlespec.domain.accounts import OpenOrders
from settlespec.domain.books import Book
from settlespec.domain.messages import Deposit
from settlespec.domain.orders import Side
from settlespec.domain.quantities import MAX_PRICE
from settlespec.domain.state import State
from settlespec.invariants.cards import Asked, Violation
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
from settlespec.invariants.measures import Balance, expected_market, expired_facts, market_facts, next_expiry


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


def conservation(state: State, sums: Sums, asked: Asked) -> Iterator[Violation]:
    """CONSERVATION: the vault is what everybody and every fund holds, to the quantum."""
    claims = sum(claim.amount for claim in state.outbox.claims.values())
    waiting = sum(
        received.message.amount for received in state.inbox.messages.values() if isinstance(received.message, Deposit)
    )
    held = (
        sums.cash
        + still_held(state, sums.net)
        + state.insurance
        + state.treasury
        + state.funding_pool
        + claims
        + waiting
    )
    if state.round is not None:
        held -= state.round.owed - state.round.collected
    asked[CONSERVATION] += 1 + bool(state.outbox.claims) + bool(state.inbox.messages)
    if state.vault != held:
        yield Violation(CONSERVATION.id, "the vault is the sum of what is held", "", state.vault, held)
    if state.outbox.unpaid != claims:
        yield Violation(CONSERVATION.id, "what is unpaid is the sum of the claims", "", state.outbox.unpaid, claims)
    if state.inbox.uncredited != waiting:
        conjunct = "what is uncredited is the sum of the waiting deposits"
        yield Violation(CONSERVATION.id, conjunct, "", state.inbox.uncredited, waiting)


def zero_sum(state: State, sums: Sums, asked: Asked) -> Iterator[Violation]:
    """ZERO-SUM: every market's positions sum to zero, and its longs are its open interest."""
    for name, net in sums.net.items():
        who = f"instrument {name}"
        open_interest = state.books[name].open_interest
        asked[ZERO_SUM] += 2 * bool(open_interest or net or sums.long[name])
        # While a round pays an expired instrument out, some of its positions are money already.
        if net and (state.round is None or not state.markets[name].expired):
            yield Violation(ZERO_SUM.id, "positions sum to zero", who, net, 0)
        if open_interest != sums.long[name]:
            yield Violation(ZERO_SUM.id, "longs are the open interest", who, open_interest, sums.long[name])
    holders = []
    for account, record in state.accounts.items():
        if not record.positions:
            continue
        holders.append(account)
        for name, position in record.positions.items():
            asked[ZERO_SUM] += 1
            if not position.size:
                yield Violation(ZERO_SUM.id, "an open position has lots", f"account {account}", name, 0)
    holders.sort()
    listed = list(state.holders)
    asked[ZERO_SUM] += bool(holders or listed)
    if listed != holders:
        yield Violation(ZERO_SUM.id, "holders are the accounts with positions", "", str(listed), str(holders))


def nobody_owes(state: State, sums: Sums, asked: Asked) -> Iterator[Violation]:
    """AT-REST-NOBODY-OWES: outside a round every equity is at least zero."""
    if state.round is not None:
        return
    asked[NOBODY_OWES] += len(state.accounts)
    for account, equity in sums.owing:
        yield Violation(NOBODY_OWES.id, "equity >= 0", f"account {account}", equity, 0)
    if state.funding_pool:
        yield Violation(NOBODY_OWES.id, "the funding pool is empty", "", state.funding_pool, 0)


def still_held(state: State, net: dict[int, int]) -> int:
    """What a round has still to pay out for expired instruments: the lots that are left, at their payoff; 0 at rest."""
    if state.round is None:
        return 0
    return sum(lots * state.markets[name].mark for name, lots in net.items() if lots and state.markets[name].expired)


def held_for_accounts(state: State) -> int:
    """What the vault holds for accounts: all but the funds, the claims and the deposits that wait."""
    others = state.insurance + state.treasury + state.funding_pool + state.outbox.unpaid + state.inbox.uncredited
    return state.vault - others


def exit_solvency(state: State, sums: Sums, asked: Asked) -> Iterator[Violation]:
    """EXIT-SOLVENCY: at rest the vault can pay every positive equity, in whatever order accounts leave."""
    if state.round is not None:
        return
    worth, held = sums.worth, held_for_accounts(state)
    asked[EXIT_SOLVENCY] += bool(worth or held)
    if worth > held:
        yield Violation(EXIT_SOLVENCY.id, "the vault can pay everybody who leaves", "", worth, held)


def book_uncrossed(state: State, asked: Asked) -> Iterator[Violation]:
    """BOOK-UNCROSSED: over all orders; and the ladders are their keys, sorted."""
    for name, book in state.books.items():
        who = f"instrument {name}"
        bids, asks = sorted_keys(book)
        asked[BOOK_UNCROSSED] += bool(bids and asks) + bool(bids or book.bids) + bool(asks or book.asks)
        bid = MAX_PRICE - (bids[0] >> ARRIVAL_BITS) if bids else 0
        ask = asks[0] >> ARRIVAL_BITS if asks else MAX_PRICE + 1
        if bid >= ask:
            yield Violation(BOOK_UNCROSSED.id, "the best bid is below the best ask", who, bid, ask)
        for side, ladder, keys in (("bids", book.bids, bids), ("asks", book.asks, asks)):
            if list(ladder) != keys:
                conjunct = f"the ladder of {side} is their sorted keys"
                yield Violation(BOOK_UNCROSSED.id, conjunct, who, len(ladder), len(keys))


def sorted_keys(book: Book) -> tuple[list[int], list[int]]:
    """What the two ladders of a book must be: the keys of its orders, best first."""
    bids, asks = [], []
    for arrival, order in book.orders.items():
        if order.side is Side.BUY:
            bids.append(((MAX_PRICE - order.price) << ARRIVAL_BITS) + arrival)
        else:
            asks.append((order.price << ARRIVAL_BITS) + arrival)
    bids.sort()
    asks.sort()
    return bids, asks


ARRIVAL_BITS: Final = 64
"""A key is the distance from the best price there is, then the arrival in so many bits."""


def order_limits(state: State, asked: Asked) -> Iterator[Violation]:
    """ORDER-LIMITS: open-order totals are those of the book, and reduce-only ones fit the position.

    Every order is reached through its owner's name for it, which it must bear itself, so that none is reached twice; and so many are
    reached as the books hold.
    """
    reached = 0
    for account, record in state.accounts.items():
        for name, open_orders in record.orders.items():
            who = f"account {account}"
            asked[ORDER_LIMITS] += 1 + len(open_orders.arrivals)
            said = [open_orders.buys, open_orders.sells, open_orders.reduce_only]
            totals, mine = totals_of(state.books[name], name, account, open_orders)
            reached += mine
            if said != totals or mine != len(open_orders.arrivals):
                yield Violation(ORDER_LIMITS.id, "open-order totals are those of the book", who, str(said), str(totals))
            position = record.positions.get(name)
            lots = 0 if position is None else abs(position.size)
            if totals[2] > lots:
                conjunct = "resting reduce-only orders total at most the position"
                yield Violation(ORDER_LIMITS.id, conjunct, who, totals[2], lots)
    if reached != sum(len(book.orders) for book in state.books.values()):
        yield from ownerless(state)


def totals_of(book: Book, name: int, account: int, open_orders: OpenOrders) -> tuple[list[int], int]:
    """Lots bought, sold and reduce-only of an owner's orders in a book, and how many of them are there and his."""
    find, buy = book.orders.get, Side.BUY
    buys = sells = reduce_only = mine = 0
    for client_id, arrival in open_orders.arrivals.items():
        order = find(arrival)
        if order is None or order.account != account or order.client_id != client_id or order.instrument != name:
            continue
        left = order.size - order.filled
        if left <= 0:
            continue
        mine += 1
        if order.side is buy:
            buys += left
        else:
            sells += left
        if order.reduce_only:
            reduce_only += left
    return [buys, sells, reduce_only], mine


def ownerless(state: State) -> Iterator[Violation]:
    """ORDER-LIMITS: the live orders that no account has among its own, or that have nothing left."""
    for name, book in state.books.items():
        for arrival, order in book.orders.items():
            left = order.size - order.filled
            if left <= 0:
                yield Violation(ORDER_LIMITS.id, "a live order has lots left", f"order {arrival}", left, 1)
            owner = state.accounts.get(order.account)
            open_orders = None if owner is None else owner.orders.get(name)
            if open_orders is None or open_orders.arrivals.get(order.client_id) != arrival:
                who = f"account {order.account}"
                yield Violation(ORDER_LIMITS.id, "every live order has an owner", who, f"order {arrival}", "none")


def insurance(state: State, asked: Asked) -> Iterator[Violation]:
    """INSURANCE: the fund is never negative."""
    asked[INSURANCE] += bool(state.insurance)
    if state.insurance < 0:
        yield Violation(INSURANCE.id, "insurance >= 0", "", state.insurance, 0)


def no_double_spend(state: State, asked: Asked) -> Iterator[Violation]:
    """NO-DOUBLE-SPEND: messages wait from the cursor on, claims stand below the next index, no index is missing."""
    inbox, outbox = state.inbox, state.outbox
    waiting = sorted(inbox.messages)
    asked[NO_DOUBLE_SPEND] += bool(inbox.next_index) + bool(outbox.next_index or outbox.claims)
    if waiting != list(range(inbox.cursor, inbox.next_index)):
        said = f"{len(waiting)} messages"
        yield Violation(
            NO_DOUBLE_SPEND.id, "messages wait from the cursor on", "", said, f"{inbox.cursor} to {inbox.next_index}"
        )
    if sorted(outbox.claims) != list(range(outbox.next_index)):
        said = f"{len(outbox.claims)} claims"
        yield Violation(NO_DOUBLE_SPEND.id, "claims stand below the next index", "", said, outbox.next_index)


def oracle_sane(state: State, asked: Asked) -> Iterator[Violation]:
    """ORACLE-SANE: every market says what follows from its mark."""
    asked[ORACLE_SANE] += len(state.markets) + 2
    for name, market in state.markets.items():
        facts, terms, index = market_facts(market), market.instrument, market.funding_index
        if market.expired:
            expected = expired_facts(terms, market.settlement or 0, index)
        else:
            reference, stated = state.markets[terms.reference].mark, market.risk.losses
            horizon = state.marks_time + state.parameters.expiry_lead
            expected = expected_market(terms, market.mark, reference, stated, market.surcharge_ppm, index, horizon)
        if facts != expected:
            who = f"instrument {name}"
            yield Violation(ORACLE_SANE.id, "a market says what follows from its mark", who, str(facts), str(expected))
    ahead = next_expiry(state.markets)
    if state.next_expiry != ahead:
        conjunct = "the next expiry is the earliest that is not paid out"
        yield Violation(ORACLE_SANE.id, conjunct, "", state.next_expiry, ahead)
    if state.marks_time > state.clock:
        yield Violation(ORACLE_SANE.id, "marks are not from after the clock", "", state.marks_time, state.clock)


SUMMED: Final[tuple[Callable[[State, Sums, Asked], Iterator[Violation]], ...]] = (
    conservation,
    zero_sum,
    nobody_owes,
    exit_solvency,
)
"""Invariants that add up all accounts."""

UNSUMMED: Final[tuple[Callable[[State, Asked], Iterator[Violation]], ...]] = (
    book_uncrossed,
    order_limits,
    insurance,
    no_double_spend,
    oracle_sane,
)
"""The other invariants of a state."""


def judge_state(state: State, sums: Sums | None = None, asked: Asked | None = None) -> tuple[Violation, ...]:
    """Every violation of the invariants of a state; all accounts are added up once."""
    sums = sums_of(state) if sums is None else sums
    asked = Counter() if asked is None else asked
    found = [violation for of_state in SUMMED for violation in of_state(state, sums, asked)]
    found += [violation for of_state in UNSUMMED for violation in of_state(state, asked)]
    return tuple(found)
