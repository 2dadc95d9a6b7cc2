"""A cell of the matrix is what the shapes of its row come to, and its proofs are kept under the text that they are of."""

import json
from pathlib import Path

import pytest
from attrs import evolve

from settlespec.engines.matrix import COLUMNS, Cell, Strength, as_object, cells_of, from_object, undecided
from settlespec.engines.matrix_cache import MatrixCache, usual_folder
from settlespec.engines.proving import Status
from settlespec.engines.stepping import Examined, Standing
from settlespec.shapes.statement import Shape, shape, shape_called

NAME = "CONSERVATION"


def examined(identity: str = "tick: any time", *, accepted: int = 1, **standing: object) -> Examined:
    usual = Standing(ways=2, witnessed=True)
    standings = {name: evolve(usual, **(standing if name == NAME else {})) for name in COLUMNS}  # type: ignore[arg-type]
    return Examined(identity, accepted, {"TIME_BACKWARDS": 1}, 7, 0.5, standings, (), {"time": 3, "late": True})


def cell(*known: Examined, sampled: int = 0) -> Cell:
    tick = shape_called("tick: any time")
    stated = tuple(Shape("tick", str(place), "", tick.skeleton) for place, _ in enumerate(known))
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


def test_what_is_known_is_the_same_when_it_is_written_and_read():
    assert from_object(json.loads(json.dumps(as_object(PROVED)))) == PROVED


def test_a_proof_is_found_again_under_its_text_and_under_no_other(tmp_path: Path):
    MatrixCache(tmp_path, "rules of today").keep(PROVED)
    assert MatrixCache(tmp_path, "rules of today").find(PROVED.shape) == PROVED
    assert MatrixCache(tmp_path, "rules of tomorrow").find(PROVED.shape) is None
    assert MatrixCache(tmp_path, "rules of today").find("receive: deposit") is None


@pytest.mark.parametrize("known", [UNKNOWN, REFUTED, undecided("tick: any time", "killed", 1.0)])
def test_only_proofs_are_kept(tmp_path: Path, known: Examined):
    cache = MatrixCache(tmp_path, "text")
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
        json.dumps({**as_object(PROVED), "standings": {}}).encode(),
        json.dumps({**as_object(PROVED), "shape": "receive: deposit"}).encode(),
        json.dumps(as_object(REFUTED)).encode(),
    ],
)
def test_what_is_no_proof_of_the_shape_is_not_read(tmp_path: Path, content: bytes):
    cache = MatrixCache(tmp_path, "text")
    cache.keep(PROVED)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(content)
    assert cache.find(PROVED.shape) is None


def test_a_folder_that_cannot_be_made_keeps_nothing_and_stops_nobody(tmp_path: Path):
    (tmp_path / "file").write_text("")
    cache = MatrixCache(tmp_path / "file" / "folder", "text")
    cache.keep(PROVED)
    assert cache.find(PROVED.shape) is None


def test_the_cache_stands_where_the_account_keeps_its_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert usual_folder() == tmp_path / "settlespec" / "matrix"


def test_a_shape_of_an_unknown_row_or_stated_twice_is_refused():
    skeleton = shape_called("tick: any time").skeleton
    with pytest.raises(ValueError, match="no row"):
        shape("tock", "any time", "")(skeleton)
    with pytest.raises(ValueError, match="stated twice"):
        shape("tick", "any time", "")(skeleton)
