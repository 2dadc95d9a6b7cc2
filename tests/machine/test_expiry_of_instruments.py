"""Expiry: a settlement value is fixed once, the next round pays every position out, and nothing trades in between (EXPIRY-1 to 5)."""

from typing import Any

import pytest

from settlespec.domain.events import (
    Breached,
    ClosedAtMark,
    ForcedRefused,
    HaircutTaken,
    InstrumentExpired,
    InsurancePaid,
    Liquidated,
    OrderRemoved,
    PaidOut,
    RoundEnded,
    SettlementFixed,
    StageBegun,
)
from settlespec.domain.instruments import SCENARIOS, InstrumentKind
from settlespec.domain.messages import ForcedWithdrawal
from settlespec.domain.orders import Removal
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage
from tests.machine.driver import IMMEDIATE, Answer, Machine, future, option

EXPIRY = 10_000
CALL = option(4, InstrumentKind.CALL, 110, expiry=EXPIRY)
PUT = option(5, InstrumentKind.PUT, 90, expiry=EXPIRY)
FUTURE = future(6, expiry=EXPIRY)
LATER = option(7, InstrumentKind.CALL, 100, expiry=2 * EXPIRY)
MARKS = {4: 5, 5: 4, 6: 101, 7: 8}


@pytest.fixture
def town() -> Machine:
    """Ada and Bob have money; a call struck at 110, a put at 90 and a future expire together, another call later."""
    listed = Machine(listed=(CALL, PUT, FUTURE, LATER), marks=tuple(MARKS.values()))
    return listed.deposit("ada", 10_000).deposit("bob", 10_000)


def settled_at(town: Machine, value: int) -> Machine:
    """All three that expire together settle at one value."""
    return town.settles(4, value).settles(5, value).settles(6, value)


def stages(answer: Answer) -> dict[Stage, int]:
    return {event.stage: event.micro_steps for event in answer.all(StageBegun)}


# Payoffs


@pytest.mark.parametrize(
    ("instrument", "value", "payoff"),
    [
        (4, 130, 20),
        (4, 111, 1),
        (4, 110, 0),
        (4, 1, 0),
        (5, 130, 0),
        (5, 90, 0),
        (5, 89, 1),
        (5, 1, 89),
        (6, 130, 130),
        (6, 1, 1),
    ],
)
@pytest.mark.parametrize("lots", [3, -3])
def test_what_a_lot_pays_is_exact_for_both_sides(
    town: Machine, instrument: int, value: int, payoff: int, lots: int
) -> None:
    town.opens("ada", lots, MARKS[instrument], instrument=instrument, against="bob")
    answer = settled_at(town, value).round()
    paid = {event.account: (event.size, event.payoff) for event in answer.all(PaidOut)}
    assert paid == {town.number("ada"): (lots, payoff), town.number("bob"): (-lots, payoff)}
    gain = lots * (payoff - MARKS[instrument])
    assert (town.collateral("ada"), town.collateral("bob")) == (10_000 + gain, 10_000 - gain)
    assert not town.account("ada").positions
    assert town.state.insurance == 0


def test_a_call_less_a_put_pays_what_a_future_does_less_the_strike() -> None:
    at_the_same_strike = option(5, InstrumentKind.PUT, 110, expiry=EXPIRY)
    for value in (1, 109, 110, 111, 200):
        town = Machine(listed=(CALL, at_the_same_strike, FUTURE), marks=(5, 14, 101))
        town.deposit("ada", 10_000).opens("ada", +2, 5, instrument=4).opens("ada", -2, 14, instrument=5)
        town.opens("ada", -2, 101, instrument=6)
        settled_at(town, value).round()
        # Bought for 5 - 14, sold for 101: two lots of a riskless claim on 101 - 110.
        assert town.collateral("ada") == 10_000 + 2 * (101 - 110 - (5 - 14))


def test_no_equity_moves_at_any_micro_step_of_the_paying_out(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob").opens("bob", -2, 101, instrument=6, against="ada")
    town.opens("ada", -4, instrument=1, against="bob").rests("ada", +1, 4, instrument=4)
    settled_at(town, 130).wait(1)
    town.begin(town.statement({1: 102}))
    seen = []
    while town.state.round is not None:
        stage = town.state.round.stage
        if stage is not Stage.REVALUE:
            seen.append((town.equity("ada"), town.equity("bob")))
        town.proceed()
    # Three calls gain 15 each and two futures 29, four lots short lose 2 each.
    gained = 3 * 15 + 2 * 29 - 4 * 2
    assert set(seen) == {(10_000 + gained, 10_000 - gained)}
    assert len(seen) > len(Stage)


def test_a_worthless_option_leaves_its_premium_with_the_writer(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob")
    answer = settled_at(town, 100).round()
    assert {event.payoff for event in answer.all(PaidOut)} == {0}
    assert (town.collateral("ada"), town.collateral("bob")) == (9_985, 10_015)
    assert town.state.markets[4].mark == 0


# What is gone


def test_positions_and_orders_are_gone_reduce_only_ones_too(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob")
    town.rests("ada", -2, 6, instrument=4, reduce_only=True).rests("bob", +1, 4, instrument=4)
    town.rests("bob", +1, 99)
    answer = settled_at(town, 130).round()
    assert [event.cause for event in answer.all(OrderRemoved)] == [Removal.INSTRUMENT_EXPIRED] * 2
    assert not town.resting("ada", 4)
    assert not town.resting("bob", 4)
    assert len(town.resting("bob")) == 1
    book = town.state.books[4]
    assert (book.open_interest, len(book.orders)) == (0, 0)
    assert list(town.state.holders) == []


def test_an_expired_instrument_has_no_array_no_minimum_and_no_charge(town: Machine) -> None:
    settled_at(town, 130).round()
    risk = town.state.markets[4].risk
    assert set(risk.losses) == {0}
    assert (risk.basis, risk.short_minimum, risk.long_lot, risk.short_lot) == (0, 0, 0, 0)


def test_the_number_of_micro_steps_of_the_paying_out_is_known_beforehand(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob").rests("bob", +1, 4, instrument=4)
    town.opens("ada", +1, against="bob")
    answer = settled_at(town, 130).round()
    # One order, then both holders.
    assert stages(answer)[Stage.EXPIRE] == 1 + 2
    known = stages(answer)
    assert answer.only(RoundEnded).micro_steps == sum(known.values()) + len(Stage)


def test_without_an_expiry_nobody_is_visited(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob")
    assert stages(town.round())[Stage.EXPIRE] == 0


# From the expiry on


def test_from_its_expiry_on_it_takes_no_order_and_before_it_does(town: Machine) -> None:
    town.wait(EXPIRY - 1).rests("ada", +1, 4, instrument=4, client_id=50)
    town.wait(1)
    assert town.place("bob", -1, 4, instrument=4, time_in_force=IMMEDIATE).reason is Reason.STALE_MARK
    assert town.replace("ada", 50, 2, 4, instrument=4).reason is Reason.STALE_MARK
    settled_at(town, 130).round()
    assert town.place("bob", -1, 6, instrument=4).reason is Reason.INSTRUMENT_EXPIRED
    assert town.replace("ada", 50, 2, 4, instrument=4).reason is Reason.INSTRUMENT_EXPIRED
    assert town.place("bob", +1, 99).accepted


def test_between_an_expiry_and_its_round_a_loser_takes_nothing_out_and_trades_nothing_away(town: Machine) -> None:
    """The value is fixed and public: what the writer of a call still has is due to its holder."""
    town.opens("ada", -3, 5, instrument=4, against="bob").rests("ada", +1, 99)
    settled_at(town, 500)
    assert town.withdraw("ada", 1).reason is Reason.STALE_MARK
    assert town.transfer("ada", "bob", 1).reason is Reason.STALE_MARK
    assert town.place("bob", -1, 99, time_in_force=IMMEDIATE).reason is Reason.STALE_MARK
    town.receive(ForcedWithdrawal(town.number("ada"), town.key("ada"), 1))
    assert town.take().reason is Reason.STALE_MARK
    assert town.state.next_expiry == EXPIRY
    town.round()
    assert town.state.next_expiry != EXPIRY
    assert town.take().accepted
    assert town.withdraw("bob", 1).accepted


def test_a_cancel_still_works_between_expiry_and_round(town: Machine) -> None:
    town.rests("ada", +1, 4, instrument=4, client_id=50).wait(EXPIRY)
    assert town.cancel("ada", 50, instrument=4).accepted
    assert not settled_at(town, 130).round().all(OrderRemoved)


def test_a_forced_order_is_refused_from_the_expiry_on_and_after_the_round_too(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob").rests("bob", +3, 4, instrument=4).wait(EXPIRY)
    assert town.forces_order("ada", -3, 4, instrument=4).reason is Reason.STALE_MARK
    assert town.position("ada", 4) == 3
    settled_at(town, 130).round()
    assert town.take().only(ForcedRefused).reason is Reason.INSTRUMENT_EXPIRED
    assert town.forces_order("ada", -3, 4, instrument=4).only(ForcedRefused).reason is Reason.INSTRUMENT_EXPIRED


def test_orders_are_refused_after_the_round_too(town: Machine) -> None:
    settled_at(town, 130).round()
    assert town.place("ada", +1, 4, instrument=4).reason is Reason.INSTRUMENT_EXPIRED


def test_an_expired_instrument_is_not_quoted_any_more_and_the_next_rounds_run(town: Machine) -> None:
    everything = town.statement().quotes
    settled_at(town, 130)
    assert [quote.instrument for quote in town.statement().quotes] == [1, 2, 3, 7]
    assert town.begin(town.statement(quotes=everything)).reason is Reason.STATEMENT_INCOMPLETE
    assert len(town.round().all(InstrumentExpired)) == 3
    assert not town.round().all(InstrumentExpired)
    assert town.begin(town.wait(1).statement(quotes=everything)).reason is Reason.STATEMENT_INCOMPLETE


def test_two_expiries_are_two_rounds_and_each_needs_its_own_settlement_value(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob").opens("ada", -2, 8, instrument=7, against="bob")
    settled_at(town, 130).round({7: 31})
    assert (town.position("ada", 4), town.position("ada", 7)) == (0, -2)
    town.wait(EXPIRY)
    assert town.begin(town.statement()).reason is Reason.SETTLEMENT_MISSING
    answer = town.settles(7, 120).round()
    assert {event.payoff for event in answer.all(PaidOut)} == {20}
    assert town.collateral("ada") == 10_000 + 3 * 15 - 2 * 12
    assert not town.account("ada").positions


def test_an_option_and_the_future_that_it_is_written_on_may_expire_together() -> None:
    on_the_future = option(5, InstrumentKind.CALL, 100, expiry=EXPIRY, reference=4)
    town = Machine(listed=(future(4, expiry=EXPIRY), on_the_future), marks=(100, 5)).deposit("ada", 10_000)
    town.opens("ada", +1, 100, instrument=4).opens("ada", -1, 5, instrument=5)
    town.settles(4, 120).settles(5, 120).round()
    assert town.collateral("ada") == 10_000 + 20 - 15


# The settlement value


def test_a_settlement_value_is_fixed_once_whatever_comes_later(town: Machine) -> None:
    answer = town.wait(EXPIRY).fix(town.settlement(4, 130))
    assert answer.only(SettlementFixed) == SettlementFixed(4, 130, 20)
    for value in (130, 131):
        assert town.fix(town.settlement(4, value)).reason is Reason.SETTLEMENT_FIXED
    settled_by_the_others = town.settles(5, 130).settles(6, 130)
    settled_by_the_others.round()
    assert town.fix(town.settlement(4, 131)).reason is Reason.SETTLEMENT_FIXED


def test_what_expires_together_on_one_reference_is_settled_at_one_value_and_what_does_not_at_its_own(
    town: Machine,
) -> None:
    """The call and the put stand on the perpetual, the future on itself."""
    town.settles(4, 130)
    assert town.fix(town.settlement(5, 129)).reason is Reason.SETTLEMENT_DIFFERS
    assert town.fix(town.settlement(5, 130)).accepted
    assert town.fix(town.settlement(6, 129)).accepted
    town.round()
    town.wait(EXPIRY)
    assert town.fix(town.settlement(7, 100)).accepted


def test_a_settlement_value_is_fixed_neither_before_the_expiry_nor_for_another_one_nor_for_a_perpetual(
    town: Machine,
) -> None:
    town.wait(EXPIRY - 1)
    assert town.fix(town.settlement(4, 130)).reason is Reason.SETTLEMENT_EARLY
    town.wait(1)
    assert town.fix(town.settlement(4, 130, expiry=EXPIRY - 1)).reason is Reason.WRONG_EXPIRY
    assert town.fix(town.settlement(1, 130)).reason is Reason.WRONG_EXPIRY
    assert town.fix(town.settlement(1, 130, expiry=EXPIRY)).reason is Reason.WRONG_EXPIRY
    assert town.fix(town.settlement(4, 130)).accepted


def test_a_settlement_value_is_no_more_than_the_reference_may_be_marked_at(town: Machine) -> None:
    town.wait(EXPIRY)
    assert town.fix(town.settlement(4, 100_001)).reason is Reason.OUT_OF_RANGE
    assert town.fix(town.settlement(4, 100_000)).accepted


def test_what_the_option_itself_may_be_marked_at_bounds_no_settlement_value() -> None:
    town = Machine(listed=(option(4, InstrumentKind.PUT, 90, expiry=EXPIRY, max_price=90),), marks=(4,)).wait(EXPIRY)
    assert town.fix(town.settlement(4, 91)).accepted


def test_a_round_at_or_after_an_expiry_needs_every_settlement_value(town: Machine) -> None:
    town.wait(EXPIRY)
    for instrument in (4, 5, 6):
        assert town.begin(town.statement()).reason is Reason.SETTLEMENT_MISSING
        town.settles(instrument, 130)
    assert town.begin(town.statement()).accepted


@pytest.mark.parametrize("losses", [(), (0,) * (SCENARIOS - 1), (0,) * (SCENARIOS + 1)])
def test_an_option_without_an_array_of_sixteen_losses_is_not_quoted(town: Machine, losses: tuple[int, ...]) -> None:
    *others, last = town.wait(1).statement().quotes
    assert last.instrument == 7
    changed = type(last)(last.instrument, last.mark, last.funding_rate, losses)
    assert town.begin(town.statement(quotes=(*others, changed))).reason is Reason.ARRAY_MISSING


def test_stale_marks_keep_nobody_from_fixing_a_settlement_value(town: Machine) -> None:
    town.opens("ada", +3, 5, instrument=4, against="bob").wait(60_001)
    assert town.withdraw("ada", 1).reason is Reason.STALE_MARK
    assert town.place("ada", +1, 4, instrument=4).reason is Reason.STALE_MARK
    settled_at(town, 130).settles(7, 130).round()
    assert town.withdraw("ada", 10_045).accepted


def test_a_statement_from_before_the_expiry_pays_out_as_well(town: Machine) -> None:
    """The clock decides what has expired, not the timestamp of the marks."""
    town.opens("ada", +3, 5, instrument=4, against="bob")
    settled_at(town, 130)
    assert town.begin(town.statement(timestamp=EXPIRY - 1)).accepted
    answer = town.proceed(1_000)
    assert len(answer.all(PaidOut)) == 2


# Accounts in need


def test_a_loser_at_expiry_defaults_without_a_close_and_the_winner_pays_from_this_rounds_gain() -> None:
    town = Machine(listed=(CALL,), marks=(5,)).deposit("ada", 100).deposit("bob", 10_000)
    town.opens("ada", -4, 5, instrument=4, against="bob").insures(10)
    answer = town.settles(4, 140).round()
    # Four calls cost 25 more each: the hundred is gone.
    assert town.equity("ada") == 0
    assert not answer.all(InsurancePaid)
    town = Machine(listed=(CALL,), marks=(5,)).deposit("ada", 100).deposit("bob", 10_000)
    town.opens("ada", -4, 5, instrument=4, against="bob").insures(10)
    answer = town.settles(4, 145).round()
    paid = answer.only(InsurancePaid)
    assert (paid.paid, paid.owed) == (10, 10)
    assert answer.only(HaircutTaken).amount == 10
    assert not answer.all(ClosedAtMark)
    assert (town.equity("ada"), town.equity("bob")) == (0, 10_000 + 4 * 30 - 10)


def test_a_default_with_an_expiring_leg_closes_only_the_others_at_the_mark() -> None:
    town = Machine(listed=(CALL,), marks=(5,)).deposit("ada", 150).deposit("bob", 10_000)
    town.opens("ada", -4, 5, instrument=4, against="bob").opens("ada", +1, instrument=3, against="bob")
    answer = town.settles(4, 160).round()
    assert [(event.instrument, event.size) for event in answer.all(ClosedAtMark)] == [(3, 1)]
    assert answer.only(InsurancePaid).owed == 4 * 45 - 150
    assert not town.account("ada").positions


def spread(collateral: int, **parameters: Any) -> Machine:
    """Ada is long ten lots and short a future against them, so that only the spread charges are needed."""
    town = Machine(listed=(FUTURE,), marks=(100,), **parameters).deposit("ada", 1_000).deposit("bob", 10_000)
    town.opens("ada", +10, against="bob").opens("ada", -10, 100, instrument=6, against="bob")
    assert town.standing("ada").maintenance == 20
    assert town.withdraw("ada", 1_000 - collateral).accepted
    return town


def test_a_spread_whose_leg_expires_is_in_breach_and_liquidated_in_that_very_round() -> None:
    town = spread(60).rests("bob", +20, 100)
    answer = town.settles(6, 100).round()
    breach = answer.only(Breached)
    # Ten lots alone need 100.
    assert (breach.equity, breach.maintenance, breach.rounds) == (60, 100, 1)
    assert answer.only(Liquidated).size == 7
    assert (town.position("ada"), town.position("ada", 6)) == (3, 0)


def test_a_spread_whose_leg_expires_keeps_its_count_of_rounds_in_breach() -> None:
    town = spread(60, patience=1)
    answers = [town.settles(6, 100).round(), town.round()]
    assert [answer.only(Breached).rounds for answer in answers] == [1, 2]
    assert answers[1].only(ClosedAtMark).size == 10
    assert town.equity("ada") == 60


def test_who_is_in_breach_when_everything_it_holds_expires_is_healed_by_it() -> None:
    town = Machine(listed=(FUTURE,), marks=(100,)).deposit("ada", 200).deposit("bob", 10_000)
    town.opens("ada", +10, 100, instrument=6, against="bob")
    assert town.round({6: 88}).only(Breached).account == town.number("ada")
    answer = town.settles(6, 88).round()
    assert not answer.all(Breached)
    assert not town.state.breaches
    assert town.collateral("ada") == 80
