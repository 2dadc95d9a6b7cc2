"""The step itself for all amounts: a shape is built of symbolic integers, and `machine.exchange.step` runs on every way.

The predicates of the catalogue are assumed of the state before and claimed of the step and the state after. Each is followed from the end
of the step on by itself, so that the ways of one do not multiply with those of another. What an answer is worth:
- proved: no way of the predicate, behind any way of the step, tells a violation;
- refuted: plain amounts were found, and the real step on them breaks the real predicate;
- unknown: a solver did not decide, there are too many ways, or the code makes an amount concrete.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import z3
from attrs import define, field, frozen

from settlespec.domain.operations import Operation
from settlespec.domain.outcomes import Accepted, Rejected
from settlespec.domain.quantities import Range
from settlespec.domain.state import State
from settlespec.engines.arguments import ConditionLeaf, IntegerLeaf
from settlespec.engines.judging import AGAIN, OF_ACCEPTED, OF_STATE, SIGNER, Claim
from settlespec.engines.merging import Unreadable
from settlespec.engines.paths import Names, SymbolicPath, explore, following
from settlespec.engines.proving import EngineDefect, Status
from settlespec.engines.rehearsing import rehearse
from settlespec.engines.solvers import Answer, Patience, decide
from settlespec.engines.symbolic import condition_term
from settlespec.invariants.cards import Asked, Card, Step, Violation
from settlespec.invariants.catalogue import CARDS
from settlespec.machine import exchange
from settlespec.shapes.statement import Shape

MOST_WAYS: Final = 400
"""Ways of one shape's step."""

MOST_JUDGING: Final = 200
"""Ways of one predicate behind one way of a step."""

READABLE: Final = (10**3, 10**6)
"""Sizes within which an example is looked for first: a person has to read it."""

READABLE_MILLISECONDS: Final = 200

PATIENCE: Final = Patience()
"""With each question."""


class SymbolicAmounts:
    """Reads a shape for all amounts."""

    def __init__(self, path: SymbolicPath) -> None:
        self.path = path

    def integer(self, name: str, limits: Range) -> Any:
        """Any integer of a range."""
        return self.path.symbolic(name, IntegerLeaf(limits.low, limits.high))

    def either(self, name: str) -> bool:
        """Both, each on ways of its own."""
        return bool(self.path.symbolic(name, ConditionLeaf()))

    def assume(self, condition: bool) -> None:
        """Constrain the way."""
        self.path.require(condition_term(condition))


@define
class Standing:
    """What is known of one invariant in one shape."""

    status: Status = Status.PROVED
    reason: str = ""
    ways: int = 0
    """Ways on which the invariant had something to judge."""
    witnessed: bool = False
    """Whether plain amounts reached the predicate through the real step."""

    def doubt(self, reason: str) -> None:
        """Nobody knows; what is refuted stays so."""
        if self.status is Status.PROVED:
            self.status, self.reason = Status.UNKNOWN, reason

    def refute(self, reason: str) -> None:
        """It is false."""
        self.status, self.reason = Status.REFUTED, reason


@frozen
class Counterexample:
    """Plain amounts that break an invariant, and what the real predicate said of them."""

    invariant: str
    amounts: Mapping[str, int | bool]
    violation: str


@frozen
class Examined:
    """What is known of one shape."""

    shape: str
    accepted: int
    """Ways on which the operation is accepted."""
    rejected: Mapping[str, int]
    """Ways on which it is refused, by reason."""
    checks: int
    seconds: float
    standings: Mapping[str, Standing]
    """By invariant."""
    counterexamples: tuple[Counterexample, ...] = ()
    witness: Mapping[str, int | bool] = field(factory=dict)
    """Plain amounts with which the real step accepts the operation."""
    trouble: str = ""
    """Why nothing, or not everything, is known."""


class _Inquiry:
    """Everything that is learnt about one shape."""

    def __init__(self, shape: Shape, patience: Patience) -> None:
        self.shape = shape
        self.patience = patience
        self.accepted = 0
        self.rejected: Counter[str] = Counter()
        self.checks = 0
        self.standings = {card.id: Standing() for card in CARDS}
        self.counterexamples: list[Counterexample] = []
        self.witness: dict[str, int | bool] = {}
        self.trouble = ""
        self.told: dict[str, tuple[dict[str, int | bool], Violation]] = {}
        """What the plain reading of witnesses violated, with the first amounts that did."""
        self._assumed: dict[tuple[bool, ...], tuple[list[Any], list[Any]]] = {}
        self.names: Names = {}
        """One name means the same quotient on every way of the shape."""

    def follow(self, path: SymbolicPath) -> bool:
        """One way of the step, and behind it every way of every predicate."""
        with following(path, names_terms=True):
            before, operation = self.shape.skeleton(SymbolicAmounts(path))
            self._assume(path, before)
            outcome = self._step(path, before, operation)
        if outcome is None:
            return False
        taken = Step(before, operation, outcome)
        if isinstance(outcome, Accepted):
            self.accepted += 1
            claims: tuple[Claim, ...] = OF_ACCEPTED
        else:
            self.rejected[outcome.reason.value] += 1
            claims = (AGAIN,)
        reached: set[str] = set()
        for claim in claims:
            reached |= self._judge(path, claim, taken)
        for name in reached:
            self.standings[name].ways += 1
        if isinstance(outcome, Accepted) and not self.witness:
            self._look_for_witness(path, Accepted)
        self.checks += path.checks
        return True

    def _step(self, path: SymbolicPath, before: State, operation: Operation) -> Accepted | Rejected | None:
        try:
            return exchange.step(before, operation, SIGNER)
        except Unreadable:
            raise
        except Exception as failure:  # noqa: BLE001 - an exception on a way that can be taken is a defect of the step or of its reading
            self._raised(path, failure)
            return None

    def _raised(self, path: SymbolicPath, failure: Exception) -> None:
        """The step does not answer: a defect of the machine if it does not do so on plain amounts either."""
        said = f"{type(failure).__name__}: {failure}"
        amounts, _ = self._example(path)
        if amounts is not None and rehearse(self.shape, amounts).failure:
            self.counterexamples.append(Counterexample("", amounts, said))
            for standing in self.standings.values():
                standing.refute(f"the step ends in {said}")
        self.trouble = said

    # Predicates

    def _assume(self, path: SymbolicPath, before: State) -> None:
        """The invariants of a state hold of the one before: no way of their predicates that tells a violation is taken."""
        key = tuple(decided.side for decided in path.trail)
        if key not in self._assumed:
            definitions: list[Any] = []
            excluded: list[Any] = []
            for predicate in OF_STATE.values():
                self._ways_to_violate(path, predicate, before, definitions, excluded)
            self._assumed[key] = definitions, excluded
        definitions, excluded = self._assumed[key]
        for term in (*definitions, *excluded):
            path.require(term)

    def _ways_to_violate(
        self, path: SymbolicPath, predicate: Any, before: State, definitions: list[Any], excluded: list[Any]
    ) -> None:
        base = len(path.constraints)

        def follow(way: SymbolicPath) -> bool:
            with following(way, names_terms=True):
                violated = list(predicate(before, Counter()))
            definitions.extend(_definitions(way, base))
            if violated:
                excluded.append(z3.Not(z3.And(*way.decisions)))
            self.checks += way.checks
            return True

        complete = explore(follow, self.patience, MOST_JUDGING, path, self.names).complete
        if not complete:
            raise Unreadable("an invariant of the state before has too many ways")

    def _judge(self, path: SymbolicPath, claim: Claim, taken: Step) -> set[str]:
        """Follow every way of a predicate from the end of the step on; answers the invariants that had something to judge."""
        reached: set[str] = set()

        def follow(way: SymbolicPath) -> bool:
            asked: Asked = Counter()
            with following(way, names_terms=True):
                violations = list(claim.judge(taken, asked))
            told = {card.id for card, count in asked.items() if count}
            reached.update(told)
            if violations:
                self._violated(way, violations)
            elif any(not self.standings[name].witnessed for name in told):
                self._look_for_witness(way, type(taken.outcome))
            self.checks += way.checks
            return True

        try:
            exploration = explore(follow, self.patience, MOST_JUDGING, path, self.names)
            if not exploration.complete:
                self._doubt(claim.cards, f"{claim.name}: more than {MOST_JUDGING} ways")
        except Unreadable as limit:
            self._doubt(claim.cards, f"{claim.name}: {limit}")
        except EngineDefect:
            raise
        except Exception as failure:  # noqa: BLE001 - a predicate without a symbolic reading says nothing, which is what is noted
            self._doubt(claim.cards, f"{claim.name}: {type(failure).__name__}: {failure}")
        return reached

    def _doubt(self, cards: Iterable[Card], reason: str) -> None:
        for card in cards:
            self.standings[card.id].doubt(reason)

    def _violated(self, way: SymbolicPath, violations: list[Violation]) -> None:
        """A way tells violations: they are real if plain amounts take it."""
        names = {violation.invariant for violation in violations}
        if all(self.standings[name].status is Status.REFUTED for name in names):
            return
        amounts, undecided = self._example(way)
        if amounts is None:
            for violation in violations if undecided else ():
                self.standings[violation.invariant].doubt(f"{violation.conjunct}: {undecided}")
            return
        rehearsal = rehearse(self.shape, amounts)
        for violation in violations:
            told = [each for each in rehearsal.violations if each.invariant == violation.invariant]
            if not told:
                raise EngineDefect(f"{self.shape.id}: {amounts} does not replay {violation}: {rehearsal}")
            self.standings[violation.invariant].refute(violation.conjunct)
            self.counterexamples.append(Counterexample(violation.invariant, amounts, str(told[0])))

    # Examples

    def _look_for_witness(self, path: SymbolicPath, answer: type) -> None:
        amounts, _ = self._example(path)
        if amounts is None:
            return
        rehearsal = rehearse(self.shape, amounts)
        if rehearsal.failure or type(rehearsal.outcome) is not answer:
            raise EngineDefect(f"{self.shape.id}: the witness {amounts} does not replay: {rehearsal}")
        for violation in rehearsal.violations:
            self.told.setdefault(violation.invariant, (amounts, violation))
        for card, count in rehearsal.asked.items():
            self.standings[card.id].witnessed |= bool(count)
        if answer is Accepted and not self.witness:
            self.witness = amounts

    def agree(self) -> None:
        """What the plain reading of a witness violates, the symbolic one has not proved."""
        for name, (amounts, violation) in self.told.items():
            if self.standings[name].status is Status.PROVED:
                raise EngineDefect(f"{self.shape.id}: the witness {amounts} does not replay: {violation}")
            if self.standings[name].status is Status.UNKNOWN:
                self.standings[name].refute(violation.conjunct)
                self.counterexamples.append(Counterexample(name, amounts, str(violation)))

    def _example(self, way: SymbolicPath) -> tuple[dict[str, int | bool] | None, str]:
        """Plain amounts that take a way; or None, with the reason if nobody knows whether there are any."""
        integers = [variable for variable in way.leaves.values() if z3.is_int(variable)]
        solver = z3.Solver()
        solver.set("timeout", READABLE_MILLISECONDS)
        solver.add(*way.constraints)
        for size in READABLE:
            self.checks += 1
            if solver.check(*(z3.And(-size <= variable, variable <= size) for variable in integers)) == z3.sat:
                return _values(way, solver.model()), ""
        self.checks += 1
        decision = decide(way.constraints, self.patience, way.lemmas)
        if decision.answer is Answer.SATISFIABLE:
            return _values(way, decision.model), ""
        return None, "" if decision.answer is Answer.UNSATISFIABLE else f"undecided ({decision.reason})"


def _definitions(way: SymbolicPath, base: int) -> Iterator[Any]:
    """The quotients that a way has named behind its base, each under the decisions that came before it.

    A name that nothing else speaks of can always be given its value, so that these constraints leave out no amounts.
    """
    decisions = {term.get_id() for term in way.decisions}
    so_far: list[Any] = []
    for term in way.constraints[base:]:
        if term.get_id() in decisions:
            so_far.append(term)
        else:
            yield z3.Implies(z3.And(*so_far), term) if so_far else term


def _values(way: SymbolicPath, model: Any) -> dict[str, int | bool]:
    values: dict[str, int | bool] = {}
    for name, variable in way.leaves.items():
        value = model.eval(variable, model_completion=True)
        values[name] = z3.is_true(value) if z3.is_bool(variable) else value.as_long()
    return values


def examine_shape(shape: Shape, patience: Patience = PATIENCE, most_ways: int = MOST_WAYS) -> Examined:
    """Run the step on every way of a shape, and judge each.

    Raises:
        EngineDefect: the symbolic reading and the plain one disagree.
    """
    started = time.perf_counter()
    inquiry = _Inquiry(shape, patience)
    try:
        exploration = explore(inquiry.follow, patience, most_ways, names=inquiry.names)
        if not exploration.complete:
            inquiry.trouble = f"more than {most_ways} ways"
    except Unreadable as limit:
        inquiry.trouble = f"no symbolic reading: {limit}"
    if inquiry.trouble:
        for standing in inquiry.standings.values():
            standing.doubt(inquiry.trouble)
    inquiry.agree()
    return Examined(
        shape=shape.id,
        accepted=inquiry.accepted,
        rejected=dict(sorted(inquiry.rejected.items())),
        checks=inquiry.checks,
        seconds=time.perf_counter() - started,
        standings=inquiry.standings,
        counterexamples=tuple(inquiry.counterexamples),
        witness=inquiry.witness,
        trouble=inquiry.trouble,
    )
