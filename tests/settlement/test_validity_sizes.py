"""A batch is sealed by what it publishes, and one that fits no block is given up without anything breaking down."""

import pytest

from settlespec.commitment.batch import Body, SealingPolicy
from settlespec.settlement import base_layer
from settlespec.settlement.chain import BaseLayerParameters
from settlespec.settlement.rollup import Delays, Settings, Status
from tests.settlement.rollup_town import EACH_BLOCK, OWNERS, TINY, WALLET, Town, total

BYTES = 250


def busy(body: Body) -> Town:
    """Many transfers in the time of one block, with batches by their bytes alone."""
    policy = SealingPolicy(operations=10**6, age=10**9, bytes=BYTES)
    town = Town(body, Settings(policy)).funded(dict.fromkeys(range(1, OWNERS), 500))
    town.round({1: 10})
    for turn in range(60):
        town.transfer(1 + turn % (OWNERS - 1), 1 + (turn + 1) % (OWNERS - 1), 1 + turn % 4)
    return town


@pytest.mark.parametrize("body", [Body.LOG, Body.STATE_DIFF])
def test_a_batch_is_sealed_by_the_bytes_of_the_body_that_it_publishes(body: Body) -> None:
    town = busy(body)
    sizes = [len(sealed.batch.bodies[body]) for sealed in town.chain.sealed.values()]
    assert len(sizes) > 2
    # What is counted is never less than what is published, but for the operation that goes beyond the limit.
    assert all(BYTES // 3 < size < BYTES + 100 for size in sizes)


def test_a_leaf_that_changes_again_and_again_counts_once() -> None:
    town = busy(Body.STATE_DIFF)
    few = min(len(sealed.batch.operations) for sealed in list(town.chain.sealed.values())[1:])
    town = Town(Body.STATE_DIFF, town.settings).funded({1: 500, 2: 500})
    town.round({1: 10})
    for _ in range(10 * few):
        town.transfer(1, 2, 1)
    assert len(town.chain.sealed) <= 2


def test_what_was_taken_back_does_not_count_towards_the_next_batch() -> None:
    town = busy(Body.LOG)
    sizes = {len(sealed.batch.operations) for sealed in list(town.chain.sealed.values())[1:]}
    town.chain.take_back(town.chain.sealer.last.number)
    for _ in range(max(sizes) + 1):
        town.transfer(1, 2, 1)
    assert len(town.chain.sealed[town.chain.sealer.last.number].batch.operations) in sizes | {max(sizes) + 1}


@pytest.mark.parametrize(("witness", "blobs"), [(True, True), (False, False)])
def test_a_batch_that_fits_no_block_is_given_up_and_everything_else_goes_on(witness: bool, blobs: bool) -> None:
    # A proof by witness, or a commitment with its body in the calldata, of more gas than a block has.
    gas = 320_000 if witness else 250_000
    layer = BaseLayerParameters(gas_limit=gas, finality_depth=5, reorg_limit=3, blob_retention=10)
    town = Town(Body.STATE_DIFF, Settings(EACH_BLOCK, blobs=blobs), layer=layer, witness=witness)
    for owner in range(1, OWNERS):
        town.deposit(owner, 100)
        town.advance()
    town.advance(20)
    assert Status.REVERTED in town.statuses()
    assert town.exit_tree().root() == town.registry.exit.new_root
    assert total(town.registry) == WALLET * OWNERS
    assert town.registry.vault.balance == 100 * (OWNERS - 1)


def test_while_the_base_layer_has_no_place_for_more_transactions_the_operator_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(confirmations=TINY.finality_depth))).funded({1: 200})
    monkeypatch.setattr(base_layer, "MAX_PENDING", 0)
    town.advance(TINY.finality_depth + 2)
    assert town.chain.sealed
    assert Status.REVERTED not in town.statuses()
    assert town.layer.pool.size == 0
    monkeypatch.setattr(base_layer, "MAX_PENDING", 100)
    assert town.until_final(0) > 0
