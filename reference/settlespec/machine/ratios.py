"""Exact ratios that are only compared, never computed with."""

from attrs import frozen


@frozen(eq=False)
class Ratio:
    """A ratio with a positive denominator, compared by cross-multiplication; it is never reduced, so that making one costs nothing."""

    numerator: int
    denominator: int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ratio):
            return NotImplemented
        return self.numerator * other.denominator == other.numerator * self.denominator

    def __lt__(self, other: "Ratio") -> bool:
        return self.numerator * other.denominator < other.numerator * self.denominator

    # Equal ratios need not be written alike, and nothing looks one up.
    __hash__ = None  # type: ignore[assignment]
