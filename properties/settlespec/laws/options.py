"""Laws of options and portfolios: what a stated array can and cannot do, and what holdings of one underlying need together."""

from typing import Literal, TypeAlias

from settlespec.arithmetic import absolute, choose, maximum, minimum
from settlespec.domain.instruments import RiskArray
from settlespec.domain.quantities import Amount, Loss, Milliseconds, Price, Quantums, SignedSize
from settlespec.laws.statement import assume, claim, law
from settlespec.rules.expiry import near_expiry, option_payoff
from settlespec.rules.margin import RISK_SCALE, bounded_loss, charges, shifted_losses, worst_of

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
)
def a_payoff_is_bounded_and_monotone(strike: Price, low: Price, high: Price) -> None:
    """And between two values it never moves by more than they differ."""
    assume(low <= high)
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
)
def an_offset_ends_once(expiry: Milliseconds, early: Milliseconds, late: Milliseconds, lead: Milliseconds) -> None:
    """Group 0 is that of everything whose offset has not ended; a perpetual stays in it."""
    assume(early <= late)
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
)
def an_honest_loss_counts_as_stated(worth: Amount, right: Right, strike: Price, mark: Price, moved: Amount) -> None:
    """An option that is worth something between its payoff and the most that it can pay, after the move."""
    assume((worth >= right * (moved - strike * RISK_SCALE)) & (worth <= choose(right > 0, moved, strike * RISK_SCALE)))
    stated = mark * RISK_SCALE - worth
    claim(bounded_loss(stated, 1, right, strike, mark, moved) == stated)


@law(
    "MARGIN-15d",
    "A written call covered by its underlying never loses more than the underlying is worth less the call.",
    rules=("MARGIN-15",),
    loses="the owner of a covered call, or the insurance fund",
    shape="one written call and one lot of its underlying, in one scenario within the scan range",
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
)
def the_requirement_is_monotone_in_each_loss(losses: Losses, more: Losses) -> None:
    """`more` is nowhere less."""
    for less, larger in zip(losses, more, strict=True):
        assume(less <= larger)
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
    rules=("MARGIN-15", "EXPIRY-1"),
    loses="whoever replaces a future by a call and a written put of one strike",
    shape="one call and one written put of one strike, worth their payoffs after the move",
)
def a_synthetic_future_loses_like_a_future(strike: Price, call: Price, put: Price, moved: Amount) -> None:
    """With arrays of payoffs, in one scenario within the scan range."""
    fixed = strike * RISK_SCALE
    loss_of_call = bounded_loss(call * RISK_SCALE - maximum(moved - fixed, 0), 1, 1, strike, call, moved)
    loss_of_put = bounded_loss(put * RISK_SCALE - maximum(fixed - moved, 0), 1, -1, strike, put, moved)
    entered: Quantums = (call - put) * RISK_SCALE
    claim(loss_of_call - loss_of_put == entered + fixed - moved)
