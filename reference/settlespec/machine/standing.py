"""Where an account stands: its equity at the marks and what the one formula requires of it."""

from collections.abc import Callable

from attrs import frozen
from immutables import Map

from settlespec.domain.accounts import Account, Position
from settlespec.domain.books import Book
from settlespec.domain.instruments import Market
from settlespec.domain.quantities import InstrumentId
from settlespec.rules import margin


@frozen
class Standing:
    """Equity and requirements of one account, in quantums; `risk` is maintenance times `margin.RISK_SCALE`, exact."""

    equity: int
    risk: int
    maintenance: int
    initial: int


def standing(account: Account, markets: Map[InstrumentId, Market], factor: int) -> Standing:
    """MARGIN-11: the requirement of an account is the sum over the underlyings that it holds."""
    positions = account.positions
    if not positions:
        return Standing(account.collateral, 0, 0, 0)
    equity = account.collateral
    groups: dict[int, list[margin.Holding]] = {}
    for instrument, position in positions.items():
        market = markets[instrument]
        equity += position.size * market.mark - position.cost
        groups.setdefault(market.instrument.underlying, []).append(margin.Holding(position.size, market))
    risk = 0
    surcharge = 0
    for holdings in groups.values():
        alone = margin.underlying_risk(tuple(holdings))
        risk += alone
        surcharge += margin.surcharge(alone, holdings[0].market.surcharge_ppm)
    maintenance = margin.maintenance(risk)
    return Standing(equity, risk, maintenance, margin.initial(maintenance, factor, surcharge))


def cash(account: Account) -> int:
    """STATE-2: collateral less the cost of the open positions: what the account brought in and has not lost or paid."""
    return account.collateral - sum(position.cost for position in account.positions.values())


def equity(account: Account, markets: Map[InstrumentId, Market]) -> int:
    """The equity of an account by rule MARGIN-8."""
    return margin.equity(
        cash(account), (position.size * markets[name].mark for name, position in account.positions.items())
    )


def risk_with(account: Account, instrument: InstrumentId, size: int, markets: Map[InstrumentId, Market]) -> int:
    """The account's risk if it held `size` lots of the instrument and everything else as it does; times RISK_SCALE."""
    positions = account.positions
    changed = positions.delete(instrument) if size == 0 else positions.set(instrument, Position(size, 0))
    groups: dict[int, list[margin.Holding]] = {}
    for name, position in changed.items():
        market = markets[name]
        groups.setdefault(market.instrument.underlying, []).append(margin.Holding(position.size, market))
    return sum(margin.underlying_risk(tuple(holdings)) for holdings in groups.values())


def reserved(
    account: Account, markets: Map[InstrumentId, Market], book: Callable[[InstrumentId], Book], factor: int
) -> int:
    """MARGIN-12: what the account's resting orders need together, by sub-additivity the sum of what each needs alone."""
    needed = 0
    for instrument, open_orders in account.orders.items():
        market = markets[instrument]
        orders = book(instrument).orders
        for arrival in open_orders.arrivals.values():
            order = orders[arrival]
            needed += margin.order_reserve(
                order.side, order.size - order.filled, order.price, order.reduce_only, market, factor
            )
    return needed
