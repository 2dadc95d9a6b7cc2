"""Operations that must be refused: one for each reason that any deployment can give (FLOW-5).

Capacities (a full inbox, book, vault or list of accounts) take a small deployment to reach; tests fill those of `minimal`.
"""

from collections.abc import Iterator
from random import Random

from attrs import evolve

from settlespec.domain.accounts import FLAT
from settlespec.domain.instruments import Quote, RoundStatement
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import (
    BeginRound,
    ContinueRound,
    Operation,
    OracleSignature,
    Receive,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.quantities import MAX_AMOUNT, MAX_SIZE
from settlespec.flows.session import Session
from settlespec.machine.genesis import ORACLE_SEED
from settlespec.wire.signing import signed_bytes

NOBODY = 2**40
"""An account that no deposit opens."""

STRANGER = 2**41
"""A signer who owns nothing."""


def misuse(session: Session, random: Random, account: int) -> Iterator[Operation]:
    """FLOW-5: a trader, a sequencer and an oracle each try what they may not, around one account."""
    yield from misused_messages(session, account)
    yield from misused_orders(session, random, account)
    yield from misused_money(session, account)
    yield from misused_statements(session)
    yield from misused_inbox(session, account)


def misused_messages(session: Session, account: int) -> Iterator[Operation]:
    """Unknown accounts, forged and stale signatures, wrong nonces, quantities out of range, time running backwards."""
    state = session.state
    good = session.cancel(account, 1, 0)
    yield evolve(good, account=NOBODY)
    yield evolve(good, signature=b"forged")
    yield session.sign(evolve(good, nonce=good.nonce + 1))
    yield session.sign(evolve(good, valid_until=max(state.clock - 1, 0)))
    yield evolve(good, client_id=-1)
    yield session.cancel(account, 99, 0)
    if state.clock:
        yield Tick(state.clock - 1)


def misused_orders(session: Session, random: Random, account: int) -> Iterator[Operation]:
    """Orders whose terms are refused, and a market order that fills whole or not at all."""
    state = session.state
    market = state.markets[1]
    price, instrument = market.low, market.instrument
    client_id = random.randrange(2**32, 2**33)
    yield session.limit(account, 1, client_id, Side.BUY, 1, price, good_till=max(state.clock - 1, 0))
    yield session.limit(account, 1, client_id, Side.BUY, min(instrument.max_order + 1, MAX_SIZE), price)
    yield session.limit(account, 1, client_id, Side.BUY, 1, price + 1)
    yield session.limit(account, 1, client_id, Side.BUY, 1, market.high + instrument.price_step)
    held = state.accounts[account].positions.get(1, FLAT).size
    wrong = Side.BUY if held >= 0 else Side.SELL
    yield session.limit(account, 1, client_id, wrong, 1, price if wrong is Side.BUY else market.high, reduce_only=True)
    yield session.market(account, 1, client_id, Side.SELL, 1, TimeInForce.FILL_OR_KILL)


def misused_money(session: Session, account: int) -> Iterator[Operation]:
    """Money for nobody, for oneself, and more than there is."""
    state, nonce = session.state, session.next_nonce(account)
    yield session.sign(Transfer(account, nonce, state.clock, NOBODY, 1, b""))
    yield session.sign(Transfer(account, nonce, state.clock, account, 1, b""))
    yield session.sign(Withdraw(account, nonce, state.clock, MAX_AMOUNT, b""))


def misused_statements(session: Session) -> Iterator[Operation]:
    """Statements for elsewhere, of another round, too old, too new, incomplete, and without enough signatures."""
    # A moment after the last statement, so that a new one could be due.
    yield Tick(session.state.clock + 1)
    state = session.state
    parameters = state.parameters
    quotes = tuple(Quote(name, state.markets[name].mark, 0) for name in sorted(state.markets))
    good = RoundStatement(parameters.chain, parameters.rollup, state.round_number + 1, state.clock, quotes)
    yield ContinueRound(1)
    for statement in (
        evolve(good, rollup=good.rollup + 1),
        evolve(good, number=good.number + 1),
        evolve(good, timestamp=state.marks_time),
        evolve(good, timestamp=state.clock + 1),
    ):
        yield BeginRound(statement, ())
    yield BeginRound(evolve(good, quotes=quotes[1:]), ())
    content = signed_bytes(parameters.chain, parameters.rollup, good)
    yield BeginRound(good, (OracleSignature(0, session.signer.sign(ORACLE_SEED, content)),))


def misused_inbox(session: Session, account: int) -> Iterator[Operation]:
    """Nothing to take; a deposit that no vault may hold; messages about accounts of others and about nobody's."""
    clock, signer = session.state.clock, session.signer
    yield Take()
    for message in (
        Deposit(account, signer.key(account), MAX_AMOUNT),
        Deposit(account, signer.key(STRANGER), 1),
        ForcedWithdrawal(NOBODY, signer.key(NOBODY), 1),
        ForcedOrder(account, signer.key(account), 99, Side.BUY, 1, 1),
    ):
        yield Receive(clock, message)
        yield Take()


def interleaved(session: Session) -> Iterator[Operation]:
    """A clock tick inside a clearing round, which nothing may interleave with."""
    yield Tick(session.state.clock)


def stalled(session: Session, account: int) -> Iterator[Operation]:
    """The oracles are silent for longer than max_age: no risk may be judged, and their last statement has become too old."""
    state = session.state
    parameters = state.parameters
    late = state.clock + 1
    yield Tick(state.marks_time + 2 * parameters.max_age + 1)
    quotes = tuple(Quote(name, state.markets[name].mark, 0) for name in sorted(state.markets))
    statement = RoundStatement(parameters.chain, parameters.rollup, state.round_number + 1, late, quotes)
    yield BeginRound(statement, ())
    nonce = session.next_nonce(account)
    yield session.sign(Withdraw(account, nonce, session.state.clock, 1, b""))
