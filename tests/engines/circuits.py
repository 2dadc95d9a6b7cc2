"""Small rules for the tests of the arithmetised reading, and what a forger may do to a witness."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from settlespec.domain.quantities import MAX_AMOUNT, Amount, Range
from settlespec.engines.arithmetising import Emitted, arithmetise
from settlespec.engines.constraints import Constraint, ConstraintSystem, Witness
from settlespec.engines.intervals import MODULUS
from settlespec.engines.rule_functions import RuleFunction, rule_functions

Digit = Annotated[int, Range(0, 5)]
Wide = Annotated[int, Range(-(2**70), 2**70)]


def rule_of(function: Callable[..., Any]) -> RuleFunction:
    return RuleFunction("TEST-1", "test", function)


def emitted(rule: RuleFunction) -> Emitted:
    circuit = arithmetise(rule)
    assert isinstance(circuit, Emitted), circuit
    return circuit


def named(name: str) -> RuleFunction:
    (found,) = (rule for rule in rule_functions() if rule.name == name)
    return found


def read_from(circuit: Emitted, arguments: Mapping[str, Any]) -> dict[str, int]:
    """The answer of a circuit, from a witness that satisfies it."""
    witness = circuit.witness(arguments)
    assert circuit.system.satisfied_by(witness)
    return circuit.answer(witness)


def doubled_digit(digit: Digit) -> int:
    return 2 * digit


def forks(amount: Amount) -> int:
    return 1 if amount > 3 else 2


def forks_on_a_value(amount: Amount) -> int:
    return amount or 1


def looks_up(amount: Amount) -> int:
    return {1: 2}.get(amount, 3)


def counts_to_it(digit: Digit) -> int:
    return sum(range(digit))


def wraps(amount: Amount, other: Amount, third: Amount) -> int:
    return amount * other * third


def wraps_in_a_sum(amount: Amount) -> int:
    return amount * MAX_AMOUNT * 2**60 * 5


def has_no_range(amount: Amount, nobody_knows: int) -> int:
    return amount + nobody_knows


def mixes(amount: Amount) -> Any:
    return (amount > 3).choose(1, (1,))  # type: ignore[attr-defined]


def divides_by_nothing(amount: Amount) -> int:
    return amount // (amount - amount)


def unnoticed(system: ConstraintSystem, witness: Witness) -> Iterator[int]:
    """The wires whose value may be another, with all others as they are, and no constraint breaks.

    The inputs are not among them: with another input it is another statement.
    """
    speaking: dict[int, list[Constraint]] = {}
    for constraint in system.constraints:
        for wire in {wire for side in (constraint.first, constraint.second, constraint.product) for wire, _ in side}:
            speaking.setdefault(wire, []).append(constraint)
    inputs = range(1 + system.outputs, 1 + system.outputs + system.inputs)
    for wire in sorted(set(range(1, system.wires)).difference(inputs)):
        forged = list(witness)
        forged[wire] = (witness[wire] + 1) % MODULUS
        if all(constraint.holds(forged) for constraint in speaking[wire]):
            yield wire


def is_inverse_of_zero(system: ConstraintSystem, witness: Witness, wire: int) -> bool:
    """Whether a wire stands in one constraint only, as a factor of what is zero: whatever it is, it says nothing."""
    speaking = [each for each in system.constraints if wire in dict(each.first + each.second + each.product)]
    return (
        len(speaking) == 1
        and speaking[0].second == ((wire, 1),)
        and sum(coefficient * witness[place] for place, coefficient in speaking[0].first) % MODULUS == 0
    )
