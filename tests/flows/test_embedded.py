"""The flow that comes with the project reaches what it is meant to reach."""

from collections import Counter, defaultdict

import pytest
from attrs import Factory, define

from settlespec.domain.events import (
    Breached,
    ClosedAtMark,
    HaircutTaken,
    InsurancePaid,
    Liquidated,
    PaidOut,
    RoundEnded,
    StageBegun,
)
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage
from settlespec.flows.embedded import ACCOUNTS, CRASH, INTERVALS, OPERATIONS, EmbeddedFlow
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ideal


@define
class Played:
    """What a run of the flow came to."""

    operations: list[Operation] = Factory(list)
    reached: dict[str, set[int]] = Factory(lambda: defaultdict(set))
    """The numbers of the rounds in which something happened."""
    refused: Counter[Reason] = Factory(Counter)
    accounts: int = 0
    markets: int = 0


def played(seed: int, operations: int = OPERATIONS) -> Played:
    signer = Ideal()
    flow = EmbeddedFlow(seed, operations=operations)
    session = Session(flow.genesis(signer), signer)
    run = Played()
    for operation in flow.operations(session):
        outcome = session.submit(operation)
        run.operations.append(operation)
        if not isinstance(outcome, Accepted):
            run.refused[outcome.reason] += 1
            continue
        for event in outcome.events:
            note(run, event, session)
    run.accounts, run.markets = len(session.state.accounts), len(session.state.markets)
    return run


def note(run: Played, event: object, session: Session) -> None:
    """Keep in which round an event happened."""
    number = session.state.round_number
    match event:
        case RoundEnded():
            run.reached["round"].add(number)
        case Breached(rounds=rounds) if rounds > session.state.parameters.patience:
            run.reached["breach beyond patience"].add(number)
        case InsurancePaid(paid=paid) if paid:
            run.reached["insurance"].add(number)
        case HaircutTaken():
            run.reached["haircut"].add(number)
        case Liquidated():
            run.reached["book liquidation"].add(number)
        case StageBegun(stage=stage, micro_steps=tasks) if tasks:
            run.reached[stage.name].add(number)
        case PaidOut():
            run.reached["payout"].add(number)
        case ClosedAtMark():
            run.reached["close at the mark"].add(number)
        case _:
            return


@pytest.fixture(scope="module")
def run() -> Played:
    return played(seed=1)


def test_it_has_as_many_operations_accounts_and_markets_as_it_says(run: Played) -> None:
    assert abs(len(run.operations) - OPERATIONS) <= 5
    assert OPERATIONS == 20_000
    assert (run.accounts, run.markets) == (ACCOUNTS, 4 + 2 + 6 + 8)


def test_it_has_at_least_twenty_rounds_and_each_ends(run: Played) -> None:
    assert len(run.reached["round"]) == INTERVALS + 1
    assert INTERVALS >= 20


@pytest.mark.parametrize("what", ["insurance", "haircut", "book liquidation", "close at the mark"])
def test_each_step_of_the_round_is_reached_in_at_least_three_rounds(run: Played, what: str) -> None:
    assert len(run.reached[what]) >= 3


def test_accounts_are_closed_after_patience_in_at_least_three_rounds(run: Played) -> None:
    assert len(run.reached["breach beyond patience"] & run.reached[Stage.CLOSE.name]) >= 3


def test_every_stage_has_something_to_do_somewhere(run: Played) -> None:
    # Revaluing begins with the round itself.
    assert [stage for stage in Stage if not run.reached[stage.name]] == []


def test_something_expires_before_the_crash_in_it_and_after_it(run: Played) -> None:
    first, second, third = sorted(run.reached["payout"])
    assert first < CRASH < second <= CRASH + 5 < third


def test_orders_and_money_are_refused_for_many_reasons(run: Played) -> None:
    assert len(run.refused) >= 8
    assert sum(run.refused.values()) < len(run.operations) // 4


def test_the_same_seed_gives_the_same_operations_and_another_seed_others() -> None:
    first = played(seed=7, operations=4_000).operations
    assert first == played(seed=7, operations=4_000).operations
    assert first != played(seed=8, operations=4_000).operations


CAPACITIES = {
    Reason.TOO_MANY_ORDERS,
    Reason.BOOK_FULL,
    Reason.INBOX_FULL,
    Reason.TOO_MANY_ACCOUNTS,
    Reason.VAULT_FULL,
    Reason.WRONG_OWNER,
    Reason.NOTHING_TO_WITHDRAW,
}
"""Reasons that take a full deployment, or that only a message of the inbox is refused for (told by an event, not an answer)."""


def test_every_reason_that_an_operation_can_be_refused_for_is_reached_but_the_capacities(run: Played) -> None:
    assert set(Reason) - run.refused.keys() == CAPACITIES
