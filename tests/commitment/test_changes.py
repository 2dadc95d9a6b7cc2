"""The leaves that a run of operations changed, found from what was touched alone."""

from collections.abc import Iterable
from random import Random

from settlespec.commitment.changes import Changed, Changes
from settlespec.commitment.leaves import LeafKey, Part
from settlespec.commitment.parts import ROUND, SCALARS, leaves_of
from settlespec.domain.events import SettlementFixed
from settlespec.domain.operations import Tick
from settlespec.domain.outcomes import Accepted
from settlespec.domain.state import State
from settlespec.flows.embedded import EmbeddedFlow
from tests.commitment.dated_walks import dated_walk
from tests.commitment.walks import Walked, forced_in_parts, mid_round_states, minimal_walk, resting_state, walk


def compared(before: State, after: State) -> Changed:
    """Every leaf that differs, by looking at all of them."""
    old, new = dict(leaves_of(before)), dict(leaves_of(after))
    changed: Changed = {key: value for key, value in new.items() if old.get(key) != value}
    changed.update((key, None) for key in old if key not in new)
    return changed


def seals(walked: Iterable[Walked], random: Random, mean: int) -> tuple[int, int, int]:
    """Seal at random moments and compare; how many seals, of how many inside a round, and changed leaves in all."""
    changes: Changes | None = None
    sealed = inside = leaves = 0
    for each in walked:
        if changes is None:
            changes = Changes(each.before)
        if isinstance(each.outcome, Accepted):
            changes.add(each.outcome)
        if random.randrange(mean) == 0:
            found = changes.changed(each.after)
            assert found == compared(changes.since, each.after)
            sealed, inside, leaves = sealed + 1, inside + (each.after.round is not None), leaves + len(found)
            changes = Changes(each.after)
    return sealed, inside, leaves


def test_after_every_single_operation_the_changed_leaves_are_those_that_differ() -> None:
    sealed, inside, _ = seals(minimal_walk(1, 1_500), Random(1), 1)
    assert sealed == 1_500
    assert inside > 50


def test_after_every_operation_about_what_expires_the_changed_leaves_are_those_that_differ() -> None:
    walked = list(dated_walk(0, 700))
    accepted = [each.outcome for each in walked if isinstance(each.outcome, Accepted)]
    assert any(isinstance(event, SettlementFixed) for outcome in accepted for event in outcome.events)
    sealed, _, _ = seals(walked, Random(4), 1)
    assert sealed == len(walked) > 500


def test_after_short_batches_the_changed_leaves_are_those_that_differ() -> None:
    total = [seals(minimal_walk(seed, 2_000), Random(seed), 20) for seed in range(2, 8)]
    assert sum(sealed for sealed, _, _ in total) > 400
    assert sum(inside for _, inside, _ in total) > 20


def test_batches_that_span_several_rounds_or_end_inside_one_find_all_changes() -> None:
    total = [seals(minimal_walk(seed, 3_000), Random(seed), 200) for seed in range(8, 12)]
    assert sum(sealed for sealed, _, _ in total) > 40


def test_batches_of_the_embedded_flow_find_all_changes() -> None:
    sealed, _, leaves = seals(walk(EmbeddedFlow(2, 150, 4_000), 4_000), Random(3), 200)
    assert sealed > 10
    assert leaves > 1_000


def test_nothing_that_happened_changes_nothing() -> None:
    for state in (resting_state(), *mid_round_states()):
        assert Changes(state).changed(state) == {}


def test_a_refused_operation_changes_nothing() -> None:
    refused = [each for each in minimal_walk(5, 400) if not isinstance(each.outcome, Accepted)]
    assert refused
    for each in refused:
        assert Changes(each.before).changed(each.after) == {}


def test_what_was_touched_and_put_back_is_not_listed() -> None:
    for each in minimal_walk(6, 1_000):
        if isinstance(each.outcome, Accepted):
            changes = Changes(each.before)
            changes.add(each.outcome)
            # The touched accounts and orders are looked at, but the state to compare with is the one before.
            assert changes.changed(each.before) == {}


def test_a_message_that_came_and_went_inside_a_batch_leaves_no_trace() -> None:
    walked = list(minimal_walk(7, 300))
    changes = Changes(walked[0].before)
    for each in walked:
        if isinstance(each.outcome, Accepted):
            changes.add(each.outcome)
    after = walked[-1].after
    assert after.inbox.cursor > 5
    found = changes.changed(after)
    assert not [key for key in found if key.part is Part.INBOX and key.key < after.inbox.cursor]


def test_a_round_that_began_and_ended_inside_a_batch_leaves_no_leaf_of_its_own() -> None:
    walked = list(minimal_walk(7, 2_000))
    at_rest = [each.after for each in walked if each.after.round is None]
    first, last = at_rest[0], at_rest[-1]
    assert last.round_number > first.round_number
    changes = Changes(first)
    for each in walked[walked.index(next(each for each in walked if each.after is first)) + 1 :]:
        if isinstance(each.outcome, Accepted):
            changes.add(each.outcome)
        if each.after is last:
            break
    found = changes.changed(last)
    assert found == compared(first, last)
    assert not [key for key in found if key.part in (Part.ROUND, Part.TASKS, Part.GAINS, Part.DEFAULTED, Part.BREACHED)]


def test_a_batch_that_only_ends_a_round_lists_its_leaves_as_gone() -> None:
    ends = [
        each
        for each in minimal_walk(9, 2_000)
        if isinstance(each.outcome, Accepted) and each.before.round is not None and each.after.round is None
    ]
    assert len(ends) > 5
    for each in ends:
        assert isinstance(each.outcome, Accepted)
        changes = Changes(each.before)
        changes.add(each.outcome)
        found = changes.changed(each.after)
        assert found[ROUND] is None
        assert found == compared(each.before, each.after)


def test_the_clock_alone_is_one_leaf() -> None:
    ticks = [
        each
        for each in minimal_walk(3, 600)
        if isinstance(each.outcome, Accepted)
        and isinstance(each.operation, Tick)
        and each.after.clock != each.before.clock
    ]
    assert ticks
    for each in ticks:
        assert isinstance(each.outcome, Accepted)
        changes = Changes(each.before)
        changes.add(each.outcome)
        assert set(changes.changed(each.after)) == {SCALARS}


def test_an_account_that_takes_its_first_position_becomes_a_holder() -> None:
    seen = 0
    for each in minimal_walk(2, 1_500):
        if isinstance(each.outcome, Accepted):
            changes = Changes(each.before)
            changes.add(each.outcome)
            found = changes.changed(each.after)
            for account in set(each.after.holders) - set(each.before.holders):
                assert found[LeafKey(Part.HOLDERS, 0, account)] == b""
                seen += 1
            for account in set(each.before.holders) - set(each.after.holders):
                assert found[LeafKey(Part.HOLDERS, 0, account)] is None
                seen += 1
    assert seen > 20


def test_a_forced_order_that_is_taken_in_parts_changes_its_message_and_then_takes_it_away() -> None:
    *_, first, second = forced_in_parts()
    message = LeafKey(Part.INBOX, 0, first.before.inbox.cursor)
    found = [seal((each,)) for each in (first, second)]
    assert [changed[message] is None for changed in found] == [False, True]
    assert message not in seal((*forced_in_parts()[-3:],))


def test_wherever_a_run_with_a_forced_order_in_parts_is_sealed_the_changed_leaves_are_those_that_differ() -> None:
    steps = forced_in_parts()
    for end in range(len(steps) - 3, len(steps) + 1):
        for start in range(end):
            seal(steps[start:end])


def seal(steps: tuple[Walked, ...]) -> Changed:
    """The changed leaves of a run, which are those that differ."""
    changes = Changes(steps[0].before)
    for each in steps:
        assert isinstance(each.outcome, Accepted)
        changes.add(each.outcome)
    found = changes.changed(steps[-1].after)
    assert found == compared(steps[0].before, steps[-1].after)
    return found
