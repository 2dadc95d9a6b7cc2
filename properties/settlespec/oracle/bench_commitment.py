"""Benchmarks of what is committed, published and proven."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from settlespec.commitment.measuring import (
    LOOPRING,
    STARKEX_ASSET,
    STARKEX_POSITION,
    ZKSYNC_LITE,
    exit_bytes,
    flow_bytes,
)
from settlespec.commitment.measuring_witnesses import (
    LIMIT_BYTES,
    LIMIT_SECONDS,
    local_figures,
    many_orders_figures,
    memory_of,
    seal_figures,
)
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.machine.signatures import Ideal
from settlespec.oracle.bench_sizes import Size
from settlespec.oracle.benchmarks import Measurement

LENGTHS: Final = (1, 10, 100, 1_000, 10_000)
"""Trades of a batch on the curve of exit diffs."""

PROMISED: Final = {(1_000, 1_000): 9.0, (10_000, 1_000): 15.0}
"""Bytes per trade, by accounts and by trades of a batch."""

SEALED: Final = 3_000
"""Changed leaves of the seal that is promised."""


def seals(size: Size, _: Path | None) -> Iterator[Measurement]:
    """Hashes and seconds of seals."""
    lengths = [length for length in (1, 10, 100, 1_000, SEALED) if length <= size.crowd.accounts]
    figures = seal_figures(size.crowd, lengths, size.times)
    worst = max(figure.hashes / figure.touched for figure in figures)
    what = "hashes of a seal, for each distinct branch or leaf that it touches"
    yield Measurement("seal-hashes", what, worst, "hashes", 1.0, False, note="the most of all lengths below")
    for figure in figures:
        what = f"hashes for each of {figure.changed:,} changed leaves, {size.crowd.accounts:,} accounts"
        yield Measurement(f"seal-hashes-{figure.changed}", what, figure.per_leaf(), "hashes")
    last = figures[-1]
    what = f"a seal of {last.changed:,} changed leaves over {size.crowd.accounts:,} accounts"
    yield Measurement("seal-seconds", what, last.seconds, "s", 0.5, False)


def state_memory(size: Size, _: Path | None) -> Iterator[Measurement]:
    """The state with its tree, in a process of its own."""
    what = f"memory of {size.crowd.accounts:,} accounts and {size.crowd.orders:,} orders, state and tree"
    yield Measurement("memory-state", what, memory_of(size.crowd) / 1e6, "MB", 400, False)


def published(size: Size, _: Path | None) -> Iterator[Measurement]:
    """Bytes of exit diffs, and of the operation log of the project's own flow."""
    beside = f"Loopring {LOOPRING}, zkSync Lite {ZKSYNC_LITE}"
    for accounts in (1_000, 10_000):
        for length in LENGTHS:
            if length > size.trades:
                continue
            figure = exit_bytes(accounts, length, size.trades // length)
            what = f"exit diff per trade, {accounts:,} Zipf accounts, batches of {length:,} trades"
            starkex = f"StarkEx's {STARKEX_POSITION} + {STARKEX_ASSET} n: {figure.starkex_per_trade():,.1f}"
            target = PROMISED.get((accounts, length))
            name = f"exit-diff-{accounts}-{length}"
            yield Measurement(name, what, figure.per_trade(), "bytes", target, False, note=f"{beside}; {starkex}")
    flow = EmbeddedFlow(1, size.operations // 20, size.operations)
    trading = flow_bytes(flow, Ideal(), 1_000).trading
    what = "operation log without signatures, the embedded flow"
    yield Measurement("log", what, trading.log / trading.operations, "bytes/operation", 20, False)
    what = "operation log with Ed25519 signatures, the embedded flow"
    yield Measurement("log-signed", what, trading.signed_log / trading.operations, "bytes/operation")


def witnesses(size: Size, _: Path | None) -> Iterator[Measurement]:
    """Witness and verification of every kind of local operation, and of a withdrawal with many live orders."""
    kinds = local_figures(size.crowd, size.times)
    most = many_orders_figures(size.crowd, size.times)[-1:]
    for figure in (*kinds, *most):
        name = figure.kind.lower().replace(", ", "-").replace(" ", "-")
        what = f"witness of {figure.kind}, {size.crowd.accounts:,} accounts"
        yield Measurement(f"witness-{name}", what, figure.witness_bytes, "bytes", LIMIT_BYTES, False)
        what = f"verifying {figure.kind}"
        yield Measurement(f"verify-{name}", what, 1e3 * figure.seconds, "ms", 1e3 * LIMIT_SECONDS, False)


COMMITMENT: Final[tuple[Callable[[Size, Path | None], Iterator[Measurement]], ...]] = (
    seals,
    state_memory,
    published,
    witnesses,
)
