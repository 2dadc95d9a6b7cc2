"""docs/operations.md and docs/orders.md say what the machine does."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from settlespec.domain.errors import Malformed
from settlespec.domain.events import Event
from settlespec.domain.messages import Deposit, ForcedOrder, ForcedWithdrawal
from settlespec.domain.operations import BeginRound, ContinueRound, Operation, Place, Take
from settlespec.domain.orders import OrderKind, Removal, SelfTrade, Side, TimeInForce
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.reasons import Reason
from settlespec.domain.rounds import Stage
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.matching import DROPS, Stop
from settlespec.machine.signatures import Ideal
from tests.documentation.pages import page, section, table
from tests.machine import faulty_operations as asking
from tests.machine.driver import Answer
from tests.machine.test_precedence import ENVELOPE, FAULTS

OPERATIONS: Final = page("operations.md")
ORDERS: Final = page("orders.md")

SECTIONS: Final[dict[str, Callable[..., Answer]]] = {
    "Place": asking.place,
    "Replace": asking.replace,
    "Cancel": asking.cancel,
    "Withdraw": asking.withdraw,
    "Transfer": asking.transfer,
    "Tick": asking.tick,
    "Receive": asking.receive,
    "Take": asking.take,
    "Deposit": asking.deposit,
    "Forced withdrawal": asking.forced_withdrawal,
    "Forced order": asking.forced_order,
    "Fix settlement": asking.fix_settlement,
    "Begin round": asking.begin,
    "Continue round": asking.proceed,
}

COMMON: Final = (Reason.OUT_OF_RANGE, Reason.ROUND_OPEN)


def told(heading: str) -> list[str]:
    return [row[0] for row in table(section(OPERATIONS, heading))]


def test_every_operation_that_can_be_refused_has_its_section() -> None:
    assert set(SECTIONS.values()) == set(FAULTS)


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_reasons_of_an_operation_are_those_that_it_is_refused_for_in_their_order(heading: str) -> None:
    reasons = FAULTS[SECTIONS[heading]]
    shared = (*COMMON, *ENVELOPE) if set(ENVELOPE) <= set(reasons) else COMMON
    assert told(heading) == [reason for reason in Reason if reason in reasons and reason not in shared]


def test_the_common_reasons_are_those_of_every_operation_but_the_two_that_the_page_names() -> None:
    assert told("Before every operation") == list(COMMON)
    messages = (asking.deposit, asking.forced_withdrawal, asking.forced_order)
    operations = {ask: reasons for ask, reasons in FAULTS.items() if ask not in messages}
    assert {ask for ask, reasons in operations.items() if Reason.OUT_OF_RANGE not in reasons} == {asking.take}
    assert {ask for ask, reasons in operations.items() if Reason.ROUND_OPEN not in reasons} == {asking.proceed}


def test_the_envelope_is_that_of_the_signed_operations() -> None:
    assert told("The envelope of a signed operation") == list(ENVELOPE)
    signed = {ask.__name__ for ask, reasons in FAULTS.items() if set(ENVELOPE) <= set(reasons)}
    assert signed == {"place", "cancel", "replace", "withdraw", "transfer"}


GRAMMAR: Final = {row[0]: row[1] for row in table(section(OPERATIONS, "The order of events"))}


def pattern(text: str) -> re.Pattern[str]:
    named = re.sub(r"[a-z_]+", lambda name: f"(?:{name[0]},)", text)
    # What is repeated takes all that it can, so that a wrong order is refused at once.
    return re.compile(named.replace(" ", "").replace("/", "|").replace("*", "*+"))


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def told_events(events: tuple[Event, ...]) -> str:
    return "".join(f"{snake(type(event).__name__)}," for event in events)


def row_of(before: State, operation: Operation) -> str:
    if not isinstance(operation, Take):
        return snake(type(operation).__name__)
    message = before.inbox.messages[before.inbox.cursor].message
    kinds = {Deposit: "a deposit", ForcedWithdrawal: "a forced withdrawal", ForcedOrder: "a forced order"}
    return f"take, {kinds[type(message)]}"


def test_the_events_of_every_local_operation_come_in_the_order_of_the_page() -> None:
    seen: dict[str, int] = {}

    def look(before: State, operation: Operation, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted) and not isinstance(operation, BeginRound | ContinueRound):
            row = row_of(before, operation)
            events = told_events(outcome.events)
            assert pattern(GRAMMAR[row]).fullmatch(events), (row, events)
            seen[row] = seen.get(row, 0) + 1

    # Only the second has anything that expires.
    for flow in (MinimalFlow(5, 3_000), EmbeddedFlow(1, 60, 2_500)):
        session = Session(flow.genesis(Ideal()), Ideal())
        session.subscribers.append(look)
        for operation in flow.operations(session):
            session.submit(operation)
    assert set(seen) == set(GRAMMAR)
    assert min(seen.values()) > 5, seen


STAGES: Final = {row[0]: row[1] for row in table(section(OPERATIONS, "Events of a round"))}


def test_the_stages_of_the_page_are_those_of_a_round_in_their_order() -> None:
    stages = [stage.name for stage in Stage]
    assert [row[0] for row in table(section(OPERATIONS, "The clearing round"))] == stages
    assert list(STAGES) == stages


def test_the_events_of_every_round_come_in_the_order_of_the_page() -> None:
    whole = pattern("round_begun " + " ".join(f"stage_begun {events}" for events in STAGES.values()))
    told: list[Event] = []
    names: set[str] = set()
    rounds = 0

    def look(before: State, operation: Operation, outcome: Outcome) -> None:
        nonlocal rounds
        if isinstance(outcome, Accepted) and isinstance(operation, BeginRound | ContinueRound):
            told.extend(outcome.events)
            if outcome.state.round is None:
                assert whole.fullmatch(told_events(tuple(told))), told
                names.update(snake(type(event).__name__) for event in told)
                told.clear()
                rounds += 1

    # In the first a close clips a resting order, in the second instruments expire.
    for flow in (MinimalFlow(8, 3_000), EmbeddedFlow(1, 60, 2_500)):
        told.clear()
        session = Session(flow.genesis(Ideal()), Ideal())
        session.subscribers.append(look)
        for operation in flow.operations(session):
            session.submit(operation)
    assert rounds > 100
    in_rounds = {name for events in STAGES.values() for name in re.findall("[a-z_]+", events)}
    assert names == in_rounds | {"round_begun", "stage_begun"}


@pytest.mark.parametrize("events", ["order_rested,", "order_accepted,order_rested,filled,", "filled,", ""])
def test_the_order_of_the_page_admits_not_everything(events: str) -> None:
    assert not pattern(GRAMMAR["place"]).fullmatch(events)


def order(kind: OrderKind, time_in_force: TimeInForce, post_only: bool, reduce_only: bool, price: int) -> Any:
    good_till = 9 if time_in_force is TimeInForce.GOOD_TILL_TIME else 0
    return Place(
        1, 1, 0, 1, 1, Side.BUY, 1, kind, price, time_in_force, good_till, post_only, reduce_only, signature=b""
    )


def test_the_table_of_kinds_says_of_every_combination_whether_it_is_an_order() -> None:
    rows = {tuple(row[:4]): row[4:] for row in table(section(ORDERS, "Kinds"))}
    yes_no = {"yes": True, "no": False}
    for kind in OrderKind:
        for time_in_force in TimeInForce:
            for post_only in yes_no:
                for reduce_only in yes_no:
                    verdict, price, good_till = rows.pop((kind, time_in_force, post_only, reduce_only))
                    terms = kind, time_in_force, yes_no[post_only], yes_no[reduce_only]
                    if verdict == "an order":
                        order(*terms, price=int(price.removeprefix(">= ")))
                        assert (good_till == "0") is (time_in_force is not TimeInForce.GOOD_TILL_TIME)
                        with pytest.raises(Malformed):
                            order(*terms, price=0 if price == ">= 1" else 1)
                    else:
                        assert verdict == "malformed"
                        for any_price in (0, 1):
                            with pytest.raises(Malformed):
                                order(*terms, price=any_price)
    assert rows == {}


def test_every_mode_of_self_trades_stands_in_its_table() -> None:
    assert [row[0] for row in table(section(ORDERS, "Self-trades"))] == list(SelfTrade)


def test_every_cause_of_a_removal_stands_in_its_table() -> None:
    rows = table(section(ORDERS, "Why an order is no longer live"))
    assert [row[0] for row in rows] == list(Removal)


def test_what_is_left_is_told_for_every_stop_and_every_time_in_force() -> None:
    text = section(ORDERS, "What is left")
    rows = {row[0].replace("-", "_").replace(" ", "_").upper(): row[1:] for row in table(text)}
    assert set(rows) == {stop.name for stop in Stop}
    assert text[text.index("| stop") :].splitlines()[0] == f"| stop | {' | '.join(TimeInForce)} |"
    for stop, (till_time, immediate, whole) in ((stop, rows[stop.name]) for stop in Stop if stop is not Stop.FILLED):
        assert whole == Reason.NOT_FILLABLE
        assert f"`{DROPS.get(stop, Removal.IMMEDIATE)}" in immediate
        assert (f"`{DROPS[stop]}" in till_time) if stop in DROPS else till_time == "rests"
