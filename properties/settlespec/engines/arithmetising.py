"""The arithmetised reading: the rule's own function runs on wires, and what it leaves behind is its constraint system.

A rule whose values could wrap, that forks on its inputs, or whose inputs have no range is not emitted, and the reason is kept.
"""

import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import attrs
from attrs import field, frozen

from settlespec.engines import gadgets
from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, Structure, build, within
from settlespec.engines.circuit import (
    Circuit,
    TooManyWires,
    Wire,
    WireCondition,
    WouldWrap,
    limit_for,
    value_in,
)
from settlespec.engines.circuit_inputs import NoRange, ends_of, inputs_of
from settlespec.engines.constraints import ONE, Constraint, ConstraintSystem, Witness
from settlespec.engines.gadgets import Solve
from settlespec.engines.intervals import MODULUS, signed
from settlespec.engines.merging import Unreadable, readable
from settlespec.engines.rule_functions import RuleFunction


class OutsideTheRange(Exception):
    """An argument leaves the range that the circuit holds it to, so that it has no witness."""


@frozen
class NotEmitted:
    """A rule that has no circuit, and why."""

    rule: RuleFunction
    reason: str


@frozen
class Emitted:
    """The constraint system of a rule, and how its witness is computed."""

    rule: RuleFunction
    structures: Mapping[str, Structure]
    """Of the arguments, with their ranges."""
    system: ConstraintSystem
    inputs: tuple[str, ...]
    """The places of the arguments that the rule reads, in the order of the public inputs: ``position.size``."""
    outputs: tuple[str, ...]
    """The places of what it answers, in the order of the public outputs."""
    bounds: Mapping[str, tuple[int, int]]
    """The interval of each output, as it was tracked."""
    for_inputs: int
    """How many of the constraints hold the inputs to their ranges."""
    widest: int
    """Bits of the widest interval that a value has, without its sign."""
    _wires: Mapping[str, int] = field(repr=False)
    """The wire of each input, as it was recorded."""
    _solvers: tuple[Solve | None, ...] = field(repr=False)
    _numbers: tuple[int, ...] = field(repr=False)
    """The number in the system of each recorded wire; 0 of one that is left out."""

    def witness(self, arguments: Mapping[str, Any]) -> Witness:
        """Solve for every wire.

        Raises:
            OutsideTheRange: an argument is not one that the circuit is for.
        """
        for name, structure in self.structures.items():
            if not within(structure, arguments[name]):
                raise OutsideTheRange(f"{name} of {self.rule.name}: outside of its range")
        given = {self._wires[place]: int(value) for place, value in leaves_of(arguments) if place in self._wires}
        # Inputs that the rule does not read are left out, so it does not matter which value they have here.
        values = [1]
        value_of = value_in(values)
        for wire, solve in enumerate(self._solvers[1:], start=1):
            values.append(given.get(wire, 0) if solve is None else solve(value_of))
        witness = [1] * self.system.wires
        for value, number in zip(values, self._numbers, strict=True):
            if number:
                witness[number] = value % MODULUS
        return tuple(witness)

    def answer(self, witness: Witness) -> dict[str, int]:
        """Read the answer of the rule from a witness, by place; a condition is 0 or 1."""
        return {place: signed(value) for place, value in zip(self.outputs, witness[1:], strict=False)}


def leaves_of(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give every integer and condition in these values, of any reading, with its place; what else there is stays concrete."""
    for name, value in values.items():
        if isinstance(value, Wire | WireCondition | bool) or type(value) is int:
            yield name, value
        elif isinstance(value, tuple):
            yield from leaves_of({f"{name}[{place}]": item for place, item in enumerate(value)})
        elif attrs.has(type(value)):
            fields = [each for each in attrs.fields(type(value)) if each.init]
            yield from leaves_of({f"{name}.{each.alias}": getattr(value, each.name) for each in fields})


ANSWER: Final = "answer"
"""The name of what a rule answers, in the places of its outputs."""


def plain_answer(rule: RuleFunction, arguments: Mapping[str, Any]) -> dict[str, int]:
    """Run the rule on plain integers, and give its answer by place."""
    return {place: int(value) for place, value in leaves_of({ANSWER: rule.function(**arguments)})}


@cache
def arithmetise(rule: RuleFunction) -> Emitted | NotEmitted:
    """Run a rule on wires; the constraint system that it leaves behind, or why there is none."""
    try:
        return _Emission(rule).emitted()
    except (WouldWrap, TooManyWires, Unreadable, ZeroDivisionError) as refusal:
        return NotEmitted(rule, f"{refusal} ({_expression(refusal)})")
    except NoRange as refusal:
        return NotEmitted(rule, str(refusal))


def _expression(refusal: BaseException) -> str:
    """The line of the rules that asked for what is refused."""
    lines = [
        frame
        for frame in traceback.extract_tb(refusal.__traceback__)
        if Path(frame.filename).parent.name in ("rules", "arithmetic")
    ]
    asked = [frame for frame in lines if Path(frame.filename).parent.name == "rules"] or lines
    if not asked:
        return "its answer"
    return f"{Path(asked[-1].filename).name}:{asked[-1].lineno}: {asked[-1].line}"


class _Emission:
    """One run of a rule on wires."""

    def __init__(self, rule: RuleFunction) -> None:
        self.rule = rule
        self.circuit = Circuit()
        self.given: dict[str, Wire] = {}
        self.structures = inputs_of(rule.function)

    def emitted(self) -> Emitted:
        """Give the constraint system: the rule's constraints, its answers as wires, and the ranges of what it read."""
        with attrs.validators.disabled(), readable():
            arguments = {name: build(inner, name, self._leaf) for name, inner in self.structures.items()}
            answer = self.rule.function(**arguments)
        outputs = {place: self._output(value) for place, value in leaves_of({ANSWER: answer})}
        read = self._read()
        before = len(self.circuit.constraints)
        for place in read:
            self._hold_to_its_range(place)
        inputs = [_number(self.given[place]) for place in read]
        numbers = self._numbers([*map(_number, outputs.values()), *inputs])
        system = ConstraintSystem(
            outputs=len(outputs),
            inputs=len(inputs),
            wires=1 + max(numbers),
            constraints=tuple(
                Constraint(*(side.combination(numbers) for side in (each.first, each.second, each.product)))
                for each in self.circuit.constraints
            ),
        )
        return Emitted(
            rule=self.rule,
            structures=self.structures,
            system=system,
            inputs=tuple(read),
            outputs=tuple(outputs),
            bounds={place: (wire.low, wire.high) for place, wire in outputs.items()},
            for_inputs=len(system.constraints) - before,
            widest=self.circuit.widest,
            wires={place: _number(self.given[place]) for place in read},
            solvers=tuple(self.circuit.solvers),
            numbers=tuple(numbers),
        )

    def _leaf(self, name: str, leaf: IntegerLeaf | ConditionLeaf) -> Wire | WireCondition:
        if isinstance(leaf, ConditionLeaf):
            self.given[name] = self.circuit.input(0, 1)
            return WireCondition(self.given[name])
        self.given[name] = self.circuit.input(*ends_of(name, leaf))
        return self.given[name]

    def _output(self, value: Any) -> Wire:
        """A wire of its own for what the rule answers, so that it can be public."""
        answer = self.circuit.lifted(value.wire if isinstance(value, WireCondition) else value)
        named = self.circuit.auxiliary(lambda value_of: value_of(cast(int, answer)), answer.low, answer.high)
        self.circuit.require(answer, 1, named)
        return self.circuit.lifted(named)

    def _read(self) -> list[str]:
        """The inputs that some constraint speaks of; a wire that none does would be free."""
        spoken_of = {
            wire
            for each in self.circuit.constraints
            for side in (each.first, each.second, each.product)
            for wire in side.terms
        }
        return [place for place, wire in self.given.items() if _number(wire) in spoken_of]

    def _hold_to_its_range(self, place: str) -> None:
        wire: Any = self.given[place]
        limit = limit_for(wire.high - wire.low)
        if wire.low == wire.high - limit + 1:
            self.circuit.require_range(wire - wire.low, limit)
        else:
            gadgets.require_between(self.circuit, wire, wire.low, wire.high, limit)

    def _numbers(self, public: list[int]) -> list[int]:
        """The number in the system of each recorded wire: the 1, the public ones, then the others; 0 of an input that is left out."""
        numbers = [0] * len(self.circuit.solvers)
        ordered = [ONE, *public]
        known = set(ordered)
        ordered += [wire for wire, solve in enumerate(self.circuit.solvers) if solve is not None and wire not in known]
        for number, wire in enumerate(ordered):
            numbers[wire] = number
        return numbers


def _number(wire: Wire) -> int:
    """The number of a wire that is nothing but one numbered wire."""
    (number,) = wire.terms
    return number
