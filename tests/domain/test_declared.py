"""A record holds exactly what its fields declare, or the field that does not is named."""

from enum import StrEnum
from typing import Annotated, Any

import pytest
from attrs import evolve, frozen

from settlespec.domain.declared import fits, mistyped, refuse_mistyped
from settlespec.domain.errors import BadInput


class Colour(StrEnum):
    RED = "red"


class Number(int):
    """Equal to an integer, and none."""


@frozen
class Inner:
    many: tuple[int, ...] = (1, 2)


@frozen
class Outer:
    number: Annotated[int, "a range"] = 1
    text: str | None = "text"
    flag: bool = True
    colour: Colour = Colour.RED
    inner: Inner = Inner()
    inners: tuple[Inner, ...] = (Inner(),)
    anything: object = None


def test_a_record_of_its_types_has_nothing_mistyped() -> None:
    for record in (Outer(), Outer(text=None), Outer(anything=1.5), Outer(inners=()), Outer(inner=Inner(()))):
        assert mistyped(record) is None
        refuse_mistyped(record)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", True),
        ("number", 1.0),
        ("number", "1"),
        ("number", Number(1)),
        ("number", None),
        ("text", b"text"),
        ("flag", 1),
        ("colour", "red"),
        ("inner", None),
        ("inner", Inner([1])),  # type: ignore[arg-type]
        ("inner", Inner((1, 2.0))),  # type: ignore[arg-type]
        ("inners", [Inner()]),
        ("inners", (Inner((True,)),)),
        ("inners", (Inner(), 5)),
    ],
)
def test_a_value_that_is_only_equal_or_alike_is_mistyped(name: str, value: Any) -> None:
    record = evolve(Outer(), **{name: value})
    assert mistyped(record) == name
    with pytest.raises(BadInput, match="is not what this takes") as refused:
        refuse_mistyped(record)
    assert (refused.value.field, bool(refused.value.remedy)) == (name, True)


def test_a_kind_of_a_record_is_not_the_record_itself() -> None:
    @frozen
    class Kind(Outer):
        """Outer, and not exactly."""

    assert fits(Outer(), Outer)
    assert not fits(Kind(), Outer)
    assert fits(Kind(), Outer | Kind)
