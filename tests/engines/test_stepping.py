"""The step on symbolic amounts: what is proved is proved for all of them, and a step with a fault is refuted by amounts that replay."""

from collections.abc import Callable

import pytest
from attrs import evolve

from settlespec.domain.accounts import Account
from settlespec.domain.messages import Deposit
from settlespec.domain.operations import Operation, Take, Tick
from settlespec.domain.outcomes import Accepted, Outcome, SpecBug
from settlespec.domain.quantities import TIME
from settlespec.domain.state import State
from settlespec.engines.matrix import Strength, cells_of
from settlespec.engines.proving import EngineDefect, Status
from settlespec.engines.rehearsing import NotOfTheShape, rehearse
from settlespec.engines.stepping import examine_shape
from settlespec.machine import exchange
from settlespec.machine.signatures import Signatures
from settlespec.shapes.skeletons import company
from settlespec.shapes.statement import Amounts, Shape, shape_called, shapes

TRUE_STEP = exchange.step

Fault = Callable[[State, Operation, State], State]
"""What a faulty step makes of the new state: the state before, the operation, the state after."""


def with_fault(fault: Fault) -> Callable[[State, Operation, Signatures], Outcome]:
    def step(state: State, operation: Operation, signatures: Signatures) -> Outcome:
        outcome = TRUE_STEP(state, operation, signatures)
        if isinstance(outcome, Accepted):
            return evolve(outcome, state=fault(state, operation, outcome.state))
        return outcome

    return step


def with_account(state: State, number: int, **fields: object) -> State:
    changed: Account = evolve(state.accounts[number], **fields)  # type: ignore[arg-type]
    return evolve(state, accounts=state.accounts.set(number, changed))


def fee_not_credited(before: State, _: Operation, after: State) -> State:
    return evolve(after, treasury=before.treasury)


def nonce_not_raised(before: State, _: Operation, after: State) -> State:
    return with_account(after, 1, nonce=before.accounts[1].nonce)


def large_deposits_count_twice(before: State, _: Operation, after: State) -> State:
    message = before.inbox.messages[before.inbox.cursor].message
    assert isinstance(message, Deposit)
    if 4 in after.accounts and message.amount > 2**80:
        return with_account(after, 4, collateral=after.accounts[4].collateral + message.amount)
    return after


def fund_loses_a_quantum(_: State, __: Operation, after: State) -> State:
    return evolve(after, insurance=after.insurance - 1)


def clock_stands_still(before: State, _: Operation, after: State) -> State:
    return evolve(after, clock=before.clock)


def message_stays(before: State, _: Operation, after: State) -> State:
    return evolve(after, inbox=evolve(after.inbox, cursor=before.inbox.cursor))


def order_is_lost(_: State, __: Operation, after: State) -> State:
    book = after.books[1]
    order = book.orders[10]
    return evolve(after, books=after.books.set(1, book.remove(order)))


@pytest.mark.parametrize(
    ("shape", "fault", "invariant"),
    [
        ("place: fill or kill", fee_not_credited, "CONSERVATION"),
        ("cancel: a resting order", nonce_not_raised, "NONCE-MONO"),
        ("take deposit: opens an account", message_stays, "NO-DOUBLE-SPEND"),
        ("take deposit: to an account", order_is_lost, "ORDER-LIMITS"),
        ("receive: deposit", fund_loses_a_quantum, "INSURANCE"),
        ("tick: any time", clock_stands_still, "ORACLE-SANE"),
        ("take deposit: opens an account", large_deposits_count_twice, "AUTH"),
    ],
)
def test_a_planted_fault_is_refuted_by_amounts_that_replay(
    monkeypatch: pytest.MonkeyPatch, shape: str, fault: Fault, invariant: str
):
    monkeypatch.setattr(exchange, "step", with_fault(fault))
    stated = shape_called(shape)
    examined = examine_shape(stated)
    assert examined.standings[invariant].status is Status.REFUTED
    (found, *_) = [one for one in examined.counterexamples if one.invariant == invariant]
    assert invariant in {violation.invariant for violation in rehearse(stated, found.amounts).violations}
    monkeypatch.setattr(exchange, "step", TRUE_STEP)
    assert not rehearse(stated, found.amounts).violations


QUICK = ("receive: deposit", "take deposit: opens an account", "tick: any time", "round: end: nobody in breach is left")


@pytest.mark.parametrize("identity", QUICK)
def test_what_is_proved_has_a_witness_through_the_real_step(identity: str):
    stated = shape_called(identity)
    examined = examine_shape(stated)
    assert not examined.trouble
    assert {standing.status for standing in examined.standings.values()} == {Status.PROVED}
    assert all(standing.witnessed for standing in examined.standings.values() if standing.ways)
    rehearsal = rehearse(stated, examined.witness)
    assert isinstance(rehearsal.outcome, Accepted)
    assert not rehearsal.violations


def test_a_step_that_raises_for_some_amounts_is_refuted(monkeypatch: pytest.MonkeyPatch):
    def step(state: State, operation: Operation, signatures: Signatures) -> Outcome:
        assert isinstance(operation, Tick)
        if operation.time == 12_345:
            raise SpecBug("the clock struck")
        return TRUE_STEP(state, operation, signatures)

    monkeypatch.setattr(exchange, "step", step)
    examined = examine_shape(shape_called("tick: any time"))
    assert {standing.status for standing in examined.standings.values()} == {Status.REFUTED}
    assert examined.counterexamples[0].amounts["time"] == 12_345


def test_a_step_that_makes_an_amount_concrete_is_unknown_and_never_proved(monkeypatch: pytest.MonkeyPatch):
    def step(state: State, operation: Operation, signatures: Signatures) -> Outcome:
        assert isinstance(operation, Tick)
        return evolve(TRUE_STEP(state, operation, signatures), events=tuple(range(operation.time)))  # type: ignore[arg-type]

    monkeypatch.setattr(exchange, "step", step)
    examined = examine_shape(shape_called("tick: any time"))
    assert "made concrete" in examined.trouble
    assert {standing.status for standing in examined.standings.values()} == {Status.UNKNOWN}


def test_ways_that_were_not_followed_leave_everything_unknown():
    examined = examine_shape(shape_called("tick: any time"), most_ways=1)
    assert {standing.status for standing in examined.standings.values()} == {Status.UNKNOWN}


def test_a_shape_without_amounts_that_are_accepted_is_vacuous():
    def backwards(amounts: Amounts) -> tuple[State, Operation]:
        state = company(amounts).state()
        time = amounts.integer("time", TIME)
        amounts.assume(time < state.clock)
        return state, Tick(time)

    stated = Shape("tick", "backwards", "", backwards)
    cells = cells_of((stated,), {stated.id: examine_shape(stated)}, {})
    assert {cell.strength for cell in cells if cell.row == "tick"} == {Strength.VACUOUS}


def test_the_invariants_of_the_state_before_are_assumed_and_amounts_that_break_them_are_none_of_the_shape():
    examined = examine_shape(shape_called("tick: any time"))
    broken = {**examined.witness, "collateral of 3": -1}
    with pytest.raises(NotOfTheShape, match="AT-REST-NOBODY-OWES"):
        rehearse(shape_called("tick: any time"), broken)


def test_a_reading_that_disagrees_with_the_plain_one_is_a_defect_of_ours(monkeypatch: pytest.MonkeyPatch):
    def step(state: State, operation: Operation, signatures: Signatures) -> Outcome:
        outcome = TRUE_STEP(state, operation, signatures)
        assert isinstance(outcome, Accepted)
        # Symbolic amounts are no integers: only their reading loses money.
        lost = 0 if type(state.insurance) is int else 1
        return evolve(outcome, state=evolve(outcome.state, insurance=outcome.state.insurance - lost))

    monkeypatch.setattr(exchange, "step", step)
    with pytest.raises(EngineDefect, match="does not replay"):
        examine_shape(shape_called("take deposit: to an account"))


def test_every_shape_says_what_is_concrete_and_builds_a_state_and_an_operation_of_its_row():
    stated = shapes()
    assert len({shape.id for shape in stated}) == len(stated)
    assert all(shape.sentence.endswith(".") for shape in stated)
    assert Take() == shape_called("take deposit: to an account").skeleton(AnyPlain())[1]


class AnyPlain:
    """The least amounts of every range that are not negative."""

    def integer(self, _: str, limits: object) -> int:
        return max(getattr(limits, "low", 0), 1)

    def either(self, _: str) -> bool:
        return True

    def assume(self, condition: bool) -> None:
        assert condition in (True, False)
