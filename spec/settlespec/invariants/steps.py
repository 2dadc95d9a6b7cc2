"""The invariants of a step: its events walked once, with the shadow book at hand or with one sorted from the state before."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from settlespec.domain import events
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    FixSettlement,
    Place,
    Replace,
    Take,
    Transfer,
    Withdraw,
)
from settlespec.domain.outcomes import Accepted
from settlespec.invariants import clearing, custody, ending, expiring, forcing, liquidating, opening, placing, trading
from settlespec.invariants.cards import Asked, Step, Violation
from settlespec.invariants.shadow import Shadow, shadow_of
from settlespec.invariants.walk import Verify, Walk

HANDLERS: Final[dict[type, Callable[[Walk, Any], None]]] = {
    events.OrderAccepted: placing.accepted,
    events.Filled: trading.filled,
    events.OrderRested: placing.rested,
    events.OrderReduced: trading.reduced,
    events.OrderRemoved: trading.removed,
    events.MessageReceived: custody.received,
    events.Deposited: custody.deposited,
    events.ForcedRefused: custody.forced_refused,
    events.ForcedDone: custody.forced_done,
    events.ForcedPaused: custody.forced_paused,
    events.SettlementFixed: expiring.settlement_fixed,
    events.InstrumentExpired: expiring.instrument_expired,
    events.PaidOut: expiring.paid_out,
    events.Claimed: custody.claimed,
    events.Transferred: custody.transferred,
    events.Ticked: custody.ticked,
    events.RoundBegun: opening.round_begun,
    events.StageBegun: clearing.stage_begun,
    events.Revalued: clearing.revalued,
    events.Marked: clearing.marked,
    events.ClosedAtMark: clearing.closed_at_mark,
    events.InsurancePaid: clearing.insurance_paid,
    events.HaircutTaken: clearing.haircut_taken,
    events.Breached: clearing.breached,
    events.Healed: clearing.healed,
    events.Liquidated: liquidating.liquidated,
    events.RoundEnded: clearing.round_ended,
}
"""What is judged when an event happens."""


def walk_step(step: Step, shadow: Shadow, verify: Verify, asked: Asked) -> Walk:
    """Walk the events of an accepted step; the shadow book moves with them.

    Args:
        step: its outcome is accepted.
        shadow: the live orders of the state before; afterwards those of the state after.
        verify: the signature scheme.
        asked: where evaluations are counted.
    """
    outcome, operation = step.outcome, step.operation
    assert isinstance(outcome, Accepted)
    walk = Walk(step.before, operation, outcome, shadow, verify, asked)
    match operation:
        case Place() | Cancel() | Replace() | Withdraw() | Transfer():
            ending.begin_signed(walk, operation)
        case Take():
            forcing.begin_take(walk)
        case BeginRound():
            opening.begin_round(walk)
        case FixSettlement():
            expiring.begin_settlement(walk)
        case ContinueRound():
            clearing.sheet_of(walk)
        case _:
            pass
    for event in outcome.events:
        HANDLERS[type(event)](walk, event)
    ending.finish(walk)
    return walk


def judge_step(step: Step, verify: Verify) -> tuple[Violation, ...]:
    """Every violation of the invariants of a step, from nothing but the step: all live orders are sorted anew.

    A rejected operation has no state of its own, so there is nothing to judge.
    """
    if not isinstance(step.outcome, Accepted):
        return ()
    return tuple(walk_step(step, shadow_of(step.before), verify, Counter()).violations)
