"""What is published is enough for somebody who has read docs/batches.md and nothing else."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.commitment.changes import Changes
from settlespec.commitment.diffs import decode_exit_diff, decode_state_diff, encode_exit_diff, encode_state_diff
from settlespec.commitment.encoding import Refused
from settlespec.commitment.leaves import Part, split_account
from settlespec.commitment.operation_log import decode_log, encode_log
from settlespec.commitment.parts import leaves_of
from settlespec.domain.events import Filled, Liquidated
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import BeginRound, Operation, Place, Receive
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.flows.embedded import OPERATIONS, EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Flow
from settlespec.machine.genesis import initial_state
from tests.commitment import independent_decoder
from tests.commitment.hostile import spoiled
from tests.commitment.walks import SIGNER, resting_state, walk

TAGS = ("Place", "Cancel", "Replace", "Withdraw", "Transfer", "Receive", "Take", "Tick", "BeginRound", "ContinueRound")


@frozen
class Published:
    """One batch: what anybody can see of it, and the states that only the exchange has."""

    before: State
    after: State
    operations: tuple[Operation, ...]
    log: bytes
    state_diff: bytes
    exit_diff: bytes


def published(
    flow: Flow, operations: int, trades_per_batch: int, operations_per_batch: int = 10**9
) -> Iterator[Published]:
    """The batches of a flow."""
    before = after = initial_state(flow.genesis(SIGNER))
    changes, batch, trades = Changes(before), list[Operation](), 0
    for each in walk(flow, operations):
        after = each.after
        if isinstance(each.outcome, Accepted):
            batch.append(each.operation)
            changes.add(each.outcome)
            trades += sum(isinstance(event, Filled | Liquidated) for event in each.outcome.events)
        if trades >= trades_per_batch or len(batch) >= operations_per_batch:
            yield seal(before, after, tuple(batch), changes)
            before, changes, batch, trades = after, Changes(after), [], 0
    yield seal(before, after, tuple(batch), changes)


def seal(before: State, after: State, operations: tuple[Operation, ...], changes: Changes) -> Published:
    changed = changes.changed(after)
    moved = [leaf.key for leaf in changed if leaf.part is Part.HOLDINGS]
    return Published(
        before,
        after,
        operations,
        encode_log(before, operations, signatures=True),
        encode_state_diff(changed),
        encode_exit_diff(
            {name: split_account(before, name)[0] for name in moved if name in before.accounts},
            {name: split_account(after, name)[0] for name in moved},
        ),
    )


@cache
def embedded_batches() -> tuple[Published, ...]:
    """The whole embedded flow in batches of 1,000 trades."""
    return tuple(published(EmbeddedFlow(1), OPERATIONS, 1_000))


def plain_leaves(state: State) -> dict[tuple[int, int, int], bytes]:
    return {(leaf.part.value, leaf.book, leaf.key): value for leaf, value in leaves_of(state)}


def plain_holdings(state: State) -> dict[int, tuple[bytes, int, dict[int, int]]]:
    return {
        name: (
            account.key,
            account.collateral - sum(position.cost for position in account.positions.values()),
            {instrument: position.size for instrument, position in sorted(account.positions.items())},
        )
        for name, account in state.accounts.items()
    }


def plain(operation: Operation) -> dict[str, Any]:
    """An operation as the independent decoder gives it."""
    tag = {"tag": TAGS.index(type(operation).__name__)}
    match operation:
        case Receive(time, message):
            return tag | {"time": time, "kind": kinds(message)} | sides(asdict(message))
        case BeginRound(statement, signatures):
            return tag | {
                "number": statement.number,
                "timestamp": statement.timestamp,
                "quotes": [(quote.instrument, quote.mark, quote.funding_rate) for quote in statement.quotes],
                "oracles": [signed.oracle for signed in signatures],
                "signatures": [signed.signature for signed in signatures],
            }
        case Place():
            fields = sides(asdict(operation))
            kind, lifetime = fields.pop("kind"), fields.pop("time_in_force")
            return tag | fields | {"market": kind is OrderKind.MARKET, "lifetime": list(TimeInForce).index(lifetime)}
        case _:
            return tag | asdict(operation)


def kinds(message: Deposit | ForcedWithdrawal | ForcedOrder) -> int:
    return (Deposit, ForcedWithdrawal, ForcedOrder).index(type(message))


def sides(fields: dict[str, Any]) -> dict[str, Any]:
    if "side" in fields:
        fields["buys"] = fields.pop("side") is Side.BUY
    return fields


def steps_of(state: State) -> dict[int, int]:
    return {name: market.instrument.price_step for name, market in state.markets.items()}


def assert_rebuilt(batches: Iterator[Published] | tuple[Published, ...]) -> int:
    """From the first state on, everything is rebuilt from what is published alone; how many batches there were."""
    leaves: dict[tuple[int, int, int], bytes] | None = None
    holdings: dict[int, Any] = {}
    count = 0
    for batch in batches:
        leaves = plain_leaves(batch.before) if leaves is None else leaves
        log = independent_decoder.Log(leaves, steps_of(batch.before), batch.log)
        assert log.operations == list(map(plain, batch.operations))
        leaves = independent_decoder.leaves_after(leaves, batch.state_diff)
        assert leaves == plain_leaves(batch.after)
        holdings = independent_decoder.holdings_after(holdings, batch.exit_diff)
        assert holdings == plain_holdings(batch.after)
        count += 1
    return count


def test_the_embedded_flow_is_rebuilt_from_what_its_batches_publish() -> None:
    assert assert_rebuilt(embedded_batches()) == 8
    assert sum(len(batch.operations) for batch in embedded_batches()) > 15_000


def test_small_batches_that_end_inside_rounds_are_rebuilt_too() -> None:
    batches = tuple(published(MinimalFlow(4, 2_000), 2_000, 3, 7))
    assert any(batch.after.round is not None for batch in batches)
    assert assert_rebuilt(batches) > 30


def test_the_holdings_that_are_rebuilt_are_those_of_the_leaves() -> None:
    after = embedded_batches()[0].after
    for (part, _, account), value in plain_leaves(after).items():
        if part == independent_decoder.HOLDINGS:
            assert independent_decoder.holdings(value) == plain_holdings(after)[account]


def test_the_scalars_of_the_page_are_those_of_the_state() -> None:
    state = resting_state()
    found = independent_decoder.scalars(plain_leaves(state)[independent_decoder.SCALARS, 0, 0])
    counts = [len(state.accounts), len(state.holders)]
    inbox = [state.inbox.cursor, state.inbox.next_index, state.inbox.uncredited]
    outbox = [state.outbox.next_index, state.outbox.unpaid]
    money = [state.insurance, state.treasury, state.vault]
    times = [state.round_number, state.marks_time]
    assert found == [state.clock, state.next_arrival, *money, *times, *inbox, *outbox, *counts, state.funding_pool]


@cache
def small_batch() -> Published:
    """A few dozen operations in the middle of a walk."""
    return tuple(published(MinimalFlow(4, 400), 400, 6, 30))[-2]


def agree(ours: Any, theirs: Any, data: bytes) -> bool:
    """Both decoders refuse the bytes, or neither does; whether they were accepted."""
    answers = []
    for decode, refusal in ((ours, Refused), (theirs, independent_decoder.Bad)):
        try:
            decode(data)
            answers.append(True)
        except refusal:
            answers.append(False)
    assert answers[0] == answers[1], data.hex()
    return answers[0]


def both(body: str) -> tuple[Any, Any, bytes]:
    """Our decoder, the other one, and the bytes of a small batch."""
    batch = small_batch()
    leaves, steps = plain_leaves(batch.before), steps_of(batch.before)
    owned = {name: split_account(batch.before, name)[0] for name in batch.before.accounts}
    holdings = plain_holdings(batch.before)
    return {
        "log": (
            lambda data: decode_log(batch.before, data),
            lambda data: independent_decoder.Log(leaves, steps, data),
            batch.log,
        ),
        "state diff": (decode_state_diff, independent_decoder.state_diff, batch.state_diff),
        "exit diff": (
            lambda data: decode_exit_diff(owned, data),
            lambda data: independent_decoder.holdings_after(holdings, data),
            batch.exit_diff,
        ),
    }[body]


@pytest.mark.parametrize("body", ["log", "state diff", "exit diff"])
def test_both_decoders_refuse_the_same_spoiled_bytes(body: str) -> None:
    ours, theirs, data = both(body)
    accepted = [agree(ours, theirs, hostile) for place, hostile in enumerate(spoiled(data)) if place % 3 == 0]
    assert agree(ours, theirs, data)
    assert 0 < sum(accepted) < len(accepted)


@pytest.mark.parametrize("body", ["log", "state diff", "exit diff"])
@settings(max_examples=200)
@given(cut=st.integers(0, 400), tail=st.binary(max_size=40))
def test_both_decoders_refuse_the_same_arbitrary_bytes(body: str, cut: int, tail: bytes) -> None:
    ours, theirs, data = both(body)
    assert agree(ours, theirs, data[:cut] + tail) in (True, False)


def test_the_independent_decoder_is_short_and_imports_nothing_of_the_project() -> None:
    source = Path(independent_decoder.__file__).read_text(encoding="utf-8")
    modules: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add(str(node.module).partition(".")[0])
    assert modules
    assert modules <= sys.stdlib_module_names
    assert len(source.splitlines()) <= 250
