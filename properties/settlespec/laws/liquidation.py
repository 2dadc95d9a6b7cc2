"""Laws of the clearing round: the bankruptcy price, and who pays what a defaulted account owes."""

from typing import Final

from settlespec.arithmetic import maximum
from settlespec.domain.quantities import Amount, Factor, Price, Quantums, Size
from settlespec.laws.grounds import DEBTS, DEBTS_COVERED, FALLS, FUND, GAINS, GAINS_COVER, NOBODY_OWES, POOL
from settlespec.laws.statement import assume, case, claim, implied, law
from settlespec.rules.liquidation import (
    bankruptcy_quote,
    closable,
    gain_of_round,
    haircut,
    highest_purchase,
    insurance_payment,
    liquidation_fee,
    lowest_sale,
    slip_width,
)

ACCEPTABLE: Final = implied("LIQ-11", "a liquidation trades at the bankruptcy quote or better")
GAINED: Final = case("the account gained in this round")


@law(
    "LIQ-4a",
    "The bankruptcy quote is the least integer at which a close keeps equity per maintenance from falling.",
    rules=("LIQ-4",),
    loses="the account that is closed, or the insurance fund",
    shape="any portfolio: equity and maintenance around one close",
    assumes=(FALLS,),
)
def the_bankruptcy_quote_is_the_least_that_is_fair(
    equity: Amount, before: Amount, after: int, released: Quantums, quote: Quantums
) -> None:
    """Any quote is fair if and only if it is at least the bankruptcy quote."""
    assume((after >= 0) & (after < before), FALLS)
    fair = (equity + quote - released) * before >= equity * after
    claim(fair == (quote >= bankruptcy_quote(equity, before, after, released)))


@law(
    "LIQ-4b",
    "The bankruptcy quote is the one integer that meets StarkEx's two-sided inequality.",
    rules=("LIQ-4",),
    loses="the account that is closed, or whoever takes its position over",
    shape="any portfolio: equity and maintenance around one close",
    assumes=(FALLS,),
)
def the_bankruptcy_quote_is_starkex_fair(
    equity: Amount, before: Amount, after: int, released: Quantums, quote: Quantums
) -> None:
    """The ratio must not fall, and one quantum less must make it fall.

    Source: stark-perpetual, services/perpetual/cairo/transactions/deleverage.cairo, UNFAIR_DELEVERAGE:
    value1 / risk1 >= value0 / risk0 > (value1 - 1) / risk1.
    """
    assume((after >= 0) & (after < before), FALLS)
    left = equity + quote - released
    fair_to_the_account = left * before >= equity * after
    fair_to_the_taker = (left - 1) * before < equity * after
    claim((fair_to_the_account & fair_to_the_taker) == (quote == bankruptcy_quote(equity, before, after, released)))


@law(
    "LIQ-4c",
    "A close at the bankruptcy quote or better never leaves an account with equity in debt.",
    rules=("LIQ-4",),
    loses="the insurance fund",
    shape="any portfolio: equity and maintenance around one close",
    assumes=(FALLS, ACCEPTABLE),
    composes=("LIQ-4a", "LIQ-5a"),
)
def a_liquidation_never_makes_a_debtor(
    equity: Amount, before: Amount, after: int, released: Quantums, over: Quantums, notional: Amount, rate: Factor
) -> None:
    """The liquidation fee included: it takes at most what was received beyond the bankruptcy quote."""
    assume((after >= 0) & (after < before), FALLS)
    assume(over >= 0, ACCEPTABLE)
    quote = bankruptcy_quote(equity, before, after, released) + over
    fee = liquidation_fee(notional, rate, over)
    claim((fee >= 0) & (fee <= over))
    claim(equity + quote - released - fee >= 0)


@law(
    "LIQ-6a",
    "A liquidation may always trade at the mark, and the slip goes the same way for both sides.",
    rules=("LIQ-6", "LIQ-6.2", "LIQ-6.3"),
    loses="liveness: an account that nobody may close",
    shape="one instrument",
)
def the_slip_contains_the_mark(mark: Price, reference: Price, slip: Factor, step: Price) -> None:
    """At least one price step each way, symmetric about the mark, whatever the reference's mark is."""
    width = slip_width(reference, slip, step)
    low, high = lowest_sale(mark, width), highest_purchase(mark, width)
    claim((low <= mark - step) & (high >= mark + step))
    claim(high - mark == mark - low)


@law(
    "LIQ-1a",
    "What is owed after a round is at most the insurance fund plus the gains of that round.",
    rules=("LIQ-1", "LIQ-2"),
    loses="everybody who could withdraw later than the others",
    shape="three accounts; marks and funding move money between them and the pool",
    assumes=(NOBODY_OWES, FUND, POOL),
    composes=("LIQ-1b", "LIQ-2a"),
)
def what_is_owed_is_covered_by_insurance_and_gains(
    rest_of_first: Quantums,
    rest_of_second: Quantums,
    rest_of_third: Quantums,
    first: Quantums,
    second: Quantums,
    insurance: Quantums,
    pool: Quantums,
) -> None:
    """At rest nobody owes; what the round moves, it moves between the accounts and the pool of funding.

    The pool is not negative when it joins the insurance fund (law FUND-2a).
    """
    assume((rest_of_first >= 0) & (rest_of_second >= 0) & (rest_of_third >= 0), NOBODY_OWES)
    assume(insurance >= 0, FUND)
    assume(pool >= 0, POOL)
    third = rest_of_first + rest_of_second + rest_of_third - first - second - pool
    gains = (
        gain_of_round(rest_of_first, first)
        + gain_of_round(rest_of_second, second)
        + gain_of_round(rest_of_third, third)
    )
    owed, left = 0, insurance + pool
    for equity in (first, second, third):
        debt = maximum(-equity, 0)
        paid = insurance_payment(left, debt)
        owed, left = owed + debt - paid, left - paid
    claim(left >= 0)
    claim(owed <= gains)


@law(
    "LIQ-1d",
    "What is owed once the insurance fund has paid is not negative, and at most the gains of the round.",
    rules=("LIQ-2",),
    loses="everybody who could withdraw later than the others",
    shape="any accounts: the sums of their gains and of their debts",
    assumes=(GAINS, DEBTS, FUND, POOL, DEBTS_COVERED),
    composes=("FUND-3b", "LIQ-1b", "LIQ-2a", "ROUND-4b", "ROUND-5a"),
)
def what_is_owed_is_at_most_the_gains(gains: int, debts: int, insurance: Quantums, pool: Quantums) -> None:
    """LIQ-1a for any number of accounts; the pool has joined the insurance fund before it pays."""
    assume(gains >= 0, GAINS)
    assume(debts >= 0, DEBTS)
    assume(insurance >= 0, FUND)
    assume(pool >= 0, POOL)
    assume(debts <= gains + pool, DEBTS_COVERED)
    owed = debts - insurance_payment(insurance + pool, debts)
    claim((owed >= 0) & (owed <= gains))


@law(
    "LIQ-3a",
    "The haircut covers what is owed, and takes from nobody more than the gain of that round.",
    rules=("LIQ-3",),
    loses="bystanders, who would pay for a default that they had no part in",
    shape="three accounts with gains",
    assumes=(GAINS, GAINS_COVER),
    composes=("LIQ-3b",),
)
def the_haircut_covers_the_debt_and_only_from_gains(
    owed: Quantums, first: Quantums, second: Quantums, third: Quantums
) -> None:
    """The excess over the debt is the rounding, less than one quantum an account."""
    assume((first >= 0) & (second >= 0) & (third >= 0), GAINS)
    gains = first + second + third
    assume((owed >= 0) & (owed <= gains), GAINS_COVER)
    taken = [haircut(owed, gain, gains) for gain in (first, second, third)]
    claim((taken[0] <= first) & (taken[1] <= second) & (taken[2] <= third))
    claim((taken[0] >= 0) & (taken[1] >= 0) & (taken[2] >= 0))
    claim(taken[0] + taken[1] + taken[2] >= owed)
    claim((gains == 0) | (taken[0] + taken[1] + taken[2] < owed + 3))


@law(
    "LIQ-3c",
    "No account with a gain ends a round with less than it had at rest.",
    rules=("LIQ-1", "LIQ-3"),
    loses="the accounts that were solvent all the time",
    shape="one account among any others",
    assumes=(GAINED, GAINS_COVER),
    composes=("LIQ-3b",),
)
def a_haircut_leaves_what_was_there_at_rest(at_rest: Amount, now: Amount, others: Amount, owed: Quantums) -> None:
    """What is owed is at most the sum of all gains (law LIQ-1a); `others` is what all others gained."""
    assume(now > at_rest, GAINED)
    gain = gain_of_round(at_rest, now)
    gains = gain + others
    assume((owed >= 0) & (owed <= gains), GAINS_COVER)
    claim(now - haircut(owed, gain, gains) >= at_rest)


@law(
    "LIQ-8a",
    "A close against an opposite position exceeds neither, and uses one of them up.",
    rules=("LIQ-8",),
    loses="the opposite account, turned over by a default that is not its own",
    shape="two accounts",
)
def a_close_exceeds_neither_position(size: Size, opposite: Size) -> None:
    """So the list of opposites is walked once."""
    closed = closable(size, opposite)
    claim((closed <= size) & (closed <= opposite))
    claim((closed == size) | (closed == opposite))
