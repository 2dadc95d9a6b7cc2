"""What a flow says when it is read, whatever the file it came in."""

import gzip
import os
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from settlespec.domain.orders import Side
from settlespec.flows.fields import Place
from settlespec.flows.lobster import nanoseconds_after_midnight
from settlespec.flows.message import FlowFlag, FlowKind, FlowMessage, FlowTerms
from settlespec.flows.readers import read_flow

ROWS = """seq,ts_ns,type,order_id,side,price,qty,flag
1,1000,SNAP,7,B,500,3,
2,1001,ADD,8,S,525,4,refill
3,1001,MODIFY,7,B,475,2,
4,1002,TRADE,9,B,525,1,
5,1002,FILL,8,S,525,1,
6,1003,HIDDEN,0,B,510,6,
7,1004,TRADE,0,,500,2,auction
8,1004,FILL,12,,500,2,unknown
9,1005,CANCEL,8,S,525,3,
"""

MESSAGES = [
    FlowMessage(2, 1000, FlowKind.SNAP, 7, Side.BUY, 500, 3, FlowFlag.NONE),
    FlowMessage(3, 1001, FlowKind.ADD, 8, Side.SELL, 525, 4, FlowFlag.REFILL),
    FlowMessage(4, 1001, FlowKind.MODIFY, 7, Side.BUY, 475, 2, FlowFlag.NONE),
    FlowMessage(5, 1002, FlowKind.TRADE, 9, Side.BUY, 525, 1, FlowFlag.NONE),
    FlowMessage(6, 1002, FlowKind.FILL, 8, Side.SELL, 525, 1, FlowFlag.NONE),
    FlowMessage(7, 1003, FlowKind.HIDDEN, 0, Side.BUY, 510, 6, FlowFlag.NONE),
    FlowMessage(8, 1004, FlowKind.TRADE, 0, None, 500, 2, FlowFlag.AUCTION),
    FlowMessage(9, 1004, FlowKind.FILL, 12, None, 500, 2, FlowFlag.UNKNOWN),
    FlowMessage(10, 1005, FlowKind.CANCEL, 8, Side.SELL, 525, 3, FlowFlag.NONE),
]

LOBSTER_ROWS = """34200.5,1,100,18,585300,1
34200.5,3,40,7,585100,1
34201,2,41,5,585900,-1
34201,5,0,9,585450,-1
34202,4,41,6,585900,-1
34203,6,-1,50,585500,1
34204,7,0,0,-1,-1
34205,7,0,0,0,-1
34206,7,0,0,1,-1
34207.123456789,1,110,2,585200,1
34208,3,105,4,585000,1
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[FlowMessage]]:
    def reading(content: bytes, name: str = "flow.csv", **terms: int) -> list[FlowMessage]:
        path = tmp_path / name
        path.write_bytes(content)
        return list(read_flow(path, FlowTerms(**terms)))

    return reading


def test_every_type_of_row_becomes_a_message(read: Callable[..., list[FlowMessage]]) -> None:
    assert read(ROWS.encode()) == MESSAGES


def test_gzip_is_known_by_its_content_and_not_by_its_name(read: Callable[..., list[FlowMessage]]) -> None:
    assert read(gzip.compress(ROWS.encode()), name="flow.csv") == MESSAGES
    assert read(ROWS.encode(), name="flow.csv.gz") == MESSAGES


def test_a_gzip_of_several_members_is_one_flow(read: Callable[..., list[FlowMessage]]) -> None:
    content = ROWS.encode()
    assert read(gzip.compress(content[:100]) + gzip.compress(content[100:])) == MESSAGES


def test_line_ends_of_windows_and_a_missing_last_one_are_read(read: Callable[..., list[FlowMessage]]) -> None:
    assert read(ROWS.replace("\n", "\r\n").encode()) == MESSAGES
    assert read(ROWS.rstrip("\n").encode()) == MESSAGES


def test_a_hidden_execution_may_lie_between_two_price_steps(read: Callable[..., list[FlowMessage]]) -> None:
    assert read(ROWS.encode(), price_step=25) == MESSAGES


def test_an_order_id_may_be_used_again_when_its_order_is_gone(read: Callable[..., list[FlowMessage]]) -> None:
    rows = "1,1,ADD,7,B,500,1,\n2,2,FILL,7,B,500,2,\n3,3,ADD,7,B,500,1,refill\n"
    assert [message.kind for message in read(f"{ROWS.splitlines()[0]}\n{rows}".encode())] == ["ADD", "FILL", "ADD"]


def test_an_order_moved_to_a_larger_size_lives_until_all_of_it_is_gone(
    read: Callable[..., list[FlowMessage]],
) -> None:
    rows = "1,1,ADD,7,B,500,1,\n2,2,MODIFY,7,B,500,5,\n3,3,FILL,7,B,500,4,\n4,4,CANCEL,7,B,500,1,\n"
    assert len(read(f"{ROWS.splitlines()[0]}\n{rows}".encode())) == 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("content", [ROWS.encode(), gzip.compress(ROWS.encode())], ids=["plain", "gzip"])
def test_an_order_by_order_flow_may_come_through_a_pipe(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    assert list(read_flow(path)) == MESSAGES
    writer.join(timeout=5)
    assert not writer.is_alive()


def test_a_lobster_file_starts_with_the_orders_that_it_changes_but_never_adds(
    read: Callable[..., list[FlowMessage]],
) -> None:
    second = 10**9
    assert read(LOBSTER_ROWS.encode(), midnight_nanoseconds=second) == [
        FlowMessage(2, 34201 * second + 499_999_999, FlowKind.SNAP, 40, Side.BUY, 585100, 7, FlowFlag.NONE),
        FlowMessage(3, 34201 * second + 499_999_999, FlowKind.SNAP, 41, Side.SELL, 585900, 11, FlowFlag.NONE),
        FlowMessage(1, 34201 * second + 500_000_000, FlowKind.ADD, 100, Side.BUY, 585300, 18, FlowFlag.NONE),
        FlowMessage(2, 34201 * second + 500_000_000, FlowKind.CANCEL, 40, Side.BUY, 585100, 7, FlowFlag.NONE),
        FlowMessage(3, 34202 * second, FlowKind.CANCEL, 41, Side.SELL, 585900, 5, FlowFlag.NONE),
        FlowMessage(4, 34202 * second, FlowKind.HIDDEN, 0, Side.SELL, 585450, 9, FlowFlag.NONE),
        FlowMessage(5, 34203 * second, FlowKind.FILL, 41, Side.SELL, 585900, 6, FlowFlag.NONE),
        FlowMessage(6, 34204 * second, FlowKind.TRADE, 0, None, 585500, 50, FlowFlag.NONE),
        FlowMessage(7, 34205 * second, FlowKind.HALT, 0, None, 0, 0, FlowFlag.HALTED),
        FlowMessage(8, 34206 * second, FlowKind.HALT, 0, None, 0, 0, FlowFlag.QUOTING),
        FlowMessage(9, 34207 * second, FlowKind.HALT, 0, None, 0, 0, FlowFlag.TRADING),
        FlowMessage(11, 34208 * second + 123_456_789, FlowKind.ADD, 105, Side.BUY, 585000, 4, FlowFlag.LATE),
        FlowMessage(10, 34208 * second + 123_456_789, FlowKind.ADD, 110, Side.BUY, 585200, 2, FlowFlag.NONE),
        FlowMessage(11, 34209 * second, FlowKind.CANCEL, 105, Side.BUY, 585000, 4, FlowFlag.NONE),
    ]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("34200", 34_200_000_000_000),
        ("34200.", 34_200_000_000_000),
        ("34200.004241176", 34_200_004_241_176),
        ("34200.00426064", 34_200_004_260_640),
        ("35821.088778456004", 35_821_088_778_456),
        ("35821.088778455996", 35_821_088_778_456),
        ("0.000000000499", 0),
        ("86399.999999999", 86_399_999_999_999),
    ],
)
def test_a_lobster_time_is_exact_to_the_nanosecond(text: str, nanoseconds: int) -> None:
    assert nanoseconds_after_midnight(text, Place("message.csv", 1)) == nanoseconds


def test_memory_grows_with_the_orders_that_rest_and_not_with_the_file(tmp_path: Path) -> None:
    def peak_bytes(orders: int) -> int:
        path = tmp_path / f"{orders}.csv.gz"
        with gzip.open(path, "wt", compresslevel=1) as flow:
            flow.write("seq,ts_ns,type,order_id,side,price,qty,flag\n")
            for order in range(orders):
                flow.write(f"{2 * order},{order},ADD,{order},B,500,1,\n{2 * order + 1},{order},FILL,{order},B,500,1,\n")
        tracemalloc.start()
        rows = sum(1 for _ in read_flow(path))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert rows == 2 * orders
        return peak

    small, large = peak_bytes(2_000), peak_bytes(16_000)
    assert large < 1.5 * small
    assert large < 2_000_000
