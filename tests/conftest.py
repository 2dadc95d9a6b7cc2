"""What every test may ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared_folder import shared_file


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Give ``shared("data/README.md")``: a file of the folder beside the repository, or a skip with its reason."""
    return shared_file
