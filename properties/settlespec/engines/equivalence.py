"""Whether a mutant is the rule itself, written otherwise: proved for all arguments in their declared ranges, or told apart.

The claim is a law like any other, and the same prover decides it: what it says is worth what `proving` says. A table of integers
has one for each scenario, and what may be absent is: no rule looks at whether something is there.
"""

import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

import attrs
from attrs import evolve, frozen

from settlespec.domain.instruments import SCENARIOS
from settlespec.domain.quantities import Range
from settlespec.engines.proving import Proof, prove
from settlespec.engines.solvers import Patience
from settlespec.laws.statement import Argument, BadStatement, arguments_of, claim, law, law_of


@frozen
class _Varied:
    """An annotation that the engines can vary, and how an argument of the rule is made of such a value."""

    annotation: Any
    build: Callable[[Any], Any]


Values: TypeAlias = tuple[int, ...] | Range
"""The only values that an argument has."""

Declared: TypeAlias = Mapping[str, Mapping[str, Values]]
"""Of a function, such as ``margin.bounded_loss``, what values some of its arguments have."""


@law("EQUAL", "The mutant is the rule itself.")
def _the_mutant_is_the_rule(original: bool, mutated: bool) -> None:
    """Stands for the law about each pair of functions, whose arguments are theirs."""
    claim(original == mutated)


def prove_equal(
    original: Callable[..., Any],
    mutated: Callable[..., Any],
    patience: Patience,
    most_paths: int,
    declared: Mapping[str, Values] = MappingProxyType({}),
) -> Proof:
    """Prove that two functions of the same arguments answer the same, or give arguments on which they do not.

    Args:
        original: a rule.
        mutated: the same with a fault.
        patience: with each question.
        most_paths: to follow.
        declared: the only values of some arguments, where the type says less than the rule's page.

    Raises:
        BadStatement: an argument of a kind that no engine can vary, such as holdings without number.
    """
    varied = {argument.name: _varied(argument.annotation) for argument in arguments_of(original)}
    for name, values in declared.items():
        annotation: Any = Annotated[int, values] if isinstance(values, Range) else Literal[values]
        varied[name] = _Varied(annotation, lambda value: value)

    def equal(**given: Any) -> None:
        arguments = {name: varied[name].build(value) for name, value in given.items()}
        claim(same(original(**arguments), mutated(**arguments)))

    stated = tuple(Argument(name, kind.annotation) for name, kind in varied.items())
    equality = evolve(law_of(_the_mutant_is_the_rule), function=equal, arguments=stated)
    return prove(equality, patience, most_paths)


def same(one: Any, other: Any) -> Any:
    """Whether two answers are the same, in any reading: integers, conditions, records and tuples of these."""
    if attrs.has(type(one)) and type(one) is type(other):
        return same(attrs.astuple(one, recurse=False), attrs.astuple(other, recurse=False))
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        equal: Any = True
        for first, second in zip(one, other, strict=True):
            equal = equal & same(first, second)
        return equal
    return one == other


def _varied(annotation: Any) -> _Varied:
    base = annotation.__origin__ if typing.get_origin(annotation) is typing.Annotated else annotation
    origin, inner = typing.get_origin(base), typing.get_args(base)
    if base in (int, bool) or (isinstance(base, type) and issubclass(base, Enum)):
        return _Varied(annotation, lambda value: value)
    if origin in (types.UnionType, typing.Union) and types.NoneType in inner:
        return _Varied(None, lambda value: value)
    if origin is tuple:
        items = (inner[0],) * SCENARIOS if inner[1:] == (Ellipsis,) and _is_integer(inner[0]) else inner
        return _varied_tuple(items, lambda *values: values)
    if isinstance(base, type) and attrs.has(base):
        hints = typing.get_type_hints(base, include_extras=True)
        return _varied_tuple(tuple(hints[field.name] for field in attrs.fields(base)), base)
    raise BadStatement(f"no engine can vary {annotation!r}")


def _varied_tuple(annotations: tuple[Any, ...], make: Callable[..., Any]) -> _Varied:
    items = [_varied(annotation) for annotation in annotations]
    # Written as a subscript of a tuple of annotations, which are known only here.
    annotation: Any = types.GenericAlias(tuple, tuple(item.annotation for item in items))
    return _Varied(
        annotation, lambda values: make(*(item.build(value) for item, value in zip(items, values, strict=True)))
    )


def _is_integer(annotation: Any) -> bool:
    return annotation is int or (typing.get_origin(annotation) is typing.Annotated and annotation.__origin__ is int)
