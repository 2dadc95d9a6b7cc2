"""The venue's book does exactly what the rows say."""

import pytest
from attrs import evolve

from settlespec.domain.orders import Side
from settlespec.flows.book_event import Moves, Reduces, Reduction, Rests
from settlespec.flows.message import FlowFlag, FlowKind, FlowMessage
from settlespec.flows.venue import BestLevel, VenueBook


def row(kind: FlowKind, order_id: int, price: int, size: int, side: Side = Side.BUY) -> FlowMessage:
    return FlowMessage(2, 1, kind, order_id, side, price, size, FlowFlag.NONE)


@pytest.fixture
def book() -> VenueBook:
    resting = VenueBook()
    for order_id, price, size, side in [
        (1, 500, 3, Side.BUY),
        (2, 500, 4, Side.BUY),
        (3, 475, 9, Side.BUY),
        (4, 525, 2, Side.SELL),
        (5, 550, 5, Side.SELL),
    ]:
        resting.apply(row(FlowKind.ADD, order_id, price, size, side))
    return resting


def queue(book: VenueBook, price: int = 500, side: Side = Side.BUY) -> list[tuple[int, int]]:
    return [(order.order_id, order.size) for order in book.queue(side, price)]


def test_the_best_bid_is_the_highest_and_the_best_ask_the_lowest_with_all_that_rests_there(book: VenueBook) -> None:
    assert book.best(Side.BUY) == BestLevel(500, 7)
    assert book.best(Side.SELL) == BestLevel(525, 2)
    assert VenueBook().best(Side.BUY) is None


def test_orders_come_from_the_best_price_on_and_first_come_first(book: VenueBook) -> None:
    assert [order.order_id for order in book.orders(Side.BUY)] == [1, 2, 3]
    assert [order.order_id for order in book.orders(Side.SELL)] == [4, 5]
    assert len(book) == 5


def test_a_cancel_reduces_in_place(book: VenueBook) -> None:
    book.apply(row(FlowKind.CANCEL, 1, 500, 2))
    assert queue(book) == [(1, 1), (2, 4)]


@pytest.mark.parametrize("size", [3, 4], ids=["to zero", "below zero"])
@pytest.mark.parametrize("kind", [FlowKind.CANCEL, FlowKind.FILL])
def test_an_order_reduced_to_zero_or_below_goes(book: VenueBook, kind: FlowKind, size: int) -> None:
    book.apply(row(kind, 1, 500, size))
    assert queue(book) == [(2, 4)]
    assert book.order(1) is None
    assert book.best(Side.BUY) == BestLevel(500, 4)


def test_a_level_without_orders_goes(book: VenueBook) -> None:
    book.apply(row(FlowKind.FILL, 4, 525, 2, Side.SELL))
    assert book.best(Side.SELL) == BestLevel(550, 5)
    assert book.queue(Side.SELL, 525) == ()


@pytest.mark.parametrize(
    ("price", "size", "expected"),
    [
        (500, 2, [(1, 2), (2, 4)]),
        (500, 3, [(1, 3), (2, 4)]),
        (500, 5, [(2, 4), (1, 5)]),
    ],
    ids=["smaller keeps its place", "equal keeps its place", "larger goes to the back"],
)
def test_a_move_at_the_same_price(book: VenueBook, price: int, size: int, expected: list[tuple[int, int]]) -> None:
    book.apply(row(FlowKind.MODIFY, 1, price, size))
    assert queue(book) == expected
    assert book.best(Side.BUY) == BestLevel(500, sum(size for _, size in expected))


def test_a_move_to_another_price_goes_to_the_back_there(book: VenueBook) -> None:
    book.apply(row(FlowKind.MODIFY, 1, 475, 1))
    assert queue(book, 475) == [(3, 9), (1, 1)]
    assert queue(book) == [(2, 4)]


def test_a_move_of_an_order_that_is_not_there_is_an_error_of_the_caller(book: VenueBook) -> None:
    with pytest.raises(KeyError):
        book.apply(row(FlowKind.MODIFY, 99, 500, 1))


@pytest.mark.parametrize("kind", [FlowKind.TRADE, FlowKind.HIDDEN, FlowKind.HALT])
def test_prints_hidden_executions_and_halts_change_nothing(book: VenueBook, kind: FlowKind) -> None:
    before = (list(book.orders(Side.BUY)), list(book.orders(Side.SELL)))
    book.apply(row(kind, 1, 500, 1))
    assert (list(book.orders(Side.BUY)), list(book.orders(Side.SELL))) == before


def test_a_fill_of_an_order_that_the_book_never_showed_changes_nothing(book: VenueBook) -> None:
    book.apply(evolve(row(FlowKind.FILL, 99, 500, 1), side=None, flag=FlowFlag.UNKNOWN))
    assert len(book) == 5


def test_a_book_may_be_crossed_and_says_so(book: VenueBook) -> None:
    assert not book.crossed()
    book.apply(row(FlowKind.ADD, 6, 525, 1))
    assert book.crossed()


def test_events_have_the_effects_of_the_rows_that_they_stand_for(book: VenueBook) -> None:
    book.follow(Rests(9, 1, 6, Side.BUY, 500, 2, FlowFlag.NONE))
    book.follow(Moves(10, 1, 1, Side.BUY, 500, 8))
    book.follow(Reduces(11, 1, 2, Side.BUY, 500, 1, Reduction.CANCELLED))
    assert queue(book) == [(2, 3), (6, 2), (1, 8)]
    moved = book.order(1)
    assert moved is not None
    assert moved.line == 10
