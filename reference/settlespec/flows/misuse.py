"""Operations that must be refused: one for each reason that any deployment can give, each with exactly one fault (FLOW-5).

With two faults at once a check that is missing would hide behind the other; so each comes with what it is without its fault, which
the machine accepts. Capacities (a full inbox, book or list of accounts) take a small deployment to reach; tests fill those of `minimal`.
"""

from collections.abc import Iterator
from itertools import islice
from random import Random

from attrs import evolve, frozen

from settlespec.domain.accounts import FLAT, Account
from settlespec.domain.instruments import Instrument, RoundStatement, SettlementStatement
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal, Message
from settlespec.domain.operations import (
    BeginRound,
    ContinueRound,
    FixSettlement,
    Operation,
    Receive,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.quantities import MAX_AMOUNT, TIME
from settlespec.domain.reasons import Reason
from settlespec.flows.oracles import settlements_due
from settlespec.flows.session import Session
from settlespec.machine.custody import free
from settlespec.machine.draft import Draft
from settlespec.machine.markets import is_due

NOBODY = 2**40
"""An account that no deposit opens."""

STRANGER = 2**41
"""A signer who owns nothing."""

NOWHERE = 99
"""An instrument that is not listed."""

MARKET = 1
"""The instrument in which the misuse is tried."""

TO_THE_END = 2**32 - 1
"""More micro-steps than a round has."""

LOTS = 10
"""Lots whose notional an owner must have free, so that nothing is refused for want of money."""


@frozen
class Misuse:
    """Operations of which the last is refused, and the same without its one fault, which the machine accepts."""

    reason: Reason
    """Told by an answer, or of an inbox message by an event."""
    faulty: tuple[Operation, ...]
    mended: tuple[Operation, ...]


def misuse(session: Session, random: Random) -> Iterator[Misuse]:
    """FLOW-5: a trader, a sequencer and an oracle each try what they may not, around one owner; nothing where there is no such owner."""
    account = an_owner(session)
    if account is not None:
        yield from misused_messages(session, account)
        yield from misused_orders(session, random, account)
        yield from misused_money(session, account)
        yield from misused_statements(session)
        yield from misused_inbox(session, account)
        yield from misused_dates(session, account)


def an_owner(session: Session) -> int | None:
    """The first owner with a position, a live order and money to spare, so that what it tries has no fault but the one that is meant."""
    accounts = session.state.accounts
    return next((name for name in session.state.holders if has_everything(session, accounts[name])), None)


def has_everything(session: Session, owner: Account) -> bool:
    """Whether an owner has a position, a live order, and money to spare in the market of the misuse."""
    spare = LOTS * session.state.markets[MARKET].high
    return MARKET in owner.positions and MARKET in owner.orders and free(Draft(session.state), owner) > spare


def misused_messages(session: Session, account: int) -> Iterator[Misuse]:
    """Unknown accounts, forged and stale signatures, wrong nonces, quantities out of range, time running backwards."""
    clock = session.state.clock
    name = min(session.state.accounts[account].orders[MARKET].arrivals)
    good = session.cancel(account, MARKET, name)
    for reason, bad in (
        (Reason.UNKNOWN_ACCOUNT, session.sign(evolve(good, account=NOBODY))),
        (Reason.BAD_SIGNATURE, evolve(good, signature=b"forged")),
        (Reason.WRONG_NONCE, session.sign(evolve(good, nonce=good.nonce + 1))),
        (Reason.OUT_OF_RANGE, session.sign(evolve(good, valid_until=TIME.high + 1))),
        (Reason.UNKNOWN_INSTRUMENT, session.cancel(account, NOWHERE, name)),
    ):
        yield Misuse(reason, (bad,), (good,))
    if clock:
        yield Misuse(Reason.EXPIRED, (session.sign(evolve(good, valid_until=clock - 1)),), (good,))
        yield Misuse(Reason.TIME_BACKWARDS, (Tick(clock - 1),), (Tick(clock),))


def misused_orders(session: Session, random: Random, account: int) -> Iterator[Misuse]:
    """Orders whose terms are refused."""
    state = session.state
    market = state.markets[MARKET]
    instrument = market.instrument
    step, largest = instrument.price_step, instrument.max_order
    name = random.randrange(2**32, 2**33)
    opening = Side.BUY if state.accounts[account].positions[MARKET].size > 0 else Side.SELL
    # Where nobody stands: no ask is below the band, and no bid above it.
    away = step if opening is Side.BUY else instrument.max_price // step * step
    until = state.clock + 1
    good = session.limit(account, MARKET, name, Side.BUY, 1, step, good_till=until)

    def bid(price: int) -> Operation:
        return session.limit(account, MARKET, name, Side.BUY, 1, price, good_till=until)

    def opens(*, reduce_only: bool) -> Operation:
        return session.limit(account, MARKET, name, opening, 1, away, reduce_only=reduce_only, good_till=until)

    def closes(size: int) -> Operation:
        """As an immediate order that only reduces it is judged by its own size alone, whatever the position is."""
        price = instrument.max_price // step * step if opening is Side.BUY else step
        lifetime = TimeInForce.IMMEDIATE_OR_CANCEL
        return session.limit(account, MARKET, name, opening.opposite, size, price, lifetime, reduce_only=True)

    def fills(lifetime: TimeInForce) -> Operation:
        return session.limit(account, MARKET, name, Side.BUY, 1, step, lifetime)

    if state.clock:
        late = session.limit(account, MARKET, name, Side.BUY, 1, step, good_till=state.clock - 1)
        yield Misuse(Reason.LIFETIME_OVER, (late,), (good,))
    yield Misuse(Reason.ORDER_TOO_LARGE, (closes(largest + 1),), (closes(largest),))
    if step > 1:
        yield Misuse(Reason.OFF_STEP, (bid(step + 1),), (good,))
    yield Misuse(Reason.OUTSIDE_BAND, (bid(market.high + step),), (bid(market.high),))
    yield Misuse(Reason.REDUCE_ONLY_WRONG_SIDE, (opens(reduce_only=True),), (opens(reduce_only=False),))
    immediate, whole = fills(TimeInForce.IMMEDIATE_OR_CANCEL), fills(TimeInForce.FILL_OR_KILL)
    yield Misuse(Reason.NOT_FILLABLE, (whole,), (immediate,))


def misused_money(session: Session, account: int) -> Iterator[Misuse]:
    """Money for nobody, for oneself, and more than there is."""
    state, nonce = session.state, session.next_nonce(account)
    other = min(name for name in (0, 1) if name != account)

    def gives(recipient: int) -> Operation:
        return session.sign(Transfer(account, nonce, state.clock, recipient, 1, b""))

    def takes_out(amount: int) -> Operation:
        return session.sign(Withdraw(account, nonce, state.clock, amount, b""))

    yield Misuse(Reason.UNKNOWN_RECIPIENT, (gives(NOBODY),), (gives(other),))
    yield Misuse(Reason.SELF_TRANSFER, (gives(account),), (gives(other),))
    available = free(Draft(state), state.accounts[account])
    yield Misuse(Reason.UNDERCOLLATERALISED, (takes_out(available + 1),), (takes_out(available),))


def misused_statements(session: Session) -> Iterator[Misuse]:
    """Statements for elsewhere, of another round, too old, too new, incomplete, and without enough signatures."""
    # A moment after the last statement, so that a new one is due.
    later = Tick(session.state.clock + 1)
    good = statement_at(session, later.time)
    fine = signed(session, good)
    yield Misuse(Reason.NO_ROUND, (later, ContinueRound(1)), (later, fine, ContinueRound(1)))
    for reason, statement in (
        (Reason.FOREIGN_STATEMENT, evolve(good, rollup=good.rollup + 1)),
        (Reason.WRONG_ROUND, evolve(good, number=good.number + 1)),
        (Reason.STATEMENT_NOT_NEWER, evolve(good, timestamp=session.state.marks_time)),
        (Reason.STATEMENT_AHEAD, evolve(good, timestamp=later.time + 1)),
        (Reason.STATEMENT_INCOMPLETE, evolve(good, quotes=good.quotes[1:])),
    ):
        yield Misuse(reason, (signed(session, statement),), (fine,))
    yield Misuse(Reason.NO_QUORUM, (evolve(fine, signatures=fine.signatures[1:]),), (fine,))


def statement_at(session: Session, time: int) -> RoundStatement:
    """The oracles' next statement, with every mark as it is."""
    marks = {name: market.mark for name, market in session.state.markets.items()}
    return session.oracles.statement(session.state, marks, {}, at=time)


def signed(session: Session, statement: RoundStatement) -> BeginRound:
    """A statement with just as many signatures as it needs."""
    return BeginRound(statement, session.signed_by_oracles(statement))


def fixed(session: Session, statement: SettlementStatement) -> FixSettlement:
    """A settlement value with just as many signatures as it needs."""
    return FixSettlement(statement, session.signed_by_oracles(statement))


def misused_dates(session: Session, account: int) -> Iterator[Misuse]:
    """An order in what has expired, an option without its array, and a settlement value before its time; nothing where nothing is dated."""
    state = session.state
    expired = next((name for name, market in sorted(state.markets.items()) if market.expired), None)
    if expired is not None:
        step = state.markets[MARKET].instrument.price_step
        good = session.limit(account, MARKET, NOBODY, Side.BUY, 1, step, good_till=state.clock + 1)
        yield Misuse(Reason.INSTRUMENT_EXPIRED, (session.sign(evolve(good, instrument=expired)),), (good,))
    dated = [market.instrument for market in state.markets.values() if market.instrument.kind.is_dated]
    live = sorted((terms for terms in dated if not is_due(terms, state.clock)), key=lambda terms: terms.id)
    later = Tick(state.clock + 1)
    whole = statement_at(session, later.time)
    bare = evolve(whole, quotes=tuple(evolve(quote, losses=()) for quote in whole.quotes))
    if bare != whole:
        yield Misuse(Reason.ARRAY_MISSING, (later, signed(session, bare)), (later, signed(session, whole)))
    if live:
        early = settlement_of(session, live[0])
        yield Misuse(Reason.SETTLEMENT_EARLY, (early,), (Tick(live[0].expiry), early))


def settlement_of(session: Session, terms: Instrument) -> FixSettlement:
    """An instrument settled at its reference's mark."""
    parameters, value = session.state.parameters, session.state.markets[terms.reference].mark
    return fixed(session, SettlementStatement(parameters.chain, parameters.rollup, terms.id, terms.expiry, value))


def misused_expiry(session: Session) -> Iterator[Misuse]:
    """A round without a settlement value, one of another expiry, and one that comes twice; nothing where nothing has reached its expiry."""
    state = session.state
    due = [fixed(session, statement) for statement in settlements_due(state, {})]
    if not due or state.clock <= state.marks_time:
        return
    first, statement = due[0], due[0].statement
    begun = signed(session, statement_at(session, state.clock))
    yield Misuse(Reason.SETTLEMENT_MISSING, (begun,), (*due, begun))
    other = fixed(session, evolve(statement, expiry=statement.expiry + 1))
    yield Misuse(Reason.WRONG_EXPIRY, (other,), (first,))
    if len(due) > 1:
        yield Misuse(Reason.SETTLEMENT_FIXED, (first, first), (first, due[1]))
    reference = state.markets[statement.instrument].instrument.reference
    twins = (each for each in due[1:] if state.markets[each.statement.instrument].instrument.reference == reference)
    for twin in islice(twins, 1):
        other = fixed(session, evolve(twin.statement, value=twin.statement.value + 1))
        yield Misuse(Reason.SETTLEMENT_DIFFERS, (other,), (twin,))


def misused_inbox(session: Session, account: int) -> Iterator[Misuse]:
    """Nothing to take; deposits that no vault may hold; messages about accounts of others and about nobody's."""
    state, signer = session.state, session.signer
    key = signer.key(account)
    deposit = Deposit(account, key, 1)
    withdrawal = ForcedWithdrawal(account, key, 1)
    closing = Side.SELL if state.accounts[account].positions.get(MARKET, FLAT).size > 0 else Side.BUY
    order = ForcedOrder(account, key, MARKET, closing, 1, state.markets[MARKET].mark)

    def taken(message: Message) -> tuple[Operation, Operation]:
        return Receive(state.clock, message), Take()

    yield Misuse(Reason.INBOX_EMPTY, (Take(),), taken(deposit))
    room = MAX_AMOUNT - state.vault
    beyond, whole = (Receive(state.clock, evolve(deposit, amount=amount)) for amount in (room + 1, room))
    yield Misuse(Reason.OUT_OF_RANGE, (beyond,), (whole,))
    held = state.vault - state.outbox.unpaid - state.inbox.uncredited
    last = state.parameters.max_vault - held
    yield Misuse(Reason.VAULT_FULL, taken(evolve(deposit, amount=last + 1)), taken(evolve(deposit, amount=last)))
    for reason, bad, good in (
        (Reason.WRONG_OWNER, evolve(deposit, key=signer.key(STRANGER)), deposit),
        (Reason.UNKNOWN_ACCOUNT, evolve(withdrawal, account=NOBODY), withdrawal),
        (Reason.UNKNOWN_INSTRUMENT, evolve(order, instrument=NOWHERE), order),
    ):
        yield Misuse(reason, taken(bad), taken(good))


def interleaved(session: Session) -> Iterator[Misuse]:
    """A clock tick inside a clearing round, which nothing may interleave with."""
    tick = Tick(session.state.clock)
    yield Misuse(Reason.ROUND_OPEN, (tick,), (ContinueRound(TO_THE_END), tick))


def stalled(session: Session) -> Iterator[Misuse]:
    """The oracles are silent for longer than max_age: no risk may be judged, and their last statement has become too old."""
    state = session.state
    silence = Tick(state.marks_time + 2 * state.parameters.max_age + 1)
    fresh_statement = statement_at(session, silence.time)
    old, fresh = (signed(session, evolve(fresh_statement, timestamp=time)) for time in (state.clock + 1, silence.time))
    due = tuple(fixed(session, statement) for statement in settlements_due(state, {}, silence.time))
    yield Misuse(Reason.STATEMENT_STALE, (silence, *due, old), (silence, *due, fresh))
    account = an_owner(session)
    if account is not None:
        wish = session.sign(Withdraw(account, session.next_nonce(account), session.state.clock, 1, b""))
        yield Misuse(Reason.STALE_MARK, (wish,), (fresh, ContinueRound(TO_THE_END), wish))
