"""How many bytes the bodies of a batch take: of trades among Zipf-distributed accounts, and of any flow (SIZE-1, SIZE-2)."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Final

from attrs import frozen

from settlespec.commitment.changes import Changed, Changes
from settlespec.commitment.diffs import encode_exit_diff, encode_state_diff
from settlespec.commitment.leaves import KEY_BYTES, Holdings, Part, split_account
from settlespec.commitment.operation_log import encode_log, signatures_of
from settlespec.domain.events import Filled, Liquidated
from settlespec.domain.operations import Operation, Receive, Take
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.state import State
from settlespec.flows.session import Flow, Session
from settlespec.machine.genesis import perpetual
from settlespec.machine.signatures import Signer
from settlespec.rules import fees

LOOPRING: Final = 28
"""Bytes per trade that Loopring publishes."""

ZKSYNC_LITE: Final = 20
"""Bytes per trade that zkSync Lite publishes."""

STARKEX_POSITION, STARKEX_ASSET = 160, 32
"""Bytes that StarkEx publishes for each account that a batch changed, and for each asset that the account holds."""

ED25519_BYTES: Final = 65
"""Bytes that an Ed25519 signature takes in a log: its length in one, and 64."""

INSTRUMENTS: Final = 4
MARK: Final = 100_000
"""Quantums per lot about which the trades are made."""

DECADES: Final = 4
"""Sizes spread evenly over the powers of ten from 1 to 10**DECADES lots: from 0.1 to 1,000 collateral units a trade."""


class ZipfTrades:
    """SIZE-1: trades between accounts, of which account a takes part with weight 1 / (a + 1): Zipf with exponent 1.

    Instruments are drawn evenly from four, prices within 1 % of the mark, sizes evenly over four powers of ten; fees are those of the
    standard preset. Nobody's margin is looked at: only the bytes of what changed are measured.
    """

    def __init__(self, accounts: int, seed: int = 1) -> None:
        self.holdings = {name: Holdings(name.to_bytes(KEY_BYTES, "big"), 10**12, ()) for name in range(accounts)}
        self._random = Random(seed)
        self._weights = list(accumulate(10**9 // (name + 1) for name in range(accounts)))
        self._terms = perpetual(1, 1, price_step=10, cap=10**9)

    def batch(self, trades: int) -> tuple[dict[int, Holdings], dict[int, Holdings]]:
        """The next trades: the holdings of all who took part, before and after."""
        before: dict[int, Holdings] = {}
        for _ in range(trades):
            for name, cash, instrument, lots in self._trade():
                before.setdefault(name, self.holdings[name])
                self._move(name, cash, instrument, lots)
        return before, {name: self.holdings[name] for name in before}

    def _trade(self) -> Iterator[tuple[int, int, int, int]]:
        """A maker and a taker: account, change of cash, instrument, change of lots."""
        random = self._random
        maker = taker = self._who()
        while taker == maker:
            taker = self._who()
        instrument = random.randint(1, INSTRUMENTS)
        price = MARK + 10 * random.randint(-MARK // 1_000, MARK // 1_000)
        magnitude = 10 ** random.randrange(DECADES)
        lots = random.randint(magnitude, 10 * magnitude) * random.choice((1, -1))
        notional = abs(lots) * price
        taker_fee = fees.taker_fee(notional, self._terms.taker_fee_ppm)
        maker_fee = fees.maker_fee(notional, self._terms.maker_fee_ppm, taker_fee)
        yield taker, -lots * price - taker_fee, instrument, lots
        yield maker, lots * price - maker_fee, instrument, -lots

    def _who(self) -> int:
        return bisect_right(self._weights, self._random.randrange(self._weights[-1]))

    def _move(self, name: int, cash: int, instrument: int, lots: int) -> None:
        held = self.holdings[name]
        sizes = dict(held.sizes)
        sizes[instrument] = sizes.get(instrument, 0) + lots
        kept = tuple(sorted((key, size) for key, size in sizes.items() if size))
        self.holdings[name] = Holdings(held.owner, held.cash + cash, kept)


@frozen
class ExitBytes:
    """What the exit diffs of some batches of equal length took."""

    accounts: int
    trades_per_batch: int
    trades: int
    published: int
    """Bytes of all exit diffs."""
    starkex: int
    """Bytes that 160 + 32 n for each account of n positions would have taken for the same batches."""

    def per_trade(self) -> float:
        """Bytes of exit diff per trade."""
        return self.published / self.trades

    def starkex_per_trade(self) -> float:
        """The same for 160 + 32 n."""
        return self.starkex / self.trades


def exit_bytes(accounts: int, trades_per_batch: int, batches: int, seed: int = 1) -> ExitBytes:
    """SIZE-1.1: the exit diffs of so many batches among accounts that are open already."""
    trades = ZipfTrades(accounts, seed)
    published = starkex = 0
    for _ in range(batches):
        before, after = trades.batch(trades_per_batch)
        published += len(encode_exit_diff(before, after))
        starkex += starkex_bytes(after.values())
    return ExitBytes(accounts, trades_per_batch, trades_per_batch * batches, published, starkex)


def starkex_bytes(changed: Iterable[Holdings]) -> int:
    """SIZE-1.3: what StarkEx would publish for these changed accounts: 160 + 32 n bytes for each of n positions."""
    return sum(STARKEX_POSITION + STARKEX_ASSET * len(holdings.sizes) for holdings in changed)


MEASURED: Final = 10_000
"""Trades that each point of the curve is measured over."""


def exit_curve(accounts: int, lengths: Iterable[int] = (1, 10, 100, 1_000, 10_000)) -> tuple[ExitBytes, ...]:
    """SIZE-1.2: bytes of exit diff against the length of a batch."""
    return tuple(exit_bytes(accounts, length, max(MEASURED // length, 1)) for length in lengths)


@frozen
class BodyBytes:
    """What the bodies of some batches took."""

    batches: int = 0
    operations: int = 0
    """Accepted operations; no other is in a log."""
    trades: int = 0
    """Fills, those of liquidations included."""
    log: int = 0
    """Bytes of operation log without signatures."""
    signed_log: int = 0
    """Bytes of operation log with Ed25519 signatures."""
    state_diff: int = 0
    exit_diff: int = 0
    starkex: int = 0
    """Bytes that 160 + 32 n for each changed account of n positions would have taken for the same batches."""

    def __add__(self, other: "BodyBytes") -> "BodyBytes":
        return BodyBytes(
            self.batches + other.batches,
            self.operations + other.operations,
            self.trades + other.trades,
            self.log + other.log,
            self.signed_log + other.signed_log,
            self.state_diff + other.state_diff,
            self.exit_diff + other.exit_diff,
            self.starkex + other.starkex,
        )


@frozen
class FlowBytes:
    """SIZE-2: what the bodies of a flow took: the first deposits by themselves, then batches of so many trades."""

    opening: BodyBytes
    """Everything before the first operation that is no deposit: keys of 32 bytes, which are published once."""
    trading: BodyBytes

    def whole(self) -> BodyBytes:
        """Both together."""
        return self.opening + self.trading


class Sealing:
    """A run that is cut into batches, of which only the sizes are kept."""

    def __init__(self, state: State) -> None:
        self._begin(state)

    def _begin(self, state: State) -> None:
        self.before = self.now = state
        self.changes = Changes(state)
        self.operations: list[Operation] = []
        self.trades = 0

    def note(self, operation: Operation, outcome: Outcome) -> None:
        """What is accepted joins the batch."""
        if isinstance(outcome, Accepted):
            self.operations.append(operation)
            self.changes.add(outcome)
            self.now = outcome.state
            self.trades += sum(isinstance(event, Filled | Liquidated) for event in outcome.events)

    def seal(self) -> BodyBytes:
        """The sizes of the batch's bodies; the next batch begins."""
        if not self.operations:
            return BodyBytes()
        return self.sizes_of(self.changes.changed(self.now))

    def sizes_of(self, changed: Changed) -> BodyBytes:
        """The same, with the changed leaves at hand."""
        before, after = self.before, self.now
        moved = [leaf.key for leaf in changed if leaf.part is Part.HOLDINGS]
        now = {name: split_account(after, name)[0] for name in moved}
        sealed = BodyBytes(
            1,
            len(self.operations),
            self.trades,
            *log_bytes(before, self.operations),
            len(encode_state_diff(changed)),
            len(
                encode_exit_diff(
                    {name: split_account(before, name)[0] for name in moved if name in before.accounts},
                    now,
                )
            ),
            starkex_bytes(now.values()),
        )
        self._begin(after)
        return sealed


def log_bytes(before: State, operations: Sequence[Operation]) -> tuple[int, int]:
    """SIZE-2.1: the log of a batch without signatures, and with those of Ed25519 whatever scheme the run itself has."""
    unsigned = len(encode_log(before, operations, signatures=False))
    return unsigned, unsigned + ED25519_BYTES * sum(1 for signature in signatures_of(operations) if signature)


def flow_bytes(flow: Flow, signer: Signer, trades_per_batch: int) -> FlowBytes:
    """The bodies of a flow in batches of this many trades; the last batch may have fewer."""
    session = Session(flow.genesis(signer), signer)
    sealing = Sealing(session.state)
    opening: BodyBytes | None = None
    trading = BodyBytes()
    for operation in flow.operations(session):
        if opening is None and not isinstance(operation, Receive | Take):
            opening = sealing.seal()
        sealing.note(operation, session.submit(operation))
        if sealing.trades >= trades_per_batch:
            trading += sealing.seal()
    return FlowBytes(opening or BodyBytes(), trading + sealing.seal())
