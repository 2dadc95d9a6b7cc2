"""Concrete shapes on which laws run the machine itself and the contract of a rollup: few accounts or messages, and arbitrary amounts."""

from typing import Any, Final

from attrs import evolve
from immutables import Map

from settlespec.commitment.batch import Body
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import Header
from settlespec.domain.accounts import Account, OpenOrders, Position
from settlespec.domain.instruments import Quote
from settlespec.domain.ladder import EMPTY_LADDER
from settlespec.domain.orders import Order, Side
from settlespec.domain.rounds import Round, Stage
from settlespec.machine.clearing import Clearing
from settlespec.machine.draft import Draft
from settlespec.machine.genesis import initial_state, minimal
from settlespec.machine.signatures import Ideal
from settlespec.proofs.interface import Deployment, Statement
from settlespec.rules.margin import linear_array
from settlespec.settlement.chain import Opening
from settlespec.settlement.validity_registry import ValidityParameters, first_registry

START: Final = initial_state(minimal(Ideal()))
"""The first state of the preset `minimal`: two perpetuals, of which the laws use the first."""

LISTED: Final = 1
"""The instrument that the accounts hold."""


def owner(collateral: Any, size: Any = 0, cost: Any = 0) -> Account:
    """An account with a position in `LISTED`, or with none where its size is the integer 0; no order rests."""
    positions = Map() if type(size) is int and size == 0 else Map({LISTED: Position(size, cost)})
    return Account(b"", collateral, positions, Map(), 0)


def exchange(*owners: Account, mark: Any = None, **changed: Any) -> Draft:
    """The exchange with these accounts, numbered from 0, as an operation works on it.

    Args:
        owners: the accounts.
        mark: of `LISTED`; as genesis has it where none is given.
        changed: other fields of the state.
    """
    holders = EMPTY_LADDER
    for number, account in enumerate(owners):
        holders = holders.insert(number) if account.positions else holders
    markets = START.markets
    if mark is not None:
        market = markets[LISTED]
        markets = markets.set(LISTED, evolve(market, mark=mark, risk=linear_array(market.instrument, mark)))
    state = evolve(START, **{"accounts": Map(enumerate(owners)), "holders": holders, "markets": markets, **changed})
    return Draft(state)


def bidding(account: Account, lots: Any, mark: Any) -> Draft:
    """The exchange with one account, number 0, whose bid for so many lots of `LISTED` rests alone in the book."""
    bid = Order(1, 0, 1, LISTED, Side.BUY, 1, lots, 0, 0, False)
    books = START.books.set(LISTED, START.books[LISTED].insert(bid))
    open_orders = OpenOrders(Map({bid.client_id: bid.arrival}), lots, 0, 0)
    return exchange(evolve(account, orders=Map({LISTED: open_orders})), mark=mark, books=books)


def clearing(draft: Draft, stage: Stage, mark: Any = 1, rate: Any = 0, **changed: Any) -> Clearing:
    """A clearing round in this stage, whose statement has this mark and rate of `LISTED`.

    Args:
        draft: what the round works on.
        stage: where it stands.
        mark, rate: of the statement.
        changed: other fields of the round.
    """
    fields: dict[str, Any] = {
        "number": 1,
        "timestamp": 1,
        "quotes": Map({LISTED: Quote(LISTED, mark, rate)}),
        "elapsed": 1,
        "stage": stage,
        "holder": None,
        "tasks": (),
        "cursor": 0,
        "gains": Map(),
        "total_gain": 0,
        "defaulted": (),
        "owed": 0,
        "collected": 0,
        "breaches": (),
        "attempts": 0,
        "micro_steps": 0,
    }
    return Clearing(draft, Round(**{**fields, **changed}))


def equity_of(draft: Draft, number: int, mark: Any) -> Any:
    """What an account is worth with its position at this mark."""
    account = draft.account(number)
    position = account.positions.get(LISTED)
    return account.collateral if position is None else account.collateral - position.cost + position.size * mark


class Verdict:
    """A proof system that has made up its mind."""

    name = "verdict"

    def __init__(self, holds: bool) -> None:
        self.holds = holds

    def verify(self, statement: Statement, proof: bytes) -> bool:
        """Whatever is shown."""
        return self.holds

    def prove(self, batch: Any, last: Header) -> bytes:
        """Nothing is proven here."""
        raise AssertionError(f"no law proves a batch after {last.number}")


REGISTRY: Final = first_registry(
    ValidityParameters("operator"), Deployment(SHA256, minimal(Ideal()), Ideal(), Body.LOG), Verdict(True), Map()
)
"""A rollup that has just begun."""


def opening(time: Any) -> Opening:
    """A block at this time."""
    return Opening(1, time, b"", 1, 1, 0, 1)
