"""Accounts: money, positions and the totals of the open orders."""

from attrs import frozen
from immutables import Map

from settlespec.domain.quantities import Arrival, ClientId, InstrumentId, Nonce, Quantums, SignedSize


@frozen
class Position:
    """Lots held in one instrument and the signed sum of price * size still open."""

    size: SignedSize
    cost: Quantums


FLAT = Position(0, 0)
"""No position."""


@frozen
class OpenOrders:
    """The live orders of one account in one instrument."""

    arrivals: Map[ClientId, Arrival]
    """The owner's names and the arrival numbers of the live orders."""
    buys: int
    """Lots that rest on the bid side."""
    sells: int
    """Lots that rest on the ask side."""
    reduce_only: int
    """Lots that rest as reduce-only, at most the position."""


NO_ORDERS = OpenOrders(Map(), 0, 0, 0)
"""No live order."""


@frozen
class Account:
    """One account: who may sign for it and what it holds."""

    key: bytes
    """The public key whose signature moves this account."""
    collateral: Quantums
    """Signed; cash is collateral minus the cost of the open positions."""
    positions: Map[InstrumentId, Position]
    """Open positions only: no entry has size 0."""
    orders: Map[InstrumentId, OpenOrders]
    """Instruments with at least one live order."""
    nonce: Nonce
    """The nonce of the last accepted message."""
