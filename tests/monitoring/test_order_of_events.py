"""Events come in the order in which things happened, so that whoever follows them knows each position before its orders are clipped."""

from settlespec.domain.events import ClosedAtMark, OrderReduced, OrderRemoved
from settlespec.domain.operations import ContinueRound
from settlespec.domain.orders import Removal
from settlespec.domain.outcomes import Accepted
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ideal


def test_a_close_at_the_mark_is_told_before_the_clips_that_it_causes() -> None:
    clips = 0
    for seed in range(16):
        signer = Ideal()
        flow = MinimalFlow(seed, 1_800)
        session = Session(flow.genesis(signer), signer)
        for operation in flow.operations(session):
            outcome = session.submit(operation)
            if type(operation) is not ContinueRound or not isinstance(outcome, Accepted):
                continue
            closed: set[int] = set()
            for event in outcome.events:
                if isinstance(event, ClosedAtMark):
                    closed |= {event.account, event.counterparty}
                elif isinstance(event, OrderRemoved) and event.cause is Removal.REDUCE_ONLY and closed:
                    assert event.account in closed
                    clips += 1
                elif isinstance(event, OrderReduced):
                    clips += 1
                    assert closed
    assert clips > 0
