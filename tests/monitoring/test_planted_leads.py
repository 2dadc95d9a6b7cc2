"""An offset that goes on within the lead of an expiry, or ends before it, is noticed at once."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.operations import ContinueRound, Tick, Withdraw
from settlespec.domain.orders import Side
from settlespec.invariants.catalogue import HEALTH, ORACLE_SANE
from settlespec.machine import custody, portfolio, standing
from settlespec.machine.draft import Draft
from settlespec.rules import expiry
from tests.commitment.dated_walks import EXPIRIES, FUTURE, dated_genesis
from tests.monitoring.planting import Watched, notices, replacing

LEAD = 1_000


class Spread(Watched):
    """Account 1 holds three lots of the perpetual against as many of the future, which nears its expiry."""

    def __init__(self, time: int) -> None:
        genesis = dated_genesis()
        super().__init__(genesis=evolve(genesis, parameters=evolve(genesis.parameters, expiry_lead=LEAD)))
        self.do(self.session.limit(0, FUTURE, 0, Side.BUY, 3, 11), self.session.limit(1, FUTURE, 0, Side.SELL, 3, 11))
        self.do(Tick(time))
        self.do(next(self.session.clearing_round({1: 10, 2: 12, FUTURE: 11})))
        while self.state.round is not None and self.state.round.holder is not None:
            self.do(ContinueRound(1))


@notices(ORACLE_SANE)
@pytest.mark.parametrize(
    ("time", "wrong"),
    [
        (EXPIRIES[FUTURE] - LEAD, lambda near: lambda ends, time, lead: 0),
        (EXPIRIES[FUTURE] - LEAD, lambda near: lambda ends, time, lead: near(ends, time - 1, lead)),
        (EXPIRIES[FUTURE] - LEAD - 1, lambda near: lambda ends, time, lead: near(ends, time + 1, lead)),
    ],
    ids=["never", "a millisecond late", "a millisecond early"],
)
def test_an_offset_that_ends_at_another_time_is_noticed_when_the_marks_are_adopted(
    time: int, wrong: Callable[[Any], Any]
) -> None:
    found = Spread(time).step_with(ContinueRound(1), replacing(expiry, "near_expiry", wrong))
    assert {(each.invariant, each.conjunct) for each in found} == {
        (ORACLE_SANE.id, "a market says what follows from its mark")
    }


@notices(HEALTH)
def test_money_that_is_free_only_by_an_offset_that_has_ended_is_noticed_when_it_leaves() -> None:
    watched = Spread(EXPIRIES[FUTURE] - LEAD)
    watched.do(ContinueRound(1_000))
    assert watched.state.round is None
    lenient = replacing(standing, "group_key", lambda _: lambda market: (market.instrument.underlying, 0))
    with pytest.MonkeyPatch.context() as patch:
        lenient(patch)
        free = custody.free(Draft(watched.state), watched.state.accounts[1])
    assert free > custody.free(Draft(watched.state), watched.state.accounts[1])
    operation = watched.session.sign(Withdraw(1, watched.session.next_nonce(1), watched.state.clock, free, b""))
    found = watched.step_with(operation, lenient, replacing(portfolio, "group_key", lambda _: standing.group_key))
    assert HEALTH.id in {each.invariant for each in found}
