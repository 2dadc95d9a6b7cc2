"""Sealing a run of operations into a batch, and the relation that a batch must be in (rules SEAL-2, SEAL-3, BATCH-5)."""

from enum import StrEnum

from attrs import evolve, frozen

from settlespec.commitment.changes import Changed, Changes
from settlespec.commitment.diffs import encode_exit_diff, encode_state_diff
from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.header import START, Header, data_link, inbox_link, log_commitment, outbox_link
from settlespec.commitment.leaves import Part, decode_holdings
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.state_tree import TreeLeaves, state_tree, updated
from settlespec.commitment.tree import Tree
from settlespec.domain.declared import refuse_mistyped
from settlespec.domain.errors import BadInput
from settlespec.domain.messages import Received
from settlespec.domain.operations import Operation, Receive
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State


class Body(StrEnum):
    """SEAL-2.1: what of a batch is published."""

    LOG = "log"
    """Every operation, so that anybody can execute it again."""
    STATE_DIFF = "state-diff"
    """The changed leaves, so that anybody can rebuild the state."""
    EXIT_DIFF = "exit-diff"
    """What changed in the holdings: enough for everybody to leave."""


@frozen
class Batch:
    """A sealed batch: its header, the operations, and the three bodies."""

    header: Header
    operations: tuple[Operation, ...]
    bodies: dict[Body, bytes]
    before: State
    after: State
    tree_before: Tree
    tree_after: Tree
    changed: Changed


@frozen
class SealingPolicy:
    """SEAL-3: a batch is sealed when it has so many operations, is so old, or publishes about so many bytes; the first that applies."""

    operations: int = 1_000
    age: int = 5_000
    """Milliseconds between the clock at the first and at the last operation."""
    bytes: int = 100_000

    def __attrs_post_init__(self) -> None:
        """Refuse a policy under which there is nothing in a batch.

        Raises:
            BadInput: naming the limit.
        """
        refuse_mistyped(self)
        for name, least in (("operations", 1), ("age", 0), ("bytes", 1)):
            if getattr(self, name) < least:
                raise BadInput("a batch has something in it", field=name, remedy=f"give {least} or more")

    def due(self, operations: int, age: int, size: int) -> bool:
        """Whether a batch of this many operations, this age and about this many bytes is to be sealed."""
        return operations >= self.operations or (operations > 0 and age >= self.age) or size >= self.bytes


class Sealer:
    """What the sequencer holds between two seals: the operations so far, and what they touched."""

    def __init__(self, state: State, hashing: HashFunction, body: Body = Body.LOG) -> None:
        self.tree = state_tree(state, hashing)
        self.body = body
        """What is published, and so bound by the data chain."""
        self.before = state
        self.now = state
        self.operations: list[Operation] = []
        self.changes = Changes(state)
        parameters = state.parameters
        root = self.tree.root()
        self.last = Header(
            chain=parameters.chain,
            rollup=parameters.rollup,
            number=0,
            previous_root=START,
            new_root=root,
            time_before=state.clock,
            time_after=state.clock,
            received_before=0,
            received_after=state.inbox.next_index,
            taken_after=state.inbox.cursor,
            inbox_before=START,
            inbox_after=START,
            outbox_before=START,
            outbox_after=START,
            data_before=START,
            data_after=START,
            operations=START,
            at_rest=state.round is None,
        )
        """The header of the last batch; before the first one, of genesis."""

    def add(self, operation: Operation, outcome: Accepted) -> None:
        """One more accepted operation."""
        self.operations.append(operation)
        self.changes.add(outcome)
        self.now = outcome.state

    def seal(self) -> Batch:
        """SEAL-2: the batch of everything since the last seal; each touched node of the tree is hashed once."""
        changed = self.changes.changed(self.now)
        after = updated(self.tree, changed)
        log = encode_log(self.before, self.operations, signatures=True)
        bodies = {
            Body.LOG: log,
            Body.STATE_DIFF: encode_state_diff(changed),
            Body.EXIT_DIFF: self._exit_diff(changed, after),
        }
        header = next_header(
            self.last, self.before, self.now, tuple(self.operations), log, bodies[self.body], after.root()
        )
        batch = Batch(header, tuple(self.operations), bodies, self.before, self.now, self.tree, after, changed)
        self.tree, self.before, self.last = after, self.now, header
        self.operations, self.changes = [], Changes(self.now)
        return batch

    def _exit_diff(self, changed: Changed, after: Tree) -> bytes:
        moved = [leaf for leaf in changed if leaf.part is Part.HOLDINGS]
        old, new = TreeLeaves(self.tree), TreeLeaves(after)
        before = {leaf.key: value for leaf in moved if (value := old.value(leaf)) is not None}
        now = {leaf.key: value for leaf in moved if (value := new.value(leaf)) is not None}
        return encode_exit_diff(
            {name: decode_holdings(value) for name, value in before.items()},
            {name: decode_holdings(value) for name, value in now.items()},
        )


def next_header(
    last: Header,
    before: State,
    after: State,
    operations: tuple[Operation, ...],
    log: bytes,
    published: bytes,
    new_root: bytes,
) -> Header:
    """BATCH-5: the only header that a batch after `last` can have: everything in it follows from the states and the operations.

    The states may be partial: only scalars, new claims and the round's presence are looked at.
    """
    inbox = last.inbox_after
    for operation in operations:
        if isinstance(operation, Receive):
            inbox = inbox_link(inbox, Received(operation.time, operation.message))
    outbox = last.outbox_after
    for index in range(before.outbox.next_index, after.outbox.next_index):
        outbox = outbox_link(outbox, after.outbox.claims[index])
    return evolve(
        last,
        number=last.number + 1,
        previous_root=last.new_root,
        new_root=new_root,
        time_before=before.clock,
        time_after=after.clock,
        received_before=before.inbox.next_index,
        received_after=after.inbox.next_index,
        taken_after=after.inbox.cursor,
        inbox_before=last.inbox_after,
        inbox_after=inbox,
        outbox_before=last.outbox_after,
        outbox_after=outbox,
        data_before=last.data_after,
        data_after=data_link(last.data_after, published),
        operations=log_commitment(log),
        at_rest=after.round is None,
    )
