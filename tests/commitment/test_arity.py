"""Trees of more children, counted on the binary one."""

from random import Random

import pytest

from settlespec.commitment.arity import DIGIT_BITS, ArityCost, arity_cost
from settlespec.commitment.hashes import SHA256
from settlespec.commitment.measuring_lengths import LengthMeasure
from settlespec.commitment.measuring_witnesses import CountedHash
from settlespec.commitment.tree import Tree
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ideal

BITS = 12


def nodes_by_definition(keys: set[int], changed: set[int], digit_bits: int) -> int:
    """Nodes of the compressed tree of so many children that have a changed key below them: wherever keys part by a digit."""
    found = set()
    for level in range(0, BITS, digit_bits):
        for key in changed:
            prefix = key >> (BITS - level)
            below = {each for each in keys if each >> (BITS - level) == prefix}
            width = min(digit_bits, BITS - level)
            if len({each >> (BITS - level - width) for each in below}) > 1:
                found.add((level, prefix))
    return len(found)


@pytest.mark.parametrize("digit_bits", DIGIT_BITS)
@pytest.mark.parametrize("seed", range(5))
def test_the_nodes_counted_on_the_binary_tree_are_those_of_the_tree_of_more_children(
    seed: int, digit_bits: int
) -> None:
    random = Random(seed)
    keys = set(random.sample(range(2**BITS), 60))
    tree = Tree(SHA256, BITS).set_many(dict.fromkeys(keys, b"before"))
    tree.root()
    changed = set(random.sample(sorted(keys), 7))
    cost = arity_cost(tree.set_many(dict.fromkeys(changed, b"after")), digit_bits)
    assert cost.leaves == len(changed)
    assert cost.nodes == nodes_by_definition(keys, changed, digit_bits)


def test_with_two_children_the_count_is_what_the_tree_hashes() -> None:
    hashing = CountedHash(SHA256)
    tree = Tree(hashing, BITS).set_many(dict.fromkeys(range(0, 4000, 7), b"x"))
    cost = arity_cost(tree, 1)
    tree.root()
    assert hashing.calls == cost.leaves + cost.nodes
    assert arity_cost(tree, 1) == ArityCost()


def test_a_node_of_more_children_has_longer_input_and_more_beside_it() -> None:
    tree = Tree(SHA256, BITS).set_many(dict.fromkeys(range(2**BITS), b"x"))
    tree.root()
    after = tree.set_many({5: b"y"})
    binary, sixteen = arity_cost(after, 1), arity_cost(after, 4)
    assert (binary.nodes, sixteen.nodes) == (12, 3)
    assert (binary.siblings, sixteen.siblings) == (12 * 32, 3 * 15 * 32)
    # 7 bytes of heading, the children, 9 of padding, in blocks of 64.
    assert (binary.blocks, sixteen.blocks) == (12 * 2, 3 * 9)
    assert ArityCost().hashes_per_leaf() == ArityCost().blocks_per_leaf() == ArityCost().siblings_per_leaf() == 0


def test_longer_batches_hash_less_for_each_changed_leaf() -> None:
    signer = Ideal()
    session = Session(MinimalFlow().genesis(signer), signer)
    measures = [LengthMeasure(session.state, SHA256, trades) for trades in (2, 20)]
    session.subscribers += measures
    for operation in MinimalFlow(operations=800).operations(session):
        session.submit(operation)
    short, long = (measure.figure() for measure in measures)
    assert short.bodies.batches > long.bodies.batches > 0
    assert long.bodies.trades >= 20 * long.bodies.batches
    for bits in DIGIT_BITS:
        assert short.costs[bits].hashes_per_leaf() > long.costs[bits].hashes_per_leaf() > 1
    assert short.bodies.state_diff / short.bodies.trades > long.bodies.state_diff / long.bodies.trades
