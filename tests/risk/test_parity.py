"""Forward and discount from pairs of call and put."""

import pytest

from settlespec.risk.parity import FEWEST_PAIRS, LOWEST_DISCOUNT, Pairs, implied_discount, implied_forward


def pairs(discount: float, forward: float, *strikes: float) -> Pairs:
    """Pairs that differ by what parity says."""
    return {
        strike: (1.0 + max(discount * (forward - strike), 0.0), 1.0 + max(discount * (strike - forward), 0.0))
        for strike in strikes
    }


def test_without_a_pair_there_is_no_forward_and_no_discount() -> None:
    assert implied_forward({}) is None
    assert implied_discount({}, 100.0) == 1.0


def test_one_pair_implies_a_forward_and_no_discount() -> None:
    assert implied_forward(pairs(1.0, 100.0, 70.0)) == pytest.approx(100.0)
    assert implied_discount(pairs(0.9, 100.0, 70.0), 100.0) == 1.0


def test_the_forward_is_that_of_the_pairs_at_the_money_whatever_the_discount() -> None:
    near = [96.0, 97.0, 98.0, 99.0, 100.0, 101.0, 102.0, 103.0, 104.0]
    found = implied_forward(pairs(0.9, 100.0, 10.0, 20.0, 30.0, *near))
    assert found == pytest.approx(100.0)


def test_one_pair_that_is_wrong_moves_neither() -> None:
    given = dict(pairs(0.9, 100.0, 50.0, 60.0, 70.0, 98.0, 99.0, 101.0, 102.0, 130.0, 140.0))
    given[101.0] = (50.0, 1.0)
    given[70.0] = (90.0, 1.0)
    assert implied_forward(given) == pytest.approx(100.0, abs=0.3)
    assert implied_discount(given, 100.0) == pytest.approx(0.9)


def test_too_few_far_pairs_say_nothing_about_the_discount() -> None:
    far = [float(20 + step) for step in range(FEWEST_PAIRS)]
    assert implied_discount(pairs(0.9, 100.0, *far), 100.0) == pytest.approx(0.9)
    assert implied_discount(pairs(0.9, 100.0, *far[1:], 95.0, 105.0), 100.0) == 1.0


def test_a_discount_stays_between_its_bounds() -> None:
    strikes = (10.0, 20.0, 30.0, 40.0, 50.0)
    assert implied_discount(pairs(1.2, 100.0, *strikes), 100.0) == 1.0
    assert implied_discount(pairs(0.1, 100.0, *strikes), 100.0) == LOWEST_DISCOUNT
