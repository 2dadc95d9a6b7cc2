"""The portfolio never denies a solution that is there, and its lemmas are true."""

from typing import Any

import z3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlespec.engines.solvers import Answer, Patience, decide, lemmas_about, products_in

VARIABLES = z3.Ints("first second third")
NUMBERS = st.one_of(st.integers(-5, 5), st.integers(-(10**6), 10**6))


@st.composite
def terms(draw: st.DrawFn, depth: int = 2) -> Any:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.one_of(st.sampled_from(VARIABLES), st.integers(-7, 7).map(z3.IntVal)))
    one, other = draw(terms(depth=depth - 1)), draw(terms(depth=depth - 1))
    made = (one + other, one - other, one * other, one * other, z3.If(one >= other, one, other))
    return made[draw(st.integers(0, 4))]


def value_of(term: Any, values: list[int]) -> Any:
    pairs = [(variable, z3.IntVal(value)) for variable, value in zip(VARIABLES, values, strict=True)]
    return z3.simplify(z3.substitute(term, *pairs))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.data(), st.lists(NUMBERS, min_size=3, max_size=3))
def test_a_planted_solution_is_never_denied(data: st.DataObject, values: list[int]):
    constraints = []
    for one, other in data.draw(st.lists(st.tuples(terms(), terms()), min_size=1, max_size=4)):
        constraint = data.draw(st.sampled_from([one < other, one == other, z3.Or(one < other, one > other + 3)]))
        constraints.append(constraint if z3.is_true(value_of(constraint, values)) else z3.Not(constraint))
    patience = Patience(nonlinear_core=100, quick=50, lemmas=50, default=50)
    assert decide(constraints, patience).answer is not Answer.UNSATISFIABLE


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(st.tuples(terms(), terms()), min_size=1, max_size=3), st.lists(NUMBERS, min_size=3, max_size=3))
def test_every_lemma_is_true_of_every_integer(pairs: list[tuple[Any, Any]], values: list[int]):
    constraints = [one >= other for one, other in pairs] + [z3.Not(one < other) for one, other in pairs]
    for lemma in lemmas_about(constraints):
        assert z3.is_true(value_of(lemma, values))


def test_products_of_three_factors_are_taken_apart():
    first, second, third = VARIABLES
    products = products_in([first * second * third >= 2 * first])
    assert {str(product.term) for product in products} == {"first*second", "first*second*third"}


def test_contradictory_constraints_are_unsatisfiable_and_consistent_ones_have_a_model():
    first, second, _ = VARIABLES
    assert decide([first * second < 0, first > 0, second > 0], Patience()).answer is Answer.UNSATISFIABLE
    decision = decide([first * second == 35, first > 1, second > first], Patience())
    assert decision.answer is Answer.SATISFIABLE
    assert (decision.model[first].as_long(), decision.model[second].as_long()) == (5, 7)
