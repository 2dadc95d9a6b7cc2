"""Liquidation against the book and default (rules LIQ-1 to LIQ-8, LIQ-13 and LIQ-14)."""

from settlespec.arithmetic import PPM, ceil_div, choose, clamp, floor_div, maximum, minimum
from settlespec.domain.quantities import Amount, Factor, Price, Quantums, Size
from settlespec.rules.margin import RISK_SCALE


def gain_of_round(at_rest: Quantums, now: Quantums) -> int:
    """LIQ-1: what an account gained in this round: its rise of equity since rest, never negative."""
    return maximum(now - at_rest, 0)


def insurance_payment(insurance: Quantums, debt: Quantums) -> int:
    """LIQ-2: the insurance fund pays a defaulted account's debt as far as it reaches, and never anything else.

    Args:
        insurance: quantums in the fund, >= 0.
        debt: what the account owes, >= 0.
    """
    return minimum(insurance, debt)


def haircut(owed: Quantums, gain: int, total_gain: int) -> int:
    """LIQ-3: a gain's share of what the insurance fund could not pay, rounded up; the rounding goes to the insurance fund.

    Args:
        owed: what all defaulted accounts together still owe, 0 <= owed <= total_gain.
        gain: the account's gain of this round, >= 0.
        total_gain: the sum of all gains of this round.
    """
    return ceil_div(owed * gain, total_gain)


def haircut_due(share: Quantums, owed: Quantums, collected: Quantums) -> Quantums:
    """LIQ-3.2: of a share as much goes to the debt as is still owed; what is left of it is the rounding.

    Args:
        share: what the gain pays, >= 0.
        owed: what all defaulted accounts together owed.
        collected: what the shares before it brought, <= owed.
    """
    return minimum(share, owed - collected)


def bankruptcy_quote(equity: Quantums, before: int, after: int, released: Quantums) -> Quantums:
    """LIQ-4: a close may not leave the account worse off per unit of risk.

    The least quote, in quantums, at which closing keeps equity / maintenance from falling:
    (equity + quote - released) * before >= equity * after. Rounded up, against whoever takes the risk over.

    Args:
        equity: equity at the mark, > 0.
        before, after: maintenance around the close in one unit, 0 <= after < before.
        released: notional at the mark that the close gives up, signed like the position; the quote is what it is sold for.
    Source: dYdX v4 GetBankruptcyPriceInQuoteQuantums; equal to StarkEx's deleverage fairness pair (law LIQ-4b).
    """
    return released + ceil_div(equity * after, before) - equity


def liquidation_fee(notional: Amount, rate: Factor, over_bankruptcy: Quantums) -> int:
    """LIQ-5: the insurance fund takes a share of the fill's notional, rounded up, at most the gain over the bankruptcy price.

    Args:
        notional: price * size of the fill.
        rate: ppm.
        over_bankruptcy: quote received less the bankruptcy quote, >= 0.
    """
    return clamp(ceil_div(notional * rate, PPM), 0, over_bankruptcy)


def slip_width(reference: Price, slip: Factor, price_step: Price) -> int:
    """LIQ-6.3: how far from the mark a liquidation may trade, in quantums: a share of the reference's mark, rounded down, at least a step.

    Args:
        reference: the mark of the instrument itself, of an option that of the underlying, quantums per lot.
        slip: ppm.
    """
    return maximum(floor_div(reference * slip, PPM), price_step)


def lowest_sale(mark: Price, width: int) -> int:
    """LIQ-6: the lowest price at which a long may be liquidated: the mark less the slip.

    Args:
        mark: quantums per lot.
        width: `slip_width`.
    """
    return mark - width


def highest_purchase(mark: Price, width: int) -> int:
    """LIQ-6.2: the highest price at which a short may be liquidated: the mark plus the slip."""
    return mark + width


def restored(equity: Quantums, base_initial: Amount, maintenance_in_force: Amount) -> bool:
    """LIQ-7: a liquidation ends when equity meets the base initial requirement and the maintenance in force."""
    return equity >= maximum(base_initial, maintenance_in_force)


def headroom(equity: Quantums, risk: int, factor: Factor, fee: int) -> int:
    """LIQ-7.2: what equity exceeds the base initial requirement by, before any rounding and any cap of the fee.

    So it is concave in the lots that one leg closes: it rises and then falls.

    Args:
        equity: after the close, before its fee, quantums.
        risk: maintenance after the close, times `margin.RISK_SCALE`.
        factor: of the initial requirement, ppm, at least PPM.
        fee: notional times rate, in quantums times PPM.
    Returns:
        Quantums times PPM times `margin.RISK_SCALE`.
    """
    return (equity * PPM - fee) * RISK_SCALE - risk * factor


def rounds_in_breach(rounds: int, breached: bool) -> int:
    """LIQ-13: one more round in breach counts one more, and a round without it begins anew.

    Args:
        rounds: in how many rounds in a row the account was in breach before this one.
        breached: whether it is in breach in this round (MARGIN-10).
    """
    return choose(breached, rounds + 1, 0)


def beyond_patience(rounds: int, patience: int) -> bool:
    """LIQ-14: whoever is in breach for more rounds in a row than patience grants is closed at the mark, before the book is asked again."""
    return rounds > patience


def closable(size: Size, opposite: Size) -> Size:
    """LIQ-8: lots that close against one opposite position."""
    return minimum(size, opposite)
