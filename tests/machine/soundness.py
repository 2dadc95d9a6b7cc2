"""What must hold of every state, counted afresh from the accounts and the books and from nothing that the machine keeps beside them."""

from collections import defaultdict

from settlespec.domain.orders import Side
from settlespec.domain.state import State


def claims(state: State) -> int:
    """Every quantum that somebody may claim of the vault, the round's own claim on the gains included.

    While a round pays an expired instrument out, those who are still to come hold their claim as lots.
    """
    cash = sum(
        account.collateral - sum(position.cost for position in account.positions.values())
        for account in state.accounts.values()
    )
    unpaid = sum(claim.amount for claim in state.outbox.claims.values())
    owed = 0 if state.round is None else state.round.owed - state.round.collected
    funds = state.insurance + state.treasury + state.funding_pool
    waiting = sum(
        position.size * state.markets[name].mark
        for account in state.accounts.values()
        for name, position in account.positions.items()
        if state.markets[name].expired
    )
    return cash + waiting + funds + unpaid + state.inbox.uncredited - owed


def worth(state: State, account_id: int) -> int:
    """Equity at the marks in force."""
    account = state.accounts[account_id]
    held = account.positions.items()
    return account.collateral + sum(lot.size * state.markets[name].mark - lot.cost for name, lot in held)


def assert_conserved(state: State) -> None:
    """The vault holds exactly what is claimed of it, longs are as many as shorts, and the insurance fund never owes."""
    assert state.vault == claims(state)
    lots: dict[int, int] = defaultdict(int)
    longs: dict[int, int] = defaultdict(int)
    for account in state.accounts.values():
        for name, position in account.positions.items():
            assert position.size != 0
            lots[name] += position.size
            longs[name] += max(position.size, 0)
    paying_out = {name for name, market in state.markets.items() if market.expired}
    assert not any(size for name, size in lots.items() if name not in paying_out)
    assert state.round is not None or not paying_out & lots.keys()
    assert {name: book.open_interest for name, book in state.books.items() if book.open_interest} == {
        name: size for name, size in longs.items() if size
    }
    assert state.insurance >= 0


def assert_sound(state: State) -> None:
    """Conservation, uncrossed books, totals of open orders that agree with the books, and at rest nobody owes."""
    assert_conserved(state)
    assert list(state.holders) == sorted(name for name, account in state.accounts.items() if account.positions)
    for book in state.books.values():
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        assert bid is None or ask is None or bid.price < ask.price
        assert len(book.bids) + len(book.asks) == len(book.orders)
    for name in state.accounts:
        assert state.round is not None or worth(state, name) >= 0
        _assert_totals(state, name)
    resting = sum(len(book.orders) for book in state.books.values())
    named = sum(len(held.arrivals) for account in state.accounts.values() for held in account.orders.values())
    assert resting == named


def _assert_totals(state: State, account_id: int) -> None:
    account = state.accounts[account_id]
    for name, held in account.orders.items():
        live = [state.books[name].orders[arrival] for arrival in held.arrivals.values()]
        assert live
        assert all(order.account == account_id and order.remaining > 0 for order in live)
        assert held.buys == sum(order.remaining for order in live if order.side is Side.BUY)
        assert held.sells == sum(order.remaining for order in live if order.side is Side.SELL)
        reducing = [order for order in live if order.reduce_only]
        assert held.reduce_only == sum(order.remaining for order in reducing)
        position = account.positions.get(name)
        size = 0 if position is None else position.size
        assert held.reduce_only <= abs(size)
        assert all(order.side * size < 0 for order in reducing)
