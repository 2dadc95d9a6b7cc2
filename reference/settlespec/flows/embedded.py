"""The flow that comes with the project: seeded, four perpetuals with an option book, a thousand accounts, a crash (FLOW-1 to FLOW-6).

The same seed gives the same operations on every machine: integers, and option prices whose bits are the same everywhere. It is made
to reach everything: quiet trading of all order kinds, custody both ways, forced requests, options that expire in and out of the money,
and a crash in which one market loses its bids, so that losses meet first an empty insurance fund and then a filled one, and some
accounts can only be closed at the mark after patience.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, chain, product
from random import Random
from typing import Final

from attrs import evolve

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import FLAT, NO_ORDERS
from settlespec.domain.instruments import Instrument, InstrumentKind
from settlespec.domain.messages import ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Operation, Receive, Take, Transfer, Withdraw
from settlespec.domain.orders import Side, TimeInForce
from settlespec.flows.misuse import interleaved, misuse, misused_expiry, stalled
from settlespec.flows.oracles import Oracles
from settlespec.flows.session import Session
from settlespec.machine.genesis import Genesis, dated_future, option, perpetual, standard
from settlespec.machine.markets import is_due
from settlespec.machine.signatures import Signer

ACCOUNTS: Final = 1_000
OPERATIONS: Final = 20_000
INTERVALS: Final = 40
"""Batch intervals: a clearing round ends each."""

INTERVAL: Final = 5_000
"""Milliseconds from one round to the next."""

TICK: Final = 250
"""Milliseconds between two movements of the clock."""

START: Final = 100_000
"""First mark of every perpetual, in quantums per lot."""

CRASH: Final = 22
"""The interval in which the crash begins."""

SWINGS: Final[dict[int, tuple[int, ...]]] = {
    CRASH: (-12_000, -9_000, -18_000, -21_000),
    CRASH + 1: (-35_000, -60_000, -90_000, -24_000),
    CRASH + 2: (-60_000, -90_000, -140_000, 0),
    CRASH + 3: (20_000, 30_000, 50_000, 0),
    CRASH + 4: (-45_000, -20_000, -60_000, 0),
    CRASH + 5: (10_000, 15_000, 20_000, 0),
    CRASH + 6: (-30_000, 45_000, -80_000, 0),
    CRASH + 12: (60_000, 80_000, 120_000, -28_000),
    CRASH + 13: (0, -60_000, 90_000, 0),
}
"""Moves of the four marks in ppm in the intervals of the crash and of the rebound; elsewhere they wander."""

FUTURES: Final = (5, 6)
"""The dated futures."""

DATED: Final = 25
"""Of a hundred actions so many are about a future or an option."""

QUIET: Final = 3_000
"""The largest move of a mark in a quiet interval, in ppm."""

MISUSED: Final = (5, 30)
"""The intervals that begin with operations which must be refused."""

ENDING: Final = 7
"""Operations kept for the end: silence of the oracles, and one more round."""

THIN: Final = 4
"""The perpetual whose makers withdraw when the crash begins."""

VOLATILITY: Final = 100 * PPM
"""Ppm a year: three minutes of this flow move as much as months elsewhere."""

ORACLES: Final = Oracles(VOLATILITY)


def dated_instruments(reference: Instrument) -> tuple[Instrument, ...]:
    """FLOW-6: on the first perpetual's underlying two futures, and two expiries of calls and puts over several strikes.

    Something expires before the crash, in it and after it.
    """
    cap, step = reference.max_order, reference.price_step
    # At the ends of intervals: between an expiry and its round no risk is judged.
    before, amid, after = (interval * INTERVAL for interval in (CRASH - 8, CRASH + 3, CRASH + 10))
    made = [
        dated_future(number, reference.underlying, expiry, price_step=step, cap=cap)
        for number, expiry in zip(FUTURES, (amid, after), strict=True)
    ]
    for expiry, strikes in ((before, (95_000, 100_000, 105_000)), (after, (80_000, 90_000, 100_000, 110_000))):
        for strike, kind in product(strikes, (InstrumentKind.CALL, InstrumentKind.PUT)):
            number = FUTURES[0] + len(made)
            made.append(option(number, kind, reference, strike, expiry, price_step=step, cap=cap))
    return tuple(made)


class EmbeddedFlow:
    """FLOW-1: the default flow of `settlespec audit`.

    Account a acts with weight 1 / (a + 1): Zipf with exponent 1. One account in ten makes markets with deep pockets; the others bring
    between one and forty times the requirement of one lot and trade near what they can carry.
    """

    def __init__(self, seed: int = 1, accounts: int = ACCOUNTS, operations: int = OPERATIONS) -> None:
        self.name = "embedded"
        self.seed = seed
        self.accounts = accounts
        self.total = operations
        scale = 1_000_000_000
        self._weights = list(accumulate(scale // (place + 1) for place in range(accounts)))

    def genesis(self, signer: Signer) -> Genesis:
        """The standard preset: four perpetuals on four underlyings, and what is dated on the first of them."""
        perpetuals = tuple(perpetual(number, number, price_step=10, cap=10**9) for number in range(1, 5))
        dated = dated_instruments(perpetuals[0])
        marks = {terms.id: START for terms in perpetuals + dated}
        marks |= {terms.id: ORACLES.mark(terms, START, 0) for terms in dated if terms.kind.is_option}
        losses = ORACLES.first_losses(dated, marks, 0)
        listed = standard(signer, perpetuals + dated, tuple(marks.values()), losses=losses)
        # Its rounds are seconds apart, and so are its expiries.
        lead = (listed.parameters.patience + 1) * INTERVAL
        return evolve(listed, parameters=evolve(listed.parameters, expiry_lead=lead))

    def expected(self) -> int:
        """How many operations there will be."""
        return self.total

    def operations(self, session: Session) -> Iterator[Operation]:
        """FLOW-2: openings, then intervals of trading that each end in a clearing round; last, the oracles fall silent for a while."""
        random = Random(self.seed)
        session.oracles = ORACLES
        made = 0
        for operation in self._openings(session, random):
            yield operation
            made += 1
        left = self.total - made - ENDING
        for interval in range(INTERVALS):
            until = self.total - ENDING - left * (INTERVALS - 1 - interval) // INTERVALS
            base, first = interval * INTERVAL, made
            while made < until - 8:
                passed = INTERVAL * (made - first) // (until - first) // TICK * TICK
                acting = self._misuse if made == first and interval in MISUSED else self._action
                for operation in chain(session.tick(base + passed), acting(session, random, interval)):
                    yield operation
                    made += 1
            for operation in chain(session.tick(base + INTERVAL), self._round(session, random, interval)):
                yield operation
                made += 1
        for tried in stalled(session):
            yield from tried.faulty
        yield from self._round(session, random, INTERVALS)

    def _misuse(self, session: Session, random: Random, interval: int) -> Iterator[Operation]:
        """FLOW-5: what must be refused, in the intervals of `MISUSED`."""
        for tried in misuse(session, random):
            yield from tried.faulty
        # Where nobody has everything that misuse takes, there was none, and somebody has to do something.
        yield from self._action(session, random, interval)

    def _round(self, session: Session, random: Random, interval: int) -> Iterator[Operation]:
        """The clearing round that ends an interval; something tries to misuse an expiry, and where misuse is due to interleave with it."""
        for tried in misused_expiry(session):
            yield from tried.faulty
        for operation in session.clearing_round(self._marks(session, random, interval), _rates(random)):
            yield operation
            if interval in MISUSED and session.state.round is not None:
                for tried in interleaved(session):
                    yield from tried.faulty

    def _openings(self, session: Session, random: Random) -> Iterator[Operation]:
        for account in range(self.accounts):
            amount = 2_000_000_000 if _makes_markets(account) else START * 45_000 // PPM * random.randint(20, 800)
            yield from session.deposit(account, amount)

    def _marks(self, session: Session, random: Random, interval: int) -> dict[int, int]:
        swings = SWINGS.get(interval)
        marks = {}
        perpetuals = (item for item in sorted(session.state.markets.items()) if not item[1].instrument.kind.is_dated)
        for place, (name, market) in enumerate(perpetuals):
            calm_after_crash = name == THIN and CRASH < interval < CRASH + 12
            wander = 0 if calm_after_crash else random.randint(-QUIET, QUIET)
            move = wander if swings is None else swings[place]
            step = market.instrument.price_step
            marks[name] = max(market.mark * (PPM + move) // PPM // step * step, step)
        # The futures trade a little above what they will be settled at.
        marks |= {name: marks[1] + random.randrange(30) * 10 for name in FUTURES}
        return marks

    def _who(self, random: Random) -> int:
        return bisect_right(self._weights, random.randrange(self._weights[-1]))

    def _action(self, session: Session, random: Random, interval: int) -> Iterator[Operation]:
        """FLOW-3: one owner does one thing."""
        account = self._who(random)
        instrument = random.randint(1, 4) if random.randrange(100) >= DATED else self._dated(session, random)
        crashing = instrument == THIN and CRASH - 1 <= interval < CRASH + 12
        dice = random.randrange(1_000)
        if dice < 30:
            yield from self._money(session, random, account)
        elif dice < 40:
            yield from self._forced(session, random, account)
        elif dice < 420 and not crashing:
            yield from self._make(session, random, _market_maker(random, self.accounts), instrument)
        elif dice < 520:
            yield from self._withdraw_quote(session, random, instrument)
        elif not crashing:
            yield from self._take(session, random, account, instrument)
        else:
            yield from self._flee(session, instrument)

    def _dated(self, session: Session, random: Random) -> int:
        """One of the instruments with an expiry, now and then one that has reached it."""
        dated = sorted(name for name, market in session.state.markets.items() if market.instrument.kind.is_dated)
        live = [name for name in dated if not is_due(session.state.markets[name].instrument, session.state.clock)]
        if random.randrange(50) == 0:
            return random.choice(dated)
        return random.choice(live) if live else random.randint(1, THIN)

    def _flee(self, session: Session, instrument: int) -> Iterator[Operation]:
        """In the crash the makers of the thin market cancel, best bid first."""
        for side in (Side.BUY, Side.SELL):
            best = session.state.books[instrument].best(side)
            if best is not None:
                yield session.cancel(best.account, instrument, best.client_id)
                return

    def _make(self, session: Session, random: Random, account: int, instrument: int) -> Iterator[Operation]:
        """A market maker quotes near the mark, sometimes post-only, sometimes with a short life, or moves a quote."""
        market = session.state.markets[instrument]
        side = random.choice((Side.BUY, Side.SELL))
        step = market.instrument.price_step
        away = random.randint(1, 60 if market.instrument.kind.is_option else 400) * step
        price = max(market.mark // step * step - side * away, step)
        client_id = random.randrange(24)
        size = random.randint(1, 60) * 5
        quoted = sorted(session.state.accounts[account].orders.get(instrument, NO_ORDERS).arrivals)
        if quoted and random.randrange(3) == 0:
            yield session.replace(account, instrument, random.choice(quoted), size + random.randrange(40), price)
            return
        clock = session.state.clock
        good_till = clock + random.randint(500, 30_000) if random.randrange(3) == 0 else clock + 10_000_000
        post_only = random.randrange(4) == 0
        yield session.limit(account, instrument, client_id, side, size, price, good_till=good_till, post_only=post_only)

    def _withdraw_quote(self, session: Session, random: Random, instrument: int) -> Iterator[Operation]:
        """A quote near the top of the book is taken back; now and then one that is gone already."""
        book = session.state.books[instrument]
        order = book.best(random.choice((Side.BUY, Side.SELL)))
        for _ in range(random.randrange(12)):
            order = order and book.behind(order)
        if order is not None:
            yield session.cancel(order.account, instrument, order.client_id)
        elif random.randrange(4) == 0:
            yield session.cancel(_market_maker(random, self.accounts), instrument, 0)

    def _take(self, session: Session, random: Random, account: int, instrument: int) -> Iterator[Operation]:
        """A trader takes: what it can carry, in any of the order kinds, or closes reduce-only."""
        market = session.state.markets[instrument]
        holder = session.state.accounts[account]
        held = holder.positions.get(instrument, FLAT).size
        dice = random.randrange(100)
        side = random.choice((Side.BUY, Side.BUY, Side.SELL))
        client_id = random.randrange(24, 2**32)
        if held and dice < 25:
            side = Side.SELL if held > 0 else Side.BUY
            size = random.randint(1, abs(held))
            if dice < 12:
                yield session.market(account, instrument, client_id, side, size + dice, reduce_only=True)
            else:
                price = _near(session, random, instrument, -side)
                yield session.limit(account, instrument, client_id, side, size, price, reduce_only=True)
            return
        reference = session.state.markets[market.instrument.reference].mark
        carried = max(holder.collateral * PPM // (reference * 48_000), 1)
        size = random.randint(max(carried // 4, 1), carried)
        if dice < 70:
            yield session.market(account, instrument, client_id, side, size)
            return
        lifetime = TimeInForce.FILL_OR_KILL if dice < 80 else TimeInForce.IMMEDIATE_OR_CANCEL
        if dice >= 92:
            lifetime = TimeInForce.GOOD_TILL_TIME
        price = _near(session, random, instrument, side)
        yield session.limit(account, instrument, client_id, side, size, price, lifetime)

    def _money(self, session: Session, random: Random, account: int) -> Iterator[Operation]:
        """Deposits, withdrawals and transfers, some of them more than is free."""
        state = session.state
        amount = random.randint(1, max(state.accounts[account].collateral, 1))
        kind = random.randrange(3)
        if kind == 0:
            yield from session.deposit(account, amount // 2 + 1)
        elif kind == 1:
            yield session.sign(Withdraw(account, session.next_nonce(account), state.clock, amount, b""))
        else:
            nonce, recipient = session.next_nonce(account), self._who(random)
            yield session.sign(Transfer(account, nonce, state.clock, recipient, amount // 4 + 1, b""))

    def _forced(self, session: Session, random: Random, account: int) -> Iterator[Operation]:
        """FLOW-4: an owner goes past the operator."""
        key = session.signer.key(account)
        held = sorted(session.state.accounts[account].positions.items())
        if held and random.randrange(2):
            instrument, position = random.choice(held)
            side = Side.SELL if position.size > 0 else Side.BUY
            price = session.state.markets[instrument].mark
            message = ForcedOrder(account, key, instrument, side, random.randint(1, abs(position.size)), price)
            yield Receive(session.state.clock, message)
        else:
            yield Receive(session.state.clock, ForcedWithdrawal(account, key, random.randint(1, 100_000_000)))
        yield Take()


def _makes_markets(account: int) -> bool:
    return account % 10 == 0


def _market_maker(random: Random, accounts: int) -> int:
    return random.randrange(0, accounts, 10)


def _rates(random: Random) -> dict[int, int]:
    """Funding rates in ppm per period, most of them small, some beyond the cap."""
    return {name: random.randint(-12_000, 12_000) for name in range(1, 5)}


def _near(session: Session, random: Random, instrument: int, direction: int) -> int:
    """A price some steps from the mark, mostly on the aggressive side of a direction."""
    market = session.state.markets[instrument]
    step = market.instrument.price_step
    return max((market.mark + direction * random.randint(-50, 300) * step) // step * step, step)
