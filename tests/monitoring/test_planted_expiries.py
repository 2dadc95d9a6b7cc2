"""Whatever goes wrong with what expires is noticed at the operation at which it goes wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from settlespec.domain.events import PaidOut, SettlementFixed
from settlespec.domain.instruments import SettlementStatement
from settlespec.domain.operations import BeginRound, ContinueRound, FixSettlement, Operation, Tick, Transfer, Withdraw
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from settlespec.invariants.cards import Violation
from settlespec.invariants.catalogue import (
    CONSERVATION,
    LIQUIDATION_FAIR,
    NO_DOUBLE_SPEND,
    ORACLE_SANE,
    ZERO_SUM,
)
from settlespec.machine import clearing, custody, expiry, statements, trading
from settlespec.machine.clearing import Clearing
from settlespec.machine.draft import Draft
from settlespec.machine.exchange import step
from settlespec.machine.markets import payoff
from settlespec.rules import margin
from tests.commitment.dated_walks import CALL, EXPIRIES, FUTURE, PUT, dated_genesis, settled
from tests.monitoring.planting import Watched, notices, replacing, with_state

EXPIRY = EXPIRIES[CALL]
VALUE = 15
"""What the future and the call, whose strike is 10, settle at; the reference's mark is 10 and goes to 12."""


class Expiring(Watched):
    """Account 0 has written three calls to account 1, account 2 bids for another; the future and the call have reached their expiry."""

    def __init__(self) -> None:
        super().__init__(genesis=dated_genesis())
        self.do(self.session.limit(0, CALL, 0, Side.SELL, 3, 2), self.session.limit(1, CALL, 0, Side.BUY, 3, 2))
        self.do(self.session.limit(2, CALL, 0, Side.BUY, 1, 1), Tick(EXPIRY))

    def settlement(self, name: int, value: int) -> FixSettlement:
        here = self.state.parameters
        statement = SettlementStatement(here.chain, here.rollup, name, EXPIRIES[name], value)
        return FixSettlement(statement, self.session.signed_by_oracles(statement))

    def settles(self) -> "Expiring":
        """Both values are fixed."""
        self.do(self.settlement(FUTURE, VALUE), self.settlement(CALL, VALUE))
        return self

    def statement(self) -> BeginRound:
        """The next round's, with the reference at 12."""
        statement = self.session.oracles.statement(self.state, {1: 12}, {})
        return BeginRound(statement, self.session.signed_by_oracles(statement))

    def until(self, reached: Callable[[State], bool]) -> "Expiring":
        """A healthy round up to a place."""
        self.settles().do(self.statement())
        while not reached(self.state):
            self.do(ContinueRound(1))
        return self


def stage_of(stage: Stage) -> Callable[[State], bool]:
    return lambda state: state.round is not None and state.round.stage is stage


def next_holder(account: int) -> Callable[[State], bool]:
    """The round is about to pay this one out."""

    def reached(state: State) -> bool:
        current = state.round
        paying = current is not None and current.stage is Stage.EXPIRE and current.cursor == len(current.tasks)
        return paying and current is not None and current.holder == account

    return reached


def adopting(state: State) -> bool:
    """The next micro-step gives the markets their new marks."""
    return state.round is not None and state.round.stage is Stage.REVALUE and state.round.holder is None


def discarding(state: State) -> bool:
    """The next micro-step discards the bid in what has expired."""
    return stage_of(Stage.EXPIRE)(state) and state.round is not None and state.round.cursor < len(state.round.tasks)


def said(found: tuple[Violation, ...]) -> set[tuple[str, str]]:
    return {(violation.invariant, violation.conjunct) for violation in found}


# A holder is paid


def keeping(pay_out: Any) -> Any:
    """Money is paid for positions that stay, so that they are paid again."""

    def kept(draft: Draft, account_id: int) -> None:
        before = draft.account(account_id).positions
        pay_out(draft, account_id)
        draft.put(account_id, evolve(draft.account(account_id), positions=before))

    return kept


def twice(pay_out: Any) -> Any:
    """One position is paid two times over, the second time without being told: the zoo's `option-exercise-value-reuse`."""

    def paid_again(draft: Draft, account_id: int) -> None:
        size = draft.account(account_id).positions[CALL].size
        pay_out(draft, account_id)
        draft.credit(account_id, size * draft.markets[CALL].mark)

    return paid_again


def told_twice(pay_out: Any) -> Any:
    """The same, as two events tell."""

    def paid_again(draft: Draft, account_id: int) -> None:
        before = draft.account(account_id)
        pay_out(draft, account_id)
        draft.credit(account_id, before.positions[CALL].size * draft.markets[CALL].mark)
        draft.events.append(draft.events[-1])

    return paid_again


def at_the_live_price(pay_out: Any) -> Any:
    """The payoff is taken of the reference's mark now, and not of the value that was fixed."""

    def paid_live(draft: Draft, account_id: int) -> None:
        fixed = draft.markets
        market = fixed[CALL]
        live = payoff(market.instrument, fixed[market.instrument.reference].mark)
        draft.markets = fixed.set(CALL, evolve(market, mark=live))
        pay_out(draft, account_id)
        draft.markets = fixed

    return paid_live


def one_lot_only(pay_out: Any) -> Any:
    """A part of the position is paid, the rest stays."""

    def paid_in_part(draft: Draft, account_id: int) -> None:
        lot = 1 if draft.account(account_id).positions[CALL].size > 0 else -1
        draft.events.append(PaidOut(account_id, CALL, lot, draft.markets[CALL].mark))
        draft.trade(account_id, CALL, -lot, draft.markets[CALL].mark, 0)

    return paid_in_part


def for_a_fee(pay_out: Any) -> Any:
    def charged(draft: Draft, account_id: int) -> None:
        pay_out(draft, account_id)
        draft.credit(account_id, -1)
        draft.treasury += 1

    return charged


PAYING: tuple[tuple[str, Callable[[Any], Any], set[tuple[str, str]]], ...] = (
    ("a pay-out that keeps the position", keeping, {(CONSERVATION.id, "the vault is the sum of what is held")}),
    ("a position that is paid twice", twice, {(CONSERVATION.id, "the vault is the sum of what is held")}),
    ("a position that is paid twice, as events tell", told_twice, {(ZERO_SUM.id, "a position is paid out whole")}),
    (
        "a payoff at the reference's mark now",
        at_the_live_price,
        {(CONSERVATION.id, "a position is paid its payoff")},
    ),
    ("a position that is paid in part", one_lot_only, {(ZERO_SUM.id, "a position is paid out whole")}),
    ("a pay-out for a fee", for_a_fee, {(CONSERVATION.id, "the treasury grows by the fees of fills")}),
    (
        "a holder that is passed over",
        lambda _: lambda draft, account_id: None,
        {(ZERO_SUM.id, "nobody holds what has expired")},
    ),
)


@notices(CONSERVATION, ZERO_SUM)
@pytest.mark.parametrize("account", [0, 1])
@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in PAYING], ids=[row[0] for row in PAYING])
def test_a_wrong_pay_out_is_noticed_at_the_micro_step_that_makes_it(
    change: Callable[[Any], Any], expected: set[tuple[str, str]], account: int
) -> None:
    watched = Expiring().until(next_holder(account))
    found = watched.step_with(ContinueRound(1), replacing(clearing, "pay_out", change))
    assert expected <= said(found)


def other_holder(watched: Watched, holder: int | None) -> tuple[Violation, ...]:
    """The round goes on at another holder than it should."""

    def moved(outcome: Accepted) -> Accepted:
        current = outcome.state.round
        assert current is not None
        return with_state(outcome, round=evolve(current, holder=holder))

    return watched.tampered(ContinueRound(1), moved)


def test_a_round_that_pays_nobody_out_is_noticed_when_the_stage_begins() -> None:
    watched = Expiring().until(adopting)
    assert (ZERO_SUM.id, "nobody holds what has expired") in said(other_holder(watched, None))


def test_a_round_that_begins_paying_out_at_the_second_holder_is_noticed_when_the_stage_begins() -> None:
    watched = Expiring().until(adopting)
    assert (ZERO_SUM.id, "nobody holds what has expired") in said(other_holder(watched, 1))


def test_a_round_that_goes_back_to_a_holder_who_was_paid_is_noticed_at_once() -> None:
    watched = Expiring().until(next_holder(1))
    conjunct = "paying out goes on behind the last holder"
    assert said(other_holder(watched, 0)) == {(NO_DOUBLE_SPEND.id, conjunct)}


# The value


def test_a_payoff_that_every_holder_takes_of_the_reference_now_is_noticed_when_it_is_adopted() -> None:
    """The zoo's live settlement price: nothing is wrong with any sum, only with what was fixed."""
    watched = Expiring().settles()
    live = replacing(clearing, "payoff", lambda pays: lambda instrument, value: pays(instrument, 12))
    watched.do(watched.statement())
    conjuncts: set[tuple[str, str]] = set()
    while not conjuncts:
        conjuncts = said(watched.step_with(ContinueRound(1), live))
    # The first holder has written three calls, and gains by a payoff of 2 instead of 5.
    assert (LIQUIDATION_FAIR.id, "a gain is the rise of equity in this round") in conjuncts


def test_a_market_that_expires_at_the_reference_now_is_noticed_at_once() -> None:
    watched = Expiring().until(adopting)
    live = replacing(
        expiry,
        "expired_market",
        lambda expired: lambda instrument, value, index: evolve(expired(instrument, 12, index), settlement=value),
    )
    found = watched.step_with(ContinueRound(1), live)
    assert {
        (ORACLE_SANE.id, "an expired market says its payoff and no risk"),
        (NO_DOUBLE_SPEND.id, "an expired market stays so"),
    } <= said(found)


def with_market(state: State, name: int, **changes: Any) -> State:
    return evolve(state, markets=state.markets.set(name, evolve(state.markets[name], **changes)))


def test_a_settlement_that_is_fixed_twice_is_noticed_at_once() -> None:
    watched = Expiring().settles()
    forgetful = with_market(watched.state, CALL, settlement=None)
    operation = watched.settlement(CALL, VALUE + 1)
    outcome = step(forgetful, operation, watched.signer)
    assert isinstance(outcome, Accepted), outcome
    found = watched.monitor.observe(operation, outcome)
    assert said(found) == {(NO_DOUBLE_SPEND.id, "a settlement value is fixed once")}


def test_a_second_value_for_one_reference_and_expiry_is_noticed_at_once() -> None:
    genesis = dated_genesis()
    together = tuple(evolve(each, expiry=EXPIRY) if each.id == PUT else each for each in genesis.instruments)
    watched = Watched(genesis=evolve(genesis, instruments=together))
    watched.do(Tick(EXPIRY), settled(watched.session, CALL, VALUE))
    gullible = replacing(expiry, "value_of_series", lambda _: lambda draft, instrument: None)
    found = watched.step_with(settled(watched.session, PUT, VALUE + 1), gullible)
    assert said(found) == {(ORACLE_SANE.id, "one reference and expiry have one settlement value")}


def test_a_value_that_changes_once_it_is_fixed_is_noticed_at_once() -> None:
    watched = Expiring().settles()
    found = watched.tampered(
        Tick(EXPIRY), lambda outcome: evolve(outcome, state=with_market(outcome.state, CALL, settlement=VALUE + 1))
    )
    assert said(found) == {(ORACLE_SANE.id, "marks change only when a round adopts its statement")}


def test_another_value_than_the_one_that_was_signed_is_noticed_at_once() -> None:
    watched = Expiring()
    other = watched.settlement(CALL, VALUE + 1)
    outcome = step(watched.state, other, watched.signer)
    assert isinstance(outcome, Accepted), outcome
    found = watched.monitor.observe(watched.settlement(CALL, VALUE), outcome)
    assert said(found) == {
        (ORACLE_SANE.id, "the value is the statement's"),
        (NO_DOUBLE_SPEND.id, "the value is kept"),
    }


FIXING: tuple[tuple[str, dict[str, int], int, str], ...] = (
    ("before the expiry", {}, PUT, "a value is fixed from the expiry on"),
    ("for another expiry", {"expiry": EXPIRY + 1}, CALL, "a statement names its instrument's expiry"),
    ("for another rollup", {"rollup": 2}, CALL, "the statement is for this chain and rollup"),
)


@notices(ORACLE_SANE)
@pytest.mark.parametrize(("fields", "name", "conjunct"), [row[1:] for row in FIXING], ids=[row[0] for row in FIXING])
def test_a_value_that_may_not_be_fixed_is_noticed_at_once(fields: dict[str, int], name: int, conjunct: str) -> None:
    watched = Expiring()
    statement = evolve(watched.settlement(name, VALUE).statement, **fields)
    asked = FixSettlement(statement, watched.session.signed_by_oracles(statement))
    before = watched.state.markets[name]
    told = evolve(before, settlement=VALUE)

    def believed(outcome: Accepted) -> Accepted:
        return with_state(outcome, markets=watched.state.markets.set(name, told))

    healthy = step(watched.state, watched.settlement(CALL, VALUE), watched.signer)
    assert isinstance(healthy, Accepted)
    event = SettlementFixed(name, VALUE, payoff(before.instrument, VALUE))
    found = watched.monitor.observe(asked, believed(evolve(healthy, events=(event,))))
    # What oracles sign for elsewhere they have not signed for here.
    also = {(ORACLE_SANE.id, "enough oracles signed the statement")} if "rollup" in fields else set()
    assert said(found) == {(ORACLE_SANE.id, conjunct), *also}


@pytest.mark.parametrize("name", [FUTURE, CALL])
def test_a_round_that_begins_without_a_value_is_noticed_at_once(name: int) -> None:
    watched = Expiring()
    watched.do(watched.settlement(FUTURE if name == CALL else CALL, VALUE))
    found = watched.step_with(watched.statement(), replacing(statements, "expiring", lambda _: lambda draft: []))
    assert said(found) == {(ORACLE_SANE.id, "what has reached its expiry has its settlement value")}


def test_an_instrument_that_expires_without_a_value_is_noticed_at_once() -> None:
    """It takes the reference's mark in place of the value that nobody fixed."""
    watched = Expiring().until(adopting)
    watched.becomes(with_market(watched.state, CALL, settlement=None))

    def expires_anyhow(expire: Any) -> Any:
        def expired(draft: Draft, name: int) -> None:
            if draft.markets[name].settlement is None:
                draft.markets = draft.markets.set(name, evolve(draft.markets[name], settlement=12))
            expire(draft, name)

        return expired

    found = watched.step_with(ContinueRound(1), replacing(clearing, "expire_market", expires_anyhow))
    assert (ORACLE_SANE.id, "an expiry has its settlement value") in said(found)


def test_an_instrument_that_expires_before_its_date_is_noticed_at_once() -> None:
    watched = Expiring().until(adopting)
    early = with_market(watched.state, PUT, settlement=VALUE)
    watched.becomes(early)
    plants = (
        replacing(clearing, "expiring", lambda _: lambda draft: [FUTURE, CALL, PUT]),
        replacing(clearing, "quoted", lambda _: lambda draft: [1, 2]),
    )
    found = watched.step_with(ContinueRound(1), *plants)
    assert (NO_DOUBLE_SPEND.id, "an instrument expires once, at its expiry") in said(found)


def test_an_instrument_that_does_not_expire_is_noticed_when_the_marks_are_adopted() -> None:
    watched = Expiring().until(adopting)
    found = watched.step_with(ContinueRound(1), replacing(clearing, "expiring", lambda _: lambda draft: [FUTURE]))
    assert (ORACLE_SANE.id, "what has reached its expiry expires as marks are adopted") in said(found)


def test_an_expired_instrument_that_comes_to_life_again_is_noticed_at_once() -> None:
    watched = Expiring().until(lambda state: state.round is None)
    found = watched.tampered(
        Tick(EXPIRY), lambda outcome: evolve(outcome, state=with_market(outcome.state, CALL, expired=False))
    )
    assert said(found) == {(ORACLE_SANE.id, "marks change only when a round adopts its statement")}


# Orders and quotes


def without_one(list_of: Any) -> Any:
    """The bid in the call is left out of what the stage discards."""

    def shorter(clearing_: Clearing, stage: Stage, expired: list[int]) -> tuple[Any, ...]:
        tasks: tuple[Any, ...] = list_of(clearing_, stage, expired)
        return tasks[1:] if stage is Stage.EXPIRE else tasks

    return shorter


def test_an_order_that_is_left_out_of_the_list_of_what_expired_is_noticed_when_the_stage_begins() -> None:
    watched = Expiring().until(adopting)
    found = watched.step_with(ContinueRound(1), replacing(Clearing, "list_of", without_one))
    assert {
        (LIQUIDATION_FAIR.id, "a stage's list is as long as what must be done"),
        (LIQUIDATION_FAIR.id, "a stage's list is fixed when it begins"),
    } <= said(found)


def test_an_order_that_stays_in_what_expired_is_noticed_at_once() -> None:
    watched = Expiring().until(discarding)
    found = watched.step_with(ContinueRound(1), replacing(Clearing, "discard", lambda _: lambda clearing_, task: None))
    assert said(found) == {(LIQUIDATION_FAIR.id, "orders are discarded in their turn")}


def unclamped(loss: int, *terms: int) -> int:
    return loss


@pytest.mark.parametrize("beyond", [10**12, -(10**12)])
def test_an_array_that_is_not_clamped_is_noticed_when_it_is_adopted(beyond: int) -> None:
    watched = Expiring().settles()
    statement = watched.statement().statement
    wild = tuple(evolve(q, losses=tuple(loss + beyond for loss in q.losses)) for q in statement.quotes)
    statement = evolve(statement, quotes=wild)
    watched.do(BeginRound(statement, watched.session.signed_by_oracles(statement)))
    while not adopting(watched.state):
        watched.do(ContinueRound(1))
    found = watched.step_with(ContinueRound(1), replacing(margin, "bounded_loss", lambda _: unclamped))
    assert (ORACLE_SANE.id, "a market says what follows from its mark") in said(found)


def test_a_quote_of_what_has_reached_its_expiry_is_noticed_when_the_round_begins() -> None:
    watched = Expiring().settles()
    plain = watched.statement().statement
    quote = evolve(plain.quotes[-1], instrument=CALL)
    statement = evolve(plain, quotes=(*plain.quotes[:2], quote, *plain.quotes[2:]))
    operation = BeginRound(statement, watched.session.signed_by_oracles(statement))
    listed = [quote.instrument for quote in statement.quotes]
    found = watched.step_with(operation, replacing(statements, "quoted", lambda _: lambda draft: listed))
    assert said(found) == {(ORACLE_SANE.id, "every instrument before its expiry is quoted once")}


def test_a_quote_of_what_was_paid_out_that_its_market_adopts_is_noticed_when_the_round_begins() -> None:
    watched = Expiring().until(lambda state: state.round is None)
    watched.do(Tick(EXPIRY + 100))
    test = watched.statement().statement
    quote = evolve(test.quotes[0], instrument=FUTURE)
    statement = evolve(test, quotes=(*test.quotes[:2], quote, *test.quotes[2:]))
    operation = BeginRound(statement, watched.session.signed_by_oracles(statement))
    listed = [quote.instrument for quote in statement.quotes]
    found = watched.step_with(operation, replacing(statements, "quoted", lambda _: lambda draft: listed))
    assert said(found) == {(ORACLE_SANE.id, "every instrument before its expiry is quoted once")}


# Between the expiry and the round


BETWEEN: tuple[tuple[str, Any, Callable[[Watched], Operation]], ...] = (
    ("an order", trading, lambda watched: watched.session.limit(2, 1, 5, Side.BUY, 1, 9)),
    ("a replacement", trading, lambda watched: watched.session.replace(2, CALL, 0, 1, 1)),
    (
        "a withdrawal",
        custody,
        lambda watched: watched.session.sign(Withdraw(0, watched.session.next_nonce(0), EXPIRY, 1, b"")),
    ),
    (
        "a transfer",
        custody,
        lambda watched: watched.session.sign(Transfer(0, watched.session.next_nonce(0), EXPIRY, 1, 1, b"")),
    ),
)


@pytest.mark.parametrize(("where", "asking"), [row[1:] for row in BETWEEN], ids=[row[0] for row in BETWEEN])
def test_risk_that_is_judged_between_an_expiry_and_its_round_is_noticed_at_once(
    where: Any, asking: Callable[[Watched], Operation]
) -> None:
    watched = Expiring().settles()
    plants = [replacing(where, "marks_are_stale", lambda _: lambda draft: False)]
    if where is trading:
        plants.append(replacing(trading, "is_due", lambda _: lambda instrument, clock: False))
    found = watched.step_with(asking(watched), *plants)
    assert (ORACLE_SANE.id, "no risk is judged between an expiry and its round") in said(found)


def test_an_expiry_that_is_passed_without_its_round_is_noticed_at_once() -> None:
    watched = Expiring().settles()
    found = watched.tampered(Tick(EXPIRY), lambda outcome: with_state(outcome, next_expiry=EXPIRIES[PUT]))
    assert said(found) == {(ORACLE_SANE.id, "an expiry is passed by its round only")}


@pytest.mark.parametrize("wrong", [0, EXPIRY], ids=["none", "the old one"])
def test_a_next_expiry_that_is_not_the_next_is_noticed_when_the_marks_are_adopted(wrong: int) -> None:
    watched = Expiring().until(adopting)
    found = watched.step_with(ContinueRound(1), replacing(clearing, "earliest_expiry", lambda _: lambda markets: wrong))
    assert said(found) == {(ORACLE_SANE.id, "the next expiry is the earliest that is not paid out")}
