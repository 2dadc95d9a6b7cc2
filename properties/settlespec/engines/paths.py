"""Every way through a function of symbolic arguments, one run per way.

A run follows a plan (the decisions of the way so far) and then decides afresh; each side of a branch that can be
reached, or of which the solver cannot say, is kept for a run of its own. So what holds on every way holds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeAlias

import z3
from attrs import evolve, field, frozen

from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, Structure, build
from settlespec.engines.merging import Unreadable, readable
from settlespec.engines.solvers import Patience
from settlespec.engines.symbolic import PATH, SymbolicCondition, SymbolicInteger

MOST_PATHS: Final = 2_000
"""Ways through one function: a rule of this project has a handful, more is a rule that forks where it should choose."""

MOST_DECISIONS: Final = 10_000
"""Decisions on one way: more is a loop whose end depends on a symbolic value."""


class Ended(BaseException):
    """This way cannot be taken, so nothing is left to be said of it; no code under inspection may catch it."""


class TooManyDecisions(BaseException):
    """This way goes on for longer than the limit."""


class Purpose(StrEnum):
    """Why a conjunction is put to a solver."""

    CLAIM = "claim"
    """The claim fails on this way: must be unsatisfiable."""
    PRUNED = "pruned"
    """This side of a branch is taken: was found unsatisfiable, and left out."""


@frozen
class Obligation:
    """A conjunction that Z3 decided, in a form that anybody can put to any solver."""

    purpose: Purpose
    constraints: tuple[Any, ...]
    lemmas: tuple[Any, ...]
    """What follows from the constraints, and may be told to a solver that needs help."""


@frozen
class Decided:
    """One decision of a way."""

    side: bool
    forks: bool
    """Whether the other side is open too."""
    condition: Any = field(default=None, eq=False)
    """What was decided; a run that follows the plan meets the same."""


Plan: TypeAlias = tuple[Decided, ...]

Names: TypeAlias = dict[tuple[Any, Any], Any]
"""The variable that stands for a quotient, by numerator and denominator."""


class SymbolicPath:
    """One way: the decisions to follow, the constraints met, and the quotients named."""

    def __init__(
        self, plan: Plan, patience: Patience, base: "SymbolicPath | None" = None, names: Names | None = None
    ) -> None:
        """Begin a way.

        Args:
            plan: the decisions to follow.
            patience: of its solver.
            base: a way that this one goes on from: everything that it has met holds here too.
            names: of quotients, shared with other ways: one name means the same quotient on all of them.
        """
        self.plan = plan
        self.names: Names = {} if names is None else names
        self._shares_names = names is not None
        self.trail: list[Decided] = []
        """Every decision of this way, those of the plan first."""
        self.constraints: list[Any] = []
        """What must hold for this way to be the one that is taken."""
        self.lemmas: list[Any] = []
        """What follows from the constraints."""
        self.leaves: dict[str, Any] = {}
        """The variables of the arguments, by the place of each."""
        self.pruned: list[Obligation] = []
        self.checks = 0
        """Questions put to a solver."""
        self.decisions: list[Any] = []
        """Of the constraints those that a branch of this way added; not those of its base."""
        self.names_terms = False
        self._named: list[Any] = []
        """Terms that were written as text: while they live no other term gets the name."""
        self.stopped: BaseException | None = None
        """Why this way was left before its end."""
        self._known: dict[int, bool] = {}
        """What was decided already, by the number of the term."""
        self._atoms: list[Any] = []
        """The terms of these numbers: while they live no other term gets one."""
        self._quotients: dict[tuple[Any, Any], Any] = {}
        self._solver = z3.Solver()
        self._solver.set("timeout", patience.branch)
        if base is not None:
            self._go_on_from(base)

    def _go_on_from(self, base: "SymbolicPath") -> None:
        self.constraints += base.constraints
        self.lemmas += base.lemmas
        self.leaves.update(base.leaves)
        self._known.update(base._known)
        self._atoms += base._atoms
        self._quotients.update(base._quotients)
        self._solver.add(*base.constraints)

    def require(self, term: Any) -> None:
        """Add a constraint to this way."""
        simple = z3.simplify(term)
        if z3.is_false(simple):
            self._stop(Ended())
        self.constraints.append(term)
        self._solver.add(term)
        self._note(simple)

    def _stop(self, why: BaseException) -> NoReturn:
        """Nothing more is followed here, even if the code under inspection goes on."""
        self.stopped = why
        raise why

    def _note(self, simple: Any) -> None:
        """From here on this need not be decided again."""
        holds = not z3.is_not(simple)
        atom = simple if holds else simple.arg(0)
        self._known[atom.get_id()] = holds
        self._atoms.append(atom)

    def branch(self, condition: Any) -> bool:
        """Decide a condition as the plan says, else for a side that can be reached; the other waits for its own run."""
        asked, condition = condition, z3.simplify(condition)
        if z3.is_true(condition):
            return True
        if z3.is_false(condition):
            return False
        known = self._is_known(condition)
        if known is not None:
            return known
        decided = self._decide(asked, condition)
        if len(self.trail) >= MOST_DECISIONS:
            self._stop(TooManyDecisions())
        self.trail.append(decided)
        side = condition if decided.side else z3.Not(condition)
        self.require(side)
        self.decisions.append(side)
        return decided.side

    def _is_known(self, condition: Any) -> bool | None:
        """What was decided of the same term before, or of its negation."""
        negated = z3.is_not(condition)
        known = self._known.get((condition.arg(0) if negated else condition).get_id())
        return known if known is None else known is not negated

    def _decide(self, asked: Any, condition: Any) -> Decided:
        if len(self.trail) < len(self.plan):
            return self._planned(asked)
        holds, fails = self._reachable(condition), self._reachable(z3.Not(condition))
        if not (holds or fails):
            self._stop(Ended())
        return Decided(side=holds, forks=holds and fails, condition=asked)

    def _planned(self, asked: Any) -> Decided:
        """Quotients whose names other ways share are numbered as they come, so of these the terms say nothing."""
        planned = self.plan[len(self.trail)]
        if not self._shares_names and planned.condition is not None and not planned.condition.eq(asked):
            raise Unreadable("the code is not deterministic: the same decisions led to another one")
        return planned

    def _reachable(self, condition: Any) -> bool:
        """An undecided side is kept: leaving it out would prove what nobody has looked at."""
        self.checks += 1
        if self._solver.check(condition) != z3.unsat:
            return True
        self.pruned.append(Obligation(Purpose.PRUNED, (*self.constraints, condition), tuple(self.lemmas)))
        return False

    def quotient(self, numerator: Any, denominator: Any) -> Any:
        """Name the quotient of a division rounded towards minus infinity; the denominator is not zero on this way.

        A name with two inequalities instead of the solver's own division, which rounds otherwise for negative divisors.
        """
        if self.branch(denominator < 0):
            numerator, denominator = -numerator, -denominator
        numerator, denominator = z3.simplify(numerator), z3.simplify(denominator)
        if z3.is_int_value(numerator) and z3.is_int_value(denominator):
            return z3.IntVal(numerator.as_long() // denominator.as_long())
        known = self._quotients.get((numerator, denominator))
        if known is not None:
            return known
        named = self.names.setdefault((numerator, denominator), z3.Int(f"quotient!{len(self.names)}"))
        remainder = numerator - denominator * named
        self.require(z3.And(remainder >= 0, remainder < denominator))
        self._lemmas_of_quotient(numerator, denominator, named)
        self._quotients[(numerator, denominator)] = named
        return named

    def _lemmas_of_quotient(self, numerator: Any, denominator: Any, named: Any) -> None:
        """A quotient has its numerator's sign, and of two with one denominator the larger numerator has the larger."""
        self.lemmas.append((numerator >= 0) == (named >= 0))
        for (earlier, divisor), quotient in self._quotients.items():
            if divisor.eq(denominator):
                self.lemmas.append(z3.Implies(earlier <= numerator, quotient <= named))
                self.lemmas.append(z3.Implies(earlier >= numerator, quotient >= named))

    def text(self, term: Any) -> str:
        """Give the name of a term, which no other term has; one that differs may equal it nevertheless.

        Good for what is signed and for what is told of a violation, of which the plain reading has the last word.
        """
        if not self.names_terms:
            raise Unreadable("a symbolic integer or condition was written as text")
        self._named.append(term)
        return f"term!{term.get_id()}"

    def symbolic(self, name: str, leaf: IntegerLeaf | ConditionLeaf) -> SymbolicInteger | SymbolicCondition:
        """Give the symbolic value of one leaf of an argument; its range is a constraint."""
        if isinstance(leaf, ConditionLeaf):
            flag = self.leaves[name] = z3.Bool(name)
            return SymbolicCondition(flag)
        variable = self.leaves[name] = z3.Int(name)
        if leaf.low is not None:
            self.require(variable >= leaf.low)
        if leaf.high is not None:
            self.require(variable <= leaf.high)
        return SymbolicInteger(variable)

    def arguments(self, structures: dict[str, Structure]) -> dict[str, Any]:
        """Give symbolic arguments of these structures."""
        return {name: build(structure, name, self.symbolic) for name, structure in structures.items()}

    def alternatives(self) -> Iterator[Plan]:
        """Give the plans of the sides that this run left open, those of its own plan excepted."""
        for place in range(len(self.plan), len(self.trail)):
            if self.trail[place].forks:
                yield (*self.trail[:place], evolve(self.trail[place], side=not self.trail[place].side, forks=False))


@contextmanager
def following(path: SymbolicPath, *, names_terms: bool = False) -> Iterator[None]:
    """Run the block on this path.

    Args:
        path: to follow.
        names_terms: whether a symbol written as text has a name; elsewhere it has no text, so that no law compares one.
    """
    path.names_terms = names_terms
    token = PATH.set(path)
    try:
        with readable():
            yield
    finally:
        PATH.reset(token)
        if path.stopped is not None:
            raise path.stopped


@frozen
class Exploration:
    """What the ways through a function came to."""

    paths: int
    """Ways followed to their end."""
    complete: bool
    """Whether every way was followed."""


def explore(
    follow: Callable[[SymbolicPath], bool],
    patience: Patience,
    most_paths: int = MOST_PATHS,
    base: SymbolicPath | None = None,
    names: Names | None = None,
) -> Exploration:
    """Run `follow` once per way; it answers False to stop early.

    `follow` runs the code inside ``following(path)`` and lets `Ended` through. All ways go on from the base, if there is one, and
    share the names of quotients, if there are any.
    """
    waiting: list[Plan] = [()]
    runs = paths = 0
    while waiting:
        if runs >= most_paths:
            return Exploration(paths, complete=False)
        runs += 1
        path = SymbolicPath(waiting.pop(), patience, base, names)
        try:
            goes_on = follow(path)
            paths += 1
        except Ended:
            goes_on = True
        except TooManyDecisions:
            return Exploration(paths, complete=False)
        if not goes_on:
            return Exploration(paths, complete=True)
        waiting.extend(path.alternatives())
    return Exploration(paths, complete=True)
