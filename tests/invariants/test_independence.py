"""What the invariants work out by themselves agrees with the machine on random runs, though they share no code."""

import ast
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from attrs import evolve

import settlespec.invariants
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    OracleSignature,
    Place,
    Replace,
    Signed,
    Transfer,
    Withdraw,
)
from settlespec.domain.orders import OrderKind, Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import CloseAtMark
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.invariants.cards import Step
from settlespec.invariants.catalogue import CARDS, PRICE_TIME
from settlespec.invariants.closing import closes
from settlespec.invariants.measures import Balance, strictly_reduces
from settlespec.invariants.rematching import rematch
from settlespec.invariants.shadow import shadow_of
from settlespec.invariants.signing import content_of, statement_content
from settlespec.invariants.states import judge_state
from settlespec.invariants.steps import judge_step
from settlespec.machine.closing import plan_closes
from settlespec.machine.draft import Draft, traded
from settlespec.machine.matching import admits_reduction
from settlespec.machine.signatures import Ideal
from settlespec.machine.standing import reserved, standing
from settlespec.wire.signing import signed_bytes

MESSAGES: tuple[Signed, ...] = (
    Place(1, 2, 3, 4, 5, Side.SELL, 6, OrderKind.LIMIT, 7, TimeInForce.GOOD_TILL_TIME, 8, True, False, b"x"),
    Place(1, 2, 3, 4, 5, Side.BUY, 6, OrderKind.MARKET, 0, TimeInForce.FILL_OR_KILL, 0, False, True, b"y"),
    Cancel(1, 2, 3, 4, 5, b"z"),
    Replace(1, 2, 3, 4, 5, 6, 7, 8, b""),
    Withdraw(1, 2, 3, 4, b""),
    Transfer(1, 2, 3, 4, 5, b""),
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_the_content_that_is_signed_is_the_same_when_it_is_written_out_by_hand(message: Signed) -> None:
    assert content_of(9, 8, message) == signed_bytes(9, 8, message)


def test_the_statement_that_is_signed_is_the_same_when_it_is_written_out_by_hand() -> None:
    signer = Ideal()
    session = Session(MinimalFlow(1, 1).genesis(signer), signer)
    operation = next(session.clearing_round({1: 11}, {2: -7}))
    assert isinstance(operation, BeginRound)
    assert isinstance(operation.signatures[0], OracleSignature)
    assert statement_content(operation.statement) == signed_bytes(1, 1, operation.statement)


def test_no_module_of_the_invariants_imports_a_rule_or_the_machine() -> None:
    for folder in settlespec.invariants.__path__:
        for path in Path(folder).glob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
            ours = {name.split(".")[1] for name in names if name.startswith("settlespec.")}
            assert ours <= {"arithmetic", "domain", "invariants"}, path.name


def test_requirements_reserves_and_ranks_agree_with_the_machine_on_random_states() -> None:
    compared = ranked = 0
    for seed in range(3):
        signer = Ideal()
        flow = MinimalFlow(seed, 900)
        session = Session(flow.genesis(signer), signer)
        random = Random(seed)
        for operation in flow.operations(session):
            session.submit(operation)
            state = session.state
            markets, factor = state.markets, state.parameters.initial_factor_ppm
            shadow = shadow_of(state)
            balances = {name: Balance(account) for name, account in state.accounts.items() if account.positions}
            for name, account in state.accounts.items():
                mine, theirs = Balance(account), standing(account, markets, factor)
                assert mine.equity(markets) == theirs.equity
                assert mine.risk(markets) == theirs.risk
                assert mine.maintenance(markets) == theirs.maintenance
                assert mine.initial(markets, factor) == theirs.initial
                assert shadow.needs(name, markets) == reserved(account, markets, state.books.__getitem__, factor)
                compared += 1
            holders = list(state.holders)
            if holders and random.randrange(5) == 0:
                chosen = random.sample(holders, random.randint(1, len(holders)))
                planned = plan_closes(Draft(state), chosen, settle=False)
                mine_planned = list(closes(balances, chosen, markets))
                assert mine_planned == [
                    (task.account, task.instrument, task.counterparty, task.size)
                    for task in planned
                    if isinstance(task, CloseAtMark)
                ]
                ranked += len(mine_planned)
    assert compared > 5_000
    assert ranked > 100


def test_a_step_is_judged_from_nothing_but_itself_and_a_second_matcher_agrees() -> None:
    judged = matched = 0
    for seed in range(2):
        signer = Ideal()
        flow = MinimalFlow(seed + 20, 900)
        session = Session(flow.genesis(signer), signer)
        for operation in flow.operations(session):
            before = session.state
            taken = Step(before, operation, session.submit(operation))
            assert judge_step(taken, signer.verify) == ()
            assert list(rematch(taken, Counter())) == []
            judged += isinstance(taken.outcome, Accepted)
            if isinstance(taken.outcome, Accepted):
                matched += sum(type(event).__name__ == "Filled" for event in taken.outcome.events)
        assert judge_state(session.state) == ()
    assert judged > 700
    assert matched > 20


def test_a_second_matcher_sees_a_fill_that_is_missing() -> None:
    signer = Ideal()
    flow = MinimalFlow(20, 900)
    session = Session(flow.genesis(signer), signer)
    for operation in flow.operations(session):
        before = session.state
        outcome = session.submit(operation)
        if isinstance(outcome, Accepted) and any(type(event).__name__ == "Filled" for event in outcome.events):
            kept = tuple(event for event in outcome.events if type(event).__name__ != "Filled")
            (found,) = rematch(Step(before, operation, evolve(outcome, events=kept)), Counter())
            assert (found.invariant, found.left) == (PRICE_TIME.id, "[]")
            return
    raise AssertionError("nothing was filled")


def test_a_strict_reduction_of_risk_is_judged_as_the_machine_judges_it() -> None:
    judged = {True: 0, False: 0}
    signer, random = Ideal(), Random(4)
    flow = MinimalFlow(3, 1_200)
    session = Session(flow.genesis(signer), signer)
    for operation in flow.operations(session):
        session.submit(operation)
        state = session.state
        factor = state.parameters.initial_factor_ppm
        for account in list(state.accounts.values())[:2]:
            for name, position in account.positions.items():
                change, price = random.randint(-2 * abs(position.size), 2 * abs(position.size)), random.randint(1, 30)
                thinner = evolve(account, collateral=account.collateral - random.randint(0, 100))
                balance = Balance(thinner)
                then = balance.after(name, change, price, 1)
                after = traded(thinner, name, change, price, 1)
                now_standing = standing(thinner, state.markets, factor)
                then_standing = standing(after, state.markets, factor)
                theirs = admits_reduction(now_standing, then_standing, position.size, position.size + change)
                assert strictly_reduces(balance, then, name, state.markets) is theirs
                judged[theirs] += 1
    assert min(judged.values()) > 20


def test_every_card_says_who_loses_what_and_where_it_is_checked() -> None:
    assert len({card.id for card in CARDS}) == len(CARDS) == 16
    for card in CARDS:
        assert card.sentence.endswith(".")
        assert card.loses
        assert card.of_state or card.of_step
