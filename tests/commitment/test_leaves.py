"""The leaves of the state: every kind comes back, and no bytes but its own stand for it."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.commitment.encoding import Refusal, Refused, Writer
from settlespec.commitment.leaves import (
    KEY_BYTES,
    Activity,
    Holdings,
    LeafKey,
    LiveOrders,
    NamedOrder,
    Part,
    decode_activity,
    decode_claim,
    decode_holdings,
    decode_order,
    decode_received,
    encode_activity,
    encode_claim,
    encode_holdings,
    encode_order,
    encode_received,
)
from settlespec.commitment.market_leaves import decode_market
from settlespec.commitment.parts import decode_number, decode_scalars, encode_number
from settlespec.commitment.round_leaves import (
    RoundLists,
    decode_breach,
    decode_quote,
    decode_round,
    decode_task,
    encode_breach,
    encode_quote,
    encode_round,
    encode_task,
)
from settlespec.domain.instruments import Instrument, Market, Quote
from settlespec.domain.messages import Cause, Claim, Deposit, ForcedOrder, ForcedWithdrawal, Received
from settlespec.domain.orders import Order, Side
from settlespec.domain.quantities import IDENTIFIER, LOSS, MAX_AMOUNT, MAX_PRICE, MAX_SIZE, RATE, TIME
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Round, Seize, Settle
from settlespec.domain.state import State
from tests.commitment import drawing
from tests.commitment.dated_walks import CALL, FUTURE, PUT, dated_genesis
from tests.commitment.hostile import assert_canonical, assert_spoiled_never_passes
from tests.commitment.walks import mid_round_states

KEY = bytes(range(32))
TOO_HIGH = IDENTIFIER.high + 1


@frozen
class Kind:
    """A kind of leaf: how it is drawn, written and read."""

    name: str
    drawn: st.SearchStrategy[Any]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def bytes_of(*numbers: int | bytes) -> bytes:
    """Unsigned integers, and bytes as they are."""
    writer = Writer()
    for number in numbers:
        if isinstance(number, bytes):
            writer.raw(number)
        else:
            writer.unsigned(number)
    return writer.finish()


def decode_order_at_its_place(data: bytes) -> Order:
    return decode_order(data, 1, Side.BUY, 10, 7)


def lists_of(current: Round) -> RoundLists:
    """The lists that a round's own leaf does not hold."""
    return RoundLists(
        lambda _: current.quotes,
        lambda _: current.tasks,
        lambda _: current.gains,
        lambda _: current.defaulted,
        lambda _: current.breaches,
    )


def round_of(state: State) -> Round:
    assert state.round is not None
    return state.round


def listed(name: int) -> Instrument:
    """Two perpetuals, a future, a call and a put."""
    return dated_genesis().instruments[name - 1]


def linear_market(data: bytes) -> tuple[Market, int, int]:
    return decode_market(data, listed(1), None)


orders_at_one_place = drawing.orders().map(
    lambda order: evolve(order, instrument=1, side=Side.BUY, price=10, arrival=7)
)

KINDS = (
    Kind("holdings", drawing.holdings, encode_holdings, decode_holdings),
    Kind("activity", drawing.activities, encode_activity, decode_activity),
    Kind("order", orders_at_one_place, encode_order, decode_order_at_its_place),
    Kind(
        "claim",
        drawing.claims.map(lambda claim: evolve(claim, index=3)),
        encode_claim,
        lambda data: decode_claim(data, 3),
    ),
    Kind("received", drawing.received, encode_received, decode_received),
    Kind("task", drawing.tasks, encode_task, decode_task),
    Kind("breach", drawing.breaches, encode_breach, decode_breach),
    Kind("number", drawing.quantities, encode_number, decode_number),
    Kind("quote", drawing.linear_quotes, encode_quote, lambda data: decode_quote(data, listed(1))),
    Kind("option's quote", drawing.option_quotes, encode_quote, lambda data: decode_quote(data, listed(CALL))),
)

EXAMPLES: dict[str, tuple[Any, ...]] = {
    "holdings": (Holdings(KEY, -5, ()), Holdings(KEY, 300, ((1, -7), (2, 40), (900, 1)))),
    "activity": (
        Activity(0, 0, (), ()),
        Activity(
            9,
            1,
            ((1, -300), (2, 7)),
            (LiveOrders(2, 3, 4, 0, (NamedOrder(0, 5, Side.BUY, 9), NamedOrder(200, 6, Side.SELL, 11))),),
        ),
    ),
    "order": (Order(7, 4, 2, 1, Side.BUY, 10, 12, 5, 3_000, True), Order(7, 400, 2, 1, Side.BUY, 10, 1, 0, 0, False)),
    "claim": (Claim(3, 1, KEY, 200, Cause.WITHDRAWAL), Claim(3, 0, KEY, 1, Cause.REFUSED_DEPOSIT)),
    "received": (
        Received(0, Deposit(1, KEY, 5)),
        Received(900, ForcedWithdrawal(1, KEY, 300)),
        Received(900, ForcedOrder(1, KEY, 2, Side.SELL, 3, 9)),
    ),
    "task": (5, Seize(300), CloseAtMark(1, 2, 3, 4), Settle(0), Discard(1, Side.SELL, 9, 300)),
    "breach": (Breach(1, -200, 30, 2), Breach(0, 0, 0, 0)),
    "number": (0, 127, 128, 2**64),
    "quote": (Quote(1, 5, -300), Quote(1, MAX_PRICE, 0)),
    "option's quote": (
        Quote(CALL, 5, 0, (0,) * 16),
        Quote(CALL, 300, 7, (*range(-7, 7), LOSS.low, LOSS.high)),
    ),
}

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@every_kind
@settings(max_examples=150)
@given(data=st.data())
def test_every_leaf_comes_back(kind: Kind, data: st.DataObject) -> None:
    value = data.draw(kind.drawn)
    assert kind.decode(kind.encode(value)) == value


@every_kind
def test_no_spoiled_leaf_passes_for_the_one_it_was(kind: Kind) -> None:
    for example in EXAMPLES[kind.name]:
        refused, other = assert_spoiled_never_passes(kind.decode, kind.encode, kind.encode(example))
        assert refused > 0
        assert other > 0


@every_kind
@settings(max_examples=200)
@given(data=st.data())
def test_any_bytes_are_refused_or_are_the_one_encoding_of_a_leaf(kind: Kind, data: st.DataObject) -> None:
    # The second half begins like a real leaf, so that reading comes further than the first field.
    start = data.draw(st.just(b"") | kind.drawn.map(kind.encode))
    cut = data.draw(st.integers(0, len(start)))
    assert_canonical(kind.decode, kind.encode, start[:cut] + data.draw(st.binary(max_size=60)))


@settings(max_examples=150)
@given(current=drawing.rounds)
def test_every_round_comes_back_with_its_lists(current: Round) -> None:
    assert decode_round(encode_round(current), lists_of(current)) == current


@frozen
class Counted:
    """A list of a round of which only the length is known."""

    count: int

    def __len__(self) -> int:
        return self.count


def decode_alone(data: bytes) -> Round:
    """A round's own leaf, with lists that are nothing but long."""
    anything: Any = Counted
    return decode_round(data, RoundLists(anything, anything, anything, anything, anything))


def test_no_spoiled_round_passes_for_the_one_it_was() -> None:
    for state in mid_round_states()[:6]:
        refused, other = assert_spoiled_never_passes(decode_alone, encode_round, encode_round(round_of(state)))
        assert refused > 0
        assert other > 0


@settings(max_examples=200)
@given(current=drawing.rounds, tail=st.binary(max_size=40), data=st.data())
def test_any_bytes_are_refused_or_are_the_one_encoding_of_a_round(
    current: Round, tail: bytes, data: st.DataObject
) -> None:
    start = encode_round(current)
    cut = data.draw(st.integers(0, len(start)))
    assert_canonical(decode_alone, encode_round, start[:cut] + tail)


def refused_by(decode: Callable[[bytes], Any], data: bytes) -> Refusal:
    with pytest.raises(Refused) as caught:
        decode(data)
    return caught.value.refusal


REFUSALS: tuple[tuple[str, Callable[[bytes], Any], bytes, Refusal], ...] = (
    ("a key shorter than 32 bytes", decode_holdings, KEY[:31], Refusal.TRUNCATED),
    ("a size of zero", decode_holdings, bytes_of(KEY, 0, 1, 0, 0), Refusal.SUPERFLUOUS),
    (
        "an instrument past its range",
        decode_holdings,
        bytes_of(KEY, 0, 2, IDENTIFIER.high, 2, 0, 2),
        Refusal.OUT_OF_RANGE,
    ),
    ("more sizes than bytes", decode_holdings, bytes_of(KEY, 0, 9, 0, 2), Refusal.PAST_THE_END),
    ("bytes behind the holdings", decode_holdings, bytes_of(KEY, 0, 0, 0), Refusal.TRAILING),
    ("a nonce past its range", decode_activity, bytes_of(TOO_HIGH, 0, 0, 0), Refusal.OUT_OF_RANGE),
    ("breach rounds past their range", decode_activity, bytes_of(0, TOO_HIGH, 0, 0), Refusal.OUT_OF_RANGE),
    ("an instrument without a live order", decode_activity, bytes_of(0, 0, 0, 1, 0, 0, 0, 0, 0), Refusal.SUPERFLUOUS),
    (
        "live orders in an instrument past its range",
        decode_activity,
        bytes_of(0, 0, 0, 2, IDENTIFIER.high, 1, 0, 0, 1, 0, 0, 3, 0, 1, 0, 0, 1, 0, 0, 3),
        Refusal.OUT_OF_RANGE,
    ),
    (
        "a client id past its range",
        decode_activity,
        bytes_of(0, 0, 0, 1, 0, 1, 0, 0, 2, IDENTIFIER.high, 0, 3, 0, 0, 3),
        Refusal.OUT_OF_RANGE,
    ),
    (
        "an order's price past its range",
        decode_activity,
        bytes_of(0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 2 * MAX_PRICE + 2),
        Refusal.OUT_OF_RANGE,
    ),
    ("an order of no lots", decode_order_at_its_place, bytes_of(0, 0, 0, 0, 0, 0), Refusal.OUT_OF_RANGE),
    ("an order with nothing left", decode_order_at_its_place, bytes_of(0, 0, 5, 5, 0, 0), Refusal.OUT_OF_RANGE),
    ("an order too large", decode_order_at_its_place, bytes_of(0, 0, MAX_SIZE + 1, 0, 0, 0), Refusal.OUT_OF_RANGE),
    (
        "an order beyond all time",
        decode_order_at_its_place,
        bytes_of(0, 0, 1, 0, TIME.high + 1, 0),
        Refusal.OUT_OF_RANGE,
    ),
    ("a reduce-only flag of two", decode_order_at_its_place, bytes_of(0, 0, 1, 0, 0, 2), Refusal.OUT_OF_RANGE),
    (
        "an order of price zero",
        lambda data: decode_order(data, 1, Side.SELL, 0, 1),
        bytes_of(0, 0, 1, 0, 0, 0),
        Refusal.OUT_OF_RANGE,
    ),
    ("a claim of nothing", lambda data: decode_claim(data, 0), bytes_of(0, KEY, 0, 0), Refusal.OUT_OF_RANGE),
    (
        "a claim of too much",
        lambda data: decode_claim(data, 0),
        bytes_of(0, KEY, MAX_AMOUNT + 1, 0),
        Refusal.OUT_OF_RANGE,
    ),
    ("a claim for no cause", lambda data: decode_claim(data, 0), bytes_of(0, KEY, 1, len(Cause)), Refusal.OUT_OF_RANGE),
    ("a message of no kind", decode_received, bytes_of(0, 3, 0, KEY, 1), Refusal.OUT_OF_RANGE),
    ("a deposit of nothing", decode_received, bytes_of(0, 0, 0, KEY, 0), Refusal.OUT_OF_RANGE),
    ("a forced withdrawal of nothing", decode_received, bytes_of(0, 1, 0, KEY, 0), Refusal.OUT_OF_RANGE),
    ("a forced order of no lots", decode_received, bytes_of(0, 2, 0, KEY, 1, 0, 0, 9), Refusal.OUT_OF_RANGE),
    ("a forced order at no price", decode_received, bytes_of(0, 2, 0, KEY, 1, 0, 5, 0), Refusal.OUT_OF_RANGE),
    ("a message beyond all time", decode_received, bytes_of(TIME.high + 1, 0, 0, KEY, 1), Refusal.OUT_OF_RANGE),
    ("a task of no kind", decode_task, bytes_of(5, 0), Refusal.OUT_OF_RANGE),
    ("a close of no lots", decode_task, bytes_of(2, 0, 0, 0, 0), Refusal.OUT_OF_RANGE),
    ("a task cut short", decode_task, bytes_of(2, 0, 0), Refusal.TRUNCATED),
    ("a breach cut short", decode_breach, bytes_of(0, 0), Refusal.TRUNCATED),
    (
        "a mark of zero",
        linear_market,
        bytes_of(0, 0, 0, 0, 0),
        Refusal.OUT_OF_RANGE,
    ),
    (
        "a surcharge past its range",
        linear_market,
        bytes_of(1, 10**9 + 1, 0, 0, 0),
        Refusal.OUT_OF_RANGE,
    ),
    ("no scalars at all", decode_scalars, b"", Refusal.TRUNCATED),
    ("one scalar too many", decode_scalars, bytes(17), Refusal.TRAILING),
    (
        "an inbox that ends before its cursor",
        decode_scalars,
        bytes_of(bytes(7), 5, 4, bytes(7)),
        Refusal.OUT_OF_RANGE,
    ),
    ("more accounts than can be counted", decode_scalars, bytes_of(bytes(12), 2**63, bytes(3)), Refusal.OUT_OF_RANGE),
    ("more holders than can be counted", decode_scalars, bytes_of(bytes(13), 2**63, bytes(2)), Refusal.OUT_OF_RANGE),
    ("a next expiry past the end of time", decode_scalars, bytes_of(bytes(14), 2**53, 0), Refusal.OUT_OF_RANGE),
    (
        "more orders than can be counted",
        linear_market,
        bytes_of(1, 0, 0, 0, 2**63),
        Refusal.OUT_OF_RANGE,
    ),
)


@pytest.mark.parametrize(
    ("decode", "data", "refusal"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_a_leaf_that_says_nothing_possible_is_refused(
    decode: Callable[[bytes], Any], data: bytes, refusal: Refusal
) -> None:
    assert refused_by(decode, data) is refusal


def head(stage: int = 1, holder: int = 0, *, number: int = 4, timestamp: int = 100) -> bytes:
    """A round's leaf with nothing in its lists."""
    return bytes_of(number, timestamp, 0, 50, stage, holder, bytes(10))


@pytest.mark.parametrize("place", [0, 2, 4, 7])
def test_a_list_longer_than_can_be_counted_is_refused(place: int) -> None:
    start = bytes_of(4, 100, 0, 50, 1, 0)
    assert decode_alone(start + bytes(10)).micro_steps == 0
    hostile = start + bytes(place) + bytes_of(2**63) + bytes(9 - place)
    assert refused_by(decode_alone, hostile) is Refusal.OUT_OF_RANGE


def test_more_quotes_than_can_be_counted_are_refused() -> None:
    fine, hostile = (bytes_of(4, 100, count, 50, 1, 0, bytes(10)) for count in (2**63 - 1, 2**63))
    assert decode_alone(fine).quotes == Counted(2**63 - 1)
    assert refused_by(decode_alone, hostile) is Refusal.OUT_OF_RANGE


@pytest.mark.parametrize("field", ["number", "timestamp"])
def test_a_statement_past_the_range_of_its_number_or_time_is_refused(field: str) -> None:
    highest = {"number": IDENTIFIER.high, "timestamp": TIME.high}[field]
    assert getattr(decode_alone(head(**{field: highest})), field) == highest
    assert refused_by(decode_alone, head(**{field: highest + 1})) is Refusal.OUT_OF_RANGE


@pytest.mark.parametrize("stage", [0, 9])
def test_a_round_in_no_stage_is_refused(stage: int) -> None:
    nothing = lists_of(round_of(mid_round_states()[0]))
    assert decode_round(head(1), nothing).holder is None
    assert refused_by(lambda data: decode_round(data, nothing), head(stage)) is Refusal.OUT_OF_RANGE


def test_a_holder_past_its_range_is_refused() -> None:
    nothing = lists_of(round_of(mid_round_states()[0]))
    assert decode_round(head(holder=TOO_HIGH), nothing).holder == IDENTIFIER.high
    assert refused_by(lambda data: decode_round(data, nothing), head(holder=TOO_HIGH + 1)) is Refusal.OUT_OF_RANGE


NO_LOSSES = bytes(16)

QUOTES: dict[str, tuple[int, bytes, Refusal]] = {
    "mark of zero": (1, bytes_of(0, 0), Refusal.OUT_OF_RANGE),
    "mark past its range": (1, bytes_of(MAX_PRICE + 1, 0), Refusal.OUT_OF_RANGE),
    "rate too high": (1, bytes_of(5, 2 * RATE.high + 2), Refusal.OUT_OF_RANGE),
    "rate too low": (1, bytes_of(5, 2 * RATE.high + 1), Refusal.OUT_OF_RANGE),
    "losses of a perpetual": (1, bytes_of(5, 0, NO_LOSSES), Refusal.TRAILING),
    "losses of a future": (FUTURE, bytes_of(5, 0, NO_LOSSES), Refusal.TRAILING),
    "a call without losses": (CALL, bytes_of(5, 0), Refusal.TRUNCATED),
    "a put without losses": (PUT, bytes_of(5, 0), Refusal.TRUNCATED),
    "an option with fifteen losses": (CALL, bytes_of(5, 0, NO_LOSSES[1:]), Refusal.TRUNCATED),
    "an option with seventeen losses": (CALL, bytes_of(5, 0, NO_LOSSES, 0), Refusal.TRAILING),
    "a loss too high": (CALL, bytes_of(5, 0, 2 * LOSS.high + 2, NO_LOSSES[1:]), Refusal.OUT_OF_RANGE),
    "a loss too low": (CALL, bytes_of(5, 0, 2 * -LOSS.low + 1, NO_LOSSES[1:]), Refusal.OUT_OF_RANGE),
    "a loss that is too high together with the one before": (
        CALL,
        bytes_of(5, 0, 2 * LOSS.high, 2, NO_LOSSES[2:]),
        Refusal.OUT_OF_RANGE,
    ),
}


@pytest.mark.parametrize("name", QUOTES)
def test_a_quote_that_no_oracle_could_give_is_refused(name: str) -> None:
    instrument, data, refusal = QUOTES[name]
    assert refused_by(lambda quote: decode_quote(quote, listed(instrument)), data) is refusal


def test_a_quote_at_the_borders_of_its_ranges_is_none_of_these() -> None:
    assert decode_quote(bytes_of(MAX_PRICE, 2 * RATE.high), listed(1)) == Quote(1, MAX_PRICE, RATE.high)
    widest = bytes_of(5, 0, 2 * LOSS.high, 4 * LOSS.high - 1, NO_LOSSES[2:])
    assert decode_quote(widest, listed(PUT)) == Quote(PUT, 5, 0, (LOSS.high, *(LOSS.low,) * 15))


def test_parts_and_keys_stand_in_the_order_of_their_numbers() -> None:
    keys = [LeafKey(Part.OUTBOX, 0, 0), LeafKey(Part.BIDS, 2, 1), LeafKey(Part.BIDS, 1, 9), LeafKey(Part.SCALARS, 0, 5)]
    assert [key.part for key in sorted(keys)] == [Part.SCALARS, Part.BIDS, Part.BIDS, Part.OUTBOX]
    assert sorted(keys)[1] == LeafKey(Part.BIDS, 1, 9)
    assert [part.value for part in Part] == list(range(15))


def test_a_key_of_another_length_than_an_owners_is_no_holdings() -> None:
    assert KEY_BYTES == 32
    assert decode_holdings(encode_holdings(Holdings(KEY, 0, ()))).owner == KEY
