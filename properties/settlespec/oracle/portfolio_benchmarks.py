"""What options cost: the requirement of many holdings, whole and after one fill, and a clearing round over option books."""

import gc
import time
from collections.abc import Callable
from random import Random
from typing import Final

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account
from settlespec.domain.instruments import Instrument, InstrumentKind
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Rejected
from settlespec.flows.oracles import Oracles
from settlespec.flows.session import Session
from settlespec.machine.genesis import dated_future, option, perpetual, standard
from settlespec.machine.portfolio import portfolio_of
from settlespec.machine.signatures import Ideal
from settlespec.oracle.benchmarks import Refused

MARK: Final = 100_000
EXPIRY: Final = 90 * 86_400_000
"""Three months after the start."""

POSITIONS: Final = 50
"""Of the account whose requirement is measured."""

LEGS: Final = 5
"""Instruments that each account of a round holds."""


def option_exchange(options: int) -> Session:
    """A perpetual, a future and so many options on one underlying, calls and puts by turns, strikes from half to half as much again."""
    reference = perpetual(1, 1, price_step=10, cap=10**9)
    listed: list[Instrument] = [reference, dated_future(2, 1, EXPIRY, price_step=10, cap=10**9)]
    for place in range(options):
        kind = InstrumentKind.PUT if place % 2 else InstrumentKind.CALL
        strike = MARK // 2 + MARK * place // options
        listed.append(option(3 + place, kind, reference, strike, EXPIRY, price_step=10, cap=10**9))
    oracles = Oracles(PPM)
    marks = {terms.id: oracles.mark(terms, MARK, 0) if terms.kind.is_option else MARK for terms in listed}
    signer = Ideal()
    losses = oracles.first_losses(listed, marks, 0)
    session = Session(standard(signer, listed, tuple(marks.values()), losses=losses), signer)
    session.oracles = oracles
    return session


def hold(session: Session, account: int, other: int, instrument: int, lots: int) -> None:
    """Two accounts trade at about the mark."""
    step = session.state.markets[instrument].instrument.price_step
    price = max(session.state.markets[instrument].mark // step * step, step)
    for who, side in ((other, Side.SELL), (account, Side.BUY)):
        outcome = session.submit(session.limit(who, instrument, 1, side, lots, price))
        if isinstance(outcome, Rejected):
            raise Refused(f"a benchmark's order was refused: {outcome.reason}")


def holder_of(positions: int) -> tuple[Session, Account]:
    """An exchange and an account that holds so many of its instruments, one lot more of each."""
    session = option_exchange(positions)
    for account in range(2):
        for operation in session.deposit(account, 10**15):
            session.submit(operation)
    for instrument in range(1, positions + 1):
        hold(session, instrument % 2, 1 - instrument % 2, instrument, instrument)
    return session, session.state.accounts[0]


def requirement_seconds(positions: int, times: int) -> tuple[float, float]:
    """Seconds for the requirement of an account, computed whole, and after one more fill."""
    session, account = holder_of(positions)
    factor, markets = session.state.parameters.initial_factor_ppm, session.state.markets
    portfolio = portfolio_of(account, markets)
    middle = markets[positions // 2]
    size = account.positions[middle.instrument.id].size
    return (
        fastest(lambda: portfolio_of(account, markets).standing(factor), times),
        fastest(lambda: portfolio.changed(middle, size, size + 1, -1).standing(factor), times),
    )


def fastest(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of several hundreds of turns, each of ten."""
    best = float("inf")
    for _ in range(100 * times):
        started = time.process_time_ns()
        for _ in range(10):
            work()
        best = min(best, (time.process_time_ns() - started) / 10e9)
    return best


def round_of_options(accounts: int, times: int) -> float:
    """Seconds of the fastest clearing round in which so many accounts hold `LEGS` instruments each."""
    session = option_exchange(20)
    random = Random(1)
    for account in range(accounts):
        for operation in session.deposit(account, 10**12):
            session.submit(operation)
    for account in range(0, accounts - 1, 2):
        for instrument in random.sample(range(1, 23), LEGS):
            hold(session, account, account + 1, instrument, random.randint(1, 9))
    best = float("inf")
    for number in range(times):
        for operation in session.tick(session.state.clock + 5_000):
            session.submit(operation)
        mark = session.state.markets[1].mark + 100 * (1 - 2 * (number % 2))
        gc.collect()
        started = time.process_time()
        for operation in session.clearing_round({1: mark, 2: mark}, {1: 100}):
            session.submit(operation)
        best = min(best, time.process_time() - started)
    return best
