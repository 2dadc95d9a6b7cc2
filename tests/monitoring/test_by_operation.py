"""The sample of the matrix: by operation, what the monitor judged; a run that breaks an invariant counts for nothing."""

import pytest

from settlespec.domain.outcomes import Outcome
from settlespec.domain.rounds import Stage
from settlespec.flows.minimal import MinimalFlow
from settlespec.invariants.cards import Violation
from settlespec.monitoring.by_operation import Broken, sample_by_operation
from settlespec.monitoring.monitor import Monitor
from settlespec.shapes.statement import ROWS

SHORT = ((MinimalFlow(1), 600, 50),)


def test_every_operation_of_a_run_is_counted_by_its_row_and_a_round_by_its_stages():
    counts = sample_by_operation(SHORT)
    assert set(counts) <= set(ROWS)
    stages = {f"round: {stage.name.lower()}" for stage in Stage} - {"round: liquidate"}
    assert stages | {"round: adopt marks", "round: end", "place", "take deposit", "tick"} <= set(counts)
    assert counts["place"]["CONSERVATION"] > 0
    assert "HEALTH-AFTER-OP" not in counts["tick"]


def test_the_same_run_gives_the_same_counts():
    assert sample_by_operation(SHORT) == sample_by_operation(SHORT)


def test_a_run_that_breaks_an_invariant_is_no_sample(monkeypatch: pytest.MonkeyPatch):
    def observe(_: Monitor, __: object, ___: Outcome) -> tuple[Violation, ...]:
        return (Violation("INSURANCE", "insurance >= 0", "", -1, 0),)

    monkeypatch.setattr(Monitor, "observe", observe)
    with pytest.raises(Broken, match="insurance >= 0"):
        sample_by_operation(SHORT)
