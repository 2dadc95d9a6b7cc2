"""How a law is stated, and what it means to whoever calls it with plain values."""

import pickle
from types import ModuleType

import pytest

from settlespec.laws.statement import (
    AssumptionNotMet,
    BadStatement,
    ClaimBroken,
    Law,
    PlainReader,
    assume,
    canary,
    catalogue,
    claim,
    law,
    law_of,
    laws_in,
    read_by,
)
from settlespec.oracle.rulebook import statements
from tests.engines import examples

CATALOGUE = catalogue()

RULE_IDS = {statement.id for statement in statements()}


def test_a_failed_assumption_raises_outside_of_any_reader():
    assume(True)
    with pytest.raises(AssumptionNotMet):
        assume(False)


def test_a_broken_claim_raises_outside_of_any_reader():
    claim(True)
    with pytest.raises(ClaimBroken):
        claim(False)


def test_a_law_is_an_ordinary_function():
    examples.true_law(3, 5, 7)
    with pytest.raises(ClaimBroken):
        examples.false_law(3, 5, 7)


@pytest.mark.parametrize("number", [0, 1, None, "yes"])
def test_an_integer_is_no_condition(number: object):
    with pytest.raises(BadStatement):
        claim(number)  # type: ignore[arg-type]
    with pytest.raises(BadStatement):
        assume(number)  # type: ignore[arg-type]


def test_a_reader_counts_the_claims_that_hold():
    reader = PlainReader()
    with read_by(reader):
        claim(True)
        claim(True)
    claim(True)
    assert reader.claims == 2


def test_a_reader_is_gone_after_its_block_even_if_the_law_fails():
    reader = PlainReader()
    with pytest.raises(ClaimBroken), read_by(reader):
        claim(False)
    claim(True)
    assert reader.claims == 0


def test_an_argument_without_a_type_is_refused():
    def untyped(number):
        claim(number == number)

    with pytest.raises(BadStatement, match="number"):
        law("TEST-UNTYPED", "Says nothing.")(untyped)


def test_a_function_that_states_no_law_is_refused():
    with pytest.raises(BadStatement, match="states no law"):
        law_of(lambda: None)


def test_an_id_that_stands_twice_is_refused_with_both_places():
    module = ModuleType("twice")

    def one(number: int) -> None:
        claim(number == number)

    def other(number: int) -> None:
        claim(number == number)

    one.__module__ = other.__module__ = "twice"
    law("TEST-TWICE", "One.")(one)
    canary("TEST-TWICE", "Other.")(other)
    with pytest.raises(BadStatement, match=r"one.*other"):
        laws_in((module,))


def test_laws_of_other_modules_do_not_enter_the_catalogue():
    assert not [stated for stated in CATALOGUE if stated.id.startswith("TEST-")]
    assert "TEST-TRUE" in {stated.id for stated in laws_in((examples,))}


@pytest.mark.parametrize("stated", CATALOGUE, ids=lambda stated: stated.id)
def test_every_law_says_what_a_person_wants_to_know(stated: Law):
    assert stated.sentence.endswith(".")
    assert stated.rules
    assert stated.loses
    assert stated.function.__doc__
    assert stated.arguments


@pytest.mark.parametrize("stated", CATALOGUE, ids=lambda stated: stated.id)
def test_every_law_speaks_of_rules_that_exist(stated: Law):
    assert set(stated.rules) <= RULE_IDS


@pytest.mark.parametrize("stated", CATALOGUE, ids=lambda stated: stated.id)
def test_every_law_can_travel_to_another_process(stated: Law):
    assert pickle.loads(pickle.dumps(stated)) == stated


def test_at_least_three_canaries_stand_in_the_catalogue():
    assert sum(stated.is_canary for stated in CATALOGUE) >= 3
