"""Laws of trading: what a fill may do to two accounts, and what an owner can be made to trade."""

from typing import Final

from settlespec.arithmetic import PPM, absolute, choose, floor_div, negate
from settlespec.domain.accounts import Position
from settlespec.domain.quantities import MAX_SIZE, Factor, Price, Quantums, Rate, SignedSize, Size
from settlespec.laws.grounds import HYPOTHESIS
from settlespec.laws.statement import assume, case, claim, implied, law
from settlespec.rules.custody import forced_limit
from settlespec.rules.fees import maker_fee, taker_fee
from settlespec.rules.trading import (
    band_half_width,
    band_high,
    band_low,
    capped_edge,
    closing_size,
    open_interest_change,
    outside_band,
    realised,
    reducible,
    remaining_after_replace,
    trade_position,
)

OPEN: Final = case("there is a position")
FILLED: Final = implied("ORDER-LIMITS", "a fill is not negative, and at most what remains of the order")
RESTING: Final = implied("ORDER-LIMITS", "resting reduce-only orders total at most the position")
ADMITTED: Final = implied("TRADE-6", "an order rests as reduce-only only as far as is reducible")
STEPS: Final = implied("GENESIS-1.2", "a band has no more steps than any price has")
STEP: Final = implied("GENESIS-1.2", "a multiple of the price step is within the largest price")


def cash(collateral: Quantums, position: Position) -> int:
    """Collateral less the cost of the open position: what equity is made of, with the position at its mark."""
    return collateral - position.cost


@law(
    "TRADE-3a",
    "A fill conserves money and lots: what leaves the buyer reaches the seller and the treasury, to the quantum.",
    rules=("TRADE-2", "TRADE-3", "TRADE-4", "FEE-1", "FEE-2"),
    loses="everybody, by whatever a fill could create",
    shape="two accounts, one instrument, any positions before",
    composes=("TRADE-4a", "FEE-1b", "FEE-2b"),
)
def a_fill_conserves(
    buyer: Position,
    seller: Position,
    collateral_of_buyer: Quantums,
    collateral_of_seller: Quantums,
    size: Size,
    price: Price,
    taker_rate: Factor,
    maker_rate: Rate,
) -> None:
    """The buyer takes; the mirror, where the seller takes, swaps the fees only."""
    taker_pays = taker_fee(price * size, taker_rate)
    maker_pays = maker_fee(price * size, maker_rate, taker_pays)
    bought, sold = trade_position(buyer, size, price), trade_position(seller, -size, price)
    collateral_of_taker = collateral_of_buyer + realised(buyer, size, price) - taker_pays
    collateral_of_maker = collateral_of_seller + realised(seller, -size, price) - maker_pays
    before = cash(collateral_of_buyer, buyer) + cash(collateral_of_seller, seller)
    after = cash(collateral_of_taker, bought) + cash(collateral_of_maker, sold)
    claim(after + taker_pays + maker_pays == before)
    claim(bought.size + sold.size == buyer.size + seller.size)


@law(
    "TRADE-4a",
    "However the cost of a position is split, a fill moves its owner's cash by exactly the price of the lots.",
    rules=("TRADE-3", "TRADE-4"),
    loses="the account, or whoever is on its other side, by the rounding of the cost",
    shape="one account, one instrument",
)
def cash_moves_by_the_price_of_the_lots(position: Position, change: SignedSize, price: Price) -> None:
    """So equity never depends on how the cost was split."""
    traded = trade_position(position, change, price)
    claim(realised(position, change, price) - (traded.cost - position.cost) == -change * price)


@law(
    "TRADE-2a",
    "Closing never exceeds the position, never enlarges it, and leaves nothing of it when the sign changes.",
    rules=("TRADE-2",),
    loses="the account, by lots that it never held",
    shape="one position",
)
def closing_stays_within_the_position(size: SignedSize, change: SignedSize) -> None:
    """Closed lots are signed like the change."""
    closed = closing_size(size, change)
    claim(absolute(closed) <= absolute(size))
    claim(absolute(closed) <= absolute(change))
    claim(absolute(size + closed) == absolute(size) - absolute(closed))
    claim((size + closed == 0) | (closed == change) | (closed == 0))


@law(
    "TRADE-3b",
    "A position that is closed whole leaves no cost behind.",
    rules=("TRADE-3",),
    loses="conservation: a cost without lots can never be closed",
    shape="one position",
    assumes=(OPEN,),
)
def nothing_remains_of_a_closed_position(position: Position, price: Price) -> None:
    """For every position but a flat one."""
    assume(negate(position.size == 0), OPEN)
    closed = trade_position(position, -position.size, price)
    claim((closed.size == 0) & (closed.cost == 0))


@law(
    "TRADE-7a",
    "A fill changes open interest by what it changes the long side, which is what it changes the short side.",
    rules=("TRADE-7",),
    loses="whoever pays a surcharge on open interest",
    shape="two accounts",
)
def long_and_short_sides_move_together(buyer: SignedSize, seller: SignedSize, size: Size) -> None:
    """Longs held less shorts held is the sum of the sizes, which a fill leaves alone."""
    longs = open_interest_change(buyer, size) + open_interest_change(seller, -size)
    shorts = open_interest_change(-buyer, -size) + open_interest_change(-seller, size)
    claim(longs == shorts)
    claim((buyer < 0) | (open_interest_change(buyer, size) == size))
    claim((buyer + size > 0) | (open_interest_change(buyer, size) == 0))


@law(
    "TRADE-13a",
    "No sequence of replacements lets an order fill beyond the largest size that its owner signed.",
    rules=("TRADE-13",),
    loses="the owner, by every lot beyond it",
    shape="one order, a fill before and after each of two replacements",
    assumes=(FILLED,),
    composes=("TRADE-13b", "TRADE-13c"),
)
def an_order_is_never_overfilled_through_replace(
    size: Size, second: Size, third: Size, before: int, between: int, after: int
) -> None:
    """Each fill is at most what remains under the size in force; nor does one pass the size in force then."""
    assume((before >= 0) & (between >= 0) & (after >= 0), FILLED)
    assume(before <= size, FILLED)
    assume(between <= remaining_after_replace(second, before), FILLED)
    claim((between == 0) | (before + between <= second))
    assume(after <= remaining_after_replace(third, before + between), FILLED)
    filled = before + between + after
    claim((after == 0) | (filled <= third))
    claim((filled <= size) | (filled <= second) | (filled <= third))


@law(
    "TRADE-13b",
    "What was filled is carried through a replacement: an order kept within its size stays within it at every step.",
    rules=("TRADE-13",),
    loses="the owner, by the lots filled twice",
    shape="one step of any number of replacements, by induction",
    assumes=(HYPOTHESIS, FILLED),
)
def a_replacement_keeps_the_signed_bound(largest: Size, filled: int, new_size: Size, fill: int) -> None:
    """`largest` is the largest size signed so far; if the order was within it, it is within it or the new size."""
    assume((filled >= 0) & (filled <= largest), HYPOTHESIS)
    assume((fill >= 0) & (fill <= remaining_after_replace(new_size, filled)), FILLED)
    claim((filled + fill <= largest) | (filled + fill <= new_size))


@law(
    "TRADE-13c",
    "A replacement leaves what the new size has beyond what is filled, and nothing where it has none.",
    rules=("TRADE-13",),
    loses="the owner, who gets less than was signed",
    shape="one order",
)
def a_replacement_leaves_the_rest_of_the_new_size(new_size: Size, filled: Size) -> None:
    """Never negative."""
    remaining = remaining_after_replace(new_size, filled)
    claim(remaining >= 0)
    claim((remaining + filled == new_size) | ((remaining == 0) & (filled >= new_size)))


@law(
    "TRADE-6a",
    "One more resting reduce-only order, of no more than is reducible, closes and leaves their total within the position.",
    rules=("TRADE-6",),
    loses="the owner, who ends with a position that nobody asked for",
    shape="one account, one more order",
    assumes=(RESTING, ADMITTED),
)
def one_more_reduce_only_order_fits(position: SignedSize, resting: int, size: Size, buys: bool) -> None:
    """An order of at most what is reducible leaves the sum within the position."""
    side = 2 * _one_if(buys) - 1
    assume((resting >= 0) & (resting <= absolute(position)), RESTING)
    assume(size <= reducible(position, resting, side), ADMITTED)
    claim(resting + size <= absolute(position))
    claim(position * side < 0)


def _one_if(condition: bool) -> int:
    return choose(condition, 1, 0)


@law(
    "TRADE-5a",
    "The edges of the band are multiples of the price step, and the band lies within its half-width of the mark.",
    rules=("TRADE-5", "TRADE-5.2", "TRADE-5.3"),
    loses="whoever trades at a price outside of what the mark allows",
    shape="one instrument whose mark is at least one step away from zero",
    assumes=(STEPS,),
)
def the_band_is_rounded_inwards(mark: Price, step: Price, steps: Size, band_ppm: Factor) -> None:
    """Unless the band's edge would fall below one step, which is the least price there is."""
    assume(steps <= MAX_SIZE, STEPS)
    width = band_half_width(mark, step, steps, band_ppm)
    low, high = band_low(mark, width, step), band_high(mark, width, step)
    claim((floor_div(low, step) * step == low) & (floor_div(high, step) * step == high))
    claim((low >= mark - width) & (low >= step))
    claim((high <= mark + width) | (high == step))
    claim((low == step) | (low < mark - width + step))
    claim(high > mark + width - step)


@law(
    "TRADE-5b",
    "The band is as wide as the wider of its steps and its share of the mark, and no wider.",
    rules=("TRADE-5",),
    loses="whoever trades at a price outside of what the mark allows",
    shape="one instrument",
)
def the_band_is_as_wide_as_its_wider_measure(mark: Price, step: Price, steps: Size, band_ppm: Factor) -> None:
    """The share of the mark is rounded down."""
    width = band_half_width(mark, step, steps, band_ppm)
    claim((width >= steps * step) & ((width + 1) * PPM > mark * band_ppm))
    claim((width == steps * step) | (width * PPM <= mark * band_ppm))


@law(
    "TRADE-5c",
    "No edge of the band is above the instrument's largest price, and one that was becomes the last multiple of the step below it.",
    rules=("TRADE-5.4",),
    loses="whoever trades at a price that no limit order may have",
    shape="one instrument with a price within its cap, and any edge: a multiple of the step (law TRADE-5a)",
    assumes=(STEP,),
)
def the_band_ends_at_the_largest_price(steps: Size, step: Price, max_price: Price) -> None:
    """So every edge is a price that an order may have."""
    assume(step <= max_price, STEP)
    edge = steps * step
    capped = capped_edge(edge, max_price, step)
    claim((capped >= step) & (capped <= max_price))
    claim((capped == edge) | ((edge > max_price) & (capped > max_price - step)))
    claim(floor_div(capped, step) * step == capped)


@law(
    "TRADE-5d",
    "Where no bid above the band and no ask below it is traded, every trade is within the band, and so is every forced limit.",
    rules=("TRADE-5.5", "CUST-5"),
    loses="whoever is made to trade at a price outside of what the mark allows",
    shape="a bid and an ask that meet, at the price of either",
)
def what_may_rest_trades_within_the_band(bid: Price, ask: Price, low: Price, high: Price) -> None:
    """A bid below the band or an ask above it rests, and waits for the mark to come."""
    claim(outside_band(1, bid, low, high) == (bid > high))
    claim(outside_band(-1, ask, low, high) == (ask < low))
    may_trade = negate(outside_band(1, bid, low, high) | outside_band(-1, ask, low, high)) & (ask <= bid)
    claim(negate(may_trade) | ((bid >= low) & (bid <= high) & (ask >= low) & (ask <= high)))
    claim(negate(outside_band(1, forced_limit(1, bid, low, high), low, high)))
    claim(negate(outside_band(-1, forced_limit(-1, ask, low, high), low, high)))
