"""Random clearing rounds through the real machine: any portfolios, thin books, little insurance, moves of any size, options and expiry.

States are built directly, with zero-sum positions and every equity at least the initial requirement, instead of being traded into.
What an account has after a round is computed a second time from the events, by no code of the machine.
"""

from collections import Counter
from random import Random
from typing import Final

from attrs import evolve, frozen

from settlespec.domain.accounts import Account
from settlespec.domain.events import (
    ClosedAtMark,
    Event,
    HaircutTaken,
    InstrumentExpired,
    InsurancePaid,
    Liquidated,
    OrderRemoved,
    PaidOut,
    Revalued,
    RoundEnded,
    StageBegun,
)
from settlespec.domain.instruments import (
    SCENARIOS,
    RoundStatement,
    SettlementStatement,
)
from settlespec.domain.operations import BeginRound, ContinueRound, FixSettlement, Operation, OracleSignature
from settlespec.domain.orders import Removal
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from settlespec.machine.exchange import step
from settlespec.machine.genesis import ORACLE_SEED
from settlespec.rules.funding import FUNDING_PERIOD
from settlespec.wire.signing import signed_bytes
from tests.machine.random_states import (
    SIGNER,
    due,
    pays,
    random_state,
    random_statement,
    with_orders,
)
from tests.machine.soundness import assert_conserved, assert_sound, worth

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


# A round


def one_round(random: Random, state: State, seen: Counter[str]) -> State:
    """One round with any marks and rates; everything that must hold of it is checked."""
    elapsed = random.choice((1, 1, 60_000, FUNDING_PERIOD))
    state = with_orders(random, state)
    state = settled(random, evolve(state, clock=state.clock + elapsed))
    statement = random_statement(random, state)
    begun, events = accepted(state, BeginRound(statement, signed_by_two(statement)))
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
    count(seen, state, events, single=single)
    return after


def signed_by_two(statement: RoundStatement | SettlementStatement) -> tuple[OracleSignature, ...]:
    content = signed_bytes(1, 1, statement)
    return tuple(OracleSignature(place, SIGNER.sign(ORACLE_SEED + place, content)) for place in (0, 1))


def settled(random: Random, state: State) -> State:
    """Everything that has reached its expiry gets its settlement value: near the mark, or anywhere; what expires together, the same."""
    values: dict[tuple[int, int], int] = {}
    for name in due(state):
        market = state.markets[name]
        mark = state.markets[market.instrument.reference].mark
        value = random.choice((mark, mark * random.randint(900, 1_100) // 1_000, random.randint(1, 3 * mark + 3)))
        value = min(max(value, 1), market.instrument.max_price)
        value = values.setdefault((market.instrument.reference, market.instrument.expiry), value)
        statement = SettlementStatement(1, 1, name, market.instrument.expiry, value)
        state, _ = accepted(state, FixSettlement(statement, signed_by_two(statement)))
    return state


def accepted(state: State, operation: Operation) -> tuple[State, tuple[Event, ...]]:
    outcome = step(state, operation, SIGNER)
    assert isinstance(outcome, Accepted), outcome
    return outcome.state, outcome.events


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
    """No liquidation lowers equity per maintenance, by exact fractions of the formula written out."""
    then, now = exact_risk(before, event.account), exact_risk(after, event.account)
    assert now < then
    assert worth(after, event.account) * then >= worth(before, event.account) * now


def exact_risk(state: State, account_id: int) -> int:
    """Maintenance in quantums times RISK_SCALE: the worst scenario of each underlying, and the charges of every lot."""
    lost: dict[int, list[int]] = {}
    charge = 0
    for name, position in state.accounts[account_id].positions.items():
        market = state.markets[name]
        terms = market.instrument
        reference = state.markets[terms.reference].mark
        charge += 3 * abs(position.size) * terms.basis_ppm * reference
        charge += 3 * max(-position.size, 0) * terms.short_minimum_ppm * reference
        sums = lost.setdefault(terms.underlying, [0] * SCENARIOS)
        for place in range(SCENARIOS):
            move = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 3, -3)[place]
            linear = -move * terms.maintenance_ppm * reference
            sums[place] += position.size * (market.risk.losses[place] if terms.kind.is_option else linear)
    return sum(max(0, *sums) for sums in lost.values()) + charge


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
    for name in due(before):
        value = before.markets[name].settlement
        assert value is not None
        marks[name] = pays(before.markets[name].instrument, value)
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
    gone = set(due(before))
    defaulted = {
        name
        for name, now in books.revalued.items()
        if now < 0 or (now == 0 and set(before.accounts[name].positions) - gone)
    }
    assert not any(after.accounts[name].positions or after.accounts[name].orders for name in defaulted)
    assert_paid_out(before, after, events)


def assert_paid_out(before: State, after: State, events: tuple[Event, ...]) -> None:
    """Every position in what expired is paid once, zero-sum, and no position or order of it is left."""
    gone = set(due(before))
    held = {
        (name, listed): position.size
        for name, account in before.accounts.items()
        for listed, position in account.positions.items()
        if listed in gone
    }
    paid = [event for event in events if isinstance(event, PaidOut)]
    assert {(event.account, event.instrument): event.size for event in paid} == held
    assert len(paid) == len(held)
    assert sum(event.size * event.payoff for event in paid) == 0
    assert {event.instrument for event in events if isinstance(event, InstrumentExpired)} == gone
    for name in gone:
        assert after.markets[name].expired
        assert not after.books[name].orders
        assert not any(name in account.positions or name in account.orders for account in after.accounts.values())


def assert_micro_steps(after: State, events: tuple[Event, ...]) -> None:
    """As many micro-steps as the lists and the transitions say, liquidations within their bound."""
    said = {event.stage: event.micro_steps for event in events if isinstance(event, StageBegun)}
    assert list(said) == list(Stage)
    accounts = said.pop(Stage.LIQUIDATE)
    (ended,) = [event for event in events if isinstance(event, RoundEnded)]
    known = sum(said.values()) + len(Stage)
    limits = after.parameters
    assert known + accounts <= ended.micro_steps
    expired = sum(event.cause is Removal.EXPIRED for event in events if isinstance(event, OrderRemoved))
    assert ended.micro_steps <= known + accounts * (2 + limits.max_matches + limits.max_removals) + expired


def holds(account: Account, listed: set[int]) -> bool:
    return any(name in listed for name in account.positions)


def count(seen: Counter[str], before: State, events: tuple[Event, ...], *, single: bool) -> None:
    kinds = Counter(type(event) for event in events)
    closed = {event.account for event in events if isinstance(event, ClosedAtMark)}
    defaulted = {event.account for event in events if isinstance(event, InsurancePaid)}
    liquidated = [event for event in events if isinstance(event, Liquidated)]
    options = {name for name, market in before.markets.items() if market.instrument.kind.is_option}
    gone = set(due(before))
    seen["rounds"] += 1
    seen["by single micro-steps"] += single
    seen["with defaults"] += bool(defaulted)
    seen["defaults"] += len(defaulted)
    seen["with haircuts"] += bool(kinds[HaircutTaken])
    seen["haircuts"] += kinds[HaircutTaken]
    seen["closes at the mark without debt"] += len(closed - defaulted)
    seen["liquidation fills"] += len(liquidated)
    seen["accounts liquidated"] += len({event.account for event in liquidated})
    seen["micro-steps"] += sum(event.micro_steps for event in events if isinstance(event, RoundEnded))
    seen["with options held"] += any(holds(account, options) for account in before.accounts.values())
    seen["option holders in default"] += sum(holds(before.accounts[name], options) for name in defaulted)
    seen["defaults with an expiring position"] += sum(holds(before.accounts[name], gone) for name in defaulted)
    seen["option closes at the mark"] += sum(
        event.instrument in options for event in events if isinstance(event, ClosedAtMark)
    )
    seen["haircuts of option holders"] += sum(
        holds(before.accounts[event.account], options) for event in events if isinstance(event, HaircutTaken)
    )
    seen["option liquidation fills"] += sum(event.instrument in options for event in liquidated)
    seen["portfolio liquidation fills"] += sum(
        len(set(before.accounts[event.account].positions) - gone) > 1 for event in liquidated
    )
    seen["fills of who lost a leg to expiry"] += sum(
        holds(before.accounts[event.account], gone) for event in liquidated
    )
    seen["with expiry"] += bool(gone)
    seen["positions paid out"] += kinds[PaidOut]
