"""The pages that are made from the code: nothing is missing from them, and the example replays."""

from pathlib import Path
from typing import Any

import attrs
import pytest

from settlespec.domain.instruments import Instrument
from settlespec.domain.operations import Operation
from settlespec.domain.parameters import Parameters
from settlespec.domain.reasons import NUMBERS, Reason
from settlespec.machine.genesis import PRESETS
from settlespec.machine.replaying import replay
from settlespec.machine.signatures import Ed25519
from settlespec.oracle.example import example_page, example_trace
from settlespec.oracle.handbook import UNSHOWN, limits_page, reasons_page
from settlespec.wire.reading import read_trace
from settlespec.wire.traces import Step
from tests.documentation.pages import section, table


def test_the_reasons_stand_on_their_page_in_order_with_their_numbers() -> None:
    rows = [(row[1], int(row[0])) for row in table(reasons_page())]
    assert rows == [(reason, NUMBERS[reason]) for reason in Reason]


@pytest.mark.parametrize(
    ("heading", "kind"), [("Parameters of a deployment", Parameters), ("Terms of an instrument", Instrument)]
)
def test_every_limit_stands_on_its_page_with_the_values_of_both_presets(heading: str, kind: type) -> None:
    rows = {row[0]: row[1 : 1 + len(PRESETS)] for row in table(section(limits_page(), heading))}
    assert set(rows) == {field.name for field in attrs.fields(kind)} - set(UNSHOWN)
    for place, make in enumerate(PRESETS.values()):
        genesis = make(Ed25519())
        holder = genesis.parameters if kind is Parameters else genesis.instruments[0]
        for name, values in rows.items():
            figure = values[place].replace(",", "").replace("^", "**")
            value = getattr(holder, name)
            assert figure == value if isinstance(value, str) else eval(figure) == value, name


def test_the_instruments_of_a_preset_have_the_same_terms() -> None:
    for make in PRESETS.values():
        first, *others = make(Ed25519()).instruments
        own: dict[str, Any] = {"id": first.id, "underlying": first.underlying, "reference": first.reference}
        assert all(attrs.evolve(other, **own) == first for other in others)


def test_the_trace_of_the_example_replays_and_every_state_of_it_is_compared(tmp_path: Path) -> None:
    text, sentences = example_trace()
    path = tmp_path / "example.jsonl"
    path.write_text(text, encoding="utf-8")
    replayed = replay(path)
    assert replayed.difference is None
    assert replayed.operations == len(sentences)
    assert text.count('"checkpoint"') == len(sentences)


def test_the_example_shows_every_local_operation_accepted_and_refused_ones_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "example.jsonl"
    path.write_text(example_trace()[0], encoding="utf-8")
    steps = [line for _, line in read_trace(path)[1] if isinstance(line, Step)]
    # Nothing that is listed in the example has an expiry.
    local = {kind.__name__ for kind in Operation.__args__} - {"BeginRound", "ContinueRound", "FixSettlement"}
    assert {type(step.operation).__name__ for step in steps} == local
    refused = [step for step in steps if type(step.answer).__name__ == "Rejected"]
    assert 5 < len(refused) < len(steps) // 2


def test_the_page_of_the_example_tells_every_step_with_its_state() -> None:
    _, sentences = example_trace()
    told = example_page()
    assert [line.partition(". ")[2] for line in told.splitlines() if line.startswith("## ") and ". " in line] == list(
        sentences
    )
    assert told.count("State: `") == 1 + len(sentences)
