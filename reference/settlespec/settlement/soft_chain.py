"""What the sequencer has said yes to: operations by number, sealed into batches, taken back together where a batch cannot stand."""

from attrs import frozen

from settlespec.commitment.batch import Batch, Body, Sealer, SealingPolicy
from settlespec.commitment.changes import Changes
from settlespec.commitment.diffs import encode_state_diff
from settlespec.commitment.header import Header, inbox_link
from settlespec.commitment.leaves import LeafKey
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.tree import Tree
from settlespec.domain.messages import Received
from settlespec.domain.operations import Operation, Receive
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.quantities import Milliseconds
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.proofs.interface import Deployment

WAITING = 0
"""In the place of a batch: the operation was not executed yet."""

GONE = -1
"""In the place of a batch: the operation was refused when its turn came, or what it was in was taken back."""


@frozen
class Point:
    """Where the soft chain stands after a batch; nothing is ever taken back to before the last final one."""

    state: State
    tree: Tree
    header: Header


@frozen
class Sealed:
    """A batch that the sequencer stands by."""

    batch: Batch
    last: Header
    """The header before it."""
    at: Milliseconds
    """Base-layer time at which it was sealed."""

    @property
    def header(self) -> Header:
        """Its own header."""
        return self.batch.header


class OpenBody:
    """SOFT-3.2: about how many bytes the open batch publishes: its log, or every leaf that it changed, once and as it is now."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.size = 0
        self._leaves: dict[LeafKey, int] = {}

    def add(self, before: State, operation: Operation, outcome: Accepted) -> None:
        """One more accepted operation."""
        if self.body is Body.LOG:
            self.size += len(encode_log(before, (operation,), signatures=True))
            return
        changes = Changes(before)
        changes.add(outcome)
        for leaf, value in changes.changed(outcome.state).items():
            length = len(encode_state_diff({leaf: value}))
            self.size += length - self._leaves.get(leaf, 0)
            self._leaves[leaf] = length


class SoftChain:
    """The operations that a session accepted, in order. It is told of them by the session, whoever submits them."""

    def __init__(self, session: Session, deployment: Deployment, policy: SealingPolicy, now: Milliseconds) -> None:
        self.session = session
        self.deployment = deployment
        self.policy = policy
        self.now = now
        """Base-layer time, for those who are told when something was sealed."""
        self.places: list[int] = []
        """For each operation the number of its batch, `WAITING` or `GONE`."""
        self.sealed: dict[int, Sealed] = {}
        """Batches that are not final, by number, in order."""
        self.sealer = Sealer(session.state, deployment.hashing, deployment.body)
        self.points: dict[int, Point] = {0: Point(session.state, self.sealer.tree, self.sealer.last)}
        """For the last final batch, or genesis, and every batch after it."""
        self.inbox = self.sealer.last.inbox_after
        """The value of the inbox chain after what the session received."""
        self._body = OpenBody(deployment.body)
        self._since = session.state.clock
        self._executing: int | None = None
        self._executed: list[int] = []
        self._waiting: list[tuple[int, Operation]] = []
        session.subscribers.append(self.told)

    @property
    def open_number(self) -> int:
        """The number of the batch that the next operation will be in."""
        return self.sealer.last.number + 1

    def wait(self, operation: Operation) -> int:
        """SOFT-1: an operation gets its number before its turn has come."""
        self.places.append(WAITING)
        self._waiting.append((len(self.places) - 1, operation))
        return len(self.places) - 1

    def execute_waiting(self) -> None:
        """SOFT-2: what waits is executed in the order in which it came; what is refused is gone."""
        waiting, self._waiting = self._waiting, []
        for number, operation in waiting:
            self._executing = number
            if not isinstance(self.session.submit(operation), Accepted):
                self.places[number] = GONE
            self._executing = None

    def told(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """SOFT-3: an accepted operation is in the open batch, which is sealed when the policy says so."""
        if not isinstance(outcome, Accepted):
            return
        if self._executing is None:
            self.places.append(self.open_number)
            self._executed.append(len(self.places) - 1)
        else:
            self.places[self._executing] = self.open_number
            self._executed.append(self._executing)
        if not self.sealer.operations:
            self._since = outcome.state.clock
        self.sealer.add(operation, outcome)
        self._body.add(before, operation, outcome)
        if isinstance(operation, Receive):
            self.inbox = inbox_link(self.inbox, Received(operation.time, operation.message))
        self.seal_if_due(outcome.state.clock)

    def seal_if_due(self, clock: Milliseconds) -> None:
        """SOFT-4: at this time the policy says whether the open batch is sealed, although nothing more comes."""
        if self.policy.due(len(self.sealer.operations), clock - self._since, self._body.size):
            self.seal()

    def seal(self) -> None:
        """SOFT-4.2: the open batch is sealed, if there is anything in it."""
        if not self.sealer.operations:
            return
        last = self.sealer.last
        batch = self.sealer.seal()
        self.sealed[batch.header.number] = Sealed(batch, last, self.now)
        self.points[batch.header.number] = Point(batch.after, batch.tree_after, batch.header)
        self._body = OpenBody(self.deployment.body)

    def take_back(self, number: int) -> None:
        """SOFT-5: everything after this batch is gone, and the session stands where it stood after it."""
        point = self.points[number]
        while self._executed and self.places[self._executed[-1]] > number:
            self.places[self._executed.pop()] = GONE
        for later in [key for key in self.points if key > number]:
            del self.points[later], self.sealed[later]
        self.session.state = point.state
        self.sealer = Sealer(point.state, self.deployment.hashing, self.deployment.body)
        self.sealer.tree, self.sealer.last = point.tree, point.header
        self.inbox, self._body = point.header.inbox_after, OpenBody(self.deployment.body)

    def forget_before(self, number: int) -> None:
        """SOFT-6: batches up to this one are final: only the point after it is still needed."""
        for final in [key for key in self.points if key < number]:
            del self.points[final]
        for final in [key for key in self.sealed if key <= number]:
            del self.sealed[final]
