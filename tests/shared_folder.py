"""The folder beside the repository with real data, yardsticks and planted bugs; it is read, never copied."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared_file(path: str, folder: Path = SHARED) -> Path:
    """Give the shared file; skip without it, or fail where SETTLESPEC_REQUIRE_SHARED=1 says that it must be there."""
    wanted = folder / path
    if wanted.exists():
        return wanted
    reason = f"../shared/{path} is not there"
    if os.environ.get("SETTLESPEC_REQUIRE_SHARED") == "1":
        pytest.fail(f"{reason}, and SETTLESPEC_REQUIRE_SHARED=1 demands it", pytrace=False)
    pytest.skip(reason)
