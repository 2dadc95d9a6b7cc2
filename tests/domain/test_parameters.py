"""GENESIS-1, ORACLE-1: parameters that contradict themselves are refused."""

import pytest
from attrs import evolve

from settlespec.domain.parameters import Oracles
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal

PARAMETERS = minimal(Ideal()).parameters


@pytest.mark.parametrize(("keys", "threshold"), [(1, 1), (2, 2), (3, 2), (3, 3), (4, 3)])
def test_more_than_half_of_the_oracles_is_a_threshold(keys: int, threshold: int) -> None:
    assert Oracles((b"",) * keys, threshold).threshold == threshold


@pytest.mark.parametrize(("keys", "threshold"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (3, 4)])
def test_half_or_fewer_or_more_than_there_are_is_not(keys: int, threshold: int) -> None:
    with pytest.raises(ValueError, match="not more than half"):
        Oracles((b"",) * keys, threshold)


def test_one_placing_may_remove_at_least_what_one_account_may_have_resting() -> None:
    assert evolve(PARAMETERS, max_removals=3, max_orders_per_account=3).max_removals == 3
    with pytest.raises(ValueError, match="max_removals must be at least max_orders_per_account"):
        evolve(PARAMETERS, max_removals=2, max_orders_per_account=3)


@pytest.mark.parametrize(
    "name",
    ["max_age", "round_deadline", "max_matches", "max_orders_per_book", "max_accounts", "max_inbox", "max_vault"],
)
def test_no_limit_is_zero(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        evolve(PARAMETERS, **{name: 0})  # type: ignore[arg-type]


def test_the_initial_requirement_is_at_least_maintenance() -> None:
    with pytest.raises(ValueError, match="initial_factor_ppm"):
        evolve(PARAMETERS, initial_factor_ppm=999_999)
