"""Single operations with their witnesses: one of every local kind, and one of every kind of micro-step."""

from collections.abc import Collection, Iterator
from functools import cache

from attrs import frozen

from settlespec.commitment.hashes import SHA256
from settlespec.commitment.measuring_witnesses import kind_of
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.parts import leaves_of
from settlespec.commitment.state_tree import state_tree, tree_key
from settlespec.commitment.tree import Tree
from settlespec.commitment.witness import Execution, Witness, reexecuted, witness_of_log
from settlespec.domain.events import ClosedAtMark, Filled
from settlespec.domain.genesis import Genesis
from settlespec.domain.operations import BeginRound, ContinueRound, Operation
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from settlespec.machine.exchange import step
from tests.commitment.dated_walks import CALL, PUT, dated_genesis, dated_walk
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

DATED_KINDS = (
    "FixSettlement",
    "EXPIRE Discard",
    "EXPIRE visit",
    "BeginRound with options",
    "REVALUE visit with options",
    "REVALUE end with options",
    "DEFAULT CloseAtMark with options",
    "Place with options",
)
"""What there is only where something expires, and some of what else reads or writes leaves of options."""

KINDS = (*LOCAL, "BeginRound", *MICRO_STEPS, *DATED_KINDS)


@frozen
class Sample:
    """An accepted operation on a state, and what shows it."""

    before: State
    operations: tuple[Operation, ...]
    after: State
    tree: Tree
    log: bytes
    witness: Witness
    genesis: Genesis

    @property
    def root(self) -> bytes:
        return self.tree.root()

    def checked(self, witness: Witness | None = None, root: bytes | None = None, log: bytes | None = None) -> Execution:
        """What the verifier says, of something else where it is given."""
        return reexecuted(
            SHA256,
            self.genesis,
            self.root if root is None else root,
            self.log if log is None else log,
            self.witness if witness is None else witness,
            SIGNER,
        )


def sample(
    before: State,
    operations: tuple[Operation, ...],
    after: State,
    tree: Tree | None = None,
    genesis: Genesis | None = None,
) -> Sample:
    """Operations with their witness; without another genesis of the preset `minimal`."""
    tree = state_tree(before, SHA256) if tree is None else tree
    genesis = small_genesis() if genesis is None else genesis
    log = encode_log(before, operations, signatures=True)
    witness = witness_of_log(tree, before, log, genesis, SIGNER)
    return Sample(before, operations, after, tree, log, witness, genesis)


def walked_sample(walked: Walked, genesis: Genesis | None = None) -> Sample:
    return sample(walked.before, (walked.operation,), walked.after, genesis=genesis)


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
        if len(found) == len(KINDS) - len(DATED_KINDS):
            return found | dated_samples()
    raise LookupError(f"no walk came to {set(KINDS) - set(DATED_KINDS) - found.keys()}")


def dated_samples() -> dict[str, Sample]:
    """One of each kind that has to do with what expires."""
    found: dict[str, Sample] = {}
    for seed in range(8):
        for walked in dated_walk(seed, 1_000):
            if isinstance(walked.outcome, Accepted):
                for each in single_steps(walked):
                    kind = dated_kind(each)
                    if kind in DATED_KINDS and kind not in found:
                        found[kind] = walked_sample(each, dated_genesis())
        if len(found) == len(DATED_KINDS):
            return found
    raise LookupError(f"no walk came to {set(DATED_KINDS) - found.keys()}")


def dated_kind(walked: Walked) -> str:
    """The kind of a step, which says whether options are quoted, revalued, traded or closed in it."""
    kind = kind_of(walked.before, walked.operation)
    return f"{kind} with options" if is_about_options(walked) else kind


def is_about_options(walked: Walked) -> bool:
    operation, state, current = walked.operation, walked.before, walked.before.round
    if isinstance(operation, BeginRound):
        return any(quote.losses for quote in operation.statement.quotes)
    if current is not None and current.stage is Stage.REVALUE:
        held: Collection[int] = current.quotes
        if current.holder is not None:
            held = state.accounts[current.holder].positions
        return CALL in held or PUT in held
    assert isinstance(walked.outcome, Accepted)
    trades = (event for event in walked.outcome.events if isinstance(event, Filled | ClosedAtMark))
    return any(trade.instrument in (CALL, PUT) for trade in trades)


def single_steps(walked: Walked) -> Iterator[Walked]:
    """A step; a continuation of a round one micro-step at a time."""
    if not isinstance(walked.operation, ContinueRound):
        yield walked
        return
    state, operation = walked.before, ContinueRound(1)
    while state != walked.after:
        outcome = step(state, operation, SIGNER)
        assert isinstance(outcome, Accepted)
        yield Walked(state, operation, outcome, outcome.state)
        state = outcome.state


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
