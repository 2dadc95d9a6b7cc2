"""Which rules a law calls, seen while it runs: not what it says of itself.

A rule chooses and never branches, so one run of a law that reaches its claims has called all that it ever calls.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any, Final

from attrs import frozen

from settlespec.engines.drawing import draws
from settlespec.engines.proving import prove
from settlespec.engines.replaying import replay
from settlespec.engines.solvers import Patience
from settlespec.laws.statement import Law, catalogue

TRACED_DRAWS: Final = 2_000
"""Plain arguments that are tried before the prover is asked to reach the claims."""

WITNESSES: Final = 5
"""Runs that reach the claims before the tracing ends."""


@frozen
class Called:
    """One function of a rule."""

    module: str
    function: str


@frozen
class LawCalls:
    """A law by name, so that a process can be told of it before it may import it, and what it calls."""

    module: str
    id: str
    rules: tuple[str, ...]
    """Ids of rules that it declares."""
    composes: tuple[str, ...]
    """Ids of the laws of which it is the composition."""
    called: frozenset[Called]


@contextmanager
def _noting(package: str, called: set[Called]) -> Iterator[None]:
    def note(frame: FrameType, event: str, _: Any) -> None:
        module = frame.f_globals.get("__name__", "")
        function = frame.f_code.co_qualname.partition(".")[0]
        # What attrs writes for a record is no rule.
        if event == "call" and module.startswith(f"{package}.") and not function.startswith("_"):
            called.add(Called(module, function))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


def calls_of(law: Law, package: str) -> LawCalls:
    """Give the functions of a package that a law calls, directly or not."""
    called: set[Called] = set()
    witnesses = 0
    with _noting(package, called):
        for arguments in islice(draws(law, 0), TRACED_DRAWS):
            witnesses += replay(law, arguments).witnesses
            if witnesses >= WITNESSES:
                break
        else:
            # The drawn arguments hardly ever meet the assumptions; every path of the symbolic reading goes to its end.
            prove(law, Patience(lemmas=500, default=500))
    return LawCalls(law.module, law.id, law.rules, law.composes, frozenset(called))


def calls_of_all(laws: Sequence[Law], package: str) -> Mapping[str, LawCalls]:
    """Give what each law calls, by its id; laws that call nothing of the package are left out."""
    found = {law.id: calls_of(law, package) for law in laws if not law.is_canary}
    return {identity: calls for identity, calls in found.items() if calls.called}


def calls_of_catalogue(package: str) -> Mapping[str, LawCalls]:
    """Give what each law of the catalogue calls; imports the laws, so a process of its own does it."""
    return calls_of_all(catalogue(), package)
