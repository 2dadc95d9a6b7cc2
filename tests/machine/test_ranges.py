"""STEP-2: every integer of every operation has a range, and leaving it is refused where other implementations would wrap."""

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import attrs
import pytest

from settlespec.domain.instruments import SCENARIOS, Quote, RoundStatement, SettlementStatement
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    FixSettlement,
    Operation,
    OracleSignature,
    Place,
    Receive,
    Replace,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.quantities import Range
from settlespec.domain.reasons import Reason
from settlespec.machine.exchange import in_range
from tests.machine.driver import Machine

EDGES: Final = tuple(power + shift for power in (2**63, 2**64, 2**128, 2**256) for shift in (-1, 0, 1))

SAMPLES: Final[tuple[Operation, ...]] = (
    Place(1, 1, 1, 1, 1, Side.BUY, 1, OrderKind.LIMIT, 1, TimeInForce.GOOD_TILL_TIME, 1, False, False, b""),
    Cancel(1, 1, 1, 1, 1, b""),
    Replace(1, 1, 1, 1, 1, 1, 1, 1, b""),
    Withdraw(1, 1, 1, 1, b""),
    Transfer(1, 1, 1, 1, 1, b""),
    Receive(1, Deposit(1, b"", 1)),
    Receive(1, ForcedWithdrawal(1, b"", 1)),
    Receive(1, ForcedOrder(1, b"", 1, Side.SELL, 1, 1)),
    Take(),
    Tick(1),
    FixSettlement(SettlementStatement(7, 9, 1, 1, 1), (OracleSignature(0, b""),)),
    BeginRound(
        RoundStatement(7, 9, 1, 1, (Quote(1, 1, 1), Quote(2, 1, 1, (0,) * SCENARIOS))), (OracleSignature(0, b""),)
    ),
    ContinueRound(1),
)
"""One of every operation, and of every message that one may hold; each in range."""


def changed(record: Any, path: tuple[str | int, ...], value: int) -> Any:
    """The record with one integer at any depth replaced."""
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        items = list(record)
        items[head] = changed(items[head], rest, value) if rest else value
        return tuple(items)
    inner = changed(getattr(record, head), rest, value) if rest else value
    return attrs.evolve(record, **{head: inner})


def integers(record: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Range]]:
    """Every integer of a record with its path and the range that its type declares."""
    hints = get_type_hints(type(record), include_extras=True)
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        place = (*path, field.name)
        listed = get_args(hints[field.name])
        if listed and get_origin(listed[0]) is Annotated:
            (limits,) = [extra for extra in get_args(listed[0])[1:] if isinstance(extra, Range)]
            yield from (((*place, number), limits) for number in range(len(value)))
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                yield from integers(item, (*place, number))
        elif attrs.has(type(value)):
            yield from integers(value, place)
        elif isinstance(value, int) and not isinstance(value, bool | Enum):
            ranges = [extra for extra in get_args(hints[field.name])[1:] if isinstance(extra, Range)]
            assert len(ranges) == 1, f"{type(record).__name__}.{field.name} has no range of its own"
            yield place, ranges[0]


CASES: Final = [
    pytest.param(operation, path, limits, id=f"{type(operation).__name__}-{'.'.join(map(str, path))}")
    for operation in SAMPLES
    for path, limits in integers(operation)
]


def test_the_samples_are_every_operation_and_every_message() -> None:
    assert {type(operation) for operation in SAMPLES} == set(get_args(Operation))
    messages = {type(operation.message) for operation in SAMPLES if isinstance(operation, Receive)}
    assert messages == {Deposit, ForcedWithdrawal, ForcedOrder}
    assert all(in_range(operation) for operation in SAMPLES)


@pytest.mark.parametrize(("operation", "path", "limits"), CASES)
def test_each_integer_is_refused_beyond_its_range_and_at_every_power_where_a_machine_word_ends(
    operation: Operation, path: tuple[str | int, ...], limits: Range
) -> None:
    machine = Machine()
    beyond = {limits.low - 1, limits.high + 1, *EDGES, *(-edge for edge in EDGES)}
    for value in sorted(each for each in beyond if _constructs(operation, path, each)):
        answer = machine.submit(changed(operation, path, value))
        assert (answer.reason is Reason.OUT_OF_RANGE) == (value not in limits), value


@pytest.mark.parametrize(("operation", "path", "limits"), CASES)
def test_each_integer_is_in_range_at_both_ends_of_its_range(
    operation: Operation, path: tuple[str | int, ...], limits: Range
) -> None:
    for value in (limits.low, limits.high):
        if _constructs(operation, path, value):
            assert in_range(changed(operation, path, value)), value


def _constructs(operation: Operation, path: tuple[str | int, ...], value: int) -> bool:
    """A limit order without a price is malformed, so that no step is asked about it."""
    return not (isinstance(operation, Place) and path == ("price",) and value == 0)


def test_a_range_is_left_at_any_depth_and_in_any_entry() -> None:
    for statement in (
        RoundStatement(7, 9, 1, 1, (Quote(1, 1, 1), Quote(2, 0, 1))),
        RoundStatement(7, 9, 1, 1, (Quote(1, 1, 1), Quote(2, 1, 10**9 + 1))),
    ):
        assert Machine().submit(BeginRound(statement, ())).reason is Reason.OUT_OF_RANGE
