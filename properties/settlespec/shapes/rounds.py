"""Shapes of a clearing round: its beginning and each micro-step, with a round open at every stage."""

from immutables import Map

from settlespec.domain.instruments import Quote, RoundStatement
from settlespec.domain.operations import BeginRound, ContinueRound, Operation
from settlespec.domain.orders import Side
from settlespec.domain.quantities import AMOUNT, IDENTIFIER, PRICE, RATE, TIME
from settlespec.domain.rounds import Breach, CloseAtMark, Discard, Seize, Settle, Stage
from settlespec.domain.state import State
from settlespec.machine.standing import equity
from settlespec.shapes.assumptions import (
    COLLECTED_WAS_OWED,
    NOBODY_OWES,
    OWED_WAS_GAINED,
    POOL_COVERS,
    STATEMENT_IS_PAST,
)
from settlespec.shapes.custody import COMPANY
from settlespec.shapes.orders import ANY, ASK, BID, FIXED
from settlespec.shapes.skeletons import FUND, MARK, MONEY, Skeleton, company, signed_by_oracles
from settlespec.shapes.statement import Amounts, shape

BUY, SELL = Side.BUY, Side.SELL
OWED = OWED_WAS_GAINED, COLLECTED_WAS_OWED


def micro_step(skeleton: Skeleton) -> tuple[State, Operation]:
    """The state, and one micro-step."""
    return skeleton.state(), ContinueRound(1)


@shape(
    "begin round",
    "two of three oracles",
    f"A statement of any mark, rate and time, by two oracles or one; {COMPANY}, {ANY}.",
)
def begin(amounts: Amounts) -> tuple[State, Operation]:
    """Of any number."""
    state = company(amounts).state()
    quote = Quote(1, amounts.integer("new mark", PRICE), amounts.integer("rate", RATE))
    statement = RoundStatement(
        1, 1, amounts.integer("number", IDENTIFIER), amounts.integer("timestamp", TIME), (quote,)
    )
    oracles = (0, 2) if amounts.either("two oracles") else (1,)
    return state, BeginRound(statement, signed_by_oracles(state, statement, oracles))


def quoted(amounts: Amounts, skeleton: Skeleton, **fields: object) -> Skeleton:
    """A round that revalues, at any new mark and rate; the pool holds any amount of either sign."""
    quote = Quote(1, amounts.integer("new mark", PRICE), amounts.integer("rate", RATE))
    skeleton.pool = amounts.integer("pool", MONEY)
    return skeleton.in_round(Stage.REVALUE, quotes=Map({1: quote}), **fields)


@shape(
    "round: revalue",
    "first holder",
    f"The first of two holders is revalued; {COMPANY}, {FIXED}, new mark and rate any.",
)
def revalue_first(amounts: Amounts) -> tuple[State, Operation]:
    """The long one."""
    return micro_step(quoted(amounts, company(amounts, MARK), holder=1))


@shape(
    "round: revalue",
    "last holder",
    f"The last of two holders is revalued, after a gain; {COMPANY}, {FIXED}, new mark and rate any.",
)
def revalue_last(amounts: Amounts) -> tuple[State, Operation]:
    """The short one."""
    gain = amounts.integer("gain", AMOUNT)
    return micro_step(quoted(amounts, company(amounts, MARK), holder=2, gains=Map({1: gain}), total_gain=gain))


@shape(
    "round: adopt marks",
    "every holder is revalued",
    f"The markets adopt the marks, and EXPIRE begins with an empty list; {COMPANY}, {ANY}.",
    assumes=(POOL_COVERS, STATEMENT_IS_PAST),
)
def adopt(amounts: Amounts) -> tuple[State, Operation]:
    """Nothing is at its expiry."""
    skeleton = quoted(amounts, company(amounts))
    amounts.assume(skeleton.pool >= 0)
    state, operation = micro_step(skeleton)
    assert state.round is not None
    amounts.assume(state.round.timestamp <= state.clock)
    return state, operation


@shape("round: default", "orders are seized", f"An account in default loses its orders; {COMPANY}, {ANY}.")
def seize(amounts: Amounts) -> tuple[State, Operation]:
    """The first task of three."""
    return micro_step(defaulting(amounts, company(amounts), 0))


@shape(
    "round: default",
    "lots are closed",
    f"An account in default closes at the mark; {COMPANY}, {FIXED}, its order gone.",
)
def close_in_default(amounts: Amounts) -> tuple[State, Operation]:
    """The whole position, against the other side."""
    return micro_step(defaulting(amounts, pair(amounts, MARK), 1))


@shape(
    "round: default",
    "a debt is settled",
    f"The fund pays what a closed account owes; {COMPANY}, {ANY}; it has no position and no order.",
)
def settle(amounts: Amounts) -> tuple[State, Operation]:
    """As far as it reaches."""
    skeleton = company(amounts).account(4)
    return micro_step(
        skeleton.in_round(Stage.DEFAULT, defaulted=(4,), tasks=(Seize(4), Settle(4)), cursor=1, **gained(amounts))
    )


def pair(amounts: Amounts, mark: int | None = None) -> Skeleton:
    """Two accounts, one long and one short; the short one's ask rests."""
    skeleton = Skeleton(amounts, mark=mark).account(1).account(2).holds(1, 2)
    skeleton.rests(11, 2, SELL, ASK)
    return skeleton


def defaulting(amounts: Amounts, skeleton: Skeleton, cursor: int) -> Skeleton:
    """The first account is in default and loses its whole position to the second."""
    lots = skeleton.longs[1]
    tasks = Seize(1), CloseAtMark(1, 1, 2, lots), Settle(1)
    return skeleton.in_round(Stage.DEFAULT, defaulted=(1,), tasks=tasks, cursor=cursor, **gained(amounts))


def gained(amounts: Amounts) -> dict[str, object]:
    """The second account gained in this round."""
    gain = amounts.integer("gain", AMOUNT)
    return {"gains": Map({2: gain}), "total_gain": gain}


@shape(
    "round: haircut",
    "first of two gainers",
    f"A gain pays its share of any debt; {COMPANY}, {ANY}.",
    assumes=OWED,
)
def haircut_first(amounts: Amounts) -> tuple[State, Operation]:
    """What is owed is at most what was gained."""
    return micro_step(haircutting(amounts, 0, 0))


@shape(
    "round: haircut",
    "last of two gainers",
    f"The last gain pays what is still owed; {COMPANY}, {ANY}.",
    assumes=OWED,
)
def haircut_last(amounts: Amounts) -> tuple[State, Operation]:
    """The first one's share is collected, as the rule says."""
    return micro_step(haircutting(amounts, 1, amounts.integer("collected", FUND)))


def haircutting(amounts: Amounts, cursor: int, collected: int) -> Skeleton:
    """Two accounts gained any amounts, and owe together any part of it."""
    first, second = amounts.integer("gain of 1", AMOUNT), amounts.integer("gain of 2", AMOUNT)
    owed = amounts.integer("owed", AMOUNT)
    amounts.assume(owed <= first + second)
    amounts.assume(collected <= owed)
    gains = Map({1: first, 2: second})
    return company(amounts).in_round(
        Stage.HAIRCUT,
        tasks=(1, 2),
        cursor=cursor,
        gains=gains,
        total_gain=first + second,
        owed=owed,
        collected=collected,
    )


@shape("round: assess", "a holder", f"A holder is found in breach or healed, or neither; {COMPANY}, {ANY}.")
def assess(amounts: Amounts) -> tuple[State, Operation]:
    """With a count of breaches or without."""
    skeleton = company(amounts)
    if amounts.either("was in breach"):
        skeleton.breaches[1] = 2
    return micro_step(skeleton.in_round(Stage.ASSESS, holder=1))


def in_breach(amounts: Amounts, skeleton: Skeleton, rounds: int) -> Breach:
    """The first account is in breach."""
    skeleton.breaches[1] = rounds
    return Breach(1, amounts.integer("equity", MONEY), amounts.integer("maintenance", AMOUNT), rounds)


@shape(
    "round: close",
    "lots are closed",
    f"An account in breach beyond patience closes at the mark; {COMPANY}, {FIXED}, its order gone.",
)
def close(amounts: Amounts) -> tuple[State, Operation]:
    """Against the other side."""
    skeleton = pair(amounts, MARK)
    breach = in_breach(amounts, skeleton, 4)
    tasks = Seize(1), CloseAtMark(1, 1, 2, skeleton.longs[1])
    return micro_step(skeleton.in_round(Stage.CLOSE, breaches=(breach,), tasks=tasks, cursor=1))


@shape("round: close", "orders are seized", f"An account in breach beyond patience loses its orders; {COMPANY}, {ANY}.")
def seize_before_close(amounts: Amounts) -> tuple[State, Operation]:
    """The first task."""
    skeleton = company(amounts)
    breach = in_breach(amounts, skeleton, 4)
    tasks = Seize(1), CloseAtMark(1, 1, 2, skeleton.longs[1])
    return micro_step(skeleton.in_round(Stage.CLOSE, breaches=(breach,), tasks=tasks))


@shape(
    "round: discard",
    "an order outside the band",
    f"A bid above the band leaves the book; {COMPANY}, any mark below the band.",
)
def discard(amounts: Amounts) -> tuple[State, Operation]:
    """The only one."""
    skeleton = company(amounts)
    amounts.assume(skeleton.markets[1].high < BID)
    return micro_step(skeleton.in_round(Stage.DISCARD, tasks=(Discard(1, BUY, BID, 10),)))


@shape("round: liquidate", "orders are cancelled", f"The first micro-step of a liquidation; {COMPANY}, {ANY}.")
def liquidate_first(amounts: Amounts) -> tuple[State, Operation]:
    """The account may have healed."""
    skeleton = company(amounts)
    breach = in_breach(amounts, skeleton, 1)
    return micro_step(skeleton.in_round(Stage.LIQUIDATE, breaches=(breach,), tasks=(1,)))


@shape(
    "round: liquidate",
    "a lot is sold",
    f"A long account in breach sells to a bid of one lot within slip and band; {FIXED}, terms concrete; nothing else rests.",
)
def liquidate_sale(amounts: Amounts) -> tuple[State, Operation]:
    """The bid may have expired, and its owner may not be able to take the fill."""
    skeleton = Skeleton(amounts, mark=MARK).account(1).account(2).account(3).holds(1, 2)
    skeleton.rests(12, 3, BUY, BID, most=1)
    return liquidation_goes_on(amounts, skeleton)


@shape(
    "round: liquidate",
    "a lot is bought",
    f"A short account in breach buys from an ask of one lot within slip and band; {FIXED}, terms concrete; nothing else rests.",
)
def liquidate_purchase(amounts: Amounts) -> tuple[State, Operation]:
    """The ask may have expired, and its owner may not be able to take the fill."""
    skeleton = Skeleton(amounts, mark=MARK).account(1).account(2).account(3).holds(2, 1)
    skeleton.rests(12, 3, SELL, ASK, most=1)
    return liquidation_goes_on(amounts, skeleton)


def liquidation_goes_on(amounts: Amounts, skeleton: Skeleton) -> tuple[State, Operation]:
    """The first account's orders are gone, and its next attempt comes."""
    breach = in_breach(amounts, skeleton, 1)
    return micro_step(skeleton.in_round(Stage.LIQUIDATE, breaches=(breach,), tasks=(1,), attempts=1))


@shape(
    "round: end",
    "nobody in breach is left",
    f"The list of liquidations is done, and the round ends; {COMPANY}, {ANY}.",
    assumes=(NOBODY_OWES,),
)
def end(amounts: Amounts) -> tuple[State, Operation]:
    """At rest again."""
    skeleton = company(amounts).in_round(Stage.LIQUIDATE)
    state, operation = micro_step(skeleton)
    for account in state.accounts.values():
        amounts.assume(equity(account, state.markets) >= 0)
    return state, operation


def stage_ends(amounts: Amounts, stage: Stage, **fields: object) -> tuple[State, Operation]:
    """A stage's list is done."""
    return micro_step(company(amounts).in_round(stage, **fields))


@shape("round: expire", "the list is done", f"DEFAULT begins, and nobody is in default; {COMPANY}, {ANY}.")
def default_begins(amounts: Amounts) -> tuple[State, Operation]:
    """Nothing is planned."""
    return stage_ends(amounts, Stage.EXPIRE)


@shape(
    "round: default", "the list is done", f"HAIRCUT begins, with a gain and with or without a debt; {COMPANY}, {ANY}."
)
def haircut_begins(amounts: Amounts) -> tuple[State, Operation]:
    """The gainers are listed if something is owed."""
    return stage_ends(amounts, Stage.DEFAULT, owed=amounts.integer("owed", FUND), **gained(amounts))


@shape("round: haircut", "the list is done", f"ASSESS begins; {COMPANY}, {ANY}.")
def assess_begins(amounts: Amounts) -> tuple[State, Operation]:
    """Every holder will be visited."""
    return stage_ends(amounts, Stage.HAIRCUT)


@shape("round: assess", "the list is done", f"CLOSE begins, and nobody is beyond patience; {COMPANY}, {ANY}.")
def close_begins(amounts: Amounts) -> tuple[State, Operation]:
    """Nobody is in breach."""
    return stage_ends(amounts, Stage.ASSESS)


@shape("round: close", "the list is done", f"DISCARD begins, and lists the orders outside the band; {COMPANY}, {ANY}.")
def discard_begins(amounts: Amounts) -> tuple[State, Operation]:
    """The bid is above it, or the ask below it, or neither."""
    return stage_ends(amounts, Stage.CLOSE)


@shape(
    "round: discard",
    "the list is done",
    f"LIQUIDATE begins, with nobody in breach; {COMPANY}, any mark with both orders within the band.",
)
def liquidate_begins(amounts: Amounts) -> tuple[State, Operation]:
    """Nobody is listed."""
    state, operation = stage_ends(amounts, Stage.DISCARD)
    amounts.assume(state.markets[1].high >= BID)
    amounts.assume(state.markets[1].low <= ASK)
    return state, operation


SHARED = "one account is long, two others are short"


@shape(
    "round: expire",
    "somebody is in default",
    f"DEFAULT begins, and closes of the long account are planned; {SHARED}, {FIXED}, terms concrete, no order rests.",
)
def default_is_planned(amounts: Amounts) -> tuple[State, Operation]:
    """Against both others, in the order of their rank."""
    skeleton = Skeleton(amounts, mark=MARK).account(1).account(2).account(3).shares(1, (2, 3))
    return micro_step(skeleton.in_round(Stage.EXPIRE, defaulted=(1,)))


@shape(
    "round: assess",
    "somebody is beyond patience",
    f"CLOSE begins, and closes of the long account are planned; {SHARED}, {FIXED}, terms concrete, no order rests.",
)
def close_is_planned(amounts: Amounts) -> tuple[State, Operation]:
    """Against both others, in the order of their rank."""
    skeleton = Skeleton(amounts, mark=MARK).account(1).account(2).account(3).shares(1, (2, 3))
    breach = in_breach(amounts, skeleton, 4)
    return micro_step(skeleton.in_round(Stage.ASSESS, breaches=(breach,)))


@shape(
    "round: discard",
    "two are in breach",
    f"LIQUIDATE begins, and lists two accounts, worst first; {COMPANY}, any mark with both orders within the band.",
)
def liquidate_in_turn(amounts: Amounts) -> tuple[State, Operation]:
    """Of any equity and maintenance."""
    skeleton = company(amounts)
    skeleton.breaches = {1: 1, 2: 1}
    breaches = tuple(
        Breach(
            number,
            amounts.integer(f"equity of {number}", MONEY),
            amounts.integer(f"maintenance of {number}", AMOUNT),
            1,
        )
        for number in (1, 2)
    )
    state, operation = micro_step(skeleton.in_round(Stage.DISCARD, breaches=breaches))
    amounts.assume(state.markets[1].high >= BID)
    amounts.assume(state.markets[1].low <= ASK)
    return state, operation
