"""The whole life of a trade on the preset `minimal`, from the first deposit to the last final withdrawal."""

import pytest

from settlespec.commitment.batch import Body, SealingPolicy
from settlespec.domain.accounts import FLAT
from settlespec.domain.operations import ContinueRound, Receive
from settlespec.rules.base_fees import GAS_PER_BLOB
from settlespec.settlement.chain import Receipt
from settlespec.settlement.rollup import Delays, Settings, Status
from settlespec.settlement.sending import NotSent
from settlespec.settlement.validity_calls import Prove
from settlespec.settlement.validity_refusals import Committed, Paid, Way
from tests.settlement.rollup_town import EACH_BLOCK, OWNERS, SIGNER, WALLET, Town, total


@pytest.mark.parametrize("blobs", [True, False])
@pytest.mark.parametrize("body", [Body.LOG, Body.STATE_DIFF])
@pytest.mark.parametrize("witness", [True, False])
def test_the_life_of_a_trade_in_ten_steps(body: Body, witness: bool, blobs: bool) -> None:
    # 1. Two owners pay in on the base layer, and the rollup takes their deposits.
    town = Town(body, Settings(EACH_BLOCK, blobs=blobs), witness=witness).funded({1: 200, 2: 200})
    assert (town.wallet(1), town.registry.vault.balance) == (WALLET - 200, 400)
    # 2. The oracles state the marks.
    town.round({1: 10})
    # 3. They trade three lots at ten; the sequencer says yes.
    trade = town.trade(buyer=1, seller=2, size=3, price=10)
    assert town.status(trade) is Status.SOFT_CONFIRMED
    assert town.session.state.accounts[1].positions[1].size == 3
    # 4. Its batch is sealed with the next block and committed in the one after that.
    town.advance()
    assert town.status(trade) is Status.SOFT_CONFIRMED
    town.advance()
    assert town.status(trade) is Status.COMMITTED
    # 5. It is proven one block later, and final when that block is.
    town.advance()
    assert town.registry.exit.number == town.chain.places[trade]
    assert town.until_final(trade) == town.layer.parameters.finality_depth
    # 6. The mark rises and they trade back.
    town.round({1: 12})
    back = town.trade(buyer=2, seller=1, size=3, price=12)
    assert town.session.state.accounts[1].positions.get(1, FLAT) == FLAT
    # 7. The winner takes out all but one quantum.
    won = town.session.state.accounts[1].collateral
    assert won > 200
    out = town.withdraw(1, won - 1)
    # 8. The withdrawal becomes final.
    assert town.until_final(out) > 0
    assert town.status(back) is Status.FINAL
    # 9. Anybody has the claim paid.
    town.claim(0, by=5)
    town.advance()
    assert town.payouts() == [Paid(Way.CLAIM, 0, SIGNER.key(1), won - 1)]
    # 10. In a final block nobody can take it back, and no money was made or lost.
    town.advance(town.layer.parameters.finality_depth)
    assert town.final_registry.paid[Way.CLAIM, 0] == won - 1
    assert town.wallet(1) == WALLET - 200 + won - 1
    assert total(town.registry) == WALLET * OWNERS
    assert set(town.statuses()) <= {Status.FINAL, Status.COMMITTED, Status.SOFT_CONFIRMED}


def test_an_operation_is_pending_while_the_sequencer_stands_still() -> None:
    town = Town().funded({1: 100, 2: 100})
    town.round()
    town.stop()
    number = town.transfer(1, 2, 10)
    town.advance(2)
    assert town.status(number) is Status.PENDING
    assert town.session.state.accounts[2].collateral == 100


def test_an_operation_that_is_refused_when_its_turn_comes_never_has_an_effect() -> None:
    town = Town().funded({1: 100, 2: 100})
    town.round()
    good, bad = town.transfer(1, 2, 10), town.transfer(1, 2, 1_000)
    assert town.status(good) is Status.SOFT_CONFIRMED
    assert town.status(bad) is Status.REVERTED
    town.until_final(good)
    assert town.status(bad) is Status.REVERTED


def test_a_batch_that_ends_inside_a_round_makes_nothing_final_and_the_next_one_at_rest_makes_both_final() -> None:
    town = Town().funded({1: 200, 2: 200})
    town.round({1: 10})
    town.trade(1, 2, 3, 10)
    town.advance(3)
    town.round({1: 10})
    transfer = town.transfer(1, 2, 1)
    town.tick()
    opened = town.submit(next(town.session.clearing_round({1: 11})))
    town.chain.seal()
    inside = town.chain.places[opened]
    assert town.chain.places[transfer] == inside
    town.advance(12)
    assert town.registry.proven.number == town.final_registry.proven.number == inside
    assert not town.registry.proven.at_rest
    assert town.registry.exit.number == inside - 1
    assert town.status(transfer) is town.status(opened) is Status.COMMITTED
    while town.session.state.round is not None:
        town.submit(ContinueRound(1))
    assert town.until_final(transfer) > 0
    assert town.status(opened) is Status.FINAL


def test_a_withdrawal_is_not_paid_before_it_is_proven_at_rest() -> None:
    town = Town(settings=Settings(EACH_BLOCK, Delays(prove=10**9))).funded({1: 100})
    town.round()
    town.withdraw(1, 10)
    town.advance(3)
    assert town.registry.last.number > 0
    assert town.registry.exit.number == 0
    assert town.payouts() == []


def test_messages_come_from_the_base_layer_only() -> None:
    town = Town().funded({1: 100})
    received = town.registry.requests[0].received
    with pytest.raises(ValueError, match="base layer"):
        town.submit(Receive(received.time, received.message))


def test_a_batch_is_sealed_by_its_number_of_operations_too() -> None:
    town = Town(settings=Settings(SealingPolicy(operations=3, age=10**9)))
    town.funded({1: 100, 2: 100})
    town.round()
    for _ in range(7):
        town.transfer(1, 2, 1)
    sizes = [len(sealed.batch.operations) for sealed in town.chain.sealed.values()]
    assert len(sizes) >= 3
    assert set(sizes) == {3}


def largest_commitment(transfers: int, blobs: bool) -> Receipt:
    town = Town(settings=Settings(EACH_BLOCK, blobs=blobs)).funded({1: 100, 2: 100})
    town.round()
    for _ in range(transfers):
        town.transfer(1, 2, 1)
    town.advance(5)
    receipts = [found for found in town.layer.receipts.values() if any(isinstance(e, Committed) for e in found.events)]
    return max(receipts, key=lambda receipt: receipt.gas_used)


def test_gas_of_a_commitment_grows_with_a_body_in_calldata_and_not_with_one_in_a_blob() -> None:
    small, large = largest_commitment(1, blobs=False), largest_commitment(20, blobs=False)
    assert large.gas_used > small.gas_used + 19 * 16 * 16
    assert (small.blob_gas, large.blob_gas) == (0, 0)
    few, many = largest_commitment(1, blobs=True), largest_commitment(20, blobs=True)
    # Only zero bytes of the header make a difference.
    assert abs(many.gas_used - few.gas_used) < 500
    assert few.blob_gas == many.blob_gas == GAS_PER_BLOB


def test_a_long_proof_pays_the_floor_of_its_calldata() -> None:
    town = Town().funded({1: 100})
    proof = b"\1" * 30_000
    transaction = town.send("operator", Prove(1, proof))
    town.advance()
    assert town.layer.receipts[transaction.id].gas_used == 21_000 + 10 * 4 * (32 + len(proof))


def test_a_proof_that_fits_no_block_is_not_sent() -> None:
    town = Town().funded({1: 100})
    with pytest.raises(NotSent, match="gas"):
        town.send("operator", Prove(1, b"\1" * 10**7))
