"""What every test may ask for, and how Hypothesis runs."""

from collections.abc import Callable
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
