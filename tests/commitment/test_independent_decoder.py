"""What is published is enough for somebody who has read docs/batches.md and nothing else."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import asdict, astuple, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.commitment.changes import Changes
from settlespec.commitment.diffs import decode_exit_diff, decode_state_diff, encode_exit_diff, encode_state_diff
from settlespec.commitment.encoding import Refused
from settlespec.commitment.leaves import Part, split_account
from settlespec.commitment.market_leaves import decode_market, encode_market
from settlespec.commitment.operation_log import decode_log, encode_log
from settlespec.commitment.parts import leaves_of
from settlespec.commitment.round_leaves import encode_quote
from settlespec.domain.events import Filled, Liquidated
from settlespec.domain.instruments import Instrument, InstrumentKind
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import BeginRound, FixSettlement, Operation, OracleSignature, Place, Receive
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.flows.embedded import OPERATIONS, EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Flow
from settlespec.machine.genesis import initial_state
from tests.commitment import independent_decoder, independent_header, independent_leaves
from tests.commitment.dated_walks import DatedFlow, dated_states
from tests.commitment.hostile import spoiled
from tests.commitment.walks import SIGNER, resting_state, walk

TAGS = (
    *("Place", "Cancel", "Replace", "Withdraw", "Transfer", "Receive", "Take", "Tick"),
    *("BeginRound", "ContinueRound", "FixSettlement"),
)
KINDS = tuple(InstrumentKind)
"""In the order of the page: a perpetual, a future, a call, a put."""


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
            return (
                tag
                | {
                    "number": statement.number,
                    "timestamp": statement.timestamp,
                    "quotes": [astuple(quote) for quote in statement.quotes],
                }
                | signers(signatures)
            )
        case FixSettlement(statement, signatures):
            terms = {"instrument": statement.instrument, "expiry": statement.expiry, "value": statement.value}
            return tag | terms | signers(signatures)
        case Place():
            fields = sides(asdict(operation))
            kind, lifetime = fields.pop("kind"), fields.pop("time_in_force")
            return tag | fields | {"market": kind is OrderKind.MARKET, "lifetime": list(TimeInForce).index(lifetime)}
        case _:
            return tag | asdict(operation)


def signers(signatures: tuple[OracleSignature, ...]) -> dict[str, Any]:
    oracles = [signed.oracle for signed in signatures]
    return {"oracles": oracles, "signatures": [signed.signature for signed in signatures]}


def kinds(message: Deposit | ForcedWithdrawal | ForcedOrder) -> int:
    return (Deposit, ForcedWithdrawal, ForcedOrder).index(type(message))


def sides(fields: dict[str, Any]) -> dict[str, Any]:
    if "side" in fields:
        fields["buys"] = fields.pop("side") is Side.BUY
    return fields


def terms_of(state: State) -> dict[int, independent_decoder.Terms]:
    listed = {name: market.instrument for name, market in state.markets.items()}
    return {name: (each.price_step, each.kind.is_option, each.expiry) for name, each in listed.items()}


def assert_rebuilt(batches: Iterator[Published] | tuple[Published, ...]) -> int:
    """From the first state on, everything is rebuilt from what is published alone; how many batches there were."""
    leaves: dict[tuple[int, int, int], bytes] | None = None
    holdings: dict[int, Any] = {}
    count = 0
    for batch in batches:
        leaves = plain_leaves(batch.before) if leaves is None else leaves
        log = independent_decoder.Log(leaves, terms_of(batch.before), batch.log)
        assert log.operations == list(map(plain, batch.operations))
        leaves = independent_decoder.leaves_after(leaves, batch.state_diff)
        assert leaves == plain_leaves(batch.after)
        holdings = independent_decoder.holdings_after(holdings, batch.exit_diff)
        assert holdings == plain_holdings(batch.after)
        count += 1
    return count


def test_the_embedded_flow_is_rebuilt_from_what_its_batches_publish() -> None:
    assert assert_rebuilt(embedded_batches()) == 7
    assert sum(len(batch.operations) for batch in embedded_batches()) > 15_000


def test_small_batches_that_end_inside_rounds_are_rebuilt_too() -> None:
    batches = tuple(published(MinimalFlow(4, 2_000), 2_000, 3, 7))
    assert any(batch.after.round is not None for batch in batches)
    assert assert_rebuilt(batches) > 30


def test_batches_with_instruments_that_expire_are_rebuilt_too() -> None:
    batches = tuple(published(DatedFlow(1, 1_000), 1_000, 3, 7))
    assert {type(operation) for batch in batches for operation in batch.operations} >= {BeginRound, FixSettlement}
    assert any(batch.after.round is not None for batch in batches)
    assert all(market.expired for name, market in batches[-1].after.markets.items() if name > 2)
    assert assert_rebuilt(batches) > 30


def test_the_holdings_that_are_rebuilt_are_those_of_the_leaves() -> None:
    after = embedded_batches()[0].after
    assert independent_leaves.owners(plain_leaves(after), independent_decoder.HOLDINGS) == plain_holdings(after)


def test_the_scalars_of_the_page_are_those_of_the_state() -> None:
    state = resting_state()
    found = independent_leaves.scalars(plain_leaves(state)[independent_decoder.SCALARS, 0, 0])
    counts = [len(state.accounts), len(state.holders)]
    inbox = [state.inbox.cursor, state.inbox.next_index, state.inbox.uncredited]
    outbox = [state.outbox.next_index, state.outbox.unpaid]
    money = [state.insurance, state.treasury, state.vault]
    times = [state.round_number, state.marks_time]
    last = [state.next_expiry, state.funding_pool]
    assert found == [state.clock, state.next_arrival, *money, *times, *inbox, *outbox, *counts, *last]


@cache
def small_batch() -> Published:
    """A few dozen operations in the middle of a walk."""
    return tuple(published(MinimalFlow(4, 400), 400, 6, 30))[-2]


@cache
def dated_batch() -> Published:
    """Some operations among which a settlement value is fixed and a round with options begins."""
    for batch in published(DatedFlow(1, 1_000), 1_000, 6, 30):
        kinds = set(map(type, batch.operations))
        begun = [operation for operation in batch.operations if isinstance(operation, BeginRound)]
        if FixSettlement in kinds and any(quote.losses for each in begun for quote in each.statement.quotes):
            return batch
    raise LookupError("no such batch")


DATED_LOG = "log with options"

bodies = pytest.mark.parametrize("body", ["log", DATED_LOG, "state diff", "exit diff"])


def agree(ours: Any, theirs: Any, data: bytes) -> bool:
    """Both decoders refuse the bytes, or neither does; whether they were accepted."""
    answers = []
    for decode, refusal in ((ours, Refused), (theirs, independent_leaves.Bad)):
        try:
            decode(data)
            answers.append(True)
        except refusal:
            answers.append(False)
    assert answers[0] == answers[1], data.hex()
    return answers[0]


def both(body: str) -> tuple[Any, Any, bytes]:
    """Our decoder, the other one, and the bytes of a small batch."""
    batch = dated_batch() if body == DATED_LOG else small_batch()
    leaves, terms = plain_leaves(batch.before), terms_of(batch.before)
    owned = {name: split_account(batch.before, name)[0] for name in batch.before.accounts}
    holdings = plain_holdings(batch.before)
    return {
        body if "log" in body else "": (
            lambda data: decode_log(batch.before, data),
            lambda data: independent_decoder.Log(leaves, terms, data),
            batch.log,
        ),
        "state diff": (decode_state_diff, independent_decoder.state_diff, batch.state_diff),
        "exit diff": (
            lambda data: decode_exit_diff(owned, data),
            lambda data: independent_decoder.holdings_after(holdings, data),
            batch.exit_diff,
        ),
    }[body]


@bodies
def test_both_decoders_refuse_the_same_spoiled_bytes(body: str) -> None:
    ours, theirs, data = both(body)
    accepted = [agree(ours, theirs, hostile) for place, hostile in enumerate(spoiled(data)) if place % 3 == 0]
    assert agree(ours, theirs, data)
    assert 0 < sum(accepted) < len(accepted)


@bodies
@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, 400), tail=st.binary(max_size=40))
def test_both_decoders_refuse_the_same_arbitrary_bytes(body: str, cut: int, tail: bytes) -> None:
    ours, theirs, data = both(body)
    assert agree(ours, theirs, data[:cut] + tail) in (True, False)


def read_market(state: State, name: int, data: bytes) -> dict[str, Any]:
    """A market's leaf as the page has it."""
    instrument = state.markets[name].instrument
    terms = KINDS.index(instrument.kind), instrument.strike, instrument.maintenance_ppm
    return independent_leaves.market(data, *terms, state.markets[instrument.reference].mark)


def test_the_market_leaves_of_the_page_are_those_of_the_state() -> None:
    compared = 0
    for state in dated_states():
        for name, market in state.markets.items():
            found = read_market(state, name, encode_market(state, name))
            book = state.books[name]
            assert found == {
                "mark": market.mark,
                "surcharge": market.surcharge_ppm,
                "index": market.funding_index,
                "interest": book.open_interest,
                "orders": len(book.orders),
                "settlement": market.settlement or 0,
                "expired": market.expired,
                "losses": market.risk.losses if market.instrument.kind.is_option and not market.expired else (),
            }
            compared += bool(found["losses"])
    assert compared > 20


def test_page_and_project_refuse_the_same_market_leaves() -> None:
    accepted: list[bool] = []
    for state in (dated_states()[0], dated_states()[-1]):
        for name in (1, 3, 4, 5):
            instrument = state.markets[name].instrument
            reference = state.markets[instrument.reference].mark

            def ours(data: bytes, instrument: Instrument = instrument, reference: int = reference) -> object:
                return decode_market(data, instrument, reference if instrument.kind.is_option else None)

            def theirs(data: bytes, state: State = state, name: int = name) -> object:
                return read_market(state, name, data)

            leaf = encode_market(state, name)
            assert agree(ours, theirs, leaf)
            accepted += [agree(ours, theirs, hostile) for hostile in spoiled(leaf)]
    assert 100 < sum(accepted) < len(accepted) - 100


def test_the_quotes_of_the_page_are_those_of_the_round() -> None:
    compared = 0
    for state in dated_states():
        quotes = () if state.round is None else state.round.quotes.values()
        for quote in quotes:
            _, mark, rate, losses = astuple(quote)
            option = bool(losses)
            assert independent_leaves.quote(encode_quote(quote), option) == (mark, rate, losses)
            compared += option
    assert compared >= 4


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module)


@pytest.mark.parametrize(
    ("module", "lines"), [(independent_decoder, 190), (independent_leaves, 170), (independent_header, 60)]
)
def test_the_independent_decoder_is_short_and_imports_nothing_of_the_project(module: ModuleType, lines: int) -> None:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    others = set(imported(source)) - {independent_leaves.__name__}
    assert others
    assert {name.partition(".")[0] for name in others} <= sys.stdlib_module_names
    assert len(source.splitlines()) <= lines
