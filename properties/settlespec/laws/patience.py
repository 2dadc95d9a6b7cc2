"""Laws over many rounds: how long an account in breach may wait, and how many moves of the mark margin survives.

Both are inductions over rounds.

From breach to execution: the count of rounds begins at none, and LIQ-13a says that it counts. LIQ-14a is the step: of whoever is in breach
once more either the patience that is left falls by one, or this round closes it at the mark. So in at most `patience` + 1 rounds in a row
it is closed, whatever the book does (LIQ-8d: whole).

Margin over d rounds: let each round move the mark by at most x ppm of what it is then. What an account needs so as to survive d rounds,
in ppm of its notional, is f(0) = 0 and f(d + 1) = x + f(d) * (1 + x). MARGIN-3f is the base: whoever meets maintenance has f ppm of its
notional, if f is at most the maintenance rate. MARGIN-3g is the step: whoever has f(d + 1) before a move has f(d) after it. So after d
rounds it has f(0), which is nothing, and no debt. MARGIN-3h is both together for two rounds. Funding is paid beside it (FUND-1a).
"""

from typing import Final

from settlespec.arithmetic import PPM, absolute, negate
from settlespec.domain.quantities import Count, Factor, Milliseconds, Price, Quantums, SignedSize
from settlespec.laws.grounds import HYPOTHESIS, NotNegative
from settlespec.laws.margin import LinearInstrument
from settlespec.laws.statement import assume, case, claim, law, world
from settlespec.rules.funding import interval
from settlespec.rules.liquidation import beyond_patience, rounds_in_breach
from settlespec.rules.margin import equity, linear_array, maintenance, risk_alone

MEETS: Final = case("the account meets the maintenance requirement")
WITHIN: Final = case("the rounds to come need no more than the maintenance rate")
WAITS: Final = case("the account has not been closed yet")
COVERED: Final = case("what the account has covers the move of this round and what the rounds after it need")
MOVES: Final = world("no round moves the mark by more than the given share of it")
NEWER: Final = world("clocks and timestamps of rounds rise")


@law(
    "LIQ-13a",
    "The count of rounds in breach is how many there were in a row: one more with each, and none after a round without.",
    rules=("LIQ-13",),
    loses="the owner, closed too early, or the others, by an account that is closed too late",
    shape="one account over two rounds",
    composes=("ROUND-7a",),
)
def rounds_in_a_row_are_counted(rounds: Count, first: bool, second: bool) -> None:
    """A round without breach forgets those before it."""
    after = rounds_in_breach(rounds_in_breach(rounds, first), second)
    claim(negate(first & second) | (after == rounds + 2))
    claim(negate(negate(first) & second) | (after == 1))
    claim(second | (after == 0))


@law(
    "LIQ-14a",
    "From breach to execution it takes at most patience rounds and one: each uses patience up, and the one after the last closes.",
    rules=("LIQ-13", "LIQ-14", "ROUND-8"),
    loses="the insurance fund, by an account that stays in breach while nobody takes its orders",
    shape="one more round in breach, by induction on the patience that is left",
    composes=("LIQ-8d", "LIQ-13a", "ROUND-7a"),
    assumes=(WAITS,),
)
def patience_runs_out(rounds: NotNegative, patience: NotNegative) -> None:
    """`rounds` is how many there were before in a row; at none, patience is whole."""
    claim(negate(beyond_patience(0, patience)))
    assume(negate(beyond_patience(rounds, patience)), WAITS)
    after = rounds_in_breach(rounds, True)
    claim(beyond_patience(after, patience) == (rounds == patience))
    claim(patience - after == patience - rounds - 1)


@law(
    "MARGIN-3f",
    "Whoever meets maintenance has as much as any rate up to the maintenance rate asks of the notional.",
    rules=("MARGIN-1", "MARGIN-2.2", "MARGIN-4"),
    loses="the insurance fund, and after it whoever gained",
    shape="one position in a linear instrument; the base of an induction on rounds",
    assumes=(MEETS, WITHIN),
)
def maintenance_covers_its_rate(
    instrument: LinearInstrument, mark: Price, size: SignedSize, spare: NotNegative, needed: Factor
) -> None:
    """`needed` is what the rounds to come need, in ppm of the notional."""
    assume(spare >= 0, MEETS)
    worth = maintenance(risk_alone(size, linear_array(instrument, mark))) + spare
    assume(needed <= instrument.maintenance_ppm, WITHIN)
    claim(worth * PPM >= absolute(size) * mark * needed)


@law(
    "MARGIN-3g",
    "Margin survives d rounds of moves: whoever has what d + 1 rounds need has, after one of them, what d need.",
    rules=("MARGIN-8",),
    loses="the insurance fund, by accounts that go under before anybody could close them",
    shape="one position and one round, by induction on the rounds to come",
    composes=("MARGIN-3f",),
    assumes=(COVERED, HYPOTHESIS, MOVES),
)
def one_round_leaves_what_the_others_need(
    cash: Quantums, size: SignedSize, mark: Price, moved: Price, step: Factor, needed: Factor, after: Factor
) -> None:
    """`needed` and `after` are what this round and those after it need, in ppm of the notional; each round moves by `step` ppm."""
    assume(needed * PPM >= step * PPM + after * (PPM + step), COVERED)
    assume(equity(cash, (size * mark,)) * PPM >= absolute(size) * mark * needed, HYPOTHESIS)
    assume(absolute(moved - mark) * PPM <= step * mark, MOVES)
    left = equity(cash, (size * moved,))
    claim(left * PPM * PPM >= absolute(size) * mark * needed * PPM - absolute(size) * mark * step * PPM)
    claim(absolute(size) * mark * (needed - step) * PPM >= absolute(size) * mark * (PPM + step) * after)
    claim(absolute(size) * moved * PPM * after <= absolute(size) * mark * (PPM + step) * after)
    claim(left * PPM >= absolute(size) * moved * after)


@law(
    "FUND-4a",
    "The intervals of rounds never overlap nor pass the longest: no more time is paid for than has passed.",
    rules=("FUND-4",),
    loses="whoever pays funding for one interval twice",
    shape="one more round, by induction",
    assumes=(NEWER, HYPOTHESIS),
)
def no_interval_is_paid_for_twice(
    last: Milliseconds, before: Milliseconds, open: NotNegative, since: Milliseconds, longest: Milliseconds
) -> None:
    """The rounds so far settled all of the time `before` the last marks but for what is `open`; now it is `since` later."""
    assume(since > 0, NEWER)
    assume(open >= 0, HYPOTHESIS)
    elapsed = interval(last + since, last, longest)
    claim((elapsed >= 0) & (elapsed <= longest) & (before - open + elapsed <= before + since))
    claim((elapsed == longest) | (elapsed == since))
