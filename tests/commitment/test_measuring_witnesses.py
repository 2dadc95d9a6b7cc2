"""What witnesses and seals cost: targets, counts that do not depend on the machine, and the page that tells them."""

import re
from functools import cache
from pathlib import Path

import pytest
from attrs import evolve

from settlespec.commitment.crowded import STRIDE, Crowd
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.leaves import LeafKey, Part
from settlespec.commitment.measuring_witnesses import (
    LARGE,
    LIMIT_BYTES,
    LIMIT_SECONDS,
    CountedHash,
    Followed,
    SealFigure,
    WitnessFigure,
    changed_holdings,
    local_figures,
    local_operations,
    many_orders_figures,
    memory_of,
    round_figures,
    seal_figures,
)
from settlespec.commitment.parts import leaves_of, state_of
from settlespec.commitment.state_tree import BITS, state_tree, tree_key, updated
from settlespec.commitment.tree import Branch, Node
from settlespec.domain.orders import Side
from settlespec.machine.signatures import Ideal
from settlespec.machine.standing import standing
from tests.commitment.recording_hashes import CountingHash
from tests.commitment.witnessing import MICRO_STEPS

SMALL = Crowd(accounts=900, orders=900, pairs=40, weak=6)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "witness.md"


@cache
def small_local() -> tuple[WitnessFigure, ...]:
    return local_figures(SMALL, times=1)


def test_a_crowded_state_agrees_with_itself_in_everything() -> None:
    for crowd in (SMALL, Crowd(1, 0, 0), Crowd(10, 3, 2, 3)):
        signer = Ideal()
        state = crowd.state(signer)
        assert state_of(dict(leaves_of(state)), crowd.genesis(signer)) == state
        assert len(state.accounts) == crowd.accounts
        assert len(state.holders) == 2 * (crowd.pairs + crowd.weak)
        assert sum(len(book.orders) for book in state.books.values()) == crowd.orders
        assert state.vault == sum(standing(each, state.markets, 10**6).equity for each in state.accounts.values())


def test_the_orders_of_a_crowd_stand_inside_the_band_and_do_not_cross() -> None:
    state = SMALL.state(Ideal())
    for name, book in state.books.items():
        orders = book.orders.values()
        best_bid = max(order.price for order in orders if order.side is Side.BUY)
        best_ask = min(order.price for order in orders if order.side is Side.SELL)
        assert best_bid < state.markets[name].mark < best_ask
        assert all(state.markets[name].low <= order.price <= state.markets[name].high for order in orders)


@pytest.mark.parametrize("crowd", [Crowd(3, 0, 2), Crowd(3, 4, 0), Crowd(STRIDE, 0, 0), Crowd(5, 0, 1, 2)])
def test_a_crowd_with_more_of_something_than_accounts_is_none(crowd: Crowd) -> None:
    with pytest.raises(ValueError, match="more positions or orders than accounts"):
        crowd.state(Ideal())


def test_every_local_kind_is_measured_and_a_plain_one_keeps_far_below_the_limit() -> None:
    kinds = {figure.kind.split(",")[0] for figure in small_local()}
    assert kinds == {"Place", "Replace", "Cancel", "Withdraw", "Transfer", "Receive", "Take", "Tick"}
    for figure in small_local():
        if "fills" not in figure.kind:
            assert 0 < figure.proof_bytes < figure.witness_bytes < LIMIT_BYTES // 4
            assert figure.claims <= 20
        assert figure.seconds > 0


def test_witnesses_of_local_operations_grow_with_the_depth_of_the_tree_and_not_with_the_number_of_accounts() -> None:
    larger = local_figures(evolve(SMALL, accounts=8 * SMALL.accounts, orders=8 * SMALL.orders), times=1)
    for small, large in zip(small_local(), larger, strict=True):
        assert small.kind == large.kind
        if "fills" not in small.kind:
            assert large.claims == small.claims
            # Eight times the accounts is three branches more on the way to each claim, of 32 bytes each.
            assert large.witness_bytes <= small.witness_bytes + small.claims * 3 * (SHA256.digest_size + 4) + 100


def test_what_an_owner_of_many_orders_reads_is_one_leaf_an_order() -> None:
    found = many_orders_figures(SMALL, times=1)
    counts = [int(figure.kind.split()[1]) for figure in found]
    assert counts == [2, 4, 8, 16, 32, 64, 128, 256]
    assert {figure.claims - count for figure, count in zip(found, counts, strict=True)} == {10}


def test_the_measured_round_comes_to_every_kind_of_micro_step() -> None:
    figures = {figure.kind: figure for figure in round_figures(SMALL, times=1)}
    assert set(figures) == {"BeginRound", *MICRO_STEPS}
    lists = {"EXPIRE end", "DEFAULT end", "HAIRCUT end", "ASSESS end", "CLOSE end", "DISCARD end", "LIQUIDATE end"}
    for kind, figure in figures.items():
        assert figure.claims <= 20 or kind in lists
        assert figure.witness_bytes < LIMIT_BYTES // 4 or kind in lists


def test_a_measurement_of_what_is_refused_is_none() -> None:
    followed = Followed(SMALL, Ideal())
    operation = next(local_operations(followed.session, SMALL))[1]
    followed.submit(operation)
    with pytest.raises(ValueError, match="a measurement's Place was refused"):
        followed.submit(operation)


def branches(node: Node | None) -> int:
    return 1 + branches(node.left) + branches(node.right) if isinstance(node, Branch) else 0


def above(node: Node | None, keys: set[int]) -> int:
    """Branches that have one of the keys below them."""
    if not isinstance(node, Branch):
        return 0
    inside = {key for key in keys if (key ^ node.prefix) >> (BITS - node.depth) == 0}
    return 1 + above(node.left, inside) + above(node.right, inside) if inside else 0


def test_a_seal_calls_the_hash_once_for_each_touched_leaf_and_each_branch_above_one() -> None:
    state = SMALL.state(Ideal())
    for size, figure in zip((1, 10, 300), seal_figures(SMALL, (1, 10, 300), times=2), strict=True):
        assert figure.changed == size
        assert figure.seconds > 0
    changed = changed_holdings(state, range(0, SMALL.accounts, 3))
    counted, counting = CountedHash(SHA256), CountingHash()
    trees = [updated(state_tree(state, hashing), {}) for hashing in (counted, counting)]
    roots = {tree.root() for tree in trees}
    assert len(roots) == 1
    assert counted.calls == counting.calls == len(dict(leaves_of(state))) + branches(trees[0].node)
    before = counted.calls
    after = updated(trees[0], changed)
    after.root()
    assert counted.calls - before == len(changed) + above(after.node, {tree_key(leaf) for leaf in changed})
    assert (counted.name, counted.digest_size, counted.is_digest(b"")) == ("sha256", 32, False)


def test_hashes_for_each_changed_leaf_fall_with_the_batch() -> None:
    figures = seal_figures(SMALL, (1, 10, 100, 900), times=1)
    per_leaf = [figure.per_leaf() for figure in figures]
    assert per_leaf == sorted(per_leaf, reverse=True)
    # All holdings change: their own branches, and the few above their part.
    assert 2 < per_leaf[-1] < 2.1


def test_a_change_of_holdings_is_one_leaf_of_the_account() -> None:
    state = SMALL.state(Ideal())
    assert set(changed_holdings(state, (3, 5))) == {LeafKey(Part.HOLDINGS, 0, 3), LeafKey(Part.HOLDINGS, 0, 5)}
    assert all(dict(leaves_of(state))[leaf] != value for leaf, value in changed_holdings(state, (3, 5)).items())
    assert SealFigure(4, 10, 1.0, 10).per_leaf() == 2.5


def test_the_memory_of_a_state_is_that_of_a_process_of_its_own() -> None:
    small = memory_of(Crowd(10, 0, 0))
    assert 5 * 2**20 < small < 150 * 2**20
    # Parameters for a hundred thousand accounts and orders would take seconds; ten thousand must keep below a fifth of the limit.
    assert memory_of(Crowd(10_000, 10_000, 100)) < 120 * 2**20


@pytest.mark.slow
def test_the_figures_of_a_hundred_thousand_accounts_meet_their_targets() -> None:
    assert memory_of(LARGE) < 400 * 2**20
    (seal,) = seal_figures(LARGE, (3_000,))
    assert seal.hashes == 18_866
    assert seal.seconds <= 0.5
    text = PAGE.read_text()
    for figure in local_figures(LARGE):
        if "fills" not in figure.kind:
            assert figure.witness_bytes <= LIMIT_BYTES
            assert figure.seconds < LIMIT_SECONDS
        assert re.search(rf"\| {figure.kind} \| {figure.claims:,} \| {figure.witness_bytes:,} \|", text), figure


def test_the_page_tells_the_targets_and_the_hashes_of_a_seal() -> None:
    text = PAGE.read_text()
    for said in ("20 kB", "20 ms", "0.5 s", "400 MB", "18,866"):
        assert said in text
