"""Shapes of an owner's orders: they rest, trade in part or whole, are refused, taken back and replaced."""

from attrs import evolve

from settlespec.domain.operations import Cancel, Operation, Place, Replace
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.quantities import PRICE, SIZE, TIME
from settlespec.domain.state import State
from settlespec.shapes.custody import COMPANY, envelope
from settlespec.shapes.skeletons import MARK, Skeleton, company, signed
from settlespec.shapes.statement import Amounts, shape

BUY, SELL = Side.BUY, Side.SELL
IMMEDIATE = TimeInForce.IMMEDIATE_OR_CANCEL
RESTS = TimeInForce.GOOD_TILL_TIME
BID, ASK = MARK - 1_000, MARK + 1_000
"""Where the company's orders rest."""

FIXED = "mark concrete"
ANY = "any mark"


def order(amounts: Amounts, owner: int, side: Side, **terms: object) -> Place:
    """An order of any size, by default a limit order that rests at a price of its own; its client id is not taken."""
    usual = Place(
        owner,
        *envelope(amounts),
        1,
        50,
        side,
        amounts.integer("size", SIZE),
        OrderKind.LIMIT,
        BID - 1_000 if side is BUY else ASK + 1_000,
        RESTS,
        amounts.integer("good till", TIME),
        False,
        False,
        b"",
    )
    return evolve(usual, **terms)  # type: ignore[arg-type]


def immediate(amounts: Amounts, owner: int, side: Side, **terms: object) -> Place:
    """An immediate order of any size and limit."""
    limit = amounts.integer("price", PRICE)
    return order(amounts, owner, side, **{"price": limit, "time_in_force": IMMEDIATE, "good_till": 0, **terms})


def placing(amounts: Amounts, skeleton: Skeleton, place: Place) -> tuple[State, Operation]:
    """The state, and the order signed."""
    state = skeleton.state()
    return state, signed(amounts, state, place)


@shape("place", "rests", f"An order below the book rests, of somebody without a position; {COMPANY}, {ANY}.")
def rests(amounts: Amounts) -> tuple[State, Operation]:
    """It may be refused for each reason that does not need other skeletons."""
    return placing(amounts, company(amounts), order(amounts, 3, BUY))


@shape("place", "rests beside a position", f"A holder's ask rests above the book; {COMPANY}, {ANY}.")
def rests_beside(amounts: Amounts) -> tuple[State, Operation]:
    """The requirement covers position, orders and the new one."""
    return placing(amounts, company(amounts), order(amounts, 1, SELL))


@shape("place", "rests reduce-only", f"A holder's reduce-only ask rests above the book; {COMPANY}, {FIXED}.")
def rests_reducing(amounts: Amounts) -> tuple[State, Operation]:
    """At most the position."""
    return placing(amounts, company(amounts, MARK), order(amounts, 1, SELL, reduce_only=True))


@shape("place", "post-only", f"A post-only bid at the best ask's price or below it; {COMPANY}, {ANY}.")
def post_only(amounts: Amounts) -> tuple[State, Operation]:
    """It rests, or is refused; an expired ask makes way."""
    price = ASK if amounts.either("at the ask") else BID
    return placing(amounts, company(amounts), order(amounts, 3, BUY, post_only=True, price=price))


@shape("place", "opens", f"An immediate bid of any limit meets an ask; {COMPANY}, {FIXED}.")
def opens(amounts: Amounts) -> tuple[State, Operation]:
    """Taker and maker both enlarge."""
    return placing(amounts, company(amounts, MARK), immediate(amounts, 3, BUY))


@shape(
    "place",
    "closes",
    f"A holder's immediate ask of any limit meets the bid of somebody without a position; {COMPANY}, {FIXED}.",
)
def closes(amounts: Amounts) -> tuple[State, Operation]:
    """The taker closes, or turns."""
    skeleton = company(amounts, MARK)
    skeleton.rests(12, 3, BUY, BID + 500)
    return placing(amounts, skeleton, immediate(amounts, 1, SELL))


@shape("place", "closes reduce-only", f"The same, reduce-only; {COMPANY}, {FIXED}.")
def closes_reducing(amounts: Amounts) -> tuple[State, Operation]:
    """The taker closes and never turns."""
    skeleton = company(amounts, MARK)
    skeleton.rests(12, 3, BUY, BID + 500)
    return placing(amounts, skeleton, immediate(amounts, 1, SELL, reduce_only=True))


@shape("place", "fills and rests", f"A bid at the ask's price fills and what is left rests; {COMPANY}, {FIXED}.")
def fills_and_rests(amounts: Amounts) -> tuple[State, Operation]:
    """The owner has no position."""
    return placing(amounts, company(amounts, MARK), order(amounts, 3, BUY, price=ASK))


@shape("place", "fill or kill", f"A fill-or-kill bid of any limit meets an ask; {COMPANY}, {FIXED}.")
def fill_or_kill(amounts: Amounts) -> tuple[State, Operation]:
    """Whole or not at all."""
    place = immediate(amounts, 3, BUY, time_in_force=TimeInForce.FILL_OR_KILL)
    return placing(amounts, company(amounts, MARK), place)


@shape("place", "market", f"A market bid meets an ask; {COMPANY}, {FIXED}.")
def market(amounts: Amounts) -> tuple[State, Operation]:
    """Its limit is the band's edge."""
    place = order(amounts, 3, BUY, kind=OrderKind.MARKET, price=0, time_in_force=IMMEDIATE, good_till=0)
    return placing(amounts, company(amounts, MARK), place)


@shape("place", "meets its owner", f"A holder's ask at its own bid's price; {COMPANY}, {FIXED}.")
def meets_its_owner(amounts: Amounts) -> tuple[State, Operation]:
    """The bid leaves, and the ask rests."""
    return placing(amounts, company(amounts, MARK), order(amounts, 1, SELL, price=BID))


@shape("cancel", "a resting order", f"A holder takes its bid back; {COMPANY}, {ANY}.")
def cancel(amounts: Amounts) -> tuple[State, Operation]:
    """Under stale marks too."""
    state = company(amounts).state()
    return state, signed(amounts, state, Cancel(1, *envelope(amounts), 1, 10, b""))


def replacing(amounts: Amounts, skeleton: Skeleton, owner: int, client: int, price: int) -> tuple[State, Operation]:
    """Any new size and lifetime."""
    state = skeleton.state()
    size, good_till = amounts.integer("size", SIZE), amounts.integer("good till", TIME)
    return state, signed(amounts, state, Replace(owner, *envelope(amounts), 1, client, size, price, good_till, b""))


@shape("replace", "rests again", f"A holder's bid goes to another price below the book; {COMPANY}, {ANY}.")
def replace_resting(amounts: Amounts) -> tuple[State, Operation]:
    """With more lots, fewer, or none left."""
    return replacing(amounts, company(amounts), 1, 10, BID - 1_000)


@shape("replace", "trades", f"A holder's bid goes to the ask's price; {COMPANY}, {FIXED}.")
def replace_trading(amounts: Amounts) -> tuple[State, Operation]:
    """It fills, and what is left rests."""
    return replacing(amounts, company(amounts, MARK), 1, 10, ASK)
