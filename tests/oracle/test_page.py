"""The page of an audit: one file, the same bytes for the same run, nothing from elsewhere, nothing unescaped."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from attrs import evolve

from settlespec.domain.rounds import Stage
from settlespec.flows.embedded import EmbeddedFlow
from settlespec.machine.genesis import initial_state
from settlespec.machine.signatures import Ideal
from settlespec.oracle.audit_tables import tables
from settlespec.oracle.auditing import Plan
from settlespec.oracle.findings import Findings
from settlespec.oracle.hedging import hedged_book
from settlespec.oracle.page import page, write_page
from settlespec.oracle.pictures import INKS, Picture, pictures
from settlespec.oracle.plain_tables import money, money_of
from settlespec.oracle.writing import CannotWrite, make_folder, write_whole
from tests.oracle.audited import HOLDS, audited, broken

TINY = Plan(preset="minimal", steps=1)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return audited(HOLDS)


@pytest.fixture(scope="module")
def text(findings: Findings) -> str:
    return page(findings)


@pytest.fixture(scope="module")
def drawn(findings: Findings) -> tuple[Picture, ...]:
    return pictures(findings)


def test_the_same_run_gives_the_same_bytes(text: str, tmp_path: Path) -> None:
    assert write_page(audited(HOLDS), tmp_path).read_bytes() == text.encode()


def test_the_page_asks_nobody_for_anything(text: str) -> None:
    asked = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", text)
    assert asked
    assert all(target.startswith("#") for target in asked)
    assert not re.search(r"<script|<link|@import", text)


def test_every_picture_is_well_formed_and_leaves_its_colours_to_the_page(drawn: tuple[Picture, ...]) -> None:
    assert [picture.name for picture in drawn] == [
        "price",
        "risk",
        "insurance",
        "depth",
        "interest",
        "steps",
        "rejections",
    ]
    for picture in drawn:
        assert ElementTree.fromstring(picture.svg).tag.endswith("svg")
        assert "var(--ink)" in picture.svg
        assert not any(stand_in in picture.svg for stand_in in INKS)


def test_no_two_elements_of_the_page_share_an_id(text: str) -> None:
    names = re.findall(r'\sid="([^"]+)"', text)
    assert len(names) == len(set(names))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) <= set(names)


def test_every_axis_has_a_unit(drawn: tuple[Picture, ...]) -> None:
    for picture in drawn:
        text = ElementTree.fromstring(picture.svg)
        words = {"".join(element.itertext()).strip() for element in text.iter() if element.tag.endswith("text")}
        assert words & {"clearing round", "operations"}
        if picture.name != "rejections":
            units = {"quantums per lot", "quantums", "collateral units", "lots", "accounts", "micro-steps per round"}
            assert words & units


def test_a_run_without_rounds_and_rejections_has_tables_and_no_picture() -> None:
    empty = audited(HOLDS, plan=Plan(preset="minimal", steps=1))
    assert pictures(empty) == ()
    assert "What was never reached" in page(empty)


def test_a_violation_stands_on_the_page_with_its_replay_and_what_comes_from_outside_is_escaped() -> None:
    plan = Plan(preset="minimal", steps=1)
    text = page(audited(HOLDS, broken(conjunct="<script>alert(1)</script> & more"), plan=plan))
    assert 'class="verdict broken"' in text
    assert "operation 41: ZERO-SUM: &lt;script&gt;alert(1)&lt;/script&gt; &amp; more, account 3" in text
    assert "replay: settlespec audit --seed 1 --steps 41" in text
    assert "<script>" not in text


def test_every_row_of_every_table_has_a_cell_for_each_column(findings: Findings) -> None:
    for table in tables(findings):
        assert all(len(row) == len(table.columns) for row in table.rows), table.title


@pytest.mark.parametrize(
    ("quantums", "text"),
    [
        (0, "0"),
        (1, "0.000001"),
        (-999_999, "-0.999999"),
        (1_000_000, "1.00"),
        (1_234_567_899_999, "1,234,567.89"),
        (-1_500_000, "-1.50"),
    ],
)
def test_money_is_cut_and_never_rounded_up(quantums: int, text: str) -> None:
    assert money(quantums) == text


@pytest.mark.parametrize(
    ("amounts", "texts"),
    [
        ((1_067_400, 703_974, 0), ["1.067400", "0.703974", "0"]),
        ((-1_067_400, 2_000_000), ["-1.06", "2.00"]),
        ((0, 0), ["0", "0"]),
    ],
)
def test_the_money_of_one_table_has_as_many_decimals_everywhere(amounts: tuple[int, ...], texts: list[str]) -> None:
    assert [*map(money_of(amounts), amounts)] == texts


def test_the_share_that_hedging_saves_can_be_worked_out_from_the_table() -> None:
    book = hedged_book(initial_state(EmbeddedFlow().genesis(Ideal())).markets, 2_000_000)
    assert book is not None
    table = next(one for one in tables(evolve(audited(HOLDS, plan=TINY), hedge=book)) if "hedged" in one.title)
    *_, apart, options, together = [float(row[-1]) for row in table.rows]
    for needed, said in ((apart, "one account for all legs saves"), (options, "the hedge saves")):
        assert f"{said} {int(1_000 * (needed - together) / needed) / 10:.1f} %" in table.note


def test_the_stages_of_a_round_have_the_numbers_of_the_state(findings: Findings) -> None:
    table = next(one for one in tables(findings) if one.title == "The clearing round, by step")
    assert [row[0].partition(" ")[0] for row in table.rows] == [str(stage.value) for stage in Stage]


def test_fills_and_those_of_liquidations_are_the_trades(findings: Findings) -> None:
    totals = findings.statistics.totals()
    (row,) = [row for row in tables(findings)[0].rows if row[0] == "fills"]
    assert row[2].endswith(f"with those of liquidations {totals.fills + totals.liquidations:,} trades")


def test_a_page_says_which_instruments_it_pictures_and_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    some = audited(HOLDS)
    assert not any("instruments are drawn" in picture.caption for picture in pictures(some))
    monkeypatch.setattr("settlespec.oracle.pictures.MOST_INSTRUMENTS", 1)
    told = [picture.name for picture in pictures(some) if "The first 1 of 2 instruments are drawn." in picture.caption]
    assert told == ["price", "depth", "interest"]
    assert "instrument 1, perpetual" in next(picture for picture in pictures(some) if picture.name == "depth").svg


def test_where_the_trace_stands_is_not_on_the_page(findings: Findings, text: str) -> None:
    assert page(evolve(findings, trace="somewhere/trace.jsonl")) == text


def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("settlespec.wire.whole_files.os.fsync", full)
    with pytest.raises(CannotWrite, match="No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_a_folder_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(CannotWrite, match="no folder that can be written to"):
        make_folder(tmp_path / "taken" / "page")
