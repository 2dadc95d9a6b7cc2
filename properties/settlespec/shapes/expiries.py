"""Shapes of an expiry: a settlement value is fixed, and a round pays a position out."""

from settlespec.domain.instruments import SettlementStatement
from settlespec.domain.operations import FixSettlement, Operation
from settlespec.domain.orders import Side
from settlespec.domain.quantities import PRICE
from settlespec.domain.rounds import Discard, Stage
from settlespec.domain.state import State
from settlespec.machine.markets import expired_market
from settlespec.shapes.orders import ASK
from settlespec.shapes.rounds import micro_step
from settlespec.shapes.skeletons import EXPIRY, FUTURE, PERPETUAL, Skeleton, signed_by_oracles
from settlespec.shapes.statement import Amounts, shape

DATED = "three accounts, one long and one short in a perpetual and in a dated future, an ask that rests in the future; any marks"


def dated(amounts: Amounts) -> Skeleton:
    """Two holders of a perpetual and of a future; the third one's ask rests in the future."""
    skeleton = Skeleton(amounts, (PERPETUAL, FUTURE)).account(1).account(2).account(3)
    skeleton.holds(1, 2).holds(2, 1, instrument=2)
    skeleton.rests(20, 3, Side.SELL, ASK, instrument=2)
    return skeleton


@shape("fix settlement", "two of three oracles", f"A settlement value of any amount, at any time; {DATED}.")
def fix(amounts: Amounts) -> tuple[State, Operation]:
    """By two oracles or one."""
    state = dated(amounts).state()
    statement = SettlementStatement(1, 1, 2, EXPIRY, amounts.integer("value", PRICE))
    oracles = (0, 2) if amounts.either("two oracles") else (1,)
    return state, FixSettlement(statement, signed_by_oracles(state, statement, oracles))


def expired(amounts: Amounts) -> Skeleton:
    """The future has taken its payoff as its mark, and its holders are still to be paid."""
    skeleton = dated(amounts)
    value = amounts.integer("settlement", PRICE)
    skeleton.markets[2] = expired_market(FUTURE, value, skeleton.markets[2].funding_index)
    amounts.assume(skeleton.clock >= EXPIRY)
    return skeleton


@shape("round: expire", "an order goes", f"An order in the expired future leaves the book; {DATED}.")
def expire_order(amounts: Amounts) -> tuple[State, Operation]:
    """Before anybody is paid out."""
    tasks = (Discard(2, Side.SELL, ASK, 20),)
    return micro_step(expired(amounts).in_round(Stage.EXPIRE, tasks=tasks, holder=1))


@shape(
    "round: expire",
    "a holder is paid out",
    f"The first holder's position becomes money; {DATED}, but no order rests any more.",
)
def pay_out(amounts: Amounts) -> tuple[State, Operation]:
    """The perpetual stays."""
    skeleton = expired(amounts)
    skeleton.orders.clear()
    return micro_step(skeleton.in_round(Stage.EXPIRE, holder=1))
