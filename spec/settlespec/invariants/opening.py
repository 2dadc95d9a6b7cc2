"""How a clearing round begins: with a statement for here and now, signed by enough oracles, and with nothing else."""

from settlespec.domain.events import RoundBegun
from settlespec.domain.instruments import SCENARIOS
from settlespec.domain.operations import BeginRound
from settlespec.domain.rounds import Stage
from settlespec.invariants.catalogue import NO_DOUBLE_SPEND, ORACLE_SANE
from settlespec.invariants.expiring import expired_now, signed_enough
from settlespec.invariants.measures import is_due
from settlespec.invariants.signing import statement_content
from settlespec.invariants.walk import Walk


def begin_round(walk: Walk) -> None:
    """The statement is for here and now, complete, and signed by enough oracles (ORACLE-SANE)."""
    operation, before = walk.operation, walk.before
    assert type(operation) is BeginRound
    statement, parameters = operation.statement, before.parameters
    signed_enough(walk, statement_content(statement), operation.signatures)
    here = statement.chain, statement.rollup, statement.number
    there = parameters.chain, parameters.rollup, before.round_number + 1
    walk.agree(ORACLE_SANE, "the statement is for this chain, rollup and round", "", here, there)
    newer = before.marks_time < statement.timestamp <= before.clock
    conjunct = "the statement is newer than the last one"
    walk.check(ORACLE_SANE, newer, conjunct, "", statement.timestamp, before.marks_time)
    age = before.clock - statement.timestamp
    walk.check(ORACLE_SANE, age <= parameters.max_age, "the statement is fresh", "", age, parameters.max_age)
    names = [quote.instrument for quote in statement.quotes]
    listed = [name for name, market in sorted(before.markets.items()) if not is_due(market, before.clock)]
    walk.agree(ORACLE_SANE, "every instrument before its expiry is quoted once", "", names, listed)
    missing = [name for name in expired_now(walk) if before.markets[name].settlement is None]
    walk.agree(ORACLE_SANE, "what has reached its expiry has its settlement value", "", missing, [])
    for quote in statement.quotes:
        market = before.markets.get(quote.instrument)
        if market is not None:
            largest, who = market.instrument.max_price, f"instrument {quote.instrument}"
            fits = 1 <= quote.mark <= largest
            walk.check(ORACLE_SANE, fits, "a mark is a price of its instrument", who, quote.mark, largest)
            length = SCENARIOS if market.instrument.strike else 0
            conjunct = "an option, and nothing else, comes with an array"
            walk.require(ORACLE_SANE, conjunct, who, len(quote.losses), length)


def round_begun(walk: Walk, event: RoundBegun) -> None:
    """The round is that of the statement."""
    operation = walk.operation
    if type(operation) is not BeginRound:
        walk.check(ORACLE_SANE, False, "a round begins with a statement", "", event.number, "")
        return
    said = event.number, event.timestamp, event.elapsed
    meant = operation.statement.number, operation.statement.timestamp, interval(walk, operation)
    walk.agree(ORACLE_SANE, "the round is that of the statement", "", said, meant)


def interval(walk: Walk, operation: BeginRound) -> int:
    """The funding interval is what has passed since the last round's statement, so that no moment is settled twice."""
    passed = operation.statement.timestamp - walk.before.marks_time
    return min(passed, walk.before.parameters.round_deadline)


def opened(walk: Walk, operation: BeginRound) -> None:
    """A round begins with its statement, at the first holder, and with nothing else."""
    after = walk.after.round
    if after is None:
        walk.check(ORACLE_SANE, False, "a statement begins a round", "", operation.statement.number, "no round")
        return
    statement = operation.statement
    said = after.number, after.timestamp, tuple(quote for _, quote in sorted(after.quotes.items()))
    meant = statement.number, statement.timestamp, statement.quotes
    walk.agree(ORACLE_SANE, "the round is that of the statement", "", said, meant)
    elapsed = interval(walk, operation)
    walk.require(NO_DOUBLE_SPEND, "a funding interval begins where the last one ended", "", after.elapsed, elapsed)
    first = next(iter(walk.before.holders), None)
    walk.agree(NO_DOUBLE_SPEND, "revaluing begins with the first holder", "", after.holder, first)
    fresh = after.stage is Stage.REVALUE and not (
        after.tasks or after.cursor or after.gains or after.total_gain or after.defaulted or after.owed
    )
    fresh = fresh and not (after.collected or after.breaches or after.attempts or after.micro_steps)
    walk.check(NO_DOUBLE_SPEND, fresh, "a round begins with nothing done", "", after.stage.name, "nothing done")
