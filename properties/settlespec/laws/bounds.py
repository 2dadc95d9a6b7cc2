"""Laws of the caps that genesis fixes: every number that a round makes has a place on the wire, so that a signed round is accepted.

A round is refused for its statement alone (STEP-2a); its micro-steps are never refused. What could stop one is a number without a place in
the committed state, a funding pool below zero (FUND-3b), or a position without an opposite (LIQ-8d). GENESIS-1c is the first of these:
it is composed of the bounds of one position (GENESIS-1a) and of its cost (TRADE-3e), and has room for 2^32 instruments.
"""

from typing import Final

from attrs import evolve

from settlespec.arithmetic import absolute
from settlespec.commitment.encoding import MAX_BITS
from settlespec.domain.accounts import Position
from settlespec.domain.instruments import Quote, RoundStatement
from settlespec.domain.operations import BeginRound
from settlespec.domain.quantities import (
    MAX_PRICE,
    MAX_SIZE,
    TIME,
    Count,
    Factor,
    Index,
    Milliseconds,
    Price,
    Quantums,
    Rate,
    SignedSize,
    Size,
)
from settlespec.laws.grounds import HYPOTHESIS, NOBODY_OWES, NotNegative
from settlespec.laws.margin import LinearInstrument, market_at
from settlespec.laws.shapes import LISTED, START
from settlespec.laws.statement import assume, claim, implied, law, world
from settlespec.machine.exchange import beyond_caps, in_range
from settlespec.rules.funding import FUNDING_SCALE, capped_rate, exact_payment, payment
from settlespec.rules.liquidation import gain_of_round
from settlespec.rules.margin import equity, initial, maintenance, risk_alone, surcharge
from settlespec.rules.trading import trade_position

SIGNED: Final = 2 ** (MAX_BITS - 1)
"""Above every signed integer of the wire."""

MOST_FUNDING: Final = 2**119
"""Quantums: above the largest funding of one position in one round."""

MOST_REQUIREMENT: Final = 2**103
"""Quantums: above the largest requirement of one position."""

STAKE: Final = "liveness: everybody, by a round that cannot be written down"

LONGEST: Final = TIME.high
"""Milliseconds of the longest interval."""

CROWD: Final = 2**32
"""How many accounts and how many instruments there may be."""

FEW: Final = world(
    "nobody lists more than 2^32 instruments or admits more than 2^32 accounts, for which no computer has room"
)
WITHIN_CAPS: Final = implied("TRADE-3e", "no value and no cost is more than its lots at the largest price")
BOUNDS: Final = implied("GENESIS-1a", "funding and requirement of each position keep their bounds")
PRICES: Final = implied("STEP-2.2", "no price and no mark is above the instrument's largest price")


@law(
    "STEP-2a",
    "A statement whose numbers have their types' ranges is out of range only by a mark above its instrument's cap.",
    rules=("STEP-2", "STEP-2.2"),
    loses=STAKE,
    shape="a statement of one quote",
)
def a_statement_is_out_of_range_by_its_caps_alone(
    number: Index, timestamp: Milliseconds, mark: Price, rate: Rate, cap: Price
) -> None:
    """The machine's code."""
    market = START.markets[LISTED]
    state = evolve(
        START, markets=START.markets.set(LISTED, evolve(market, instrument=evolve(market.instrument, max_price=cap)))
    )
    op = BeginRound(RoundStatement(1, 1, number, timestamp, (Quote(LISTED, mark, rate),)), ())
    claim(in_range(op))
    claim(beyond_caps(state, op) == (mark > cap))


@law(
    "TRADE-3e",
    "The cost of a position has its sign and is never more than its lots at the largest price.",
    rules=("TRADE-2", "TRADE-3"),
    loses=STAKE,
    shape="one position, one more trade, by induction",
    assumes=(HYPOTHESIS, PRICES),
    composes=("TRADE-2a", "TRADE-3f"),
)
def a_cost_stays_within_its_lots(size: Size, cost: Quantums, change: SignedSize, price: Price, most: Price) -> None:
    """Of a long position; the mirror is a short one."""
    assume((cost >= 0) & (cost <= size * most), HYPOTHESIS)
    assume(price <= most, PRICES)
    traded = trade_position(Position(size, cost), change, price)
    claim((traded.size < 0) | ((traded.cost >= 0) & (traded.cost <= traded.size * most)))
    claim((traded.size > 0) | ((traded.cost <= 0) & (traded.cost >= traded.size * most)))


@law(
    "GENESIS-1a",
    "Whatever genesis fixes within the ranges of its types, funding and requirement of one position keep their bounds.",
    rules=("FUND-1", "FUND-2", "FUND-3", "MARGIN-1", "MARGIN-2.2", "MARGIN-4", "MARGIN-5", "MARGIN-5.2"),
    loses=STAKE,
    shape="one position in a linear instrument",
    composes=("FUND-1a", "FUND-3a", "MARGIN-3d"),
)
def one_position_keeps_its_bounds(
    instrument: LinearInstrument,
    mark: Price,
    size: SignedSize,
    rate: Rate,
    elapsed: Milliseconds,
    factor: Factor,
    surcharge_ppm: Factor,
) -> None:
    """Bounds are products of those of the ranges. Claimed in steps, each of which the next one builds on."""
    worth = absolute(size) * mark
    claim(worth <= MAX_SIZE * MAX_PRICE)
    used = capped_rate(rate, instrument.funding_cap_ppm)
    claim(absolute(used) <= 10**9)
    claim(absolute(used) * worth <= 10**9 * MAX_SIZE * MAX_PRICE)
    exact = exact_payment(used, mark, size, elapsed)
    claim(absolute(exact) == absolute(used) * worth * elapsed)
    claim(absolute(exact) < MOST_FUNDING * FUNDING_SCALE)
    claim(absolute(payment(exact)) <= MOST_FUNDING)
    risk = risk_alone(size, market_at(instrument, mark).risk)
    claim(risk == worth * 3 * (instrument.maintenance_ppm + instrument.basis_ppm))
    claim(risk <= MAX_SIZE * MAX_PRICE * 6 * 10**9)
    required = maintenance(risk)
    claim(required <= MAX_SIZE * MAX_PRICE * 2 * 10**3)
    claim(required * factor <= MAX_SIZE * MAX_PRICE * 2 * 10**12)
    claim(risk * surcharge_ppm <= MAX_SIZE * MAX_PRICE * 6 * 10**18)
    claim(initial(required, factor, surcharge(risk, surcharge_ppm)) < MOST_REQUIREMENT)


@law(
    "GENESIS-1b",
    "The funding index has a place on the wire for as many rounds as there are numbers of rounds.",
    rules=("ROUND-4.5", "FUND-1"),
    loses=STAKE,
    shape="one more round, by induction",
    assumes=(HYPOTHESIS,),
    composes=("FUND-1a",),
)
def the_funding_index_keeps_its_bounds(
    index: int, rounds: Index, mark: Price, rate: Rate, cap: Factor, elapsed: Milliseconds
) -> None:
    """Each round adds at most the largest mark for the longest interval at the highest rate."""
    each = 10**9 * MAX_PRICE * LONGEST
    assume(absolute(index) <= rounds * each, HYPOTHESIS)
    used = capped_rate(rate, cap)
    claim(absolute(used) <= 10**9)
    claim(absolute(used) * mark <= 10**9 * MAX_PRICE)
    claim(absolute(index + used * mark * elapsed) <= (rounds + 1) * each)
    claim((rounds + 1) * each < SIGNED)


@law(
    "GENESIS-1c",
    "By the caps of genesis a signed round is always accepted: what it makes of an account has a place on the wire.",
    rules=("LIQ-1", "MARGIN-8"),
    loses=STAKE,
    shape="one account with positions in as many instruments as there can be",
    composes=("STEP-2a", "TRADE-3e", "GENESIS-1a", "GENESIS-1b", "FUND-3b", "LIQ-8d", "ROUND-1a"),
    assumes=(NOBODY_OWES, FEW, WITHIN_CAPS, BOUNDS, HYPOTHESIS),
)
def a_round_can_be_written_down(
    at_rest: NotNegative,
    positions: Count,
    accounts: Count,
    values: int,
    costs: int,
    moved: int,
    paid: int,
    required: int,
    others: int,
) -> None:
    """All positions together: `values` at the old marks, `moved` at the new ones, their costs, funding and requirements.

    `others` is what so many other accounts gained, each no more than is claimed of this one.
    """
    assume(at_rest >= 0, NOBODY_OWES)
    assume((positions <= CROWD) & (accounts <= CROWD), FEW)
    most = positions * MAX_SIZE * MAX_PRICE
    assume((absolute(values) <= most) & (absolute(moved) <= most) & (absolute(costs) <= most), WITHIN_CAPS)
    assume(
        (absolute(paid) <= positions * MOST_FUNDING) & (required >= 0) & (required <= positions * MOST_REQUIREMENT),
        BOUNDS,
    )
    most_gain = CROWD * (2 * MAX_SIZE * MAX_PRICE + MOST_FUNDING)
    assume((others >= 0) & (others <= accounts * most_gain), HYPOTHESIS)
    collateral = at_rest - values + costs
    after = collateral - paid
    now = equity(after - costs, (moved,))
    gain = gain_of_round(at_rest, now)
    claim(gain <= most_gain)
    claim((absolute(collateral) < SIGNED) & (absolute(after) < SIGNED) & (required < SIGNED))
    claim((absolute(now) < SIGNED) & (gain + others < SIGNED))
    claim(after - gain > -SIGNED)
