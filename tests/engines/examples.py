"""Laws for the tests of the engines: true, false, vacuous, undecidable and unreadable ones."""

import contextlib
import itertools
import os
import time
from fractions import Fraction
from typing import Annotated, Any, Literal

from attrs import field, frozen, validators

from settlespec.arithmetic import PPM, ceil_div, choose, floor_div, maximum, negate
from settlespec.domain.orders import Side
from settlespec.domain.quantities import Factor, Price, Range, Size
from settlespec.engines import paths
from settlespec.laws.statement import Unbounded, assume, canary, claim, law


@frozen
class Wallet:
    """A record with a validator, a condition and a member."""

    coins: int = field(validator=validators.instance_of(int))
    open: bool
    side: Side


@law("TEST-TRUE", "A fee rounded up covers the exact fee.")
def true_law(price: Price, size: Size, rate: Factor) -> None:
    claim(ceil_div(price * size * rate, PPM) * PPM >= price * size * rate)


@law("TEST-FALSE", "A fee rounded down covers the exact fee.")
def false_law(price: Price, size: Size, rate: Factor) -> None:
    claim(floor_div(price * size * rate, PPM) * PPM >= price * size * rate)


@law("TEST-DEEP", "No product of two primes is 1,022,117.")
def deep_law(first: Price, second: Price) -> None:
    assume((first > 1) & (second >= first))
    claim(negate(first * second == 1009 * 1013))


@law("TEST-VACUOUS", "What is above and below zero is seven.")
def vacuous_law(number: int) -> None:
    assume((number > 0) & (number < 0))
    claim(number == 7)


@law("TEST-LATE", "A claim before an assumption that nothing meets.")
def late_vacuous_law(number: int) -> None:
    claim(number + 1 > number)
    assume(number > number + 1)
    claim(number == 7)


@law("TEST-STEPS", "A claim before an assumption that few arguments meet.")
def stepwise_law(number: Size) -> None:
    claim(number > 0)
    assume(number > 2**30)
    claim(number > 2**29)


@law("TEST-SILENT", "Nothing is claimed.")
def silent_law(number: int) -> None:
    assume(number > 0)


@law("TEST-RAISES", "A division by a rate that may be zero.")
def raising_law(price: Price, rate: Factor) -> None:
    claim(price // rate >= 0)


@law("TEST-HASHES", "A symbolic key.")
def hashing_law(number: int) -> None:
    claim({1: 2}.get(number, 2) == 2)


@law("TEST-FORKS", "The larger of two is one of the two.")
def forking_law(first: int, second: int) -> None:
    larger = max(first, second)
    if larger == first:
        claim(first >= second)
    else:
        claim(larger == second)


@law("TEST-SIDES", "A purse of either side keeps its coins.")
def shapes_law(wallet: Wallet, pair: tuple[Price, Price], kind: Literal["limit", "market"]) -> None:
    claim(wallet.coins + pair[0] > wallet.coins)
    claim(kind in ("limit", "market"))
    claim(wallet.side * wallet.side == 1)


@law("TEST-LIFTED", "Every price is below two to the 40, whatever integer it is.")
def lifted_law(price: Annotated[Price, Unbounded()]) -> None:
    claim(price < 2**40)


@law("TEST-RANGED", "Every price is below two to the 40.")
def ranged_law(price: Price) -> None:
    claim(price < 2**40)


@law("TEST-HARD", "Fermat's last theorem for the third power.")
def hard_law(first: Size, second: Size, third: Size) -> None:
    claim(negate(first**3 + second**3 == third**3))


@law("TEST-STARVED", "What equals one given number of 40 bits is that number.")
def starved_law(size: Size) -> None:
    assume(size == 987_654_321_123)
    claim(size % 10 == 3)


@law("TEST-WORD", "A number where a condition belongs.")
def wordy_law(number: Annotated[int, Range(1, 5)]) -> None:
    claim(number)  # type: ignore[arg-type]


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
    claim(not (is_magic(number) == 1))


@law("TEST-NOT-ONE", "Every condition differs from 1.")
def condition_is_not_one_law(number: int) -> None:
    claim(is_magic(number) != 1)


@law("TEST-BIT", "A condition and a bit are never both true.")
def condition_is_a_bit_law(number: int, bit: Annotated[int, Range(0, 1)]) -> None:
    claim(not (is_magic(number) == bit) or bit == 0)


@law("TEST-AMONG", "1 is not among conditions.")
def condition_among_law(number: int) -> None:
    claim(1 not in (is_magic(number),))


@law("TEST-FLOAT", "No integer equals a float.")
def float_law(number: int) -> None:
    claim(not (number == float(MAGIC)))


@law("TEST-FRACTION", "No fraction equals an integer.")
def fraction_law(number: int) -> None:
    claim(not (Fraction(MAGIC) == number))


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


@law("TEST-SLEEPS", "It takes too long.")
def sleeping_law(number: int) -> None:
    time.sleep(30)
    claim(number == number + 0)


@law("TEST-DIES", "Its process ends.")
def dying_law(number: int) -> None:
    os._exit(3)


@law("TEST-MANY", "Twenty branches.")
def many_paths_law(number: int) -> None:
    found = [place for place in range(20) if number == place]
    claim(len(found) < 2)


@canary("TEST-CANARY", "Every number is even.")
def caught_canary(number: int) -> None:
    claim(number % 2 == 0)


@canary("TEST-SURVIVOR", "A canary that is true: it cannot be refuted.")
def surviving_canary(number: int) -> None:
    claim(number + 1 > number)
