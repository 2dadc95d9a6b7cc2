"""The tables of the way from a batch to finality."""

from collections.abc import Callable, Iterator
from typing import Final

from settlespec.commitment.measuring import ED25519_BYTES, LOOPRING, STARKEX_ASSET, STARKEX_POSITION, ZKSYNC_LITE
from settlespec.oracle.plain_tables import Column, PlainTable, count, money, money_of
from settlespec.oracle.settlement_findings import BODIES, GasFigure, SettlementFinding, per

DAY: Final = 86_400_000

KINDS: Final = {
    "MakeDeposit": "deposit",
    "ForceWithdrawal": "forced withdrawal",
    "ForceOrder": "forced order",
    "Commit": "commit a batch",
    "Prove": "prove a batch by witness",
    "ProveOnWord": "prove a batch on the sealer's word",
    "ClaimMoney": "claim a withdrawal",
}
"""Calls of the contract as people say them."""


SIGNATURE_BYTES: Final = {"ideal": 17, "ed25519": ED25519_BYTES}
"""Bytes that a signature of each scheme takes in a log, its length counted."""


def settlement_tables(settled: SettlementFinding, signatures: str) -> Iterator[PlainTable]:
    """Every table, in reading order.

    Args:
        settled: what was found.
        signatures: the scheme of the run.
    """
    yield _way(settled)
    yield _bytes(settled)
    if any(figure.bodies.batches for figure in settled.lengths):
        yield _lengths(settled)
        yield _arity(settled)
    if settled.proofs:
        yield _proofs(settled, signatures)
    yield _gas(settled)
    yield _latency(settled)
    yield _statuses(settled)


def _way(settled: SettlementFinding) -> PlainTable:
    drill = settled.drill
    all_batches = settled.batches + settled.closing_batches
    rows = (
        ("published body", BODIES["log" if settled.body == "log" else "state_diff"], ""),
        ("batches of the flow", count(settled.batches), _of_the_flow(settled)),
        ("batches in which everybody leaves", count(settled.closing_batches), "not in the figures below"),
        ("proven by witness", count(len(settled.by_witness)), f"of {count(all_batches)}: {_word(settled)}"),
        ("blocks of the base layer", count(settled.blocks), ""),
        (
            "messages of the base layer",
            count(settled.messages),
            f"received when final: {settled.lead / 1000:,.1f} s after their block or more",
        ),
        ("claims", count(settled.claims), "once each, by a proof from published bytes alone"),
        ("claimed: withdrawn", money(settled.claimed - settled.returned), "collateral units"),
        ("claimed: refused deposits", money(settled.returned), _refused(settled)),
        (
            "drill: out of a frozen rollup",
            count(drill.payouts),
            f"payouts after {drill.waited / DAY:.1f} days, in another future of the same base layer",
        ),
        ("drill: paid", money(drill.paid), f"of {money(drill.held)} held, less funds of {money(drill.funds)}"),
    )
    columns = (Column("what"), Column("figure", figures=True), Column("", wraps=True))
    return PlainTable("From batch to finality", columns, rows)


def _of_the_flow(settled: SettlementFinding) -> str:
    openings = settled.opening.operations
    others = f", and {count(openings)} of the openings" if openings else ""
    return f"{count(settled.trading.operations)} operations{others}"


def _refused(settled: SettlementFinding) -> str:
    return "returned to who paid them; the drill counts them too" if settled.returned else ""


def _word(settled: SettlementFinding) -> str:
    """What stands behind a batch without a witness: its log was executed again, its diff only applied."""
    if settled.every == 1:
        return "all"
    numbers = ", ".join(map(str, settled.by_witness[:8])) + (" and on" if len(settled.by_witness) > 8 else "")
    log = settled.body == "log"
    others = "whose published logs, executed again, give the last root" if log else "which shows nothing"
    return f"{numbers}; the others on the sealer's word, {others}"


def _bytes(settled: SettlementFinding) -> PlainTable:
    trading, whole = settled.trading, settled.opening + settled.trading
    rows = tuple(
        (
            name,
            *(
                f"{per(getattr(bodies, body), number):,.1f}"
                for bodies, number in (
                    (trading, trading.operations),
                    (trading, trading.trades),
                    (whole, whole.operations),
                    (whole, whole.trades),
                )
            ),
        )
        for body, name in BODIES.items()
    )
    columns = (
        Column("body"),
        Column("bytes per operation", figures=True),
        Column("bytes per trade", figures=True),
        Column("per operation, openings counted", figures=True),
        Column("per trade, openings counted", figures=True),
    )
    note = (
        f"The batches as they were sealed: {trading.operations / max(trading.batches, 1):,.0f} operations and "
        f"{trading.trades / max(trading.batches, 1):,.0f} trades each. Openings: the first batches, of nothing but messages. "
        f"Loopring publishes {LOOPRING} bytes per trade, zkSync Lite {ZKSYNC_LITE}; StarkEx {STARKEX_POSITION} + {STARKEX_ASSET} n for "
        f"each account of n positions that a batch changed, for these batches {per(trading.starkex, trading.trades):,.1f} per trade."
    )
    return PlainTable("What is published", columns, rows, note)


def _lengths(settled: SettlementFinding) -> PlainTable:
    rows = tuple(
        (
            count(figure.trades_per_batch),
            count(figure.bodies.batches),
            *(f"{per(getattr(figure.bodies, body), figure.bodies.trades):,.1f}" for body in (*BODIES, "starkex")),
        )
        for figure in settled.lengths
        if figure.bodies.batches
    )
    columns = (
        Column("trades in a batch", figures=True),
        Column("batches", figures=True),
        *(Column(name, figures=True) for name in (*BODIES.values(), "StarkEx")),
    )
    note = (
        "Bytes per trade, where the same flow is cut into batches of so many trades; openings and the last batch are left out. "
        f"StarkEx: {STARKEX_POSITION} + {STARKEX_ASSET} n for each account of n positions that the batch changed."
    )
    return PlainTable("Bytes per trade against the length of a batch", columns, rows, note)


def _arity(settled: SettlementFinding) -> PlainTable:
    rows = tuple(
        (
            count(figure.trades_per_batch),
            count(2**bits),
            f"{cost.leaves / figure.bodies.batches:,.0f}",
            f"{cost.hashes_per_leaf():.2f}",
            f"{cost.blocks_per_leaf():.2f}",
            f"{cost.siblings_per_leaf():,.0f}",
        )
        for figure in settled.lengths
        if figure.bodies.batches
        for bits, cost in figure.costs.items()
    )
    columns = tuple(
        Column(heading, figures=True)
        for heading in (
            "trades in a batch",
            "arity",
            "changed leaves",
            "hashes per changed leaf",
            "blocks per changed leaf",
            "sibling bytes per changed leaf",
        )
    )
    note = (
        "The tree is binary; the other arities are counted on it. Hashes: the leaf's own and those of nodes. Blocks: of 64 bytes, which "
        "SHA-256 takes in for nodes. Sibling bytes: digests in one proof of all changed leaves."
    )
    return PlainTable("Hashes and proof bytes against the length of a batch and the arity", columns, rows, note)


def _proofs(settled: SettlementFinding, signatures: str) -> PlainTable:
    rows = tuple(
        (
            figure.of,
            f"{figure.operations / figure.batches:,.0f}",
            *(
                f"{part / figure.operations:,.1f}"
                for part in (figure.claims, figure.log, figure.witness - figure.digests, figure.digests)
            ),
            f"{(figure.log + figure.witness) / figure.operations:,.1f}",
        )
        for figure in settled.proofs
    )
    columns = (
        Column("operations"),
        *(
            Column(heading, figures=True)
            for heading in ("in a batch", "leaves", "log bytes", "leaf bytes", "multiproof bytes", "proof bytes")
        ),
    )
    note = (
        f"Proofs by witness of {settled.proofs[-1].batches} batches, all figures for each operation: the more operations a proof joins, "
        "the more leaves they share; a batch that begins inside a clearing round reads every holder. "
        f"Log bytes: with their signatures, of the scheme {signatures} with {SIGNATURE_BYTES[signatures]} bytes each"
        f"{'' if signatures == 'ed25519' else f', where Ed25519 has {ED25519_BYTES}'}."
    )
    return PlainTable("Proofs by witness", columns, rows, note)


def _gas(settled: SettlementFinding) -> PlainTable:
    trades = max(settled.trading.trades, 1)
    fees = [figure.quantums(settled.ether_price) for figure in settled.gas]
    shown = money_of((*fees, *(fee // trades for fee in fees)))
    rows = tuple(_gas_row(settled, figure, trades, shown) for figure in sorted(settled.gas, key=lambda one: -one.wei))
    columns = (
        Column("transaction"),
        *(
            Column(heading, figures=True)
            for heading in (
                "number",
                "refused",
                "gas each",
                "blob gas each",
                "quantums each",
                "all, units",
                "units per trade",
            )
        ),
    )
    note = (
        f"Fees as the base layer charged them, at {money(settled.ether_price)} collateral units for one ether, which is an assumption. "
        "Deposits, forced requests and claims are paid by owners, commitments and proofs by the operator; gas of claims and deposits is "
        "a lower bound. A proof by witness is charged as the calldata that it is; the sealer's word costs what a succinct proof would."
    )
    return PlainTable("Gas and fees, by kind of transaction", columns, rows, note)


def _gas_row(
    settled: SettlementFinding, figure: GasFigure, trades: int, shown: Callable[[int], str]
) -> tuple[str, ...]:
    quantums = figure.quantums(settled.ether_price)
    return (
        KINDS.get(figure.kind, figure.kind),
        count(figure.count),
        count(figure.refused),
        count(figure.gas // figure.count),
        count(figure.blob_gas // figure.count),
        count(quantums // figure.count),
        shown(quantums),
        shown(quantums // trades),
    )


def _latency(settled: SettlementFinding) -> PlainTable:
    meanings = {
        "committed": "soft finality: its batch stands on the base layer",
        "final": "hard finality: proven at rest in a final block",
    }
    rows = tuple(
        (
            one.status,
            f"{one.median / 1000:,.1f}",
            f"{one.ninety_ninth / 1000:,.1f}",
            count(one.count),
            meanings[one.status],
        )
        for one in settled.latencies
    )
    columns = (
        Column("status"),
        Column("median, s", figures=True),
        Column("99th percentile, s", figures=True),
        Column("trades", figures=True),
        Column("", wraps=True),
    )
    note = "Seconds of the base layer from the execution of a trade, which is its soft confirmation: the sequencer's word, at once."
    return PlainTable("Latency to soft and hard finality", columns, rows, note)


def _statuses(settled: SettlementFinding) -> PlainTable:
    moments = list(settled.statuses)
    names = list(settled.statuses[moments[0]])
    rows = tuple((moment, *(count(settled.statuses[moment][name]) for name in names)) for moment in moments)
    columns = (Column("moment"), *(Column(name, figures=True) for name in names))
    return PlainTable("Trades by status", columns, rows)
