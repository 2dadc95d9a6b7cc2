"""What is counted on the way from a batch to finality: bytes, proofs, gas, latency, statuses."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from settlespec.commitment.batch import Batch, Body
from settlespec.commitment.leaves import Part, decode_holdings
from settlespec.commitment.measuring import BodyBytes, log_bytes, starkex_bytes
from settlespec.commitment.operation_log import encode_log
from settlespec.commitment.witness import encode_witness, witness_of_log
from settlespec.domain.events import Filled, Liquidated
from settlespec.domain.operations import Operation, Receive, Take, Tick
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.quantities import Milliseconds
from settlespec.domain.state import State
from settlespec.oracle.settlement_findings import GasFigure, Latency, ProofFigure
from settlespec.proofs.interface import Deployment
from settlespec.settlement.driven import DrivenRollup
from settlespec.settlement.rollup import Status
from settlespec.settlement.soft_chain import Sealed
from settlespec.settlement.validity_calls import Prove

PREFIXES: Final = (1, 10, 100)
"""First operations of a batch whose proofs are measured, beside the proof of the whole batch."""

WHOLE: Final = "the whole batch"

MOST_PROVEN: Final = 4
"""Batches that proofs are measured on: each takes a second or more."""

REACHED: Final = (Status.COMMITTED, Status.FINAL)


class Clockwork:
    """When each accepted operation was executed, and when its batch had each status; all on the base layer's clock."""

    def __init__(self, now: Callable[[], Milliseconds]) -> None:
        self._now = now
        self.executed = array("q")
        self.trades = array("q")
        """Trades of each accepted operation."""
        self._ends: list[int] = []
        """For each sealed batch how many operations it and all before it have."""
        self._reached: dict[Status, list[Milliseconds]] = {status: [] for status in REACHED}

    def operation(self, _: State, __: Operation, outcome: Outcome) -> None:
        """An operation was answered."""
        if isinstance(outcome, Accepted):
            self.executed.append(self._now())
            self.trades.append(trades_of(outcome))

    def sealed(self, sealed: Sealed) -> None:
        """A batch was sealed."""
        self._ends.append((self._ends[-1] if self._ends else 0) + len(sealed.batch.operations))

    def block(self, rollup: DrivenRollup) -> None:
        """A block was made: some batches may have come further."""
        for status in REACHED:
            reached = self._reached[status]
            while len(reached) < len(self._ends) and self._stands(rollup, len(reached), status):
                reached.append(rollup.layer.clock)

    def _stands(self, rollup: DrivenRollup, batch: int, status: Status) -> bool:
        first = self._ends[batch - 1] if batch else 0
        found = rollup.status(first)
        return found is Status.FINAL or found is status

    def latencies(self, operations: int) -> tuple[Latency, ...]:
        """How long each status took the trades among the first so many operations."""
        return tuple(self._latency(status, operations) for status in REACHED)

    def _latency(self, status: Status, operations: int) -> Latency:
        reached = self._reached[status]
        waits: list[int] = []
        for place in range(operations):
            batch = bisect_right(self._ends, place)
            if self.trades[place] and batch < len(reached):
                waits += [reached[batch] - self.executed[place]] * self.trades[place]
        waits.sort()
        curve = tuple(percentile(waits, share) for share in range(101)) if waits else ()
        middle, high = percentile(waits, 50), percentile(waits, 99)
        return Latency(status.value, len(waits), middle, high, curve)

    def statuses(self, rollup: DrivenRollup) -> dict[str, int]:
        """Trades by the status of their operation."""
        counts: Counter[str] = Counter({status.value: 0 for status in Status})
        for place, trades in enumerate(self.trades):
            if trades:
                counts[rollup.status(place).value] += trades
        return dict(counts)


def percentile(ordered: Sequence[int], share: int) -> int:
    """The least value that so many hundredths of all are not above; 0 where there is none."""
    return ordered[max(-(-len(ordered) * share // 100) - 1, 0)] if ordered else 0


class Bodies:
    """The bytes of every batch, the first ones that only bring messages apart; and proofs of some."""

    def __init__(self, deployment: Deployment, by_witness: Callable[[int], bool]) -> None:
        self.opening = BodyBytes()
        self.trading = BodyBytes()
        self.batches = 0
        self._trades = 0
        self._deployment = deployment
        self._by_witness = by_witness
        self._proofs = {name: ProofFigure(name, 0, 0, 0, 0, 0, 0) for name in (*map(first, PREFIXES), WHOLE)}
        self._measured = 0

    def operation(self, _: State, __: Operation, outcome: Outcome) -> None:
        """An operation was answered."""
        self._trades += trades_of(outcome)

    def sealed(self, sealed: Sealed) -> None:
        """A batch was sealed."""
        batch = sealed.batch
        sizes, self._trades = sizes_of(batch, self._trades), 0
        self.batches += 1
        only_messages = all(isinstance(operation, Receive | Take | Tick) for operation in batch.operations)
        if only_messages and not self.trading.batches:
            self.opening += sizes
            return
        self.trading += sizes
        if self._by_witness(batch.header.number) and self._measured < MOST_PROVEN:
            self._measured += 1
            for length in PREFIXES:
                if length < len(batch.operations):
                    self._prove(batch, first(length), batch.operations[:length])
            self._prove(batch, WHOLE, batch.operations)

    def block(self, _: DrivenRollup) -> None:
        """Blocks bring no bytes of ours."""

    def _prove(self, batch: Batch, name: str, operations: tuple[Operation, ...]) -> None:
        """The witness of some operations of a batch, from its beginning."""
        genesis, signatures = self._deployment.genesis, self._deployment.signatures
        log = encode_log(batch.before, operations, signatures=True)
        evidence = witness_of_log(batch.tree_before, batch.before, log, genesis, signatures)
        known = self._proofs[name]
        self._proofs[name] = ProofFigure(
            name,
            known.batches + 1,
            known.operations + len(operations),
            known.log + len(log),
            known.claims + len(evidence.claims),
            known.witness + len(encode_witness(evidence)),
            known.digests + len(evidence.proof),
        )

    def proofs(self) -> tuple[ProofFigure, ...]:
        """The figures for which something was measured."""
        return tuple(figure for figure in self._proofs.values() if figure.batches)


def first(length: int) -> str:
    """What people call the first so many operations of a batch."""
    return f"first {length}"


def trades_of(outcome: Outcome) -> int:
    """The fills of an accepted operation, those of liquidations included."""
    if not isinstance(outcome, Accepted):
        return 0
    return sum(isinstance(event, Filled | Liquidated) for event in outcome.events)


def sizes_of(batch: Batch, trades: int) -> BodyBytes:
    """The bytes of a sealed batch."""
    moved = (decode_holdings(data) for leaf, data in batch.changed.items() if leaf.part is Part.HOLDINGS and data)
    return BodyBytes(
        1,
        len(batch.operations),
        trades,
        *log_bytes(batch.before, batch.operations),
        len(batch.bodies[Body.STATE_DIFF]),
        len(batch.bodies[Body.EXIT_DIFF]),
        starkex_bytes(moved),
    )


ON_WORD: Final = "ProveOnWord"
"""The kind of a proof that is nothing but the sealer's word; a proof by witness is another kind of transaction, of another price."""


def gas_figures(rollup: DrivenRollup, by_witness: Callable[[int], bool]) -> Iterator[GasFigure]:
    """What every kind of transaction has paid on the base layer."""
    kinds: dict[str, GasFigure] = {}
    for identity, call in rollup.sent.items():
        receipt = rollup.layer.receipts.get(identity)
        if receipt is None:
            continue
        on_word = isinstance(call, Prove) and not by_witness(call.number)
        kind = ON_WORD if on_word else type(call).__name__
        known = kinds.get(kind, GasFigure(kind, 0, 0, 0, 0, 0))
        kinds[kind] = GasFigure(
            kind,
            known.count + 1,
            known.gas + receipt.gas_used,
            known.blob_gas + receipt.blob_gas,
            known.wei + receipt.cost,
            known.refused + receipt.reverted,
        )
    yield from (kinds[kind] for kind in sorted(kinds))
