"""What an operation costs the monitor does not depend on how many accounts there are or how long the books are: calls are counted."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from settlespec.domain.operations import Operation
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.flows.session import Session
from settlespec.machine.genesis import standard
from settlespec.machine.signatures import Ideal
from settlespec.monitoring.monitor import Monitor


@contextmanager
def counting() -> Iterator[list[int]]:
    """Count every call, of Python and of C, made inside the context."""
    calls = [0]

    def note(frame: FrameType, event: str, argument: object) -> None:
        calls[0] += event in ("call", "c_call")

    before = sys.getprofile()
    # A collection that happens to come now runs others' hooks, which are calls as well.
    gc.disable()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)
        gc.enable()


def calls_of_one_trade(bystanders: int, resting: int) -> list[int]:
    """Calls for each of: an order that rests, one that trades, a cancellation; among bystanders and other orders."""
    signer = Ideal()
    session = Session(standard(signer), signer)

    def do(*operations: Operation) -> None:
        for operation in operations:
            assert isinstance(session.submit(operation), Accepted)

    for account in range(3 + bystanders):
        do(*session.deposit(account, 10**12))
    for place in range(resting):
        do(session.limit(2, 1, place, Side.BUY, 1, 99_000 - 10 * (place % 200)))
    for other in range(bystanders):
        do(session.limit(3 + other, 1, 0, Side.SELL, 1, 101_000 + 10 * (other % 100)))
    monitor = Monitor(session.state, signer, 10**9)
    counts = []
    for operation in (
        lambda: session.limit(0, 1, 0, Side.SELL, 5, 100_000),
        lambda: session.limit(1, 1, 0, Side.BUY, 2, 100_000, TimeInForce.IMMEDIATE_OR_CANCEL),
        lambda: session.cancel(0, 1, 0),
    ):
        made = operation()
        outcome = session.submit(made)
        assert isinstance(outcome, Accepted)
        with counting() as calls:
            found = monitor.observe(made, outcome)
        assert found == ()
        counts.append(calls[0])
    return counts


def test_an_operation_costs_as_many_calls_among_a_thousand_accounts_as_among_ten() -> None:
    few, many = calls_of_one_trade(10, 0), calls_of_one_trade(1_000, 0)
    assert few == many
    assert max(many) < 600


def test_an_operation_costs_as_many_calls_beside_a_long_book_as_beside_a_short_one() -> None:
    assert calls_of_one_trade(5, 2) == calls_of_one_trade(5, 200)
