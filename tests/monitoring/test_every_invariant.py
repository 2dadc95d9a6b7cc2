"""Every invariant of the catalogue has a planted violation: whoever adds a card is asked for one."""

import tests.monitoring.test_planted_orders
import tests.monitoring.test_planted_requests
import tests.monitoring.test_planted_rounds
import tests.monitoring.test_planted_violations  # noqa: F401
from settlespec.invariants.catalogue import CARDS
from tests.monitoring.planting import PLANTED


def test_every_invariant_has_a_planted_violation() -> None:
    assert set(CARDS) == PLANTED
