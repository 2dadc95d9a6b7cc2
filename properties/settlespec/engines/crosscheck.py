"""A second opinion: cvc5 reads every obligation that Z3 decided, as SMT-LIB 2 text.

It shares no code with Z3. What it cannot decide is undecided; where it answers the opposite, the run fails.
"""

import time
from collections.abc import Iterator
from typing import Final

import cvc5
from attrs import frozen

from settlespec.engines.proving import Proof, Status, Text
from settlespec.engines.solvers import Answer


@frozen
class SecondOpinion:
    """What cvc5 says of one law."""

    law: str
    status: Status
    """Proved or refuted by cvc5's own answers; unknown where it lacks one."""
    asked: int
    """Obligations put to it."""
    answered: int
    """Obligations that it decided."""
    disagreements: tuple[str, ...]
    """Obligations, as SMT-LIB 2, on which the two solvers answer the opposite."""
    seconds: float


MILLISECONDS: Final = 500
"""Patience with each attempt at an obligation: what is open after it stays open after four times as long, but for one in five hundred."""

CANARY_MILLISECONDS: Final = 30_000
"""A canary is refuted in milliseconds; only a machine that is very busy takes longer, and the run waits for it."""

ANSWERS: Final = {"sat": Answer.SATISFIABLE, "unsat": Answer.UNSATISFIABLE, "unknown": Answer.UNKNOWN}


def second_opinion(proof: Proof, milliseconds: int = MILLISECONDS) -> SecondOpinion:
    """Let cvc5 decide the obligations of a proof that was made with ``export=True``."""
    started = time.perf_counter()
    answers = [(text, decide_text(text, milliseconds)) for text in proof.texts]
    disagreements = tuple(
        text.smtlib
        for text, answer in answers
        if Answer.UNKNOWN not in (answer, text.answer) and answer is not text.answer
    )
    return SecondOpinion(
        law=proof.law,
        status=_status(proof, [answer for _, answer in answers]),
        asked=len(answers),
        answered=sum(answer is not Answer.UNKNOWN for _, answer in answers),
        disagreements=disagreements,
        seconds=time.perf_counter() - started,
    )


def _status(proof: Proof, answers: list[Answer]) -> Status:
    """A law is proved by cvc5 if it finds every obligation of every path that was followed unsatisfiable."""
    if proof.status in (Status.VACUOUS, Status.BOUND) or not answers:
        return Status.UNKNOWN
    if any(
        answer is Answer.SATISFIABLE and text.answer is Answer.SATISFIABLE
        for text, answer in zip(proof.texts, answers, strict=True)
    ):
        return Status.REFUTED
    if all(answer is Answer.UNSATISFIABLE for answer in answers) and proof.witness is not None:
        return Status.PROVED
    return Status.UNKNOWN


def decide_text(text: Text, milliseconds: int = MILLISECONDS) -> Answer:
    """Let cvc5 decide one obligation, with help where it needs some."""
    answer = decide_script(text.smtlib, milliseconds)
    if answer is Answer.UNKNOWN and text.helped != text.smtlib:
        return decide_script(text.helped, milliseconds)
    return answer


def decide_script(script: str, milliseconds: int) -> Answer:
    """Run an SMT-LIB 2 script with one ``check-sat`` through cvc5."""
    answers = [answer for answer in _outputs(script, milliseconds) if answer in ANSWERS]
    return ANSWERS[answers[0]] if len(answers) == 1 else Answer.UNKNOWN


def _outputs(script: str, milliseconds: int) -> Iterator[str]:
    terms = cvc5.TermManager()
    solver, symbols = cvc5.Solver(terms), cvc5.SymbolManager(terms)
    solver.setOption("tlimit-per", str(milliseconds))
    solver.setLogic("QF_NIA")
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "obligation")
    while not (command := parser.nextCommand()).isNull():
        yield str(command.invoke(solver, symbols)).strip()
