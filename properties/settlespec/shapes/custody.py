"""Shapes of money at the border, and of the clock."""

from settlespec.domain.messages import ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Operation, Receive, Take, Tick, Transfer, Withdraw
from settlespec.domain.orders import Side
from settlespec.domain.quantities import AMOUNT, IDENTIFIER, PRICE, SIZE, TIME
from settlespec.domain.state import State
from settlespec.engines.judging import SIGNER
from settlespec.shapes.skeletons import MARK, company, signed
from settlespec.shapes.statement import Amounts, shape

COMPANY = (
    "three accounts, one long and one short in a perpetual, a bid and an ask that rest at one price each, "
    "an unpaid claim; terms concrete"
)


@shape("receive", "deposit", f"A deposit comes in; {COMPANY}.")
def receive_deposit(amounts: Amounts) -> tuple[State, Operation]:
    """Of any amount."""
    skeleton = company(amounts)
    return skeleton.state(), Receive(amounts.integer("time", TIME), skeleton.deposit(3, 3))


@shape("receive", "forced requests", f"A forced withdrawal or order comes in; {COMPANY}.")
def receive_forced(amounts: Amounts) -> tuple[State, Operation]:
    """Of any amount, size and limit."""
    state = company(amounts).state()
    if amounts.either("withdrawal"):
        return state, Receive(
            amounts.integer("time", TIME), ForcedWithdrawal(1, SIGNER.key(1), amounts.integer("amount", AMOUNT))
        )
    lots, price = amounts.integer("lots", SIZE), amounts.integer("price", PRICE)
    return state, Receive(amounts.integer("time", TIME), ForcedOrder(1, SIGNER.key(1), 1, Side.SELL, lots, price))


@shape("take deposit", "to an account", f"A deposit waits, by its owner's key or another; {COMPANY}.")
def take_deposit(amounts: Amounts) -> tuple[State, Operation]:
    """Of any amount."""
    skeleton = company(amounts)
    skeleton.waits(skeleton.deposit(1, 1 if amounts.either("by the owner") else 2))
    return skeleton.state(), Take()


@shape(
    "take deposit", "opens an account", f"A deposit waits for an account that is not there yet, and another; {COMPANY}."
)
def take_opening(amounts: Amounts) -> tuple[State, Operation]:
    """Of any amount."""
    skeleton = company(amounts)
    skeleton.waits(skeleton.deposit(4, 4)).waits(skeleton.deposit(3, 3))
    return skeleton.state(), Take()


@shape("tick", "any time", f"The clock moves; {COMPANY}.")
def tick(amounts: Amounts) -> tuple[State, Operation]:
    """To any time."""
    return company(amounts).state(), Tick(amounts.integer("time", TIME))


@shape("withdraw", "with positions and orders", f"A holder with a resting order takes money out; {COMPANY}.")
def withdraw(amounts: Amounts) -> tuple[State, Operation]:
    """Any amount."""
    state = company(amounts).state()
    return state, signed(amounts, state, Withdraw(1, *envelope(amounts), amounts.integer("amount", AMOUNT), b""))


@shape("transfer", "with positions and orders", f"A holder with a resting order pays another account; {COMPANY}.")
def transfer(amounts: Amounts) -> tuple[State, Operation]:
    """Any amount."""
    state = company(amounts).state()
    return state, signed(amounts, state, Transfer(1, *envelope(amounts), 2, amounts.integer("amount", AMOUNT), b""))


def envelope(amounts: Amounts) -> tuple[int, int]:
    """Any nonce and any end of validity."""
    return amounts.integer("nonce", IDENTIFIER), amounts.integer("valid until", TIME)


@shape(
    "take forced withdrawal",
    "with positions and orders",
    f"A holder with a resting order forces money out, or somebody else does in its name; {COMPANY}, mark concrete.",
)
def take_withdrawal(amounts: Amounts) -> tuple[State, Operation]:
    """Any amount."""
    skeleton = company(amounts, MARK)
    key = SIGNER.key(1 if amounts.either("by the owner") else 2)
    skeleton.waits(ForcedWithdrawal(1, key, amounts.integer("amount", AMOUNT)))
    return skeleton.state(), Take()


@shape(
    "take forced order",
    "closes",
    f"A long holder forces a sale of any size and limit against the bid of an account without a position; {COMPANY}, mark concrete.",
)
def take_order(amounts: Amounts) -> tuple[State, Operation]:
    """Its own orders that stand in the way make way."""
    skeleton = company(amounts, MARK)
    skeleton.rests(12, 3, Side.BUY, MARK - 500)
    lots, price = amounts.integer("lots", SIZE), amounts.integer("price", PRICE)
    skeleton.waits(ForcedOrder(1, SIGNER.key(1), 1, Side.SELL, lots, price))
    return skeleton.state(), Take()
