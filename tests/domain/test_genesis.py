"""A deployment that contradicts itself is refused before it runs."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.genesis import Genesis
from settlespec.domain.instruments import Instrument
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal

GENESIS = minimal(Ideal())


def test_each_instrument_has_one_first_mark() -> None:
    with pytest.raises(ValueError, match="1 marks for 2 instruments"):
        evolve(GENESIS, marks=(10,))


def test_the_instruments_stand_in_rising_order_each_once() -> None:
    first, second = GENESIS.instruments
    for listed in ((second, first), (first, first)):
        with pytest.raises(ValueError, match="rising order"):
            evolve(GENESIS, instruments=listed)


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ({"surcharge_from": 50, "surcharge_to": 50}, "surcharge_to is not above surcharge_from"),
        ({"surcharge_from": -1}, "surcharge_to is not above surcharge_from"),
        ({"band_steps": -1}, "band_steps is negative or basis_ppm is 0"),
        ({"band_steps": 2**40}, "band_steps is more than any price has"),
        ({"basis_ppm": 0}, "band_steps is negative or basis_ppm is 0"),
        ({"maker_fee_ppm": -10_001}, "the rebate is more than the taker's fee"),
    ],
)
def test_terms_by_which_a_rule_would_have_no_answer_are_refused(terms: dict[str, Any], problem: str) -> None:
    change: Callable[..., Instrument] = evolve
    first, second = GENESIS.instruments
    with pytest.raises(ValueError, match=problem):
        Genesis(GENESIS.parameters, (change(first, **terms), second), GENESIS.marks)
