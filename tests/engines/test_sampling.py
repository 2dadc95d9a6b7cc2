"""What Hypothesis says of a law, and when it says nothing."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlespec.domain.quantities import MAX_PRICE
from settlespec.engines.arguments import IntegerLeaf, structures_of, within
from settlespec.engines.replaying import replay
from settlespec.engines.sampling import SampleStatus, sample, strategy
from settlespec.laws.statement import BadStatement, Statement, law_of
from tests.engines import examples, unfaithful


@pytest.mark.parametrize(
    ("function", "status"),
    [
        (examples.true_law, SampleStatus.PASSED),
        (examples.shapes_law, SampleStatus.PASSED),
        (examples.hashing_law, SampleStatus.PASSED),
        (examples.false_law, SampleStatus.FALSIFIED),
        (examples.raising_law, SampleStatus.FALSIFIED),
        (examples.lifted_law, SampleStatus.FALSIFIED),
        (examples.caught_canary, SampleStatus.FALSIFIED),
        (examples.vacuous_law, SampleStatus.STARVED),
        (examples.starved_law, SampleStatus.STARVED),
        (examples.silent_law, SampleStatus.STARVED),
    ],
)
def test_each_law_gets_what_the_draws_can_say(function: Statement, status: SampleStatus):
    assert sample(law_of(function), examples=60).status is status


def test_what_falsifies_a_law_falsifies_it_again_on_plain_values():
    found = sample(law_of(examples.false_law))
    assert found.example is not None
    assert replay(law_of(examples.false_law), found.example).refutes


def test_draws_that_miss_the_assumptions_are_not_counted_as_checked():
    found = sample(law_of(examples.vacuous_law), examples=50)
    assert found.checked == 0
    assert found.tried >= 50


def test_a_law_that_is_not_deterministic_is_misstated(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unfaithful, "TURNS", itertools.count())
    with pytest.raises(BadStatement, match="not deterministic"):
        sample(law_of(unfaithful.flaky_law))


def test_a_record_that_its_constructor_refuses_is_not_drawn():
    found = sample(law_of(unfaithful.positive_argument_law))
    assert found.status is SampleStatus.PASSED
    assert found.tried == found.checked


def test_the_same_seed_draws_the_same():
    first, second = (sample(law_of(examples.false_law), seed=7) for _ in range(2))
    assert (first.tried, first.example) == (second.tried, second.example)


@pytest.mark.parametrize("border", [1, 2, MAX_PRICE - 1, MAX_PRICE])
def test_the_borders_of_a_range_are_drawn(border: int):
    drawn: set[int] = set()

    @settings(max_examples=300, database=None, derandomize=True)
    @given(strategy(IntegerLeaf(1, MAX_PRICE)))
    def draw(number: int) -> None:
        drawn.add(number)

    draw()
    assert border in drawn


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.data())
def test_every_draw_lies_within_its_structure(data: st.DataObject):
    for name, structure in structures_of(law_of(examples.shapes_law).arguments).items():
        assert within(structure, data.draw(strategy(structure), label=name))


@settings(max_examples=100, derandomize=True)
@given(st.integers(), st.integers(0, 2**70), st.data())
def test_a_range_anywhere_can_be_drawn_from(low: int, width: int, data: st.DataObject):
    leaf = IntegerLeaf(low, low + width)
    assert within(leaf, data.draw(strategy(leaf)))


@pytest.mark.parametrize("leaf", [IntegerLeaf(None, -500), IntegerLeaf(500, None), IntegerLeaf(None, None)])
def test_a_range_open_on_a_side_can_be_drawn_from(leaf: IntegerLeaf):
    @settings(max_examples=50, database=None, derandomize=True)
    @given(strategy(leaf))
    def draw(number: int) -> None:
        assert within(leaf, number)

    draw()
