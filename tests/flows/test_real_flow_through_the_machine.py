"""Real order flow through the machine: its matching against the venue's, and its sums with a thousand margined owners."""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from attrs import define, evolve

from settlespec.domain.operations import ContinueRound
from settlespec.domain.orders import Side
from settlespec.domain.outcomes import Accepted
from settlespec.domain.reasons import Reason
from settlespec.domain.state import State
from settlespec.flows.aggressors import book_events
from settlespec.flows.book_event import BookEvent, ExpectedFill, Takes
from settlespec.flows.message import FlowFlag, FlowKind, FlowTerms
from settlespec.flows.readers import read_flow
from settlespec.flows.replayed import INSTRUMENT, ReplayedFlow
from settlespec.flows.session import Session
from settlespec.flows.translation import TranslationCounts
from settlespec.flows.venue import VenueBook
from settlespec.invariants.catalogue import CARDS
from settlespec.machine.genesis import Genesis
from settlespec.machine.signatures import Ideal, Signer
from settlespec.monitoring.monitor import Monitor
from tests.flows.venue_mirror import Difference, Mirror, Step, best_level, one_order_a_fill, rich_session, same_book
from tests.machine.soundness import assert_conserved, assert_sound

AAPL = "data/l3_aapl_20120621_0930.csv.gz"
ESH4 = "data/l3_esh4_20231225_2300.csv.gz"
AAPL_STEP, ESH4_STEP = 100, 25
AAPL_MARK, ESH4_MARK = 5_856_200, 480_000
ACCOUNTS = 25_000
"""More than either flow has orders and aggressors."""

BEHIND_WHOM = {
    2_446: (2_450, 2_458, 2_459),
    136: (5_810, 5_811, 5_812, 5_813, 5_814, 5_815, 5_816, 5_819, 5_822, 5_823, 5_824, 5_825, 5_826),
    280: (7_883, 7_891),
    36_349: (36_383,),
}
"""The 19 fills of the AAPL flow that price-time priority misses, by the line of the order that stood in front and was passed over."""

MISSED_AAPL_LINES = tuple(line for lines in BEHIND_WHOM.values() for line in lines)

Shared = Callable[[str], Path]


@define
class Comparison:
    """The machine's fills against the venue's."""

    expected: Counter[FlowFlag]
    reproduced: Counter[FlowFlag]
    missed: list[ExpectedFill]
    changes: list[tuple[int, int, int, int]]
    """Best ask and bid with their lots after each event that changed one of them, once the opening book stands."""


def compared(steps: Iterable[Step], opening: int | None = None) -> Comparison:
    """Run the steps to their end.

    Args:
        steps: of a mirror.
        opening: how many events build the book that the flow starts with; the best levels after them are noted. None notes none.
    """
    comparison = Comparison(Counter(), Counter(), [], [])
    for number, step in enumerate(steps):
        if isinstance(step.event, Takes):
            comparison.expected.update(fill.flag for fill in step.event.fills)
            comparison.reproduced.update(fill.flag for fill in step.reproduced)
            comparison.missed += [fill for fill in step.event.fills if fill not in step.reproduced]
        if opening is not None and number >= opening:
            bid, ask = best_level(step.state, Side.BUY), best_level(step.state, Side.SELL)
            assert bid is not None
            assert ask is not None
            change = (ask.price, ask.size, bid.price, bid.size)
            if not comparison.changes or comparison.changes[-1] != change:
                comparison.changes.append(change)
    return comparison


def aapl_events(shared: Shared) -> Iterator[BookEvent]:
    return book_events(read_flow(shared(AAPL), FlowTerms(AAPL_STEP)))


def esh4_events(shared: Shared) -> Iterator[BookEvent]:
    return book_events(read_flow(shared(ESH4), FlowTerms(ESH4_STEP)))


def test_the_machine_shows_the_venues_best_bid_and_ask_through_12694_changes_and_makes_1996_of_2015_aapl_fills(
    shared: Shared,
) -> None:
    with gzip.open(shared(AAPL.replace(".csv", "_bbo.csv")), "rt") as expected_file:
        rows = [tuple(int(field) for field in row[1:]) for row in islice(csv.reader(expected_file), 1, None)]
    assert len(rows) == 12_694
    mirror = Mirror(rich_session(AAPL_STEP, AAPL_MARK, ACCOUNTS))
    # The best levels are read before the book is set back, so each is the machine's own doing.
    comparison = compared(mirror.run(one_order_a_fill(aapl_events(shared))), opening=36)
    assert comparison.changes == rows
    assert (comparison.expected, comparison.reproduced) == ({FlowFlag.NONE: 2_015}, {FlowFlag.NONE: 1_996})
    assert tuple(fill.line for fill in comparison.missed) == MISSED_AAPL_LINES
    assert mirror.differences == {
        Difference.PARTIAL_CANCEL: 6,
        Difference.MOVE_IN_PLACE: 0,
        Difference.CROSSING: 0,
        Difference.FILLS: 19,
    }
    assert same_book(mirror.session.state, mirror.venue)
    assert_sound(mirror.session.state)


def test_the_missed_aapl_fills_pass_over_an_order_in_front_in_the_venues_own_book(shared: Shared) -> None:
    venue = VenueBook()
    passed_over: dict[int, tuple[int, ...]] = {}
    for event in one_order_a_fill(aapl_events(shared)):
        if isinstance(event, Takes):
            (fill,) = event.fills
            best = venue.best(event.side.opposite)
            assert best is not None
            assert best.price == fill.price
            front = venue.queue(event.side.opposite, best.price)[0]
            if front.order_id != fill.order_id:
                passed_over[front.line] = (*passed_over.get(front.line, ()), fill.line)
        venue.follow(event)
    assert passed_over == BEHIND_WHOM


@pytest.mark.slow
def test_whole_aggressors_make_as_many_aapl_fills_and_one_other(shared: Shared) -> None:
    mirror = Mirror(rich_session(AAPL_STEP, AAPL_MARK, ACCOUNTS))
    comparison = compared(mirror.run(aapl_events(shared)))
    assert comparison.reproduced == {FlowFlag.NONE: 1_996}
    # A sweep of 700 lots that reaches the passed-over orders last meets them first here, and its own last fill falls short.
    assert {fill.line for fill in comparison.missed} == {*MISSED_AAPL_LINES, 5_828} - {5_822}
    assert mirror.differences[Difference.FILLS] == 8


def test_the_machine_makes_3327_of_the_3345_unflagged_esh4_fills_after_the_uncross(shared: Shared) -> None:
    mirror = Mirror(rich_session(ESH4_STEP, ESH4_MARK, ACCOUNTS))
    comparison = compared(mirror.run(esh4_events(shared)))
    assert comparison.expected == {FlowFlag.NONE: 3_345, FlowFlag.NOT_FIRST: 230}
    # The other 84 fills flagged `nf` are the aggressors' own. In a sweep most of those that another order overtook are met all the same.
    assert comparison.reproduced == {FlowFlag.NONE: 3_327, FlowFlag.NOT_FIRST: 165}
    missed = [fill for fill in comparison.missed if fill.flag is FlowFlag.NONE]
    assert len(missed) == 18
    assert_all_icebergs(missed, esh4_events(shared))
    assert mirror.differences == {
        Difference.PARTIAL_CANCEL: 5,
        Difference.MOVE_IN_PLACE: 515,
        Difference.CROSSING: 9,
        Difference.FILLS: 55,
    }
    assert same_book(mirror.session.state, mirror.venue)
    assert_conserved(mirror.session.state)


def assert_all_icebergs(missed: list[ExpectedFill], events: Iterable[BookEvent]) -> None:
    """Each of these fills is of more lots than the venue's book showed of its order."""
    venue = VenueBook()
    left = {fill.line for fill in missed}
    for event in one_order_a_fill(events):
        if isinstance(event, Takes) and event.line in left:
            shown = venue.order(event.fills[0].order_id)
            assert shown is not None
            assert event.size > shown.size
            left.remove(event.line)
        venue.follow(event)
    assert not left


def test_the_three_unflagged_fills_of_the_esh4_uncross_bring_that_to_3330_of_3348(shared: Shared) -> None:
    venue = VenueBook()
    uncross = []
    opened = 0
    for message in read_flow(shared(ESH4), FlowTerms(ESH4_STEP)):
        opened = opened or (message.time_nanoseconds if message.kind is FlowKind.FILL else 0)
        if message.kind is FlowKind.SNAP:
            venue.apply(message)
        elif message.kind is FlowKind.FILL and message.time_nanoseconds == opened:
            uncross.append(message)
        elif uncross:
            break
    assert Counter(fill.flag for fill in uncross) == {FlowFlag.AUCTION: 25, FlowFlag.UNKNOWN: 7, FlowFlag.NONE: 3}
    mirror = Mirror(rich_session(ESH4_STEP, ESH4_MARK, ACCOUNTS))
    mirror.adopt(venue)
    fills = [
        Takes(
            fill.line,
            fill.time_nanoseconds,
            None,
            fill.side.opposite,
            fill.price,
            fill.size,
            (ExpectedFill(fill.line, fill.order_id, fill.price, fill.size, fill.flag),),
        )
        for fill in uncross
        if fill.side is not None
    ]
    comparison = compared(mirror.run(fills))
    assert comparison.expected == {FlowFlag.AUCTION: 25, FlowFlag.NONE: 3}
    # An auction has one price for everybody, whatever the limits, so price-time priority meets only the fills that happen to fit.
    assert comparison.reproduced == {FlowFlag.NONE: 3}


@pytest.mark.parametrize(
    ("single", "expected"),
    [(True, 1_982), pytest.param(False, 1_984, marks=pytest.mark.slow)],
    ids=["one order a fill", "whole aggressors"],
)
def test_running_free_the_machine_makes_nearly_as_many_aapl_fills(shared: Shared, single: bool, expected: int) -> None:
    mirror = Mirror(rich_session(AAPL_STEP, AAPL_MARK, ACCOUNTS), resets=False)
    events = aapl_events(shared)
    comparison = compared(mirror.run(one_order_a_fill(events) if single else events))
    assert comparison.reproduced == {FlowFlag.NONE: expected}
    assert_sound(mirror.session.state)


@pytest.mark.slow
@pytest.mark.parametrize(("single", "expected"), [(True, 2_633), (False, 2_971)])
def test_running_free_the_machine_makes_fewer_esh4_fills(shared: Shared, single: bool, expected: int) -> None:
    mirror = Mirror(rich_session(ESH4_STEP, ESH4_MARK, ACCOUNTS), resets=False)
    events = esh4_events(shared)
    comparison = compared(mirror.run(one_order_a_fill(events) if single else events))
    assert comparison.reproduced[FlowFlag.NONE] == expected
    assert_sound(mirror.session.state)


class NarrowMargins(ReplayedFlow):
    """Requirements and fees so small that the quiet moves of the data are crashes."""

    maintenance_ppm = 100

    def genesis(self, signer: Signer) -> Genesis:
        genesis = super().genesis(signer)
        (listed,) = genesis.instruments
        narrow = evolve(listed, maintenance_ppm=self.maintenance_ppm, basis_ppm=5, taker_fee_ppm=1, maker_fee_ppm=0)
        return evolve(genesis, instruments=(narrow,))


@define
class Run:
    """What a margined run came to."""

    state: State
    operations: int
    refused: Counter[Reason]
    events: Counter[str]
    counts: TranslationCounts | None


def sound_run(flow: ReplayedFlow, operations: int | None = None) -> Run:
    """Run a flow with owners and margins: the book is never crossed, every round conserves, and after it nobody owes.

    Every tenth round is summed up on its way, too.
    """
    signer = Ideal()
    session = Session(flow.genesis(signer), signer)
    refused: Counter[Reason] = Counter()
    events: Counter[str] = Counter()
    submitted = 0
    for operation in islice(flow.operations(session), operations):
        outcome = session.submit(operation)
        submitted += 1
        if isinstance(outcome, Accepted):
            events.update(type(event).__name__ for event in outcome.events)
        else:
            refused[outcome.reason] += 1
        assert_uncrossed(session.state)
        if session.state.round is None and isinstance(operation, ContinueRound):
            assert_conserved(session.state)
            assert_nobody_owes(session.state)
        elif session.state.round is not None and session.state.round_number % 10 == 0:
            assert_conserved(session.state)
    assert_sound(session.state)
    return Run(session.state, submitted, refused, events, flow.counts())


def assert_uncrossed(state: State) -> None:
    book = state.books[INSTRUMENT]
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    assert bid is None or ask is None or bid.price < ask.price


def assert_nobody_owes(state: State) -> None:
    mark = state.markets[INSTRUMENT].mark
    for account in state.accounts.values():
        worth = account.collateral + sum(held.size * mark - held.cost for held in account.positions.values())
        assert worth >= 0


def test_the_esh4_flow_with_a_thousand_margined_accounts_breaks_nothing(shared: Shared) -> None:
    run = sound_run(ReplayedFlow(shared(ESH4), price_step=ESH4_STEP))
    assert run.operations == 42_784
    assert run.counts == TranslationCounts(
        placed=20_826, taken=1_829, cancelled=6_141, replaced=5_903, cancels_skipped=826, moves_skipped=804
    )
    assert run.refused == {Reason.UNDERCOLLATERALISED: 1_643, Reason.DUPLICATE_ORDER: 1}
    assert (run.events["Filled"], run.events["RoundEnded"], run.state.round_number) == (3_297, 360, 360)


def test_the_aapl_flow_with_a_thousand_margined_accounts_breaks_nothing(shared: Shared) -> None:
    run = sound_run(ReplayedFlow(shared(AAPL)))
    assert run.state.markets[INSTRUMENT].instrument.price_step == AAPL_STEP
    assert run.operations == 46_602
    assert run.refused == {Reason.UNDERCOLLATERALISED: 817}
    assert (run.events["Filled"], run.events["RoundEnded"]) == (1_982, 330)


STEPS_OF_THE_ROUND = ("Breached", "Liquidated", "ClosedAtMark", "InsurancePaid", "HaircutTaken")


@pytest.mark.slow
@pytest.mark.parametrize(("path", "step"), [(ESH4, ESH4_STEP), (AAPL, AAPL_STEP)])
def test_with_narrow_margins_real_flow_is_liquidated_and_still_breaks_nothing(
    shared: Shared, path: str, step: int
) -> None:
    run = sound_run(NarrowMargins(shared(path), price_step=step))
    for event in STEPS_OF_THE_ROUND:
        assert run.events[event], event


def watched_run(flow: ReplayedFlow, operations: int | None = None) -> tuple[Counter[str], int]:
    """Run a flow under the monitor, which must notice nothing: the events by kind, and how many invariants were asked."""
    signer = Ideal()
    session = Session(flow.genesis(signer), signer)
    monitor = Monitor(session.state, signer, full_every=5_000)
    events: Counter[str] = Counter()
    for operation in islice(flow.operations(session), operations):
        outcome = session.submit(operation)
        assert monitor.observe(operation, outcome) == ()
        if isinstance(outcome, Accepted):
            events.update(type(event).__name__ for event in outcome.events)
    assert monitor.full() == ()
    counts = monitor.counts().values()
    assert not any(count.broken for count in counts)
    return events, sum(count.incrementally + count.in_full > 0 for count in counts)


def test_the_monitor_notices_nothing_when_the_aapl_flow_is_liquidated(shared: Shared) -> None:
    events, asked = watched_run(NarrowMargins(shared(AAPL), price_step=AAPL_STEP), operations=12_000)
    assert all(events[event] for event in STEPS_OF_THE_ROUND)
    assert asked == len(CARDS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [ReplayedFlow, NarrowMargins])
@pytest.mark.parametrize(("path", "step"), [(ESH4, ESH4_STEP), (AAPL, AAPL_STEP)])
def test_the_monitor_notices_nothing_in_a_whole_flow(
    shared: Shared, path: str, step: int, kind: type[ReplayedFlow]
) -> None:
    events, asked = watched_run(kind(shared(path), price_step=step))
    assert events["Filled"] > 1_800
    assert asked == len(CARDS)
