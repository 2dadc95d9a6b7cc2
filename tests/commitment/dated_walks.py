"""Runs on a small exchange that also lists a future, a call and a put: they are traded, reach their expiry and are paid out.

The future and the call expire together, the put later, so that a round pays two instruments out and another round one.
"""

from collections.abc import Iterator
from functools import cache
from random import Random

from attrs import evolve

from settlespec.domain.genesis import Genesis
from settlespec.domain.instruments import Instrument, InstrumentKind, Quote, RoundStatement, SettlementStatement
from settlespec.domain.messages import ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import (
    BeginRound,
    ContinueRound,
    FixSettlement,
    Operation,
    OracleSignature,
    Receive,
    Take,
    Tick,
    Withdraw,
)
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.machine.genesis import ORACLE_SEED, minimal
from settlespec.machine.markets import is_due, payoff
from settlespec.machine.signatures import Signer
from settlespec.wire.signing import signed_bytes
from tests.commitment.walks import SIGNER, Walked, walk
from tests.machine.driver import intrinsic_losses

OWNERS = 5
FUTURE, CALL, PUT = DATED = (3, 4, 5)
EXPIRIES = {FUTURE: 2_000, CALL: 2_000, PUT: 3_500}
SHIFTS = (0, 0, 0, 1_000_000, -2_000_000, 10**12, -(10**12))
"""What the oracles say beside the payoff's array; much of it is more than an option can lose or gain."""


@cache
def dated_genesis() -> Genesis:
    """The preset `minimal` with a future at 11, a call with strike 10 at 2 and a put with strike 11 at 3."""
    genesis = minimal(SIGNER)
    plain = genesis.instruments[0]
    listed = (*genesis.instruments, *(dated(plain, name) for name in DATED))
    marks = (*genesis.marks, 11, 2, 3)
    losses = tuple(intrinsic_losses(listed[name - 1], marks[name - 1], marks[0]) for name in (CALL, PUT))
    return Genesis(genesis.parameters, listed, marks, losses=losses)


def dated(plain: Instrument, name: int) -> Instrument:
    """A dated instrument with the terms of a perpetual that has the same underlying."""
    common = evolve(plain, id=name, expiry=EXPIRIES[name], funding_cap_ppm=0)
    if name == FUTURE:
        return evolve(common, kind=InstrumentKind.FUTURE, reference=name)
    kind, strike = (InstrumentKind.CALL, 10) if name == CALL else (InstrumentKind.PUT, 11)
    return evolve(common, kind=kind, strike=strike, reference=plain.id, short_minimum_ppm=20_000)


class DatedFlow:
    """Owners of a few hundred quantums do anything at all, most of it in what expires; refusals are welcome."""

    def __init__(self, seed: int, operations: int) -> None:
        self.name = "dated"
        self.seed = seed
        self.total = operations

    def genesis(self, signer: Signer) -> Genesis:
        assert signer is SIGNER
        return dated_genesis()

    def expected(self) -> int:
        return self.total

    def operations(self, session: Session) -> Iterator[Operation]:
        random = Random(self.seed)
        for account in range(OWNERS):
            yield from session.deposit(account, random.randint(60, 200))
        while True:
            if session.state.round is not None and random.randrange(40):
                yield ContinueRound(random.choice((1, 1, 2, 5)))
            else:
                yield self.anything(session, random)

    def anything(self, session: Session, random: Random) -> Operation:
        state, dice = session.state, random.randrange(100)
        waiting = [name for name in DATED if is_due(state.markets[name].instrument, state.clock)]
        unsettled = [name for name in waiting if state.markets[name].settlement is None]
        if dice < 10:
            return Tick(state.clock + random.randint(1, 150))
        if dice < 22:
            if state.clock == state.marks_time:
                return Tick(state.clock + 1)
            # Mostly what a round needs is there; without it the round is refused.
            if unsettled and random.randrange(5):
                return settled(session, unsettled[0], random.randint(5, 16))
            return begun(session, random)
        if dice < 24:
            return settled(session, random.choice(DATED), random.randint(1, 20))
        if dice < 28:
            return message(session, random)
        if dice < 32:
            return Take()
        listed = [1, 2, *(name for name in DATED if name not in waiting or random.randrange(10) == 0)]
        return signed(session, random, random.choice(listed))


def begun(session: Session, random: Random) -> BeginRound:
    """A round of everything that has not reached its expiry; what an option loses is said by its payoff, and sometimes wrongly."""
    state = session.state
    marks = {name: max(market.mark + random.choice((-3, -1, 0, 1, 3)), 1) for name, market in state.markets.items()}
    quotes = []
    for name, market in sorted(state.markets.items()):
        terms = market.instrument
        losses: tuple[int, ...] = ()
        if is_due(terms, state.clock):
            continue
        if terms.kind.is_option:
            marks[name] = max(payoff(terms, marks[terms.reference]) + random.randint(0, 2), 1)
            array = intrinsic_losses(terms, marks[name], marks[terms.reference])
            losses = tuple(loss + random.choice(SHIFTS) for loss in array)
        quotes.append(Quote(name, marks[name], random.randint(-100_000, 100_000), losses))
    here = state.parameters
    statement = RoundStatement(here.chain, here.rollup, state.round_number + 1, state.clock, tuple(quotes))
    return BeginRound(statement, signed_by_oracles(session, statement))


def settled(session: Session, name: int, value: int) -> FixSettlement:
    """What the oracles say that an instrument is settled at."""
    here, terms = session.state.parameters, session.state.markets[name].instrument
    statement = SettlementStatement(here.chain, here.rollup, name, terms.expiry, value)
    return FixSettlement(statement, signed_by_oracles(session, statement))


def signed_by_oracles(session: Session, statement: RoundStatement | SettlementStatement) -> tuple[OracleSignature, ...]:
    here = session.state.parameters
    content = signed_bytes(here.chain, here.rollup, statement)
    return tuple(OracleSignature(place, session.signer.sign(ORACLE_SEED + place, content)) for place in (0, 2))


def message(session: Session, random: Random) -> Receive:
    """The base layer asks for a withdrawal or an order, whether it can be carried out or not."""
    account, clock = random.randrange(OWNERS), session.state.clock
    key = session.signer.key(account)
    if random.randrange(2):
        return Receive(clock, ForcedWithdrawal(account, key, random.randint(1, 30)))
    side = random.choice((Side.BUY, Side.SELL))
    instrument = random.choice(DATED)
    return Receive(clock, ForcedOrder(account, key, instrument, side, random.randint(1, 6), random.randint(1, 20)))


def signed(session: Session, random: Random, instrument: int) -> Operation:
    """What an owner signs about an instrument: three in four times an order."""
    state, account = session.state, random.randrange(OWNERS)
    client_id, size = random.randrange(4), random.randint(1, 5)
    price = max(state.markets[instrument].mark + random.randint(-2, 2), 1)
    dice = random.randrange(20)
    if dice < 2:
        return session.cancel(account, instrument, client_id)
    if dice < 4:
        return session.replace(account, instrument, client_id, size, price)
    if dice == 4:
        return session.sign(Withdraw(account, session.next_nonce(account), state.clock, random.randint(1, 20), b""))
    side = random.choice((Side.BUY, Side.SELL))
    if dice < 8:
        return session.market(account, instrument, client_id, side, size)
    lifetime = TimeInForce.GOOD_TILL_TIME if dice < 18 else TimeInForce.FILL_OR_KILL
    reduce_only = dice == 17
    return session.limit(account, instrument, client_id, side, size, price, lifetime, reduce_only=reduce_only)


def dated_walk(seed: int, operations: int) -> Iterator[Walked]:
    """The steps of such a run, refusals too."""
    return walk(DatedFlow(seed, operations), operations)


def is_paying_out(state: State) -> bool:
    """Whether somebody has been paid and somebody has not: of an expired instrument there are not as many longs as shorts."""
    lots = dict.fromkeys(state.markets, 0)
    for account in state.accounts.values():
        for name, position in account.positions.items():
            lots[name] += position.size
    return any(lots.values())


@cache
def dated_states() -> tuple[State, ...]:
    """States of such runs, one for each stage, for what has expired and what is fixed, and for each half of a pay-out."""
    found: dict[tuple[object, ...], State] = {}
    for seed in range(4):
        for walked in dated_walk(seed, 1_000):
            state = walked.after
            markets = [(state.markets[name].expired, state.markets[name].settlement is None) for name in DATED]
            stage = None if state.round is None else state.round.stage
            found.setdefault((stage, is_paying_out(state), *markets), state)
    return tuple(found.values())
