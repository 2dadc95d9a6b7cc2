"""How much a benchmark does for each figure."""

from typing import Final

from attrs import frozen

from settlespec.commitment.crowded import Crowd
from settlespec.commitment.measuring_witnesses import LARGE


@frozen
class Size:
    """How much is done for each figure."""

    operations: int = 20_000
    messages: int = 40_000
    """Operations of a real flow."""
    many: int = 100_000
    """Accounts of the large exchange."""
    holders: int = 10_000
    """Accounts with a position in the clearing round."""
    times: int = 3
    """Runs of which the fastest counts."""
    signed: int = 4_000
    """Operations with real signatures: each costs as much as several without."""
    crowd: Crowd = LARGE
    """The state that commitments and witnesses are measured on."""
    trades: int = 10_000
    """Trades that each point of the curve of exit diffs is measured over."""
    laws: str = ""
    """The subject whose laws are proved; all of them when empty."""
    compared: int = 20
    """Laws that CrossHair is compared on."""


QUICK: Final = Size(
    operations=2_000,
    messages=2_000,
    many=10_000,
    holders=1_000,
    times=1,
    signed=300,
    crowd=Crowd(accounts=2_000, orders=2_000, pairs=100, weak=10),
    trades=1_000,
    laws="fees",
    compared=2,
)
