"""Default risk arrays of options: what the oracles state, from integers to integers, the same bits on every machine.

Every scenario moves the mark of the linear instrument that the option is written on, and its volatility; Black-76 gives the price there.

Rounding: a price is rounded up to the next `1 / GRID` of a quantum and the array is exact from there on.
One array serves both sides, `loss(-size) = -loss(size)`, so no rounding is against both: this one is against the short, whose loss has
no bound. A long lot is let off by less than `1 / GRID` of a quantum, which its spread charge covers many times over.
"""

from math import ceil, sqrt
from typing import Final

from attrs import frozen

from settlespec.arithmetic import PPM, choose
from settlespec.domain.errors import BadInput
from settlespec.domain.quantities import PRICE, TIME, Factor, Milliseconds, Price, Range
from settlespec.risk.black76 import Right, value
from settlespec.rules.margin import RISK_SCALE, SHARES, THIRDS, moved_price

GRID: Final = 1_000
"""Parts of a quantum: the largest price has 2^50 of them, which a double still counts one by one."""

YEAR: Final = 365 * 86_400_000
"""Milliseconds."""

VOLATILITY: Final = Range(0, 1_000 * PPM)
"""Ppm a year: up to a thousandfold, above every quote that makes sense."""

SCAN: Final = Range(1, 10**9)
SHIFT: Final = Range(0, PPM)
"""Ppm of the volatility: it never becomes negative."""


@frozen
class OptionTerms:
    """A listed European option."""

    right: Right
    strike: Price
    """Quantums per lot, as the mark of the reference."""
    expiry: Milliseconds


@frozen
class Scan:
    """How far the scenarios go."""

    range_ppm: Factor
    """The scan range in ppm of the reference mark: `maintenance_ppm` of the option."""
    volatility_shift_ppm: Factor
    """By how much the volatility moves up and down, in ppm of itself; the extreme scenarios leave it alone."""


def default_losses(
    option: OptionTerms, mark: Price, reference: Price, volatility: int, at: Milliseconds, scan: Scan
) -> tuple[int, ...]:
    """What one long lot loses in each scenario, from its mark on, in quantums times `RISK_SCALE`.

    Every loss lies between the mark less what the option can cost most at the moved price, and the mark less its intrinsic value there.

    Args:
        option: what is listed.
        mark: of the option, quantums per lot: what equity counts.
        reference: mark of the linear instrument that the option is written on.
        volatility: of the reference, ppm a year.
        at: the time of the marks, not after the expiry.
        scan: how far the scenarios go.

    Raises:
        BadInput: a figure is out of its range, or the option has expired.
    """
    _check(option, mark, reference, volatility, at, scan)
    root = sqrt((option.expiry - at) / YEAR)
    losses = []
    for scenario, (thirds, share) in enumerate(zip(THIRDS, SHARES, strict=True)):
        moved = moved_price(reference, scan.range_ppm, thirds * share)
        deviation = _volatility(volatility, scan.volatility_shift_ppm, scenario) * root
        # Mark, moved price, strike and grid, each times RISK_SCALE, are multiples of three where the move is extreme.
        losses.append((mark * RISK_SCALE - _value(option, moved, deviation)) // share)
    return tuple(losses)


def default_mark(option: OptionTerms, reference: Price, volatility: int, at: Milliseconds) -> Price:
    """What one lot is worth by Black-76 at a reference mark, in quantums, rounded up, at least 1 and at most the largest price.

    Raises:
        BadInput: a figure is out of its range, or the option has expired.
    """
    _check(option, 1, reference, volatility, at, Scan(1, 0))
    worth = _value(option, reference * RISK_SCALE, volatility / PPM * sqrt((option.expiry - at) / YEAR))
    return min(max(-(-worth // RISK_SCALE), PRICE.low), PRICE.high)


def missing_minimum(losses: tuple[int, ...], reference: Price, range_ppm: Factor, share_ppm: Factor) -> int:
    """What a short lot's minimum has to add so that the lot needs a share of its scan range, times `RISK_SCALE`; rounded up.

    The floor cannot stand in the array: it would be a gain of the long side, and enough worthless longs would cancel the extreme
    scenario of a short (docs/risk.md). A short-option minimum is never netted.
    """
    floor = -(-3 * reference * range_ppm * share_ppm // PPM)
    return max(0, floor - max(0, *(-loss for loss in losses)))


def _check(option: OptionTerms, mark: Price, reference: Price, volatility: int, at: Milliseconds, scan: Scan) -> None:
    figures: tuple[tuple[str, int, Range], ...] = (
        ("strike", option.strike, PRICE),
        ("expiry", option.expiry, TIME),
        ("mark", mark, PRICE),
        ("reference", reference, PRICE),
        ("volatility", volatility, VOLATILITY),
        ("at", at, TIME),
        ("range_ppm", scan.range_ppm, SCAN),
        ("volatility_shift_ppm", scan.volatility_shift_ppm, SHIFT),
    )
    for name, figure, allowed in figures:
        if figure not in allowed:
            problem = f"{figure} is out of its range of {allowed.low} to {allowed.high}"
            raise BadInput(problem, field=name, remedy="check the unit of the figure")
    if at > option.expiry:
        problem = f"the option expired at {option.expiry}, before {at}"
        raise BadInput(problem, field="expiry", remedy="an expired option has no array")


def _volatility(volatility: int, shift_ppm: Factor, scenario: int) -> float:
    """A year's, as a plain number: up in even scenarios, down in odd ones, unmoved in the extreme ones."""
    shift = 0 if SHARES[scenario] > 1 else choose(scenario % 2 == 0, shift_ppm, -shift_ppm)
    return volatility * (PPM + shift) / PPM**2


def _value(option: OptionTerms, moved: int, deviation: float) -> int:
    """The price at a moved reference, rounded up to the grid and held inside its interval, times `RISK_SCALE`."""
    found = value(option.right, moved / RISK_SCALE, float(option.strike), deviation)
    strike = option.strike * RISK_SCALE
    low = max(0, option.right * (moved - strike))
    high = moved if option.right is Right.CALL else strike
    return min(max(ceil(found * GRID) * (RISK_SCALE // GRID), low), high)
