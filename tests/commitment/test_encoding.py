"""Integers and byte strings with one spelling each."""

import pickle
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlespec.commitment.encoding import MAX_BITS, Reader, Refusal, Refused, Writer
from tests.commitment.hostile import assert_canonical

WIDEST = 2**MAX_BITS - 1


def unsigned(value: int) -> bytes:
    writer = Writer()
    writer.unsigned(value)
    return writer.finish()


def signed(value: int) -> bytes:
    writer = Writer()
    writer.signed(value)
    return writer.finish()


def text(value: bytes) -> bytes:
    writer = Writer()
    writer.text(value)
    return writer.finish()


def read_unsigned(data: bytes) -> int:
    reader = Reader(data)
    value = reader.unsigned()
    reader.end()
    return value


def read_signed(data: bytes) -> int:
    reader = Reader(data)
    value = reader.signed()
    reader.end()
    return value


def read_text(data: bytes) -> bytes:
    reader = Reader(data)
    value = reader.text()
    reader.end()
    return value


def refusal_of(data: bytes, limit: int = WIDEST) -> Refusal:
    with pytest.raises(Refused) as caught:
        Reader(data).unsigned(limit)
    return caught.value.refusal


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (16383, "ff7f"),
        (16384, "808001"),
        (624485, "e58e26"),
    ],
)
def test_an_unsigned_integer_has_the_published_bytes(value: int, data: str) -> None:
    assert unsigned(value).hex() == data
    assert read_unsigned(bytes.fromhex(data)) == value


@pytest.mark.parametrize(("value", "folded"), [(0, 0), (-1, 1), (1, 2), (-2, 3), (2, 4), (63, 126), (-64, 127)])
def test_a_signed_integer_is_folded_so_that_small_ones_are_short(value: int, folded: int) -> None:
    assert signed(value) == unsigned(folded)
    assert read_signed(unsigned(folded)) == value


@given(st.integers(0, WIDEST))
def test_every_unsigned_integer_comes_back(value: int) -> None:
    assert read_unsigned(unsigned(value)) == value


@given(st.integers(-(2 ** (MAX_BITS - 1)), 2 ** (MAX_BITS - 1) - 1))
def test_every_signed_integer_comes_back(value: int) -> None:
    assert read_signed(signed(value)) == value


@given(st.binary(max_size=300))
def test_every_byte_string_comes_back(value: bytes) -> None:
    assert read_text(text(value)) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_refused_or_are_the_one_spelling_of_what_they_say(data: bytes) -> None:
    decodings = ((read_unsigned, unsigned), (read_signed, signed))
    answers = [assert_canonical(read, write, data) for read, write in decodings]
    assert (answers[0] is None) == (answers[1] is None)
    assert_canonical(read_text, text, data)


def test_bytes_that_end_inside_an_integer_are_refused_at_their_end() -> None:
    with pytest.raises(Refused) as caught:
        read_unsigned(b"\x80\x80")
    assert (caught.value.refusal, caught.value.at) == (Refusal.TRUNCATED, 2)
    assert refusal_of(b"") is Refusal.TRUNCATED


def test_a_superfluous_zero_group_is_refused() -> None:
    assert refusal_of(b"\x80\x00") is Refusal.NOT_MINIMAL
    assert refusal_of(b"\xff\x80\x00") is Refusal.NOT_MINIMAL


def test_the_widest_integer_is_read_and_the_next_one_refused() -> None:
    assert read_unsigned(unsigned(WIDEST)) == WIDEST
    beyond = bytes([0x80] * 27 + [0x08])  # 2 ** 192
    assert refusal_of(beyond) is Refusal.OUT_OF_RANGE


def test_an_integer_is_given_up_after_a_bounded_number_of_bytes() -> None:
    with pytest.raises(Refused) as caught:
        read_unsigned(b"\x80" * 100_000)
    assert caught.value.refusal is Refusal.TOO_LARGE
    assert caught.value.at <= MAX_BITS // 7 + 2


def test_an_integer_beyond_the_limit_of_its_field_is_refused() -> None:
    assert Reader(b"\x05").unsigned(5) == 5
    assert refusal_of(b"\x06", limit=5) is Refusal.OUT_OF_RANGE


def test_a_flag_is_one_byte_zero_or_one() -> None:
    writer = Writer()
    writer.flag(True)
    writer.flag(False)
    assert writer.finish() == b"\x01\x00"
    assert (Reader(b"\x01").flag(), Reader(b"\x00").flag()) == (True, False)
    with pytest.raises(Refused) as caught:
        Reader(b"\x02").flag()
    assert caught.value.refusal is Refusal.OUT_OF_RANGE


def test_bytes_that_are_left_over_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        read_unsigned(b"\x01\x00")
    assert (caught.value.refusal, caught.value.at) == (Refusal.TRAILING, 1)


def test_a_byte_string_shorter_than_announced_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        Reader(b"\x01\x02").raw(3)
    assert caught.value.refusal is Refusal.TRUNCATED
    with pytest.raises(Refused) as announced:
        read_text(b"\x05abc")
    assert announced.value.refusal is Refusal.PAST_THE_END


def test_a_hostile_count_or_length_costs_no_memory() -> None:
    hostile = unsigned(WIDEST) + b"\x00" * 10
    tracemalloc.start()
    try:
        for read in (Reader.count, Reader.text):
            with pytest.raises(Refused) as caught:
                read(Reader(hostile))
            assert caught.value.refusal is Refusal.PAST_THE_END
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_count_is_at_most_the_bytes_that_are_left() -> None:
    assert Reader(b"\x02ab").count() == 2
    with pytest.raises(Refused) as caught:
        Reader(b"\x04ab").count()
    assert caught.value.refusal is Refusal.PAST_THE_END


@pytest.mark.parametrize("value", [-1, WIDEST + 1])
def test_nothing_is_written_that_nobody_could_read(value: int) -> None:
    with pytest.raises(ValueError, match="no unsigned integer of 192 bits"):
        unsigned(value)


def test_the_writer_knows_its_length() -> None:
    writer = Writer()
    writer.text(b"abc")
    writer.raw(b"de")
    assert len(writer) == 6 == len(writer.finish())


def test_the_reader_knows_how_far_it_has_come_and_what_is_left() -> None:
    reader = Reader(b"\x80\x01ab")
    assert (reader.at, reader.left()) == (0, 4)
    reader.unsigned()
    assert (reader.at, reader.left()) == (2, 2)


def test_a_refusal_says_the_place_in_words_and_survives_a_process_border() -> None:
    refused = Refused(Refusal.TRAILING, 7)
    assert str(refused) == "byte 7: bytes are left over"
    copy = pickle.loads(pickle.dumps(refused))
    assert (copy.refusal, copy.at, str(copy)) == (refused.refusal, refused.at, str(refused))
