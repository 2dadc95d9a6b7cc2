"""Every invariant from a batch to finality is broken once by what the monitor is told, and noticed."""

from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve, frozen

from settlespec.commitment.batch import Body
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.tree import Tree
from settlespec.domain.messages import ForcedOrder
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Outcome
from settlespec.domain.state import State
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.invariants.settling import (
    AGAINST_AN_ADVERSARY,
    BINDING,
    CHAIN_LINK,
    COMPLETE,
    DA_GATE,
    FINALITY,
    JUDGED_ON_A_RUN,
    PAID_ONCE,
    SETTLING_CARDS,
    SOLVENT_AFTER_FREEZE,
    SettlingCard,
)
from settlespec.machine.signatures import Ideal
from settlespec.monitoring.settled import SettlementMonitor
from settlespec.proofs.ideal import IdealProofs
from settlespec.proofs.interface import Deployment
from settlespec.settlement.base_layer import BaseLayer, first_layer
from settlespec.settlement.chain import Address
from settlespec.settlement.driven import DrivenRollup, Rehearsal
from settlespec.settlement.leaving import Departure
from settlespec.settlement.rollup import Delays, Settings, Status
from settlespec.settlement.soft_chain import Sealed
from settlespec.settlement.validity import ValidityContract
from settlespec.settlement.validity_refusals import Committed, Enqueued, Paid, Way
from settlespec.settlement.validity_registry import Registry, ValidityParameters

STEPS = 250
SIGNER = Ideal()


@frozen
class Seen:
    """A rollup as the monitor sees it after a block."""

    layer: BaseLayer
    registry: Registry
    final_registry: Registry
    statuses: tuple[Status, ...]
    address: Address = "rollup"

    def status(self, number: int) -> Status:
        return self.statuses[number]


Told = tuple[str, tuple[Any, ...]]


class Listener:
    """Keeps everything that a monitor is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def operation(self, before: State, operation: Operation, outcome: Outcome) -> None:
        self.told.append(("operation", (before, operation, outcome)))

    def sealed(self, sealed: Sealed) -> None:
        self.told.append(("sealed", (sealed,)))

    def block(self, rollup: DrivenRollup) -> None:
        statuses = tuple(rollup.status(number) for number in range(len(rollup.chain.places)))
        self.told.append(("block", (Seen(rollup.layer, rollup.registry, rollup.final_registry, statuses),)))


@cache
def recorded() -> tuple[DrivenRollup, tuple[Told, ...], Seen]:
    """A run to finality, what its monitor was told, and how the rollup stood at first."""
    rehearsal, genesis = Rehearsal(), MinimalFlow().genesis(SIGNER)
    first = Session(genesis, SIGNER)
    first.subscribers.append(rehearsal)
    for operation in islice(MinimalFlow().operations(first), STEPS):
        first.submit(operation)
    deployment = Deployment(SHA256, genesis, SIGNER, Body.LOG)
    proofs = IdealProofs(deployment, b"secret")
    contract = ValidityContract.deployed(ValidityParameters("operator"), deployment, proofs, rehearsal.wallets())
    session = Session(genesis, SIGNER)
    settings = Settings(delays=Delays(confirmations=2))
    rollup = DrivenRollup(session, first_layer({"rollup": contract}), "rollup", proofs, settings, rehearsal.awaited)
    start = Seen(rollup.layer, rollup.registry, rollup.final_registry, ())
    listener = Listener()
    session.subscribers.insert(0, listener.operation)
    rollup.followers.append(listener)
    rollup.open()
    for operation in islice(MinimalFlow().operations(session), STEPS):
        rollup.feed(operation)
    while session.state.round is not None:
        raise AssertionError("the run ends inside a round")
    rollup.chain.seal()
    while rollup.final_registry.proven.number < rollup.chain.sealer.last.number:
        rollup.advance()
    return rollup, tuple(listener.told), start


def monitored(change: Callable[[str, Any], Any] = lambda _, told: told) -> SettlementMonitor:
    """A monitor that was told everything, some of it changed."""
    _, told, start = recorded()
    monitor = SettlementMonitor(cast(DrivenRollup, start))
    for what, arguments in told:
        getattr(monitor, what)(*(change(what, argument) for argument in arguments))
    return monitor


def broken(monitor: SettlementMonitor) -> set[str]:
    return {count.card.id for count in monitor.counts() if count.broken}


def with_events(kind: type, spoil: Callable[[Any], Any], place: int = 0) -> Callable[[str, Any], Any]:
    """Of all events of a kind one is another than what the base layer said."""
    left = [place]

    def change(what: str, told: Any) -> Any:
        if what != "block":
            return told
        receipts = told.layer.receipts
        for identity in told.layer.last_block.transactions:
            receipt = receipts[identity]
            if any(isinstance(event, kind) for event in receipt.events):
                left[0] -= 1
                if left[0] == -1:
                    spoiled = tuple(spoil(event) if isinstance(event, kind) else event for event in receipt.events)
                    receipts = receipts.set(identity, evolve(receipt, events=spoiled))
        return evolve(told, layer=evolve(told.layer, receipts=receipts))

    return change


def test_an_honest_run_breaks_nothing_and_everything_after_blocks_was_judged() -> None:
    monitor = monitored()
    assert broken(monitor) == set()
    silent = {count.card.id for count in monitor.counts() if not count.after_blocks}
    assert silent == {SOLVENT_AFTER_FREEZE.id}


@pytest.mark.parametrize(
    ("card", "change"),
    [
        (CHAIN_LINK, with_events(Committed, lambda event: evolve(event, header=evolve(event.header, number=9)), 1)),
        (
            CHAIN_LINK,
            with_events(Committed, lambda event: evolve(event, header=evolve(event.header, time_before=1)), 1),
        ),
        (COMPLETE, with_events(Committed, lambda event: evolve(event, header=evolve(event.header, number=9)), 1)),
        (
            BINDING,
            with_events(Committed, lambda event: evolve(event, header=evolve(event.header, operations=bytes(32)))),
        ),
        (BINDING, with_events(Enqueued, lambda event: evolve(event, received=evolve(event.received, time=1)))),
        (DA_GATE, with_events(Committed, lambda event: evolve(event, published=event.published + b"\0"))),
        (
            PAID_ONCE,
            with_events(Enqueued, lambda event: evolve(event, received=evolve(event.received, message=more(event)))),
        ),
    ],
)
def test_a_spoiled_event_of_the_base_layer_is_noticed(card: SettlingCard, change: Callable[[str, Any], Any]) -> None:
    assert card.id in broken(monitored(change))


def more(event: Enqueued) -> Any:
    message = event.received.message
    assert not isinstance(message, ForcedOrder)
    return evolve(message, amount=message.amount + 1)


def test_a_batch_without_one_of_its_operations_is_noticed() -> None:
    def change(what: str, told: Any) -> Any:
        if what != "sealed":
            return told
        return evolve(told, batch=evolve(told.batch, operations=told.batch.operations[1:]))

    assert COMPLETE.id in broken(monitored(change))


def test_an_operation_that_goes_back_in_its_status_is_noticed() -> None:
    _, told, _ = recorded()
    blocks = [arguments[0] for what, arguments in told if what == "block"]
    victim = next(seen for seen in blocks if seen.statuses and seen.statuses[0] is Status.COMMITTED)
    after = blocks[blocks.index(victim) + 1]

    def change(_: str, argument: Any) -> Any:
        return (
            evolve(argument, statuses=(Status.SOFT_CONFIRMED,) * len(after.statuses)) if argument is after else argument
        )

    assert broken(monitored(change)) == {FINALITY.id}


def test_a_final_exit_root_that_changes_is_noticed() -> None:
    def change(what: str, told: Any) -> Any:
        if what != "block" or told.final_registry.exit.number < 2:
            return told
        return evolve(
            told, final_registry=evolve(told.final_registry, exits=told.final_registry.exits.set(1, bytes(32)))
        )

    assert FINALITY.id in broken(monitored(change))


def test_money_that_is_paid_twice_is_noticed() -> None:
    monitor = monitored()
    paid = Paid(Way.CLAIM, 3, b"key", 5)
    _, told, _ = recorded()
    last = next(arguments[0] for what, arguments in reversed(told) if what == "block")
    block = next(
        arguments[0] for what, arguments in told if what == "block" and arguments[0].layer.last_block.transactions
    )
    (identity, *_) = block.layer.last_block.transactions
    receipt = evolve(block.layer.receipts[identity], events=(paid, paid))
    layer = evolve(block.layer, receipts=block.layer.receipts.set(identity, receipt))
    monitor.block(cast(DrivenRollup, evolve(last, layer=layer)))
    assert broken(monitor) == {PAID_ONCE.id}


def test_bytes_that_give_another_root_are_noticed() -> None:
    rollup, _, _ = recorded()
    monitor = monitored()
    monitor.rebuilt(rollup, Tree(SHA256, 176))
    assert broken(monitor) == {DA_GATE.id}


def test_ways_out_that_pay_too_little_or_twice_are_noticed() -> None:
    rollup, _, _ = recorded()
    monitor = monitored()
    monitor.departed(
        Departure(rollup.layer, 1, (Paid(Way.ESCAPE, 1, b"key", 5),), held=10, funds=4, twice=2, refused_twice=1)
    )
    assert broken(monitor) == {SOLVENT_AFTER_FREEZE.id, PAID_ONCE.id}


def test_claims_that_are_not_paid_at_the_end_are_noticed() -> None:
    rollup, _, _ = recorded()
    assert rollup.session.state.outbox.unpaid > 0
    monitor = monitored()
    monitor.settled(rollup)
    assert broken(monitor) == {PAID_ONCE.id}


def test_every_card_names_tests_that_exist_and_says_who_loses_what() -> None:
    assert len({card.id for card in SETTLING_CARDS}) == len(SETTLING_CARDS)
    for card in SETTLING_CARDS:
        assert card.sentence.endswith(".")
        assert card.loses
        assert card.tests
        for place in card.tests:
            file, _, name = place.partition("::")
            assert Path(file).is_file(), place
            assert f"def {name}" in Path(file).read_text(encoding="utf-8"), place
    assert all(card.of_block or card.of_run for card in JUDGED_ON_A_RUN)
    assert not any(card.of_block or card.of_run for card in AGAINST_AN_ADVERSARY)
