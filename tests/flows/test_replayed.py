"""A recorded flow becomes operations: who owns what, what is skipped, and when rounds come."""

from pathlib import Path

import pytest

from settlespec.domain.accounts import NO_ORDERS
from settlespec.domain.errors import BadInput
from settlespec.domain.operations import (
    BeginRound,
    Cancel,
    ContinueRound,
    Operation,
    Place,
    Receive,
    Replace,
    Take,
    Tick,
)
from settlespec.domain.orders import Side, TimeInForce
from settlespec.domain.outcomes import Accepted, Outcome
from settlespec.domain.reasons import Reason
from settlespec.flows.book_event import Takes
from settlespec.flows.l3 import HEADER
from settlespec.flows.owners import TAKER_NAMES, SeededOwners
from settlespec.flows.replayed import CARRIED, INSTRUMENT, THIN, ReplayedFlow
from settlespec.flows.session import Session
from settlespec.flows.translation import TranslationCounts
from settlespec.machine.signatures import Ideal

SECOND = 10**9
OPENING = (
    (0, "SNAP,1,B,990,10,"),
    (0, "SNAP,2,B,980,10,"),
    (0, "SNAP,3,S,1010,10,"),
    (0, "SNAP,4,S,1030,10,"),
)


def written(tmp_path: Path, *rows: tuple[float, str]) -> Path:
    """A flow file with the opening, the first row of trading, and then these rows, each with its time in seconds."""
    timed = (*OPENING, (0, "HIDDEN,0,B,1000,1,"), *rows)
    lines = [f"{number},{round((1_000 + seconds) * SECOND)},{row}" for number, (seconds, row) in enumerate(timed)]
    path = tmp_path / "flow.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def played(flow: ReplayedFlow) -> tuple[Session, list[tuple[Operation, Outcome]]]:
    """All operations of a flow with the machine's answers."""
    signer = Ideal()
    session = Session(flow.genesis(signer), signer)
    return session, [(operation, session.submit(operation)) for operation in flow.operations(session)]


def signed(steps: list[tuple[Operation, Outcome]]) -> list[Place | Cancel | Replace]:
    """The operations of owners after the deposits and the opening book."""
    return [operation for operation, _ in steps if isinstance(operation, Place | Cancel | Replace)][len(OPENING) :]


def test_the_owner_of_an_order_is_the_stated_hash_of_seed_and_id() -> None:
    owners = SeededOwners(seed=1, accounts=1_000)
    assert [owners.of_order(order_id) for order_id in (1, 2, 6411746357495)] == [504, 589, 868]
    assert SeededOwners(seed=2, accounts=1_000).of_order(1) != owners.of_order(1)
    assert {SeededOwners(1, 3).of_order(order_id) for order_id in range(100)} == {0, 1, 2}


def test_an_aggressor_that_the_venue_names_has_the_owner_of_that_order_and_another_one_of_its_line() -> None:
    owners = SeededOwners(seed=1, accounts=1_000)
    named = Takes(9, 0, 2, Side.BUY, 10, 1, ())
    unnamed = Takes(9, 0, None, Side.BUY, 10, 1, ())
    assert owners.of_aggressor(named) == owners.of_order(2)
    assert owners.of_aggressor(unnamed) != owners.of_order(9)
    assert owners.of_aggressor(unnamed) == SeededOwners(1, 1_000).of_aggressor(unnamed)


def test_events_become_the_operations_that_their_owners_would_have_sent(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        (0.3, "ADD,5,S,1000,6,"),
        (0.4, "CANCEL,5,S,1000,2,"),
        (0.5, "MODIFY,1,B,980,20,"),
        (0.6, "CANCEL,3,S,1010,10,"),
        (0.7, "FILL,5,S,1000,4,"),
    )
    flow = ReplayedFlow(path, accounts=1_000)
    session, steps = played(flow)
    assert all(isinstance(outcome, Accepted) for _, outcome in steps)
    add, shrink, move, cancel, take = signed(steps)
    owners = flow.owners
    assert isinstance(add, Place)
    assert (add.account, add.client_id, add.side, add.size, add.price, add.time_in_force) == (
        *(owners.of_order(5), 5, Side.SELL, 6, 1_000),
        TimeInForce.GOOD_TILL_TIME,
    )
    assert isinstance(shrink, Replace)
    assert (shrink.account, shrink.client_id, shrink.size, shrink.price) == (owners.of_order(5), 5, 4, 1_000)
    assert isinstance(move, Replace)
    assert (move.account, move.client_id, move.size, move.price) == (owners.of_order(1), 1, 20, 980)
    assert isinstance(cancel, Cancel)
    assert (cancel.account, cancel.client_id) == (owners.of_order(3), 3)
    assert isinstance(take, Place)
    assert (take.client_id, take.side, take.size, take.price, take.time_in_force) == (
        *(TAKER_NAMES + 11, Side.BUY, 4, 1_000),
        TimeInForce.IMMEDIATE_OR_CANCEL,
    )
    assert session.state.accounts[take.account].positions[INSTRUMENT].size == 4
    assert flow.counts() == TranslationCounts(5, 1, 1, 2, cancels_skipped=0, moves_skipped=0)


def test_an_order_that_the_venue_still_has_but_the_machine_filled_is_skipped_and_counted(tmp_path: Path) -> None:
    # The venue fills the order behind, the machine the one in front; later the venue moves and cancels that one.
    path = written(
        tmp_path,
        (1, "ADD,5,B,990,10,"),
        (2, "FILL,5,B,990,10,"),
        (3, "MODIFY,1,B,970,10,"),
        (4, "CANCEL,1,B,970,10,"),
    )
    flow = ReplayedFlow(path)
    session, _ = played(flow)
    assert flow.counts() == TranslationCounts(5, 1, 0, 0, cancels_skipped=1, moves_skipped=1)
    left = session.order(flow.owners.of_order(5), INSTRUMENT, 5)
    assert left is not None
    assert left.remaining == 10


def test_what_was_filled_here_counts_when_the_venue_changes_what_remains(tmp_path: Path) -> None:
    path = written(
        tmp_path, (1, "FILL,1,B,990,4,"), (2, "MODIFY,1,B,970,6,"), (3, "CANCEL,1,B,970,1,"), (4, "CANCEL,1,B,970,5,")
    )
    session, steps = played(ReplayedFlow(path))
    _, move, shrink, cancel = signed(steps)
    assert isinstance(move, Replace)
    assert isinstance(shrink, Replace)
    assert isinstance(cancel, Cancel)
    # New totals, of which 4 are filled.
    assert (move.size, shrink.size) == (10, 9)
    assert session.state.accounts[cancel.account].orders.get(INSTRUMENT, NO_ORDERS).buys == 0


def test_rounds_come_at_multiples_of_their_length_with_the_last_price_traded_as_the_mark(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        (1, "FILL,1,B,990,1,"),
        (2, "FILL,3,S,1010,1,"),
        (5, "ADD,5,S,1040,1,"),
        (31.1, "FILL,1,B,990,1,"),
        (31.2, "ADD,6,S,1040,1,"),
    )
    session, steps = played(ReplayedFlow(path, round_seconds=5))
    start = 1_000_000
    begun = [operation.statement for operation, _ in steps if isinstance(operation, BeginRound)]
    # Nothing happens between 5 and 31.1 seconds: one round for that, and one after the end.
    assert [(statement.timestamp - start, statement.quotes[0].mark) for statement in begun] == [
        (5_000, 1_010),
        (30_000, 1_010),
        (35_000, 990),
    ]
    assert session.state.round is None
    assert session.state.clock == start + 35_000
    kinds = [type(operation) for operation, _ in steps]
    assert kinds[-3:] == [Tick, BeginRound, ContinueRound]


def test_the_clock_moves_in_quarters_of_a_second(tmp_path: Path) -> None:
    path = written(tmp_path, *((0.1 * tenth, f"ADD,{10 + tenth},B,960,1,") for tenth in range(1, 20)))
    _, steps = played(ReplayedFlow(path))
    ticks = [operation.time - 1_000_000 for operation, _ in steps if isinstance(operation, Tick)]
    assert ticks == [250, 500, 750, 1_000, 1_250, 1_500, 1_750, 5_000]


def test_one_account_in_ten_is_thin_and_meets_the_end_of_its_collateral(tmp_path: Path) -> None:
    rows = [(1 + 0.01 * number, f"ADD,{100 + number},B,980,10,") for number in range(30)]
    flow = ReplayedFlow(written(tmp_path, *rows), accounts=1)
    session, steps = played(flow)
    deposits = [operation for operation, _ in steps if isinstance(operation, Receive | Take)]
    assert len(deposits) == 2
    refused = [outcome.reason for _, outcome in steps if not isinstance(outcome, Accepted)]
    # Account 0 is thin: two orders of the usual size.
    carried = CARRIED // THIN
    assert refused == [Reason.UNDERCOLLATERALISED] * (len(OPENING) + len(rows) - carried)
    assert len(session.state.books[INSTRUMENT].orders) == carried


def test_the_price_step_the_first_mark_and_the_time_are_taken_from_the_first_events(tmp_path: Path) -> None:
    genesis = ReplayedFlow(written(tmp_path, (1, "ADD,5,S,1020,6,"))).genesis(Ideal())
    assert genesis.instruments[0].price_step == 10
    assert genesis.marks == (1_000,)
    assert genesis.time == 1_000_000


def test_a_one_sided_opening_gives_its_best_price_as_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "flow.csv"
    path.write_text(f"{HEADER}\n1,9,SNAP,1,B,500,1,\n2,9,SNAP,2,B,475,1,\n")
    assert ReplayedFlow(path).genesis(Ideal()).marks == (500,)


def test_off_a_stated_step_a_row_is_bad_input_and_off_an_inferred_one_the_machine_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, (1, "ADD,5,S,1013,6,"))
    with pytest.raises(BadInput, match="no multiple of the price step 10") as refused:
        played(ReplayedFlow(path, price_step=10))
    assert (refused.value.line, refused.value.field) == (7, "price")
    monkeypatch.setattr("settlespec.flows.replayed.LOOKED_AT", len(OPENING))
    _, steps = played(ReplayedFlow(path))
    assert [outcome.reason for _, outcome in steps if not isinstance(outcome, Accepted)] == [Reason.OFF_STEP]


def test_a_flow_without_a_book_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flow.csv"
    path.write_text(f"{HEADER}\n1,9,TRADE,0,,500,1,\n")
    with pytest.raises(BadInput, match="no order rests at the start"):
        ReplayedFlow(path).genesis(Ideal())


@pytest.mark.parametrize(
    ("field", "value"), [("accounts", 0), ("accounts", 1_000_001), ("round_seconds", 0), ("price_step", 0)]
)
def test_a_number_out_of_range_is_refused_with_its_field(tmp_path: Path, field: str, value: int) -> None:
    with pytest.raises(BadInput) as refused:
        ReplayedFlow(tmp_path / "flow.csv", **{field: value})
    assert refused.value.field == field


def test_the_same_seed_gives_the_same_operations_and_another_seed_others(tmp_path: Path) -> None:
    path = written(tmp_path, (1, "ADD,5,S,1000,6,"), (2, "FILL,5,S,1000,6,"))
    first, again, other = (
        [operation for operation, _ in played(ReplayedFlow(path, seed=seed, accounts=50))[1]] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_how_many_operations_are_expected_is_told_by_the_size_of_the_file(tmp_path: Path) -> None:
    rows = [(1 + number / 100, f"ADD,{100 + number},B,960,1,") for number in range(500)]
    flow = ReplayedFlow(written(tmp_path, *rows), accounts=10)
    _, steps = played(flow)
    expected = flow.expected()
    assert expected is not None
    assert abs(expected - len(steps)) < len(steps) // 10
    assert ReplayedFlow(tmp_path).expected() is None


def test_the_counts_begin_with_the_flow(tmp_path: Path) -> None:
    assert ReplayedFlow(written(tmp_path)).counts() is None
