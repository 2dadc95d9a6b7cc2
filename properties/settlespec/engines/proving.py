"""A law read for all values at once: its function runs on symbolic arguments, and Z3 decides its claims on every path.

What an answer is worth:
- proved: on every path every claim follows, some plain arguments meet the assumptions, and whatever arguments were found of any
  path were run through the law without breaking it;
- refuted: plain arguments were found, and running the law on them broke a claim;
- vacuous: no arguments at all meet the assumptions;
- bound: there are more paths than were followed;
- unknown: a solver did not decide, or the law does something that has no symbolic reading.
"""

import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import z3
from attrs import field, frozen

from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf, Structure, build, concrete_shapes, structures_of
from settlespec.engines.merging import Unreadable
from settlespec.engines.paths import MOST_PATHS, Ended, Obligation, Purpose, SymbolicPath, explore, following
from settlespec.engines.replaying import Outcome, Replay, replay
from settlespec.engines.solvers import Answer, Patience, decide, decide_at_length, decide_shortly, lemmas_about
from settlespec.engines.symbolic import SymbolicCondition
from settlespec.laws.statement import BadStatement, Law, read_by


class Status(StrEnum):
    """What became of a law."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"
    VACUOUS = "vacuous"
    BOUND = "bound"


class EngineDefect(Exception):
    """The symbolic reading and the plain one disagree: a defect of ours, never an answer about the law."""


@frozen
class Text:
    """One obligation as SMT-LIB 2, with the answer of Z3."""

    purpose: Purpose
    answer: Answer
    smtlib: str
    helped: str
    """The same with lemmas that follow from it, for a solver that does not find them."""


@frozen
class Proof:
    """What the prover says of one law."""

    law: str
    status: Status
    paths: int
    """Paths followed to their end, over all concrete shapes."""
    checks: int
    """Questions put to Z3."""
    seconds: float
    counterexample: Mapping[str, object] | None = None
    """Plain arguments that break the law; running it on them did."""
    witness: Mapping[str, object] | None = None
    """Plain arguments that meet every assumption; running the law on them reached its claims."""
    reason: str = ""
    """Why the law is undecided, or how it is broken."""
    texts: tuple[Text, ...] = field(default=(), repr=False)
    """The obligations, for a second solver."""


SMALL: Final = (3, 100, 10_000)
"""Sizes within which an example is looked for first: a person has to read it."""

SMALL_MILLISECONDS: Final = 150
"""Patience with each of these sizes."""

GLANCE_MILLISECONDS: Final = 100
"""Patience with one path that is looked at only to run the law on it once more."""

MOST_FRUITLESS: Final = 10
"""Glances that may find nothing before no more are cast."""


class _Settled(BaseException):
    """A claim was broken: the law is false, whatever else it says."""


@frozen
class _Found:
    """Plain values for the leaves of the arguments on one path."""

    structures: Mapping[str, Structure]
    values: Mapping[str, int | bool]

    def arguments(self) -> dict[str, Any]:
        """Build the plain arguments."""
        return {name: build(structure, name, self._leaf) for name, structure in self.structures.items()}

    def _leaf(self, name: str, _: IntegerLeaf | ConditionLeaf) -> int | bool:
        return self.values[name]


class _Inquiry:
    """Everything that is learnt about one law."""

    def __init__(self, law: Law, patience: Patience) -> None:
        self.law = law
        self.patience = patience
        self.paths = 0
        self.checks = 0
        self.complete = True
        self.witness: dict[str, Any] | None = None
        self.broken: _Found | None = None
        self.undecided: list[str] = []
        self.doubtful_paths = 0
        """Paths with a claim of which nobody knows whether they can be taken."""
        self.fruitless = 0
        """Glances that found no arguments."""
        self.decided: list[tuple[Obligation, Answer]] = []

    def follow_shape(self, structures: dict[str, Structure], most_paths: int) -> None:
        """Follow every path of one concrete shape, until a claim breaks."""
        exploration = explore(lambda path: self._follow(path, structures), self.patience, most_paths)
        self.paths += exploration.paths
        self.complete = self.complete and exploration.complete

    def _follow(self, path: SymbolicPath, structures: dict[str, Structure]) -> bool:
        reading = _Reading(self, path, structures)
        try:
            with following(path), read_by(reading):
                self.law.function(**_arguments(path, structures))
            reading.look_for_witness()
        except _Settled:
            pass
        except Unreadable:
            reading.unless_unreachable()
            raise
        except BadStatement:
            raise
        except Exception as failure:  # noqa: BLE001 - an exception on a path that can be taken refutes the law
            reading.raised(failure)
        finally:
            self.checks += path.checks
            self.decided.extend((obligation, Answer.UNSATISFIABLE) for obligation in path.pruned)
        if reading.example is not None:
            self._replay_example(reading.example, reading.claims)
        return self.broken is None

    def _replay_example(self, example: _Found, claims: int) -> None:
        """Run the law on what a path was said to admit: it holds there, or the law is false in a way that the path did not show."""
        arguments = example.arguments()
        replayed = replay(self.law, arguments)
        if replayed.refutes:
            self.broken = example
        elif replayed.outcome is not Outcome.HOLDS or replayed.claims != claims:
            raise EngineDefect(f"{self.law.id}: the witness {arguments} does not replay: {replayed}")
        elif self.witness is None and replayed.witnesses:
            self.witness = arguments

    def refutation(self) -> tuple[dict[str, Any], Replay] | None:
        """Give the counterexample, run on plain values; one that does not break the law there is a defect of ours."""
        if self.broken is None:
            return None
        arguments = self.broken.arguments()
        replayed = replay(self.law, arguments)
        if not replayed.refutes:
            raise EngineDefect(f"{self.law.id}: the counterexample {arguments} does not replay: {replayed}")
        return arguments, replayed

    def verdict(self) -> tuple[Status, str]:
        """Say what all paths together come to; nothing undecided counts as proved."""
        if not self.complete:
            return Status.BOUND, f"more than {self.paths} paths"
        if self.undecided:
            return Status.UNKNOWN, "; ".join(dict.fromkeys(self.undecided))
        if self.witness is None:
            if self.doubtful_paths:
                return Status.UNKNOWN, "no arguments that meet the assumptions were found in the time given"
            return Status.VACUOUS, "no arguments meet the assumptions and reach a claim"
        return Status.PROVED, ""


class _Reading:
    """Gives `assume` and `claim` their meaning on one path."""

    def __init__(self, inquiry: _Inquiry, path: SymbolicPath, structures: Mapping[str, Structure]) -> None:
        self.inquiry = inquiry
        self.path = path
        self.structures = structures
        self.example: _Found | None = None
        self.claims = 0

    def assume(self, condition: bool) -> None:
        """Constrain the path."""
        self.path.require(_term(condition))

    def claim(self, condition: bool) -> None:
        """Ask whether the claim can fail on this path; a claim that cannot is known from there on."""
        if self.inquiry.broken is not None:
            raise _Settled  # again: somebody caught it
        self.claims += 1
        holds = _term(condition)
        if self._can_happen(z3.Not(holds), "a claim is undecided"):
            raise _Settled
        self.path.require(holds)

    def raised(self, failure: Exception) -> None:
        """Take an exception: the law is false if this path can be taken."""
        if self.inquiry.broken is not None:
            return
        self._can_happen(z3.BoolVal(True), f"undecided whether this happens: {type(failure).__name__}: {failure}")

    def _can_happen(self, event: Any, otherwise: str) -> bool:
        constraints = [*self.path.constraints, event]
        self.inquiry.checks += 1
        decision = decide_shortly(constraints, self.inquiry.patience)
        if decision.answer is not Answer.UNSATISFIABLE:
            # A small counterexample can be read, and is found sooner than a solver finds out that it cannot prove the claim.
            self.inquiry.broken = self._smallest(constraints)
            if self.inquiry.broken is not None:
                self.inquiry.decided.append(self._obligation(constraints, Answer.SATISFIABLE))
                return True
        if decision.answer is Answer.UNKNOWN:
            self.inquiry.checks += 1
            decision = decide_at_length(constraints, self.inquiry.patience, self.path.lemmas)
        self.inquiry.decided.append(self._obligation(constraints, decision.answer))
        if decision.answer is Answer.UNKNOWN:
            self.inquiry.undecided.append(f"{otherwise} ({decision.reason})")
        if decision.answer is not Answer.SATISFIABLE:
            return False
        self.inquiry.broken = self._found(decision.model)
        return True

    def _obligation(self, constraints: Sequence[Any], answer: Answer) -> tuple[Obligation, Answer]:
        return Obligation(Purpose.CLAIM, tuple(constraints), tuple(self.path.lemmas)), answer

    def unless_unreachable(self) -> None:
        """What no arguments reach need not be readable."""
        self.inquiry.checks += 1
        decision = decide(self.path.constraints, self.inquiry.patience, self.path.lemmas)
        if decision.answer is Answer.UNSATISFIABLE:
            self.inquiry.decided.append(self._obligation(self.path.constraints, decision.answer))
            raise Ended

    def look_for_witness(self) -> None:
        """At the end of a path: look for arguments that meet all of its assumptions, those after a claim too."""
        constraints = self.path.constraints
        if self.inquiry.witness is not None or not self.claims:
            self._glance(constraints)
            return
        self.example = self._smallest(constraints)
        if self.example is None:
            self.inquiry.checks += 1
            decision = decide(constraints, self.inquiry.patience, self.path.lemmas)
            if decision.answer is Answer.SATISFIABLE:
                self.example = self._found(decision.model)
            elif decision.answer is Answer.UNKNOWN:
                self.inquiry.doubtful_paths += 1
            else:
                raise Ended

    def _glance(self, constraints: Sequence[Any]) -> None:
        """Look for any arguments of a path of which the law needs no witness, as long as that costs next to nothing."""
        if self.inquiry.fruitless >= MOST_FRUITLESS:
            return
        solver = z3.Solver()
        solver.set("timeout", GLANCE_MILLISECONDS)
        solver.add(*constraints)
        self.inquiry.checks += 1
        if solver.check() == z3.sat:
            self.example = self._found(solver.model())
        else:
            self.inquiry.fruitless += 1

    def _smallest(self, constraints: Sequence[Any]) -> _Found | None:
        """Look for a model whose integers a person can read."""
        solver = z3.Solver()
        solver.set("timeout", SMALL_MILLISECONDS)
        solver.add(*constraints)
        integers = [variable for variable in self.path.leaves.values() if z3.is_int(variable)]
        for size in SMALL:
            self.inquiry.checks += 1
            if solver.check(*(z3.And(-size <= variable, variable <= size) for variable in integers)) == z3.sat:
                return self._found(solver.model())
        return None

    def _found(self, model: Any) -> _Found:
        values: dict[str, int | bool] = {}
        for name, variable in self.path.leaves.items():
            value = model.eval(variable, model_completion=True)
            values[name] = z3.is_true(value) if z3.is_bool(variable) else value.as_long()
        return _Found(self.structures, values)


def _arguments(path: SymbolicPath, structures: dict[str, Structure]) -> dict[str, Any]:
    """Of values that a record's constructor refuses the law does not speak; which they are no structure says."""
    try:
        return path.arguments(structures)
    except Exception as refused:
        raise Unreadable(f"a constructor refuses some values of an argument: {type(refused).__name__}") from refused


def _term(condition: object) -> Any:
    if isinstance(condition, SymbolicCondition):
        return condition.term
    if condition is True or condition is False:
        return z3.BoolVal(condition)
    raise BadStatement(f"a law assumes and claims conditions, not {type(condition).__name__}")


def prove(law: Law, patience: Patience | None = None, most_paths: int = MOST_PATHS, *, export: bool = False) -> Proof:
    """Prove or refute a law for all values of its arguments within their declared ranges.

    Args:
        law: what to prove.
        patience: milliseconds for each question.
        most_paths: paths to follow for each concrete shape; beyond, the answer is `Status.BOUND`.
        export: whether the obligations are handed over as SMT-LIB 2 for a second solver.

    Raises:
        EngineDefect: a counterexample or a witness did not replay on plain integers.
    """
    started = time.perf_counter()
    inquiry = _Inquiry(law, patience or Patience())
    unreadable = ""
    try:
        for structures in concrete_shapes(structures_of(law.arguments)):
            inquiry.follow_shape(structures, most_paths)
            if inquiry.broken is not None:
                break
    except Unreadable as limit:
        unreadable = f"no symbolic reading: {limit}"
    refutation = inquiry.refutation()
    status, reason = inquiry.verdict()
    if refutation is not None:
        status, reason = Status.REFUTED, refutation[1].failure
    elif unreadable:
        status, reason = Status.UNKNOWN, unreadable
    return Proof(
        law=law.id,
        status=status,
        paths=inquiry.paths,
        checks=inquiry.checks,
        seconds=time.perf_counter() - started,
        counterexample=None if refutation is None else refutation[0],
        witness=inquiry.witness,
        reason=reason,
        texts=tuple(_text(obligation, answer) for obligation, answer in inquiry.decided) if export else (),
    )


def _text(obligation: Obligation, answer: Answer) -> Text:
    lemmas = (*obligation.lemmas, *lemmas_about(obligation.constraints))
    plain, helped = _smtlib(obligation.constraints), _smtlib((*obligation.constraints, *lemmas))
    return Text(obligation.purpose, answer, plain, helped)


def _smtlib(constraints: Sequence[Any]) -> str:
    solver = z3.Solver()
    solver.add(*constraints)
    return str(solver.to_smt2())
