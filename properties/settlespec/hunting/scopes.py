"""Small exchanges to hunt in: everything tiny, so that limits are met within a few operations."""

from collections.abc import Callable
from typing import Final

from attrs import evolve

from settlespec.domain.genesis import Genesis
from settlespec.domain.instruments import InstrumentKind
from settlespec.flows.oracles import Oracles
from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Signer

FIRST_EXPIRY: Final = 4_000
LAST_EXPIRY: Final = 9_000
"""Milliseconds from genesis: within a trial, and apart from each other."""


def dated(signer: Signer) -> Genesis:
    """The preset `minimal` with a future, a call and a put, of which the first two expire together and the put later."""
    plain = minimal(signer)
    linear = plain.instruments[0]
    common = evolve(linear, funding_cap_ppm=0)
    future = evolve(common, id=3, kind=InstrumentKind.FUTURE, reference=3, expiry=FIRST_EXPIRY)
    options = (
        evolve(common, id=4, kind=InstrumentKind.CALL, strike=10, expiry=FIRST_EXPIRY, short_minimum_ppm=20_000),
        evolve(common, id=5, kind=InstrumentKind.PUT, strike=11, expiry=LAST_EXPIRY, short_minimum_ppm=20_000),
    )
    listed = (*plain.instruments, future, *options)
    marks = {1: 10, 2: 12, 3: 11, 4: 2, 5: 3}
    losses = Oracles().first_losses(listed, marks, plain.time)
    return Genesis(plain.parameters, listed, tuple(marks.values()), plain.time, losses)


SCOPES: Final[dict[str, Callable[[Signer], Genesis]]] = {"minimal": minimal, "dated": dated}
"""By name: two perpetuals; and those with a future and two options."""
