"""BOOK-1, BOOK-2: the best order of a side is its least key, first by price, then by arrival."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from settlespec.domain.books import ARRIVAL_MASK, EMPTY_BOOK, Book, precedence
from settlespec.domain.orders import Order, Side
from settlespec.domain.quantities import MAX_PRICE

PRICES = st.integers(min_value=1, max_value=5) | st.sampled_from([MAX_PRICE - 1, MAX_PRICE])
SIDES = st.sampled_from(Side)


def order(arrival: int, side: Side, price: int, size: int = 3, filled: int = 0) -> Order:
    return Order(arrival, 1, arrival, 1, side, price, size, filled, 0, False)


ORDERS = st.lists(st.tuples(SIDES, PRICES), max_size=30).map(
    lambda terms: [order(arrival, side, price) for arrival, (side, price) in enumerate(terms)]
)


def book_of(orders: list[Order]) -> Book:
    book = EMPTY_BOOK
    for each in orders:
        book = book.insert(each)
    return book


def walk(book: Book, side: Side) -> Iterator[Order]:
    best = book.best(side)
    while best is not None:
        yield best
        best = book.behind(best)


@given(ORDERS)
def test_each_side_is_served_by_price_and_then_by_arrival(orders: list[Order]) -> None:
    book = book_of(orders)
    for side in Side:
        expected = sorted(
            (each for each in orders if each.side is side), key=lambda each: (-side * each.price, each.arrival)
        )
        assert list(walk(book, side)) == expected
        assert book.best(side.opposite) == next(walk(book, side.opposite), None)


@given(ORDERS, st.data())
def test_a_removed_order_is_gone_and_the_others_keep_their_order(orders: list[Order], data: st.DataObject) -> None:
    book = book_of(orders)
    for gone in data.draw(st.lists(st.sampled_from(orders), unique=True) if orders else st.just([])):
        before = [each for side in Side for each in walk(book, side)]
        book = book.remove(gone)
        assert [each for side in Side for each in walk(book, side)] == [each for each in before if each is not gone]
    assert len(book.bids) + len(book.asks) == len(book.orders)


@given(SIDES, PRICES, PRICES, st.integers(0, ARRIVAL_MASK), st.integers(0, ARRIVAL_MASK))
def test_price_and_arrival_never_touch_in_the_key(side: Side, one: int, other: int, first: int, second: int) -> None:
    better = one * side > other * side
    assert (precedence(side, one, first) < precedence(side, other, second)) == (
        better or (one == other and first < second)
    )
    assert precedence(side, one, first) & ARRIVAL_MASK == first
    assert 0 <= precedence(side, one, first) < 2**104


def test_a_changed_order_keeps_its_place() -> None:
    book = book_of([order(0, Side.SELL, 5), order(1, Side.SELL, 5)])
    book = book.change(order(0, Side.SELL, 5, filled=2))
    assert [(each.arrival, each.remaining) for each in walk(book, Side.SELL)] == [(0, 1), (1, 3)]


def test_an_earlier_book_stays_as_it_was() -> None:
    before = book_of([order(0, Side.BUY, 5)])
    before.remove(order(0, Side.BUY, 5))
    before.insert(order(1, Side.BUY, 6))
    assert [each.arrival for each in walk(before, Side.BUY)] == [0]


def test_an_empty_book_has_no_best_order() -> None:
    assert EMPTY_BOOK.best(Side.BUY) is None
    assert EMPTY_BOOK.best(Side.SELL) is None
