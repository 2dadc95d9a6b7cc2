"""Expiry: a settlement value is fixed once, and the round after it pays every position out."""

from attrs import evolve

from settlespec.domain.events import InstrumentExpired, PaidOut, SettlementFixed
from settlespec.domain.instruments import Instrument
from settlespec.domain.operations import FixSettlement
from settlespec.domain.outcomes import Outcome, Rejected
from settlespec.domain.quantities import AccountId, Price
from settlespec.domain.reasons import Reason
from settlespec.machine.admission import oracles_who_signed
from settlespec.machine.draft import Draft
from settlespec.machine.markets import expired_market, is_due, payoff
from settlespec.machine.signatures import Signatures


def fix_settlement(draft: Draft, op: FixSettlement, signatures: Signatures) -> Outcome:
    """EXPIRY-2: the settlement value of an instrument is fixed once, by a statement of its own that names its expiry."""
    # CHECKS
    statement = op.statement
    market = draft.markets.get(statement.instrument)
    # The instrument is listed.
    if market is None:
        return Rejected(Reason.UNKNOWN_INSTRUMENT)
    parameters = draft.parameters
    # The statement is for this chain and rollup.
    if (statement.chain, statement.rollup) != (parameters.chain, parameters.rollup):
        return Rejected(Reason.FOREIGN_STATEMENT)
    # Enough oracles signed exactly this statement.
    if oracles_who_signed(draft, statement, op.signatures, signatures) < parameters.oracles.threshold:
        return Rejected(Reason.NO_QUORUM)
    instrument = market.instrument
    # It names the instrument's expiry; a perpetual has none.
    if not instrument.kind.is_dated or statement.expiry != instrument.expiry:
        return Rejected(Reason.WRONG_EXPIRY, (("expected", instrument.expiry), ("got", statement.expiry)))
    # The instrument has reached it.
    if not is_due(instrument, draft.clock):
        return Rejected(Reason.SETTLEMENT_EARLY, (("expiry", instrument.expiry), ("clock", draft.clock)))
    # Nothing is fixed yet.
    if market.settlement is not None:
        return Rejected(Reason.SETTLEMENT_FIXED, (("fixed", market.settlement), ("got", statement.value)))
    # What expires with it on the same reference is settled at the same value.
    other = value_of_series(draft, instrument)
    if other not in (None, statement.value):
        return Rejected(Reason.SETTLEMENT_DIFFERS, (("fixed", other), ("got", statement.value)))
    # EFFECTS
    draft.markets = draft.markets.set(statement.instrument, evolve(market, settlement=statement.value))
    # EVENTS
    draft.events.append(SettlementFixed(statement.instrument, statement.value, payoff(instrument, statement.value)))
    return draft.accept()


def value_of_series(draft: Draft, instrument: Instrument) -> Price | None:
    """EXPIRY-2.3: the settlement value that something of the same reference and expiry has, or None; they have one value."""
    series = instrument.reference, instrument.expiry
    values = (
        market.settlement
        for market in draft.markets.values()
        if (market.instrument.reference, market.instrument.expiry) == series and market.settlement is not None
    )
    return next(values, None)


def expiring(draft: Draft) -> list[int]:
    """EXPIRY-3.3: the instruments that this round pays out: at their expiry by the clock, and not paid out yet."""
    return [
        name
        for name, market in sorted(draft.markets.items())
        if is_due(market.instrument, draft.clock) and not market.expired
    ]


def expire_market(draft: Draft, name: int) -> None:
    """EXPIRY-4.2: the market takes its payoff as its last mark."""
    market = draft.markets[name]
    assert market.settlement is not None
    expired = expired_market(market.instrument, market.settlement, market.funding_index)
    draft.markets = draft.markets.set(name, expired)
    draft.events.append(InstrumentExpired(name, expired.mark))


def pay_out(draft: Draft, account_id: AccountId) -> None:
    """EXPIRY-5: an account's positions in expired instruments become collateral at their payoff; no equity moves, no fee is due.

    Also those of an account that is in breach: its other positions are assessed without them in this very round.
    """
    for name, position in sorted(draft.account(account_id).positions.items()):
        market = draft.markets[name]
        if market.expired:
            draft.events.append(PaidOut(account_id, name, position.size, market.mark))
            draft.trade(account_id, name, -position.size, market.mark, 0)
