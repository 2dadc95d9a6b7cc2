"""Asking Z3: short tries of the nonlinear core and of the default solver, then longer ones with lemmas and without.

An answer is unsatisfiable, satisfiable with a model, or unknown with the reason; nobody may take unknown for either.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import combinations, islice
from typing import Any, Final

import z3
from attrs import frozen


class Answer(StrEnum):
    """What a solver says of a conjunction of constraints."""

    SATISFIABLE = "satisfiable"
    UNSATISFIABLE = "unsatisfiable"
    UNKNOWN = "unknown"


@frozen
class Decision:
    """An answer with what goes with it."""

    answer: Answer
    model: Any = None
    """The model of a satisfiable conjunction."""
    reason: str = ""
    """Why it is unknown."""


@frozen
class Patience:
    """Milliseconds that each question may take."""

    branch: int = 500
    """Whether one side of a branch can be reached; an undecided side is kept."""
    nonlinear_core: int = 200
    """The short try of ``qfnra-nlsat``: what it proves, it proves at once."""
    quick: int = 500
    """The first try of the default solver: most that it decides at all it decides in this time."""
    lemmas: int = 5_000
    """The default solver with lemmas about products."""
    default: int = 10_000
    """The default solver by itself, once more."""


MOST_PRODUCT_PAIRS: Final = 60
"""Pairs of products that get a lemma: more lemmas cost the solver more than they tell it."""

MOST_SCALED: Final = 60
"""Inequalities that are given in a scaled form, too, for the same reason."""


def decide(constraints: Sequence[Any], patience: Patience, lemmas: Sequence[Any] = ()) -> Decision:
    """Decide a conjunction by the portfolio.

    Args:
        constraints: terms that must hold together.
        patience: how long each attempt may take.
        lemmas: facts that follow from the constraints, for the attempt that gets help.
    """
    decision = decide_shortly(constraints, patience)
    return decide_at_length(constraints, patience, lemmas) if decision.answer is Answer.UNKNOWN else decision


def decide_shortly(constraints: Sequence[Any], patience: Patience) -> Decision:
    """The short tries, by which most is decided that is decided at all."""
    if products_in(constraints):
        # The nonlinear core works over the reals: no real solution means no integer one, anything else says nothing.
        decision = _ask(z3.Tactic("qfnra-nlsat").solver(), constraints, patience.nonlinear_core)
        if decision.answer is Answer.UNSATISFIABLE:
            return decision
    return _ask(z3.Solver(), constraints, patience.quick)


def decide_at_length(constraints: Sequence[Any], patience: Patience, lemmas: Sequence[Any] = ()) -> Decision:
    """The longer tries, with lemmas and without, of what the short ones left open."""
    if lemmas or products_in(constraints):
        decision = _ask(z3.Solver(), [*constraints, *lemmas, *lemmas_about(constraints)], patience.lemmas)
        if decision.answer is not Answer.UNKNOWN:
            return decision
    return _ask(z3.Solver(), constraints, patience.default)


def _ask(solver: z3.Solver, constraints: Iterable[Any], milliseconds: int) -> Decision:
    solver.set("timeout", milliseconds)
    solver.add(*constraints)
    try:
        answer = solver.check()
    except z3.Z3Exception as failure:
        return Decision(Answer.UNKNOWN, reason=f"the solver failed: {failure}")
    if answer == z3.unsat:
        return Decision(Answer.UNSATISFIABLE)
    if answer == z3.sat:
        return Decision(Answer.SATISFIABLE, model=solver.model())
    return Decision(Answer.UNKNOWN, reason=solver.reason_unknown())


@frozen
class Product:
    """A product of two terms that are not constants."""

    term: Any
    first: Any
    second: Any


def products_in(constraints: Iterable[Any]) -> list[Product]:
    """Give the distinct products of two or more non-constant factors, in the order in which they are met."""
    found: dict[int, Product] = {}
    for term in _subterms(constraints):
        if z3.is_mul(term):
            factors = [factor for factor in term.children() if not z3.is_int_value(factor)]
            for split in range(1, len(factors)):
                product = Product(_times(factors[: split + 1]), _times(factors[:split]), factors[split])
                found.setdefault(product.term.get_id(), product)
    return list(found.values())


def _subterms(constraints: Iterable[Any]) -> Iterator[Any]:
    waiting, seen = list(constraints), set()
    while waiting:
        term = waiting.pop()
        if term.get_id() not in seen:
            seen.add(term.get_id())
            yield term
            waiting.extend(term.children())


def _times(factors: Sequence[Any]) -> Any:
    return factors[0] if len(factors) == 1 else z3.Product(*factors)


def lemmas_about(constraints: Sequence[Any]) -> list[Any]:
    """Give theorems of the integers that speak of the products in these constraints.

    Solvers could find them but seldom look; being true whatever the constraints say, they change no answer.
    """
    products = products_in(constraints)
    return [*_product_lemmas(products), *_scaled_inequalities(constraints, products)]


def _product_lemmas(products: Sequence[Product]) -> Iterator[Any]:
    """The sign of each product, and for two with a common factor that order is kept."""
    for product in products:
        first, second = product.first, product.second
        yield z3.Implies(z3.And(first >= 0, second >= 0), product.term >= 0)
        yield z3.Implies(z3.And(first >= 0, second <= 0), product.term <= 0)
        yield z3.Implies(z3.And(first <= 0, second >= 0), product.term <= 0)
        yield z3.Implies(z3.And(first <= 0, second <= 0), product.term >= 0)
    for pair in list(combinations(products, 2))[:MOST_PRODUCT_PAIRS]:
        yield from _order_lemmas(*pair)


def _order_lemmas(one: Product, other: Product) -> Iterator[Any]:
    for common, left in ((one.first, one.second), (one.second, one.first)):
        for shared, right in ((other.first, other.second), (other.second, other.first)):
            if common.eq(shared):
                yield z3.Implies(z3.And(common >= 0, left <= right), one.term <= other.term)
                yield z3.Implies(z3.And(common >= 0, left >= right), one.term >= other.term)
                yield z3.Implies(z3.And(common <= 0, left <= right), one.term >= other.term)
                yield z3.Implies(z3.And(common <= 0, left >= right), one.term <= other.term)


def _scaled_inequalities(constraints: Sequence[Any], products: Sequence[Product]) -> Iterator[Any]:
    """An inequality stays true when both sides are multiplied by something that is not negative."""
    factors = {factor.get_id(): factor for product in products for factor in (product.first, product.second)}
    variables = [factor for factor in factors.values() if z3.is_const(factor)]
    scaled = ((factor, excess) for excess in _excesses(constraints) for factor in variables)
    for factor, excess in islice(scaled, MOST_SCALED):
        yield z3.Implies(z3.And(factor >= 0, excess >= 0), factor * excess >= 0)


def _excesses(constraints: Iterable[Any]) -> Iterator[Any]:
    """Give left - right of every constraint of the form left >= right that is not a mere bound of one variable."""
    for constraint in constraints:
        if z3.is_and(constraint):
            yield from _excesses(constraint.children())
        elif z3.is_not(constraint):
            yield from (-excess - 1 for excess in _excesses(constraint.children()))
        elif z3.is_ge(constraint) or z3.is_le(constraint) or z3.is_gt(constraint) or z3.is_lt(constraint):
            left, right = constraint.children()
            if not any(z3.is_const(left) and z3.is_int_value(right) for left, right in ((left, right), (right, left))):
                yield _excess(constraint, left, right)


def _excess(constraint: Any, left: Any, right: Any) -> Any:
    if z3.is_ge(constraint):
        return left - right
    if z3.is_gt(constraint):
        return left - right - 1
    return right - left if z3.is_le(constraint) else right - left - 1
