"""A healthy machine breaks nothing, the running figures are those counted in full, and every invariant was asked."""

import pytest

from settlespec.domain.operations import Operation, Tick
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Flow, Session
from settlespec.invariants.catalogue import CARDS, DETERMINISM
from settlespec.invariants.shadow import shadow_of
from settlespec.invariants.states import sums_of
from settlespec.machine.signatures import Ed25519, Ideal, Signer
from settlespec.monitoring.monitor import Monitor
from tests.monitoring.planting import Watched


def watch(flow: Flow, signer: Signer, full_every: int) -> Monitor:
    """Run a flow to its end under a monitor that knows every state before."""
    session = Session(flow.genesis(signer), signer)
    monitor = Monitor(session.state, signer, full_every)

    def observe(before: State, operation: Operation, outcome: Outcome) -> None:
        monitor.observe(operation, outcome, before)

    session.subscribers.append(observe)
    for operation in flow.operations(session):
        session.submit(operation)
    return monitor


@pytest.mark.parametrize("seed", range(3))
def test_a_random_run_of_the_smallest_exchange_breaks_no_invariant(seed: int) -> None:
    monitor = watch(MinimalFlow(seed, 1_500), Ideal(), 25)
    assert monitor.full() == ()
    assert monitor.operations == 1_500
    counts = monitor.counts()
    assert [count.broken for count in counts.values()] == [0] * len(CARDS)
    assert all(count.incrementally + count.in_full > 50 for count in counts.values())
    assert counts[DETERMINISM.id].incrementally == 0


def test_a_crash_with_defaults_haircuts_and_liquidations_breaks_no_invariant() -> None:
    monitor = watch(EmbeddedFlow(3, accounts=60, operations=4_000), Ideal(), 500)
    assert monitor.full() == ()
    assert monitor.tally.broken == 0
    assert monitor.state.insurance >= 0
    assert monitor.tally.fulls > 40


def test_real_signatures_are_verified_once_more() -> None:
    monitor = watch(MinimalFlow(5, 300), Ed25519(), 100)
    assert monitor.full() == ()
    assert monitor.tally.broken == 0


def test_after_every_operation_the_running_figures_are_those_counted_in_full() -> None:
    flow, signer = MinimalFlow(8, 1_200), Ideal()
    session = Session(flow.genesis(signer), signer)
    monitor = Monitor(session.state, signer, 10**9)
    rounds = 0
    for operation in flow.operations(session):
        was_open = session.state.round is not None
        outcome = session.submit(operation)
        assert monitor.observe(operation, outcome) == ()
        state, sums = session.state, sums_of(session.state)
        figures, shadow = monitor.figures, shadow_of(session.state)
        assert (figures.cash, figures.net, figures.long) == (sums.cash, sums.net, sums.long)
        if state.round is None:
            assert (figures.worth, figures.owing) == (sums.worth, dict(sums.owing))
            rounds += was_open
        assert {name: order.terms() for name, order in monitor.shadow.live.items()} == {
            name: order.terms() for name, order in shadow.live.items()
        }
        factor = state.parameters.initial_factor_ppm
        assert factor == shadow.factor
        for account in state.accounts:
            assert monitor.shadow.needs(account, state.markets) == shadow.needs(account, state.markets)
    assert rounds > 20


def test_a_monitor_may_begin_in_the_middle_of_a_round() -> None:
    flow, signer = MinimalFlow(2, 1_500), Ideal()
    session = Session(flow.genesis(signer), signer)
    monitors: list[Monitor] = []
    for operation in flow.operations(session):
        before = session.state
        if before.round is not None and len(monitors) < 40:
            monitors.append(Monitor(before, signer, 10**9))
        outcome = session.submit(operation)
        for monitor in monitors:
            assert monitor.observe(operation, outcome) == ()
        monitors = [monitor for monitor in monitors if monitor.operations < 30]
        assert isinstance(outcome, Accepted) or session.state is before
    assert monitors == [] or all(monitor.tally.broken == 0 for monitor in monitors)


def test_a_monitor_that_would_never_recompute_is_refused() -> None:
    signer = Ideal()
    session = Session(MinimalFlow(1, 1).genesis(signer), signer)
    with pytest.raises(ValueError, match="full_every is 0"):
        Monitor(session.state, signer, 0)


def test_a_post_only_order_that_is_dropped_behind_expired_orders_breaks_no_invariant() -> None:
    watched = Watched()
    for owner, name in ((1, 1), (1, 2), (2, 1), (2, 2)):
        watched.do(watched.session.limit(owner, 2, name, Side.SELL, 1, 12, good_till=3))
    # Behind them stands a live one, with which an order that is not post-only would trade.
    watched.do(watched.session.limit(2, 2, 3, Side.SELL, 1, 12), Tick(5))
    assert watched.monitor.full() == ()
    watched.do(watched.session.limit(0, 2, 1, Side.BUY, 1, 12, post_only=True))
    assert len(watched.state.books[2].orders) == 2
    assert watched.monitor.full() == ()
