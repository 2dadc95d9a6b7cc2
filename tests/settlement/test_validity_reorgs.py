"""The base layer goes back, the prover is late, the sequencer stops: what is final stays, and the rest is told honestly."""

from contextlib import suppress
from random import Random

import pytest

from settlespec.commitment.batch import Body
from settlespec.settlement.rollup import Delays, Settings, Status
from settlespec.settlement.validity_calls import Commit, Prove, Revert
from settlespec.settlement.validity_refusals import Committed, Proven, TakenBack
from settlespec.settlement.ways_out import events
from tests.settlement.rollup_town import (
    EACH_BLOCK,
    OPERATOR,
    OWNERS,
    PARAMETERS,
    ROLLUP,
    SLOT,
    TINY,
    WALLET,
    Town,
    total,
)


def traded(town: Town) -> int:
    town.funded({1: 200, 2: 200})
    town.round({1: 10})
    return town.trade(1, 2, 3, 10)


def of_kind(town: Town, *kind: type) -> frozenset[tuple[str, int]]:
    """The operator's transactions of one kind in blocks that are not final."""
    found = set()
    for number in range(town.layer.final + 1, town.layer.head + 1):
        for pending in town.layer.snapshots[number].included:
            if isinstance(pending.transaction.payload, kind):
                found.add(pending.transaction.id)
    return frozenset(found)


@pytest.mark.parametrize("depth", range(1, TINY.reorg_limit + 1))
@pytest.mark.parametrize("lose", [False, True])
def test_what_a_reorganisation_dropped_is_committed_and_proven_again(depth: int, lose: bool) -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(confirmations=TINY.finality_depth)))
    town.deposit(1, 200)
    town.deposit(2, 200)
    town.advance(TINY.finality_depth + 1)
    town.round({1: 10})
    trade = town.trade(1, 2, 3, 10)
    town.advance(3)
    assert town.status(trade) is Status.COMMITTED
    mine = frozenset(
        name for name in of_kind(town, Commit, Prove) if town.layer.receipts[name].block > town.layer.head - depth
    )
    town.reorganise(depth, mine if lose else frozenset())
    after = town.status(trade)
    assert after in (Status.SOFT_CONFIRMED, Status.COMMITTED)
    assert town.until_final(trade) > 0
    assert Status.REVERTED not in town.statuses()
    numbers = [event.header.number for event in events(town.layer, ROLLUP) if isinstance(event, Committed)]
    assert numbers == sorted(set(numbers))


def test_a_trade_on_a_deposit_that_a_reorganisation_moved_is_reverted_and_no_money_is_made() -> None:
    town = Town()
    trade = traded(town)
    town.advance(2)
    assert town.status(trade) is Status.COMMITTED
    town.reorganise(3)
    # The deposits come back in another block, at another time: what was built on them cannot stand.
    assert town.status(trade) is Status.REVERTED
    assert len(town.session.state.accounts) == 0
    town.advance(12)
    assert town.status(trade) is Status.REVERTED
    assert {account.collateral for account in town.session.state.accounts.values()} == {200}
    assert total(town.registry) == WALLET * OWNERS
    assert town.registry.exit.new_root == town.exit_tree().root()


def test_a_deposit_that_a_reorganisation_lost_is_never_credited() -> None:
    town = Town()
    deposit = town.deposit(1, 200)
    town.advance(2)
    assert town.session.state.accounts[1].collateral == 200
    town.reorganise(2, frozenset({deposit.id}) | of_kind(town, Commit))
    assert 1 not in town.session.state.accounts
    town.advance(10)
    assert (town.wallet(1), town.registry.vault.balance) == (WALLET, 0)


def test_a_deposit_that_is_lost_before_its_batch_is_sealed_is_forgotten_at_once() -> None:
    town = Town()
    deposit = town.deposit(1, 200)
    town.advance()
    assert town.session.state.accounts[1].collateral == 200
    assert not town.chain.sealed
    town.reorganise(1, frozenset({deposit.id}))
    assert 1 not in town.session.state.accounts
    assert set(town.statuses()) == {Status.REVERTED}
    # Another deposit gets the same index.
    town.deposit(2, 50)
    town.advance(4)
    assert town.registry.exit.taken_after == 1
    assert town.session.state.accounts[2].collateral == 50


def test_messages_that_are_final_before_they_are_received_survive_every_reorganisation() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(confirmations=TINY.finality_depth)))
    random = Random(5)
    for owner in range(1, 5):
        town.deposit(owner, 100)
        town.advance(random.randint(1, 3))
        town.reorganise(min(random.randint(0, 3), town.layer.head - town.layer.final))
    town.advance(3 * TINY.finality_depth)
    assert Status.REVERTED not in town.statuses()
    assert len(town.session.state.accounts) == 4


def test_a_late_prover_delays_finality_by_as_much_and_harms_nothing() -> None:
    blocks = {}
    for late in (0, 5, 20):
        town = Town(settings=Settings(EACH_BLOCK, Delays(prove=late * SLOT)))
        trade = traded(town)
        blocks[late] = town.until_final(trade, 60)
    assert blocks == {0: blocks[0], 5: blocks[0] + 5, 20: blocks[0] + 20}


def test_a_late_commitment_delays_finality_by_as_much_up_to_the_bound_of_the_clock() -> None:
    def run(late: int) -> tuple[Town, int]:
        town = Town(settings=Settings(EACH_BLOCK, Delays(commit=late * SLOT)))
        return town, traded(town)

    (now, first), (later, second) = run(0), run(3)
    assert later.until_final(second, 60) == now.until_final(first, 60) + 3
    # Past the bound no block takes the batch, and the trade is reverted.
    gone, third = run(PARAMETERS.max_behind // SLOT + 1)
    gone.advance(12)
    assert gone.status(third) is Status.REVERTED
    assert gone.registry.last.number == 0


def test_a_sequencer_that_stops_and_comes_back_soon_goes_on_where_it_was() -> None:
    town = Town()
    trade = traded(town)
    town.stop()
    pending = town.transfer(1, 2, 1)
    town.advance(PARAMETERS.max_behind // SLOT - 2)
    assert (town.status(trade), town.status(pending)) == (Status.SOFT_CONFIRMED, Status.PENDING)
    town.resume()
    assert town.until_final(trade) > 0
    assert town.session.state.accounts[1].positions[1].size == 3


def test_a_sequencer_that_stayed_away_too_long_breaks_its_word_and_nothing_else() -> None:
    town = Town()
    town.funded({1: 200, 2: 200})
    town.advance(10)
    before = town.session.state.accounts
    town.round({1: 10})
    trade = town.trade(1, 2, 3, 10)
    town.chain.seal()
    town.stop()
    town.deposit(3, 50)
    town.advance(20)
    town.resume()
    assert town.status(trade) is Status.REVERTED
    town.advance(10)
    assert town.registry.exit.taken_after == 3
    assert town.session.state.accounts.delete(3) == before
    assert town.session.state.accounts[3].collateral == 50


def test_batches_that_cannot_be_proven_are_taken_back_and_replaced() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=10**9)))
    trade = traded(town)
    town.advance(3)
    assert town.status(trade) is Status.COMMITTED
    number = town.chain.places[trade]
    town.take_back(number)
    assert town.status(trade) is Status.REVERTED
    town.settings = Settings(EACH_BLOCK)
    town.round({1: 10})
    again = town.trade(1, 2, 3, 10)
    assert town.until_final(again, 40) > 0
    assert town.status(trade) is Status.REVERTED
    assert [event.first for event in events(town.layer, ROLLUP) if isinstance(event, TakenBack)] == [number]
    assert town.exit_tree().root() == town.registry.exit.new_root


def test_a_batch_whose_proof_was_sent_is_not_taken_back_any_more() -> None:
    town = Town()
    trade = traded(town)
    town.advance(2)
    with pytest.raises(ValueError, match="proof"):
        town.take_back(town.chain.places[trade])
    assert town.until_final(trade) > 0


def test_a_taking_back_that_a_reorganisation_lost_is_sent_again() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=10**9, confirmations=TINY.finality_depth)))
    town.deposit(1, 200)
    town.deposit(2, 200)
    town.advance(TINY.finality_depth + 4)
    number = town.registry.last.number
    town.take_back(number)
    town.advance()
    taken = [name for name in town.layer.last_block.transactions if name[0] == OPERATOR]
    town.reorganise(1, frozenset(taken))
    town.settings = Settings(EACH_BLOCK, Delays(confirmations=TINY.finality_depth))
    town.advance(20)
    assert town.registry.exit.number >= number
    assert town.registry.exit.taken_after == 2
    assert town.exit_tree().root() == town.registry.exit.new_root


def test_a_lost_commitment_that_was_taken_back_holds_up_nothing_that_waits_behind_it() -> None:
    late = Delays(prove=10**9, confirmations=TINY.finality_depth)
    town = Town(settings=Settings(EACH_BLOCK, Delays(confirmations=TINY.finality_depth)))
    town.deposit(1, 200)
    town.deposit(2, 200)
    town.advance(TINY.finality_depth + 8)
    town.settings = Settings(EACH_BLOCK, late)
    town.round({1: 10})
    given_up = town.transfer(1, 2, 1)
    town.advance(2)
    assert town.status(given_up) is Status.COMMITTED
    commitment = of_kind(town, Commit)
    # The next block has the taking back, and the commitment of what is there instead.
    town.take_back(town.chain.places[given_up])
    town.round({1: 10})
    instead = town.transfer(1, 2, 5)
    town.chain.seal()
    town.follow()
    town.advance()
    assert town.status(instead) is Status.COMMITTED
    assert len(of_kind(town, Commit, Revert)) == 3
    # All three are dropped, and the first is lost: its nonce is missing, and nobody wants what it was.
    town.reorganise(2, commitment)
    town.settings = Settings(EACH_BLOCK, Delays(confirmations=TINY.finality_depth))
    assert town.until_final(instead) <= 3 + TINY.finality_depth
    assert town.status(given_up) is Status.REVERTED
    # What came back and is not wanted took nothing back, and no block has a call that was refused.
    assert not any(isinstance(event, TakenBack) for event in events(town.layer, ROLLUP))
    assert not any(receipt.reverted for receipt in town.layer.receipts.values())


def test_a_reorganisation_past_the_limit_or_a_final_block_does_not_happen() -> None:
    town = Town()
    trade = traded(town)
    town.until_final(trade)
    with pytest.raises(ValueError, match="more blocks"):
        town.reorganise(TINY.reorg_limit + 1)
    assert town.status(trade) is Status.FINAL


@pytest.mark.parametrize("body", [Body.LOG, Body.STATE_DIFF])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_final_stays_final_and_what_is_reverted_stays_reverted(seed: int, body: Body) -> None:
    random = Random(seed)
    delays = Delays(random.choice((0, 1, 5)), random.choice((0, SLOT)), random.choice((0, 3 * SLOT)))
    town = Town(body, Settings(EACH_BLOCK, delays))
    settled: dict[int, Status] = {}
    seen: set[Status] = set()
    for _ in range(120):
        act(town, random)
        for number, status in enumerate(town.statuses()):
            seen.add(status)
            assert settled.get(number, status) is status
            if status in (Status.FINAL, Status.REVERTED):
                settled[number] = status
        assert total(town.registry) == WALLET * OWNERS
        assert_linked(town)
    if not town.running:
        town.resume()
    town.advance(30)
    assert town.registry.exit.new_root == town.exit_tree().root()
    assert {Status.FINAL, Status.SOFT_CONFIRMED, Status.COMMITTED} <= seen


@pytest.mark.parametrize("seed", range(100, 108))
def test_whatever_is_lost_or_taken_back_nothing_waits_behind_it_for_ever(seed: int) -> None:
    random = Random(seed)
    delays = Delays(TINY.finality_depth, random.choice((0, SLOT)), random.choice((0, 3 * SLOT)))
    town = Town(settings=Settings(EACH_BLOCK, delays))
    for _ in range(100):
        act(town, random)
        if town.chain.sealed and random.randrange(20) == 0:
            with suppress(ValueError):
                town.take_back(max(town.chain.sealed))
    if not town.running:
        town.resume()
    operations = len(town.statuses())
    town.advance(30)
    assert {*town.statuses()[:operations]} <= {Status.FINAL, Status.REVERTED}


def act(town: Town, random: Random) -> None:
    """Something happens."""
    dice = random.randrange(100)
    owner, other = random.sample(range(1, 5), 2)
    accounts = town.session.state.accounts
    if dice < 45:
        town.advance()
    elif dice < 55:
        depth = min(random.randint(1, TINY.reorg_limit), town.layer.head - town.layer.final)
        dropped = [
            pending.transaction.id
            for number in range(town.layer.head - depth + 1, town.layer.head + 1)
            for pending in town.layer.snapshots[number].included
        ]
        town.reorganise(depth, frozenset(name for name in dropped if random.randrange(4) == 0))
    elif dice < 65:
        town.deposit(owner, random.randint(1, 100))
    elif dice < 70:
        town.force(owner, random.randint(1, 100))
    elif dice < 74:
        (town.stop if town.running else town.resume)()
    elif dice < 80 and town.running:
        town.round({1: random.randint(8, 12)})
    elif owner in accounts and other in accounts and town.running and town.session.state.round is None:
        town.trade(owner, other, random.randint(1, 3), random.randint(9, 11))


def assert_linked(town: Town) -> None:
    """The committed batches form one chain from the proven one, whose messages are the contract's own."""
    registry = town.registry
    last = registry.proven
    for waiting in registry.waiting:
        header = waiting.header
        assert (header.number, header.previous_root) == (last.number + 1, last.new_root)
        assert (header.inbox_before, header.data_before) == (last.inbox_after, last.data_after)
        assert registry.inbox[header.received_after] == header.inbox_after
        last = header
    proven = [event.number for event in events(town.layer, ROLLUP) if isinstance(event, Proven)]
    assert proven == list(range(1, registry.proven.number + 1))
