"""Where an account stands: its equity at the marks and what the one formula requires of it."""

from collections.abc import Callable, Iterator, Mapping

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
    """MARGIN-11: the requirement of an account is the sum over the groups of holdings that offset each other (`group_key`)."""
    positions = account.positions
    if not positions:
        return Standing(account.collateral, 0, 0, 0)
    equity = account.collateral
    for name, position in positions.items():
        equity += position.size * markets[name].mark - position.cost
    risk = 0
    surcharge = 0
    for market, alone in risks(positions, markets):
        risk += alone
        if market.surcharge_ppm:
            surcharge += margin.surcharge(alone, market.surcharge_ppm)
    maintenance = margin.maintenance(risk)
    return Standing(equity, risk, maintenance, margin.initial(maintenance, factor, surcharge))


def cash(account: Account) -> int:
    """STATE-2: collateral less the cost of the open positions: what the account brought in and has not lost or paid."""
    return account.collateral - sum(position.cost for position in account.positions.values())


def equity(account: Account, markets: Mapping[InstrumentId, Market]) -> int:
    """The equity of an account by rule MARGIN-8."""
    return margin.equity(
        cash(account), (position.size * markets[name].mark for name, position in account.positions.items())
    )


def group_key(market: Market) -> tuple[int, int]:
    """MARGIN-11.4: whose losses a holding's are added to: its underlying's, near its expiry only those of what expires with it."""
    return market.instrument.underlying, market.near


def risks(positions: Map[InstrumentId, Position], markets: Map[InstrumentId, Market]) -> Iterator[tuple[Market, int]]:
    """MARGIN-3.3: the risk of each group that is held, times RISK_SCALE, with one of its markets.

    A group held in one instrument only takes the short way of rule MARGIN-2.2, which a law proves to be the same.
    """
    groups: dict[tuple[int, int], list[tuple[Market, int]]] = {}
    for name, position in positions.items():
        market = markets[name]
        group = group_key(market)
        held = groups.get(group)
        if held is None:
            groups[group] = [(market, position.size)]
        else:
            held.append((market, position.size))
    for held in groups.values():
        market, size = held[0]
        if len(held) == 1:
            yield market, margin.risk_alone(size, market.risk)
        else:
            yield market, margin.underlying_risk(tuple(margin.Holding(size, market) for market, size in held))


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
