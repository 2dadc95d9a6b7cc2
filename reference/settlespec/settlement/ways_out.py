"""What an owner does to leave, with nothing but what stands on the base layer (rules OUT-1 to OUT-5).

The published bodies give the tree of the exit root, whatever the operator does or says; the tree gives the proofs.
"""

from collections.abc import Iterable, Iterator

from settlespec.commitment.batch import Body
from settlespec.commitment.diffs import decode_state_diff
from settlespec.commitment.leaves import LeafKey, Part, decode_holdings
from settlespec.commitment.operation_log import decode_log
from settlespec.commitment.proofs import prove
from settlespec.commitment.state_tree import state_tree, tree_key, updated
from settlespec.commitment.tree import Tree
from settlespec.commitment.witness import execute
from settlespec.domain.quantities import AccountId, Index, Milliseconds
from settlespec.machine.genesis import initial_state
from settlespec.proofs.interface import Deployment
from settlespec.settlement.base_layer import BaseLayer
from settlespec.settlement.chain import Address, Block
from settlespec.settlement.validity_calls import ClaimMoney, Escape
from settlespec.settlement.validity_refusals import Committed, Proven, TakenBack


def events(layer: BaseLayer, address: Address) -> Iterator[object]:
    """OUT-1: everything that the contract at this address said on the chain, in order; others on the layer say the same words."""
    for number in range(layer.head + 1):
        yield from events_of(layer, layer.blocks[number], address)


def events_of(layer: BaseLayer, block: Block, address: Address) -> Iterator[object]:
    """OUT-1.2: what the contract at this address said in one block of the chain."""
    for transaction in block.transactions:
        receipt = layer.receipts[transaction]
        if receipt.to == address:
            yield from receipt.events


def bodies(layer: BaseLayer, address: Address) -> list[bytes]:
    """OUT-2: the published bodies of a rollup's batches up to the last exit root, read from the chain: all that its contract said."""
    waiting: list[bytes] = []
    at_rest = 0
    for event in events(layer, address):
        match event:
            case Committed():
                waiting.append(event.published)
            case TakenBack():
                del waiting[event.first - 1 :]
            case Proven() if event.exit_root:
                at_rest = event.number
            case _:
                pass
    return waiting[:at_rest]


def recovered(deployment: Deployment, published: Iterable[bytes]) -> Tree:
    """OUT-3: the tree after these bodies, from genesis on: by executing the logs, or by applying the diffs.

    Args:
        deployment: of the rollup; it publishes logs or state diffs.
        published: bodies of proven batches, which therefore decode and are accepted.
    """
    recovery = Recovery(deployment)
    recovery.read(published)
    return recovery.tree


class Recovery:
    """OUT-3.2: the tree of a rollup, followed by whoever reads its published bodies one after another."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.state = initial_state(deployment.genesis)
        """Followed by logs only; state diffs lead to the tree alone."""
        self.tree = state_tree(self.state, deployment.hashing)
        self.batches = 0
        """How many bodies were read."""

    def read(self, published: Iterable[bytes]) -> None:
        """The next bodies of proven batches, which therefore decode and are accepted."""
        for body in published:
            if self.deployment.body is Body.LOG:
                operations = decode_log(self.state, body)
                self.state, changed = execute(self.state, operations, self.deployment.signatures)
            else:
                changed = decode_state_diff(body)
            self.tree = updated(self.tree, changed)
            self.batches += 1


def claim_call(tree: Tree, batch: int, index: Index) -> ClaimMoney | None:
    """OUT-4: the call that has a claim of the outbox paid; none where there is no such claim.

    Args:
        tree: of an exit root.
        batch: the number of its batch.
        index: of the claim.
    """
    key = tree_key(LeafKey(Part.OUTBOX, 0, index))
    leaf = tree.get(key)
    return None if leaf is None else ClaimMoney(batch, index, leaf, prove(tree, [key]))


def escape_call(tree: Tree, account: AccountId) -> Escape | None:
    """OUT-4.2: the call that pays an account out of a frozen rollup; none where there is no such account."""
    key = tree_key(LeafKey(Part.HOLDINGS, 0, account))
    leaf = tree.get(key)
    if leaf is None:
        return None
    held = [tree_key(LeafKey(Part.MARKETS, 0, instrument)) for instrument, _ in decode_holdings(leaf).sizes]
    markets = tuple(tree.get(market) or b"" for market in held)
    return Escape(account, leaf, markets, prove(tree, [key, *held]))


def blocks_to_leave(window: Milliseconds, slot_time: Milliseconds, inclusion: int = 1) -> int:
    """OUT-5: LIVE-EXIT: blocks within which an owner without positions and orders is out, whatever the operator does.

    The request, the freeze and the way out are each included; the freeze is sent early enough for the first block past the deadline.
    An owner with positions or resting orders is out as fast where the operator does not serve the request; where it does, what backs
    them stays until they are gone.

    Args:
        window: of the deployment.
        slot_time: from block to block, at least.
        inclusion: blocks that the base layer takes to include a transaction, at most.
    """
    return 3 * inclusion + window // slot_time
