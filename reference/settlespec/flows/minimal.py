"""A random walk over the preset `minimal`, where everything is tiny, so that limits are met that no sensible flow meets.

Five owners of at most a few hundred quantums do anything at all, sensible or not; now and then one forges, repeats, or comes too late.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from attrs import evolve

from settlespec.domain.instruments import Quote
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    Operation,
    OracleSignature,
    Place,
    Receive,
    Replace,
    Signed,
    Take,
    Tick,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.quantities import MAX_PRICE
from settlespec.flows.session import Session
from settlespec.machine.genesis import Genesis, minimal
from settlespec.machine.signatures import Signer

OPERATIONS: Final = 3_000
OWNERS: Final = 5
STRANGERS: Final = 3
"""Account numbers beyond the owners: one more finds a place, the others none."""

INSTRUMENTS: Final = (1, 2)


class MinimalFlow:
    """Anything at all on the preset `minimal`; every answer of the machine is welcome, refusals too."""

    def __init__(self, seed: int = 1, operations: int = OPERATIONS) -> None:
        self.name = "minimal"
        self.seed = seed
        self.total = operations

    def genesis(self, signer: Signer) -> Genesis:
        """The preset `minimal`: two perpetuals on one underlying."""
        return minimal(signer)

    def expected(self) -> int:
        """How many operations there will be."""
        return self.total

    def operations(self, session: Session) -> Iterator[Operation]:
        """A round that is open goes on nearly always; otherwise anybody does anything."""
        random = Random(self.seed)
        for _ in range(self.total):
            if session.state.round is not None and random.randrange(40):
                yield ContinueRound(random.choice((1, 1, 5, 40)))
            else:
                yield self._anything(session, random)

    def _anything(self, session: Session, random: Random) -> Operation:
        state = session.state
        dice = random.randrange(1_000)
        # Stale marks and a full inbox would stop nearly everything: a round, or a taking, comes before long.
        if state.clock - state.marks_time > state.parameters.max_age * 3 // 4 and dice < 600:
            return self._begin_round(session, random)
        if (state.inbox.messages and dice < 500) or dice < 5:
            return Take()
        if len(state.accounts) < OWNERS or dice < 45:
            return Receive(max(state.clock - (dice == 20), 0), self._message(session, random))
        if dice < 120:
            leap = state.parameters.max_age if dice < 47 else 1_000
            return Tick(max(state.clock + random.randint(-20, leap), 0))
        if dice < 190:
            return self._begin_round(session, random)
        if dice < 195:
            return ContinueRound(1)
        return self._signed(session, random)

    def _who(self, random: Random) -> int:
        """Mostly an owner, rarely somebody without an account."""
        return random.randrange(OWNERS + STRANGERS) if random.randrange(25) == 0 else random.randrange(OWNERS)

    def _message(self, session: Session, random: Random) -> Deposit | ForcedWithdrawal | ForcedOrder:
        account = self._who(random)
        key = session.signer.key(account if random.randrange(20) else account + 1)
        kind = random.randrange(5)
        if kind < 3 or len(session.state.accounts) < OWNERS:
            # More than the vault may hold, once it holds anything.
            large = session.state.vault > 0 and random.randrange(30) == 0
            return Deposit(account, key, session.state.parameters.max_vault if large else random.randint(1, 150))
        if kind == 3:
            return ForcedWithdrawal(account, key, random.randint(1, 100))
        side = random.choice((Side.BUY, Side.SELL))
        return ForcedOrder(account, key, random.choice(INSTRUMENTS), side, random.randint(1, 10), random.randint(1, 30))

    def _begin_round(self, session: Session, random: Random) -> Operation:
        """A statement of the oracles; one in ten is wrong in some way."""
        wrong = random.randrange(80)
        moves = (-6, -3, -1, -1, 0, 0, 1, 1, 3, 6)
        quotes = tuple(
            Quote(
                name, max(session.state.markets[name].mark + random.choice(moves), 1), random.randint(-200_000, 200_000)
            )
            for name in INSTRUMENTS
        )
        marks = {quote.instrument: quote.mark for quote in quotes}
        rates = {quote.instrument: quote.funding_rate for quote in quotes}
        operation = next(session.clearing_round(marks, rates))
        if not isinstance(operation, BeginRound):
            raise TypeError(f"a round begins with {type(operation).__name__}")
        statement = operation.statement
        clock = session.state.clock
        late = clock - session.state.parameters.max_age - 1
        statements = (
            evolve(statement, chain=2),
            evolve(statement, number=statement.number + 1),
            evolve(statement, timestamp=max(session.state.marks_time - 1, 0)),
            evolve(statement, timestamp=clock + 1),
            evolve(statement, timestamp=max(late, 0)),
            evolve(statement, quotes=quotes[:1]),
            evolve(statement, quotes=(evolve(quotes[0], mark=MAX_PRICE), *quotes[1:])),
        )
        if wrong < len(statements):
            return evolve(operation, statement=statements[wrong])
        if wrong == len(statements):
            forged = tuple(OracleSignature(signed.oracle, b"") for signed in operation.signatures)
            return evolve(operation, signatures=forged)
        return operation

    def _signed(self, session: Session, random: Random) -> Operation:
        """Something that an owner signs; one in a hundred each is forged, repeated, or late."""
        account = self._who(random)
        opened = session.state.accounts.get(account)
        nonce = 1 if opened is None else opened.nonce + 1
        operation = self._wish(session, random, account, nonce)
        dice = random.randrange(100)
        if dice == 0:
            return operation
        if dice == 1:
            return session.sign(evolve(operation, nonce=nonce + 1))
        if dice == 2:
            return session.sign(evolve(operation, valid_until=max(session.state.clock - 1, 0)))
        return session.sign(operation)

    def _wish(self, session: Session, random: Random, account: int, nonce: int) -> Signed:
        state = session.state
        until = state.clock + random.randint(0, 100)
        instrument = random.choice(INSTRUMENTS) if random.randrange(100) else 3
        mark = state.markets[1].mark
        kind = random.randrange(100)
        if kind < 60:
            return self._place(session, random, account, nonce, instrument)
        if kind < 74:
            return Cancel(account, nonce, until, instrument, random.randrange(6), b"")
        if kind < 88:
            price = max(mark + random.randint(-4, 4), 1)
            lifetime = state.clock + random.randint(-1, 1_000)
            size = random.randint(1, 12)
            return Replace(account, nonce, until, instrument, random.randrange(6), size, price, max(lifetime, 0), b"")
        if kind < 94:
            return Withdraw(account, nonce, until, random.randint(1, 60), b"")
        return Transfer(account, nonce, until, self._who(random), random.randint(1, 60), b"")

    def _place(self, session: Session, random: Random, account: int, nonce: int, instrument: int) -> Place:
        state = session.state
        lifetime = random.choice(tuple(TimeInForce))
        rests = lifetime is TimeInForce.GOOD_TILL_TIME
        kind = OrderKind.LIMIT if rests or random.randrange(3) else OrderKind.MARKET
        market = state.markets.get(instrument, state.markets[1])
        price = max(market.mark + random.randint(-4, 4), 1)
        size = random.randint(1, 12) if random.randrange(80) else market.instrument.max_order + 1
        return Place(
            account=account,
            nonce=nonce,
            valid_until=state.clock + random.randint(0, 100),
            instrument=instrument,
            client_id=random.randrange(6),
            side=random.choice((Side.BUY, Side.SELL)),
            size=size,
            kind=kind,
            price=0 if kind is OrderKind.MARKET else price,
            time_in_force=lifetime,
            good_till=max(state.clock + random.randint(-100, 5_000), 0) if rests else 0,
            post_only=rests and random.randrange(5) == 0,
            reduce_only=random.randrange(5) == 0,
            signature=b"",
        )
