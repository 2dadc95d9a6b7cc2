"""Every conjunct from a batch to finality is broken once by what the monitor is told, and noticed by its name."""

from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import pytest
from attrs import evolve, fields, frozen
from immutables import Map

from settlespec.commitment.batch import Body
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.header import Header
from settlespec.commitment.tree import Tree
from settlespec.domain.messages import ForcedOrder
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Outcome
from settlespec.domain.state import State
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.invariants.settling import (
    AGAINST_AN_ADVERSARY,
    JUDGED_ON_A_RUN,
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
from settlespec.settlement.validity_calls import sender_of
from settlespec.settlement.validity_refusals import Committed, Enqueued, Paid, TakenBack, Way
from settlespec.settlement.validity_registry import Registry, ValidityParameters
from settlespec.settlement.ways_out import bodies, claim_call, events, recovered
from tests.settlement.rollup_town import EACH_BLOCK, Town

STEPS = 250
SIGNER = Ideal()
ROLLUP: Final = "rollup"


@frozen
class Standing:
    """A session, as far as the monitor looks at it."""

    state: State


@frozen
class Soft:
    """A soft chain, as far as the monitor looks at it."""

    places: tuple[int, ...]
    sealer: Any


@frozen
class Seen:
    """A rollup as the monitor sees it after a block, and at the end."""

    layer: BaseLayer
    registry: Registry
    final_registry: Registry
    statuses: tuple[Status, ...]
    session: Standing
    chain: Soft
    address: Address = ROLLUP

    def status(self, number: int) -> Status:
        return self.statuses[number]


def seen(rollup: DrivenRollup) -> Seen:
    statuses = tuple(rollup.status(number) for number in range(len(rollup.chain.places)))
    return Seen(
        rollup.layer,
        rollup.registry,
        rollup.final_registry,
        statuses,
        Standing(rollup.session.state),
        Soft(tuple(rollup.chain.places), Last(rollup.chain.sealer.last)),
    )


@frozen
class Last:
    """The last sealed header."""

    last: Any


Told = tuple[str, tuple[Any, ...]]
Change = Callable[[str, Any], Any]


class Listener:
    """Keeps everything that a monitor is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def operation(self, before: State, operation: Operation, outcome: Outcome) -> None:
        self.told.append(("operation", (before, operation, outcome)))

    def sealed(self, sealed: Sealed) -> None:
        self.told.append(("sealed", (sealed,)))

    def block(self, rollup: DrivenRollup) -> None:
        self.told.append(("block", (seen(rollup),)))


class Noting(SettlementMonitor):
    """A monitor that keeps every conjunct that it judged, and those that did not hold."""

    def __init__(self, rollup: DrivenRollup) -> None:
        self.judged: set[tuple[str, str]] = set()
        self.wrong: set[str] = set()
        super().__init__(rollup)

    def _judge(
        self, card: SettlingCard, conjunct: str, who: str, left: Any, right: Any, *, at_the_end: bool = False
    ) -> None:
        before = {count.card.id: count.broken for count in self.counts()}[card.id]
        super()._judge(card, conjunct, who, left, right, at_the_end=at_the_end)
        self.judged.add((card.id, conjunct))
        if {count.card.id: count.broken for count in self.counts()}[card.id] > before:
            self.wrong.add(conjunct)


@cache
def recorded() -> tuple[DrivenRollup, tuple[Told, ...], Seen]:
    """A run until every claim is paid for good, what its monitor was told, and how the rollup stood at first."""
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
    rollup = DrivenRollup(session, first_layer({ROLLUP: contract}), ROLLUP, proofs, settings, rehearsal.awaited)
    start = seen(rollup)
    listener = Listener()
    session.subscribers.insert(0, listener.operation)
    rollup.followers.append(listener)
    rollup.open()
    for operation in islice(MinimalFlow().operations(session), STEPS):
        rollup.feed(operation)
    assert session.state.round is None
    rollup.chain.seal()
    while rollup.final_registry.proven.number < rollup.chain.sealer.last.number:
        rollup.advance()
    tree = recovered(deployment, bodies(rollup.layer, ROLLUP))
    assert len(session.state.outbox.claims) > 1
    for index, claim in session.state.outbox.claims.items():
        call = claim_call(tree, rollup.registry.exit.number, index)
        assert call is not None
        rollup.send(sender_of(claim.key), call)
    rollup.advance(rollup.layer.parameters.finality_depth + 2)
    return rollup, tuple(listener.told), start


def monitored(change: Change = lambda _, told: told) -> Noting:
    """A monitor that was told everything, some of it changed."""
    _, told, start = recorded()
    monitor = Noting(cast(DrivenRollup, start))
    for what, arguments in told:
        getattr(monitor, what)(*(change(what, argument) for argument in arguments))
    return monitor


@cache
def followed() -> Noting:
    """What a monitor judged of the run, and nothing of the end."""
    return monitored()


def with_events(kind: type, spoil: Callable[[Any], Any], place: int = 0) -> Change:
    """Of all receipts with events of a kind one says something else than the contract said."""
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


def header(**places: Any) -> Change:
    """The second committed header with other fields; a function is of what was there."""

    def spoil(event: Committed) -> Committed:
        changed = {
            name: value(getattr(event.header, name)) if callable(value) else value for name, value in places.items()
        }
        return evolve(event, header=evolve(event.header, **changed))

    return with_events(Committed, spoil, 1)


def other(value: Any) -> Any:
    return bytes([value[0] ^ 1]) + value[1:] if isinstance(value, bytes) else value + 1


def less(value: int) -> int:
    return value - 1


def sealed_with(spoil: Callable[[tuple[Operation, ...]], tuple[Operation, ...]]) -> Change:
    """Every batch has other operations than were accepted."""

    def change(what: str, told: Any) -> Any:
        if what != "sealed":
            return told
        return evolve(told, batch=evolve(told.batch, operations=spoil(told.batch.operations)))

    return change


def blocks() -> list[Seen]:
    return [arguments[0] for what, arguments in recorded()[1] if what == "block"]


def after_a_payout() -> Seen:
    """The first block after which payouts and messages are final."""
    return next(block for block in blocks() if block.final_registry.paid)


def with_block(chosen: Callable[[], Seen], **fields: Callable[[Seen], Any]) -> Change:
    """The rollup is another after one block."""

    def change(what: str, told: Any) -> Any:
        if what != "block" or told is not chosen():
            return told
        return evolve(told, **{name: value(told) for name, value in fields.items()})

    return change


def final(**fields: Callable[[Registry], Any]) -> Callable[[Seen], Registry]:
    return lambda block: evolve(
        block.final_registry, **{name: value(block.final_registry) for name, value in fields.items()}
    )


def more(event: Enqueued, by: int = 1) -> Enqueued:
    message = event.received.message
    assert not isinstance(message, ForcedOrder)
    return evolve(event, received=evolve(event.received, message=evolve(message, amount=message.amount + by)))


def same_name(event: Paid) -> Paid:
    """A payout under the name of the first one, of the amount that is really due."""
    return evolve(event, name=0)


def committed_block() -> Seen:
    """The block after the first one after which the first operation was committed."""
    victim = next(block for block in blocks() if block.statuses and block.statuses[0] is Status.COMMITTED)
    return blocks()[blocks().index(victim) + 1]


def elsewhere(what: str, told: Any) -> Any:
    """One of the blocks finds the exchange in a state after no batch."""
    if what == "block" and told is blocks()[-1]:
        return evolve(told, session=Standing(evolve(told.session.state, clock=0)))
    return told


BEGINNINGS: Final = [place.name for place in fields(Header) if place.name.endswith("_before")]
LINKED: Final = (("new_root", "previous_root"), *((name.replace("before", "after"), name) for name in BEGINNINGS))
"""Every field of a header that says where the batch begins, behind the one that it follows."""

VAULT: Final = "the vault holds what came in less what left"

PLANTED: Final[tuple[tuple[str, str, Change], ...]] = (
    ("COMPLETE", "a batch has the accepted operations, in order", sealed_with(lambda given: given[1:])),
    ("COMPLETE", "a batch has the accepted operations, in order", sealed_with(lambda given: (*given, given[0]))),
    ("COMPLETE", "a batch has the accepted operations, in order", sealed_with(lambda given: given[::-1])),
    ("COMPLETE", "a committed batch is one that was sealed", header(number=9)),
    ("COMPLETE", "the exchange goes on from a batch that stands", elsewhere),
    ("CHAIN-LINK", "numbers have no gap", header(number=other)),
    ("CHAIN-LINK", "numbers have no gap", header(number=less)),
    *(("CHAIN-LINK", f"{before} is the last {after}", header(**{before: other})) for after, before in LINKED),
    *(
        ("CHAIN-LINK", f"{before} is the last {after}", header(**{before: less}))
        for after, before in LINKED
        if before in ("time_before", "received_before")
    ),
    ("BINDING", "the inbox chain has the messages of the base layer", header(inbox_after=other)),
    (
        "BINDING",
        "the inbox chain has the messages of the base layer",
        with_events(Enqueued, lambda event: evolve(event, received=evolve(event.received, time=1))),
    ),
    ("BINDING", "the inbox chain has the messages of the base layer", header(received_after=10**6)),
    ("BINDING", "the outbox chain has the claims of the state", header(outbox_after=other)),
    ("BINDING", "the header is bound to the operations", header(operations=other)),
    (
        "DA-GATE",
        "the header is bound to what was published",
        with_events(Committed, lambda event: evolve(event, published=event.published + b"\0")),
    ),
    ("DA-GATE", "the header is bound to what was published", header(data_after=other)),
    ("NO-DOUBLE-SPEND-ON-BASE", VAULT, with_events(Enqueued, more)),
    ("NO-DOUBLE-SPEND-ON-BASE", VAULT, with_events(Enqueued, lambda event: more(event, -1))),
    ("NO-DOUBLE-SPEND-ON-BASE", VAULT, with_events(Paid, lambda event: evolve(event, amount=event.amount + 1))),
    ("NO-DOUBLE-SPEND-ON-BASE", VAULT, with_events(Paid, lambda event: evolve(event, amount=event.amount - 1))),
    ("NO-DOUBLE-SPEND-ON-BASE", "no name is paid twice", with_events(Paid, same_name, 1)),
    (
        "FINALITY",
        "a final exit root stays",
        with_block(after_a_payout, final_registry=final(exits=lambda given: Map({n: bytes(32) for n in given.exits}))),
    ),
    (
        "FINALITY",
        "final messages and payouts stay",
        with_block(lambda: blocks()[-1], final_registry=final(paid=lambda _: Map())),
    ),
    (
        "FINALITY",
        "final messages and payouts stay",
        with_block(lambda: blocks()[-1], final_registry=final(requests=lambda given: given.requests.delete(0))),
    ),
    (
        "FINALITY",
        "no status falls",
        with_block(committed_block, statuses=lambda block: (Status.SOFT_CONFIRMED,) * len(block.statuses)),
    ),
    (
        "FINALITY",
        "no status falls",
        with_block(committed_block, statuses=lambda block: (Status.REVERTED,) * len(block.statuses)),
    ),
    ("FINALITY", "no batch is taken back that is proven for good", with_events(Paid, lambda _: TakenBack(1, 1))),
)


@pytest.mark.parametrize(("card", "conjunct", "change"), PLANTED)
def test_what_the_base_layer_and_the_exchange_do_not_say_is_noticed(card: str, conjunct: str, change: Change) -> None:
    monitor = monitored(change)
    assert conjunct in monitor.wrong
    assert card in {count.card.id for count in monitor.counts() if count.broken}


def test_an_honest_run_breaks_nothing_and_everything_after_blocks_was_judged() -> None:
    monitor = followed()
    assert monitor.wrong == set()
    silent = {count.card.id for count in monitor.counts() if not count.after_blocks}
    assert silent == {SOLVENT_AFTER_FREEZE.id}


# The end


def ended(**fields: Callable[[Seen], Any]) -> Seen:
    """How the rollup stands at the end, with something else in it."""
    rollup = seen(recorded()[0])
    return evolve(rollup, **{name: value(rollup) for name, value in fields.items()})


def settled(end: Seen) -> Noting:
    monitor = Noting(cast(DrivenRollup, recorded()[2]))
    monitor.settled(cast(DrivenRollup, end))
    return monitor


def outbox(unpaid: int = 0, index: int = 0, vault: int = 0) -> Callable[[Seen], Standing]:
    """The last state says so much more of what is claimed, how often, and what the vault has."""

    def spoil(end: Seen) -> Standing:
        state = end.session.state
        changed = evolve(state.outbox, unpaid=state.outbox.unpaid + unpaid, next_index=state.outbox.next_index + index)
        return Standing(evolve(state, outbox=changed, vault=state.vault + vault))

    return spoil


def sealed_last(by: int) -> Callable[[Seen], Soft]:
    def spoil(end: Seen) -> Soft:
        last = end.chain.sealer.last
        return evolve(end.chain, sealer=Last(evolve(last, number=last.number + by)))

    return spoil


def proven(**fields: Callable[[Any], Any]) -> Callable[[Seen], Registry]:
    return final(
        proven=lambda given: evolve(
            given.proven, **{name: value(getattr(given.proven, name)) for name, value in fields.items()}
        )
    )


def vault(by: int) -> Callable[[Seen], Registry]:
    return final(vault=lambda given: evolve(given.vault, balance=given.vault.balance + by))


def claims(change: Callable[[Map[tuple[Way, int], int]], Any]) -> Callable[[Seen], Registry]:
    return final(paid=lambda given: change(given.paid))


FIRST: Final = (Way.CLAIM, 0)

PLANTED_AT_THE_END: Final[tuple[tuple[str, dict[str, Callable[[Seen], Any]]], ...]] = (
    ("every batch is proven in a final block", {"chain": sealed_last(1)}),
    ("every batch is proven in a final block", {"chain": sealed_last(-1)}),
    ("every batch is proven in a final block", {"final_registry": proven(number=less)}),
    ("every leaf of the last state gives the last root", {"session": outbox(vault=1)}),
    ("every leaf of the last state gives the last root", {"final_registry": proven(new_root=other)}),
    ("every operation is final", {"statuses": lambda end: (*end.statuses[:-1], Status.COMMITTED)}),
    ("every operation is final", {"statuses": lambda end: (Status.REVERTED, *end.statuses[1:])}),
    ("every claim is paid", {"final_registry": claims(lambda paid: paid.set(FIRST, paid[FIRST] - 1))}),
    ("every claim is paid", {"final_registry": claims(lambda paid: paid.set(FIRST, paid[FIRST] + 1))}),
    ("every claim is paid", {"session": outbox(unpaid=1)}),
    ("each claim once", {"final_registry": claims(lambda paid: paid.delete(FIRST))}),
    ("each claim once", {"final_registry": claims(lambda paid: paid.set((Way.CLAIM, 10**6), 0))}),
    ("each claim once", {"session": outbox(index=1)}),
    ("the vault keeps what the state says is not withdrawn", {"final_registry": vault(1)}),
    ("the vault keeps what the state says is not withdrawn", {"final_registry": vault(-1)}),
    ("the vault keeps what the state says is not withdrawn", {"session": outbox(vault=1)}),
)


def test_the_end_of_an_honest_run_breaks_nothing() -> None:
    assert settled(ended()).wrong == set()
    assert ended().final_registry.paid


@pytest.mark.parametrize(("conjunct", "fields"), PLANTED_AT_THE_END)
def test_what_is_not_settled_at_the_end_is_noticed(conjunct: str, fields: dict[str, Callable[[Seen], Any]]) -> None:
    assert conjunct in settled(ended(**fields)).wrong


WAYS_OUT: Final = "all ways out are together what the vault holds less the funds"
AGAIN: Final = "what is asked for again is refused"
REBUILT: Final = "published bytes alone give the exit root"


@pytest.mark.parametrize(
    ("paid", "refused", "wrong"),
    [(6, 2, set()), (5, 2, {WAYS_OUT}), (7, 2, {WAYS_OUT}), (6, 1, {AGAIN}), (7, 0, {WAYS_OUT, AGAIN})],
)
def test_ways_out_that_pay_too_little_too_much_or_twice_are_noticed(paid: int, refused: int, wrong: set[str]) -> None:
    monitor = Noting(cast(DrivenRollup, recorded()[2]))
    payouts = (Paid(Way.ESCAPE, 1, b"key", paid - 1), Paid(Way.REFUND, 1, b"key", 1))
    monitor.departed(Departure(recorded()[0].layer, 1, payouts, held=10, funds=4, twice=2, refused_twice=refused))
    assert monitor.wrong == wrong


def test_bytes_that_give_another_root_are_noticed() -> None:
    rollup, _, start = recorded()
    for tree, wrong in (
        (recovered(rollup.registry.deployment, bodies(rollup.layer, ROLLUP)), set()),
        (Tree(SHA256, 176), {REBUILT}),
    ):
        monitor = Noting(cast(DrivenRollup, start))
        monitor.rebuilt(rollup, tree)
        assert monitor.wrong == wrong


def test_every_conjunct_is_planted() -> None:
    planted = {conjunct for _, conjunct, _ in PLANTED} | {conjunct for conjunct, _ in PLANTED_AT_THE_END}
    judged = {conjunct for _, conjunct in followed().judged | settled(ended()).judged}
    assert judged <= planted
    assert planted - judged == {
        "the exchange goes on from a batch that stands",
        "no batch is taken back that is proven for good",
    }


# Taking back


class Watched(Town):
    """A town whose operator can take back, followed by a monitor."""

    def __init__(self) -> None:
        super().__init__(settings=Settings(EACH_BLOCK, Delays(prove=10**9)))
        self.monitor = Noting(cast(DrivenRollup, self))
        self.session.subscribers.insert(0, self.monitor.operation)
        self._told = 0

    def tell(self) -> None:
        for number in range(self._told + 1, self.chain.sealer.last.number + 1):
            self.monitor.sealed(self.chain.sealed[number])
            self._told = number

    def take_back(self, number: int) -> None:
        self._told = number - 1
        super().take_back(number)

    def advance(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            super().advance()
            self.tell()
            self.monitor.block(cast(DrivenRollup, self))


def test_batches_that_an_honest_operator_takes_back_and_replaces_break_nothing() -> None:
    town = Watched().funded({1: 200, 2: 200})
    assert isinstance(town, Watched)
    town.advance(3)
    for amount in (1, 5, 7):
        town.round({1: 10})
        town.withdraw(1, amount)
        town.advance(3)
        # Something that is not sealed is taken back with it.
        town.round({1: 10})
        town.transfer(1, 2, 1)
        town.take_back(town.registry.last.number)
        town.advance(2)
    town.settings = Settings(EACH_BLOCK)
    town.round({1: 10})
    last = town.withdraw(1, 9)
    town.until_final(last)
    assert town.monitor.wrong == set()
    assert any(isinstance(event, TakenBack) for event in events(town.layer, ROLLUP))
    assert {"numbers have no gap", "the exchange goes on from a batch that stands"} <= {
        conjunct for _, conjunct in town.monitor.judged
    }


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
