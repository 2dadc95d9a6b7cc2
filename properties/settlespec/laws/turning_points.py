"""Laws of turning points: just where a rule begins to say otherwise, or to count the other side."""

from typing import Annotated, Final, Literal, TypeAlias

from settlespec.arithmetic import absolute, maximum, negate
from settlespec.domain.instruments import Market, RiskArray
from settlespec.domain.quantities import MAX_AMOUNT, Amount, Factor, Price, Range, SignedSize, Size
from settlespec.laws.margin import LinearInstrument
from settlespec.laws.statement import claim, law
from settlespec.rules.base_fees import (
    GAS_PER_BLOB,
    MAX_FEE,
    MAX_GAS,
    Fee,
    Gas,
    gas_towards,
    next_excess_blob_gas,
    reserve_blob_fee,
)
from settlespec.rules.margin import initial, maintenance, order_reserve, reduces_risk, surcharge
from settlespec.rules.trading import band_high, band_low, reducible

Target: TypeAlias = Annotated[int, Range(1, MAX_GAS)]
"""Gas of a block that leaves the fee as it is."""

PaidFee: TypeAlias = Annotated[int, Range(1, MAX_FEE)]
"""A fee that is not nothing."""

Owed: TypeAlias = Annotated[int, Range(0, MAX_AMOUNT)]
"""Money or risk, or none."""

OVERPAID: Final = "whoever publishes blobs, at a price that is not the base layer's"


@law(
    "BASE-2b",
    "The gas towards a fee is the farthest from the target that does not pass it, as far as the limit allows.",
    rules=("BASE-2",),
    loses="liveness: whoever simulates a base layer misses the fee that a record says",
    shape="one block",
)
def the_gas_towards_a_fee_is_the_farthest(base_fee: PaidFee, wanted: Fee, target: Target, room: Gas) -> None:
    """A use passes the wanted fee where its exact change is a whole step more; `room` is what the limit has beyond the target."""
    used = gas_towards(base_fee, wanted, target, target + room)
    distance, step = absolute(used - target), absolute(wanted - base_fee)
    most = (step + 1) * target * 8
    claim((used >= 0) & (used <= target + room))
    claim(negate(wanted == base_fee) | (used == target))
    claim((wanted == base_fee) | (distance * base_fee < most))
    claim((wanted >= base_fee) | ((used <= target) & ((used == 0) | ((distance + 1) * base_fee >= most))))
    claim((wanted <= base_fee) | ((used >= target) & ((used == target + room) | ((distance + 1) * base_fee >= most))))


@law(
    "BASE-4c",
    "While a blob costs less than its reserve price, what is used beyond nothing piles up by its share, and nothing is worked off.",
    rules=("BASE-4", "BASE-5"),
    loses=OVERPAID,
    shape="one block, since EIP-7918",
)
def cheap_blobs_are_not_worked_off(
    excess: Gas, used: Gas, target: Target, room: Gas, base_fee: Fee, blob_base_fee: Fee, reserve_gas: Gas
) -> None:
    """The share is used * room / most, rounded down. A price that is just the reserve is not below it."""
    most = target + room
    following = next_excess_blob_gas(excess, used, target, most, base_fee, blob_base_fee, reserve_gas)
    is_cheap = reserve_gas * base_fee > GAS_PER_BLOB * blob_base_fee
    piled = following - excess
    claim((excess + used >= target) | (following == 0))
    claim(is_cheap | (following == maximum(excess + used - target, 0)))
    is_kept = is_cheap & (excess + used >= target)
    claim(negate(is_kept) | ((piled >= 0) & (piled * most <= used * room) & ((piled + 1) * most > used * room)))
    claim((blob_base_fee >= reserve_blob_fee(base_fee, reserve_gas)) | is_cheap)
    claim((blob_base_fee <= reserve_blob_fee(base_fee, reserve_gas)) | negate(is_cheap))


@law(
    "BASE-5b",
    "The reserve price of blob gas is what the gas of a blob costs, over the bytes of a blob, rounded down.",
    rules=("BASE-5",),
    loses=OVERPAID,
    shape="one block",
)
def the_reserve_price_is_rounded_down(base_fee: Fee, reserve_gas: Gas) -> None:
    """A blob has 2^17 bytes."""
    fee = reserve_blob_fee(base_fee, reserve_gas)
    claim((fee * 2**17 <= reserve_gas * base_fee) & ((fee + 1) * 2**17 > reserve_gas * base_fee))


@law(
    "MARGIN-9d",
    "A fill that lowers maintenance at no cost reduces risk, for whoever has equity of nothing too.",
    rules=("MARGIN-9",),
    loses="the owner, who may not close what costs nothing",
    shape="any portfolio that does not owe: four numbers around one fill",
)
def lowering_risk_at_no_cost_is_admitted(equity: Owed, gain: Owed, after: Owed, lowered: Amount) -> None:
    """And nothing that leaves maintenance where it was does."""
    claim(reduces_risk(equity, equity + gain, after + lowered, after))
    claim(negate(reduces_risk(equity, equity + gain, after, after)))


@law(
    "MARGIN-7f",
    "A resting bid sets aside what a long lot needs by itself, an ask what a short one needs, and a reduce-only order neither.",
    rules=("MARGIN-7", "MARGIN-2.2"),
    loses="the insurance fund, by written options that rest for what bought ones need",
    shape="one order in one instrument of any array",
)
def each_side_reserves_its_own_risk(
    instrument: LinearInstrument,
    mark: Price,
    size: Size,
    price: Price,
    long_lot: Amount,
    short_lot: Amount,
    factor: Factor,
    surcharge_ppm: Factor,
) -> None:
    """Beside its loss against the mark and its fee, which are the same in either case."""
    array = RiskArray((), 0, 0, 0, 0, long_lot, short_lot)
    market = Market(instrument, mark, array, surcharge_ppm, 0, 0, 0)
    for side, lot in ((1, long_lot), (-1, short_lot)):
        risk = size * lot
        opens, closes = (order_reserve(side, size, price, only, market, factor) for only in (False, True))
        claim(opens - closes == initial(maintenance(risk), factor, surcharge(risk, surcharge_ppm)))


@law(
    "TRADE-5e",
    "No edge of the band is below one step, however little the mark and its band come to.",
    rules=("TRADE-5.2", "TRADE-5.3"),
    loses="liveness: a market whose band admits no price",
    shape="one instrument",
)
def each_edge_is_a_price(mark: Price, half_width: Owed, step: Price) -> None:
    """The least price there is."""
    low, high = band_low(mark, half_width, step), band_high(mark, half_width, step)
    claim((low >= step) & (high >= step))
    claim((mark + half_width >= step) | ((low == step) & (high == step)))


@law(
    "TRADE-6b",
    "One more reduce-only order may have all lots of the position that the others leave, and none where it would not close it.",
    rules=("TRADE-6",),
    loses="the owner, kept from closing a position, or closed twice",
    shape="one account, one more order",
)
def all_that_is_left_is_reducible(position: SignedSize, resting: Owed, side: Literal[1, -1]) -> None:
    """To the lot."""
    lots, closes = reducible(position, resting, side), position * side < 0
    claim(negate(closes) | (lots + resting == absolute(position)))
    claim(closes | (lots == 0))
