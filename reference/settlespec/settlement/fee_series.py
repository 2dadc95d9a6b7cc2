"""Reader of a base fee series: rows ``block,ts,basefee_wei`` of consecutive blocks, plain or gzip."""

from pathlib import Path
from typing import Final

from settlespec.domain.quantities import IDENTIFIER, TIME, Range
from settlespec.flows.fields import Place, columns, shown, whole_number
from settlespec.flows.lines import numbered_lines
from settlespec.rules.base_fees import MAX_FEE, Fee, next_base_fee
from settlespec.settlement.congestion import FeeSeries

COLUMNS: Final = ("block", "ts", "basefee_wei")

HEADER: Final = ",".join(COLUMNS)
"""The first line of a series."""

MAX_ROWS: Final = 2**20
"""Five months of blocks, about 150 MB while they are held."""

LEAST_GAS_LIMIT: Final = 5_000
"""EIP-1559: no block has a lower gas limit."""

WIDEST_LIMIT: Final = LEAST_GAS_LIMIT + 1
"""An odd gas limit lets a full block pass twice its target by one, the most at the lowest limit."""

COARSEST: Final = 1_000
"""Wei: a series whose fees are all multiples of 1e-6 gwei counts as rounded to that; coarser rounding is refused as it looks."""

SECONDS: Final = Range(0, TIME.high // 1_000)
FEES: Final = Range(1, MAX_FEE)


def read_fee_series(path: Path) -> FeeSeries:
    """The base fees of the file.

    Raises:
        BadInput: at the first row that is malformed, skips a block, does not go on in time; then at the first row whose fee no block
            could have after the row before it, whatever its gas limit and its use.
        OSError: the file is missing or may not be read.
    """
    file = str(path)
    lines = numbered_lines(path)
    number, header = next(lines)
    if header != HEADER:
        raise Place(file, number).refused(f"the header is {shown(header)}", remedy=f"give {HEADER}")
    blocks: list[int] = []
    seconds: list[int] = []
    fees: list[Fee] = []
    place = Place(file, number)
    for number, text in lines:
        place = Place(file, number)
        if len(fees) == MAX_ROWS:
            raise place.refused(f"more than {MAX_ROWS:,} blocks", remedy="cut the series")
        block, second, fee = _row(text, place)
        if blocks:
            _follows(block, second, blocks[-1], seconds[-1], place)
        blocks.append(block)
        seconds.append(second)
        fees.append(fee)
    if len(fees) < 2:
        raise place.refused("a series needs at least two blocks", remedy="give consecutive blocks, one a row")
    _possible(fees, file)
    return FeeSeries(blocks[0], tuple(fees), tuple(second * 1_000 for second in seconds))


def _row(text: str, place: Place) -> tuple[int, int, Fee]:
    block, second, fee = columns(text, COLUMNS, place)
    return (
        whole_number(block, IDENTIFIER, place, "block"),
        whole_number(second, SECONDS, place, "ts"),
        whole_number(fee, FEES, place, "basefee_wei"),
    )


def _follows(block: int, second: int, block_before: int, second_before: int, place: Place) -> None:
    if block != block_before + 1:
        raise place.refused(
            f"block {block} follows block {block_before}", "block", "give every block of the series once, in order"
        )
    if second <= second_before:
        raise place.refused(
            f"time does not go on, from {second_before} to {second} seconds", "ts", "give the time of each block"
        )


def _possible(fees: list[Fee], file: str) -> None:
    """Each fee lies within what rule BASE-1 allows after the one before, as exactly as the series is written."""
    rounding = COARSEST if all(fee % COARSEST == 0 for fee in fees) else 0
    for index in range(1, len(fees)):
        before, fee = fees[index - 1], fees[index]
        low = next_base_fee(before - rounding, 0, LEAST_GAS_LIMIT // 2) - rounding
        high = next_base_fee(before + rounding, WIDEST_LIMIT, LEAST_GAS_LIMIT // 2) + rounding
        if not low <= fee <= high:
            raise Place(file, index + 2).refused(
                f"no block has a base fee of {fee} wei after one of {before}: {low} to {high} at most",
                "basefee_wei",
                "mend the fee, or give the blocks between",
            )
