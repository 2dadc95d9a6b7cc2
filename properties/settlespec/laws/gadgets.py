"""Laws of the gadgets: their constraints admit the right answer and no other, and honest values always meet them.

The gadgets are called as the circuit calls them, with a system that assumes what is demanded (soundness: the auxiliary values are
whatever a prover likes) or claims it (completeness: they are the honest ones). A field element is the integer that it stands for,
and what is demanded of it holds up to multiples of the field's order.
"""

from typing import Annotated, TypeAlias

from settlespec.arithmetic import choose, floor_div
from settlespec.domain.quantities import Range
from settlespec.engines import gadgets
from settlespec.engines.gadgets import Solve
from settlespec.engines.intervals import HALF, LARGEST_RANGE, MODULUS, product_bounds, quotient_bounds, signed
from settlespec.laws.statement import assume, canary, case, claim, implied, law, world

Element: TypeAlias = Annotated[int, Range(-HALF, HALF)]
"""Any field element, as the integer nearest to zero."""

Bit: TypeAlias = Annotated[int, Range(0, 1)]
"""A condition: what CIRCUIT-2a leaves of an element."""

Limit: TypeAlias = Annotated[int, Range(1, LARGEST_RANGE)]
"""The end of a range. The laws hold for every limit, of which the circuit uses the powers of two."""

FORGES = "everybody: a prover could state another answer than the rule's"
STALLS = "liveness: an honest prover would have no witness"


MET = case("every constraint holds, whatever the prover names")
PRIME = world(
    "the order of the field is prime, so that a product is zero only where a factor is, and all but zero has an inverse"
)
BITS = implied(
    "CIRCUIT-3",
    "what has as many bits as a range is in it: law CIRCUIT-3a, and inside of that its induction hypothesis",
)
CONGRUENT = case("the two are equal in the field")
TRACKED = implied("CIRCUIT-1", "interval tracking knows the bounds of each value, and builds what they need")
NO_WRAP = implied("CIRCUIT-1", "interval tracking refuses to build what could leave the interval")
POWER = case("the end of the range is a power of two: one, or twice the one before")
IN_RANGE = case("the value is in the range")


def within_half(value: int) -> bool:
    """Interval tracking refuses to build a circuit in which this could fail."""
    return (value >= -HALF) & (value <= HALF)


class Arbitrary:
    """A system of which a dishonest prover names the auxiliary values, in the order in which they are asked for."""

    def __init__(self, *named: int) -> None:
        self._named = iter(named)

    def auxiliary(self, solve: Solve, low: int, high: int) -> int:
        """Whatever the prover likes; nothing is known of its bounds."""
        return next(self._named)

    def inverse(self, value: int) -> int:
        """Whatever the prover likes."""
        return next(self._named)

    def require(self, first: int, second: int, product: int) -> None:
        """A constraint says something of residues."""
        assume((first * second - product) % MODULUS == 0, MET)
        if type(product) is int and product == 0:
            # Euclid's lemma for this product: the order of the field is prime (a test shows its certificate).
            assume((first % MODULUS == 0) | (second % MODULUS == 0), PRIME)

    def require_range(self, value: int, limit: int) -> int:
        """What `decompose` guarantees (CIRCUIT-3a)."""
        assume(value % MODULUS < limit, BITS)
        return value


class Honest:
    """A system of which every auxiliary value is the one that the gadget solves for."""

    def __init__(self, inverse: int = 0) -> None:
        self._inverse = inverse

    def auxiliary(self, solve: Solve, low: int, high: int) -> int:
        """The honest value, which lies between the bounds that the gadget states of it."""
        value = solve(lambda wire: wire)
        claim((low <= value) & (value <= high))
        return value

    def inverse(self, value: int) -> int:
        """The inverse, of which the law says what it is."""
        return self._inverse

    def require(self, first: int, second: int, product: int) -> None:
        """The constraint is met."""
        claim((first * second - product) % MODULUS == 0)

    def require_range(self, value: int, limit: int) -> int:
        """The value is in range, so that it has bits (CIRCUIT-3b)."""
        claim((value >= 0) & (value < limit))
        return value


@law(
    "CIRCUIT-1a",
    "Within the interval, what is equal in the field is equal.",
    rules=("CIRCUIT-1",),
    loses=FORGES,
    shape="two values and their bounds",
    assumes=(CONGRUENT,),
)
def congruent_integers_within_the_interval_are_equal(first: Element, second: Element) -> None:
    """So a constraint between tracked values speaks of integers."""
    assume((first - second) % MODULUS == 0, CONGRUENT)
    claim(first == second)


@law(
    "CIRCUIT-1b",
    "A product lies between its bounds.",
    rules=("CIRCUIT-1.2",),
    loses=FORGES,
    shape="two values and their bounds",
    assumes=(TRACKED,),
)
def a_product_lies_between_its_bounds(
    first: int, second: int, first_low: int, first_high: int, second_low: int, second_high: int
) -> None:
    """For factors of either sign."""
    assume((first_low <= first) & (first <= first_high) & (second_low <= second) & (second <= second_high), TRACKED)
    low, high = product_bounds(first_low, first_high, second_low, second_high)
    product = first * second
    claim((first_low * second >= low) & (first_high * second >= low))
    claim((first_low * second <= high) & (first_high * second <= high))
    claim((low <= product) & (product <= high))


@law(
    "CIRCUIT-1c",
    "A quotient lies between its bounds.",
    rules=("CIRCUIT-1.3",),
    loses=FORGES,
    shape="two values and their bounds",
    assumes=(TRACKED,),
)
def a_quotient_lies_between_its_bounds(
    numerator: int, divisor: int, low: int, high: int, least: int, largest: int
) -> None:
    """For a positive divisor."""
    assume((low <= numerator) & (numerator <= high) & (least >= 1) & (least <= divisor) & (divisor <= largest), TRACKED)
    lowest, highest = quotient_bounds(low, high, least, largest)
    quotient = floor_div(numerator, divisor)
    claim((lowest < 0) == (low < 0))
    claim((highest < 0) == (high < 0))
    # Each bound belongs to the divisor that is farthest off on its side; a second solver does not see that by itself.
    claim((low >= 0) | ((divisor - least) * lowest <= 0))
    claim((low < 0) | ((largest - divisor) * lowest >= 0))
    claim((high >= 0) | ((largest - divisor) * (highest + 1) <= 0))
    claim((high < 0) | ((divisor - least) * (highest + 1) >= 0))
    claim(lowest * divisor <= low)
    claim(high < (highest + 1) * divisor)
    claim((lowest <= quotient) & (quotient <= highest))


@law(
    "CIRCUIT-2a",
    "A value that is demanded to be a condition is 0 or 1.",
    rules=("CIRCUIT-2",),
    loses=FORGES,
    shape="one condition",
    assumes=(MET, PRIME),
)
def a_condition_is_zero_or_one(value: Element) -> None:
    """No other element has a product of zero with what it lacks of 1."""
    gadgets.require_condition(Arbitrary(), value)
    claim((value == 0) | (value == 1))


@law("CIRCUIT-2b", "Both conditions are admitted.", rules=("CIRCUIT-2",), loses=STALLS, shape="one condition")
def zero_and_one_are_conditions(value: Bit) -> None:
    """The completeness of CIRCUIT-2."""
    gadgets.require_condition(Honest(), value)


@law(
    "CIRCUIT-3a",
    "What has as many bits as a range is in the range.",
    rules=("CIRCUIT-3",),
    loses=FORGES,
    shape="one value, by induction over its bits",
    assumes=(POWER, MET, PRIME, BITS),
)
def what_is_decomposed_is_in_range(value: Element, limit: Limit, bit: Element) -> None:
    """For any field element in place of the topmost bit, by induction: half of the range is what the other bits guarantee."""
    assume((limit == 1) | (limit % 2 == 0), POWER)
    gadgets.decompose(Arbitrary(bit), value, limit)
    claim((value >= 0) & (value < limit))


@law(
    "CIRCUIT-3b",
    "What is in a range has as many bits.",
    rules=("CIRCUIT-3",),
    loses=STALLS,
    shape="one value, by induction over its bits",
    assumes=(POWER, IN_RANGE),
)
def what_is_in_range_can_be_decomposed(value: int, limit: Limit) -> None:
    """The completeness of CIRCUIT-3, by the same induction."""
    assume((limit == 1) | (limit % 2 == 0), POWER)
    assume((value >= 0) & (value < limit), IN_RANGE)
    gadgets.decompose(Honest(), value, limit)


@law(
    "CIRCUIT-4a",
    "A value that is demanded between two bounds is.",
    rules=("CIRCUIT-4",),
    loses=FORGES,
    shape="one value",
    assumes=(TRACKED, BITS),
)
def a_bounded_value_lies_between_its_bounds(value: Element, low: Element, high: Element, limit: Limit) -> None:
    """For any field element."""
    assume((low <= high) & (high - low < limit), TRACKED)
    gadgets.require_between(Arbitrary(), value, low, high, limit)
    claim((low <= value) & (value <= high))


@law(
    "CIRCUIT-4b",
    "A value between two bounds is admitted.",
    rules=("CIRCUIT-4",),
    loses=STALLS,
    shape="one value",
    assumes=(TRACKED,),
)
def a_value_between_its_bounds_is_admitted(value: int, low: int, high: int, limit: int) -> None:
    """The completeness of CIRCUIT-4."""
    assume((low <= value) & (value <= high) & (high - low < limit), TRACKED)
    gadgets.require_between(Honest(), value, low, high, limit)


@law(
    "CIRCUIT-5a",
    "A product within the interval is that of the integers.",
    rules=("CIRCUIT-5",),
    loses=FORGES,
    shape="one product",
    assumes=(NO_WRAP, MET),
)
def a_product_is_that_of_the_integers(first: Element, second: Element, named: Element) -> None:
    """Whatever the prover names for it."""
    assume(within_half(first * second), NO_WRAP)
    claim(gadgets.product(Arbitrary(named), first, second, -HALF, HALF) == first * second)


@law(
    "CIRCUIT-5b",
    "Every product is admitted.",
    rules=("CIRCUIT-5",),
    loses=STALLS,
    shape="one product",
    assumes=(TRACKED,),
)
def every_product_is_admitted(first: int, second: int, low: int, high: int) -> None:
    """The completeness of CIRCUIT-5."""
    assume((low <= first * second) & (first * second <= high), TRACKED)
    gadgets.product(Honest(), first, second, low, high)


@law(
    "CIRCUIT-6a",
    "A selection is the one or the other, as the condition says.",
    rules=("CIRCUIT-6",),
    loses=FORGES,
    shape="one selection",
    assumes=(MET, PRIME),
)
def a_selection_follows_its_condition(condition: Bit, first: Element, second: Element, named: Element) -> None:
    """Whatever the prover names for it."""
    answer = gadgets.selected(Arbitrary(named), condition, first, second, -HALF, HALF)
    claim(answer == choose(condition == 1, first, second))


@law(
    "CIRCUIT-6b",
    "Every selection is admitted.",
    rules=("CIRCUIT-6",),
    loses=STALLS,
    shape="one selection",
    assumes=(TRACKED,),
)
def every_selection_is_admitted(condition: Bit, first: int, second: int, low: int, high: int) -> None:
    """The completeness of CIRCUIT-6."""
    assume((low <= first) & (first <= high) & (low <= second) & (second <= high), TRACKED)
    gadgets.selected(Honest(), condition, first, second, low, high)


@law(
    "CIRCUIT-7a",
    "Equality with zero has one answer, the right one.",
    rules=("CIRCUIT-7",),
    loses=FORGES,
    shape="one value",
    assumes=(MET, PRIME),
)
def equality_with_zero_is_decided(value: Element, named: Element, inverse: Element) -> None:
    """Whatever the prover names for the answer and the inverse."""
    answer = gadgets.is_zero(Arbitrary(named, inverse), value)
    claim(answer == choose(value == 0, 1, 0))


@law(
    "CIRCUIT-7b",
    "Equality with zero is admitted for every value.",
    rules=("CIRCUIT-7",),
    loses=STALLS,
    shape="one value",
    assumes=(PRIME,),
)
def equality_with_zero_can_be_shown(value: Element, inverse: Element) -> None:
    """The completeness of CIRCUIT-7: every element but zero has an inverse, since the order of the field is prime."""
    assume(choose(value == 0, inverse == 0, (value * inverse - 1) % MODULUS == 0), PRIME)
    gadgets.is_zero(Honest(inverse), value)


@law(
    "CIRCUIT-8a",
    "A comparison with zero has one answer, the right one.",
    rules=("CIRCUIT-8",),
    loses=FORGES,
    shape="one comparison",
    assumes=(TRACKED, MET, PRIME, BITS),
)
def a_comparison_is_decided(value: Element, limit: Limit, named: Element) -> None:
    """Whatever the prover names for the answer."""
    assume((-limit <= value) & (value < limit), TRACKED)
    answer = gadgets.is_not_negative(Arbitrary(named), value, limit)
    claim(answer == choose(value >= 0, 1, 0))


@law(
    "CIRCUIT-8b",
    "A comparison with zero is admitted for every value.",
    rules=("CIRCUIT-8",),
    loses=STALLS,
    shape="one comparison",
    assumes=(TRACKED,),
)
def a_comparison_can_be_shown(value: Element, limit: Limit) -> None:
    """The completeness of CIRCUIT-8."""
    assume((-limit <= value) & (value < limit), TRACKED)
    gadgets.is_not_negative(Honest(), value, limit)


@canary(
    "CANARY-4",
    "A product that is right in the field is right.",
    rules=("CIRCUIT-5",),
    shape="one product",
    assumes=(MET,),
)
def a_product_may_wrap(first: Element, second: Element) -> None:
    """False as soon as the product leaves the interval: what interval tracking is for."""
    named = signed(first * second % MODULUS)
    claim(gadgets.product(Arbitrary(named), first, second, -HALF, HALF) == first * second)
