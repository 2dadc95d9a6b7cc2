"""The containers of a partial state answer like whole ones, whatever is changed in them."""

from operator import add

import pytest
from immutables import Map

from settlespec.commitment.partial_containers import PartialLadder, PartialMap, PartialTuple
from settlespec.commitment.reads import next_in

ENTRIES = {2: "two", 5: "five", 9: "nine"}


def partial_map() -> PartialMap[str]:
    return PartialMap(ENTRIES.get, lambda key: next_in(sorted(ENTRIES), key), len(ENTRIES))


def test_a_partial_map_answers_like_a_whole_one_after_any_changes() -> None:
    whole, part = Map(ENTRIES), partial_map()
    for change in ((5, None), (7, "seven"), (5, "fünf"), (2, "zwei"), (9, None), (7, None), (7, "sieben")):
        key, value = change
        whole = whole.delete(key) if value is None else whole.set(key, value)
        part = part.delete(key) if value is None else part.set(key, value)
        assert list(part.items()) == sorted(whole.items())
        assert list(part.values()) == [value for _, value in sorted(whole.items())]
        assert len(part) == len(whole)
        assert [key in part for key in range(11)] == [key in whole for key in range(11)]
        assert [part.get(key, "none") for key in range(11)] == [whole.get(key, "none") for key in range(11)]
    mutation = part.mutate()
    mutation[3] = "three"
    assert mutation[3] == mutation.finish()[3] == "three"
    assert 3 not in part


def test_a_partial_map_has_no_entry_that_its_source_has_not() -> None:
    with pytest.raises(KeyError):
        partial_map()[3]
    with pytest.raises(KeyError):
        partial_map().delete(3)


def test_a_partial_ladder_answers_like_a_whole_one_after_any_changes() -> None:
    base = [3, 8, 20]
    for count in (len(base), None):
        keys, part = list(base), PartialLadder(lambda key: next_in(base, key), count)
        for insert, key in (
            (True, 5),
            (False, 8),
            (True, 30),
            (False, 5),
            (True, 8),
            (False, 3),
            (False, 20),
            (True, 1),
        ):
            keys = sorted([*keys, key]) if insert else [each for each in keys if each != key]
            part = part.insert(key) if insert else part.remove(key)
            assert list(part) == keys
            assert len(part) == len(keys)
            assert bool(part) == bool(keys)
            assert part.first() == keys[0]
            assert [part.after(each) for each in range(-1, 32)] == [next_in(keys, each) for each in range(-1, 32)]
            assert [each in part for each in range(32)] == [each in keys for each in range(32)]


def test_an_empty_partial_ladder_has_no_first_key() -> None:
    empty = PartialLadder(lambda _: None, 0)
    assert not empty
    with pytest.raises(IndexError, match="the ladder is empty"):
        empty.first()


def test_a_partial_tuple_fetches_what_it_is_asked_for_and_grows_by_joining() -> None:
    fetched: list[int] = []

    def fetch(place: int) -> str:
        fetched.append(place)
        return str(place)

    part = add(PartialTuple(fetch, 3), ("x", "y"))
    assert (len(part), part[1], part[3]) == (5, "1", "x")
    assert fetched == [1]
    assert list(add(part, ("z",))) == ["0", "1", "2", "x", "y", "z"]
