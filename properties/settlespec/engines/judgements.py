"""Every mutant before every law that may notice it: several at a time, on any executor, and resumed where a run was ended."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import ExitStack
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from attrs import evolve, frozen

from settlespec.domain.errors import BadInput
from settlespec.engines.biting import Effort, Fate, Judgement, judge
from settlespec.engines.calling import LawCalls
from settlespec.engines.campaign import JOBS, worker_pool
from settlespec.engines.killable import interrupts_held
from settlespec.engines.mutating import Mutant
from settlespec.engines.sources import sources_of, versions
from settlespec.wire.whole_files import whole_file

ENGINE: Final = "settlespec.engines.biting"
"""What gives an answer; what it imports goes into the key too."""


def laws_that_call(mutant: Mutant, calls: Mapping[str, LawCalls]) -> tuple[LawCalls, ...]:
    """Give the laws that call the mutated function, those that call little first: they are the quickest to ask."""
    asked = [
        law
        for law in calls.values()
        if any((one.module, one.function) == (mutant.module, mutant.function) for one in law.called)
    ]
    return tuple(sorted(asked, key=lambda law: (len(law.called), law.id)))


def key_of(mutant: Mutant, laws: Sequence[LawCalls], effort: Effort) -> str:
    """SHA-256 of all that a judgement depends on: the same key, the same question."""
    text = _text_of(tuple(sorted({mutant.module, ENGINE, *(law.module for law in laws)})))
    spoken_of = f"{mutant.module.rpartition('.')[2]}.{mutant.function}"
    own = evolve(effort, declared={spoken_of: effort.declared.get(spoken_of, {})})
    parts = [mutant.id, mutant.digest, repr(own), *(law.id for law in laws), text, *versions()]
    return sha256("\n".join(parts).encode()).hexdigest()


@cache
def _text_of(modules: tuple[str, ...]) -> str:
    """The digest of these modules and of all that they import, the machine among them where a law runs it."""
    return sources_of(modules).digest


@frozen
class Shelf:
    """A folder that keeps each judgement under its key, so that a run that was ended goes on."""

    folder: Path | None

    def get(self, key: str) -> Judgement | None:
        """Give a judgement that is known.

        Raises:
            BadInput: the file of that name holds something else.
        """
        file = None if self.folder is None else self.folder / f"{key}.json"
        if file is None or not file.is_file():
            return None
        try:
            return msgspec.json.decode(file.read_bytes(), type=Judgement)
        except (msgspec.DecodeError, UnicodeDecodeError) as broken:
            raise BadInput(f"{file}: not a judgement of a mutant ({broken}); remove the file") from None

    def put(self, key: str, judgement: Judgement) -> None:
        """Keep one; what is only half written is never found under its key."""
        if self.folder is not None and judgement.fate is not Fate.DEFECT:
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(self.folder / f"{key}.json") as file:
                file.write(msgspec.json.encode(judgement))


def judge_all(
    mutants: Sequence[Mutant],
    calls: Mapping[str, LawCalls],
    effort: Effort,
    executor: Executor | None = None,
    folder: Path | None = None,
) -> Iterator[Judgement]:
    """Judge mutants, several at a time; the judgements come as they are done.

    Args:
        mutants: to be judged.
        calls: what each law calls.
        effort: how hard to try.
        executor: any `concurrent.futures.Executor`; by default a pool of `JOBS` local processes.
        folder: keeps judgements for the next run.
    """
    shelf, asked = Shelf(folder), {}
    for mutant in mutants:
        laws = laws_that_call(mutant, calls)
        key = key_of(mutant, laws, effort)
        known = shelf.get(key)
        if known is None:
            asked[key] = (mutant, laws)
        else:
            yield known
    if not asked:
        return
    with ExitStack() as stack:
        pool = executor or stack.enter_context(worker_pool(JOBS))
        with interrupts_held():
            waiting: dict[Future[Judgement], str] = {
                pool.submit(judge, mutant, laws, effort): key for key, (mutant, laws) in asked.items()
            }
        try:
            for done in as_completed(waiting):
                shelf.put(waiting[done], done.result())
                yield done.result()
        finally:
            for future in waiting:
                future.cancel()
