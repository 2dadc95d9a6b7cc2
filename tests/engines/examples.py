"""Laws for the tests of the engines: true, false, vacuous, undecidable and unreadable ones."""

import os
import time
from typing import Annotated, Literal

from attrs import field, frozen, validators

from settlespec.arithmetic import PPM, ceil_div, floor_div, negate
from settlespec.domain.orders import Side
from settlespec.domain.quantities import Factor, Price, Range, Size
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
