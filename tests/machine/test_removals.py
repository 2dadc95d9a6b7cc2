"""Every cause for which an order leaves, each by the shortest way to it."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from settlespec.domain.events import OrderRemoved
from settlespec.domain.orders import Removal
from tests.machine.driver import IMMEDIATE, Answer, Machine, future


def market(**parameters: Any) -> Machine:
    machine = Machine(**parameters)
    return machine.deposit("ada", 10_000).deposit("bob", 10_000).deposit("poor", 20)


def filled() -> Answer:
    return market().rests("bob", -1, 100).place("ada", +1, 100)


def cancelled() -> Answer:
    return market().rests("ada", +1, 99, client_id=4).cancel("ada", 4)


def replaced() -> Answer:
    return market().rests("ada", +1, 99, client_id=4).replace("ada", 4, 1, 98)


def expired() -> Answer:
    return market().rests("bob", -1, 100, good_till=1).wait(2).place("ada", +1, 100)


def instrument_expired() -> Answer:
    machine = market(listed=(future(4, expiry=10),)).rests("ada", +1, 99, instrument=4)
    return machine.settles(4, 100).round()


def self_trade() -> Answer:
    return market().rests("ada", -1, 100).place("ada", +1, 100)


def undercollateralised() -> Answer:
    return market().rests("bob", -2, 100).place("poor", +2, 100, time_in_force=IMMEDIATE)


def position_limit() -> Answer:
    machine = Machine(terms={"max_position": 3}).deposit("ada", 10_000).deposit("bob", 10_000)
    return machine.rests("ada", -2, 101).opens("ada", -2).place("bob", +2, 101)


def reduce_only() -> Answer:
    machine = market().opens("ada", +1).rests("ada", -1, 101, reduce_only=True)
    return machine.rests("bob", +1, 100).place("ada", -1, 100)


def outside_band() -> Answer:
    return market().rests("ada", +1, 99).round({1: 50})


def immediate() -> Answer:
    return market().place("ada", +1, 99, time_in_force=IMMEDIATE)


def match_limit() -> Answer:
    return market(max_matches=1).rests("bob", -1, 100).rests("bob", -1, 100).place("ada", +2, 100)


def liquidation() -> Answer:
    return market().opens("poor", +1).deposit("poor", 40).rests("poor", +1, 70).round({1: 40})


def forced() -> Answer:
    machine = market().opens("ada", +1).rests("ada", -1, 101, reduce_only=True)
    return machine.forces_order("ada", -1)


WAYS: Final[dict[Removal, Callable[[], Answer]]] = {
    Removal.FILLED: filled,
    Removal.CANCELLED: cancelled,
    Removal.REPLACED: replaced,
    Removal.EXPIRED: expired,
    Removal.INSTRUMENT_EXPIRED: instrument_expired,
    Removal.SELF_TRADE: self_trade,
    Removal.UNDERCOLLATERALISED: undercollateralised,
    Removal.POSITION_LIMIT: position_limit,
    Removal.REDUCE_ONLY: reduce_only,
    Removal.OUTSIDE_BAND: outside_band,
    Removal.IMMEDIATE: immediate,
    Removal.MATCH_LIMIT: match_limit,
    Removal.LIQUIDATION: liquidation,
    Removal.FORCED: forced,
}


def test_every_cause_has_its_shortest_way() -> None:
    assert list(WAYS) == list(Removal)


@pytest.mark.parametrize("cause", Removal)
def test_each_cause_is_reached(cause: Removal) -> None:
    assert cause in {removed.cause for removed in WAYS[cause]().all(OrderRemoved)}
