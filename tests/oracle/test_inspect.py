"""`settlespec inspect`: a batch in words, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from settlespec.commitment.batch import Body
from settlespec.commitment.header import decode_header
from settlespec.oracle.batch_files import GENESIS, HEADER, PROOF, SUFFIXES
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.inspect import PARTS
from settlespec.oracle.report import schema

Captured = pytest.CaptureFixture[str]

STEM = "000001"
SUFFIXES_LOG = SUFFIXES[Body.LOG]

NUMBER_AT = 2
"""Where in the header of `minimal` the number stands: behind chain and rollup, of one byte each."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batches")
    arguments = ["audit", "--preset", "minimal", "--no-laws", "--steps", "300", "--batches", str(folder)]
    assert run(arguments) == ExitCode.HOLDS
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "copied"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of few operations, so that every byte of it can be spoiled."""
    folder = tmp_path_factory.mktemp("small")
    arguments = ["audit", "--preset", "minimal", "--no-laws", "--steps", "10", "--batches", str(folder)]
    assert run(arguments) == ExitCode.HOLDS
    return folder


def test_every_batch_of_a_run_is_told_in_words(written: Path, capsys: Captured) -> None:
    headers = sorted(written.glob(f"*{HEADER}"))
    assert len(headers) >= 3
    for header in headers:
        assert run(["inspect", str(header)]) == ExitCode.HOLDS
        printed = capsys.readouterr().out
        assert f"Batch {int(header.stem):,}" in printed
        for part in ("Sizes", "Operations", "Changed leaves", "leads from the previous root to the new one"):
            assert part in printed
        assert "bytes that are no such leaf" not in printed


def test_the_json_has_every_part_and_the_header_field_by_field(written: Path, capsys: Captured) -> None:
    assert run(["inspect", str(written / f"{STEM}{HEADER}"), "--format", "json"]) == ExitCode.HOLDS
    report = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(schema()).iter_errors(report)) == []
    assert [row["id"] for row in report["parts"]] == [suffix[1:] for suffix in PARTS]
    header = decode_header((written / f"{STEM}{HEADER}").read_bytes())
    assert report["totals"]["header"]["new_root"] == header.new_root.hex()
    assert report["totals"]["header"]["at_rest"] is header.at_rest
    for row in report["parts"]:
        assert row["bytes"] == (written / f"{STEM}.{row['id']}").stat().st_size
    assert len(report["totals"]["operations"]) > 0


def test_without_a_proof_the_header_and_the_state_diff_are_still_told(folder: Path, capsys: Captured) -> None:
    (folder / f"{STEM}{PROOF}").unlink()
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.HOLDS
    printed = capsys.readouterr().out
    assert "Changed leaves" in printed
    assert "Operations" not in printed
    assert "told with a proof only" in printed


def test_no_spoiled_byte_of_a_batch_is_told_as_if_nothing_were_wrong(
    small: Path, tmp_path: Path, capsys: Captured
) -> None:
    folder = Path(shutil.copytree(small, tmp_path / "copied"))
    accepted = []
    for suffix in PARTS:
        path = folder / f"{STEM}{suffix}"
        good = path.read_bytes()
        spoiled = [good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :] for place in range(len(good))]
        for place, data in enumerate([*spoiled, good[:-1], good + b"\0", b""]):
            path.write_bytes(data)
            if run(["inspect", str(folder / f"{STEM}{HEADER}")]) != ExitCode.BAD_DATA:
                accepted.append((suffix, place))
        path.write_bytes(good)
    # A batch alone does not say which number it has in its chain.
    assert accepted == [(HEADER, NUMBER_AT)]
    assert "Traceback" not in capsys.readouterr().err


def test_the_log_of_another_batch_is_refused(folder: Path, capsys: Captured) -> None:
    shutil.copy(folder / f"000002{SUFFIXES_LOG}", folder / f"{STEM}{SUFFIXES_LOG}")
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.BAD_DATA
    assert "not the log that the header is bound to" in capsys.readouterr().err


def test_a_proof_without_the_deployment_is_refused_with_what_to_do(folder: Path, capsys: Captured) -> None:
    (folder / GENESIS).unlink()
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.BAD_DATA
    assert "--genesis" in capsys.readouterr().err


def test_a_file_that_is_no_header_by_its_name_or_not_there_is_refused(folder: Path, capsys: Captured) -> None:
    assert run(["inspect", str(folder / f"{STEM}{SUFFIXES_LOG}")]) == ExitCode.BAD_DATA
    assert HEADER in capsys.readouterr().err
    assert run(["inspect", str(folder / f"nothing{HEADER}")]) == ExitCode.NO_INPUT


def test_a_part_of_unbounded_length_is_refused(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("settlespec.oracle.batch_reading.MOST_BYTES", 100)
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.BAD_DATA
    assert "longer than 100 bytes" in capsys.readouterr().err
