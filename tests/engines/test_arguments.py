"""What annotations admit, and which of them are refused instead of being read as something else."""

import builtins
from enum import Flag, IntEnum, IntFlag, auto
from typing import Annotated, Any

import pytest
from attrs import frozen

from settlespec.domain.quantities import MAX_PRICE, Price, Range
from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, OneOf, RecordOf, TupleOf, structure_of
from settlespec.laws.statement import BadStatement, Only, Unbounded


class Right(Flag):
    READ = auto()
    WRITE = auto()


class Bit(IntFlag):
    LOW = 1
    HIGH = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@frozen
class Box:
    price: Annotated[int, Range(0, 9)]
    level: Level
    open: bool
    label: bytes = b""


@pytest.mark.parametrize(
    ("annotation", "structure"),
    [
        (int, IntegerLeaf(None, None)),
        (Price, IntegerLeaf(1, MAX_PRICE)),
        (Annotated[Price, Unbounded()], IntegerLeaf(None, None)),
        (Annotated[Price, Range(5, 7)], IntegerLeaf(5, 7)),
        (Annotated[Price, Range(-5, 7)], IntegerLeaf(1, 7)),
        (Annotated[Annotated[int, Range(0, 5)], Range(3, 9)], IntegerLeaf(3, 5)),
        (Annotated[Price, Unbounded(), Range(-5, 7)], IntegerLeaf(-5, 7)),
        (bool, ConditionLeaf()),
        (None, OneOf((None,))),
        (Level, OneOf((Level.LOW, Level.HIGH))),
        (tuple[bool, Annotated[int, Range(1, 2)]], TupleOf((ConditionLeaf(), IntegerLeaf(1, 2)))),
        (
            Annotated[Box, Only("price", 7), Only("label", b"x")],
            RecordOf(
                Box,
                (
                    ("price", OneOf((7,))),
                    ("level", OneOf((Level.LOW, Level.HIGH))),
                    ("open", ConditionLeaf()),
                    ("label", OneOf((b"x",))),
                ),
            ),
        ),
    ],
)
def test_an_annotation_says_what_an_argument_may_be(annotation: Any, structure: object):
    assert structure_of(annotation) == structure


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (Right, "is a Flag"),
        (Bit, "is a Flag"),
        (tuple[bool, Right], "is a Flag"),
        (Annotated[int, builtins.range(1, 5)], "range.1, 5. says nothing of an integer"),
        (Annotated[int, "a price"], "says nothing of an integer"),
        (Annotated[int, Only("price", 7)], "says nothing of an integer"),
        (Annotated[Price, Range(-5, 0)], "leaves no integer"),
        (Annotated[int, Range(5, 1)], "leaves no integer"),
        (Annotated[tuple[int, int], Range(1, 5)], "says nothing of such an argument"),
        (Annotated[bool, Range(0, 1)], "says nothing of such an argument"),
        (Annotated[Level, Range(1, 1)], "says nothing of such an argument"),
        (Annotated[Box, Range(1, 5)], "says nothing of a Box"),
        (Annotated[Box, Only("size", 7)], "no field size"),
        (Annotated[Box, Only("price", 99)], "99 is no value of Box.price"),
        (Annotated[Box, Only("price", True), Only("label", b"x")], "True is no value of Box.price"),
        (Annotated[Box, Only("level", 3), Only("label", b"x")], "3 is no value of Box.level"),
        (Annotated[Box, Only("open", 1), Only("label", b"x")], "1 is no value of Box.open"),
        (Annotated[Box, Only("label", "x")], "'x' is no value of Box.label"),
        (str, "no engine can vary"),
    ],
)
def test_an_annotation_that_would_be_read_as_something_else_is_refused(annotation: Any, problem: str):
    with pytest.raises(BadStatement, match=problem):
        structure_of(annotation)
