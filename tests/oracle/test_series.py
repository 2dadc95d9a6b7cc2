"""Samples over time stay bounded and are the same for the same run."""

from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ideal
from settlespec.oracle.series import Thinned, market_samples


def thinned(most: int, offered: int) -> Thinned[int]:
    samples: Thinned[int] = Thinned(most)
    for number in range(offered):
        if samples.wants():
            samples.keep(number)
    return samples


def test_few_samples_are_all_kept() -> None:
    assert thinned(8, 8).kept == [*range(8)]


def test_more_samples_are_thinned_to_every_second_then_every_fourth() -> None:
    assert thinned(8, 9).kept == [0, 2, 4, 6, 8]
    assert thinned(8, 32).kept == [0, 4, 8, 12, 16, 20, 24, 28]
    assert thinned(8, 32).stride == 4


def test_samples_never_exceed_their_limit_and_always_keep_the_first() -> None:
    for offered in range(1, 200):
        samples = thinned(6, offered)
        assert len(samples.kept) <= 6
        assert samples.kept[0] == 0
        assert samples.kept == [*range(0, offered, samples.stride)]


def test_depth_is_what_rests_inside_the_band() -> None:
    flow = MinimalFlow(seed=3, operations=800)
    signer = Ideal()
    session = Session(flow.genesis(signer), signer)
    seen = 0
    for operation in flow.operations(session):
        session.submit(operation)
        for name, sample in market_samples(session.state).items():
            market, book = session.state.markets[name], session.state.books[name]
            resting = [order for order in book.orders.values() if market.low <= order.price <= market.high]
            assert sample.depth.bids == sum(order.remaining for order in resting if order.side > 0)
            assert sample.depth.asks == sum(order.remaining for order in resting if order.side < 0)
            assert sample.open_interest == book.open_interest
            seen += len(resting) > 0
    assert seen > 100
