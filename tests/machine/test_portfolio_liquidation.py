"""LIQ-4, LIQ-9, LIQ-10, LIQ-12 on portfolios with options: what is searched by halving, against trying every quantity."""

from fractions import Fraction
from typing import Any

from attrs import evolve, frozen
from hypothesis import example, given
from hypothesis import strategies as st
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account, Position
from settlespec.domain.instruments import SCENARIOS, Market
from settlespec.domain.orders import Order, Side
from settlespec.machine.closing import rank_opposite
from settlespec.machine.draft import Draft, traded
from settlespec.machine.liquidation import _Offer, first_minimum, legs, risk_after
from settlespec.machine.markets import linear_market
from settlespec.machine.standing import cash
from settlespec.rules import liquidation, margin
from tests.machine.driver import Machine, instrument

STATE = Machine().state
MARK = 100


def market(number: int, losses: tuple[int, ...], basis: int, short_minimum: int, fee: int) -> Market:
    """A market at 100 of one underlying, with any array: the part of it that nobody bounds."""
    listed = linear_market(instrument(number, 1, liquidation_fee_ppm=fee), MARK)
    scale = margin.RISK_SCALE // 4
    array = margin.risk_array(tuple(loss * scale for loss in losses), basis * scale, short_minimum * scale)
    return evolve(listed, risk=array)


MARKETS = st.integers(2, 3).flatmap(
    lambda count: st.tuples(
        *(
            st.builds(
                market,
                st.just(number),
                # Four scenarios decide as much as sixteen.
                st.tuples(*[st.integers(-60, 60)] * 4).map(lambda losses: losses * (SCENARIOS // 4)),
                st.integers(1, 8),
                st.sampled_from((0, 0, 8)),
                st.sampled_from((0, 0, 10_000, 300_000)),
            )
            for number in range(1, count + 1)
        )
    )
)


LOTS = st.integers(-12, 11).map(lambda lots: lots + (lots >= 0))

ADA = 1
"""Whose legs they are."""


@frozen
class Case:
    """An account with a leg in each market and an equity somewhere below its maintenance."""

    draft: Draft
    account: Account

    def risks(self, leg: int) -> list[int]:
        """The account's risk after closing 0, 1, ... lots of a leg."""
        size = self.account.positions[leg].size
        market = self.draft.markets[leg]
        return [risk_after(self.draft.portfolio(ADA), market, size, lots) for lots in range(abs(size) + 1)]


@st.composite
def cases(draw: Any) -> Case:
    markets = draw(MARKETS)
    factor = draw(st.sampled_from((PPM, 1_250_000, 2 * PPM)))
    draft = Draft(evolve(STATE, parameters=evolve(STATE.parameters, initial_factor_ppm=factor)))
    draft.markets = Map({each.instrument.id: each for each in markets})
    sizes = {each.instrument.id: draw(LOTS) for each in markets}
    held = Map({name: Position(size, size * MARK + draw(st.integers(-50, 50))) for name, size in sizes.items()})
    account = Account(b"", 0, held, Map(), 0)
    now = draft.standing(account)
    account = evolve(account, collateral=draw(st.integers(1, max(now.maintenance - 1, 1))) - now.equity)
    draft.put(ADA, account)
    return Case(draft, account)


@given(cases())
def test_no_leg_closes_beyond_the_first_minimum_of_maintenance(case: Case) -> None:
    for leg in case.account.positions:
        risks = case.risks(leg)
        assert first_minimum(
            case.draft.portfolio(ADA), case.draft.markets[leg], case.account.positions[leg].size
        ) == risks.index(min(risks))


@given(cases())
def test_legs_come_by_the_largest_fall_of_maintenance_and_only_those_that_lower_it(case: Case) -> None:
    falls = {leg: (risks := case.risks(leg))[0] - min(risks) for leg in case.account.positions}
    expected = sorted((leg for leg in falls if falls[leg] > 0), key=lambda leg: (-falls[leg], leg))
    assert [leg for leg, _ in legs(case.draft, ADA)] == expected


def offer(case: Case, leg: int, price: int) -> _Offer:
    side = Side.SELL if case.account.positions[leg].size > 0 else Side.BUY
    maker = Order(1, 9, 1, leg, side.opposite, price, 100, 0, 0, False)
    return _Offer(case.draft, ADA, case.draft.markets[leg], side, maker)


def admits(case: Case, leg: int, price: int, lots: int) -> bool:
    """The price leaves at least the equity per maintenance that there was, by fractions."""
    now = case.draft.standing(case.account)
    side = 1 if case.account.positions[leg].size > 0 else -1
    equity = now.equity + side * lots * (price - MARK)
    risks = case.risks(leg)
    return Fraction(equity) * risks[0] >= now.equity * risks[lots]


def exact_headroom(case: Case, leg: int, price: int, lots: int) -> Fraction:
    """Equity after the fill and its fee less the base initial requirement, in quantums, nothing rounded."""
    now, risks = case.draft.standing(case.account), case.risks(leg)
    side = 1 if case.account.positions[leg].size > 0 else -1
    equity = now.equity + side * lots * (price - MARK)
    rate = Fraction(case.draft.markets[leg].instrument.liquidation_fee_ppm, PPM)
    fee = min(price * lots * rate, equity - Fraction(now.equity * risks[lots], risks[0]))
    return equity - fee - factor_of(case) * Fraction(risks[lots], margin.RISK_SCALE)


def factor_of(case: Case) -> Fraction:
    return Fraction(case.draft.parameters.initial_factor_ppm, PPM)


@given(cases(), st.integers(60, 140), st.integers(1, 12))
def test_the_quantity_is_the_least_that_restores_or_the_largest_that_passes(
    case: Case, price: int, remaining: int
) -> None:
    """Against trying each quantity. Requirement and fee are rounded up, so one that restores by less than 2 + factor may be missed."""
    for leg, most in legs(case.draft, ADA):
        bound = min(most, remaining)
        found = offer(case, leg, price)
        lots = found.lots(bound)
        passing = [each for each in range(1, bound + 1) if admits(case, leg, price, each)]
        assert passing == list(range(1, len(passing) + 1))
        if lots and found.restores(lots):
            assert lots in passing
            assert lots == 1 or not found.restores(lots - 1)
            smaller = passing[: lots - 1]
        else:
            assert lots == max(passing, default=0)
            smaller = passing
        assert all(exact_headroom(case, leg, price, each) < 2 + factor_of(case) for each in smaller)


def test_a_quantity_that_restores_is_found_though_a_larger_one_that_passes_does_not() -> None:
    """Ten lots lose 10 each in one scenario, in which the other leg gains 50, and 4 each in another: the first lots release most."""
    ten = market(1, (40, 16, 0, 0) * 4, 1, 0, 0)
    five = market(2, (-40, 0, 0, 0) * 4, 1, 0, 0)
    draft = Draft(evolve(STATE, parameters=evolve(STATE.parameters, initial_factor_ppm=PPM)))
    draft.markets = Map({1: ten, 2: five})
    case = Case(draft, Account(b"", 49, Map({1: Position(10, 1_000), 2: Position(5, 500)}), Map(), 0))
    draft.put(ADA, case.account)
    found = offer(case, 1, 94)
    # Of 53.75; two lots leave 37 against 35.25, four leave 25 against 26.75, and five would be below bankruptcy.
    assert draft.standing(case.account).maintenance == 54
    assert [found.restores(lots) for lots in (1, 2, 3, 4)] == [False, True, True, False]
    assert found.over_bankruptcy(4) >= 0 > found.over_bankruptcy(5)
    assert found.lots(10) == 2


def test_the_fee_of_the_lots_counts_where_a_larger_quantity_would_not_restore() -> None:
    """A lot costs 5 of fee: from the seventh on it takes more than the fall of the requirement gives back."""
    ten = market(1, (54, 6, 0, 0) * 4, 1, 0, 50_000)
    five = market(2, (-60, 0, 0, 0) * 4, 1, 0, 0)
    draft = Draft(evolve(STATE, parameters=evolve(STATE.parameters, initial_factor_ppm=1_250_000)))
    draft.markets = Map({1: ten, 2: five})
    case = Case(draft, Account(b"", 56, Map({1: Position(10, 1_000), 2: Position(5, 500)}), Map(), 0))
    draft.put(ADA, case.account)
    found = offer(case, 1, 98)
    assert [lots for lots in range(1, 11) if found.restores(lots)] == [3, 4, 5, 6]
    assert found.over_bankruptcy(10) >= 0
    assert found.lots(10) == 3


TWO_LEGS = Case(Draft(STATE), Account(b"", 49, Map({1: Position(10, 1_000), 2: Position(5, 500)}), Map(), 0))


@given(cases(), st.lists(st.tuples(LOTS, LOTS, st.integers(0, 300)), max_size=3), st.sampled_from((1, -1)))
@example(case=TWO_LEGS, others=[(-1, 1, 0), (-2, 1, 0)], side=-1)
def test_closes_at_the_mark_are_ranked_as_by_a_plain_list(
    case: Case, others: list[tuple[int, int, int]], side: int
) -> None:
    """The next is whoever nobody precedes; portfolios that the missing leg would put in breach come last."""
    town = Draft(case.draft.state)
    town.markets = case.draft.markets
    town.put(1, case.account)
    for name, (first, second, equity) in enumerate(others, start=2):
        held = Map({1: Position(first, first * MARK), 2: Position(second, second * MARK)})
        town.put(name, Account(b"", equity, held, Map(), 0))
    names = list(range(1, len(others) + 2))

    def precedes(one: int, other: int) -> bool:
        first, second = place(one), place(other)
        return first < second

    def place(name: int) -> tuple[bool, bool, Fraction, int]:
        account = town.account(name)
        risk = Fraction(town.standing(account).risk, margin.RISK_SCALE)
        without = evolve(account, positions=account.positions.delete(1))
        after = Fraction(town.standing(without).risk, margin.RISK_SCALE)
        equity = worth_of(account)
        stays = equity >= risk and equity >= after
        # Whoever has nothing left has the highest leverage there is, however many lots.
        leverage = Fraction(abs(account.positions[1].size) * MARK, equity) if equity > 0 else Fraction(0)
        return not stays, equity > 0, -leverage, name

    left = [name for name in names if town.account(name).positions[1].size * side > 0]
    expected = []
    while left:
        (head,) = [one for one in left if not any(precedes(other, one) for other in left)]
        expected.append(head)
        left.remove(head)
    assert rank_opposite(town, names, 1, side) == expected[::-1]


def worth_of(account: Account) -> int:
    return account.collateral + sum(lot.size * MARK - lot.cost for lot in account.positions.values())


@given(cases(), st.integers(60, 140), st.data())
def test_splitting_a_close_changes_what_it_leaves_by_at_most_one_quantum_a_step(
    case: Case, price: int, data: st.DataObject
) -> None:
    """At the bankruptcy price of each step against that of the whole, and in collateral at any price; cash never differs."""
    for leg, most in legs(case.draft, ADA):
        risks = case.risks(leg)
        size = case.account.positions[leg].size
        side = -1 if size > 0 else 1
        equity = once = case.draft.standing(case.account).equity
        split = case.account
        done = steps = 0
        while done < most:
            lots = data.draw(st.integers(1, most - done))
            equity += liquidation.bankruptcy_quote(equity, risks[done], risks[done + lots], 0)
            split = traded(split, leg, side * lots, price, 0)
            done += lots
            steps += 1
        once += liquidation.bankruptcy_quote(once, risks[0], risks[done], 0)
        assert once <= equity <= once + steps - 1
        whole = traded(case.account, leg, side * done, price, 0)
        assert abs(split.collateral - whole.collateral) <= steps - 1
        assert cash(split) == cash(whole)
