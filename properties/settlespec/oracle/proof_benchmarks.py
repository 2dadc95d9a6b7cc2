"""How long the laws take: from nothing, from the cache, and beside CrossHair on the same laws in the same run."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from settlespec.engines.campaign import Effort
from settlespec.engines.concolic import SECONDS, search
from settlespec.engines.killable import run_killably
from settlespec.engines.proving import prove
from settlespec.engines.remembering import KeptAnswers
from settlespec.laws.statement import Law, catalogue
from settlespec.oracle.bench_sizes import Size
from settlespec.oracle.benchmarks import Measurement, run_child
from settlespec.oracle.law_words import subject_of
from settlespec.oracle.proof_cache import warn

SECONDS_OF_LAWS: Final = 60.0
"""Hard limit for each engine and law."""


def laws(size: Size, _: Path | None) -> Iterator[Measurement]:
    """The laws by Z3 and Hypothesis, the solver started from nothing; then the same once more, from what was kept."""
    chosen = ["--subject", size.laws] if size.laws else []
    which = f"the laws of {size.laws}" if size.laws else "every law"
    with TemporaryDirectory() as folder:
        command = ["prove", "--solver", "z3", "--seconds", str(SECONDS_OF_LAWS), "--cache", folder, *chosen]
        cold, again = run_child(command), run_child(command)
        slowest, name = _slowest(Path(folder), _chosen(size))
    note = f"exit code {cold.code}"
    yield Measurement("laws", f"{which} proved, from a cold start", cold.seconds, "s", 90, at_least=False, note=note)
    note = f"exit code {again.code}"
    yield Measurement("laws-cached", "the same once more", again.seconds, "s", 3, at_least=False, note=note)
    yield Measurement("law-slowest", "the slowest of them, Z3 alone", slowest, "s", 10, at_least=False, note=name)


def _chosen(size: Size) -> tuple[Law, ...]:
    return tuple(law for law in catalogue() if not law.is_canary and size.laws in ("", subject_of(law)))


def _slowest(folder: Path, chosen: Sequence[Law]) -> tuple[float, str]:
    """What the slowest law took in a run that kept its answers; of one that was not kept nothing is known."""
    memory = KeptAnswers(folder, Effort(seconds=SECONDS_OF_LAWS, asks_cvc5=False), warn)
    kept = [known for law in chosen if (known := memory.recall(law)) is not None]
    missing = f", {len(chosen) - len(kept)} not answered" if len(kept) < len(chosen) else ""
    return max(((one.proof.seconds, f"{one.law.id}{missing}") for one in kept), default=(SECONDS_OF_LAWS, "none kept"))


def beside_crosshair(size: Size, _: Path | None) -> Iterator[Measurement]:
    """The same laws by our engine and by CrossHair, one after the other, each in a process of its own."""
    # Both are imported before the clock runs: a process that is forked has them.
    import crosshair.core_and_libs  # noqa: F401 - only so that it is there

    candidates = _chosen(size)
    chosen = candidates[:: max(1, len(candidates) // size.compared)][: size.compared]
    ours = theirs = 0.0
    confirmed = 0
    for law in chosen:
        started = perf_counter()
        run_killably(prove, law, seconds=SECONDS_OF_LAWS)
        ours += perf_counter() - started
        found = search(law, SECONDS)
        theirs += found.seconds
        confirmed += found.status.value == "confirmed"
    note = f"ours {ours:.1f} s; CrossHair {theirs:.1f} s, {confirmed} confirmed, the rest ended after {SECONDS:.0f} s or refused"
    what = f"time of CrossHair over ours, on the same {len(chosen)} laws"
    ratio = theirs / ours
    yield Measurement("crosshair-ratio", what, ratio, "times", 5, at_least=True, ratio=ratio, note=note)
