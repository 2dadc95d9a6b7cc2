"""Laws of margin: what a requirement covers, and what an admitted operation may do to it."""

from typing import Annotated, Final, TypeAlias

from attrs import evolve

from settlespec.arithmetic import PPM, absolute, ceil_div, choose, maximum, minimum, negate
from settlespec.domain.instruments import SCENARIOS, Instrument, InstrumentKind, Market
from settlespec.domain.quantities import Amount, Factor, Price, Quantums, SignedSize, Size
from settlespec.laws.grounds import FACTOR, FALLS, INTERVAL, REQUIREMENT
from settlespec.laws.statement import Only, assume, case, claim, implied, law, world
from settlespec.rules.liquidation import bankruptcy_quote, restored
from settlespec.rules.margin import (
    RISK_SCALE,
    Holding,
    equity,
    in_breach,
    initial,
    linear_array,
    maintenance,
    reduces_risk,
    risk_alone,
    risk_array,
    surcharge,
    surcharge_rate,
    underlying_risk,
    weighted_open_interest,
)

MEETS_INITIAL: Final = case("the account meets the initial requirement")
MEETS_MAINTENANCE: Final = case("the account meets the maintenance requirement")
WITHIN_THE_MOVE: Final = world("marks move by at most the maintenance rate from one round to the next")
SPREAD_CHARGE: Final = implied("GENESIS-1.2", "every instrument has a spread charge")
ADMITTED: Final = case("the fills are admitted as reducing risk")
SPAN: Final = implied("GENESIS-1.2", "the surcharge ends above its start")
OPEN_INTEREST: Final = implied("ZERO-SUM", "open interest is the sum of the longs, so never negative")


LinearInstrument: TypeAlias = Annotated[Instrument, Only("kind", InstrumentKind.PERPETUAL)]
"""A perpetual; a dated future needs the same, since no rule of margin reads the kind."""


def market_at(instrument: LinearInstrument, mark: Price) -> Market:
    """The market of a linear instrument at this mark; what the laws below do not read is zero."""
    return Market(instrument, mark, linear_array(instrument, mark), 0, 0, 0, 0)


@law(
    "MARGIN-5a",
    "Whoever meets the initial requirement meets the maintenance requirement.",
    rules=("MARGIN-3.2", "MARGIN-4", "MARGIN-5", "MARGIN-5.2"),
    loses="the owner, liquidated by the operation that was just admitted",
    shape="one position in a linear instrument",
    assumes=(FACTOR, MEETS_INITIAL),
    composes=("MARGIN-5b",),
)
def initial_covers_maintenance(
    instrument: LinearInstrument, mark: Price, size: SignedSize, worth: Quantums, factor: Factor, surcharge_ppm: Factor
) -> None:
    """For every initial factor of at least one, surcharge included."""
    assume(factor >= PPM, FACTOR)
    risk = underlying_risk((Holding(size, market_at(instrument, mark)),))
    assume(worth >= initial(maintenance(risk), factor, surcharge(risk, surcharge_ppm)), MEETS_INITIAL)
    claim(worth >= maintenance(risk))


@law(
    "MARGIN-3a",
    "No bad debt within the maintenance move: an account at maintenance survives it with equity that is not negative.",
    rules=("MARGIN-1", "MARGIN-2.2", "MARGIN-4"),
    loses="the insurance fund, and after it whoever gained",
    shape="one position in a linear instrument, one move of at most the maintenance rate",
    assumes=(MEETS_MAINTENANCE, WITHIN_THE_MOVE),
    composes=("MARGIN-3d",),
)
def no_bad_debt_within_the_maintenance_move(
    instrument: LinearInstrument, mark: Price, moved: Price, size: SignedSize, worth: Quantums
) -> None:
    """Up or down, long or short."""
    assume(worth >= maintenance(risk_alone(size, linear_array(instrument, mark))), MEETS_MAINTENANCE)
    assume(absolute(moved - mark) * PPM <= instrument.maintenance_ppm * mark, WITHIN_THE_MOVE)
    claim(worth + size * (moved - mark) >= 0)


@law(
    "MARGIN-3b",
    "A spread in one underlying survives the maintenance move of both its legs.",
    rules=("MARGIN-1", "MARGIN-2", "MARGIN-3.2", "MARGIN-4"),
    loses="the insurance fund",
    shape="two linear instruments of one underlying and one maintenance rate, both marks moved by all of it",
    assumes=(MEETS_MAINTENANCE,),
)
def a_spread_survives_the_common_move(
    near: LinearInstrument,
    far: LinearInstrument,
    near_mark: Price,
    far_mark: Price,
    near_size: SignedSize,
    far_size: SignedSize,
    worth: Quantums,
    rises: bool,
) -> None:
    """Smaller moves lie between the two edges, and what a linear position is worth is linear in the move."""
    far = evolve(far, maintenance_ppm=near.maintenance_ppm)
    holdings = (Holding(near_size, market_at(near, near_mark)), Holding(far_size, market_at(far, far_mark)))
    assume(worth >= maintenance(underlying_risk(holdings)), MEETS_MAINTENANCE)
    move = choose(rises, near.maintenance_ppm, -near.maintenance_ppm)
    claim(worth * PPM + (near_size * near_mark + far_size * far_mark) * move >= 0)


@law(
    "MARGIN-2a",
    "The two extremes of an array give the same maintenance of a single holding as all sixteen scenarios.",
    rules=("MARGIN-1", "MARGIN-2", "MARGIN-2.2", "MARGIN-3", "MARGIN-3.2"),
    loses="whoever relies on the short cut",
    shape="one position in a linear instrument",
)
def the_short_cut_is_exact(instrument: LinearInstrument, mark: Price, size: SignedSize) -> None:
    """A linear array."""
    holding = Holding(size, market_at(instrument, mark))
    claim(risk_alone(size, holding.market.risk) == underlying_risk((holding,)))


@law(
    "MARGIN-2c",
    "The extremes that a linear array states are those of its scenarios.",
    rules=("MARGIN-1",),
    loses="whoever relies on the short cut",
    shape="one linear instrument",
)
def the_extremes_are_those_of_the_scenarios(instrument: LinearInstrument, mark: Price) -> None:
    """Never negative, and what one lot needs by itself is its extreme and its charges."""
    array = linear_array(instrument, mark)
    worst_long = worst_short = 0
    for loss in array.losses:
        worst_long, worst_short = maximum(worst_long, loss), maximum(worst_short, -loss)
    claim((array.worst_long == worst_long) & (array.worst_short == worst_short))
    claim(array.long_lot == worst_long + array.basis)
    claim(array.short_lot == worst_short + array.basis + array.short_minimum)


@law(
    "MARGIN-3c",
    "Two holdings of one underlying need no maintenance only where both are flat, a spread of equal lots included.",
    rules=("MARGIN-1", "MARGIN-3.2", "MARGIN-4"),
    loses="the insurance fund, by a spread that nobody margins",
    shape="up to two positions in linear instruments of one underlying with spread charges",
    assumes=(SPREAD_CHARGE,),
)
def every_position_needs_maintenance(
    near: LinearInstrument,
    far: LinearInstrument,
    near_mark: Price,
    far_mark: Price,
    near_size: SignedSize,
    far_size: SignedSize,
) -> None:
    """The spread charge is never netted. Underlyings add up (MARGIN-3.3), and none needs less than nothing."""
    assume((near.basis_ppm > 0) & (far.basis_ppm > 0), SPREAD_CHARGE)
    holdings = (Holding(near_size, market_at(near, near_mark)), Holding(far_size, market_at(far, far_mark)))
    required = maintenance(underlying_risk(holdings))
    claim(required >= 0)
    claim((required == 0) == ((near_size == 0) & (far_size == 0)))


@law(
    "MARGIN-7a",
    "Two holdings together never need more than each for itself.",
    rules=("MARGIN-1", "MARGIN-2.2"),
    loses="whoever rests orders: their sum would not cover what they become",
    shape="two positions in one linear instrument",
)
def the_requirement_is_subadditive(
    instrument: LinearInstrument, mark: Price, held: SignedSize, order: SignedSize
) -> None:
    """So counting each resting order by itself is sound."""
    array = linear_array(instrument, mark)
    claim(risk_alone(held + order, array) <= risk_alone(held, array) + risk_alone(order, array))


@law(
    "MARGIN-9a",
    "An admitted fill that reduces risk never worsens the ratio of equity to maintenance, nor the shortfall.",
    rules=("MARGIN-9",),
    loses="the insurance fund, by what a liquidatable account could trade away",
    shape="any portfolio: four numbers around one fill",
    assumes=(REQUIREMENT, ADMITTED),
)
def a_risk_reducing_fill_never_worsens_the_ratio(
    equity_before: Quantums, equity_after: Quantums, before: Amount, after: int
) -> None:
    """The ratio by cross-multiplication; the shortfall is maintenance less equity where that is positive."""
    assume(after >= 0, REQUIREMENT)
    assume(reduces_risk(equity_before, equity_after, before, after), ADMITTED)
    claim(after < before)
    claim(equity_after * before >= equity_before * after)
    claim((before < equity_before) | (after - equity_after <= before - equity_before))
    claim((equity_before < 0) | (equity_after >= 0))


@law(
    "MARGIN-9b",
    "Two admitted fills that reduce risk make one.",
    rules=("MARGIN-9",),
    loses="the insurance fund: what one fill may not do, two could",
    shape="any portfolio with equity, two fills in a row",
    composes=("MARGIN-9a",),
    assumes=(REQUIREMENT, ADMITTED),
)
def risk_reducing_fills_compose(
    first: Quantums, second: Quantums, third: Quantums, before: Amount, between: Amount, after: int
) -> None:
    """Equities and requirements before, between and after."""
    assume(after >= 0, REQUIREMENT)
    assume(reduces_risk(first, second, before, between), ADMITTED)
    assume(reduces_risk(second, third, between, after), ADMITTED)
    claim(reduces_risk(first, third, before, after))


@law(
    "MARGIN-4b",
    "Requirements of whole underlyings, rounded once together, never exceed their sum rounded one by one.",
    rules=("MARGIN-4",),
    loses="the owner, by a quantum for each underlying",
    shape="two underlyings",
)
def rounding_once_is_never_dearer(first: int, second: int) -> None:
    """And is at most one quantum cheaper."""
    together, apart = maintenance(first + second), ceil_div(first, RISK_SCALE) + ceil_div(second, RISK_SCALE)
    claim((together <= apart) & (apart <= together + 1))


@law(
    "MARGIN-5c",
    "A larger requirement never needs less initial margin.",
    rules=("MARGIN-5", "MARGIN-5.2"),
    loses="whoever is on the other side of an account that grew its risk for nothing",
    shape="any portfolio",
)
def initial_grows_with_maintenance(small: int, extra: Size, factor: Factor, surcharge_ppm: Factor) -> None:
    """Surcharge included."""
    large = small + extra
    claim(
        initial(maintenance(small), factor, surcharge(small, surcharge_ppm))
        <= initial(maintenance(large), factor, surcharge(large, surcharge_ppm))
    )


@law(
    "MARGIN-3d",
    "A linear position needs its maintenance rate and its spread charge of the notional, rounded up, no more and no less.",
    rules=("MARGIN-1", "MARGIN-2", "MARGIN-3", "MARGIN-3.2", "MARGIN-4"),
    loses="the owner or the insurance fund",
    shape="one position in a linear instrument",
)
def a_linear_position_needs_its_rate(instrument: LinearInstrument, mark: Price, size: SignedSize) -> None:
    """What an exchange with flat rates would ask."""
    risk = underlying_risk((Holding(size, market_at(instrument, mark)),))
    rate = instrument.maintenance_ppm + instrument.basis_ppm
    claim(maintenance(risk) == ceil_div(absolute(size) * mark * rate, PPM))


@law(
    "MARGIN-2b",
    "The short cut is exact for arrays that are not linear, with a minimum for short lots.",
    rules=("MARGIN-1.2", "MARGIN-2", "MARGIN-2.2", "MARGIN-3", "MARGIN-3.2"),
    loses="whoever relies on the short cut",
    shape="one position; two scenarios that lose or gain, fourteen that do neither",
)
def the_short_cut_is_exact_for_any_array(
    instrument: LinearInstrument,
    mark: Price,
    size: SignedSize,
    first: Quantums,
    second: Quantums,
    basis: Amount,
    least: Amount,
) -> None:
    """`least` is the short minimum."""
    array = risk_array((first, second) + (0,) * (SCENARIOS - 2), basis, least)
    claim(risk_alone(size, array) == underlying_risk((Holding(size, Market(instrument, mark, array, 0, 0, 0, 0)),)))


@law(
    "MARGIN-8a",
    "Trading at the mark moves no equity.",
    rules=("MARGIN-8",),
    loses="the account or its counterparty",
    shape="one position",
)
def trading_at_the_mark_moves_no_equity(cash: Quantums, size: SignedSize, change: SignedSize, mark: Price) -> None:
    """What the cash loses the position gains."""
    claim(equity(cash, (size * mark,)) == equity(cash - change * mark, ((size + change) * mark,)))


@law(
    "MARGIN-9c",
    "A close at the bankruptcy quote is admitted as reducing risk; at a quantum less it is not.",
    rules=("MARGIN-9", "LIQ-4"),
    loses="liveness: a liquidation that its own rule would refuse",
    shape="any portfolio with equity: one close",
    assumes=(FALLS,),
    composes=("LIQ-4a", "MARGIN-9a"),
)
def the_bankruptcy_quote_is_just_admitted(worth: Amount, before: Amount, after: int, released: Quantums) -> None:
    """The rules of liquidation and of risk reduction meet."""
    assume((after >= 0) & (after < before), FALLS)
    left = worth + bankruptcy_quote(worth, before, after, released) - released
    claim(reduces_risk(worth, left, before, after))
    claim(negate(reduces_risk(worth, left - 1, before, after)))


@law(
    "MARGIN-10a",
    "Whoever just meets the requirement is not in breach, and whoever is restored is not either.",
    rules=("MARGIN-5", "MARGIN-10", "LIQ-7"),
    loses="the owner, liquidated at once or for ever",
    shape="any portfolio: equity and requirements",
    assumes=(FACTOR,),
)
def meeting_a_requirement_is_no_breach(worth: Quantums, requirement: Amount, factor: Factor, base: Amount) -> None:
    """Equality is enough, for the initial requirement and for the end of a liquidation."""
    assume(factor >= PPM, FACTOR)
    claim(negate(in_breach(initial(requirement, factor, 0), requirement)))
    claim(negate(in_breach(requirement, requirement)) & in_breach(requirement - 1, requirement))
    claim(restored(worth, base, requirement) == ((worth >= base) & negate(in_breach(worth, requirement))))


@law(
    "MARGIN-6b",
    "The open-interest surcharge is zero up to its start, full from its end, and grows between, rounded down.",
    rules=("MARGIN-6",),
    loses="owners who pay a surcharge that nobody announced",
    shape="one underlying, two values of its open interest",
    assumes=(SPAN, OPEN_INTEREST, INTERVAL),
)
def the_surcharge_grows_with_open_interest(instrument: LinearInstrument, less: Quantums, more: Quantums) -> None:
    """Never negative, never above its cap."""
    span = instrument.surcharge_to - instrument.surcharge_from
    assume(span > 0, SPAN)
    assume(less >= 0, OPEN_INTEREST)
    assume(less <= more, INTERVAL)
    low, high = surcharge_rate(less, instrument), surcharge_rate(more, instrument)
    claim((low >= 0) & (low <= high) & (high <= instrument.surcharge_ppm))
    claim((less > instrument.surcharge_from) | (low == 0))
    claim((more < instrument.surcharge_to) | (high == instrument.surcharge_ppm))
    inside = (less > instrument.surcharge_from) & (less < instrument.surcharge_to)
    exact = (less - instrument.surcharge_from) * instrument.surcharge_ppm
    claim(negate(inside) | ((low * span <= exact) & (exact < (low + 1) * span)))


@law(
    "MARGIN-6c",
    "Open interest counts by its share of risk, rounded down: for no more lots than it has, for no fewer with more lots or more at risk.",
    rules=("MARGIN-6.2",),
    loses="owners, by a surcharge that somebody raises with options worth nothing",
    shape="one instrument beside its reference, two values of its open interest or of its risk",
    assumes=(INTERVAL,),
)
def open_interest_counts_by_its_risk(lots: Size, more: Size, alone: Amount, riskier: Amount, linear: Amount) -> None:
    """As many as it has where a lot needs no less than one of the reference; a linear instrument is its own."""
    assume((lots <= more) & (alone <= riskier), INTERVAL)
    counted = weighted_open_interest(lots, alone, linear)
    claim((counted >= 0) & (counted <= lots))
    exact = lots * minimum(alone, linear)
    claim((counted * linear <= exact) & (exact < (counted + 1) * linear))
    claim(counted <= weighted_open_interest(more, alone, linear))
    claim(counted <= weighted_open_interest(lots, riskier, linear))
    claim((alone < linear) | (counted == lots))
