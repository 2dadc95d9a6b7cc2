"""The invariants from a batch to finality, judged on a run: after each block from what it brought, and once at the end."""

from collections import deque

from attrs import define, field

from settlespec.commitment.batch import Body
from settlespec.commitment.header import START, Header, data_link, inbox_link, log_commitment, outbox_link
from settlespec.commitment.state_tree import state_tree
from settlespec.commitment.tree import Tree
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.invariants.cards import Figure, Violation
from settlespec.invariants.settling import (
    BINDING,
    CHAIN_LINK,
    COMPLETE,
    DA_GATE,
    FINALITY,
    JUDGED_ON_A_RUN,
    PAID_ONCE,
    SOLVENT_AFTER_FREEZE,
    SettlingCard,
)
from settlespec.settlement.driven import DrivenRollup
from settlespec.settlement.leaving import Departure
from settlespec.settlement.rollup import Status
from settlespec.settlement.soft_chain import Sealed
from settlespec.settlement.validity_refusals import Committed, Enqueued, Paid, TakenBack, Way
from settlespec.settlement.validity_registry import Registry
from settlespec.settlement.ways_out import events_of

RANKS = {Status.PENDING: 0, Status.SOFT_CONFIRMED: 1, Status.COMMITTED: 2, Status.FINAL: 3, Status.REVERTED: -1}
"""Statuses in the order in which an operation comes through them; nothing is reverted that was not taken back."""

LINKED = (
    ("new_root", "previous_root"),
    ("time_after", "time_before"),
    ("received_after", "received_before"),
    ("inbox_after", "inbox_before"),
    ("outbox_after", "outbox_before"),
    ("data_after", "data_before"),
)
"""What of a header the next one begins with."""


@define
class SettlingCount:
    """What one invariant answered so far."""

    card: SettlingCard
    after_blocks: int = 0
    at_the_end: int = 0
    broken: int = 0
    first: tuple[int, Violation] | None = None
    """After how many operations, and what."""


@define
class Awaiting:
    """What the monitor knows of a batch before the base layer does."""

    first: int
    """The place of its first operation among the accepted ones."""
    operations: bytes
    """The commitment to its log."""
    rank: int = field(default=RANKS[Status.SOFT_CONFIRMED])


@define
class Point:
    """Where the exchange stands after a batch; a taking back goes back to one of them."""

    state: State | None
    """None before the first operation."""
    outbox: bytes
    """The value of the outbox chain."""


class SettlementMonitor:
    """Follows a driven rollup: told of every operation, every sealed batch and every block."""

    def __init__(self, rollup: DrivenRollup) -> None:
        self._counts = {card.id: SettlingCount(card) for card in JUDGED_ON_A_RUN}
        self._operations = 0
        self._accepted: list[Operation] = []
        self._ever_accepted = 0
        self._standing: State | None = None
        self._headers: deque[Header] = deque((rollup.registry.proven,))
        self._final: Registry = rollup.final_registry
        self._inbox = [START]
        self._points = {rollup.registry.proven.number: Point(None, START)}
        self._batches: dict[int, Awaiting] = {}
        self._vault = 0
        self._paid: set[tuple[Way, int]] = set()

    def counts(self) -> tuple[SettlingCount, ...]:
        """What every invariant answered, in the order of a report."""
        return tuple(self._counts.values())

    def _judge(
        self, card: SettlingCard, conjunct: str, who: str, left: Figure, right: Figure, *, at_the_end: bool = False
    ) -> None:
        count = self._counts[card.id]
        if at_the_end:
            count.at_the_end += 1
        else:
            count.after_blocks += 1
        if left != right:
            count.broken += 1
            count.first = count.first or (self._operations, Violation(card.id, conjunct, who, left, right))

    # Following

    def operation(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """An operation was answered."""
        self._operations += 1
        self._stand(before)
        if isinstance(outcome, Accepted):
            self._accepted.append(operation)
            self._ever_accepted += 1
            self._standing = outcome.state

    def _stand(self, state: State) -> None:
        """The exchange stands here: where it was left, or after a batch, and then what came after that was taken back."""
        if self._standing is None:
            self._standing = self._points[0].state = state
        if state is self._standing:
            return
        found = [number for number, point in self._points.items() if point.state is state]
        self._judge(COMPLETE, "the exchange goes on from a batch that stands", "", len(found), 1)
        self._standing, self._accepted = state, []
        for number in [number for number in self._points if found and number > found[0]]:
            del self._points[number], self._batches[number]

    def sealed(self, sealed: Sealed) -> None:
        """A batch was sealed: it has what was accepted since the last one, and its claims link on."""
        batch, number = sealed.batch, sealed.header.number
        same = batch.operations == tuple(self._accepted)
        self._judge(COMPLETE, "a batch has the accepted operations, in order", f"batch {number}", str(same), str(True))
        outbox, after = self._points[number - 1].outbox, batch.after.outbox
        for index in range(batch.before.outbox.next_index, after.next_index):
            outbox = outbox_link(outbox, after.claims[index])
        self._points[number] = Point(batch.after, outbox)
        log = log_commitment(batch.bodies[Body.LOG])
        self._batches[number] = Awaiting(self._ever_accepted - len(self._accepted), log)
        self._accepted = []

    def block(self, rollup: DrivenRollup) -> None:
        """A block was made: what is in it, and what has become final."""
        layer = rollup.layer
        self._stand(rollup.session.state)
        for event in events_of(layer, layer.last_block, rollup.address):
            match event:
                case Enqueued():
                    self._enqueued(event)
                case Committed():
                    self._committed(event)
                case TakenBack():
                    self._take_back(event)
                case Paid():
                    self._pay(event)
                case _:
                    pass
        holds = rollup.registry.vault.balance
        self._judge(PAID_ONCE, "the vault holds what came in less what left", "", holds, self._vault)
        self._finality(rollup)

    def _enqueued(self, event: Enqueued) -> None:
        self._inbox.append(inbox_link(self._inbox[-1], event.received))
        if isinstance(event.received.message, Deposit):
            self._vault += event.received.message.amount

    def _pay(self, event: Paid) -> None:
        name = (event.way, event.name)
        self._judge(
            PAID_ONCE, "no name is paid twice", f"{event.way} {event.name}", str(name in self._paid), str(False)
        )
        self._paid.add(name)
        self._vault -= event.amount

    def _committed(self, event: Committed) -> None:
        header, last = event.header, self._headers[-1]
        who = f"batch {header.number}"
        self._judge(CHAIN_LINK, "numbers have no gap", who, header.number, last.number + 1)
        for after, before in LINKED:
            self._judge(CHAIN_LINK, f"{before} is the last {after}", who, shown(header, before), shown(last, after))
        known = self._batches.get(header.number)
        self._judge(COMPLETE, "a committed batch is one that was sealed", who, str(known is not None), str(True))
        if known is None:
            return
        inbox = self._inbox[header.received_after] if header.received_after < len(self._inbox) else b""
        for conjunct, stated, linked in (
            ("the inbox chain has the messages of the base layer", header.inbox_after, inbox),
            ("the outbox chain has the claims of the state", header.outbox_after, self._points[header.number].outbox),
            ("the header is bound to the operations", header.operations, known.operations),
        ):
            self._judge(BINDING, conjunct, who, stated.hex(), linked.hex())
        published = data_link(last.data_after, event.published)
        self._judge(DA_GATE, "the header is bound to what was published", who, header.data_after.hex(), published.hex())
        self._headers.append(header)

    def _take_back(self, event: TakenBack) -> None:
        """The next header follows the one before the first that was taken back."""
        who, final = f"batch {event.first}", self._final.proven.number
        conjunct = "no batch is taken back that is proven for good"
        self._judge(FINALITY, conjunct, who, min(event.first, final + 1), final + 1)
        while len(self._headers) > 1 and self._headers[-1].number >= event.first:
            self._headers.pop()

    def _finality(self, rollup: DrivenRollup) -> None:
        before, now = self._final, rollup.final_registry
        if now is not before:
            stands = now.exits.get(before.exit.number) == before.exit.new_root
            self._judge(FINALITY, "a final exit root stays", "", str(stands), str(True))
            fewer = len(now.requests) < len(before.requests) or len(now.paid) < len(before.paid)
            self._judge(FINALITY, "final messages and payouts stay", "", str(fewer), str(False))
            self._final = now
            while len(self._headers) > 1 and self._headers[1].number <= now.proven.number:
                self._headers.popleft()
        for number in list(self._batches):
            batch = self._batches[number]
            rank = RANKS[rollup.status(batch.first)]
            self._judge(FINALITY, "no status falls", f"batch {number}", min(rank, batch.rank), batch.rank)
            batch.rank = rank
            if rank == RANKS[Status.FINAL]:
                # What is final is not taken back, so only the point after it is still needed.
                del self._batches[number], self._points[number - 1]

    # The end

    def rebuilt(self, rollup: DrivenRollup, tree: Tree) -> None:
        """The tree that somebody rebuilt from published bytes."""
        exit_root = rollup.registry.exit.new_root
        conjunct = "published bytes alone give the exit root"
        self._judge(DA_GATE, conjunct, "", tree.root().hex(), exit_root.hex(), at_the_end=True)

    def departed(self, departure: Departure) -> None:
        """Everybody left the frozen rollup of another future."""
        paid, room = sum(paid.amount for paid in departure.payouts), departure.held - departure.funds
        conjunct = "all ways out are together what the vault holds less the funds"
        self._judge(SOLVENT_AFTER_FREEZE, conjunct, "", paid, room, at_the_end=True)
        conjunct = "what is asked for again is refused"
        self._judge(PAID_ONCE, conjunct, "", departure.refused_twice, departure.twice, at_the_end=True)

    def settled(self, rollup: DrivenRollup) -> None:
        """Everything that there was is to be final."""
        state, final = rollup.session.state, rollup.final_registry
        conjunct = "every batch is proven in a final block"
        self._judge(COMPLETE, conjunct, "", final.proven.number, rollup.chain.sealer.last.number, at_the_end=True)
        root = state_tree(state, final.deployment.hashing).root()
        conjunct = "every leaf of the last state gives the last root"
        self._judge(BINDING, conjunct, "", root.hex(), final.proven.new_root.hex(), at_the_end=True)
        open_ones = sum(rollup.status(number) is not Status.FINAL for number in range(len(rollup.chain.places)))
        self._judge(FINALITY, "every operation is final", "", open_ones, 0, at_the_end=True)
        paid = sum(amount for (way, _), amount in final.paid.items() if way is Way.CLAIM)
        self._judge(PAID_ONCE, "every claim is paid", "", paid, state.outbox.unpaid, at_the_end=True)
        names = sum(way is Way.CLAIM for way, _ in final.paid)
        self._judge(PAID_ONCE, "each claim once", "", names, state.outbox.next_index, at_the_end=True)
        kept = state.vault - state.outbox.unpaid
        conjunct = "the vault keeps what the state says is not withdrawn"
        self._judge(PAID_ONCE, conjunct, "", final.vault.balance, kept, at_the_end=True)


def shown(header: Header, name: str) -> Figure:
    """A field of a header as one side of a comparison."""
    value: int | bytes = getattr(header, name)
    return value.hex() if isinstance(value, bytes) else value
