"""The guided walk: trials one after another at full speed, each from genesis, until a violation is noticed or the time is over."""

from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from settlespec.domain.genesis import Genesis
from settlespec.hunting.proposing import EVERYTHING, Proposals, propose
from settlespec.hunting.shrinking import Shrinker
from settlespec.hunting.source import RandomSource
from settlespec.hunting.trial import Asked, Reach, Trial
from settlespec.hunting.wishes import Wish, wishes_of
from settlespec.invariants.cards import Violation
from settlespec.machine.genesis import initial_state
from settlespec.machine.signatures import Signer

STEPS: Final = 200
"""Operations of one trial: the traces of the zoo are shorter than ten, and an exchange is lively after thirty."""


@frozen
class Found:
    """A violation, with the trial that led to it."""

    seed: int
    """Of the walk."""
    trial: int
    """Which of the walk's trials it was, from 0."""
    violation: Violation
    asked: tuple[Asked, ...]


@frozen
class Hunt:
    """What is hunted, and how.

    Args:
        genesis: where every trial begins.
        signer: of owners and oracles.
        proposals: of the roles that take part.
        steps: operations of one trial.
    """

    genesis: Genesis
    signer: Signer
    proposals: Proposals = EVERYTHING
    steps: int = STEPS

    def begin(self) -> Trial:
        """A trial in which nothing has been asked."""
        return Trial(self.genesis, self.signer)

    def walk(self, seed: int, reach: Reach, going: Callable[[], bool]) -> Iterator[Found]:
        """The violations of one walk; every trial ends with its first one.

        Args:
            seed: the same seed gives the same walk.
            reach: counts what was come to.
            going: whether another trial may begin.
        """
        source = RandomSource(seed)
        number = 0
        while going():
            trial = self.begin()
            violation = self._try(source, trial)
            for asked in trial.asked:
                reach.add(asked)
            if violation is not None:
                yield Found(seed, number, violation, tuple(trial.asked))
            number += 1

    def _try(self, source: RandomSource, trial: Trial) -> Violation | None:
        for _ in range(self.steps):
            role, operation = propose(source, trial, self.proposals)
            violations = trial.ask(role, operation)
            if violations:
                return violations[0]
        return next(iter(trial.monitor.full()), None)

    def shrink(self, found: Found) -> tuple[Wish, ...]:
        """The shortest trace to the same violation."""
        wishes = wishes_of(initial_state(self.genesis), found.asked, self.signer)
        return self.shrinker(found).shrink(tuple(wishes))

    def shrinker(self, found: Found) -> Shrinker:
        """What makes traces to this violation shorter."""
        return Shrinker(self.begin, found.violation)
