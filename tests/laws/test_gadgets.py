"""The gadgets are sound and complete, and nothing that they demand is idle."""

import inspect

import pytest

from settlespec.engines import gadgets as gadget_module
from settlespec.engines.gadgets import System
from settlespec.engines.proving import Status, prove
from settlespec.engines.replaying import replay
from settlespec.laws import divisions, gadgets
from settlespec.laws.statement import Law, laws_in

LAWS = {law.id: law for law in laws_in((gadgets, divisions)) if not law.is_canary}

DEMANDS = {
    "CIRCUIT-2a": 1,
    "CIRCUIT-3a": 2,
    "CIRCUIT-4a": 2,
    "CIRCUIT-5a": 1,
    "CIRCUIT-6a": 1,
    "CIRCUIT-7a": 2,
    "CIRCUIT-8a": 2,
    "CIRCUIT-9a": 3,
    "CIRCUIT-9c": 5,
}
"""By law of soundness: constraints and ranges that its gadget demands."""


class Forgetful(gadgets.Arbitrary):
    """A system that forgets one demand."""

    forgotten = 0

    def __init__(self, *named: int) -> None:
        super().__init__(*named)
        self.demands = 0

    def require(self, first: int, second: int, product: int) -> None:
        self.demands += 1
        if self.demands - 1 != self.forgotten:
            super().require(first, second, product)

    def require_range(self, value: int, limit: int) -> int:
        self.demands += 1
        return value if self.demands - 1 == self.forgotten else super().require_range(value, limit)


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_each_law_of_the_gadgets_is_proved_with_a_witness_that_replays(law: Law):
    proof = prove(law)
    assert proof.status is Status.PROVED
    assert proof.witness is not None
    assert replay(law, proof.witness).witnesses


@pytest.mark.parametrize(
    ("identity", "forgotten"), [(identity, place) for identity, count in DEMANDS.items() for place in range(count)]
)
def test_a_gadget_that_forgets_a_demand_is_unsound(identity: str, forgotten: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Forgetful, "forgotten", forgotten)
    for module in (gadgets, divisions):
        monkeypatch.setattr(module, "Arbitrary", Forgetful)
    assert prove(LAWS[identity]).status is Status.REFUTED


def test_every_law_of_soundness_is_among_them():
    sound = {law.id for law in LAWS.values() if "Arbitrary" in inspect.getsource(law.function)}
    assert sound == DEMANDS.keys()


def test_every_gadget_has_a_law_of_soundness_and_one_of_completeness():
    functions = [
        function
        for name, function in inspect.getmembers(gadget_module, inspect.isfunction)
        if "system" in inspect.signature(function).parameters and function.__module__ == gadget_module.__name__
    ]
    assert len(functions) == 9
    for function in functions:
        called = f"gadgets.{function.__name__}("
        sources = [
            inspect.getsource(law.function) for law in LAWS.values() if called in inspect.getsource(law.function)
        ]
        assert any("Arbitrary" in source for source in sources), function.__name__
        assert any("Honest" in source for source in sources), function.__name__


def test_the_two_readings_of_a_system_have_the_verbs_of_the_circuits():
    verbs = {name for name in vars(System) if not name.startswith("_")}
    for reading in (gadgets.Arbitrary, gadgets.Honest):
        assert verbs <= {name for name, _ in inspect.getmembers(reading, inspect.isfunction)}
