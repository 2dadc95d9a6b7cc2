"""The blob fee market of each upgrade, and the integer exponential that prices it."""

from bisect import bisect_left
from functools import lru_cache
from typing import Final

from attrs import frozen

from settlespec.domain.outcomes import Exhausted
from settlespec.rules.base_fees import (
    GAS_PER_BLOB,
    LEAST_BLOB_FEE,
    Fee,
    Gas,
    exponential_term,
    next_excess_blob_gas,
    reserve_blob_fee,
)

MAX_TERMS: Final = 1_000
"""Terms of one exponential: a fee of 2^256 wei needs about 490."""


@frozen
class BlobSchedule:
    """The blob market of one upgrade."""

    target: int
    """Blobs per block at which the blob base fee stays."""
    most: int
    """Blobs per block."""
    update_fraction: int
    """Excess blob gas that raises the blob base fee by the factor e."""
    reserve_gas: Gas
    """Gas that a blob must be worth at least (EIP-7918, BLOB_BASE_COST); 0 where there is no reserve price."""

    @property
    def target_gas(self) -> Gas:
        """Blob gas per block at which the blob base fee stays."""
        return self.target * GAS_PER_BLOB

    @property
    def most_gas(self) -> Gas:
        """Blob gas per block."""
        return self.most * GAS_PER_BLOB


RESERVE_GAS: Final = 8_192
"""BLOB_BASE_COST of EIP-7918."""

DENCUN: Final = BlobSchedule(target=3, most=6, update_fraction=3_338_477, reserve_gas=0)
"""Since March 2024 (EIP-4844; schedule in EIP-7892)."""

PECTRA: Final = BlobSchedule(target=6, most=9, update_fraction=5_007_716, reserve_gas=0)
"""Since May 2025 (EIP-7691; schedule in EIP-7892)."""

BPO1: Final = BlobSchedule(target=10, most=15, update_fraction=8_346_193, reserve_gas=RESERVE_GAS)
"""First blob-parameter-only change after Fusaka (EIP-7892; reserve price EIP-7918)."""

BPO2: Final = BlobSchedule(target=14, most=21, update_fraction=11_684_671, reserve_gas=RESERVE_GAS)
"""Second blob-parameter-only change (EIP-7892; reserve price EIP-7918)."""


def fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """Approximate factor * e^(numerator / denominator) from below, in integers (EIP-4844).

    The terms are those of rule BASE-3; each is rounded down, so their sum is not the floor of the real exponential.

    Args:
        factor: what the exponential multiplies, >= 0.
        numerator, denominator: the exponent as a fraction, >= 0 and > 0.

    Raises:
        Exhausted: more than `MAX_TERMS` terms, so a fee beyond 2^256.
    """
    term, summed = factor * denominator, 0
    for index in range(1, MAX_TERMS + 1):
        if term == 0:
            return summed // denominator
        summed += term
        term = exponential_term(term, numerator, denominator, index)
    raise Exhausted(f"an exponential of {numerator} / {denominator} has more than {MAX_TERMS:,} terms")


@lru_cache(maxsize=4096)
def blob_base_fee(excess: Gas, schedule: BlobSchedule) -> Fee:
    """Wei per blob gas of a block with this excess blob gas (EIP-4844, get_base_fee_per_blob_gas)."""
    return fake_exponential(LEAST_BLOB_FEE, excess, schedule.update_fraction)


def next_excess(excess: Gas, used: Gas, base_fee: Fee, schedule: BlobSchedule) -> Gas:
    """Excess blob gas of the next block, by rule BASE-4 under this schedule."""
    return next_excess_blob_gas(
        excess,
        used,
        schedule.target_gas,
        schedule.most_gas,
        base_fee,
        blob_base_fee(excess, schedule),
        schedule.reserve_gas,
    )


def reserve_excess(base_fee: Fee, schedule: BlobSchedule) -> Gas:
    """The least excess blob gas at which a blob is worth its reserve price (rule BASE-5)."""
    reserve = reserve_blob_fee(base_fee, schedule.reserve_gas)
    enough = GAS_PER_BLOB
    while blob_base_fee(enough, schedule) < reserve:
        enough *= 2
    return bisect_left(range(enough + 1), reserve, key=lambda excess: blob_base_fee(excess, schedule))
