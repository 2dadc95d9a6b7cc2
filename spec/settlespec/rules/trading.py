"""What a trade does to a position, and where it may happen (rules TRADE-1 to TRADE-9)."""

from settlespec.arithmetic import PPM, absolute, choose, clamp, floor_div, maximum, minimum
from settlespec.domain.accounts import Position
from settlespec.domain.quantities import Factor, Price, Quantums, SignedSize, Size


def closing_size(size: SignedSize, change: SignedSize) -> SignedSize:
    """TRADE-2: the lots of a change that close the position, signed like the change; 0 when it only opens."""
    return clamp(change, minimum(-size, 0), maximum(-size, 0))


def trade_position(position: Position, change: SignedSize, price: Price) -> Position:
    """TRADE-3: closing q lots of s removes floor(cost * q / s) of the cost, opening adds price * lots; the rest stays.

    Args:
        position: lots and open cost before.
        change: lots traded, bought is positive; may close, open, or close and open the other way.
        price: quantums per lot.
    """
    closed = closing_size(position.size, change)
    removed = floor_div(position.cost * -closed, position.size)
    return Position(position.size + change, position.cost - removed + price * (change - closed))


def realised(position: Position, change: SignedSize, price: Price) -> Quantums:
    """TRADE-4: what closing lots adds to the collateral: their price less the cost that is removed, so cash moves by -change * price."""
    closed = closing_size(position.size, change)
    removed = floor_div(position.cost * -closed, position.size)
    return price * -closed - removed


def band_half_width(reference: Price, price_step: Price, band_steps: int, band_ppm: Factor) -> int:
    """TRADE-5: the half-width of the price band: the wider of a number of steps and a share of the reference's mark, in quantums,
    rounded down.

    Args:
        reference: the mark of the instrument itself, of an option that of the underlying, quantums per lot.
    """
    return maximum(band_steps * price_step, floor_div(reference * band_ppm, PPM))


def band_low(mark: Price, half_width: int, price_step: Price) -> int:
    """TRADE-5.2: the lowest price of the band, rounded inwards to the price step; at least one step."""
    return maximum(-floor_div(half_width - mark, price_step) * price_step, price_step)


def band_high(mark: Price, half_width: int, price_step: Price) -> int:
    """TRADE-5.3: the highest price of the band, rounded inwards to the price step; at least one step."""
    return maximum(floor_div(mark + half_width, price_step) * price_step, price_step)


def capped_edge(edge: Price, max_price: Price, price_step: Price) -> int:
    """TRADE-5.4: no edge of the band lies above the instrument's largest price, rounded down to the price step.

    A market order's limit is an edge, so without this it could trade at a price that no limit order may have.
    """
    return minimum(edge, floor_div(max_price, price_step) * price_step)


def outside_band(side: int, price: Price, low: Price, high: Price) -> bool:
    """TRADE-5.5: a bid above the band or an ask below it neither rests nor is traded at; one on the other side of the mark may wait.

    Args:
        side: 1 of whoever buys at the price, -1 of whoever sells.
        price: quantums per lot.
        low, high: the band's edges.
    """
    return choose(side > 0, price > high, price < low)


def reducible(position: SignedSize, resting_reduce_only: int, side: int) -> int:
    """TRADE-6: lots that one more resting reduce-only order of this side may have: what the others leave of the position.

    Args:
        position: lots held, signed.
        resting_reduce_only: lots of the resting reduce-only orders, at most |position|.
        side: 1 buys, -1 sells.
    Returns:
        0 when the order would not close the position.
    """
    return choose(position * side < 0, absolute(position) - resting_reduce_only, 0)


def remaining_after_replace(new_size: Size, filled: int) -> int:
    """TRADE-13: what a replaced order may still fill: the new total less what was filled already, never negative."""
    return maximum(new_size - filled, 0)


def open_interest_change(size: SignedSize, change: SignedSize) -> int:
    """TRADE-7: by how many lots the long side of one account grows."""
    return maximum(size + change, 0) - maximum(size, 0)
