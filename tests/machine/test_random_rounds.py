"""The clearing round on random states: nobody owes, bystanders never pay, conservation is exact, the length is known beforehand."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import pytest

from tests.machine.random_rounds import random_rounds

PROCESSES: Final = 2
REACHED: Final = (
    "by single micro-steps",
    "with defaults",
    "with haircuts",
    "closes at the mark without debt",
    "liquidation fills",
    "option holders in default",
    "defaults with an expiring position",
    "option closes at the mark",
    "haircuts of option holders",
    "portfolio liquidation fills",
    "positions paid out",
)
"""In at least one round of forty."""
SELDOM: Final = ("option liquidation fills", "fills of who lost a leg to expiry")
"""In at least three of a thousand."""


def shown(seen: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in seen.items())


def test_a_thousand_random_rounds_hold() -> None:
    seen = random_rounds(seed=1, rounds=1_000)
    print(shown(seen))
    assert seen["rounds"] == 1_000
    assert all(seen[what] >= 25 for what in REACHED), shown(seen)
    assert all(seen[what] >= 3 for what in SELDOM), shown(seen)


def test_the_same_seed_runs_the_same_rounds() -> None:
    assert random_rounds(seed=5, rounds=30) == random_rounds(seed=5, rounds=30)


@pytest.mark.slow
def test_a_hundred_thousand_random_rounds_hold() -> None:
    with ProcessPoolExecutor(PROCESSES) as processes:
        shards = processes.map(random_rounds, range(100, 100 + PROCESSES), [50_000] * PROCESSES)
        seen = sum(shards, Counter[str]())
    print(shown(seen))
    assert seen["rounds"] == 100_000
    assert all(seen[what] >= 2_500 for what in REACHED), shown(seen)
    assert all(seen[what] >= 300 for what in SELDOM), shown(seen)
