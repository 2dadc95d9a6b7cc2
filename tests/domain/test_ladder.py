"""BOOK-1.2: a ladder is a sorted list of integers whose earlier versions stay valid."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from settlespec.domain.ladder import CHUNK, EMPTY_LADDER, Ladder, ladder_of

KEYS = st.integers(min_value=-5, max_value=2**104)
NEAR = st.integers(min_value=0, max_value=40)


class LadderAgainstSortedList(RuleBasedStateMachine):
    """Insertions and removals in any order, beside a plain list that is sorted after each."""

    def __init__(self) -> None:
        super().__init__()
        self.ladder = EMPTY_LADDER
        self.keys: list[int] = []
        self.earlier: list[tuple[Ladder, list[int]]] = []

    @rule(key=KEYS | NEAR)
    def insert(self, key: int) -> None:
        if key not in self.keys:
            self.earlier.append((self.ladder, list(self.keys)))
            self.ladder = self.ladder.insert(key)
            self.keys = sorted([*self.keys, key])

    @rule(start=NEAR, step=st.integers(min_value=1, max_value=3))
    def insert_more_than_a_chunk(self, start: int, step: int) -> None:
        for key in range(1_000 + start, 1_000 + start + step * (CHUNK + 3), step):
            self.insert(key)

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.earlier.append((self.ladder, list(self.keys)))
        key = data.draw(st.sampled_from(self.keys))
        self.ladder = self.ladder.remove(key)
        self.keys = [each for each in self.keys if each != key]

    @rule(key=KEYS | NEAR)
    def ask_for_the_next(self, key: int) -> None:
        behind = [each for each in self.keys if each > key]
        assert self.ladder.after(key) == (behind[0] if behind else None)
        assert (key in self.ladder) == (key in self.keys)

    @invariant()
    def holds_the_keys_in_order(self) -> None:
        assert list(self.ladder) == self.keys
        assert len(self.ladder) == len(self.keys)
        assert bool(self.ladder) == bool(self.keys)
        if self.keys:
            assert self.ladder.first() == self.keys[0]
        assert self.ladder == ladder_of(self.keys)

    @invariant()
    def no_chunk_is_empty_or_too_long(self) -> None:
        assert all(0 < len(chunk) <= CHUNK for chunk in self.ladder.chunks)
        assert self.ladder.firsts == tuple(chunk[0] for chunk in self.ladder.chunks)

    def teardown(self) -> None:
        for ladder, keys in self.earlier[-50:]:
            assert list(ladder) == keys


LadderAgainstSortedList.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestLadderAgainstSortedList = LadderAgainstSortedList.TestCase


@given(st.sets(KEYS, max_size=300))
def test_the_ladder_of_any_keys_is_those_keys_in_order(keys: set[int]) -> None:
    assert list(ladder_of(keys)) == sorted(keys)


@given(st.sets(KEYS, min_size=2, max_size=300))
def test_after_visits_every_key_once(keys: set[int]) -> None:
    ladder = ladder_of(keys)
    assert all(ladder.after(first) == second for first, second in pairwise(sorted(keys)))
    assert ladder.after(max(keys)) is None


@pytest.mark.parametrize("keys", [(), (5,), (5, 9)])
@pytest.mark.parametrize("absent", [4, 6, 10])
def test_a_key_that_is_not_there_cannot_be_removed(keys: tuple[int, ...], absent: int) -> None:
    with pytest.raises(LookupError):
        ladder_of(keys).remove(absent)


def test_nothing_stands_behind_in_an_empty_ladder() -> None:
    assert EMPTY_LADDER.after(0) is None
    assert 0 not in EMPTY_LADDER
    assert not EMPTY_LADDER
