"""What every test may ask for, and how Hypothesis runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from tests.shared_folder import shared_file

PROFILE: Final = "settlespec"
"""No deadline for an example: how long one takes on a busy machine says nothing about the code."""

settings.register_profile(PROFILE, deadline=None)
settings.load_profile(PROFILE)


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Give ``shared("data/README.md")``: a file of the folder beside the repository, or a skip with its reason."""
    return shared_file


@pytest.fixture(scope="session", autouse=True)
def answers_kept_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests ask of the laws is not kept among the user's answers, nor taken from there."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
