"""The sequencer stands still and comes back: what has waited is executed at the time of the base layer, not at the old clock."""

from attrs import evolve

from settlespec.domain.orders import Side
from settlespec.settlement.rollup import Status
from tests.settlement.rollup_town import SLOT, Town

ANY_TIME = 10**12


def quoted() -> Town:
    """Two owners have paid in, the mark is fresh, an offer stands at it, and all of it is sealed."""
    town = Town().funded({1: 200, 2: 200})
    town.advance(8)
    town.round({1: 10})
    town.order(2, Side.SELL, 3, 10)
    town.chain.seal()
    return town


def bid(town: Town) -> int:
    """An order that meets the offer, and that its owner has signed for any time."""
    session = town.session
    order = session.limit(1, 1, 0, Side.BUY, 3, 10)
    return town.submit(session.sign(evolve(order, valid_until=ANY_TIME, signature=b"")))


def test_without_a_pause_the_order_trades() -> None:
    town = quoted()
    assert town.status(bid(town)) is Status.SOFT_CONFIRMED
    assert town.session.state.accounts[1].positions[1].size == 3


def test_a_sequencer_that_comes_back_judges_no_risk_at_the_mark_from_before() -> None:
    # The zoo's seq-resume-stale-oracle: the market falls during the halt, and the first trade is at the old mark.
    town = quoted()
    assert town.session.state.parameters.max_age < SLOT
    town.stop()
    order = bid(town)
    town.advance()
    assert town.status(order) is Status.PENDING
    town.resume()
    assert town.session.state.clock == town.layer.clock
    assert town.status(order) is Status.REVERTED
    assert not town.session.state.accounts[1].positions


def test_what_is_submitted_after_blocks_without_anything_is_judged_at_their_time_too() -> None:
    town = quoted()
    town.advance(3)
    assert town.session.state.clock < town.layer.clock
    assert town.status(bid(town)) is Status.REVERTED
    assert town.session.state.clock == town.layer.clock


def test_what_was_valid_when_the_sequencer_stopped_and_is_not_when_it_comes_back_has_no_effect() -> None:
    town = quoted()
    town.stop()
    out = town.withdraw(1, 50)
    town.advance()
    town.resume()
    assert town.status(out) is Status.REVERTED
    assert town.session.state.outbox.next_index == 0


def test_the_clock_of_what_is_executed_is_behind_the_base_layers_by_the_lead_and_no_more() -> None:
    town = quoted()
    town.lead = SLOT
    town.stop()
    town.advance(3)
    town.resume()
    assert town.session.state.clock == town.layer.clock - SLOT
