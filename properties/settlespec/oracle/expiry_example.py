"""The second example of the documentation: a future and a call are traded, settled, and paid out by the round after their expiry."""

from typing import Final

from attrs import evolve

from settlespec.arithmetic import PPM
from settlespec.domain.instruments import Instrument, InstrumentKind, SettlementStatement
from settlespec.domain.operations import BeginRound, ContinueRound, FixSettlement, Withdraw
from settlespec.domain.orders import Side
from settlespec.flows.oracles import Oracles
from settlespec.flows.session import Session
from settlespec.machine.genesis import Genesis, minimal
from settlespec.machine.signatures import Signer
from settlespec.oracle.example import ADA, BOB, EVE, Example, Told

PERPETUAL, FUTURE, CALL = 1, 3, 4

EXPIRY: Final = 2_000
"""Milliseconds, for both."""

VALUE: Final = 12
"""The settlement value of the underlying."""


def dated_terms(reference: Instrument) -> tuple[Instrument, Instrument]:
    """A future on the underlying of a perpetual, and a call written on the perpetual itself."""
    future = evolve(
        reference, id=FUTURE, kind=InstrumentKind.FUTURE, reference=FUTURE, expiry=EXPIRY, funding_cap_ppm=0
    )
    call = evolve(
        reference,
        id=CALL,
        kind=InstrumentKind.CALL,
        strike=9,
        expiry=EXPIRY,
        short_minimum_ppm=10_000,
        funding_cap_ppm=0,
    )
    return future, call


def with_dated_terms(signer: Signer) -> Genesis:
    """The preset `minimal` with two instruments more, both at their first marks."""
    plain = minimal(signer)
    dated = dated_terms(plain.instruments[0])
    marks = {PERPETUAL: plain.marks[0], FUTURE: 10, CALL: 2}
    losses = Oracles(PPM).first_losses(dated, marks, plain.time)
    listed, first = (*plain.instruments, *dated), (*plain.marks, marks[FUTURE], marks[CALL])
    return evolve(plain, instruments=listed, marks=first, losses=losses)


def told(session: Session) -> Told:
    """The operations of the example; each must be submitted before the next is asked for."""
    for name, account, amount in (("Ada", ADA, 100), ("Bob", BOB, 100), ("Eve", EVE, 20)):
        came, taken = session.deposit(account, amount)
        yield f"The base layer sends {name}'s deposit.", came
        yield f"It is credited, and opens {name}'s account.", taken
    yield from _trading(session)
    yield from _between(session)
    yield from _round(session)


def _trading(session: Session) -> Told:
    post = session.limit
    yield "Ada offers the future.", post(ADA, FUTURE, 71, Side.SELL, 4, 10)
    yield "Bob buys some of it.", post(BOB, FUTURE, 71, Side.BUY, 3, 10)
    yield "Ada writes the call.", post(ADA, CALL, 72, Side.SELL, 2, 2)
    yield "Eve buys one of two.", post(EVE, CALL, 71, Side.BUY, 1, 2)
    yield "Nothing is settled before its expiry.", settlement(session, FUTURE, VALUE)


def _between(session: Session) -> Told:
    yield from (("The clock comes to the expiry.", operation) for operation in session.tick(EXPIRY))
    yield (
        "Until a round has paid out the marks are stale: nobody takes out what may be lost already.",
        session.sign(Withdraw(BOB, session.next_nonce(BOB), session.state.clock, 1, b"")),
    )
    yield "Nobody places an order either, in any instrument.", session.limit(BOB, PERPETUAL, 72, Side.BUY, 1, 9)
    yield "A round has to wait for the settlement values.", statement(session)
    yield "The oracles say what the future is settled at.", settlement(session, FUTURE, VALUE)
    yield "It is fixed once.", settlement(session, FUTURE, VALUE + 1)
    yield (
        "The call's value is the underlying's too; it pays what that is above the strike.",
        settlement(session, CALL, VALUE),
    )


def _round(session: Session) -> Told:
    yield "Now a round begins; it quotes what is not due.", statement(session)
    yield "Three holders are revalued, what expires at its payoff; then the markets adopt the marks.", ContinueRound(4)
    yield "The orders in what expires go, and its positions are paid out.", ContinueRound(5)
    yield "Nobody is in default or in breach: each stage begins and is done.", ContinueRound(7)
    yield "What has been paid out takes no order any more.", session.limit(BOB, CALL, 72, Side.BUY, 1, 2)
    yield "The others do again.", session.limit(BOB, PERPETUAL, 72, Side.BUY, 1, 9)
    yield (
        "Bob takes out some of what he gained.",
        session.sign(Withdraw(BOB, session.next_nonce(BOB), session.state.clock, 5, b"")),
    )


def settlement(session: Session, instrument: int, value: int) -> FixSettlement:
    """The oracles' statement of what an instrument is settled at."""
    parameters = session.state.parameters
    stated = SettlementStatement(parameters.chain, parameters.rollup, instrument, EXPIRY, value)
    return FixSettlement(stated, session.signed_by_oracles(stated))


def statement(session: Session) -> BeginRound:
    """The oracles' statement of a round: the first perpetual is at the settlement value."""
    stated = session.oracles.statement(session.state, {PERPETUAL: VALUE}, {})
    return BeginRound(stated, session.signed_by_oracles(stated))


EXPIRY_EXAMPLE: Final = Example(
    "An expiry",
    (
        "A session on the minimal preset with a future and a call, signed with Ed25519.",
        "Both expire at the same time; their settlement values are fixed, and a round pays them out.",
    ),
    "expiry.jsonl",
    with_dated_terms,
    told,
)
