"""Random states, statements and settlement values: any portfolios of perpetuals, futures and options, arrays of any honesty."""

from random import Random
from typing import Final

from attrs import evolve
from immutables import Map

from settlespec.arithmetic import PPM
from settlespec.domain.accounts import Account, Position
from settlespec.domain.books import EMPTY_BOOK
from settlespec.domain.instruments import (
    SCENARIOS,
    Instrument,
    InstrumentKind,
    Quote,
    RoundStatement,
)
from settlespec.domain.ladder import ladder_of
from settlespec.domain.orders import Order, SelfTrade, Side
from settlespec.domain.parameters import Parameters
from settlespec.domain.quantities import LOSS
from settlespec.domain.state import State
from settlespec.machine.draft import Draft
from settlespec.machine.genesis import Genesis, initial_state, oracles
from settlespec.machine.signatures import Ideal
from settlespec.rules import margin
from settlespec.rules.funding import FUNDING_PERIOD
from tests.machine.driver import future, instrument, intrinsic_losses, option
from tests.machine.soundness import assert_sound

SIGNER: Final = Ideal()
START: Final = 10**6
MOST_LOTS: Final = 40


def random_genesis(random: Random) -> Genesis:
    """One to four perpetuals, and in most states up to six futures and options on them, with terms of every strictness."""
    terms = {
        "maintenance_ppm": random.choice((1, 20_000, 100_000, 300_000)),
        "basis_ppm": random.choice((1, 1_000, 20_000)),
        "liquidation_fee_ppm": random.choice((0, 10_000, 500_000)),
        "liquidation_slip_ppm": random.choice((20_000, 100_000, PPM)),
        "band_ppm": random.choice((50_000, 300_000, PPM)),
        "maker_fee_ppm": random.choice((-500, 0, 500)),
        "taker_fee_ppm": 1_000,
        "surcharge_from": 5,
        "surcharge_to": random.choice((6, 60)),
        "surcharge_ppm": random.choice((0, PPM)),
        "price_step": random.choice((1, 1, 5)),
    }
    cap = random.choice((7_500, PPM))
    perpetuals = [
        instrument(number, random.randint(1, 2), funding_cap_ppm=cap, **terms)
        for number in range(1, random.randint(2, 5))
    ]
    marks = [random.choice((1, 7, 100, random.randint(1, 5_000))) for _ in perpetuals]
    listed = perpetuals + dated_instruments(random, perpetuals, marks, terms)
    values = dict(zip((each.id for each in perpetuals), marks, strict=True))
    for each in listed[len(perpetuals) :]:
        if each.kind.is_option:
            values[each.id] = option_mark(random, each, values[each.reference])
        else:
            near = [values[other.id] for other in perpetuals if other.underlying == each.underlying]
            values[each.id] = max(near[0] + random.randint(-2, 2), 1)
    arrays = tuple(
        random_losses(random, each, values[each.id], values[each.reference]) for each in listed if each.kind.is_option
    )
    return Genesis(random_parameters(random), tuple(listed), tuple(values.values()), START, arrays)


def dated_instruments(
    random: Random, perpetuals: list[Instrument], marks: list[int], terms: dict[str, int]
) -> list[Instrument]:
    """Futures and options on the perpetuals' underlyings, most of which expire while the state goes through its rounds."""
    found: list[Instrument] = []
    for number in range(len(perpetuals) + 1, len(perpetuals) + 1 + random.choice((0, 2, 3, 4, 6))):
        place = random.randrange(len(perpetuals))
        of = perpetuals[place]
        expiry = START + random.choice((1, 2, 60_000, FUNDING_PERIOD, 2 * FUNDING_PERIOD, 10**9))
        if random.random() < 0.25:
            found.append(future(number, of.underlying, expiry=expiry, **terms))
            continue
        later = [each for each in found if each.kind is InstrumentKind.FUTURE and each.expiry >= expiry]
        written_on = random.choice([of, *(each for each in later if each.underlying == of.underlying)])
        kind = random.choice((InstrumentKind.CALL, InstrumentKind.PUT))
        strike = max(marks[place] * random.choice((1, 50, 90, 100, 100, 110, 200)) // 100, 1)
        least = random.choice((0, 10_000))
        found.append(
            option(
                number,
                kind,
                strike,
                expiry=expiry,
                reference=written_on.id,
                underlying=of.underlying,
                short_minimum_ppm=least,
                **terms,
            )
        )
    return found


def option_mark(random: Random, terms: Instrument, reference: int) -> int:
    """A mark between what the option pays at the reference's mark and what it can ever pay, or any other at all."""
    if random.random() < 0.15:
        return min(random.randint(1, 2 * reference + 2), terms.max_price)
    least = pays(terms, reference)
    most = reference if terms.kind is InstrumentKind.CALL else terms.strike
    return min(max(least + random.randint(0, max(most - least, 0) // 8), 1), terms.max_price)


def pays(terms: Instrument, value: int) -> int:
    """What a lot pays at a settlement value, written out."""
    match terms.kind:
        case InstrumentKind.CALL:
            return value - terms.strike if value > terms.strike else 0
        case InstrumentKind.PUT:
            return terms.strike - value if terms.strike > value else 0
        case _:
            return value


def random_losses(random: Random, terms: Instrument, mark: int, reference: int) -> tuple[int, ...]:
    """The array of an option: what it is worth by its payoff, nothing, or any lie up to the ends of the range."""
    lie = random.choice((None, None, None, 0, 1, LOSS.low, LOSS.high, mark * margin.RISK_SCALE))
    if lie is None:
        return intrinsic_losses(terms, mark, reference)
    if lie == 1:
        return tuple(random.randint(-mark, mark) * margin.RISK_SCALE for _ in range(SCENARIOS))
    alternates = random.random() < 0.3
    return tuple(-lie if alternates and place % 2 else lie for place in range(SCENARIOS))


def random_parameters(random: Random) -> Parameters:
    """Limits so tight that they are met."""
    orders = random.randint(2, 6)
    return Parameters(
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
        expiry_lead=random.choice((0, 0, 10, FUNDING_PERIOD)),
    )


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
        for _ in range(min(random.choice((0, 2, most, most)), most)):
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
    open_markets = sorted(name for name, market in draft.markets.items() if not market.expired)
    traded = [name for name in open_markets if draft.book(name).open_interest]
    listed = random.choice(traded if traded and random.random() < 0.8 else open_markets)
    market = draft.markets[listed]
    unit = market.instrument.price_step
    steps = max(market.mark // unit, 1)
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


# What the oracles say


def due(state: State) -> list[int]:
    """What the next round pays out."""
    return [
        name
        for name, market in sorted(state.markets.items())
        if not market.expired and 0 < market.instrument.expiry <= state.clock
    ]


def random_statement(random: Random, state: State) -> RoundStatement:
    """Calm, nervous, extreme, or aimed at somebody's maintenance; instruments of one underlying mostly move together."""
    low, high = random.choice(((990, 1_010), (990, 1_010), (970, 1_030), (800, 1_250), (10, 1_100), (900, 3_000)))
    common = {market.instrument.underlying: random.randint(low, high) for market in state.markets.values()}
    marks = {}
    redraws = random.random() < 0.35
    quoted = sorted(name for name, market in state.markets.items() if not market.expired and name not in due(state))
    for name in quoted:
        market = state.markets[name]
        if market.instrument.kind.is_option:
            # Drawn below between the bounds of the reference's new mark, or left alone so that an aim is not missed.
            if not redraws:
                marks[name] = market.mark
            if not redraws or random.random() < 0.8:
                continue
        apart = random.random() < 0.2
        move = random.randint(low, high) if apart else common[market.instrument.underlying] + random.randint(-3, 3)
        marks[name] = market.mark * move // 1_000
    if state.holders and random.random() < 0.7:
        marks.update(_aimed(random, state, quoted))
    within = {name: min(max(mark, 1), state.markets[name].instrument.max_price) for name, mark in marks.items()}
    quotes = []
    for name in quoted:
        terms = state.markets[name].instrument
        reference = within.get(terms.reference, state.markets[terms.reference].mark)
        mark = within[name] if name in within else option_mark(random, terms, reference)
        within[name] = mark
        losses = random_losses(random, terms, mark, reference) if terms.kind.is_option else ()
        quotes.append(Quote(name, mark, random.choice((0, 0, random.randint(-PPM, PPM))), losses))
    return RoundStatement(1, 1, state.round_number + 1, state.clock, tuple(quotes))


def _aimed(random: Random, state: State, quoted: list[int]) -> dict[int, int]:
    """A mark that takes one account's equity to about its maintenance, by one of its positions."""
    account = state.accounts[random.choice(list(state.holders))]
    movable = sorted(set(account.positions) & set(quoted))
    if not movable:
        return {}
    listed = random.choice(movable)
    now = Draft(state).standing(account)
    target = random.randint(0, now.maintenance + 1)
    return {listed: state.markets[listed].mark - (now.equity - target) // account.positions[listed].size}
