"""A flow that brings its own messages, driven through a rollup, and everybody's leaving."""

from itertools import islice
from typing import Any

import pytest
from attrs import evolve

from settlespec.commitment.batch import Body, SealingPolicy
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import Header
from settlespec.domain.errors import BadInput
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import Receive, Tick
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted, SpecBug
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.proofs.interface import Deployment, Statement
from settlespec.proofs.sampled import SampledProofs
from settlespec.proofs.witnessed import WitnessProofs
from settlespec.settlement.base_layer import first_layer
from settlespec.settlement.driven import DrivenRollup, Rehearsal, ask_of
from settlespec.settlement.leaving import Stranded, leaving
from settlespec.settlement.rollup import Delays, Settings, Status
from settlespec.settlement.soft_chain import Sealed
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_calls import MakeDeposit, sender_of
from settlespec.settlement.validity_exits import message_of
from settlespec.settlement.validity_registry import ValidityParameters
from settlespec.settlement.ways_out import Recovery, bodies
from tests.settlement.rollup_town import SIGNER, WINDOW

STEPS = 400
GENESIS = MinimalFlow().genesis(SIGNER)


def rehearsed(steps: int = STEPS) -> tuple[Rehearsal, Session]:
    rehearsal, session = Rehearsal(), Session(GENESIS, SIGNER)
    session.subscribers.append(rehearsal)
    for operation in islice(MinimalFlow().operations(session), steps):
        session.submit(operation)
    return rehearsal, session


def driven(rehearsal: Rehearsal, confirmations: int = 3, every: int = 2, body: Body = Body.LOG) -> DrivenRollup:
    deployment = Deployment(SHA256, GENESIS, SIGNER, body)
    proofs = SampledProofs(deployment, b"secret", every)
    parameters = ValidityParameters("operator", window=WINDOW)
    contract = ValidityContract.deployed(parameters, deployment, proofs, rehearsal.wallets())
    settings = Settings(SealingPolicy(operations=60), Delays(confirmations=confirmations))
    rollup = DrivenRollup(
        Session(GENESIS, SIGNER), first_layer({"rollup": contract}), "rollup", proofs, settings, rehearsal.awaited
    )
    rollup.open()
    return rollup


def finalised(rollup: DrivenRollup) -> None:
    rollup.chain.seal()
    for _ in range(200):
        if rollup.final_registry.proven.number == rollup.chain.sealer.last.number:
            return
        rollup.advance()
    raise AssertionError("not final after 200 blocks")


def test_with_the_base_layer_a_flow_leads_to_the_same_state_and_everything_becomes_final() -> None:
    rehearsal, alone = rehearsed()
    rollup = driven(rehearsal)
    for operation in islice(MinimalFlow().operations(rollup.session), STEPS):
        rollup.feed(operation)
    assert rollup.session.state.accounts == alone.state.accounts
    assert rollup.session.state.books == alone.state.books
    finalised(rollup)
    assert {rollup.status(number) for number in range(len(rollup.chain.places))} == {Status.FINAL}
    deposits = [call for call in rollup.sent.values() if isinstance(call, MakeDeposit)]
    assert len(deposits) == sum(isinstance(each.message, Deposit) for each in rehearsal.awaited) > 0


def test_a_message_is_received_with_the_time_of_its_block_and_enough_blocks_on_it() -> None:
    rehearsal, _ = rehearsed(60)
    rollup = driven(rehearsal, confirmations=4)
    operations = MinimalFlow().operations(rollup.session)
    received = []
    for operation in islice(operations, 60):
        index = rollup.session.state.inbox.next_index
        outcome = rollup.feed(operation)
        if isinstance(operation, Receive) and isinstance(outcome, Accepted):
            request = rollup.registry.requests[index]
            received.append(request.received.time)
            block = next(number for number, each in rollup.layer.blocks.items() if each.time == received[-1])
            assert rollup.layer.head - block >= 4
    assert received == sorted(received)
    assert len(received) == len(rehearsal.awaited) > 5


def test_a_flow_that_brings_another_message_than_it_rehearsed_is_a_defect() -> None:
    rehearsal, _ = rehearsed(60)
    rollup = driven(rehearsal)
    for operation in islice(MinimalFlow().operations(rollup.session), 60):
        if isinstance(operation, Receive):
            other = evolve(operation, message=Deposit(7, SIGNER.key(7), 12_345))
            with pytest.raises(SpecBug, match="not what the base layer has"):
                rollup.feed(other)
            return
        rollup.feed(operation)
    raise AssertionError("the flow has no message")


def test_a_message_that_the_exchange_refuses_was_never_sent() -> None:
    rehearsal, session = rehearsed()
    assert len(rehearsal.awaited) == session.state.inbox.next_index
    assert rehearsal.operations == STEPS


@pytest.mark.parametrize(
    "message",
    [
        Deposit(1, SIGNER.key(1), 5),
        ForcedWithdrawal(2, SIGNER.key(2), 6),
        ForcedOrder(3, SIGNER.key(3), 1, Side.SELL, 2, 9),
    ],
)
def test_the_call_of_a_message_becomes_that_message(message: Deposit | ForcedWithdrawal | ForcedOrder) -> None:
    assert message_of(ask_of(message), message.key) == message


def test_everybody_leaves_a_living_rollup_with_all_that_is_free() -> None:
    rehearsal, _ = rehearsed()
    rollup = driven(rehearsal)
    for operation in islice(MinimalFlow().operations(rollup.session), STEPS):
        rollup.feed(operation)
    before = rollup.session.state.outbox.next_index
    for operation in leaving(rollup.session):
        assert isinstance(rollup.feed(operation), Accepted)
    state = rollup.session.state
    assert state.round is None
    assert all(not account.orders for account in state.accounts.values())
    assert state.outbox.next_index > before
    assert all(account.positions or not account.collateral for account in state.accounts.values())


@pytest.mark.parametrize("body", [Body.LOG, Body.STATE_DIFF])
def test_everybody_leaves_a_frozen_rollup_with_everything_and_nothing_twice(body: Body) -> None:
    rehearsal, _ = rehearsed()
    rollup = driven(rehearsal, body=body)
    for operation in islice(MinimalFlow().operations(rollup.session), STEPS):
        rollup.feed(operation)
    finalised(rollup)
    recovery = Recovery(rollup.registry.deployment)
    recovery.read(bodies(rollup.layer, rollup.address))
    assert recovery.tree.root() == rollup.registry.exit.new_root
    departure = Stranded(rollup.layer, "rollup", recovery.tree).depart(sender_of(SIGNER.key(99)))
    assert sum(paid.amount for paid in departure.payouts) == departure.held - departure.funds > 0
    assert departure.twice == departure.refused_twice >= len(departure.payouts) > 0
    assert departure.waited > WINDOW
    assert not rollup.registry.frozen


class Told:
    """Keeps the headers that it was told of."""

    def __init__(self) -> None:
        self.headers: list[Header] = []

    def sealed(self, sealed: Sealed) -> None:
        self.headers.append(sealed.header)

    def block(self, rollup: DrivenRollup) -> None:
        assert rollup.layer.head > 0


def test_whoever_follows_learns_of_the_batch_that_comes_instead_of_one_that_was_taken_back() -> None:
    rehearsal, _ = rehearsed(60)
    rollup = driven(rehearsal)
    told = Told()
    rollup.followers.append(told)
    rollup.settings = Settings(rollup.settings.policy, Delays(prove=10**9, confirmations=3))
    for operation in islice(MinimalFlow().operations(rollup.session), 60):
        rollup.feed(operation)
    rollup.chain.seal()
    rollup.tell_sealed()
    given_up = rollup.chain.sealer.last
    rollup.take_back(given_up.number)
    rollup.feed(Tick(rollup.session.state.clock + 1))
    rollup.chain.seal()
    rollup.tell_sealed()
    instead = rollup.chain.sealer.last
    assert given_up.number == instead.number
    assert told.headers[-2:] == [given_up, instead]


@pytest.mark.parametrize("every", [0, -1, 1.5, True, None])
def test_a_share_of_proofs_by_witness_that_is_none_is_refused(every: Any) -> None:
    deployment = Deployment(SHA256, GENESIS, SIGNER, Body.LOG)
    with pytest.raises(BadInput, match="every") as refused:
        SampledProofs(deployment, b"secret", every)
    assert refused.value.remedy is not None


def test_a_sampled_proof_counts_only_for_the_batches_that_it_is_meant_for() -> None:
    rehearsal, _ = rehearsed()
    rollup = driven(rehearsal, every=2)
    for operation in islice(MinimalFlow().operations(rollup.session), STEPS):
        rollup.feed(operation)
    proofs = rollup.proofs
    assert isinstance(proofs, SampledProofs)
    sealed = rollup.chain.sealed
    assert {number % 2 for number in sealed} == {0, 1}
    for number, batch in sealed.items():
        statement = Statement(batch.last, batch.header, batch.batch.bodies[Body.LOG])
        witness = WitnessProofs(proofs.deployment).prove(batch.batch, batch.last)
        assert proofs.by_witness(number) is (number % 2 == 1)
        assert proofs.verify(statement, proofs.prove(batch.batch, batch.last))
        assert proofs.verify(statement, witness) is proofs.by_witness(number)
        assert not proofs.verify(statement, b"")
        other: Any = float(batch.header.number)
        assert not proofs.verify(evolve(statement, header=evolve(batch.header, number=other)), witness)
