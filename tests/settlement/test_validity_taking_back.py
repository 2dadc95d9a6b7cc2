"""What the operator remembers of a batch goes with it: its proof, when it was seen, its place, and what comes after it."""

from attrs import evolve

from settlespec.settlement.rollup import Delays, Settings, Status
from settlespec.settlement.validity_calls import Prove
from settlespec.settlement.validity_refusals import Committed, Proven, TakenBack
from settlespec.settlement.ways_out import events
from tests.settlement.rollup_town import EACH_BLOCK, PARAMETERS, ROLLUP, SLOT, TINY, Town

NEVER = 10**9


def batches(town: Town, count: int) -> None:
    """So many batches, one in each block."""
    for _ in range(count):
        town.round({1: 10})
        town.transfer(1, 2, 1)
        town.advance()
    town.advance()


def unproven(count: int = 0, unproven: int = PARAMETERS.max_unproven) -> Town:
    """A town whose prover never comes, with so many batches after the one that has the deposits."""
    parameters = evolve(PARAMETERS, max_unproven=unproven)
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=NEVER)), parameters=parameters).funded({1: 200, 2: 200})
    batches(town, count)
    return town


def test_another_batch_of_the_same_number_has_a_proof_of_its_own() -> None:
    town = Town()
    town.deposit(1, 200)
    town.advance(3)
    assert any(
        isinstance(pending.transaction.payload, Prove) for pending in town.layer.pool.senders["operator"].values()
    )
    # The deposit comes back in another block, so the batch cannot stand, and its proof shows nothing of the next one.
    town.reorganise(3)
    assert Status.REVERTED in town.statuses()
    town.advance(4 + TINY.finality_depth)
    assert town.final_registry.exit.number == 1
    proven = [receipt for receipt in town.layer.receipts.values() if any(isinstance(e, Proven) for e in receipt.events)]
    assert len(proven) == 1
    assert not any(receipt.reverted for receipt in town.layer.receipts.values())


def test_the_prover_takes_its_time_for_a_batch_that_comes_instead_too() -> None:
    late = Settings(EACH_BLOCK, Delays(prove=5 * SLOT))
    town = unproven(1)
    number = town.registry.last.number
    town.settings = late
    town.advance(2)
    town.take_back(number)
    batches(town, 1)
    town.advance(12)
    said = [(receipt.time, event) for receipt in town.layer.receipts.values() for event in receipt.events]
    committed = [time for time, event in said if isinstance(event, Committed) and event.header.number == number]
    (proven,) = [time for time, event in said if isinstance(event, Proven) and event.number == number]
    assert len(committed) == 2
    # The proof is sent in the first block after the prover's time.
    assert proven - max(committed) == 6 * SLOT


def test_no_batch_is_sent_while_as_many_wait_for_a_proof_as_may() -> None:
    town = unproven(4, unproven=2)
    assert town.chain.sealer.last.number > 3
    assert [waiting.header.number for waiting in town.registry.waiting] == [1, 2]
    assert not any(receipt.reverted for receipt in town.layer.receipts.values())
    town.settings = Settings(EACH_BLOCK)
    town.advance(12)
    assert town.registry.proven.number > 3


def test_several_batches_are_taken_back_by_their_first_at_once() -> None:
    town = unproven(3)
    numbers = [waiting.header.number for waiting in town.registry.waiting]
    assert len(numbers) == 3
    town.take_back(numbers[1])
    town.advance()
    assert [waiting.header.number for waiting in town.registry.waiting] == numbers[:1]
    said = [event for event in events(town.layer, ROLLUP) if isinstance(event, TakenBack)]
    assert said == [TakenBack(numbers[1], numbers[-1])]


def test_the_soft_chain_goes_back_to_no_batch_that_is_gone() -> None:
    town = unproven(3)
    last = town.chain.sealer.last.number
    town.take_back(2)
    assert (set(town.chain.points), set(town.chain.sealed)) == ({0, 1}, {1})
    assert last == 3


def test_what_is_final_is_forgotten_but_for_the_point_after_it() -> None:
    town = Town().funded({1: 200, 2: 200})
    batches(town, 3)
    town.advance(3 + TINY.finality_depth)
    final = town.final_registry.exit.number
    assert final == town.chain.sealer.last.number > 2
    assert (set(town.chain.points), set(town.chain.sealed)) == ({final}, set())
