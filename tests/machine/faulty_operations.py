"""Every operation with any set of faults, so that tests can ask which reason is answered.

Each function asks for one thing that would be accepted, changed by the faults that it is given: a reason stands for the shortest
change that makes it apply.
"""

from typing import Any, Final

from attrs import evolve

from settlespec.domain.events import ForcedRefused
from settlespec.domain.instruments import SCENARIOS, Instrument, InstrumentKind
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Cancel, Receive, Replace, Take, Tick, Transfer, Withdraw
from settlespec.domain.orders import Side
from settlespec.domain.reasons import Reason
from settlespec.machine.markets import is_due
from tests.machine.driver import FILL_OR_KILL, GOOD_TILL_TIME, Answer, Machine, future, option

Faults = frozenset[Reason]

R = Reason
BEYOND_64_BITS: Final = 2**64

DATED: Final = 5
"""A future that reaches its expiry while the operation is on its way; other faults happen in the instrument that is asked for."""
EXPIRY: Final = 1_000


def asked_for(faults: Faults) -> int:
    """The instrument of the operation: a perpetual, or the future that has expired and is paid out before it."""
    return DATED if R.INSTRUMENT_EXPIRED in faults else 1


def what_expires(faults: Faults, **terms: Any) -> tuple[Instrument, ...]:
    """The future, if anything is to expire: between an expiry and its round nothing else would be judged either."""
    return (future(DATED, expiry=EXPIRY, **terms),) if R.INSTRUMENT_EXPIRED in faults else ()


def pay_out(machine: Machine, faults: Faults) -> None:
    """The round after the expiry; orders and positions in the instrument are gone then."""
    if R.INSTRUMENT_EXPIRED in faults:
        machine.settles(DATED, 100).round()


def finish(machine: Machine, faults: Faults, operation: Any) -> Answer:
    """The last touches that every signed operation shares: what expires, time, an open round, nonce, validity and signature."""
    pay_out(machine, faults)
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
    """Begins at the marks that hold, with a statement that is fresh even when they are stale; what has expired is settled before."""
    for name, market in machine.state.markets.items():
        if is_due(market.instrument, machine.state.clock) and market.settlement is None:
            machine.settles(name, 98)
    assert machine.begin(machine.statement()).accepted


def place(faults: Faults) -> Answer:
    """A bid of two lots at 100 for somebody with money enough."""
    asked = asked_for(faults)
    machine = Machine(
        terms={"price_step": 10},
        listed=what_expires(faults, price_step=10),
        max_orders_per_account=1 if R.TOO_MANY_ORDERS in faults else 8,
        max_orders_per_book=1 if R.BOOK_FULL in faults else 16,
    )
    machine.deposit("bob", 10**6).deposit("ada", 30 if R.UNDERCOLLATERALISED in faults else 10**6)
    if R.REDUCE_ONLY_EXCEEDS_POSITION in faults:
        machine.opens("ada", -1, instrument=asked)
    owns_an_order = bool(faults & {R.DUPLICATE_ORDER, R.TOO_MANY_ORDERS})
    if owns_an_order:
        machine.rests("ada", +1, 50, instrument=asked, client_id=77)
    if R.POST_ONLY_WOULD_TRADE in faults:
        machine.rests("bob", -2, 100, instrument=asked)
    elif R.BOOK_FULL in faults and not owns_an_order:
        machine.rests("bob", +1, 50, instrument=asked)
    size = 1_001 if R.ORDER_TOO_LARGE in faults else 2
    price = 100 + 60 * (R.OUTSIDE_BAND in faults) + (R.OFF_STEP in faults)
    client_id = 77 if R.DUPLICATE_ORDER in faults else 1
    order = machine.order(
        "ada",
        size,
        price,
        instrument=asked,
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
    asked = asked_for(faults)
    machine = Machine(terms={"price_step": 10}, listed=what_expires(faults, price_step=10))
    machine.deposit("ada", 30 if R.UNDERCOLLATERALISED in faults else 10**6)
    reduces = R.REDUCE_ONLY_EXCEEDS_POSITION in faults
    if reduces:
        machine.opens("ada", -1, instrument=asked)
    machine.rests("ada", +1, 50, instrument=asked, client_id=77, reduce_only=reduces)
    operation = Replace(
        account=0,
        nonce=0,
        valid_until=0,
        instrument=4 if R.UNKNOWN_INSTRUMENT in faults else asked,
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
    """The next round with every mark as it was, and what has expired settled."""
    listed = (option(4, InstrumentKind.CALL, 110, expiry=10**9), future(DATED, expiry=EXPIRY))
    machine = Machine(listed=listed).wait(100_000 if R.STATEMENT_STALE in faults else 1_000)
    if R.SETTLEMENT_MISSING not in faults:
        machine.settles(DATED, 100)
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
    first, *others = statement.quotes
    if R.OUT_OF_RANGE in faults:
        first = evolve(first, mark=100_001)
    if R.ARRAY_MISSING in faults:
        first = evolve(first, losses=(0,) * SCENARIOS)
    return machine.begin(evolve(statement, quotes=(first, *others)), (1,) if R.NO_QUORUM in faults else (0, 1))


def fix_settlement(faults: Faults) -> Answer:
    """The settlement value of a future that has just expired is fixed; a call on it has expired with it."""
    listed = (future(DATED, expiry=EXPIRY), option(DATED + 1, InstrumentKind.CALL, 90, expiry=EXPIRY, reference=DATED))
    machine = Machine(listed=listed).wait(EXPIRY - (R.SETTLEMENT_EARLY in faults))
    if R.SETTLEMENT_DIFFERS in faults:
        machine.settles(DATED + 1, 98)
    if R.SETTLEMENT_FIXED in faults:
        machine.settles(DATED, 98)
    if R.ROUND_OPEN in faults:
        _open_round(machine)
    statement = machine.settlement(DATED, 0 if R.OUT_OF_RANGE in faults else 100)
    if R.UNKNOWN_INSTRUMENT in faults:
        statement = evolve(statement, instrument=4)
    if R.FOREIGN_STATEMENT in faults:
        statement = evolve(statement, chain=8)
    if R.WRONG_EXPIRY in faults:
        statement = evolve(statement, expiry=EXPIRY + 1)
    return machine.fix(statement, (1,) if R.NO_QUORUM in faults else (0, 1))


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
    asked = asked_for(faults)
    machine = Machine(listed=what_expires(faults)).deposit("ada", 100).opens("ada", +1)
    pay_out(machine, faults)
    if R.STALE_MARK in faults:
        machine.wait(60_001)
    name = "nobody" if R.UNKNOWN_ACCOUNT in faults else "ada"
    key = machine.key("eve" if R.WRONG_OWNER in faults else name)
    side = Side.BUY if R.REDUCE_ONLY_WRONG_SIDE in faults else Side.SELL
    instrument = 4 if R.UNKNOWN_INSTRUMENT in faults else asked
    return carried_out(machine, ForcedOrder(machine.number(name), key, instrument, side, 1, 100))
