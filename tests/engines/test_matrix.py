"""A cell of the matrix is what the shapes of its row come to, and its proofs are kept under the text that they are of."""

import json
import os
from pathlib import Path

import pytest
from attrs import evolve

from settlespec.engines import matrix
from settlespec.engines.matrix import COLUMNS, ORDER, Cell, Strength, as_object, cells_of, from_object, undecided
from settlespec.engines.matrix_cache import MOST_BYTES, MatrixCache
from settlespec.engines.proving import Status, prove
from settlespec.engines.sources import versions
from settlespec.engines.stepping import Examined, Standing
from settlespec.laws.statement import catalogue
from settlespec.oracle.matrix import matrix_folder, text_digest
from settlespec.shapes.assumptions import RULED, Assumption
from settlespec.shapes.statement import Shape, shape, shape_called, shapes
from tests.documentation.pages import DOCS

NAME = "CONSERVATION"


def examined(identity: str = "tick: any time", *, accepted: int = 1, **standing: object) -> Examined:
    usual = Standing(ways=2, witnessed=True)
    standings = {name: evolve(usual, **(standing if name == NAME else {})) for name in COLUMNS}  # type: ignore[arg-type]
    return Examined(identity, accepted, {"TIME_BACKWARDS": 1}, 7, 0.5, standings, (), {"time": 3, "late": True})


def cell(*known: Examined, sampled: int = 0, assumes: tuple[Assumption, ...] = ()) -> Cell:
    """The last of the shapes assumes something."""
    tick = shape_called("tick: any time")
    last = len(known) - 1
    stated = tuple(
        Shape("tick", str(place), "", tick.skeleton, assumes if place == last else ()) for place, _ in enumerate(known)
    )
    by_id = {each.id: found for each, found in zip(stated, known, strict=True)}
    cells = cells_of(stated, by_id, {"tick": {NAME: sampled}})
    return next(each for each in cells if (each.row, each.invariant) == ("tick", NAME))


PROVED = examined()
SILENT = examined(ways=0, witnessed=False)
UNKNOWN = examined(status=Status.UNKNOWN, reason="slow")
REFUTED = examined(status=Status.REFUTED, reason="lost")
UNWITNESSED = examined(witnessed=False)
VACUOUS = examined(accepted=0)


@pytest.mark.parametrize(
    ("known", "sampled", "strength"),
    [
        ((PROVED,), 0, Strength.STEP),
        ((PROVED, SILENT), 0, Strength.STEP),
        ((SILENT,), 9, Strength.SILENT),
        ((PROVED, UNKNOWN), 9, Strength.SAMPLED),
        ((PROVED, UNKNOWN), 0, Strength.UNKNOWN),
        ((UNWITNESSED,), 0, Strength.UNKNOWN),
        ((PROVED, VACUOUS), 9, Strength.VACUOUS),
        ((PROVED, UNKNOWN, REFUTED), 9, Strength.REFUTED),
        ((), 0, Strength.UNKNOWN),
        ((), 9, Strength.SAMPLED),
    ],
)
def test_a_cell_is_as_strong_as_its_weakest_shape_and_nothing_undecided_is_proved(
    known: tuple[Examined, ...], sampled: int, strength: Strength
):
    assert cell(*known, sampled=sampled).strength is strength


BY_A_LAW = Assumption("it is late", ("FUND-3b",))
SAMPLED = Assumption("it rains", only_sampled="that it does")


@pytest.mark.parametrize(
    ("known", "assumes", "strength"),
    [
        ((PROVED,), (BY_A_LAW,), Strength.STEP),
        ((PROVED,), (SAMPLED,), Strength.GIVEN),
        ((PROVED, PROVED), (BY_A_LAW, SAMPLED), Strength.GIVEN),
        ((PROVED, SILENT), (SAMPLED,), Strength.GIVEN),
        ((SILENT,), (SAMPLED,), Strength.SILENT),
        ((UNKNOWN,), (SAMPLED,), Strength.UNKNOWN),
        ((REFUTED,), (SAMPLED,), Strength.REFUTED),
    ],
)
def test_a_cell_is_proved_of_the_step_only_where_laws_say_all_that_a_shape_of_its_row_assumes(
    known: tuple[Examined, ...], assumes: tuple[Assumption, ...], strength: Strength
):
    found = cell(*known, sampled=0, assumes=assumes)
    assert (found.strength, found.assumes) == (strength, assumes)
    assert (found.reason == "given that it rains") == (strength is Strength.GIVEN)


@pytest.mark.parametrize(
    ("known", "strength"),
    [(PROVED, Strength.RULE), (UNKNOWN, Strength.UNKNOWN), (REFUTED, Strength.REFUTED), (SILENT, Strength.SILENT)],
)
def test_what_a_shape_nearly_assumes_is_never_proved_of_the_step_and_names_its_laws(
    monkeypatch: pytest.MonkeyPatch, known: Examined, strength: Strength
):
    monkeypatch.setattr(matrix, "RULED", {("tick", NAME): ("ROUND-1a", "LIQ-3d")})
    found = cell(known, assumes=(SAMPLED,))
    assert found.strength is strength
    assert ("by law ROUND-1a and LIQ-3d" in found.reason) == (strength is Strength.RULE)


def test_a_proof_of_the_step_is_stronger_than_one_under_an_assumption_and_that_than_one_of_the_rules():
    strongest_last = (Strength.SAMPLED, Strength.SILENT, Strength.RULE, Strength.GIVEN, Strength.STEP)
    assert tuple(ORDER)[-5:] == strongest_last
    assert [ORDER[strength] for strength in strongest_last] == sorted(ORDER[strength] for strength in strongest_last)


LAWS = {stated.id: stated for stated in catalogue() if not stated.is_canary}
RESTED_UPON = sorted(
    {law for shape in shapes() for each in shape.assumes for law in each.laws}
    | {law for laws in RULED.values() for law in laws}
)


@pytest.mark.parametrize("identity", RESTED_UPON)
def test_a_law_on_which_an_assumption_or_a_cell_rests_is_there_and_proved(identity: str):
    assert prove(LAWS[identity]).status is Status.PROVED


def test_every_assumption_of_a_shape_has_a_ground():
    assumed = {each for stated in shapes() for each in stated.assumes}
    assert assumed
    for each in assumed:
        assert each.laws or each.only_sampled
        assert each.ground in each.said


def test_a_cell_that_is_left_to_the_laws_is_one_whose_shapes_assume_what_they_say():
    for (row, invariant), laws in RULED.items():
        assumed = {law for shape in shapes() if shape.row == row for each in shape.assumes for law in each.laws}
        assert invariant in COLUMNS
        assert assumed
        assert assumed <= set(laws)


def test_what_is_known_is_the_same_when_it_is_written_and_read():
    assert from_object(json.loads(json.dumps(as_object(PROVED)))) == PROVED


def witness_of(identity: str) -> dict[str, int | bool]:
    """The amounts that the documentation shows of a shape."""
    told = json.loads((DOCS / "matrix.json").read_text(encoding="utf-8"))["totals"]["shapes"]
    (found,) = (one["witness"] for one in told if one["id"] == identity)
    return {name: value if isinstance(value, bool) else int(value) for name, value in found.items()}


SHOWN = evolve(PROVED, witness=witness_of(PROVED.shape))
"""A proof whose witness replays."""


def today() -> str:
    return "rules of today"


def test_a_proof_is_found_again_under_its_text_and_under_no_other(tmp_path: Path):
    MatrixCache(tmp_path, today).keep(SHOWN)
    assert MatrixCache(tmp_path, today).find(SHOWN.shape) == SHOWN
    assert MatrixCache(tmp_path, lambda: "rules of tomorrow").find(SHOWN.shape) is None
    assert MatrixCache(tmp_path, today).find("receive: deposit") is None


def test_a_proof_is_not_kept_when_its_text_changed_while_it_was_sought(tmp_path: Path):
    texts = iter(("rules of today", "rules of tomorrow"))
    MatrixCache(tmp_path, lambda: next(texts)).keep(SHOWN)
    assert list(tmp_path.iterdir()) == []


def test_the_text_of_a_proof_names_the_versions_that_the_answers_about_laws_name():
    assert str(versions()) in text_digest()


@pytest.mark.parametrize("known", [UNKNOWN, REFUTED, undecided("tick: any time", "killed", 1.0)])
def test_only_proofs_are_kept(tmp_path: Path, known: Examined):
    cache = MatrixCache(tmp_path, today)
    cache.keep(known)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b" " * (MOST_BYTES + 1),
        json.dumps({**as_object(SHOWN), "standings": {}}).encode(),
        json.dumps({**as_object(SHOWN), "shape": "receive: deposit"}).encode(),
        json.dumps({**as_object(SHOWN), "trouble": "killed"}).encode(),
        json.dumps({**as_object(SHOWN), "accepted": 0}).encode(),
        json.dumps({**as_object(SHOWN), "accepted": float("inf")}).encode(),
        json.dumps({**as_object(SHOWN), "checks": -1}).encode(),
        json.dumps({**as_object(SHOWN), "rejected": {"TIME_BACKWARDS": -1}}).encode(),
        json.dumps({**as_object(SHOWN), "seconds": -0.5}).encode(),
        json.dumps({**as_object(SHOWN), "seconds": float("nan")}).encode(),
        json.dumps({**as_object(SHOWN), "seconds": float("inf")}).encode(),
        json.dumps({**as_object(SHOWN), "witness": {}}).encode(),
        json.dumps({**as_object(SHOWN), "witness": {**as_object(SHOWN)["witness"], "claim 0": "-1"}}).encode(),
        json.dumps(as_object(evolve(SHOWN, standings=REFUTED.standings))).encode(),
    ],
)
def test_what_is_no_proof_of_the_shape_is_not_read(tmp_path: Path, content: bytes):
    cache = MatrixCache(tmp_path, today)
    cache.keep(SHOWN)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(content)
    assert cache.find(SHOWN.shape) is None


def test_a_pipe_or_a_folder_in_the_place_of_a_proof_keeps_nobody_waiting(tmp_path: Path):
    cache = MatrixCache(tmp_path, today)
    cache.keep(SHOWN)
    (place,) = tmp_path.iterdir()
    place.unlink()
    os.mkfifo(place)
    assert cache.find(SHOWN.shape) is None
    place.unlink()
    place.mkdir()
    assert cache.find(SHOWN.shape) is None


def test_a_folder_that_cannot_be_made_keeps_nothing_and_stops_nobody(tmp_path: Path):
    (tmp_path / "file").write_text("")
    cache = MatrixCache(tmp_path / "file" / "folder", today)
    cache.keep(SHOWN)
    assert cache.find(SHOWN.shape) is None


def test_the_cache_stands_where_the_account_keeps_its_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert matrix_folder() == tmp_path / "settlespec" / "matrix"


def test_a_shape_of_an_unknown_row_or_stated_twice_is_refused():
    skeleton = shape_called("tick: any time").skeleton
    with pytest.raises(ValueError, match="no row"):
        shape("tock", "any time", "")(skeleton)
    with pytest.raises(ValueError, match="stated twice"):
        shape("tick", "any time", "")(skeleton)
