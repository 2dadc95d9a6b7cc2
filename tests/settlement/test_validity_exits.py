"""LIVE-EXIT: an honest owner is out within a stated number of blocks, whatever the operator does."""

from collections.abc import Callable

import pytest
from attrs import evolve

from settlespec.commitment.batch import Body, SealingPolicy
from settlespec.commitment.header import header_digest
from settlespec.domain.accounts import FLAT
from settlespec.domain.messages import Deposit, ForcedWithdrawal
from settlespec.domain.operations import ContinueRound, Receive, Take
from settlespec.domain.orders import Side
from settlespec.settlement.base_layer import censor
from settlespec.settlement.rollup import Delays, Settings, Status
from settlespec.settlement.validity_calls import ForceWithdrawal, Freeze, Refund, Revert, sender_of
from settlespec.settlement.validity_refusals import Paid, Refusal, Way
from settlespec.settlement.ways_out import blocks_to_leave, claim_call, escape_call
from tests.settlement.rollup_town import EACH_BLOCK, EVERYTHING, SIGNER, SLOT, TINY, WALLET, WINDOW, Town

BOUND = blocks_to_leave(WINDOW, SLOT)


class Honest(Town):
    """It does what it should."""


class Gone(Town):
    """It stops as soon as it has money."""

    def follow(self) -> None:
        super().follow()
        if self.session.state.accounts and self.registry.exit.taken_after:
            self.stop()


class Deaf(Town):
    """It receives no message after the first deposits, and goes on with everything else."""

    def receive(self) -> None:
        if self.session.state.inbox.next_index < 2:
            super().receive()
        else:
            self.tick()


class Unwilling(Town):
    """It receives every message and takes none after the first deposits."""

    def receive(self) -> None:
        if self.session.state.inbox.next_index < 2:
            super().receive()
            return
        self.tick()
        for index in range(self.session.state.inbox.next_index, len(self.registry.requests)):
            received = self.registry.requests[index].received
            self._do(Receive(received.time, received.message))


class Halfhearted(Town):
    """It takes every message once, and never goes on with a forced order that is not finished."""

    unfinished = False

    def receive(self) -> None:
        self.tick()
        for index in range(self.session.state.inbox.next_index, len(self.registry.requests)):
            received = self.registry.requests[index].received
            self._do(Receive(received.time, received.message))
        while not self.unfinished:
            cursor = self.session.state.inbox.cursor
            if not self._do(Take()):
                return
            self.unfinished = self.session.state.inbox.cursor == cursor


class NeverAtRest(Town):
    """It takes every message and proves every batch, and each batch ends inside another clearing round."""

    def receive(self) -> None:
        while self.session.state.round is not None:
            self._do(ContinueRound(256))
        super().receive()
        if self.registry.exit.taken_after >= 2:
            self.chain.policy = SealingPolicy(operations=10**6, age=10**12, bytes=10**9)
            self.tick()
            self.submit(next(self.session.clearing_round({})))
            self.chain.seal()


class Hasty(Town):
    """It proves a new batch at rest in every block, so that no exit root is the last one for long."""

    def receive(self) -> None:
        super().receive()
        if self.session.state.accounts:
            self.tick()
            self.chain.seal()


class NeverProves(Town):
    """It commits to everything and proves nothing after the first deposits."""

    def follow(self) -> None:
        if self.registry.exit.taken_after >= 2:
            self.settings = Settings(EACH_BLOCK, Delays(prove=10**12))
        super().follow()


class TakesBack(Town):
    """It commits and takes back, over and over."""

    def follow(self) -> None:
        if self.registry.exit.taken_after >= 2:
            self.settings = Settings(EACH_BLOCK, Delays(prove=10**12))
            foremost = self.registry.proven.number + 1
            if self.registry.waiting and foremost in self.chain.points:
                self.chain.take_back(foremost - 1)
        super().follow()


OPERATORS: tuple[Callable[[], Town], ...] = (Honest, Hasty, Gone, Deaf, Unwilling, NeverAtRest, NeverProves, TakesBack)


def leave(town: Town, owner: int) -> None:
    """What an honest owner does after every block, knowing only what stands on the base layer."""
    registry, key = town.registry, SIGNER.key(owner)
    mine = {index: request for index, request in registry.requests.items() if request.received.message.key == key}
    forced = {index: request.deadline for index, request in mine.items() if request.deadline is not None}
    asked = any(isinstance(request.received.message, ForcedWithdrawal) for request in mine.values())
    if not asked and not registry.frozen:
        town.ask(owner, ForceWithdrawal(owner, EVERYTHING))
    tree = town.exit_tree()
    index = 0
    while (call := claim_call(tree, registry.exit.number, index)) is not None:
        if (Way.CLAIM, index) not in registry.paid and key in call.leaf:
            town.ask(owner, call)
        index += 1
    if registry.frozen:
        for name, request in mine.items():
            late = isinstance(request.received.message, Deposit) and name >= registry.exit.taken_after
            if late and (Way.REFUND, name) not in registry.paid:
                town.ask(owner, Refund(name))
        escape = escape_call(tree, owner)
        if escape is not None and (Way.ESCAPE, owner) not in registry.paid:
            town.ask(owner, escape)
        return
    for name, deadline in forced.items():
        if deadline is not None and name >= registry.exit.taken_after and town.layer.clock >= deadline:
            town.ask(owner, Freeze(name))


def blocks_until_out(town: Town, owner: int, amount: int, each_block: Callable[[], None] = lambda: None) -> int:
    """How many blocks it takes until the owner's wallet has this much."""
    for made in range(3 * BOUND):
        if town.wallet(owner) == amount:
            return made
        leave(town, owner)
        each_block()
        town.advance()
    raise AssertionError(f"the wallet has {town.wallet(owner)} of {amount} after {3 * BOUND} blocks")


@pytest.mark.parametrize("body", [Body.LOG, Body.STATE_DIFF])
@pytest.mark.parametrize("operator", OPERATORS)
def test_an_owner_is_out_with_everything_within_the_bound(operator: Callable[[Body], Town], body: Body) -> None:
    town = operator(body).funded({1: 300, 2: 200})
    town.advance(8)
    assert town.registry.exit.taken_after == 2
    blocks = blocks_until_out(town, 1, WALLET)
    assert blocks <= BOUND
    assert town.registry.frozen == (operator not in (Honest, Hasty))
    assert blocks_until_out(town, 2, WALLET) <= BOUND


@pytest.mark.parametrize("operator", [Gone, Deaf, Unwilling, NeverProves, TakesBack])
def test_an_owner_with_a_position_gets_its_equity_where_the_operator_does_not_serve_the_request(
    operator: Callable[[], Town],
) -> None:
    town = operator().funded({1: 300, 2: 200})
    town.round({1: 10})
    trade = town.trade(1, 2, 5, 10)
    town.round({1: 13})
    state = town.session.state
    worth = {
        name: at.collateral + 13 * at.positions[1].size - at.positions[1].cost for name, at in state.accounts.items()
    }
    town.advance(5)
    if town.chain.places[trade] > town.registry.exit.number:
        # The operator was gone before the trade was proven: it never was.
        worth = {1: 300, 2: 200}
    assert blocks_until_out(town, 1, WALLET - 300 + worth[1]) <= BOUND
    assert blocks_until_out(town, 2, WALLET - 200 + worth[2]) <= BOUND


def test_an_owner_with_a_position_gets_rid_of_it_by_force_where_somebody_trades() -> None:
    town = Town().funded({1: 300, 2: 200})
    town.round({1: 10})
    town.trade(1, 2, 5, 10)
    town.order(2, Side.BUY, 5, 9, name=1)
    town.force_order(1, Side.SELL, 99, 1)
    town.advance()
    town.round({1: 10})
    town.advance()
    assert town.session.state.accounts[1].positions.get(1, FLAT) == FLAT
    left = town.session.state.accounts[1].collateral
    assert blocks_until_out(town, 1, WALLET - 300 + left) <= BOUND
    assert not town.registry.frozen


def crowded(town: Town) -> Town:
    """Owner 1 is long five lots and sends a forced order for them; four bids of one lot stand in front, and three fill in one taking."""
    town.funded(dict.fromkeys(range(1, 5), 200))
    town.round({1: 10})
    town.trade(1, 2, 5, 10)
    for owner, name in ((3, 0), (3, 1), (4, 0), (4, 1)):
        town.order(owner, Side.BUY, 1, 9, name)
    town.force_order(1, Side.SELL, 5, 9)
    town.advance()
    town.round({1: 10})
    town.advance(4)
    return town


def test_an_operator_takes_a_forced_order_until_it_has_met_everybody_in_front() -> None:
    town = crowded(Town())
    assert town.session.state.accounts[1].positions[1].size == 1
    assert town.registry.exit.taken_after == 5
    assert town.reason(sender_of(SIGNER.key(1)), Freeze(4), later=10 * WINDOW) is Refusal.TAKEN


def test_a_forced_order_that_the_operator_leaves_unfinished_freezes_the_rollup_at_its_own_deadline() -> None:
    town = crowded(Halfhearted())
    # Its fills stand under the exit root, and it is not taken.
    assert town.session.state.accounts[1].positions[1].size == 2
    assert (town.registry.exit.received_after, town.registry.exit.taken_after) == (5, 4)
    deadline = town.registry.requests[4].deadline
    assert deadline is not None
    left = deadline - town.layer.clock
    assert town.reason(sender_of(SIGNER.key(1)), Freeze(4), later=left) is Refusal.BEFORE_DEADLINE
    assert town.reason(sender_of(SIGNER.key(1)), Freeze(4), later=left + 1) is None


def test_each_forced_request_has_its_own_deadline_whatever_is_sent_after_it() -> None:
    town = Gone().funded({1: 300, 2: 200})
    town.advance(8)

    def flood() -> None:
        for mallory in (3, 4, 5):
            town.ask(mallory, ForceWithdrawal(1, 1))

    assert blocks_until_out(town, 1, WALLET, flood) <= BOUND
    sent = [request for _, request in sorted(town.registry.requests.items())]
    deadlines = [request.deadline for request in sent if request.deadline is not None]
    assert deadlines == sorted(deadlines)
    assert len(set(deadlines)) > 3


def test_a_later_request_that_is_late_freezes_even_if_earlier_ones_are_not_asked_about() -> None:
    town = Gone().funded({1: 300, 2: 200})
    town.advance(8)
    town.force(1)
    town.advance(3)
    town.force(2)
    town.advance()
    first, second = (town.registry.requests[index].deadline for index in (2, 3))
    assert first is not None
    assert second == first + 3 * SLOT
    between = first + SLOT - town.layer.clock
    assert town.reason(sender_of(SIGNER.key(5)), Freeze(2), later=between) is None
    assert town.reason(sender_of(SIGNER.key(5)), Freeze(3), later=between) is Refusal.BEFORE_DEADLINE


def test_a_request_that_is_taken_late_but_before_anybody_froze_is_served() -> None:
    town = Town().funded({1: 300, 2: 200})
    town.advance(8)
    town.stop()
    town.force(1)
    town.advance(WINDOW // SLOT + 3)
    town.resume()
    town.advance(4)
    assert town.reason(sender_of(SIGNER.key(1)), Freeze(2)) is Refusal.TAKEN
    town.claim(0)
    town.advance()
    assert town.wallet(1) == WALLET


@pytest.mark.parametrize("operator", [Gone, Deaf, Unwilling, NeverProves, TakesBack])
def test_a_deposit_that_nobody_takes_comes_back(operator: Callable[[], Town]) -> None:
    town = operator().funded({1: 300, 2: 200})
    town.advance(8)
    town.deposit(3, 400)
    town.advance(4)
    assert town.wallet(3) == WALLET - 400
    # One that was received and not taken is in no account either.
    assert town.registry.exit.received_after == (3 if operator is Unwilling else 2)
    assert blocks_until_out(town, 3, WALLET) <= BOUND
    assert [event.way for event in town.payouts()] == [Way.REFUND]


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_owner_that_no_builder_includes_for_a_while_is_out_as_much_later(operator: Callable[[], Town]) -> None:
    town = operator().funded({1: 300, 2: 200})
    town.advance(8)
    late = 7
    town.layer = censor(town.layer, sender_of(SIGNER.key(1)), town.layer.clock + late * SLOT)
    assert blocks_until_out(town, 1, WALLET) <= blocks_to_leave(WINDOW, SLOT) + late


@pytest.mark.parametrize("operator", [Gone, NeverProves, NeverAtRest])
def test_reorganisations_delay_an_exit_and_do_not_stop_it(operator: Callable[[], Town]) -> None:
    town = operator().funded({1: 300, 2: 200})
    town.advance(8)
    made = []

    def shaken() -> None:
        made.append(town.layer.head)
        if len(made) % 5 == 0:
            town.reorganise(2)

    assert blocks_until_out(town, 1, WALLET, shaken) <= 2 * BOUND
    town.advance(TINY.finality_depth)
    assert sum(town.final_registry.paid.values()) == 300


def test_a_freeze_that_a_reorganisation_dropped_is_no_freeze() -> None:
    town = Town().funded({1: 300, 2: 200})
    town.advance(8)
    town.stop()
    town.force(1)
    town.advance(WINDOW // SLOT + 2)
    freeze = town.freeze(2)
    town.advance()
    assert town.registry.frozen
    town.reorganise(1, frozenset({freeze.id}))
    town.resume()
    town.advance(5)
    assert town.registry.exit.taken_after == 3
    town.claim(0)
    town.advance()
    assert town.wallet(1) == WALLET


def test_after_a_final_freeze_what_no_exit_root_has_is_reverted_for_good() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=10**12))).funded({1: 300, 2: 200})
    town.round({1: 10})
    trade = town.trade(1, 2, 5, 10)
    town.force(1)
    town.advance(WINDOW // SLOT + 2)
    assert town.status(trade) is Status.COMMITTED
    town.freeze(2)
    town.advance()
    assert town.status(trade) is Status.COMMITTED
    town.advance(TINY.finality_depth)
    assert town.status(trade) is Status.REVERTED
    number = town.registry.waiting[0].header.number
    sealed = town.chain.sealed[number]
    assert town.reason("operator", Revert(number, header_digest(sealed.header))) is Refusal.FROZEN
    assert town.proofs.prove(sealed.batch, sealed.last)


def test_an_escape_goes_to_the_owner_whoever_calls() -> None:
    town = Gone().funded({1: 300, 2: 200})
    town.advance(8)
    town.force(1)
    town.advance(WINDOW // SLOT + 2)
    town.freeze(2, by=5)
    town.advance()
    town.escape(1, by=4)
    town.escape(1, by=5)
    town.advance()
    assert town.payouts() == [Paid(Way.ESCAPE, 1, SIGNER.key(1), 300)]
    assert (town.wallet(1), town.wallet(4), town.wallet(5)) == (WALLET, WALLET, WALLET)


def test_a_request_about_somebody_elses_account_moves_nothing() -> None:
    town = Town().funded({1: 300, 2: 200})
    town.ask(2, ForceWithdrawal(1, 300))
    town.advance(6)
    assert town.registry.exit.taken_after == 3
    assert town.session.state.accounts[1].collateral == 300
    assert town.session.state.outbox.next_index == 0


def test_the_bound_counts_the_window_in_blocks_and_three_inclusions() -> None:
    assert blocks_to_leave(WINDOW, SLOT) == WINDOW // SLOT + 3
    assert blocks_to_leave(604_800_000, 12_000) == 50_403
    assert blocks_to_leave(WINDOW, SLOT, inclusion=5) == BOUND + 12
    assert evolve(TINY, finality_depth=9).finality_depth == 9
