"""REASON-1: when several reasons apply, the first in the declared order is the answer.

For each operation there is a function that asks it with any set of faults. Alone, each fault must be answered by its own reason; then
every pair of faults that one operation can have at once must be answered by the first of the two.
"""

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import Any, Final

import pytest
from attrs import evolve

from settlespec.domain.events import ForcedRefused
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Cancel, Receive, Replace, Take, Tick, Transfer, Withdraw
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from tests.machine.driver import FILL_OR_KILL, GOOD_TILL_TIME, Answer, Machine

Faults = frozenset[Reason]

R = Reason
ENVELOPE: Final = (R.UNKNOWN_ACCOUNT, R.BAD_SIGNATURE, R.WRONG_NONCE, R.EXPIRED)
BEYOND_64_BITS: Final = 2**64


def finish(machine: Machine, faults: Faults, operation: Any) -> Answer:
    """The last touches that every signed operation shares: time, an open round, nonce, validity and signature."""
    machine.wait(60_001 if R.STALE_MARK in faults else 1_000)
    if R.ROUND_OPEN in faults:
        _open_round(machine)
    nonce = machine.envelope("nobody" if R.UNKNOWN_ACCOUNT in faults else "ada")[1]
    operation = evolve(
        operation,
        account=machine.number("nobody" if R.UNKNOWN_ACCOUNT in faults else "ada"),
        nonce=nonce + (R.WRONG_NONCE in faults),
        valid_until=machine.state.clock - (R.EXPIRED in faults),
    )
    signed = machine.sign(operation)
    return machine.submit(evolve(signed, signature=b"") if R.BAD_SIGNATURE in faults else signed)


def _open_round(machine: Machine) -> None:
    """Begins at the marks that hold, with a statement that is fresh even when they are stale."""
    assert machine.begin(machine.statement()).accepted


def place(faults: Faults) -> Answer:
    """A bid of two lots at 100 for somebody with money enough."""
    machine = Machine(
        terms={"price_step": 10},
        max_orders_per_account=1 if R.TOO_MANY_ORDERS in faults else 8,
        max_orders_per_book=1 if R.BOOK_FULL in faults else 16,
    )
    machine.deposit("bob", 10**6).deposit("ada", 30 if R.UNDERCOLLATERALISED in faults else 10**6)
    if R.REDUCE_ONLY_EXCEEDS_POSITION in faults:
        machine.opens("ada", -1)
    owns_an_order = bool(faults & {R.DUPLICATE_ORDER, R.TOO_MANY_ORDERS})
    if owns_an_order:
        machine.rests("ada", +1, 50, client_id=77)
    if R.POST_ONLY_WOULD_TRADE in faults:
        machine.rests("bob", -2, 100)
    elif R.BOOK_FULL in faults and not owns_an_order:
        machine.rests("bob", +1, 50)
    size = 1_001 if R.ORDER_TOO_LARGE in faults else 2
    price = 100 + 60 * (R.OUTSIDE_BAND in faults) + (R.OFF_STEP in faults)
    client_id = 77 if R.DUPLICATE_ORDER in faults else 1
    order = machine.order(
        "ada",
        size,
        price,
        client_id=client_id,
        time_in_force=FILL_OR_KILL if R.NOT_FILLABLE in faults else GOOD_TILL_TIME,
        post_only=R.POST_ONLY_WOULD_TRADE in faults,
        reduce_only=bool(faults & {R.REDUCE_ONLY_WRONG_SIDE, R.REDUCE_ONLY_EXCEEDS_POSITION}),
    )
    if R.UNKNOWN_INSTRUMENT in faults:
        order = evolve(order, instrument=4)
    if R.LIFETIME_OVER in faults:
        order = evolve(order, good_till=machine.state.clock)
    if R.OUT_OF_RANGE in faults:
        order = evolve(order, size=2**40) if R.DUPLICATE_ORDER in faults else evolve(order, client_id=BEYOND_64_BITS)
    return finish(machine, faults, order)


def replace(faults: Faults) -> Answer:
    """A resting bid of one lot becomes one of two lots at 100."""
    machine = Machine(terms={"price_step": 10})
    machine.deposit("ada", 30 if R.UNDERCOLLATERALISED in faults else 10**6)
    reduces = R.REDUCE_ONLY_EXCEEDS_POSITION in faults
    if reduces:
        machine.opens("ada", -1)
    machine.rests("ada", +1, 50, client_id=77, reduce_only=reduces)
    operation = Replace(
        account=0,
        nonce=0,
        valid_until=0,
        instrument=4 if R.UNKNOWN_INSTRUMENT in faults else 1,
        client_id=78 if R.UNKNOWN_ORDER in faults else 77,
        size=2**40 if R.OUT_OF_RANGE in faults else 1_001 if R.ORDER_TOO_LARGE in faults else 2,
        price=100 + 60 * (R.OUTSIDE_BAND in faults) + (R.OFF_STEP in faults),
        good_till=machine.state.clock if R.LIFETIME_OVER in faults else 10**9,
        signature=b"",
    )
    return finish(machine, faults, operation)


def cancel(faults: Faults) -> Answer:
    """A resting bid is taken back."""
    machine = Machine().deposit("ada", 1_000).rests("ada", +1, 50, client_id=77)
    unknown = 78 if R.UNKNOWN_ORDER in faults else 77
    operation = Cancel(
        account=0,
        nonce=0,
        valid_until=0,
        instrument=4 if R.UNKNOWN_INSTRUMENT in faults else 1,
        client_id=BEYOND_64_BITS if R.OUT_OF_RANGE in faults else unknown,
        signature=b"",
    )
    return finish(machine, faults, operation)


def withdraw(faults: Faults) -> Answer:
    """The half of what is there."""
    machine = Machine().deposit("ada", 1_000)
    amount = 2**96 if R.OUT_OF_RANGE in faults else 1_001 if R.UNDERCOLLATERALISED in faults else 500
    return finish(machine, faults, Withdraw(0, 0, 0, amount, b""))


def transfer(faults: Faults) -> Answer:
    """The half of what is there, to Bob."""
    machine = Machine().deposit("ada", 1_000).deposit("bob", 1)
    amount = 2**96 if R.OUT_OF_RANGE in faults else 1_001 if R.UNDERCOLLATERALISED in faults else 500
    recipient = machine.number("bob")
    if R.UNKNOWN_RECIPIENT in faults:
        recipient = machine.number("nobody either")
    if R.SELF_TRANSFER in faults:
        recipient = machine.number("ada")
    return finish(machine, faults, Transfer(0, 0, 0, recipient, amount, b""))


def tick(faults: Faults) -> Answer:
    """The clock moves on."""
    machine = Machine().wait(1_000)
    if R.ROUND_OPEN in faults:
        _open_round(machine)
    time = -1 if R.OUT_OF_RANGE in faults else machine.state.clock + (-1 if R.TIME_BACKWARDS in faults else 1)
    return machine.submit(Tick(time))


def receive(faults: Faults) -> Answer:
    """A deposit comes in."""
    machine = Machine(max_inbox=1).wait(1_000)
    if R.INBOX_FULL in faults:
        machine.receive(Deposit(1, machine.key("ada"), 1))
    if R.ROUND_OPEN in faults:
        _open_round(machine)
    amount = 0 if R.OUT_OF_RANGE in faults else 1
    return machine.submit(Receive(machine.state.clock, Deposit(1, machine.key("ada"), amount)))


def take(faults: Faults) -> Answer:
    """The waiting forced withdrawal of an account with a position is carried out."""
    machine = Machine().deposit("ada", 1_000).opens("ada", +1)
    if R.INBOX_EMPTY not in faults:
        machine.receive(ForcedWithdrawal(machine.number("ada"), machine.key("ada"), 1))
    machine.wait(60_001 if R.STALE_MARK in faults else 1_000)
    if R.ROUND_OPEN in faults:
        _open_round(machine)
    return machine.submit(Take())


def begin(faults: Faults) -> Answer:
    """The next round with every mark as it was."""
    machine = Machine().wait(100_000 if R.STATEMENT_STALE in faults else 1_000)
    if R.ROUND_OPEN in faults:
        _open_round(machine)
    statement = machine.statement()
    if R.FOREIGN_STATEMENT in faults:
        statement = evolve(statement, rollup=8)
    if R.WRONG_ROUND in faults:
        statement = evolve(statement, number=3)
    if R.STATEMENT_STALE in faults:
        statement = evolve(statement, timestamp=machine.state.clock - 60_001)
    if R.STATEMENT_NOT_NEWER in faults:
        statement = evolve(statement, timestamp=0)
    if R.STATEMENT_AHEAD in faults:
        statement = evolve(statement, timestamp=machine.state.clock + 1)
    if R.STATEMENT_INCOMPLETE in faults:
        statement = evolve(statement, quotes=statement.quotes[:2])
    if R.OUT_OF_RANGE in faults:
        beyond_its_cap = evolve(statement.quotes[0], mark=100_001)
        statement = evolve(statement, quotes=(beyond_its_cap, *statement.quotes[1:]))
    return machine.begin(statement, (1,) if R.NO_QUORUM in faults else (0, 1))


def proceed(faults: Faults) -> Answer:
    """The open round goes on."""
    machine = Machine().wait(1_000)
    if R.NO_ROUND not in faults:
        _open_round(machine)
    return machine.proceed(0 if R.OUT_OF_RANGE in faults else 1)


def carried_out(machine: Machine, message: Any) -> Answer:
    """A message is received and taken; the reason of its refusal stands in the event."""
    assert machine.receive(message).accepted
    answer = machine.take()
    refusals = answer.all(ForcedRefused)
    return Answer(refusals[0].reason, answer.events) if refusals else answer


def deposit(faults: Faults) -> Answer:
    """A deposit is credited."""
    machine = Machine(max_accounts=1, max_vault=100)
    if faults:
        machine.deposit("ada", 1)
    amount = 100 if R.VAULT_FULL in faults else 1
    name = "bob" if R.TOO_MANY_ACCOUNTS in faults else "ada"
    key = machine.key("eve" if R.WRONG_OWNER in faults else name)
    return carried_out(machine, Deposit(machine.number(name), key, amount))


def forced_withdrawal(faults: Faults) -> Answer:
    """What is free is paid to the owner."""
    machine = Machine().deposit("ada", 20)
    if R.NOTHING_TO_WITHDRAW in faults:
        machine.opens("ada", +1)
    name = "nobody" if R.UNKNOWN_ACCOUNT in faults else "ada"
    key = machine.key("eve" if R.WRONG_OWNER in faults else name)
    return carried_out(machine, ForcedWithdrawal(machine.number(name), key, 5))


def forced_order(faults: Faults) -> Answer:
    """A position is closed; under stale marks the request waits, which the answer of the step says."""
    machine = Machine().deposit("ada", 100).opens("ada", +1)
    if R.STALE_MARK in faults:
        machine.wait(60_001)
    name = "nobody" if R.UNKNOWN_ACCOUNT in faults else "ada"
    key = machine.key("eve" if R.WRONG_OWNER in faults else name)
    side = Side.BUY if R.REDUCE_ONLY_WRONG_SIDE in faults else Side.SELL
    instrument = 4 if R.UNKNOWN_INSTRUMENT in faults else 1
    return carried_out(machine, ForcedOrder(machine.number(name), key, instrument, side, 1, 100))


Asking = Callable[[Faults], Answer]

FAULTS: Final[dict[Asking, tuple[Reason, ...]]] = {
    place: (
        R.OUT_OF_RANGE,
        R.ROUND_OPEN,
        *ENVELOPE,
        R.UNKNOWN_INSTRUMENT,
        R.STALE_MARK,
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
    ),
    proceed: (R.OUT_OF_RANGE, R.NO_ROUND),
    deposit: (R.WRONG_OWNER, R.TOO_MANY_ACCOUNTS, R.VAULT_FULL),
    forced_withdrawal: (R.UNKNOWN_ACCOUNT, R.WRONG_OWNER, R.NOTHING_TO_WITHDRAW),
    forced_order: (R.UNKNOWN_ACCOUNT, R.WRONG_OWNER, R.UNKNOWN_INSTRUMENT, R.STALE_MARK, R.REDUCE_ONLY_WRONG_SIDE),
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
    ]
