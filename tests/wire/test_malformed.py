"""Every way in which bytes are no operation: refused with a field, a reason and a remedy."""

import tracemalloc

import pytest
from attrs import frozen

from settlespec.domain.errors import Malformed
from settlespec.wire.codec import SHOWN_CHARACTERS, Codec
from settlespec.wire.operations import MAX_OPERATION_BYTES, decode_operation

TICK = b'{"time":"7","type":"tick"}'
CANCEL = (
    b'{"account":"1","client_id":"2","instrument":"3","nonce":"4","signature":"00","type":"cancel","valid_until":"5"}'
)
PLACE = (
    b'{"account":"1","client_id":"5","good_till":"8","instrument":"4","kind":"limit","nonce":"2","post_only":true,'
    b'"price":"7","reduce_only":false,"side":"-1","signature":"00ff","size":"6",'
    b'"time_in_force":"good_till_time","type":"place","valid_until":"3"}'
)
RECEIVE = b'{"message":{"account":"1","amount":"5","key":"ab","type":"deposit"},"time":"9","type":"receive"}'

INTEGER = "write integers as decimal strings"
CANONICAL = "keys sorted and once each, no white space"


@frozen
class Case:
    text: bytes
    field: str | None
    problem: str
    remedy: str


def tick(time: bytes) -> bytes:
    return b'{"time":' + time + b',"type":"tick"}'


CASES = {
    "a JSON number": Case(tick(b"7"), "time", "got 'int'", INTEGER),
    "a float": Case(tick(b"7.5"), "time", "got 'float'", "there are no fractions"),
    "an exponent": Case(tick(b"1e3"), "time", "got 'float'", "there are no fractions"),
    "NaN": Case(tick(b"NaN"), None, "is not JSON", "write one JSON object"),
    "infinity": Case(tick(b"-Infinity"), None, "is not JSON", "write one JSON object"),
    "a fraction in a string": Case(tick(b'"7.5"'), "time", "matching regex", INTEGER),
    "an empty number": Case(tick(b'""'), "time", "matching regex", INTEGER),
    "a leading zero": Case(tick(b'"07"'), "time", "matching regex", INTEGER),
    "a plus": Case(tick(b'"+7"'), "time", "matching regex", INTEGER),
    "a negative zero": Case(tick(b'"-0"'), "time", "matching regex", INTEGER),
    "an underscore": Case(tick(b'"1_000"'), "time", "matching regex", INTEGER),
    "a hexadecimal number": Case(tick(b'"0x7"'), "time", "matching regex", INTEGER),
    "a digit of another script": Case(tick(b'"\xd9\xa7"'), "time", "matching regex", INTEGER),
    "a line feed behind the number": Case(tick(b'"7\\n"'), None, "leaves the canonical form at byte 10", CANONICAL),
    "101 digits": Case(tick(b'"' + b"9" * 101 + b'"'), "time", "matching regex", "at most 100 digits"),
    "10,000 digits": Case(tick(b'"' + b"9" * 10_000 + b'"'), "time", "matching regex", "at most 100 digits"),
    "null": Case(tick(b"null"), "time", "got 'null'", "compare with the schema"),
    "a bare word for a boolean": Case(
        PLACE.replace(b'"post_only":true', b'"post_only":"true"'), "post_only", "Expected 'bool', got 'str'", "schema"
    ),
    "an unknown side": Case(PLACE.replace(b'"-1"', b'"2"'), "side", "Invalid enum value '2'", "every value"),
    "an unknown kind of order": Case(PLACE.replace(b"limit", b"stop"), "kind", "Invalid enum value", "every value"),
    "upper-case hexadecimal": Case(PLACE.replace(b"00ff", b"00FF"), "signature", "matching regex", "lower-case"),
    "half a byte": Case(PLACE.replace(b"00ff", b"00f"), "signature", "matching regex", "two digits each"),
    "a line feed behind bytes": Case(PLACE.replace(b"00ff", b"00ff\\n"), None, "leaves the canonical form", CANONICAL),
    "an unknown type": Case(b'{"type":"mint"}', "type", "Invalid value 'mint'", "every type"),
    "no type": Case(b'{"time":"7"}', None, "missing required field 'type'", "give every field"),
    "a type that is a number": Case(b'{"type":1}', "type", "Expected 'str'", "compare with the schema"),
    "a missing field": Case(b'{"type":"tick"}', None, "missing required field 'time'", "give every field"),
    "an unknown field": Case(b'{"memo":"x","time":"7","type":"tick"}', None, "unknown field 'memo'", "leave it out"),
    "a duplicated key": Case(b'{"time":"6","time":"7","type":"tick"}', None, "canonical form at byte 9", CANONICAL),
    "unsorted keys": Case(b'{"type":"tick","time":"7"}', None, "leaves the canonical form at byte 3", CANONICAL),
    "white space": Case(b'{"time": "7","type":"tick"}', None, "leaves the canonical form at byte 8", CANONICAL),
    "a line feed at the end": Case(TICK + b"\n", None, "leaves the canonical form at byte 26", CANONICAL),
    "a needless escape": Case(b'{"t\\u0069me":"7","type":"tick"}', None, "leaves the canonical form", CANONICAL),
    "a lone surrogate": Case(tick(b'"\\ud800"'), None, "is not JSON", "write one JSON object"),
    "not UTF-8": Case(tick(b'"\xff"'), None, "is not UTF-8", "write it in UTF-8"),
    "a byte order mark": Case(b"\xef\xbb\xbf" + TICK, None, "is not JSON", "write one JSON object"),
    "nothing": Case(b"", None, "is not JSON", "write one JSON object"),
    "half an operation": Case(TICK[:12], None, "is not JSON", "write one JSON object"),
    "two operations": Case(TICK + TICK, None, "is not JSON", "write one JSON object"),
    "an array": Case(b"[]", None, "Expected 'object', got 'array'", "compare with the schema"),
    "deep nesting": Case(b"[" * 100_000, None, "got 'array'", "compare with the schema"),
    "deep nesting in a field": Case(tick(b"[" * 100_000), None, "nested too deeply", "the schema"),
    "deep nesting in an unknown field": Case(b'{"x":' + b"[" * 100_000, None, "nested too deeply", "the schema"),
    "a wrong type inside a message": Case(
        RECEIVE.replace(b'"5"', b"5"), "message.amount", "Expected 'str', got 'int'", INTEGER
    ),
    "a wrong number inside a list": Case(
        b'{"signatures":[{"oracle":"0","signature":""},{"oracle":"-0","signature":""}],'
        b'"statement":{"chain":"1","number":"1","quotes":[],"rollup":"1","timestamp":"1"},"type":"begin_round"}',
        "signatures[1].oracle",
        "matching regex",
        INTEGER,
    ),
    "a limit order without a price": Case(PLACE.replace(b'"price":"7"', b'"price":"0"'), "price", "has a price", ""),
    "a market order that would rest": Case(
        PLACE.replace(b'"post_only":true', b'"post_only":false').replace(b"limit", b"market"),
        "time_in_force",
        "a market order is immediate-or-cancel",
        "",
    ),
    "more bytes than an operation may have": Case(
        b" " * (MAX_OPERATION_BYTES + 1), None, f"of {MAX_OPERATION_BYTES + 1} bytes", f"{MAX_OPERATION_BYTES} bytes"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_operation_is_refused_with_field_problem_and_remedy(name: str) -> None:
    case = CASES[name]
    with pytest.raises(Malformed) as refused:
        decode_operation(case.text)
    assert refused.value.field == case.field
    assert case.problem in refused.value.problem
    assert case.remedy in (refused.value.remedy or "")


@pytest.mark.parametrize("text", [TICK, CANCEL, PLACE, RECEIVE], ids=["tick", "cancel", "place", "receive"])
def test_the_same_bytes_without_the_fault_are_read(text: bytes) -> None:
    assert decode_operation(text) is not None


def test_a_message_repeats_no_more_of_the_input_than_a_line_and_no_control_characters() -> None:
    for text in (b'{"type":"' + b"x" * 100_000 + b'"}', b'{"\\u001b[2J":"","type":"tick"}'):
        with pytest.raises(Malformed) as refused:
            decode_operation(text)
        assert len(refused.value.problem) <= SHOWN_CHARACTERS + 3
        assert str(refused.value).isprintable()


def test_an_oversize_text_is_refused_without_being_read() -> None:
    text = b'{"time":"7","type":"tick"}' + b" " * 2**24
    tracemalloc.start()
    with pytest.raises(Malformed, match="use at most"):
        decode_operation(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**16


def test_a_type_that_cannot_travel_is_an_error_when_its_codec_is_made() -> None:
    for annotation in (tuple[int, str], float):
        with pytest.raises(TypeError):
            Codec(annotation, name="a value", max_bytes=1)
