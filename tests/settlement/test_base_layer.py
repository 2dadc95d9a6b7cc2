"""The base layer: inclusion, fees, reorganisations, finality, censorship."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.domain.errors import BadInput
from settlespec.domain.outcomes import Exhausted
from settlespec.rules.base_fees import GAS_PER_BLOB, MAX_FEE, next_base_fee
from settlespec.settlement import base_layer
from settlespec.settlement.base_fee import BlobSchedule, blob_base_fee, next_excess
from settlespec.settlement.base_layer import (
    BaseLayer,
    advance,
    advance_until,
    censor,
    first_layer,
    reorganise,
    submit,
)
from settlespec.settlement.chain import (
    BLOB_BYTES,
    MAX_CALLDATA,
    BaseLayerParameters,
    Published,
    Refusal,
    Refused,
    Transaction,
)
from settlespec.settlement.congestion import GeneratedCongestion
from tests.settlement.ledger import (
    GWEI,
    LEDGER,
    Constant,
    Ledger,
    advanced,
    entries,
    final_entries,
    sent,
    submitted,
    tiny_layer,
)

FULL = Constant(gas=60_000_000)


def reorganised(layer: BaseLayer, depth: int, lost: frozenset[tuple[str, int]] = frozenset()) -> BaseLayer:
    after = reorganise(layer, depth, lost)
    assert isinstance(after, BaseLayer), after
    return after


def test_a_transaction_waits_until_the_next_block_and_then_has_a_receipt() -> None:
    layer = submitted(tiny_layer(), sent("ada"))
    assert entries(layer) == ()
    layer = advance(layer)
    assert entries(layer) == (("ada", "paid"),)
    assert layer.last_block.transactions == (("ada", 0),)
    receipt = layer.receipts["ada", 0]
    assert (receipt.block, receipt.time, receipt.reverted) == (1, 12_000, False)
    assert receipt.events == ((1, "ada", "paid", 0, 0),)
    assert layer.pool.size == 0


def test_a_transaction_pays_base_fee_and_priority_fee_for_gas_and_the_blob_fee_for_blobs() -> None:
    published = Published(b"\0\0\1", (b"data", bytes(BLOB_BYTES)))
    layer = advance(submitted(tiny_layer(), sent("ada", published=published)))
    receipt, opening = layer.receipts["ada", 0], layer.last_block.opening
    assert receipt.gas_used == 21_000 + 4 * 6 + 50_000
    assert receipt.gas_price == opening.base_fee + 2 * GWEI
    assert receipt.blob_gas == 2 * GAS_PER_BLOB
    assert receipt.cost == receipt.gas_used * receipt.gas_price + receipt.blob_gas * opening.blob_base_fee
    assert receipt.events == ((1, "ada", "paid", 3, 2),)


def test_the_price_of_gas_is_never_more_than_the_sender_pays_at_most() -> None:
    layer = advance(submitted(tiny_layer(), sent("ada", priority_fee=9 * GWEI, max_fee=11 * GWEI)))
    receipt, opening = layer.receipts["ada", 0], layer.last_block.opening
    assert opening.base_fee + 9 * GWEI > 11 * GWEI
    assert receipt.gas_price == 11 * GWEI


def test_a_block_counts_the_gas_that_was_used_and_not_what_might_have_been() -> None:
    layer = advance(submitted(tiny_layer(), sent("ada", gas_limit=1_000_000)))
    assert layer.receipts["ada", 0].gas_used == 71_000
    assert layer.last_block.gas_used == Constant().gas + 71_000


def test_the_bytes_of_a_payload_are_calldata_of_the_transaction_and_have_its_floor() -> None:
    few, many = (
        advance(submitted(tiny_layer(ledger=Ledger(tokens=tokens)), sent("ada", gas_limit=200_000)))
        for tokens in (8_333, 8_334)
    )
    # 50,000 of execution are worth 8,333.3 tokens of the floor's 6 beyond the price of calldata.
    assert few.receipts["ada", 0].gas_used == 21_000 + 4 * 8_333 + 50_000
    assert many.receipts["ada", 0].gas_used == 21_000 + 10 * 8_334


def test_who_pays_the_builder_more_comes_first_and_ties_go_to_who_came_first() -> None:
    layer = submitted(
        tiny_layer(),
        sent("low", priority_fee=1 * GWEI),
        sent("first", priority_fee=5 * GWEI),
        sent("second", priority_fee=5 * GWEI),
        sent("high", priority_fee=9 * GWEI),
    )
    assert [sender for sender, _ in entries(advance(layer))] == ["high", "first", "second", "low"]


def test_the_priority_fee_counts_only_as_far_as_the_maximum_reaches() -> None:
    layer = submitted(
        tiny_layer(),
        sent("boastful", priority_fee=9 * GWEI, max_fee=11 * GWEI + 5),
        sent("modest", priority_fee=3 * GWEI),
    )
    assert [sender for sender, _ in entries(advance(layer))] == ["modest", "boastful"]


def test_the_transactions_of_a_sender_keep_the_order_of_their_nonces() -> None:
    layer = submitted(
        tiny_layer(),
        sent("ada", 1, "second", priority_fee=9 * GWEI),
        sent("bob", 0, "between", priority_fee=4 * GWEI),
        sent("ada", 0, "first", priority_fee=3 * GWEI),
    )
    assert [payload for _, payload in entries(advance(layer))] == ["between", "first", "second"]


def test_a_gap_in_the_nonces_holds_back_what_follows_it() -> None:
    layer = advance(submitted(tiny_layer(), sent("ada", 1, "second")))
    assert entries(layer) == ()
    assert layer.next_nonce("ada") == 0
    layer = submitted(layer, sent("ada", 0, "first"))
    assert layer.next_nonce("ada") == 2
    assert [payload for _, payload in entries(advance(layer))] == ["first", "second"]


def test_a_base_fee_above_what_a_transaction_pays_makes_it_wait() -> None:
    layer = submitted(tiny_layer(Constant(gas=0)), sent("ada", max_fee=9 * GWEI, priority_fee=0))
    waited = [layer := advance(layer) for _ in range(3)]
    assert waited[0].last_block.opening.base_fee == 8_750_000_000
    assert waited[0].receipts["ada", 0].block == 1
    dear = submitted(tiny_layer(), sent("ada", max_fee=9 * GWEI, priority_fee=0))
    assert entries(advanced(dear, 3)) == ()


def test_a_blob_base_fee_above_what_a_transaction_pays_makes_it_wait_and_costs_those_without_blobs_nothing() -> None:
    blob = Published(blobs=(b"data",))
    layer = submitted(tiny_layer(), sent("ada", published=blob, max_blob_fee=1), sent("bob", max_blob_fee=0))
    assert layer.last_block.opening.blob_base_fee > 1
    assert [sender for sender, _ in entries(advance(layer))] == ["bob"]


def test_whoever_pays_the_blob_base_fee_to_the_wei_is_included() -> None:
    fee = advance(tiny_layer()).last_block.opening.blob_base_fee
    assert fee > 1
    for most, included in ((fee, True), (fee - 1, False)):
        layer = advance(submitted(tiny_layer(), sent("ada", published=Published(blobs=(b"x",)), max_blob_fee=most)))
        assert (("ada", 0) in layer.receipts) is included


def test_in_a_full_block_only_those_are_included_who_outbid_everybody_else() -> None:
    layer = submitted(tiny_layer(FULL), sent("low", priority_fee=GWEI - 1), sent("high", priority_fee=GWEI))
    layer = advance(layer)
    assert [sender for sender, _ in entries(layer)] == ["high"]
    assert layer.last_block.gas_used == 60_000_000


def test_blobs_are_bid_for_like_gas() -> None:
    two = Published(blobs=(b"a", b"b"))
    crowded = Constant(blobs=20)
    layer = submitted(tiny_layer(crowded), sent("low", priority_fee=0, published=two))
    layer = advance(layer)
    assert entries(layer) == ()
    assert layer.last_block.blob_gas_used == 20 * GAS_PER_BLOB
    layer = advance(submitted(layer, sent("high", published=two)))
    assert [sender for sender, _ in entries(layer)] == ["high"]
    assert layer.last_block.blob_gas_used == 21 * GAS_PER_BLOB


def test_a_transaction_that_does_not_fit_lets_smaller_ones_pass() -> None:
    crowded = Constant(gas=0)
    layer = submitted(
        tiny_layer(crowded),
        sent("first", payload=39_900_000, gas_limit=40_000_000, priority_fee=9 * GWEI),
        sent("large", payload=39_900_000, gas_limit=40_000_000, priority_fee=8 * GWEI),
        sent("small", priority_fee=7 * GWEI),
    )
    layer = advance(layer)
    assert [sender for sender, _ in entries(layer)] == ["first", "small"]
    assert [sender for sender, _ in entries(advance(layer))][-1] == "large"


def test_a_refused_call_pays_and_changes_nothing() -> None:
    layer = advance(submitted(tiny_layer(), sent("ada", payload="refuse")))
    receipt = layer.receipts["ada", 0]
    assert entries(layer) == ()
    assert (receipt.reverted, receipt.gas_used, receipt.events) == (True, 71_000, ())


def test_a_call_that_runs_out_of_gas_pays_its_limit_and_changes_nothing() -> None:
    layer = submitted(
        tiny_layer(), sent("ada", payload=79_001, gas_limit=100_000), sent("bob", payload=79_000, gas_limit=100_000)
    )
    layer = advance(layer)
    assert [sender for sender, _ in entries(layer)] == ["bob"]
    assert (layer.receipts["ada", 0].reverted, layer.receipts["ada", 0].gas_used) == (True, 100_000)
    assert (layer.receipts["bob", 0].reverted, layer.receipts["bob", 0].gas_used) == (False, 100_000)


@pytest.mark.parametrize("address", [None, "nowhere"])
def test_a_transaction_to_no_contract_pays_and_executes_nothing(address: str | None) -> None:
    layer = advance(submitted(tiny_layer(), evolve(sent("ada"), to=address)))
    assert layer.receipts["ada", 0].gas_used == 21_000
    assert set(layer.contracts) == {LEDGER}


REFUSED = {
    "no sender": (evolve(sent("ada"), sender=""), Refusal.MALFORMED),
    "a negative nonce": (sent("ada", -1), Refusal.MALFORMED),
    "a negative fee": (sent("ada", priority_fee=-1), Refusal.MALFORMED),
    "a fee past its range": (sent("ada", max_fee=MAX_FEE + 1), Refusal.MALFORMED),
    "more for the builder than it pays": (sent("ada", max_fee=1, priority_fee=2), Refusal.PRIORITY_ABOVE_MAXIMUM),
    "too little gas for itself": (sent("ada", gas_limit=20_999), Refusal.TOO_LITTLE_GAS),
    "too little gas for its calldata": (
        sent("ada", published=Published(bytes(10)), gas_limit=21_099),
        Refusal.TOO_LITTLE_GAS,
    ),
    "more gas than a block": (sent("ada", gas_limit=60_000_001), Refusal.TOO_MUCH_GAS),
    "calldata past all limits": (
        sent("ada", published=Published(bytes(MAX_CALLDATA + 1)), gas_limit=60_000_000),
        Refusal.TOO_MUCH_CALLDATA,
    ),
    "more blobs than a block": (sent("ada", published=Published(blobs=(b"",) * 22)), Refusal.TOO_MANY_BLOBS),
    "a blob that is too long": (
        sent("ada", published=Published(blobs=(bytes(BLOB_BYTES + 1),))),
        Refusal.BLOB_TOO_LONG,
    ),
}


@pytest.mark.parametrize(("transaction", "reason"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_no_block_could_include_is_refused(transaction: Transaction, reason: Refusal) -> None:
    assert submit(tiny_layer(), transaction) == Refused(reason)


MISTYPED: dict[str, Any] = {
    "sender": 5,
    "nonce": 0.0,
    "gas_limit": 100_000.5,
    "max_fee": float(10**11),
    "priority_fee": True,
    "max_blob_fee": float("nan"),
    "to": b"ledger",
}


@pytest.mark.parametrize(
    "transaction",
    [
        *(evolve(sent("ada"), **{name: value}) for name, value in MISTYPED.items()),
        sent("ada", gas_limit="9"),  # type: ignore[arg-type]
        sent("ada", nonce=False),
        evolve(sent("ada"), published=None),  # type: ignore[arg-type]
        *(
            sent("ada", published=published, gas_limit=200_000)
            for published in (
                Published(calldata="abc"),  # type: ignore[arg-type]
                Published(calldata=bytearray(3)),  # type: ignore[arg-type]
                Published(blobs=[b"abc"]),  # type: ignore[arg-type]
                Published(blobs=("abc",)),  # type: ignore[arg-type]
            )
        ),
    ],
)
def test_what_is_not_of_the_declared_types_is_malformed_and_never_becomes_a_fee(transaction: Transaction) -> None:
    assert submit(tiny_layer(), transaction) == Refused(Refusal.MALFORMED)


def test_a_nonce_is_used_once() -> None:
    layer = advance(submitted(tiny_layer(), sent("ada")))
    assert submit(layer, sent("ada", payload="again")) == Refused(Refusal.NONCE_USED)
    assert entries(advance(submitted(layer, sent("ada", 1, "again")))) == (("ada", "paid"), ("ada", "again"))


def test_a_waiting_transaction_gives_way_to_one_that_pays_a_tenth_more_and_to_no_other() -> None:
    old = sent("ada", payload="old", priority_fee=10, max_fee=100, max_blob_fee=0)
    layer = submitted(tiny_layer(Constant(opening_fee=50)), old, sent("bob", priority_fee=11, max_fee=110))
    for fees in ((10, 110), (11, 109)):
        cheap = sent("ada", payload="new", priority_fee=fees[0], max_fee=fees[1], max_blob_fee=0)
        assert submit(layer, cheap) == Refused(Refusal.REPLACEMENT_TOO_CHEAP)
    layer = submitted(layer, sent("ada", payload="new", priority_fee=11, max_fee=110, max_blob_fee=0))
    assert layer.pool.size == 2
    # The replacement keeps the place in the queue: it comes before bob, who offers the same.
    assert entries(advance(layer)) == (("ada", "new"), ("bob", "paid"))


def test_a_replacement_that_pays_nothing_more_is_refused() -> None:
    free = sent("ada", priority_fee=0, max_fee=0, max_blob_fee=0)
    assert submit(submitted(tiny_layer(), free), free) == Refused(Refusal.REPLACEMENT_TOO_CHEAP)


def test_the_pool_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_layer, "MAX_PENDING", 2)
    layer = submitted(tiny_layer(), sent("ada"), sent("bob"))
    assert submit(layer, sent("eve")) == Refused(Refusal.POOL_FULL)
    assert isinstance(submit(layer, sent("ada", max_fee=200 * GWEI, priority_fee=3 * GWEI)), Refused)
    dearer = sent("ada", max_fee=200 * GWEI, priority_fee=3 * GWEI, max_blob_fee=110 * GWEI)
    assert isinstance(submit(layer, dearer), BaseLayer)


def test_every_block_follows_from_its_parent_by_the_rules() -> None:
    layer = advanced(first_layer({}), 300)
    for number in range(1, 301):
        parent, block = layer.blocks[number - 1], layer.blocks[number]
        before, opening = parent.opening, block.opening
        assert opening.parent == parent.identity
        assert opening.base_fee == next_base_fee(before.base_fee, parent.gas_used, before.gas_limit // 2)
        blobs = layer.parameters.blobs
        assert opening.excess_blob_gas == next_excess(
            before.excess_blob_gas, parent.blob_gas_used, before.base_fee, blobs
        )
        assert opening.blob_base_fee == blob_base_fee(opening.excess_blob_gas, blobs)
        assert opening.time == before.time + 12_000
        assert 0 <= block.gas_used <= opening.gas_limit
        assert 0 <= block.blob_gas_used <= blobs.most_gas


def test_the_same_seed_gives_the_same_chain_and_another_seed_another() -> None:
    def chain(seed: int) -> bytes:
        layer = submitted(first_layer({LEDGER: Ledger()}, congestion=GeneratedCongestion(seed=seed)), sent("ada"))
        return advanced(layer, 50).last_block.identity

    assert chain(7) == chain(7)
    assert chain(7) != chain(8)


def test_one_byte_of_a_blob_or_of_calldata_makes_another_block() -> None:
    contents = (Published(b"a"), Published(b"b"), Published(blobs=(b"a",)), Published(blobs=(b"b",)), Published())
    identities = {
        advance(submitted(tiny_layer(), sent("ada", published=each))).last_block.identity for each in contents
    }
    assert len(identities) == len(contents)


def test_a_reorganisation_returns_transactions_and_contracts() -> None:
    layer = advance(submitted(tiny_layer(), sent("ada", 0, "kept")))
    kept = layer.last_block
    layer = advanced(submitted(layer, sent("ada", 1, "dropped"), sent("bob", 0, "dropped too")), 2)
    assert len(entries(layer)) == 3
    back = reorganised(layer, 2)
    assert back.last_block == kept
    assert entries(back) == (("ada", "kept"),)
    assert set(back.receipts) == {("ada", 0)}
    assert back.pool.size == 2
    assert back.next_nonce("ada") == 2
    again = advance(back)
    assert entries(again) == entries(layer)
    assert again.last_block.number == 2
    assert again.last_block.identity != layer.blocks[2].identity


def test_time_never_runs_backwards_when_blocks_are_dropped() -> None:
    layer = advanced(tiny_layer(), 3)
    assert layer.clock == 36_000
    layer = advance(reorganised(layer, 2))
    assert (layer.last_block.number, layer.last_block.time) == (2, 48_000)


def test_returned_transactions_keep_their_places_in_the_queue() -> None:
    layer = advance(submitted(tiny_layer(), sent("early")))
    layer = submitted(reorganised(layer, 1), sent("late"))
    assert [sender for sender, _ in entries(advance(layer))] == ["early", "late"]


def test_a_lost_transaction_does_not_come_back_and_holds_up_its_followers() -> None:
    layer = advance(submitted(tiny_layer(), sent("ada", 0, "deposit"), sent("ada", 1, "more")))
    layer = advanced(reorganised(layer, 1, frozenset({("ada", 0)})), 3)
    assert entries(layer) == ()
    layer = advance(submitted(layer, sent("ada", 0, "something else")))
    assert [payload for _, payload in entries(layer)] == ["something else", "more"]


def test_only_a_transaction_of_a_dropped_block_can_be_lost() -> None:
    layer = advance(advance(submitted(tiny_layer(), sent("ada"))))
    assert reorganise(layer, 1, frozenset({("ada", 0)})) == Refused(Refusal.NOT_DROPPED)


def test_a_reorganisation_has_a_limit() -> None:
    layer = advanced(tiny_layer(), 4)
    assert reorganise(layer, 4) == Refused(Refusal.REORG_TOO_DEEP)
    assert reorganise(layer, -1) == Refused(Refusal.REORG_TOO_DEEP)
    assert reorganised(layer, 3).head == 1
    assert reorganised(layer, 0) == layer


def test_a_block_is_final_once_the_depth_stands_on_it() -> None:
    layer = advanced(submitted(tiny_layer(), sent("ada")), 5)
    assert (layer.final, layer.is_final(("ada", 0)), final_entries(layer)) == (0, False, ())
    layer = advance(layer)
    assert (layer.final, layer.is_final(("ada", 0)), final_entries(layer)) == (1, True, (("ada", "paid"),))
    assert not layer.is_final(("bob", 0))


def test_reorganisations_one_after_another_do_not_reach_what_is_final() -> None:
    layer = advanced(tiny_layer(), 10)
    layer = reorganised(layer, 3)
    assert (layer.head, layer.final) == (7, 5)
    assert reorganise(layer, 3) == Refused(Refusal.REORG_OF_FINAL)
    assert reorganised(layer, 2).head == 5


@settings(max_examples=60)
@given(steps=st.lists(st.one_of(st.integers(1, 5), st.integers(-3, -1), st.sampled_from(["ada", "bob"])), max_size=40))
def test_nothing_final_is_ever_changed(steps: list[int | str]) -> None:
    layer = tiny_layer()
    final_blocks = {0: layer.last_block.identity}
    entered: tuple[tuple[str, object], ...] = ()
    for step in steps:
        if isinstance(step, str):
            layer = submitted(layer, sent(step, layer.next_nonce(step)))
        elif step > 0:
            layer = advanced(layer, step)
        else:
            after = reorganise(layer, -step)
            layer = after if isinstance(after, BaseLayer) else layer
        for number, identity in final_blocks.items():
            assert layer.blocks[number].identity == identity
        final_blocks |= {number: layer.blocks[number].identity for number in range(layer.final + 1)}
        assert final_entries(layer)[: len(entered)] == entered
        entered = final_entries(layer)
        assert entries(layer)[: len(entered)] == entered
        assert set(layer.snapshots) == set(range(layer.final, layer.head + 1))
        assert set(layer.blocks) == set(range(layer.head + 1))
        assert len(layer.receipts) == len(entries(layer)) == sum(layer.snapshots[layer.head].nonces.values())
        assert layer.pool.size == sum(len(waiting) for waiting in layer.pool.senders.values())


def test_a_censored_sender_waits_and_is_included_afterwards() -> None:
    layer = censor(submitted(tiny_layer(), sent("ada"), sent("bob")), "ada", until=36_000)
    layer = advanced(layer, 2)
    assert entries(layer) == (("bob", "paid"),)
    layer = advance(layer)
    assert layer.clock == 36_000
    assert entries(layer) == (("bob", "paid"), ("ada", "paid"))


def test_blocks_are_made_until_a_time_is_reached() -> None:
    layer = advance_until(tiny_layer(), 30_000)
    assert (layer.head, layer.clock) == (3, 36_000)
    assert advance_until(layer, 36_000) == layer


def test_blobs_are_kept_for_the_retention_and_no_longer() -> None:
    layer = advanced(tiny_layer(), 12)
    assert [number for number in range(-1, 14) if layer.blobs_are_kept(number)] == list(range(2, 13))


def test_an_earlier_layer_is_untouched_by_what_happens_to_a_later_one() -> None:
    layer = submitted(tiny_layer(), sent("ada"))
    before = repr(layer)
    reorganised(advanced(layer, 3), 2)
    assert repr(layer) == before


PARAMETERS: dict[str, Callable[[], BaseLayerParameters]] = {
    "gas_limit": lambda: BaseLayerParameters(gas_limit=41_999),
    "blobs": lambda: BaseLayerParameters(blobs=BlobSchedule(7, 6, 1, 0)),
    "finality_depth": lambda: BaseLayerParameters(finality_depth=-1),
    "reorg_limit": lambda: BaseLayerParameters(reorg_limit=65),
    "blob_retention": lambda: BaseLayerParameters(blob_retention=63),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gas_limit", 60_000_000.5),
        ("finality_depth", 1.5),
        ("finality_depth", True),
        ("reorg_limit", "1"),
        ("blob_retention", None),
        ("blobs", BlobSchedule(3.0, 6, 1, 0)),  # type: ignore[arg-type]
    ],
)
def test_parameters_of_another_type_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(BadInput, match="is not what this takes") as refused:
        BaseLayerParameters(**{name: value})
    assert refused.value.field == name


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_that_cannot_be_are_refused_by_name(name: str) -> None:
    with pytest.raises(BadInput, match=name) as refused:
        PARAMETERS[name]()
    assert refused.value.field == name
    assert refused.value.remedy is not None


def test_a_chain_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_layer, "MAX_BLOCKS", 3)
    layer = advanced(tiny_layer(), 2)
    with pytest.raises(Exhausted, match="more than 3 blocks"):
        advance(layer)
