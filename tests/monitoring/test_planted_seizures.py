"""An account that is closed, or whose liquidation begins, loses its orders at that very micro-step; one that does not is noticed at it."""

import pytest

from settlespec.domain.operations import ContinueRound
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Seize, Stage
from settlespec.invariants.catalogue import LIQUIDATION_FAIR
from settlespec.machine.draft import Draft
from tests.monitoring.planting import Plant, Watched, replacing

MARK = 19
"""At which the account is in breach and not in default."""


class Weak(Watched):
    """Account 0 is short of three lots against account 1 with little money, and bids for one more; nobody else is there."""

    def begins(self) -> None:
        for account, amount in ((0, 30), (1, 500)):
            self.do(*self.session.deposit(account, amount))
        self.do(self.session.limit(0, 1, 0, Side.SELL, 3, 10), self.session.limit(1, 1, 0, Side.BUY, 3, 10))
        self.do(self.session.limit(0, 1, 1, Side.BUY, 1, 7), *self.session.tick(1_000))

    def comes_to(self, stage: Stage, mark: int) -> None:
        """A round with this mark goes on until the list of a stage has begun."""
        for operation in self.session.clearing_round({1: mark}, micro_steps=1):
            self.do(operation)
            current = self.state.round
            if current is not None and current.stage is stage and current.tasks:
                return
        raise AssertionError(f"no round comes to {stage.name}")


def keeping_orders() -> Plant:
    return replacing(Draft, "cancel_all", lambda _: lambda draft, account, why: None)


def said(watched: Weak, *plants: Plant) -> set[tuple[str, str]]:
    found = watched.step_with(ContinueRound(1), *plants)
    return {(each.invariant, each.conjunct) for each in found}


def test_an_account_in_default_that_keeps_its_orders_is_noticed_when_they_are_to_be_seized() -> None:
    watched = Weak()
    watched.comes_to(Stage.DEFAULT, 30)
    assert watched.state.round is not None
    assert isinstance(watched.state.round.tasks[0], Seize)
    conjunct = "an account that is closed at the mark loses its orders"
    assert (LIQUIDATION_FAIR.id, conjunct) in said(watched, keeping_orders())


def test_a_liquidation_that_leaves_the_orders_is_noticed_at_its_first_attempt() -> None:
    watched = Weak()
    watched.comes_to(Stage.LIQUIDATE, MARK)
    conjunct = "in its turn an account in breach loses its orders"
    assert (LIQUIDATION_FAIR.id, conjunct) in said(watched, keeping_orders())


@pytest.mark.parametrize(("stage", "mark"), [(Stage.DEFAULT, 30), (Stage.LIQUIDATE, MARK)])
def test_a_healthy_machine_takes_the_orders_at_that_micro_step(stage: Stage, mark: int) -> None:
    watched = Weak()
    watched.comes_to(stage, mark)
    assert watched.state.accounts[0].orders
    assert said(watched) == set()
    assert not watched.state.accounts[0].orders
