"""Everybody else on the base layer: how much gas and how many blobs they use, block by block.

`GeneratedCongestion` is the embedded default: seeded, in integers, fitted to two real series of base fees.
The demand of a block is a pull towards a wandering fee that people are willing to pay, plus noise:

    fullness = clamp(pull * (willing - base_fee) / base_fee + noise, -1, 1),    gas = target * (1 + fullness)

Fitted by a grid over pull, noise and walk to the standard deviation of the fullness and of the change of the logarithm of the base fee
over 10, 50 and 200 blocks, to the share of full and of empty blocks, and to the autocorrelation of the fullness.

| | calm: series | calm: generator | crash: series | crash: generator |
|---|---|---|---|---|
| standard deviation of fullness | 0.85 | 0.84 | 0.68 | 0.67 |
| full blocks, empty blocks | 32 %, 27 % | 30 %, 26 % | 18 %, 2 % | 11 %, 9 % |
| autocorrelation at lag 1 | -0.10 | -0.16 | -0.03 | -0.08 |
| log change over 10, 50, 200 blocks | 0.18, 0.23, 0.20 | 0.19, 0.20, 0.23 | 0.20, 0.32, 0.50 | 0.19, 0.28, 0.44 |

What the fit does not have: in the crash full blocks outnumber empty ones eight to one, here nearly one to one.
No series of blob base fees was found, so the demand for blobs is an assumption and no fit.
"""

from hashlib import sha256
from operator import itemgetter
from typing import Final, Protocol

from attrs import evolve, frozen

from settlespec.arithmetic import PPM, clamp, floor_div, maximum
from settlespec.domain.errors import BadInput
from settlespec.domain.quantities import Factor, Milliseconds
from settlespec.rules.base_fees import Fee, Gas, gas_towards, reserve_blob_fee
from settlespec.settlement.base_fee import BlobSchedule
from settlespec.settlement.chain import SLOT_TIME

GWEI: Final = 10**9
"""Wei."""

PRIORITY_FEE: Final = GWEI
"""Wei per gas that everybody else offers to the builder: the example of EIP-1559. No series of it was found."""

BLOB_DOUBLINGS: Final = 8
"""Others bid 1, 2, 4, ... up to 128 times the reserve price of a blob, each as often: an assumption, not a fit."""


@frozen
class Conditions:
    """What everybody sees before a block is made."""

    base_fee: Fee
    blob_base_fee: Fee
    gas_target: Gas
    gas_limit: Gas
    blobs: BlobSchedule


@frozen
class Demand:
    """What everybody else wants of one block."""

    gas: Gas
    blobs: int
    priority_fee: Fee
    """Wei per gas to the builder: who offers less comes after them."""
    elapsed: Milliseconds
    """From the block before, > 0."""


class Congestion(Protocol):
    """Everybody else; persistent, and never rewound by a reorganisation: their demand goes on."""

    @property
    def opening_fee(self) -> Fee:
        """The base fee of the first block of the chain."""

    def next_block(self, conditions: Conditions) -> "tuple[Demand, Congestion]":
        """The demand for the next block, and what comes after it; the first call is about the first block of the chain."""


@frozen
class Regime:
    """How demand behaves for a while."""

    opening: Fee
    """What people are willing to pay when it begins, wei per gas."""
    least: Fee
    most: Fee
    """Bounds of what they are willing to pay: the lowest and the highest base fee of the series."""
    pull: Factor
    """Fullness gained per relative distance of the base fee below what people are willing to pay, ppm."""
    noise: Factor
    """The largest deviation of the fullness of one block, ppm; all deviations are equally likely."""
    walk: Factor
    """The largest relative step of what people are willing to pay from block to block, ppm, as likely up as down."""


CALM: Final = Regime(
    opening=11_189_797_000,
    least=3_806_395_000,
    most=11_822_176_000,
    pull=5_000_000,
    noise=2_200_000,
    walk=20_000,
)
"""Fitted to 340 blocks of 2025-01-01 (eth_blocks_basefee_20250101)."""

CRASH: Final = Regime(
    opening=86_227_173_334,
    least=79_259_963_386,
    most=1_352_188_204_502,
    pull=2_000_000,
    noise=1_200_000,
    walk=60_000,
)
"""Fitted to 2,400 blocks of 2022-05-12, the collapse of LUNA (eth_blocks_basefee_20220512_luna)."""

DEFAULT_PHASES: Final = ((0, CALM), (100, CRASH), (400, CALM))
"""Twenty minutes of calm, an hour of crash, and calm again."""


@frozen
class GeneratedCongestion:
    """Demand from a seed."""

    seed: int = 1
    phases: tuple[tuple[int, Regime], ...] = DEFAULT_PHASES
    """Regimes with the slot that each begins in; the first begins in slot 0."""
    priority_fee: Fee = PRIORITY_FEE
    slot_time: Milliseconds = SLOT_TIME
    slot: int = 0
    willing: Fee = 0
    """What people were willing to pay in the slot before."""

    def __attrs_post_init__(self) -> None:
        """Refuse a demand that would stop the chain.

        Raises:
            BadInput: no phase to begin with, or no time between blocks.
        """
        if not any(begun == 0 for begun, _ in self.phases):
            raise BadInput("no phase begins in slot 0", field="phases", remedy="begin with (0, CALM)")
        if self.slot_time <= 0:
            raise BadInput(
                "time must pass between blocks", field="slot_time", remedy="give milliseconds, such as 12000"
            )

    @property
    def opening_fee(self) -> Fee:
        """What people are willing to pay at first."""
        return dict(self.phases)[0].opening

    def next_block(self, conditions: Conditions) -> "tuple[Demand, Congestion]":
        """One slot on."""
        begun, regime = max((phase for phase in self.phases if phase[0] <= self.slot), key=itemgetter(0))
        before = regime.opening if begun == self.slot else self.willing
        willing = clamp(walked(before, self._draw("walk", regime.walk)), regime.least, regime.most)
        pull = floor_div(regime.pull * (willing - conditions.base_fee), conditions.base_fee)
        fullness = clamp(pull + self._draw("noise", regime.noise), -PPM, PPM)
        gas = clamp(conditions.gas_target + floor_div(conditions.gas_target * fullness, PPM), 0, conditions.gas_limit)
        demand = Demand(gas, bidders(self.seed, self.slot, conditions), self.priority_fee, self.slot_time)
        return demand, evolve(self, slot=self.slot + 1, willing=willing)

    def _draw(self, purpose: str, width: int) -> int:
        return drawn(self.seed, self.slot, purpose, 2 * width + 1) - width


def walked(willing: Fee, step: int) -> Fee:
    """One step of the walk: a step down undoes a step up, so the walk has no drift. The step is in ppm."""
    if step >= 0:
        return willing * (PPM + step) // PPM
    return willing * PPM // (PPM - step)


def bidders(seed: int, slot: int, conditions: Conditions) -> int:
    """How many of a block's blob places others buy at this blob base fee: each place has one bidder."""
    reserve = maximum(reserve_blob_fee(conditions.base_fee, conditions.blobs.reserve_gas), 1)
    bids = (reserve << drawn(seed, slot, f"blob {place}", BLOB_DOUBLINGS) for place in range(conditions.blobs.most))
    return sum(bid >= conditions.blob_base_fee for bid in bids)


def drawn(seed: int, slot: int, purpose: str, count: int) -> int:
    """A number from 0 up to but not including the count, the same for the same arguments on every machine."""
    return int.from_bytes(sha256(f"{seed}:{slot}:{purpose}".encode()).digest()) % count


@frozen
class FeeSeries:
    """Base fees of consecutive real blocks."""

    first_block: int
    fees: tuple[Fee, ...]
    """Wei per gas, one for each block."""
    times: tuple[Milliseconds, ...]
    """When each block was made."""


@frozen
class SeriesCongestion:
    """Demand that makes the base fee follow a real series.

    The demand of a block is the gas use that takes the base fee to that of the series' next block (rule BASE-2), so without further
    transactions the chain misses the series by at most the width of one unit of gas, and what others add is made up for afterwards.
    Past its last row the series holds its last fee.
    """

    series: FeeSeries
    seed: int = 1
    """Of the demand for blobs, which no series has."""
    priority_fee: Fee = PRIORITY_FEE
    slot_time: Milliseconds = SLOT_TIME
    """Between blocks past the last row."""
    row: int = -1
    """The row of the block made last, the first being 0; grows past the last."""

    @property
    def opening_fee(self) -> Fee:
        """The fee of the first row."""
        return self.series.fees[0]

    def next_block(self, conditions: Conditions) -> "tuple[Demand, Congestion]":
        """One row on: the block of the next row uses the gas that leads to the fee of the row after it."""
        last = len(self.series.fees) - 1
        row = self.row + 1
        times = self.series.times
        elapsed = times[row] - times[row - 1] if 0 < row <= last else self.slot_time
        wanted = self.series.fees[min(row + 1, last)]
        gas = gas_towards(conditions.base_fee, wanted, conditions.gas_target, conditions.gas_limit)
        demand = Demand(gas, bidders(self.seed, row, conditions), self.priority_fee, elapsed)
        return demand, evolve(self, row=row)
