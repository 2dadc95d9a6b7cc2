"""Laws of the clearing round: what each of its steps does, by the machine's own code, and what the steps come to together.

Each step has its contract: revalue (ROUND-4a, ROUND-4b), expire (EXPIRY-5a), close at the mark (LIQ-8c, LIQ-8d), settle a debt (ROUND-5a),
take a haircut (ROUND-6a), assess (ROUND-7a), discard (TRADE-5d) and liquidate (ROUND-8a, ROUND-8b; each fill LIQ-4c, LIQ-5a). They are
about one account, or two that meet.

That they add up over any number of accounts is an induction over the accounts, in the order in which the round visits them:

- Debts: LIQ-1b is the step. Gains less debts are never below what equities rose by, account after account. At the end equities have
  fallen together by no more than what the funding pool took (FUND-3b), so all debts are at most all gains and the pool.
- Payments: LIQ-2a is the step. The insurance fund pays the debts in turn as if they were one. LIQ-1d is what both come to: what is
  owed then is at most all gains.
- Haircuts: LIQ-3d is the step. What was collected is the exact share of the gains visited so far, or all that is owed. At the end all
  gains were visited, so all is collected.

ROUND-1a and ROUND-1b compose them: after a round nobody owes, and a default takes from no account more than what that account gained in
this very round.
"""

from typing import Final

from attrs import evolve
from immutables import Map

from settlespec.arithmetic import maximum, minimum, negate
from settlespec.domain.accounts import FLAT
from settlespec.domain.instruments import Quote
from settlespec.domain.quantities import (
    Amount,
    Count,
    Milliseconds,
    Price,
    PriceOrNone,
    Quantums,
    Rate,
    SignedSize,
    Size,
)
from settlespec.domain.rounds import CloseAtMark, Stage
from settlespec.laws.grounds import DEBTS, DEBTS_COVERED, FUND, GAINS, GAINS_COVER, HYPOTHESIS, NOBODY_OWES, POOL
from settlespec.laws.shapes import LISTED, bidding, clearing, equity_of, exchange, owner
from settlespec.laws.statement import assume, case, claim, implied, law
from settlespec.machine.closing import close_at_mark
from settlespec.machine.expiry import pay_out
from settlespec.rules.funding import capped_rate, exact_payment, payment
from settlespec.rules.liquidation import closable, gain_of_round, haircut, haircut_due, insurance_payment

OTHER: Final = 2
"""The other instrument of the preset."""

OPEN: Final = implied("ZERO-SUM", "who is visited holds a position")
PLANNED: Final = implied("LIQ-8a", "a planned close exceeds neither position")
COLLECTED: Final = implied("LIQ-3d", "no more was collected than is owed")
SPENT: Final = case("the attempts are spent")


@law(
    "ROUND-4a",
    "Revaluing moves equity by the move of the mark less the funding, which the pool receives, and notes gains and defaults.",
    rules=("ROUND-4", "ROUND-4.4", "FUND-1", "FUND-2", "FUND-3", "LIQ-1"),
    loses="the account, or the others by what it does not pay",
    shape="one account with one position in a perpetual",
    assumes=(OPEN,),
)
def revaluing_moves_equity_by_marks_and_funding(
    collateral: Quantums,
    size: SignedSize,
    cost: Quantums,
    old: Price,
    new: Price,
    rate: Rate,
    elapsed: Milliseconds,
    pool: Quantums,
) -> None:
    """The machine's step."""
    assume(negate(size == 0), OPEN)
    draft = exchange(owner(collateral, size, cost), mark=old, funding_pool=pool)
    step = clearing(draft, Stage.REVALUE, new, rate, elapsed=elapsed)
    before = equity_of(draft, 0, old)
    step.revalue(0)
    after = equity_of(draft, 0, new)
    cap = draft.markets[LISTED].instrument.funding_cap_ppm
    paid = payment(exact_payment(capped_rate(rate, cap), new, size, elapsed))
    claim((draft.funding_pool == pool + paid) & (after == before + size * (new - old) - paid))
    claim(step.gains.get(0, 0) == maximum(after - before, 0))
    claim(step.total_gain == maximum(after - before, 0))
    claim((step.defaulted == (0,)) == (after <= 0))


@law(
    "ROUND-4b",
    "When the markets adopt their marks all of the funding pool goes to the insurance fund, and a mark within its cap lies in its band.",
    rules=("ROUND-4.2", "ROUND-4.5", "TRADE-5.2", "TRADE-5.3"),
    loses="the insurance fund, by the rounding of all funding, or whoever trades within the band of an earlier mark",
    shape="two perpetuals and no account",
    assumes=(POOL,),
)
def the_pool_goes_to_the_insurance_fund(
    mark: Price, rate: Rate, insurance: Quantums, pool: Quantums, now: Milliseconds
) -> None:
    """The machine's step."""
    assume(pool >= 0, POOL)
    draft = exchange(insurance=insurance, funding_pool=pool)
    other = Quote(OTHER, 1, 0)
    step = clearing(
        draft, Stage.REVALUE, mark, rate, quotes=Map({LISTED: Quote(LISTED, mark, rate), OTHER: other}), timestamp=now
    )
    step.adopt_marks()
    claim((draft.insurance == insurance + pool) & (draft.funding_pool == 0))
    adopted = draft.markets[LISTED]
    claim((adopted.mark == mark) & (draft.marks_time == now))
    claim((mark > adopted.instrument.max_price) | ((adopted.low <= mark) & (mark <= adopted.high)))


@law(
    "EXPIRY-5a",
    "A position that is paid out becomes collateral at the payoff: equity stays, and neither lots nor open interest are left.",
    rules=("EXPIRY-5", "ROUND-4.6", "TRADE-3", "TRADE-4", "TRADE-7"),
    loses="whoever held what expired",
    shape="one account with one position in an instrument that expired",
    assumes=(OPEN,),
)
def paying_out_moves_no_equity(collateral: Quantums, size: SignedSize, cost: Quantums, payoff: PriceOrNone) -> None:
    """The machine's step."""
    assume(negate(size == 0), OPEN)
    draft = exchange(owner(collateral, size, cost), mark=payoff)
    draft.markets = draft.markets.set(LISTED, evolve(draft.markets[LISTED], expired=True))
    before = equity_of(draft, 0, payoff)
    pay_out(draft, 0)
    claim(draft.account(0).collateral == before)
    claim((not draft.account(0).positions) & (not draft.holders))
    claim(draft.book(LISTED).open_interest == minimum(-size, 0))


@law(
    "LIQ-8c",
    "A close at the mark moves nobody's equity, and both positions shrink by the lots that are closed.",
    rules=("LIQ-8.3", "ROUND-5.2", "TRADE-3", "TRADE-4", "TRADE-7"),
    loses="the opposite account, by a default that is not its own",
    shape="a long and a short position in one instrument, either of them the one that is closed",
    assumes=(PLANNED,),
)
def closing_at_the_mark_moves_no_equity(
    closes_long: bool, long: Size, short: Size, lots: Size, costs: tuple[Quantums, Quantums], mark: Price
) -> None:
    """The machine's step, of any quantity that the plan may have."""
    assume(lots <= closable(long, short), PLANNED)
    draft = exchange(owner(0, long, costs[0]), owner(0, -short, costs[1]), mark=mark)
    before = equity_of(draft, 0, mark), equity_of(draft, 1, mark)
    closed, opposite = (0, 1) if closes_long else (1, 0)
    close_at_mark(draft, CloseAtMark(closed, LISTED, opposite, lots))
    claim((equity_of(draft, 0, mark) == before[0]) & (equity_of(draft, 1, mark) == before[1]))
    left = [draft.account(number).positions.get(LISTED, FLAT).size for number in (0, 1)]
    claim((left[0] == long - lots) & (left[1] == lots - short))
    claim(draft.book(LISTED).open_interest == -lots)


@law(
    "LIQ-8d",
    "Whoever is closed at the mark is closed whole: what is left of the position is never more than the opposites that are left.",
    rules=("LIQ-8",),
    loses="the insurance fund, by a position that a defaulted account keeps as a free option",
    shape="one more opposite position, by induction; at the end none is left, and so nothing of the position",
    assumes=(HYPOTHESIS,),
    composes=("LIQ-8a",),
)
def opposites_suffice(size: int, opposites: int, next_opposite: Size) -> None:
    """At the start the opposites are at least the position, since longs and shorts of an instrument sum to zero (ZERO-SUM)."""
    assume((size >= 0) & (size <= opposites) & (next_opposite <= opposites), HYPOTHESIS)
    closed = closable(size, next_opposite)
    claim((closed <= size) & (size - closed <= opposites - next_opposite))


@law(
    "ROUND-5a",
    "Settling leaves no debt: the insurance fund pays what it can, and the rest is owed by the gains.",
    rules=("ROUND-5.3", "LIQ-2"),
    loses="the insurance fund, or whoever is owed",
    shape="one account without positions",
    assumes=(FUND,),
)
def settling_leaves_no_debt(collateral: Quantums, insurance: Quantums, owed: Amount) -> None:
    """The machine's step, of an account with a debt or without."""
    assume(insurance >= 0, FUND)
    draft = exchange(owner(collateral), insurance=insurance)
    step = clearing(draft, Stage.DEFAULT, owed=owed)
    step.settle(0)
    debt = maximum(-collateral, 0)
    claim(draft.account(0).collateral == maximum(collateral, 0))
    claim((insurance - draft.insurance) + (step.owed - owed) == debt)
    claim((draft.insurance >= 0) & ((draft.insurance == 0) | (step.owed == owed)))


@law(
    "ROUND-6a",
    "A haircut takes an account's share and nothing else, to the debt as far as that is open and the rest to the insurance fund.",
    rules=("ROUND-6", "LIQ-3", "LIQ-3.2"),
    loses="the account that gained, or the insurance fund by the rounding",
    shape="one account without positions that gained",
    assumes=(GAINS_COVER, COLLECTED),
)
def a_haircut_takes_its_share(
    collateral: Quantums, gain: Amount, others: Amount, owed: Amount, collected: Amount, insurance: Quantums
) -> None:
    """The machine's step, at any place of the list."""
    assume(owed <= gain + others, GAINS_COVER)
    assume(collected <= owed, COLLECTED)
    draft = exchange(owner(collateral), insurance=insurance)
    step = clearing(
        draft, Stage.HAIRCUT, gains=Map({0: gain}), total_gain=gain + others, owed=owed, collected=collected
    )
    step.haircut(0)
    taken = collateral - draft.account(0).collateral
    claim(taken == haircut(owed, gain, gain + others))
    claim(taken == (step.collected - collected) + (draft.insurance - insurance))
    claim((step.collected <= owed) & (draft.insurance >= insurance))
    claim((step.collected == owed) | (draft.insurance == insurance))


@law(
    "ROUND-7a",
    "An account is noted as in breach exactly where its equity is below maintenance, and its count of rounds grows by one or is forgotten.",
    rules=("ROUND-7", "MARGIN-10", "MARGIN-11", "LIQ-13"),
    loses="the owner, liquidated without cause, or the others, by an account that is not",
    shape="one account with one position in a perpetual",
    assumes=(OPEN,),
)
def assessing_counts_breaches(
    collateral: Quantums, size: SignedSize, cost: Quantums, mark: Price, rounds: Count, counted: bool
) -> None:
    """The machine's step, of an account that was in breach before or was not."""
    assume(negate(size == 0), OPEN)
    draft = exchange(owner(collateral, size, cost), mark=mark, breaches=Map({0: rounds} if counted else {}))
    step = clearing(draft, Stage.ASSESS)
    required = draft.standing(draft.account(0)).maintenance
    step.assess(0)
    claim(bool(step.breaches) == (equity_of(draft, 0, mark) < required))
    before = rounds if counted else 0
    claim(draft.breaches.get(0, 0) == (before + 1 if step.breaches else 0))


@law(
    "ROUND-8a",
    "A liquidation that has spent its attempts is over: the next account begins with none, and nothing of this one moves.",
    rules=("ROUND-8.2", "ROUND-8.3"),
    loses="liveness: a round that does not end, whatever makers it meets",
    shape="one account with one position, before an empty book",
    assumes=(OPEN, SPENT),
)
def attempts_are_bounded(collateral: Quantums, size: SignedSize, cost: Quantums, mark: Price, attempts: Count) -> None:
    """So LIQUIDATE ends after a number of micro-steps that is known beforehand (ROUND-3)."""
    assume(negate(size == 0), OPEN)
    draft = exchange(owner(collateral, size, cost), mark=mark)
    limits = draft.parameters
    assume(attempts > limits.max_matches + limits.max_removals, SPENT)
    step = clearing(draft, Stage.LIQUIDATE, attempts=attempts)
    step.liquidate(0)
    claim((step.cursor == 1) & (step.attempts == 0))
    claim((draft.account(0).collateral == collateral) & (draft.account(0).positions[LISTED].size == size))


@law(
    "ROUND-8b",
    "Whoever is in breach no more is not liquidated and keeps its order, and the first attempt at whoever is cancels it and is counted.",
    rules=("ROUND-8.2", "ROUND-8.3", "MARGIN-10"),
    loses="the owner, liquidated though a close of somebody else has healed the account",
    shape="one account with one position and one bid, which rests alone",
    assumes=(OPEN,),
)
def only_who_is_in_breach_is_liquidated(
    collateral: Quantums, size: SignedSize, cost: Quantums, mark: Price, lots: Size
) -> None:
    """The machine's step at the account's turn."""
    assume(negate(size == 0), OPEN)
    draft = bidding(owner(collateral, size, cost), lots, mark)
    required = draft.standing(draft.account(0)).maintenance
    step = clearing(draft, Stage.LIQUIDATE)
    step.liquidate(0)
    claim((step.attempts == 1) == (equity_of(draft, 0, mark) < required))
    claim(step.attempts + step.cursor == 1)
    rests = [len(draft.book(LISTED).orders), len(draft.book(LISTED).bids), len(draft.account(0).orders)]
    claim(rests == [step.cursor] * 3)


@law(
    "LIQ-1b",
    "One more account never has gains less debts fall short of what equities rose by together.",
    rules=("LIQ-1",),
    loses="everybody who could withdraw later than the others",
    shape="one more account, by induction",
    assumes=(NOBODY_OWES, HYPOTHESIS),
)
def gains_less_debts_cover_the_rise(gains: int, debts: int, risen: int, at_rest: Quantums, now: Quantums) -> None:
    """At the end equities have risen by what the pool lost: so debts are at most the gains and the pool, which is not negative."""
    assume(at_rest >= 0, NOBODY_OWES)
    assume(gains - debts >= risen, HYPOTHESIS)
    gain, debt = gain_of_round(at_rest, now), maximum(-now, 0)
    claim((gains + gain) - (debts + debt) >= risen + now - at_rest)


@law(
    "LIQ-2a",
    "The insurance fund pays debts in turn as if they were one, and never more than it has.",
    rules=("LIQ-2",),
    loses="the insurance fund, or the gainers by what it keeps",
    shape="one more debt, by induction",
    assumes=(HYPOTHESIS,),
)
def the_fund_pays_debts_as_if_they_were_one(insurance: Amount, debts: int, paid: int, debt: Amount) -> None:
    """`paid` is what it paid for the debts so far."""
    assume((debts >= 0) & (paid == minimum(insurance, debts)), HYPOTHESIS)
    claim(paid + insurance_payment(insurance - paid, debt) == minimum(insurance, debts + debt))


@law(
    "LIQ-3d",
    "What was collected is at least the exact share of the gains visited so far, and at the end all that is owed, not a quantum more.",
    rules=("LIQ-3", "LIQ-3.2"),
    loses="the insurance fund, by what is owed and not collected",
    shape="one more gain, by induction",
    assumes=(GAINS_COVER, GAINS, HYPOTHESIS),
    composes=("LIQ-3b",),
)
def haircuts_collect_what_is_owed(owed: Amount, total: Amount, visited: int, collected: int, gain: Amount) -> None:
    """`visited` is the sum of the gains before this one."""
    assume(owed <= total, GAINS_COVER)
    assume((visited >= 0) & (visited + gain <= total), GAINS)
    assume((collected >= 0) & (collected <= owed) & (collected * total >= owed * visited), HYPOTHESIS)
    after = collected + haircut_due(haircut(owed, gain, total), owed, collected)
    claim((after >= collected) & (after <= owed) & (after * total >= owed * (visited + gain)))
    claim(negate(visited + gain == total) | (after == owed))


@law(
    "ROUND-1a",
    "At rest nobody owes: after a round no equity is negative, and the insurance fund is not either.",
    rules=("ROUND-5.3", "ROUND-6", "LIQ-1", "LIQ-2", "LIQ-3"),
    loses="everybody who could withdraw later than the others",
    shape="one account among any others",
    composes=(
        "FUND-3b",
        "LIQ-1b",
        "LIQ-1d",
        "LIQ-2a",
        "LIQ-3d",
        "ROUND-4a",
        "ROUND-4b",
        "ROUND-5a",
        "ROUND-6a",
        "EXPIRY-5a",
        "LIQ-8c",
        "LIQ-4c",
    ),
    assumes=(NOBODY_OWES, GAINS, DEBTS, FUND, POOL, DEBTS_COVERED),
)
def at_rest_nobody_owes(
    at_rest: Quantums, now: Quantums, gains: int, debts: int, insurance: Quantums, pool: Quantums
) -> None:
    """The steps in their order; `now` is its equity after revaluing, `gains` and `debts` are those of all others.

    Expiring, closing at the mark and discarding move no equity, and a liquidation makes no debtor.
    """
    assume(at_rest >= 0, NOBODY_OWES)
    assume(gains >= 0, GAINS)
    assume(debts >= 0, DEBTS)
    assume(insurance >= 0, FUND)
    assume(pool >= 0, POOL)
    gain, debt = gain_of_round(at_rest, now), maximum(-now, 0)
    assume(debts + debt <= gains + gain + pool, DEBTS_COVERED)
    paid = insurance_payment(insurance + pool, debts + debt)
    owed = debts + debt - paid
    claim(insurance + pool - paid >= 0)
    claim((owed >= 0) & (owed <= gains + gain))
    claim(now + debt - haircut(owed, gain, gains + gain) >= 0)


@law(
    "ROUND-1b",
    "Bystanders never pay: a default takes nothing from an account that did not gain, and from one that did at most its gain.",
    rules=("ROUND-6", "LIQ-1", "LIQ-3"),
    loses="the accounts that had no part in a default",
    shape="one account among any others",
    composes=("LIQ-3a", "LIQ-3c", "LIQ-3d", "ROUND-5a", "ROUND-6a", "LIQ-8c"),
    assumes=(GAINS, GAINS_COVER),
)
def bystanders_never_pay(at_rest: Amount, now: Amount, gains: int, owed: Amount) -> None:
    """`gains` are those of all others; what is owed is what the insurance fund could not pay."""
    assume(gains >= 0, GAINS)
    gain = gain_of_round(at_rest, now)
    assume(owed <= gains + gain, GAINS_COVER)
    left = now - haircut(owed, gain, gains + gain)
    claim((left <= now) & (left >= minimum(now, at_rest)))
    claim((now > at_rest) | (left == now))
