"""What the way from a batch to finality came to in an audit: records for tables, pictures and the JSON."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict, frozen

from settlespec.arithmetic import ceil_div
from settlespec.commitment.measuring import BodyBytes
from settlespec.commitment.measuring_lengths import LengthFigure
from settlespec.oracle.answers import InvariantFinding

WEI_PER_ETHER: Final = 10**18

BODIES: Final = {
    "log": "operation log",
    "signed_log": "operation log, Ed25519",
    "state_diff": "state diff",
    "exit_diff": "exit diff",
}
"""The bodies by the names that they have in figures, and what people call them."""


@frozen
class GasFigure:
    """All transactions of a kind."""

    kind: str
    count: int
    gas: int
    blob_gas: int
    wei: int
    refused: int
    """How many the contract refused: they paid, and changed nothing."""

    def quantums(self, ether_price: int) -> int:
        """The fees in quote quantums, rounded up.

        Args:
            ether_price: quantums for one ether.
        """
        return ceil_div(self.wei * ether_price, WEI_PER_ETHER)


@frozen
class Latency:
    """Milliseconds on the base layer's clock from an operation's execution to a status, over the operations with a trade."""

    status: str
    count: int
    median: int
    ninety_ninth: int
    """The 99th percentile."""
    curve: tuple[int, ...]
    """The percentiles from 0 to 100."""


@frozen
class ProofFigure:
    """Proofs by witness of some batches, or of their first operations."""

    of: str
    """Which operations of each batch."""
    batches: int
    operations: int
    log: int
    """Bytes of the operations with their signatures, all batches together."""
    claims: int
    """Leaves that are read or written."""
    witness: int
    """Bytes of leaves and multiproofs."""
    digests: int
    """Of those, bytes of multiproofs."""


@frozen
class Drill:
    """Everybody leaves a frozen rollup in another future."""

    waited: int
    """Milliseconds."""
    payouts: int
    paid: int
    held: int
    funds: int


@frozen
class SettlementFinding:
    """Everything that is said of it."""

    body: str
    every: int
    """Every so many batches are proven by witness."""
    by_witness: tuple[int, ...]
    """The numbers of those that were."""
    batches: int
    """Of the flow; those in which everybody leaves are not counted."""
    closing_batches: int
    blocks: int
    messages: int
    """Of the base layer, in the flow."""
    lead: int
    """Milliseconds for which messages have stood on the base layer when they are received."""
    claims: int
    claimed: int
    """Quantums."""
    returned: int
    """Quantums of refused deposits among them."""
    opening: BodyBytes
    trading: BodyBytes
    lengths: tuple[LengthFigure, ...]
    proofs: tuple[ProofFigure, ...]
    gas: tuple[GasFigure, ...]
    ether_price: int
    """Quantums for one ether: an assumption."""
    latencies: tuple[Latency, ...]
    statuses: Mapping[str, Mapping[str, int]]
    """Trades by status, at the end of the flow and at the end of everything."""
    drill: Drill
    invariants: tuple[InvariantFinding, ...]

    def fees(self) -> int:
        """Quantums of all fees together."""
        return sum(figure.quantums(self.ether_price) for figure in self.gas)

    def totals(self) -> dict[str, Any]:
        """What the JSON says, under keys that do not change."""
        whole = self.opening + self.trading
        return {
            "body": self.body,
            "witness_every": self.every,
            "batches": self.batches,
            "batches_by_witness": list(self.by_witness),
            "closing_batches": self.closing_batches,
            "blocks": self.blocks,
            "messages": self.messages,
            "lead_milliseconds": self.lead,
            "claims": self.claims,
            "claimed_quantums": self.claimed,
            "refused_deposits_quantums": self.returned,
            "bytes": {
                name: {
                    "per_operation": per(getattr(self.trading, name), self.trading.operations),
                    "per_trade": per(getattr(self.trading, name), self.trading.trades),
                    "per_operation_with_opening": per(getattr(whole, name), whole.operations),
                    "per_trade_with_opening": per(getattr(whole, name), whole.trades),
                }
                for name in BODIES
            },
            "batch_lengths": [_length(figure) for figure in self.lengths],
            "proofs": [asdict(figure) for figure in self.proofs],
            "ether_price_quantums": self.ether_price,
            "gas": {
                figure.kind: {**_without_kind(figure), "quantums": figure.quantums(self.ether_price)}
                for figure in self.gas
            },
            "latency_milliseconds": {
                one.status: {"count": one.count, "median": one.median, "99th_percentile": one.ninety_ninth}
                for one in self.latencies
            },
            "trades_by_status": {when: dict(counts) for when, counts in self.statuses.items()},
            "drill": asdict(self.drill),
        }


def per(part: int, whole: int) -> float:
    """A figure for each, to a hundredth; 0 where there is none."""
    return round(part / whole, 2) if whole else 0.0


def _without_kind(figure: GasFigure) -> dict[str, int]:
    return {name: value for name, value in asdict(figure).items() if name != "kind"}


def _length(figure: LengthFigure) -> dict[str, Any]:
    trades = figure.bodies.trades
    return {
        "trades_per_batch": figure.trades_per_batch,
        "batches": figure.bodies.batches,
        "bytes_per_trade": {name: per(getattr(figure.bodies, name), trades) for name in BODIES},
        "starkex_bytes_per_trade": per(figure.bodies.starkex, trades),
        "arity": {
            str(2**bits): {
                "hashes_per_changed_leaf": round(cost.hashes_per_leaf(), 3),
                "blocks_per_changed_leaf": round(cost.blocks_per_leaf(), 3),
                "sibling_bytes_per_changed_leaf": round(cost.siblings_per_leaf(), 3),
            }
            for bits, cost in figure.costs.items()
        },
    }
