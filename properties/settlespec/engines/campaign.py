"""Many laws by every engine: each question in a process that can be killed, several laws at a time on any executor."""

from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from enum import StrEnum
from multiprocessing import get_context
from time import perf_counter
from typing import Final, Protocol

from attrs import evolve, field, frozen

from settlespec.engines.concolic import SECONDS as CONCOLIC_SECONDS
from settlespec.engines.concolic import Search, SearchStatus, search
from settlespec.engines.crosscheck import CANARY_MILLISECONDS, MILLISECONDS, SecondOpinion, second_opinion
from settlespec.engines.killable import Died, TimeUp, follow_the_parent, interrupts_held, run_killably
from settlespec.engines.paths import MOST_PATHS
from settlespec.engines.proving import EngineDefect, Proof, Status, prove
from settlespec.engines.sampling import EXAMPLES, Sample, SampleStatus, sample
from settlespec.engines.solvers import Patience
from settlespec.laws.statement import BadStatement, Law

JOBS: Final = 2
"""Laws examined at a time."""


@frozen
class Effort:
    """How hard the engines try."""

    seconds: float = 60.0
    """Hard limit for each engine and law; then its process is killed."""
    patience: Patience = field(factory=Patience)
    most_paths: int = MOST_PATHS
    asks_cvc5: bool = True
    asks_crosshair: bool = False
    """Whether CrossHair explores every law too: up to `crosshair_seconds` for each."""
    crosshair_seconds: float = CONCOLIC_SECONDS
    exports: bool = False
    """Whether the obligations come back with the answers."""
    examples: int = EXAMPLES
    seed: int = 0


class Finding(StrEnum):
    """What the engines together come to, worst first."""

    DEFECT = "defect"
    """An answer of ours could not be reproduced on plain integers, or the law is not stated as it must be."""
    DISAGREEMENT = "disagreement"
    """Two engines answer the opposite."""
    SURVIVED = "survived"
    """A canary that some engine confirmed, or sampled without finding what is false."""
    REFUTED = "refuted"
    VACUOUS = "vacuous"
    UNKNOWN = "unknown"
    BOUND = "bound"
    CAUGHT = "caught"
    """A canary that every engine refuted."""
    PROVED = "proved"

    @property
    def is_bad(self) -> bool:
        """Whether the run fails on it."""
        return self in _BAD

    @property
    def is_open(self) -> bool:
        """Whether nobody knows."""
        return self in (Finding.UNKNOWN, Finding.BOUND)


_BAD: Final = (Finding.DEFECT, Finding.DISAGREEMENT, Finding.SURVIVED, Finding.REFUTED, Finding.VACUOUS)

SEVERITY: Final = {finding: place for place, finding in enumerate(Finding)}
"""The order of a table: worst first."""


@frozen
class Kept:
    """Where an answer comes from that was not given in this run."""

    when: str
    """The time at which it was given, in UTC."""
    seconds: float
    """What it took then."""


@frozen
class Examination:
    """What every engine says of one law."""

    law: Law
    proof: Proof
    opinion: SecondOpinion | None
    """None when cvc5 was not asked."""
    sample: Sample | None
    """None when sampling was ended from outside."""
    search: Search | None = None
    """None when CrossHair was not asked."""
    defect: str = ""
    is_misstated: bool = False
    """Whether the defect is one of the law's statement, not of an engine."""
    seconds: float = 0.0
    """What all engines together took."""
    kept: Kept | None = None
    """None when the answer was given in this run."""

    @property
    def finding(self) -> Finding:
        """What they together come to."""
        if self.defect:
            return Finding.DEFECT
        if self._disagree():
            return Finding.DISAGREEMENT
        if self.law.is_canary:
            return self._catch()
        if self._is_falsified() or self._search_says(SearchStatus.REFUTED):
            return Finding.REFUTED
        return Finding(self.proof.status.value)

    def _is_falsified(self) -> bool:
        return self.sample is not None and self.sample.status is SampleStatus.FALSIFIED

    def _disagree(self) -> bool:
        """A claim that two engines answer the opposite of; silence of one is no disagreement."""
        if self.opinion is not None and self.opinion.disagreements:
            return True
        falsified = self._is_falsified() or self._search_says(SearchStatus.REFUTED)
        if self._search_says(SearchStatus.CONFIRMED) and not self.law.is_canary:
            # A canary that is confirmed is told as one that survived.
            return self._is_falsified() or self.proof.status is Status.REFUTED
        return falsified and self.proof.status in (Status.PROVED, Status.VACUOUS)

    def _search_says(self, status: SearchStatus) -> bool:
        return self.search is not None and self.search.status is status

    def _catch(self) -> Finding:
        """What became of a canary: an engine that ran out of time has neither caught it nor let it live."""
        solvers = [self.proof.status] if self.opinion is None else [self.proof.status, self.opinion.status]
        if any(status in (Status.PROVED, Status.VACUOUS) for status in solvers):
            return Finding.SURVIVED
        if self.sample is not None and self.sample.status is not SampleStatus.FALSIFIED:
            return Finding.SURVIVED
        if self._search_says(SearchStatus.CONFIRMED):
            return Finding.SURVIVED
        caught = self._is_falsified() and all(status is Status.REFUTED for status in solvers)
        caught = caught and (self.search is None or self._search_says(SearchStatus.REFUTED))
        return Finding.CAUGHT if caught else Finding.UNKNOWN


def examine(law: Law, effort: Effort) -> Examination:
    """Let every engine read one law, each in a process of its own."""
    try:
        return _examined(law, effort)
    except (EngineDefect, BadStatement) as found:
        return Examination(
            law,
            _undecided(law, str(found)),
            opinion=None,
            sample=None,
            defect=f"{law.id}: {found}",
            is_misstated=isinstance(found, BadStatement),
        )


def _examined(law: Law, effort: Effort) -> Examination:
    started = perf_counter()
    try:
        proof = run_killably(prove_for_export, law, effort, seconds=effort.seconds)
    except (TimeUp, Died) as ended:
        proof = _undecided(law, str(ended))
    return Examination(
        law=law,
        proof=proof if effort.exports else evolve(proof, texts=()),
        opinion=_opinion(proof, effort, CANARY_MILLISECONDS if law.is_canary else MILLISECONDS)
        if effort.asks_cvc5
        else None,
        sample=_sample(law, effort),
        search=search(law, effort.crosshair_seconds) if effort.asks_crosshair else None,
        seconds=perf_counter() - started,
    )


def prove_for_export(law: Law, effort: Effort) -> Proof:
    """Prove a law with its obligations, if somebody is going to read them."""
    return prove(law, effort.patience, effort.most_paths, export=effort.asks_cvc5 or effort.exports)


def _undecided(law: Law, reason: str) -> Proof:
    return Proof(law.id, Status.UNKNOWN, paths=0, checks=0, seconds=0.0, reason=reason)


def _opinion(proof: Proof, effort: Effort, patience: int) -> SecondOpinion:
    try:
        return run_killably(second_opinion, proof, patience, seconds=effort.seconds)
    except (TimeUp, Died):
        return SecondOpinion(proof.law, Status.UNKNOWN, len(proof.texts), 0, (), effort.seconds)


def _sample(law: Law, effort: Effort) -> Sample | None:
    try:
        return run_killably(sample, law, effort.examples, effort.seed, seconds=effort.seconds)
    except (TimeUp, Died):
        return None


def worker_pool(jobs: int) -> ProcessPoolExecutor:
    """Give a pool of local processes, started afresh: a fork would copy the caller's threads, those of a progress bar for one."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=follow_the_parent)


class Memory(Protocol):
    """Whoever keeps answers from one run to the next."""

    def recall(self, law: Law) -> Examination | None:
        """Give what was answered about this very text of the law, the rules and the engines; None if nothing was."""

    def keep(self, examination: Examination) -> None:
        """Keep an answer, if it is one that does not depend on how busy the machine was."""


def examine_all(
    laws: Sequence[Law], effort: Effort, executor: Executor | None = None, memory: Memory | None = None
) -> Iterator[Examination]:
    """Examine laws, several at a time; the examinations come as they are done, those from the memory first.

    Args:
        laws: stated in modules that another process can import.
        effort: how hard to try.
        executor: any `concurrent.futures.Executor`; by default a pool of `JOBS` local processes.
        memory: what was answered before; without one every law is asked.
    """
    recalled = {} if memory is None else {law.id: known for law in laws if (known := memory.recall(law)) is not None}
    yield from recalled.values()
    asked = [law for law in laws if law.id not in recalled]
    if not asked:
        return
    with ExitStack() as stack:
        pool = executor or stack.enter_context(worker_pool(JOBS))
        with interrupts_held():
            waiting: dict[Future[Examination], Law] = {pool.submit(examine, law, effort): law for law in asked}
        try:
            for done in as_completed(waiting):
                examination = _result(done, waiting[done], effort)
                if memory is not None:
                    memory.keep(examination)
                yield examination
        finally:
            for future in waiting:
                future.cancel()


def _result(done: Future[Examination], law: Law, effort: Effort) -> Examination:
    """The answer of a worker; where one was ended from outside all of a pool are gone, and the law is examined here."""
    try:
        return done.result()
    except BrokenExecutor:
        return examine(law, effort)
