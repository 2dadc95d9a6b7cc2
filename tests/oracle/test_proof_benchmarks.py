"""The laws in the benchmarks: from nothing, from what was kept, and beside CrossHair."""

from collections.abc import Sequence

import pytest

from settlespec.oracle import proof_benchmarks
from settlespec.oracle.bench_sizes import Size
from settlespec.oracle.benchmarks import Child
from settlespec.oracle.proof_benchmarks import SECONDS_OF_LAWS, beside_crosshair, laws


def test_the_second_run_uses_the_folder_of_the_first_and_laws_that_were_not_answered_are_no_fast_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []

    def child(arguments: Sequence[str]) -> Child:
        asked.append(list(arguments))
        return Child(2.5 / len(asked), 10**8, 75)

    monkeypatch.setattr(proof_benchmarks, "run_child", child)
    cold, cached, slowest = laws(Size(laws="fees"), None)
    assert asked[0] == asked[1]
    assert {"--cache", "--solver", "z3"} <= set(asked[0])
    assert "--refresh" not in asked[0]
    assert (cold.value, cached.value, cold.note) == (2.5, 1.25, "exit code 75")
    assert (cold.target, cached.target, slowest.target) == (90, 3, 10)
    assert (slowest.value, slowest.note, slowest.status) == (SECONDS_OF_LAWS, "none kept", "missed")


def test_crosshair_is_compared_on_the_same_laws_in_the_same_run() -> None:
    (ratio,) = beside_crosshair(Size(laws="arithmetic", compared=1), None)
    assert ratio.value == ratio.ratio
    assert ratio.value > 0
    assert (ratio.target, ratio.at_least) == (5, True)
    assert "on the same 1 laws" in ratio.what
    assert "CrossHair" in ratio.note
