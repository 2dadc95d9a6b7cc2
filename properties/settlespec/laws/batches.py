"""Laws of the batches that the contract of a validity rollup accepts, by its own code.

Batches form one chain: VALID-6a says that a batch begins where the one before ended and nowhere else, and VALID-6b is the step by which
numbers, clocks and inboxes of any number of batches only go forward.
"""

from typing import Any

from attrs import evolve

from settlespec.arithmetic import negate
from settlespec.commitment.header import START as START_OF_CHAIN
from settlespec.commitment.header import Header
from settlespec.domain.quantities import Milliseconds
from settlespec.laws.grounds import HYPOTHESIS, NotNegative
from settlespec.laws.shapes import REGISTRY, Verdict, opening
from settlespec.laws.statement import assume, claim, law
from settlespec.settlement.validity_batches import bounds, links, prove
from settlespec.settlement.validity_calls import Prove
from settlespec.settlement.validity_refusals import Refusal
from settlespec.settlement.validity_registry import Waiting

Three = tuple[int, int, int]
"""Chain, rollup and number of a batch."""

FourDistances = tuple[NotNegative, NotNegative, NotNegative, NotNegative]
"""Between two batches: in numbers, milliseconds, messages received and messages taken."""

Six = tuple[int, int, int, int, int, int]
"""Root, clock, messages received, inbox, outbox and data at one end of a batch; digests are arbitrary integers."""


def header(place: Any, starts: Any, ends: Any, taken: Any) -> Any:
    """A header whose numbers and digests are arbitrary integers.

    Args:
        place: chain, rollup and number.
        starts: previous root, time, received, inbox, outbox and data before.
        ends: new root, time, received, inbox, outbox and data after.
        taken: messages taken after it.
    """
    chain, rollup, number = place
    previous_root, time, received, inbox, outbox, data = starts
    new_root, time_after, received_after, inbox_after, outbox_after, data_after = ends
    return Header(
        chain=chain,
        rollup=rollup,
        number=number,
        previous_root=previous_root,
        new_root=new_root,
        time_before=time,
        time_after=time_after,
        received_before=received,
        received_after=received_after,
        taken_after=taken,
        inbox_before=inbox,
        inbox_after=inbox_after,
        outbox_before=outbox,
        outbox_after=outbox_after,
        data_before=data,
        data_after=data_after,
        operations=START_OF_CHAIN,
        at_rest=True,
    )


def follows(last: Any, then: Any) -> Any:
    """Whether the contract finds that one header follows the other."""
    holds: Any = True
    for linked, _ in links(last, then):
        holds = holds & linked
    return holds


@law(
    "VALID-6a",
    "A batch begins with the root, the clock, the inbox, the outbox and the data with which the one before ended, and nowhere else.",
    rules=("VALID-6",),
    loses="everybody, by a state that no operation led to",
    shape="one header and any header after it",
)
def a_batch_begins_where_the_last_ended(
    place: Three,
    before: Six,
    ends: Six,
    taken: int,
    place_of_next: Three,
    starts: Six,
    ends_of_next: Six,
    taken_of_next: int,
) -> None:
    """So of one last batch there is one beginning: with one body there is one end (TREE-5b)."""
    last = header(place, before, ends, taken)
    then = header(place_of_next, starts, ends_of_next, taken_of_next)
    begins: Any = (place[0] == place_of_next[0]) & (place[1] == place_of_next[1]) & (place[2] + 1 == place_of_next[2])
    for end, start in zip(ends, starts, strict=True):
        begins = begins & (end == start)
    forward = (starts[1] <= ends_of_next[1]) & (starts[2] <= ends_of_next[2])
    forward = forward & (taken <= taken_of_next) & (taken_of_next <= ends_of_next[2])
    claim(follows(last, then) == (begins & forward))


@law(
    "VALID-6b",
    "However many batches follow each other, their numbers have no gap, and neither clock, inbox nor what was taken ever goes back.",
    rules=("VALID-6",),
    loses="the owner of a message that is taken twice, or of one that is passed over",
    shape="one more batch, by induction",
    assumes=(HYPOTHESIS,),
    composes=("VALID-6a",),
)
def batches_only_go_forward(
    place: Three, ends: Six, taken: int, ends_of_next: Six, taken_of_next: int, since: FourDistances
) -> None:
    """The batch of `place` and `ends` comes after the first by `since`: its number, clock, messages received and messages taken."""
    for distance in since:
        assume(distance >= 0, HYPOTHESIS)
    then = header((place[0], place[1], place[2] + 1), ends, ends_of_next, taken_of_next)
    batches, passed, arrived, done = since
    forward = (then.number - (place[2] - batches) == batches + 1) & (then.time_after >= ends[1] - passed)
    forward = forward & (then.received_after >= ends[2] - arrived) & (then.taken_after >= taken - done)
    claim(negate(follows(header(place, ends, ends, taken), then)) | forward)


@law(
    "VALID-7a",
    "The clock of a batch is never further from its block's than the deployment allows.",
    rules=("VALID-7",),
    loses="owners whose orders and messages expire by a clock that the operator makes",
    shape="one batch without messages",
)
def the_clock_stays_near_the_block(
    now: Milliseconds, clock: Milliseconds, ahead: Milliseconds, behind: Milliseconds
) -> None:
    """Either way."""
    registry = evolve(REGISTRY, parameters=evolve(REGISTRY.parameters, max_ahead=ahead, max_behind=behind))
    holds: Any = True
    for kept, _ in bounds(registry, opening(now), evolve(REGISTRY.exit, time_after=clock)):
        holds = holds & kept
    claim(holds == ((clock - now <= ahead) & (now - clock <= behind)))


@law(
    "VALID-8a",
    "Only a batch that is shown to follow becomes proven, and its root an exit root only where it ended at rest.",
    rules=("VALID-8",),
    loses="everybody, by money paid under a root that is not final or inside a round",
    shape="one batch that waits, with an honest proof or not",
)
def only_a_proven_batch_at_rest_is_an_exit(shown: bool, at_rest: bool, frozen: bool) -> None:
    """A frozen rollup stays as it is."""
    batch = evolve(REGISTRY.proven, number=1, new_root=b"root", at_rest=at_rest)
    registry = evolve(REGISTRY, proofs=Verdict(shown), waiting=(Waiting(batch, b""),), frozen=frozen)
    answer = prove(registry, Prove(1, b""))
    claim((not isinstance(answer, Refusal)) == (shown & negate(frozen)))
    if not isinstance(answer, Refusal):
        after = answer[0]
        claim((after.proven is batch) & (not after.waiting))
        claim((after.exit is batch) == at_rest)
        claim((1 in after.exits) == at_rest)
