"""Margin: one formula for every instrument (rules MARGIN-1 to MARGIN-15).

A risk array says what one lot loses in each of sixteen scenarios of its underlying. Losses, spread charges and minimums carry the
factor `RISK_SCALE`, so that an array is exact; a requirement is rounded up once, to whole quantums, which changes no comparison with
an equity, since equities are whole.
"""

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from settlespec.arithmetic import PPM, absolute, ceil_div, choose, clamp, floor_div, maximum, minimum, total
from settlespec.domain.instruments import SCENARIOS, Instrument, Market, RiskArray
from settlespec.domain.quantities import Amount, Factor, Loss, Price, Quantums, SignedSize, Size
from settlespec.rules.fees import resting_fee

THIRDS: Final = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 3, -3)
"""The price move of each scenario in thirds of the scan range, under volatility up and down in turn; then the two extreme moves,
of which a linear instrument loses no more than at the edge of the range. Layout: the sixteen SPAN scenarios."""

RISK_SCALE: Final = 3 * PPM
"""Thirds of a ppm: the unit in which a linear array is an integer."""

SHARES: Final = (1,) * 14 + (3, 3)
"""The two extreme scenarios move the price by three scan ranges, and one third of what is lost there counts (SPAN's cover fraction
is 33 to 35 %): so a linear instrument loses exactly its scan range in them."""


NO_LOSSES: Final = (0,) * SCENARIOS
"""What nothing loses."""


@frozen
class Holding:
    """A position in one market, as the requirement sees it."""

    size: SignedSize
    market: Market


def linear_array(instrument: Instrument, mark: Price) -> RiskArray:
    """MARGIN-1: the default array of a linear instrument: a long lot loses -rate * mark * move in each scenario, exactly.

    Args:
        instrument: gives the scan range (`maintenance_ppm`) and the spread charge (`basis_ppm`), both in ppm of the mark.
        mark: quantums per lot.
    """
    third = instrument.maintenance_ppm * mark
    losses = tuple(-third * move for move in THIRDS)
    basis = 3 * instrument.basis_ppm * mark
    return RiskArray(losses, 3 * third, 3 * third, basis, 0, 3 * third + basis, 3 * third + basis)


def risk_array(losses: tuple[int, ...], basis: int, short_minimum: int) -> RiskArray:
    """MARGIN-1.2: a risk array with its two extremes, which are what one lot needs when it is held alone.

    Args:
        losses: of one long lot in each scenario, signed; a short lot loses the negative.
        basis: spread charge per lot, > 0.
        short_minimum: per short lot, >= 0.
    All three are in quantums times RISK_SCALE.
    """
    worst_long = worst_short = 0
    for loss in losses:
        worst_long = maximum(worst_long, loss)
        worst_short = maximum(worst_short, -loss)
    return RiskArray(
        losses, worst_long, worst_short, basis, short_minimum, worst_long + basis, worst_short + basis + short_minimum
    )


def moved_price(reference: Price, scan: Factor, thirds: int) -> int:
    """MARGIN-15.2: the reference's price after a move, times RISK_SCALE, never below 0.

    Args:
        reference: the mark of the linear instrument that the option is written on.
        scan: the scan range in ppm of it.
        thirds: the move in thirds of the scan range: of a scenario its `THIRDS` times its `SHARES`.
    """
    return maximum(reference * (RISK_SCALE + scan * thirds), 0)


def bounded_loss(stated: Loss, share: int, right: int, strike: Price, mark: Price, moved: int) -> int:
    """MARGIN-15: a stated loss counts as far as an option can lose it: after the move it is worth no less than its payoff there,
    and no more than what it can ever pay.

    So no array of an oracle, whatever it says, lets a short option be held for less than what the move alone costs.

    Args:
        stated: of one long lot, times RISK_SCALE, by the oracles.
        share: of an extreme scenario 3, since a third of its loss counts, else 1.
        right: 1 of a call, which never pays more than the underlying, -1 of a put, which never pays more than its strike.
        strike, mark: of the option, quantums per lot.
        moved: `moved_price` of the scenario.
    Returns:
        Quantums per long lot times RISK_SCALE; a bound of an extreme scenario is rounded down.
    """
    fixed = strike * RISK_SCALE
    least = maximum(right * (moved - fixed), 0)
    most = choose(right > 0, moved, fixed)
    now = mark * RISK_SCALE
    return clamp(stated, floor_div(now - most, share), floor_div(now - least, share))


def option_array(
    instrument: Instrument, right: int, mark: Price, reference: Price, stated: tuple[Loss, ...]
) -> RiskArray:
    """MARGIN-15.3: the array of an option: what the oracles stated, each loss within its bounds, with spread charge and short minimum.

    Args:
        instrument: gives scan range, spread charge and short minimum, all in ppm of the reference's mark, and the strike.
        right: 1 of a call, -1 of a put.
        mark, reference: of the option and of its reference, quantums per lot.
        stated: one loss per scenario, times RISK_SCALE.
    """
    losses = tuple(
        bounded_loss(
            loss,
            share,
            right,
            instrument.strike,
            mark,
            moved_price(reference, instrument.maintenance_ppm, thirds * share),
        )
        for loss, thirds, share in zip(stated, THIRDS, SHARES, strict=True)
    )
    return risk_array(losses, 3 * instrument.basis_ppm * reference, 3 * instrument.short_minimum_ppm * reference)


def shifted_losses(losses: tuple[int, ...], change: SignedSize, risk: RiskArray) -> tuple[int, ...]:
    """MARGIN-2.4: what holdings lose with `change` more lots of one of them: an addition for each scenario, however many are held.

    Args:
        losses: what they lose before, one for each scenario.
        change: lots.
        risk: the array of the instrument that changes.
    """
    return tuple(loss + change * lot for loss, lot in zip(losses, risk.losses, strict=True))


def scenario_losses(holdings: tuple[Holding, ...]) -> tuple[int, ...]:
    """MARGIN-2.3: what the holdings of one underlying lose together in each scenario, signed; times RISK_SCALE."""
    losses = NO_LOSSES
    for holding in holdings:
        losses = shifted_losses(losses, holding.size, holding.market.risk)
    return losses


def worst_of(losses: tuple[int, ...]) -> int:
    """MARGIN-2.5: the largest loss in any scenario, never negative."""
    worst = 0
    for loss in losses:
        worst = maximum(worst, loss)
    return worst


def worst_loss(holdings: tuple[Holding, ...]) -> int:
    """MARGIN-2: the largest loss of the holdings of one underlying in any scenario, never negative; times RISK_SCALE."""
    return worst_of(scenario_losses(holdings))


def charges(size: SignedSize, risk: RiskArray) -> int:
    """MARGIN-3: the spread charge of a holding, never netted, and the short minimum; times RISK_SCALE."""
    return absolute(size) * risk.basis + maximum(-size, 0) * risk.short_minimum


def risk_alone(size: SignedSize, risk: RiskArray) -> int:
    """MARGIN-2.2: maintenance of the only holding of an underlying, times RISK_SCALE, by the array's two extremes.

    Law MARGIN-2a: equal to `underlying_risk` of that one holding.
    """
    return choose(size >= 0, size * risk.long_lot, -size * risk.short_lot)


def underlying_risk(holdings: tuple[Holding, ...]) -> int:
    """MARGIN-3.2: maintenance of the holdings of one underlying, times RISK_SCALE: the worst loss plus every charge."""
    return worst_loss(holdings) + total(charges(holding.size, holding.market.risk) for holding in holdings)


def maintenance(risk: int) -> Amount:
    """MARGIN-4: the maintenance requirement in quantums: the sum of the risks of the groups (MARGIN-11) over RISK_SCALE, rounded up."""
    return ceil_div(risk, RISK_SCALE)


def initial(maintenance_requirement: Amount, factor: Factor, surcharge: Amount) -> Amount:
    """MARGIN-5: the initial requirement: maintenance times the initial factor, rounded up, plus the open-interest surcharge.

    Args:
        maintenance_requirement: quantums.
        factor: ppm, at least PPM.
        surcharge: the sum of `surcharge` over the groups, quantums.
    """
    return ceil_div(maintenance_requirement * factor, PPM) + surcharge


def surcharge(risk: int, surcharge_ppm: Factor) -> Amount:
    """MARGIN-5.2: what open interest adds to the initial requirement in one group, in quantums, rounded up.

    Args:
        risk: the maintenance of the group times RISK_SCALE.
        surcharge_ppm: frozen at the last round, the same for the whole underlying, so the requirement stays sub-additive.
    """
    return ceil_div(risk * surcharge_ppm, RISK_SCALE * PPM)


def surcharge_rate(open_interest: int, instrument: Instrument) -> Factor:
    """MARGIN-6: the open-interest term in ppm: 0 up to `surcharge_from` lots, then linear up to `surcharge_ppm`; rounded down.

    Args:
        open_interest: lots as `weighted_open_interest` counts them.
    """
    over = clamp(open_interest - instrument.surcharge_from, 0, instrument.surcharge_to - instrument.surcharge_from)
    return floor_div(over * instrument.surcharge_ppm, instrument.surcharge_to - instrument.surcharge_from)


def weighted_open_interest(open_interest: int, short_lot: int, linear_short_lot: int) -> int:
    """MARGIN-6.2: lots by what one of them can lose when it is written, as a share of a linear lot: never more than they are.

    So nobody raises a surcharge by trading what hardly needs margin.

    Args:
        open_interest: lots, >= 0.
        short_lot: what a short lot of the instrument needs by itself, times RISK_SCALE, >= 0.
        linear_short_lot: the same of its reference, which is the instrument itself unless it is an option; 0 only once it has expired.
    Returns:
        Lots, rounded down.
    """
    return floor_div(open_interest * minimum(short_lot, linear_short_lot), linear_short_lot)


def order_reserve(side: int, size: Size, price: Price, reduce_only: bool, market: Market, factor: Factor) -> Amount:
    """MARGIN-7: what a resting order needs: its stand-alone initial requirement, its loss against the mark, and its fee.

    Sound by sub-additivity: positions and orders together never need more than their parts. A reduce-only order shrinks its own
    holding and reserves its loss and fee alone; where that holding hedges another, its fill may raise the requirement all the same.
    The fee is that of one fill: each further one may cost a quantum beyond the reserve (laws FEE-3b, MARGIN-7d). A fill that is not
    covered does not happen, since each is judged for itself (MARGIN-13), and the order is removed.

    Args:
        side: 1 buys, -1 sells.
        size: lots that rest.
        price: the limit, at which the fill would happen.
    """
    risk = risk_alone(side * size, market.risk)
    alone = initial(maintenance(risk), factor, surcharge(risk, market.surcharge_ppm))
    loss = maximum(side * (price - market.mark), 0) * size
    fee = resting_fee(price * size, market.instrument.maker_fee_ppm)
    return choose(reduce_only, 0, alone) + loss + fee


def equity(cash: Quantums, values: Iterable[int]) -> Quantums:
    """MARGIN-8: cash plus every position at its mark, exact, in quantums; it does not depend on how the cost was split."""
    return cash + total(values)


def reduces_risk(equity_before: Quantums, equity_after: Quantums, before: int, after: int) -> bool:
    """MARGIN-9: a fill that strictly reduces risk: maintenance falls and equity per maintenance does not.

    The caller checks beside it that every holding keeps its sign and is not larger.

    Args:
        equity_before, equity_after: quantums around the fill.
        before, after: maintenance requirement around the fill, in the same unit, >= 0.
    """
    ratio_holds = equity_after * before >= equity_before * after
    no_worse_when_under_water = (equity_before > 0) | (equity_after >= equity_before)
    return (after < before) & ratio_holds & no_worse_when_under_water


def in_breach(equity_now: Quantums, maintenance_requirement: Amount) -> bool:
    """MARGIN-10: an account is liquidatable when its equity is below its maintenance requirement."""
    return equity_now < maintenance_requirement
