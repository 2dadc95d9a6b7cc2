"""Two ladders of the same keys are equal, however the keys came in."""

from random import Random

from settlespec.domain.ladder import CHUNK, EMPTY_LADDER, ladder_of


def test_ladders_of_the_same_keys_are_equal_and_hash_alike_whatever_the_order_of_insertion() -> None:
    keys = list(range(3 * CHUNK))
    Random(1).shuffle(keys)
    grown = EMPTY_LADDER
    for key in keys:
        grown = grown.insert(key)
    built = ladder_of(keys)
    assert grown.chunks != built.chunks
    assert grown == built
    assert hash(grown) == hash(built)


def test_ladders_that_differ_in_one_key_are_not_equal() -> None:
    assert ladder_of((1, 2, 3)) != ladder_of((1, 2, 4))
    assert ladder_of((1, 2, 3)) != ladder_of((1, 2))
    assert ladder_of((1,)) != (1,)
