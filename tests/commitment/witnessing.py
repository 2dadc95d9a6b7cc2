"""Single operations with their witnesses: one of every local kind, and one of every kind of micro-step."""

from functools import cache

from attrs import frozen

from settlespec.commitment.hashes import SHA256
from settlespec.commitment.measuring_witnesses import kind_of
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.parts import leaves_of
from settlespec.commitment.state_tree import state_tree, tree_key
from settlespec.commitment.tree import Tree
from settlespec.commitment.witness import Execution, Witness, reexecuted, witness_of_log
from settlespec.domain.operations import ContinueRound, Operation
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.machine.exchange import step
from tests.commitment.walks import SIGNER, Walked, minimal_walk, small_genesis

LOCAL = ("Place", "Cancel", "Replace", "Withdraw", "Transfer", "Receive", "Take", "Tick")

MICRO_STEPS = (
    "REVALUE visit",
    "REVALUE end",
    "EXPIRE end",
    "DEFAULT Seize",
    "DEFAULT CloseAtMark",
    "DEFAULT Settle",
    "DEFAULT end",
    "HAIRCUT account",
    "HAIRCUT end",
    "ASSESS visit",
    "ASSESS end",
    "CLOSE Seize",
    "CLOSE CloseAtMark",
    "CLOSE end",
    "DISCARD Discard",
    "DISCARD end",
    "LIQUIDATE account",
    "LIQUIDATE end",
)
"""Stage and what is done: a holder is visited, a task is done, or the stage ends."""

KINDS = (*LOCAL, "BeginRound", *MICRO_STEPS)


@frozen
class Sample:
    """An accepted operation on a state, and what shows it."""

    before: State
    operations: tuple[Operation, ...]
    after: State
    tree: Tree
    log: bytes
    witness: Witness

    @property
    def root(self) -> bytes:
        return self.tree.root()

    def checked(self, witness: Witness | None = None, root: bytes | None = None, log: bytes | None = None) -> Execution:
        """What the verifier says, of something else where it is given."""
        return reexecuted(
            SHA256,
            small_genesis(),
            self.root if root is None else root,
            self.log if log is None else log,
            self.witness if witness is None else witness,
            SIGNER,
        )


def sample(before: State, operations: tuple[Operation, ...], after: State, tree: Tree | None = None) -> Sample:
    tree = state_tree(before, SHA256) if tree is None else tree
    log = encode_log(before, operations, signatures=True)
    witness = witness_of_log(tree, before, log, small_genesis(), SIGNER)
    return Sample(before, operations, after, tree, log, witness)


def walked_sample(walked: Walked) -> Sample:
    return sample(walked.before, (walked.operation,), walked.after)


@cache
def samples() -> dict[str, Sample]:
    """One of each kind."""
    found: dict[str, Sample] = {}
    for seed in range(40, 60):
        for walked in minimal_walk(seed, 1_500):
            if not isinstance(walked.outcome, Accepted):
                continue
            kind = kind_of(walked.before, walked.operation)
            if not isinstance(walked.operation, ContinueRound) and kind not in found:
                found[kind] = walked_sample(walked)
            if walked.before.round is None and walked.after.round is not None:
                collect_micro_steps(walked.after, found)
        if len(found) == len(KINDS):
            return found
    raise LookupError(f"no walk came to {set(KINDS) - found.keys()}")


def collect_micro_steps(state: State, found: dict[str, Sample]) -> None:
    """The micro-steps of a round of kinds that were not met yet."""
    operation = ContinueRound(1)
    while state.round is not None:
        outcome = step(state, operation, SIGNER)
        assert isinstance(outcome, Accepted)
        kind = kind_of(state, operation)
        if kind not in found:
            found[kind] = sample(state, (operation,), outcome.state)
        state = outcome.state


def leaves_by_key(state: State) -> dict[int, bytes]:
    """Every leaf of a state under its key of the tree."""
    return {tree_key(leaf): value for leaf, value in leaves_of(state)}
