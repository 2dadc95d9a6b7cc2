"""`settlespec inspect`: a batch in words, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from settlespec.commitment.batch import Body
from settlespec.commitment.diffs import decode_state_diff
from settlespec.commitment.header import decode_header
from settlespec.commitment.leaves import Holdings, encode_holdings
from settlespec.commitment.operation_log import encode_log
from settlespec.machine.genesis import initial_state
from settlespec.oracle.batch_files import GENESIS, HEADER, PROOF, SUFFIXES
from settlespec.oracle.command import run
from settlespec.oracle.exit_codes import ExitCode
from settlespec.oracle.inspect import PARTS
from settlespec.oracle.report import schema
from settlespec.wire.operations import decode_operation
from settlespec.wire.states import decode_genesis

Captured = pytest.CaptureFixture[str]

STEM = "000001"
SUFFIXES_LOG = SUFFIXES[Body.LOG]

NUMBER_AT = 2
"""Where in the header of `minimal` the number stands: behind chain and rollup, of one byte each."""


def encoded(value: object) -> bytes:
    """Canonical JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


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


@pytest.fixture(scope="module")
def small_diffs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, of a run that publishes diffs: a few operations and the batches in which everybody leaves."""
    folder = tmp_path_factory.mktemp("diffs")
    options = ["--no-laws", "--steps", "10", "--body", "diff", "--batches", str(folder)]
    assert run(["audit", "--preset", "minimal", *options]) == ExitCode.HOLDS
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
    log = (written / f"{STEM}{SUFFIXES_LOG}").read_bytes()
    operations = [decode_operation(encoded(told["operation"])) for told in report["totals"]["operations"]]
    genesis = decode_genesis((written / GENESIS).read_bytes())
    assert encode_log(initial_state(genesis), operations, signatures=True) == log
    diff = (written / f"{STEM}{SUFFIXES[Body.STATE_DIFF]}").read_bytes()
    changed = {(leaf.part.name, leaf.book, leaf.key): data for leaf, data in decode_state_diff(diff).items()}
    told = report["totals"]["changed_leaves"]
    assert [(one["part"], one["book"], one["key"], one["gone"]) for one in told] == [
        (*place, data is None) for place, data in changed.items()
    ]
    for name, held in report["totals"]["accounts"].items():
        sizes = tuple((int(key), lots) for key, lots in held["lots"].items())
        holdings = Holdings(bytes.fromhex(held["owner"]), held["cash"], sizes)
        assert encode_holdings(holdings) == changed["HOLDINGS", 0, int(name)]


def test_without_a_proof_the_header_and_the_state_diff_are_still_told(folder: Path, capsys: Captured) -> None:
    (folder / f"{STEM}{PROOF}").unlink()
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.HOLDS
    printed = capsys.readouterr().out
    assert "Changed leaves" in printed
    assert "Operations" not in printed
    assert "told with a proof only" in printed
    assert "This diff is not tied to this header" in printed
    assert run(["inspect", str(folder / f"{STEM}{HEADER}"), "--format", "json"]) == ExitCode.HOLDS
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert {row["id"]: row["status"] for row in parts} == {
        "header": "read",
        "log": "read",
        "state-diff": "not tied",
        "exit-diff": "not tied",
        "proof": "absent",
    }


def test_a_published_diff_is_tied_to_its_header_without_a_proof(
    small_diffs: Path, tmp_path: Path, capsys: Captured
) -> None:
    header, diff = f"{STEM}{HEADER}", f"{STEM}{SUFFIXES[Body.STATE_DIFF]}"
    for name in (header, diff):
        shutil.copy(small_diffs / name, tmp_path / name)
    assert run(["inspect", str(tmp_path / header), "--format", "json"]) == ExitCode.HOLDS
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert {row["id"]: row["status"] for row in parts if row["status"] != "absent"} == {
        "header": "read",
        "state-diff": "read",
    }
    good = (tmp_path / diff).read_bytes()
    foreign = (small_diffs / f"000002{SUFFIXES[Body.STATE_DIFF]}").read_bytes()
    spoiled = [good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :] for place in range(len(good))]
    for data in (foreign, *spoiled, good[:-1], good + b"\0", b""):
        (tmp_path / diff).write_bytes(data)
        assert run(["inspect", str(tmp_path / header)]) == ExitCode.BAD_DATA
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("body", [Body.STATE_DIFF, Body.EXIT_DIFF])
def test_a_diff_that_nothing_ties_to_the_header_is_refused(folder: Path, body: Body, capsys: Captured) -> None:
    for suffix in PARTS:
        if suffix not in (HEADER, SUFFIXES[body]):
            (folder / f"{STEM}{suffix}").unlink()
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.BAD_DATA
    complaint = capsys.readouterr().err
    assert f"{STEM}{SUFFIXES[body]}: not the body that the header's data chain is bound to" in complaint
    assert "with the published body or the proof beside it" in complaint


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


def test_a_genesis_that_is_named_and_not_there_is_no_input(folder: Path, capsys: Captured) -> None:
    for proof in (True, False):
        assert run(["inspect", str(folder / f"{STEM}{HEADER}"), "--genesis", "gone.json"]) == ExitCode.NO_INPUT
        assert capsys.readouterr().err == "settlespec: gone.json: No such file or directory\n"
        if proof:
            (folder / f"{STEM}{PROOF}").unlink()


def test_what_does_not_belong_together_is_told_with_all_that_may_be_wrong(
    folder: Path, tmp_path: Path, capsys: Captured
) -> None:
    header = folder / f"{STEM}{HEADER}"
    genesis = json.loads((folder / GENESIS).read_text())
    other = tmp_path / "other.json"

    def complaint(*options: str) -> str:
        assert run(["inspect", str(header), *options]) == ExitCode.BAD_DATA
        return capsys.readouterr().err

    genesis["parameters"]["chain"] = "7"
    other.write_text(json.dumps(genesis, sort_keys=True, separators=(",", ":")))
    assert complaint("--genesis", str(other)).startswith(
        f"settlespec: {other}: chain 7 and rollup 1, but the header is"
    )
    # A deployment that admits one account only.
    genesis = json.loads((folder / GENESIS).read_text())
    genesis["parameters"]["max_accounts"] = "1"
    other.write_text(json.dumps(genesis, sort_keys=True, separators=(",", ":")))
    said = complaint("--genesis", str(other))
    assert said.startswith(f"settlespec: {header}: it does not belong together with {STEM}{PROOF} and {other}: ")
    assert "the genesis of their deployment" in said
    said = complaint("--signatures", "ed25519")
    assert " is rejected: " in said
    assert "operation 0 " not in said
    assert "--signatures" in said
    spoiled = bytearray(header.read_bytes())
    spoiled[-1] ^= 1
    header.write_bytes(spoiled)
    said = complaint()
    assert said.startswith(f"settlespec: {header}: ")
    assert "the proof shows another at_rest" in said


@pytest.mark.parametrize("suffix", [PROOF, SUFFIXES[Body.STATE_DIFF]])
def test_a_part_that_was_cut_off_is_told_to_be_so(folder: Path, suffix: str, capsys: Captured) -> None:
    part = folder / f"{STEM}{suffix}"
    part.write_bytes(part.read_bytes()[:-40])
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.BAD_DATA
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"settlespec: {part}: byte ")
    assert "the bytes end inside a value" in complaint or "a length runs past the end" in complaint


def test_a_folder_that_holds_batches_takes_those_of_no_other_run(folder: Path, capsys: Captured) -> None:
    before = {entry.name: entry.read_bytes() for entry in folder.iterdir()}
    arguments = ["audit", "--preset", "minimal", "--no-laws", "--steps", "10", "--batches", str(folder)]
    assert run(arguments) == ExitCode.WRONG_USAGE
    complaint = capsys.readouterr().err
    assert "it holds files of another run (000001.exit-diff and " in complaint
    assert "name a folder without batches" in complaint
    assert {entry.name: entry.read_bytes() for entry in folder.iterdir()} == before


def test_a_file_that_is_no_header_by_its_name_or_not_there_is_refused(folder: Path, capsys: Captured) -> None:
    assert run(["inspect", str(folder / f"{STEM}{SUFFIXES_LOG}")]) == ExitCode.BAD_DATA
    assert HEADER in capsys.readouterr().err
    assert run(["inspect", str(folder / f"nothing{HEADER}")]) == ExitCode.NO_INPUT


def test_a_part_of_unbounded_length_is_refused(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("settlespec.oracle.batch_reading.MOST_BYTES", 100)
    assert run(["inspect", str(folder / f"{STEM}{HEADER}")]) == ExitCode.BAD_DATA
    assert "longer than 100 bytes" in capsys.readouterr().err
