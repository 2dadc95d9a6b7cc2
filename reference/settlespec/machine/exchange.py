"""The exchange: `step` takes one operation from one state to the next, or says why not."""

from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import attrs

from settlespec.domain.events import Ticked
from settlespec.domain.instruments import SettlementStatement
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    FixSettlement,
    Operation,
    Place,
    Receive,
    Replace,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.outcomes import Outcome, Rejected
from settlespec.domain.quantities import MAX_AMOUNT, limits_of, ranges
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State
from settlespec.machine import clearing, custody, expiry, statements, trading
from settlespec.machine.draft import Draft
from settlespec.machine.signatures import Signatures


def step(state: State, op: Operation, signatures: Signatures) -> Outcome:
    """STEP-1: an operation is accepted with a new state and events, or rejected with the first reason that applies.

    A rejected operation leaves no trace: the state is persistent and the draft is dropped.

    Args:
        state: any state that genesis or a step gave.
        op: a well-formed operation.
        signatures: the scheme that verifies owners and oracles.
    """
    # CHECKS
    # Every quantity is inside its declared range.
    if not in_range(op) or beyond_caps(state, op):
        return Rejected(Reason.OUT_OF_RANGE)
    # Nothing interleaves with a clearing round.
    if state.round is not None and type(op) is not ContinueRound:
        return Rejected(Reason.ROUND_OPEN)
    draft = Draft(state)
    match op:
        case Place():
            return trading.place(draft, op, signatures)
        case Cancel():
            return trading.cancel(draft, op, signatures)
        case Replace():
            return trading.replace(draft, op, signatures)
        case Withdraw():
            return custody.withdraw(draft, op, signatures)
        case Transfer():
            return custody.transfer(draft, op, signatures)
        case Receive():
            return custody.receive(draft, op)
        case Take():
            return custody.take(draft, op)
        case Tick():
            return tick(draft, op)
        case FixSettlement():
            return expiry.fix_settlement(draft, op, signatures)
        case BeginRound():
            return statements.begin_round(draft, op, signatures)
        case ContinueRound():
            return clearing.continue_round(draft, op)


def tick(draft: Draft, op: Tick) -> Outcome:
    """TIME-1: the clock is monotone."""
    # CHECKS
    # Time does not run backwards.
    if op.time < draft.clock:
        return Rejected(Reason.TIME_BACKWARDS, (("clock", draft.clock), ("got", op.time)))
    # EFFECTS
    draft.clock = op.time
    # EVENTS
    draft.events.append(Ticked(op.time))
    return draft.accept()


def beyond_caps(state: State, op: Operation) -> bool:
    """STEP-2.2: whether a price or a mark is beyond its instrument's own cap, or a deposit beyond what the vault can hold.

    Both caps are part of the range of what they limit.
    """
    if type(op) is Place or type(op) is Replace:
        return op.instrument in state.markets and op.price > state.markets[op.instrument].instrument.max_price
    if type(op) is BeginRound:
        return any(
            quote.instrument in state.markets and quote.mark > state.markets[quote.instrument].instrument.max_price
            for quote in op.statement.quotes
        )
    if type(op) is FixSettlement:
        return op.statement.instrument in state.markets and beyond_reference(state, op.statement)
    if type(op) is Receive and type(op.message) is Deposit:
        return state.vault + op.message.amount > MAX_AMOUNT
    return False


def beyond_reference(state: State, statement: SettlementStatement) -> bool:
    """EXPIRY-2.2: whether a settlement value is beyond what the underlying's own instrument may be marked at."""
    reference = state.markets[statement.instrument].instrument.reference
    return statement.value > state.markets[reference].instrument.max_price


def in_range(record: object) -> bool:
    """STEP-2: every integer of an operation, at any depth, lies in the range that its type declares."""
    kind: Any = type(record)
    for name, low, high in ranges(kind):
        if not low <= getattr(record, name) <= high:
            return False
    for name, low, high in listed_ranges(kind):
        if not all(low <= value <= high for value in getattr(record, name)):
            return False
    for name in nested(kind):
        inner = getattr(record, name)
        if not (all(map(in_range, inner)) if type(inner) is tuple else in_range(inner)):
            return False
    return True


@cache
def listed_ranges(kind: Any) -> tuple[tuple[str, int, int], ...]:
    """The fields of a record that hold tuples of integers, with the ranges that their types declare."""
    return limits_of(kind, lambda annotation: get_args(annotation)[0] if get_origin(annotation) is tuple else None)


@cache
def nested(kind: Any) -> tuple[str, ...]:
    """The fields of a record that hold records, or tuples of records, with ranges of their own."""
    if not attrs.has(kind):
        return ()
    return tuple(name for name, annotation in get_type_hints(kind).items() if any(map(holds_ranges, parts(annotation))))


def parts(annotation: Any) -> tuple[Any, ...]:
    """The members of a union or of a tuple type, or the type itself."""
    return get_args(annotation) or (annotation,)


def holds_ranges(kind: Any) -> bool:
    """Whether a record type has ranges, at any depth."""
    return isinstance(kind, type) and attrs.has(kind) and bool(ranges(kind) or nested(kind))
