"""What the laws say of one mutant: who breaks, whether it is the rule itself, or whether nobody tells it from the rule.

Each question is asked in a process of its own, in which the mutant stands in place of the rule. Laws are asked by plain arguments,
which costs milliseconds, and by more where no law broke: all of them, since a mutant that only one law notices says that this law is
needed. The prover is asked only where still none broke, so that a busy machine, on which it does not come to an end in time, kills no
less.
"""

from collections.abc import Sequence
from enum import StrEnum
from importlib import import_module
from itertools import islice
from types import ModuleType
from typing import Final

from attrs import evolve, field, frozen

from settlespec.engines.calling import LawCalls
from settlespec.engines.drawing import draws
from settlespec.engines.equivalence import Declared, prove_equal
from settlespec.engines.killable import Died, TimeUp, run_killably
from settlespec.engines.mutating import Mutant
from settlespec.engines.planting import plant
from settlespec.engines.proving import EngineDefect, Proof, Status, prove
from settlespec.engines.replaying import Outcome, replay
from settlespec.engines.solvers import Patience
from settlespec.laws.statement import BadStatement, Law, catalogue, laws_in

SECONDS_OF_DRAWING: Final = 600.0
"""Limit for the plain arguments of all laws about one mutant: it is reached by a mutant that makes a rule run for ever, and by no other."""

SHORT: Final = Patience(branch=300, nonlinear_core=150, quick=500, lemmas=1_500, default=1_500)
"""Patience with a law about a mutant: there are hundreds, and most that break break at once."""


@frozen
class Effort:
    """How hard the laws are asked."""

    seed: int = 0
    enough_draws: int = 200
    """Plain arguments for each law that meet its assumptions and reach a claim."""
    most_draws: int = 1_000
    """Plain arguments for each law, those that do not among them."""
    again: int = 4
    """So many times more of both where no law broke."""
    seconds: float = 10.0
    """Hard limit for each question to the prover; then its process is killed."""
    patience: Patience = field(factory=lambda: SHORT)
    most_paths: int = 300
    declared: Declared = field(factory=dict)
    """What a rule's page says of an argument whose type does not, by function and argument."""


class Way(StrEnum):
    """How a law was seen to break."""

    DRAWN = "drawn"
    PROVED = "proved"
    """The prover gave the arguments, and running the law on them broke it."""


@frozen
class Break:
    """A law that is false of the mutant."""

    law: str
    way: Way
    outcome: Outcome
    """A claim that is broken, or an exception that a rule raised."""
    example: str
    """The arguments."""


class Fate(StrEnum):
    """What becomes of a mutant, worst first."""

    DEFECT = "defect"
    """An engine of ours failed: nothing is known."""
    SURVIVED = "survived"
    """No law breaks, and it is not proved to be the rule."""
    EQUIVALENT = "equivalent"
    """It is the rule itself: proved for all arguments."""
    KILLED = "killed"


@frozen
class Judgement:
    """What became of one mutant."""

    mutant: str
    fate: Fate
    asked: int
    """Laws that call the mutated function."""
    breaks: tuple[Break, ...] = ()
    """The laws that broke: on the same number of plain arguments each, or the first that the prover found."""
    undecided: tuple[str, ...] = ()
    """Laws of which the prover does not know in the time given."""
    differs: str = ""
    """Of a survivor: arguments on which it answers otherwise than the rule, or why that is not known."""
    defects: tuple[str, ...] = field(default=())


@frozen
class _Asked:
    """The answers of some laws."""

    breaks: tuple[Break, ...] = ()
    undecided: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()

    def __add__(self, other: "_Asked") -> "_Asked":
        return _Asked(self.breaks + other.breaks, self.undecided + other.undecided, self.defects + other.defects)


def judge(mutant: Mutant, laws: Sequence[LawCalls], effort: Effort) -> Judgement:
    """Ask every law that calls the mutated function.

    Args:
        mutant: the fault.
        laws: those that call its function; asked in this order.
        effort: how hard to try.
    """
    # Here and not in each of the processes that are forked below: they find the laws imported.
    catalogue()
    found = _draw(mutant, laws, effort)
    if not found.breaks:
        found = _draw(mutant, laws, _harder(effort))
    if found.breaks:
        return Judgement(mutant.id, Fate.KILLED, len(laws), found.breaks, defects=found.defects)
    return _judge_by_proof(mutant, laws, effort, found.defects)


def _harder(effort: Effort) -> Effort:
    return evolve(
        effort,
        seed=effort.seed + 1,
        enough_draws=effort.again * effort.enough_draws,
        most_draws=effort.again * effort.most_draws,
    )


def _judge_by_proof(mutant: Mutant, laws: Sequence[LawCalls], effort: Effort, defects: tuple[str, ...]) -> Judgement:
    """Where no drawn arguments break a law: is the mutant the rule itself, or does the prover know arguments?"""
    equal = _equal(mutant, effort)
    if isinstance(equal, Proof) and equal.status is Status.PROVED and not defects:
        return Judgement(mutant.id, Fate.EQUIVALENT, len(laws))
    found = _Asked(defects=defects)
    for law in laws:
        if not found.breaks:
            found = found + _prove(mutant, law, effort)
    if found.breaks:
        return Judgement(mutant.id, Fate.KILLED, len(laws), found.breaks, found.undecided, defects=found.defects)
    fate = Fate.DEFECT if found.defects else Fate.SURVIVED
    return Judgement(mutant.id, fate, len(laws), (), found.undecided, _in_words(equal), found.defects)


def _draw(mutant: Mutant, laws: Sequence[LawCalls], effort: Effort) -> _Asked:
    if not laws:
        return _Asked()
    try:
        return run_killably(ask_by_drawing, mutant, tuple(laws), effort, seconds=SECONDS_OF_DRAWING)
    except (TimeUp, Died) as ended:
        return _Asked(defects=(f"drawing: {ended}",))


def ask_by_drawing(mutant: Mutant, laws: Sequence[LawCalls], effort: Effort) -> _Asked:
    """Run each law on plain arguments with the fault in place; for a process of its own."""
    plant(mutant)
    found = _Asked()
    for named in laws:
        try:
            found = found + _Asked(breaks=_break_of(_law(named), effort))
        except BadStatement as unstated:
            # Such as an integer where a condition belongs: the law cannot be asked, which is no kill.
            found = found + _Asked(defects=(f"{named.id}: {unstated}",))
    return found


def _law(named: LawCalls) -> Law:
    stated = {law.id: law for law in laws_in((import_module(named.module),))}
    return stated[named.id]


def _break_of(law: Law, effort: Effort) -> tuple[Break, ...]:
    reached = 0
    for arguments in islice(draws(law, effort.seed), effort.most_draws):
        replayed = replay(law, arguments)
        if replayed.refutes:
            return (Break(law.id, Way.DRAWN, replayed.outcome, str(arguments)),)
        reached += replayed.witnesses
        if reached >= effort.enough_draws:
            break
    return ()


def _prove(mutant: Mutant, named: LawCalls, effort: Effort) -> _Asked:
    try:
        return run_killably(ask_by_proving, mutant, named, effort, seconds=effort.seconds)
    except (TimeUp, Died):
        return _Asked(undecided=(named.id,))
    except (EngineDefect, BadStatement) as defect:
        return _Asked(defects=(f"{named.id}: {defect}",))


def ask_by_proving(mutant: Mutant, named: LawCalls, effort: Effort) -> _Asked:
    """Let the prover read one law with the fault in place; for a process of its own."""
    plant(mutant)
    law = _law(named)
    proof = prove(law, effort.patience, effort.most_paths)
    if proof.status is Status.REFUTED and proof.counterexample is not None:
        outcome = replay(law, proof.counterexample).outcome
        return _Asked(breaks=(Break(law.id, Way.PROVED, outcome, str(proof.counterexample)),))
    return _Asked(undecided=(law.id,) if proof.status in (Status.UNKNOWN, Status.BOUND) else ())


def _equal(mutant: Mutant, effort: Effort) -> Proof | str:
    try:
        return run_killably(ask_whether_equal, mutant, effort, seconds=effort.seconds)
    except (TimeUp, Died, EngineDefect, BadStatement) as ended:
        return str(ended)


def ask_whether_equal(mutant: Mutant, effort: Effort) -> Proof:
    """Compare the mutated function with the rule on all arguments; for a process of its own."""
    mutated = ModuleType(mutant.module)
    exec(compile(mutant.text, f"<{mutant.id}>", "exec"), mutated.__dict__)
    rule = getattr(import_module(mutant.module), mutant.function)
    declared = effort.declared.get(f"{mutant.module.rpartition('.')[2]}.{mutant.function}", {})
    return prove_equal(rule, getattr(mutated, mutant.function), effort.patience, effort.most_paths, declared)


def _in_words(answer: Proof | str) -> str:
    if isinstance(answer, str):
        return f"not compared: {answer}"
    if answer.counterexample is not None:
        return f"differs from the rule for {dict(answer.counterexample)}"
    return f"not known whether it is the rule: {answer.reason}"
