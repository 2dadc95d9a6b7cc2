"""The machines that the behaviour tests begin with."""

import pytest

from settlespec.machine.signatures import Ed25519
from tests.machine.driver import Machine


@pytest.fixture
def machine() -> Machine:
    """An empty exchange with ideal signatures."""
    return Machine()


@pytest.fixture
def signed_machine() -> Machine:
    """An empty exchange with Ed25519."""
    return Machine(Ed25519())
