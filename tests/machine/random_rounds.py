"""Random clearing rounds through the real machine: any portfolios, thin books, little insurance, moves of any size.

States are built directly, with zero-sum positions and every equity at least the initial requirement, instead of being traded into.
What an account has after a round is computed a second time from the events, by no code of the machine.
"""

from collections import Counter
from random import Random
from typing import Final

from attrs import evolve, frozen
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account, Position
from settlespec.domain.books import EMPTY_BOOK
from settlespec.domain.events import (
    ClosedAtMark,
    Event,
    HaircutTaken,
    InsurancePaid,
    Liquidated,
    Revalued,
    RoundEnded,
    StageBegun,
)
from settlespec.domain.instruments import Quote, RoundStatement
from settlespec.domain.ladder import ladder_of
from settlespec.domain.operations import BeginRound, ContinueRound, Operation, OracleSignature
from settlespec.domain.orders import Order, SelfTrade, Side
from settlespec.domain.outcomes import Accepted
from settlespec.domain.parameters import Parameters
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from settlespec.machine.draft import Draft
from settlespec.machine.exchange import step
from settlespec.machine.genesis import ORACLE_SEED, Genesis, initial_state, oracles
from settlespec.machine.signatures import Ideal
from settlespec.rules.funding import FUNDING_PERIOD
from settlespec.wire.signing import signed_bytes
from tests.machine.driver import instrument
from tests.machine.soundness import assert_conserved, assert_sound, worth

SIGNER: Final = Ideal()
ROUNDS_OF_A_STATE: Final = 3
"""A state goes through several rounds, so that patience runs out and what one round leaves meets the next."""

ONE_AT_A_TIME: Final = 8
"""One round in so many goes by single micro-steps, conserved after each."""


def random_rounds(seed: int, rounds: int) -> Counter[str]:
    """Run so many rounds and count what happened in them."""
    random = Random(seed)
    seen: Counter[str] = Counter()
    while seen["rounds"] < rounds:
        state = random_state(random)
        for _ in range(min(ROUNDS_OF_A_STATE, rounds - seen["rounds"])):
            state = one_round(random, state, seen)
    return seen


# A state


def random_genesis(random: Random) -> Genesis:
    """One to four perpetuals on one or two underlyings, with terms of every strictness."""
    maintenance = random.choice((1, 20_000, 100_000, 300_000))
    terms = {
        "maintenance_ppm": maintenance,
        "basis_ppm": random.choice((1, 1_000, 20_000)),
        "liquidation_fee_ppm": random.choice((0, 10_000, 500_000)),
        "liquidation_slip_ppm": random.choice((20_000, 100_000, PPM)),
        "band_ppm": random.choice((50_000, 300_000, PPM)),
        "maker_fee_ppm": random.choice((-500, 0, 500)),
        "taker_fee_ppm": 1_000,
        "funding_cap_ppm": random.choice((7_500, PPM)),
        "surcharge_from": 5,
        "surcharge_to": random.choice((6, 60)),
        "surcharge_ppm": random.choice((0, PPM)),
        "price_step": random.choice((1, 1, 5)),
    }
    listed = tuple(instrument(number, random.randint(1, 2), **terms) for number in range(1, random.randint(2, 5)))
    orders = random.randint(2, 6)
    parameters = Parameters(
        chain=1,
        rollup=1,
        oracles=oracles(SIGNER),
        self_trade=SelfTrade.CANCEL_MAKER,
        initial_factor_ppm=random.choice((PPM, 1_500_000, 2 * PPM)),
        max_age=10**9,
        round_deadline=FUNDING_PERIOD,
        patience=random.choice((0, 1, 2, 2, 3)),
        max_matches=random.randint(1, 6),
        max_removals=orders,
        max_orders_per_account=orders,
        max_orders_per_book=1_000,
        max_accounts=100,
        max_inbox=10,
        max_vault=10**15,
    )
    return Genesis(parameters, listed, tuple(random.choice((1, 7, 100, random.randint(1, 5_000))) for _ in listed))


def random_state(random: Random) -> State:
    """Two to seven accounts whose positions sum to zero, with a thin book around the marks and mostly no insurance."""
    genesis = random_genesis(random)
    empty = evolve(initial_state(genesis), clock=START, marks_time=START)
    names = range(1, random.randint(2, 7) + 1)
    held = _positions(random, names, [listed.id for listed in genesis.instruments])
    accounts = {name: _account(random, empty, name, held[name]) for name in names}
    insurance = random.choice((0, 0, 0, random.randint(0, 500), random.randint(0, 100_000)))
    cash = sum(
        account.collateral - sum(position.cost for position in account.positions.values())
        for account in accounts.values()
    )
    return evolve(
        empty,
        accounts=Map(accounts),
        holders=ladder_of(name for name, account in accounts.items() if account.positions),
        books=Map(
            {listed.id: evolve(EMPTY_BOOK, open_interest=_longs(held, listed.id)) for listed in genesis.instruments}
        ),
        insurance=insurance,
        vault=cash + insurance,
    )


START: Final = 10**6
MOST_LOTS: Final = 40


def _positions(random: Random, names: range, instruments: list[int]) -> dict[int, dict[int, int]]:
    """Lots by account and instrument; those of each instrument sum to zero."""
    held: dict[int, dict[int, int]] = {name: {} for name in names}
    for listed in instruments:
        lots = [random.choice((0, 0, random.randint(-MOST_LOTS, MOST_LOTS))) for _ in names]
        lots[random.randrange(len(lots))] -= sum(lots)
        for name, size in zip(names, lots, strict=True):
            if size:
                held[name][listed] = size
    return held


def _longs(held: dict[int, dict[int, int]], listed: int) -> int:
    return sum(max(lots.get(listed, 0), 0) for lots in held.values())


def _account(random: Random, state: State, name: int, lots: dict[int, int]) -> Account:
    """An account with these lots at any cost and at least the initial requirement, often exactly that."""
    positions = Map({listed: Position(size, random.randint(-1_000, 1_000) * size) for listed, size in lots.items()})
    bare = Account(SIGNER.key(name), 0, positions, Map(), 0)
    now = Draft(state).standing(bare)
    more = random.choice((0, 0, 1, random.randint(0, 2 * now.initial + 1), 10 * now.initial, 10**7))
    return evolve(bare, collateral=now.initial + more - now.equity)


def with_orders(random: Random, state: State) -> State:
    """Some more resting orders around the marks that hold, some of them expired or reduce-only; none crosses another."""
    draft = Draft(state)
    for name in state.accounts:
        live = sum(len(open_orders.arrivals) for open_orders in state.accounts[name].orders.values())
        most = max(state.parameters.max_orders_per_account - live, 0)
        for _ in range(min(random.choice((0, 1, 2, most)), most)):
            order = _order(random, draft, name)
            best = draft.book(order.instrument).best(order.side.opposite)
            if best is None or order.price * order.side < best.price * order.side:
                draft.rest_order(order)
                draft.next_arrival += 1
    furnished = draft.accept().state
    assert_sound(furnished)
    return furnished


def _order(random: Random, draft: Draft, name: int) -> Order:
    """A bid below the mark or an ask above it, near or far."""
    listed = random.choice(sorted(draft.markets))
    market = draft.markets[listed]
    unit = market.instrument.price_step
    steps = market.mark // unit
    away = random.choice((0, 1, random.randint(0, 10), steps * random.randint(0, 30) // 100))
    side = random.choice((Side.BUY, Side.SELL))
    price = unit * (max(steps - away, 1) if side is Side.BUY else steps + 2 + away)
    account = draft.account(name)
    held, open_orders = account.positions.get(listed), account.orders.get(listed)
    spoken_for = 0 if open_orders is None else open_orders.reduce_only
    reducible = 0 if held is None or held.size * side >= 0 else abs(held.size) - spoken_for
    reduce_only = reducible > 0 and random.random() < 0.3
    size = random.randint(1, reducible if reduce_only else MOST_LOTS)
    good_till = draft.clock if random.random() < 0.1 else 2**53 - 1
    arrival = draft.next_arrival
    return Order(arrival, name, arrival, listed, side, price, size, 0, good_till, reduce_only)


# A round


def one_round(random: Random, state: State, seen: Counter[str]) -> State:
    """One round with any marks and rates; everything that must hold of it is checked."""
    elapsed = random.choice((1, 1, 60_000, FUNDING_PERIOD))
    state = with_orders(random, state)
    state = evolve(state, clock=state.clock + elapsed)
    statement = random_statement(random, state)
    content = signed_bytes(1, 1, statement)
    signatures = tuple(OracleSignature(place, SIGNER.sign(ORACLE_SEED + place, content)) for place in (0, 1))
    begun, events = accepted(state, BeginRound(statement, signatures))
    single = random.randrange(ONE_AT_A_TIME) == 0
    if single:
        after, later = by_single_steps(begun)
    else:
        after, later = accepted(begun, ContinueRound(10**6))
    events += later
    assert after.round is None
    assert_sound(after)
    assert_accounts(state, statement, after, events)
    assert_micro_steps(after, events)
    count(seen, events, single=single)
    return after


def accepted(state: State, operation: Operation) -> tuple[State, tuple[Event, ...]]:
    outcome = step(state, operation, SIGNER)
    assert isinstance(outcome, Accepted), outcome
    return outcome.state, outcome.events


def random_statement(random: Random, state: State) -> RoundStatement:
    """Calm, nervous, extreme, or aimed at somebody's maintenance; instruments of one underlying mostly move together."""
    low, high = random.choice(((990, 1_010), (990, 1_010), (970, 1_030), (800, 1_250), (10, 1_100), (900, 3_000)))
    common = {market.instrument.underlying: random.randint(low, high) for market in state.markets.values()}
    marks = {}
    for name in sorted(state.markets):
        market = state.markets[name]
        apart = random.random() < 0.2
        move = random.randint(low, high) if apart else common[market.instrument.underlying] + random.randint(-3, 3)
        marks[name] = market.mark * move // 1_000
    if state.holders and random.random() < 0.7:
        marks.update(_aimed(random, state))
    quotes = tuple(
        Quote(
            name,
            min(max(mark, 1), state.markets[name].instrument.max_price),
            random.choice((0, 0, random.randint(-PPM, PPM))),
        )
        for name, mark in marks.items()
    )
    return RoundStatement(1, 1, state.round_number + 1, state.clock, quotes)


def _aimed(random: Random, state: State) -> dict[int, int]:
    """A mark that takes one account's equity to about its maintenance, by one of its positions."""
    account = state.accounts[random.choice(list(state.holders))]
    listed = random.choice(sorted(account.positions))
    now = Draft(state).standing(account)
    target = random.randint(0, now.maintenance + 1)
    return {listed: state.markets[listed].mark - (now.equity - target) // account.positions[listed].size}


def by_single_steps(state: State) -> tuple[State, tuple[Event, ...]]:
    """The whole round one micro-step at a time: conserved after each, and each stage as long as it said when it began."""
    events: tuple[Event, ...] = ()
    worked: Counter[Stage] = Counter()
    said: dict[Stage, int] = {Stage.REVALUE: len(state.holders)}
    while state.round is not None:
        stage = state.round.stage
        after, done = accepted(state, ContinueRound(1))
        assert_conserved(after)
        begins = [event for event in done if isinstance(event, StageBegun)]
        if not begins and after.round is not None:
            worked[stage] += 1
        said.update({event.stage: event.micro_steps for event in begins})
        for event in done:
            if isinstance(event, Liquidated):
                assert_fair(state, after, event)
        state, events = after, events + done
    del said[Stage.LIQUIDATE], worked[Stage.LIQUIDATE]
    assert worked == Counter({stage: steps for stage, steps in said.items() if steps})
    return state, events


# What must hold


def assert_fair(before: State, after: State, event: Liquidated) -> None:
    """No liquidation lowers equity per maintenance, by exact fractions of the linear formula written out."""
    then, now = exact_risk(before, event.account), exact_risk(after, event.account)
    assert now < then
    assert worth(after, event.account) * then >= worth(before, event.account) * now


def exact_risk(state: State, account_id: int) -> int:
    """Maintenance in quantums times PPM: net exposure per underlying at its rate, and the spread charge of every lot."""
    nets: Counter[int] = Counter()
    charge = 0
    for name, position in state.accounts[account_id].positions.items():
        market = state.markets[name]
        nets[market.instrument.underlying] += position.size * market.instrument.maintenance_ppm * market.mark
        charge += abs(position.size) * market.instrument.basis_ppm * market.mark
    return sum(map(abs, nets.values())) + charge


@frozen
class Ledger:
    """What each account should have by the events alone."""

    revalued: dict[int, int]
    """Equity at the new marks after funding."""
    settled: dict[int, int]
    """Equity at the end of the round."""
    insurance: int


def ledger(before: State, statement: RoundStatement, events: tuple[Event, ...]) -> Ledger:
    marks = {quote.instrument: quote.mark for quote in statement.quotes}
    revalued = {}
    for name, account in before.accounts.items():
        held = account.positions.items()
        revalued[name] = account.collateral + sum(lot.size * marks[listed] - lot.cost for listed, lot in held)
    insurance = before.insurance
    for event in events:
        if isinstance(event, Revalued):
            revalued[event.account] -= event.funding
            insurance += event.funding
    settled = dict(revalued)
    for event in events:
        match event:
            case InsurancePaid():
                settled[event.account] += event.paid + event.owed
                insurance -= event.paid + event.owed
            case HaircutTaken():
                settled[event.account] -= event.amount
                insurance += event.amount
            case Liquidated():
                over = event.side * (marks[event.instrument] - event.price) * event.size
                settled[event.account] += over - event.fee
                settled[event.maker_account] -= over
                insurance += event.fee
            case _:
                pass
    return Ledger(revalued, settled, insurance)


def assert_accounts(before: State, statement: RoundStatement, after: State, events: tuple[Event, ...]) -> None:
    """Nobody owes, a default takes from nobody more than he gained in this round, and every quantum is accounted for."""
    books = ledger(before, statement, events)
    assert books.insurance == after.insurance
    gains = {name: max(now - worth(before, name), 0) for name, now in books.revalued.items()}
    debts = {name: -now for name, now in books.revalued.items() if now < 0}
    paid = {event.account: event.paid + event.owed for event in events if isinstance(event, InsurancePaid)}
    assert paid == debts
    owed = sum(event.owed for event in events if isinstance(event, InsurancePaid))
    taken = {event.account: event.amount for event in events if isinstance(event, HaircutTaken)}
    assert all(amount <= gains[name] for name, amount in taken.items())
    assert owed <= sum(taken.values()) <= owed + len(taken)
    assert sum(debts.values()) <= before.insurance + sum(gains.values()) + len(before.accounts)
    for name in after.accounts:
        assert worth(after, name) == books.settled[name] >= 0
    defaulted = {
        name for name, now in books.revalued.items() if now < 0 or (now == 0 and before.accounts[name].positions)
    }
    assert not any(after.accounts[name].positions or after.accounts[name].orders for name in defaulted)


def assert_micro_steps(after: State, events: tuple[Event, ...]) -> None:
    """As many micro-steps as the lists and the transitions say, liquidations within their bound."""
    said = {event.stage: event.micro_steps for event in events if isinstance(event, StageBegun)}
    assert list(said) == list(Stage)
    accounts = said.pop(Stage.LIQUIDATE)
    (ended,) = [event for event in events if isinstance(event, RoundEnded)]
    known = sum(said.values()) + len(Stage)
    limits = after.parameters
    assert known + accounts <= ended.micro_steps
    assert ended.micro_steps <= known + accounts * (2 + limits.max_matches + limits.max_removals)


def count(seen: Counter[str], events: tuple[Event, ...], *, single: bool) -> None:
    kinds = Counter(type(event) for event in events)
    closed = {event.account for event in events if isinstance(event, ClosedAtMark)}
    defaulted = {event.account for event in events if isinstance(event, InsurancePaid)}
    seen["rounds"] += 1
    seen["by single micro-steps"] += single
    seen["with defaults"] += bool(defaulted)
    seen["defaults"] += len(defaulted)
    seen["with haircuts"] += bool(kinds[HaircutTaken])
    seen["haircuts"] += kinds[HaircutTaken]
    seen["closes at the mark without debt"] += len(closed - defaulted)
    seen["liquidation fills"] += kinds[Liquidated]
    seen["accounts liquidated"] += len({event.account for event in events if isinstance(event, Liquidated)})
    seen["micro-steps"] += sum(event.micro_steps for event in events if isinstance(event, RoundEnded))
