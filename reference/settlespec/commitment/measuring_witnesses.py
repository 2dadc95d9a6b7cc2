"""What witnesses and seals cost on a state of a given size: bytes, hashes, seconds of the processor, memory (SIZE-3 to SIZE-5)."""

import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final

from attrs import evolve, frozen

from settlespec.commitment.arity import arity_cost
from settlespec.commitment.changes import Changed, Changes
from settlespec.commitment.crowded import FALL_PPM, LOTS, Crowd
from settlespec.commitment.hashes import SHA256, HashFunction
from settlespec.commitment.leaves import LeafKey, Part, encode_holdings, split_account
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.state_tree import state_tree, updated
from settlespec.commitment.tree import Tree
from settlespec.commitment.witness import Witness, encode_witness, reexecuted, witness_of_log
from settlespec.domain.genesis import Genesis
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import ContinueRound, Operation, Receive, Take, Tick, Transfer, Withdraw
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Round
from settlespec.domain.state import State
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ideal, Signatures, Signer

LARGE: Final = Crowd(accounts=100_000, orders=100_000, pairs=470, weak=30)
"""The state of the figures: of 1,000 holders 30 are weak."""

LIMIT_BYTES, LIMIT_SECONDS = 20_000, 0.020
"""What the witness of a local operation and its verification may take."""


class CountedHash:
    """A hash function that counts its calls."""

    def __init__(self, inner: HashFunction) -> None:
        self._inner = inner
        self.calls = 0

    @property
    def name(self) -> str:
        """That of the function inside."""
        return self._inner.name

    @property
    def digest_size(self) -> int:
        """That of the function inside."""
        return self._inner.digest_size

    def leaf(self, bits: int, key: int, value: bytes) -> bytes:
        """One call."""
        self.calls += 1
        return self._inner.leaf(bits, key, value)

    def branch(self, bits: int, depth: int, prefix: int, left: bytes, right: bytes) -> bytes:
        """One call."""
        self.calls += 1
        return self._inner.branch(bits, depth, prefix, left, right)

    def is_digest(self, data: bytes) -> bool:
        """As the function inside says; no call."""
        return self._inner.is_digest(data)


@frozen
class WitnessFigure:
    """SIZE-3: the witness of one operation."""

    kind: str
    log_bytes: int
    witness_bytes: int
    proof_bytes: int
    """Of the witness: digests, and what shows where they belong."""
    claims: int
    """Leaves that are read or written."""
    seconds: float
    """To verify: the fastest of several."""


def kind_of(state: State, operation: Operation) -> str:
    """What is measured apart: the type of a local operation; of a micro-step its stage and what it does there."""
    current = state.round
    if not isinstance(operation, ContinueRound) or current is None:
        return type(operation).__name__
    return f"{current.stage.name} {deed_of(current)}"


def deed_of(current: Round) -> str:
    """What the next micro-step of a round does: a task of the list, then a visit to a holder, then the next stage begins."""
    if current.cursor < len(current.tasks):
        task = current.tasks[current.cursor]
        return "account" if isinstance(task, int) else type(task).__name__
    return "end" if current.holder is None else "visit"


@frozen
class Deployed:
    """What a verifier has."""

    hashing: HashFunction
    genesis: Genesis
    signatures: Signatures


def figure(tree: Tree, state: State, operation: Operation, deployed: Deployed, kind: str, times: int) -> WitnessFigure:
    """SIZE-3.6: prove one operation on a state with this tree, and verify it so many times."""
    log = encode_log(state, (operation,), signatures=True)
    evidence = witness_of_log(tree, state, log, deployed.genesis, deployed.signatures)
    root = tree.root()
    seconds = min(_seconds(_verifying(deployed, root, log, evidence)) for _ in range(times))
    size = len(encode_witness(evidence))
    return WitnessFigure(kind, len(log), size, len(evidence.proof), len(evidence.claims), seconds)


def _verifying(deployed: Deployed, root: bytes, log: bytes, evidence: Witness) -> Callable[[], object]:
    return lambda: reexecuted(deployed.hashing, deployed.genesis, root, log, evidence, deployed.signatures)


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


class Followed:
    """A session on a crowded state, whose tree can be had at any time."""

    def __init__(self, crowd: Crowd, signer: Signer) -> None:
        genesis = crowd.genesis(signer)
        self.session = Session(genesis, signer)
        self.session.state = crowd.state(signer)
        self.deployed = Deployed(SHA256, genesis, signer)
        self._tree = state_tree(self.session.state, SHA256)
        self._changes = Changes(self.session.state)

    def tree(self) -> Tree:
        """The tree of the state as it is now."""
        now = self.session.state
        self._tree = updated(self._tree, self._changes.changed(now))
        self._changes = Changes(now)
        return self._tree

    def submit(self, operation: Operation) -> None:
        """Step; what is refused measures nothing.

        Raises:
            ValueError: the operation is refused.
        """
        outcome = self.session.submit(operation)
        if not isinstance(outcome, Accepted):
            raise ValueError(f"a measurement's {type(operation).__name__} was refused: {outcome.reason}")
        self._changes.add(outcome)

    def measured(self, operation: Operation, kind: str, times: int) -> WitnessFigure:
        """SIZE-3.4: the operation's witness, measured before it is carried out."""
        found = figure(self.tree(), self.session.state, operation, self.deployed, kind, times)
        self.submit(operation)
        return found


def local_operations(session: Session, crowd: Crowd) -> Iterator[tuple[str, Operation]]:
    """SIZE-3.1: operations of every local kind, each to be carried out before the next is asked for; the first owners hold positions."""
    state = session.state
    first, second, third, last = (crowd.name_of(2 * crowd.weak + place) for place in (0, 1, 2, 9))
    mark = state.markets[1].mark
    matches = state.parameters.max_matches
    yield "Place, resting", session.limit(first, 1, 7, Side.BUY, 1, mark - 10)
    fill_or_kill = TimeInForce.FILL_OR_KILL
    yield "Place, one fill", session.limit(second, 1, 7, Side.BUY, 1, mark + 10, fill_or_kill)
    large = session.market(third, 2, 7, Side.SELL, matches * LOTS, fill_or_kill)
    yield f"Place, {matches} fills", large
    yield "Replace", session.replace(first, 1, 7, 2, mark - 20)
    yield "Cancel", session.cancel(first, 1, 7)
    clock = state.clock
    yield "Withdraw", session.sign(Withdraw(first, session.next_nonce(first), clock, 10**6, b""))
    yield "Transfer", session.sign(Transfer(first, session.next_nonce(first), clock, last, 10**6, b""))
    key, new, held = session.signer.key, crowd.accounts, next(iter(state.accounts[first].positions))
    yield "Receive", Receive(clock, Deposit(new, key(new), 10**6))
    yield "Take, new account", Take()
    yield "Receive, forced", Receive(clock, ForcedWithdrawal(first, key(first), 10**6))
    yield "Take, forced withdrawal", Take()
    yield "Receive, order", Receive(clock, ForcedOrder(first, key(first), held, Side.SELL, 1, 1))
    yield "Take, forced order", Take()
    yield "Tick", Tick(clock + 1_000)


def local_figures(crowd: Crowd = LARGE, times: int = 5) -> tuple[WitnessFigure, ...]:
    """SIZE-3.5: the witness of every local kind."""
    followed = Followed(crowd, Ideal())
    operations = local_operations(followed.session, crowd)
    return tuple(followed.measured(operation, kind, times) for kind, operation in operations)


def many_orders_figures(crowd: Crowd = LARGE, times: int = 3) -> tuple[WitnessFigure, ...]:
    """SIZE-3.2: a withdrawal by an owner of ever more live orders, each of which says what it reserves."""
    followed = Followed(crowd, Ideal())
    session, owner, found = followed.session, crowd.name_of(2 * crowd.weak), []
    most = session.state.parameters.max_orders_per_account
    while (count := live_orders(session.state, owner)) < most:
        price = session.state.markets[1].mark - 10 * count
        followed.submit(session.limit(owner, 1, count + 1, Side.BUY, 1, price - 10))
        count = live_orders(session.state, owner)
        if count & (count - 1) == 0:
            withdraw = session.sign(Withdraw(owner, session.next_nonce(owner), session.state.clock, 1, b""))
            found.append(followed.measured(withdraw, f"Withdraw, {count} live orders", times))
    return tuple(found)


def live_orders(state: State, owner: int) -> int:
    """How many orders of an account rest."""
    return sum(len(orders.arrivals) for orders in state.accounts[owner].orders.values())


def round_figures(crowd: Crowd = LARGE, times: int = 3) -> tuple[WitnessFigure, ...]:
    """SIZE-3.3: the witness of the first micro-step of every kind, in a round in which all marks fall; the weak are its victims."""
    followed = Followed(crowd, Ideal())
    session = followed.session
    for operation in session.tick(session.state.clock + 5_000):
        followed.submit(operation)
    marks = {name: market.mark * (10**6 - FALL_PPM) // 10**6 for name, market in session.state.markets.items()}
    found: dict[str, WitnessFigure] = {}
    for operation in session.clearing_round(marks, {1: 100}, micro_steps=1):
        kind = kind_of(session.state, operation)
        if kind in found:
            followed.submit(operation)
        else:
            found[kind] = followed.measured(operation, kind, times)
    return tuple(found.values())


@frozen
class SealFigure:
    """SIZE-4: putting so many changed leaves of different accounts into a tree, and its new root."""

    changed: int
    hashes: int
    seconds: float
    touched: int
    """Distinct leaves and branches with something new at or below them."""

    def per_leaf(self) -> float:
        """Hashes for each changed leaf."""
        return self.hashes / self.changed


BATCHES: Final = (1, 10, 100, 1_000, 3_000)
"""Changed leaves of the seals that are measured."""


def seal_figures(crowd: Crowd = LARGE, batches: Iterable[int] = BATCHES, times: int = 3) -> tuple[SealFigure, ...]:
    """SIZE-4.1: seals of ever more changed holdings, of accounts drawn evenly from all."""
    state = crowd.state(Ideal())
    hashing = CountedHash(SHA256)
    tree = state_tree(state, hashing)
    tree.root()
    found = []
    for size in batches:
        changed = changed_holdings(state, Random(1).sample(range(crowd.accounts), size))
        before = hashing.calls
        seconds = min(_seconds(_sealing(tree, changed)) for _ in range(times))
        hashes = (hashing.calls - before) // times
        cost = arity_cost(updated(tree, changed), digit_bits=1)
        found.append(SealFigure(size, hashes, seconds, cost.leaves + cost.nodes))
    return tuple(found)


def _sealing(tree: Tree, changed: Changed) -> Callable[[], object]:
    return lambda: updated(tree, changed).root()


def changed_holdings(state: State, accounts: Iterable[int]) -> Changed:
    """The leaves of these accounts after each has got one quantum."""
    changed: Changed = {}
    for name in accounts:
        holdings, _ = split_account(state, name)
        changed[LeafKey(Part.HOLDINGS, 0, name)] = encode_holdings(evolve(holdings, cash=holdings.cash + 1))
    return changed


def memory_of(crowd: Crowd = LARGE) -> int:
    """SIZE-5: the most bytes that a process of its own has held once it has the state, its tree and the root."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as child:
        return child.submit(_hold, crowd).result()


def _hold(crowd: Crowd) -> int:
    state = crowd.state(Ideal())
    root = state_tree(state, SHA256).root()
    if len(state.accounts) != crowd.accounts or len(root) != SHA256.digest_size:
        raise ValueError("the state is not the one asked for")
    return peak_bytes()


def peak_bytes() -> int:
    """The most bytes that this process has held at a time."""
    status = Path("/proc/self/status")
    if status.is_file():
        # A process that was started by a larger one inherits its `ru_maxrss`, and no other figure.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
