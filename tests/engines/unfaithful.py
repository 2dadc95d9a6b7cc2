"""Laws that only plain integers break: each was proved once, because the symbolic reading was not the plain one.

Beside them stand the true ones that must stay proved.
"""

import contextlib
import itertools
from fractions import Fraction
from typing import Annotated, Any

from attrs import field, frozen, validators

from settlespec.arithmetic import choose, maximum, negate
from settlespec.domain.quantities import Range, Size
from settlespec.engines import paths
from settlespec.laws.statement import assume, claim, law

MAGIC = 123_456_789_123
"""A number that nobody draws by chance."""


def is_integer(number: object) -> bool:
    """A question of a type that no symbolic integer can answer as an integer does."""
    return type(number) is int


@law("TEST-HIDDEN", "A claim that only plain integers break, on one path of two.")
def hidden_law(number: int) -> None:
    if number == MAGIC:
        claim(not is_integer(number))
    else:
        claim(True)


@law("TEST-HIDDEN-SILENCE", "What only plain integers raise, where nothing is claimed.")
def hidden_silence_law(number: int) -> None:
    if number == MAGIC:
        if is_integer(number):
            raise ValueError("it is one")
    else:
        claim(True)


@law("TEST-SWALLOWS", "A broken claim that the law catches, and then one that holds.")
def swallowing_law(number: int) -> None:
    def inner() -> None:
        try:
            claim(number != MAGIC)
        finally:
            return  # noqa: B012 - this is what must not hide it

    inner()
    claim(number == number)


def is_magic(number: int) -> Any:
    """A condition, of the type of whatever reads it."""
    return number == MAGIC


@law("TEST-ONE", "No condition equals 1.")
def condition_is_one_law(number: int) -> None:
    claim(negate(is_magic(number) == 1))


@law("TEST-NOT-ONE", "Every condition differs from 1.")
def condition_is_not_one_law(number: int) -> None:
    claim(is_magic(number) != 1)


@law("TEST-BIT", "A condition and a bit are never both true.")
def condition_is_a_bit_law(number: int, bit: Annotated[int, Range(0, 1)]) -> None:
    claim(negate(is_magic(number) == bit) or bit == 0)


@law("TEST-AMONG", "1 is not among conditions.")
def condition_among_law(number: int) -> None:
    claim(1 not in (is_magic(number),))


@law("TEST-FLOAT", "No integer equals a float.")
def float_law(number: int) -> None:
    claim(negate(number == float(MAGIC)))


@law("TEST-FRACTION", "No fraction equals an integer.")
def fraction_law(number: int) -> None:
    claim(negate(Fraction(MAGIC) == number))


@law("TEST-CAUGHT", "A lookup by a symbolic key that the law catches.")
def catching_law(number: int) -> None:
    try:
        found = {MAGIC: 1}[number]
    except Exception:  # noqa: BLE001 - this is what must not catch it
        found = 0
    claim(found == 0)


@law("TEST-SUPPRESSED", "A range of symbolic length that the law suppresses.")
def suppressing_law(number: int) -> None:
    found = False
    with contextlib.suppress(BaseException):
        found = len(range(number - MAGIC + 1)) == 1 and number == MAGIC
    claim(not found)


@law("TEST-RETURNED", "What cannot be read, hidden by a return.")
def returning_law(number: int) -> None:
    def inner() -> None:
        try:
            claim(number == number)
            assert {number: 1}
        finally:
            return  # noqa: B012 - this is what must not hide it

    inner()
    claim(number == number)


@law("TEST-ENDLESS", "A loop without an end on every path, hidden by a return.")
def endless_law(number: int) -> None:
    def inner() -> None:
        count = 0
        try:
            while count < 3 * paths.MOST_DECISIONS and number != count:
                count += 1
        finally:
            return  # noqa: B012 - this is what must not hide it

    inner()
    claim(number == number)


@frozen
class Positive:
    """A record with a validator that asks for a value."""

    coins: int = field(validator=validators.gt(0))


@frozen
class Unlucky:
    """A record with a validator of its own."""

    coins: int = field()

    @coins.validator
    def _is_lucky(self, _: object, value: int) -> None:
        if value == MAGIC:
            raise ValueError("not this one")


@law("TEST-VALIDATOR", "A record takes every number.")
def validator_law(number: int) -> None:
    claim(Positive(number).coins == number)


@law("TEST-OWN-VALIDATOR", "Another record takes every number.")
def own_validator_law(number: int) -> None:
    claim(Unlucky(number).coins == number)


@law("TEST-VALIDATED", "A record of a positive number is that number.")
def validated_law(number: Size) -> None:
    claim(Positive(number).coins == number)


@law("TEST-REFUSED-ARGUMENT", "A law about records of which some cannot be made.")
def refused_argument_law(record: Unlucky) -> None:
    claim(record.coins != MAGIC)


@law("TEST-POSITIVE-ARGUMENT", "A law about records of which half cannot be made.")
def positive_argument_law(record: Positive) -> None:
    claim(record.coins > 0)


@law("TEST-INSTANCE", "No instance of int is this number.")
def instance_law(number: int) -> None:
    claim(not (isinstance(number, int) and number == MAGIC))


@law("TEST-MATCH", "No number of a pattern is this one.")
def match_law(number: int) -> None:
    match number:
        case int() if number == MAGIC:
            claim(False)
        case _:
            claim(True)


@law("TEST-HAS", "No number has bits.")
def attribute_law(number: int) -> None:
    claim(not (hasattr(number, "bit_length") and number == MAGIC))


@law("TEST-GET", "No number has a numerator.")
def numerator_law(number: int) -> None:
    claim(getattr(number, "numerator", 0) != MAGIC)


@law("TEST-FORMAT", "No number has these digits.")
def format_law(number: int) -> None:
    claim(f"{number}" != str(MAGIC))


@law("TEST-STR", "No sum has these digits.")
def text_law(first: int, second: int) -> None:
    claim(str(first + second) != str(MAGIC))


@law("TEST-REPR", "No pair has these digits.")
def pair_law(first: int, second: int) -> None:
    claim(str((first, second)) != f"({MAGIC}, 1)")


@law("TEST-UNREACHED", "Text on a path that no argument takes.")
def unreached_text_law(number: int) -> None:
    assume((number > 0) & (number < 3))
    if number * number * number == 27:
        raise ValueError(f"a cube of {number}")
    claim(number <= 2)


@frozen
class Raised:
    """A record whose constructor changes what it is given."""

    coins: int = field(converter=lambda value: value + 1)


@frozen
class Squared:
    """A record that works out a field of its own."""

    coins: int
    square: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "square", self.coins * self.coins)

    def with_square(self, square: int) -> "Squared":
        """The same with another square."""
        changed = Squared(self.coins)
        object.__setattr__(changed, "square", square)
        return changed


class Flagged(tuple[Any, ...]):
    """A tuple that holds more than its items."""

    flag: int


def flagged(flag: int) -> Flagged:
    """A tuple of one item, with a flag."""
    made = Flagged((1,))
    made.flag = flag
    return made


@law("TEST-CONVERTER", "A choice between two records never has one more than what both were given.")
def converter_law(first: int, second: int) -> None:
    claim(choose(first > second, Raised(first), Raised(second)).coins != MAGIC + 1)


@law("TEST-CONVERTED", "A choice between two records that raise what they are given has the larger, and one.")
def converted_law(first: int, second: int) -> None:
    claim(choose(first > second, Raised(first), Raised(second)).coins == maximum(first, second) + 1)


@law("TEST-INIT", "What a record works out is never changed.")
def no_init_law(first: int, second: int) -> None:
    record = Squared(first)
    claim(choose(second > 3, record.with_square(second), record.with_square(second)).square != MAGIC)


@law("TEST-FLAG", "A choice between tuples keeps what hangs on them.")
def flagged_law(number: int) -> None:
    claim(choose(number > 3, flagged(number), flagged(3)).flag <= 3)


TURNS = itertools.count()
"""Counts the runs of a law that should not count them."""


@law("TEST-FLAKY", "A claim that breaks once, whatever the number is.")
def flaky_law(number: int) -> None:
    claim(next(TURNS) != 5)


@law("TEST-RESTLESS", "A decision that depends on how often the law was run.")
def restless_law(number: int) -> None:
    claim(number > next(TURNS) or number <= 10**9)
