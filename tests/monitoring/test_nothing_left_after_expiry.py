"""A pay-out that leaves its loser with nothing at all is no default: there is nothing to seize and nothing to settle.

Found by a walk over an exchange with options: the monitor missed a default that rule ROUND-5 does not have.
"""

from settlespec.domain.instruments import SettlementStatement
from settlespec.domain.operations import ContinueRound, FixSettlement, Tick
from settlespec.domain.orders import Side
from settlespec.domain.rounds import Stage
from tests.commitment.dated_walks import CALL, EXPIRIES, FUTURE, dated_genesis
from tests.monitoring.planting import Watched

STRIKE = 10


class Broke(Watched):
    """Account 0 has written a call to account 1, and bids for a lot of the perpetual; the call has reached its expiry."""

    def __init__(self, money: int) -> None:
        self.money = money
        super().__init__(genesis=dated_genesis())

    def begins(self) -> None:
        for account, amount in ((0, self.money), (1, 500)):
            self.do(*self.session.deposit(account, amount))
        self.do(self.session.limit(0, CALL, 0, Side.SELL, 1, 2), self.session.limit(1, CALL, 0, Side.BUY, 1, 2))
        self.do(self.session.limit(0, 1, 1, Side.BUY, 1, 7), Tick(EXPIRIES[CALL]))

    def settled_at(self, value: int) -> Stage | None:
        """Both that expire are settled, and a round goes on micro-step by micro-step until nobody is to be closed any more."""
        here = self.state.parameters
        for name in (FUTURE, CALL):
            statement = SettlementStatement(here.chain, here.rollup, name, EXPIRIES[name], value)
            self.do(FixSettlement(statement, self.session.signed_by_oracles(statement)))
        for operation in self.session.clearing_round({}, micro_steps=1):
            self.do(operation)
            current = self.state.round
            if current is not None and current.stage is Stage.DEFAULT:
                tasks = len(current.tasks)
                while self.state.round is not None:
                    self.do(ContinueRound(1))
                return Stage.DEFAULT if tasks else None
        return None


def test_a_loser_whom_a_pay_out_leaves_with_exactly_nothing_is_not_in_default_and_keeps_his_orders() -> None:
    watched = Broke(30)
    worth = watched.state.accounts[0].collateral - watched.state.accounts[0].positions[CALL].cost
    assert watched.settled_at(STRIKE + worth) is None
    assert watched.state.accounts[0].collateral == 0
    assert watched.state.accounts[0].orders


def test_a_loser_whom_a_pay_out_leaves_one_quantum_short_is_in_default_and_loses_his_orders() -> None:
    watched = Broke(30)
    worth = watched.state.accounts[0].collateral - watched.state.accounts[0].positions[CALL].cost
    assert watched.settled_at(STRIKE + worth + 1) is Stage.DEFAULT
    assert watched.state.accounts[0].collateral == 0
    assert not watched.state.accounts[0].orders
