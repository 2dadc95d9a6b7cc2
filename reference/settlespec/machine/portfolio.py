"""The requirement of an account that holds many instruments, kept so that one more trade does not look at the others again."""

from collections.abc import Mapping

from attrs import frozen

from settlespec.domain.accounts import FLAT, Account
from settlespec.domain.instruments import Market
from settlespec.domain.quantities import InstrumentId
from settlespec.machine.standing import Standing, equity, group_key
from settlespec.rules import margin


@frozen
class Group:
    """Holdings that offset each other: what they lose together in each scenario, and their charges; times `margin.RISK_SCALE`."""

    losses: tuple[int, ...]
    charges: int
    surcharge_ppm: int
    holdings: int
    """How many they are."""

    @property
    def risk(self) -> int:
        """Maintenance times `margin.RISK_SCALE` (MARGIN-3.2)."""
        return margin.worst_of(self.losses) + self.charges

    def changed(self, before: int, after: int, market: Market) -> "Group":
        """The group with one holding changed from some lots to others (MARGIN-2.4)."""
        risk = market.risk
        return Group(
            margin.shifted_losses(self.losses, after - before, risk),
            self.charges + margin.charges(after, risk) - margin.charges(before, risk),
            market.surcharge_ppm,
            self.holdings + (after != 0) - (before != 0),
        )


@frozen
class Portfolio:
    """Equity and groups of one account at the marks in force."""

    equity: int
    groups: Mapping[tuple[int, int], Group]
    """By `group_key`, only those that hold something."""

    def changed(self, market: Market, before: int, after: int, money: int) -> "Portfolio":
        """MARGIN-11.2: the portfolio after one holding changed; its cost does not grow with what else is held.

        Args:
            market: of the holding.
            before, after: its lots.
            money: by how much equity changes, in quantums.
        """
        key = group_key(market)
        group = self.groups.get(key, Group(margin.NO_LOSSES, 0, market.surcharge_ppm, 0)).changed(before, after, market)
        groups = {**self.groups, key: group}
        if not group.holdings:
            del groups[key]
        return Portfolio(self.equity + money, groups)

    @property
    def risk(self) -> int:
        """Maintenance times `margin.RISK_SCALE`: the sum over the groups (MARGIN-11)."""
        return sum(group.risk for group in self.groups.values())

    def after(self, instrument: InstrumentId, account: Account, then: Account, market: Market) -> "Portfolio":
        """The portfolio once an account has become another by a trade in one instrument.

        Args:
            instrument: that was traded.
            account, then: before and after; the portfolio is the first one's.
            market: of the instrument.
        """
        old, new = account.positions.get(instrument, FLAT), then.positions.get(instrument, FLAT)
        money = then.collateral - account.collateral - (new.cost - old.cost) + (new.size - old.size) * market.mark
        return self.changed(market, old.size, new.size, money)

    def standing(self, factor: int) -> Standing:
        """The same as `standing.standing` says of the account."""
        risk = surcharge = 0
        for group in self.groups.values():
            alone = group.risk
            risk += alone
            if group.surcharge_ppm:
                surcharge += margin.surcharge(alone, group.surcharge_ppm)
        maintenance = margin.maintenance(risk)
        return Standing(self.equity, risk, maintenance, margin.initial(maintenance, factor, surcharge))


def portfolio_of(account: Account, markets: Mapping[InstrumentId, Market]) -> Portfolio:
    """The portfolio of an account, every position looked at once."""
    held: dict[tuple[int, int], list[margin.Holding]] = {}
    for name, position in account.positions.items():
        market = markets[name]
        held.setdefault(group_key(market), []).append(margin.Holding(position.size, market))
    groups = {key: group_of(tuple(holdings)) for key, holdings in held.items()}
    return Portfolio(equity(account, markets), groups)


def group_of(holdings: tuple[margin.Holding, ...]) -> Group:
    """The holdings of one group, at least one."""
    charges = sum(margin.charges(holding.size, holding.market.risk) for holding in holdings)
    return Group(margin.scenario_losses(holdings), charges, holdings[0].market.surcharge_ppm, len(holdings))
