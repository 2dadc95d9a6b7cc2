"""What an operator wants waits in its order, without a gap before it; everything else is replaced."""

import pytest

from settlespec.settlement.base_layer import BaseLayer, submit
from settlespec.settlement.chain import NOTHING_PUBLISHED, Transaction
from settlespec.settlement.sending import Bids, Wanted, places, sent
from settlespec.settlement.validity_calls import Commit, Prove, Revert
from tests.settlement.ledger import LEDGER, advanced, submitted, tiny_layer
from tests.settlement.ledger import sent as written

A, B, C = Wanted(Commit(b"a")), Wanted(Commit(b"b")), Wanted(Prove(1, b"c"))
GONE = Wanted(Revert(1, b"d"))


def waiting(*queue: Wanted | None) -> BaseLayer:
    """One transaction is in the chain, and the queue waits from the next nonce on; none is a gap."""
    layer = advanced(submitted(tiny_layer(), written("operator")), 1)
    for nonce, wanted in enumerate(queue, start=1):
        if wanted is not None:
            layer, _ = sent(layer, LEDGER, "operator", wanted.call, wanted.published, Bids(), nonce)
    return layer


@pytest.mark.parametrize(
    ("queue", "wanted", "placed"),
    [
        ((), (), []),
        ((), (A, B), [(1, A), (2, B)]),
        ((A, B), (A, B), []),
        ((A, B), (A, C, B), [(3, C)]),
        ((None, B), (A, B), [(1, A)]),
        ((None, A), (A,), [(1, None)]),
        ((None, A), (A, B), [(3, B), (1, None)]),
        ((None, None, A), (B, A), [(1, B), (2, None)]),
        ((GONE, A), (A,), [(1, None)]),
        ((GONE, A), (C, A), [(1, C)]),
        ((A, GONE), (A,), [(2, None)]),
        ((A, GONE), (A, B), [(2, B)]),
        ((GONE, GONE), (), [(1, None), (2, None)]),
    ],
)
def test_what_is_wanted_takes_the_lowest_nonces_that_are_missing_or_unwanted_in_its_order(
    queue: tuple[Wanted | None, ...], wanted: tuple[Wanted, ...], placed: list[tuple[int, Wanted | None]]
) -> None:
    layer = waiting(*queue)
    assert list(places(layer, LEDGER, "operator", wanted)) == placed
    for nonce, each in placed:
        call, published = (each.call, each.published) if each else (None, NOTHING_PUBLISHED)
        layer, _ = sent(layer, LEDGER, "operator", call, published, Bids(), nonce)
    # Everything wanted waits, in a queue without a gap, so there is nothing more to do.
    assert list(places(layer, LEDGER, "operator", wanted)) == []
    last = max(layer.pool.senders["operator"], default=0) if wanted or queue else 0
    assert layer.next_nonce("operator") == last + 1


def test_an_empty_transaction_gives_way_to_what_is_wanted() -> None:
    layer = waiting(None, A)
    layer, _ = sent(layer, LEDGER, "operator", None, NOTHING_PUBLISHED, Bids(), 1)
    assert list(places(layer, LEDGER, "operator", (B, A))) == [(1, B)]


def test_what_the_same_sender_sends_elsewhere_stays() -> None:
    layer = waiting()
    elsewhere = Transaction("operator", 1, "elsewhere", 100_000, 10**12, 10**9, Revert(1, b"d"))
    after = submit(layer, elsewhere)
    assert isinstance(after, BaseLayer)
    assert list(places(after, LEDGER, "operator", (A,))) == [(2, A)]


def test_a_transaction_that_pays_the_most_there_is_stays_since_nothing_can_replace_it() -> None:
    layer = waiting()
    dear = Transaction("operator", 1, LEDGER, 100_000, 2**96 - 1, 10**9, Revert(1, b"d"))
    after = submit(layer, dear)
    assert isinstance(after, BaseLayer)
    assert list(places(after, LEDGER, "operator", (A,))) == [(2, A)]


def test_what_replaces_a_waiting_transaction_offers_a_tenth_more_of_every_fee() -> None:
    layer = waiting(GONE)
    for fee in (Bids(), Bids(0, 0, 0)):
        layer, transaction = sent(layer, LEDGER, "operator", A.call, A.published, fee, 1)
    first = Bids()
    assert transaction.max_fee > first.max_fee * 121 // 100
    assert transaction.priority_fee > first.priority_fee * 121 // 100
    assert transaction.max_blob_fee > first.max_blob_fee * 121 // 100
