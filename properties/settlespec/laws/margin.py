"""Laws of margin: what a requirement covers, and what an admitted operation may do to it."""

from settlespec.arithmetic import PPM, absolute, ceil_div
from settlespec.domain.instruments import Instrument, Market
from settlespec.domain.quantities import Amount, Factor, Price, Quantums, Rate, SignedSize, Size
from settlespec.laws.statement import assume, claim, law
from settlespec.rules.margin import (
    RISK_SCALE,
    Holding,
    initial,
    linear_array,
    maintenance,
    reduces_risk,
    risk_alone,
    surcharge,
    underlying_risk,
)


def market_at(instrument: Instrument, mark: Price) -> Market:
    """The market of a linear instrument at this mark; what the laws below do not read is zero."""
    return Market(instrument, mark, linear_array(instrument, mark), 0, 0, 0, 0)


@law(
    "MARGIN-5a",
    "Whoever meets the initial requirement meets the maintenance requirement.",
    rules=("MARGIN-3.2", "MARGIN-4", "MARGIN-5", "MARGIN-5.2"),
    loses="the owner, liquidated by the operation that was just admitted",
    shape="one position in a linear instrument",
)
def initial_covers_maintenance(
    instrument: Instrument, mark: Price, size: SignedSize, equity: Quantums, factor: Factor, surcharge_ppm: Factor
) -> None:
    """For every initial factor of at least one, surcharge included."""
    assume(factor >= PPM)
    risk = underlying_risk((Holding(size, market_at(instrument, mark)),))
    assume(equity >= initial(maintenance(risk), factor, surcharge(risk, surcharge_ppm)))
    claim(equity >= maintenance(risk))


@law(
    "MARGIN-3a",
    "No bad debt within the maintenance move: an account at maintenance survives it with equity that is not negative.",
    rules=("MARGIN-1", "MARGIN-2.2", "MARGIN-3.2", "MARGIN-4"),
    loses="the insurance fund, and after it whoever gained",
    shape="one position in a linear instrument, one move of at most the maintenance rate",
)
def no_bad_debt_within_the_maintenance_move(
    instrument: Instrument, mark: Price, moved: Price, size: SignedSize, equity: Quantums
) -> None:
    """Up or down, long or short."""
    assume(equity >= maintenance(risk_alone(size, linear_array(instrument, mark))))
    assume(absolute(moved - mark) * PPM <= instrument.maintenance_ppm * mark)
    claim(equity + size * (moved - mark) >= 0)


@law(
    "MARGIN-3b",
    "A spread in one underlying survives the maintenance move of both its legs.",
    rules=("MARGIN-1", "MARGIN-2", "MARGIN-3.2", "MARGIN-4"),
    loses="the insurance fund",
    shape="two linear instruments of one underlying, both moved by the same share of their marks, up to the least range",
)
def a_spread_survives_the_common_move(
    near: Instrument,
    far: Instrument,
    near_mark: Price,
    far_mark: Price,
    near_size: SignedSize,
    far_size: SignedSize,
    equity: Quantums,
    thirds: Rate,
) -> None:
    """The move is any number of thirds of a scenario, here the edge of the range in either direction."""
    assume((thirds == 3) | (thirds == -3))
    assume(near.maintenance_ppm == far.maintenance_ppm)
    holdings = (Holding(near_size, market_at(near, near_mark)), Holding(far_size, market_at(far, far_mark)))
    assume(equity >= maintenance(underlying_risk(holdings)))
    gained = (near_size * near_mark + far_size * far_mark) * near.maintenance_ppm * thirds
    claim(equity * RISK_SCALE + gained >= 0)


@law(
    "MARGIN-2a",
    "The two extremes of an array give the same maintenance of a single holding as all sixteen scenarios.",
    rules=("MARGIN-1", "MARGIN-2", "MARGIN-2.2", "MARGIN-3", "MARGIN-3.2"),
    loses="whoever relies on the short cut",
    shape="one position in a linear instrument",
)
def the_short_cut_is_exact(instrument: Instrument, mark: Price, size: SignedSize) -> None:
    """A linear array."""
    holding = Holding(size, market_at(instrument, mark))
    claim(risk_alone(size, holding.market.risk) == underlying_risk((holding,)))


@law(
    "MARGIN-3c",
    "Only an account without positions needs no maintenance.",
    rules=("MARGIN-1", "MARGIN-3.2", "MARGIN-4"),
    loses="the insurance fund, by a spread that nobody margins",
    shape="one position in a linear instrument with a spread charge",
)
def every_position_needs_maintenance(instrument: Instrument, mark: Price, size: SignedSize) -> None:
    """The spread charge is never netted."""
    assume(instrument.basis_ppm > 0)
    required = maintenance(underlying_risk((Holding(size, market_at(instrument, mark)),)))
    claim((required == 0) == (size == 0))


@law(
    "MARGIN-7a",
    "Two holdings together never need more than each for itself.",
    rules=("MARGIN-2", "MARGIN-3.2"),
    loses="whoever rests orders: their sum would not cover what they become",
    shape="two positions in one linear instrument",
)
def the_requirement_is_subadditive(instrument: Instrument, mark: Price, held: SignedSize, order: SignedSize) -> None:
    """So counting each resting order by itself is sound."""
    array = linear_array(instrument, mark)
    claim(risk_alone(held + order, array) <= risk_alone(held, array) + risk_alone(order, array))


@law(
    "MARGIN-9a",
    "An admitted fill that reduces risk never worsens the ratio of equity to maintenance, nor the shortfall.",
    rules=("MARGIN-9",),
    loses="the insurance fund, by what a liquidatable account could trade away",
    shape="any portfolio: four numbers around one fill",
)
def a_risk_reducing_fill_never_worsens_the_ratio(
    equity_before: Quantums, equity_after: Quantums, before: Amount, after: int
) -> None:
    """The ratio by cross-multiplication; the shortfall is maintenance less equity where that is positive."""
    assume(after >= 0)
    assume(reduces_risk(equity_before, equity_after, before, after))
    claim(equity_after * before >= equity_before * after)
    claim((before < equity_before) | (after - equity_after <= before - equity_before))
    claim((equity_before < 0) | (equity_after >= 0))


@law(
    "MARGIN-9b",
    "Two admitted fills that reduce risk make one.",
    rules=("MARGIN-9",),
    loses="the insurance fund: what one fill may not do, two could",
    shape="any portfolio with equity, two fills in a row",
)
def risk_reducing_fills_compose(
    first: Quantums, second: Quantums, third: Quantums, before: Amount, between: Amount, after: int
) -> None:
    """Equities and requirements before, between and after."""
    assume(after >= 0)
    assume(reduces_risk(first, second, before, between))
    assume(reduces_risk(second, third, between, after))
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
    "MARGIN-6a",
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
