"""How a shape is stated: a function that builds a state and an operation from the amounts that it is given.

Who reads it decides what an amount is: a symbolic integer for a proof, a plain one for a replay. What a shape writes down itself is
concrete: ids, keys, how many things there are, and the prices at which orders rest, since they are keys of a book.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from attrs import frozen

from settlespec.domain.operations import Operation
from settlespec.domain.quantities import Range
from settlespec.domain.state import State
from settlespec.shapes.assumptions import Assumption


class Amounts(Protocol):
    """Gives a shape its amounts."""

    def integer(self, name: str, limits: Range) -> int:
        """Any integer of a range."""

    def either(self, name: str) -> bool:
        """True or false; the shape may write down another skeleton for each."""

    def assume(self, condition: bool) -> None:
        """Leave out the amounts for which the condition fails; the sentence of the shape says so."""


Skeleton: TypeAlias = Callable[[Amounts], tuple[State, Operation]]


@frozen
class Shape:
    """One shape of the catalogue."""

    row: str
    """The operation that it speaks of, as a row of the matrix."""
    name: str
    sentence: str
    """What is concrete in it."""
    skeleton: Skeleton
    assumes: tuple[Assumption, ...] = ()
    """What is assumed beside the invariants of the state before."""

    @property
    def id(self) -> str:
        """Row and name."""
        return f"{self.row}: {self.name}"


ROWS: Final = (
    "receive",
    "take deposit",
    "take forced withdrawal",
    "take forced order",
    "withdraw",
    "transfer",
    "place",
    "cancel",
    "replace",
    "tick",
    "fix settlement",
    "begin round",
    "round: revalue",
    "round: adopt marks",
    "round: expire",
    "round: default",
    "round: haircut",
    "round: assess",
    "round: close",
    "round: discard",
    "round: liquidate",
    "round: end",
)
"""The operations, those of the inbox by message and those of a round by stage, in the order of the matrix."""

_STATED: Final[dict[str, Shape]] = {}


def shape(
    row: str, name: str, sentence: str, *, assumes: tuple[Assumption, ...] = ()
) -> Callable[[Skeleton], Skeleton]:
    """State a shape: the function below builds it."""

    def record(skeleton: Skeleton) -> Skeleton:
        stated = Shape(row, name, sentence, skeleton, assumes)
        if row not in ROWS:
            raise ValueError(f"no row of the matrix is called {row!r}")
        if stated.id in _STATED:
            raise ValueError(f"{stated.id} is stated twice")
        _STATED[stated.id] = stated
        return skeleton

    return record


def shapes() -> tuple[Shape, ...]:
    """Give every shape of this package, by row."""
    package = importlib.import_module("settlespec.shapes")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(sorted(_STATED.values(), key=lambda stated: (ROWS.index(stated.row), stated.name)))


def shape_called(identity: str) -> Shape:
    """Give the shape of this id."""
    return next(stated for stated in shapes() if stated.id == identity)
