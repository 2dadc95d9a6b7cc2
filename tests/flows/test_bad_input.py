"""Every way in which a flow is refused, with the exact line and field."""

import gzip
import os
import random
import threading
from pathlib import Path

import pytest
from attrs import frozen

from settlespec.domain.errors import BadInput
from settlespec.domain.orders import Side
from settlespec.domain.quantities import MAX_DIGITS, MAX_PRICE, MAX_SIZE
from settlespec.flows.continuity import Continuity
from settlespec.flows.fields import Place
from settlespec.flows.l3 import COMPARED
from settlespec.flows.lines import MAX_LINE_BYTES
from settlespec.flows.message import MAX_NANOSECONDS, FlowFlag, FlowKind, FlowMessage, FlowTerms
from settlespec.flows.readers import read_flow
from settlespec.wire.lines import FREE_EXPANSION_BYTES, MAX_EXPANSION

HEADER = "seq,ts_ns,type,order_id,side,price,qty,flag"
TERMS = FlowTerms(price_step=25)


def l3(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in (HEADER, *rows)).encode()


GOOD = "1,1000,ADD,7,B,500,3,"
TRUNCATED = gzip.compress(l3(*(f"{n},{n},HIDDEN,0,B,500,{n * 7919 % 1000 + 1}," for n in range(1, 5001))))
CORRUPT = bytearray(gzip.compress(l3(GOOD)))
CORRUPT[-5] ^= 0xFF
LONG_ROW = "2,1001,ADD,8,B,500,3," + "x" * MAX_LINE_BYTES


@frozen
class Refused:
    """A flow that is refused: where, and with which words."""

    content: bytes
    line: int
    field: str | None
    problem: str


L3_REFUSALS = {
    "a row with a column too few": Refused(l3(GOOD, "2,1001,ADD,8,B,500,3"), 3, None, "7 columns, not 8"),
    "a row with a column too many": Refused(l3("1,1000,ADD,7,B,500,3,,"), 2, None, "9 columns, not 8"),
    "an empty row": Refused(l3(GOOD, "", GOOD), 3, None, "1 columns, not 8"),
    "an unknown type": Refused(l3("1,1000,BUST,7,B,500,3,"), 2, "type", "'BUST' is no known type"),
    "a halt, which the schema does not have": Refused(l3("1,1000,HALT,0,B,500,3,"), 2, "type", "no known type"),
    "an unknown flag": Refused(l3("1,1000,ADD,7,B,500,3,maybe"), 2, "flag", "'maybe' is no known flag of ADD"),
    "a flag of another type": Refused(l3("1,1000,ADD,7,B,500,3,nf"), 2, "flag", "no known flag of ADD"),
    "an unknown side": Refused(l3("1,1000,ADD,7,X,500,3,"), 2, "side", "'X' is no side"),
    "an order without a side": Refused(l3("1,1000,ADD,7,,500,3,"), 2, "side", "ADD needs a side"),
    "a negative size": Refused(l3("1,1000,ADD,7,B,500,-3,"), 2, "qty", "-3 is out of its range"),
    "a size of zero": Refused(l3("1,1000,ADD,7,B,500,0,"), 2, "qty", "0 is out of its range"),
    "a negative price": Refused(l3("1,1000,ADD,7,B,-500,3,"), 2, "price", "-500 is out of its range"),
    "a price of zero": Refused(l3("1,1000,ADD,7,B,0,3,"), 2, "price", "0 is out of its range"),
    "a price off the step": Refused(l3("1,1000,ADD,7,B,510,3,"), 2, "price", "510 is no multiple of the price step 25"),
    "a price past its range": Refused(l3(f"1,1000,ADD,7,B,{MAX_PRICE + 1},3,"), 2, "price", "out of its range"),
    "a size past its range": Refused(l3(f"1,1000,ADD,7,B,500,{MAX_SIZE + 1},"), 2, "qty", "out of its range"),
    "an order id past its range": Refused(l3(f"1,1000,ADD,{2**64},B,500,3,"), 2, "order_id", "out of its range"),
    "a time past its range": Refused(l3(f"1,{MAX_NANOSECONDS + 1},ADD,7,B,500,3,"), 2, "ts_ns", "out of its range"),
    "a size of 10,000 digits": Refused(l3(f"1,1000,ADD,7,B,500,{'9' * 10_000},"), 2, "qty", "10,000 characters"),
    "an order id of 10,000 digits": Refused(l3(f"1,1000,ADD,{'9' * 10_000},B,500,3,"), 2, "order_id", "10,000 char"),
    "a time of 10,000 digits": Refused(l3(f"1,{'9' * 10_000},ADD,7,B,500,3,"), 2, "ts_ns", "10,000 characters"),
    "one digit too many": Refused(l3(f"1,1000,ADD,7,B,{'0' * MAX_DIGITS}1,3,"), 2, "price", "101 characters"),
    "a price with decimals": Refused(l3("1,1000,ADD,7,B,500.5,3,"), 2, "price", "'500.5' is not a whole number"),
    "a price with an exponent": Refused(l3("1,1000,ADD,7,B,5e2,3,"), 2, "price", "'5e2' is not a whole number"),
    "a size with a plus sign": Refused(l3("1,1000,ADD,7,B,500,+3,"), 2, "qty", "'+3' is not a whole number"),
    "a size with a space": Refused(l3("1,1000,ADD,7,B,500, 3,"), 2, "qty", "' 3' is not a whole number"),
    "a size with an underscore": Refused(l3("1,1000,ADD,7,B,500,1_0,"), 2, "qty", "'1_0' is not a whole number"),
    "a size in digits of another script": Refused(l3("1,1000,ADD,7,B,500,٣,"), 2, "qty", "is not a whole number"),
    "a missing size": Refused(l3("1,1000,ADD,7,B,500,,"), 2, "qty", "'' is not a whole number"),
    "a second order with the id of a live one": Refused(
        l3(GOOD, "2,1001,ADD,7,S,525,3,"), 3, "order_id", "order 7 is live already"
    ),
    "two resting orders with one id": Refused(
        l3("1,1000,SNAP,7,B,500,3,", "2,1000,SNAP,7,B,500,3,"), 3, "order_id", "order 7 is live already"
    ),
    "a cancel of an order that is not there": Refused(
        l3(GOOD, "2,1001,CANCEL,8,B,500,3,"), 3, "order_id", "CANCEL of order 8, which is not live"
    ),
    "a fill of an order that is gone": Refused(
        l3(GOOD, "2,1001,CANCEL,7,B,500,3,", "3,1002,FILL,7,B,500,1,"), 4, "order_id", "FILL of order 7"
    ),
    "a fill on the wrong side": Refused(l3(GOOD, "2,1001,FILL,7,S,500,3,"), 3, "side", "on the other side"),
    "time running backwards": Refused(l3(GOOD, "2,999,ADD,8,B,500,3,"), 3, "ts_ns", "from 1000 to 999 nanoseconds"),
    "a row told twice": Refused(l3(GOOD, "1,1001,ADD,8,B,500,3,"), 3, "seq", "row number 1 follows 1"),
    "a header without rows": Refused(l3(), 1, None, "a header and no rows"),
    "a missing header": Refused(f"{GOOD}\n".encode(), 1, None, "the header is missing"),
    "a header of something else": Refused(b"ts,open,high,low,close\n1,2,3,4,5\n", 1, None, "the header is missing"),
    "an empty file": Refused(b"", 1, None, "the file is empty"),
    "an empty gzip": Refused(gzip.compress(b""), 1, None, "the file is empty"),
    "an empty first line": Refused(b"\n", 1, None, "the header is missing"),
    "a NUL byte": Refused(l3(GOOD, "2,1001,ADD,8,B,500,\0,"), 3, None, "NUL byte"),
    "a binary file": Refused(b"\x7fELF\0\0\0\n", 1, None, "NUL byte"),
    "what is not UTF-8": Refused(l3(GOOD) + b"2,1001,ADD,8,\xff,500,3,\n", 3, None, "not UTF-8"),
    "a line that is too long": Refused(l3(GOOD, LONG_ROW), 3, None, f"longer than {MAX_LINE_BYTES} bytes"),
    "a line that is too long without an end": Refused(l3(GOOD) + b"9" * 10**6, 3, None, "longer than"),
    "a gzip that ends within its header": Refused(gzip.compress(l3(GOOD))[:5], 1, None, "end too early"),
    "a gzip that lacks its trailer": Refused(gzip.compress(l3(GOOD))[:-4], 3, None, "end too early"),
    "a gzip with a wrong checksum": Refused(bytes(CORRUPT), 3, None, "corrupt"),
    "a gzip with garbage behind it": Refused(gzip.compress(l3(GOOD)) + b"garbage", 3, None, "corrupt"),
    "a gzip of one endless line": Refused(gzip.compress(b"0" * 2**22), 1, None, "longer than"),
}

LOBSTER_GOOD = "34200.000000001,1,7,3,500,1"


def lobster(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


LOBSTER_REFUSALS = {
    "a row with a column too few": Refused(lobster(LOBSTER_GOOD, "34200,1,8,3,500"), 2, None, "5 columns, not 6"),
    "an unknown type": Refused(lobster("34200,8,7,3,500,1"), 1, "type", "'8' is no known type"),
    "a negative size": Refused(lobster("34200,1,7,-3,500,1"), 1, "size", "-3 is out of its range"),
    "a size of zero": Refused(lobster("34200,1,7,0,500,1"), 1, "size", "0 is out of its range"),
    "a negative price": Refused(lobster("34200,1,7,3,-500,1"), 1, "price", "-500 is out of its range"),
    "a price off the step": Refused(lobster("34200,1,7,3,510,1"), 1, "price", "510 is no multiple"),
    "an unknown direction": Refused(lobster("34200,1,7,3,500,0"), 1, "direction", "'0' is no direction"),
    "an unknown state of a halt": Refused(lobster("34200,7,0,0,9,-1"), 1, "price", "'9' is no state of a halt"),
    "a negative order id": Refused(lobster("34200,1,-7,3,500,1"), 1, "order id", "-7 is out of its range"),
    "a size of 10,000 digits": Refused(lobster(f"34200,1,7,{'9' * 10_000},500,1"), 1, "size", "10,000 characters"),
    "a time of 10,000 decimals": Refused(lobster(f"34200.{'9' * 10_000},1,7,3,500,1"), 1, "time", "10,000 decimals"),
    "a time past its day": Refused(lobster("86401,1,7,3,500,1"), 1, "time", "86401 is out of its range"),
    "a time with an exponent": Refused(lobster("3.42e4,1,7,3,500,1"), 1, "time", "is not a whole number"),
    "a duplicate id": Refused(lobster(LOBSTER_GOOD, "34201,1,7,3,500,1"), 2, "order id", "order 7 is live already"),
    "time running backwards": Refused(lobster(LOBSTER_GOOD, "34200,1,8,3,500,1"), 2, "time", "time runs backwards"),
    "a fill on the wrong side": Refused(lobster(LOBSTER_GOOD, "34201,4,7,3,500,-1"), 2, "direction", "other side"),
}


def assert_refused(path: Path, refused: Refused) -> None:
    with pytest.raises(BadInput) as caught:
        list(read_flow(path, TERMS))
    error = caught.value
    assert (error.file, error.line, error.field) == (str(path), refused.line, refused.field)
    assert refused.problem in error.problem
    assert error.remedy
    assert "\n" not in str(error)
    assert len(str(error)) < len(str(path)) + 400


@pytest.mark.parametrize("what", L3_REFUSALS)
def test_an_order_by_order_flow_is_refused_with_its_line_and_field(what: str, tmp_path: Path) -> None:
    path = tmp_path / "flow.csv"
    path.write_bytes(L3_REFUSALS[what].content)
    assert_refused(path, L3_REFUSALS[what])


@pytest.mark.parametrize("what", LOBSTER_REFUSALS)
def test_a_lobster_flow_is_refused_with_its_line_and_field(what: str, tmp_path: Path) -> None:
    path = tmp_path / "message.csv"
    path.write_bytes(LOBSTER_REFUSALS[what].content)
    assert_refused(path, LOBSTER_REFUSALS[what])


def test_the_good_rows_of_the_refusals_are_good(tmp_path: Path) -> None:
    for content in (l3(GOOD), lobster(LOBSTER_GOOD)):
        path = tmp_path / "good.csv"
        path.write_bytes(content)
        assert len(list(read_flow(path, TERMS))) == 1


def test_a_truncated_gzip_is_refused_with_its_line_after_the_last_whole_row(tmp_path: Path) -> None:
    path = tmp_path / "flow.csv.gz"
    path.write_bytes(TRUNCATED[: len(TRUNCATED) // 2])
    given: list[int] = []
    with pytest.raises(BadInput, match="end too early") as caught:
        given.extend(message.line for message in read_flow(path))
    assert caught.value.file == str(path)
    assert 1000 < given[-1] < 4000
    assert caught.value.line == given[-1] + 1


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a directory, not a file") as caught:
        list(read_flow(tmp_path))
    assert caught.value.file == str(tmp_path)


def test_a_missing_file_is_not_bad_data(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_flow(tmp_path / "nothing.csv"))


def test_a_gzip_that_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    row = f"{34_200:0100},5,{0:0100},{1:0100},{500:0100},1\n".encode()
    path.write_bytes(gzip.compress(row * (FREE_EXPANSION_BYTES // len(row) + 1000)))
    with pytest.raises(BadInput, match=f"more than {MAX_EXPANSION} times their size") as caught:
        list(read_flow(path))
    assert caught.value.line is not None
    assert caught.value.line > FREE_EXPANSION_BYTES // len(row) - 1000


def test_more_live_orders_than_the_reader_holds_are_refused() -> None:
    continuity = Continuity(COMPARED, most_live_orders=2)
    orders = [FlowMessage(line, 1, FlowKind.ADD, line, Side.BUY, 500, 1, FlowFlag.NONE) for line in (2, 3, 4)]
    for order in orders[:2]:
        continuity.admit(order, Place("flow.csv", order.line))
    with pytest.raises(BadInput, match="more than 2 orders live at once") as caught:
        continuity.admit(orders[2], Place("flow.csv", 4))
    assert (caught.value.line, caught.value.field) == (4, "order_id")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_lobster_file_that_can_be_read_once_only_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(lobster(LOBSTER_GOOD),))
    writer.start()
    with pytest.raises(BadInput, match="read twice"):
        list(read_flow(path))
    writer.join(timeout=5)
    assert not writer.is_alive()


@pytest.mark.parametrize(
    ("terms", "field"),
    [({"price_step": 0}, "price_step"), ({"midnight_nanoseconds": -1}, "midnight_nanoseconds")],
)
def test_terms_that_no_file_can_meet_are_refused(terms: dict[str, int], field: str) -> None:
    with pytest.raises(BadInput, match="out of its range") as caught:
        FlowTerms(**terms)
    assert caught.value.field == field


@pytest.mark.parametrize("content", [l3(GOOD, "2,1001,FILL,7,B,500,3,"), lobster(LOBSTER_GOOD), TRUNCATED[:200]])
def test_no_damage_of_a_file_ends_in_anything_but_messages_or_a_refusal(content: bytes, tmp_path: Path) -> None:
    source = random.Random(2012)
    path = tmp_path / "damaged.csv"
    refusals: list[BadInput] = []
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(source.randint(1, 3)):
            damaged[source.randrange(len(damaged))] = source.choice([0, 9, 10, 44, 45, 46, 48, 57, 65, 128, 255])
        path.write_bytes(damaged[: source.randint(1, len(damaged))])
        try:
            messages = list(read_flow(path, TERMS))
        except BadInput as refusal:
            refusals.append(refusal)
        else:
            assert messages
    assert len(refusals) > 100
    assert all(refusal.line is not None and refusal.remedy for refusal in refusals)
