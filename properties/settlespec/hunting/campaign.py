"""A hunt in shards: each a walk of its own seed, in any process, whose result depends on nothing but the shard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice

from attrs import frozen

from settlespec.domain.operations import Operation
from settlespec.hunting.proposing import ROLES, weighted
from settlespec.hunting.scopes import SCOPES
from settlespec.hunting.trial import Reach
from settlespec.hunting.walking import Found, Hunt
from settlespec.invariants.cards import Violation
from settlespec.machine.signatures import Ideal

SHARD_STEPS = 5_000
"""Operations of one shard: some seconds, so that a run that is stopped loses little."""


@frozen
class Shard:
    """A piece of a hunt."""

    scope: str
    roles: tuple[str, ...]
    seed: int
    """Of the whole hunt."""
    number: int
    steps: int = SHARD_STEPS

    @property
    def own_seed(self) -> int:
        """No two shards of any two hunts share theirs while hunts have fewer than 2^32 shards."""
        return self.seed << 32 | self.number

    def hunt(self) -> Hunt:
        """What the shard hunts, and how."""
        signer = Ideal()
        proposals = weighted({role: ROLES[role] for role in self.roles})
        return Hunt(SCOPES[self.scope](signer), signer, proposals)


@frozen
class Finding:
    """A violation with its shortest trace."""

    shard: Shard
    violation: Violation
    roles: tuple[str, ...]
    """Who asked what."""
    operations: tuple[Operation, ...]
    found_after: int
    """Operations of the trial in which it was noticed."""

    @property
    def subject(self) -> tuple[str, str]:
        """What it breaks."""
        return self.violation.invariant, self.violation.conjunct


@frozen
class ShardResult:
    """What a shard came to."""

    shard: Shard
    steps: int
    reach: Counter[tuple[str, str]]
    findings: tuple[Finding, ...]


def run_shard(shard: Shard) -> ShardResult:
    """Hunt one shard to its end; of several violations of one conjunct the first is kept, and made short."""
    hunt, reach = shard.hunt(), Reach()
    found: dict[tuple[str, str], Finding] = {}
    for each in hunt.walk(shard.own_seed, reach, lambda: steps_of(reach) < shard.steps):
        subject = each.violation.invariant, each.violation.conjunct
        if subject not in found:
            found[subject] = shortest(hunt, shard, each)
    return ShardResult(shard, steps_of(reach), reach.counts, tuple(found.values()))


def steps_of(reach: Reach) -> int:
    """How many operations were asked."""
    return sum(count for (kind, _), count in reach.counts.items() if kind == "role")


def shortest(hunt: Hunt, shard: Shard, found: Found) -> Finding:
    """The finding, as short as it gets."""
    asked = hunt.shrinker(found).replayed(hunt.shrink(found)).asked
    roles, operations = tuple(each.role for each in asked), tuple(each.operation for each in asked)
    return Finding(shard, found.violation, roles, operations, len(found.asked))


def run_shards(shards: Iterable[Shard], executor: Executor, at_once: int) -> Iterator[ShardResult]:
    """The results as they come; no more shards are handed over than run at once, so a hunt can end at any time.

    Args:
        shards: may be without end.
        executor: any `concurrent.futures.Executor`.
        at_once: how many shards run at a time.
    """
    coming = iter(shards)
    running: set[Future[ShardResult]] = {executor.submit(run_shard, shard) for shard in islice(coming, at_once)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()
        running |= {executor.submit(run_shard, shard) for shard in islice(coming, len(done))}


def worst_first(results: Sequence[ShardResult]) -> tuple[Finding, ...]:
    """One finding for each conjunct, the shortest; ties by shard; by invariant."""
    best: dict[tuple[str, str], Finding] = {}
    for result in sorted(results, key=lambda one: one.shard.number):
        for finding in result.findings:
            known = best.get(finding.subject)
            if known is None or len(finding.operations) < len(known.operations):
                best[finding.subject] = finding
    return tuple(best[subject] for subject in sorted(best))
