"""The fields of one row, each refused with its place and its name."""

from typing import Final

from attrs import frozen

from settlespec.domain.errors import BadInput
from settlespec.domain.quantities import MAX_DIGITS, Range

SHOWN_CHARACTERS: Final = 40
"""How much of a refused field is repeated to its reader."""


@frozen
class Place:
    """Where a row stands."""

    file: str
    line: int

    def refused(self, problem: str, field: str | None = None, remedy: str | None = None) -> BadInput:
        """The error to raise about this row."""
        return BadInput(problem, file=self.file, line=self.line, field=field, remedy=remedy)


def columns(text: str, names: tuple[str, ...], place: Place) -> list[str]:
    """The fields of a row, as many as the format has names."""
    values = text.split(",")
    if len(values) != len(names):
        raise place.refused(
            f"the row has {len(values)} columns, not {len(names)}", remedy=f"give the columns {','.join(names)}"
        )
    return values


def whole_number(text: str, allowed: Range, place: Place, field: str) -> int:
    """A whole number in plain decimal digits.

    The length is looked at before anything is converted: the time of a conversion grows with the square of the length.
    """
    if len(text) > MAX_DIGITS:
        raise place.refused(
            f"a number of {len(text):,} characters, more than {MAX_DIGITS}", field, "give a number in its range"
        )
    digits = text.removeprefix("-")
    # isdigit alone would let digits of other scripts pass.
    if not (digits.isascii() and digits.isdigit()):
        raise place.refused(f"{shown(text)} is not a whole number", field, "give decimal digits only")
    value = int(text)
    if value not in allowed:
        remedy = "give a positive number" if allowed.low > 0 >= value else "check the units of the column"
        raise place.refused(f"{value} is out of its range of {allowed.low} to {allowed.high}", field, remedy)
    return value


def on_step(price: int, step: int, place: Place) -> None:
    """Refuse a price between two steps."""
    if price % step:
        raise place.refused(
            f"{price} is no multiple of the price step {step}", "price", "mend the price or state the step of this file"
        )


def shown(text: str) -> str:
    """A refused field as its reader sees it, cut to a bearable length."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "...")
