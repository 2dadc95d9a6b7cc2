"""Laws of risk arrays: which move stands in which scenario, and what a lot is charged."""

from typing import Annotated, Final, TypeAlias

from settlespec.arithmetic import PPM, maximum
from settlespec.domain.instruments import Instrument, InstrumentKind
from settlespec.domain.quantities import Factor, Price, Range
from settlespec.laws.margin import LinearInstrument
from settlespec.laws.options import Losses, Right
from settlespec.laws.statement import Only, claim, law
from settlespec.rules.margin import (
    bounded_loss,
    linear_array,
    moved_price,
    option_array,
)

AnOption: TypeAlias = Annotated[Instrument, Only("kind", InstrumentKind.CALL)]
"""An option; whether it is a call or a put is said by its right, and no rule of margin reads the kind."""

Thirds: TypeAlias = Annotated[int, Range(-9, 9)]
"""A move in thirds of the scan range, the extreme ones of three scan ranges included."""

MOVES: Final = (0, 0, *(move for third in (1, 2, 3) for move in (third, third, -third, -third)), 3, -3)
"""SPAN's scenarios: no move and the thirds of the scan range, each up and down and each under both volatilities; then the two extremes."""

EXTREMES: Final = (14, 15)
"""The scenarios of three scan ranges, of which a third of the loss counts."""

MISREAD: Final = "the insurance fund, by a scenario that nobody margins, or the owner, by one that is not there"


@law(
    "MARGIN-1b",
    "A linear lot loses in each of SPAN's scenarios the move of that scenario, the extreme ones as at the edge of the range.",
    rules=("MARGIN-1", "MARGIN-15.2"),
    loses=MISREAD,
    shape="one linear instrument",
)
def a_linear_lot_loses_the_move(instrument: LinearInstrument, mark: Price) -> None:
    """Exactly: its mark less the moved price, which is not cut off at nothing where the move is no larger than the mark."""
    array = linear_array(instrument, mark)
    stays = moved_price(mark, instrument.maintenance_ppm, 0)
    for loss, move in zip(array.losses, MOVES, strict=True):
        moved = moved_price(mark, instrument.maintenance_ppm, move)
        claim((loss == stays - moved) | ((moved == 0) & (loss > stays)))
        claim(loss == -move * instrument.maintenance_ppm * mark)


@law(
    "MARGIN-15i",
    "A whole scan range moves a price by the scan range in ppm, a third by a third of it, and none below nothing.",
    rules=("MARGIN-15.2",),
    loses=MISREAD,
    shape="one reference, two moves a third apart",
)
def a_price_moves_by_its_scan_range(reference: Price, scan: Factor, thirds: Thirds) -> None:
    """Times three and PPM, so that each third is exact."""
    here, further = moved_price(reference, scan, thirds), moved_price(reference, scan, thirds + 1)
    claim(moved_price(reference, scan, 0) == 3 * PPM * reference)
    claim((here >= 0) & (further >= here))
    claim((here == 0) | (further == here + reference * scan))
    claim(moved_price(reference, scan, -3) == 3 * reference * maximum(PPM - scan, 0))


@law(
    "MARGIN-15j",
    "An option's loss is bounded in each scenario by that scenario's own move, of the extreme ones at three scan ranges for a third.",
    rules=("MARGIN-15", "MARGIN-15.2", "MARGIN-15.3"),
    loses=MISREAD,
    shape="one option, sixteen scenarios",
)
def each_scenario_bounds_its_own_loss(
    option: AnOption, right: Right, mark: Price, reference: Price, stated: Losses
) -> None:
    """Whatever is stated."""
    array = option_array(option, right, mark, reference, stated)
    for scenario, move in enumerate(MOVES):
        share = 3 if scenario in EXTREMES else 1
        moved = moved_price(reference, option.maintenance_ppm, move * share)
        bounded = bounded_loss(stated[scenario], share, right, option.strike, mark, moved)
        claim(array.losses[scenario] == bounded)


@law(
    "MARGIN-15k",
    "An option's spread charge and short minimum are the shares of the reference's mark that were announced.",
    rules=("MARGIN-1.2", "MARGIN-15.3"),
    loses="the writer, or the insurance fund",
    shape="one option",
)
def an_option_is_charged_what_was_announced(
    option: AnOption, right: Right, mark: Price, reference: Price, stated: Losses
) -> None:
    """Times three and PPM."""
    array = option_array(option, right, mark, reference, stated)
    claim(array.basis == option.basis_ppm * reference * 3)
    claim(array.short_minimum == option.short_minimum_ppm * reference * 3)
