"""LIQ-1 to LIQ-8: what a default takes and from whom, and at what price a liquidation may trade."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from settlespec.arithmetic import PPM, ceil_div
from settlespec.rules import liquidation, margin

MONEY = st.integers(min_value=0, max_value=10**15)


@pytest.mark.parametrize(("at_rest", "now", "gain"), [(5, 9, 4), (9, 5, 0), (5, 5, 0), (5, -9, 0), (0, 1, 1)])
def test_a_gain_is_a_rise_of_equity_since_rest(at_rest: int, now: int, gain: int) -> None:
    assert liquidation.gain_of_round(at_rest, now) == gain


@pytest.mark.parametrize(("insurance", "debt", "paid"), [(5, 9, 5), (9, 5, 5), (0, 9, 0), (9, 0, 0)])
def test_the_insurance_fund_pays_a_debt_as_far_as_it_reaches(insurance: int, debt: int, paid: int) -> None:
    assert liquidation.insurance_payment(insurance, debt) == paid


@pytest.mark.parametrize(
    ("owed", "gain", "total", "share"),
    [(59, 80, 120, 40), (59, 40, 120, 20), (120, 80, 120, 80), (0, 80, 120, 0), (1, 1, 120, 1)],
)
def test_a_haircut_is_a_share_rounded_up(owed: int, gain: int, total: int, share: int) -> None:
    assert liquidation.haircut(owed, gain, total) == share


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=12), st.data())
def test_haircuts_cover_what_is_owed_and_take_from_nobody_more_than_he_gained(
    gains: list[int], data: st.DataObject
) -> None:
    total = sum(gains)
    owed = data.draw(st.integers(0, total))
    shares = [liquidation.haircut(owed, gain, total) for gain in gains]
    assert owed <= sum(shares) < owed + len(gains)
    assert all(share <= gain for share, gain in zip(shares, gains, strict=True))
    assert all(share - 1 < Fraction(owed * gain, total) <= share for share, gain in zip(shares, gains, strict=True))


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.data(), st.integers(-(10**12), 10**12))
def test_the_bankruptcy_quote_is_the_least_that_keeps_equity_per_maintenance(
    equity: int, before: int, data: st.DataObject, released: int
) -> None:
    after = data.draw(st.integers(0, before - 1))
    quote = liquidation.bankruptcy_quote(equity, before, after, released)

    def keeps(received: int) -> bool:
        return Fraction(equity + received - released) * before >= Fraction(equity) * after

    assert keeps(quote)
    assert not keeps(quote - 1)


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**6), st.data(), st.integers(1, 10**6))
def test_the_bankruptcy_quote_is_starkexs_two_sided_inequality(
    equity: int, rate: int, size: int, data: st.DataObject, mark: int
) -> None:
    """StarkEx deleveraging: total value per total risk must not fall by the close, and one quantum less would make it."""
    lots = data.draw(st.integers(1, size))
    before, after = rate * size * mark, rate * (size - lots) * mark
    quote = liquidation.bankruptcy_quote(equity, before, after, lots * mark)
    # The other side of the pair: with the lot sold for one quantum less, TV1 * TR0 < TV0 * TR1.
    value = equity + quote - lots * mark
    assert value * before >= equity * after
    assert (value - 1) * before < equity * after


@given(st.integers(1, 10**12), st.integers(2, 1_000), st.data(), st.integers(1, 10**6))
def test_splitting_a_close_changes_its_value_by_at_most_one_quantum_a_step(
    equity: int, size: int, data: st.DataObject, mark: int
) -> None:
    lots = data.draw(st.integers(1, size - 1))
    first = data.draw(st.integers(1, lots))
    whole = liquidation.bankruptcy_quote(equity, size, size - lots, lots * mark)
    one = liquidation.bankruptcy_quote(equity, size, size - first, first * mark)
    left = equity + one - first * mark
    assume(left > 0)
    other = liquidation.bankruptcy_quote(left, size - first, size - lots, (lots - first) * mark)
    assert whole <= one + other <= whole + 1


@pytest.mark.parametrize(
    ("notional", "rate", "over", "fee"),
    [
        (1_000, 10_000, 100, 10),
        (1_001, 10_000, 100, 11),
        (1_000, 10_000, 9, 9),
        (1_000, 10_000, 0, 0),
        (0, 10_000, 5, 0),
    ],
)
def test_the_fee_is_rounded_up_and_at_most_the_gain_over_bankruptcy(
    notional: int, rate: int, over: int, fee: int
) -> None:
    assert liquidation.liquidation_fee(notional, rate, over) == fee


@pytest.mark.parametrize(
    ("mark", "slip", "step", "sale", "purchase"),
    [(100, 50_000, 1, 95, 105), (99, 50_000, 1, 95, 103), (100, 0, 1, 99, 101), (100, 1_000, 7, 93, 107)],
)
def test_the_slip_is_rounded_towards_the_mark_and_at_least_one_step(
    mark: int, slip: int, step: int, sale: int, purchase: int
) -> None:
    width = liquidation.slip_width(mark, slip, step)
    assert liquidation.lowest_sale(mark, width) == sale
    assert liquidation.highest_purchase(mark, width) == purchase


@pytest.mark.parametrize(
    ("equity", "base", "maintenance", "ends"),
    [(20, 20, 10, True), (19, 20, 10, False), (20, 20, 21, False), (21, 20, 21, True), (0, 0, 0, True)],
)
def test_a_liquidation_ends_at_the_larger_of_the_base_requirement_and_maintenance(
    equity: int, base: int, maintenance: int, ends: bool
) -> None:
    assert liquidation.restored(equity, base, maintenance) is ends


@pytest.mark.parametrize(("size", "opposite", "lots"), [(5, 9, 5), (9, 5, 5), (5, 5, 5)])
def test_lots_close_against_at_most_what_the_other_holds(size: int, opposite: int, lots: int) -> None:
    assert liquidation.closable(size, opposite) == lots


@given(MONEY, MONEY)
def test_what_the_fund_pays_never_makes_it_owe(insurance: int, debt: int) -> None:
    paid = liquidation.insurance_payment(insurance, debt)
    assert 0 <= paid <= debt
    assert insurance - paid >= 0


@given(MONEY, st.integers(0, 10**15), st.integers(PPM, 3 * PPM), st.integers(0, 10**15))
def test_headroom_is_equity_after_its_fee_less_the_base_initial_requirement_before_any_rounding(
    equity: int, risk: int, factor: int, fee: int
) -> None:
    exact = equity - Fraction(fee, PPM) - Fraction(risk, margin.RISK_SCALE) * Fraction(factor, PPM)
    found = liquidation.headroom(equity, risk, factor, fee)
    assert Fraction(found, PPM * margin.RISK_SCALE) == exact


@given(MONEY, st.integers(0, 10**15), st.integers(PPM, 3 * PPM), st.integers(0, 10**15))
def test_who_is_restored_has_headroom_and_who_lacks_headroom_is_not_restored(
    equity: int, risk: int, factor: int, fee: int
) -> None:
    maintenance = margin.maintenance(risk)
    left = equity - ceil_div(fee, PPM)
    assume(liquidation.restored(left, margin.initial(maintenance, factor, 0), maintenance))
    assert liquidation.headroom(equity, risk, factor, fee) >= 0


@pytest.mark.parametrize(("share", "owed", "collected", "due"), [(40, 59, 0, 40), (20, 59, 40, 19), (1, 59, 59, 0)])
def test_of_a_share_as_much_goes_to_the_debt_as_is_still_owed(share: int, owed: int, collected: int, due: int) -> None:
    assert liquidation.haircut_due(share, owed, collected) == due


@pytest.mark.parametrize(("rounds", "breached", "after"), [(0, True, 1), (3, True, 4), (3, False, 0), (0, False, 0)])
def test_a_round_in_breach_counts_and_one_without_begins_anew(rounds: int, breached: bool, after: int) -> None:
    assert liquidation.rounds_in_breach(rounds, breached) == after


@pytest.mark.parametrize(("rounds", "patience", "beyond"), [(1, 0, True), (2, 2, False), (3, 2, True)])
def test_patience_is_the_number_of_rounds_for_which_the_book_is_asked(rounds: int, patience: int, beyond: bool) -> None:
    assert liquidation.beyond_patience(rounds, patience) is beyond
