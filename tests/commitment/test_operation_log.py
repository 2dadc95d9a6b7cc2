"""The operation log: executed again it gives the same state, and no spoiled byte passes for what it was."""

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from random import Random

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.commitment.encoding import Refusal, Refused, Writer
from settlespec.commitment.operation_log import decode_log, encode_log, signatures_of
from settlespec.domain.instruments import Quote, RoundStatement, SettlementStatement
from settlespec.domain.messages import Deposit
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
    Signed,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.quantities import LOSS, MAX_PRICE
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.machine.exchange import step
from settlespec.machine.genesis import initial_state, standard
from tests.commitment.dated_walks import CALL, FUTURE, PUT, dated_genesis, dated_walk
from tests.commitment.hostile import assert_canonical, assert_spoiled_never_passes, spoiled
from tests.commitment.walks import SIGNER, Walked, minimal_walk, walk

STANDARD = initial_state(standard(SIGNER))
"""Four perpetuals at 100,000 quantums, price step 10, clock 0, nobody there yet."""

DATED_START = initial_state(dated_genesis())
"""Two perpetuals, a future (3), a call (4) and a put (5), clock 0, nobody there yet."""

GOOD_TILL_TIME = TimeInForce.GOOD_TILL_TIME


def batches(walked: Iterable[Walked], random: Random, mean: int) -> list[tuple[State, tuple[Operation, ...], State]]:
    """The accepted operations, cut at random moments: state before, operations, state after."""
    found: list[tuple[State, tuple[Operation, ...], State]] = []
    start: State | None = None
    operations: list[Operation] = []
    for each in walked:
        start = start or each.before
        if isinstance(each.outcome, Accepted):
            operations.append(each.operation)
        if random.randrange(mean) == 0:
            found.append((start, tuple(operations), each.after))
            start, operations = each.after, []
    return found


def unsigned(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """The operations as a log without signatures gives them back."""

    def bare(operation: Operation) -> Operation:
        if isinstance(operation, Signed):
            return evolve(operation, signature=b"")
        if isinstance(operation, BeginRound | FixSettlement):
            return evolve(operation, signatures=tuple(evolve(each, signature=b"") for each in operation.signatures))
        return operation

    return tuple(map(bare, operations))


def test_a_log_with_signatures_gives_back_the_very_operations() -> None:
    for seed in range(4):
        for before, operations, _ in batches(minimal_walk(seed, 1_500), Random(seed), 40):
            data = encode_log(before, operations, signatures=True)
            assert decode_log(before, data) == operations


def test_a_log_of_what_expires_gives_back_the_very_operations_and_the_same_state() -> None:
    kinds: Counter[type] = Counter()
    for seed in range(2):
        for before, operations, after in batches(dated_walk(seed, 1_000), Random(seed), 30):
            state = before
            decoded = decode_log(before, encode_log(before, operations, signatures=True))
            assert decoded == operations
            for operation in decoded:
                outcome = step(state, operation, SIGNER)
                assert isinstance(outcome, Accepted)
                state = outcome.state
            assert state == after
            kinds.update(map(type, operations))
    # The last operations of a run are in no batch.
    assert kinds[FixSettlement] == 6
    assert kinds[BeginRound] > 40


def test_a_log_without_signatures_gives_back_all_but_them() -> None:
    for before, operations, _ in batches(minimal_walk(5, 1_500), Random(5), 40):
        data = encode_log(before, operations, signatures=False)
        assert decode_log(before, data) == unsigned(operations)
        assert len(data) <= len(encode_log(before, operations, signatures=True))


def test_logs_of_the_embedded_flow_come_back() -> None:
    kinds: set[type] = set()
    for before, operations, _ in batches(walk(EmbeddedFlow(1, 150, 5_000), 5_000), Random(1), 700):
        assert decode_log(before, encode_log(before, operations, signatures=True)) == operations
        kinds.update(map(type, operations))
    assert kinds >= {Place, Cancel, Replace, Withdraw, Transfer, Receive, Take, Tick, BeginRound, ContinueRound}


def test_a_decoded_log_executed_again_gives_the_same_state() -> None:
    executed = 0
    for before, operations, after in batches(minimal_walk(6, 1_500), Random(6), 60):
        state = before
        for operation in decode_log(before, encode_log(before, operations, signatures=True)):
            outcome = step(state, operation, SIGNER)
            assert isinstance(outcome, Accepted)
            state = outcome.state
            executed += 1
        assert state == after
    assert executed > 500


def every_kind() -> tuple[Operation, ...]:
    """One operation of each kind and several sorts of orders, as accounts 3 and 300 might give them."""
    quotes = (Quote(1, 99_990, -50), Quote(2, 100_000, 0), Quote(3, 1, 7), Quote(4, 2**30, 900))
    signatures = (OracleSignature(0, b"0" * 16), OracleSignature(2, b"2" * 16))

    def place(
        nonce: int, lots: int, price: int, lifetime: TimeInForce, *, post: bool = False, less: bool = False
    ) -> Place:
        side = Side.BUY if lots > 0 else Side.SELL
        kind = OrderKind.LIMIT if price else OrderKind.MARKET
        good_till = 4_000 if lifetime is GOOD_TILL_TIME else 0
        return Place(3, nonce, 500, 2, 9, side, abs(lots), kind, price, lifetime, good_till, post, less, b"p" * 16)

    return (
        Receive(7, Deposit(3, SIGNER.key(3), 70_000)),
        Take(),
        Tick(450),
        place(1, 5, 100_000, GOOD_TILL_TIME, post=True),
        place(2, -400, 99_995, GOOD_TILL_TIME),
        place(3, 5, 0, TimeInForce.IMMEDIATE_OR_CANCEL, less=True),
        place(4, -1, 100_050, TimeInForce.FILL_OR_KILL),
        Cancel(3, 5, 450, 1, 2**40, b"c" * 16),
        Replace(300, 1, 449, 2, 8, 10, 100_060, 2**40, b"r" * 16),
        Withdraw(300, 2, 450, 2**70, b"w" * 16),
        Transfer(300, 3, 450, 3, 5, b"t" * 16),
        BeginRound(RoundStatement(1, 1, 1, 440, quotes), signatures),
        ContinueRound(256),
    )


@pytest.mark.parametrize("signatures", [True, False])
def test_one_of_every_kind_comes_back(signatures: bool) -> None:
    operations = every_kind()
    decoded = decode_log(STANDARD, encode_log(STANDARD, operations, signatures=signatures))
    assert decoded == (operations if signatures else unsigned(operations))


def dated_operations() -> tuple[Operation, ...]:
    """A round with options, and a settlement value, by oracles 0 and 2."""
    signatures = (OracleSignature(0, b"0" * 16), OracleSignature(2, b"2" * 16))
    rising, widest = tuple(range(-8, 8)), (LOSS.high, LOSS.low) * 8
    quotes = (
        Quote(1, 10, -50),
        Quote(2, 12, 0),
        Quote(FUTURE, 11, 0),
        Quote(CALL, 2, 7, rising),
        Quote(PUT, 3, 0, widest),
    )
    expiry = DATED_START.markets[FUTURE].instrument.expiry
    return (
        Tick(450),
        BeginRound(RoundStatement(1, 1, 1, 440, quotes), signatures),
        FixSettlement(SettlementStatement(1, 1, FUTURE, expiry, MAX_PRICE), signatures[::-1]),
    )


@pytest.mark.parametrize("signatures", [True, False])
def test_a_round_with_options_and_a_settlement_value_come_back(signatures: bool) -> None:
    operations = dated_operations()
    decoded = decode_log(DATED_START, encode_log(DATED_START, operations, signatures=signatures))
    assert decoded == (operations if signatures else unsigned(operations))


@pytest.mark.parametrize("signatures", [True, False])
def test_no_spoiled_log_with_options_passes_for_the_one_it_was(signatures: bool) -> None:
    data = encode_log(DATED_START, dated_operations(), signatures=signatures)
    refused, other = assert_spoiled_never_passes(
        lambda content: decode_log(DATED_START, content),
        lambda operations: encode_log(DATED_START, operations, signatures=True),
        data,
    )
    assert refused > 300
    assert other > 100


def written_again(operations: tuple[Operation, ...]) -> bytes:
    """The one log of these operations: it has signatures if any of them has one."""
    return encode_log(STANDARD, operations, signatures=True)


@pytest.mark.parametrize("signatures", [True, False])
def test_no_spoiled_log_passes_for_the_one_it_was(signatures: bool) -> None:
    data = encode_log(STANDARD, every_kind(), signatures=signatures)
    original = decode_log(STANDARD, data)
    refused = other = 0
    for hostile in spoiled(data):
        if hostile == data:
            continue
        decoded = assert_canonical(lambda content: decode_log(STANDARD, content), written_again, hostile)
        if decoded is None:
            refused += 1
        else:
            assert decoded != original
            other += 1
    assert refused > 500
    assert other > 100


@settings(max_examples=300)
@given(data=st.data())
def test_any_bytes_are_refused_or_are_the_one_log_of_their_operations(data: st.DataObject) -> None:
    whole = encode_log(STANDARD, every_kind(), signatures=data.draw(st.booleans()))
    cut = data.draw(st.integers(0, len(whole)))
    hostile = whole[:cut] + data.draw(st.binary(max_size=50))
    assert_canonical(lambda content: decode_log(STANDARD, content), written_again, hostile)


@settings(max_examples=300)
@given(count=st.integers(0, 12), body=st.binary(max_size=60))
def test_any_operations_are_refused_or_are_the_one_log_of_them(count: int, body: bytes) -> None:
    assert_canonical(lambda content: decode_log(STANDARD, content), written_again, bytes([0, count]) + body)


def log(*parts: int | bytes, signatures: int = 0, count: int = 1) -> bytes:
    """A log written by hand: unsigned integers, and bytes as they are."""
    writer = Writer()
    writer.unsigned(signatures)
    writer.unsigned(count)
    for part in parts:
        if isinstance(part, bytes):
            writer.raw(part)
        else:
            writer.unsigned(part)
    return writer.finish()


def refusal(data: bytes, before: State = STANDARD) -> Refusal:
    with pytest.raises(Refused) as caught:
        decode_log(before, data)
    return caught.value.refusal


TAKE, TICK, CONTINUE, FIX = 6, 7, 9, 10
LIMIT_ORDER = 1
"""Terms: a buy, limit, good till time."""

REFUSALS: dict[str, tuple[bytes, Refusal]] = {
    "no bytes": (b"", Refusal.TRUNCATED),
    "no count": (b"\x00", Refusal.TRUNCATED),
    "a flag of two": (log(TAKE, signatures=2), Refusal.OUT_OF_RANGE),
    "fewer operations than counted": (log(TAKE, count=2), Refusal.TRUNCATED),
    "more operations than counted": (log(TAKE, TAKE), Refusal.TRAILING),
    "a count beyond the bytes": (log(TAKE, count=2**60), Refusal.PAST_THE_END),
    "a tag that stands for nothing": (log(11), Refusal.UNKNOWN_TAG),
    "the highest tag": (log(15), Refusal.UNKNOWN_TAG),
    "terms on what is no order": (log(TAKE + 16), Refusal.UNKNOWN_TAG),
    "an order of a fourth lifetime": (log(16 * 0b1100, 0, 0, 1, 0, 1, 0), Refusal.UNKNOWN_TAG),
    "an order with a seventh term": (log(16 * 0b1000001, 0, 0, 1, 0, 1, 0, 0), Refusal.UNKNOWN_TAG),
    "a post-only order that never rests": (log(16 * 0b10100, 0, 0, 1, 0, 1, 4), Refusal.OUT_OF_RANGE),
    "a market order that rests": (log(16 * 0b00010, 0, 0, 1, 0, 1, 0), Refusal.OUT_OF_RANGE),
    "a limit order of price zero": (log(16 * LIMIT_ORDER, 0, 0, 1, 0, 1, 2 * 20_000 - 1, 0), Refusal.OUT_OF_RANGE),
    "a price below zero": (log(16 * LIMIT_ORDER, 0, 0, 1, 0, 1, 2 * 20_002 - 1, 0), Refusal.OUT_OF_RANGE),
    "a price beyond the highest": (log(16 * LIMIT_ORDER, 0, 0, 1, 0, 1, 4 * MAX_PRICE, 0), Refusal.OUT_OF_RANGE),
    "a price in quantums that is on the step": (
        log(16 * LIMIT_ORDER, 0, 0, 1, 0, 1, 2 * (2 * 10 + 1), 0),
        Refusal.NOT_MINIMAL,
    ),
    "a size past its range": (log(16 * LIMIT_ORDER, 0, 0, 1, 0, 2**40, 0, 0), Refusal.OUT_OF_RANGE),
    "an account past its range": (log(1, 2**64, 0, 1, 1), Refusal.OUT_OF_RANGE),
    "an order cut short": (log(16 * LIMIT_ORDER, 0, 0, 1), Refusal.TRUNCATED),
    "a message longer than the bytes": (log(5, 200, 0, 0), Refusal.PAST_THE_END),
    "a message of no kind": (log(5, 36, 0, 3, 0, SIGNER.key(0), 1), Refusal.OUT_OF_RANGE),
    "a message with something behind it": (log(5, 37, 0, 0, 0, SIGNER.key(0), 1, 0), Refusal.TRAILING),
    "a tick of more than all time": (log(TICK, 2**53), Refusal.OUT_OF_RANGE),
    "a statement from before time began": (log(8, 1, 0, 0), Refusal.OUT_OF_RANGE),
    "a mark of zero": (log(8, 0, 1, 1, 0, 0, 0), Refusal.OUT_OF_RANGE),
    "a quote of nothing that is listed": (log(8, 0, 1, 5, 5, 0, 0), Refusal.UNKNOWN_KEY),
    "a settlement of nothing that is listed": (log(FIX, 5, 9, 0), Refusal.UNKNOWN_KEY),
    "more oracles than bytes": (log(8, 0, 0, 99), Refusal.PAST_THE_END),
    "micro-steps past their range": (log(CONTINUE, 2**64), Refusal.OUT_OF_RANGE),
    "a signature section of nothing signed": (log(TAKE, signatures=1), Refusal.SUPERFLUOUS),
    "a signature section of empty signatures": (log(1, 0, 0, 1, 1, 0, signatures=1), Refusal.SUPERFLUOUS),
    "a signature cut short": (log(1, 0, 0, 1, 1, 16, b"only", signatures=1), Refusal.PAST_THE_END),
    "no signature where one is due": (log(1, 0, 0, 1, 1, signatures=1), Refusal.TRUNCATED),
    "a superfluous zero group": (log(b"\x86\x00"), Refusal.NOT_MINIMAL),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_log_that_nobody_wrote_is_refused(name: str) -> None:
    data, expected = REFUSALS[name]
    assert refusal(data) is expected


NO_LOSSES = bytes(16)

DATED_REFUSALS: dict[str, tuple[bytes, Refusal]] = {
    "an option's quote without losses": (log(8, 0, 1, CALL, 3, 0, 0), Refusal.TRUNCATED),
    "a future's quote with losses": (log(8, 0, 1, FUTURE, 3, 0, NO_LOSSES, 0), Refusal.TRAILING),
    "a loss past its range": (log(8, 0, 1, PUT, 3, 0, 2 * LOSS.high + 2, NO_LOSSES[1:], 0), Refusal.OUT_OF_RANGE),
    "a settlement at nothing": (log(FIX, FUTURE, 0, 0), Refusal.OUT_OF_RANGE),
    "a settlement value past its range": (log(FIX, FUTURE, MAX_PRICE + 1, 0), Refusal.OUT_OF_RANGE),
    "a settlement cut short": (log(FIX, FUTURE), Refusal.TRUNCATED),
    "a settlement with terms": (log(FIX + 16, FUTURE, 9, 0), Refusal.UNKNOWN_TAG),
    "a settlement with more oracles than bytes": (log(FIX, FUTURE, 9, 99), Refusal.PAST_THE_END),
    "a settlement without the signature that is due": (log(FIX, FUTURE, 9, 1, 0, signatures=1), Refusal.TRUNCATED),
}


@pytest.mark.parametrize("name", DATED_REFUSALS)
def test_a_log_about_what_expires_that_nobody_wrote_is_refused(name: str) -> None:
    data, expected = DATED_REFUSALS[name]
    assert refusal(data, DATED_START) is expected


def test_logs_close_to_these_are_not_refused() -> None:
    (round_,) = decode_log(DATED_START, log(8, 0, 1, CALL, 3, 0, NO_LOSSES, 0))
    assert isinstance(round_, BeginRound)
    assert round_.statement.quotes == (Quote(CALL, 3, 0, (0,) * 16),)
    (fixed,) = decode_log(DATED_START, log(FIX, PUT, 9, 1, 0))
    expiry = DATED_START.markets[PUT].instrument.expiry
    assert fixed == FixSettlement(SettlementStatement(1, 1, PUT, expiry, 9), (OracleSignature(0, b""),))


def test_what_is_refused_is_close_to_what_is_not() -> None:
    assert decode_log(STANDARD, log(TAKE)) == (Take(),)
    assert decode_log(STANDARD, log(TICK, 2**53 - 1)) == (Tick(2**53 - 1),)
    (order,) = decode_log(STANDARD, log(16 * LIMIT_ORDER, 0, 0, 1, 0, 1, 2 * (2 * 11 + 1), 0))
    assert isinstance(order, Place)
    assert order.price == 100_011
    (cheapest,) = decode_log(STANDARD, log(16 * LIMIT_ORDER, 0, 0, 1, 0, 1, 4 * 9_999 - 1, 0))
    assert isinstance(cheapest, Place)
    assert cheapest.price == 10


def test_two_logs_of_equal_operations_are_equal_bytes() -> None:
    # An empty section of signatures once was a second spelling.
    bare = unsigned(every_kind())
    assert encode_log(STANDARD, bare, signatures=True) == encode_log(STANDARD, bare, signatures=False)
    assert encode_log(STANDARD, (Take(),), signatures=True) == b"\x00\x01\x06"


@pytest.mark.parametrize(
    "operation",
    [
        Cancel(3, 2, 0, 1, 1, b"s"),
        BeginRound(RoundStatement(2, 1, 1, 0, ()), ()),
        BeginRound(RoundStatement(1, 2, 1, 0, ()), ()),
        BeginRound(RoundStatement(1, 1, 2, 0, ()), ()),
        BeginRound(RoundStatement(1, 1, 1, 5, ()), ()),
        Tick(-1),
        FixSettlement(SettlementStatement(1, 1, 9, 5, 5), ()),
        FixSettlement(SettlementStatement(1, 1, 1, 5, 5), ()),
        FixSettlement(SettlementStatement(2, 1, 1, 0, 5), ()),
        FixSettlement(SettlementStatement(1, 2, 1, 0, 5), ()),
    ],
    ids=[
        "a nonce ahead",
        "a foreign chain",
        "a foreign rollup",
        "a round ahead",
        "a statement ahead",
        "time backwards",
        "a settlement of nothing that is listed",
        "a settlement at another expiry",
        "a settlement for a foreign chain",
        "a settlement for a foreign rollup",
    ],
)
def test_an_operation_that_was_never_accepted_cannot_be_written(operation: Operation) -> None:
    with pytest.raises(ValueError, match=r"never accepted here|no unsigned integer"):
        encode_log(STANDARD, (operation,), signatures=False)


def test_nonces_follow_the_account_of_the_state_before_and_then_the_log() -> None:
    for each in minimal_walk(3, 800):
        if len(each.after.accounts) == 5 and each.after.accounts[2].nonce > 3:
            state = each.after
            break
    first, second = state.accounts[2].nonce + 1, state.accounts[2].nonce + 2
    operations = (Cancel(2, first, state.clock, 1, 1, b""), Cancel(2, second, state.clock, 1, 1, b""))
    data = encode_log(state, operations, signatures=False)
    assert [each.nonce for each in decode_log(state, data) if isinstance(each, Cancel)] == [first, second]


def sizes_of(operations: tuple[Operation, ...]) -> list[int]:
    """Bytes that each operation adds."""
    lengths = [len(encode_log(STANDARD, operations[:count], signatures=False)) for count in range(len(operations) + 1)]
    return [after - before for before, after in pairwise(lengths)]


def test_what_the_context_knows_costs_little() -> None:
    sizes = sizes_of(every_kind())
    assert sizes[1] == 1
    assert all(size <= 14 for size in (*sizes[3:9], sizes[10]))


def test_signatures_stand_in_the_order_of_their_operations() -> None:
    operations = every_kind()
    found = list(signatures_of(operations))
    assert found == [b"p" * 16] * 4 + [letter * 16 for letter in (b"c", b"r", b"w", b"t", b"0", b"2")]
    tail = b"".join(bytes([16]) + signature for signature in found)
    assert encode_log(STANDARD, operations, signatures=True).endswith(tail)


def peak_of(work: Callable[..., object], *arguments: object) -> int:
    """The most memory that was in use at once, in bytes."""
    tracemalloc.start()
    try:
        work(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_hostile_counts_and_lengths_cost_no_memory() -> None:
    for hostile in (log(count=2**62), log(5, 2**62), log(8, 0, 2**62), log(8, 0, 0, 2**62), log(TICK, 2**191)):
        assert peak_of(refusal, hostile) < 200_000


@pytest.mark.parametrize("operation", [bytes([TAKE]), bytes([TICK, 0])], ids=["take", "tick"])
def test_memory_grows_with_the_bytes_and_not_faster(operation: bytes) -> None:
    few, many = (peak_of(decode_log, STANDARD, log(operation * count, count=count)) for count in (1_000, 10_000))
    assert many < 12 * few + 100_000
