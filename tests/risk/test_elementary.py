"""The elementary functions agree with the platform's library to the last bits, and are the same bits everywhere."""

from hashlib import sha256
from math import erfc, exp, inf, log, sqrt
from random import Random

from settlespec.risk.elementary import density, distribution, exponential, logarithm

DRAWS = 20_000

PINNED = "d3e181a07099e6acc1c40195a5e041f1f5b262c7ab77539b17a18547fc081ffd"
"""SHA-256 over the bits of 4,000 values: whoever computes others would sign another array."""


def test_exponential_and_logarithm_are_within_two_units_of_the_last_place() -> None:
    chance = Random(1)
    for _ in range(DRAWS):
        power = chance.uniform(-700, 700)
        assert abs(exponential(power) / exp(power) - 1) <= 2**-51
        # Near 1 the logarithm is small, and must be as good.
        for value in (exp(chance.uniform(-40, 40)), 1 + chance.uniform(-1e-3, 1e-3)):
            assert abs(logarithm(value) - log(value)) <= 2**-51 * abs(log(value))


def test_the_distribution_is_within_two_units_of_one_and_its_tail_within_a_hundred_millionth_of_itself() -> None:
    chance = Random(2)
    for _ in range(DRAWS):
        value = chance.uniform(-37, 9)
        expected = 0.5 * erfc(-value / sqrt(2))
        assert abs(distribution(value) - expected) <= 2**-51
        assert abs(distribution(value) / expected - 1) <= 1e-8


def test_the_ends_are_exact() -> None:
    assert (exponential(0.0), exponential(-701.0), exponential(-inf)) == (1.0, 0.0, 0.0)
    assert logarithm(1.0) == 0.0
    assert (distribution(inf), distribution(40.0), distribution(-40.0), distribution(-inf)) == (1.0, 1.0, 0.0, 0.0)
    assert density(40.0) == 0.0
    assert density(0.0) == 1 / 2.5066282746310002


def test_every_platform_computes_the_same_bits() -> None:
    digest = sha256()
    for step in range(1_000):
        value = step / 100
        for found in (exponential(-value), logarithm(value + 0.01), distribution(-value), density(value)):
            digest.update(found.hex().encode())
    assert digest.hexdigest() == PINNED
