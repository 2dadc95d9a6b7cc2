"""The requirement of many holdings, carried along by trades, is the requirement computed whole (MARGIN-11)."""

from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import FLAT, Account, Position
from settlespec.domain.events import Filled, OrderRemoved
from settlespec.domain.instruments import InstrumentKind, Market
from settlespec.domain.orders import Removal
from settlespec.machine.draft import FEW, traded
from settlespec.machine.markets import linear_market, revalued_market
from settlespec.machine.portfolio import portfolio_of
from settlespec.machine.standing import standing
from tests.machine.driver import IMMEDIATE, MARK, Machine, future, instrument, intrinsic_losses, option


def listed() -> dict[int, Market]:
    """A perpetual, a future and six options on one underlying, and a perpetual on another."""
    markets = {
        1: revalued_market(instrument(1, 1), MARK, MARK, (), surcharge_ppm=9),
        2: revalued_market(future(2, expiry=9), MARK, MARK, (), surcharge_ppm=9),
        3: linear_market(instrument(3, 2), MARK),
    }
    for number, strike in enumerate((80, 90, 100, 110, 120, 130), start=4):
        terms = option(number, InstrumentKind.CALL if number % 2 else InstrumentKind.PUT, strike, expiry=9)
        markets[number] = revalued_market(terms, 7, MARK, intrinsic_losses(terms, 7, MARK), surcharge_ppm=9)
    return markets


MARKETS: Map[int, Market] = Map(listed())
LOTS = st.integers(min_value=-20, max_value=20)


@given(
    st.dictionaries(st.sampled_from(sorted(MARKETS)), LOTS.filter(bool)),
    st.lists(st.tuples(st.sampled_from(sorted(MARKETS)), LOTS)),
)
def test_a_portfolio_carried_along_by_trades_stands_where_the_account_does(
    sizes: dict[int, int], trades: list[tuple[int, int]]
) -> None:
    account = Account(b"", 1_000, Map({name: Position(size, 3 * size) for name, size in sizes.items()}), Map(), 0)
    portfolio = portfolio_of(account, MARKETS)
    for name, change in trades:
        if account.positions.get(name, FLAT).size == 0 and change == 0:
            continue
        then = traded(account, name, change, 11, 2)
        portfolio = portfolio.after(name, account, then, MARKETS[name])
        account = then
    assert portfolio.standing(2 * PPM) == standing(account, MARKETS, 2 * PPM)
    assert portfolio == portfolio_of(account, MARKETS)


def test_whoever_holds_many_instruments_is_judged_as_whoever_holds_few() -> None:
    strikes = range(70, 130, 10)
    options = tuple(option(4 + place, InstrumentKind.PUT, strike, expiry=10**6) for place, strike in enumerate(strikes))
    machine = Machine(listed=options, marks=(40,) * len(options)).deposit("ada", 10**6)
    for terms in options:
        machine.opens("ada", -1, 40, instrument=terms.id)
    assert len(machine.account("ada").positions) > FEW
    need = machine.standing("ada").initial
    machine.withdraw("ada", machine.free_collateral("ada"))
    assert machine.equity("ada") == need
    machine.rests("street", +1, 40, instrument=4)
    sold = machine.place("ada", -1, 40, instrument=4, time_in_force=IMMEDIATE)
    assert [removed.cause for removed in sold.all(OrderRemoved)] == [Removal.UNDERCOLLATERALISED]
    machine.rests("street", -1, 40, instrument=5)
    assert machine.place("ada", +1, 40, instrument=5, time_in_force=IMMEDIATE).only(Filled).size == 1
