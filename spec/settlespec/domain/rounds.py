"""The clearing round in progress: its statement, its stage, its lists and its cursor, all part of the committed state."""

from enum import IntEnum
from typing import TypeAlias

from attrs import frozen
from immutables import Map

from settlespec.domain.instruments import Quote
from settlespec.domain.orders import Side
from settlespec.domain.quantities import (
    AccountId,
    Amount,
    Arrival,
    Index,
    InstrumentId,
    Milliseconds,
    Price,
    Quantums,
    Size,
)


class Stage(IntEnum):
    """The stages in their order (ROUND-1).

    The six steps of a round are REVALUE, EXPIRE, DEFAULT, HAIRCUT, liquidate and tidy. Liquidate is ASSESS (who is in breach), CLOSE
    (who was so for too many rounds, at the mark) and LIQUIDATE (the others, on the book). The tidying of orders outside the band is
    DISCARD and comes before LIQUIDATE: after a fall of the mark the best bids are the stale ones above the band, and as matching never
    goes outside the band they would shield every order behind them from the liquidations.
    """

    REVALUE = 1
    EXPIRE = 2
    DEFAULT = 3
    HAIRCUT = 4
    ASSESS = 5
    CLOSE = 6
    DISCARD = 7
    LIQUIDATE = 8


@frozen
class Seize:
    """A micro-step: the account's orders are cancelled."""

    account: AccountId


@frozen
class CloseAtMark:
    """A micro-step: lots of the account close at the mark against an opposite position."""

    account: AccountId
    instrument: InstrumentId
    counterparty: AccountId
    size: Size


@frozen
class Settle:
    """A micro-step: the insurance fund pays what a defaulted account owes, as far as it reaches."""

    account: AccountId


@frozen
class Discard:
    """A micro-step: an order outside the band, or one in an instrument that has expired, is discarded.

    Its place in the book is named, so that nothing need be searched.
    """

    instrument: InstrumentId
    side: Side
    price: Price
    arrival: Arrival


Task: TypeAlias = AccountId | Seize | CloseAtMark | Settle | Discard
"""One entry of a stage's list; a bare account where the stage says what is done with it (HAIRCUT, LIQUIDATE)."""


@frozen
class Breach:
    """An account whose equity is below its maintenance requirement after the haircut."""

    account: AccountId
    equity: Quantums
    maintenance: Amount
    rounds: int
    """In how many rounds in a row, this one included."""


@frozen
class Round:
    """Where the round stands. Nothing interleaves with it, and a dispute about it ends at one micro-step (ROUND-1)."""

    number: Index
    timestamp: Milliseconds
    """Of the statement."""
    quotes: Map[InstrumentId, Quote]
    """The statement's quotes until the markets adopt them, then none."""
    elapsed: Milliseconds
    """The funding interval that this round settles."""
    stage: Stage
    holder: AccountId | None
    """Whose turn it is in REVALUE, EXPIRE and ASSESS, which go through all holders in order; None elsewhere, and at the end."""
    tasks: tuple[Task, ...]
    """The list of any other stage, fixed when the stage begins."""
    cursor: int
    """How many tasks of the list are done."""
    gains: Map[AccountId, Amount]
    """What each account gained in this round, positive gains only."""
    total_gain: int
    defaulted: tuple[AccountId, ...]
    """Accounts that revaluing left with an equity of zero or less, in order."""
    owed: int
    """What the insurance fund could not pay: the haircut's amount."""
    collected: int
    """How much of `owed` the haircut has taken so far; owed - collected is a claim on the gains of this round."""
    breaches: tuple[Breach, ...]
    """Filled by ASSESS."""
    attempts: int
    """Micro-steps already spent on the account that is being liquidated."""
    micro_steps: int
    """Micro-steps done so far in this round."""
