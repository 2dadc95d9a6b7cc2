"""REASON-1: when several reasons apply, the first in the declared order is the answer.

Alone, each fault of an operation must be answered by its own reason; then every pair of faults that one operation can have at once must
be answered by the first of the two.
"""

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import Any, Final

import pytest

from settlespec.domain.reasons import Reason
from tests.machine.driver import Answer
from tests.machine.faulty_operations import (
    Faults,
    begin,
    cancel,
    deposit,
    fix_settlement,
    forced_order,
    forced_withdrawal,
    place,
    proceed,
    receive,
    replace,
    take,
    tick,
    transfer,
    withdraw,
)

R = Reason
ENVELOPE: Final = (R.UNKNOWN_ACCOUNT, R.BAD_SIGNATURE, R.WRONG_NONCE, R.EXPIRED)

Asking = Callable[[Faults], Answer]

FAULTS: Final[dict[Asking, tuple[Reason, ...]]] = {
    place: (
        R.OUT_OF_RANGE,
        R.ROUND_OPEN,
        *ENVELOPE,
        R.UNKNOWN_INSTRUMENT,
        R.STALE_MARK,
        R.INSTRUMENT_EXPIRED,
        R.DUPLICATE_ORDER,
        R.LIFETIME_OVER,
        R.ORDER_TOO_LARGE,
        R.OFF_STEP,
        R.OUTSIDE_BAND,
        R.REDUCE_ONLY_WRONG_SIDE,
        R.REDUCE_ONLY_EXCEEDS_POSITION,
        R.POST_ONLY_WOULD_TRADE,
        R.NOT_FILLABLE,
        R.TOO_MANY_ORDERS,
        R.BOOK_FULL,
        R.UNDERCOLLATERALISED,
    ),
    replace: (
        R.OUT_OF_RANGE,
        R.ROUND_OPEN,
        *ENVELOPE,
        R.UNKNOWN_INSTRUMENT,
        R.STALE_MARK,
        R.INSTRUMENT_EXPIRED,
        R.UNKNOWN_ORDER,
        R.LIFETIME_OVER,
        R.ORDER_TOO_LARGE,
        R.OFF_STEP,
        R.OUTSIDE_BAND,
        R.REDUCE_ONLY_EXCEEDS_POSITION,
        R.UNDERCOLLATERALISED,
    ),
    cancel: (R.OUT_OF_RANGE, R.ROUND_OPEN, *ENVELOPE, R.UNKNOWN_INSTRUMENT, R.UNKNOWN_ORDER),
    withdraw: (R.OUT_OF_RANGE, R.ROUND_OPEN, *ENVELOPE, R.STALE_MARK, R.UNDERCOLLATERALISED),
    transfer: (
        R.OUT_OF_RANGE,
        R.ROUND_OPEN,
        *ENVELOPE,
        R.STALE_MARK,
        R.UNKNOWN_RECIPIENT,
        R.SELF_TRANSFER,
        R.UNDERCOLLATERALISED,
    ),
    tick: (R.OUT_OF_RANGE, R.ROUND_OPEN, R.TIME_BACKWARDS),
    receive: (R.OUT_OF_RANGE, R.ROUND_OPEN, R.INBOX_FULL),
    take: (R.ROUND_OPEN, R.STALE_MARK, R.INBOX_EMPTY),
    begin: (
        R.OUT_OF_RANGE,
        R.ROUND_OPEN,
        R.FOREIGN_STATEMENT,
        R.WRONG_ROUND,
        R.STATEMENT_NOT_NEWER,
        R.STATEMENT_AHEAD,
        R.STATEMENT_STALE,
        R.STATEMENT_INCOMPLETE,
        R.NO_QUORUM,
        R.SETTLEMENT_MISSING,
        R.ARRAY_MISSING,
    ),
    fix_settlement: (
        R.OUT_OF_RANGE,
        R.ROUND_OPEN,
        R.UNKNOWN_INSTRUMENT,
        R.FOREIGN_STATEMENT,
        R.NO_QUORUM,
        R.WRONG_EXPIRY,
        R.SETTLEMENT_EARLY,
        R.SETTLEMENT_FIXED,
        R.SETTLEMENT_DIFFERS,
    ),
    proceed: (R.OUT_OF_RANGE, R.NO_ROUND),
    deposit: (R.WRONG_OWNER, R.TOO_MANY_ACCOUNTS, R.VAULT_FULL),
    forced_withdrawal: (R.UNKNOWN_ACCOUNT, R.WRONG_OWNER, R.NOTHING_TO_WITHDRAW),
    forced_order: (
        R.UNKNOWN_ACCOUNT,
        R.WRONG_OWNER,
        R.UNKNOWN_INSTRUMENT,
        R.STALE_MARK,
        R.INSTRUMENT_EXPIRED,
        R.REDUCE_ONLY_WRONG_SIDE,
    ),
}
"""The reasons that each operation can be refused for."""

NEEDS_THE_ACCOUNT: Final = {
    R.DUPLICATE_ORDER,
    R.UNKNOWN_ORDER,
    R.REDUCE_ONLY_EXCEEDS_POSITION,
    R.TOO_MANY_ORDERS,
    R.SELF_TRANSFER,
    R.NOTHING_TO_WITHDRAW,
    R.UNDERCOLLATERALISED,
}
NEEDS_THE_INSTRUMENT: Final = {
    R.INSTRUMENT_EXPIRED,
    R.WRONG_EXPIRY,
    R.SETTLEMENT_EARLY,
    R.SETTLEMENT_FIXED,
    R.SETTLEMENT_DIFFERS,
    R.DUPLICATE_ORDER,
    R.ORDER_TOO_LARGE,
    R.OFF_STEP,
    R.OUTSIDE_BAND,
    R.REDUCE_ONLY_EXCEEDS_POSITION,
    R.POST_ONLY_WOULD_TRADE,
    R.NOT_FILLABLE,
    R.BOOK_FULL,
    R.UNDERCOLLATERALISED,
}
NEEDS_THE_ORDER: Final = {R.OUTSIDE_BAND, R.REDUCE_ONLY_EXCEEDS_POSITION, R.UNDERCOLLATERALISED}
RESTS: Final = {
    R.LIFETIME_OVER,
    R.REDUCE_ONLY_EXCEEDS_POSITION,
    R.POST_ONLY_WOULD_TRADE,
    R.TOO_MANY_ORDERS,
    R.BOOK_FULL,
}

EXCLUDES: Final[dict[Reason, set[Reason]]] = {
    # Who does not exist has no orders, no positions and nothing to cover them with; nobody signs or forces for a stranger.
    R.UNKNOWN_ACCOUNT: NEEDS_THE_ACCOUNT | {R.WRONG_OWNER, R.STALE_MARK},
    # What is not listed has no terms, no book and no mark.
    R.UNKNOWN_INSTRUMENT: NEEDS_THE_INSTRUMENT,
    # The order that is replaced gives the side.
    R.UNKNOWN_ORDER: NEEDS_THE_ORDER,
    # An empty inbox has no message that could wait.
    R.STALE_MARK: {R.INBOX_EMPTY},
    # A fill-or-kill order never rests.
    R.NOT_FILLABLE: RESTS,
    # Either the position has the side or it has not; a reduce-only order is judged by what it reduces.
    R.REDUCE_ONLY_WRONG_SIDE: {R.REDUCE_ONLY_EXCEEDS_POSITION},
    R.REDUCE_ONLY_EXCEEDS_POSITION: {R.UNDERCOLLATERALISED},
    # The account itself exists.
    R.UNKNOWN_RECIPIENT: {R.SELF_TRANSFER},
    # A new account has no owner yet.
    R.WRONG_OWNER: {R.TOO_MANY_ACCOUNTS},
    # One timestamp is either old, or ahead, or neither.
    R.STATEMENT_NOT_NEWER: {R.STATEMENT_AHEAD},
    R.STATEMENT_AHEAD: {R.STATEMENT_STALE},
    # A round that is open has every settlement value that it needs.
    R.ROUND_OPEN: {R.SETTLEMENT_MISSING},
    # Nothing is fixed before its expiry.
    R.SETTLEMENT_EARLY: {R.SETTLEMENT_FIXED, R.SETTLEMENT_DIFFERS},
}
"""Pairs that no operation can have at once, and why."""


def possible(asking: Asking, first: Reason, second: Reason) -> bool:
    if asking in (place, replace, withdraw, transfer) and {first, second} == {R.UNKNOWN_ACCOUNT, R.STALE_MARK}:
        return True
    if asking is forced_order and (first, second) == (R.UNKNOWN_INSTRUMENT, R.REDUCE_ONLY_WRONG_SIDE):
        return False
    return second not in EXCLUDES.get(first, set()) and first not in EXCLUDES.get(second, set())


def singles() -> Iterator[Any]:
    for asking, reasons in FAULTS.items():
        for reason in reasons:
            yield pytest.param(asking, reason, id=f"{asking.__name__}-{reason}")


def pairs() -> Iterator[tuple[Asking, Reason, Reason]]:
    order = list(Reason)
    for asking, reasons in FAULTS.items():
        for first, second in combinations(sorted(reasons, key=order.index), 2):
            if possible(asking, first, second):
                yield asking, first, second


@pytest.mark.parametrize("asking", FAULTS, ids=lambda asking: asking.__name__)
def test_without_a_fault_each_operation_is_accepted(asking: Asking) -> None:
    assert asking(frozenset()).accepted


@pytest.mark.parametrize(("asking", "reason"), list(singles()))
def test_a_single_fault_is_answered_by_its_own_reason(asking: Asking, reason: Reason) -> None:
    assert asking(frozenset({reason})).reason is reason


@pytest.mark.parametrize(
    ("asking", "first", "second"),
    [pytest.param(*pair, id=f"{pair[0].__name__}-{pair[1]}-before-{pair[2]}") for pair in pairs()],
)
def test_of_two_faults_the_first_in_the_declared_order_is_answered(
    asking: Asking, first: Reason, second: Reason
) -> None:
    assert asking(frozenset({first, second})).reason is first


def test_every_reason_is_reached() -> None:
    assert {reason for reasons in FAULTS.values() for reason in reasons} == set(Reason)


def test_every_neighbouring_pair_is_tested_or_cannot_occur() -> None:
    tested = {(first, second) for _, first, second in pairs()}
    untested = [neighbours for neighbours in pairwise(Reason) if neighbours not in tested]
    assert untested == [
        (R.TIME_BACKWARDS, R.UNKNOWN_ACCOUNT),
        (R.EXPIRED, R.WRONG_OWNER),
        (R.UNKNOWN_ORDER, R.DUPLICATE_ORDER),
        (R.REDUCE_ONLY_WRONG_SIDE, R.REDUCE_ONLY_EXCEEDS_POSITION),
        (R.POST_ONLY_WOULD_TRADE, R.NOT_FILLABLE),
        (R.NOT_FILLABLE, R.TOO_MANY_ORDERS),
        (R.BOOK_FULL, R.UNKNOWN_RECIPIENT),
        (R.UNKNOWN_RECIPIENT, R.SELF_TRANSFER),
        (R.UNDERCOLLATERALISED, R.INBOX_FULL),
        (R.INBOX_FULL, R.INBOX_EMPTY),
        (R.INBOX_EMPTY, R.TOO_MANY_ACCOUNTS),
        (R.VAULT_FULL, R.NOTHING_TO_WITHDRAW),
        (R.NOTHING_TO_WITHDRAW, R.NO_ROUND),
        (R.NO_ROUND, R.FOREIGN_STATEMENT),
        (R.STATEMENT_NOT_NEWER, R.STATEMENT_AHEAD),
        (R.STATEMENT_AHEAD, R.STATEMENT_STALE),
        (R.ARRAY_MISSING, R.WRONG_EXPIRY),
        (R.SETTLEMENT_EARLY, R.SETTLEMENT_FIXED),
    ]
