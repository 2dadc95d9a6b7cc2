"""The generator: looks at the state and proposes one operation that is nearly always enabled, for one of the roles."""

from typing import Final, TypeAlias

from settlespec.domain.operations import Operation
from settlespec.hunting import outsiders, sequencer, traders
from settlespec.hunting.source import Source
from settlespec.hunting.traders import Wants
from settlespec.hunting.trial import Trial

ROLES: Final[dict[str, tuple[tuple[int, Wants], ...]]] = {
    "trader": (
        (12, traders.place),
        (3, traders.cancel),
        (4, traders.replace),
        (3, traders.withdraw),
        (2, traders.transfer),
        (3, traders.close),
    ),
    "coalition": ((8, traders.meet), (1, traders.transfer)),
    "sequencer": ((3, sequencer.take), (4, sequencer.tick), (1, sequencer.again), (1, sequencer.forged)),
    "oracles": ((5, outsiders.begin_round), (4, outsiders.settle)),
    "base layer": ((6, outsiders.deposit), (1, outsiders.forced_withdrawal), (1, outsiders.forced_order)),
}
"""What each role proposes, with weights."""

INTERLEAVES: Final = 25
"""While a round is open, once in so many times somebody tries something else."""


Proposals: TypeAlias = tuple[tuple[str, Wants], ...]
"""What may be proposed, each with its role, as often as its weight says."""


def weighted(roles: dict[str, tuple[tuple[int, Wants], ...]]) -> Proposals:
    """Every role's proposals, each as often as its weight says."""
    return tuple((role, wants) for role, table in roles.items() for weight, wants in table for _ in range(weight))


EVERYTHING: Final = weighted(ROLES)
OPENING: Final = weighted({"base layer": ((3, outsiders.deposit),), "sequencer": ((3, sequencer.take),)})


def propose(source: Source, trial: Trial, among: Proposals = EVERYTHING) -> tuple[str, Operation]:
    """One operation, and the role that wants it.

    Args:
        source: where choices come from.
        trial: the run so far.
        among: proposals to choose from; by default those of every role.
    """
    state = trial.session.state
    if state.round is not None and not source.chance(INTERLEAVES):
        return "sequencer", sequencer.go_on(source, trial)
    table = OPENING if len(state.accounts) < 2 else among
    while True:
        role, wants = source.pick(table)
        operation = wants(source, trial)
        if operation is not None:
            return role, operation
