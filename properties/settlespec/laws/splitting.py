"""Laws of splits and merges: nobody is better off by doing in parts what can be done at once, and never by more than the roundings."""

from typing import Final

from attrs import evolve

from settlespec.domain.accounts import Position
from settlespec.domain.quantities import Amount, Factor, Milliseconds, Price, Quantums, Rate, SignedSize, Size
from settlespec.laws.grounds import GAINS, GAINS_COVER, NotNegative
from settlespec.laws.margin import LinearInstrument, market_at
from settlespec.laws.statement import assume, claim, implied, law
from settlespec.rules.fees import maker_fee, resting_fee, taker_fee
from settlespec.rules.funding import exact_payment, payment
from settlespec.rules.liquidation import bankruptcy_quote, haircut
from settlespec.rules.margin import initial, maintenance, order_reserve, risk_alone, surcharge
from settlespec.rules.trading import open_interest_change, realised, trade_position

REBATE: Final = implied("GENESIS-1.2", "the rebate is no more than the taker's fee")
SUBADDITIVE: Final = implied("MARGIN-2e", "the risk of two books together is at most the sum of theirs")
DEARER: Final = "the fund that rounding is for, by whoever splits what he does"


@law(
    "FEE-1c",
    "A fill in two parts costs its taker at least the fee of the whole, and at most a quantum more.",
    rules=("FEE-1",),
    loses=DEARER,
    shape="one fill in two parts",
    composes=("FEE-1b",),
)
def splitting_a_fill_saves_its_taker_nothing(first: Amount, second: Amount, rate: Factor) -> None:
    """At one price, notionals add up."""
    whole, parts = taker_fee(first + second, rate), taker_fee(first, rate) + taker_fee(second, rate)
    claim((whole <= parts) & (parts <= whole + 1))


@law(
    "FEE-2c",
    "A fill in two parts brings its maker no more rebate, nor costs less fee, than the whole.",
    rules=("FEE-1", "FEE-2"),
    loses=DEARER,
    shape="one fill in two parts",
    assumes=(REBATE,),
    composes=("FEE-1b", "FEE-2b"),
)
def splitting_a_fill_brings_its_maker_nothing(first: Amount, second: Amount, rate: Rate, taker_rate: Factor) -> None:
    """Whoever takes it."""
    assume(rate + taker_rate >= 0, REBATE)
    whole, one, other = (
        maker_fee(notional, rate, taker_fee(notional, taker_rate)) for notional in (first + second, first, second)
    )
    claim((whole <= one + other) & (one + other <= whole + 1))


@law(
    "FUND-3c",
    "Holding a position in two accounts costs at least its funding in one, and at most a quantum more.",
    rules=("FUND-2", "FUND-3"),
    loses=DEARER,
    shape="one position in two accounts",
    composes=("FUND-3a",),
)
def splitting_a_holding_saves_no_funding(
    first: SignedSize, second: SignedSize, rate: Rate, mark: Price, elapsed: Milliseconds
) -> None:
    """Of either sign, and opposite ones."""
    parts = [exact_payment(rate, mark, size, elapsed) for size in (first, second)]
    whole = payment(exact_payment(rate, mark, first + second, elapsed))
    claim((whole <= payment(parts[0]) + payment(parts[1])) & (payment(parts[0]) + payment(parts[1]) <= whole + 1))


@law(
    "LIQ-3e",
    "A gain in two accounts loses at least the haircut of the whole, and at most a quantum more.",
    rules=("LIQ-3",),
    loses=DEARER,
    shape="one gain in two accounts, among any others",
    assumes=(GAINS_COVER, GAINS),
    composes=("LIQ-3b",),
)
def splitting_a_gain_saves_no_haircut(owed: Amount, first: Amount, second: Amount, total: Amount) -> None:
    """Whatever all others gained."""
    assume(owed <= total, GAINS_COVER)
    assume(first + second <= total, GAINS)
    whole, parts = haircut(owed, first + second, total), haircut(owed, first, total) + haircut(owed, second, total)
    claim((whole <= parts) & (parts <= whole + 1))


@law(
    "LIQ-4d",
    "A close in two parts, each at its bankruptcy quote, leaves the account what the whole would, or a quantum more.",
    rules=("LIQ-4",),
    loses="the account that is closed, or whoever takes its position over",
    shape="any portfolio: equity and maintenance around two closes",
    composes=("LIQ-4b",),
)
def splitting_a_close_moves_its_quote_by_a_quantum(
    equity: Amount, after: NotNegative, second_fall: Amount, first_fall: Amount, released: Quantums, then: Quantums
) -> None:
    """`released` and `then` are the notionals at the mark of the two parts, by which maintenance falls in turn."""
    between = after + second_fall
    before = between + first_fall
    left = equity + bankruptcy_quote(equity, before, between, released) - released
    parts = left + bankruptcy_quote(left, between, after, then) - then
    whole = equity + bankruptcy_quote(equity, before, after, released + then) - released - then
    claim(left * before >= equity * between)
    claim((left - 1) * before < equity * between)
    claim((whole <= parts) & (parts <= whole + 1))


@law(
    "TRADE-4b",
    "A close in two parts realises what the whole would, to one quantum, which stays in the cost of what is left.",
    rules=("TRADE-3", "TRADE-4"),
    loses="the account or its counterparty, by more than the rounding of a partial close",
    shape="a long position, closed in two parts at one price",
    composes=("TRADE-3f", "TRADE-4a"),
)
def splitting_a_close_realises_the_same(
    first: Size, second: Size, rest: NotNegative, cost: Amount, price: Price
) -> None:
    """The first part is rounded alone, the second with what the first left. Claimed in steps, each of which the next one builds on."""
    held, left = first + second + rest, second + rest
    position = Position(held, cost)
    between = trade_position(position, -first, price)
    parts = trade_position(between, -second, price)
    whole = trade_position(position, -(first + second), price)
    claim((between.size == left) & (parts.size == rest) & (whole.size == rest))
    claim((between.cost * held >= cost * left) & (between.cost * held < cost * left + held))
    claim(between.cost * held * rest <= (cost * left + held) * rest)
    claim(
        (parts.cost * left * held < (between.cost * rest + left) * held)
        & (parts.cost * left * held >= cost * left * rest)
    )
    claim(
        (parts.cost * (left * held) < (whole.cost + 2) * (left * held))
        & ((parts.cost - (whole.cost - 1)) * (left * held) > 0)
    )
    claim((parts.cost > whole.cost - 1) & (parts.cost < whole.cost + 2))
    gained = realised(position, -first, price) + realised(between, -second, price)
    claim(gained - parts.cost == realised(position, -(first + second), price) - whole.cost)


@law(
    "TRADE-3d",
    "An opening in two parts is the opening of both at once.",
    rules=("TRADE-2", "TRADE-3", "TRADE-4"),
    loses="the account or its counterparty",
    shape="one position of either sign, opened further in two parts at one price",
)
def merging_two_openings_changes_nothing(
    held: Size, cost: Quantums, first: Size, second: Size, price: Price, long: bool
) -> None:
    """The mirror is the other sign."""
    side = 1 if long else -1
    position = Position(side * held, cost)
    between = trade_position(position, side * first, price)
    parts = trade_position(between, side * second, price)
    whole = trade_position(position, side * (first + second), price)
    claim((parts.size == whole.size) & (parts.cost == whole.cost))
    claim(realised(position, side * first, price) == 0)


@law(
    "TRADE-7b",
    "Two fills of one account change open interest as one fill of both would.",
    rules=("TRADE-7",),
    loses="whoever pays a surcharge on open interest that nobody holds",
    shape="one account, two fills of any sides",
    composes=("TRADE-7a",),
)
def merging_two_fills_changes_no_open_interest(size: SignedSize, first: SignedSize, second: SignedSize) -> None:
    """Through zero and back."""
    parts = open_interest_change(size, first) + open_interest_change(size + first, second)
    claim(parts == open_interest_change(size, first + second))


@law(
    "MARGIN-7e",
    "An order in two parts reserves at least what the whole would.",
    rules=("MARGIN-2.2", "MARGIN-4", "MARGIN-5", "MARGIN-5.2", "MARGIN-7", "FEE-3"),
    loses="whoever is on the other side of orders that free what one order would not",
    shape="one order in two parts, in one linear instrument, surcharge included",
    composes=("MARGIN-7a", "MARGIN-4b", "FEE-3c"),
)
def splitting_an_order_frees_nothing(
    instrument: LinearInstrument,
    mark: Price,
    first: Size,
    second: Size,
    price: Price,
    buys: bool,
    reduce_only: bool,
    factor: Factor,
    surcharge_ppm: Factor,
) -> None:
    """Each of its roundings is upwards. Claimed in steps, each of which the next one builds on."""
    market, side = evolve(market_at(instrument, mark), surcharge_ppm=surcharge_ppm), 1 if buys else -1
    sizes = first + second, first, second
    risks = [risk_alone(side * size, market.risk) for size in sizes]
    claim(risks[0] == risks[1] + risks[2])
    requirements = [maintenance(risk) for risk in risks]
    claim(requirements[0] <= requirements[1] + requirements[2])
    surcharges = [surcharge(risk, surcharge_ppm) for risk in risks]
    claim(surcharges[0] <= surcharges[1] + surcharges[2])
    alone = [initial(requirements[place], factor, surcharges[place]) for place in range(3)]
    claim(alone[0] <= alone[1] + alone[2])
    fees = [resting_fee(price * size, instrument.maker_fee_ppm) for size in sizes]
    claim(fees[0] <= fees[1] + fees[2])
    whole, one, other = (order_reserve(side, size, price, reduce_only, market, factor) for size in sizes)
    claim(one + other >= whole)


@law(
    "MARGIN-5d",
    "Two accounts need at least the initial requirement of one that holds what both hold.",
    rules=("MARGIN-4", "MARGIN-5", "MARGIN-5.2"),
    loses="the insurance fund, by whoever divides a portfolio over accounts to need less",
    shape="two portfolios in one underlying: their risks, which are sub-additive",
    assumes=(SUBADDITIVE,),
    composes=("MARGIN-4b", "MARGIN-5b"),
)
def splitting_a_portfolio_frees_nothing(
    first: Amount, second: Amount, together: int, factor: Factor, surcharge_ppm: Factor
) -> None:
    """Surcharge included. Claimed in steps, each of which the next one builds on."""
    assume((together >= 0) & (together <= first + second), SUBADDITIVE)
    risks = together, first, second
    requirements = [maintenance(risk) for risk in risks]
    claim(requirements[0] <= requirements[1] + requirements[2])
    claim(requirements[0] * factor <= requirements[1] * factor + requirements[2] * factor)
    surcharges = [surcharge(risk, surcharge_ppm) for risk in risks]
    claim(together * surcharge_ppm <= first * surcharge_ppm + second * surcharge_ppm)
    claim(surcharges[0] <= surcharges[1] + surcharges[2])
    whole, one, other = (initial(requirements[place], factor, surcharges[place]) for place in range(3))
    claim(one + other >= whole)


@law(
    "FUND-2c",
    "A holder pays for two intervals in turn exactly what it pays for both at once, before rounding.",
    rules=("FUND-2",),
    loses="whoever holds while rounds are frequent",
    shape="one position over two intervals",
)
def funding_is_additive_in_time(
    rate: Rate, mark: Price, size: SignedSize, first: Milliseconds, second: Milliseconds
) -> None:
    """At one mark and rate."""
    parts = exact_payment(rate, mark, size, first) + exact_payment(rate, mark, size, second)
    claim(parts == exact_payment(rate, mark, size, first + second))
