"""Without the shared folder a test is skipped, unless the environment demands it."""

from pathlib import Path

import pytest

from tests.shared_folder import shared_file


def test_a_file_that_is_there_is_given(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert shared_file("data", tmp_path) == tmp_path / "data"


def test_a_missing_file_skips_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SETTLESPEC_REQUIRE_SHARED", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"\.\./shared/data is not there"):
        shared_file("data", tmp_path)


def test_a_missing_file_fails_where_it_is_demanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETTLESPEC_REQUIRE_SHARED", "1")
    with pytest.raises(pytest.fail.Exception, match="SETTLESPEC_REQUIRE_SHARED=1 demands it"):
        shared_file("data", tmp_path)
