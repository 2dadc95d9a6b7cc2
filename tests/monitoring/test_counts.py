"""A count is one evaluation of a predicate on something that was there: what has nothing to judge counts nothing."""

from settlespec.domain.messages import Deposit
from settlespec.domain.operations import Operation, Receive, Take
from settlespec.domain.orders import Side
from settlespec.flows.session import Session
from settlespec.invariants.catalogue import (
    ATOMICITY,
    BOOK_UNCROSSED,
    CARDS,
    DETERMINISM,
    HEALTH,
    INSURANCE,
    LIQUIDATION_FAIR,
    NONCE,
    ORDER_LIMITS,
    PRICE_TIME,
)
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from settlespec.monitoring.monitor import Monitor


class Counted:
    """An exchange without accounts, under a monitor that counts."""

    def __init__(self) -> None:
        self.signer = Ideal()
        self.session = Session(minimal(self.signer), self.signer)
        self.monitor = Monitor(self.session.state, self.signer, 10**9)

    def do(self, *operations: Operation) -> None:
        for operation in operations:
            assert self.monitor.observe(operation, self.session.submit(operation)) == ()

    def counts(self) -> dict[str, tuple[int, int]]:
        return {name: (count.incrementally, count.in_full) for name, count in self.monitor.counts().items()}

    def rose(self, *operations: Operation) -> dict[str, int]:
        """By how much the counts of an operation rose, of those that did."""
        before = self.counts()
        self.do(*operations)
        after = self.counts()
        return {name: after[name][0] - before[name][0] for name in after if after[name] != before[name]}


def test_before_anything_happened_every_count_is_zero() -> None:
    assert set(Counted().counts().values()) == {(0, 0)}


def test_a_round_in_which_nobody_holds_a_position_has_nothing_to_judge_of_fairness_and_insurance() -> None:
    counted = Counted()
    counted.do(*counted.session.deposit(0, 500))
    counted.do(*counted.session.tick(1_000))
    for operation in counted.session.clearing_round({}):
        counted.do(operation)
    counts = counted.counts()
    for card in (LIQUIDATION_FAIR, INSURANCE, HEALTH, ORDER_LIMITS, PRICE_TIME, BOOK_UNCROSSED):
        assert counts[card.id] == (0, 0), card.id


def test_a_deposit_is_judged_by_no_invariant_of_orders_or_rounds() -> None:
    counted = Counted()
    counted.do(Receive(0, Deposit(0, counted.signer.key(0), 500)))
    rose = counted.rose(Take())
    assert not {card.id for card in (ORDER_LIMITS, PRICE_TIME, HEALTH, LIQUIDATION_FAIR, INSURANCE)} & rose.keys()
    assert rose[NONCE.id] == 1


def test_each_fill_adds_its_own_evaluations() -> None:
    rises = []
    for makers in (1, 2):
        counted = Counted()
        for account in (0, 1, 2):
            counted.do(*counted.session.deposit(account, 500))
        for maker in range(makers):
            counted.do(counted.session.limit(maker, 1, 0, Side.SELL, 1, 10))
        rises.append(counted.rose(counted.session.limit(2, 1, 0, Side.BUY, makers, 10)))
    one, two = rises
    assert two[HEALTH.id] == 2 * one[HEALTH.id] == 4
    assert two[PRICE_TIME.id] > one[PRICE_TIME.id]
    assert two[ORDER_LIMITS.id] > one[ORDER_LIMITS.id]


def test_a_rejection_is_judged_by_atomicity_alone() -> None:
    counted = Counted()
    assert counted.rose(Take()) == {ATOMICITY.id: 1}


def test_what_is_recomputed_in_full_is_counted_apart() -> None:
    counted = Counted()
    for account in (0, 1):
        counted.do(*counted.session.deposit(account, 500))
    assert counted.monitor.full() == ()
    before = counted.counts()
    counted.monitor.full()
    after = counted.counts()
    assert {name: count[0] for name, count in after.items()} == {name: count[0] for name, count in before.items()}
    assert after[DETERMINISM.id] == (0, 2 * counted.monitor.operations)
    # Since the first recomputation no event named any of the two accounts.
    assert after[ATOMICITY.id][1] == 2
    assert [card.id for card in CARDS if not card.of_state and after[card.id][1]] == [ATOMICITY.id, DETERMINISM.id]
