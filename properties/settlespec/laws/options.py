"""Laws of options and portfolios: what a stated array can and cannot do, and what holdings of one underlying need together."""

from typing import Annotated, Final, Literal, TypeAlias

from settlespec.arithmetic import PPM, absolute, ceil_div, choose, maximum, minimum
from settlespec.domain.instruments import Instrument, InstrumentKind, Market, RiskArray
from settlespec.domain.quantities import Amount, Factor, Loss, Milliseconds, Price, Quantums, SignedSize
from settlespec.laws.grounds import FACTOR, INTERVAL, NotNegative
from settlespec.laws.statement import Only, assume, case, claim, law, world
from settlespec.rules.expiry import is_due, near_expiry, option_payoff
from settlespec.rules.liquidation import headroom, liquidation_fee, restored
from settlespec.rules.margin import (
    RISK_SCALE,
    Holding,
    bounded_loss,
    charges,
    initial,
    maintenance,
    option_array,
    risk_array,
    scenario_losses,
    shifted_losses,
    worst_of,
)

ARBITRAGE_FREE: Final = world(
    "after the move the option is worth no less than its payoff and no more than it can ever pay"
)
NOWHERE_LESS: Final = case("one book loses nowhere less than the other")


RESTORED: Final = case("the liquidation ends")

ListedOption: TypeAlias = Annotated[Instrument, Only("kind", InstrumentKind.CALL)]
"""An option; no rule of margin reads the kind, so a put has the same record."""

Scenario: TypeAlias = Literal[0, 13, 15]
"""A scenario of each sort: the first, one at the edge of the range, and the last, an extreme one."""

Right: TypeAlias = Literal[1, -1]
"""A call or a put."""

Share: TypeAlias = Literal[1, 3]
"""A scenario within the scan range, or an extreme one, of which a third counts."""

Losses: TypeAlias = tuple[
    Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss, Loss
]
"""One loss for each scenario."""


@law(
    "EXPIRY-1a",
    "A call less a put of one strike pays the settlement value less the strike.",
    rules=("EXPIRY-1",),
    loses="whoever hedged one with the other",
    shape="one settlement value",
)
def a_call_less_a_put_is_a_forward(strike: Price, value: Price) -> None:
    """Put-call parity of payoffs, exact; and at most one of the two pays."""
    call, put = option_payoff(1, strike, value), option_payoff(-1, strike, value)
    claim(call - put == value - strike)
    claim((call >= 0) & (put >= 0) & (minimum(call, put) == 0))


@law(
    "EXPIRY-1b",
    "A call never pays more than the underlying, a put never more than its strike, and neither falls when the other way moves.",
    rules=("EXPIRY-1",),
    loses="the writer, beyond what any margin could cover",
    shape="two settlement values",
    assumes=(INTERVAL,),
)
def a_payoff_is_bounded_and_monotone(strike: Price, low: Price, high: Price) -> None:
    """And between two values it never moves by more than they differ."""
    assume(low <= high, INTERVAL)
    claim((option_payoff(1, strike, high) <= high) & (option_payoff(-1, strike, low) <= strike))
    rise = option_payoff(1, strike, high) - option_payoff(1, strike, low)
    fall = option_payoff(-1, strike, low) - option_payoff(-1, strike, high)
    claim((rise >= 0) & (fall >= 0) & (rise + fall == high - low))


@law(
    "EXPIRY-6a",
    "An offset ends at most once, a lead before the expiry, and what expires together loses it together.",
    rules=("EXPIRY-6",),
    loses="the insurance fund, by a spread that is bare before anybody has its margin",
    shape="one expiry, two times of marks",
    assumes=(INTERVAL,),
)
def an_offset_ends_once(expiry: Milliseconds, early: Milliseconds, late: Milliseconds, lead: Milliseconds) -> None:
    """Group 0 is that of everything whose offset has not ended; a perpetual stays in it."""
    assume(early <= late, INTERVAL)
    before, after = near_expiry(expiry, early, lead), near_expiry(expiry, late, lead)
    claim((before == 0) | (before == expiry))
    claim((before == 0) | (after == before))
    claim((expiry == 0) | ((before == 0) == (early + lead < expiry)))


@law(
    "MARGIN-15a",
    "Whatever the oracles state, a long option is never margined for more than its mark.",
    rules=("MARGIN-15",),
    loses="the owner of an option that is paid in full",
    shape="one option in one scenario",
)
def a_long_option_never_needs_more_than_its_mark(
    stated: Loss, share: Share, right: Right, strike: Price, mark: Price, moved: Amount
) -> None:
    """Of an extreme scenario a third of it."""
    claim(bounded_loss(stated, share, right, strike, mark, moved) * share <= mark * RISK_SCALE)


@law(
    "MARGIN-15b",
    "Whatever the oracles state, a short option is margined for its payoff at the moved price less its mark; in the extremes for a third.",
    rules=("MARGIN-15",),
    loses="the insurance fund, by options written for nothing under an array of zeros",
    shape="one option in one scenario",
)
def a_short_option_is_margined_for_its_payoff(
    stated: Loss, share: Share, right: Right, strike: Price, mark: Price, moved: Amount
) -> None:
    """Never for more than it can ever pay, beyond what the rounding of an extreme scenario adds."""
    short = -bounded_loss(stated, share, right, strike, mark, moved) * share
    payoff = maximum(right * (moved - strike * RISK_SCALE), 0)
    most = choose(right > 0, moved, strike * RISK_SCALE)
    claim(short >= payoff - mark * RISK_SCALE)
    claim(short <= most - mark * RISK_SCALE + share - 1)


@law(
    "MARGIN-15c",
    "A loss that an option can make counts as it was stated.",
    rules=("MARGIN-15",),
    loses="owners, by an honest array that is not believed",
    shape="one option in one scenario",
    assumes=(ARBITRAGE_FREE,),
)
def an_honest_loss_counts_as_stated(worth: Amount, right: Right, strike: Price, mark: Price, moved: Amount) -> None:
    """An option that is worth something between its payoff and the most that it can pay, after the move."""
    assume(
        (worth >= right * (moved - strike * RISK_SCALE)) & (worth <= choose(right > 0, moved, strike * RISK_SCALE)),
        ARBITRAGE_FREE,
    )
    stated = mark * RISK_SCALE - worth
    claim(bounded_loss(stated, 1, right, strike, mark, moved) == stated)


@law(
    "MARGIN-15d",
    "A written call covered by its underlying never loses more than the underlying is worth less the call.",
    rules=("MARGIN-15",),
    loses="the owner of a covered call, or the insurance fund",
    shape="one written call and one lot of its underlying, in one scenario within the scan range",
    composes=("MARGIN-15b",),
)
def a_covered_call_is_bounded(stated: Loss, strike: Price, mark: Price, reference: Price, moved: Amount) -> None:
    """Whatever the array says of the call."""
    short = -bounded_loss(stated, 1, 1, strike, mark, moved)
    long = reference * RISK_SCALE - moved
    claim(short + long <= (reference - mark) * RISK_SCALE)


@law(
    "MARGIN-15e",
    "A put and its underlying together lose no more than to the strike.",
    rules=("MARGIN-15",),
    loses="the owner of a protected position",
    shape="one put and one lot of its underlying, in one scenario within the scan range",
    composes=("MARGIN-15a",),
)
def a_protective_put_floors_the_loss(stated: Loss, strike: Price, mark: Price, reference: Price, moved: Amount) -> None:
    """Whatever the array says of the put: what is left is the strike."""
    put = bounded_loss(stated, 1, -1, strike, mark, moved)
    claim(put + reference * RISK_SCALE - moved <= (mark + reference - strike) * RISK_SCALE)


@law(
    "MARGIN-2e",
    "Two books together never need more than each for itself, whatever their arrays.",
    rules=("MARGIN-2.5",),
    loses="whoever hedges: a hedged book would need more than its parts",
    shape="the scenario losses of two books in one underlying",
)
def books_are_subadditive(first: Losses, second: Losses) -> None:
    """So a hedged book never needs more than its parts, and counting each resting order by itself is sound."""
    together = tuple(one + other for one, other in zip(first, second, strict=True))
    claim(worst_of(together) <= worst_of(first) + worst_of(second))


@law(
    "MARGIN-2f",
    "The requirement is never negative, and falls in no loss.",
    rules=("MARGIN-2.5",),
    loses="the insurance fund, by an array that raises a loss and lowers what is asked for it",
    shape="the scenario losses of two books, one nowhere below the other",
    assumes=(NOWHERE_LESS,),
)
def the_requirement_is_monotone_in_each_loss(losses: Losses, more: Losses) -> None:
    """`more` is nowhere less."""
    for less, larger in zip(losses, more, strict=True):
        assume(less <= larger, NOWHERE_LESS)
    claim((worst_of(losses) >= 0) & (worst_of(losses) <= worst_of(more)))


@law(
    "MARGIN-2d",
    "Scenario losses carried along by a trade are those of the holdings after it.",
    rules=("MARGIN-2.4",),
    loses="whoever is judged by a requirement that is not his",
    shape="two holdings of one underlying, one of them traded",
)
def losses_carried_along_are_those_computed_whole(
    traded: Losses, other: Losses, size: SignedSize, change: SignedSize, held: SignedSize
) -> None:
    """In every scenario."""
    before = tuple(size * one + held * two for one, two in zip(traded, other, strict=True))
    after = shifted_losses(before, change, RiskArray(traded, 0, 0, 0, 0, 0, 0))
    for loss, one, two in zip(after, traded, other, strict=True):
        claim(loss == (size + change) * one + held * two)


@law(
    "MARGIN-3e",
    "Charges are the spread charge of every lot and the minimum of every written one, and never more than those of the parts.",
    rules=("MARGIN-3",),
    loses="the insurance fund, by a spread that nobody margins",
    shape="one holding and one change of it",
)
def charges_are_subadditive(size: SignedSize, change: SignedSize, basis: Amount, least: Amount) -> None:
    """Exactly that, and sub-additive like the losses."""
    array = RiskArray((), 0, 0, basis, least, 0, 0)
    together = charges(size + change, array)
    claim(together <= charges(size, array) + charges(change, array))
    claim(together == absolute(size + change) * basis + maximum(-(size + change), 0) * least)


@law(
    "MARGIN-15f",
    "A call and a written put of one strike lose what a future entered at the strike loses.",
    rules=("MARGIN-15",),
    loses="whoever replaces a future by a call and a written put of one strike",
    shape="one call and one written put of one strike, worth their payoffs after the move",
    composes=("MARGIN-15c", "EXPIRY-1a"),
)
def a_synthetic_future_loses_like_a_future(strike: Price, call: Price, put: Price, moved: Amount) -> None:
    """With arrays of payoffs, in one scenario within the scan range."""
    fixed = strike * RISK_SCALE
    loss_of_call = bounded_loss(call * RISK_SCALE - maximum(moved - fixed, 0), 1, 1, strike, call, moved)
    loss_of_put = bounded_loss(put * RISK_SCALE - maximum(fixed - moved, 0), 1, -1, strike, put, moved)
    entered: Quantums = (call - put) * RISK_SCALE
    claim(loss_of_call - loss_of_put == entered + fixed - moved)


@law(
    "EXPIRY-3a",
    "An instrument is due from its expiry on and for good.",
    rules=("EXPIRY-3",),
    loses="whoever trades an instrument whose value is known to some",
    shape="one instrument and two times",
    assumes=(INTERVAL,),
)
def an_expiry_is_for_good(expiry: Milliseconds, now: Milliseconds, later: Milliseconds) -> None:
    """At its very millisecond too."""
    assume(now <= later, INTERVAL)
    claim(is_due(expiry, now) == (now >= expiry))
    claim((not is_due(expiry, now)) | is_due(expiry, later))


@law(
    "MARGIN-15h",
    "In every scenario an option is margined for what the underlying's move alone costs, whatever array the oracles state.",
    rules=("MARGIN-15", "MARGIN-15.2", "MARGIN-15.3"),
    loses="the insurance fund, by an array that is bounded at another move than its own",
    shape="one option of each kind, all sixteen scenarios",
)
def an_array_is_bounded_scenario_by_scenario(
    option: ListedOption, right: Right, mark: Price, reference: Price, stated: Losses
) -> None:
    """The moves in thirds of the scan range, written out: SPAN's, of which a third of the extreme ones counts."""
    array = option_array(option, right, mark, reference, stated)
    moves = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 9, -9)
    bounded = True
    for loss, thirds in zip(array.losses, moves, strict=True):
        moved = maximum(reference * (RISK_SCALE + option.maintenance_ppm * thirds), 0)
        payoff = maximum(right * (moved - option.strike * RISK_SCALE), 0)
        share = 3 if absolute(thirds) > 3 else 1
        bounded = bounded & (loss * share <= mark * RISK_SCALE - payoff)
    claim(bounded)
    claim(array.basis == 3 * option.basis_ppm * reference)
    claim(array.short_minimum == 3 * option.short_minimum_ppm * reference)


@law(
    "MARGIN-1a",
    "What one lot needs by itself is its largest loss on that side and its charges, whatever the array.",
    rules=("MARGIN-1.2", "MARGIN-2.5"),
    loses="whoever relies on the short cut",
    shape="one array of sixteen losses",
)
def a_lot_needs_its_largest_loss_and_charges(
    losses: Losses, basis: Amount, least: NotNegative, scenario: Scenario
) -> None:
    """Long and short, in any scenario; and no more than some scenario or none loses."""
    array = risk_array(losses, basis, least)
    claim((array.long_lot >= losses[scenario] + basis) & (array.long_lot >= basis))
    claim((array.short_lot >= basis + least - losses[scenario]) & (array.short_lot >= basis + least))
    long_worst, short_worst = array.long_lot - basis, array.short_lot - basis - least
    claim((long_worst == worst_of(losses)) & (short_worst == worst_of(tuple(-loss for loss in losses))))


@law(
    "MARGIN-2g",
    "What holdings lose together is the sum of what each loses, scenario by scenario.",
    rules=("MARGIN-2.3", "MARGIN-2.4"),
    loses="whoever is judged by a requirement that is not his",
    shape="two holdings of one underlying",
    composes=("MARGIN-2d",),
)
def losses_of_holdings_add_up(
    listed: ListedOption, one: Losses, other: Losses, first: SignedSize, second: SignedSize
) -> None:
    """In every scenario."""
    markets = [Market(listed, 1, RiskArray(losses, 0, 0, 0, 0, 0, 0), 0, 0, 0, 0) for losses in (one, other)]
    together = scenario_losses((Holding(first, markets[0]), Holding(second, markets[1])))
    for found, of_one, of_other in zip(together, one, other, strict=True):
        claim(found == first * of_one + second * of_other)


@law(
    "LIQ-7a",
    "Whoever is restored has headroom, and whoever has none is not: the two differ by no more than the roundings.",
    rules=("LIQ-7", "LIQ-7.2", "LIQ-5"),
    loses="the account, closed further by a search that looks where nothing restores",
    shape="any portfolio after one close: equity, risk and fee",
    assumes=(FACTOR, RESTORED),
)
def a_restored_account_has_headroom(
    spare: NotNegative, risk: NotNegative, factor: Factor, notional: Amount, rate: Factor
) -> None:
    """So the search for a quantity that restores may follow the headroom, which is not rounded; its fee is not capped."""
    assume(factor >= PPM, FACTOR)
    required = maintenance(risk)
    after = initial(required, factor, 0) + spare
    assume(restored(after, initial(required, factor, 0), required), RESTORED)
    worth = after + liquidation_fee(notional, rate, notional * rate)
    claim(headroom(worth, risk, factor, notional * rate) >= 0)
    rounded = 2 + ceil_div(factor, PPM)
    claim(headroom(worth - spare - rounded, risk, factor, notional * rate) < 0)
