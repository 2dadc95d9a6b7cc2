"""Who is closed against whom: the ranking of closes at the mark, worked out again by repeated search."""

from collections.abc import Iterator, Mapping
from functools import cmp_to_key

from settlespec.domain.instruments import Market
from settlespec.domain.state import State
from settlespec.invariants.measures import Balance
from settlespec.invariants.sheet import Close


def balance_of(state: State, account: int) -> Balance:
    """The balance of an account of the state."""
    return Balance(state.accounts[account])


def closes(balances: Mapping[int, Balance], accounts: list[int], markets: Mapping[int, Market]) -> Iterator[Close]:
    """Every close of these accounts, in their order, legs by instrument, against opposite positions in rank.

    Args:
        balances: of every account with a position, as the stage finds it; ranks do not change while the plan runs.
        accounts: who is closed whole.
        markets: with the marks of the round.
    """
    left = {(account, name): size for account, balance in balances.items() for name, size in balance.sizes.items()}
    ranked: dict[tuple[int, int], list[int]] = {}
    for account in accounts:
        for name in sorted(balances[account].sizes) if account in balances else ():
            while size := left[account, name]:
                side = 1 if size < 0 else -1
                if (name, side) not in ranked:
                    ranked[name, side] = ranking(balances, name, side, markets)
                against = next((other for other in ranked[name, side] if left[other, name] * size < 0), None)
                if against is None:
                    return
                lots = min(abs(size), abs(left[against, name]))
                left[account, name] -= lots if size > 0 else -lots
                left[against, name] += lots if size > 0 else -lots
                yield account, name, against, lots


def ranking(balances: Mapping[int, Balance], name: int, side: int, markets: Mapping[int, Market]) -> list[int]:
    """Holders of longs (1) or of shorts (-1): first who stays at or above maintenance, then most notional per equity, then by id."""
    mark = markets[name].mark
    entries = []
    for account, balance in balances.items():
        size = balance.sizes.get(name, 0)
        if size * side <= 0:
            continue
        equity = balance.equity(markets)
        without = Balance(None)
        without.cash, without.sizes = equity, {other: lots for other, lots in balance.sizes.items() if other != name}
        stays = equity >= balance.maintenance(markets) and equity >= without.maintenance(markets)
        entries.append((not stays, abs(size) * mark, equity, account))

    def compare(one: tuple[bool, int, int, int], other: tuple[bool, int, int, int]) -> int:
        if one[0] is not other[0]:
            return -1 if other[0] else 1
        if (one[2] <= 0) != (other[2] <= 0):
            return -1 if one[2] <= 0 else 1
        if one[2] > 0 and one[1] * other[2] != other[1] * one[2]:
            return -1 if one[1] * other[2] > other[1] * one[2] else 1
        return -1 if one[3] < other[3] else 1

    return [entry[3] for entry in sorted(entries, key=cmp_to_key(compare))]
