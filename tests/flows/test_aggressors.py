"""Executions become the orders that caused them."""

from collections.abc import Iterator

import pytest

from settlespec.domain.errors import BadInput
from settlespec.domain.orders import Side
from settlespec.flows import aggressors
from settlespec.flows.aggressors import book_events
from settlespec.flows.book_event import BookEvent, ExpectedFill, Moves, Reduces, Reduction, Rests, Takes
from settlespec.flows.l3 import HEADER, l3_messages
from settlespec.flows.message import FlowFlag, FlowTerms

ASKS = ["0,SNAP,1,S,525,2,", "0,SNAP,2,S,525,3,", "0,SNAP,3,S,550,4,", "0,SNAP,4,B,500,5,"]
OPENING = [
    Rests(5, 9, 4, Side.BUY, 500, 5, FlowFlag.NONE),
    Rests(2, 9, 1, Side.SELL, 525, 2, FlowFlag.NONE),
    Rests(3, 9, 2, Side.SELL, 525, 3, FlowFlag.NONE),
    Rests(4, 9, 3, Side.SELL, 550, 4, FlowFlag.NONE),
]


def events(*rows: str) -> list[BookEvent]:
    """The events of rows without their sequence numbers, the first on line 2."""
    assert HEADER.startswith("seq,")
    lines = ((number, f"{number},{row}") for number, row in enumerate(rows, start=2))
    return list(book_events(l3_messages(lines, "flow.csv", FlowTerms()), "flow.csv"))


def after_opening(*rows: str) -> list[BookEvent]:
    given = events(*ASKS, *rows)
    assert given[:4] == OPENING
    return given[4:]


def test_rows_that_stand_for_themselves_become_one_event_each() -> None:
    assert after_opening(
        "9,ADD,5,B,475,1,refill", "9,MODIFY,5,B,480,2,", "9,HIDDEN,0,B,510,9,", "10,CANCEL,5,B,480,1,"
    ) == [
        Rests(6, 9, 5, Side.BUY, 475, 1, FlowFlag.REFILL),
        Moves(7, 9, 5, Side.BUY, 480, 2),
        Reduces(9, 10, 5, Side.BUY, 480, 1, Reduction.CANCELLED),
    ]


def test_adjacent_fills_of_one_time_and_side_are_one_aggressor_with_the_worst_price_as_its_limit() -> None:
    assert after_opening("9,FILL,1,S,525,2,", "9,FILL,2,S,525,3,nf", "9,FILL,3,S,550,1,") == [
        Takes(
            6,
            9,
            None,
            Side.BUY,
            550,
            6,
            (
                ExpectedFill(6, 1, 525, 2, FlowFlag.NONE),
                ExpectedFill(7, 2, 525, 3, FlowFlag.NOT_FIRST),
                ExpectedFill(8, 3, 550, 1, FlowFlag.NONE),
            ),
        )
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ("9,FILL,1,S,525,2,", "10,FILL,2,S,525,3,"),
        ("9,FILL,1,S,525,2,", "9,FILL,4,B,500,3,"),
        ("9,FILL,1,S,525,2,", "9,HIDDEN,0,S,530,1,", "9,FILL,2,S,525,3,"),
        ("9,TRADE,8,B,525,2,", "9,FILL,1,S,525,2,", "9,TRADE,9,B,525,3,", "9,FILL,2,S,525,3,"),
        ("9,TRADE,0,B,525,2,", "9,FILL,1,S,525,2,", "9,TRADE,0,B,525,3,", "9,FILL,2,S,525,3,"),
        ("9,TRADE,8,B,525,2,", "9,FILL,1,S,525,2,", "9,TRADE,8,S,500,3,", "9,FILL,4,B,500,3,"),
    ],
    ids=[
        "another time",
        "the other side",
        "a row between",
        "another aggressor",
        "prints without a name",
        "turned round",
    ],
)
def test_what_separates_two_aggressors(rows: tuple[str, ...]) -> None:
    takes = after_opening(*rows)
    assert [(type(event), event.size) for event in takes if isinstance(event, Takes)] == [(Takes, 2), (Takes, 3)]
    assert len(takes) == 2


def test_prints_of_one_order_at_one_time_are_one_sweep() -> None:
    (sweep,) = after_opening(
        "9,TRADE,8,B,525,5,", "9,FILL,1,S,525,2,", "9,FILL,2,S,525,3,", "9,TRADE,8,B,550,1,", "9,FILL,3,S,550,1,"
    )
    assert isinstance(sweep, Takes)
    assert (sweep.aggressor_id, sweep.side, sweep.price, sweep.size) == (8, Side.BUY, 550, 6)
    assert [fill.order_id for fill in sweep.fills] == [1, 2, 3]


def test_an_aggressor_that_rested_before_leaves_its_place_first() -> None:
    own, sweep = after_opening("9,TRADE,4,B,525,1,", "9,FILL,4,B,525,1,nf", "9,FILL,1,S,525,1,")
    assert own == Reduces(7, 9, 4, Side.BUY, 525, 1, Reduction.AGGRESSED)
    assert isinstance(sweep, Takes)
    assert [fill.order_id for fill in sweep.fills] == [1]


def test_an_aggressor_that_selling_fills_bids_has_its_lowest_price_as_its_limit() -> None:
    takes = after_opening("9,ADD,5,B,475,1,", "10,FILL,4,B,500,5,", "10,FILL,5,B,475,1,")[-1]
    assert isinstance(takes, Takes)
    assert (takes.side, takes.price, takes.size) == (Side.SELL, 475, 6)


def test_the_opening_waits_for_the_uncross() -> None:
    assert events(
        "0,SNAP,1,B,525,2,",
        "0,SNAP,2,S,500,5,",
        "1,TRADE,0,,510,6,auction",
        "1,FILL,1,B,510,2,auction",
        "1,FILL,2,S,510,2,",
        "1,FILL,77,,510,4,unknown",
        "9,ADD,3,B,475,1,",
    ) == [Rests(3, 9, 2, Side.SELL, 500, 3, FlowFlag.NONE), Rests(8, 9, 3, Side.BUY, 475, 1, FlowFlag.NONE)]


def test_a_later_auction_reduces_and_takes_nothing() -> None:
    assert after_opening(
        "9,ADD,5,B,475,1,",
        "10,TRADE,0,,510,2,auction",
        "10,FILL,4,B,510,2,auction",
        "10,FILL,1,S,510,2,auction",
        "10,FILL,77,,510,1,unknown",
    )[1:] == [
        Reduces(8, 10, 4, Side.BUY, 510, 2, Reduction.UNCROSSED),
        Reduces(9, 10, 1, Side.SELL, 510, 2, Reduction.UNCROSSED),
    ]


def test_a_print_without_a_side_is_no_aggressor() -> None:
    assert after_opening("9,TRADE,0,,510,2,") == []


def test_a_fill_of_an_order_that_the_book_never_showed_is_expected_of_nobody() -> None:
    (takes,) = after_opening("9,TRADE,8,B,525,3,", "9,FILL,77,,525,1,unknown", "9,FILL,1,S,525,2,")
    assert isinstance(takes, Takes)
    assert takes.size == 2


def test_a_flow_of_resting_orders_only_gives_them_out() -> None:
    assert [type(event) for event in events(*ASKS)] == [Rests, Rests, Rests, Rests]


def test_a_crossed_book_without_an_uncross_is_refused() -> None:
    with pytest.raises(BadInput, match="crossed when continuous trading starts") as caught:
        events("0,SNAP,1,B,525,2,", "0,SNAP,2,S,500,5,", "9,ADD,3,B,475,1,")
    assert (caught.value.file, caught.value.line) == ("flow.csv", 4)


def test_an_aggressor_with_too_many_fills_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggressors, "MAX_FILLS_OF_AGGRESSOR", 2)
    with pytest.raises(BadInput, match="more than 2 fills") as caught:
        after_opening("9,FILL,1,S,525,1,", "9,FILL,1,S,525,1,", "9,FILL,2,S,525,1,")
    assert (caught.value.file, caught.value.line) == ("flow.csv", 8)


def test_an_aggressor_is_given_out_before_the_row_after_next_is_read() -> None:
    read: list[int] = []

    def lines() -> Iterator[tuple[int, str]]:
        for number, row in enumerate([*ASKS, "9,FILL,1,S,525,1,", "10,ADD,5,B,475,1,", "11,ADD,6,B,475,1,"], start=2):
            read.append(number)
            yield number, f"{number},{row}"

    first_taken = next(
        event for event in book_events(l3_messages(lines(), "flow.csv", FlowTerms())) if isinstance(event, Takes)
    )
    assert first_taken.line == 6
    assert read[-1] == 7
