"""The table of the hedged book says what the machine's own formula says."""

from attrs import evolve

from settlespec.domain.instruments import InstrumentKind
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.machine.genesis import initial_state, standard
from settlespec.machine.signatures import Ideal
from settlespec.oracle.hedging import UP, WRITTEN, delta_of, hedged_book, nearest, needed, round_half_up, third_of
from settlespec.rules.margin import THIRDS

FACTOR = 1_500_000
MARKETS = initial_state(EmbeddedFlow().genesis(Ideal())).markets


def test_a_call_and_a_put_near_the_money_are_written_and_hedged_in_their_reference() -> None:
    book = hedged_book(MARKETS, FACTOR)
    assert book is not None
    assert [leg.lots for leg in book.legs[1:]] == [-WRITTEN, -WRITTEN]
    assert {MARKETS[leg.instrument].instrument.kind for leg in book.legs[1:]} == {
        InstrumentKind.CALL,
        InstrumentKind.PUT,
    }
    assert book.legs[0].instrument == MARKETS[book.legs[1].instrument].instrument.reference
    assert book.equity == sum(leg.lots * MARKETS[leg.instrument].mark for leg in book.legs)


def test_hedged_the_book_needs_less_than_its_legs_apart_and_what_is_saved_is_the_difference() -> None:
    book = hedged_book(MARKETS, FACTOR)
    assert book is not None
    maintenance, initial = book.apart
    assert book.maintenance < maintenance
    assert book.initial < initial
    assert book.saved_ppm == (initial - book.initial) * 1_000_000 // initial > 0
    assert book.totals()["initial_apart"] == initial


def test_what_the_hedge_saves_is_told_apart_from_what_netting_saves() -> None:
    book = hedged_book(MARKETS, FACTOR)
    assert book is not None
    options = {leg.instrument: leg.lots for leg in book.legs[1:]}
    unhedged = needed(options, MARKETS, FACTOR)
    assert (book.unhedged_maintenance, book.unhedged_initial) == (unhedged.maintenance, unhedged.initial)
    assert book.unhedged_equity == sum(leg.value for leg in book.legs[1:])
    assert book.initial < book.unhedged_initial < sum(leg.initial for leg in book.legs[1:])
    saved = (book.unhedged_initial - book.initial) * 1_000_000 // book.unhedged_initial
    assert book.totals()["saved_by_hedge_ppm"] == saved
    assert 0 < saved < book.saved_ppm


def test_the_hedge_leaves_the_least_change_of_worth_for_a_small_move() -> None:
    book = hedged_book(MARKETS, FACTOR)
    assert book is not None

    def moved(hedge: int) -> int:
        lots = {leg.instrument: leg.lots for leg in book.legs} | {book.legs[0].instrument: hedge}
        return abs(sum(size * delta_of(MARKETS[name], MARKETS[1]) for name, size in lots.items()))

    hedge = book.legs[0].lots
    assert moved(hedge) <= min(moved(hedge - 1), moved(hedge + 1))


def test_one_lot_of_the_reference_has_a_delta_of_one() -> None:
    assert delta_of(MARKETS[1], MARKETS[1]) == third_of(MARKETS[1], MARKETS[1])
    assert [THIRDS[place] for place in UP] == [1, 1]
    assert [round_half_up(number, 10) for number in (-15, -5, 4, 5, 15)] == [-1, 0, 0, 1, 2]


def test_the_option_nearest_out_of_the_money_of_the_last_expiry_is_chosen() -> None:
    call = nearest(MARKETS, InstrumentKind.CALL)
    assert call is not None
    terms = call.instrument
    assert terms.strike > MARKETS[terms.reference].mark
    assert terms.expiry == max(market.instrument.expiry for market in MARKETS.values())
    gone = MARKETS.set(terms.id, evolve(call, expired=True))
    other = nearest(gone, InstrumentKind.CALL)
    assert other is not None
    assert other.instrument.id != terms.id


def test_without_options_there_is_no_book() -> None:
    assert hedged_book(initial_state(standard(Ideal())).markets, FACTOR) is None
