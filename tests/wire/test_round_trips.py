"""What is written is read as the same value, and every value has one spelling that any JSON library agrees to."""

import json
from typing import Any, NoReturn, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as draw

from settlespec.domain.events import Event, Filled, Revalued
from settlespec.domain.genesis import Genesis
from settlespec.domain.instruments import InstrumentKind, Quote, RoundStatement, SettlementStatement
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    FixSettlement,
    Operation,
    OracleSignature,
    Place,
    Receive,
    Take,
    Tick,
)
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Round, Stage
from settlespec.machine.genesis import PRESETS
from settlespec.machine.signatures import Ideal
from settlespec.wire.answers import (
    EVENTS,
    Accepted,
    Rejected,
    decode_answer,
    decode_event,
    encode_answer,
    encode_event,
)
from settlespec.wire.codec import Codec
from settlespec.wire.operations import OPERATIONS, decode_operation, encode_operation
from settlespec.wire.states import decode_genesis, decode_state, encode_genesis, encode_state
from settlespec.wire.traces import TRACE_LINES, TraceLine
from tests.commitment.dated_walks import dated_genesis, dated_states, is_paying_out
from tests.wire.drawing import passed, reached, records, values

PLACE = Place(
    account=1,
    nonce=2,
    valid_until=3,
    instrument=4,
    client_id=5,
    side=Side.SELL,
    size=6,
    kind=OrderKind.LIMIT,
    price=7,
    time_in_force=TimeInForce.GOOD_TILL_TIME,
    good_till=8,
    post_only=True,
    reduce_only=False,
    signature=b"\x00\xff",
)


def no_number(spelled: str) -> NoReturn:
    raise AssertionError(f"a JSON number: {spelled}")


def assert_canonical(text: bytes) -> None:
    """Keys sorted, no white space, no number: checked with the JSON of the standard library."""
    content = json.loads(text, parse_int=no_number, parse_float=no_number, parse_constant=no_number)
    spelled = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert spelled.encode() == text


def assert_travels(codec: Codec[Any], value: Any) -> None:
    text = codec.encode(value)
    assert codec.decode(text) == value
    assert_canonical(text)


@pytest.mark.parametrize("kind", get_args(Operation), ids=lambda kind: kind.__name__)
def test_every_operation_travels(kind: type) -> None:
    @settings(max_examples=50, deadline=None)
    @given(records(kind))
    def travels(operation: Operation) -> None:
        assert_travels(OPERATIONS, operation)

    travels()


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_travels(kind: type) -> None:
    @settings(max_examples=20, deadline=None)
    @given(records(kind))
    def travels(event: Event) -> None:
        assert_travels(EVENTS, event)

    travels()


@settings(max_examples=100, deadline=None)
@given(values(TraceLine))
def test_every_line_of_a_trace_travels(line: TraceLine) -> None:
    assert_travels(TRACE_LINES, line)


@settings(max_examples=100, deadline=None)
@given(records(Round))
def test_a_round_travels_at_every_stage_with_every_kind_of_task(round_: Round) -> None:
    assert_travels(Codec(Round, name="a round", max_bytes=2**20), round_)


@settings(max_examples=25, deadline=None)
@given(draw.integers(0, 2**32), draw.integers(0, 400))
def test_every_state_that_a_run_reaches_travels(seed: int, operations: int) -> None:
    state = reached(seed, operations)
    text = encode_state(state)
    assert decode_state(text) == state
    assert_canonical(text)


def test_a_state_inside_a_clearing_round_travels() -> None:
    stages = set()
    for state in passed(seed=3, operations=3_000):
        if state.round is not None and (state.round.stage, bool(state.round.tasks)) not in stages:
            stages.add((state.round.stage, bool(state.round.tasks)))
            assert decode_state(encode_state(state)) == state
    assert {stage for stage, _ in stages} == set(Stage)


def test_states_before_within_and_after_an_expiry_travel() -> None:
    states = dated_states()
    for state in states:
        text = encode_state(state)
        assert decode_state(text) == state
        assert_canonical(text)
    assert any(state.round is not None and state.round.quotes for state in states)
    assert any(is_paying_out(state) for state in states)


def test_a_genesis_with_options_travels_with_their_first_arrays() -> None:
    text = encode_genesis(dated_genesis())
    assert decode_genesis(text) == dated_genesis()
    assert_canonical(text)
    kinds = [instrument["kind"] for instrument in json.loads(text)["instruments"]]
    assert kinds == ["perpetual", "perpetual", "future", "call", "put"]


@pytest.mark.parametrize("name", PRESETS)
def test_the_genesis_of_every_preset_travels(name: str) -> None:
    genesis: Genesis = PRESETS[name](Ideal())
    text = encode_genesis(genesis)
    assert decode_genesis(text) == genesis
    assert_canonical(text)


def test_a_placed_order_is_spelled_like_this() -> None:
    assert encode_operation(PLACE) == (
        b'{"account":"1","client_id":"5","good_till":"8","instrument":"4","kind":"limit","nonce":"2","post_only":true,'
        b'"price":"7","reduce_only":false,"side":"-1","signature":"00ff","size":"6",'
        b'"time_in_force":"good_till_time","type":"place","valid_until":"3"}'
    )


def test_a_settlement_value_and_a_quote_of_an_option_are_spelled_like_this() -> None:
    signatures = (OracleSignature(2, b"\xab"),)
    assert encode_operation(FixSettlement(SettlementStatement(1, 2, 3, 4, 5), signatures)) == (
        b'{"signatures":[{"oracle":"2","signature":"ab"}],"statement":{"chain":"1","expiry":"4","instrument":"3",'
        b'"rollup":"2","value":"5"},"type":"fix_settlement"}'
    )
    quotes = (Quote(1, 10, -5), Quote(4, 2, 0, (7, -7)))
    assert encode_operation(BeginRound(RoundStatement(1, 2, 3, 4, quotes), ())) == (
        b'{"signatures":[],"statement":{"chain":"1","number":"3","quotes":['
        b'{"funding_rate":"-5","instrument":"1","losses":[],"mark":"10"},'
        b'{"funding_rate":"0","instrument":"4","losses":["7","-7"],"mark":"2"}],'
        b'"rollup":"2","timestamp":"4"},"type":"begin_round"}'
    )


def test_records_inside_records_carry_a_type_where_there_is_a_choice() -> None:
    assert encode_operation(Take()) == b'{"type":"take"}'
    assert encode_operation(Receive(9, Deposit(1, b"\xab", 5))) == (
        b'{"message":{"account":"1","amount":"5","key":"ab","type":"deposit"},"time":"9","type":"receive"}'
    )


def test_events_and_answers_are_spelled_like_this() -> None:
    filled = Filled(1, 10, 11, 2, 3, Side.BUY, 500, 4, -2, 7)
    spelled = (
        b'{"instrument":"1","maker":"10","maker_account":"2","maker_fee":"-2","price":"500","size":"4","taker":"11",'
        b'"taker_account":"3","taker_fee":"7","taker_side":"1","type":"filled"}'
    )
    assert encode_event(filled) == spelled
    assert decode_event(spelled) == filled
    accepted = Accepted((filled, Revalued(2, 0, -1)))
    rejected = Rejected(Reason.STALE_MARK)
    assert encode_answer(rejected) == b'{"reason":"STALE_MARK","type":"rejected"}'
    for answer in (accepted, rejected):
        assert decode_answer(encode_answer(answer)) == answer


def test_a_number_outside_its_range_is_well_formed_as_the_machine_refuses_it() -> None:
    for time in (-1, 2**53, 2**256, -(10**100) + 1, 10**100 - 1):
        assert decode_operation(encode_operation(Tick(time))) == Tick(time)


def test_a_number_that_nobody_would_read_is_not_written() -> None:
    for number in (10**100, -(10**100), 10**5_000):
        with pytest.raises(ValueError, match="more than 100 digits"):
            encode_operation(Cancel(number, 1, 1, 1, 1, b""))


def test_a_listed_kind_of_instrument_stands_by_its_value() -> None:
    text = encode_genesis(PRESETS["minimal"](Ideal()))
    kinds = {instrument["kind"] for instrument in json.loads(text)["instruments"]}
    assert kinds == {InstrumentKind.PERPETUAL.value}
