"""The example of an expiry replays, and shows what the other example leaves out."""

from pathlib import Path

from settlespec.domain.events import InstrumentExpired, PaidOut, SettlementFixed
from settlespec.domain.operations import BeginRound, ContinueRound, FixSettlement
from settlespec.domain.reasons import Reason
from settlespec.machine.replaying import replay
from settlespec.oracle.example import example_page, example_trace, write_example
from settlespec.oracle.expiry_example import EXPIRY_EXAMPLE
from settlespec.wire.answers import Accepted, Rejected
from settlespec.wire.reading import read_trace
from settlespec.wire.traces import Step


def steps(folder: Path) -> list[Step]:
    path = folder / EXPIRY_EXAMPLE.file
    write_example(path, EXPIRY_EXAMPLE)
    return [line for _, line in read_trace(path)[1] if isinstance(line, Step)]


def test_its_trace_replays_and_every_state_of_it_is_compared(tmp_path: Path) -> None:
    path = tmp_path / EXPIRY_EXAMPLE.file
    sentences = write_example(path, EXPIRY_EXAMPLE)
    replayed = replay(path)
    assert replayed.difference is None
    assert replayed.operations == len(sentences)
    assert path.read_text(encoding="utf-8").count('"checkpoint"') == len(sentences)


def test_it_settles_a_future_and_a_call_and_pays_both_sides_of_them(tmp_path: Path) -> None:
    answers = [step.answer for step in steps(tmp_path)]
    events = [event for answer in answers if isinstance(answer, Accepted) for event in answer.events]
    assert [(each.instrument, each.payoff) for each in events if isinstance(each, SettlementFixed)] == [(3, 12), (4, 3)]
    assert [each.instrument for each in events if isinstance(each, InstrumentExpired)] == [3, 4]
    paid = [(each.account, each.instrument, each.size) for each in events if isinstance(each, PaidOut)]
    assert paid == [(1, 3, -3), (1, 4, -1), (2, 3, 3), (3, 4, 1)]


def test_it_shows_the_operations_of_a_round_and_what_an_expiry_refuses(tmp_path: Path) -> None:
    told = steps(tmp_path)
    assert {BeginRound, ContinueRound, FixSettlement} <= {type(step.operation) for step in told}
    refused = [step.answer.reason for step in told if isinstance(step.answer, Rejected)]
    assert refused == [
        Reason.SETTLEMENT_EARLY,
        Reason.STALE_MARK,
        Reason.STALE_MARK,
        Reason.SETTLEMENT_MISSING,
        Reason.SETTLEMENT_FIXED,
        Reason.INSTRUMENT_EXPIRED,
    ]


def test_its_page_tells_every_step_with_its_state() -> None:
    _, sentences = example_trace(EXPIRY_EXAMPLE)
    told = example_page(EXPIRY_EXAMPLE)
    assert [line.partition(". ")[2] for line in told.splitlines() if line.startswith("## ") and ". " in line] == list(
        sentences
    )
    assert told.count("State: `") == 1 + len(sentences)
