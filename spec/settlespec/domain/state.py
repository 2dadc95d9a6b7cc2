"""The whole state of the exchange. Persistent: an earlier state stays valid and a snapshot costs nothing."""

from attrs import frozen
from immutables import Map

from settlespec.domain.accounts import Account
from settlespec.domain.books import Book
from settlespec.domain.instruments import Market
from settlespec.domain.ladder import Ladder
from settlespec.domain.messages import Inbox, Outbox
from settlespec.domain.parameters import Parameters
from settlespec.domain.quantities import AccountId, Arrival, InstrumentId, Milliseconds, Quantums
from settlespec.domain.rounds import Round


@frozen
class State:
    """STATE-1: everything that the next operation can depend on."""

    parameters: Parameters
    clock: Milliseconds
    accounts: Map[AccountId, Account]
    holders: Ladder
    """Accounts with a position, in order, so that a round never looks at the others; derived from `accounts`."""
    breaches: Map[AccountId, int]
    """For how many rounds in a row an account has been below maintenance."""
    markets: Map[InstrumentId, Market]
    books: Map[InstrumentId, Book]
    next_arrival: Arrival
    """The one arrival count, never reset."""
    insurance: Quantums
    treasury: Quantums
    """Trading fees, net of rebates."""
    funding_pool: Quantums
    """Funding between payer and receiver, signed inside a round, 0 outside."""
    vault: Quantums
    """What the base layer holds for this rollup."""
    inbox: Inbox
    outbox: Outbox
    next_expiry: Milliseconds
    """The earliest expiry of an instrument that is not paid out yet; 0 where there is none."""
    round_number: int
    """The number of the last round begun."""
    marks_time: Milliseconds
    """The timestamp of the last round's statement."""
    round: Round | None
    """The round in progress; None at rest."""
