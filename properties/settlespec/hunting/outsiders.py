"""What comes from outside the exchange: the base layer's messages and the oracles' statements, honest, late, forged and wrong."""

from typing import Final

from attrs import evolve

from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import BeginRound, FixSettlement, Operation, OracleSignature, Receive
from settlespec.domain.orders import Side
from settlespec.flows.oracles import settlements_due
from settlespec.hunting.source import Source
from settlespec.hunting.traders import amounts, prices, sizes, somebody, somewhere
from settlespec.hunting.trial import Trial

OWNERS: Final = 4
"""Accounts that the hunt opens by itself: few, so that they meet."""

DEPOSITS: Final = (1, 10, 30, 100, 300)

MOVES: Final = (-8, -4, -2, -1, 0, 0, 1, 2, 4, 8)
"""By how much a mark moves, in tenths of itself for the large ones; see `moved`."""


def deposit(source: Source, trial: Trial) -> Operation:
    """Money for an account that is open, or opens."""
    session = trial.session
    account = source.integer(0, OWNERS - 1)
    owner = account + 1 if source.chance(30) else account
    amount = session.state.parameters.max_vault if source.chance(40) else source.pick(DEPOSITS)
    return Receive(session.state.clock, Deposit(account, session.signer.key(owner), amount))


def forced_withdrawal(source: Source, trial: Trial) -> Operation:
    """An owner asks the base layer for money."""
    session, account = trial.session, somebody(source, trial)
    amount = source.pick((*amounts(trial, account), 10**6))
    key = session.signer.key(account + source.chance(20))
    return Receive(session.state.clock, ForcedWithdrawal(account, key, amount))


def forced_order(source: Source, trial: Trial) -> Operation:
    """An owner asks the base layer for a trade."""
    session, account = trial.session, somebody(source, trial)
    market, side = somewhere(source, trial), source.pick((Side.BUY, Side.SELL))
    key = session.signer.key(account + source.chance(20))
    size, price = source.pick(sizes(trial, account, market, side)), source.pick(prices(trial, market, side))
    return Receive(session.state.clock, ForcedOrder(account, key, market.instrument.id, side, size, price))


def begin_round(source: Source, trial: Trial) -> Operation:
    """A statement of the oracles: marks that stay, creep or jump; one in sixteen is wrong in some way."""
    session, state = trial.session, trial.session.state
    linear = [name for name, market in sorted(state.markets.items()) if not market.instrument.kind.is_option]
    marks = {name: moved(source, state.markets[name].mark, state.markets[name].instrument.max_price) for name in linear}
    rates = {name: source.pick((0, 0, -200_000, 10_000, 200_000)) for name in linear}
    statement = session.oracles.statement(state, marks, rates)
    good = BeginRound(statement, session.signed_by_oracles(statement))
    return spoiled(source, trial, good) if source.chance(16) else good


def moved(source: Source, mark: int, most: int) -> int:
    """A mark after a move: by one quantum or two, or by up to four fifths."""
    move = source.pick(MOVES)
    return min(max(mark + (move if abs(move) <= 2 else mark * move // 10), 1), most)


def spoiled(source: Source, trial: Trial, good: BeginRound) -> Operation:
    """The same statement with one fault, signed all the same; or without enough signatures."""
    session, state, statement = trial.session, trial.session.state, good.statement
    old = state.clock - state.parameters.max_age - 1
    wrong = source.pick(
        (
            evolve(statement, chain=statement.chain + 1),
            evolve(statement, number=statement.number + 1),
            evolve(statement, number=statement.number - 1),
            evolve(statement, timestamp=state.marks_time),
            evolve(statement, timestamp=state.clock + 1),
            evolve(statement, timestamp=max(old, 0)),
            evolve(statement, quotes=statement.quotes[1:]),
            evolve(statement, quotes=tuple(evolve(quote, losses=()) for quote in statement.quotes)),
            statement,
        )
    )
    if wrong is statement:
        forged = (good.signatures[:-1], tuple(OracleSignature(each.oracle, b"") for each in good.signatures))
        return evolve(good, signatures=source.pick(forged))
    return BeginRound(wrong, session.signed_by_oracles(wrong))


def settle(source: Source, trial: Trial) -> Operation | None:
    """The settlement value of what has expired; now and then a second one, or one of another expiry."""
    session, state = trial.session, trial.session.state
    marks = {
        name: moved(source, market.mark, market.instrument.max_price) for name, market in sorted(state.markets.items())
    }
    due = list(settlements_due(state, marks))
    if not due:
        return None
    statement = source.pick(due)
    if source.chance(10):
        statement = evolve(statement, expiry=statement.expiry + 1)
    return FixSettlement(statement, session.signed_by_oracles(statement))
