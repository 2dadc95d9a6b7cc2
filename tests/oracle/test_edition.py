"""The digest of the rules changes with the rules, and with nothing else."""

from pathlib import Path

import pytest

from settlespec.oracle import edition


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for the rule packages, each with one file."""
    for package in edition.RULE_PACKAGES:
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").write_bytes(f'"""{package}"""\n'.encode())
    monkeypatch.setattr(edition, "package_folder", lambda package: tmp_path / package)
    return tmp_path


def test_the_digest_is_the_same_twice_and_under_other_line_endings(planted: Path) -> None:
    before = edition.rules_digest()
    file = planted / "settlespec.rules" / "__init__.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert edition.rules_digest() == before


def test_the_digest_changes_when_one_character_of_a_rule_does(planted: Path) -> None:
    before = edition.rules_digest()
    file = planted / "settlespec.rules" / "__init__.py"
    file.write_bytes(file.read_bytes() + b"#")
    assert edition.rules_digest() != before


def test_the_digest_changes_when_text_moves_to_another_file(planted: Path) -> None:
    (planted / "settlespec.rules" / "fees.py").write_bytes(b"A = 1\n")
    before = edition.rules_digest()
    (planted / "settlespec.rules" / "fees.py").rename(planted / "settlespec.rules" / "custody.py")
    assert edition.rules_digest() != before


def test_a_file_that_is_not_python_does_not_count(planted: Path) -> None:
    before = edition.rules_digest()
    (planted / "settlespec.rules" / "notes.txt").write_bytes(b"a note")
    assert edition.rules_digest() == before


def test_an_installation_without_its_rules_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition, "RULE_PACKAGES", ("settlespec.no_such_package",))
    with pytest.raises(RuntimeError, match=r"settlespec\.no_such_package is missing"):
        edition.rules_digest()
