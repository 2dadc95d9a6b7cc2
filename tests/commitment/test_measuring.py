"""What the bodies of batches take, against the targets, and as the documentation says it."""

from functools import cache
from pathlib import Path

import pytest

from settlespec.commitment.diffs import decode_exit_diff, encode_exit_diff
from settlespec.commitment.measuring import (
    LOOPRING,
    ZKSYNC_LITE,
    BodyBytes,
    FlowBytes,
    ZipfTrades,
    exit_bytes,
    exit_curve,
    flow_bytes,
    log_bytes,
)
from settlespec.commitment.operation_log import encode_log
from settlespec.domain.outcomes import Accepted
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.flows.minimal import MinimalFlow
from settlespec.flows.session import Session
from settlespec.machine.signatures import Ed25519, Ideal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "batches.md"


@cache
def embedded() -> FlowBytes:
    """The embedded flow in batches of 1,000 trades."""
    return flow_bytes(EmbeddedFlow(1), Ideal(), 1_000)


@pytest.mark.parametrize(("accounts", "target"), [(1_000, 9), (10_000, 15)])
def test_the_exit_diff_of_1000_trades_meets_its_target_on_every_seed(accounts: int, target: int) -> None:
    for seed in range(1, 4):
        measured = exit_bytes(accounts, 1_000, 2, seed)
        assert measured.trades == 2_000
        assert 0 < measured.per_trade() <= target
        assert measured.per_trade() < ZKSYNC_LITE < LOOPRING < measured.starkex_per_trade()


def test_the_operation_log_of_the_embedded_flow_meets_its_target() -> None:
    for body in (embedded().trading, embedded().whole()):
        assert 0 < body.log / body.operations <= 20


def test_the_exit_diff_of_the_embedded_flow_meets_its_target_once_accounts_are_open() -> None:
    trading = embedded().trading
    assert trading.trades > 5_000
    assert trading.exit_diff / trading.trades <= 9


def test_the_same_seed_makes_the_same_trades_and_another_seed_others() -> None:
    assert exit_bytes(100, 50, 3, 1) == exit_bytes(100, 50, 3, 1)
    assert exit_bytes(100, 50, 3, 1) != exit_bytes(100, 50, 3, 2)


def test_trades_move_cash_and_lots_and_only_fees_leave() -> None:
    trades = ZipfTrades(50)
    cash = sum(holdings.cash for holdings in trades.holdings.values())
    before, after = trades.batch(400)
    assert set(before) == set(after)
    left = sum(holdings.cash for holdings in trades.holdings.values())
    assert cash - left > 0
    lots = [size for holdings in trades.holdings.values() for _, size in holdings.sizes]
    assert sum(lots) == 0
    assert 0 not in lots


def test_the_exit_diffs_that_are_measured_give_back_the_holdings() -> None:
    trades = ZipfTrades(200)
    known = dict(trades.holdings)
    for _ in range(3):
        before, after = trades.batch(100)
        known.update(decode_exit_diff(known, encode_exit_diff(before, after)))
        assert known == trades.holdings


def test_the_first_account_trades_about_twice_as_often_as_the_second() -> None:
    # Seen through the touched accounts: with 10 trades a batch account 0 takes part in nearly all, account 999 hardly ever.
    trades = ZipfTrades(1_000)
    seen = [set(trades.batch(1)[0]) for _ in range(4_000)]
    first, second, last = (sum(account in pair for pair in seen) for account in (0, 1, 999))
    assert 1.7 < first / second < 2.3
    assert last < first / 100


def test_longer_batches_take_fewer_bytes_per_trade_and_more_accounts_more() -> None:
    few, many = (exit_curve(accounts, (10, 100, 1_000)) for accounts in (1_000, 10_000))
    for curve in (few, many):
        bytes_per_trade = [point.per_trade() for point in curve]
        assert bytes_per_trade == sorted(bytes_per_trade, reverse=True)
    assert all(left.per_trade() < right.per_trade() for left, right in zip(few, many, strict=True))


def test_openings_are_measured_by_themselves_and_counted_once() -> None:
    measured = flow_bytes(EmbeddedFlow(1, 100, 1_200), Ideal(), 50)
    assert measured.opening.operations == 200
    assert measured.opening.trades == 0
    assert measured.opening.exit_diff > 32 * 100
    assert measured.whole().operations == 200 + measured.trading.operations
    assert measured.whole().exit_diff == measured.opening.exit_diff + measured.trading.exit_diff
    assert measured.trading.signed_log > measured.trading.log
    assert measured.trading.batches > 1


def test_a_flow_of_nothing_publishes_nothing() -> None:
    measured = flow_bytes(MinimalFlow(1, 0), Ideal(), 10)
    assert measured == FlowBytes(BodyBytes(), BodyBytes())


def row(name: str) -> list[float]:
    """The figures of a row of a table of the page."""
    section = PAGE.read_text(encoding="utf-8").partition("## How many bytes")[2]
    (found,) = [line for line in section.splitlines() if line.startswith(f"| {name} | ")]
    return [float(cell) for cell in found.split("|")[2:-1]]


def test_the_curve_on_the_page_is_the_measured_one() -> None:
    for few, many in zip(exit_curve(1_000), exit_curve(10_000), strict=True):
        cells = [few.per_trade(), few.starkex_per_trade(), many.per_trade(), many.starkex_per_trade()]
        assert row(f"{few.trades_per_batch:,}") == pytest.approx(cells, rel=0.02, abs=0.06)


def per_operation_and_trade(body: BodyBytes, size: int) -> list[float]:
    return [size / body.operations, size / body.trades]


def test_the_signed_log_has_the_length_that_ed25519_gives_it_whatever_the_scheme_of_the_run() -> None:
    lengths = []
    for signer in (Ed25519(), Ideal()):
        flow = EmbeddedFlow(1, 20, 300)
        session = Session(flow.genesis(signer), signer)
        before, accepted = session.state, []
        for operation in flow.operations(session):
            if isinstance(session.submit(operation), Accepted):
                accepted.append(operation)
        lengths.append(log_bytes(before, accepted))
        if isinstance(signer, Ed25519):
            assert lengths[0][1] == len(encode_log(before, accepted, signatures=True))
    assert lengths[0] == lengths[1]


def test_the_figures_of_the_embedded_flow_on_the_page_are_those_measured() -> None:
    trading, whole = embedded().trading, embedded().whole()
    for name, sizes in (
        ("operation log without signatures", (trading.log, whole.log)),
        ("operation log with Ed25519 signatures", (trading.signed_log, whole.signed_log)),
        ("state diff", (trading.state_diff, whole.state_diff)),
        ("exit diff", (trading.exit_diff, whole.exit_diff)),
    ):
        measured = per_operation_and_trade(trading, sizes[0]) + per_operation_and_trade(whole, sizes[1])
        # The flow answers to the machine, so a change of either moves the figures a little.
        assert row(name) == pytest.approx(measured, rel=0.1)
