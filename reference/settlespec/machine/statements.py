"""A clearing round begins: what its statement must say (rules ROUND-1, ORACLE-1)."""

from immutables import Map

from settlespec.domain.events import RoundBegun, StageBegun
from settlespec.domain.instruments import SCENARIOS, Quote
from settlespec.domain.operations import BeginRound
from settlespec.domain.outcomes import Outcome, Rejected
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Round, Stage
from settlespec.machine.admission import oracles_who_signed
from settlespec.machine.draft import Draft
from settlespec.machine.expiry import expiring
from settlespec.machine.markets import is_due
from settlespec.machine.signatures import Signatures
from settlespec.rules.funding import interval


def begin_round(draft: Draft, op: BeginRound, signatures: Signatures) -> Outcome:
    """ROUND-1: a round begins with one statement of every mark and rate, signed alike by k of n oracles."""
    # CHECKS
    statement = op.statement
    parameters = draft.parameters
    # The statement is for this chain and rollup.
    if (statement.chain, statement.rollup) != (parameters.chain, parameters.rollup):
        return Rejected(Reason.FOREIGN_STATEMENT)
    # It is for the next round.
    if statement.number != draft.round_number + 1:
        return Rejected(Reason.WRONG_ROUND, (("expected", draft.round_number + 1), ("got", statement.number)))
    # It is newer than the last one used.
    if statement.timestamp <= draft.marks_time:
        return Rejected(Reason.STATEMENT_NOT_NEWER)
    # It is not from after the clock.
    if statement.timestamp > draft.clock:
        return Rejected(Reason.STATEMENT_AHEAD)
    # It is not older than max_age.
    if draft.clock - statement.timestamp > parameters.max_age:
        return Rejected(Reason.STATEMENT_STALE)
    # It names every instrument before its expiry exactly once, in order.
    if [quote.instrument for quote in statement.quotes] != quoted(draft):
        return Rejected(Reason.STATEMENT_INCOMPLETE)
    # Enough oracles signed exactly this statement.
    if oracles_who_signed(draft, statement, op.signatures, signatures) < parameters.oracles.threshold:
        return Rejected(Reason.NO_QUORUM)
    # What has reached its expiry has its settlement value.
    if any(draft.markets[name].settlement is None for name in expiring(draft)):
        return Rejected(Reason.SETTLEMENT_MISSING)
    # Options, and nothing else, come with an array of a loss for each scenario.
    if any(len(quote.losses) != array_length(draft, quote) for quote in statement.quotes):
        return Rejected(Reason.ARRAY_MISSING)
    # EFFECTS
    elapsed = interval(statement.timestamp, draft.marks_time, parameters.round_deadline)
    first = draft.holders.first() if draft.holders else None
    draft.round_number = statement.number
    quotes = Map((quote.instrument, quote) for quote in statement.quotes)
    draft.round = Round(
        number=statement.number,
        timestamp=statement.timestamp,
        quotes=quotes,
        elapsed=elapsed,
        stage=Stage.REVALUE,
        holder=first,
        tasks=(),
        cursor=0,
        gains=Map(),
        total_gain=0,
        defaulted=(),
        owed=0,
        collected=0,
        breaches=(),
        attempts=0,
        micro_steps=0,
    )
    # EVENTS
    draft.events.append(RoundBegun(statement.number, statement.timestamp, elapsed))
    draft.events.append(StageBegun(Stage.REVALUE, len(draft.holders)))
    return draft.accept()


def quoted(draft: Draft) -> list[int]:
    """ROUND-1.2: the instruments that a statement must name: all but those that have reached their expiry by the clock."""
    return [name for name, market in sorted(draft.markets.items()) if not is_due(market.instrument, draft.clock)]


def array_length(draft: Draft, quote: Quote) -> int:
    """ROUND-1.3: how many losses a quote must state: of an option one for each scenario, of another instrument none."""
    return SCENARIOS if draft.markets[quote.instrument].instrument.kind.is_option else 0
