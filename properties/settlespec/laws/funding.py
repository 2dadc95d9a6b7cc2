"""Laws of funding: what longs pay shorts receive, and the pool ends with the rounding."""

from typing import Final

from settlespec.arithmetic import absolute, negate
from settlespec.domain.quantities import Factor, Milliseconds, Price, Quantums, Rate, SignedSize
from settlespec.laws.grounds import HYPOTHESIS
from settlespec.laws.statement import assume, claim, implied, law
from settlespec.rules.funding import FUNDING_SCALE, capped_rate, exact_payment, payment

ZERO_SUM: Final = implied("ZERO-SUM", "the positions of a market sum to zero")


@law(
    "FUND-2a",
    "Funding is zero-sum: what all accounts pay and what the pool holds add up to nothing new, and the pool never owes.",
    rules=("FUND-2", "FUND-3"),
    loses="the insurance fund, by what funding would create",
    shape="three accounts, one perpetual",
    assumes=(ZERO_SUM,),
    composes=("FUND-3a",),
)
def funding_is_zero_sum(
    first: SignedSize, second: SignedSize, third: SignedSize, rate: Rate, mark: Price, elapsed: Milliseconds
) -> None:
    """Sizes add up to zero; the pool ends with less than one quantum an account."""
    assume(first + second + third == 0, ZERO_SUM)
    exact = [exact_payment(rate, mark, size, elapsed) for size in (first, second, third)]
    claim(exact[0] + exact[1] + exact[2] == 0)
    pool = payment(exact[0]) + payment(exact[1]) + payment(exact[2])
    claim((pool >= 0) & (pool < 3))


@law(
    "FUND-3b",
    "One more account pays at least its exact funding into the pool, so the pool covers what the others have still to get.",
    rules=("FUND-3",),
    loses="the insurance fund",
    shape="one step of any number of accounts, by induction",
    assumes=(HYPOTHESIS,),
    composes=("FUND-3a",),
)
def the_pool_stays_ahead_of_the_exact_sum(pool: Quantums, exact_so_far: int, exact: int, accounts: int) -> None:
    """Invariant: exact sum so far <= pool * scale < exact sum + scale * accounts; at the end the exact sum is zero."""
    assume(accounts >= 0, HYPOTHESIS)
    assume(
        (pool * FUNDING_SCALE >= exact_so_far) & (pool * FUNDING_SCALE <= exact_so_far + accounts * FUNDING_SCALE),
        HYPOTHESIS,
    )
    after = pool + payment(exact)
    claim(after * FUNDING_SCALE >= exact_so_far + exact)
    claim(after * FUNDING_SCALE <= exact_so_far + exact + (accounts + 1) * FUNDING_SCALE)


@law(
    "FUND-1a",
    "No rate leaves its cap, and a rate within it is used as it is.",
    rules=("FUND-1",),
    loses="whoever pays at a rate that nobody agreed to",
    shape="one rate",
)
def a_rate_keeps_its_cap(rate: Rate, cap: Factor) -> None:
    """Either sign."""
    used = capped_rate(rate, cap)
    claim(absolute(used) <= cap)
    claim((absolute(rate) > cap) | (used == rate))


@law(
    "FUND-2b",
    "At a positive rate longs pay and shorts receive, at a negative one the other way round: a quantum at least, once that is due.",
    rules=("FUND-2", "FUND-3"),
    loses="whoever holds the side that should receive",
    shape="one account, one perpetual",
)
def the_sign_of_the_rate_says_who_pays(size: SignedSize, rate: Rate, mark: Price, elapsed: Milliseconds) -> None:
    """A payer pays the ceiling of any time that has passed; a receiver gets the floor, which is nothing below a quantum."""
    paid = payment(exact_payment(rate, mark, size, elapsed))
    due = rate * mark * size * elapsed
    claim((rate * size > 0) | (paid <= 0))
    claim((rate * size < 0) | (paid >= 0))
    claim(negate((rate * size > 0) & (elapsed > 0)) | (paid > 0))
    claim((due > -FUNDING_SCALE) | (paid < 0))
