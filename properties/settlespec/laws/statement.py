"""How a law is stated: a typed function that assumes and claims, and the catalogue of all of them.

A law is an ordinary function over the rules. Who reads it decides what its arguments are and what `assume` and `claim`
mean: plain integers raise, a sampler discards or falsifies, a prover constrains the path or asks a solver.

>>> assume(2 + 2 == 4, world("numbers are as they were"))
>>> claim(2 + 2 == 5)
Traceback (most recent call last):
    ...
settlespec.laws.statement.ClaimBroken: a claim does not hold
"""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from itertools import pairwise
from types import ModuleType
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import frozen


class AssumptionNotMet(Exception):
    """The arguments lie outside what the law speaks of."""


class ClaimBroken(Exception):
    """The law is false of these arguments."""


class BadStatement(Exception):
    """A law that is not stated as it must be: our defect, or that of the author of a law file."""


class GroundKind(StrEnum):
    """What an assumption rests on."""

    IMPLIED = "implied"
    """An invariant, a rule or another law says so."""
    WORLD = "world"
    """Nothing in the specification says so: it is taken of whoever or whatever is outside of it."""
    CASE = "case"
    """It is the "if" of the sentence itself, an induction hypothesis among them: the law says nothing of the other cases."""


@frozen
class Ground:
    """Why a law may take something for granted."""

    kind: GroundKind
    sentence: str
    """What is taken for granted."""
    by: str = ""
    """Of what is implied: the id of the invariant, rule or law that implies it."""


def implied(by: str, sentence: str) -> Ground:
    """A ground that an invariant, a rule or another law gives.

    Args:
        by: its id.
        sentence: what is taken for granted.
    """
    return Ground(GroundKind.IMPLIED, sentence, by)


def world(sentence: str) -> Ground:
    """A ground that nothing in the specification gives."""
    return Ground(GroundKind.WORLD, sentence)


def case(sentence: str) -> Ground:
    """A ground that is the case of which the law speaks."""
    return Ground(GroundKind.CASE, sentence)


@frozen
class Unbounded:
    """In ``Annotated[Price, Unbounded()]``: the law is claimed of every integer, whatever range the quantity has."""


@frozen
class Only:
    """In ``Annotated[Instrument, Only("kind", PERPETUAL)]``: the law speaks of records whose field has this value."""

    field: str
    value: object


class Reader(Protocol):
    """Whoever runs a law and gives `assume` and `claim` their meaning."""

    def assume(self, condition: bool) -> None:
        """Leave out the arguments for which the condition fails."""

    def claim(self, condition: bool) -> None:
        """Demand the condition of the arguments that are left."""


class PlainReader:
    """Reads a law on plain values: a failed assumption and a broken claim are exceptions."""

    def __init__(self) -> None:
        self.claims = 0
        """Claims that held so far: a law that claims nothing proves nothing."""

    def assume(self, condition: bool) -> None:
        """Raise `AssumptionNotMet` unless the condition holds."""
        if not _plain(condition):
            raise AssumptionNotMet("an assumption is not met")

    def claim(self, condition: bool) -> None:
        """Raise `ClaimBroken` unless the condition holds."""
        if not _plain(condition):
            raise ClaimBroken("a claim does not hold")
        self.claims += 1


class ReaderOfGrounds:
    """Reads a law for what it rests on: every assumption counts as met and every claim as true."""

    def __init__(self) -> None:
        self.grounds: list[Ground | None] = []
        """Of each assumption in turn; None where it names no ground."""

    def assume(self, condition: bool) -> None:
        """Whatever the condition is: its ground was noted."""

    def claim(self, condition: bool) -> None:
        """Whatever the condition is."""


def _plain(condition: object) -> bool:
    """Take a Python bool and nothing else: an integer that happens to be true is a slip of the law."""
    if condition is True or condition is False:
        return condition
    raise BadStatement(f"a law assumes and claims conditions, not {type(condition).__name__}")


READER: ContextVar[Reader | None] = ContextVar("READER", default=None)
"""Who reads the law that runs now; nobody means plain values."""


@contextmanager
def read_by(reader: Reader) -> Iterator[None]:
    """Let this reader give `assume` and `claim` their meaning inside the block."""
    token = READER.set(reader)
    try:
        yield
    finally:
        READER.reset(token)


def assume(condition: bool, because: Ground | None = None) -> None:
    """State what the law takes for granted of its arguments.

    Args:
        condition: of the arguments.
        because: one of the grounds that the law states in its `assumes`; a test holds the catalogue to it.
    """
    reader = READER.get() or PlainReader()
    if isinstance(reader, ReaderOfGrounds):
        reader.grounds.append(because)
    reader.assume(condition)


def claim(condition: bool) -> None:
    """State what the law says of its arguments."""
    (READER.get() or PlainReader()).claim(condition)


Statement: TypeAlias = Callable[..., None]
AnyStatement = TypeVar("AnyStatement", bound=Statement)


@frozen
class Argument:
    """One argument of a law."""

    name: str
    annotation: Any
    """The type as written, with the declared range."""


@frozen
class Law:
    """A law of the catalogue: the statement with what a person wants to know of it."""

    id: str
    sentence: str
    function: Statement
    module: str
    arguments: tuple[Argument, ...]
    rules: tuple[str, ...]
    """Ids of the rules that the law speaks of."""
    loses: str
    """Who would lose what if the law did not hold."""
    shape: str
    """What is concrete in it: how many accounts, orders or scenarios."""
    assumes: tuple[Ground, ...]
    """What it takes for granted beyond the ranges of its arguments, and why it may."""
    composes: tuple[str, ...]
    """Ids of the laws of which it is the composition: what they say of each step, it says of all steps together."""
    is_canary: bool
    """False on purpose: every engine must refute it in every run."""


_STATED: dict[Statement, Law] = {}


def law(
    id: str,
    sentence: str,
    *,
    rules: tuple[str, ...] = (),
    loses: str = "",
    shape: str = "",
    assumes: tuple[Ground, ...] = (),
    composes: tuple[str, ...] = (),
) -> Callable[[AnyStatement], AnyStatement]:
    """State a law: the function below is claimed of all values of its arguments within their ranges.

    Args:
        id: the rule that it is about and a letter, such as ``MARGIN-4a``.
        sentence: the claim in words.
        rules: ids of the rules covered.
        loses: who would lose what if it did not hold.
        shape: what is concrete: how many accounts, orders, scenarios.
        assumes: the grounds of its assumptions; ranges of arguments need none.
        composes: ids of the laws of which it is the composition.
    """
    return _stating(id, sentence, rules, loses, shape, assumes, composes, is_canary=False)


def canary(
    id: str,
    sentence: str,
    *,
    rules: tuple[str, ...] = (),
    shape: str = "",
    assumes: tuple[Ground, ...] = (),
) -> Callable[[AnyStatement], AnyStatement]:
    """State something false: an engine that does not refute it cannot be believed where it confirms."""
    return _stating(id, sentence, rules, "the belief in every proof of this run", shape, assumes, (), is_canary=True)


def _stating(
    identity: str,
    sentence: str,
    rules: tuple[str, ...],
    loses: str,
    shape: str,
    assumes: tuple[Ground, ...],
    composes: tuple[str, ...],
    *,
    is_canary: bool,
) -> Callable[[AnyStatement], AnyStatement]:
    def record(function: AnyStatement) -> AnyStatement:
        _STATED[function] = Law(
            id=identity,
            sentence=sentence,
            function=function,
            module=function.__module__,
            arguments=arguments_of(function),
            rules=rules,
            loses=loses,
            shape=shape,
            assumes=assumes,
            composes=composes,
            is_canary=is_canary,
        )
        return function

    return record


def arguments_of(function: Callable[..., object]) -> tuple[Argument, ...]:
    """Give the annotated arguments of a law or a rule, in order."""
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    missing = [name for name in parameters if name not in hints]
    if missing:
        raise BadStatement(f"{function.__module__}.{function.__qualname__}: no type for {', '.join(missing)}")
    return tuple(Argument(name, hints[name]) for name in parameters)


def law_of(function: Statement) -> Law:
    """Give the law that this function states."""
    if function not in _STATED:
        raise BadStatement(f"{function!r} states no law: decorate it with @law or @canary")
    return _STATED[function]


def laws_in(modules: tuple[ModuleType, ...]) -> tuple[Law, ...]:
    """Give the laws and canaries that these modules state, by id; an id that stands twice is refused."""
    names = {module.__name__ for module in modules}
    found = sorted((stated for stated in _STATED.values() if stated.module in names), key=lambda stated: stated.id)
    for earlier, later in pairwise(found):
        if earlier.id == later.id:
            raise BadStatement(f"{later.id} is stated twice: {_place(earlier)} and {_place(later)}")
    return tuple(found)


def _place(stated: Law) -> str:
    return f"{stated.module}.{stated.function.__qualname__}"


def catalogue() -> tuple[Law, ...]:
    """Give every law and canary of this package, by id."""
    package = importlib.import_module("settlespec.laws")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return laws_in(tuple(importlib.import_module(f"settlespec.laws.{name}") for name in names))
