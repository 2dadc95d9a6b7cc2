"""The leaf of a market: of a dated instrument with its settlement value, of an option with its losses as they count."""

from typing import Any, cast

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.commitment.encoding import Refusal, Refused, Writer
from settlespec.commitment.market_leaves import decode_market, encode_market, mark_of
from settlespec.commitment.round_leaves import write_losses
from settlespec.domain.instruments import SCENARIOS, Instrument, Market
from settlespec.domain.quantities import LOSS, MAX_PRICE
from settlespec.machine.genesis import initial_state
from settlespec.machine.markets import RIGHTS, expired_market, revalued_market
from settlespec.rules.margin import SHARES, THIRDS, bounded_loss, moved_price
from tests.commitment.dated_walks import CALL, FUTURE, PUT, dated_genesis, dated_states
from tests.commitment.hostile import assert_canonical, assert_spoiled_never_passes

STATE = initial_state(dated_genesis())
REFERENCE = STATE.markets[1].mark

Leaf = tuple[Market, int, int]
"""A market, its open interest and its number of orders."""


def listed(name: int) -> Instrument:
    return dated_genesis().instruments[name - 1]


def written(leaf: Leaf) -> bytes:
    """The bytes of a market in which so many orders rest."""
    market, interest, orders = leaf
    name = market.instrument.id
    book = evolve(STATE.books[name], open_interest=interest, orders=cast(Any, range(orders)))
    state = evolve(STATE, markets=STATE.markets.set(name, market), books=STATE.books.set(name, book))
    return encode_market(state, name)


def read(name: int, data: bytes) -> Leaf:
    return decode_market(data, listed(name), REFERENCE if listed(name).kind.is_option else None)


def option(name: int = CALL, mark: int = 3, stated: tuple[int, ...] = (0,) * SCENARIOS, **terms: Any) -> Market:
    return revalued_market(listed(name), mark, REFERENCE, stated, **terms)


EXAMPLES: dict[str, Leaf] = {
    "a perpetual": (revalued_market(listed(1), 10, 10, (), surcharge_ppm=40, funding_index=-9), 7, 3),
    "a future": (revalued_market(listed(FUTURE), 11, 11, ()), 5, 0),
    "a future that is settled and not paid out": (revalued_market(listed(FUTURE), 11, 11, (), settlement=13), 5, 2),
    "an expired future": (expired_market(listed(FUTURE), 13, 0), 5, 1),
    "a call": (option(CALL, 2, tuple(range(-8, 8)), surcharge_ppm=500), 300, 6),
    "a put that is settled and not paid out": (option(PUT, 4, (LOSS.high,) * SCENARIOS, settlement=MAX_PRICE), 1, 0),
    "an expired call": (expired_market(listed(CALL), 13, 0), 0, 0),
    "a put that expired worthless": (expired_market(listed(PUT), 12, 0), 4, 0),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_markets_leaf_comes_back_and_no_spoiled_one_passes_for_it(name: str) -> None:
    leaf = EXAMPLES[name]
    instrument = leaf[0].instrument.id
    assert read(instrument, written(leaf)) == leaf
    assert mark_of(written(leaf)) == leaf[0].mark
    refused, other = assert_spoiled_never_passes(lambda data: read(instrument, data), written, written(leaf))
    assert refused > 0
    assert other > 0


def test_every_market_of_a_run_comes_back_from_its_leaf_and_its_references_mark() -> None:
    compared = dict.fromkeys(STATE.markets, 0)
    for state in dated_states():
        for name, market in state.markets.items():
            instrument = market.instrument
            reference = state.markets[instrument.reference].mark if instrument.kind.is_option else None
            interest, orders = state.books[name].open_interest, len(state.books[name].orders)
            assert decode_market(encode_market(state, name), instrument, reference) == (market, interest, orders)
            compared[name] += market.expired
    assert all(compared[name] > 3 for name in (FUTURE, CALL, PUT))


@settings(max_examples=200)
@given(
    name=st.sampled_from((1, FUTURE, CALL, PUT)),
    start=st.sampled_from(sorted(EXAMPLES)),
    cut=st.integers(0, 60),
    tail=st.binary(max_size=50),
)
def test_any_bytes_are_refused_or_are_the_one_leaf_of_a_market(name: int, start: str, cut: int, tail: bytes) -> None:
    assert_canonical(lambda data: read(name, data), written, written(EXAMPLES[start])[:cut] + tail)


def with_losses(name: int, losses: tuple[int, ...]) -> bytes:
    """A leaf of an option at 3 quantums that states these losses."""
    writer = Writer()
    for number in (3, 0, 0, 0, 0, 0):
        writer.unsigned(number)
    writer.flag(False)
    write_losses(writer, losses)
    return writer.finish()


def bounds(name: int) -> tuple[tuple[int, int], ...]:
    """The least and the largest loss that counts in each scenario, by the rule."""
    instrument = listed(name)

    def counted(loss: int, place: int) -> int:
        moved = moved_price(REFERENCE, instrument.maintenance_ppm, THIRDS[place] * SHARES[place])
        return bounded_loss(loss, SHARES[place], RIGHTS[instrument.kind], instrument.strike, 3, moved)

    return tuple((counted(LOSS.low, place), counted(LOSS.high, place)) for place in range(SCENARIOS))


@pytest.mark.parametrize("name", [CALL, PUT])
@pytest.mark.parametrize("place", range(SCENARIOS))
def test_a_loss_outside_of_the_bounds_of_its_scenario_is_refused(name: int, place: int) -> None:
    limits = bounds(name)
    for side, beyond in ((0, -1), (1, 1)):
        fine = tuple(limit[side] for limit in limits)
        market, _, _ = read(name, with_losses(name, fine))
        assert market.risk.losses == fine
        hostile = (*fine[:place], fine[place] + beyond, *fine[place + 1 :])
        assert refusal_of(name, with_losses(name, hostile)) is Refusal.DISAGREES


def refusal_of(name: int, data: bytes) -> Refusal:
    with pytest.raises(Refused) as caught:
        read(name, data)
    return caught.value.refusal


def leaf(*numbers: int, losses: bytes = b"") -> bytes:
    """Unsigned integers of one byte or more, then losses."""
    writer = Writer()
    for number in numbers:
        writer.unsigned(number)
    writer.raw(losses)
    return writer.finish()


INSIDE = with_losses(CALL, tuple(low for low, _ in bounds(CALL)))[7:]
"""Losses that count, of a call at 3 quantums."""

REFUSALS: dict[str, tuple[int, bytes, Refusal]] = {
    "a perpetual with a settlement value": (1, leaf(10, 0, 0, 0, 0, 13), Refusal.TRAILING),
    "a future without a settlement value's place": (FUTURE, leaf(11, 0, 0, 0, 0), Refusal.TRUNCATED),
    "a future with losses": (FUTURE, leaf(11, 0, 0, 0, 0, 0, 0, losses=INSIDE), Refusal.TRAILING),
    "a settlement value past its range": (FUTURE, leaf(11, 0, 0, 0, 0, MAX_PRICE + 1, 0), Refusal.OUT_OF_RANGE),
    "a flag of two": (FUTURE, leaf(13, 0, 0, 0, 0, 13, 2), Refusal.OUT_OF_RANGE),
    "an expired future without a settlement value": (FUTURE, leaf(11, 0, 0, 0, 0, 0, 1), Refusal.DISAGREES),
    "an expired future at another mark": (FUTURE, leaf(12, 0, 0, 0, 0, 13, 1), Refusal.DISAGREES),
    "an expired future with a surcharge": (FUTURE, leaf(13, 1, 0, 0, 0, 13, 1), Refusal.DISAGREES),
    "a future at no mark": (FUTURE, leaf(0, 0, 0, 0, 0, 0, 0), Refusal.OUT_OF_RANGE),
    "a call without losses": (CALL, leaf(3, 0, 0, 0, 0, 0, 0), Refusal.TRUNCATED),
    "a call with fifteen losses": (CALL, leaf(3, 0, 0, 0, 0, 0, 0, losses=bytes(15)), Refusal.TRUNCATED),
    "a call with a loss too much": (CALL, leaf(3, 0, 0, 0, 0, 0, 0, losses=INSIDE + b"\0"), Refusal.TRAILING),
    "a call at no mark": (CALL, leaf(0, 0, 0, 0, 0, 0, 0, losses=bytes(16)), Refusal.OUT_OF_RANGE),
    "an expired call with losses": (CALL, leaf(3, 0, 0, 0, 0, 13, 1, losses=INSIDE), Refusal.TRAILING),
    "an expired call without a settlement value": (CALL, leaf(0, 0, 0, 0, 0, 0, 1), Refusal.DISAGREES),
    "an expired call at the settlement value": (CALL, leaf(13, 0, 0, 0, 0, 13, 1), Refusal.DISAGREES),
    "an expired call at what a put pays": (CALL, leaf(2, 0, 0, 0, 0, 8, 1), Refusal.DISAGREES),
    "a worthless put at a mark": (PUT, leaf(1, 0, 0, 0, 0, 12, 1), Refusal.DISAGREES),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_leaf_of_no_such_market_is_refused(name: str) -> None:
    instrument, data, refusal = REFUSALS[name]
    assert refusal_of(instrument, data) is refusal


def test_what_is_refused_is_close_to_what_is_not() -> None:
    assert read(FUTURE, leaf(13, 0, 0, 0, 0, 13, 1))[0].expired
    assert read(CALL, leaf(3, 0, 0, 0, 0, 13, 1))[0].mark == 3
    assert read(PUT, leaf(0, 0, 0, 0, 0, 12, 1))[0].settlement == 12
    assert read(CALL, leaf(3, 0, 0, 0, 0, 0, 0, losses=INSIDE))[0].settlement is None


def test_the_losses_of_an_option_count_at_its_references_mark() -> None:
    highest = tuple(high for _, high in bounds(CALL))
    data = with_losses(CALL, highest)
    assert decode_market(data, listed(CALL), REFERENCE)[0].risk.losses == highest
    with pytest.raises(Refused):
        decode_market(data, listed(CALL), 2 * REFERENCE)
