"""What batches of a run cost against their length: bytes of every body, hashes and digests beside what changed (SIZE-6)."""

from attrs import field, frozen

from settlespec.commitment.arity import DIGIT_BITS, ArityCost, arity_cost
from settlespec.commitment.hashes import HashFunction
from settlespec.commitment.measuring import BodyBytes, Sealing
from settlespec.commitment.state_tree import state_tree, updated
from settlespec.domain.operations import Operation, Receive, Take, Tick
from settlespec.domain.outcomes import Outcome
from settlespec.domain.state import State

MESSAGES = (Receive, Take, Tick)


@frozen
class LengthFigure:
    """SIZE-6.1: batches of so many trades."""

    trades_per_batch: int
    bodies: BodyBytes
    costs: dict[int, ArityCost] = field(factory=dict)
    """By the bits of a key that one node parts by."""


class LengthMeasure:
    """SIZE-6.2: a subscriber that cuts a run into batches of so many trades, and keeps what they cost.

    What comes before the first operation that is no message of the base layer is a batch of its own, and is not counted: keys of 32
    bytes, which are published once.
    """

    def __init__(self, state: State, hashing: HashFunction, trades_per_batch: int) -> None:
        self.trades_per_batch = trades_per_batch
        self._sealing = Sealing(state)
        self._tree = state_tree(state, hashing)
        self._tree.root()
        self._opening = True
        self._figure = LengthFigure(trades_per_batch, BodyBytes(), {bits: ArityCost() for bits in DIGIT_BITS})

    def __call__(self, before: State, operation: Operation, outcome: Outcome) -> None:
        """Look at one step."""
        if self._opening and not isinstance(operation, MESSAGES):
            self._opening = False
            self._seal()
        self._sealing.note(operation, outcome)
        if self._sealing.trades >= self.trades_per_batch:
            self._count(*self._seal())

    def figure(self) -> LengthFigure:
        """What the batches so far have cost; one that is not full is not counted."""
        return self._figure

    def _seal(self) -> tuple[BodyBytes, dict[int, ArityCost]]:
        changed = self._sealing.changes.changed(self._sealing.now)
        bodies = self._sealing.sizes_of(changed)
        self._tree = updated(self._tree, changed)
        costs = {bits: arity_cost(self._tree, bits) for bits in DIGIT_BITS}
        self._tree.root()
        return bodies, costs

    def _count(self, bodies: BodyBytes, costs: dict[int, ArityCost]) -> None:
        known = self._figure
        sums = {bits: known.costs[bits] + cost for bits, cost in costs.items()}
        self._figure = LengthFigure(self.trades_per_batch, known.bodies + bodies, sums)
